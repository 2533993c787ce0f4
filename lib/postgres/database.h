/*
 * Databases that the library makes and drops: staging and throwaway ones. Always from template0, in production's
 * encoding, locale and tablespace, our role's own, CONNECT revoked from everybody (EDGE_CASES A30, A31, A42).
 */
#ifndef CUTOVER_POSTGRES_DATABASE_H
#define CUTOVER_POSTGRES_DATABASE_H

#include "postgres/session.h"

#define DATABASE_NAME_MAX 63 /* bytes; NAMEDATALEN - 1 */

/* PREFIX + the id's short form, and checks 63 bytes (EDGE_CASES E19). */
void database_name_make(char name[64], const char *prefix, const char *id);
/* Looks a database up: *oid 0 when there is none of that name. */
cutover_status database_oid_of(struct session *control, const char *name, uint32_t *oid, cutover_error **error);
/* *name NULL when there is none of that OID. */
cutover_status database_name_of(struct session *control, uint32_t oid, char **name, cutover_error **error);
/* Makes it of the encoding, locale and tablespace that `properties` (postgres/properties.h) says, and checks that it is empty. It
   belongs to our role and is closed to all but superusers: an owner could grant itself CONNECT, and change what was checked.
   Whoever is to own what is in it may create in its schema public meanwhile (postgres/public_schema.h). */
cutover_status database_create(struct session *control, const char *name, struct json_object *properties,
                               uint32_t *oid, cutover_error **error);
/* What lies in the database that the session is inside of and is not as template0 makes it, in one line; *leftovers NULL: it is
   empty. */
cutover_status database_leftovers(struct session *inside, char **leftovers, cutover_error **error);
/* Whether it is there and still as database_create() made it: our role's own, CONNECT nobody else's, CREATE everybody's. What a swap
   brought in bears production's owner and grants, and is not. `oid` 0: whatever its OID, and it may still be in the making. */
cutover_status database_is_ours(struct session *control, const char *name, uint32_t oid, bool *is,
                                cutover_error **error);
/* Drops the database of that name if its OID is `oid`; ends its sessions first. Gone already: CUTOVER_OK. Prepared transactions in
   it, which keep it from being dropped, are named. */
cutover_status database_drop(struct session *control, const char *name, uint32_t oid, cutover_error **error);

#endif
