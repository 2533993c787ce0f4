#include "support/agree.h"
#include "support/held.h"

#include "model/promotion.h"
#include "platform/port.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Promotions that wait before the swap, for an operator or for an agreed time. */

static struct cluster *cluster;

static int start_cluster(void **state)
{
    (void)state;
    cluster = cluster_start(NULL);
    shop_use(cluster);
    return 0;
}

/* ---- release ---- */

/* By another engine on the same store, as another process would: until then production has its old content, and takes writes where the
   fence goes up late. */
static void look_and_release(struct shop *shop, struct while_held *held)
{
    (void)shop;
    char *name = cluster_value(cluster, held->name, "SELECT name FROM generation");
    char *read_only = cluster_value(cluster, held->name, "SHOW default_transaction_read_only");
    assert_string_equal(name, "old");
    assert_string_equal(read_only, held->fence == CUTOVER_FENCE_EARLY ? "on" : "off");
    free(name);
    free(read_only);
}

static void waits_for_release(struct shop *shop, const char *id, cutover_fence fence)
{
    struct shop other;
    char *request = shop_ready(shop, id), *production = shop_format("%s_production", id);
    struct while_held held = {
        .name = production, .request_id = request, .act = look_and_release, .fence = fence};

    shop_open(&other, cluster, shop->home);
    struct outcome outcome = promote_held(shop, &other, &held);
    check_ok(outcome.status, outcome.error);
    char *name = cluster_value(cluster, production, "SELECT name FROM generation");
    assert_string_equal(name, "new");
    check_contains(json_object_to_json_string(outcome.report), "\"held\"");
    char *audit = shop_audit(shop, id);
    check_contains(audit, "cutover.released");
    cutover_error *error = NULL;
    check_status(cutover_promotion_release(other.engine, &shop_operator, request, &error), CUTOVER_E_STATE,
                 error);
    outcome_free(&outcome);
    shop_close(&other);
    free(production);
    free(audit);
    free(name);
    free(request);
}

static void a_held_promotion_waits_for_release_by_another_engine(void **state)
{
    waits_for_release(*state, "held", CUTOVER_FENCE_LATE);
    waits_for_release(*state, "fenced", CUTOVER_FENCE_EARLY);
}

static int release_too_early(struct shop *shop, void *context)
{
    cutover_error *error = NULL;

    check_status(cutover_promotion_release(shop->engine, &shop_member, context, &error), CUTOVER_E_FORBIDDEN,
                 error);
    check_status(cutover_promotion_release(shop->engine, &shop_operator, context, &error), CUTOVER_E_STATE,
                 error);
    return 0;
}

static void release_is_refused_before_it_is_held_and_to_members(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "early");
    const struct shop_hook hooks[] = {
        {"backup", release_too_early, request}, {"check", release_too_early, request}, {NULL, NULL, NULL}};
    struct shop_promotion promotion = {.request_id = request, .hooks = hooks};
    struct outcome outcome = shop_promote_ok(shop, &promotion);

    outcome_free(&outcome);
    free(request);
}

/* The releaser saw that it is held; before it opens the gate the job is cancelled, and ends. */
static struct late {
    cutover_store behind;
    cutover_promotion *job;
    pthread_t thread;
    bool ended;
} late;

static void *run_in_vain(void *context)
{
    cutover_error *error = NULL;

    (void)context;
    check_status(cutover_promotion_run(late.job, &error), CUTOVER_E_CANCELLED, error);
    return NULL;
}

static cutover_status get_late(const char *kind, const char *id, cutover_document_emit emit, void *context,
                               cutover_error **error, void *userdata)
{
    cutover_status status = late.behind.get(kind, id, emit, context, error, userdata);

    if (strcmp(kind, "gate") == 0 && !late.ended) {
        late.ended = true;
        cutover_promotion_cancel(late.job);
        pthread_join(late.thread, NULL);
    }
    return status;
}

static cutover_engine *late_engine(struct shop *shop)
{
    cutover_engine_options options = CUTOVER_ENGINE_OPTIONS_INIT;
    cutover_store store = shop->store;
    cutover_engine *engine = NULL;
    cutover_error *error = NULL;

    late = (struct late){.behind = shop->store};
    store.get = get_late;
    options.store = &store;
    options.repository = &shop->repository;
    options.platform = &shop->known;
    check_ok(cutover_engine_new(&options, &engine, &error), error);
    return engine;
}

