#include "notify/outbox.h"

#include "base/answer.h"
#include "base/text.h"
#include "base/utf8.h"
#include "model/actor.h"
#include "notify/queued.h"
#include "store/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_ERROR_MAX 500 /* bytes kept of a notifier's message */

struct run {
    const cutover_store *store;
    const struct outlet *outlet;
    const struct clock *clock;
    struct json_object *names; /* of all notifiers that the store knows */
    cutover_delivery counts;
    struct json_object *blocked; /* set of projects whose next events have to wait */
    cutover_error *damage;       /* the first document that could not be read */
};

/* An event and what this run's notifier did with it so far. */
struct turn {
    struct queued queued;
    struct delivery_record delivery;
};

static cutover_status block(struct run *run, const char *project_id, cutover_error **error)
{
    if (json_object_object_add(run->blocked, project_id, NULL) != 0)
        return error_nomem(error);
    return CUTOVER_OK;
}

/* Whether a commit met another deliverer to this notifier, to whom the project is left then; its error is dropped. */
static bool met_another(cutover_status status, cutover_error **cause)
{
    if (status != CUTOVER_E_CONFLICT)
        return false;
    cutover_error_free(*cause);
    *cause = NULL;
    return true;
}

static int64_t pause_after(int64_t failures)
{
    int64_t pause = OUTBOX_PAUSE_US;

    for (int64_t i = 1; i < failures && pause < OUTBOX_PAUSE_MAX_US; i++)
        pause *= 2;
    return pause < OUTBOX_PAUSE_MAX_US ? pause : OUTBOX_PAUSE_MAX_US;
}

static cutover_status set_last_error(struct turn *turn, const char *message, cutover_error **error)
{
    char kept[LAST_ERROR_MAX + 1];
    size_t length = strlen(message), characters;

    if (length > LAST_ERROR_MAX)
        length = LAST_ERROR_MAX;
    while (length > 0 && !utf8_count(message, length, &characters))
        length--; /* a character that the limit cut */
    memcpy(kept, message, length);
    kept[length] = '\0';
    return record_set_text(&turn->delivery.last_error, kept, error);
}

static cutover_status save(struct run *run, struct turn *turn, cutover_error **error)
{
    return queued_save(run->store, &turn->queued, run->names, run->outlet->name, &turn->delivery, NULL, error);
}

static cutover_status settle_delivered(struct run *run, struct turn *turn, cutover_error **error)
{
    struct delivery_record *delivery = &turn->delivery;
    cutover_error *cause = NULL;

    delivery->status = DELIVERY_DELIVERED;
    delivery->failures--; /* it was no failure */
    delivery->lease_until = 0;
    cutover_status status = record_set_text(&delivery->last_error, NULL, &cause);
    if (status == CUTOVER_OK)
        status = save(run, turn, &cause);
    run->counts.delivered++;
    if (met_another(status, &cause))
        return block(run, turn->queued.event.project_id, error);
    error_move(error, cause);
    return status;
}

static cutover_status settle_given_up(struct run *run, struct turn *turn, const char *message,
                                      cutover_error **error)
{
    const struct told told = {run->clock, &actor_system, "event.given_up"};
    cutover_error *cause = NULL;

    turn->delivery.status = DELIVERY_GIVEN_UP;
    turn->delivery.next_attempt_at = 0;
    turn->delivery.lease_until = 0;
    cutover_status status = set_last_error(turn, message, &cause);
    if (status == CUTOVER_OK)
        status = queued_save(run->store, &turn->queued, run->names, run->outlet->name, &turn->delivery, &told,
                             &cause);
    if (met_another(status, &cause)) {
        run->counts.waiting++;
        return block(run, turn->queued.event.project_id, error);
    }
    if (status == CUTOVER_OK)
        run->counts.given_up++;
    error_move(error, cause);
    return status;
}

