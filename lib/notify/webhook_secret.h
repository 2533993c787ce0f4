/*
 * An endpoint's secrets: one document, {"secrets": [{secret, until}]}, the newest first; `until` is null for the newest, and for the
 * others the time when they end. Nothing lists it, and nothing of it gets into another record, a log or an error.
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_SECRET_H
#define CUTOVER_NOTIFY_WEBHOOK_SECRET_H

#include "base/json.h"
#include "base/text.h"
#include "store/ledger.h"

#define WEBHOOK_SECRETS_MAX 5

struct webhook_secrets {
    struct json_object *list; /* array; NULL: none */
    uint64_t version;         /* of the document; 0: it does not exist */
};

/* CUTOVER_E_NOT_FOUND, CUTOVER_E_STORE for what is damaged. */
cutover_status webhook_secrets_read(const cutover_store *store, const char *webhook_id,
                                    struct webhook_secrets *secrets, cutover_error **error);
void webhook_secrets_free(struct webhook_secrets *secrets);

/* Makes a new secret, before the others, which end at `until` where they do not end earlier; those that have ended by `now` go. *secret
   is the caller's (webhook_secret_free). */
cutover_status webhook_secrets_add(struct webhook_secrets *secrets, int64_t now, int64_t until, char **secret,
                                   cutover_error **error);
/* Adds the document to a change. */
cutover_status webhook_secrets_put(const struct webhook_secrets *secrets, struct change *change,
                                   const char *webhook_id, cutover_error **error);

/* The value of webhook-signature: by each secret that has not ended by `now`. */
cutover_status webhook_secrets_sign(const struct webhook_secrets *secrets, int64_t now, const char *id,
                                    int64_t timestamp_s, const char *body, struct text *header,
                                    cutover_error **error);

#endif
