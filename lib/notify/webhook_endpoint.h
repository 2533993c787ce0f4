/*
 * Endpoints in the store: each change is one commit of the ledger with its audit entry. What is given is whole and checked but for what
 * is said here; records are filled on success and the caller's to free.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_ENDPOINT_H
#define CUTOVER_NOTIFY_WEBHOOK_ENDPOINT_H

#include "model/webhook.h"
#include "notify/webhooks.h"

cutover_status webhook_read(const cutover_webhooks *webhooks, const char *webhook_id,
                            struct webhook_record *record, uint64_t *version, cutover_error **error);

/* Checks URL, description and types: CUTOVER_E_INVALID names them by `options`. CUTOVER_E_STATE for one too many. */
cutover_status webhook_add(cutover_webhooks *webhooks, const cutover_webhook_options *options, char **secret,
                           struct webhook_record *record, uint64_t *version, cutover_error **error);
/* Likewise by `change`. CUTOVER_E_CONFLICT when it is at another version than the one expected. */
cutover_status webhook_alter(cutover_webhooks *webhooks, const cutover_webhook_change *change,
                             struct webhook_record *record, uint64_t *version, cutover_error **error);
/* The secrets go with it; deliveries are the caller's to sweep. *record is what it was. */
cutover_status webhook_remove(cutover_webhooks *webhooks, const cutover_actor *actor, const char *webhook_id,
                              struct webhook_record *record, cutover_error **error);
cutover_status webhook_rotate(cutover_webhooks *webhooks, const cutover_actor *actor, const char *webhook_id,
                              uint32_t overlap_s, char **secret, struct webhook_record *record,
                              uint64_t *version, cutover_error **error);
/* Switches it off because of what it answered; *done tells whether it was on. One that is gone is CUTOVER_OK. */
cutover_status webhook_switch_off(cutover_webhooks *webhooks, const char *webhook_id, const char *reason,
                                  bool *done, cutover_error **error);

/* {webhook_id, host}: what the audit trail tells of it. The URL's path is left out: some have secrets in it. */
cutover_status webhook_told(const struct webhook_record *record, struct json_object **data,
                            cutover_error **error);

#endif
