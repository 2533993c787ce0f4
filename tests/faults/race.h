/*
 * Racing processes: this test program again as children, each with an engine of its own on a shop's store; and points at
 * which such a child stops itself (SIGSTOP) until it is told to go on.
 */
#ifndef CUTOVER_TESTS_RACE_H
#define CUTOVER_TESTS_RACE_H

#include "support/shop.h"

#include <sys/types.h>

/*
 * What a child does with a request. A stop is "KIND TEXT" or "KIND*N TEXT", the Nth time (1 when absent) that it is about
 * to do something of that kind that contains TEXT; with TEXT "FIRST|SECOND" the first SECOND after a FIRST:
 *   "before SQL"       a statement is sent to a PostgreSQL server
 *   "after SQL"        it was sent, and its answer not yet read
 *   "moving STATE"     the platform is asked to move the project to STATE
 *   "moved STATE"      it did
 *   "preview "         the platform is asked for the preview
 *   "any "             any of these
 * "STOP then STOP" is two of them, the second looked for after the first.
 */
struct racer {
    const char *verb; /* "ack", "reject", "cancel" or "promote" */
    const char *request_id;
    cutover_verify_method verify; /* of a promotion; 0: read again, which is faster */
    bool hold;
    cutover_fence fence; /* of a promotion */
    unsigned delay_us;   /* before it begins */
    const char *stop;    /* or NULL */
};

/* Children that begin together, when race_go() is called. */
struct race {
    struct shop *shop;
    int gate[2];
};

void race_open(struct race *race, struct shop *shop);
pid_t race_enter(struct race *race, const struct racer *racer);
void race_go(struct race *race);

/* One child that begins at once. */
pid_t race_alone(struct shop *shop, const struct racer *racer);
/* Waits for a child's end: what its call returned. Anything but an orderly end fails the test. */
cutover_status race_result(pid_t child);
/* Waits until a child has stopped (true) or ended (false, with its result). */
bool race_stopped(pid_t child, cutover_status *result);
/* Kills a child, and waits until it is gone. */
void race_kill(pid_t child);

/* In main(): whether this process is such a child; then *code is what to exit with. */
bool race_is_child(int argc, char **argv, int *code);

#endif
