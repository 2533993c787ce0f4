#include "job/guard.h"

#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/swap.h"

#include <string.h>

/*
 * How the swap is guarded, in this order, and why.
 *
 * Before anything is closed: this session still holds the advisory lock, so that a job that was paused for an hour and taken over
 * meanwhile stops here (P4); one more session goes into production and finds itself in the database that the journal means; nobody
 * is in what comes in; nobody asked to cancel. Then the journal says, in one save, that the door is closed and the swap intended:
 * whoever recovers from here on asks the server.
 *
 * With the pooler paused, where there is one, the door closes: no new session gets in, not even ours, which is why one of ours is
 * inside already. Everybody else there is ended. Now nobody can write, and the proof is read by the session inside; a write that
 * slipped past the fence is found here and nowhere earlier. That session leaves, production is empty, and one transaction on the
 * control session renames both databases and opens the new one's door.
 *
 * All of that is milliseconds in which readers are refused. So the store is not asked in it, nobody looks at the cancel flag, and
 * each wait has a deadline of its own. What fails opens the door again at once, here, by a session that is there; the journal says
 * "closed" until undo has opened it once more, which is harmless.
 *
 * COMMIT's answer can be lost. Then a new session takes the advisory lock, which it gets only when the old one is gone, and with it
 * whatever it had been sent is done or never will be; and asks by OID who bears the name. When that cannot be asked either, the
 * outcome is unknown: the door is left as it is, nothing is undone, and recovery asks later (P5).
 */

/* What is done while production is closed gets this long beyond the times for its sessions to end: nobody can cancel it,
   and a server that does not answer must not keep it closed (EDGE_CASES G9). */
#define WORK_MS 15000
/* How long the server may take to tell what became of the swap, or to open the door again. */
#define ASK_MS 15000

static cutover_status lock_check_held(struct guard *guard, cutover_error **error)
{
    bool held = false;
    cutover_status status = advisory_lock_held(guard->control, guard->journal->record.lock_key, &held, error);

    if (status == CUTOVER_OK && !held)
        status = error_set(error, CUTOVER_E_LOCKED,
                           "this job no longer holds the lock on production's server: it stops here");
    return status;
}

static struct swap swap_of(const struct promotion_record *record)
{
    return (struct swap){
        .production = record->production_name,
        .production_oid = (uint32_t)record->production_oid,
        .incoming = record->staging_name,
        .incoming_oid = (uint32_t)record->staging_oid,
        .displaced = record->displaced_name,
        .properties = record->properties,
    };
}

/* With the door closed: everybody out but `inside`, the proof, then that one out too. */
static cutover_status prove_and_leave(struct guard *guard, struct session **inside, cutover_error **error)
{
    uint32_t oid = (uint32_t)guard->journal->record.production_oid;
    int64_t timeout = guard->operation->host->door_timeout_ms;
    uint32_t ended = 0;

    cutover_status status =
        door_empty(guard->control, oid, &(*inside)->backend_pid, 1, false, timeout, &ended, error);
    guard->report->sessions_ended += ended;
    if (status == CUTOVER_OK)
        status = guard->prove(guard->context, *inside, error);
    session_close(*inside);
    *inside = NULL;
    if (status == CUTOVER_OK)
        status = door_empty(guard->control, oid, NULL, 0, false, timeout, &ended, error);
    return status;
}

/* When the answer to COMMIT was lost: the server is asked again, by a new session (EDGE_CASES E18). It takes the lock first:
   the old session is gone then, and whatever it had been sent is done, or never will be. */
static cutover_status outcome_ask(struct guard *guard, cutover_error **error)
{
    struct session_options options =
        operation_session(guard->operation, &guard->project->production, guard->project->control_database);
    struct swap swap = swap_of(&guard->journal->record);
    struct session *control = NULL;
    enum swap_outcome outcome = SWAP_LOST;

    options.cancel = NULL;
    guard->outcome_unknown = true;
    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK) {
        control->deadline_us = monotonic_us() + ASK_MS * 1000;
        status =
            advisory_lock_regain(control, guard->journal->record.lock_key, guard->control->backend_pid, error);
    }
    if (status == CUTOVER_OK)
        status = swap_outcome(control, &swap, &outcome, error);
    session_close(control);
    if (status != CUTOVER_OK)
        return status;
    if (outcome == SWAP_LOST)
        return error_set(error, CUTOVER_E_STATE, "production's name belongs to a third database");
    guard->outcome_unknown = false;
    guard->swapped = outcome == SWAP_DONE;
    return CUTOVER_OK;
}

