/*
 * Synchronous standbys and what we commit. No statement of ours waits for one (postgres/pins.h): a standby that is gone would keep
 * production's door closed for as long as it is gone. What is told as done is waited for instead, once production is open again.
 */
#ifndef CUTOVER_POSTGRES_SWAP_STANDBY_H
#define CUTOVER_POSTGRES_SWAP_STANDBY_H

#include "postgres/session.h"

/* Waits until the server's synchronous standbys have all that was committed before, by a session with `options` that commits a
   logical message of no content as the server's own clients do. Nothing where there are none. CUTOVER_E_POSTGRES when that took
   longer than timeout_ms, or could not be asked; no session waits on then. */
cutover_status standby_confirm(struct session *control, const struct session_options *options,
                               int64_t timeout_ms, cutover_error **error);

#endif
