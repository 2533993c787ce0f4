/*
 * Secrets and signatures of Standard Webhooks 1.0.0: a secret is "whsec_" and the standard Base64 of 24 to 64 bytes, which are the
 * key of an HMAC-SHA256 over "id.timestamp.body".
 */
#ifndef CUTOVER_NOTIFY_WEBHOOK_SIGNATURE_H
#define CUTOVER_NOTIFY_WEBHOOK_SIGNATURE_H

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEBHOOK_KEY_LEAST 24 /* bytes */
#define WEBHOOK_KEY_MOST 64
#define WEBHOOK_KEY_NEW 32 /* of the secrets that are made here */

/* A new secret of random bytes; the caller's, to be freed by webhook_secret_free(). CUTOVER_E_IO when there is no randomness. */
cutover_status webhook_secret_new(char **secret, cutover_error **error);
/* Wipes it. NULL is nothing. */
void webhook_secret_free(char *secret);
/* The key in a secret. False for what is none. */
bool webhook_secret_key(const char *secret, uint8_t key[WEBHOOK_KEY_MOST], size_t *size);

/* Appends "v1," and the signature by a secret to `header`, after a space where it is not the first. CUTOVER_E_STORE for what is no
   secret: the message does not show it. */
cutover_status webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body,
                            struct text *header, cutover_error **error);

#endif
