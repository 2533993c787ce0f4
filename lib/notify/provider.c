#include "notify/provider.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "net/retry_after.h"
#include "notify/retry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_LIMIT ((size_t)1 << 20)
#define SAID_MAX 200 /* bytes */
#define HEADER_SIZE (CUTOVER_INTEGRATION_TOKEN_MAX + 32)

static const char *const outcome_names[] = {
    [OUTCOME_NOT_TRIED] = "not_tried", [OUTCOME_CONFIRMED] = "confirmed", [OUTCOME_UNREADABLE] = "unreadable",
    [OUTCOME_DIFFERENT] = "different", [OUTCOME_FAILED] = "failed",
};

const struct provider *provider_of(int provider)
{
    static const struct provider *const providers[] = {
        [PROVIDER_VERCEL] = &provider_vercel, [PROVIDER_NETLIFY] = &provider_netlify};

    return providers[provider];
}

size_t provider_variables(const struct provider_sync *sync,
                          struct provider_variable variables[PROVIDER_VARIABLES])
{
    size_t count = 0;

    if (sync->record->pooled_name != NULL)
        variables[count++] = (struct provider_variable){sync->record->pooled_name, sync->secrets->pooled_url};
    if (sync->record->unpooled_name != NULL)
        variables[count++] =
            (struct provider_variable){sync->record->unpooled_name, sync->secrets->unpooled_url};
    return count;
}

size_t provider_target_count(const struct provider_sync *sync)
{
    return json_object_array_length(sync->record->targets);
}

const char *provider_target(const struct provider_sync *sync, size_t index)
{
    const char *target = json_text(json_object_array_get_idx(sync->record->targets, index));

    return target != NULL ? target : "";
}

/* ---- results ---- */

cutover_status provider_sync_begin(struct provider_sync *sync, cutover_error **error)
{
    struct provider_variable variables[PROVIDER_VARIABLES];
    size_t count = provider_variables(sync, variables);

    sync->results = json_object_new_array();
    for (size_t t = 0; sync->results != NULL && t < provider_target_count(sync); t++) {
        for (size_t v = 0; v < count; v++) {
            struct json_object *result = json_object_new_object();
            if (result != NULL) {
                json_put_text(result, "variable", variables[v].name);
                json_put_text(result, "target", provider_target(sync, t));
                json_put_text(result, "outcome", outcome_names[OUTCOME_NOT_TRIED]);
                json_put_text(result, "error", NULL);
            }
            json_add(sync->results, result);
        }
    }
    return sync->results != NULL && json_is_complete(sync->results) ? CUTOVER_OK : error_nomem(error);
}

void provider_sync_end(struct provider_sync *sync)
{
    json_object_put(sync->results);
    free(sync->failure);
    sync->results = NULL;
    sync->failure = NULL;
}

static cutover_status note_failure(struct provider_sync *sync, const char *variable, const char *target,
                                   const char *why, cutover_error **error)
{
    struct text text = TEXT_INIT;

    if (sync->failure != NULL)
        return CUTOVER_OK;
    text_add_format(&text, "%s%s%s: %s", variable != NULL ? variable : "", variable != NULL ? " for " : "",
                    target, why != NULL ? why : "not written");
    sync->failure = text_take(&text);
    return sync->failure != NULL ? CUTOVER_OK : error_nomem(error);
}

cutover_status provider_note(struct provider_sync *sync, const char *variable, const char *target,
                             enum provider_outcome outcome, const char *why, cutover_error **error)
{
    for (size_t i = 0; i < json_object_array_length(sync->results); i++) {
        struct json_object *result = json_object_array_get_idx(sync->results, i);
        if (strcmp(json_text_or(result, "target", ""), target) != 0 ||
            (variable != NULL && strcmp(json_text_or(result, "variable", ""), variable) != 0))
            continue;
        json_put_text(result, "outcome", outcome_names[outcome]);
        json_put_text(result, "error", why);
    }
    if (outcome != OUTCOME_FAILED && outcome != OUTCOME_DIFFERENT)
        return CUTOVER_OK;
    return note_failure(sync, variable, target, why, error);
}

char *provider_said(const struct provider_sync *sync, const char *text)
{
    struct text said = TEXT_INIT;
    size_t characters, length;

    if (text == NULL)
        text = "";
    if (integration_secrets_quoted(sync->secrets, text))
        text = "(what it says quotes a secret, and is left out)";
    length = strlen(text);
    if (length > SAID_MAX)
        length = SAID_MAX;
    while (length > 0 && !utf8_count(text, length, &characters))
        length--; /* a character that the limit cut */
    text_add_bytes(&said, text, length);
    char *taken = text_take(&said);
    if (taken != NULL)
        utf8_blank(taken);
    return taken;
}

/* ---- calls ---- */

void provider_path_add(struct text *path, const char *segment)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (; *segment != '\0'; segment++) {
        if (strchr(plain, *segment) != NULL)
            text_add_bytes(path, segment, 1);
        else
            text_add_format(path, "%%%02X", (unsigned)(unsigned char)*segment);
    }
}

bool provider_succeeded(const struct provider_call *call)
{
    return call->status >= 200 && call->status <= 299;
}

