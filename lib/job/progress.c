#include "job/progress.h"

#include "base/answer.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/port.h"
#include "base/workers.h"

#include <string.h>

#define TELL_EVERY_US 100000

static const cutover_progress initial = CUTOVER_PROGRESS_INIT;
static const size_t older[] = {PORT_SIZE(cutover_progress, seconds_left)};
static const struct port progress_port = {&initial, sizeof(cutover_progress), CUTOVER_PROGRESS_VERSION, older,
                                          NULL};

cutover_status cutover_progress_init(cutover_progress *progress, unsigned version)
{
    return port_init(&progress_port, progress, version);
}

void progress_init(struct progress *progress, cutover_progress_fn tell, void *userdata, struct cancel *cancel)
{
    memset(progress, 0, sizeof *progress);
    pthread_mutex_init(&progress->mutex, NULL);
    progress->phase = -1;
    progress->now = initial;
    progress->now.step = "preflight";
    progress->began_us = monotonic_us();
    progress->tell = tell;
    progress->tell_userdata = userdata;
    progress->cancel = cancel;
}

void progress_destroy(struct progress *progress)
{
    pthread_mutex_destroy(&progress->mutex);
}

void progress_expect(struct progress *progress, enum phase phase, double weight)
{
    pthread_mutex_lock(&progress->mutex);
    progress->weights[phase] = weight;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_step(struct progress *progress, const char *step)
{
    pthread_mutex_lock(&progress->mutex);
    progress->now.step = step;
    progress->bytes_before = 0;
    progress->now.bytes_done = progress->now.bytes_total = progress->now.rows_done = 0;
    progress->now.tables_done = progress->now.tables_total = 0;
    progress->told_us = 0;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_begin(struct progress *progress, enum phase phase, uint64_t bytes, uint32_t tables)
{
    pthread_mutex_lock(&progress->mutex);
    progress->phase = (int)phase;
    progress->phase_bytes = bytes;
    progress->bytes_before = progress->now.bytes_done;
    /* Sizes of relations only estimate: what was moved of more, or of less, is known by now. */
    progress->now.bytes_total = progress->now.bytes_done + bytes;
    progress->now.tables_total = progress->now.tables_done + tables;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_more(struct progress *progress, uint64_t bytes, uint32_t tables)
{
    pthread_mutex_lock(&progress->mutex);
    progress->phase_bytes += bytes;
    progress->now.bytes_total += bytes;
    progress->now.tables_total += tables;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_add(struct progress *progress, uint64_t bytes, uint64_t rows)
{
    pthread_mutex_lock(&progress->mutex);
    progress->now.bytes_done += bytes;
    progress->now.rows_done += rows;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_table(struct progress *progress)
{
    pthread_mutex_lock(&progress->mutex);
    progress->now.tables_done++;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_end(struct progress *progress)
{
    pthread_mutex_lock(&progress->mutex);
    if (progress->phase >= 0) {
        if (!progress->ended[progress->phase])
            progress->weight_done += progress->weights[progress->phase];
        progress->ended[progress->phase] = true;
        progress->beside[progress->phase] = 0;
    }
    progress->phase = -1;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_wait(struct progress *progress, bool waits)
{
    int64_t now = monotonic_us();

    pthread_mutex_lock(&progress->mutex);
    if (progress->waits_us != 0)
        progress->waited_us += now - progress->waits_us;
    progress->waits_us = waits ? now : 0;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_beside(struct progress *progress, enum phase phase, double part)
{
    pthread_mutex_lock(&progress->mutex);
    progress->beside[phase] += part;
    pthread_mutex_unlock(&progress->mutex);
}

/* With the mutex held. Relation sizes only estimate text bytes: a phase counts as at most 98 % done until it ends. */
static void progress_measure(struct progress *progress)
{
    double total = 0;
    double done = progress->weight_done;
    int64_t now_us = monotonic_us();

    for (int i = 0; i < PHASE_COUNT; i++) {
        total += progress->weights[i];
        done += progress->weights[i] * progress->beside[i];
    }
    if (progress->phase >= 0 && !progress->ended[progress->phase] && progress->phase_bytes > 0) {
        double part =
            (double)(progress->now.bytes_done - progress->bytes_before) / (double)progress->phase_bytes;
        done += progress->weights[progress->phase] * (part < 0.98 ? part : 0.98);
    }
    double fraction = total > 0 ? done / total : 0;
    if (fraction > 1)
        fraction = 1;
    if (fraction > progress->fraction_shown)
        progress->fraction_shown = fraction;
    progress->now.fraction = progress->fraction_shown;
    progress->now.seconds_elapsed = (double)(now_us - progress->began_us) / 1e6;
    double worked = progress->now.seconds_elapsed - (double)progress->waited_us / 1e6;
    progress->now.seconds_left = progress->fraction_shown < 0.02 || progress->waits_us != 0
                                     ? -1
                                     : worked * (1 - progress->fraction_shown) / progress->fraction_shown;
}

void progress_copy(struct progress *progress, cutover_progress *to)
{
    pthread_mutex_lock(&progress->mutex);
    progress_measure(progress);
    *to = progress->now;
    pthread_mutex_unlock(&progress->mutex);
}

cutover_status progress_hand_over(const cutover_progress *from, cutover_progress *to)
{
    cutover_status status = port_check(&progress_port, "progress", to, NULL);

    if (status == CUTOVER_OK)
        port_fill(&progress_port, from, to);
    return status;
}

cutover_status progress_give(struct progress *progress, cutover_progress *to)
{
    cutover_progress now;

    progress_copy(progress, &now);
    return progress_hand_over(&now, to);
}

struct json_object *progress_json(struct progress *progress)
{
    struct json_object *object = json_object_new_object();
    cutover_progress now;

    if (object == NULL)
        return NULL;
    progress_copy(progress, &now);
    json_put_text(object, "step", now.step);
    json_put_int(object, "bytes_done", (int64_t)now.bytes_done);
    json_put_int(object, "bytes_total", (int64_t)now.bytes_total);
    json_put_int(object, "rows_done", (int64_t)now.rows_done);
    json_put_int(object, "tables_done", now.tables_done);
    json_put_int(object, "tables_total", now.tables_total);
    json_put_double(object, "fraction", now.fraction);
    json_put_double(object, "seconds_elapsed", now.seconds_elapsed);
    json_put_double(object, "seconds_left", now.seconds_left);
    return object;
}

void progress_read(struct json_object *object, cutover_progress *to)
{
    *to = (cutover_progress)CUTOVER_PROGRESS_INIT;
    to->step = json_text_or(object, "step", "");
    to->bytes_done = (uint64_t)json_int_or(object, "bytes_done", 0);
    to->bytes_total = (uint64_t)json_int_or(object, "bytes_total", 0);
    to->rows_done = (uint64_t)json_int_or(object, "rows_done", 0);
    to->tables_done = (uint32_t)json_int_or(object, "tables_done", 0);
    to->tables_total = (uint32_t)json_int_or(object, "tables_total", 0);
    to->fraction = json_object_get_double(json_member(object, "fraction"));
    to->seconds_elapsed = json_object_get_double(json_member(object, "seconds_elapsed"));
    to->seconds_left = json_object_get_double(json_member(object, "seconds_left"));
}

cutover_status progress_tick(void *context, cutover_error **error)
{
    struct progress *progress = context;
    cutover_progress now;

    if (progress->tell != NULL) {
        int64_t at = monotonic_us();
        if (at - progress->told_us >= TELL_EVERY_US) {
            progress->told_us = at;
            progress_copy(progress, &now);
            if (ANSWER_OF(progress->strict, (cutover_status)progress->tell(&now, progress->tell_userdata)) !=
                CUTOVER_OK)
                cancel_ask(progress->cancel);
        }
    }
    return cancel_check(progress->cancel, error);
}

struct single_act {
    cutover_status (*act)(void *context, const struct cancel *cancel, cutover_error **error);
    void *context;
};

static cutover_status single_open(void *context, struct cancel *cancel, void **state, cutover_error **error)
{
    (void)context;
    (void)error;
    *state = cancel;
    return CUTOVER_OK;
}

static cutover_status single_task(void *context, void *state, size_t index, cutover_error **error)
{
    struct single_act *single = context;

    (void)index;
    return single->act(single->context, state, error);
}

static void single_close(void *context, void *state)
{
    (void)context;
    (void)state;
}

cutover_status progress_while(struct progress *progress,
                              cutover_status (*act)(void *context, const struct cancel *cancel,
                                                    cutover_error **error),
                              void *context, cutover_error **error)
{
    struct single_act single = {act, context};
    struct workers workers = {
        .jobs = 1,
        .tasks = 1,
        .open = single_open,
        .task = single_task,
        .close = single_close,
        .context = &single,
        .tick = progress_tick,
        .tick_context = progress,
    };

    return workers_run(&workers, progress->cancel, error);
}
