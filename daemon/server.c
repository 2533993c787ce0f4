#include "server.h"

#include "configuration.h"
#include "log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTION_MEMORY = 32 * 1024, /* request line and headers; more is 431 */
    DISCARD_MAX =
        1 << 20, /* bytes of a body without a length that are read for nothing, to be able to answer */
    HANDLERS_MAX = 256
};

enum state { READING, WORKING, ANSWERED };

/* A connection, while it is open. */
struct link {
    struct link *next, *previous;
    int socket;
    int64_t cut_at; /* monotonic; 0: it is being answered */
};

/* Requests that wait for a handler of their own kind. */
struct lane {
    struct server *server;
    struct transfer *first, *last;
    pthread_cond_t changed;
};

/* A request and what becomes of it. */
struct transfer {
    struct server *server;
    struct MHD_Connection *connection;
    struct link *link;
    struct exchange *exchange;
    enum state state;
    bool begun, too_large, slow;
    size_t capacity, discarded;
    struct transfer *next;
};

struct server {
    struct site *site;
    struct streams *streams;
    struct MHD_Daemon *daemon;
    MHD_socket quiesced;
    char *certificate, *key;
    char address[128];

    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t ended;
    struct lane all, health; /* whoever watches waits for nobody's work */
    size_t slow;             /* requests that ask databases */
    struct link *links;
    bool ending;

    pthread_t handlers[HANDLERS_MAX];
    size_t handler_count;
    pthread_t cutter, health_handler;
    bool cutter_started, health_started;
};

/* ---- connections, and how long they may take ---- */

static int64_t patience_of(const struct server *server)
{
    return server->site->configuration->request_timeout * INT64_C(1000000);
}

static void link_cut_at(struct server *server, struct link *link, int64_t at)
{
    if (link == NULL)
        return;
    pthread_mutex_lock(&server->mutex);
    link->cut_at = at;
    pthread_mutex_unlock(&server->mutex);
}

static void open_link(struct server *server, struct MHD_Connection *connection, void **place)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct link *link = info != NULL ? calloc(1, sizeof *link) : NULL;

    if (link == NULL)
        return;
    link->socket = info->connect_fd;
    link->cut_at = monotonic_now() + patience_of(server);
    pthread_mutex_lock(&server->mutex);
    link->next = server->links;
    if (link->next != NULL)
        link->next->previous = link;
    server->links = link;
    pthread_mutex_unlock(&server->mutex);
    *place = link;
}

static void close_link(struct server *server, void **place)
{
    struct link *link = *place;

    if (link == NULL)
        return;
    pthread_mutex_lock(&server->mutex);
    if (link->previous != NULL)
        link->previous->next = link->next;
    else
        server->links = link->next;
    if (link->next != NULL)
        link->next->previous = link->previous;
    pthread_mutex_unlock(&server->mutex);
    free(link);
    *place = NULL;
}

/* The socket is open as long as its link is in the list. */
static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        open_link(context, connection, place);
    else
        close_link(context, place);
}

/* libmicrohttpd's own limit is for silence: a client that sends a byte now and then would stay for ever. */
static void *cut(void *context)
{
    struct server *server = context;

    pthread_mutex_lock(&server->mutex);
    while (!server->ending) {
        int64_t now = monotonic_now();
        struct timespec until = {now / 1000000 + 1, now % 1000000 * 1000};
        for (struct link *link = server->links; link != NULL; link = link->next) {
            if (link->cut_at == 0 || link->cut_at > now)
                continue;
            shutdown(link->socket, SHUT_RDWR);
            link->cut_at = 0;
        }
        pthread_cond_timedwait(&server->ended, &server->mutex, &until);
    }
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

/* ---- what comes ---- */

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    if (transfer == NULL)
        return NULL;
    transfer->server = context;
    transfer->connection = connection;
    transfer->link = info != NULL ? info->socket_context : NULL;
    transfer->exchange = exchange_new(target);
    if (transfer->exchange == NULL) {
        free(transfer);
        return NULL;
    }
    return transfer;
}

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    exchange_take_header(context, name, value);
    return MHD_YES;
}

/* Whose it is: of the proxy's word only the last address of the last line is the proxy's own. */
static void find_client(const struct server *server, struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(transfer->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const char *forwarded = exchange_last_header(exchange, "X-Forwarded-For");

    if (server->site->configuration->behind_proxy && forwarded != NULL) {
        const char *comma = strrchr(forwarded, ',');
        const char *last = comma != NULL ? comma + 1 : forwarded;
        snprintf(exchange->client, sizeof exchange->client, "%s", last + strspn(last, " \t"));
    } else if (info != NULL && info->client_addr->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr,
                  exchange->client, sizeof exchange->client);
    } else if (info != NULL && info->client_addr->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr,
                  exchange->client, sizeof exchange->client);
    }
}