static cutover_status count_gate(const cutover_document *document, void *context)
{
    (void)document;
    ++*(int *)context;
    return CUTOVER_OK;
}

static void a_release_that_the_end_of_the_job_overtakes_is_refused(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "over");
    cutover_engine *engine = late_engine(shop);
    cutover_promotion_options options = CUTOVER_PROMOTION_OPTIONS_INIT;
    const struct timespec pause = {0, 20 * 1000 * 1000};
    cutover_error *error = NULL;
    int gates = 0;

    options.actor = &shop_operator;
    options.request_id = request;
    options.verify = CUTOVER_VERIFY_READBACK;
    options.hold = 1;
    check_ok(cutover_promotion_start(shop->engine, &options, &late.job, &error), error);
    assert_int_equal(pthread_create(&late.thread, NULL, run_in_vain, NULL), 0);
    while (!late.ended) {
        nanosleep(&pause, NULL);
        check_status(cutover_promotion_release(engine, &shop_other_operator, request, &error), CUTOVER_E_STATE,
                     error);
    }
    /* Neither the gate nor the trail says that it was released. */
    check_ok(shop->store.list("gate", NULL, "", 10, count_gate, &gates, &error, shop->store.userdata), error);
    assert_int_equal(gates, 0);
    char *audit = shop_audit(shop, "over");
    assert_null(strstr(audit, "cutover.released"));
    free(audit);
    cutover_promotion_free(late.job);
    cutover_engine_free(engine);
    free(request);
}

/* ---- what may happen meanwhile ---- */

static void flip_byte(struct shop *shop, const char *project_id, cutover_fence fence)
{
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;

    check_ok(cutover_backups_list(shop->engine, project_id, NULL, 10, &list, &error), error);
    assert_int_equal(cutover_backup_list_count(list), 1);
    const char *id = cutover_backup_id(cutover_backup_list_at(list, 0));
    /* One that is brought forward is not published yet. */
    char *file =
        shop_format("%s/backups/%s%s/toc.dat", shop->home, id, fence == CUTOVER_FENCE_LATE ? ".partial" : "");
    int descriptor = open(file, O_RDWR | O_CLOEXEC);
    unsigned char byte;
    assert_true(descriptor >= 0);
    assert_int_equal(pread(descriptor, &byte, 1, 100), 1);
    byte ^= 1;
    assert_int_equal(pwrite(descriptor, &byte, 1, 100), 1);
    close(descriptor);
    free(file);
    cutover_backup_list_free(list);
}

static void flip_while_held(struct shop *shop, struct while_held *held)
{
    flip_byte(shop, held->name, held->fence);
}

/* The record of the one backup that the store has, as it was read. */
struct stored {
    char *id, *body;
    uint64_t version;
};

static cutover_status keep_document(const cutover_document *document, void *context)
{
    struct stored *stored = context;

    stored->id = strdup(document->id);
    stored->body = strdup(document->body);
    stored->version = document->version;
    return CUTOVER_OK;
}

/* Its files are as they were: the record alone says that it is none. */
static void fail_while_held(struct shop *shop, struct while_held *held)
{
    struct stored stored = {NULL, NULL, 0};
    cutover_error *error = NULL;
    const char *from = "\"verified\"", *to = "\"failed\"  ";

    (void)held;
    check_ok(
        shop->store.list("backup", "unproved", "", 10, keep_document, &stored, &error, shop->store.userdata),
        error);
    char *status = strstr(stored.body, from);
    assert_non_null(status);
    memcpy(status, to, strlen(to));
    cutover_write write = {CUTOVER_WRITE_VERSION, "backup", stored.id, "unproved", stored.version, stored.body};
    const cutover_write *writes[] = {&write};
    check_ok(shop->store.commit(writes, 1, &error, shop->store.userdata), error);
    free(stored.id);
    free(stored.body);
}

static void a_held_promotion_whose_backup_is_not_verified_any_more_does_not_swap(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "unproved");
    struct while_held held = {.request_id = request, .act = fail_while_held, .fence = CUTOVER_FENCE_EARLY};
    struct outcome outcome = held_in_vain(shop, "unproved", &held, CUTOVER_E_VERIFY);

    check_contains(cutover_error_message(outcome.error), "is not a verified one");
    outcome_free(&outcome);
    free(request);
}

