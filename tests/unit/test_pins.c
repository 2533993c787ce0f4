#include "postgres/pins.h"
#include "postgres/version.h"
#include "support/check.h"

#include <string.h>

static const char *options_for(struct pins_server server, const char *given)
{
    static char kept[8192];
    struct text options = TEXT_INIT;

    pins_add_options(&options, server, given);
    assert_false(text_failed(&options));
    assert_true(options.length < sizeof kept);
    memcpy(kept, text_string(&options), options.length + 1);
    text_free(&options);
    return kept;
}

static const char *packet(int version, bool superuser)
{
    return options_for((struct pins_server){version, superuser, false}, NULL);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in \"%s\"", part, text);
}

/* A name that one of them does not know would end the connection, as would one that the login may not set. */
static void server_of_which_nothing_is_known_gets_what_all_take(void **state)
{
    static const char *const not_everywhere[] = {
        "transaction_timeout",   "escape_string_warning",   "force_parallel_mode",
        "debug_parallel_query",  "createrole_self_grant",   "restrict_nonsystem_relation_kind",
        "debug_print_raw_parse", "event_triggers",          "lc_messages",
        "zero_damaged_pages",    "session_replication_role"};

    (void)state;
    check_contains(packet(0, false), "-c statement_timeout=0 ");
    for (size_t i = 0; i < sizeof not_everywhere / sizeof *not_everywhere; i++)
        assert_lacks(packet(0, false), not_everywhere[i]);
}

static void known_server_gets_what_its_version_has(void **state)
{
    (void)state;
    assert_lacks(packet(160000, false), "transaction_timeout");
    check_contains(packet(170000, false), "-c transaction_timeout=0 ");
    check_contains(packet(150000, false), "-c force_parallel_mode=off ");
    assert_lacks(packet(160000, false), "force_parallel_mode");
    check_contains(packet(160000, false), "-c debug_parallel_query=off ");
    check_contains(packet(180000, false), "escape_string_warning");
    assert_lacks(packet(190000, false), "escape_string_warning");
}

/* It ended the session before it said which it is: what a later one has no more ends the next one. */
static void server_of_which_the_least_is_known_gets_what_all_later_ones_take(void **state)
{
    const char *options = options_for((struct pins_server){170000, false, true}, NULL);

    (void)state;
    check_contains(options, "-c transaction_timeout=0 ");
    assert_lacks(options, "escape_string_warning");
}

/* It came to older versions with minor releases. */
static void minor_release_counts_where_a_setting_came_with_one(void **state)
{
    static const int with[] = {140013, 150008, 160004, 170000, 180001};
    static const int without[] = {140012, 150007, 160003};

    (void)state;
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        check_contains(packet(with[i], false), "restrict_nonsystem_relation_kind= ");
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        assert_lacks(packet(without[i], false), "restrict_nonsystem_relation_kind");
}

static void superusers_settings_are_for_superusers(void **state)
{
    (void)state;
    assert_lacks(packet(170000, false), "lc_messages");
    check_contains(packet(170000, true), "-c lc_messages=C");
    check_contains(packet(150000, true), "-c zero_damaged_pages=off");
}

static void white_space_in_a_value_does_not_end_it(void **state)
{
    (void)state;
    check_contains(packet(0, false), "-c default_transaction_isolation=read\\ committed ");
}

/* Of two options of one name the later one wins. */
static void pins_win_over_the_host_but_where_only_the_tenant_is_kept_from_a_say(void **state)
{
    const char *options = options_for((struct pins_server){0}, "-c role=chosen");
    const char *given = strstr(options, "-c role=chosen"), *statement_timeout;

    (void)state;
    assert_non_null(given);
    assert_true(strstr(options, "-c role=none") < given);
    assert_true(strstr(options, "-c local_preload_libraries=") < given);
    statement_timeout = strstr(options, "-c statement_timeout=0");
    assert_non_null(statement_timeout);
    assert_true(statement_timeout > given);
}

/* Else RESET would not find the server's. */
static void text_forms_stay_out_of_the_packet(void **state)
{
    (void)state;
    assert_lacks(packet(POSTGRES_NEWEST * 10000, true), "DateStyle");
    assert_lacks(packet(POSTGRES_NEWEST * 10000, true), "TimeZone");
}

/* A server takes a packet of 10000 bytes. */
static void packet_leaves_room_for_the_host(void **state)
{
    (void)state;
    assert_true(strlen(packet((POSTGRES_NEWEST + 1) * 10000, true)) < 4000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_of_which_nothing_is_known_gets_what_all_take),
        cmocka_unit_test(known_server_gets_what_its_version_has),
        cmocka_unit_test(server_of_which_the_least_is_known_gets_what_all_later_ones_take),
        cmocka_unit_test(minor_release_counts_where_a_setting_came_with_one),
        cmocka_unit_test(superusers_settings_are_for_superusers),
        cmocka_unit_test(white_space_in_a_value_does_not_end_it),
        cmocka_unit_test(pins_win_over_the_host_but_where_only_the_tenant_is_kept_from_a_say),
        cmocka_unit_test(text_forms_stay_out_of_the_packet),
        cmocka_unit_test(packet_leaves_room_for_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
