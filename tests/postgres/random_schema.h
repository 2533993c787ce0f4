/*
 * A schema of random objects, as one who wants to see everything might make it: the same seed, the same SQL. Types, domains, tables that
 * are partitioned, inherit, generate and refer, with rows in them; functions, views on views, triggers, rules, indexes, statistics,
 * grants, comments. Nothing that a plain role could not promote, and no names outside of the schema.
 */
#ifndef CUTOVER_TESTS_POSTGRES_RANDOM_SCHEMA_H
#define CUTOVER_TESTS_POSTGRES_RANDOM_SCHEMA_H

#include <stdint.h>

/* malloc'd. To be run with the schema first in the search_path, by its owner; a role `reader` is granted something. */
char *random_schema_sql(uint64_t seed);

#endif
