#include "api/once.h"

#include "api/output.h"
#include "api/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KIND "idempotency"
#define SECOND INT64_C(1000000)
#define DAY (86400 * SECOND)
/* An act that gave no answer for so long is one whose process is gone, or hangs. */
#define IN_FLIGHT_MAX (120 * SECOND)

enum { KEY_MAX = 255, DIGEST_SIZE = 33, TRIES = 3 };
/* The status of an answer that there is none of. */
enum { LOST = 500 };

struct once {
    const char *key;
    once_job job;
    char id[DIGEST_SIZE];
    uint64_t version; /* of what is kept */
    int64_t at;       /* it was begun */
    char job_id[201]; /* that the act begins; empty: none */
};

/* ---- what identifies a key, and a request ---- */

struct digest {
    uint64_t halves[2]; /* FNV-1a, from two beginnings: no secret hangs on it, and what it finds is compared */
};

static void digest_begin(struct digest *digest)
{
    *digest = (struct digest){{UINT64_C(0xcbf29ce484222325), UINT64_C(0x84222325cbf29ce4)}};
}

/* Adds bytes, and where they end. */
static void digest_add(struct digest *digest, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    for (size_t half = 0; half < 2; half++) {
        uint64_t value = digest->halves[half];
        for (size_t i = 0; i < count; i++)
            value = (value ^ at[i]) * UINT64_C(0x100000001b3);
        digest->halves[half] = (value ^ (0x100 + count)) * UINT64_C(0x100000001b3);
    }
}

static void digest_text(struct digest *digest, const char *text)
{
    digest_add(digest, text, strlen(text));
}

static void digest_print(const struct digest *digest, char text[DIGEST_SIZE])
{
    snprintf(text, DIGEST_SIZE, "%016" PRIx64 "%016" PRIx64, digest->halves[0], digest->halves[1]);
}

static void key_id(const struct call *call, const char *key, char id[DIGEST_SIZE])
{
    struct digest digest;

    digest_begin(&digest);
    digest_text(&digest, call->request->actor->id);
    digest_add(&digest, &call->request->actor->kind, sizeof call->request->actor->kind);
    digest_text(&digest, key);
    digest_print(&digest, id);
}

static void request_print(const struct call *call, char text[DIGEST_SIZE])
{
    struct digest digest;

    digest_begin(&digest);
    digest_text(&digest, call->route->method);
    digest_text(&digest, call->request->path);
    digest_text(&digest, call->request->query == NULL ? "" : call->request->query);
    digest_add(&digest, call->request->body, call->request->body_size);
    digest_print(&digest, text);
}

static bool is_key(const char *key)
{
    const size_t length = strlen(key);

    if (length == 0 || length > KEY_MAX)
        return false;
    for (const char *at = key; *at != '\0'; at++)
        if (*at < 0x20 || *at > 0x7e)
            return false;
    return true;
}

/* ---- what is kept ---- */

static void write_head(struct output *output, const struct call *call)
{
    const struct once *once = call->once;
    char request[DIGEST_SIZE];

    request_print(call, request);
    output_begin(output);
    output_open(output, '{');
    output_put(output, "actor_id", call->request->actor->id);
    output_put_count(output, "actor_kind", (uint64_t)call->request->actor->kind);
    output_put(output, "key", once->key);
    output_put(output, "request", request);
    output_put_count(output, "at", (uint64_t)once->at);
    output_put(output, "job_id", *once->job_id == '\0' ? NULL : once->job_id);
}

/* Keeps what was written, over what is kept of the key. */
static cutover_status put(struct call *call, struct output *output, cutover_error **error)
{
    struct once *once = call->once;

    output_close(output, '}');
    cutover_status status = kept_put(call->api, KIND, once->id, "", once->version, output_text(output), error);
    output_free(output);
    once->version += status == CUTOVER_OK;
    return status;
}

