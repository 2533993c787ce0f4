/* Preflight, promote and release. */
#include "cutoverctl.h"

#include <string.h>

static void print_finding(const cutover_finding *finding)
{
    printf("  %-5s  %-34s %s\n", cutover_severity_name(finding->severity), finding->check,
           visible(finding->message));
    if (finding->hint != NULL)
        printf("         %-34s -> %s\n", "", visible(hint_for_tool(finding->hint)));
}

void print_findings(const cutover_preflight *found)
{
    for (size_t i = 0; i < cutover_preflight_count(found); i++)
        print_finding(cutover_preflight_at(found, i));
}

int run_preflight(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_preflight *found = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    uint32_t jobs = 0;

    if (!parse_jobs(tool, &jobs))
        return EXIT_USAGE;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_preflight_run(tool->engine, actor, tool->operands[0], jobs, &found, &error) != CUTOVER_OK)
        return fail(tool, error);

    cutover_severity severity = cutover_preflight_severity(found);
    if (tool->json) {
        print_json(parse_json(cutover_preflight_json(found)));
    } else {
        print_findings(found);
        puts(severity == CUTOVER_SEVERITY_BLOCK ? "preflight: a promotion would be refused"
                                                : "preflight: a promotion can begin");
    }
    cutover_preflight_free(found);
    return severity == CUTOVER_SEVERITY_BLOCK ? EXIT_REFUSED : EXIT_DONE;
}

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *found = NULL;

    json_object_object_get_ex(object, name, &found);
    return found;
}

static double member_real(struct json_object *object, const char *name)
{
    return json_object_get_double(member(object, name));
}

static void print_work(struct json_object *report)
{
    struct json_object *proof = member(report, "backup_verification");
    struct json_object *stage = member(report, "stage");
    struct json_object *check = member(report, "check");
    char bytes[BYTES_TEXT_MAX];

    if (member_text(report, "pre_cutover_backup_id") != NULL)
        printf("  backup             %s (%s)\n", member_text(report, "pre_cutover_backup_id"),
               member_text(report, "backup_label"));
    if (proof != NULL)
        printf("  verified by        %s: %s; %lld tables, %lld rows, %.1f s\n", member_text(proof, "method"),
               member_text(proof, "verdict"), (long long)member_number(proof, "tables"),
               (long long)member_number(proof, "rows"), member_real(proof, "seconds"));
    const char *verdict = proof != NULL ? member_text(proof, "verdict") : NULL;
    if (member_text(report, "backup_path") != NULL && verdict != NULL && strcmp(verdict, "equal") == 0)
        printf("  restore it with    pg_restore -j2 -d newdb '%s'\n", member_text(report, "backup_path"));
    if (stage != NULL)
        printf("  staged             %lld tables, %lld rows, %s, %.1f s\n",
               (long long)member_number(stage, "tables"), (long long)member_number(stage, "rows"),
               format_bytes((uint64_t)member_number(stage, "bytes"), bytes), member_real(stage, "seconds"));
    if (check != NULL)
        printf("  checked            %s to the preview\n", member_text(check, "verdict"));
}

static void print_report(struct json_object *report)
{
    struct json_object *steps = member(report, "steps");
    struct json_object *warnings = member(report, "warnings");

    printf("request %s: promotion %s\n", member_text(report, "request_id"), member_text(report, "status"));
    if (member_text(report, "job_id") != NULL)
        printf("  promotion          %s\n", member_text(report, "job_id"));
    print_work(report);
    if (member_text(report, "displaced_database") != NULL)
        printf("  displaced database %s (closed, kept until somebody drops it)\n",
               member_text(report, "displaced_database"));
    if (member_text(report, "writes_refused_ms") != NULL)
        printf("  writes refused     %.1f s\n", member_real(report, "writes_refused_ms") / 1000);
    if (member_text(report, "reads_unavailable_ms") != NULL)
        printf("  reads unavailable  %.0f ms; %lld sessions ended\n",
               member_real(report, "reads_unavailable_ms"), (long long)member_number(report, "sessions_ended"));
    for (size_t i = 0; steps != NULL && i < json_object_array_length(steps); i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);
        printf("  %-18s %-9s %8.2f s\n", i == 0 ? "timeline" : "", member_text(step, "name"),
               member_real(step, "seconds"));
    }
    for (size_t i = 0; warnings != NULL && i < json_object_array_length(warnings); i++)
        printf("  warning            %s\n",
               visible(json_object_get_string(json_object_array_get_idx(warnings, i))));
    print_production(report);
}

