/*
 * The secrets of one integration, in memory for as long as a sync takes: from the host's callback, and what that leaves out from the
 * folder.
 */
#ifndef CUTOVER_NOTIFY_INTEGRATION_SECRETS_H
#define CUTOVER_NOTIFY_INTEGRATION_SECRETS_H

#include "notify/integrations.h"

struct integration_secrets {
    char *token;
    char *pooled_url;
    char *unpooled_url;
};

/* Reads all that the record's variables need; CUTOVER_E_STATE for one that nobody has. */
cutover_status integration_secrets_read(const cutover_integrations *integrations,
                                        const struct integration_record *record,
                                        struct integration_secrets *secrets, cutover_error **error);
void integration_secrets_free(struct integration_secrets *secrets);

/* Whether a text of somebody else's quotes one of them, or a password in one. */
bool integration_secrets_quoted(const struct integration_secrets *secrets, const char *text);

/* Writes what is given (NULL members: none) into new files of that id; what there is of `before` (an id, or NULL) comes along for members
   that are NULL. On failure nothing of the new id is left. */
cutover_status integration_secrets_write(const cutover_integrations *integrations, const char *id,
                                         const char *before, const struct integration_secrets *given,
                                         cutover_error **error);
/* Removes all files of an id; NULL is nothing. The first failure is told, and the others are tried. */
cutover_status integration_secrets_remove(const cutover_integrations *integrations, const char *id,
                                          cutover_error **error);
/* Removes what is left of ids that no integration names, of processes that died in the middle. */
void integration_secrets_sweep(const cutover_integrations *integrations);

#endif
