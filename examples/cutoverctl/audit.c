/* The audit trail, and events on their way out. */
#include "cutoverctl.h"

#define PAGE 200

struct trail {
    struct json_object *entries; /* with --json, else NULL: printed as they come */
    char after[300];
    uint32_t count;
};

static cutover_status take_entry(const cutover_audit_entry *entry, void *context)
{
    struct trail *trail = context;
    char at[TIME_TEXT_MAX];

    snprintf(trail->after, sizeof trail->after, "%s", entry->cursor);
    trail->count++;
    if (trail->entries != NULL)
        json_object_array_add(trail->entries, parse_json(entry->json));
    else
        printf("%4llu  %s  %-28s  %s:%s\n", (unsigned long long)entry->sequence, format_time(entry->at, at),
               visible(entry->action), visible(entry->actor_kind), visible(entry->actor_id));
    return CUTOVER_OK;
}

int run_audit(struct tool *tool)
{
    cutover_error *error = NULL;
    struct trail trail = {.entries = tool->json ? must(json_object_new_array()) : NULL};
    cutover_status status = tool_open(tool, NULL, &error);

    do {
        trail.count = 0;
        if (status == CUTOVER_OK)
            status = cutover_audit_list(tool->engine, tool->options[OPTION_PROJECT], trail.after, PAGE,
                                        take_entry, &trail, &error);
    } while (status == CUTOVER_OK && trail.count == PAGE);
    if (status != CUTOVER_OK) {
        json_object_put(trail.entries);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "audit", trail.entries);
        print_json(object);
    }
    return EXIT_DONE;
}

int run_events_deliver(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;

    if (tool_open(tool, tool->options[OPTION_TO], &error) != CUTOVER_OK ||
        cutover_events_deliver(tool->engine, NULL, &delivery, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_number(object, "delivered", delivery.delivered);
        put_number(object, "failed", delivery.failed);
        put_number(object, "waiting", delivery.waiting);
        put_number(object, "given_up", delivery.given_up);
        print_json(object);
    } else {
        printf("events: %u delivered, %u failed, %u waiting, %u given up\n", delivery.delivered,
               delivery.failed, delivery.waiting, delivery.given_up);
    }
    return delivery.failed == 0 ? EXIT_DONE : EXIT_FAILED;
}
