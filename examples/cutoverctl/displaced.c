/* displaced list, drop: the databases that cutovers took out of production. */
#include "cutoverctl.h"

struct listing {
    struct json_object *list; /* with --json */
    unsigned count;
};

static cutover_status show(const cutover_displaced *displaced, void *context)
{
    struct listing *listing = context;
    char at[TIME_TEXT_MAX], size[BYTES_TEXT_MAX];

    listing->count++;
    if (listing->list != NULL) {
        struct json_object *object = new_object();
        put_text(object, "name", displaced->name);
        put_number(object, "oid", displaced->oid);
        put_number(object, "size", (int64_t)displaced->size);
        put_time(object, "displaced_at", displaced->displaced_at);
        put_text(object, "project_id", displaced->project_id);
        put_text(object, "job_id", displaced->promotion_id);
        put_text(object, "request_id", displaced->request_id[0] != '\0' ? displaced->request_id : NULL);
        must(json_object_array_add(listing->list, object) == 0 ? object : NULL);
    } else {
        printf("%-28s %10s  since %s\n", visible(displaced->name), format_bytes(displaced->size, size),
               format_time(displaced->displaced_at, at));
    }
    return CUTOVER_OK;
}

static int listed(struct tool *tool, struct listing *listing, const char *none, cutover_error *error)
{
    if (error != NULL) {
        json_object_put(listing->list);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "displaced", listing->list) == 0 ? object : NULL);
        print_json(object);
    } else if (listing->count == 0) {
        printf("%s\n", none);
    }
    return EXIT_DONE;
}

int run_displaced_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct listing listing = {tool->json ? must(json_object_new_array()) : NULL, 0};

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_displaced_list(tool->engine, tool->options[OPTION_PROJECT], show, &listing, &error);
    return listed(tool, &listing, "no displaced database is left", error);
}

int run_displaced_drop(struct tool *tool)
{
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (!confirmed(tool, "database %s is dropped for good, and its cutover cannot be rolled back then",
                   tool->operands[0]))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_displaced_drop(tool->engine, actor, tool->options[OPTION_PROJECT], tool->operands[0], &error) !=
            CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "dropped", tool->operands[0]);
        print_json(object);
    } else {
        printf("dropped: %s\n", visible(tool->operands[0]));
    }
    return EXIT_DONE;
}

int run_displaced_expire(struct tool *tool)
{
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    struct listing listing = {tool->json ? must(json_object_new_array()) : NULL, 0};
    int64_t retention = 0;

    if (!parse_duration(tool, tool->options[OPTION_OLDER_THAN], &retention) ||
        !confirmed(tool, "displaced databases that are older than %s are dropped for good",
                   tool->options[OPTION_OLDER_THAN]))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_displaced_expire(tool->engine, actor, tool->options[OPTION_PROJECT], retention, show, &listing,
                                 &error);
    return listed(tool, &listing, "nothing was old enough", error);
}
