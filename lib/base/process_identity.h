/*
 * Which process: a text that names one for ever, so that whoever reads it later on the same machine can tell one that is gone
 * from another that bears its number now.
 */
#ifndef CUTOVER_BASE_PROCESS_IDENTITY_H
#define CUTOVER_BASE_PROCESS_IDENTITY_H

#include <stdbool.h>

#define PROCESS_IDENTITY_SIZE 256

/* "BOOT-ID PID-NAMESPACE PID START" of this process; "unknown" where /proc does not tell. */
void process_identity(char identity[PROCESS_IDENTITY_SIZE]);
/* Whether that process ran in this process namespace of this machine, and is gone: true only when it is certain. NULL and what
   is no identity: false. */
bool process_is_gone(const char *identity);

#endif
