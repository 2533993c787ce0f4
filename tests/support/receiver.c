#include "support/receiver.h"

#include "support/check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 200
#define URLS 8

struct receiver {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    int listening;
    unsigned port;
    pthread_t acceptor;
    bool closing;
    bool released;
    size_t connections;
    pthread_t threads[CONNECTIONS_MAX];
    struct received items[RECEIVED_MAX];
    size_t count;
    char urls[URLS][200];
    unsigned next_url;
};

struct connection {
    struct receiver *receiver;
    int socket;
    char bytes[20000];
    size_t count;
};

/* False when it is over, or the receiver closes. */
static bool readable(const struct receiver *receiver, int socket)
{
    while (!__atomic_load_n(&receiver->closing, __ATOMIC_SEQ_CST)) {
        struct pollfd poller = {socket, POLLIN, 0};
        if (poll(&poller, 1, 50) > 0)
            return true;
    }
    return false;
}

static bool read_more(struct connection *connection)
{
    if (connection->count == sizeof connection->bytes - 1 ||
        !readable(connection->receiver, connection->socket))
        return false;
    ssize_t found = recv(connection->socket, connection->bytes + connection->count,
                         sizeof connection->bytes - 1 - connection->count, 0);
    if (found <= 0)
        return false;
    connection->count += (size_t)found;
    connection->bytes[connection->count] = '\0';
    return true;
}

