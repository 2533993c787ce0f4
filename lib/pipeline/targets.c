/* What a job overwrites, and what must be so of it with its door closed. That of a rollback is beside its source. */
#include "pipeline/job.h"
#include "postgres/database.h"

#include <stdlib.h>

/* Nothing was written to production since the backup's snapshot. */
static cutover_status prove_unchanged(void *context, struct session *inside, cutover_error **error)
{
    struct job *job = context;
    struct fence_mark now = {0};

    cutover_status status = fence_mark_read(inside, &now, error);
    if (status == CUTOVER_OK)
        status = fence_prove(&fence_of_production, &job->mark, &now, inside, error);
    fence_mark_free(&now);
    return status == CUTOVER_OK ? job_look_last(job, inside, error) : status;
}

struct looking {
    struct job *job;
    const struct session_options *session;
};

static cutover_status rows_compare(void *context, const uint32_t *tables, size_t count, bool *same,
                                   cutover_error **error)
{
    const struct looking *looking = context;
    struct job *job = looking->job;
    struct archive archive = {0};

    cutover_status status = archive_open(job->host, &job->backup.record, &archive, error);
    if (status != CUTOVER_OK)
        return status;
    status = archive_compare_tables(&archive, &job->operation, looking->session, tables, count, PHASE_LAST_READ,
                                    same, error);
    archive_close(&archive);
    return status;
}

static cutover_status follow(struct job *job, const struct session_options *session, struct session *inside,
                             cutover_error **error)
{
    struct looking looking = {job, session};
    const struct fence_rows rows = {rows_compare, &looking};

    return fence_follow(&fence_of_production, &job->mark, inside, &rows, error);
}

static cutover_status prove_empty(void *context, struct session *inside, cutover_error **error)
{
    char *leftovers = NULL;
    cutover_status status = database_leftovers(inside, &leftovers, error);

    (void)context;
    if (status == CUTOVER_OK && leftovers != NULL) {
        status = error_set(error, CUTOVER_E_STATE, "the preview's database is no longer empty: it holds %s",
                           leftovers);
        error_hint(error, "Nothing was touched; give the restore an empty database.");
    }
    free(leftovers);
    return status;
}

const struct target target_production = {
    .kind = "project", .backed_up = true, .keeps_displaced = true, .look = follow, .prove = prove_unchanged};
const struct target target_preview = {
    .kind = "preview", .backed_up = false, .keeps_displaced = false, .prove = prove_empty};
