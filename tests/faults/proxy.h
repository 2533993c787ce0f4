/*
 * A network that fails on demand: a process that listens on a port of 127.0.0.1 and forwards each connection to a Unix
 * socket, until it is told to cut, to stall or to refuse them.
 */
#ifndef CUTOVER_TESTS_PROXY_H
#define CUTOVER_TESTS_PROXY_H

enum proxy_mode {
    PROXY_FORWARD = 'f', /* as a network should */
    PROXY_CUT = 'c',     /* ends every connection with a reset; new ones are forwarded */
    PROXY_STALL = 's', /* nothing moves any more, in either direction; new ones are accepted and hear nothing */
    PROXY_MUTE = 'm',  /* what the server says is lost; what it is told arrives */
    PROXY_WAIT =
        'w', /* forwards, until PROXY_FORWARD as if sessions left synchronous_commit at "on": commits may take long */
    PROXY_REFUSE = 'r', /* ends every connection; nobody listens any more */
};

struct proxy;

/* To be called while the program has one thread only. */
struct proxy *proxy_open(const char *socket_path);
void proxy_close(struct proxy *proxy); /* NULL is nothing */
int proxy_port(const struct proxy *proxy);
/* Returns when it is so. From one thread at a time. */
void proxy_set(struct proxy *proxy, enum proxy_mode mode);

#endif
