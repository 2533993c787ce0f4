/*
 * The one place where names and values become SQL text.
 */
#ifndef CUTOVER_POSTGRES_QUOTE_H
#define CUTOVER_POSTGRES_QUOTE_H

#include "base/text.h"

void quote_identifier(struct text *sql, const char *name);                    /* always quoted */
void quote_qualified(struct text *sql, const char *schema, const char *name); /* "s"."n" */
void quote_literal(struct text *sql, const char *value); /* 'v' with E'' where needed; NULL: NULL */
/* The text form of an array of them: {"a","b"}. */
void quote_array(struct text *text, char *const *elements, size_t count);

#endif
