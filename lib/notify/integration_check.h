/*
 * What an integration may be made of: names of sites, accounts, variables and targets, tokens, connection strings. Nothing secret
 * gets into an error.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_CHECK_H
#define CUTOVER_NOTIFY_INTEGRATION_CHECK_H

#include "base/error.h"

/* Each is CUTOVER_E_INVALID naming the field. None takes NULL. */

/* Of a site or an account: it becomes a part of a path. */
cutover_status integration_name_check(const char *field, const char *name, cutover_error **error);
cutover_status integration_variable_check(const char *field, const char *name, cutover_error **error);
/* Of enum integration_provider. */
cutover_status integration_target_check(const char *field, int provider, const char *target,
                                        cutover_error **error);
cutover_status integration_token_check(const char *field, const char *token, cutover_error **error);
/* A connection URI that works from elsewhere. */
cutover_status integration_url_check(const char *field, const char *url, cutover_error **error);

#endif
