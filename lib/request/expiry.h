/*
 * Requests whose preview's time is over: one that is read when it is due expires on the way, and one whose preview ends soon tells
 * so. Nothing runs in the background.
 */
#ifndef CUTOVER_REQUEST_EXPIRY_H
#define CUTOVER_REQUEST_EXPIRY_H

#include "job/host.h"

/* Reads a request as it is now, and the version of its record. Where the platform cannot be asked it is as the store has it. */
cutover_status request_read(struct host *host, const char *id, struct request_record *record, uint64_t *version,
                            cutover_error **error);

#endif
