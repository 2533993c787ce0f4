/*
 * The report of a promotion, for the record and for the caller.
 */
#ifndef CUTOVER_JOB_REPORT_H
#define CUTOVER_JOB_REPORT_H

#include "base/record.h"
#include "model/backup.h"

#define REPORT_STEPS 16
#define REPORT_WARNINGS 64

struct report {
    struct {
        const char *name; /* static */
        int64_t began_us, ended_us;
    } steps[REPORT_STEPS];
    size_t step_count;
    char *warnings[REPORT_WARNINGS];
    size_t warning_count;
    uint64_t stage_tables, stage_rows, stage_bytes;
    cutover_verdict check;
    uint32_t rounds; /* in which the backup was brought forward; 0: it was not */
    struct renewal {
        uint64_t tables;      /* that were read again */
        uint64_t ranges;      /* of those of them that were not read whole */
        uint64_t rows, bytes; /* that was; of raw text */
    } renewed;
    int64_t catch_up_us;
    int64_t writes_refused_us;    /* 0: they never were */
    int64_t reads_unavailable_us; /* likewise */
    uint32_t sessions_ended;
    char *backup_path; /* NULL where the repository is not local */
    char *json;        /* the finished report */
};

void report_step_begin(struct report *report, const char *name); /* ends the one before */
void report_step_end(struct report *report);
void report_warn(struct report *report, const char *format, ...) PRINTF_LIKE(2, 3);

/* What state production is in after a job that is undone, in one sentence. */
extern const char report_production_kept[];
extern const char report_production_untouched[]; /* by a job that has another target */

/* What the report is about; any may be NULL. */
struct report_subject {
    const char *kind, *project_id, *request_id, *job_id, *status, *displaced, *production;
    const struct backup_record *backup;
    const cutover_error *error;
};
/* The report as a new json-c object; NULL when memory is exhausted. */
struct json_object *report_make(const struct report *report, const struct report_subject *subject);
void report_free(struct report *report); /* the content */

#endif
