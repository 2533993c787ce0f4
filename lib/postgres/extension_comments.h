/*
 * Comments on extensions, which only their owners may set: on a managed service that is the provider (EDGE_CASES A24). They
 * are carried one by one, and those that are refused are named.
 */
#ifndef CUTOVER_POSTGRES_EXTENSION_COMMENTS_H
#define CUTOVER_POSTGRES_EXTENSION_COMMENTS_H

#include "archive/toc.h"
#include "postgres/session.h"

/* Gives the extensions that both databases have the comments that they bear in `from`. *refused: names of those that this
   role may not set (insufficient_privilege), separated by ", ", or NULL; the caller's. */
cutover_status extension_comments_copy(struct session *from, struct session *to, char **refused,
                                       cutover_error **error);
/* Likewise, the comments that an archive has for its extensions, as pg_dump wrote them; none for those without. */
cutover_status extension_comments_restore(const struct toc *toc, struct session *to, char **refused,
                                          cutover_error **error);

#endif
