#include "job/host.h"

void host_facts(const struct host *host, const struct project *project, const struct preview *preview,
                struct machine_facts *facts)
{
    *facts = (struct machine_facts){
        .now = clock_now(&host->clock),
        .policy = host->policy,
        .project_found = project->found,
        .project_id = project->id,
        .project_state = project->state,
        .preview_found = preview->found,
        .preview_id = preview->id,
        .preview_project_id = preview->project_id,
        .preview_state = preview->state,
        .preview_expires_at = preview->expires_at,
    };
}
