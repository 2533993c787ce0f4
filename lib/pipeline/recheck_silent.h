/*
 * Servers that did not answer while all projects are looked at: one that is away is waited for once, not once for each project on it.
 */
#ifndef CUTOVER_PIPELINE_RECHECK_SILENT_H
#define CUTOVER_PIPELINE_RECHECK_SILENT_H

#include "postgres/conninfo.h"

#include <stdbool.h>

struct recheck_silent {
    char **servers; /* host, hostaddr and port as the connection strings have them */
    size_t count;
};

bool recheck_silent_has(const struct recheck_silent *silent, const struct conninfo *conninfo);
/* What cannot be kept for want of memory is waited for again. */
void recheck_silent_add(struct recheck_silent *silent, const struct conninfo *conninfo);
void recheck_silent_free(struct recheck_silent *silent);

#endif
