/*
 * Filling a database that the library made itself: schema before, rows, sequences, schema after. What staging (rows from a
 * live source) and loading (rows from an archive) have in common.
 */
#ifndef CUTOVER_TRANSFER_FILL_H
#define CUTOVER_TRANSFER_FILL_H

#include "archive/evaluating.h"
#include "archive/manifest.h"
#include "archive/toc.h"
#include "job/operation.h"
#include "postgres/check_constraints.h"
#include "postgres/copy.h"
#include "postgres/loader.h"
#include "postgres/own_settings.h"

struct fill {
    struct operation *operation;
    struct session *control;             /* on the database's server, in another database */
    const struct conninfo *conninfo;     /* of that server */
    const struct conninfo *given_loader; /* that the host has for it, or NULL */
    const char *database;
    const char *folder, *name;                             /* FOLDER/NAME/toc.dat is the schema's archive */
    const char *lc_monetary;                               /* that the rows were written with */
    const char *encoding;                                  /* likewise */
    enum phase index_phase;                                /* what building indexes counts for */
    bool (*has_built)(const void *built, int32_t dump_id); /* what "post-data" leaves out; NULL: nothing */
    const void *built;                                     /* has_built's */
    struct session *session;                               /* for what is done once; fill_begin() opens it */
    struct toc toc;                                        /* of the schema's archive, from fill_begin() on */
    bool has_large_objects; /* in groups, beside pre-data (postgres/largeobject_entries.h) */
    /* What its sessions run with: from where the rows come, if the caller read that; else that of the database of `conninfo`. */
    struct own_settings own;
    struct loader loader;         /* what evaluates goes through it, where there is one */
    bool without_loader;          /* there should be one, and none can be had */
    struct evaluating evaluating; /* entries that go through the loader, beside those that always do */
    struct checks checks;         /* set aside until all rows are there */
    struct text lent;             /* what takes back what everybody may do in schemas meanwhile */
};

/* Makes the loader, restores "pre-data", one stream, and makes the tables ready for rows in any order. */
cutover_status fill_begin(struct fill *fill, cutover_error **error);
/* After rows and indexes: sets sequences to these values (EDGE_CASES A15, A16), then the rest of the schema, without event
   triggers. */
cutover_status fill_end(struct fill *fill, const struct manifest_sequence *sequences, size_t count,
                        cutover_error **error);
/* Facts of a server of that version in the words of this one (postgres/catalog/versions.h): they are parsed, by the loader. */
cutover_status fill_translate(struct fill *fill, int version, struct text *facts, cutover_error **error);
/* The last that is done in the new database: the loader is gone, and what the source, whose facts these are, has not of the template's; then
   event triggers come, which no command of ours fires. */
cutover_status fill_finish(struct fill *fill, const char *facts, cutover_error **error);
void fill_close(struct fill *fill);

/* A session for a worker that writes rows and builds indexes: the loader's, with the settings of the database's own. Commits do not wait for the disk: the swap's commit
   does, and flushes what was written before it. */
cutover_status fill_session(const struct fill *fill, const struct cancel *cancel, struct session **session,
                            cutover_error **error);

/* Gives a session of fill_session() the search_path of the database's own, for what evaluates and parses nothing of others. Without a loader
   there is none: what somebody put into a schema of it would be called with our rights. */
cutover_status fill_own_path(const struct fill *fill, struct session *session, bool for_transaction,
                             cutover_error **error);

/* Runs one entry's statement, as pg_restore would: with an empty search_path. */
cutover_status fill_run_entry(struct session *session, const struct toc_entry *entry, cutover_error **error);
/* Likewise in a session of fill_session(), and where something that it evaluates was not found so, with the database's own search_path. */
cutover_status fill_evaluate_entry(const struct fill *fill, struct session *session,
                                   const struct toc_entry *entry, cutover_error **error);

/* A table, or a part of one, in a transaction of its own. `whole`: one stream writes all of it, so that it is emptied in
   the same transaction and its rows are written frozen (EDGE_CASES B17, F3). Rows come in binary where table->binary. With the
   database's own search_path, if there is a loader. */
cutover_status fill_table_begin(const struct fill *fill, struct copy_in *copy, struct session *session,
                                const struct table *table, bool whole, cutover_error **error);
cutover_status fill_table_end(struct copy_in *copy, cutover_error **error);

#endif
