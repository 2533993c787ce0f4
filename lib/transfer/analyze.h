/*
 * Statistics and visibility of a database that was just filled, by `jobs` streams, so that production's plans are good
 * from its first query (EDGE_CASES F1, F3).
 */
#ifndef CUTOVER_TRANSFER_ANALYZE_H
#define CUTOVER_TRANSFER_ANALYZE_H

#include "transfer/fill.h"

/* VACUUM (ANALYZE) of every table and materialized view, ANALYZE of every partitioned one; with the default_statistics_target that
   is set for the database of the connection string, which the new one is going to have: autovacuum goes by it, too. */
cutover_status analyze_database(const struct fill *fill, cutover_error **error);

#endif
