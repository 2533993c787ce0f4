/*
 * The schema public of a database that the library fills. Until the swap that database belongs to our role, and public to
 * whoever owns the database: so those whose tables are in public may not create in it, which the server asks of a role before it
 * gives it a table, and again when it builds an index on one. While nobody can come in anyway, everybody may.
 */
#ifndef CUTOVER_POSTGRES_PUBLIC_SCHEMA_H
#define CUTOVER_POSTGRES_PUBLIC_SCHEMA_H

#include "postgres/session.h"

/* Everybody may create in public, where our role can say so. */
cutover_status public_schema_lend(struct session *inside, cutover_error **error);
/* Takes that back when the database is filled; where the source grants it schema_grants_complete() does so again. */
cutover_status public_schema_return(struct session *inside, cutover_error **error);

/* For a role that is no superuser: everybody may use all schemas and create in them, so that it can give away what is in a schema of
   another owner's. What takes that back is added to `give_back`. */
cutover_status schemas_lend(struct session *inside, struct text *give_back, cutover_error **error);

/* Gives everybody what the source gives of schemas and no dump has: the first rights of public, where that has another name now. */
cutover_status schema_grants_complete(struct session *inside, const char *facts, cutover_error **error);

/* What template0 has and the source has not, as its facts say: the schema public, PL/pgSQL. No dump says that they are to go. */
cutover_status template_leftovers_drop(struct session *inside, const char *facts, cutover_error **error);

#endif
