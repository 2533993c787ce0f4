/* Ids: valid is what a pattern says, and a new one always is. */
#include "base/id.h"
#include "fuzz/fuzz.h"

static bool matches(const char *text)
{
    static const char pattern[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(text) != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < sizeof pattern - 1; i++)
        if (pattern[i] == '-' ? text[i] != '-' : strchr("0123456789abcdef", text[i]) == NULL)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);
    char last[13], id[ID_SIZE];
    int64_t now = 0;

    REQUIRE(id_is_valid(string) == matches(string));
    if (id_is_valid(string)) {
        id_short(string, last);
        REQUIRE(strlen(last) == 12 && strcmp(last, string + strlen(string) - 12) == 0);
    }
    free(string);
    memcpy(&now, data, size < sizeof now ? size : sizeof now);
    id_new(now & INT64_C(0xffffffffffff), id);
    REQUIRE(matches(id) && id_is_valid(id) && id[14] == '7');
    return 0;
}
