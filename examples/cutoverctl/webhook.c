/* webhook add, list, show, set, remove, rotate-secret, test, deliveries, redeliver, deliver: events to HTTP endpoints. */
#include "cutoverctl.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 200
#define OVERLAP_S 86400
#define TYPES_MAX CUTOVER_WEBHOOK_TYPES_MAX

static const char *const shown[] = {"project_id",      "url",        "description", "event_types",
                                    "disabled_reason", "created_at", "updated_at",  NULL};

static cutover_status webhooks_open(struct tool *tool, cutover_error **error)
{
    tool->hooking = true;
    return tool_open(tool, NULL, error);
}

/* --types: names with a comma between two, cut out of a copy that stays; "all" is none. */
static bool parse_types(struct tool *tool, const char *types[TYPES_MAX], size_t *count)
{
    const char *given = tool->options[OPTION_TYPES];
    char *rest = given != NULL && strcmp(given, "all") != 0 ? must(strdup(given)) : NULL;

    *count = 0;
    for (char *name; (name = strsep(&rest, ",")) != NULL;) {
        if (*count == TYPES_MAX)
            return usage_error(tool, "--types has more than %d", TYPES_MAX), false;
        types[(*count)++] = name;
    }
    return true;
}

/* With the one that is shown once. */
static int print_secret(const struct tool *tool, const char *what, cutover_webhook *webhook, char *secret)
{
    if (tool->json) {
        struct json_object *object = new_object();
        must(json_object_object_add(object, "webhook", parse_json(cutover_webhook_json(webhook))) == 0 ? object
                                                                                                       : NULL);
        put_text(object, "secret", secret);
        print_json(object);
    } else {
        printf("webhook %s: %s\n  %s\nThis is its secret; it is shown this once.\n",
               cutover_webhook_id(webhook), what, secret);
    }
    explicit_bzero(secret, strlen(secret));
    cutover_string_free(secret);
    cutover_webhook_free(webhook);
    return EXIT_DONE;
}

static int print_webhook(const struct tool *tool, cutover_webhook *webhook)
{
    char title[100];

    snprintf(title, sizeof title, "webhook %s: %s", cutover_webhook_id(webhook),
             cutover_webhook_status(webhook));
    print_record(tool, title, cutover_webhook_json(webhook), shown);
    cutover_webhook_free(webhook);
    return EXIT_DONE;
}

int run_webhook_add(struct tool *tool)
{
    cutover_webhook_options options = CUTOVER_WEBHOOK_OPTIONS_INIT;
    const char *types[TYPES_MAX];
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;
    char *secret = NULL;

    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.project_id = tool->options[OPTION_PROJECT];
    options.url = tool->operands[0];
    options.description = tool->options[OPTION_LABEL];
    options.event_types = types;
    if (!parse_types(tool, types, &options.event_type_count) || !parse_allow(tool, &tool->hook_flags))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        project_known(tool, options.project_id, &error) != CUTOVER_OK ||
        cutover_webhook_create(tool->webhooks, &options, &secret, &webhook, &error) != CUTOVER_OK)
        return fail(tool, error);
    return print_secret(tool, "added", webhook, secret);
}

int run_webhook_rotate_secret(struct tool *tool)
{
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;
    uint32_t overlap_s = OVERLAP_S;
    char *secret = NULL;

    if (!parse_seconds(tool, OPTION_OVERLAP, &overlap_s))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_rotate_secret(tool->webhooks, actor, tool->operands[0], overlap_s, &secret, &webhook,
                                      &error) != CUTOVER_OK)
        return fail(tool, error);
    return print_secret(tool, "has another secret", webhook, secret);
}

int run_webhook_show(struct tool *tool)
{
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;

    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_get(tool->webhooks, tool->operands[0], &webhook, &error) != CUTOVER_OK)
        return fail(tool, error);
    return print_webhook(tool, webhook);
}

static bool parse_enabled(struct tool *tool, int32_t *enabled)
{
    const char *given = tool->options[OPTION_ENABLED];

    if (given == NULL)
        return true;
    if (strcmp(given, "yes") != 0 && strcmp(given, "no") != 0)
        return usage_error(tool, "--enabled is yes or no, not %s", given), false;
    *enabled = strcmp(given, "yes") == 0 ? CUTOVER_WEBHOOK_ENABLE : CUTOVER_WEBHOOK_DISABLE;
    return true;
}

