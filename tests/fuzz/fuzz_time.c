/* Times: what is read is written as the same moment, in the C library's calendar, within the years that RFC 3339 has. */
#include "base/clock.h"
#include "fuzz/fuzz.h"

#include <time.h>

#define LAST INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

static void require_round_trip(int64_t at)
{
    char text[TIME_TEXT_SIZE], again[TIME_TEXT_SIZE];
    int64_t found = -1;

    time_format(at, text);
    REQUIRE(strlen(text) == TIME_TEXT_SIZE - 1 && time_parse(text, &found));
    REQUIRE(found == (at < 0 ? 0 : at > LAST ? LAST : at));
    struct tm parts;
    time_t seconds = (time_t)(found / 1000000);
    REQUIRE(gmtime_r(&seconds, &parts) != NULL);
    REQUIRE(strftime(again, sizeof again, "%Y-%m-%dT%H:%M:%S", &parts) == 19 && memcmp(again, text, 19) == 0);
    time_format(found, again);
    REQUIRE(strcmp(text, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = fuzz_string(data, size);
    int64_t at = -4711;

    if (time_parse(string, &at)) {
        REQUIRE(at >= 0 && at <= LAST && strlen(string) >= 20 && strlen(string) <= 32);
        require_round_trip(at);
    } else {
        REQUIRE(at == -4711);
    }
    free(string);
    at = 0;
    memcpy(&at, data, size < sizeof at ? size : sizeof at);
    require_round_trip(at);
    return 0;
}
