/* The handles of requests: snapshots of records, alone and in pages. */
#include "engine/handles.h"
#include "engine/record_handle.h"
#include "request/expiry.h"

#include <cutover/request.h>

struct cutover_request {
    struct record_handle handle;
};

struct cutover_request_list {
    struct record_handle_list list;
};

static const struct record_handle *handle_of(const cutover_request *request)
{
    return (const struct record_handle *)request;
}

cutover_status request_wrap(struct request_record *record, uint64_t version, cutover_request **request,
                            cutover_error **error)
{
    struct record_handle *made = NULL;
    cutover_status status = record_handle_make(&request_type, record, version, &made, error);

    if (status == CUTOVER_OK)
        *request = (cutover_request *)made;
    return status;
}

/* Those that live as they are now. */
static cutover_status list_refresh(struct host *host, struct record_handle_list *list, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; status == CUTOVER_OK && i < list->count; i++) {
        const struct request_record *listed = list->items[i]->record;
        struct request_record now = {0};
        uint64_t version = 0;
        struct record_handle *made = NULL;
        if (!machine_request_is_live(listed->status))
            continue;
        status = request_read(host, listed->id, &now, &version, error);
        if (status == CUTOVER_OK)
            status = record_handle_make(&request_type, &now, version, &made, error);
        record_free(&request_type, &now);
        if (status == CUTOVER_OK) {
            record_handle_free(list->items[i]);
            list->items[i] = made;
        }
    }
    return status;
}

cutover_status cutover_requests_list(cutover_engine *engine, const char *project_id, const char *after,
                                     uint32_t limit, cutover_request_list **list, cutover_error **error)
{
    error_begin(error);
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_read(engine, &request_type, project_id, after, limit, &made, error);
    if (status == CUTOVER_OK) {
        status = list_refresh(&engine->host, made, error);
        if (status == CUTOVER_OK)
            *list = (cutover_request_list *)made;
        else
            record_handle_list_free(made);
    }
    return status;
}

/* Whether it has expired is asked of those that may. */
static cutover_status request_now(struct host *host, void *record, uint64_t *version, cutover_error **error)
{
    struct request_record *request = record, now = {0};

    if (!machine_request_is_live(request->status))
        return CUTOVER_OK;
    cutover_status status = request_read(host, request->id, &now, version, error);
    if (status == CUTOVER_OK) {
        record_free(&request_type, request);
        *request = now;
    } else {
        record_free(&request_type, &now);
    }
    return status;
}

cutover_status cutover_requests_find(cutover_engine *engine, const cutover_filter *filter,
                                     cutover_request_list **list, cutover_error **error)
{
    error_begin(error);
    static const struct record_finding finding = {
        &request_type,           offsetof(struct request_record, status),
        request_status_names,    "live",
        machine_request_is_live, request_now};
    struct record_handle_list *made = NULL;
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = record_handle_list_find(engine, &finding, filter, &made, error);
    if (status == CUTOVER_OK)
        *list = (cutover_request_list *)made;
    return status;
}

size_t cutover_request_list_count(const cutover_request_list *list)
{
    return record_handle_list_count((const struct record_handle_list *)list);
}

const cutover_request *cutover_request_list_at(const cutover_request_list *list, size_t index)
{
    return (const cutover_request *)record_handle_list_at((const struct record_handle_list *)list, index);
}

void cutover_request_list_free(cutover_request_list *list)
{
    record_handle_list_free((struct record_handle_list *)list);
}

void cutover_request_free(cutover_request *request)
{
    record_handle_free((struct record_handle *)request);
}

const char *cutover_request_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type, offsetof(struct request_record, id));
}

const char *cutover_request_organization_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, organization_id));
}

const char *cutover_request_project_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type, offsetof(struct request_record, project_id));
}

const char *cutover_request_preview_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, preview_database_id));
}

const char *cutover_request_status(const cutover_request *request)
{
    return record_handle_name(handle_of(request), &request_type, offsetof(struct request_record, status),
                              request_status_names);
}

const char *cutover_request_customer_note(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, customer_note));
}

const char *cutover_request_ticket(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, external_ticket_ref));
}

const char *cutover_request_operator_note(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, operator_note));
}

const char *cutover_request_rejected_reason(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, rejected_reason));
}

int64_t cutover_request_scheduled_for(const cutover_request *request)
{
    return record_handle_number(handle_of(request), &request_type,
                                offsetof(struct request_record, scheduled_for));
}

const char *cutover_request_backup_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, pre_cutover_backup_id));
}

const char *cutover_request_promotion_id(const cutover_request *request)
{
    return record_handle_text(handle_of(request), &request_type,
                              offsetof(struct request_record, promote_job_id));
}

int64_t cutover_request_created_at(const cutover_request *request)
{
    return record_handle_number(handle_of(request), &request_type, offsetof(struct request_record, created_at));
}

int64_t cutover_request_updated_at(const cutover_request *request)
{
    return record_handle_number(handle_of(request), &request_type, offsetof(struct request_record, updated_at));
}

int64_t cutover_request_completed_at(const cutover_request *request)
{
    return record_handle_number(handle_of(request), &request_type,
                                offsetof(struct request_record, completed_at));
}

const char *cutover_request_json(const cutover_request *request)
{
    return record_handle_json(handle_of(request), &request_type);
}

uint64_t cutover_request_version(const cutover_request *request)
{
    return record_handle_version(handle_of(request), &request_type);
}
