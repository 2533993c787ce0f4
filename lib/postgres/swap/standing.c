#include "postgres/swap/standing.h"

#include "postgres/swap/fence.h"

#include <stdlib.h>
#include <string.h>

static const char door_sql[] = "SELECT oid, datallowconn FROM pg_database WHERE datname = $1";

/* The first eight digits of a log file's name; pg_control_checkpoint() has it only after the next checkpoint. */
static const char timeline_sql[] =
    "SELECT CASE WHEN pg_is_in_recovery() THEN 0"
    "  ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8 END";

cutover_status timeline_read(struct session *control, int64_t *timeline, cutover_error **error)
{
    PGresult *result = NULL;
    cutover_status status = session_query(control, timeline_sql, 0, NULL, &result, error);

    if (status == CUTOVER_OK)
        *timeline = result_int(result, 0, 0);
    PQclear(result);
    return status;
}

cutover_status standing_read(struct session *control, const char *production, struct standing *standing,
                             cutover_error **error)
{
    struct standing read = {0};
    PGresult *result = NULL;

    cutover_status status = session_query(control, door_sql, 1, &production, &result, error);
    if (status == CUTOVER_OK && PQntuples(result) > 0) {
        read.oid = result_oid(result, 0, 0);
        read.open = result_bool(result, 0, 1);
    }
    PQclear(result);
    if (status == CUTOVER_OK && read.oid != 0)
        status = fence_standing(control, read.oid, &read.fenced, error);
    if (status == CUTOVER_OK)
        status = timeline_read(control, &read.timeline, error);
    if (status == CUTOVER_OK)
        *standing = read;
    else
        standing_free(&read);
    return status;
}

void standing_free(struct standing *standing)
{
    free(standing->fenced);
    memset(standing, 0, sizeof *standing);
}
