/* Step stage: the source → a staging database on production's server. */
#include "pipeline/job.h"

cutover_status step_stage(struct job *job, cutover_error **error)
{
    cutover_status status = journal_step(&job->journal, PROMOTION_STAGE, error);

    return status != CUTOVER_OK ? status : job->source->stage(job, error);
}
