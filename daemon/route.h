/*
 * Who asks, and for what: the API under /v1, the dashboard's pages, its sessions (/login, /logout, /session), /metrics, /healthz.
 *
 * A caller is known by a key (`Authorization: Bearer ck_…`) or by a session's cookie; a change by the latter has to bear the session's CSRF
 * token.
 */
#ifndef CUTOVERD_ROUTE_H
#define CUTOVERD_ROUTE_H

#include "exchange.h"
#include "metrics.h"

#include <stdatomic.h>

#define SESSION_COOKIE "cutover_session"

struct site {
    const struct configuration *configuration;
    struct house *house;
    struct metrics *metrics;
    struct pages pages;
    struct attempts attempts;
    atomic_bool ending; /* balancers are told so */
};

/* Answers, in place of what there was, that it is too much now: with the seconds to wait. Any thread. */
void route_refuse_for_now(const struct site *site, struct exchange *exchange, uint32_t status,
                          const char *message, unsigned seconds);
/* Whether it may ask databases, which may be away, before it is answered. */
bool route_is_slow(const struct exchange *exchange);
/* Whether it is only about how this process is. */
bool route_is_health(const struct exchange *exchange);
/* Answers; may block as cutover_api_handle() does. Any thread. */
void route(struct site *site, struct exchange *exchange);

#endif
