#include "job/guard.h"

#include "job/failover.h"
#include "job/undo.h"
#include "postgres/database.h"
#include "postgres/properties.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/door.h"
#include "postgres/swap/mark.h"
#include "postgres/swap/swap.h"

#include <string.h>

/*
 * How the swap is guarded, in this order, and why.
 *
 * Before anything is closed: this session still holds the advisory lock, so that a job that was paused for an hour and taken over
 * meanwhile stops here (P4). What comes in is proved to be what was checked: a session of ours goes in, its door is closed, everybody
 * else there is ended, no transaction is prepared in it, and its counters and sequences are what they were before the check. It is
 * ours alone since it was made, but a superuser passes, and lets others in. From there on its door stays closed, and the swap looks
 * that it is. This comes first because nobody waits for it.
 *
 * One more session goes into production and finds itself in the database that the journal means, another waits at its door; the swap's
 * transaction begins, and gives the new one what it is to bear, which nobody sees; nobody asked to cancel. Then the journal says, in one save, that the door is closed and the swap
 * intended: whoever recovers from here on asks the server.
 *
 * With the pooler paused, where there is one, the door closes: no new session gets in, not even ours, which is why one of ours is
 * inside already. Everybody else there is ended. Now nobody can write, and the proof is read by the session inside; a write that
 * slipped past the fence is found here and nowhere earlier. That session leaves, production is empty, and the transaction of the
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

static struct swap swap_of(const struct promotion_record *record)
{
    return (struct swap){
        .production = record->production_name,
        .production_oid = (uint32_t)record->production_oid,
        .incoming = record->staging_name,
        .incoming_oid = (uint32_t)record->staging_oid,
        .displaced = record->displaced_name,
    };
}

/* The sessions that close production's door, and are open before. */
struct closing {
    struct session *keeper; /* of the door; the control session has begun the swap's transaction */
    struct session *inside; /* proves */
};

/* With the door closed: everybody out but the one inside, the proof, then that one out too. */
static cutover_status prove_and_leave(struct guard *guard, struct closing *closing, cutover_error **error)
{
    uint32_t oid = (uint32_t)guard->journal->record.production_oid;
    int64_t timeout = guard->operation->host->door_timeout_ms;
    uint32_t ended = 0;

    cutover_status status =
        door_empty(closing->keeper, oid, &closing->inside->backend_pid, 1, false, timeout, &ended, error);
    guard->report->sessions_ended += ended;
    if (status == CUTOVER_OK)
        status = guard->prove(guard->context, closing->inside, error);
    session_close(closing->inside);
    closing->inside = NULL;
    if (status == CUTOVER_OK)
        status = door_empty(closing->keeper, oid, NULL, 0, false, timeout, &ended, error);
    return status;
}

/* When the answer to COMMIT was lost: the server, or what took its place, is asked again, by a new session (EDGE_CASES E18). It takes both locks first,
   as the old one had them: that is gone then, and whatever it had been sent is done, or never will be; and nobody else is at work who
   calls the project otherwise. */
