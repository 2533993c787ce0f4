/*
 * The store port's own rules: whether a vtable is complete, whether a call's arguments are within the bounds that
 * cutover/store.h gives (the built-in stores check every call by these), and the library's calls, which keep to what a store
 * says that it can take.
 */
#ifndef CUTOVER_STORE_PORT_H
#define CUTOVER_STORE_PORT_H

#include "base/port.h"

#include <cutover/store.h>

#define STORE_KIND_MAX 32   /* bytes */
#define STORE_ID_MAX 200    /* bytes */
#define STORE_LIST_MAX 1000 /* documents */
#define STORE_COMMIT_MAX 64 /* writes */

/* What a store must take, whatever its limits. */
#define STORE_COMMIT_LEAST 32  /* writes */
#define STORE_LIST_LEAST 10    /* documents */
#define STORE_BODY_LEAST 65536 /* bytes */

extern const struct port store_port;

/* A host's vtable, whole: port_copy(), and CUTOVER_E_INVALID for a limit that is too low to work with. */
cutover_status store_copy(const char *name, const cutover_store *given, cutover_store *copy,
                          cutover_error **error);

/* Commits, or CUTOVER_E_UNSUPPORTED for what is beyond the store's limits. */
cutover_status store_commit(const cutover_store *store, const cutover_write *const *writes, size_t count,
                            cutover_error **error);
/* A commit of one write. */
cutover_status store_save(const cutover_store *store, const cutover_write *write, cutover_error **error);
/* Lists; where the store takes no limit as high as this one, by several calls. What it returns is what the store did. */
cutover_status store_list(const cutover_store *store, const char *kind, const char *project_id,
                          const char *after_id, uint32_t limit, cutover_document_emit emit, void *context,
                          cutover_error **error);

cutover_status store_check_get(const char *kind, const char *id, cutover_document_emit emit,
                               cutover_error **error);
cutover_status store_check_list(const char *kind, const char *after_id, uint32_t limit,
                                cutover_document_emit emit, cutover_error **error);
cutover_status store_check_commit(const cutover_write *const *writes, size_t count, cutover_error **error);

/* CUTOVER_E_CONFLICT about one write. */
cutover_status store_conflict(const cutover_write *write, cutover_error **error);

#endif
