/*
 * A growing list of preflight findings.
 */
#ifndef CUTOVER_MODEL_FINDINGS_H
#define CUTOVER_MODEL_FINDINGS_H

#include "base/record.h"

#include <cutover/preflight.h>

struct findings {
    cutover_finding *list; /* strings owned */
    size_t count, capacity;
    bool failed;                              /* memory ran out */
    struct json_object *production, *preview; /* which databases were looked at; NULL: not reached */
    char *json;                               /* made by findings_json */
};

extern const char *const severity_names[]; /* index cutover_severity: "ok", "warn", "block" */

/* All strings are copied; hint may be NULL. */
void findings_add(struct findings *findings, cutover_severity severity, const char *check, const char *hint,
                  const char *format, ...) PRINTF_LIKE(5, 6);
/* The worst; CUTOVER_SEVERITY_BLOCK when memory ran out, since a finding may be missing. */
cutover_severity findings_severity(const struct findings *findings);
/* The JSON of cutover_preflight_json; kept in findings. */
cutover_status findings_json(struct findings *findings, const char **json, cutover_error **error);
/* One error out of all that block: message "preflight: N findings block this <job>", detail one line each.
   CUTOVER_OK when nothing blocks. */
cutover_status findings_error(const struct findings *findings, const char *job, cutover_error **error);
void findings_free(struct findings *findings); /* the content, not the struct */

#endif
