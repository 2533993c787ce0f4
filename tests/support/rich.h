/*
 * A database with one of (nearly) everything that PostgreSQL can hold, and rows in every table: what a copy, a backup and
 * a comparison must carry. For PostgreSQL 15 and later, run by a superuser in a database of encoding UTF8.
 */
#ifndef CUTOVER_TESTS_RICH_H
#define CUTOVER_TESTS_RICH_H

/* The roles that the schema names; once per server. rich_login can log in with the password "rich-login-secret". */
const char *rich_roles_sql(void);
/* Everything else; once per database. The biggest table is shop.orders with 20000 rows. */
const char *rich_schema_sql(void);
/* What came after 15, up to what that release has; in a schema of its own, by a superuser, beside the above or alone. Malloc'd. */
char *rich_newer_sql(int server_version);

#endif
