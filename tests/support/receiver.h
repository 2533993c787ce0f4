/*
 * An HTTP server on loopback that answers as the path says, and keeps what it was sent:
 *
 *   /ok 200   /fail 500   /gone 410   /moved 302 to /ok   /later 429 with "Retry-After: 120"   /date 503 with a date that is past
 *   /huge 200 with a body without an end   /hang nothing, ever   /drop closes   /slow 200, a byte at a time, when released
 *
 * What comes after the word in the path says nothing: /ok/1 is another path.
 */
#ifndef CUTOVER_TESTS_RECEIVER_H
#define CUTOVER_TESTS_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>

#define RECEIVED_MAX 400

struct received {
    char path[100];
    char head[4000]; /* request line and headers */
    char *body;
};

struct receiver;

struct receiver *receiver_open(void);
void receiver_close(struct receiver *receiver);
/* "http://127.0.0.1:PORT/PATH", in one of a few buffers of the receiver's. */
const char *receiver_url(struct receiver *receiver, const char *path);
/* How many requests came to this path, and the nth of them (0: the first), which lives as long as the receiver. NULL path: any. */
size_t receiver_count(struct receiver *receiver, const char *path);
const struct received *receiver_at(struct receiver *receiver, const char *path, size_t nth);
/* How many connections were made. */
size_t receiver_connections(struct receiver *receiver);
/* Waits until so many have come to the path; fails the test after 20 seconds. */
void receiver_wait(struct receiver *receiver, const char *path, size_t count);
/* Lets /hang and /slow end. */
void receiver_release(struct receiver *receiver);
/* The value of a header ("webhook-id"), copied into `value`. False when there is none. */
bool received_header(const struct received *received, const char *name, char *value, size_t size);

#endif