static void damaged_does_not_swap(struct shop *shop, const char *name, cutover_fence fence, const char *step)
{
    char *request = shop_ready(shop, name);
    struct while_held held = {.name = name, .request_id = request, .act = flip_while_held, .fence = fence};
    struct outcome outcome = held_in_vain_at(shop, name, &held, CUTOVER_E_VERIFY, step);

    assert_int_equal(cutover_error_verdict(outcome.error), CUTOVER_VERDICT_DIFFERENT);
    check_contains(cutover_error_message(outcome.error), "toc.dat");
    outcome_free(&outcome);
    free(request);
}

static void a_held_promotion_whose_backup_was_damaged_does_not_swap(void **state)
{
    damaged_does_not_swap(*state, "flipped", CUTOVER_FENCE_LATE, "catch_up");
    damaged_does_not_swap(*state, "behind", CUTOVER_FENCE_EARLY, "swap");
}

static void expire_while_held(struct shop *shop, struct while_held *held)
{
    (void)held;
    shop->clock_shift_us += 3600 * SHOP_SECOND;
}

static void a_preview_that_expires_while_held_is_not_promoted(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;

    free(shop_ready(shop, "late"));
    shop_preview(shop, "late2", "late", cluster_conninfo(cluster, "late_preview"),
                 shop_now(shop) + 1800 * SHOP_SECOND);
    char *request = shop_acked(shop, "late", "late2");
    struct while_held held = {.request_id = request, .act = expire_while_held};
    struct outcome outcome = held_in_vain_at(shop, "late", &held, CUTOVER_E_EXPIRED, "held");
    assert_non_null(cutover_error_hint(outcome.error));
    outcome_free(&outcome);
    free(request);

    /* Extended, it can be asked for and promoted. */
    check_ok(
        cutover_registry_preview_extend(shop->registry, "late2", shop_now(shop) + 1800 * SHOP_SECOND, &error),
        error);
    request = shop_acked(shop, "late", "late2");
    struct shop_promotion promotion = {.request_id = request};
    outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    free(request);
}

/* ---- how long it may be held ---- */

/* Promotes once, held, and nobody releases it: what ends it is a limit. Its request is acked again. False: it was not held yet. */
static bool held_to_its_limit(struct shop *shop, const char *name, const struct shop_promotion *promotion,
                              const char *says)
{
    char *production = shop_format("%s_production", name);
    struct untouched before;

    untouched_look(&before, cluster, production);
    struct outcome outcome = shop_promote(shop, promotion);
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    check_contains(cutover_error_message(outcome.error), says);
    bool held = strcmp(cutover_error_step(outcome.error), "held") == 0;
    untouched_check(&before, shop, name, promotion->request_id);
    char *json = NULL;
    cutover_error *error = NULL;
    check_ok(cutover_promotion_show(shop->engine, promotion->request_id, &json, &error), error);
    check_contains(json, "\"cancelled_by_actor_kind\":\"system\"");
    cutover_string_free(json);
    untouched_free(&before);
    outcome_free(&outcome);
    free(production);
    return held;
}

static int64_t held_until(struct shop *shop, const char *request)
{
    struct promotion_record record;
    cutover_error *error = NULL;
    char *json = NULL;

    check_ok(cutover_promotion_show(shop->engine, request, &json, &error), error);
    check_ok(record_parse(&promotion_type, json, &record, &error), error);
    int64_t until = record.held_until;
    record_free(&promotion_type, &record);
    cutover_string_free(json);
    return until;
}

static struct late_release {
    struct shop *shop;
    const char *request_id;
    cutover_status (*set_state)(const char *id, const char *expected, const char *next, const char *job_id,
                                cutover_error **error, void *userdata);
    unsigned tries;
} late_release;

/* Everything but the job's end is done. */
static cutover_status release_at_the_return(const char *id, const char *expected, const char *next,
                                            const char *job_id, cutover_error **error, void *userdata)
{
    cutover_error *refusal = NULL;

    if (strcmp(next, "active") == 0) {
        late_release.tries++;
        check_status_keep(cutover_promotion_release(late_release.shop->engine, &shop_other_operator,
                                                    late_release.request_id, &refusal),
                          CUTOVER_E_STATE, refusal);
        check_contains(cutover_error_message(refusal), "is ending");
        cutover_error_free(refusal);
    }
    return late_release.set_state(id, expected, next, job_id, error, userdata);
}