static cutover_status swap_commit(struct guard *guard, cutover_error **error)
{
    struct swap swap = swap_of(&guard->journal->record);
    cutover_error *local = NULL;
    bool sent = false;

    cutover_status status = swap_run(guard->control, &swap, &sent, &local);
    if (status == CUTOVER_OK) {
        guard->swapped = true;
        return CUTOVER_OK;
    }
    if (sent && outcome_ask(guard, &local) == CUTOVER_OK && guard->swapped) {
        cutover_error_free(local);
        return CUTOVER_OK;
    }
    if (guard->outcome_unknown)
        error_front(&local, "whether the swap was committed is not known yet",
                    "run recovery: it asks the server, and finishes the job or undoes it");
    error_move(error, local);
    return status;
}

/* Closes the door, swaps or opens it again; the time in between is what readers notice, where nobody pauses them. */
static cutover_status through_the_door(struct guard *guard, struct session **inside, cutover_error **error)
{
    const char *name = guard->journal->record.production_name;
    int64_t closed_us = monotonic_us();

    cutover_status status = door_close(guard->control, name, error);
    if (status == CUTOVER_OK)
        status = prove_and_leave(guard, inside, error);
    if (status == CUTOVER_OK)
        status = swap_commit(guard, error);
    /* It is still journaled as closed: undoing opens it again in any case. */
    if (!guard->swapped && !guard->outcome_unknown) {
        guard->control->deadline_us = monotonic_us() + ASK_MS * 1000;
        door_open(guard->control, name, NULL);
    }
    guard->report->reads_unavailable_us = monotonic_us() - closed_us;
    return status;
}

static cutover_status paused_swap(struct guard *guard, struct session **inside, cutover_error **error)
{
    const cutover_platform *platform = &guard->operation->host->platform;
    const struct cancel *cancel = guard->control->cancel;
    bool paused = platform->traffic_pause != NULL;
    int64_t paused_us = monotonic_us();
    cutover_error *local = NULL;
    cutover_status status = platform_traffic_pause(platform, guard->project->id, error);

    if (status == CUTOVER_OK) {
        int64_t limit_ms = 3 * (int64_t)guard->operation->host->door_timeout_ms + WORK_MS;
        guard->control->cancel = (*inside)->cancel = NULL;
        guard->control->deadline_us = (*inside)->deadline_us = monotonic_us() + limit_ms * 1000;
        status = through_the_door(guard, inside, error);
        guard->control->cancel = cancel;
        guard->control->deadline_us = 0;
    }
    if (platform_traffic_resume(platform, guard->project->id, &local) != CUTOVER_OK)
        report_warn(guard->report, "%s", cutover_error_message(local));
    /* Clients of a paused pooler wait from the pause on (EDGE_CASES E3, E5). */
    if (paused)
        guard->report->reads_unavailable_us = monotonic_us() - paused_us;
    cutover_error_free(local);
    return status;
}

/* The session that stays inside to prove must be in the database that the journal means (EDGE_CASES E17). */
static cutover_status inside_open(struct guard *guard, struct session **inside, cutover_error **error)
{
    struct session_options options = operation_session(guard->operation, &guard->project->production, NULL);
    const struct promotion_record *record = &guard->journal->record;

    cutover_status status = session_open(&options, inside, error);
    if (status == CUTOVER_OK && ((*inside)->database_oid != (uint32_t)record->production_oid ||
                                 strcmp((*inside)->system_identifier, record->system_identifier) != 0))
        status = error_set(error, CUTOVER_E_STATE,
                           "production's connection string now leads to another database (OID %u, not %lld)",
                           (*inside)->database_oid, (long long)record->production_oid);
    return status;
}

cutover_status guard_swap(struct guard *guard, cutover_error **error)
{
    struct promotion_record *record = &guard->journal->record;
    struct session *inside = NULL;
    uint32_t ended = 0;

    cutover_status status = lock_check_held(guard, error);
    if (status == CUTOVER_OK)
        status = inside_open(guard, &inside, error);
    if (status == CUTOVER_OK)
        status = door_empty(guard->control, (uint32_t)record->staging_oid, NULL, 0, false,
                            guard->operation->host->door_timeout_ms, &ended, error);
    if (status == CUTOVER_OK)
        status = cancel_check(&guard->operation->cancel, error);
    if (status == CUTOVER_OK) {
        record->door_closed = true;
        record->swap_intended = true;
        status = journal_step(guard->journal, PROMOTION_SWAP, error);
    }
    if (status == CUTOVER_OK)
        status = paused_swap(guard, &inside, error);
    session_close(inside);
    return status;
}
