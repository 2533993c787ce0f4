/* SHA-256: the values of FIPS 180-4's examples, in one piece and in several. */
#include "base/sha256.h"
#include "support/check.h"

#define OF_NOTHING "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define OF_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void it_is_the_standard_one(void **state)
{
    cutover_error *error = NULL;
    char hex[SHA256_HEX_SIZE];

    (void)state;
    check_ok(sha256_of("abc", 3, hex, &error), error);
    assert_string_equal(hex, OF_ABC);
    check_ok(sha256_of("", 0, hex, &error), error);
    assert_string_equal(hex, OF_NOTHING);
}

static void pieces_count_as_the_whole(void **state)
{
    struct sha256 *sha256 = NULL;
    cutover_error *error = NULL;
    char hex[SHA256_HEX_SIZE];

    (void)state;
    check_ok(sha256_start(&sha256, &error), error);
    check_ok(sha256_add(sha256, "a", 1, &error), error);
    check_ok(sha256_add(sha256, "", 0, &error), error);
    check_ok(sha256_add(sha256, "bc", 2, &error), error);
    check_ok(sha256_end(sha256, hex, &error), error);
    sha256_free(sha256);
    assert_string_equal(hex, OF_ABC);
    sha256_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_the_standard_one),
        cmocka_unit_test(pieces_count_as_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
