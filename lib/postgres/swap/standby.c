#include "postgres/swap/standby.h"

#include "base/clock.h"

#include <stdio.h>

static const char wanted_sql[] = "SELECT current_setting('synchronous_standby_names') <> ''";
/* Transactional: what follows it into the log is a commit record. One transaction of both. */
static const char commit_sql[] =
    "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'libcutover', '')";

/* One that the client left behind would wait for as long as the standby is gone: asked to stop waiting, it ends. */
static void let_go(struct session *control, int pid)
{
    char text[16];
    PGresult *result = NULL;

    snprintf(text, sizeof text, "%d", pid);
    (void)session_query(control,
                        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity"
                        " WHERE pid = $1::int AND wait_event = 'SyncRep'",
                        1, (const char *const[]){text}, &result, NULL);
    PQclear(result);
}

cutover_status standby_confirm(struct session *control, const struct session_options *options,
                               int64_t timeout_ms, cutover_error **error)
{
    struct session *session = NULL;
    PGresult *result = NULL;
    bool wanted = false;

    /* One of its own: the control session may have been lost with the answer to the swap. */
    cutover_status status = session_open(options, &session, error);
    if (status != CUTOVER_OK)
        return status;
    session->deadline_us = monotonic_us() + timeout_ms * 1000;
    status = session_query(session, wanted_sql, 0, NULL, &result, error);
    if (status == CUTOVER_OK)
        wanted = result_bool(result, 0, 0);
    PQclear(result);
    if (wanted) {
        status = session_run(session, commit_sql, error);
        if (status != CUTOVER_OK)
            let_go(control, session->backend_pid);
    }
    session_close(session);
    return status;
}
