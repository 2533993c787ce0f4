/*
 * The jobs that are killed everywhere. Ended by one without a name.
 */
#ifndef CUTOVER_TESTS_SCENARIOS_H
#define CUTOVER_TESTS_SCENARIOS_H

#include "faults/scene.h"

extern const struct scenario scenarios[];

#endif
