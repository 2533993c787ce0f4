#include "base/log.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void write_line(struct log *log, int level, char *line)
{
    utf8_blank(line);
    pthread_mutex_lock(&log->mutex);
    log->write(level, line, log->userdata);
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
    write_line(log, level, long_line != NULL ? long_line : short_line);
    free(long_line);
}
