/*
 * Netlify: PATCH /accounts/{account_id}/env/{key}?site_id= sets the value of one context; a variable that is not there is made by POST
 * /accounts/{account_id}/env?site_id=. Then GET of the key shows all of its values. One that is secret shows none but those for local
 * development.
 */
#include "notify/provider.h"

#include <stdlib.h>
#include <string.h>

#define BRANCH "branch:"

static void path_begin(const struct provider_sync *sync, struct text *path, const char *key)
{
    text_add(path, "/accounts/");
    provider_path_add(path, sync->record->account_id);
    text_add(path, "/env");
    if (key != NULL) {
        text_add(path, "/");
        provider_path_add(path, key);
    }
    text_add(path, "?site_id=");
    provider_path_add(path, sync->record->site_id);
}

/* The context of a target, and the branch where it is one's. */
static const char *context_of(const char *target, const char **branch)
{
    bool is_branch = strncmp(target, BRANCH, strlen(BRANCH)) == 0;

    *branch = is_branch ? target + strlen(BRANCH) : NULL;
    return is_branch ? "branch" : target;
}

static struct json_object *value_json(const struct provider_variable *variable, const char *target)
{
    struct json_object *value = json_object_new_object();
    const char *branch, *context = context_of(target, &branch);

    if (value == NULL)
        return NULL;
    json_put_text(value, "context", context);
    if (branch != NULL)
        json_put_text(value, "context_parameter", branch);
    json_put_text(value, "value", variable->value);
    return value;
}

static struct json_object *variable_json(const struct provider_sync *sync,
                                         const struct provider_variable *variable, const char *target)
{
    struct json_object *list = json_object_new_array(), *object = json_object_new_object(),
                       *values = json_object_new_array();

    if (list == NULL || object == NULL || values == NULL) {
        json_object_put(list);
        json_object_put(object);
        json_object_put(values);
        return NULL;
    }
    json_add(values, value_json(variable, target));
    json_put_text(object, "key", variable->name);
    json_put_object(object, "values", values);
    if (sync->record->secret)
        json_put_bool(object, "is_secret", true);
    json_add(list, object);
    return list;
}

static cutover_status create(struct provider_sync *sync, const struct provider_variable *variable,
                             const char *target, bool *written, cutover_error **error)
{
    struct provider_call call = {
        .method = "POST", .path = TEXT_INIT, .body = variable_json(sync, variable, target)};
    cutover_status status = call.body != NULL ? CUTOVER_OK : error_nomem(error);

    path_begin(sync, &call.path, NULL);
    if (status == CUTOVER_OK)
        status = provider_ask(sync, &call, error);
    *written = status == CUTOVER_OK && call.failure == NULL;
    if (status == CUTOVER_OK && call.failure != NULL)
        status = provider_note(sync, variable->name, target, OUTCOME_FAILED, call.failure, error);
    provider_call_free(&call);
    return status;
}

static cutover_status write_value(struct provider_sync *sync, const struct provider_variable *variable,
                                  const char *target, bool *written, cutover_error **error)
{
    struct provider_call call = {.method = "PATCH", .path = TEXT_INIT, .body = value_json(variable, target)};
    cutover_status status = call.body != NULL ? CUTOVER_OK : error_nomem(error);

    *written = false;
    path_begin(sync, &call.path, variable->name);
    if (status == CUTOVER_OK)
        status = provider_ask(sync, &call, error);
    if (status == CUTOVER_OK && call.status == 404)
        status = create(sync, variable, target, written, error);
    else if (status == CUTOVER_OK && call.failure != NULL)
        status = provider_note(sync, variable->name, target, OUTCOME_FAILED, call.failure, error);
    else if (status == CUTOVER_OK)
        *written = true;
    provider_call_free(&call);
    return status;
}

static struct json_object *value_of(struct json_object *answer, const char *target)
{
    struct json_object *values = json_member(answer, "values");
    const char *branch, *context = context_of(target, &branch);

    for (size_t i = 0; json_object_is_type(values, json_type_array) && i < json_object_array_length(values);
         i++) {
        struct json_object *value = json_object_array_get_idx(values, i);
        if (strcmp(json_text_or(value, "context", ""), context) == 0 &&
            (branch == NULL || strcmp(json_text_or(value, "context_parameter", ""), branch) == 0))
            return value;
    }
    return NULL;
}

static bool is_development(const char *target)
{
    return strcmp(target, "dev") == 0 || strcmp(target, "dev-server") == 0;
}

static cutover_status note_read(struct provider_sync *sync, const struct provider_variable *variable,
                                const char *target, struct json_object *answer, cutover_error **error)
{
    struct json_object *found = value_of(answer, target);
    const char *value = json_text_or(found, "value", NULL);

    if (strcmp(json_text_or(answer, "key", ""), variable->name) != 0)
        return provider_note(sync, variable->name, target, OUTCOME_DIFFERENT,
                             "what was read back is another variable", error);
    if (value != NULL && strcmp(value, variable->value) == 0)
        return provider_note(sync, variable->name, target, OUTCOME_CONFIRMED, NULL, error);
    if (json_bool_or(answer, "is_secret", false) && !is_development(target))
        return provider_note(sync, variable->name, target, OUTCOME_UNREADABLE, NULL, error);
    return provider_note(sync, variable->name, target, OUTCOME_DIFFERENT,
                         value != NULL ? "read back with another value than was written"
                                       : "read back without a value for that context",
                         error);
}

/* `written` by the index of the target. Who may write may not be one who may read. */
static cutover_status read_back(struct provider_sync *sync, const struct provider_variable *variable,
                                const bool *written, cutover_error **error)
{
    struct provider_call call = {.method = "GET", .path = TEXT_INIT};
    cutover_status status = CUTOVER_OK;

    path_begin(sync, &call.path, variable->name);
    if (sync->stop)
        status = string_copy("written, but not read back", &call.failure, error);
    else
        status = provider_ask(sync, &call, error);
    for (size_t i = 0; i < provider_target_count(sync) && status == CUTOVER_OK; i++) {
        const char *target = provider_target(sync, i);
        if (!written[i])
            continue;
        if (call.status == 403)
            status = provider_note(sync, variable->name, target, OUTCOME_UNREADABLE, call.failure, error);
        else if (call.failure != NULL)
            status = provider_note(sync, variable->name, target, OUTCOME_FAILED, call.failure, error);
        else
            status = note_read(sync, variable, target, call.answer, error);
    }
    provider_call_free(&call);
    return status;
}

static cutover_status write_variable(struct provider_sync *sync, const struct provider_variable *variable,
                                     cutover_error **error)
{
    bool written[CUTOVER_INTEGRATION_TARGETS_MAX] = {false}, any = false;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < provider_target_count(sync) && i < CUTOVER_INTEGRATION_TARGETS_MAX &&
                       status == CUTOVER_OK && !sync->stop;
         i++) {
        status = write_value(sync, variable, provider_target(sync, i), &written[i], error);
        any = any || written[i];
    }
    return status == CUTOVER_OK && any ? read_back(sync, variable, written, error) : status;
}

static cutover_status write_all(struct provider_sync *sync, cutover_error **error)
{
    struct provider_variable variables[PROVIDER_VARIABLES];
    size_t count = provider_variables(sync, variables);
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < count && status == CUTOVER_OK && !sync->stop; i++)
        status = write_variable(sync, &variables[i], error);
    return status;
}

const struct provider provider_netlify = {"https://api.netlify.com/api/v1", write_all};