int run_webhook_set(struct tool *tool)
{
    cutover_webhook_change change = CUTOVER_WEBHOOK_CHANGE_INIT;
    const char *types[TYPES_MAX];
    cutover_webhook *webhook = NULL;
    cutover_error *error = NULL;

    change.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    change.webhook_id = tool->operands[0];
    change.url = tool->options[OPTION_URL];
    change.description = tool->options[OPTION_LABEL];
    change.event_types = tool->options[OPTION_TYPES] != NULL ? types : NULL;
    if (!parse_types(tool, types, &change.event_type_count) || !parse_enabled(tool, &change.enabled) ||
        !parse_allow(tool, &tool->hook_flags))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_update(tool->webhooks, &change, &webhook, &error) != CUTOVER_OK)
        return fail(tool, error);
    return print_webhook(tool, webhook);
}

int run_webhook_remove(struct tool *tool)
{
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    cutover_error *error = NULL;

    if (!confirmed(tool, "webhook %s goes, with its deliveries: what is dead cannot be sent again",
                   visible(tool->operands[0])))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_delete(tool->webhooks, actor, tool->operands[0], &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "removed", tool->operands[0]);
        print_json(object);
    } else {
        printf("webhook %s: removed\n", visible(tool->operands[0]));
    }
    return EXIT_DONE;
}

/* ---- lists ---- */

static void print_line(const cutover_webhook *webhook)
{
    printf("%s  %-8s  %s  %s\n", cutover_webhook_id(webhook), cutover_webhook_status(webhook),
           visible(cutover_webhook_project_id(webhook)), visible(cutover_webhook_url(webhook)));
}

static cutover_status each_page(struct tool *tool, struct json_object *webhooks, cutover_error **error)
{
    char after[201] = "";
    size_t count;

    do {
        cutover_webhook_list *page = NULL;
        cutover_status status =
            cutover_webhooks_list(tool->webhooks, tool->options[OPTION_PROJECT], after, PAGE, &page, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_webhook_list_count(page);
        for (size_t i = 0; i < count; i++) {
            const cutover_webhook *webhook = cutover_webhook_list_at(page, i);
            if (tool->json)
                json_object_array_add(webhooks, parse_json(cutover_webhook_json(webhook)));
            else
                print_line(webhook);
            snprintf(after, sizeof after, "%s", cutover_webhook_id(webhook));
        }
        cutover_webhook_list_free(page);
    } while (count == PAGE);
    if (!tool->json && after[0] == '\0')
        printf("there is no webhook\n");
    return CUTOVER_OK;
}

static void print_list(const char *name, struct json_object *list)
{
    struct json_object *object = new_object();

    must(json_object_object_add(object, name, list) == 0 ? object : NULL);
    print_json(object);
}

int run_webhook_list(struct tool *tool)
{
    struct json_object *webhooks = must(json_object_new_array());
    cutover_error *error = NULL;

    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        project_known(tool, tool->options[OPTION_PROJECT], &error) != CUTOVER_OK ||
        each_page(tool, webhooks, &error) != CUTOVER_OK) {
        json_object_put(webhooks);
        return fail(tool, error);
    }
    if (tool->json)
        print_list("webhooks", webhooks);
    else
        json_object_put(webhooks);
    return EXIT_DONE;
}

static void print_attempt(struct json_object *attempt)
{
    const char *at = member_text(attempt, "at"), *failed = member_text(attempt, "error");

    printf("    %2lld  %s  ", (long long)member_number(attempt, "number"),
           at != NULL ? at : "at a time unknown");
    if (member_number(attempt, "status") > 0)
        printf("%lld in %lld ms", (long long)member_number(attempt, "status"),
               (long long)member_number(attempt, "latency_ms"));
    printf("%s%s\n", failed != NULL && member_number(attempt, "status") > 0 ? ": " : "",
           failed != NULL ? failed : "");
}

static void print_delivery(const cutover_webhook_delivery *delivery)
{
    struct json_object *record = parse_json(cutover_webhook_delivery_json(delivery)), *attempts = NULL;
    const char *next = member_text(record, "next_attempt_at");

    printf("%s  %-9s  %s  %s%s%s\n", visible(cutover_webhook_delivery_id(delivery)),
           cutover_webhook_delivery_status(delivery), member_text(record, "created_at"),
           visible(cutover_webhook_delivery_type(delivery)), next != NULL ? "  again at " : "",
           next != NULL ? next : "");
    json_object_object_get_ex(record, "attempts", &attempts);
    for (size_t i = 0; i < json_object_array_length(attempts); i++)
        print_attempt(json_object_array_get_idx(attempts, i));
    json_object_put(record);
}

