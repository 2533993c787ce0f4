/*
 * A PgBouncer in front of a throwaway server, on a socket in a folder of its own; ended with the test program, however that ends.
 * Several may run. It is the one that is in PATH (or in /usr/sbin); as everywhere, where it cannot be had the test fails.
 */
#ifndef CUTOVER_TESTS_POOLER_H
#define CUTOVER_TESTS_POOLER_H

#include "support/cluster.h"

struct pooler {
    int pid;
    char conninfo[300]; /* of a client, without dbname */
};

/* Starts it and waits until it answers. `settings` are lines for its configuration, which win, or NULL: transaction pooling, and a
   login that the server refuses is tried again after a second (server_login_retry; 15 by default). */
void pooler_start(struct pooler *pooler, struct cluster *cluster, const char *settings);
void pooler_stop(struct pooler *pooler);

/* Its version: 118 is 1.18. */
int pooler_version(const struct pooler *pooler);

/* A client's connection to a database through it; PQfinish it. */
PGconn *pooler_connect(const struct pooler *pooler, const char *database);
/* A command ("PAUSE shop") on a connection of its own to the admin console. */
void pooler_command(const struct pooler *pooler, const char *command);
/* A value of SHOW CONFIG; malloc'd. */
char *pooler_setting(const struct pooler *pooler, const char *name);
/* Whether SHOW DATABASES says that the database is paused. */
int pooler_is_paused(const struct pooler *pooler, const char *database);

#endif