void provider_call_free(struct provider_call *call)
{
    text_free(&call->path);
    json_object_put(call->body);
    json_object_put(call->answer);
    free(call->failure);
    memset(call, 0, sizeof *call);
}

/* Code and message of an error: {"error": {code, message}} of one, {code, message} of the other. */
static cutover_status note_refusal(const struct provider_sync *sync, struct provider_call *call,
                                   cutover_error **error)
{
    struct json_object *inner = json_member(call->answer, "error");
    struct json_object *said = json_object_is_type(inner, json_type_object) ? inner : call->answer;
    struct text text = TEXT_INIT;
    char *code = provider_said(sync, json_text_or(said, "code", NULL)),
         *message = provider_said(sync, json_text_or(said, "message", NULL));

    text_add_format(&text, "%s was answered %d", call->method, call->status);
    if (code != NULL && code[0] != '\0')
        text_add_format(&text, ", %s", code);
    if (message != NULL && message[0] != '\0')
        text_add_format(&text, ": %s", message);
    free(code);
    free(message);
    call->failure = text_take(&text);
    return call->failure != NULL ? CUTOVER_OK : error_nomem(error);
}

/* It came in time to be heard, and says when it wants to be asked again. */
static void note_limit(struct provider_sync *sync, const struct http_response *response)
{
    int64_t now = clock_now(&sync->integrations->clock);
    int64_t until = 0, wait_us;

    if ((response->status == 429 || response->status == 503) &&
        retry_after_parse(http_header(response, "retry-after"), now, &wait_us))
        until = now + wait_us;
    if (response->status == 429 && until == 0)
        until = retry_at_seconds(http_header(response, "x-ratelimit-reset"));
    if (until > sync->not_before)
        sync->not_before = until;
}

static cutover_status take_answer(struct provider_sync *sync, struct provider_call *call,
                                  const struct http_response *response, cutover_error **error)
{
    call->status = sync->http_status = response->status;
    if (!response->truncated && response->body_size > 0)
        call->answer = json_parse(response->body, response->body_size, NULL);
    note_limit(sync, response);
    sync->stop = response->status == 401 || response->status == 429 || response->status >= 500;
    return provider_succeeded(call) ? CUTOVER_OK : note_refusal(sync, call, error);
}

/* No answer. What went wrong with us is returned. */
static cutover_status take_none(struct provider_sync *sync, struct provider_call *call, cutover_status status,
                                cutover_error *cause, cutover_error **error)
{
    struct text text = TEXT_INIT;

    if (status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM || status == CUTOVER_E_UNSUPPORTED) {
        error_move(error, cause);
        return status;
    }
    sync->stop = true;
    text_add_format(&text, "%s had no answer: %s", call->method, cutover_error_message(cause));
    cutover_error_free(cause);
    call->failure = text_take(&text);
    return call->failure != NULL ? CUTOVER_OK : error_nomem(error);
}

static cutover_status send(struct provider_sync *sync, struct provider_call *call, const char *url,
                           const char *body, uint32_t deadline_ms, cutover_error **error)
{
    char authorization[HEADER_SIZE];
    const char *const headers[] = {authorization, "Accept: application/json", "Content-Type: application/json"};
    const struct http_request request = {
        .method = call->method,
        .url = url,
        .headers = headers,
        .header_count = body != NULL ? 3 : 2,
        .body = body,
        .body_size = body != NULL ? strlen(body) : 0,
        .deadline_ms = deadline_ms,
        .body_limit = ANSWER_LIMIT,
        .cancel = &sync->integrations->stop,
    };
    struct http_response response;
    cutover_error *cause = NULL;

    snprintf(authorization, sizeof authorization, "Authorization: Bearer %s", sync->secrets->token);
    cutover_status status = http_send(sync->client, &request, &response, &cause);
    explicit_bzero(authorization, sizeof authorization);
    if (status != CUTOVER_OK)
        return take_none(sync, call, status, cause, error);
    status = take_answer(sync, call, &response, error);
    explicit_bzero(response.body, response.body_size);
    http_response_free(&response);
    return status;
}

cutover_status provider_ask(struct provider_sync *sync, struct provider_call *call, cutover_error **error)
{
    struct text url = TEXT_INIT;
    char *body = NULL;
    int64_t left_ms = (sync->deadline - monotonic_us()) / 1000;
    cutover_status status = CUTOVER_OK;

    if (left_ms <= 0) {
        sync->stop = true;
        return string_copy("there was no time left for it", &call->failure, error);
    }
    text_add(&url, sync->integrations->base_urls[sync->record->provider]);
    text_add(&url, text_string(&call->path));
    if (text_failed(&call->path) || text_failed(&url))
        status = error_nomem(error);
    if (status == CUTOVER_OK && call->body != NULL)
        status = json_format(call->body, &body, error);
    if (status == CUTOVER_OK) {
        uint32_t timeout_ms = sync->integrations->timeout_ms;
        status = send(sync, call, text_string(&url), body,
                      left_ms < (int64_t)timeout_ms ? (uint32_t)left_ms : timeout_ms, error);
    }
    if (body != NULL)
        explicit_bzero(body, strlen(body));
    free(body);
    text_free(&url);
    return status;
}
