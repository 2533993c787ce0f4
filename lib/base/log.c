#include "base/log.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAITING_MAX 1000

/* A line that waits for whoever writes now. */
struct log_waiting {
    struct log_waiting *next;
    int level;
    char line[];
};

/* With the mutex held: leaves the line to the thread that is in the host's function. */
static void leave(struct log *log, int level, const char *line)
{
    size_t size = strlen(line) + 1;
    struct log_waiting *waiting = log->waiting < WAITING_MAX ? malloc(sizeof *waiting + size) : NULL;

    if (waiting == NULL) {
        log->lost++;
        return;
    }
    *waiting = (struct log_waiting){NULL, level};
    memcpy(waiting->line, line, size);
    if (log->last != NULL)
        log->last->next = waiting;
    else
        log->first = waiting;
    log->last = waiting;
    log->waiting++;
}

static void write_waiting(struct log *log, struct log_waiting *waiting)
{
    log->first = waiting->next;
    if (log->first == NULL)
        log->last = NULL;
    log->waiting--;
    pthread_mutex_unlock(&log->mutex);
    log->write(waiting->level, waiting->line, log->userdata);
    free(waiting);
    pthread_mutex_lock(&log->mutex);
}

static void write_lost(struct log *log)
{
    char line[100];

    snprintf(line, sizeof line, "%lu log lines are lost: they came while another one was being taken",
             log->lost);
    log->lost = 0;
    pthread_mutex_unlock(&log->mutex);
    log->write(LOG_WARNING_LEVEL, line, log->userdata);
    pthread_mutex_lock(&log->mutex);
}

/* One thread at a time is in the host's function, without the mutex. Whoever comes meanwhile, also from inside of that function,
   leaves the line behind and goes on: nobody waits for a host that may be waiting for him. */
static void write_line(struct log *log, int level, const char *line)
{
    pthread_mutex_lock(&log->mutex);
    if (log->writing) {
        leave(log, level, line);
        pthread_mutex_unlock(&log->mutex);
        return;
    }
    log->writing = true;
    pthread_mutex_unlock(&log->mutex);
    log->write(level, line, log->userdata);
    pthread_mutex_lock(&log->mutex);
    while (log->first != NULL || log->lost > 0) {
        if (log->first != NULL)
            write_waiting(log, log->first);
        else
            write_lost(log);
    }
    log->writing = false;
    pthread_mutex_unlock(&log->mutex);
}

void log_line(struct log *log, int level, const char *format, ...)
{
    if (log == NULL || log->write == NULL)
        return;
    char short_line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(short_line, sizeof short_line, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;

    char *long_line = NULL;
    if ((size_t)length >= sizeof short_line && (long_line = malloc((size_t)length + 1)) != NULL) {
        va_start(arguments, format);
        vsnprintf(long_line, (size_t)length + 1, format, arguments);
        va_end(arguments);
    }
    char *line = long_line != NULL ? long_line : short_line;
    utf8_blank(line);
    write_line(log, level, line);
    free(long_line);
}