/* When it is offered again: as the notifier asked, else after a pause. */
static int64_t next_attempt(const struct run *run, struct turn *turn, const cutover_refusal *refusal)
{
    int64_t now = clock_now(run->clock);

    if (refusal->again_at <= 0)
        return now + pause_after(turn->delivery.failures);
    turn->delivery.failures--; /* it does not count */
    if (refusal->again_at > now + OUTBOX_AGAIN_MAX_US)
        return now + OUTBOX_AGAIN_MAX_US;
    return refusal->again_at;
}

static cutover_status settle_refused(struct run *run, struct turn *turn, const cutover_refusal *refusal,
                                     const char *message, cutover_error **error)
{
    cutover_error *cause = NULL;

    if (refusal->never_again != 0 ||
        (refusal->again_at <= 0 && turn->delivery.failures >= run->outlet->attempts))
        return settle_given_up(run, turn, message, error);
    run->counts.failed++;
    turn->delivery.lease_until = 0;
    turn->delivery.next_attempt_at = next_attempt(run, turn, refusal);
    cutover_status status = set_last_error(turn, message, &cause);
    if (status == CUTOVER_OK)
        status = save(run, turn, &cause);
    if (status == CUTOVER_OK || met_another(status, &cause))
        return block(run, turn->queued.event.project_id, error);
    error_move(error, cause);
    return status;
}

static cutover_status offer(struct run *run, struct turn *turn, cutover_error **error)
{
    const cutover_notifier *notifier = &run->outlet->notifier;
    cutover_refusal refusal = {1, 0, 0};
    cutover_error *cause = NULL;

    turn->queued.event.attempt = (uint32_t)turn->delivery.attempts;
    cutover_status status = ANSWER_OF(
        notifier->capabilities, notifier->deliver(&turn->queued.event, &refusal, &cause, notifier->userdata));
    status = error_from_callback(&cause, status, "notifier.deliver");
    if (status == CUTOVER_OK)
        return settle_delivered(run, turn, error);
    status = settle_refused(run, turn, &refusal, cutover_error_message(cause), error);
    cutover_error_free(cause);
    return status;
}

/* Takes the lease, so that no other deliverer offers this notifier the same event or a later one of its project. */
static cutover_status lease_and_offer(struct run *run, struct turn *turn, cutover_error **error)
{
    cutover_error *cause = NULL;

    turn->delivery.attempts++;
    turn->delivery.failures++;
    turn->delivery.next_attempt_at = 0;
    turn->delivery.lease_until = clock_now(run->clock) + OUTBOX_LEASE_US;
    cutover_status status = save(run, turn, &cause);
    if (met_another(status, &cause)) {
        run->counts.waiting++;
        return block(run, turn->queued.event.project_id, error);
    }
    if (status == CUTOVER_OK)
        return offer(run, turn, error);
    error_move(error, cause);
    return status;
}

/* For one that this notifier is done with, or that is none of its. Others were done before, or are known no more: then nobody
   else would delete it. */
static cutover_status sweep(struct run *run, const struct turn *turn, cutover_error **error)
{
    cutover_error *cause = NULL;

    if (!queued_is_done(&turn->queued, run->names, run->outlet->name))
        return CUTOVER_OK;
    cutover_status status = queued_delete(run->store, &turn->queued, &cause);
    if (met_another(status, &cause))
        return CUTOVER_OK; /* the next run looks again */
    error_move(error, cause);
    return status;
}

static bool is_done(const struct run *run, const struct turn *turn)
{
    return turn->delivery.status == DELIVERY_DELIVERED || turn->delivery.status == DELIVERY_DISCARDED ||
           turn->queued.event.created_at < run->outlet->since;
}

static cutover_status handle(struct run *run, struct turn *turn, cutover_error **error)
{
    const struct delivery_record *delivery = &turn->delivery;
    const char *project_id = turn->queued.event.project_id;
    int64_t now = clock_now(run->clock);

    if (is_done(run, turn))
        return sweep(run, turn, error);
    if (delivery->status == DELIVERY_GIVEN_UP) {
        run->counts.given_up++;
        return CUTOVER_OK;
    }
    if (json_object_object_get_ex(run->blocked, project_id, NULL)) {
        run->counts.waiting++;
        return CUTOVER_OK;
    }
    if (delivery->lease_until > now || delivery->next_attempt_at > now) {
        run->counts.waiting++;
        return block(run, project_id, error);
    }
    if (delivery->failures >= run->outlet->attempts) /* the last one's deliverer died */
        return settle_given_up(run, turn, "the last delivery did not end", error);
    return lease_and_offer(run, turn, error);
}

