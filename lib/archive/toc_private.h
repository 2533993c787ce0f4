/*
 * What the reader of toc.dat shares with its writer.
 */
#ifndef CUTOVER_ARCHIVE_TOC_PRIVATE_H
#define CUTOVER_ARCHIVE_TOC_PRIVATE_H

#include "archive/toc.h"

#define TOC_MAGIC "PGDMP"
#define TOC_MAGIC_SIZE 5

/* What toc.by_object is sorted by. */
uint64_t toc_object_key(uint32_t catalog_oid, uint32_t oid);
/* False when memory is exhausted. */
bool toc_dependency_push(struct toc_entry *entry, int32_t dependency);

#endif
