#include "net/http.h"

#include "base/clock.h"
#include "base/text.h"
#include "net/address.h"

#include <curl/curl.h>
#include <cutover/version.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define DEADLINE_MS 30000
#define CONNECTIONS 16
#define BODY_LIMIT ((size_t)1 << 20)
#define HEADERS_MAX 100           /* lines that are kept */
#define HEADERS_LIMIT (64 * 1024) /* bytes of them */

struct http_client {
    CURLM *multi;
    struct http_exchange *first;
    bool allow_private;
    bool allow_plain;
    long connect_ms;
    char *user_agent;
    char *ca_file;
};

struct http_exchange {
    struct http_client *client;
    struct http_exchange *next;
    CURL *easy;
    struct curl_slist *headers;
    void *body;
    size_t body_limit;
    const struct cancel *cancel;
    int64_t started_us;
    int64_t latency_us;
    bool over;
    CURLcode result;
    bool refused; /* an address that is not public was among those of its host */
    bool no_memory;
    bool truncated;
    struct text received;
    struct text lines; /* of the last answer's header, each with a newline */
    size_t line_count;
};

/* ---- SIGPIPE: TLS libraries may write by write(), and the process's handlers are the host's (P10) ---- */

struct quiet {
    sigset_t before;
    bool was_pending;
};

static void quiet_begin(struct quiet *quiet)
{
    sigset_t pipe, pending;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    quiet->was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe, &quiet->before);
}

static void quiet_end(const struct quiet *quiet)
{
    const struct timespec now = {0, 0};
    sigset_t pipe;

    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!quiet->was_pending)
        while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
}

/* ---- the client ---- */

static CURLcode global_result;

