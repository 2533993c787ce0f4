/*
 * Growing byte strings. A text that ran out of memory remembers it: build a whole string, then check
 * text_failed() once.
 */
#ifndef CUTOVER_BASE_TEXT_H
#define CUTOVER_BASE_TEXT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *bytes; /* NUL-terminated at length whenever not NULL */
    size_t length;
    size_t capacity;
    bool failed;
};

#define TEXT_INIT                                                                                              \
    {                                                                                                          \
        NULL, 0, 0, false                                                                                      \
    }

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t count);
void text_add_format(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);
/* What others wrote, for a terminal: what would be acted upon (utf8_acts()) and bytes of no character become \n, \t, \r, \u009b,
   \xff. */
void text_add_visible(struct text *text, const char *string);
bool text_reserve(struct text *text, size_t extra);
void text_clear(struct text *text); /* length 0, memory kept */
void text_free(struct text *text);
bool text_failed(const struct text *text);
/* The string, owned by the caller now ("" when empty); NULL when memory ran out. The text is empty again. */
char *text_take(struct text *text);
/* The string so far, never NULL. */
const char *text_string(const struct text *text);

/* Checks a field: valid UTF-8 of min to max characters. CUTOVER_E_INVALID names field, bound and length. NULL is
   CUTOVER_E_INVALID when min > 0, else OK. */
cutover_status text_check(const char *field, const char *value, size_t min, size_t max, cutover_error **error);
/* Whether there is nothing to read in it: NULL, empty, or white space alone. */
bool text_is_blank(const char *string);
/* strdup that takes NULL: *copy becomes NULL. */
cutover_status string_copy(const char *string, char **copy, cutover_error **error);

#endif
