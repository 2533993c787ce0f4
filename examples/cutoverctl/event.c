/* Events: what waits in the outbox, delivered, and what was given up, offered again or let go of. */
#include "cutoverctl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- listed ---- */

struct listing {
    struct json_object *events; /* with --json, else NULL: printed as they come */
    unsigned count;
};

static void print_delivery(const char *notifier, struct json_object *delivery)
{
    const char *failed = member_text(delivery, "last_error"), *next = member_text(delivery, "next_attempt_at");

    printf("        %s: %s after %lld attempts%s%s%s%s\n", visible(notifier), member_text(delivery, "status"),
           (long long)member_number(delivery, "attempts"), next != NULL ? ", again at " : "",
           next != NULL ? next : "", failed != NULL ? ": " : "", failed != NULL ? failed : "");
}

static void print_event(struct json_object *event)
{
    struct json_object *deliveries = NULL;

    printf("%s %4lld  %s  %s\n", member_text(event, "project_id"), (long long)member_number(event, "sequence"),
           member_text(event, "created_at"), member_text(event, "type"));
    if (member_text(event, "request_id") != NULL)
        printf("        request %s\n", member_text(event, "request_id"));
    json_object_object_get_ex(event, "deliveries", &deliveries);
    json_object_object_foreach(deliveries, notifier, delivery)
    {
        print_delivery(notifier, delivery);
    }
}

static cutover_status take_event(const cutover_event *event, void *context)
{
    struct listing *listing = context;
    struct json_object *object = parse_json(event->json);

    listing->count++;
    if (listing->events != NULL) {
        must(json_object_array_add(listing->events, object) == 0 ? object : NULL);
        return CUTOVER_OK;
    }
    print_event(object);
    json_object_put(object);
    return CUTOVER_OK;
}

int run_event_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct listing listing = {tool->json ? must(json_object_new_array()) : NULL, 0};

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_events_list(tool->engine, tool->options[OPTION_PROJECT], take_event, &listing, &error) !=
            CUTOVER_OK) {
        json_object_put(listing.events);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "events", listing.events) == 0 ? object : NULL);
        print_json(object);
    } else if (listing.count == 0) {
        puts("no event waits");
    }
    return EXIT_DONE;
}

/* ---- what was given up ---- */

static bool parse_number(const char *text, char **end, uint64_t *number)
{
    errno = 0;
    unsigned long long parsed = text[0] >= '0' && text[0] <= '9' ? strtoull(text, end, 10) : 0;
    *number = parsed;
    return parsed > 0 && errno == 0;
}

/* --sequence: N, or FIRST-LAST. */
static bool parse_sequence(struct tool *tool, cutover_event_selection *selection)
{
    const char *text = tool->options[OPTION_SEQUENCE];
    char *end = NULL;

    if (text == NULL)
        return true;
    if (tool->options[OPTION_PROJECT] == NULL)
        return usage_error(tool, "--sequence needs --project: events are counted within one"), false;
    bool good = parse_number(text, &end, &selection->first);
    selection->last = selection->first;
    if (good && *end == '-')
        good = parse_number(end + 1, &end, &selection->last);
    good = good && *end == '\0' && selection->last >= selection->first;
    if (!good)
        usage_error(tool, "--sequence takes a number from 1, or two, the smaller first, as in 12-40: `%s`",
                    text);
    return good;
}

static int settled(struct tool *tool, const char *what, uint32_t count)
{
    if (tool->json) {
        struct json_object *object = new_object();
        put_number(object, what, count);
        print_json(object);
    } else {
        printf("%s: %u events\n", what, count);
    }
    return EXIT_DONE;
}

static bool choose(struct tool *tool, cutover_event_selection *selection)
{
    selection->actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    selection->notifier =
        tool->options[OPTION_NOTIFIER] != NULL ? tool->options[OPTION_NOTIFIER] : NOTIFIER_NAME;
    selection->project_id = tool->options[OPTION_PROJECT];
    return parse_sequence(tool, selection);
}

int run_event_retry(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_event_selection selection = CUTOVER_EVENT_SELECTION_INIT;
    uint32_t count = 0;

    if (!choose(tool, &selection))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_events_retry(tool->engine, &selection, &count, &error) != CUTOVER_OK)
        return fail(tool, error);
    return settled(tool, "retried", count);
}

int run_event_discard(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_event_selection selection = CUTOVER_EVENT_SELECTION_INIT;
    uint32_t count = 0;

    if (!choose(tool, &selection) ||
        !confirmed(tool, "events that were given up for %s are let go of, and never delivered to it",
                   selection.notifier))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_events_discard(tool->engine, &selection, &count, &error) != CUTOVER_OK)
        return fail(tool, error);
    return settled(tool, "discarded", count);
}
