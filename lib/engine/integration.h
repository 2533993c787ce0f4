/*
 * What the entry points of integrations share: their arguments, and the handle.
 */
#ifndef CUTOVER_ENGINE_INTEGRATION_H
#define CUTOVER_ENGINE_INTEGRATION_H

#include "notify/integrations.h"

#define PROJECT_ID_MAX 100 /* bytes */

/* CUTOVER_E_INVALID for NULL or for what are no integrations (any more). */
cutover_status integrations_check(const cutover_integrations *integrations, cutover_error **error);
/* A project and a provider, as callers name them: CUTOVER_E_INVALID names the argument. */
cutover_status integrations_named(const char *project_id, const char *provider, int *number,
                                  cutover_error **error);
/* Takes the record over into a new handle; nothing where `integration` is NULL. */
cutover_status integration_wrap(struct integration_record *record, uint64_t version,
                                cutover_integration **integration, cutover_error **error);

#endif
