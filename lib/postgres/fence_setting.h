/*
 * The fence's setting, and how its own value is told from one that somebody chose. The server keeps a boolean setting as it was
 * spelt, and takes any spelling: the fence writes "true" in one that nobody writes, and which one says what was there before. So
 * the fence needs no second place that could get lost, nobody takes it for a setting of production's, and who finds one whose
 * journal is elsewhere can still put back what it replaced.
 */
#ifndef CUTOVER_POSTGRES_FENCE_SETTING_H
#define CUTOVER_POSTGRES_FENCE_SETTING_H

#include <stdbool.h>

#define FENCE_SETTING "default_transaction_read_only"

/* The three spellings, for a query: 'tRuE', … */
#define FENCE_VALUES "'tRuE', 'TruE', 'TRUe'"

/* What the fence writes where `was` was (NULL: nothing). */
const char *fence_value(const char *was);
/* Whether a fence wrote this; then *was is what it replaced: NULL for nothing, "off" or "on". */
bool fence_wrote(const char *value, const char **was);

#endif
