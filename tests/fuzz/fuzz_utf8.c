/* UTF-8, held against a decoder that is written otherwise: by the value that a sequence stands for. */
#include "fuzz/fuzz.h"

/* How many bytes the character has that begins here, 0 for none. */
static size_t decode(const unsigned char *bytes, size_t count)
{
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    size_t size = bytes[0] < 0x80       ? 1
                  : bytes[0] >> 5 == 6  ? 2
                  : bytes[0] >> 4 == 14 ? 3
                  : bytes[0] >> 3 == 30 ? 4
                                        : 0;
    uint32_t value;

    if (size == 0 || size > count)
        return 0;
    value = size == 1 ? bytes[0] : bytes[0] & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if (bytes[i] >> 6 != 2)
            return 0;
        value = value << 6 | (bytes[i] & 0x3fu);
    }
    return value < least[size] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? 0 : size;
}

static bool count_by_value(const unsigned char *bytes, size_t count, size_t *characters)
{
    *characters = 0;
    for (size_t at = 0, size; at < count; at += size, ++*characters)
        if ((size = decode(bytes + at, count - at)) == 0)
            return false;
    return true;
}

static void require_check(const char *string, bool valid, size_t characters)
{
    for (size_t min = 0; min < 4; min++) {
        for (size_t max = min; max < 12; max += 4) {
            cutover_error *error = NULL;
            cutover_status status = text_check("note", string, min, max, &error);
            REQUIRE((status == CUTOVER_OK) == (valid && characters >= min && characters <= max));
            REQUIRE(status == CUTOVER_OK || status == CUTOVER_E_INVALID);
            fuzz_settle(status, error);
        }
    }
}

/* A repaired string is valid, as long as it was, differs only in "?", and is itself where nothing was wrong. */
static void require_repair(char *string, bool valid)
{
    char *before = strdup(string);
    size_t length = strlen(string), characters = 0;

    REQUIRE(before != NULL && utf8_repair(string) == length && strlen(string) == length);
    REQUIRE(utf8_count(string, length, &characters));
    for (size_t i = 0; i < length; i++)
        REQUIRE(string[i] == before[i] || (string[i] == '?' && !valid && (before[i] & 0x80) != 0));
    free(before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t characters = 4711, expected = 0;
    bool valid = utf8_count((const char *)data, size, &characters);

    REQUIRE(valid == count_by_value(data, size, &expected));
    REQUIRE(characters == (valid ? expected : 4711));
    char *string = fuzz_string(data, size);
    valid = utf8_count(string, strlen(string), &characters);
    require_check(string, valid, characters);
    require_repair(string, valid);
    free(string);
    return 0;
}
