/* API keys, for administrators: those of one project see and make keys of that project only. */
#include "api/acts.h"
#include "api/output.h"

#include <cutover/key.h>
#include <stdio.h>
#include <string.h>

/* A key's secret: told once, and wiped. */
static void wipe(char *secret)
{
    for (volatile char *at = secret; secret != NULL && *at != '\0'; at++)
        *at = '\0';
    cutover_string_free(secret);
}

/* A key is of its project, or of all of them: then it is not for those who see one. */
cutover_status api_find_key(struct call *call, cutover_error **error)
{
    cutover_key *key = NULL;
    cutover_status status = cutover_key_get(call->api->engine, call->params[0], &key, error);

    if (status == CUTOVER_OK) {
        const char *project_id = cutover_key_project_id(key);
        call->project = strdup(project_id == NULL ? CUTOVER_KEY_EVERY_PROJECT : project_id);
        call->project_id = call->project;
        if (call->project == NULL)
            status = api_nomem(error);
    }
    cutover_key_free(key);
    return status;
}

cutover_status api_key_get(struct call *call, cutover_error **error)
{
    cutover_key *key = NULL;
    cutover_status status = cutover_key_get(call->api->engine, call->params[0], &key, error);

    if (status == CUTOVER_OK)
        status = call_json(call, 200, cutover_key_json(key), error);
    cutover_key_free(key);
    return status;
}

cutover_status api_keys_list(struct call *call, cutover_error **error)
{
    const char *project_id = call->request->project_id;
    const uint32_t limit = (uint32_t)call_query_count(call, "limit", 50);
    cutover_key_list *list = NULL;
    struct output output;

    if (project_id == NULL)
        project_id = call_query(call, "project_id");
    cutover_status status =
        cutover_keys_list(call->api->engine, project_id, call_query(call, "cursor"), limit, &list, error);
    if (status != CUTOVER_OK)
        return status;
    const size_t count = cutover_key_list_count(list);
    call_page_begin(&output);
    for (size_t i = 0; i < count; i++)
        output_json(&output, cutover_key_json(cutover_key_list_at(list, i)));
    status = call_page_end(call, &output,
                           count < limit ? NULL : cutover_key_id(cutover_key_list_at(list, count - 1)), error);
    cutover_key_list_free(list);
    return status;
}

/* Names of roles, as records have them. 0 for one that there is not. */
static uint32_t roles_of(const struct call *call)
{
    static const char *const names[] = {"member", "operator", "org_admin"};
    const char *given[4];
    const size_t count = call_texts(call, "roles", given, 4);
    uint32_t roles = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t role = 0;
        for (uint32_t k = 0; i < 4 && k < 3; k++)
            role |= strcmp(given[i], names[k]) == 0 ? UINT32_C(1) << k : 0;
        if (role == 0)
            return 0;
        roles |= role;
    }
    return roles;
}

/* Whether the caller would have a project's own people be its operators, too: those are the host's review of what they ask for. */
static bool lifts_itself(const struct call *call, uint32_t roles)
{
    return call->request->project_id != NULL && (roles & CUTOVER_ROLE_OPERATOR) != 0 &&
           (call->request->actor->roles & CUTOVER_ROLE_OPERATOR) == 0;
}

/* The key as its record has it, and the secret. */
static cutover_status answer_made(struct call *call, const cutover_key *key, const char *secret,
                                  cutover_error **error)
{
    const char *json = cutover_key_json(key);
    char location[260];
    struct output output;

    output_begin(&output);
    output_open(&output, '{');
    output_put(&output, "secret", secret);
    output_json(&output, json == NULL ? "" : json + 1);
    cutover_status status = call_json(call, 201, output_text(&output), error);
    output_free(&output);
    snprintf(location, sizeof location, "/v1/keys/%s", cutover_key_id(key));
    return status != CUTOVER_OK ? status : call_header(call, "Location", location, error);
}

cutover_status api_key_create(struct call *call, cutover_error **error)
{
    cutover_key_options options = CUTOVER_KEY_OPTIONS_INIT;
    cutover_key *key = NULL;
    char *secret = NULL;
    const char *own = call->request->project_id;

    options.actor = call->request->actor;
    options.label = call_text(call, "label");
    options.roles = roles_of(call);
    options.project_id = call_text(call, "project_id");
    options.organization_id = call_text(call, "organization_id");
    options.actor_id = call_text(call, "actor_id");
    options.expires_at = call_time(call, "expires_at");
    if (options.roles == 0)
        return call_problem(call, PROBLEM_INVALID, "roles: some of member, operator, org_admin", NULL, "roles",
                            error);
    if (own != NULL && options.project_id == NULL)
        options.project_id = own;
    if (own != NULL && strcmp(options.project_id, own) != 0)
        return api_fail(error, CUTOVER_E_NOT_FOUND, "there is no such project", NULL);
    if (lifts_itself(call, options.roles))
        return api_fail(error, CUTOVER_E_FORBIDDEN,
                        "an operator of a project is made by an operator of it, or by who sees all projects",
                        NULL);
    cutover_status status = cutover_key_create(call->api->engine, &options, &secret, &key, error);
    if (status == CUTOVER_OK)
        status = answer_made(call, key, secret, error);
    wipe(secret);
    cutover_key_free(key);
    return status;
}

cutover_status api_key_revoke(struct call *call, cutover_error **error)
{
    cutover_key *key = NULL;
    cutover_status status =
        cutover_key_revoke(call->api->engine, call->request->actor, call->params[0], &key, error);

    if (status == CUTOVER_OK)
        status = call_json(call, 200, cutover_key_json(key), error);
    cutover_key_free(key);
    return status;
}
