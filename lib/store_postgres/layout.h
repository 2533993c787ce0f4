/*
 * The layout: the tables of a store, in a schema of their own. Its version is in the schema; who changes the layout renames
 * `document`, so that a library which knows the older one, and has the store open, fails instead of going on.
 *
 *     layout        one row: the version
 *     document      the documents; text compares by its bytes
 *     commit_token  the commits that were answered not long ago, each under the name that its store gave it: what is sent again is
 *                   not done again
 */
#ifndef CUTOVER_STORE_POSTGRES_LAYOUT_H
#define CUTOVER_STORE_POSTGRES_LAYOUT_H

#include "store_postgres/link.h"

#define LAYOUT_VERSION 1

/* Makes the layout where there is none, and checks it. Others may be doing the same at
   this moment. CUTOVER_E_UNSUPPORTED for a newer one and for a pooler that ends transactions, CUTOVER_E_INVALID for a schema in which
   something else is. */
cutover_status layout_ensure(struct link *link, const char *schema, cutover_error **error);

#endif