static void a_hold_has_an_end(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "long");
    struct shop_promotion promotion = {.request_id = request, .hold = true, .hold_max_s = 1};

    late_release =
        (struct late_release){.shop = shop, .request_id = request, .set_state = shop->known.project_set_state};
    shop->known.project_set_state = release_at_the_return;
    assert_true(held_to_its_limit(shop, "long", &promotion, "held for 1 seconds, as long as it may"));
    assert_int_equal(late_release.tries, 1);
    shop->known.project_set_state = late_release.set_state;
    promotion.hold_max_s = 0;
    promotion.fence = CUTOVER_FENCE_EARLY;
    int64_t began = shop_now(shop);
    /* However long a backup takes here. */
    bool held = false;
    for (promotion.writes_refused_max_s = 2; !held && promotion.writes_refused_max_s < 200;
         promotion.writes_refused_max_s *= 2) {
        char *says = shop_format("production refused writes for %d seconds, as long as it may",
                                 (int)promotion.writes_refused_max_s);
        held = held_to_its_limit(shop, "long", &promotion, says);
        free(says);
    }
    assert_true(held);
    /* A day, where nobody says how long. */
    int64_t until = held_until(shop, request);
    assert_true(until >= began + 86400 * SHOP_SECOND && until <= shop_now(shop) + 86400 * SHOP_SECOND);
    free(request);
}

static time_t seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* As a pooler's pause does that waits for a transaction: nobody tells progress meanwhile. */
static void pause_until_cancelled(struct shop *shop, void *context)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    time_t began = seconds_now();

    (void)shop;
    (void)context;
    while (cutover_platform_cancelled() == 0) {
        assert_true(seconds_now() - began < 60);
        nanosleep(&pause, NULL);
    }
}

static void refused_writes_have_an_end_where_only_a_hook_waits(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "waits");
    struct untouched before;

    untouched_look(&before, cluster, "waits_production");
    shop->traffic.while_paused = pause_until_cancelled;
    struct outcome outcome =
        shop_promote(shop, &(struct shop_promotion){.request_id = request, .writes_refused_max_s = 5});
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    check_contains(cutover_error_message(outcome.error), "production refused writes for 5 seconds");
    untouched_check(&before, shop, "waits", request);
    untouched_free(&before);
    outcome_free(&outcome);
    free(request);
}

/* ---- a preview that is about to end meanwhile ---- */

static int64_t preview_end(struct shop *shop, const char *id)
{
    struct preview preview;
    cutover_error *error = NULL;

    check_ok(platform_preview(&shop->known, id, &preview, &error), error);
    int64_t end = preview.expires_at;
    preview_free(&preview);
    return end;
}

static void nearly_expire_while_held(struct shop *shop, struct while_held *held)
{
    (void)held;
    shop->clock_shift_us += 3600 * SHOP_SECOND;
}

static void a_preview_that_is_about_to_end_while_held_is_told_of(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "near");
    int64_t end = shop_now(shop) + 5400 * SHOP_SECOND;

    check_ok(cutover_registry_preview_extend(shop->registry, "near", end, &error), error);
    struct while_held held = {.request_id = request, .act = nearly_expire_while_held};
    struct outcome outcome = promote_held_ok(shop, &held);
    char *events = shop_events(shop, "near");
    check_contains(events, "preview.expiring");
    check_contains(outcome_text(&outcome, "warnings"), "the preview ends at");
    assert_int_equal(preview_end(shop, "near"), end);
    outcome_free(&outcome);
    free(events);
    free(request);
}

static void a_preview_is_kept_while_held_where_the_policy_says_so(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "kept");
    int64_t end = shop_now(shop) + 5400 * SHOP_SECOND;

    shop_set_policy(shop, CUTOVER_POLICY_EXTEND_PREVIEW);
    check_ok(cutover_registry_preview_extend(shop->registry, "kept", end, &error), error);
    struct while_held held = {.request_id = request, .act = nearly_expire_while_held};
    struct outcome outcome = promote_held_ok(shop, &held);
    char *events = shop_events(shop, "kept");
    assert_null(strstr(events, "preview.expiring"));
    assert_true(preview_end(shop, "kept") >= end + 5400 * SHOP_SECOND);
    outcome_free(&outcome);
    free(events);
    free(request);
}

