/*
 * Event triggers of others are not to fire in our sessions. Those for commands are kept off by order (transfer/fill.h), and inside
 * production and the preview no command of ours fires one. Login triggers (PostgreSQL 17 and later) fire at every connection: they
 * can only be switched off, in the connection's own start, by who may set event_triggers.
 */
#ifndef CUTOVER_POSTGRES_EVENT_TRIGGERS_H
#define CUTOVER_POSTGRES_EVENT_TRIGGERS_H

#include "postgres/session.h"

#define EVENT_TRIGGERS_OFF_SINCE 170000 /* server_version */

/* Asks on a session of the same login, in a database where nobody else's triggers are, whether it may; sessions and programs that
   connect with `conninfo` from now on then switch event triggers off. Before PostgreSQL 17 nothing is asked. */
cutover_status event_triggers_quiet(struct session *session, struct conninfo *conninfo, cutover_error **error);

/* Whether a connection that switches them off was refused for that: the server does not know how, or the role may not. */
bool event_triggers_refused(const cutover_error *error);

#endif
