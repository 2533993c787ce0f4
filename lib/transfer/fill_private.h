/*
 * What filling a database (fill.c) shares with making its schema (fill_schema.c).
 */
#ifndef CUTOVER_TRANSFER_FILL_PRIVATE_H
#define CUTOVER_TRANSFER_FILL_PRIVATE_H

#include "transfer/fill.h"

/* Runs with a session of the loader's (ours where there is none), ticking. */
typedef cutover_status (*loader_run_fn)(void *context, struct session *session, cutover_error **error);
cutover_status fill_as_loader(struct fill *fill, loader_run_fn run, void *context, cutover_error **error);

bool fill_is_named(const struct toc_entry *entry, const char *desc);
/* Whether it was built beside the rows. */
bool fill_is_built(const struct fill *fill, const struct toc_entry *entry);

/* All that comes before the rows, but for what attaches partitions: one stream, the archive's order. */
cutover_status fill_pre_data(struct fill *fill, cutover_error **error);
/* What makes large objects, where pre-data does not. */
cutover_status fill_large_objects(struct fill *fill, cutover_error **error);
/* All that comes after the rows and was not built, but for contents of materialized views, and event triggers. */
cutover_status fill_post_data(struct fill *fill, cutover_error **error);
cutover_status fill_event_triggers(struct fill *fill, cutover_error **error);

#endif
