#include "postgres/preflight/releases.h"
#include "postgres/version.h"
#include "support/check.h"

#include <string.h>

/* Which minor releases are known to have holes. */

static void expect(enum release_program program, int version, const char *identifiers, int right)
{
    struct text found = TEXT_INIT;

    assert_int_equal(release_holes(program, version, &found), right);
    assert_string_equal(text_string(&found), identifiers);
    text_free(&found);
}

static void a_hole_is_named_up_to_the_release_that_is_without_it(void **state)
{
    (void)state;
    expect(RELEASE_PG_RESTORE, 150019, "CVE-2026-116314", 20);
    expect(RELEASE_PG_RESTORE, 150020, "", 0);
    expect(RELEASE_PG_RESTORE, 150021, "", 0);
    expect(RELEASE_PG_DUMP, 140018, "CVE-2025-8714, CVE-2025-8715, CVE-2026-18408, CVE-2026-19385", 24);
    expect(RELEASE_PG_DUMP, 140019, "CVE-2026-18408, CVE-2026-19385", 24);
    expect(RELEASE_SERVER, 150018, "CVE-2026-15741, CVE-2026-116316", 20);
    expect(RELEASE_SERVER, 150019, "CVE-2026-116316", 20);
}

/* A hole may be older than a major version, or as old as it. */
static void each_major_version_has_its_own_releases(void **state)
{
    (void)state;
    expect(RELEASE_SERVER, 140002,
           "CVE-2022-1552, CVE-2023-39417, CVE-2024-7348, CVE-2026-15741, CVE-2026-116316", 25);
    expect(RELEASE_SERVER, 150000, "CVE-2023-39417, CVE-2024-7348, CVE-2026-15741, CVE-2026-116316", 20);
    expect(RELEASE_SERVER, 160003, "CVE-2024-7348, CVE-2026-15741, CVE-2026-116316", 16);
    expect(RELEASE_SERVER, 170000, "CVE-2026-15741, CVE-2026-116316", 12);
    expect(RELEASE_PG_DUMP, 170005, "CVE-2025-8714, CVE-2025-8715, CVE-2026-18408, CVE-2026-19385", 11);
    expect(RELEASE_PG_DUMP, 180000, "CVE-2026-18408, CVE-2026-19385", 6);
    expect(RELEASE_PG_RESTORE, 180006, "CVE-2026-116314", 7);
    expect(RELEASE_SERVER, 180007, "", 0);
}

static void of_a_major_version_that_is_not_known_nothing_is_said(void **state)
{
    (void)state;
    expect(RELEASE_SERVER, (POSTGRES_NEWEST + 1) * 10000, "", 0);
    expect(RELEASE_PG_DUMP, (POSTGRES_OLDEST - 1) * 10000, "", 0);
    expect(RELEASE_PG_RESTORE, 0, "", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hole_is_named_up_to_the_release_that_is_without_it),
        cmocka_unit_test(each_major_version_has_its_own_releases),
        cmocka_unit_test(of_a_major_version_that_is_not_known_nothing_is_said),
    };

    return cmocka_run_group_tests_name("releases", tests, NULL, NULL);
}
