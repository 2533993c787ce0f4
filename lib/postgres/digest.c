#include "postgres/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static void add(struct digest *digest, uint64_t rows, uint64_t low, uint64_t high)
{
    digest->rows += rows;
    digest->low += low;
    digest->high += high + (digest->low < low ? 1 : 0);
}

void digest_row(struct digest *digest, const void *line, size_t length)
{
    XXH128_hash_t hash = XXH3_128bits(line, length);

    add(digest, 1, hash.low64, hash.high64);
}

void digest_add(struct digest *digest, const struct digest *part)
{
    add(digest, part->rows, part->low, part->high);
}

void digest_lines(struct digest *digest, const char *bytes, size_t count)
{
    while (count > 0) {
        const char *end = memchr(bytes, '\n', count);
        size_t length = end != NULL ? (size_t)(end - bytes) : count;
        size_t taken = end != NULL ? length + 1 : length;

        digest_row(digest, bytes, length);
        bytes += taken;
        count -= taken;
    }
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
    return a->rows == b->rows && a->low == b->low && a->high == b->high;
}

void digest_format(const struct digest *digest, char text[DIGEST_TEXT_SIZE])
{
    snprintf(text, DIGEST_TEXT_SIZE, "%" PRIu64 ":%016" PRIx64 "%016" PRIx64, digest->rows, digest->high,
             digest->low);
}

static bool parse_rows(const char *text, size_t length, uint64_t *rows)
{
    uint64_t value = 0;

    if (length == 0 || (length > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < length; i++) {
        unsigned digit = (unsigned)(text[i] - '0');

        if (text[i] < '0' || text[i] > '9' || value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *rows = value;
    return true;
}

static bool parse_hex(const char *text, uint64_t *value)
{
    uint64_t found = 0;

    for (int i = 0; i < 16; i++) {
        unsigned digit;

        if (text[i] >= '0' && text[i] <= '9')
            digit = (unsigned)(text[i] - '0');
        else if (text[i] >= 'a' && text[i] <= 'f')
            digit = (unsigned)(text[i] - 'a') + 10;
        else
            return false;
        found = found << 4 | digit;
    }
    *value = found;
    return true;
}

bool digest_parse(const char *text, struct digest *digest)
{
    struct digest found;
    const char *colon = text != NULL ? strchr(text, ':') : NULL;

    if (colon == NULL || strlen(colon + 1) != 32)
        return false;
    if (!parse_rows(text, (size_t)(colon - text), &found.rows) || !parse_hex(colon + 1, &found.high) ||
        !parse_hex(colon + 17, &found.low))
        return false;
    *digest = found;
    return true;
}
