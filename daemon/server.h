/*
 * The HTTP server, on libmicrohttpd: one thread with all connections; requests that came whole are answered by a pool of threads, while their
 * connections are suspended.
 *
 * A connection has the same time for a whole request as for idling between two; who sends slower than that is cut off, however busy it looks.
 */
#ifndef CUTOVERD_SERVER_H
#define CUTOVERD_SERVER_H

#include "route.h"
#include "streams.h"

struct server;

/* Listens; false, with a line in the log: it cannot. */
bool server_start(struct site *site, struct streams *streams, struct server **server);
/* "http://127.0.0.1:8420" */
const char *server_address(const struct server *server);
/* No connection is taken any more. */
void server_quiesce(struct server *server);
/* Ends; event streams must have been ended. */
void server_end(struct server *server);

#endif