static size_t declared_size(const struct exchange *exchange)
{
    const char *length = exchange_header(exchange, "Content-Length");

    return length != NULL ? strtoull(length, NULL, 10) : 0;
}

static void refuse_size(struct transfer *transfer)
{
    exchange_problem(transfer->exchange, 413, CUTOVER_E_INVALID, "the body is too large", NULL);
}

/* False: it is not even worth an answer. */
static bool take_body(struct transfer *transfer, const char *bytes, size_t count)
{
    struct exchange *exchange = transfer->exchange;
    size_t most = (size_t)transfer->server->site->configuration->max_body;

    if (transfer->too_large || count > most - exchange->body_size) {
        transfer->too_large = true;
        transfer->discarded += count;
        return transfer->discarded <= DISCARD_MAX;
    }
    if (exchange->body_size + count + 1 > transfer->capacity) {
        size_t capacity = (exchange->body_size + count + 1) * 2;
        char *body = realloc(exchange->body, capacity);
        if (body == NULL)
            return false;
        exchange->body = body;
        transfer->capacity = capacity;
    }
    memcpy(exchange->body + exchange->body_size, bytes, count);
    exchange->body_size += count;
    exchange->body[exchange->body_size] = '\0';
    return true;
}

/* ---- what goes ---- */

static struct MHD_Response *make_response(struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;

    if (exchange->stream != NULL)
        return streams_response(transfer->server->streams, transfer->connection, exchange);
    /* The exchange is there until the answer was sent. */
    return MHD_create_response_from_buffer(exchange->answer_size, (void *)exchange->answer,
                                           MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result answer(struct transfer *transfer)
{
    struct exchange *exchange = transfer->exchange;
    const struct site *site = transfer->server->site;
    if (exchange->stream != NULL &&
        !streams_have_room(transfer->server->streams, site->configuration, exchange->actor))
        route_refuse_for_now(site, exchange, 429, "there are too many event streams", 10);
    bool streams = exchange->stream != NULL;
    struct MHD_Response *response = make_response(transfer);

    if (response == NULL)
        return MHD_NO;
    transfer->state = ANSWERED;
    /* A stream lasts; libmicrohttpd ends it when nobody reads it. */
    link_cut_at(transfer->server, transfer->link,
                streams ? 0 : monotonic_now() + 4 * patience_of(transfer->server));
    for (size_t i = 0; i < exchange->answer_header_count; i++)
        MHD_add_response_header(response, exchange->answer_headers[i].name, exchange->answer_headers[i].value);
    enum MHD_Result queued = MHD_queue_response(transfer->connection, exchange->status, response);
    MHD_destroy_response(response);
    return queued;
}

/* ---- the handlers ---- */

/* Called with the mutex held, of all lanes. */
static void enter(struct lane *lane, struct transfer *transfer)
{
    MHD_suspend_connection(transfer->connection);
    if (lane->last != NULL)
        lane->last->next = transfer;
    else
        lane->first = transfer;
    lane->last = transfer;
    pthread_cond_signal(&lane->changed);
}

static size_t most_slow(const struct server *server)
{
    const size_t half = (size_t)server->site->configuration->handlers / 2;

    return half > 0 ? half : 1;
}

/* False: there is an answer already. The handlers have gone home, and nobody would resume it, or it would leave too few of them to others. */
static bool hand_over(struct transfer *transfer)
{
    struct server *server = transfer->server;
    struct exchange *exchange = transfer->exchange;
    const bool asks_databases = route_is_slow(exchange);

    transfer->state = WORKING;
    link_cut_at(server, transfer->link, 0);
    pthread_mutex_lock(&server->mutex);
    const bool ending = server->ending;
    const bool full = asks_databases && server->slow >= most_slow(server);
    if (!ending && !full) {
        transfer->slow = asks_databases;
        server->slow += asks_databases;
        enter(route_is_health(exchange) ? &server->health : &server->all, transfer);
    }
    pthread_mutex_unlock(&server->mutex);
    if (ending)
        route_refuse_for_now(server->site, exchange, 503, "this process ends", 1);
    else if (full)
        route_refuse_for_now(server->site, exchange, 503, "too many questions to databases are asked just now",
                             5);
    return !ending && !full;
}

static void work(struct transfer *transfer)
{
    struct server *server = transfer->server;

    route(server->site, transfer->exchange);
    pthread_mutex_lock(&server->mutex);
    server->slow -= transfer->slow;
    pthread_mutex_unlock(&server->mutex);
    MHD_resume_connection(transfer->connection); /* whose thread it is again */
}

static void *handle(void *context)
{
    struct lane *lane = context;
    struct server *server = lane->server;

    pthread_mutex_lock(&server->mutex);
    for (;;) {
        struct transfer *transfer = lane->first;
        if (transfer == NULL && server->ending)
            break;
        if (transfer == NULL) {
            pthread_cond_wait(&lane->changed, &server->mutex);
            continue;
        }
        lane->first = transfer->next;
        if (lane->first == NULL)
            lane->last = NULL;
        pthread_mutex_unlock(&server->mutex);
        work(transfer);
        pthread_mutex_lock(&server->mutex);
    }
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

static enum MHD_Result begin(struct transfer *transfer, const char *method)
{
    struct server *server = transfer->server;
    struct exchange *exchange = transfer->exchange;

    transfer->begun = true;
    exchange->method = strdup(method);
    if (exchange->method == NULL)
        return MHD_NO;
    MHD_get_connection_values(transfer->connection, MHD_HEADER_KIND, take_header, exchange);
    find_client(server, transfer);
    if (declared_size(exchange) <= (size_t)server->site->configuration->max_body)
        return MHD_YES;
    refuse_size(transfer);
    route(server->site, exchange);
    exchange_add_header(exchange, "Connection", "close"); /* nobody reads that body */
    return answer(transfer);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **place)
{
    struct transfer *transfer = *place;

    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    if (transfer == NULL)
        return MHD_NO;
    if (!transfer->begun)
        return begin(transfer, method);
    if (transfer->state == READING && *upload_size > 0) {
        if (!take_body(transfer, upload, *upload_size))
            return MHD_NO;
        *upload_size = 0;
        return MHD_YES;
    }
    if (transfer->state == READING) {
        if (transfer->too_large)
            refuse_size(transfer);
        if (hand_over(transfer))
            return MHD_YES;
    }
    return transfer->state == WORKING ? answer(transfer) : MHD_YES;
}

/* ---- and its end ---- */

/* What others sent, as it may be shown. */
static void put_visible(struct json_object *members, const char *name, const char *text)
{
    char *visible = cutover_text_visible(text);

    if (visible != NULL)
        json_object_object_add(members, name, json_object_new_string(visible));
    cutover_string_free(visible);
}

static void note(struct transfer *transfer, int64_t took)
{
    const struct exchange *exchange = transfer->exchange;
    cutover_log_level level =
        strcmp(exchange->route, "/healthz") == 0 || strcmp(exchange->route, "/metrics") == 0 ? CUTOVER_LOG_DEBUG
                                                                                             : CUTOVER_LOG_INFO;
    struct json_object *members = log_takes(level) ? json_object_new_object() : NULL;

    if (members == NULL)
        return;
    json_object_object_add(members, "request_id", json_object_new_string(exchange->id));
    put_visible(members, "method", exchange->method);
    put_visible(members, "path", exchange->path);
    json_object_object_add(members, "status", json_object_new_int64(exchange->status));
    json_object_object_add(members, "ms", json_object_new_int64(took / 1000));
    put_visible(members, "client", exchange->client);
    if (exchange->actor[0] != '\0')
        put_visible(members, "actor", exchange->actor);
    log_entry(level, "request", members);
}

static const char *known_method(const char *method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i], method) == 0)
            return known[i];
    return "other";
}