static cutover_status outcome_ask(struct guard *guard, cutover_error **error)
{
    struct session_options options =
        operation_session(guard->operation, &guard->project->production, guard->project->control_database);
    struct swap swap = swap_of(&guard->journal->record);
    struct session *control = NULL;
    enum swap_outcome outcome = SWAP_LOST;

    options.cancel = NULL;
    guard->outcome_unknown = true;
    cancel_at(&guard->operation->cancel, 0);
    failover_wait(guard->operation->host, guard->project, &guard->operation->cancel);
    cutover_status status = session_open(&options, &control, error);
    if (status == CUTOVER_OK)
        status = undo_check_server(control, &guard->journal->record, error);
    if (status == CUTOVER_OK) {
        control->deadline_us = monotonic_us() + ASK_MS * 1000;
        status =
            advisory_lock_regain(control, guard->journal->record.lock_key, guard->control->backend_pid, error);
    }
    if (status == CUTOVER_OK)
        status = advisory_lock_regain(control, advisory_key_of_database(swap.production),
                                      guard->control->backend_pid, error);
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

static cutover_status swap_commit(struct guard *guard, struct closing *closing, cutover_error **error)
{
    struct swap swap = swap_of(&guard->journal->record);
    cutover_error *local = NULL;
    bool sent = false;

    swap.watch = closing->keeper;
    swap.borne = guard->borne;
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
static cutover_status through_the_door(struct guard *guard, struct closing *closing, cutover_error **error)
{
    const char *name = guard->journal->record.production_name;
    int64_t closed_us = monotonic_us();

    cutover_status status = door_close(closing->keeper, name, error);
    if (status == CUTOVER_OK)
        status = prove_and_leave(guard, closing, error);
    if (status == CUTOVER_OK)
        status = swap_commit(guard, closing, error);
    /* It is still journaled as closed: undoing opens it again in any case. */
    if (!guard->swapped && !guard->outcome_unknown) {
        guard->control->deadline_us = monotonic_us() + ASK_MS * 1000;
        swap_abort(guard->control);
        door_open(guard->control, name, NULL);
    }
    guard->report->reads_unavailable_us = monotonic_us() - closed_us;
    return status;
}

static void hook_warn(struct guard *guard, cutover_status status, cutover_error **error)
{
    if (status != CUTOVER_OK)
        report_warn(guard->report, "%s", cutover_error_message(*error));
    cutover_error_free(*error);
    *error = NULL;
}

static cutover_status paused_swap(struct guard *guard, struct closing *closing, cutover_error **error)
{
    const cutover_platform *platform = &guard->operation->host->platform;
    const struct cancel *cancel = guard->control->cancel;
    bool paused = platform->traffic_pause != NULL;
    int64_t paused_us = monotonic_us();
    cutover_error *local = NULL;
    cutover_status status = platform_traffic_pause(platform, guard->project->id, cancel, error);

    /* The last moment at which nothing has been done. */
    if (status == CUTOVER_OK)
        status = cancel_check(cancel, error);
    if (status == CUTOVER_OK) {
        int64_t limit_ms = 3 * (int64_t)guard->operation->host->door_timeout_ms + WORK_MS;
        guard->control->cancel = closing->inside->cancel = closing->keeper->cancel = NULL;
        guard->control->deadline_us = closing->inside->deadline_us = closing->keeper->deadline_us =
            monotonic_us() + limit_ms * 1000;
        status = through_the_door(guard, closing, error);
        guard->control->cancel = cancel;
        guard->control->deadline_us = 0;
    }
    if (guard->swapped && guard->journal->record.fence_raised)
        hook_warn(guard, platform_fence_resume(platform, guard->project->id, 0, &local), &local);
    bool fenced = !guard->swapped && guard->journal->record.fence_raised;
    hook_warn(guard, platform_traffic_resume(platform, guard->project->id, fenced, &local), &local);
    /* Clients of a paused pooler wait from the pause on (EDGE_CASES E3, E5). */
    if (paused)
        guard->report->reads_unavailable_us = monotonic_us() - paused_us;
    return status;
}

/* The session that stays inside to prove must be in the database that the journal means (EDGE_CASES E17). */
static cutover_status inside_open(struct guard *guard, struct session **inside, cutover_error **error)
{
    struct session_options options = operation_session(guard->operation, &guard->project->production, NULL);
    const struct promotion_record *record = &guard->journal->record;

    options.control_database = guard->project->control_database;
    cutover_status status = session_open(&options, inside, error);
    if (status == CUTOVER_OK && ((*inside)->database_oid != (uint32_t)record->production_oid ||
                                 strcmp((*inside)->system_identifier, record->system_identifier) != 0))
        status = error_set(error, CUTOVER_E_STATE,
                           "production's connection string now leads to another database (OID %u, not %lld)",
                           (*inside)->database_oid, (long long)record->production_oid);
    return status == CUTOVER_OK ? advisory_lock_shared(*inside, guard->control, record->lock_key, error)
                                : status;
}

/* ---- what comes in ---- */

/* A transaction that is prepared in it is no session's, and would be committed behind the new production's back. */
static cutover_status prepared_check(struct guard *guard, cutover_error **error)
{
    const struct promotion_record *record = &guard->journal->record;
    char *gids = NULL;
    cutover_status status = door_prepared(guard->control, (uint32_t)record->staging_oid, &gids, error);

    if (status == CUTOVER_OK && gids != NULL) {
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "database \"%s\" is not what was checked: transactions are prepared in it: %s",
                              record->staging_name, gids);
        error_hint(error,
                   "As a superuser connect to \"%s\", and ROLLBACK PREPARED each; keep out who made them.",
                   record->staging_name);
    }
    free(gids);
    return status;
}

/* With its door closed and nobody else in it. */
static cutover_status incoming_compare(struct guard *guard, struct session *inside, cutover_error **error)
{
    struct promotion_record *record = &guard->journal->record;
    struct fence_mark now = {0};

    cutover_status status = fence_mark_read(inside, &now, error);
    if (status == CUTOVER_OK)
        status = fence_prove(&fence_of_staging, guard->incoming, &now, inside, error);
    /* What the new production's counters are before anybody can write to it: a rollback asks for it. */
    if (status == CUTOVER_OK) {
        json_object_put(record->mark);
        record->mark = NULL;
        status = mark_make(&now, &record->mark, error);
    }
    fence_mark_free(&now);
    return status;
}

static cutover_status incoming_open(struct guard *guard, struct session **inside, cutover_error **error)
{
    const struct promotion_record *record = &guard->journal->record;
    struct session_options options =
        operation_session(guard->operation, &guard->project->production, record->staging_name);

    cutover_status status = session_open(&options, inside, error);
    if (status == CUTOVER_OK && (*inside)->database_oid != (uint32_t)record->staging_oid)
        status = error_set(error, CUTOVER_E_CONFLICT,
                           "database \"%s\" has OID %u instead of %lld: somebody replaced it",
                           record->staging_name, (*inside)->database_oid, (long long)record->staging_oid);
    return status == CUTOVER_OK ? advisory_lock_shared(*inside, guard->control, record->lock_key, error)
                                : status;
}

/* Closed from here on, and, where it was checked, what was checked. */
static cutover_status incoming_prove(struct guard *guard, cutover_error **error)
{
    const struct promotion_record *record = &guard->journal->record;
    uint32_t oid = (uint32_t)record->staging_oid;
    int64_t timeout = guard->operation->host->door_timeout_ms;
    struct session *inside = NULL;
    uint32_t ended = 0;

    cutover_status status = prepared_check(guard, error);
    if (status == CUTOVER_OK && guard->incoming != NULL)
        status = incoming_open(guard, &inside, error);
    if (status == CUTOVER_OK)
        status = door_close(guard->control, record->staging_name, error);
    if (status == CUTOVER_OK)
        status = door_empty(guard->control, oid, inside != NULL ? &inside->backend_pid : NULL, inside != NULL,
                            false, timeout, &ended, error);
    if (status == CUTOVER_OK)
        status = prepared_check(guard, error);
    if (status == CUTOVER_OK && inside != NULL)
        status = incoming_compare(guard, inside, error);
    session_close(inside);
    if (status == CUTOVER_OK)
        status = door_empty(guard->control, oid, NULL, 0, false, timeout, &ended, error);
    return status;
}

/* The statements that make it bear what production bears; they hold values of settings. */
static cutover_status give_sql_make(struct guard *guard, struct text *sql, cutover_error **error)
{
    const struct promotion_record *record = &guard->journal->record;
    struct json_object *has = NULL;

    cutover_status status = properties_read(guard->control, (uint32_t)record->staging_oid, &has, error);
    if (status == CUTOVER_OK)
        status = properties_give_sql(record->staging_name, has, guard->properties, sql, error);
    json_object_put(has);
    return status;
}

static cutover_status intend(struct guard *guard, cutover_error **error)
{
    guard->journal->record.door_closed = true;
    guard->journal->record.swap_intended = true;
    return journal_step(guard->journal, PROMOTION_SWAP, error);
}

/* Who moves the door while the control session is in the swap's transaction. */
static cutover_status keeper_open(struct guard *guard, struct session **keeper, cutover_error **error)
{
    const struct session_options options =
        operation_session(guard->operation, &guard->project->production, guard->control->database);

    return session_open(&options, keeper, error);
}

/* What takes time with the number of grants and settings is done here: production is open. */
static cutover_status begin(struct guard *guard, cutover_error **error)
{
    struct swap swap = swap_of(&guard->journal->record);
    struct text give_sql = TEXT_INIT;

    cutover_status status = give_sql_make(guard, &give_sql, error);
    swap.give_sql = text_string(&give_sql);
    if (status == CUTOVER_OK)
        status = swap_begin(guard->control, &swap, error);
    text_free(&give_sql);
    return status;
}

cutover_status guard_swap(struct guard *guard, cutover_error **error)
{
    struct closing closing = {NULL, NULL};

    cutover_status status = advisory_lock_check(guard->control, guard->journal->record.lock_key, error);
    if (status == CUTOVER_OK)
        status = incoming_prove(guard, error);
    if (status == CUTOVER_OK)
        status = keeper_open(guard, &closing.keeper, error);
    if (status == CUTOVER_OK)
        status = inside_open(guard, &closing.inside, error);
    if (status == CUTOVER_OK)
        status = begin(guard, error);
    /* Of ours, too, nobody else is inside from here on. */
    session_reserve_drop(guard->operation->reserve, (uint32_t)guard->journal->record.production_oid);
    if (status == CUTOVER_OK)
        status = cancel_check(&guard->operation->cancel, error);
    if (status == CUTOVER_OK)
        status = intend(guard, error);
    if (status == CUTOVER_OK)
        status = paused_swap(guard, &closing, error);
    if (status != CUTOVER_OK && !guard->outcome_unknown)
        swap_abort(guard->control);
    session_close(closing.inside);
    session_close(closing.keeper);
    return status;
}
