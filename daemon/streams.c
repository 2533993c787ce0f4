#include "streams.h"

#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Streams that are due within the same time are asked at once, so that many idle ones wake the thread seldom. */
#define TOGETHER_US 50000
#define LATEST_US INT64_C(15000000)
/* However much a job has to tell: five times a second is enough for people. One answer holds all that there is. */
#define LEAST_US 200000
#define KEY_LOOK_US 5000000

struct stream {
    struct streams *streams;
    struct stream *next, *previous;
    struct MHD_Connection *connection;
    cutover_api_stream *source; /* the thread's while `asking` */
    char *text;                 /* to be sent */
    size_t size, sent;
    char actor[ACTOR_SIZE], key_id[KEY_ID_SIZE];
    int64_t key_seen; /* monotonic: when its key was good */
    int64_t due;      /* monotonic: when to ask */
    bool asking, suspended, over, closed;
};

void streams_init(struct streams *streams, const struct house *house, struct metrics *metrics)
{
    pthread_condattr_t monotonic;

    memset(streams, 0, sizeof *streams);
    streams->house = house;
    streams->metrics = metrics;
    pthread_mutex_init(&streams->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&streams->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* ---- called with the mutex held ---- */

static void let_go_on(struct stream *stream)
{
    if (stream->suspended) {
        stream->suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

static void unlink_stream(struct stream *stream)
{
    struct streams *streams = stream->streams;

    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        streams->first = stream->next;
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    streams->count--;
    metrics_set(streams->metrics, FAMILY_STREAMS, "", (double)streams->count);
}

static void release(struct stream *stream)
{
    unlink_stream(stream);
    cutover_api_stream_free(stream->source);
    free(stream->text);
    free(stream);
}

/* ---- the thread ---- */

/* A key that cannot be looked up now is looked up again the next time. */
static bool key_has_ended(const struct streams *streams, struct stream *stream)
{
    cutover_key *key = NULL;
    cutover_error *error = NULL;
    int64_t now = monotonic_now();

    if (now - stream->key_seen < KEY_LOOK_US)
        return false;
    cutover_status status = cutover_key_check(streams->house->engine, stream->key_id, &key, &error);
    if (status == CUTOVER_OK)
        stream->key_seen = now;
    cutover_key_free(key);
    cutover_error_free(error);
    return status == CUTOVER_E_FORBIDDEN || status == CUTOVER_E_EXPIRED || status == CUTOVER_E_NOT_FOUND;
}

/* Asks the source, without the mutex. */
static void ask(struct streams *streams, struct stream *stream)
{
    const char *text = NULL;
    uint32_t wait_ms = 0;
    cutover_error *error = NULL;

    stream->asking = true;
    pthread_mutex_unlock(&streams->mutex);
    cutover_status status = CUTOVER_OK;
    if (!key_has_ended(streams, stream))
        status = cutover_api_stream_next(stream->source, &text, &wait_ms, &error);
    char *copy = status == CUTOVER_OK && text != NULL && text[0] != '\0' ? strdup(text) : NULL;
    if (status != CUTOVER_OK)
        log_error("an event stream ends early", error);
    pthread_mutex_lock(&streams->mutex);
    stream->asking = false;
    stream->due = monotonic_now() + (wait_ms > LEAST_US / 1000 ? (int64_t)wait_ms * 1000 : LEAST_US);
    if (copy != NULL) {
        stream->text = copy;
        stream->size = strlen(copy);
        stream->sent = 0;
    }
    stream->over = stream->over || status != CUTOVER_OK || text == NULL || (text[0] != '\0' && copy == NULL);
    if (stream->closed)
        release(stream);
    else if (stream->over || stream->text != NULL)
        let_go_on(stream);
}

/* The next one that is due, or NULL with the time of the earliest. */
static struct stream *due_stream(struct streams *streams, int64_t now, int64_t *earliest)
{
    *earliest = now + LATEST_US;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (stream->asking || stream->over || stream->text != NULL || !stream->suspended)
            continue;
        if (stream->due <= now)
            return stream;
        if (stream->due < *earliest)
            *earliest = stream->due;
    }
    return NULL;
}

static void *pace(void *context)
{
    struct streams *streams = context;
    int64_t earliest;

    pthread_mutex_lock(&streams->mutex);
    while (!streams->ending) {
        struct stream *stream = due_stream(streams, monotonic_now(), &earliest);
        if (stream != NULL) {
            ask(streams, stream);
            continue;
        }
        earliest += TOGETHER_US;
        struct timespec until = {earliest / 1000000, earliest % 1000000 * 1000};
        pthread_cond_timedwait(&streams->changed, &streams->mutex, &until);
    }
    pthread_mutex_unlock(&streams->mutex);
    return NULL;
}

bool streams_start(struct streams *streams)
{
    streams->started = pthread_create(&streams->thread, NULL, pace, streams) == 0;
    return streams->started;
}

void streams_end(struct streams *streams)
{
    pthread_mutex_lock(&streams->mutex);
    streams->ending = true;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        stream->over = true;
        let_go_on(stream);
    }
    pthread_cond_broadcast(&streams->changed);
    pthread_mutex_unlock(&streams->mutex);
    if (streams->started)
        pthread_join(streams->thread, NULL);
    streams->started = false;
}

/* ---- the server's side ---- */

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
    struct stream *stream = context;
    struct streams *streams = stream->streams;
    ssize_t count = 0;

    (void)position;
    pthread_mutex_lock(&streams->mutex);
    if (stream->text != NULL) {
        size_t left = stream->size - stream->sent;
        count = (ssize_t)(left < size ? left : size);
        memcpy(buffer, stream->text + stream->sent, (size_t)count);
        stream->sent += (size_t)count;
        if (stream->sent == stream->size) {
            free(stream->text);
            stream->text = NULL;
        }
    } else if (stream->over) {
        count = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
        pthread_cond_signal(&streams->changed);
    }
    pthread_mutex_unlock(&streams->mutex);
    return count;
}

static void close_stream(void *context)
{
    struct stream *stream = context;
    struct streams *streams = stream->streams;

    pthread_mutex_lock(&streams->mutex);
    stream->closed = true;
    if (!stream->asking)
        release(stream);
    pthread_mutex_unlock(&streams->mutex);
}

static struct stream *stream_new(struct streams *streams, struct MHD_Connection *connection,
                                 struct exchange *exchange)
{
    struct stream *stream = calloc(1, sizeof *stream);

    if (stream == NULL)
        return NULL;
    stream->streams = streams;
    stream->connection = connection;
    stream->source = exchange->stream;
    exchange->stream = NULL;
    snprintf(stream->actor, sizeof stream->actor, "%s", exchange->actor);
    snprintf(stream->key_id, sizeof stream->key_id, "%s", exchange->key_id);
    stream->key_seen = exchange->began;
    pthread_mutex_lock(&streams->mutex);
    stream->over = streams->ending;
    stream->next = streams->first;
    if (stream->next != NULL)
        stream->next->previous = stream;
    streams->first = stream;
    streams->count++;
    metrics_set(streams->metrics, FAMILY_STREAMS, "", (double)streams->count);
    pthread_mutex_unlock(&streams->mutex);
    return stream;
}

bool streams_have_room(struct streams *streams, const struct configuration *configuration, const char *actor)
{
    size_t own = 0;

    pthread_mutex_lock(&streams->mutex);
    size_t all = streams->count;
    for (const struct stream *stream = streams->first; stream != NULL; stream = stream->next)
        own += strcmp(stream->actor, actor) == 0;
    pthread_mutex_unlock(&streams->mutex);
    return own < (size_t)configuration->max_streams && all < (size_t)configuration->max_connections / 4;
}

struct MHD_Response *streams_response(struct streams *streams, struct MHD_Connection *connection,
                                      struct exchange *exchange)
{
    struct stream *stream = stream_new(streams, connection, exchange);

    if (stream == NULL)
        return NULL;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, stream, close_stream);
    if (response == NULL)
        close_stream(stream);
    return response;
}
