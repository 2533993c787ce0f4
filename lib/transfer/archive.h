/*
 * What the pipeline's writers and readers of an archive agree on (docs/backup-format.md).
 */
#ifndef CUTOVER_TRANSFER_ARCHIVE_H
#define CUTOVER_TRANSFER_ARCHIVE_H

#define ARCHIVE_TOC "toc.dat"
#define ARCHIVE_FACTS "catalog.tsv" /* catalog facts (postgres/catalog/facts.h), plain: a person can diff it */
#define ARCHIVE_TOC_LIMIT (256u * 1024u * 1024u)
#define ARCHIVE_FACTS_LIMIT (1024u * 1024u * 1024u)

/* libdeflate's level: see docs/decisions/0002-compression-level.md for the measurements. */
#define ARCHIVE_GZIP_LEVEL 1

#endif
