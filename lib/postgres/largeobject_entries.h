/*
 * The entries of large objects in an archive of pg_dump 17 and later (1.16). pg_dump writes them into the data section, which is
 * ours: nothing of large objects is in an archive without it. Up to 1.15 pre-data has them, and nothing is to be added.
 *
 * Large objects of one owner and with the same grants are a group of at most 1000. A group has
 *   BLOB METADATA   catalog 2613, the first one's oid; tag "first..last" ("16434" when it is alone); defn: the oids, one a line;
 *                   dropStmt "-- dummy"
 *   COMMENT, SECURITY LABEL   of each that has some; tag "LARGE OBJECT 16434"
 *   ACL             where it has grants; tag "LARGE OBJECTS first..last"; defn is for the first one, and pg_restore runs it for
 *                   each, whose oids it takes from the first dependency; of each object where
 *                   somebody else than the owner granted something
 *   BLOBS           their content; file "blobs_<dumpId>.toc", which has a line "OID blob_OID.dat" for each
 * each depending on the BLOB METADATA. Read in PostgreSQL's src/bin/pg_dump/pg_dump.c (getLOs, dumpLO) and pg_backup_db.c
 * (IssueACLPerBlob).
 */
#ifndef CUTOVER_POSTGRES_LARGEOBJECT_ENTRIES_H
#define CUTOVER_POSTGRES_LARGEOBJECT_ENTRIES_H

#include "archive/toc.h"
#include "postgres/session.h"

/* Adds what makes the large objects of the session's database, in its current transaction; nothing to an archive before 1.16. */
cutover_status largeobject_entries_add(struct session *session, struct toc *toc, cutover_error **error);
/* Adds a BLOBS entry for each group; before 1.16, where `any`, the one that stands for all. */
cutover_status largeobject_contents_add(struct toc *toc, bool any, cutover_error **error);

/* The group that a BLOBS entry has the contents of; NULL: all. */
const struct toc_entry *largeobject_group(const struct toc *toc, const struct toc_entry *contents);
bool largeobject_is_contents(const struct toc_entry *entry);

/* Whether it is a group's own entry; and whether it, or what is said of its objects. */
bool largeobject_is_group(const struct toc_entry *entry);
bool largeobject_is_made_by(const struct toc_entry *entry);

#endif