/* A host that takes what it is asked for, and gives a second more at each look. */
static struct miser {
    cutover_preview_emit emit;
    void *context;
    cutover_status (*get)(const char *id, cutover_preview_emit emit, void *context, cutover_error **error,
                          void *userdata);
    unsigned looks, extends;
} miser;

static cutover_status emit_a_little(const cutover_preview *preview, void *context)
{
    cutover_preview more = *preview;

    (void)context;
    more.expires_at += ++miser.looks * SHOP_SECOND;
    return miser.emit(&more, miser.context);
}

static cutover_status get_a_little(const char *id, cutover_preview_emit emit, void *context,
                                   cutover_error **error, void *userdata)
{
    miser.emit = emit;
    miser.context = context;
    return miser.get(id, emit_a_little, NULL, error, userdata);
}

static cutover_status extend_a_little(const char *id, int64_t expires_at, cutover_error **error, void *userdata)
{
    (void)id;
    (void)expires_at;
    (void)error;
    (void)userdata;
    miser.extends++;
    return CUTOVER_OK;
}

static int nearly_expire(struct shop *shop, void *context)
{
    (void)context;
    shop->clock_shift_us += 3600 * SHOP_SECOND;
    miser.looks = 0;
    return 0;
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        count++;
    return count;
}

static void held_by_a_miser(struct shop *shop, const char *request, bool kept)
{
    const struct shop_hook hooks[] = {{"held", nearly_expire, NULL}, {NULL, NULL, NULL}};
    const struct shop_promotion promotion = {
        .request_id = request, .hold = true, .hold_max_s = 3, .hooks = hooks};

    miser.extends = 0;
    time_t began = seconds_now();
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_CANCELLED, outcome.error);
    assert_int_equal(miser.extends, kept);
    /* One in two seconds, and one after it was extended; what else asks is beside them. */
    assert_true(miser.looks <= (unsigned)(seconds_now() - began) / 2 + 4);
    const char *warnings = outcome_text(&outcome, "warnings");
    assert_int_equal(count_of(warnings, "the preview ends at"), 1);
    assert_int_equal(count_of(warnings, "the preview could not be extended"), kept);
    outcome_free(&outcome);
}

static void a_preview_whose_end_moves_a_little_is_told_of_once(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;
    char *request = shop_ready(shop, "little");

    check_ok(
        cutover_registry_preview_extend(shop->registry, "little", shop_now(shop) + 9000 * SHOP_SECOND, &error),
        error);
    miser = (struct miser){.get = shop->known.preview_get};
    shop->known.preview_get = get_a_little;
    shop->known.preview_extend = extend_a_little;
    shop->clock_shift_us += 1800 * SHOP_SECOND;
    held_by_a_miser(shop, request, false);
    char *events = shop_events(shop, "little");
    assert_int_equal(count_of(events, "preview.expiring"), 1);
    free(events);
    shop->clock_shift_us -= 3600 * SHOP_SECOND;
    shop_set_policy(shop, CUTOVER_POLICY_EXTEND_PREVIEW);
    held_by_a_miser(shop, request, true);
    free(request);
}

/* Properties that an administrator changed meanwhile go along (EDGE_CASES C7). */
static void change_properties(struct shop *shop, struct while_held *held)
{
    (void)shop;
    (void)held;
    cluster_sql(cluster, "postgres",
                "ALTER DATABASE admin_production SET work_mem = '9MB'; ALTER DATABASE admin_production "
                "CONNECTION LIMIT 44;"
                "CREATE ROLE late_reader; GRANT TEMPORARY ON DATABASE admin_production TO late_reader;"
                "COMMENT ON DATABASE admin_production IS 'changed late'");
}

static void properties_that_change_while_held_go_along(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "admin");
    struct while_held held = {.request_id = request, .act = change_properties};
    struct outcome outcome = promote_held_ok(shop, &held);

    char *properties = shop_properties(cluster, "admin_production");
    check_contains(properties, "44 | t");
    check_contains(properties, "changed late");
    check_contains(properties, "late_reader:TEMPORARY");
    check_contains(properties, "work_mem=9MB");
    assert_null(strstr(properties, "read_only"));
    check_contains(outcome_text(&outcome, "warnings"), "changed during the promotion");
    free(properties);
    outcome_free(&outcome);
    free(request);
}

