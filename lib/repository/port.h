/*
 * The repository port's own rules.
 */
#ifndef CUTOVER_REPOSITORY_PORT_H
#define CUTOVER_REPOSITORY_PORT_H

#include "base/port.h"

#include <cutover/repository.h>

extern const struct port repository_port;

/* A host's vtable, whole: port_copy(), and what its capabilities demand. */
cutover_status repository_copy(const char *name, const cutover_repository *given, cutover_repository *copy,
                               cutover_error **error);

#endif
