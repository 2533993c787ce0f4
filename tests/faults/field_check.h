/*
 * What must be true on the field after every promotion, whatever struck.
 */
#ifndef CUTOVER_TESTS_FIELD_CHECK_H
#define CUTOVER_TESTS_FIELD_CHECK_H

#include "faults/field.h"

/* No promotion and no recovery takes this long here, whatever strikes. */
#define HANG_SECONDS 150

#define check(field, what)                                                                                     \
    do {                                                                                                       \
        if (!(what))                                                                                           \
            fail_msg("%s: not true: %s\nit said: %s", (field)->where, #what, (field)->told);                   \
    } while (0)

/* How it ended by its request; where it said that recovery is needed, how recovery ended it. */
enum ending field_ending(struct field *field, cutover_status status);
/* Recovery finds nothing unfinished, and store, backups and production are one of two things. */
void field_check(struct field *field, bool completed);

#endif
