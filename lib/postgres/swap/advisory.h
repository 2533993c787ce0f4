/*
 * The lock that makes production's own server the arbiter: a session-level advisory lock in the control database, held from a
 * job's step lock to its end by the very session that swaps. A job whose session is gone cannot swap any more, whatever it
 * believes about its lease.
 *
 * PostgreSQL keeps advisory locks of one database from those of another, and which database is the control database is a setting
 * of the host's. So whoever has taken the lock looks whether somebody else has it in any other database of the server, and lets
 * go then (decision 22). Of two that take it at the same time at least one sees the other.
 */
#ifndef CUTOVER_POSTGRES_SWAP_ADVISORY_H
#define CUTOVER_POSTGRES_SWAP_ADVISORY_H

#include "postgres/session.h"

/* XXH3_64bits_withSeed() of the project id, whose seed is XXH3_64bits() of "libcutover:", both without their NUL; the 64 bits
   are taken for a signed integer. No version may make another key: two that do would not see each other's lock. */
int64_t advisory_key(const char *project_id);
/* The same for the database that a job overwrites, by the name that clients know it by: two hosts may call its project otherwise.
   Taken after the project's, and let go with it. */
int64_t advisory_key_of_database(const char *database);
/* Takes the lock and does not wait. CUTOVER_E_LOCKED when another session has it, in whatever database of the server (its pid in
   the detail). */
cutover_status advisory_lock(struct session *control, int64_t key, cutover_error **error);
/* Takes it, ending whoever holds it, and only when that session is gone: what it had sent is done then, or never will be. Waits at most
   about 5 s. */
cutover_status advisory_lock_wrest(struct session *control, int64_t key, cutover_error **error);
/* Takes it for a job whose session with backend `old_pid` was lost: that backend, if it still holds the lock, is ended, and
   is gone on return, so that nothing of what it was sent is done later. Somebody else, or anybody where
   `old_pid` is 0, is waited for, up to about 5 s: CUTOVER_E_LOCKED. */
cutover_status advisory_lock_regain(struct session *control, int64_t key, int old_pid, cutover_error **error);
/* Whether somebody else has it, in whatever database of the server. */
cutover_status advisory_lock_elsewhere(struct session *session, int64_t key, bool *taken,
                                       cutover_error **error);
/* Whether this session still holds it: asked right before the swap. */
cutover_status advisory_lock_held(struct session *control, int64_t key, bool *held, cutover_error **error);
/* As rules, CUTOVER_E_LOCKED: that this session holds it; and that the other sees that it does. Between two sessions of ours a failover may have come, or a connection
   string with several hosts may have led elsewhere. */
cutover_status advisory_lock_check(struct session *control, int64_t key, cutover_error **error);
cutover_status advisory_lock_shared(struct session *other, const struct session *control, int64_t key,
                                    cutover_error **error);
/* Whether `other` sees that `control` holds it: then both are sessions of one and the same running server, and not one of a
   primary and one of what a failover made of its standby, which have all names, OIDs and the system identifier in common. */
cutover_status advisory_lock_seen(struct session *other, const struct session *control, int64_t key, bool *seen,
                                  cutover_error **error);

#endif
