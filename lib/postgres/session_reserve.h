/*
 * Sessions that are open before they are needed: when clients take every connection that a server has, those who hold some still work.
 * session_open() takes one of options->reserve that fits, pins it anew as if it had just begun, and opens another where there is none, or
 * none that still answers. Safe for use by several threads; what is taken belongs to whoever took it.
 */
#ifndef CUTOVER_POSTGRES_SESSION_RESERVE_H
#define CUTOVER_POSTGRES_SESSION_RESERVE_H

#include "postgres/session.h"

#include <pthread.h>

struct reserved;
struct session_reserve {
    pthread_mutex_t mutex;
    struct reserved *list;
    size_t count, capacity;
};

void session_reserve_init(struct session_reserve *reserve);
void session_reserve_close(struct session_reserve *reserve);

/* Opens what is missing of `count` sessions as these options say it. Each is tried: it is open. */
cutover_status session_reserve_fill(struct session_reserve *reserve, const struct session_options *options,
                                    size_t count, cutover_error **error);
/* One that fits, not pinned yet; NULL: there is none. */
struct session *session_reserve_take(struct session_reserve *reserve, const struct session_options *options);
/* Closes those that are inside a database; 0: all. */
void session_reserve_drop(struct session_reserve *reserve, uint32_t database_oid);
/* The backends of those that are inside a database, in place of *pids, which is freed. */
cutover_status session_reserve_pids(struct session_reserve *reserve, uint32_t database_oid, int **pids,
                                    size_t *count, cutover_error **error);

#endif
