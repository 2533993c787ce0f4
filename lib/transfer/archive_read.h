/*
 * Reading a published backup: its manifest and facts, its files' integrity, its rows into a database.
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_READ_H
#define CUTOVER_TRANSFER_ARCHIVE_READ_H

#include "job/operation.h"
#include "model/backup.h"
#include "transfer/content.h"
#include "transfer/fill.h"
#include "transfer/range_rows.h"

struct archive {
    const struct host *host;
    const char *backup_id; /* the record's */
    struct manifest manifest;
    struct text facts;
};

/* Reads manifest and facts and checks them: the manifest against the record's SHA-256, the facts against the manifest.
   CUTOVER_E_VERIFY different, with the file's name, when they are damaged or missing. */
cutover_status archive_open(const struct host *host, const struct backup_record *record,
                            struct archive *archive, cutover_error **error);
void archive_close(struct archive *archive);

/* Every file that the manifest names is there with its size and SHA-256, and no other is. */
cutover_status archive_check_files(const struct archive *archive, struct operation *operation, enum phase phase,
                                   cutover_error **error);
/* Every member inflates to its size and rows, and each table's digest is the manifest's. */
cutover_status archive_check_rows(const struct archive *archive, struct operation *operation,
                                  cutover_error **error);
/* What was written anew into an archive that is not published. */
struct renewed_table {
    size_t table;                     /* its place in the manifest */
    const struct range_list *written; /* these of its file alone; NULL: all of it */
};
/* Likewise of these alone: the file and the rows of each, or what was written of it; and of the files from `others` on, which are no
   table's. The manifest's first files are those of its tables, in their order. */
cutover_status archive_check_some(const struct archive *archive, struct operation *operation, enum phase phase,
                                  const struct renewed_table *tables, size_t count, size_t others,
                                  cutover_error **error);
/* A database that the library made. */
struct destination {
    struct session *control;             /* on its server, in another database */
    const struct conninfo *conninfo;     /* of its server */
    const struct conninfo *given_loader; /* that the host has for it, or NULL */
    const char *database;
};

/* Restores it into a database that the library made and that is empty (EDGE_CASES D16): all but event triggers, which are for
   when nothing else is to be done there (fill_finish()). `phase` is the copying: its indexes count for the next one. *fill has
   its sessions still; fill_close() it whatever became of it. The archive's facts are then in the words of that database's server. */
cutover_status archive_load(struct archive *archive, struct operation *operation, const struct destination *to,
                            enum phase phase, struct fill *fill, cutover_error **error);

/* Reads a database back and compares it with the archive; its facts are used up. CUTOVER_E_VERIFY: different, by name. */
cutover_status archive_compare(struct archive *archive, struct operation *operation,
                               const struct conninfo *conninfo, const char *database, enum phase phase,
                               cutover_error **error);

/* Whether tables of the database that was backed up, by OID, hold the rows that the archive has of them; pg_largeobject may be among
   them, into *same. Nobody is kept from writing to them, and who has one locked is waited for a while. CUTOVER_E_VERIFY: could not tell,
   where the archive has not all of a table's rows; or it is damaged. */
cutover_status archive_compare_tables(const struct archive *archive, struct operation *operation,
                                      const struct session_options *session, const uint32_t *tables,
                                      size_t count, enum phase phase, bool *same, cutover_error **error);

/* Reads one member of an opened object and inflates it; *raw is the reader's. */
cutover_status member_read(const cutover_repository *repository, void *object, const char *file,
                           struct member_reader *reader, const struct member *member, const char **raw,
                           cutover_error **error);

/* Raw bytes of all rows: the work that reading them is. */
uint64_t archive_raw_bytes(const struct archive *archive);

#endif
