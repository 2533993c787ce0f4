/*
 * UUIDv7 (RFC 9562) as text: they sort by time, and within a process strictly.
 */
#ifndef CUTOVER_BASE_ID_H
#define CUTOVER_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

#define ID_SIZE 37

void id_new(int64_t now_us, char id[ID_SIZE]);
bool id_is_valid(const char *id); /* any UUID in lower-case text form */
/* The last 12 hex digits: what names of staging and displaced databases end in. */
void id_short(const char *id, char out[13]);

#endif