/* A backup that a promotion stands on cannot be deleted under it. */
static void delete_backup(struct shop *shop, struct while_held *held)
{
    cutover_backup_list *list = NULL;
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_error *error = NULL;

    (void)held;
    check_ok(cutover_backups_list(shop->engine, "keep", NULL, 10, &list, &error), error);
    const char *id = cutover_backup_id(cutover_backup_list_at(list, 0));
    check_status(cutover_backup_delete(shop->engine, &shop_operator, id, &error), CUTOVER_E_LOCKED, error);
    options.actor = &shop_operator;
    options.project_id = "keep";
    check_status(cutover_backup_create(shop->engine, &options, NULL, &error), CUTOVER_E_LOCKED, error);
    check_status(cutover_backup_verify(shop->engine, &options, id, NULL, &error), CUTOVER_E_LOCKED, error);
    cutover_backup_list_free(list);
}

static void a_held_promotion_keeps_its_backup(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "keep");
    struct while_held held = {.request_id = request, .act = delete_backup};
    struct outcome outcome = promote_held_ok(shop, &held);

    outcome_free(&outcome);
    free(request);
}

/* Another process asks how it stands. */
static void show_while_held(struct shop *shop, struct while_held *held)
{
    cutover_error *error = NULL;
    char *json = NULL;

    check_ok(cutover_promotion_show(shop->engine, held->request_id, &json, &error), error);
    check_contains(json, "\"cutover_stage_");
    check_contains(json, held->request_id);
    cutover_string_free(json);
    char *state = shop_project_state(shop, "shown");
    assert_string_equal(state, "restoring");
    free(state);
}

static void a_promotion_can_be_looked_at_while_it_runs_and_after(void **state)
{
    struct shop *shop = *state;
    char *request = shop_ready(shop, "shown");
    struct while_held held = {.request_id = request, .act = show_while_held};
    cutover_error *error = NULL;
    char *json = NULL;

    check_status(cutover_promotion_show(shop->engine, request, &json, &error), CUTOVER_E_STATE, error);
    struct outcome outcome = promote_held_ok(shop, &held);
    check_ok(cutover_promotion_show(shop->engine, request, &json, &error), error);
    check_contains(json, "\"completed\"");
    check_contains(json, outcome.promotion_id);
    cutover_string_free(json);
    outcome_free(&outcome);
    free(request);
}

/* ---- an agreed time ---- */

static void an_agreed_time_is_waited_for(void **state)
{
    struct shop *shop = *state;
    cutover_error *error = NULL;

    free(shop_ready(shop, "agreed"));
    shop_preview(shop, "agreed2", "agreed", cluster_conninfo(cluster, "agreed_preview"), 0);
    char *request = shop_request(shop, "agreed", "agreed2");
    check_ok(agree(shop->engine, &shop_operator, request, "on Sunday", shop_now(shop) + 3600 * SHOP_SECOND,
                   NULL, &error),
             error);
    struct shop_promotion promotion = {.request_id = request};
    struct outcome outcome = shop_promote(shop, &promotion);
    check_status_keep(outcome.status, CUTOVER_E_STATE, outcome.error);
    assert_non_null(cutover_error_hint(outcome.error));
    outcome_free(&outcome);
    shop->clock_shift_us += 3601 * SHOP_SECOND;
    outcome = shop_promote_ok(shop, &promotion);
    outcome_free(&outcome);
    free(request);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, shop_setup, shop_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_held_promotion_waits_for_release_by_another_engine),
        TEST(release_is_refused_before_it_is_held_and_to_members),
        TEST(a_release_that_the_end_of_the_job_overtakes_is_refused),
        TEST(a_held_promotion_whose_backup_was_damaged_does_not_swap),
        TEST(a_held_promotion_whose_backup_is_not_verified_any_more_does_not_swap),
        TEST(a_preview_that_expires_while_held_is_not_promoted),
        TEST(a_hold_has_an_end),
        TEST(refused_writes_have_an_end_where_only_a_hook_waits),
        TEST(a_preview_that_is_about_to_end_while_held_is_told_of),
        TEST(a_preview_is_kept_while_held_where_the_policy_says_so),
        TEST(a_preview_whose_end_moves_a_little_is_told_of_once),
        TEST(properties_that_change_while_held_go_along),
        TEST(a_held_promotion_keeps_its_backup),
        TEST(a_promotion_can_be_looked_at_while_it_runs_and_after),
        TEST(an_agreed_time_is_waited_for),
    };

    return cmocka_run_group_tests_name("hold", tests, start_cluster, NULL);
}
