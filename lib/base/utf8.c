#include "base/utf8.h"

#include <string.h>

/* How many bytes the character at the start of `bytes` has; 0 when there is none (RFC 3629, section 4). */
static size_t character_size(const unsigned char *bytes, size_t count)
{
    unsigned char lead = bytes[0];
    unsigned char low = 0x80, high = 0xBF; /* bounds of the second byte */
    size_t size;

    if (lead < 0x80)
        return lead != 0 ? 1 : 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        if (lead == 0xE0)
            low = 0xA0;
        else if (lead == 0xED)
            high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        if (lead == 0xF0)
            low = 0x90;
        else if (lead == 0xF4)
            high = 0x8F;
    } else {
        return 0;
    }
    if (count < size || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xBF)
            return 0;
    return size;
}

bool utf8_count(const char *bytes, size_t count, size_t *characters)
{
    size_t found = 0;
    for (size_t at = 0; at < count; found++) {
        size_t size = character_size((const unsigned char *)bytes + at, count - at);
        if (size == 0)
            return false;
        at += size;
    }
    *characters = found;
    return true;
}

size_t utf8_repair(char *string)
{
    size_t length = strlen(string);
    for (size_t at = 0; at < length;) {
        size_t size = character_size((const unsigned char *)string + at, length - at);
        if (size == 0) {
            string[at] = '?';
            size = 1;
        }
        at += size;
    }
    return length;
}
