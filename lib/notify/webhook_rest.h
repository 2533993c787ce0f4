/* Endpoints whose attempts failed are left alone for a while, longer each time, by this process; others go on. */
#ifndef CUTOVER_NOTIFY_WEBHOOK_REST_H
#define CUTOVER_NOTIFY_WEBHOOK_REST_H

#include <stdint.h>

struct webhook_rest; /* a list; NULL: none rests */

/* After a failed attempt: 5 s, twice as long each time, 300 s at most; or asked_us, where the endpoint asked for more. Without memory it
   does not rest: that is no failure. */
void webhook_rest_begin(struct webhook_rest **rests, const char *webhook_id, int64_t asked_us);
/* After one that was taken. */
void webhook_rest_forget(struct webhook_rest **rests, const char *webhook_id);
/* In microseconds; 0: it does not rest. */
int64_t webhook_rest_left(struct webhook_rest *rests, const char *webhook_id);
void webhook_rests_free(struct webhook_rest **rests);

#endif
