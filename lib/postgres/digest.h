/*
 * Content digests: row count and the sum modulo 2^128 of XXH3-128 over each row: its COPY text line
 * (without newline), or its bytes in a binary COPY.
 * Independent of order, counts duplicates, parts add up.
 */
#ifndef CUTOVER_POSTGRES_DIGEST_H
#define CUTOVER_POSTGRES_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    uint64_t rows;
    uint64_t low, high;
};

#define DIGEST_INIT                                                                                            \
    {                                                                                                          \
        0, 0, 0                                                                                                \
    }
#define DIGEST_TEXT_SIZE 64 /* "rows:32 hex digits" and NUL */

void digest_row(struct digest *digest, const void *line, size_t length); /* length without the newline */
void digest_add(struct digest *digest, const struct digest *part);
/* Every line of COPY text bytes that end at a row's end. */
void digest_lines(struct digest *digest, const char *bytes, size_t count);
bool digest_equal(const struct digest *a, const struct digest *b);
void digest_format(const struct digest *digest, char text[DIGEST_TEXT_SIZE]);
bool digest_parse(const char *text, struct digest *digest);

#endif
