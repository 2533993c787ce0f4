/*
 * Every case of a test begins clean, whatever the one before did: what it left on the servers and among this program's children
 * is taken away when it ends. That something was left is for others to complain about, before.
 */
#ifndef CUTOVER_TESTS_SWEEP_H
#define CUTOVER_TESTS_SWEEP_H

/* Remembers the servers, their databases and this program's children: they were there before the case. */
void sweep_mark(void);
/* Servers that were marked and do not answer are started again. */
void sweep_revive(void);
/* Takes away what was not there at the mark: children, servers, and on the other servers the library's sessions, whoever holds an
   advisory lock, prepared transactions, replication slots, and databases with their subscriptions. What cannot be taken away is
   told on standard error. */
void sweep(void);

#endif