static bool say(int socket, const char *text)
{
    size_t length = strlen(text);

    return send(socket, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool is_at(const struct received *received, const char *word)
{
    size_t length = strlen(word);

    return strncmp(received->path, word, length) == 0 &&
           (received->path[length] == '\0' || received->path[length] == '/');
}

/* Until it is released, or closes. */
static void hang(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    while (!receiver->released && !receiver->closing)
        pthread_cond_wait(&receiver->moved, &receiver->mutex);
    pthread_mutex_unlock(&receiver->mutex);
}

static bool answer_huge(const struct receiver *receiver, int socket)
{
    char block[4096];

    memset(block, 'x', sizeof block);
    if (!say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n"))
        return false;
    while (!__atomic_load_n(&receiver->closing, __ATOMIC_SEQ_CST) &&
           send(socket, block, sizeof block, MSG_NOSIGNAL) > 0)
        ;
    return false;
}

/* False: the connection is to be closed. */
static bool answer(struct receiver *receiver, int socket, const struct received *received)
{
    if (is_at(received, "/fail"))
        return say(socket, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    if (is_at(received, "/gone"))
        return say(socket, "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n");
    if (is_at(received, "/moved"))
        return say(socket, "HTTP/1.1 302 Found\r\nLocation: /ok/elsewhere\r\nContent-Length: 0\r\n\r\n");
    if (is_at(received, "/later"))
        return say(socket, "HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n");
    if (is_at(received, "/date"))
        return say(
            socket,
            "HTTP/1.1 503 No\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n");
    if (is_at(received, "/huge"))
        return answer_huge(receiver, socket);
    if (is_at(received, "/drop"))
        return false;
    if (is_at(received, "/hang")) {
        hang(receiver);
        return false;
    }
    if (is_at(received, "/slow")) {
        say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na");
        hang(receiver);
        return say(socket, "bc");
    }
    return say(socket, "HTTP/1.1 200 OK\r\nX-Kept: yes \r\nContent-Length: 2\r\n\r\nok");
}

/* Keeps a request that came whole. */
static const struct received *keep(struct receiver *receiver, const char *head, size_t head_length,
                                   const char *body, size_t body_length)
{
    pthread_mutex_lock(&receiver->mutex);
    assert_true(receiver->count < RECEIVED_MAX);
    struct received *received = &receiver->items[receiver->count];
    snprintf(received->head, sizeof received->head, "%.*s", (int)head_length, head);
    received->body = strndup(body, body_length);
    if (sscanf(head, "%*s %99s", received->path) != 1)
        received->path[0] = '\0';
    receiver->count++;
    pthread_cond_broadcast(&receiver->moved);
    pthread_mutex_unlock(&receiver->mutex);
    return received;
}

/* One request and its answer. */
static bool serve_one(struct connection *connection)
{
    struct received head = {.path = ""};
    char value[32] = "0";
    char *end;

    while ((end = strstr(connection->bytes, "\r\n\r\n")) == NULL)
        if (!read_more(connection))
            return false;
    size_t head_length = (size_t)(end - connection->bytes) + 4;
    snprintf(head.head, sizeof head.head, "%.*s", (int)head_length, connection->bytes);
    received_header(&head, "content-length", value, sizeof value);
    size_t whole = head_length + strtoul(value, NULL, 10);
    while (connection->count < whole)
        if (!read_more(connection))
            return false;
    const struct received *received = keep(connection->receiver, connection->bytes, head_length,
                                           connection->bytes + head_length, whole - head_length);
    memmove(connection->bytes, connection->bytes + whole, connection->count - whole + 1);
    connection->count -= whole;
    return answer(connection->receiver, connection->socket, received);
}

static void *serve(void *argument)
{
    struct connection *connection = argument;

    while (serve_one(connection))
        ;
    close(connection->socket);
    free(connection);
    return NULL;
}

static void *accept_all(void *argument)
{
    struct receiver *receiver = argument;

    while (readable(receiver, receiver->listening)) {
        struct connection *connection = calloc(1, sizeof *connection);
        connection->receiver = receiver;
        connection->socket = accept4(receiver->listening, NULL, NULL, SOCK_CLOEXEC);
        if (connection->socket < 0) {
            free(connection);
            continue;
        }
        pthread_mutex_lock(&receiver->mutex);
        assert_true(receiver->connections < CONNECTIONS_MAX);
        pthread_create(&receiver->threads[receiver->connections++], NULL, serve, connection);
        pthread_mutex_unlock(&receiver->mutex);
    }
    return NULL;
}

struct receiver *receiver_open(void)
{
    struct receiver *receiver = calloc(1, sizeof *receiver);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;

    assert_non_null(receiver);
    pthread_mutex_init(&receiver->mutex, NULL);
    pthread_cond_init(&receiver->moved, NULL);
    receiver->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(receiver->listening >= 0);
    assert_int_equal(bind(receiver->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(receiver->listening, 64), 0);
    assert_int_equal(getsockname(receiver->listening, (struct sockaddr *)&address, &size), 0);
    receiver->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&receiver->acceptor, NULL, accept_all, receiver), 0);
    return receiver;
}

void receiver_close(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    __atomic_store_n(&receiver->closing, true, __ATOMIC_SEQ_CST);
    pthread_cond_broadcast(&receiver->moved);
    pthread_mutex_unlock(&receiver->mutex);
    pthread_join(receiver->acceptor, NULL);
    for (size_t i = 0; i < receiver->connections; i++)
        pthread_join(receiver->threads[i], NULL);
    close(receiver->listening);
    for (size_t i = 0; i < receiver->count; i++)
        free(receiver->items[i].body);
    pthread_mutex_destroy(&receiver->mutex);
    pthread_cond_destroy(&receiver->moved);
    free(receiver);
}

const char *receiver_url(struct receiver *receiver, const char *path)
{
    char *url = receiver->urls[receiver->next_url++ % URLS];

    snprintf(url, sizeof receiver->urls[0], "http://127.0.0.1:%u%s", receiver->port, path);
    return url;
}

static const struct received *find(struct receiver *receiver, const char *path, size_t nth, size_t *count)
{
    const struct received *found = NULL;

    *count = 0;
    for (size_t i = 0; i < receiver->count; i++) {
        if (path != NULL && strcmp(receiver->items[i].path, path) != 0)
            continue;
        if ((*count)++ == nth)
            found = &receiver->items[i];
    }
    return found;
}

size_t receiver_count(struct receiver *receiver, const char *path)
{
    size_t count;

    pthread_mutex_lock(&receiver->mutex);
    find(receiver, path, 0, &count);
    pthread_mutex_unlock(&receiver->mutex);
    return count;
}

const struct received *receiver_at(struct receiver *receiver, const char *path, size_t nth)
{
    size_t count;

    pthread_mutex_lock(&receiver->mutex);
    const struct received *found = find(receiver, path, nth, &count);
    pthread_mutex_unlock(&receiver->mutex);
    assert_non_null(found);
    return found;
}

size_t receiver_connections(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    size_t count = receiver->connections;
    pthread_mutex_unlock(&receiver->mutex);
    return count;
}

void receiver_wait(struct receiver *receiver, const char *path, size_t count)
{
    struct timespec end;
    size_t found;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&receiver->mutex);
    int result = 0;
    while (find(receiver, path, 0, &found), found < count && result == 0)
        result = pthread_cond_timedwait(&receiver->moved, &receiver->mutex, &end);
    pthread_mutex_unlock(&receiver->mutex);
    assert_true(found >= count);
}

void receiver_release(struct receiver *receiver)
{
    pthread_mutex_lock(&receiver->mutex);
    receiver->released = true;
    pthread_cond_broadcast(&receiver->moved);
    pthread_mutex_unlock(&receiver->mutex);
}

bool received_header(const struct received *received, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);

    for (const char *line = strchr(received->head, '\n'); line != NULL; line = strchr(line + 1, '\n')) {
        if (strncasecmp(line + 1, name, length) != 0 || line[1 + length] != ':')
            continue;
        const char *from = line + 2 + length;
        from += strspn(from, " ");
        snprintf(value, size, "%.*s", (int)strcspn(from, "\r\n"), from);
        return true;
    }
    return false;
}