static void count(struct transfer *transfer, int64_t took)
{
    const struct exchange *exchange = transfer->exchange;
    struct metrics *metrics = transfer->server->site->metrics;
    char labels[160];

    snprintf(labels, sizeof labels, "method=\"%s\",route=\"%s\",status=\"%u\"", known_method(exchange->method),
             exchange->route, exchange->status);
    metrics_add(metrics, FAMILY_REQUESTS, labels, 1);
    if (strstr(exchange->route, "/events") == NULL)
        metrics_add(metrics, FAMILY_REQUEST_SECONDS, "", (double)took / 1000000);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **place,
                         enum MHD_RequestTerminationCode code)
{
    struct server *server = context;
    struct transfer *transfer = *place;

    (void)connection;
    (void)code;
    if (transfer == NULL)
        return;
    int64_t now = monotonic_now();
    if (transfer->exchange->method != NULL) {
        count(transfer, now - transfer->exchange->began);
        note(transfer, now - transfer->exchange->began);
    }
    link_cut_at(server, transfer->link, now + patience_of(server));
    exchange_free(transfer->exchange);
    free(transfer);
    *place = NULL;
}

/* ---- started and ended ---- */

static char *file_text(const char *path)
{
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char *text = NULL;
    size_t capacity = 0;

    if (file != NULL && getdelim(&text, &capacity, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

static bool load_tls(struct server *server)
{
    const struct configuration *configuration = server->site->configuration;

    if (configuration->tls_certificate == NULL)
        return true;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
        log_text(CUTOVER_LOG_ERROR, "tls_certificate: this libmicrohttpd was built without TLS");
        return false;
    }
    server->certificate = file_text(configuration->tls_certificate);
    server->key = file_text(configuration->tls_key);
    if (server->certificate != NULL && server->key != NULL)
        return true;
    log_text(CUTOVER_LOG_ERROR, "tls_certificate, tls_key: they cannot be read");
    return false;
}

static void describe(struct server *server)
{
    const struct configuration *configuration = server->site->configuration;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    const char *colon = strrchr(configuration->listen, ':');

    snprintf(server->address, sizeof server->address, "%s://%.*s:%u",
             configuration->tls_certificate != NULL ? "https" : "http", (int)(colon - configuration->listen),
             configuration->listen, info != NULL ? info->port : 0);
}

static void complain(void *context, const char *format, va_list arguments)
{
    char text[500];

    (void)context;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_text(CUTOVER_LOG_DEBUG, "libmicrohttpd: %s", text);
}

/* Whoever is alone on an address leaves room for others; a proxy's is everybody's. 0: no limit. */
static unsigned connections_of_an_address(const struct configuration *configuration)
{
    return configuration->behind_proxy ? 0 : (unsigned)configuration->max_connections / 2;
}

static bool listen_now(struct server *server)
{
    const struct configuration *configuration = server->site->configuration;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
        {MHD_OPTION_END, 0, NULL},
    };

    if (configuration->address.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    if (server->certificate != NULL)
        flags |= MHD_USE_TLS;
    else
        tls[0] = tls[2];
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, complain, NULL,
        MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)&configuration->address,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)configuration->max_connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        connections_of_an_address(configuration), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)configuration->request_timeout, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
    if (server->daemon != NULL)
        return true;
    log_text(CUTOVER_LOG_ERROR, "cannot listen on %s: %s", configuration->listen,
             errno != 0 ? strerror(errno) : "is the certificate one, and the key its own?");
    return false;
}

