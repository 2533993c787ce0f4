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

size_t utf8_next(const char *bytes, size_t count, uint32_t *code_point)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    const unsigned char *at = (const unsigned char *)bytes;
    size_t size = character_size(at, count);

    if (size == 0)
        return 0;
    *code_point = at[0] & lead_bits[size];
    for (size_t i = 1; i < size; i++)
        *code_point = *code_point << 6 | (at[i] & 0x3F);
    return size;
}

struct range {
    uint32_t first, last;
};

static bool is_in(uint32_t code_point, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    }
    return false;
}

bool utf8_acts(uint32_t code_point)
{
    static const struct range ranges[] = {
        {0x00, 0x1F},     /* C0 */
        {0x7F, 0x9F},     /* DEL, C1 */
        {0x061C, 0x061C}, /* Arabic letter mark */
        {0x200E, 0x200F}, /* left-to-right and right-to-left mark */
        {0x2028, 0x202E}, /* separators of lines and paragraphs; embeddings and overrides */
        {0x2066, 0x2069}, /* isolates */
    };

    return is_in(code_point, ranges, sizeof ranges / sizeof *ranges);
}

bool utf8_is_space(uint32_t code_point)
{
    static const struct range ranges[] = {
        {0x09, 0x0D},     {0x20, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},     {0x1680, 0x1680},
        {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
    };

    return is_in(code_point, ranges, sizeof ranges / sizeof *ranges);
}

void utf8_blank(char *string)
{
    size_t length = strlen(string);

    for (size_t at = 0; at < length;) {
        uint32_t code_point;
        size_t size = utf8_next(string + at, length - at, &code_point);
        if (size == 0 || utf8_acts(code_point))
            memset(string + at, ' ', size > 0 ? size : 1);
        at += size > 0 ? size : 1;
    }
}
