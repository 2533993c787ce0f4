/* The handles of requests: snapshots of records, alone and in pages. */
#include "engine/handles.h"
#include "engine/page.h"

#include <cutover/request.h>
#include <stdlib.h>
#include <string.h>

cutover_status request_wrap(struct request_record *record, cutover_request **request, cutover_error **error)
{
    cutover_request *made = calloc(1, sizeof *made);

    if (made == NULL)
        return error_nomem(error);
    cutover_status status = record_format(&request_type, record, &made->json, error);
    if (status != CUTOVER_OK) {
        free(made);
        return status;
    }
    made->record = *record;
    memset(record, 0, sizeof *record);
    *request = made;
    return CUTOVER_OK;
}

struct cutover_request_list {
    cutover_request **items;
    size_t count;
};

cutover_status cutover_requests_list(cutover_engine *engine, const char *project_id, const char *after,
                                     uint32_t limit, cutover_request_list **list, cutover_error **error)
{
    struct page page = {0};
    cutover_status status = list == NULL ? error_set(error, CUTOVER_E_INVALID, "list: required") : CUTOVER_OK;

    if (status == CUTOVER_OK)
        status = page_read(engine, request_type.kind, project_id, after, limit, &page, error);
    if (status != CUTOVER_OK)
        return status;
    cutover_request_list *made = calloc(1, sizeof *made);
    if (made != NULL)
        made->items = calloc(page.count + 1, sizeof(cutover_request *));
    if (made == NULL || made->items == NULL)
        status = error_nomem(error);
    for (size_t i = 0; status == CUTOVER_OK && i < page.count; i++) {
        struct request_record record = {0};
        status = record_parse(&request_type, page.bodies[i], &record, error);
        if (status == CUTOVER_OK)
            status = request_wrap(&record, &made->items[i], error);
        record_free(&request_type, &record);
        made->count = i + 1;
    }
    page_free(&page);
    if (status != CUTOVER_OK) {
        cutover_request_list_free(made);
        return status;
    }
    *list = made;
    return CUTOVER_OK;
}

size_t cutover_request_list_count(const cutover_request_list *list)
{
    return list == NULL ? 0 : list->count;
}

const cutover_request *cutover_request_list_at(const cutover_request_list *list, size_t index)
{
    return list != NULL && index < list->count ? list->items[index] : NULL;
}

void cutover_request_list_free(cutover_request_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; list->items != NULL && i < list->count; i++)
        cutover_request_free(list->items[i]);
    free(list->items);
    free(list);
}

void cutover_request_free(cutover_request *request)
{
    if (request == NULL)
        return;
    record_free(&request_type, &request->record);
    free(request->json);
    free(request);
}

const char *cutover_request_id(const cutover_request *request)
{
    return request->record.id;
}

const char *cutover_request_organization_id(const cutover_request *request)
{
    return request->record.organization_id;
}

const char *cutover_request_project_id(const cutover_request *request)
{
    return request->record.project_id;
}

const char *cutover_request_preview_id(const cutover_request *request)
{
    return request->record.preview_database_id;
}

const char *cutover_request_status(const cutover_request *request)
{
    return request_status_names[request->record.status];
}

const char *cutover_request_customer_note(const cutover_request *request)
{
    return request->record.customer_note;
}

const char *cutover_request_ticket(const cutover_request *request)
{
    return request->record.external_ticket_ref;
}

const char *cutover_request_operator_note(const cutover_request *request)
{
    return request->record.operator_note;
}

const char *cutover_request_rejected_reason(const cutover_request *request)
{
    return request->record.rejected_reason;
}

int64_t cutover_request_scheduled_for(const cutover_request *request)
{
    return request->record.scheduled_for;
}

const char *cutover_request_backup_id(const cutover_request *request)
{
    return request->record.pre_cutover_backup_id;
}

const char *cutover_request_promotion_id(const cutover_request *request)
{
    return request->record.promote_job_id;
}

int64_t cutover_request_created_at(const cutover_request *request)
{
    return request->record.created_at;
}

int64_t cutover_request_updated_at(const cutover_request *request)
{
    return request->record.updated_at;
}

int64_t cutover_request_completed_at(const cutover_request *request)
{
    return request->record.completed_at;
}

const char *cutover_request_json(const cutover_request *request)
{
    return request->json;
}
