#include "faults/proxy.h"

#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAIRS 256
#define CHUNK 65536

struct proxy {
    pid_t child;
    int control; /* a byte there, the same byte back when it is done */
    int port;
};

/* ---- in the child ---- */

struct pair {
    int client, server; /* -1: not used */
};

static struct {
    struct pair pairs[PAIRS];
    struct sockaddr_in address;
    struct sockaddr_un target;
    int control, listener; /* listener -1: refused */
    enum proxy_mode mode;
    bool waits;
} network;

static void network_listen(void)
{
    int on = 1;

    if (network.listener >= 0)
        return;
    network.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (network.listener < 0 || setsockopt(network.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(network.listener, (struct sockaddr *)&network.address, sizeof network.address) != 0 ||
        listen(network.listener, PAIRS) != 0)
        _exit(1);
}

static void pair_close(struct pair *pair)
{
    const struct linger at_once = {1, 0};

    if (pair->client < 0)
        return;
    setsockopt(pair->client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(pair->client);
    close(pair->server);
    pair->client = pair->server = -1;
}

static void network_set(enum proxy_mode mode)
{
    if (mode == PROXY_FORWARD || mode == PROXY_WAIT)
        network.waits = mode == PROXY_WAIT;
    network.mode = mode;
    if (mode == PROXY_CUT || mode == PROXY_REFUSE)
        for (size_t i = 0; i < PAIRS; i++)
            pair_close(&network.pairs[i]);
    if (mode == PROXY_REFUSE && network.listener >= 0) {
        close(network.listener);
        network.listener = -1;
    }
    if (mode != PROXY_REFUSE)
        network_listen();
}

static void pair_open(void)
{
    size_t i = 0;
    int client = accept4(network.listener, NULL, NULL, SOCK_CLOEXEC);

    if (client < 0)
        return;
    while (i < PAIRS && network.pairs[i].client >= 0)
        i++;
    int server = i < PAIRS ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (server < 0 || connect(server, (struct sockaddr *)&network.target, sizeof network.target) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    network.pairs[i] = (struct pair){client, server};
}

static void replace(char *bytes, size_t count, const char *from, const char *to)
{
    char *at = memmem(bytes, count, from, strlen(from));

    if (at != NULL)
        memcpy(at, to, strlen(to));
}

/* Where our sessions say it: in the startup packet, and once more after connecting. */
static void let_commits_wait(char *bytes, size_t count)
{
    replace(bytes, count, "synchronous_commit=local", "synchronous_commit=on   ");
    replace(bytes, count, "'synchronous_commit', 'local'", "'synchronous_commit', 'on'   ");
}

/* False when either side has gone. What was read is written whole: both ends are read from here, so it ends. */
static bool forward(int from, int to, bool lost)
{
    static char bytes[CHUNK];
    ssize_t count = recv(from, bytes, sizeof bytes, 0);

    if (network.waits && count > 0)
        let_commits_wait(bytes, (size_t)count);

    for (ssize_t sent = 0; count > 0 && !lost && sent < count;) {
        ssize_t now = send(to, bytes + sent, (size_t)(count - sent), MSG_NOSIGNAL);
        if (now < 0 && errno != EINTR)
            return false;
        sent += now > 0 ? now : 0;
    }
    return count > 0;
}

static void network_run(void)
{
    struct pollfd ready[2 * PAIRS + 2];

    for (;;) {
        bool moves = network.mode != PROXY_STALL;
        ready[0] = (struct pollfd){network.control, POLLIN, 0};
        ready[1] = (struct pollfd){moves ? network.listener : -1, POLLIN, 0};
        for (size_t i = 0; i < PAIRS; i++) {
            const struct pair *pair = &network.pairs[i];
            ready[2 + 2 * i] = (struct pollfd){moves ? pair->client : -1, POLLIN, 0};
            ready[3 + 2 * i] = (struct pollfd){moves ? pair->server : -1, POLLIN, 0};
        }
        if (poll(ready, 2 * PAIRS + 2, -1) < 0)
            continue;
        if (ready[0].revents != 0) {
            char order;
            if (read(network.control, &order, 1) != 1)
                _exit(0);
            network_set((enum proxy_mode)order);
            if (write(network.control, &order, 1) != 1)
                _exit(0);
            continue;
        }
        for (size_t i = 0; i < PAIRS; i++) {
            struct pair *pair = &network.pairs[i];
            if ((ready[2 + 2 * i].revents != 0 && !forward(pair->client, pair->server, false)) ||
                (ready[3 + 2 * i].revents != 0 &&
                 !forward(pair->server, pair->client, network.mode == PROXY_MUTE)))
                pair_close(pair);
        }
        if (ready[1].revents != 0)
            pair_open();
    }
}

/* ---- in the test ---- */

struct proxy *proxy_open(const char *socket_path)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    socklen_t length = sizeof network.address;
    int ends[2];

    assert_non_null(proxy);
    for (size_t i = 0; i < PAIRS; i++)
        network.pairs[i] = (struct pair){-1, -1};
    network.listener = -1;
    network.mode = PROXY_FORWARD;
    network.address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    network.target = (struct sockaddr_un){.sun_family = AF_UNIX};
    assert_true(strlen(socket_path) < sizeof network.target.sun_path);
    memcpy(network.target.sun_path, socket_path, strlen(socket_path));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    network_listen();
    assert_int_equal(getsockname(network.listener, (struct sockaddr *)&network.address, &length), 0);
    proxy->port = ntohs(network.address.sin_port);
    proxy->child = fork();
    assert_true(proxy->child >= 0);
    if (proxy->child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        network.control = ends[1];
        network_run();
    }
    close(ends[1]);
    close(network.listener);
    proxy->control = ends[0];
    return proxy;
}

void proxy_close(struct proxy *proxy)
{
    if (proxy == NULL)
        return;
    close(proxy->control);
    kill(proxy->child, SIGKILL);
    waitpid(proxy->child, NULL, 0);
    free(proxy);
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_set(struct proxy *proxy, enum proxy_mode mode)
{
    char order = (char)mode;

    assert_int_equal(write(proxy->control, &order, 1), 1);
    assert_int_equal(read(proxy->control, &order, 1), 1);
    assert_int_equal(order, mode);
}
