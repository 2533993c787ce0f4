/*
 * What the sessions of an application run with in a database, as far as what owners wrote may depend on it: the text forms of values,
 * the search_path, and parameters of their own ("app.tenant"), as they are stored for the database and for its owner in it. A CHECK, a
 * partition key, a generated column or an index expression that was evaluated under them is evaluated under them again where rows come in.
 *
 * For the loader's sessions. The search_path is for what evaluates only: what is parsed under one may mean something else, as an exact match
 * of argument types in somebody's schema goes before a polymorphic one of pg_catalog. Not carried is what changes how values are read
 * (xmloption, array_nulls: postgres/pins.h). Values may be secrets: they go to the server as parameters, and nowhere else.
 */
#ifndef CUTOVER_POSTGRES_OWN_SETTINGS_H
#define CUTOVER_POSTGRES_OWN_SETTINGS_H

#include "postgres/session.h"

/* All zero is none. */
struct own_settings {
    PGresult *list;
};

/* Those of a database of the session's server; NULL: of the one that it is in. One that is not there has none stored, and the server's own search_path. */
cutover_status own_settings_read(struct session *session, const char *database, struct own_settings *settings,
                                 cutover_error **error);
/* Sets all but the search_path, and but for those that this session may not set, or whose value is no longer one. */
cutover_status own_settings_apply(struct session *session, const struct own_settings *settings,
                                  cutover_error **error);
/* Sets the search_path, with pg_catalog first; for the transaction, or for the session. */
cutover_status own_settings_path(struct session *session, const struct own_settings *settings,
                                 bool for_transaction, cutover_error **error);
void own_settings_free(struct own_settings *settings);

#endif
