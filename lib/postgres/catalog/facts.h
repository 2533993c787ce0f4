/*
 * Catalog facts: everything of a database but its rows, as sorted lines "class<TAB>identity<TAB>definition", so that
 * two databases, or a database and a backup, are compared line by line and each difference has a name (EDGE_CASES
 * D14, A6, A9, A23, A27, A28, C3, C6, F8, F9). Names are qualified, OIDs never appear, column order does not matter
 * (A17).
 *
 * Classes: schema, extension, table (kind, persistence, replica identity, row security, access method, options,
 * partition key and bound, inheritance), column (type, collation, not null, default, identity, generated, storage,
 * compression, statistics target, options), constraint (definition, validated, deferrable), index (definition, valid,
 * ready, clustered, replica identity), view, matview (with populated), sequence (parameters, owned by; values are
 * compared with the rows), function, aggregate, type, domain, enum, range, operator, opfamily, opclass, cast, transform,
 * collation, conversion, text search, trigger (definition, enabled), rule, policy, event trigger, publication,
 * publication member, statistics, foreign data wrapper and foreign server (options as a digest), user mapping (names of
 * options), foreign table, language, access method, comment, owner, acl (aclexplode with acldefault), default acl,
 * security label, large object. Left out: members of extensions (but for changed owners, grants and policies on them),
 * what initdb made (but for changed grants), subscriptions, tablespaces, comments on and owners of extensions. An invalid
 * index is a fact that no dump carries.
 */
#ifndef CUTOVER_POSTGRES_CATALOG_FACTS_H
#define CUTOVER_POSTGRES_CATALOG_FACTS_H

#include "base/text.h"
#include "postgres/session.h"

/* Reads the facts in the session's current transaction: COPY text lines, sorted by strcmp, each ended by \n. */
cutover_status catalog_facts_read(struct session *session, struct text *facts, cutover_error **error);
/* Compares two of them. *differences (to be freed by the caller) is "" when equal, else up to `limit` lines such as
   "index public.orders_pkey: only in the first" or "column public.orders.total: numeric(10,2) | numeric(12,2)", then
   "and N more". */
cutover_status catalog_facts_compare(const char *first, const char *second, const char *first_name,
                                     const char *second_name, size_t limit, char **differences, size_t *count,
                                     cutover_error **error);

/* How many facts of the first the second has none of the same class and identity for. */
size_t catalog_facts_missing(const char *first, const char *second);

/* Text as a field of a fact, and back. */
void catalog_facts_escape(const char *value, struct text *text);
void catalog_facts_unescape(const char *field, size_t length, struct text *text);

/* Every role that owners, grants, default privileges, policies and user mappings of the database name, sorted
   (EDGE_CASES C1); PUBLIC left out. */
cutover_status catalog_roles(struct session *session, char ***roles, size_t *count, cutover_error **error);
/* [{name, version, schema}] */
cutover_status catalog_extensions(struct session *session, struct json_object **extensions,
                                  cutover_error **error);

#endif
