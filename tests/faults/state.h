/*
 * What a job that dies leaves, as text that can be compared: in the store, on the server, in the repository and the folder that it
 * works in. What ends with the process (sessions, open transactions, locks) is not part of it.
 */
#ifndef CUTOVER_TESTS_STATE_H
#define CUTOVER_TESTS_STATE_H

#include "faults/scene.h"

/* While the job waits: equal to what it was at another point of the same run only if nothing was changed in between, in any file
   of the home, or by a transaction in any of the server's databases. */
char *state_mark(struct scene *scene);

/* Once it is dead: what is left, without what differs from run to run (ids, times, names made from them). */
char *state_left(struct scene *scene);

/* In place: each number, also a hexadecimal one, and each id becomes '#'. */
void without_numbers(char *text);

#endif
