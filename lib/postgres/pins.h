/*
 * Pins: the settings that every session of ours, and every one of pg_dump and pg_restore, begins with, whatever the owner of
 * the database or a role has set by ALTER DATABASE and ALTER ROLE. One table for both; here is how they get there.
 *
 * They go into the startup packet (libpq's `options`): what is said there wins over all that is stored for database and role,
 * and it is in force before the first statement, which a statement_timeout of 1 ms would else cancel. After connecting a session
 * of ours sets them once more: what else the packet carries (libpq adds PGTZ, PGDATESTYLE and PGGEQO of the host's environment)
 * comes later there and would win.
 *
 * The text forms of values are set after connecting alone. pg_dump sets its own; what is kept of what is evaluated is to be in the
 * server's, which RESET finds then (pins_own_forms_sql).
 *
 * A name that the server does not know, and one that its login may not set, ends the connection there. So a packet for a server
 * of which nothing is known yet holds what all from POSTGRES_OLDEST on know and everybody may set; the rest follows after
 * connecting, or in the packet, once it is known.
 *
 * What the host wrote into the connection string's own `options` keeps its effect where nothing here contradicts. Where something
 * does the pin wins, but for those that only keep a tenant's word from counting (role, preloaded libraries, jit, the pace of
 * VACUUM): there the host's word counts.
 */
#ifndef CUTOVER_POSTGRES_PINS_H
#define CUTOVER_POSTGRES_PINS_H

#include "base/text.h"

/* What the packet is for; all zero: not known yet. */
struct pins_server {
    int version; /* 150018 */
    bool superuser;
    bool or_later; /* the version is the least that it can be */
};

/* Appends a value for the keyword `options`; `given` is what the connection string has there, or NULL. */
void pins_add_options(struct text *options, struct pins_server server, const char *given);
/* Appends one statement that sets them after connecting, each that the server knows and the login may set. search_path is '' from
   then on. lc_monetary and client_encoding are literals or NULL, for the database's own. */
void pins_add_sql(struct text *sql, const char *lc_monetary, const char *client_encoding);
/* Takes back to the server's built-in value what the table does not name and the owner of the database set all the same: to be run
   after the pins, where something is stored for the database. */
extern const char pins_sweep_sql[];
/* Takes the text forms of values, of times, numbers and texts, back to those that a database's own sessions have: for what is
   evaluated now and kept, the contents of materialized views. $1 is the database. */
extern const char pins_own_forms_sql[];

#endif
