/* Digests: a text that is taken is the text that is written; rows may be counted in one go or in parts. */
#include "fuzz/fuzz.h"
#include "postgres/digest.h"

static void require_parts_add_up(const char *bytes, size_t count)
{
    struct digest whole = DIGEST_INIT, parts = DIGEST_INIT, again;
    char text[DIGEST_TEXT_SIZE];

    digest_lines(&whole, bytes, count);
    for (size_t at = 0; at < count;) {
        const char *end = memchr(bytes + at, '\n', count - at);
        size_t next = end != NULL ? (size_t)(end - bytes) + 1 : count;
        struct digest part = DIGEST_INIT;
        digest_lines(&part, bytes + at, next - at);
        REQUIRE(part.rows == 1);
        digest_add(&parts, &part);
        at = next;
    }
    REQUIRE(digest_equal(&whole, &parts));
    digest_format(&whole, text);
    REQUIRE(digest_parse(text, &again) && digest_equal(&whole, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct digest digest = {4711, 4712, 4713};
    char text[DIGEST_TEXT_SIZE];
    char *string = fuzz_string(data, size);

    if (digest_parse(string, &digest)) {
        digest_format(&digest, text);
        REQUIRE(strcmp(text, string) == 0);
    } else {
        REQUIRE(digest.rows == 4711 && digest.low == 4712 && digest.high == 4713);
    }
    free(string);
    require_parts_add_up((const char *)data, size);
    return 0;
}
