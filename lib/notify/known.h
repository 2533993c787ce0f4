/*
 * The notifiers that a store knows: those that its events wait for. Engines of several processes may have different ones, and
 * which they have is theirs to change; an event may go only when all of them have taken it, and one that nobody has any more
 * must not keep events for ever.
 *
 * One document (kind "notifiers", id "all"): {"day", "days", "names": {NAME: days}}. `day` is the last one (since 1970) on
 * which somebody delivered and `days` counts such days; each name has the count of when an engine that delivered had it.
 * A name is forgotten when it lags by more than KNOWN_DAYS. Days on which nobody delivered do not count, so that after a
 * long stop nobody is forgotten by the first process that comes up; a clock that runs ahead only makes the count stand still.
 */
#ifndef CUTOVER_NOTIFY_KNOWN_H
#define CUTOVER_NOTIFY_KNOWN_H

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "notify/port.h"

#include <cutover/store.h>

#define KNOWN_DAYS 7

/* Tells the store that an engine with these outlets delivers, and what it forgot to the log, which may be NULL. *names receives
   the names that are known then, theirs among them, as the members of an object; the caller puts it. */
cutover_status known_announce(const cutover_store *store, const struct clock *clock,
                              const struct outlets *outlets, struct log *log, struct json_object **names,
                              cutover_error **error);
/* The same names, with nothing written. */
cutover_status known_read(const cutover_store *store, const struct outlets *outlets, struct json_object **names,
                          cutover_error **error);

#endif
