/*
 * Event streams that are open. One thread asks each for what is next when it is time; a connection that has nothing to send is suspended, and
 * costs nothing until then.
 */
#ifndef CUTOVERD_STREAMS_H
#define CUTOVERD_STREAMS_H

#include "metrics.h"

#include <cutover/api.h>
#include <microhttpd.h>

struct stream;

struct streams {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ending;
    struct stream *first;
    size_t count;
    struct metrics *metrics;
};

void streams_init(struct streams *streams, struct metrics *metrics);
bool streams_start(struct streams *streams);
/* A response whose body is that stream, which is taken over; NULL when memory is exhausted. */
struct MHD_Response *streams_response(struct streams *streams, struct MHD_Connection *connection,
                                      cutover_api_stream *source);
/* Ends all of them, and waits for the thread: clients come again, to another daemon. */
void streams_end(struct streams *streams);

#endif
