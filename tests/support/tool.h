/*
 * cutoverctl, as it was built, in a home folder of its own.
 */
#ifndef CUTOVER_TESTS_TOOL_H
#define CUTOVER_TESTS_TOOL_H

/* What was asked of it, for the schemas (support/told.h): "request list" of its arguments, options left out. */
void tool_told(const char *const *arguments, const char *said);
/* Makes the home folder of those that follow. */
void tool_begin(void);
const char *tool_home(void);
/* Runs it with --json, and expects this exit status; what it said is malloc'd. Arguments are ended by a NULL. */
char *tool(int expected, const char *const *arguments);
/* It succeeds. */
void tool_done(const char *const *arguments);
/* It succeeds, and says an object with this id; malloc'd. */
char *tool_id(const char *const *arguments);

#define TOOL(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
