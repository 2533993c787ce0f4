/*
 * Connection strings: split once with PQconninfoParse, then handled as keywords. The only place that sees a password;
 * nothing here puts one into an error or a log.
 */
#ifndef CUTOVER_POSTGRES_CONNINFO_H
#define CUTOVER_POSTGRES_CONNINFO_H

#include "base/error.h"

#include <stdbool.h>

/* A parsed conninfo: parallel arrays, NULL-terminated, as PQconnectStartParams wants them. */
struct conninfo {
    char **keywords;
    char **values;
    size_t count;
    bool
        event_triggers_off; /* whoever connects with it says EVENT_TRIGGERS_OFF; see postgres/event_triggers.h */
};

/* For libpq's keyword options. */
#define EVENT_TRIGGERS_OFF "-c event_triggers=off"

/* Parses a conninfo string or URI. Which server and which database it leads to is what it says itself: host, hostaddr and
   dbname are NULL and port is libpq's built-in one where it says nothing, whatever PGHOST, PGPORT, PGDATABASE or a service
   file say; where PGHOSTADDR or a service file has an address and the string none, it is refused. What else it leaves open is filled from libpq's defaults (environment, service file) now, so that later
   the environment no longer matters (EDGE_CASES G2, G11). CUTOVER_E_INVALID names `field` and never repeats the string. */
cutover_status conninfo_parse(const char *field, const char *string, struct conninfo *conninfo,
                              cutover_error **error);
/* What a string has to name by itself. */
enum conninfo_part { CONNINFO_SERVER /* host or hostaddr */, CONNINFO_DATABASE /* and dbname */ };
/* CUTOVER_E_INVALID, which says what is missing, of `string` as conninfo_parse() takes it. */
cutover_status conninfo_check(const char *field, const char *string, enum conninfo_part part,
                              cutover_error **error);
cutover_status conninfo_copy(const struct conninfo *from, struct conninfo *to, cutover_error **error);
/* Sets or replaces a keyword (NULL removes). Another user may not be allowed what this one is: event_triggers_off goes. */
cutover_status conninfo_set(struct conninfo *conninfo, const char *keyword, const char *value,
                            cutover_error **error);
/* Whether both lead to the same server as the same user, as far as can be seen from here. */
bool conninfo_same_login(const struct conninfo *one, const struct conninfo *other);
/* Whether both name the same database of the same server, as whoever. */
bool conninfo_same_database(const struct conninfo *one, const struct conninfo *other);
const char *conninfo_get(const struct conninfo *conninfo, const char *keyword); /* NULL: not set */
/* What a session of ours, or of a child's, says for the keyword: the value, but that of target_session_attrs which looks at whether a
   session may write. That is about the clients of a database, and behind a fence (or with a setting of the owner's) it would keep us
   out; the server that is meant by it we ask for by its role. */
const char *conninfo_own_value(const char *keyword, const char *value);
/* Of several hosts puts first the one that a session is on (as PQhost(), PQhostaddr() and PQport() have it), and has them tried in
   order. libpq goes on to the next host when one is away or has another role, but not when one has no such database: a standby that
   is named first has not yet what was made a moment ago on the primary. */
cutover_status conninfo_prefer(struct conninfo *conninfo, const char *host, const char *hostaddr,
                               const char *port, cutover_error **error);
void conninfo_free(struct conninfo *conninfo); /* wipes the values */

#endif
