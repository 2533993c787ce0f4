/*
 * The SQL of catalog facts: queries whose rows are class, identity, definition, each of one class or some that are alike.
 */
#ifndef CUTOVER_POSTGRES_CATALOG_QUERIES_H
#define CUTOVER_POSTGRES_CATALOG_QUERIES_H

struct catalog_query {
    int since, before;     /* server versions (150000) that it is for; 0: no bound */
    const char *common[2]; /* WITH entries that go before it, or NULL */
    const char *sql;
};

/* Ended by a NULL sql. */
extern const struct catalog_query catalog_relation_queries[];
extern const struct catalog_query catalog_object_queries[];
extern const struct catalog_query catalog_rights_queries[];

/* Every role that these rights name, as one column. */
extern const struct catalog_query catalog_roles_query;

/* Conditions for the alias of a pg_namespace row, and for an object that is no member of an extension. pg_ is a prefix
   that PostgreSQL keeps for itself. */
#define USER_SCHEMA(n) "NOT starts_with(" n ".nspname::text, 'pg_') AND " n ".nspname <> 'information_schema'"
#define NO_MEMBER(class, oid)                                                                                  \
    "NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_catalog." class "'::regclass AND x.objid "      \
                                                                               "= " oid " AND x.objsubid = 0 " \
                                                                               "AND x.deptype = 'e')"
/* Objects that initdb made have OIDs below FirstNormalObjectId. */
#define USER_OID(oid) oid " >= 16384"
/* An array of options, in an order of its own. */
#define SORTED(array) "(SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\") FROM unnest(" array ") o)"

#endif
