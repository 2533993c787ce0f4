#include "api/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 50 };

static const char *port_message(cutover_status status, const cutover_error *cause)
{
    return cause != NULL ? cutover_error_message(cause)
                         : (status == CUTOVER_E_CALLBACK ? "the store gave no answer" : "the store failed");
}

/* What a callback answered, as this interface's error: CUTOVER_E_STORE but for what is expected. */
static cutover_status port_status(cutover_status status, cutover_error *cause, cutover_error **error)
{
    if (status == CUTOVER_OK || status == CUTOVER_E_NOT_FOUND || status == CUTOVER_E_CONFLICT) {
        cutover_error_free(cause);
        return status;
    }
    if (status != CUTOVER_E_NOMEM)
        status = CUTOVER_E_STORE;
    api_fail(error, status, port_message(status, cause), NULL);
    cutover_error_free(cause);
    return status;
}

static cutover_status keep(const cutover_document *document, void *context)
{
    struct kept *kept = context;

    kept->version = document->version;
    errno = 0; /* json-c may lose a member for want of memory, and say nothing else */
    kept->body = json_tokener_parse(document->body);
    if (errno == ENOMEM)
        return CUTOVER_E_NOMEM;
    return json_object_is_type(kept->body, json_type_object) ? CUTOVER_OK : CUTOVER_E_STORE;
}

cutover_status kept_get(cutover_api *api, const char *kind, const char *id, struct kept *kept,
                        cutover_error **error)
{
    cutover_error *cause = NULL;

    *kept = (struct kept){NULL, 0};
    cutover_answer_begin();
    cutover_status status = cutover_answer_of(
        api->store.capabilities, api->store.get(kind, id, keep, kept, &cause, api->store.userdata));
    status = port_status(status, cause, error);
    if (status == CUTOVER_OK && kept->body == NULL)
        status = api_nomem(error);
    return status == CUTOVER_E_NOT_FOUND ? CUTOVER_OK : status;
}

void kept_free(struct kept *kept)
{
    json_object_put(kept->body);
    *kept = (struct kept){NULL, 0};
}

static cutover_status commit(cutover_api *api, const cutover_write *write, cutover_error **error)
{
    const cutover_write *const writes[] = {write};
    cutover_error *cause = NULL;

    cutover_answer_begin();
    cutover_status status =
        cutover_answer_of(api->store.capabilities, api->store.commit(writes, 1, &cause, api->store.userdata));
    status = port_status(status, cause, error);
    if (status == CUTOVER_E_CONFLICT)
        api_fail(error, status, "somebody else was faster", NULL);
    return status == CUTOVER_E_NOT_FOUND ? api_fail(error, CUTOVER_E_STORE, "the store failed", NULL) : status;
}

cutover_status kept_put(cutover_api *api, const char *kind, const char *id, const char *project_id,
                        uint64_t version, const char *body, cutover_error **error)
{
    cutover_write write = CUTOVER_WRITE_INIT;

    if (body == NULL)
        return api_nomem(error);
    write.kind = kind;
    write.id = id;
    write.project_id = project_id;
    write.expected_version = version;
    write.body = body;
    return commit(api, &write, error);
}

cutover_status kept_drop(cutover_api *api, const char *kind, const char *id, uint64_t version,
                         cutover_error **error)
{
    cutover_write write = CUTOVER_WRITE_INIT;

    write.kind = kind;
    write.id = id;
    write.expected_version = version;
    return commit(api, &write, error);
}

/* ---- all of a kind ---- */

struct page {
    char *ids[PAGE];
    struct kept items[PAGE];
    size_t count;
};

static cutover_status page_keep(const cutover_document *document, void *context)
{
    struct page *page = context;

    if (page->count == PAGE)
        return CUTOVER_OK;
    cutover_status status = keep(document, &page->items[page->count]);
    page->ids[page->count] = strdup(document->id);
    return page->ids[page->count++] == NULL ? CUTOVER_E_NOMEM : status;
}

static cutover_status page_read(cutover_api *api, const char *kind, const char *after, struct page *page,
                                cutover_error **error)
{
    const uint32_t most = api->store.max_list == 0 ? PAGE : api->store.max_list;
    cutover_error *cause = NULL;

    cutover_answer_begin();
    cutover_status status = cutover_answer_of(api->store.capabilities,
                                              api->store.list(kind, NULL, after, most < PAGE ? most : PAGE,
                                                              page_keep, page, &cause, api->store.userdata));
    return port_status(status, cause, error);
}

static void page_clear(struct page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        free(page->ids[i]);
        kept_free(&page->items[i]);
    }
    page->count = 0;
}

cutover_status kept_walk(cutover_api *api, const char *kind, kept_each each, void *context,
                         cutover_error **error)
{
    struct page *page = calloc(1, sizeof *page);
    char after[201] = "";
    cutover_status status = page == NULL ? api_nomem(error) : CUTOVER_OK;

    while (status == CUTOVER_OK) {
        status = page_read(api, kind, after, page, error);
        for (size_t i = 0; i < page->count && status == CUTOVER_OK; i++)
            status = each(api, page->ids[i], &page->items[i], context, error);
        if (status != CUTOVER_OK || page->count == 0 || strlen(page->ids[page->count - 1]) >= sizeof after)
            break;
        snprintf(after, sizeof after, "%s", page->ids[page->count - 1]);
        page_clear(page);
    }
    if (page != NULL)
        page_clear(page);
    free(page);
    return status;
}

const char *kept_text(const struct kept *kept, const char *name)
{
    struct json_object *value = kept->body == NULL ? NULL : json_object_object_get(kept->body, name);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

int64_t kept_number(const struct kept *kept, const char *name)
{
    struct json_object *value = kept->body == NULL ? NULL : json_object_object_get(kept->body, name);

    return json_object_get_int64(value);
}
