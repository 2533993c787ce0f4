/*
 * Sessions of people at the dashboard. A login with an API key makes one; the browser keeps its token in a cookie, the store keeps the token's
 * SHA-256 (kind "session"), so that every daemon on the store knows it. It ends with its time, at the logout, and with its key.
 */
#ifndef CUTOVERD_SESSION_H
#define CUTOVERD_SESSION_H

#include "token.h"

#include <cutover.h>
#include <stdint.h>

struct session {
    char *key_id;
    char csrf[TOKEN_SIZE]; /* what each change has to bear, in the header X-CSRF-Token */
    int64_t expires_at;
};

/* Makes one of a key; `token` is for the cookie. */
cutover_status session_new(const cutover_store *store, const char *key_id, int64_t expires_at,
                           char token[TOKEN_SIZE], struct session *session, cutover_error **error);
/* CUTOVER_E_NOT_FOUND for a token that is none, and where its time is over. */
cutover_status session_find(const cutover_store *store, const char *token, struct session *session,
                            cutover_error **error);
/* Ends it; one that is not there is none. */
cutover_status session_end(const cutover_store *store, const char *token, cutover_error **error);
/* Takes those out of the store whose time is over. */
cutover_status sessions_sweep(const cutover_store *store, cutover_error **error);
void session_free(struct session *session);

#endif
