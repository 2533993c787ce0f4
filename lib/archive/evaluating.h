/*
 * Which statements of an archive make the server evaluate what owners wrote, while it runs them and before there is a row:
 *
 * - A constant is read when the definition that it stands in is parsed: of an array, a row or a range with the CHECK of each domain
 *   in it, of a range with its canonical function. One of a domain itself is checked later, whenever it is evaluated.
 * - A partition key that is an expression is planned: functions of constants are called. So it is again when a trigger is made on
 *   that table, and bounds are sorted by the operator class that the key names.
 * - The expression of a generated column is planned, be it stored or virtual, to see whether it is immutable: functions of constants
 *   are called.
 * - The initial value of an aggregate is read. Of one with SUPPORT, which nobody but a superuser may make, that counts only where a
 *   domain's check or a range is in it.
 *
 * Planning a cast to a domain plans the domain's CHECK, too. Neither a CHECK beside the columns nor a DEFAULT is planned when it is
 * made, nor what is in a view, rule, policy, trigger or function.
 *
 * It is told from pg_dump's texts, in which the server wrote all expressions with an empty search_path: a constant of a type that
 * somebody made is 'text'::schema.name. In doubt it is one. What makes indexes and constraints is not asked here: that is always
 * said to evaluate (transfer/fill_schema.c). No I/O.
 */
#ifndef CUTOVER_ARCHIVE_EVALUATING_H
#define CUTOVER_ARCHIVE_EVALUATING_H

#include "archive/toc.h"

struct evaluating {
    bool *entries; /* by their position; NULL: none does */
    size_t count;  /* of those that do */
};

/* Of the entries that were read. `calls`: only where a function or operator of the archive may be called, and not what a domain's
   check does with the server's own. */
cutover_status evaluating_find(const struct toc *toc, bool calls, struct evaluating *evaluating,
                               cutover_error **error);
bool evaluating_has(const struct evaluating *evaluating, size_t position);
void evaluating_free(struct evaluating *evaluating);

/* The next constant 'text'::schema.name of a statement, at or after *at, which is moved behind it; the names without their quotes,
   in place of what the texts held. False: there is none, or memory is exhausted (text_failed()). */
bool evaluating_constant(const char **at, struct text *schema, struct text *name);

#endif
