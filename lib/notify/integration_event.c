#include "notify/integration_event.h"

#include "store/ledger.h"

#include <string.h>

static bool changes_production(const char *type)
{
    static const char *const types[] = {"production_overwrite_restore", "cutover.rolled_back"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i], type) == 0)
            return true;
    return false;
}

/* NULL where it names none; belongs to the object. */
static const char *job_of(struct json_object *event)
{
    return json_text_or(json_member(event, "data"), "job_id", NULL);
}

static cutover_status wish_once(const cutover_integrations *integrations, const cutover_event *event,
                                const char *job_id, int provider, cutover_error **error)
{
    struct integration_record record;
    uint64_t version;
    bool found;

    cutover_status status =
        integration_find(&integrations->store, event->project_id, provider, &record, &version, &found, error);
    if (status == CUTOVER_OK && found && (int64_t)event->sequence > record.event_sequence) {
        record.event_sequence = (int64_t)event->sequence;
        status = integration_wish(&record, event->type, job_id, clock_now(&integrations->clock), error);
        if (status == CUTOVER_OK)
            status = integration_save(&integrations->store, &record, version, error);
    }
    record_free(&integration_type, &record);
    return status;
}

static cutover_status wish(const cutover_integrations *integrations, const cutover_event *event,
                           const char *job_id, int provider, cutover_error **error)
{
    cutover_error *cause = NULL;
    unsigned attempt = 0;
    cutover_status status;

    do {
        status = wish_once(integrations, event, job_id, provider, &cause);
    } while (change_again(status, &attempt, &cause));
    error_move(error, cause);
    return status;
}

cutover_status integration_event_take(const cutover_integrations *integrations, const cutover_event *event,
                                      cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    if (!changes_production(event->type))
        return CUTOVER_OK;
    struct json_object *object = json_parse(event->json, strlen(event->json), error);
    if (object == NULL)
        return error != NULL && *error != NULL ? cutover_error_code(*error) : CUTOVER_E_INVALID;
    for (int provider = 0; provider < PROVIDER_COUNT && status == CUTOVER_OK; provider++)
        status = wish(integrations, event, job_of(object), provider, error);
    json_object_put(object);
    return status;
}
