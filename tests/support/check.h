/*
 * cmocka and the few assertions that every test uses. A failing call shows the library's whole error.
 */
#ifndef CUTOVER_TESTS_CHECK_H
#define CUTOVER_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <cutover/error.h>

/* Each takes the variable's address: whether the call or its error is evaluated first is the compiler's choice. */
/* Asserts CUTOVER_OK of an expression that fills the given error; prints and frees it otherwise. */
#define check_ok(call, error) check_status_at((call), CUTOVER_OK, &(error), __FILE__, __LINE__)
/* Asserts a status; the error (if any) is freed and NULL after. */
#define check_status(call, expected, error) check_status_at((call), (expected), &(error), __FILE__, __LINE__)
/* As check_status, keeps the error for more assertions; free it with cutover_error_free. */
#define check_status_keep(call, expected, error)                                                               \
    check_status_keep_at((call), (expected), (const cutover_error *const *)&(error), __FILE__, __LINE__)

void check_status_at(cutover_status found, cutover_status expected, cutover_error **error, const char *file,
                     int line);
void check_status_keep_at(cutover_status found, cutover_status expected, const cutover_error *const *error,
                          const char *file, int line);
/* Asserts that text contains part. */
#define check_contains(text, part) check_contains_at((text), (part), __FILE__, __LINE__)
void check_contains_at(const char *text, const char *part, const char *file, int line);

#endif
