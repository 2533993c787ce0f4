/*
 * What belongs to a database and not to what is in it: owner, grants, settings (also per role), connection limit,
 * comment, security labels, encoding, locale, tablespace (EDGE_CASES C7, C8). Read from production before the fence, and again
 * before the swap, which gives them to the new one.
 */
#ifndef CUTOVER_POSTGRES_PROPERTIES_H
#define CUTOVER_POSTGRES_PROPERTIES_H

#include "postgres/session.h"

/* JSON: {name, oid, owner, encoding, locale_provider, collate, ctype, icu_locale, icu_rules, tablespace, connection_limit,
   is_template, comment, acl: [{grantee ("" is PUBLIC), privilege, grantable, grantor}] sorted, acl_is_default: bool,
   settings: [{role ("" is all), name, value}] in order, labels: [{provider, label}]}. A fence that stands is left out: its place
   has what it replaced. */
cutover_status properties_read(struct session *control, uint32_t database_oid, struct json_object **properties,
                               cutover_error **error);
/* A digest, by the server, of what properties_read() reads, doors and sessions left aside: another where somebody changed it since. Changed
   it is only for as long as nobody holds the database's lock, as its rename does. */
cutover_status properties_digest(struct session *control, uint32_t database_oid, char **digest,
                                 cutover_error **error);
/* A copy for a record or a manifest: settings by name only. What was set may be a password. */
cutover_status properties_without_values(struct json_object *properties, struct json_object **kept,
                                         cutover_error **error);
/* The statements that make a database, which has `has`, bear `wanted`: settings, comment, labels, limit, owner, grants; what `has`
   has of settings and grants goes. For the swap's transaction: until then it bears none of it. `has` may be NULL. */
cutover_status properties_give_sql(const char *database, struct json_object *has, struct json_object *wanted,
                                   struct text *sql, cutover_error **error);
/* Whether it can be given all that, found out by giving it and taking it back: nothing that may fail is left to the swap.
   An error names the setting, and repeats nothing of what the server says of its value. */
cutover_status properties_try(struct session *control, const char *database, struct json_object *has,
                              struct json_object *wanted, cutover_error **error);
/* Takes all grants on a database back, whoever has them: what was kept closed for long bears those of its time. */
cutover_status properties_grants_clear(struct session *control, const char *database, cutover_error **error);
/* CUTOVER_OK with *differences "" when equal in all but name and oid; else lines that name what differs; of a setting they tell
   that it was set or set otherwise, and no value. */
cutover_status properties_compare(struct json_object *expected, struct json_object *found, char **differences,
                                  cutover_error **error);

#endif
