/*
 * A job as server-sent events: step, progress, log, end. All of it is read from the store, so that any process serves any job; what runs here
 * tells its progress itself. The id of an event says all that was told up to it, so that a client that comes again with it misses nothing and
 * gets nothing twice, from whichever process.
 */
#ifndef CUTOVER_API_STREAM_H
#define CUTOVER_API_STREAM_H

#include "api/call.h"

/* `last` is the Last-Event-ID, or NULL. *stream stays NULL where all was told by then. */
cutover_status stream_open(cutover_api *api, const char *job_id, const char *last, cutover_api_stream **stream,
                           cutover_error **error);

#endif
