/*
 * Facts of two major versions in a form that both can have: what the older one cannot say is left out, or is said in its default.
 * Within one version nothing is taken away. docs/decisions/0019-facts-of-two-versions.md says what is known and how it was found.
 */
#ifndef CUTOVER_POSTGRES_CATALOG_VERSIONS_H
#define CUTOVER_POSTGRES_CATALOG_VERSIONS_H

#include "base/text.h"
#include "postgres/session.h"

/* Facts of one server (postgres/catalog/facts.h) as they are to be compared with those of another: versions as 150018. In place of
   *reduced, which is freed. The order of lines stays. */
cutover_status catalog_facts_reduce(const char *facts, int version, int other, struct text *reduced,
                                    cutover_error **error);

/*
 * Facts of an older version, with the definitions of views as the session's server says them: a view's text is made anew from
 * its parse tree, by each version in its own way. Each view is made of the older text as a temporary one and thrown away; one that
 * cannot be made so keeps its text. In a database of ours that has no event triggers yet, in no transaction.
 */
cutover_status catalog_facts_translate(struct session *session, int version, struct text *facts,
                                       cutover_error **error);

#endif
