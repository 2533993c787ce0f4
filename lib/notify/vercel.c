/*
 * Vercel: POST /v10/projects/{idOrName}/env?upsert=true, one call for each target with all of its variables, and each of them read
 * back by GET /v1/projects/{idOrName}/env/{id}. A variable that has several targets is several to upsert, so one call for all
 * targets would meet itself. A 201 says in `failed` what was not written all the same.
 */
#include "notify/provider.h"

#include <string.h>

static void path_begin(const struct provider_sync *sync, struct text *path, const char *version)
{
    text_add_format(path, "/%s/projects/", version);
    provider_path_add(path, sync->record->site_id);
    text_add(path, "/env");
}

static void path_add_team(const struct provider_sync *sync, struct text *path, char separator)
{
    if (sync->record->account_id == NULL)
        return;
    text_add_format(path, "%cteamId=", separator);
    provider_path_add(path, sync->record->account_id);
}

static struct json_object *variable_json(const struct provider_sync *sync,
                                         const struct provider_variable *variable, const char *target)
{
    struct json_object *object = json_object_new_object(), *targets = json_object_new_array();

    if (object == NULL || targets == NULL) {
        json_object_put(targets);
        json_object_put(object);
        return NULL;
    }
    json_add(targets, json_object_new_string(target));
    json_put_text(object, "key", variable->name);
    json_put_text(object, "value", variable->value);
    json_put_text(object, "type", sync->record->secret ? "sensitive" : "encrypted");
    json_put_object(object, "target", targets);
    return object;
}

/* What the answer has of a variable: `created` is one object, or several. */
static struct json_object *created_of(struct json_object *answer, const char *name)
{
    struct json_object *created = json_member(answer, "created");

    if (json_object_is_type(created, json_type_object))
        return strcmp(json_text_or(created, "key", ""), name) == 0 ? created : NULL;
    for (size_t i = 0; json_object_is_type(created, json_type_array) && i < json_object_array_length(created);
         i++) {
        struct json_object *one = json_object_array_get_idx(created, i);
        if (strcmp(json_text_or(one, "key", ""), name) == 0)
            return one;
    }
    return NULL;
}

/* The error in `failed` that is about a variable, or about none that it names. */
static struct json_object *failed_of(struct json_object *answer, const char *name)
{
    struct json_object *failed = json_member(answer, "failed");

    for (size_t i = 0; json_object_is_type(failed, json_type_array) && i < json_object_array_length(failed);
         i++) {
        struct json_object *cause = json_member(json_object_array_get_idx(failed, i), "error");
        const char *about = json_text_or(cause, "envVarKey", json_text_or(cause, "key", NULL));
        if (about == NULL || strcmp(about, name) == 0)
            return cause != NULL ? cause : failed;
    }
    return NULL;
}

static cutover_status note_failed(struct provider_sync *sync, const char *name, const char *target,
                                  struct json_object *cause, cutover_error **error)
{
    struct text why = TEXT_INIT;
    char *code = provider_said(sync, json_text_or(cause, "code", "")),
         *message = provider_said(sync, json_text_or(cause, "message", ""));

    if (code != NULL && message != NULL)
        text_add_format(&why, "among those that failed, %s: %s", code[0] != '\0' ? code : "without a code",
                        message);
    cutover_status status = code == NULL || message == NULL || text_failed(&why)
                                ? error_nomem(error)
                                : provider_note(sync, name, target, OUTCOME_FAILED, text_string(&why), error);
    free(code);
    free(message);
    text_free(&why);
    return status;
}

static bool has_target(struct json_object *variable, const char *target)
{
    struct json_object *targets = json_member(variable, "target");

    if (json_object_is_type(targets, json_type_string))
        return strcmp(json_object_get_string(targets), target) == 0;
    for (size_t i = 0; json_object_is_type(targets, json_type_array) && i < json_object_array_length(targets);
         i++) {
        const char *one = json_text(json_object_array_get_idx(targets, i));
        if (one != NULL && strcmp(one, target) == 0)
            return true;
    }
    return false;
}

