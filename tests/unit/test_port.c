/* The rule of structs that grow, on one that did. */
#include "base/port.h"
#include "support/check.h"

#include <stdint.h>
#include <string.h>

struct thing {
    unsigned version;
    uint32_t size;
    const char *name;
    /* since 2 */
    const char *colour;
    /* since 3 */
    void (*paint)(void);
    uint32_t coats;
};

static void paint(void)
{
}

static const struct thing initial = {3, 7, NULL, "white", NULL, 1};
static const size_t older[] = {PORT_SIZE(struct thing, name), PORT_SIZE(struct thing, colour)};
static const struct port_member required[] = {
    {"name", offsetof(struct thing, name), 1},
    {"paint", offsetof(struct thing, paint), 3},
    {NULL, 0, 0},
};
static const struct port thing_port = {&initial, sizeof(struct thing), 3, older, required};

/* A struct whose bytes are all the same, and a version. */
static struct thing filled(unsigned char byte, unsigned version)
{
    struct thing thing;

    memset(&thing, byte, sizeof(thing));
    thing.version = version;
    return thing;
}

static void check_untouched_behind(const struct thing *thing, size_t size, unsigned char byte)
{
    for (size_t i = size; i < sizeof(*thing); i++)
        assert_int_equal(((const unsigned char *)thing)[i], byte);
}

static void init_fills_what_the_version_has(void **state)
{
    const size_t sizes[] = {older[0], older[1], sizeof(struct thing)};

    (void)state;
    for (unsigned version = 1; version <= 3; version++) {
        struct thing thing = filled(0x5a, 99);
        assert_int_equal(port_init(&thing_port, &thing, version), CUTOVER_OK);
        assert_int_equal(thing.version, version);
        assert_int_equal(thing.size, 7);
        assert_null(thing.name);
        if (version >= 2)
            assert_string_equal(thing.colour, "white");
        if (version >= 3)
            assert_int_equal(thing.coats, 1);
        check_untouched_behind(&thing, sizes[version - 1], 0x5a);
    }
}

static void init_of_an_unknown_version_touches_nothing(void **state)
{
    struct thing thing = filled(0x5a, 99), before;

    (void)state;
    memcpy(&before, &thing, sizeof(thing));
    assert_int_equal(port_init(&thing_port, &thing, 0), CUTOVER_E_UNSUPPORTED);
    assert_int_equal(port_init(&thing_port, &thing, 4), CUTOVER_E_UNSUPPORTED);
    assert_int_equal(port_init(&thing_port, NULL, 1), CUTOVER_E_INVALID);
    assert_memory_equal(&thing, &before, sizeof(thing));
}

static void copy_takes_what_the_version_has_and_the_rest_is_initial(void **state)
{
    struct thing given = filled(0x5a, 1), copy;
    cutover_error *error = NULL;

    (void)state;
    given.size = 3;
    given.name = "door";
    check_ok(port_copy(&thing_port, "options.thing", &given, &copy, &error), error);
    assert_int_equal(copy.version, 1);
    assert_int_equal(copy.size, 3);
    assert_string_equal(copy.name, "door");
    assert_string_equal(copy.colour, "white");
    assert_null(copy.paint);
    assert_int_equal(copy.coats, 1);
    given.version = 2;
    given.colour = "red";
    check_ok(port_copy(&thing_port, "options.thing", &given, &copy, &error), error);
    assert_int_equal(copy.version, 2);
    assert_string_equal(copy.colour, "red");
    assert_null(copy.paint);
    given.version = 3;
    given.paint = paint;
    given.coats = 5;
    check_ok(port_copy(&thing_port, "options.thing", &given, &copy, &error), error);
    assert_ptr_equal(copy.paint, paint);
    assert_int_equal(copy.coats, 5);
}

static void check_refused(const struct thing *given, cutover_status expected, const char *message)
{
    struct thing copy;
    cutover_error *error = NULL;

    check_status_keep(port_copy(&thing_port, "options.thing", given, &copy, &error), expected, error);
    assert_string_equal(cutover_error_message(error), message);
    cutover_error_free(error);
}

static void what_is_missing_is_named(void **state)
{
    struct thing given = initial;

    (void)state;
    check_refused(NULL, CUTOVER_E_INVALID, "options.thing: required");
    check_refused(&given, CUTOVER_E_INVALID, "options.thing.name: required");
    given.name = "door";
    check_refused(&given, CUTOVER_E_INVALID, "options.thing.paint: required");
    given.version = 4;
    check_refused(&given, CUTOVER_E_UNSUPPORTED, "options.thing.version: 4, this library knows 1 to 3");
    given.version = 0;
    check_refused(&given, CUTOVER_E_UNSUPPORTED, "options.thing.version: 0, this library knows 1 to 3");
}

static void fill_and_reset_write_what_the_version_has(void **state)
{
    const struct thing whole = {3, 3, "door", "red", paint, 5};
    struct thing thing = filled(0x5a, 2);

    (void)state;
    port_fill(&thing_port, &whole, &thing);
    assert_int_equal(thing.version, 2);
    assert_int_equal(thing.size, 3);
    assert_string_equal(thing.colour, "red");
    check_untouched_behind(&thing, older[1], 0x5a);
    port_reset(&thing_port, &thing);
    assert_int_equal(thing.version, 2);
    assert_null(thing.name);
    assert_string_equal(thing.colour, "white");
    check_untouched_behind(&thing, older[1], 0x5a);
    memset(&thing, 0, sizeof(thing));
    port_reset(&thing_port, &thing);
    check_untouched_behind(&thing, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_fills_what_the_version_has),
        cmocka_unit_test(init_of_an_unknown_version_touches_nothing),
        cmocka_unit_test(copy_takes_what_the_version_has_and_the_rest_is_initial),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(fill_and_reset_write_what_the_version_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
