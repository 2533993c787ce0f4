/*
 * Minor releases of PostgreSQL with published holes that matter here. One table, kept up by hand: releases.c says how.
 */
#ifndef CUTOVER_POSTGRES_PREFLIGHT_RELEASES_H
#define CUTOVER_POSTGRES_PREFLIGHT_RELEASES_H

#include "base/text.h"

enum release_program { RELEASE_SERVER = 1 << 0, RELEASE_PG_DUMP = 1 << 1, RELEASE_PG_RESTORE = 1 << 2 };

/* Appends the identifiers of the holes in a program of this version (150018), separated by ", ". The first minor release of
   its major version without any; 0: none is known, as of a major version that is not in the table. */
int release_holes(enum release_program program, int version, struct text *identifiers);

#endif
