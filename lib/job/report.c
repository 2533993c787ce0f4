#include "job/report.h"

#include "base/clock.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void report_step_begin(struct report *report, const char *name)
{
    report_step_end(report);
    if (report->step_count == REPORT_STEPS)
        return;
    report->steps[report->step_count].name = name;
    report->steps[report->step_count].began_us = monotonic_us();
    report->step_count++;
}

void report_step_end(struct report *report)
{
    if (report->step_count > 0 && report->steps[report->step_count - 1].ended_us == 0)
        report->steps[report->step_count - 1].ended_us = monotonic_us();
}

void report_warn(struct report *report, const char *format, ...)
{
    va_list arguments;
    char *line = NULL;

    if (report->warning_count == REPORT_WARNINGS)
        return;
    va_start(arguments, format);
    int length = vasprintf(&line, format, arguments);
    va_end(arguments);
    if (length >= 0)
        report->warnings[report->warning_count++] = line;
}

static double step_seconds(const struct report *report, const char *name)
{
    for (size_t i = 0; i < report->step_count; i++)
        if (strcmp(report->steps[i].name, name) == 0)
            return (double)(report->steps[i].ended_us - report->steps[i].began_us) / 1e6;
    return 0;
}

static void put_backup(struct json_object *object, const struct report *report,
                       const struct backup_record *backup)
{
    json_put_text(object, "pre_cutover_backup_id", backup != NULL ? backup->id : NULL);
    json_put_text(object, "backup_label", backup != NULL ? backup->label : NULL);
    json_put_text(object, "backup_path", report->backup_path);
    json_put_text(object, "backup_verification", NULL);
    if (backup != NULL && backup->verify_method != 0) {
        struct json_object *verification = json_object_new_object();
        json_put_text(verification, "method", verify_method_names[backup->verify_method]);
        json_put_text(verification, "verdict", verdict_names[backup->verdict]);
        json_put_int(verification, "tables", backup->tables);
        json_put_int(verification, "rows", backup->rows);
        json_put_double(verification, "seconds", (double)backup->verify_ms / 1000);
        json_put_object(object, "backup_verification", verification);
    }
}

static void put_stage(struct json_object *object, const struct report *report)
{
    json_put_text(object, "stage", NULL);
    if (step_seconds(report, "stage") > 0) {
        struct json_object *stage = json_object_new_object();
        json_put_text(stage, "method", "copy");
        json_put_int(stage, "tables", (int64_t)report->stage_tables);
        json_put_int(stage, "rows", (int64_t)report->stage_rows);
        json_put_int(stage, "bytes", (int64_t)report->stage_bytes);
        json_put_double(stage, "seconds", step_seconds(report, "stage"));
        json_put_object(object, "stage", stage);
    }
    json_put_text(object, "check", NULL);
    if (report->check != CUTOVER_VERDICT_NONE) {
        struct json_object *check = json_object_new_object();
        json_put_text(check, "verdict", verdict_names[report->check]);
        json_put_object(object, "check", check);
    }
}

static void put_lists(struct json_object *object, const struct report *report)
{
    struct json_object *steps = json_object_new_array(), *warnings = json_object_new_array();

    for (size_t i = 0; i < report->step_count; i++) {
        struct json_object *step = json_object_new_object();
        int64_t ended = report->steps[i].ended_us;
        json_put_text(step, "name", report->steps[i].name);
        json_put_double(step, "seconds", ended == 0 ? 0 : (double)(ended - report->steps[i].began_us) / 1e6);
        json_add(steps, step);
    }
    for (size_t i = 0; i < report->warning_count; i++)
        json_add(warnings, json_object_new_string(report->warnings[i]));
    json_put_object(object, "steps", steps);
    json_put_object(object, "warnings", warnings);
}

const char report_production_kept[] = "Production is as it was, and open for reads and writes.";
const char report_production_untouched[] = "Production was not touched.";

static void put_catch_up(struct json_object *object, const struct report *report)
{
    struct json_object *catch_up;

    json_put_text(object, "catch_up", NULL);
    if (report->rounds == 0)
        return;
    catch_up = json_object_new_object();
    json_put_int(catch_up, "rounds", report->rounds);
    json_put_int(catch_up, "tables", (int64_t)report->renewed.tables);
    json_put_int(catch_up, "ranges", (int64_t)report->renewed.ranges);
    json_put_int(catch_up, "rows", (int64_t)report->renewed.rows);
    json_put_int(catch_up, "bytes", (int64_t)report->renewed.bytes);
    json_put_double(catch_up, "seconds", (double)report->catch_up_us / 1e6);
    json_put_object(object, "catch_up", catch_up);
}

struct json_object *report_make(const struct report *report, const struct report_subject *subject)
{
    struct json_object *object = json_object_new_object();

    if (object == NULL)
        return NULL;
    json_put_text(object, "request_id", subject->request_id);
    json_put_text(object, "job_id", subject->job_id);
    json_put_text(object, "kind", subject->kind);
    json_put_text(object, "project_id", subject->project_id);
    json_put_text(object, "status", subject->status);
    put_backup(object, report, subject->backup);
    put_stage(object, report);
    put_catch_up(object, report);
    json_put_double(object, "writes_refused_ms", (double)report->writes_refused_us / 1000);
    json_put_double(object, "reads_unavailable_ms", (double)report->reads_unavailable_us / 1000);
    json_put_int(object, "sessions_ended", report->sessions_ended);
    json_put_text(object, "displaced_database", subject->displaced);
    put_lists(object, report);
    json_put_text(object, "production", subject->production);
    json_put_text(object, "error", NULL);
    if (subject->error != NULL)
        json_put_object(object, "error", error_json(subject->error));
    return object;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->warning_count; i++)
        free(report->warnings[i]);
    free(report->backup_path);
    free(report->json);
    memset(report, 0, sizeof *report);
}
