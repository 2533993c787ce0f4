#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_int threshold = CUTOVER_LOG_INFO;

void log_threshold(cutover_log_level level)
{
    threshold = (int)level;
}

bool log_takes(cutover_log_level level)
{
    return (int)level >= threshold;
}

static int64_t now_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t monotonic_now(void)
{
    return now_of(CLOCK_MONOTONIC);
}

int64_t wall_now(void)
{
    return now_of(CLOCK_REALTIME);
}

const char *wall_text(int64_t at, char text[WALL_TEXT_SIZE])
{
    time_t seconds = (time_t)(at / 1000000);
    struct tm parts;

    gmtime_r(&seconds, &parts);
    size_t length = strftime(text, WALL_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + length, WALL_TEXT_SIZE - length, ".%06dZ", (int)(at % 1000000));
    return text;
}

/* One write, so that lines of two threads, or of two daemons on one terminal, do not mix. */
static void write_line(struct json_object *line)
{
    size_t length = 0;
    const char *text = json_object_to_json_string_length(
        line, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    char stack[4096], *whole = length < sizeof stack ? stack : malloc(length + 1);

    if (whole == NULL)
        return;
    memcpy(whole, text, length);
    whole[length] = '\n';
    for (size_t at = 0; at < length + 1;) {
        ssize_t written = write(STDERR_FILENO, whole + at, length + 1 - at);
        if (written <= 0)
            break;
        at += (size_t)written;
    }
    if (whole != stack)
        free(whole);
}

void log_entry(cutover_log_level level, const char *message, struct json_object *members)
{
    static const char *const levels[] = {"", "debug", "info", "warning", "error"};
    char at[WALL_TEXT_SIZE];
    struct json_object *line = log_takes(level) ? json_object_new_object() : NULL;

    if (line != NULL) {
        json_object_object_add(line, "at", json_object_new_string(wall_text(wall_now(), at)));
        json_object_object_add(line, "level", json_object_new_string(levels[level]));
        json_object_object_add(line, "message", json_object_new_string(message));
        if (members != NULL) {
            json_object_object_foreach(members, name, value)
            {
                json_object_object_add(line, name, json_object_get(value));
            }
        }
        write_line(line);
    }
    json_object_put(line);
    json_object_put(members);
}

void log_text(cutover_log_level level, const char *format, ...)
{
    char text[1000];
    va_list arguments;

    if (!log_takes(level))
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_entry(level, text, NULL);
}

void log_error(const char *what, cutover_error *error)
{
    struct json_object *members = json_object_new_object();
    const struct {
        const char *name, *value;
    } texts[] = {
        {"code", cutover_status_name(cutover_error_code(error))},
        {"error", cutover_error_message(error)},
        {"detail", cutover_error_detail(error)},
        {"hint", cutover_error_hint(error)},
    };

    for (size_t i = 0; members != NULL && i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value != NULL)
            json_object_object_add(members, texts[i].name, json_object_new_string(texts[i].value));
    log_entry(CUTOVER_LOG_ERROR, what, members);
    cutover_error_free(error);
}

void log_engine(cutover_log_level level, const char *line, void *userdata)
{
    (void)userdata;
    log_entry(level, line, NULL);
}
