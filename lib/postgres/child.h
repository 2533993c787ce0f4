/*
 * What a PostgreSQL client program is started with: its connection as one --dbname argument without secrets, the
 * password in a private passfile, an environment from scratch (EDGE_CASES G1, G2, G11, G12).
 */
#ifndef CUTOVER_POSTGRES_CHILD_H
#define CUTOVER_POSTGRES_CHILD_H

#include "base/cancel.h"
#include "base/text.h"
#include "postgres/conninfo.h"
#include "postgres/pins.h"

#define CHILD_ENVIRONMENT_MAX 4

struct child {
    char *folder;   /* private, 0700: the passfile and what else the run needs; removed by child_free */
    char *database; /* "--dbname=host='…' …" */
    char *variables[CHILD_ENVIRONMENT_MAX];
    size_t variable_count;
};

/* Prepares a run against a database of a server; its sessions are pinned as ours are (postgres/pins.h), and `settings` is added
   to their options ("-c name=value …"). */
cutover_status child_prepare(const char *work_dir, const struct conninfo *conninfo, const char *database,
                             struct pins_server server, const char *settings, struct child *child,
                             cutover_error **error);
void child_free(struct child *child);
/* Runs a program whose name for people is `name`. An exit status other than 0 is CUTOVER_E_POSTGRES, its standard
   error the detail. */
cutover_status child_run(const struct child *child, const char *name, const char *const *arguments,
                         const struct cancel *cancel, cutover_error **error);

/* Fills `variables` with what a child gets at least: PATH, LC_ALL=C, HOME. */
cutover_status child_environment(char *variables[CHILD_ENVIRONMENT_MAX], size_t *count, cutover_error **error);
void child_environment_free(char *variables[CHILD_ENVIRONMENT_MAX], size_t count);

#endif
