/*
 * Sessions of the library's own for tests, opened as the pipeline opens them.
 */
#ifndef CUTOVER_TESTS_SESSION_H
#define CUTOVER_TESTS_SESSION_H

#include "postgres/session.h"

/* Asserts that it opens; session_close() is the caller's. */
struct session *check_session(const char *conninfo);

#endif
