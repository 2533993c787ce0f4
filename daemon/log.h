/*
 * The log: one JSON object a line on standard error, which the journal or a container takes: {"at", "level", "message", …}. No
 * secret gets here: keys, tokens, cookies and bodies are never given to it.
 */
#ifndef CUTOVERD_LOG_H
#define CUTOVERD_LOG_H

#include <cutover.h>
#include <json-c/json.h>
#include <stdbool.h>

/* Lines below this level are left out; info at first. */
void log_threshold(cutover_log_level level);
bool log_takes(cutover_log_level level);

/* Takes the members over; NULL: none. */
void log_entry(cutover_log_level level, const char *message, struct json_object *members);
void log_text(cutover_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What failed, with code, message, detail and hint; frees the error. */
void log_error(const char *what, cutover_error *error);
/* A cutover_log_fn. */
void log_engine(cutover_log_level level, const char *line, void *userdata);

/* Microseconds of the clock that never jumps. */
int64_t monotonic_now(void);
/* Microseconds since 1970-01-01 UTC, and as RFC 3339. */
int64_t wall_now(void);
enum { WALL_TEXT_SIZE = 32 };
const char *wall_text(int64_t at, char text[WALL_TEXT_SIZE]);

#endif
