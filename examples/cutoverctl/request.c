/* Requests: what a customer wishes, and what operators answer. */
#include "cutoverctl.h"

#include <string.h>

#define PAGE 1000 /* the newest come first: each page reads all of them */

static const char *const request_members[] = {"project_id",
                                              "preview_database_id",
                                              "customer_note",
                                              "external_ticket_ref",
                                              "operator_note",
                                              "rejected_reason",
                                              "scheduled_for",
                                              "requested_by_actor_id",
                                              "created_at",
                                              "ack_by_user_id",
                                              "ack_at",
                                              "promote_job_id",
                                              "completed_at",
                                              "updated_at",
                                              "pre_cutover_backup_id",
                                              NULL};

/* Prints the request and frees it, or the error. */
static int show(struct tool *tool, cutover_request *request, cutover_error *error)
{
    if (request == NULL)
        return fail(tool, error);
    print_record(tool, "request", cutover_request_json(request), request_members);
    if (!tool->json) {
        struct json_object *record = parse_json(cutover_request_json(request));
        print_failure(record, 24);
        json_object_put(record);
    }
    cutover_request_free(request);
    return EXIT_DONE;
}

/* What an operator looks at before the ack. */
struct review {
    cutover_request *request;
    struct json_object *preview; /* NULL: it is not there any more */
    cutover_preflight *preflight;
};

static cutover_status review_read(struct tool *tool, uint32_t jobs, struct review *review,
                                  cutover_error **error)
{
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    const char *id = tool->operands[0];
    cutover_status status = cutover_request_get(tool->engine, id, &review->request, error);

    if (status != CUTOVER_OK)
        return status;
    struct json_object *record = parse_json(cutover_request_json(review->request));
    status = preview_of(tool, member_text(record, "preview_database_id"), &review->preview, error);
    json_object_put(record);
    if (status == CUTOVER_E_NOT_FOUND) {
        cutover_error_free(*error);
        *error = NULL;
        status = CUTOVER_OK;
    }
    return status == CUTOVER_OK
               ? cutover_preflight_run(tool->engine, actor, id, jobs, &review->preflight, error)
               : status;
}

static void print_review(const struct tool *tool, struct review *review)
{
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "request", parse_json(cutover_request_json(review->request)));
        put_number(object, "version", (int64_t)cutover_request_version(review->request));
        json_object_object_add(object, "preview", json_object_get(review->preview));
        json_object_object_add(object, "preflight", parse_json(cutover_preflight_json(review->preflight)));
        print_json(object);
        return;
    }
    print_record(tool, "request", cutover_request_json(review->request), request_members);
    if (review->preview != NULL)
        print_preview(review->preview);
    print_findings(review->preflight);
}

int run_request_review(struct tool *tool)
{
    cutover_error *error = NULL;
    struct review review = {NULL, NULL, NULL};
    uint32_t jobs = 0;

    if (!parse_jobs(tool, &jobs))
        return EXIT_USAGE;
    bool done =
        tool_open(tool, NULL, &error) == CUTOVER_OK && review_read(tool, jobs, &review, &error) == CUTOVER_OK;
    if (done)
        print_review(tool, &review);
    cutover_request_free(review.request);
    json_object_put(review.preview);
    cutover_preflight_free(review.preflight);
    return done ? EXIT_DONE : fail(tool, error);
}

int run_request_create(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    cutover_request_options options = CUTOVER_REQUEST_OPTIONS_INIT;

    options.actor = acting_as(tool, CUTOVER_ACTOR_USER);
    options.project_id = tool->options[OPTION_PROJECT];
    options.preview_id = tool->options[OPTION_PREVIEW];
    options.customer_note = tool->options[OPTION_NOTE];
    options.external_ticket_ref = tool->options[OPTION_TICKET];
    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_create(tool->engine, &options, &request, &error);
    return show(tool, request, error);
}

