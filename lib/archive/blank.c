#include "archive/blank.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 10u
#define EXTRA 6u /* XLEN, and the head of the one subfield that XLEN is made of */
#define TAIL 10u /* a last block that is empty, CRC-32 and length of nothing */

/* RFC 1952, 2.3: magic, deflate, flags, no time, no more of the compressor, system unknown. */
enum { FLAGS = 3, FEXTRA = 4, FCOMMENT = 16 };
static const unsigned char head[HEAD] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
static const unsigned char tail[TAIL] = {3, 0};

size_t blank_next(size_t count)
{
    if (count <= BLANK_MAX)
        return count;
    return count - BLANK_MIN < BLANK_MAX ? count - BLANK_MIN : BLANK_MAX;
}

static void little_endian(unsigned char *bytes, size_t value)
{
    bytes[0] = (unsigned char)(value & 0xff);
    bytes[1] = (unsigned char)(value >> 8);
}

/* An extra field is made of whole subfields: where there is no room for the head of one, a comment of spaces pads. */
static void fill_one(unsigned char *bytes, size_t count)
{
    size_t padding = count - HEAD - TAIL;

    memcpy(bytes, head, HEAD);
    if (padding >= EXTRA) {
        bytes[FLAGS] = FEXTRA;
        memset(bytes + HEAD, 0, padding);
        little_endian(bytes + HEAD, padding - 2);
        memcpy(bytes + HEAD + 2, "bl", 2);
        little_endian(bytes + HEAD + 4, padding - EXTRA);
    } else if (padding > 0) {
        bytes[FLAGS] = FCOMMENT;
        memset(bytes + HEAD, ' ', padding);
        bytes[HEAD + padding - 1] = '\0';
    }
    memcpy(bytes + HEAD + padding, tail, TAIL);
}

void blank_fill(void *bytes, size_t count)
{
    unsigned char *at = bytes;

    while (count > 0) {
        size_t one = blank_next(count);

        fill_one(at, one);
        at += one;
        count -= one;
    }
}

cutover_status blank_sha256(size_t count, unsigned char digest[SHA256_SIZE], cutover_error **error)
{
    unsigned char *blank = malloc(count);

    if (blank == NULL)
        return error_nomem(error);
    fill_one(blank, count);
    cutover_status status = sha256_bytes_of(blank, count, digest, error);
    free(blank);
    return status;
}
