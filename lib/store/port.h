/*
 * The store port's own rules: whether a vtable is complete, and whether a call's arguments are within the bounds
 * that cutover/store.h gives. The built-in stores check every call by these.
 */
#ifndef CUTOVER_STORE_PORT_H
#define CUTOVER_STORE_PORT_H

#include <cutover/store.h>

#define STORE_KIND_MAX 32   /* bytes */
#define STORE_ID_MAX 200    /* bytes */
#define STORE_LIST_MAX 1000 /* documents */
#define STORE_COMMIT_MAX 64 /* writes */

/* A host's vtable: CUTOVER_E_UNSUPPORTED for an unknown version, CUTOVER_E_INVALID naming a member that is missing. */
cutover_status store_check(const cutover_store *store, cutover_error **error);

cutover_status store_check_get(const char *kind, const char *id, cutover_document_emit emit,
                               cutover_error **error);
cutover_status store_check_list(const char *kind, const char *after_id, uint32_t limit,
                                cutover_document_emit emit, cutover_error **error);
cutover_status store_check_commit(const cutover_write *writes, size_t count, cutover_error **error);

/* CUTOVER_E_CONFLICT about one write. */
cutover_status store_conflict(const cutover_write *write, cutover_error **error);

#endif