/* What the job left to say: its report, and for a person also the error. */
static int finish(struct tool *tool, cutover_promotion *promotion, cutover_error *error)
{
    const char *text = cutover_promotion_report(promotion);
    int status = error != NULL ? exit_status_of(cutover_error_code(error)) : EXIT_DONE;

    if (text == NULL && error != NULL)
        return fail(tool, error);
    struct json_object *report = parse_json(text);
    if (tool->json) {
        if (error != NULL && member(report, "error") == NULL)
            json_object_object_add(report, "error", error_object(tool, error));
        print_json(report);
        cutover_error_free(error);
        return status;
    }
    print_report(report);
    json_object_put(report);
    if (error != NULL) {
        fflush(stdout);
        return fail(tool, error);
    }
    return EXIT_DONE;
}

int run_promote(struct tool *tool)
{
    cutover_error *error = NULL;
    cutover_promotion *promotion = NULL;
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    struct bar bar;

    if (!parse_jobs(tool, &options.jobs) || !parse_verify(tool, &options.verify) ||
        !parse_seconds(tool, OPTION_HOLD_MAX, &options.hold_max_s) ||
        !parse_seconds(tool, OPTION_WRITES_REFUSED_MAX, &options.writes_refused_max_s) ||
        !parse_fence(tool, &options.fence))
        return EXIT_USAGE;
    options.actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);
    options.request_id = tool->operands[0];
    options.hold = tool->options[OPTION_HOLD] != NULL;
    options.progress = bar_show;
    options.progress_userdata = &bar;
    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_promotion_start(tool->engine, &options, &promotion, &error) != CUTOVER_OK)
        return fail_harmless(tool, error, "Nothing was begun: production is as it was.");

    bar_begin(
        &bar, tool, options.request_id,
        "what was built is dropped, production keeps its content and is open for reads and writes, and the "
        "request is acked again");
    cutover_promotion_run(promotion, &error);
    bar_end(&bar);
    int status = finish(tool, promotion, error);
    cutover_promotion_free(promotion);
    return status;
}

/* The one that carries the request out. */
static void tell_silent_job_of(struct tool *tool, const char *request_id, struct json_object *object)
{
    cutover_request *request = NULL;
    struct json_object *record = NULL;

    if (cutover_request_get(tool->engine, request_id, &request, NULL) == CUTOVER_OK)
        record = parse_json(cutover_request_json(request));
    tell_silent(tool, record != NULL ? member_text(record, "promote_job_id") : NULL, object);
    json_object_put(record);
    cutover_request_free(request);
}

int run_release(struct tool *tool)
{
    cutover_error *error = NULL;
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_OPERATOR);

    if (tool_open(tool, NULL, &error) != CUTOVER_OK ||
        cutover_promotion_release(tool->engine, actor, tool->operands[0], &error) != CUTOVER_OK)
        return fail(tool, error);
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "request_id", tool->operands[0]);
        json_object_object_add(object, "released", must(json_object_new_boolean(1)));
        tell_silent_job_of(tool, tool->operands[0], object);
        print_json(object);
    } else {
        printf("released: the promotion of request %s goes on to its swap\n", tool->operands[0]);
        tell_silent_job_of(tool, tool->operands[0], NULL);
    }
    return EXIT_DONE;
}
