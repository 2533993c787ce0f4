#include "base/error.h"

#include <cutover/webhook.h>

cutover_status cutover_webhooks_new(const cutover_webhooks_options *options, cutover_webhooks **webhooks,
                                    cutover_error **error)
{
    error_begin(error);
    (void)options;
    (void)webhooks;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

void cutover_webhooks_free(cutover_webhooks *webhooks)
{
    (void)webhooks;
}

cutover_status cutover_webhooks_notifier(cutover_webhooks *webhooks, cutover_notifier *notifier,
                                         cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)notifier;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhooks_deliver(cutover_webhooks *webhooks, uint32_t max_ms,
                                        cutover_webhook_round *round, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)max_ms;
    (void)round;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

void cutover_webhooks_stop(cutover_webhooks *webhooks)
{
    (void)webhooks;
}

cutover_status cutover_webhook_create(cutover_webhooks *webhooks, const cutover_webhook_options *options,
                                      char **secret, cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)options;
    (void)secret;
    (void)webhook;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_get(cutover_webhooks *webhooks, const char *webhook_id,
                                   cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)webhook_id;
    (void)webhook;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhooks_list(cutover_webhooks *webhooks, const char *project_id, const char *after,
                                     uint32_t limit, cutover_webhook_list **list, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)project_id;
    (void)after;
    (void)limit;
    (void)list;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_update(cutover_webhooks *webhooks, const cutover_webhook_change *change,
                                      cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)change;
    (void)webhook;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_delete(cutover_webhooks *webhooks, const cutover_actor *actor,
                                      const char *webhook_id, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)actor;
    (void)webhook_id;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_rotate_secret(cutover_webhooks *webhooks, const cutover_actor *actor,
                                             const char *webhook_id, uint32_t overlap_s, char **secret,
                                             cutover_webhook **webhook, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)actor;
    (void)webhook_id;
    (void)overlap_s;
    (void)secret;
    (void)webhook;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_test(cutover_webhooks *webhooks, const cutover_actor *actor,
                                    const char *webhook_id, cutover_webhook_delivery **delivery,
                                    cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)actor;
    (void)webhook_id;
    (void)delivery;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_deliveries_find(cutover_webhooks *webhooks, const char *webhook_id,
                                               const cutover_filter *filter,
                                               cutover_webhook_delivery_list **list, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)webhook_id;
    (void)filter;
    (void)list;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_delivery_get(cutover_webhooks *webhooks, const char *webhook_id,
                                            const char *message_id, cutover_webhook_delivery **delivery,
                                            cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)webhook_id;
    (void)message_id;
    (void)delivery;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

cutover_status cutover_webhook_redeliver(cutover_webhooks *webhooks, const cutover_webhook_selection *selection,
                                         uint32_t *count, cutover_error **error)
{
    error_begin(error);
    (void)webhooks;
    (void)selection;
    (void)count;
    return error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no webhooks");
}

const char *cutover_webhook_id(const cutover_webhook *webhook)
{
    (void)webhook;
    return NULL;
}

const char *cutover_webhook_project_id(const cutover_webhook *webhook)
{
    (void)webhook;
    return NULL;
}

const char *cutover_webhook_url(const cutover_webhook *webhook)
{
    (void)webhook;
    return NULL;
}

const char *cutover_webhook_status(const cutover_webhook *webhook)
{
    (void)webhook;
    return NULL;
}

const char *cutover_webhook_json(const cutover_webhook *webhook)
{
    (void)webhook;
    return NULL;
}

uint64_t cutover_webhook_version(const cutover_webhook *webhook)
{
    (void)webhook;
    return 0;
}

void cutover_webhook_free(cutover_webhook *webhook)
{
    (void)webhook;
}

size_t cutover_webhook_list_count(const cutover_webhook_list *list)
{
    (void)list;
    return 0;
}

const cutover_webhook *cutover_webhook_list_at(const cutover_webhook_list *list, size_t index)
{
    (void)list;
    (void)index;
    return NULL;
}

void cutover_webhook_list_free(cutover_webhook_list *list)
{
    (void)list;
}

const char *cutover_webhook_delivery_id(const cutover_webhook_delivery *delivery)
{
    (void)delivery;
    return NULL;
}

const char *cutover_webhook_delivery_type(const cutover_webhook_delivery *delivery)
{
    (void)delivery;
    return NULL;
}

const char *cutover_webhook_delivery_status(const cutover_webhook_delivery *delivery)
{
    (void)delivery;
    return NULL;
}

uint32_t cutover_webhook_delivery_attempts(const cutover_webhook_delivery *delivery)
{
    (void)delivery;
    return 0;
}

const char *cutover_webhook_delivery_json(const cutover_webhook_delivery *delivery)
{
    (void)delivery;
    return NULL;
}

void cutover_webhook_delivery_free(cutover_webhook_delivery *delivery)
{
    (void)delivery;
}

size_t cutover_webhook_delivery_list_count(const cutover_webhook_delivery_list *list)
{
    (void)list;
    return 0;
}

const cutover_webhook_delivery *cutover_webhook_delivery_list_at(const cutover_webhook_delivery_list *list,
                                                                 size_t index)
{
    (void)list;
    (void)index;
    return NULL;
}

void cutover_webhook_delivery_list_free(cutover_webhook_delivery_list *list)
{
    (void)list;
}