static const char *answer_header_of(const cutover_api_response *answer, const char *name)
{
    for (size_t i = 0; i < cutover_api_response_header_count(answer); i++)
        if (strcmp(cutover_api_response_header_name(answer, i), name) == 0)
            return cutover_api_response_header_value(answer, i);
    return NULL;
}

static cutover_status put_begun(struct call *call, cutover_error **error)
{
    struct output output;

    write_head(&output, call);
    return put(call, &output, error);
}

cutover_status once_note_job(struct call *call, const char *job_id, cutover_error **error)
{
    if (call->once == NULL)
        return CUTOVER_OK;
    snprintf(call->once->job_id, sizeof call->once->job_id, "%s", job_id);
    return put_begun(call, error);
}

/* The answer, beside the key; its body where that is to be kept. NULL: that there was to be one. */
static cutover_status put_answer(struct call *call, const cutover_api_response *answer, bool body)
{
    const unsigned status = answer == NULL ? LOST : cutover_api_response_status(answer);
    struct output output;

    write_head(&output, call);
    output_put_count(&output, "status", status);
    output_put(&output, "type", answer_header_of(answer, "Content-Type"));
    output_put(&output, "location", answer_header_of(answer, "Location"));
    output_put(&output, "etag", answer_header_of(answer, "ETag"));
    output_put(&output, "body", body ? cutover_api_response_body(answer) : NULL);
    return put(call, &output, NULL);
}

/* What was done is not done again under this key, also where its answer could not be made, or kept whole. */
static void put_done(struct call *call, const cutover_api_response *answer)
{
    const bool body = answer != NULL && (call->route->flags & ROUTE_SECRET) == 0;
    cutover_status status = CUTOVER_E_STORE;

    for (int i = 0; i < TRIES && status != CUTOVER_OK && status != CUTOVER_E_CONFLICT; i++)
        status = put_answer(call, answer, body && i + 1 < TRIES);
}

/* Frees the key. */
static void drop(struct call *call)
{
    cutover_status status = CUTOVER_E_STORE;

    for (int i = 0; i < TRIES && status != CUTOVER_OK && status != CUTOVER_E_CONFLICT; i++)
        status = kept_drop(call->api, KIND, call->once->id, call->once->version, NULL);
}

/* A failure of ours was no answer: where nothing was done, or nothing can be done twice, the key is free again. */
static void settle(struct call *call, cutover_status status)
{
    const bool answered = status == CUTOVER_OK && cutover_api_response_status(call->answer) < LOST;

    if (answered || call->done)
        put_done(call, answered ? call->answer : NULL);
    else if ((call->route->flags & ROUTE_ADDS) == 0)
        drop(call);
}

/* ---- what is found ---- */

static cutover_status answer_again(struct call *call, const struct kept *kept, cutover_error **error)
{
    static const char *const headers[][2] = {{"location", "Location"}, {"etag", "ETag"}};
    const char *body = kept_text(kept, "body"), *type = kept_text(kept, "type");
    cutover_status status = CUTOVER_OK;

    if (body == NULL && (call->route->flags & ROUTE_SECRET) != 0) {
        status = call_problem(call, PROBLEM_CONFLICT, "it was done under this key; its secret is told once",
                              "Read what was made, and have a new secret made for it.", NULL, error);
    } else if (body == NULL) {
        status = call_problem(call, PROBLEM_CONFLICT, "it was done under this key; its answer is lost",
                              "Read what came of it.", NULL, error);
    } else {
        call->answer = answer_new((unsigned)kept_number(kept, "status"));
        if (call->answer == NULL || (type != NULL && !answer_body(call->answer, type, body, strlen(body))))
            status = api_nomem(error);
    }
    for (size_t i = 0; i < 2 && status == CUTOVER_OK; i++)
        if (kept_text(kept, headers[i][0]) != NULL)
            status = call_header(call, headers[i][1], kept_text(kept, headers[i][0]), error);
    return status != CUTOVER_OK ? status : call_header(call, "Idempotent-Replayed", "true", error);
}

