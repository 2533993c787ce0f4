/* Programs, stores and disks that fail a promotion: EDGE_CASES D2, D3, D5, D6, D7, D19, G3, G4, G13, G15. */
#include "faults/port_faults.h"

#include <stdlib.h>

static struct field the_field;

static int open_field(void **state)
{
    field_open(&the_field, NULL);
    *state = &the_field;
    return 0;
}

static int close_field(void **state)
{
    field_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_that_fail_or_lie),
        cmocka_unit_test(pg_dump_that_fails_behind_the_fence),
        cmocka_unit_test(programs_that_go_missing),
        cmocka_unit_test(programs_that_hang_end_with_a_cancel),
        cmocka_unit_test(host_that_ignores_or_reaps_its_children),
        cmocka_unit_test(killed_program_is_seen_though_the_host_ignores_its_children),
        cmocka_unit_test(store_that_is_busy),
        cmocka_unit_test(store_that_fails_at_any_commit),
        cmocka_unit_test(repository_that_refuses_to_write),
        cmocka_unit_test(repository_that_fails_in_the_catch_up),
        cmocka_unit_test(server_that_says_its_disk_is_full),
    };
    const struct CMUnitTest disk_tests[] = {
        cmocka_unit_test(repository_on_a_full_disk),
        cmocka_unit_test(server_on_a_full_disk),
    };
    bool mounts = field_own_mounts();

    cmocka_set_test_filter(getenv("CUTOVER_TEST"));
    int failed = cmocka_run_group_tests(tests, open_field, close_field);
    return failed + (mounts ? cmocka_run_group_tests(disk_tests, open_field, close_field) : 0);
}
