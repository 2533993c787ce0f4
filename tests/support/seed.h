/*
 * What a test samples, another share for each commit: CI sets SEED to the commit's id, and takes so much that it has the time for it;
 * over a few commits all is taken. Where SEED is not set, or CUTOVER_SOAK is, all is.
 */
#ifndef CUTOVER_TESTS_SEED_H
#define CUTOVER_TESTS_SEED_H

#include <stdbool.h>
#include <stdint.h>

/* 0: none is set. */
uint64_t seed_given(void);
/* Whether only a share is to be taken. */
bool seed_samples(void);
/* Whether this one, of many that are numbered, is of the one in so many that is taken. */
bool seed_takes(uint64_t number, unsigned one_in);

#endif