static cutover_status refuse_in_flight(struct call *call, cutover_error **error)
{
    cutover_status status =
        call_problem(call, PROBLEM_IN_FLIGHT, "a request under this key has not been answered yet", NULL,
                     "Idempotency-Key", error);
    return status != CUTOVER_OK ? status : call_header(call, "Retry-After", "1", error);
}

/* The job that was begun under a key whose answer was not kept. */
static cutover_status answer_job(struct call *call, const char *job_id, cutover_error **error)
{
    const bool known = job_id != NULL && call->once->job(call, job_id, NULL) == CUTOVER_OK;

    if (!known)
        return call_problem(
            call, PROBLEM_UNANSWERED,
            "a request under this key was begun, and its answer was lost: it may have been done",
            "Look whether it was; if not, ask again under a new key.", "Idempotency-Key", error);
    return call_header(call, "Idempotent-Replayed", "true", error);
}

/* Answers from what is kept, where there is something; else the call has no answer, and the act is to be done. */
static cutover_status look(struct call *call, const struct kept *kept, cutover_error **error)
{
    char request[DIGEST_SIZE];
    const char *actor = kept_text(kept, "actor_id"), *same_key = kept_text(kept, "key"),
               *same = kept_text(kept, "request");
    const int64_t age = call->once->at - kept_number(kept, "at");

    if (kept->body == NULL || age >= DAY)
        return CUTOVER_OK;
    request_print(call, request);
    if (actor == NULL || strcmp(actor, call->request->actor->id) != 0 || same_key == NULL ||
        strcmp(same_key, call->once->key) != 0 || same == NULL || strcmp(same, request) != 0)
        return call_problem(call, PROBLEM_KEY_REUSED, "this key was used for another request",
                            "Take a new key for each request.", "Idempotency-Key", error);
    if (kept_number(kept, "status") != 0)
        return answer_again(call, kept, error);
    return age < IN_FLIGHT_MAX ? refuse_in_flight(call, error)
                               : answer_job(call, kept_text(kept, "job_id"), error);
}

/* Takes the key, unless that has an answer, or somebody else has it. */
static cutover_status take(struct call *call, cutover_error **error)
{
    struct kept kept;
    cutover_status status = kept_get(call->api, KIND, call->once->id, &kept, error);

    call->once->version = kept.version;
    if (status == CUTOVER_OK)
        status = look(call, &kept, error);
    kept_free(&kept);
    if (status != CUTOVER_OK || call->answer != NULL)
        return status;
    status = put_begun(call, error);
    if (status != CUTOVER_E_CONFLICT)
        return status;
    if (error != NULL) {
        cutover_error_free(*error);
        *error = NULL;
    }
    return refuse_in_flight(call, error);
}

cutover_status once(struct call *call, const char *key, call_act act, once_job job, cutover_error **error)
{
    struct once once = {.key = key, .job = job, .at = api_now(call->api)};

    if (!is_key(key))
        return call_problem(call, PROBLEM_MALFORMED, "a key has 1 to 255 printable characters of ASCII", NULL,
                            "Idempotency-Key", error);
    key_id(call, key, once.id);
    call->once = &once;
    cutover_status status = take(call, error);
    if (status == CUTOVER_OK && call->answer == NULL) {
        status = act(call, error);
        settle(call, status);
    }
    call->once = NULL;
    return status;
}

static cutover_status sweep_one(cutover_api *api, const char *id, const struct kept *kept, void *context,
                                cutover_error **error)
{
    const int64_t *now = context;

    if (*now - kept_number(kept, "at") < DAY)
        return CUTOVER_OK;
    cutover_status status = kept_drop(api, KIND, id, kept->version, NULL);
    if (status == CUTOVER_E_CONFLICT)
        return CUTOVER_OK;
    return status == CUTOVER_OK ? status : api_fail(error, status, "the store failed", NULL);
}

cutover_status once_sweep(cutover_api *api, cutover_error **error)
{
    int64_t now = api_now(api);

    return kept_walk(api, KIND, sweep_one, &now, error);
}
