/* key create, list, revoke: API keys for cutoverd. */
#include "cutoverctl.h"

#include <string.h>

#define PAGE 200

static const char *const shown[] = {"label",      "actor_id",   "roles",      "project_id", "organization_id",
                                    "created_at", "expires_at", "revoked_at", NULL};

int run_key_create(struct tool *tool)
{
    cutover_key_options options = CUTOVER_KEY_OPTIONS_INIT;
    cutover_error *error = NULL;
    cutover_key *key = NULL;
    char *secret = NULL;

    options.actor = acting_as(tool, CUTOVER_ACTOR_USER);
    options.label = tool->options[OPTION_LABEL];
    options.project_id = tool->options[OPTION_PROJECT];
    options.organization_id = tool->options[OPTION_ORGANIZATION];
    options.actor_id = tool->options[OPTION_ACTOR];
    if (!parse_key_roles(tool, &options.roles) || !parse_expiry(tool, &options.expires_at))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_key_create(tool->engine, &options, &secret, &key, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "key", parse_json(cutover_key_json(key))) == 0 ? object : NULL);
        put_text(object, "secret", secret);
        print_json(object);
    } else {
        printf("key %s: made for %s\n  %s\nThis is its secret; it is shown this once.\n", cutover_key_id(key),
               visible(cutover_key_label(key)), secret);
    }
    explicit_bzero(secret, strlen(secret));
    cutover_string_free(secret);
    cutover_key_free(key);
    return EXIT_DONE;
}

int run_key_revoke(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_key *key = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_USER);

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_key_revoke(tool->engine, actor, tool->operands[0], &key, &error) != CUTOVER_OK)
        return fail(tool, error);
    char title[80];
    snprintf(title, sizeof title, "key %s: revoked", cutover_key_id(key));
    print_record(tool, title, cutover_key_json(key), shown);
    cutover_key_free(key);
    return EXIT_DONE;
}

static const char *standing(const cutover_key *key)
{
    if (cutover_key_revoked_at(key) != 0)
        return "revoked";
    return cutover_key_expires_at(key) != 0 && cutover_key_expires_at(key) <= time_now() ? "expired" : "good";
}

static void print_line(const cutover_key *key)
{
    const char *project = cutover_key_project_id(key);
    struct json_object *record = parse_json(cutover_key_json(key));
    struct json_object *roles = NULL;

    json_object_object_get_ex(record, "roles", &roles);
    printf("%s  %-7s  %s%s  by %s ", cutover_key_id(key), standing(key),
           project != NULL ? "project " : "every project", project != NULL ? visible(project) : "",
           member_text(record, "actor_id"));
    for (size_t i = 0; i < json_object_array_length(roles); i++)
        printf("%s%s", i > 0 ? "," : " ", visible(json_object_get_string(json_object_array_get_idx(roles, i))));
    printf("  until %s  %s\n",
           member_text(record, "expires_at") != NULL ? member_text(record, "expires_at") : "revoked",
           visible(cutover_key_label(key)));
    json_object_put(record);
}

static cutover_status each_page(struct tool *tool, struct json_object *keys, cutover_error **error)
{
    char after[201] = "";
    size_t count;

    do {
        cutover_key_list *page = NULL;
        cutover_status status =
            cutover_keys_list(tool->engine, tool->options[OPTION_PROJECT], after, PAGE, &page, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_key_list_count(page);
        for (size_t i = 0; i < count; i++) {
            const cutover_key *key = cutover_key_list_at(page, i);
            if (tool->json)
                json_object_array_add(keys, parse_json(cutover_key_json(key)));
            else
                print_line(key);
            snprintf(after, sizeof after, "%s", cutover_key_id(key));
        }
        cutover_key_list_free(page);
    } while (count == PAGE);
    if (!tool->json && after[0] == '\0')
        printf("there is no key\n");
    return CUTOVER_OK;
}

int run_key_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *keys = must(json_object_new_array());

    if (tool_open(tool, NULL, &error) != CUTOVER_OK || each_page(tool, keys, &error) != CUTOVER_OK) {
        json_object_put(keys);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "keys", keys);
        print_json(object);
    } else {
        json_object_put(keys);
    }
    return EXIT_DONE;
}
