/*
 * The one HTTP client (libcurl): a request with a deadline, several of them side by side, connections reused. For webhooks,
 * integrations, and whatever else speaks HTTP.
 *
 * What holds for every request: https only, certificates verified, unless the client allows plain HTTP; no redirect is followed (a 3xx
 * is an answer); proxies, credentials and other settings of the environment are not taken; addresses that are not public
 * (net/address.h) are refused at the very connect, after DNS, unless the client allows them; the answer is read up to a limit.
 * Nothing of a request, its URL included, gets into an error: it may hold secrets.
 *
 * A client belongs to one thread at a time. Built without libcurl, http_client_new() is CUTOVER_E_UNSUPPORTED.
 */
#ifndef CUTOVER_NET_HTTP_H
#define CUTOVER_NET_HTTP_H

#include "base/cancel.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_URL_MAX 2000 /* bytes */

struct http_options {
    bool allow_private;     /* addresses that are not public, too */
    bool allow_plain;       /* http:// as well as https:// */
    const char *user_agent; /* NULL: "libcutover/VERSION" */
    const char *ca_file;    /* certificate authorities, PEM; NULL: the system's */
    uint32_t connect_ms;    /* for a connection with its TLS; 0: 10000 */
    uint32_t connections;   /* that are kept for reuse; 0: 16 */
};

struct http_request {
    const char *method;         /* "GET", "POST", "PATCH", … */
    const char *url;            /* http_url_check() says what it may be */
    const char *const *headers; /* "Name: value"; a line break in one is CUTOVER_E_INVALID */
    size_t header_count;
    const void *body; /* NULL: none */
    size_t body_size;
    uint32_t deadline_ms; /* for all of it; 0: 30000 */
    size_t body_limit;    /* bytes of the answer's body that are kept; what is more is not read. 0: 1 MiB */
    const struct cancel *cancel; /* or NULL; looked at each CANCEL_SLICE_MS */
};

/* An answer; freed by http_response_free(). */
struct http_response {
    int status; /* 100 to 599 */
    char *body; /* NUL-terminated, never NULL */
    size_t body_size;
    bool truncated; /* the body was longer than the limit */
    char **headers; /* "name: value" of the last answer, names in small letters */
    size_t header_count;
    int64_t latency_us; /* from the start to the end of the answer */
};

struct http_client;
struct http_exchange; /* a request that is under way, or over */

cutover_status http_client_new(const struct http_options *options, struct http_client **client,
                               cutover_error **error);
/* Exchanges that are left are given up. NULL is nothing. */
void http_client_free(struct http_client *client);

/* Sends one request and waits for its answer; other exchanges of the client go on meanwhile. Any status is an answer, and
   CUTOVER_OK. Without an answer: CUTOVER_E_IO (connection, TLS, DNS; also past its deadline), CUTOVER_E_FORBIDDEN (an address
   that is not public), CUTOVER_E_INVALID (the request), CUTOVER_E_CANCELLED, CUTOVER_E_NOMEM. The message names no URL. */
cutover_status http_send(struct http_client *client, const struct http_request *request,
                         struct http_response *response, cutover_error **error);

/* Several side by side: start some, poll until one is over, end it. The request is copied. */
cutover_status http_start(struct http_client *client, const struct http_request *request,
                          struct http_exchange **exchange, cutover_error **error);
/* Moves all on; returns when one of them is over, or after wait_ms. Without exchanges it returns at once. */
cutover_status http_poll(struct http_client *client, uint32_t wait_ms, cutover_error **error);
bool http_is_over(const struct http_exchange *exchange);
/* The outcome, as http_send() has it; the exchange is gone then. One that is not over is given up: CUTOVER_E_CANCELLED. */
cutover_status http_end(struct http_exchange *exchange, struct http_response *response, cutover_error **error);

/* The first header of that name, in small letters, without white space around it; NULL: there is none. */
const char *http_header(const struct http_response *response, const char *name);
void http_response_free(struct http_response *response);

/* Whether a URL can be asked by such a client: at most HTTP_URL_MAX bytes, https (or http where plain), a host, nobody's name or
   password, no fragment, and not an address that is not public (unless private_too). CUTOVER_E_INVALID "FIELD: …". */
cutover_status http_url_check(const char *field, const char *url, bool plain, bool private_too,
                              cutover_error **error);
/* Its host, and the port where it names one: "example.com:8443"; owned by the caller. */
cutover_status http_url_host(const char *url, char **host, cutover_error **error);

#endif
