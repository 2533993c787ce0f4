/*
 * Log lines to the host's callback: one at a time and in order, with no lock held while it runs.
 */
#ifndef CUTOVER_BASE_LOG_H
#define CUTOVER_BASE_LOG_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>

struct log_waiting;

struct log {
    void (*write)(int level, const char *line, void *userdata); /* NULL: none */
    void *userdata;
    pthread_mutex_t mutex; /* of what follows */
    bool writing;          /* a thread is in `write` */
    struct log_waiting *first, *last;
    unsigned waiting;   /* lines that wait for it */
    unsigned long lost; /* and those that could not */
};

enum { LOG_DEBUG_LEVEL = 1, LOG_INFO_LEVEL, LOG_WARNING_LEVEL, LOG_ERROR_LEVEL }; /* cutover_log_level */

void log_line(struct log *log, int level, const char *format, ...) PRINTF_LIKE(3, 4); /* log may be NULL */

#endif
