#include "model/findings.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const severity_names[] = {
    [CUTOVER_SEVERITY_OK] = "ok",
    [CUTOVER_SEVERITY_WARN] = "warn",
    [CUTOVER_SEVERITY_BLOCK] = "block",
    NULL,
};

_Static_assert(sizeof(cutover_severity) == sizeof(int), "a severity is read as FIELD_ENUM");

static const struct field finding_fields[] = {
    {"severity", FIELD_ENUM, offsetof(cutover_finding, severity), severity_names},
    {"check", FIELD_TEXT, offsetof(cutover_finding, check), NULL},
    {"message", FIELD_TEXT, offsetof(cutover_finding, message), NULL},
    {"hint", FIELD_TEXT, offsetof(cutover_finding, hint), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

static const struct record_type finding_type = {"finding", sizeof(cutover_finding), finding_fields, 1};

struct summary {
    int severity;
    struct json_object *production, *preview, *findings;
};

static const struct field summary_fields[] = {
    {"severity", FIELD_ENUM, offsetof(struct summary, severity), severity_names},
    {"production", FIELD_JSON, offsetof(struct summary, production), NULL},
    {"preview", FIELD_JSON, offsetof(struct summary, preview), NULL},
    {"findings", FIELD_JSON, offsetof(struct summary, findings), NULL},
    {NULL, FIELD_TEXT, 0, NULL},
};

static const struct record_type summary_type = {"preflight", sizeof(struct summary), summary_fields, 1};

static bool findings_grow(struct findings *findings)
{
    size_t capacity = findings->capacity == 0 ? 16 : findings->capacity * 2;
    cutover_finding *list = reallocarray(findings->list, capacity, sizeof *list);
    if (list == NULL)
        return false;
    findings->list = list;
    findings->capacity = capacity;
    return true;
}

void findings_add(struct findings *findings, cutover_severity severity, const char *check, const char *hint,
                  const char *format, ...)
{
    char *check_copy = NULL, *hint_copy = NULL, *message = NULL;
    va_list arguments;

    va_start(arguments, format);
    int written = vasprintf(&message, format, arguments);
    va_end(arguments);
    if (written < 0)
        goto fail;
    if (string_copy(check, &check_copy, NULL) != CUTOVER_OK ||
        string_copy(hint, &hint_copy, NULL) != CUTOVER_OK)
        goto free_strings;
    if (findings->count == findings->capacity && !findings_grow(findings))
        goto free_strings;

    findings->list[findings->count++] =
        (cutover_finding){.severity = severity, .check = check_copy, .message = message, .hint = hint_copy};
    return;

free_strings:
    free(hint_copy);
    free(check_copy);
    free(message);
fail:
    findings->failed = true;
}

cutover_severity findings_severity(const struct findings *findings)
{
    cutover_severity worst = findings->failed ? CUTOVER_SEVERITY_BLOCK : CUTOVER_SEVERITY_OK;
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].severity > worst)
            worst = findings->list[i].severity;
    }
    return worst;
}

static struct json_object *findings_array(const struct findings *findings)
{
    struct json_object *array = json_object_new_array();
    if (array == NULL)
        return NULL;
    for (size_t i = 0; i < findings->count; i++) {
        struct json_object *finding = record_json(&finding_type, &findings->list[i]);
        if (finding == NULL)
            goto put_array;
        if (json_object_array_add(array, finding) != 0) {
            json_object_put(finding);
            goto put_array;
        }
    }
    return array;

put_array:
    json_object_put(array);
    return NULL;
}

cutover_status findings_json(struct findings *findings, const char **json, cutover_error **error)
{
    if (findings->failed)
        return error_nomem(error);
    struct summary summary = {(int)findings_severity(findings), findings->production, findings->preview,
                              findings_array(findings)};
    if (summary.findings == NULL)
        return error_nomem(error);

    char *text = NULL;
    cutover_status status = record_format(&summary_type, &summary, &text, error);
    json_object_put(summary.findings);
    if (status != CUTOVER_OK)
        return status;
    free(findings->json);
    findings->json = text;
    *json = text;
    return CUTOVER_OK;
}

cutover_status findings_error(const struct findings *findings, const char *job, cutover_error **error)
{
    if (findings->failed)
        return error_nomem(error);

    struct text detail = TEXT_INIT;
    size_t blocking = 0;
    for (size_t i = 0; i < findings->count; i++) {
        const cutover_finding *finding = &findings->list[i];
        if (finding->severity != CUTOVER_SEVERITY_BLOCK)
            continue;
        text_add_format(&detail, "%s%s: %s", blocking == 0 ? "" : "\n", finding->check, finding->message);
        if (finding->hint != NULL)
            text_add_format(&detail, " (%s)", finding->hint);
        blocking++;
    }

    cutover_status status = CUTOVER_OK;
    if (text_failed(&detail)) {
        status = error_nomem(error);
    } else if (blocking > 0) {
        status = error_set(error, CUTOVER_E_PREFLIGHT, "preflight: %zu finding%s this %s", blocking,
                           blocking == 1 ? " blocks" : "s block", job);
        error_detail(error, "%s", text_string(&detail));
        error_hint(error, "Remove what the detail lists, then try again; nothing was changed.");
    }
    text_free(&detail);
    return status;
}

void findings_free(struct findings *findings)
{
    if (findings == NULL)
        return;
    for (size_t i = 0; i < findings->count; i++)
        record_free(&finding_type, &findings->list[i]);
    free(findings->list);
    free(findings->json);
    json_object_put(findings->production);
    json_object_put(findings->preview);
    *findings = (struct findings){0};
}