int run_request_ack(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    cutover_request_ack_options options = CUTOVER_REQUEST_ACK_OPTIONS_INIT;

    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.request_id = tool->operands[0];
    options.operator_note = tool->options[OPTION_NOTE];
    if (tool->options[OPTION_AT] != NULL && !parse_time(tool, tool->options[OPTION_AT], &options.scheduled_for))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_ack(tool->engine, &options, &request, &error);
    return show(tool, request, error);
}

int run_request_reject(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_reject(tool->engine, actor, tool->operands[0], tool->options[OPTION_REASON], &request,
                               &error);
    return show(tool, request, error);
}

int run_request_cancel(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_USER);

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_cancel(tool->engine, actor, tool->operands[0], &request, &error);
    return show(tool, request, error);
}

int run_request_ticket(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_USER);

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_set_ticket(tool->engine, actor, tool->operands[0], tool->operands[1], &request, &error);
    return show(tool, request, error);
}

int run_request_reschedule(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    const char *at = tool->options[OPTION_AT];
    int64_t scheduled_for = 0;

    if (strcmp(at, "any") != 0 && !parse_time(tool, at, &scheduled_for))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_reschedule(tool->engine, actor, tool->operands[0], scheduled_for, &request, &error);
    return show(tool, request, error);
}

int run_request_show(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_request *request = NULL;

    if (tool_open(tool, NULL, &error) == CUTOVER_OK)
        cutover_request_get(tool->engine, tool->operands[0], &request, &error);
    return show(tool, request, error);
}

static cutover_status collect(struct tool *tool, struct json_object *requests, cutover_error **error)
{
    cutover_filter filter = CUTOVER_FILTER_INIT;
    char after[201];
    const char *given = "";
    size_t count;

    filter.project_id = tool->options[OPTION_PROJECT];
    filter.status = tool->options[OPTION_STATUS];
    filter.newest_first = 1;
    filter.after = after;
    if (!parse_limit(tool, PAGE, &filter.limit) || !parse_after(tool, &given))
        return CUTOVER_E_INVALID;
    snprintf(after, sizeof after, "%s", given);
    do {
        cutover_request_list *page = NULL;
        cutover_status status = cutover_requests_find(tool->engine, &filter, &page, error);
        if (status != CUTOVER_OK)
            return status;
        count = cutover_request_list_count(page);
        for (size_t i = 0; i < count; i++) {
            const cutover_request *request = cutover_request_list_at(page, i);
            json_object_array_add(requests, parse_json(cutover_request_json(request)));
            snprintf(after, sizeof after, "%s", cutover_request_id(request));
        }
        cutover_request_list_free(page);
    } while (tool->options[OPTION_LIMIT] == NULL && count == PAGE);
    return CUTOVER_OK;
}

static void print_line(struct json_object *request)
{
    const char *ticket = member_text(request, "external_ticket_ref");
    const char *note = member_text(request, "customer_note");

    printf("%s  %-11s  project %s  preview %s  by %s  %s%s%s%s%s\n", member_text(request, "id"),
           member_text(request, "status"), member_text(request, "project_id"),
           member_text(request, "preview_database_id"), member_text(request, "requested_by_actor_id"),
           member_text(request, "created_at"), ticket != NULL ? "  ticket " : "", ticket != NULL ? ticket : "",
           note != NULL ? "  " : "", note != NULL ? note : "");
}

int run_request_list(struct tool *tool)
{
    cutover_error *error = NULL;
    struct json_object *requests = must(json_object_new_array());

    if (tool_open(tool, NULL, &error) != CUTOVER_OK || collect(tool, requests, &error) != CUTOVER_OK) {
        json_object_put(requests);
        return error != NULL ? fail(tool, error) : EXIT_USAGE;
    }
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "requests", requests);
        print_json(object);
        return EXIT_DONE;
    }
    for (size_t i = 0; i < json_object_array_length(requests); i++)
        print_line(json_object_array_get_idx(requests, i));
    json_object_put(requests);
    return EXIT_DONE;
}
