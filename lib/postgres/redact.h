/*
 * What pg_dump and pg_restore say when they fail, without values that may be passwords. pg_restore repeats the statement that
 * failed: the options of a wrapper, a server or a user mapping, and how a subscription connects, are left out of it, and so is what
 * the server said when it repeats a part of them. What the server notes beside (a setting of the database that it does not take) is
 * left out, too.
 */
#ifndef CUTOVER_POSTGRES_REDACT_H
#define CUTOVER_POSTGRES_REDACT_H

#include "base/text.h"

/* Adds what was said by the program of that name, whose messages begin with it ("pg_restore: …"). */
void redact(struct text *out, const char *said, const char *name);

#endif
