/**
 * libcutover: make a PostgreSQL preview the new production, carefully.
 *
 * This header brings the whole public interface. Start with cutover/engine.h, then cutover/request.h
 * and cutover/promotion.h; the four ports that a host may implement are cutover/store.h,
 * cutover/repository.h, cutover/platform.h and cutover/notifier.h.
 *
 * Conventions that hold everywhere:
 *  - Functions return a cutover_status: 0 is success, a negative value names an expected failure. The last
 *    parameter is `cutover_error **error`; pass NULL or the address of a pointer, which is set to
 *    NULL at once: what it held, an error that an earlier call gave and that was not freed, is lost then. On failure it receives an error
 *    that the caller frees with cutover_error_free(). Outputs are untouched on failure.
 *  - Strings are UTF-8 and NUL-terminated. Strings that a getter returns belong to the handle and live as
 *    long as it does.
 *  - Times are microseconds since 1970-01-01 UTC as int64_t; 0 means "not set". In JSON they are RFC 3339.
 *  - Option structs and port structs begin with `unsigned version`; initialise them with their _INIT macro
 *    or their _init function.
 *  - Every _free function accepts NULL.
 *  - The library never prints, exits, installs signal handlers, or changes locale, directory, umask or
 *    environment of the process.
 */
#ifndef CUTOVER_H
#define CUTOVER_H

#include <cutover/actor.h>
#include <cutover/api.h>
#include <cutover/audit.h>
#include <cutover/backup.h>
#include <cutover/displaced.h>
#include <cutover/engine.h>
#include <cutover/error.h>
#include <cutover/integration.h>
#include <cutover/job.h>
#include <cutover/key.h>
#include <cutover/notifier.h>
#include <cutover/pgbouncer.h>
#include <cutover/platform.h>
#include <cutover/preflight.h>
#include <cutover/promotion.h>
#include <cutover/recover.h>
#include <cutover/registry.h>
#include <cutover/repository.h>
#include <cutover/request.h>
#include <cutover/restore.h>
#include <cutover/rollback.h>
#include <cutover/store.h>
#include <cutover/version.h>
#include <cutover/webhook.h>

#endif
