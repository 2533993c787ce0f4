/* cutoverctl's durations and times: a duration is positive and at most 100 years, a time that the library takes is the
   same moment to the tool. */
#include "../examples/cutoverctl/cutoverctl.h"

#include "base/clock.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    stderr = fopen("/dev/null", "w"); /* what is wrong with each input */
    REQUIRE(stderr != NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);
    struct tool tool = {.home = NULL};
    int64_t duration = -4711, at = -4711, expected = 0;

    if (parse_duration(&tool, string, &duration))
        REQUIRE(duration >= 1000000 && duration <= 100 * INT64_C(31557600) * 1000000);
    else
        REQUIRE(duration == -4711);
    if (parse_time(&tool, string, &at))
        REQUIRE(at > 0 && at <= INT64_C(253402300799999999));
    else
        REQUIRE(at == -4711);
    if (time_parse(string, &expected) && expected > 0) /* 0 stands for none */
        REQUIRE(at == expected);
    free(string);
    return 0;
}