static cutover_status note_read(struct provider_sync *sync, const struct provider_variable *variable,
                                const char *target, struct json_object *answer, cutover_error **error)
{
    const char *value = json_text_or(answer, "value", NULL), *type = json_text_or(answer, "type", "");
    bool shown = value != NULL && strcmp(type, "sensitive") != 0 &&
                 (strcmp(type, "plain") == 0 || json_bool_or(answer, "decrypted", true));

    if (strcmp(json_text_or(answer, "key", ""), variable->name) != 0 || !has_target(answer, target))
        return provider_note(sync, variable->name, target, OUTCOME_DIFFERENT,
                             "what was read back is another variable, or not at that target", error);
    if (value != NULL && strcmp(value, variable->value) == 0)
        return provider_note(sync, variable->name, target, OUTCOME_CONFIRMED, NULL, error);
    if (shown)
        return provider_note(sync, variable->name, target, OUTCOME_DIFFERENT,
                             "read back with another value than was written", error);
    return provider_note(sync, variable->name, target, OUTCOME_UNREADABLE, NULL, error);
}

/* Who may write may not be one who may read. */
static cutover_status read_back(struct provider_sync *sync, const struct provider_variable *variable,
                                const char *target, const char *id, cutover_error **error)
{
    struct provider_call call = {.method = "GET", .path = TEXT_INIT};

    path_begin(sync, &call.path, "v1");
    text_add(&call.path, "/");
    provider_path_add(&call.path, id);
    path_add_team(sync, &call.path, '?');
    cutover_status status = provider_ask(sync, &call, error);
    if (status == CUTOVER_OK && call.status == 403)
        status = provider_note(sync, variable->name, target, OUTCOME_UNREADABLE, call.failure, error);
    else if (status == CUTOVER_OK && call.failure != NULL)
        status = provider_note(sync, variable->name, target, OUTCOME_FAILED, call.failure, error);
    else if (status == CUTOVER_OK)
        status = note_read(sync, variable, target, call.answer, error);
    provider_call_free(&call);
    return status;
}

static cutover_status settle(struct provider_sync *sync, const struct provider_variable *variable,
                             const char *target, struct json_object *answer, cutover_error **error)
{
    struct json_object *cause = failed_of(answer, variable->name),
                       *created = created_of(answer, variable->name);
    const char *id = json_text_or(created, "id", NULL);

    if (cause != NULL)
        return note_failed(sync, variable->name, target, cause, error);
    if (created == NULL)
        return provider_note(sync, variable->name, target, OUTCOME_FAILED,
                             "the answer does not say that it was written", error);
    if (id == NULL)
        return provider_note(sync, variable->name, target, OUTCOME_UNREADABLE, NULL, error);
    if (sync->stop)
        return provider_note(sync, variable->name, target, OUTCOME_FAILED, "written, but not read back", error);
    return read_back(sync, variable, target, id, error);
}

static cutover_status write_target(struct provider_sync *sync, const char *target, cutover_error **error)
{
    struct provider_variable variables[PROVIDER_VARIABLES];
    size_t count = provider_variables(sync, variables);
    struct provider_call call = {.method = "POST", .path = TEXT_INIT, .body = json_object_new_array()};
    cutover_status status = call.body != NULL ? CUTOVER_OK : error_nomem(error);

    path_begin(sync, &call.path, "v10");
    text_add(&call.path, "?upsert=true");
    path_add_team(sync, &call.path, '&');
    for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
        json_add(call.body, variable_json(sync, &variables[i], target));
    if (status == CUTOVER_OK)
        status = provider_ask(sync, &call, error);
    if (status == CUTOVER_OK && call.failure != NULL)
        status = provider_note(sync, NULL, target, OUTCOME_FAILED, call.failure, error);
    else
        for (size_t i = 0; i < count && status == CUTOVER_OK; i++)
            status = settle(sync, &variables[i], target, call.answer, error);
    provider_call_free(&call);
    return status;
}

static cutover_status write_all(struct provider_sync *sync, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < provider_target_count(sync) && status == CUTOVER_OK && !sync->stop; i++)
        status = write_target(sync, provider_target(sync, i), error);
    return status;
}

const struct provider provider_vercel = {"https://api.vercel.com", write_all};