/* A document that cannot be read holds up its own project, no other. */
static cutover_status handle_damaged(struct run *run, const char *document_id, cutover_error *damage,
                                     cutover_error **error)
{
    const char *end = strrchr(document_id, ':');
    char *project_id = strndup(document_id, end != NULL ? (size_t)(end - document_id) : strlen(document_id));

    error_move(&run->damage, damage);
    if (project_id == NULL)
        return error_nomem(error);
    cutover_status status = block(run, project_id, error);
    free(project_id);
    return status;
}

static cutover_status deliver_each(void *context, const struct document *document, cutover_error **error)
{
    struct run *run = context;
    struct turn turn = {.delivery = {0}};
    cutover_error *cause = NULL;
    cutover_status status = queued_parse(document, &turn.queued, &cause);

    if (status == CUTOVER_OK)
        status = queued_delivery(&turn.queued, run->outlet->name, &turn.delivery, &cause);
    if (status == CUTOVER_OK)
        status = handle(run, &turn, error);
    else if (status == CUTOVER_E_STORE || status == CUTOVER_E_UNSUPPORTED)
        status = handle_damaged(run, document->id, cause, error);
    else
        error_move(error, cause);
    record_free(&delivery_type, &turn.delivery);
    queued_free(&turn.queued);
    return status;
}

static cutover_status run_over(struct run *run, cutover_error **error)
{
    run->blocked = json_object_new_object();
    if (run->blocked == NULL)
        return error_nomem(error);
    cutover_status status = document_walk(run->store, "event", NULL, deliver_each, run, error);
    json_object_put(run->blocked);
    if (status == CUTOVER_OK && run->damage != NULL)
        status = cutover_error_code(run->damage);
    error_move(error, run->damage);
    return status;
}

cutover_status outbox_deliver(const cutover_store *store, struct outlet *outlet, const struct clock *clock,
                              struct json_object *names, cutover_delivery *counts, cutover_error **error)
{
    struct run run = {store, outlet, clock, names, *counts, NULL, NULL};

    if (atomic_exchange(&outlet->taken, true)) {
        counts->busy++;
        return CUTOVER_OK;
    }
    cutover_status status = run_over(&run, error);
    atomic_store(&outlet->taken, false);
    if (status == CUTOVER_OK)
        *counts = run.counts;
    return status;
}

struct listing {
    struct json_object *names;
    cutover_event_emit emit;
    void *context;
};

/* The state of each notifier that is known, also of one that was offered nothing yet. */
static cutover_status put_deliveries(const struct queued *queued, struct json_object *names,
                                     cutover_error **error)
{
    struct json_object *deliveries = json_object_new_object();
    cutover_status status = deliveries != NULL ? CUTOVER_OK : error_nomem(error);

    json_object_object_foreach(names, name, days)
    {
        struct delivery_record delivery = {0};
        (void)days;
        if (status == CUTOVER_OK)
            status = queued_delivery(queued, name, &delivery, error);
        if (status == CUTOVER_OK)
            json_put_object(deliveries, name, record_json(&delivery_type, &delivery));
        record_free(&delivery_type, &delivery);
    }
    json_put_object(queued->object, "deliveries", deliveries);
    return status;
}

static cutover_status list_each(void *context, const struct document *document, cutover_error **error)
{
    struct listing *listing = context;
    struct queued queued;
    char *json = NULL;
    cutover_status status = queued_parse(document, &queued, error);

    if (status == CUTOVER_OK)
        status = put_deliveries(&queued, listing->names, error);
    if (status == CUTOVER_OK)
        status = json_format(queued.object, &json, error);
    if (status == CUTOVER_OK) {
        queued.event.json = json;
        status = listing->emit(&queued.event, listing->context);
    }
    free(json);
    queued_free(&queued);
    return status;
}