static bool start_threads(struct server *server)
{
    size_t wanted = (size_t)server->site->configuration->handlers;

    server->cutter_started = pthread_create(&server->cutter, NULL, cut, server) == 0;
    while (server->handler_count < wanted &&
           pthread_create(&server->handlers[server->handler_count], NULL, handle, &server->all) == 0)
        server->handler_count++;
    server->health_started = pthread_create(&server->health_handler, NULL, handle, &server->health) == 0;
    return server->cutter_started && server->health_started && server->handler_count == wanted;
}

bool server_start(struct site *site, struct streams *streams, struct server **server)
{
    struct server *made = calloc(1, sizeof *made);
    pthread_condattr_t monotonic;

    if (made == NULL)
        return false;
    made->site = site;
    made->streams = streams;
    made->quiesced = MHD_INVALID_SOCKET;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    made->all.server = made->health.server = made;
    pthread_cond_init(&made->all.changed, NULL);
    pthread_cond_init(&made->health.changed, NULL);
    pthread_cond_init(&made->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    errno = 0;
    *server = made;
    if (!load_tls(made) || !start_threads(made) || !listen_now(made))
        return false;
    describe(made);
    return true;
}

const char *server_address(const struct server *server)
{
    return server->address;
}

void server_quiesce(struct server *server)
{
    if (server != NULL && server->daemon != NULL && server->quiesced == MHD_INVALID_SOCKET)
        server->quiesced = MHD_quiesce_daemon(server->daemon);
}

void server_end(struct server *server)
{
    if (server == NULL)
        return;
    /* Every connection that is suspended is resumed by its handler first: libmicrohttpd cannot end with one. */
    server_quiesce(server);
    pthread_mutex_lock(&server->mutex);
    server->ending = true;
    pthread_cond_broadcast(&server->all.changed);
    pthread_cond_broadcast(&server->health.changed);
    pthread_cond_broadcast(&server->ended);
    pthread_mutex_unlock(&server->mutex);
    for (size_t i = 0; i < server->handler_count; i++)
        pthread_join(server->handlers[i], NULL);
    if (server->health_started)
        pthread_join(server->health_handler, NULL);
    if (server->cutter_started)
        pthread_join(server->cutter, NULL);
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    if (server->quiesced != MHD_INVALID_SOCKET)
        close(server->quiesced);
    if (server->key != NULL)
        explicit_bzero(server->key, strlen(server->key));
    free(server->key);
    free(server->certificate);
    pthread_mutex_destroy(&server->mutex);
    free(server);
}
