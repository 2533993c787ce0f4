/*
 * Memory that runs out: malloc and its family are this program's own here, and fail once, at the Nth allocation after
 * starve_begin(). Three things are spared. What json-c allocates while it parses: json-c 0.16 does not survive that, or loses
 * members without a word (lib/base/json.c finds those by errno). And the table of an object that grows by a member: json-c
 * then leaks the member's key. And what OpenSSL allocates while it fetches an algorithm, some of which it leaks: the call fails as a whole.
 */
#ifndef CUTOVER_TESTS_STARVE_H
#define CUTOVER_TESTS_STARVE_H

#include <stdbool.h>
#include <stddef.h>

enum starve_whom {
    STARVE_THREAD, /* the calling thread; what it allocates is followed until it is freed */
    STARVE_ALL     /* every thread of the process */
};

/* The nth allocation from now on fails; 0: none, they are counted only. */
void starve_begin(enum starve_whom whom, unsigned long nth);
/* How many there were. *failed (may be NULL): whether one was made to fail. */
unsigned long starve_end(bool *failed);

/* Whether the one that failed was a library's own ("libcurl"), asked since starve_begin(). */
bool starve_failed_in(const char *library);

/* Allocations that were made by a starved thread since starve_forget() and are not freed. */
size_t starve_left(void);
void starve_forget(void);

#endif
