/*
 * UTF-8: what is a character, as RFC 3629 has it (no surrogates, no overlong forms); and here no NUL either.
 */
#ifndef CUTOVER_BASE_UTF8_H
#define CUTOVER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Makes a string valid UTF-8 where it stands: each byte that belongs to no character becomes "?". Its length. */
size_t utf8_repair(char *string);
/* Counts code points of valid UTF-8 (RFC 3629: no surrogates, no overlong forms, no NUL in `count` bytes). */
bool utf8_count(const char *bytes, size_t count, size_t *characters);

#endif
