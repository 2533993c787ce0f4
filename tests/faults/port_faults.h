/*
 * Faults of what is not a server: programs, stores, disks. Test functions; the state is the field.
 */
#ifndef CUTOVER_TESTS_PORT_FAULTS_H
#define CUTOVER_TESTS_PORT_FAULTS_H

#include "faults/field.h"

void programs_that_fail_or_lie(void **state);
void pg_dump_that_fails_behind_the_fence(void **state);
void programs_that_go_missing(void **state);
void programs_that_hang_end_with_a_cancel(void **state);
void host_that_ignores_or_reaps_its_children(void **state);
void killed_program_is_seen_though_the_host_ignores_its_children(void **state);

void store_that_is_busy(void **state);
void store_that_fails_at_any_commit(void **state);

void repository_that_refuses_to_write(void **state);
void repository_that_fails_in_the_catch_up(void **state);
void server_that_says_its_disk_is_full(void **state);
/* Only where the program may mount file systems of its own. */
void repository_on_a_full_disk(void **state);
void server_on_a_full_disk(void **state);

#endif
