/*
 * CHECK constraints whose functions may read other tables. Rows arrive table by table, so that such a constraint would pass or
 * fail by what happens to be there already: while a database is filled they are set aside (EDGE_CASES A5).
 */
#ifndef CUTOVER_POSTGRES_CHECK_CONSTRAINTS_H
#define CUTOVER_POSTGRES_CHECK_CONSTRAINTS_H

#include "postgres/session.h"

/* Which ones, of pg_constraint `o`: a function of the users' own that is not declared IMMUTABLE is called, or one that is and still
   looks as if it read something. */
#define CHECKS_THAT_MAY_READ                                                                                   \
    "o.contype = 'c' AND o.conrelid <> 0 AND EXISTS (SELECT 1 FROM pg_depend u JOIN pg_proc p"                 \
    "  ON u.refclassid = 'pg_proc'::regclass AND p.oid = u.refobjid"                                           \
    "  WHERE u.classid = 'pg_constraint'::regclass AND u.objid = o.oid"                                        \
    "  AND p.oid >= 16384 AND (p.provolatile <> 'i' OR p.prosrc ~* '\\m(from|join)\\M'"                        \
    "    OR p.prosqlbody::text LIKE '%:rtekind 0 %')"                                                          \
    "  AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid"    \
    "    AND e.deptype = 'e'))"

/* All zero is none. */
struct checks {
    struct text add, comments; /* SQL that puts them back */
};

/* Drops them, and keeps how to put them back. */
cutover_status checks_set_aside(struct session *session, struct checks *checks, cutover_error **error);
/* Adds them as they were, validated, with their comments: all rows and indexes must be there. Rows that do not satisfy one
   are CUTOVER_E_POSTGRES with a hint. */
cutover_status checks_put_back(struct session *session, const struct checks *checks, cutover_error **error);
void checks_free(struct checks *checks);

#endif
