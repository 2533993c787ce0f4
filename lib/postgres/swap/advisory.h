/*
 * The lock that makes production's own server the arbiter: a session-level advisory lock in the control database, held from a
 * job's step lock to its end by the very session that swaps. A job whose session is gone cannot swap any more, whatever it
 * believes about its lease.
 */
#ifndef CUTOVER_POSTGRES_SWAP_ADVISORY_H
#define CUTOVER_POSTGRES_SWAP_ADVISORY_H

#include "postgres/session.h"

/* XXH3_64bits_withSeed() of the project id, whose seed is XXH3_64bits() of "libcutover:", both without their NUL; the 64 bits
   are taken for a signed integer. No version may make another key: two that do would not see each other's lock. */
int64_t advisory_key(const char *project_id);
/* Takes the lock and does not wait. CUTOVER_E_LOCKED when another session has it (its pid in the detail). */
cutover_status advisory_lock(struct session *control, int64_t key, cutover_error **error);
/* Takes it, ending whoever holds it, and only when that session is gone: what it had sent is done then, or never will be. Waits at most
   about 5 s. */
cutover_status advisory_lock_wrest(struct session *control, int64_t key, cutover_error **error);
/* Takes it for a job whose session with backend `old_pid` was lost: that backend, if it still holds the lock, is ended, and
   is gone on return, so that nothing of what it was sent is done later. Somebody else, or anybody where
   `old_pid` is 0, is waited for, up to about 5 s: CUTOVER_E_LOCKED. */
cutover_status advisory_lock_regain(struct session *control, int64_t key, int old_pid, cutover_error **error);
/* Whether this session still holds it: asked right before the swap. */
cutover_status advisory_lock_held(struct session *control, int64_t key, bool *held, cutover_error **error);

#endif