static void global_init(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

static cutover_status client_fill(struct http_client *client, const struct http_options *options,
                                  cutover_error **error)
{
    cutover_status status =
        string_copy(options->user_agent != NULL ? options->user_agent : "libcutover/" CUTOVER_VERSION_STRING,
                    &client->user_agent, error);

    if (status == CUTOVER_OK)
        status = string_copy(options->ca_file, &client->ca_file, error);
    if (status != CUTOVER_OK)
        return status;
    if (client->ca_file != NULL && access(client->ca_file, R_OK) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot read %s", client->ca_file);
    client->multi = curl_multi_init();
    if (client->multi == NULL)
        return error_nomem(error);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
                      (long)(options->connections != 0 ? options->connections : CONNECTIONS));
    client->allow_private = options->allow_private;
    client->allow_plain = options->allow_plain;
    client->connect_ms = options->connect_ms != 0 ? (long)options->connect_ms : CONNECT_MS;
    return CUTOVER_OK;
}

cutover_status http_client_new(const struct http_options *options, struct http_client **client,
                               cutover_error **error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct http_client *made;

    pthread_once(&once, global_init);
    if (global_result != CURLE_OK)
        return error_set(error, CUTOVER_E_INTERNAL, "libcurl cannot begin: %s",
                         curl_easy_strerror(global_result));
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    cutover_status status = client_fill(made, options, error);
    if (status == CUTOVER_OK)
        *client = made;
    else
        http_client_free(made);
    return status;
}

static void exchange_free(struct http_exchange *exchange)
{
    struct quiet quiet;

    quiet_begin(&quiet);
    if (exchange->easy != NULL) {
        curl_multi_remove_handle(exchange->client->multi, exchange->easy);
        curl_easy_cleanup(exchange->easy);
    }
    quiet_end(&quiet);
    curl_slist_free_all(exchange->headers);
    free(exchange->body);
    text_free(&exchange->received);
    text_free(&exchange->lines);
    free(exchange);
}

void http_client_free(struct http_client *client)
{
    struct quiet quiet;

    if (client == NULL)
        return;
    while (client->first != NULL) {
        struct http_exchange *exchange = client->first;
        client->first = exchange->next;
        exchange_free(exchange);
    }
    quiet_begin(&quiet);
    if (client->multi != NULL)
        curl_multi_cleanup(client->multi);
    quiet_end(&quiet);
    free(client->user_agent);
    free(client->ca_file);
    free(client);
}

/* ---- what libcurl calls ---- */

/* After DNS, with the address that is connected to. */
static curl_socket_t open_socket(void *userdata, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_exchange *exchange = userdata;

    if (purpose != CURLSOCKTYPE_IPCXN || (address->family != AF_INET && address->family != AF_INET6))
        return CURL_SOCKET_BAD;
    if (!exchange->client->allow_private && !address_is_public(&address->addr, (socklen_t)address->addrlen)) {
        exchange->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *userdata)
{
    struct http_exchange *exchange = userdata;
    size_t offered = size * count, room = exchange->body_limit - exchange->received.length;

    text_add_bytes(&exchange->received, bytes, offered < room ? offered : room);
    if (text_failed(&exchange->received)) {
        exchange->no_memory = true;
        return 0;
    }
    exchange->truncated = offered > room;
    return exchange->truncated ? 0 : offered;
}

/* "Name: value", as it came. */
static void keep_line(struct http_exchange *exchange, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    size_t name = colon != NULL ? (size_t)(colon - line) : 0;

    if (name == 0 || memchr(line, '\0', length) != NULL || exchange->line_count >= HEADERS_MAX ||
        exchange->lines.length + length >= HEADERS_LIMIT)
        return;
    for (size_t i = 0; i < name; i++) {
        char small = line[i] >= 'A' && line[i] <= 'Z' ? (char)(line[i] - 'A' + 'a') : line[i];
        text_add_bytes(&exchange->lines, &small, 1);
    }
    const char *value = colon + 1, *end = line + length;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    text_add(&exchange->lines, ": ");
    text_add_bytes(&exchange->lines, value, (size_t)(end - value));
    text_add(&exchange->lines, "\n");
    exchange->line_count++;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *userdata)
{
    struct http_exchange *exchange = userdata;
    size_t length = size * count;

    if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) { /* an answer begins, perhaps after one of 100 */
        text_clear(&exchange->lines);
        exchange->line_count = 0;
        return length;
    }
    size_t kept = length;
    while (kept > 0 && strchr(" \t\r\n", bytes[kept - 1]) != NULL)
        kept--;
    keep_line(exchange, bytes, kept);
    if (text_failed(&exchange->lines)) {
        exchange->no_memory = true;
        return 0;
    }
    return length;
}

/* ---- a request ---- */

static cutover_status add_headers(struct http_exchange *exchange, const struct http_request *request,
                                  cutover_error **error)
{
    for (size_t i = 0; i <= request->header_count; i++) {
        /* The last one: without it libcurl may wait a second for leave to send the body. */
        const char *line = i < request->header_count ? request->headers[i] : "Expect:";
        if (strpbrk(line, "\r\n") != NULL || strchr(line, ':') == NULL)
            return error_set(error, CUTOVER_E_INVALID, "a header of the request is malformed");
        struct curl_slist *longer = curl_slist_append(exchange->headers, line);
        if (longer == NULL)
            return error_nomem(error);
        exchange->headers = longer;
    }
    return CUTOVER_OK;
}

static cutover_status copy_body(struct http_exchange *exchange, const struct http_request *request,
                                cutover_error **error)
{
    if (request->body == NULL)
        return CUTOVER_OK;
    exchange->body = malloc(request->body_size > 0 ? request->body_size : 1);
    if (exchange->body == NULL)
        return error_nomem(error);
    memcpy(exchange->body, request->body, request->body_size);
    return CUTOVER_OK;
}

#define SET(option, value) (result = result != CURLE_OK ? result : curl_easy_setopt(easy, option, value))

/* What is of the client. */
static CURLcode set_rules(CURL *easy, struct http_exchange *exchange)
{
    const struct http_client *client = exchange->client;
    CURLcode result = CURLE_OK;

    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROTOCOLS_STR, client->allow_plain ? "https,http" : "https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (client->ca_file != NULL)
        SET(CURLOPT_CAINFO, client->ca_file);
    SET(CURLOPT_USERAGENT, client->user_agent);
    SET(CURLOPT_CONNECTTIMEOUT_MS, client->connect_ms);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, exchange);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, exchange);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, exchange);
    SET(CURLOPT_PRIVATE, exchange);
    return result;
}

