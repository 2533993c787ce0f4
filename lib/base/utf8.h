/*
 * UTF-8: what is a character, as RFC 3629 has it (no surrogates, no overlong forms); and here no NUL either.
 */
#ifndef CUTOVER_BASE_UTF8_H
#define CUTOVER_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_SIZE_MAX 4 /* bytes of a character */

/* Makes a string valid UTF-8 where it stands: each byte that belongs to no character becomes "?". Its length. */
size_t utf8_repair(char *string);
/* Counts code points of valid UTF-8 (RFC 3629: no surrogates, no overlong forms, no NUL in `count` bytes). */
bool utf8_count(const char *bytes, size_t count, size_t *characters);
/* The character at text[*at], which is valid UTF-8; *at moves behind it. */
uint32_t utf8_character(const char *text, size_t *at);

/* The size in bytes of the character that `bytes` begin with, and which it is; 0: they begin with none. */
size_t utf8_next(const char *bytes, size_t count, uint32_t *code_point);
/* Whether a terminal or whoever reads a log would act upon it instead of showing it: C0 and C1 controls, DEL, separators of lines
   and paragraphs, bidirectional formatting (UAX #9). */
bool utf8_acts(uint32_t code_point);
/* Whether it is white space (the property White_Space of Unicode 15). */
bool utf8_is_space(uint32_t code_point);
/* Every byte of a character that is acted upon, and every one that belongs to none, becomes a space, where it stands. */
void utf8_blank(char *string);

#endif
