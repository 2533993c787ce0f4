#include "exchange.h"

#include "log.h"
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct exchange *exchange_new(const char *target)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    char token[TOKEN_SIZE];

    if (exchange == NULL)
        return NULL;
    exchange->began = monotonic_now();
    exchange->route = "";
    exchange->target = strdup(target);
    exchange->path = strdup(target);
    if (exchange->target == NULL || exchange->path == NULL || !token_new(token)) {
        exchange_free(exchange);
        return NULL;
    }
    snprintf(exchange->id, sizeof exchange->id, "%.32s", token);
    exchange->query = strchr(exchange->path, '?');
    if (exchange->query != NULL)
        *exchange->query++ = '\0';
    return exchange;
}

static void forget_answer(struct exchange *exchange)
{
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        free(exchange->answer_headers[i].value);
    exchange->answer_header_count = 0;
    free(exchange->owned);
    exchange->owned = NULL;
    cutover_api_stream_free(exchange->stream);
    exchange->stream = NULL;
    cutover_api_response_free(exchange->response);
    exchange->response = NULL;
    exchange->answer = "";
    exchange->answer_size = 0;
    exchange->status = 0;
}

void exchange_free(struct exchange *exchange)
{
    if (exchange == NULL)
        return;
    forget_answer(exchange);
    for (size_t i = 0; i < exchange->header_count; i++) {
        free((char *)exchange->headers[i].name);
        free((char *)exchange->headers[i].value);
    }
    free(exchange->method);
    free(exchange->target);
    free(exchange->path);
    free(exchange->body);
    free(exchange);
}

void exchange_take_header(struct exchange *exchange, const char *name, const char *value)
{
    if (exchange->header_count == EXCHANGE_HEADERS_MAX) {
        exchange->headers_overflow = true;
        return;
    }
    const cutover_api_header header = {strdup(name), strdup(value != NULL ? value : "")};
    if (header.name == NULL || header.value == NULL) {
        free((char *)header.name);
        free((char *)header.value);
        exchange->headers_overflow = true;
        return;
    }
    exchange->headers[exchange->header_count++] = header;
}

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->header_count; i++)
        if (strcasecmp(exchange->headers[i].name, name) == 0)
            return exchange->headers[i].value;
    return NULL;
}

const char *exchange_last_header(const struct exchange *exchange, const char *name)
{
    for (size_t i = exchange->header_count; i > 0; i--)
        if (strcasecmp(exchange->headers[i - 1].name, name) == 0)
            return exchange->headers[i - 1].value;
    return NULL;
}

char *exchange_cookie(const struct exchange *exchange, const char *name)
{
    const char *at = exchange_header(exchange, "Cookie");
    size_t length = strlen(name);

    while (at != NULL && *at != '\0') {
        at += strspn(at, " \t;");
        size_t pair = strcspn(at, ";");
        if (pair > length && at[length] == '=' && strncmp(at, name, length) == 0)
            return strndup(at + length + 1, pair - length - 1);
        at += pair;
    }
    return NULL;
}

/* ---- the answer ---- */

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    char *copy = exchange->answer_header_count < ANSWER_HEADERS_MAX ? strdup(value) : NULL;

    if (copy != NULL)
        exchange->answer_headers[exchange->answer_header_count++] = (struct answer_header){name, copy};
}

void exchange_response(struct exchange *exchange, cutover_api_response *response)
{
    forget_answer(exchange);
    exchange->response = response;
    exchange->status = cutover_api_response_status(response);
    exchange->answer = cutover_api_response_body(response);
    exchange->answer_size = cutover_api_response_body_size(response);
    exchange->stream = cutover_api_response_take_stream(response);
    for (size_t i = 0; i < cutover_api_response_header_count(response); i++)
        exchange_add_header(exchange, cutover_api_response_header_name(response, i),
                            cutover_api_response_header_value(response, i));
}

void exchange_failure(struct exchange *exchange, uint32_t status, cutover_error *cause)
{
    cutover_api_response *response = NULL;

    if (cutover_api_problem(status, cause, &response, NULL) == CUTOVER_OK) {
        exchange_response(exchange, response);
    } else {
        forget_answer(exchange);
        exchange->status = 500;
    }
    cutover_error_free(cause);
}

void exchange_problem(struct exchange *exchange, uint32_t status, cutover_status code, const char *message,
                      const char *hint)
{
    exchange_failure(exchange, status, cutover_error_new(code, message, NULL, hint));
}

void exchange_text(struct exchange *exchange, uint32_t status, const char *type, char *text, size_t size)
{
    forget_answer(exchange);
    exchange->status = text != NULL ? status : 500;
    exchange->owned = text;
    if (text != NULL) {
        exchange->answer = text;
        exchange->answer_size = size;
    }
    exchange_add_header(exchange, "Content-Type", type);
}

void exchange_page(struct exchange *exchange, const struct page *page)
{
    const char *known = exchange_header(exchange, "If-None-Match");

    forget_answer(exchange);
    exchange->status = known != NULL && strcmp(known, page->etag) == 0 ? 304 : 200;
    if (exchange->status == 200) {
        exchange->answer = page->bytes;
        exchange->answer_size = page->size;
        exchange_add_header(exchange, "Content-Type", page->type);
    }
    exchange_add_header(exchange, "ETag", page->etag);
    exchange_add_header(exchange, "Cache-Control", "no-cache");
}
