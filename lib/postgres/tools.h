/*
 * pg_dump and pg_restore as child processes: found, their version known, run with a clean environment, LC_ALL=C and a
 * private password file (EDGE_CASES G1, G2, G11, G12, G15). No secret in argv.
 */
#ifndef CUTOVER_POSTGRES_TOOLS_H
#define CUTOVER_POSTGRES_TOOLS_H

#include "archive/toc.h"
#include "postgres/pins.h"
#include "postgres/session.h"

struct tools {
    char *pg_dump, *pg_restore;        /* absolute paths */
    int dump_version, restore_version; /* 150018 */
    const char *work_dir; /* where private folders are made (base/folder.h); NULL after tools_find, borrowed */
};

/* Finds both in bin_dir, or in PATH, and asks their versions. CUTOVER_E_UNSUPPORTED names what is missing, older than
   14, or not of one major version. */
cutover_status tools_find(const char *bin_dir, const struct cancel *cancel, struct tools *tools,
                          cutover_error **error);
void tools_free(struct tools *tools);

/* The schema of a database under a snapshot, which `leader` exported (NULL: somebody of whom nothing is known): pg_dump -Fd --section=pre-data --section=post-data --no-subscriptions
   --no-tablespaces … into FOLDER/NAME (made by it); toc.dat is then there. Secrets of the conninfo other than the
   password (sslpassword and the like) cannot be given to a child unseen: CUTOVER_E_UNSUPPORTED. */
cutover_status tools_dump_schema(const struct tools *tools, const struct conninfo *conninfo,
                                 const char *database, const char *snapshot, const struct session *leader,
                                 const char *folder, const char *name, const struct cancel *cancel,
                                 cutover_error **error);

struct restore_schema {
    const struct conninfo *conninfo;
    const char *database;
    const char *folder, *name; /* FOLDER/NAME/toc.dat */
    const char *section;       /* "pre-data", "data" (what makes large objects: no rows) or "post-data" */
    struct pins_server server; /* as far as known */
    unsigned jobs;
    uint32_t maintenance_mem_mb;
    /* Entries that somebody else restores; NULL: none. */
    bool (*leave_out)(const void *context, const struct toc_entry *entry);
    const void *leave_out_context;
    bool
        no_comments_on_extensions; /* the one class of errors that is passed over (EDGE_CASES A24), see below */
    const struct cancel *cancel;
};
/* pg_restore --section … --exit-on-error. Entries that only a superuser can restore and that change nothing (COMMENT
   on EXTENSION) are left out with a use list by dumpId when no_comments_on_extensions is set. Its standard error is
   the error's detail (bounded). */
cutover_status tools_restore_schema(const struct tools *tools, const struct restore_schema *restore,
                                    cutover_error **error);

#endif
