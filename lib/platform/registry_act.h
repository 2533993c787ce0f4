/*
 * What of the registry needs more than its store: a project is removed by whoever has asked its server.
 */
#ifndef CUTOVER_PLATFORM_REGISTRY_ACT_H
#define CUTOVER_PLATFORM_REGISTRY_ACT_H

#include <cutover/registry.h>

/* Of a project that nothing lives of, as far as documents say; with the audit entry project.removed. */
cutover_status registry_project_remove(cutover_registry *registry, const char *project_id, const char *reason,
                                       cutover_error **error);

#endif
