#include "job/failover.h"

#include "base/clock.h"

#define AGAIN_MS 250

static cutover_status look(struct host *host, const struct project *project, const struct cancel *cancel)
{
    const struct session_options options = {
        .conninfo = &project->production,
        .database = project->control_database,
        .cancel = cancel,
        .log = &host->log,
        .connect_timeout_s = host->connect_timeout_s,
    };
    struct session *session = NULL;
    cutover_status status = session_open(&options, &session, NULL);

    session_close(session);
    return status;
}

void failover_wait(struct host *host, const struct project *project, const struct cancel *cancel)
{
    int64_t until = monotonic_us() + host->failover_wait_ms * 1000;
    cutover_status status = look(host, project, cancel);

    if (status == CUTOVER_OK || status == CUTOVER_E_NOMEM || status == CUTOVER_E_CANCELLED ||
        host->failover_wait_ms == 0)
        return;
    log_line(&host->log, LOG_WARNING_LEVEL,
             "project %s: its server is away: waiting for it, or for what takes its place", project->id);
    while (status != CUTOVER_OK && status != CUTOVER_E_NOMEM && monotonic_us() < until &&
           cancel_sleep(cancel, AGAIN_MS, NULL) == CUTOVER_OK)
        status = look(host, project, cancel);
}
