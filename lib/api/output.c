#include "api/output.h"

#include <cutover.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void output_begin(struct output *output)
{
    output->buffer = printbuf_new();
}

void output_free(struct output *output)
{
    if (output->buffer != NULL)
        printbuf_free(output->buffer);
    output->buffer = NULL;
}

const char *output_text(const struct output *output)
{
    return output->buffer == NULL ? NULL : output->buffer->buf;
}

static void add(struct output *output, const char *text)
{
    if (output->buffer == NULL)
        return;
    if (printbuf_memappend(output->buffer, text, (int)strlen(text)) < 0)
        output_free(output);
}

/* A comma, unless it is the first within its brackets, the value of a member, or what a line of a stream begins with. */
static void separate(struct output *output)
{
    if (output->buffer == NULL || output->buffer->bpos == 0)
        return;
    if (strchr("{[: ", output->buffer->buf[output->buffer->bpos - 1]) == NULL)
        add(output, ",");
}

void output_open(struct output *output, char bracket)
{
    separate(output);
    add(output, (const char[]){bracket, '\0'});
}

void output_close(struct output *output, char bracket)
{
    add(output, (const char[]){bracket, '\0'});
}

void output_key(struct output *output, const char *name)
{
    separate(output);
    add(output, "\"");
    add(output, name);
    add(output, "\":");
}

void output_json(struct output *output, const char *json)
{
    separate(output);
    add(output, json == NULL ? "null" : json);
}

const char *json_print(struct json_object *value)
{
    errno = 0;
    const char *json = json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE);
    return errno == ENOMEM || errno == EFBIG ? NULL : json;
}

void output_string(struct output *output, const char *text)
{
    struct json_object *value = text == NULL ? NULL : json_object_new_string(text);
    const char *json = value == NULL ? NULL : json_print(value);

    if (text != NULL && json == NULL)
        output_free(output);
    output_json(output, json);
    json_object_put(value);
}

void output_put(struct output *output, const char *name, const char *text)
{
    output_key(output, name);
    output_string(output, text);
}

void output_put_json(struct output *output, const char *name, const char *json)
{
    output_key(output, name);
    output_json(output, json);
}

void output_put_time(struct output *output, const char *name, int64_t time)
{
    char text[CUTOVER_TIME_SIZE];

    output_put(output, name, time == 0 ? NULL : cutover_time_text(time, text));
}

void output_put_count(struct output *output, const char *name, uint64_t count)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, count);
    output_put_json(output, name, text);
}

void output_put_flag(struct output *output, const char *name, bool flag)
{
    output_put_json(output, name, flag ? "true" : "false");
}

void output_put_double(struct output *output, const char *name, double value)
{
    struct json_object *number = json_object_new_double(value);

    if (number == NULL)
        output_free(output);
    output_put_value(output, name, number);
    json_object_put(number);
}

void output_put_value(struct output *output, const char *name, struct json_object *value)
{
    const char *json = value == NULL ? NULL : json_print(value);

    if (value != NULL && json == NULL)
        output_free(output);
    output_put_json(output, name, json);
}

void window_begin(struct window *window, const char *cursor, uint64_t limit)
{
    *window = (struct window){.cursor = cursor != NULL && *cursor != '\0' ? cursor : NULL, .limit = limit};
    output_begin(&window->output);
    output_open(&window->output, '{');
    output_key(&window->output, "items");
    output_open(&window->output, '[');
}

bool window_has(struct window *window, const char *key)
{
    if (window->cursor != NULL) {
        if (strcmp(key, window->cursor) == 0)
            window->cursor = NULL;
        return false;
    }
    if (window->count == window->limit) {
        window->more = true;
        return false;
    }
    window->count++;
    snprintf(window->last, sizeof window->last, "%s", key);
    return true;
}

bool window_follows(struct window *window, const char *key)
{
    if (window->cursor != NULL && strcmp(key, window->cursor) <= 0)
        return false;
    window->cursor = NULL;
    return window_has(window, key);
}

void window_end(struct window *window)
{
    output_close(&window->output, ']');
    output_put(&window->output, "next_cursor", window->more ? window->last : NULL);
    output_close(&window->output, '}');
}
