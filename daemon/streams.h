/*
 * Event streams that are open. One thread asks each for what is next when it is time; a connection that has nothing to send is suspended, and
 * costs nothing until then. A stream ends when the key that it was opened with does.
 */
#ifndef CUTOVERD_STREAMS_H
#define CUTOVERD_STREAMS_H

#include "exchange.h"
#include "metrics.h"

#include <microhttpd.h>

struct stream;

struct streams {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ending;
    struct stream *first;
    size_t count;
    const struct house *house;
    struct metrics *metrics;
};

void streams_init(struct streams *streams, const struct house *house, struct metrics *metrics);
bool streams_start(struct streams *streams);
/* Whether there is room for another one of that caller's. The thread that opens them. */
bool streams_have_room(struct streams *streams, const struct configuration *configuration, const char *actor);
/* A response whose body is the exchange's stream, which is taken over; NULL when memory is exhausted. */
struct MHD_Response *streams_response(struct streams *streams, struct MHD_Connection *connection,
                                      struct exchange *exchange);
/* Ends all of them, and waits for the thread: clients come again, to another daemon. */
void streams_end(struct streams *streams);

#endif
