/*
 * Blanks: gzip members that hold nothing, in the place of one that no longer counts. A data file stays one stream for gzip and
 * pg_restore, and what lies behind the blank stays where it is. What a blank is as long as, is said by the padding in its head.
 */
#ifndef CUTOVER_ARCHIVE_BLANK_H
#define CUTOVER_ARCHIVE_BLANK_H

#include "base/sha256.h"

#define BLANK_MIN 20u    /* bytes; no member that holds something is shorter */
#define BLANK_MAX 65557u /* bytes of one; more are a chain of them */

/* Fills `count` bytes, at least BLANK_MIN, with one blank or a chain. */
void blank_fill(void *bytes, size_t count);
/* How many of these bytes the first blank of the chain takes: a manifest lists each as a member of its own, with 0 raw bytes and
   0 rows, which is what a reader finds in it. */
size_t blank_next(size_t count);
/* Of one blank of so many bytes, from BLANK_MIN to BLANK_MAX. */
cutover_status blank_sha256(size_t count, unsigned char digest[SHA256_SIZE], cutover_error **error);

#endif