static CURLcode set_request(CURL *easy, struct http_exchange *exchange, const struct http_request *request)
{
    CURLcode result = CURLE_OK;

    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_TIMEOUT_MS, request->deadline_ms != 0 ? (long)request->deadline_ms : (long)DEADLINE_MS);
    if (exchange->body != NULL) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, exchange->body);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
    } else if (strcmp(request->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, request->method);
    SET(CURLOPT_HTTPHEADER, exchange->headers);
    return result;
}

static cutover_status set_all(struct http_exchange *exchange, const struct http_request *request,
                              cutover_error **error)
{
    CURLcode result = set_rules(exchange->easy, exchange);

    if (result == CURLE_OK)
        result = set_request(exchange->easy, exchange, request);
    if (result == CURLE_OK)
        return CUTOVER_OK;
    if (result == CURLE_OUT_OF_MEMORY)
        return error_nomem(error);
    return error_set(error, CUTOVER_E_INVALID, "the request cannot be made: %s", curl_easy_strerror(result));
}

static cutover_status exchange_begin(struct http_exchange *exchange, const struct http_request *request,
                                     cutover_error **error)
{
    struct http_client *client = exchange->client;
    cutover_status status = add_headers(exchange, request, error);
    struct quiet quiet;

    if (status == CUTOVER_OK)
        status = copy_body(exchange, request, error);
    if (status != CUTOVER_OK)
        return status;
    exchange->body_limit = request->body_limit != 0 ? request->body_limit : BODY_LIMIT;
    exchange->cancel = request->cancel;
    exchange->started_us = monotonic_us();
    exchange->easy = curl_easy_init();
    if (exchange->easy == NULL)
        return error_nomem(error);
    status = set_all(exchange, request, error);
    if (status != CUTOVER_OK)
        return status;
    quiet_begin(&quiet);
    CURLMcode code = curl_multi_add_handle(client->multi, exchange->easy);
    quiet_end(&quiet);
    if (code == CURLM_OUT_OF_MEMORY)
        return error_nomem(error);
    if (code != CURLM_OK)
        return error_set(error, CUTOVER_E_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    return CUTOVER_OK;
}

cutover_status http_start(struct http_client *client, const struct http_request *request,
                          struct http_exchange **exchange, cutover_error **error)
{
    struct http_exchange *made;
    cutover_status status =
        http_url_check("url", request->url, client->allow_plain, client->allow_private, error);

    if (status != CUTOVER_OK)
        return status;
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return error_nomem(error);
    made->client = client;
    status = exchange_begin(made, request, error);
    if (status != CUTOVER_OK) {
        exchange_free(made);
        return status;
    }
    made->next = client->first;
    client->first = made;
    *exchange = made;
    return CUTOVER_OK;
}

static void take_results(struct http_client *client)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        char *private_data = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private_data) != CURLE_OK)
            continue;
        struct http_exchange *exchange = (struct http_exchange *)(void *)private_data;
        exchange->over = true;
        exchange->result = message->data.result;
        exchange->latency_us = monotonic_us() - exchange->started_us;
    }
}

/* How many are under way, and whether one is over, or is to be given up. */
static size_t look(const struct http_client *client, bool *any_over)
{
    size_t running = 0;

    *any_over = false;
    for (const struct http_exchange *exchange = client->first; exchange != NULL; exchange = exchange->next) {
        if (exchange->over || cancel_asked(exchange->cancel))
            *any_over = true;
        else
            running++;
    }
    return running;
}

static CURLMcode move_on(struct http_client *client, int64_t wait_ms)
{
    struct quiet quiet;
    int running = 0;

    quiet_begin(&quiet);
    CURLMcode code = wait_ms > 0 ? curl_multi_poll(client->multi, NULL, 0, (int)wait_ms, NULL) : CURLM_OK;
    if (code == CURLM_OK)
        code = curl_multi_perform(client->multi, &running);
    quiet_end(&quiet);
    take_results(client);
    return code;
}