cutover_status outbox_list(const cutover_store *store, struct json_object *names, const char *project_id,
                           cutover_event_emit emit, void *context, cutover_error **error)
{
    struct listing listing = {names, emit, context};

    return document_walk(store, "event", project_id, list_each, &listing, error);
}

/* ---- what was given up ---- */

struct settling {
    const cutover_store *store;
    struct json_object *names;
    const struct outbox_choice *choice;
    enum outbox_act act;
    struct told told;
    uint32_t *count;
};

static bool is_one(const struct outbox_choice *choice)
{
    return choice->first != 0 && choice->first == choice->last;
}

static cutover_status settle(struct settling *settling, struct turn *turn, cutover_error **error)
{
    struct delivery_record *delivery = &turn->delivery;
    const struct outbox_choice *choice = settling->choice;

    if (delivery->status != DELIVERY_GIVEN_UP && !is_one(choice))
        return CUTOVER_OK;
    if (delivery->status != DELIVERY_GIVEN_UP)
        return error_set(error, CUTOVER_E_STATE, "event %llu of project %s was not given up for %s",
                         (unsigned long long)turn->queued.event.sequence, turn->queued.event.project_id,
                         choice->name);
    delivery->status = settling->act == OUTBOX_RETRY ? DELIVERY_PENDING : DELIVERY_DISCARDED;
    if (settling->act == OUTBOX_RETRY)
        delivery->failures = 0;
    cutover_status status = queued_save(settling->store, &turn->queued, settling->names, choice->name, delivery,
                                        &settling->told, error);
    if (status == CUTOVER_OK)
        ++*settling->count;
    return status;
}

static cutover_status settle_each(void *context, const struct document *document, cutover_error **error)
{
    struct settling *settling = context;
    const struct outbox_choice *choice = settling->choice;
    struct turn turn = {.delivery = {0}};

    cutover_status status = queued_parse(document, &turn.queued, error);
    uint64_t sequence = turn.queued.event.sequence;
    bool chosen =
        status == CUTOVER_OK && sequence >= choice->first && (choice->last == 0 || sequence <= choice->last);
    if (chosen)
        status = queued_delivery(&turn.queued, choice->name, &turn.delivery, error);
    if (chosen && status == CUTOVER_OK)
        status = settle(settling, &turn, error);
    record_free(&delivery_type, &turn.delivery);
    queued_free(&turn.queued);
    return status;
}

static cutover_status settle_one(struct settling *settling, cutover_error **error)
{
    const struct outbox_choice *choice = settling->choice;
    struct document document = {NULL, NULL, 0};
    char id[STORE_ID_MAX + 1];
    bool found = false;
    int length = snprintf(id, sizeof id, "%s:%012llx", choice->project_id, (unsigned long long)choice->first);

    if (length < 0 || (size_t)length >= sizeof id)
        return error_set(error, CUTOVER_E_INVALID, "project_id: longer than 100 bytes");
    cutover_status status = document_find(settling->store, "event", id, &document, &found, error);
    if (status == CUTOVER_OK && !found)
        status = error_set(error, CUTOVER_E_NOT_FOUND, "event %llu of project %s is not in the outbox",
                           (unsigned long long)choice->first, choice->project_id);
    else if (status == CUTOVER_OK)
        status = settle_each(settling, &document, error);
    document_free(&document);
    return status;
}

cutover_status outbox_settle(const cutover_store *store, const struct clock *clock, struct json_object *names,
                             const struct outbox_choice *choice, enum outbox_act act, uint32_t *count,
                             cutover_error **error)
{
    struct settling settling = {
        .store = store,
        .names = names,
        .choice = choice,
        .act = act,
        .told = {clock, choice->actor, act == OUTBOX_RETRY ? "event.retried" : "event.discarded"},
        .count = count,
    };

    *count = 0;
    if (is_one(choice))
        return settle_one(&settling, error);
    return document_walk(store, "event", choice->project_id, settle_each, &settling, error);
}
