/*
 * What is done by itself, each on a thread of its own: the outbox is delivered, one thread for each notifier; webhooks are
 * sent and integrations synced; and in each interval jobs whose process is gone are recovered, requests expire, sessions that are over are taken away.
 */
#ifndef CUTOVERD_CHORES_H
#define CUTOVERD_CHORES_H

#include "metrics.h"

enum { CHORES_MAX = 8 };

struct chores;

struct chore {
    struct chores *chores;
    const char *name;
    const char *outlet; /* of a delivery */
    /* Does it once; returns the seconds after which it wants to be done again, 0: as ever. */
    unsigned (*once)(struct chore *chore);
    unsigned interval_s;
    pthread_t thread;
};

struct chores {
    pthread_mutex_t mutex;
    pthread_cond_t ended;
    bool ending;
    struct house *house;
    struct metrics *metrics;
    struct chore of[CHORES_MAX];
    size_t count;
};

/* False where a thread cannot be made; then chores_end() ends those that are there. */
bool chores_start(struct chores *chores, struct house *house, struct metrics *metrics, unsigned interval_s);
/* What is being done is finished first. */
void chores_end(struct chores *chores);

#endif