cutover_status http_poll(struct http_client *client, uint32_t wait_ms, cutover_error **error)
{
    const int64_t end = monotonic_us() + (int64_t)wait_ms * 1000;
    CURLMcode code = move_on(client, 0);
    bool any_over = false;

    while (code == CURLM_OK && look(client, &any_over) > 0 && !any_over) {
        int64_t left_ms = (end - monotonic_us() + 999) / 1000;
        if (left_ms <= 0)
            break;
        code = move_on(client, left_ms < CANCEL_SLICE_MS ? left_ms : CANCEL_SLICE_MS);
    }
    if (code == CURLM_OUT_OF_MEMORY)
        return error_nomem(error);
    if (code != CURLM_OK)
        return error_set(error, CUTOVER_E_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    return CUTOVER_OK;
}

bool http_is_over(const struct http_exchange *exchange)
{
    return exchange->over || cancel_asked(exchange->cancel);
}

static cutover_status take_lines(struct http_exchange *exchange, struct http_response *response,
                                 cutover_error **error)
{
    char *lines = text_take(&exchange->lines), *save = NULL;

    if (lines == NULL)
        return error_nomem(error);
    response->headers = calloc(exchange->line_count + 1, sizeof *response->headers);
    if (response->headers == NULL) {
        free(lines);
        return error_nomem(error);
    }
    cutover_status status = CUTOVER_OK;
    for (char *line = strtok_r(lines, "\n", &save);
         line != NULL && status == CUTOVER_OK && response->header_count < exchange->line_count;
         line = strtok_r(NULL, "\n", &save)) {
        status = string_copy(line, &response->headers[response->header_count], error);
        if (status == CUTOVER_OK)
            response->header_count++;
    }
    free(lines);
    return status;
}

static cutover_status take_answer(struct http_exchange *exchange, struct http_response *response,
                                  cutover_error **error)
{
    struct http_response made = {.latency_us = exchange->latency_us, .truncated = exchange->truncated};
    long code = 0;

    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &code);
    made.status = (int)code;
    made.body_size = exchange->received.length;
    made.body = text_take(&exchange->received);
    cutover_status status = made.body != NULL ? take_lines(exchange, &made, error) : error_nomem(error);
    if (status == CUTOVER_OK)
        *response = made;
    else
        http_response_free(&made);
    return status;
}

/* By libcurl's own words for the code: its longer ones may have the URL. */
static cutover_status refuse(const struct http_exchange *exchange, cutover_error **error)
{
    if (exchange->no_memory || exchange->result == CURLE_OUT_OF_MEMORY)
        return error_nomem(error);
    if (exchange->refused && exchange->result == CURLE_COULDNT_CONNECT) {
        error_set(error, CUTOVER_E_FORBIDDEN, "the host's address is not public");
        error_hint(error, "Where such addresses are wanted the configuration must allow them.");
        return CUTOVER_E_FORBIDDEN;
    }
    if (exchange->result == CURLE_URL_MALFORMAT || exchange->result == CURLE_UNSUPPORTED_PROTOCOL)
        return error_set(error, CUTOVER_E_INVALID, "url: %s", curl_easy_strerror(exchange->result));
    return error_set(error, CUTOVER_E_IO, "no answer: %s", curl_easy_strerror(exchange->result));
}

cutover_status http_end(struct http_exchange *exchange, struct http_response *response, cutover_error **error)
{
    struct http_exchange **link = &exchange->client->first;
    cutover_status status;

    while (*link != exchange)
        link = &(*link)->next;
    *link = exchange->next;
    if (!exchange->over)
        status = error_set(error, CUTOVER_E_CANCELLED, "the request was given up");
    else if (exchange->result == CURLE_OK || (exchange->truncated && exchange->result == CURLE_WRITE_ERROR))
        status = take_answer(exchange, response, error);
    else
        status = refuse(exchange, error);
    exchange_free(exchange);
    return status;
}

cutover_status http_send(struct http_client *client, const struct http_request *request,
                         struct http_response *response, cutover_error **error)
{
    struct http_exchange *exchange = NULL;
    cutover_status status = http_start(client, request, &exchange, error);

    if (status != CUTOVER_OK)
        return status;
    while (status == CUTOVER_OK && !http_is_over(exchange))
        status = http_poll(client, CANCEL_SLICE_MS, error);
    if (status == CUTOVER_OK)
        return http_end(exchange, response, error);
    http_end(exchange, response, NULL);
    return status;
}
