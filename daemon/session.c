#include "session.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "session"
#define PAGE 200

static cutover_status fail(cutover_error **error, cutover_status code, const char *message)
{
    *error = cutover_error_new(code, message, NULL, NULL);
    return code;
}

static cutover_status save(const cutover_store *store, const char *id, uint64_t version, const char *body,
                           cutover_error **error)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, KIND, id, "", version, body};
    const cutover_write *writes[] = {&write};

    return store->commit(writes, 1, error, store->userdata);
}

/* ---- made ---- */

static cutover_status put(const cutover_store *store, const char *token, const struct session *session,
                          cutover_error **error)
{
    char id[TOKEN_HASH_SIZE];
    struct json_object *body = json_object_new_object();

    if (body == NULL || !token_hash(token, id)) {
        json_object_put(body);
        return fail(error, CUTOVER_E_INTERNAL, "a session cannot be made");
    }
    json_object_object_add(body, "key_id", json_object_new_string(session->key_id));
    json_object_object_add(body, "csrf", json_object_new_string(session->csrf));
    json_object_object_add(body, "expires_at", json_object_new_int64(session->expires_at));
    cutover_status status =
        save(store, id, 0, json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN), error);
    json_object_put(body);
    return status;
}

cutover_status session_new(const cutover_store *store, const char *key_id, int64_t expires_at,
                           char token[TOKEN_SIZE], struct session *session, cutover_error **error)
{
    *session = (struct session){.key_id = strdup(key_id), .expires_at = expires_at};
    if (session->key_id == NULL || !token_new(token) || !token_new(session->csrf))
        return fail(error, CUTOVER_E_INTERNAL, "a session cannot be made");
    return put(store, token, session, error);
}

/* ---- found ---- */

struct found {
    struct session *session; /* NULL: not wanted */
    uint64_t version;
};

static bool parse(const char *text, struct session *session)
{
    struct json_object *body = json_tokener_parse(text), *key = NULL, *csrf = NULL, *end = NULL;
    bool good = json_object_object_get_ex(body, "key_id", &key) &&
                json_object_object_get_ex(body, "csrf", &csrf) &&
                json_object_object_get_ex(body, "expires_at", &end) && json_object_get_string_len(csrf) == 64;

    if (good) {
        session->key_id = strdup(json_object_get_string(key));
        snprintf(session->csrf, sizeof session->csrf, "%s", json_object_get_string(csrf));
        session->expires_at = json_object_get_int64(end);
    }
    json_object_put(body);
    return good && session->key_id != NULL;
}

static cutover_status take(const cutover_document *document, void *context)
{
    struct found *found = context;

    found->version = document->version;
    if (found->session != NULL)
        parse(document->body, found->session);
    return CUTOVER_OK;
}

cutover_status session_find(const cutover_store *store, const char *token, struct session *session,
                            cutover_error **error)
{
    char id[TOKEN_HASH_SIZE];
    struct found found = {session, 0};

    memset(session, 0, sizeof *session);
    if (!token_is_valid(token) || !token_hash(token, id))
        return fail(error, CUTOVER_E_NOT_FOUND, "no such session");
    cutover_status status = store->get(KIND, id, take, &found, error, store->userdata);
    if (status == CUTOVER_OK && (session->key_id == NULL || session->expires_at <= wall_now()))
        status = fail(error, CUTOVER_E_NOT_FOUND, "no such session");
    return status;
}

/* ---- ended ---- */

cutover_status session_end(const cutover_store *store, const char *token, cutover_error **error)
{
    char id[TOKEN_HASH_SIZE];
    struct found found = {NULL, 0};
    cutover_error *cause = NULL;

    if (!token_is_valid(token) || !token_hash(token, id))
        return CUTOVER_OK;
    cutover_status status = store->get(KIND, id, take, &found, &cause, store->userdata);
    if (status == CUTOVER_OK)
        status = save(store, id, found.version, NULL, &cause);
    if (status == CUTOVER_E_NOT_FOUND || status == CUTOVER_E_CONFLICT) { /* somebody else ended it */
        cutover_error_free(cause);
        return CUTOVER_OK;
    }
    *error = cause;
    return status;
}

struct sweep {
    int64_t now;
    char last[TOKEN_HASH_SIZE];
    size_t seen, count;
    struct {
        char id[TOKEN_HASH_SIZE];
        uint64_t version;
    } over[PAGE];
};

static cutover_status look(const cutover_document *document, void *context)
{
    struct sweep *sweep = context;
    struct session session = {0};

    sweep->seen++;
    snprintf(sweep->last, sizeof sweep->last, "%s", document->id);
    if (!parse(document->body, &session) || session.expires_at <= sweep->now) {
        snprintf(sweep->over[sweep->count].id, sizeof sweep->over[0].id, "%s", document->id);
        sweep->over[sweep->count++].version = document->version;
    }
    session_free(&session);
    return CUTOVER_OK;
}

static void end_those(const cutover_store *store, const struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->count; i++) {
        cutover_error *cause = NULL; /* another daemon was faster */
        save(store, sweep->over[i].id, sweep->over[i].version, NULL, &cause);
        cutover_error_free(cause);
    }
}

cutover_status sessions_sweep(const cutover_store *store, cutover_error **error)
{
    struct sweep *sweep = calloc(1, sizeof *sweep);
    char from[TOKEN_HASH_SIZE];
    cutover_status status = sweep == NULL ? fail(error, CUTOVER_E_NOMEM, "out of memory") : CUTOVER_OK;

    if (sweep != NULL)
        sweep->now = wall_now();
    while (status == CUTOVER_OK) {
        sweep->seen = sweep->count = 0;
        memcpy(from, sweep->last, sizeof from);
        status = store->list(KIND, NULL, from, PAGE, look, sweep, error, store->userdata);
        if (status == CUTOVER_OK)
            end_those(store, sweep);
        if (sweep->seen < PAGE)
            break;
    }
    free(sweep);
    return status;
}

void session_free(struct session *session)
{
    free(session->key_id);
    memset(session, 0, sizeof *session);
}
