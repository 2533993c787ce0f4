#include "base/text.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_reserve(struct text *text, size_t extra)
{
    if (text->failed)
        return false;
    if (extra >= SIZE_MAX - text->length) {
        text->failed = true;
        return false;
    }
    size_t needed = text->length + extra + 1;
    if (needed <= text->capacity)
        return true;
    size_t capacity = text->capacity > 0 ? text->capacity : 64;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
    char *bytes = realloc(text->bytes, capacity);
    if (bytes == NULL) {
        text->failed = true;
        return false;
    }
    bytes[text->length] = '\0';
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t count)
{
    if (!text_reserve(text, count))
        return;
    if (count > 0)
        memcpy(text->bytes + text->length, bytes, count);
    text->length += count;
    text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *string)
{
    text_add_bytes(text, string, strlen(string));
}

void text_add_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (count < 0) {
        text->failed = true;
        return;
    }
    if (!text_reserve(text, (size_t)count))
        return;
    va_start(arguments, format);
    vsnprintf(text->bytes + text->length, (size_t)count + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)count;
}

static void add_escaped(struct text *text, uint32_t code_point)
{
    if (code_point == '\n')
        text_add(text, "\\n");
    else if (code_point == '\t')
        text_add(text, "\\t");
    else if (code_point == '\r')
        text_add(text, "\\r");
    else
        text_add_format(text, "\\u%04x", (unsigned)code_point);
}

void text_add_visible(struct text *text, const char *string)
{
    size_t length = strlen(string);

    for (size_t at = 0; at < length;) {
        uint32_t code_point;
        size_t size = utf8_next(string + at, length - at, &code_point);
        if (size == 0)
            text_add_format(text, "\\x%02x", (unsigned)(unsigned char)string[at]);
        else if (utf8_acts(code_point))
            add_escaped(text, code_point);
        else
            text_add_bytes(text, string + at, size);
        at += size > 0 ? size : 1;
    }
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->failed = false;
    if (text->bytes != NULL)
        text->bytes[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text)TEXT_INIT;
}

bool text_failed(const struct text *text)
{
    return text->failed;
}

char *text_take(struct text *text)
{
    char *bytes = NULL;
    if (text_reserve(text, 0)) {
        bytes = text->bytes;
        text->bytes = NULL;
    }
    text_free(text);
    return bytes;
}

const char *text_string(const struct text *text)
{
    return text->bytes != NULL ? text->bytes : "";
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

cutover_status text_check(const char *field, const char *value, size_t min, size_t max, cutover_error **error)
{
    size_t characters = 0;
    if (value == NULL) {
        if (min == 0)
            return CUTOVER_OK;
        return error_set(error, CUTOVER_E_INVALID, "%s: missing, at least %zu character%s", field, min,
                         plural(min));
    }
    if (!utf8_count(value, strlen(value), &characters)) {
        error_set(error, CUTOVER_E_INVALID, "%s: not valid UTF-8", field);
        error_hint(error, "Convert the text to UTF-8 before it is given to the library.");
        return CUTOVER_E_INVALID;
    }
    if (characters < min)
        return error_set(error, CUTOVER_E_INVALID, "%s: %zu character%s, at least %zu", field, characters,
                         plural(characters), min);
    if (characters > max)
        return error_set(error, CUTOVER_E_INVALID, "%s: %zu character%s, at most %zu", field, characters,
                         plural(characters), max);
    return CUTOVER_OK;
}

bool text_is_blank(const char *string)
{
    size_t length = string != NULL ? strlen(string) : 0;

    for (size_t at = 0; at < length;) {
        uint32_t code_point;
        size_t size = utf8_next(string + at, length - at, &code_point);
        if (size == 0 || !utf8_is_space(code_point))
            return false;
        at += size;
    }
    return true;
}

cutover_status string_copy(const char *string, char **copy, cutover_error **error)
{
    char *made = NULL;
    if (string != NULL && (made = strdup(string)) == NULL)
        return error_nomem(error);
    *copy = made;
    return CUTOVER_OK;
}