int run_webhook_deliveries(struct tool *tool)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    cutover_webhook_delivery_list *page = NULL;
    cutover_error *error = NULL;

    filter.status = tool->options[OPTION_STATUS];
    filter.newest_first = 1;
    if (!parse_limit(tool, PAGE, &filter.limit) || !parse_after(tool, &filter.after))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_deliveries_find(tool->webhooks, tool->operands[0], &filter, &page, &error) !=
            CUTOVER_OK)
        return fail(tool, error);
    struct json_object *list = must(json_object_new_array());
    for (size_t i = 0; i < cutover_webhook_delivery_list_count(page); i++) {
        const cutover_webhook_delivery *delivery = cutover_webhook_delivery_list_at(page, i);
        if (tool->json)
            json_object_array_add(list, parse_json(cutover_webhook_delivery_json(delivery)));
        else
            print_delivery(delivery);
    }
    if (!tool->json && cutover_webhook_delivery_list_count(page) == 0)
        puts("there is no delivery");
    cutover_webhook_delivery_list_free(page);
    if (tool->json)
        print_list("deliveries", list);
    else
        json_object_put(list);
    return EXIT_DONE;
}

/* ---- sent ---- */

int run_webhook_test(struct tool *tool)
{
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    cutover_webhook_delivery *made = NULL, *sent = NULL;
    cutover_error *error = NULL;

    if (!parse_allow(tool, &tool->hook_flags))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_test(tool->webhooks, actor, tool->operands[0], &made, &error) != CUTOVER_OK)
        return fail(tool, error);
    cutover_status status = cutover_webhooks_deliver(tool->webhooks, 0, NULL, &error);
    if (status == CUTOVER_OK)
        status = cutover_webhook_delivery_get(tool->webhooks, tool->operands[0],
                                              cutover_webhook_delivery_id(made), &sent, &error);
    cutover_webhook_delivery_free(made);
    if (status != CUTOVER_OK)
        return fail(tool, error);
    bool taken = strcmp(cutover_webhook_delivery_status(sent), "delivered") == 0;
    if (tool->json)
        print_json(parse_json(cutover_webhook_delivery_json(sent)));
    else
        print_delivery(sent);
    cutover_webhook_delivery_free(sent);
    return taken ? EXIT_DONE : EXIT_FAILED;
}

static bool choose(struct tool *tool, cutover_webhook_selection *selection)
{
    const char *since = tool->options[OPTION_SINCE], *until = tool->options[OPTION_UNTIL];

    selection->actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    selection->webhook_id = tool->operands[0];
    selection->message_id = tool->operands[1];
    if (selection->message_id != NULL && (since != NULL || until != NULL))
        return usage_error(tool, "one MESSAGE, or those of a time"), false;
    return (since == NULL || parse_time(tool, since, &selection->since)) &&
           (until == NULL || parse_time(tool, until, &selection->until));
}

int run_webhook_redeliver(struct tool *tool)
{
    cutover_webhook_selection selection = CUTOVER_WEBHOOK_SELECTION_INIT;
    cutover_error *error = NULL;
    uint32_t count = 0;

    if (!choose(tool, &selection))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_webhook_redeliver(tool->webhooks, &selection, &count, &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_number(object, "redelivered", count);
        print_json(object);
    } else {
        printf("to be sent again: %u messages\n", count);
    }
    return EXIT_DONE;
}

static void print_round(const struct tool *tool, uint32_t events, const cutover_webhook_round *round)
{
    char at[TIME_TEXT_MAX];

    if (tool->json) {
        struct json_object *object = new_object();
        put_number(object, "events", events);
        put_number(object, "delivered", round->delivered);
        put_number(object, "failed", round->failed);
        put_number(object, "dead", round->dead);
        put_number(object, "disabled", round->disabled);
        put_number(object, "waiting", round->waiting);
        put_time(object, "next_at", round->next_at);
        print_json(object);
        return;
    }
    printf("webhooks: %u delivered, %u failed, %u dead, %u waiting\n", round->delivered, round->failed,
           round->dead, round->waiting);
    if (round->next_at != 0)
        printf("next: at %s\n", format_time(round->next_at, at));
}

int run_webhook_deliver(struct tool *tool)
{
    cutover_delivery_options only = CUTOVER_DELIVERY_OPTIONS_INIT;
    cutover_delivery delivery = CUTOVER_DELIVERY_INIT;
    cutover_webhook_round round = CUTOVER_WEBHOOK_ROUND_INIT;
    cutover_error *error = NULL;

    only.notifier = WEBHOOK_NOTIFIER_NAME;
    if (!parse_allow(tool, &tool->hook_flags))
        return EXIT_USAGE;
    if (webhooks_open(tool, &error) != CUTOVER_OK ||
        cutover_events_deliver(tool->engine, &only, &delivery, &error) != CUTOVER_OK ||
        cutover_webhooks_deliver(tool->webhooks, 0, &round, &error) != CUTOVER_OK)
        return fail(tool, error);
    print_round(tool, delivery.delivered, &round);
    return delivery.failed + round.failed + round.dead == 0 ? EXIT_DONE : EXIT_FAILED;
}
