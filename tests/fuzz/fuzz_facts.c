/* Catalog facts: two texts, with a NUL between them. Each difference is one line, there are none exactly between equal
   texts, and it does not matter which comes first. */
#include "fuzz/fuzz.h"
#include "postgres/catalog/facts.h"

static size_t compare(const char *first, const char *second, size_t limit, char **differences)
{
    cutover_error *error = NULL;
    size_t count = 4711;

    fuzz_settle(
        catalog_facts_compare(first, second, "the first", "the second", limit, differences, &count, &error),
        error);
    return count;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static bool same_lines(const char *first, const char *second)
{
    size_t a = strlen(first), b = strlen(second);

    a -= a > 0 && first[a - 1] == '\n';
    b -= b > 0 && second[b - 1] == '\n';
    return (first[0] == '\0') == (second[0] == '\0') && a == b && memcmp(first, second, a) == 0;
}

static void require_limited(const char *first, const char *second, size_t limit, size_t expected)
{
    char *differences = NULL;
    size_t characters = 0;

    REQUIRE(compare(first, second, limit, &differences) == expected);
    REQUIRE(lines_of(differences) == (expected > limit ? limit + 1 : expected));
    if (utf8_count(first, strlen(first), &characters) && utf8_count(second, strlen(second), &characters))
        fuzz_require_utf8(differences);
    free(differences);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *first = fuzz_string(data, size), *differences = NULL;
    size_t used = strlen(first) < size ? strlen(first) + 1 : size;
    char *second = fuzz_string(data + used, size - used);
    size_t count = compare(first, second, SIZE_MAX, &differences);

    REQUIRE((count == 0) == same_lines(first, second));
    REQUIRE((count == 0) == (differences[0] == '\0') && lines_of(differences) == count);
    free(differences);
    require_limited(first, second, 0, count);
    require_limited(first, second, 3, count);
    require_limited(second, first, 3, count);
    require_limited(first, first, 3, 0);
    free(first);
    free(second);
    return 0;
}
