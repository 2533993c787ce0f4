/*
 * The loader: the login that everything goes through which may evaluate what the owners of a database wrote (DESIGN.md P11): rows
 * going in, constraints, partition bounds. The library makes it for one database, and it bears that database's name: whoever drops
 * the one knows the other's. It is a member of the roles that own what is in there and of nothing else, and may do nothing that
 * they may not. Its password is random, known to this process alone, and sent as a SCRAM verifier.
 *
 * Our own session could not be used by SET ROLE or SET SESSION AUTHORIZATION instead: what is evaluated can reset both.
 */
#ifndef CUTOVER_POSTGRES_LOADER_H
#define CUTOVER_POSTGRES_LOADER_H

#include "postgres/database.h"

/* What to do where none can be had. */
#define LOADER_HINT                                                                                            \
    "Give project.loader_database a login that is a member of the roles that own what is in the database, "    \
    "let the role that the library connects as make roles (CREATEROLE, and from PostgreSQL 16 on ADMIN "       \
    "OPTION on these), or set CUTOVER_POLICY_TRUST_OWNERS if you trust all these owners."

struct loader {
    struct conninfo conninfo; /* for sessions of it; nothing in it where there is no loader */
    char *role;               /* NULL: there is none */
    bool made;                /* by us, and to be dropped; else the host gave it */
    struct text give_back;    /* the statements that return what was lent to it */
};

/* Of `roles` those that a loader can be a member of, as a text array's literal: not superusers, not our own role (which owns other
   databases too), not PostgreSQL's predefined ones. "{}": nobody's code but ours and superusers' is in there, no loader is needed. */
cutover_status loader_owners(struct session *control, char *const *roles, size_t count, char **owners,
                             cutover_error **error);
/* The same of an array's literal. */
cutover_status loader_owners_of(struct session *control, const char *roles, char **owners,
                                cutover_error **error);
/* Whether our role may make logins and make them members of these roles. */
cutover_status loader_can_make(struct session *control, const char *owners, bool *can, cutover_error **error);

/* Makes the loader of a database on the server of `control`, whose connection string is `server`. `sessions` is how many it may
   have at a time. */
cutover_status loader_make(struct session *control, const struct conninfo *server, const char *database,
                           const char *owners, unsigned sessions, struct loader *loader, cutover_error **error);
/* How the names of readers begin; a number in base 16 follows. */
#define LOADER_READER_PREFIX "cutover_look_"
/* A login of that name with the same rights, for one session that reads what is there: for an hour, and for whoever made it to drop. It
   is given no right to enter: most databases let everybody in. `control` holds an advisory lock for it until it is dropped, by which
   those are told whose maker is gone. */
cutover_status loader_make_reader(struct session *control, const struct conninfo *server, const char *role,
                                  const char *owners, struct loader *loader, cutover_error **error);
cutover_status loader_drop_reader(struct session *control, const char *role, cutover_error **error);
/* Drops those whose maker is gone, as far as our role may. */
cutover_status loader_readers_sweep(struct session *control, cutover_error **error);
/* CUTOVER_E_FORBIDDEN when a login that the host gave may do more than a loader, or lacks a role. */
cutover_status loader_check(struct session *control, const struct conninfo *given, const char *owners,
                            cutover_error **error);
/* Takes a login that the host gave: it may enter the database now. CUTOVER_E_FORBIDDEN when it may do more than a loader. */
cutover_status loader_take(struct session *control, const struct conninfo *given, const char *database,
                           const char *owners, struct loader *loader, cutover_error **error);
/* What it needs inside: it may make indexes in every schema, and tables that belong to superusers or to our own role are lent to it.
   `inside` is a session of ours in the database. */
cutover_status loader_enter(struct session *inside, struct loader *loader, cutover_error **error);
/* Takes that back; owners and grants are what they were. */
cutover_status loader_leave(struct session *inside, struct loader *loader, cutover_error **error);
/* Drops it, or takes a given one's right to enter; frees the conninfo. Its sessions must be closed. */
cutover_status loader_end(struct session *control, const char *database, struct loader *loader,
                          cutover_error **error);
/* Forgets it: undoing drops it. */
void loader_free(struct loader *loader);

/* Drops the loader of a database that was dropped, if there is one. */
cutover_status loader_drop(struct session *control, const char *database, cutover_error **error);

/* What would be evaluated while a database is filled and calls what a role that is no superuser owns: one line for each, NULL for none. */
cutover_status loader_evaluated(struct session *inside, char **list, cutover_error **error);

#endif
