/*
 * Errors: how the library fills a cutover_error. Every function here returns the status that it was given, so
 * that a failing path is one line: `return error_set(error, CUTOVER_E_IO, "cannot open %s", name);`
 */
#ifndef CUTOVER_BASE_ERROR_H
#define CUTOVER_BASE_ERROR_H

#include <cutover/error.h>

#define PRINTF_LIKE(format_index, first) __attribute__((format(printf, format_index, first)))

/* Where a public function begins: whatever the caller's variable holds is of an earlier call, and perhaps freed already. Inside of
   the library an error that is there wins; so it must not be there. */
void error_begin(cutover_error **error);

/* Sets *error unless error is NULL or an error is already there: the deeper one wins. Returns code. */
cutover_status error_set(cutover_error **error, cutover_status code, const char *format, ...) PRINTF_LIKE(3, 4);
/* As error_set, with the text of errno_value appended. */
cutover_status error_set_errno(cutover_error **error, cutover_status code, int errno_value, const char *format,
                               ...) PRINTF_LIKE(4, 5);
/* CUTOVER_E_NOMEM without allocating: a static error object that cutover_error_free() knows. */
cutover_status error_nomem(cutover_error **error);

/* Complete the error that *error holds; nothing when there is none. A value that is set is not replaced. */
void error_detail(cutover_error **error, const char *format, ...) PRINTF_LIKE(2, 3);
void error_hint(cutover_error **error, const char *format, ...) PRINTF_LIKE(2, 3);
void error_sqlstate(cutover_error **error, const char *sqlstate);
void error_step(cutover_error **error, const char *step);
void error_verdict(cutover_error **error, cutover_verdict verdict);

/* Puts what it means before what happened: the message becomes "TEXT: MESSAGE", and the hint becomes `hint`, whatever it was.
   For what must be said whoever else had something to say. */
void error_front(cutover_error **error, const char *text, const char *hint);
/* Hands `from` over to the caller's error, or frees it where the caller wants none or has one. NULL is nothing. */
void error_move(cutover_error **to, cutover_error *from);

/* CUTOVER_E_VERIFY with a verdict in one line. */
cutover_status error_verify(cutover_error **error, cutover_verdict verdict, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* What a port's callback returned, made safe: a status that is not OK gets an error even if the host set none,
   and an unknown value becomes CUTOVER_E_CALLBACK. `what` names the member ("store.commit"). */
cutover_status error_from_callback(cutover_error **error, cutover_status returned, const char *what);

#ifdef __clang_analyzer__
/* It looks at one file at a time: this is what they return. */
#define error_set(error, code, ...) (error_set(error, code, __VA_ARGS__), (code))
#define error_set_errno(error, code, ...) (error_set_errno(error, code, __VA_ARGS__), (code))
#define error_nomem(error) (error_nomem(error), CUTOVER_E_NOMEM)
#define error_verify(error, ...) (error_verify(error, __VA_ARGS__), CUTOVER_E_VERIFY)
#endif

/* {code, message, detail, hint, sqlstate, step, verdict} as a json-c object, NULL when memory is exhausted. */
struct json_object *error_json(const cutover_error *error);

#endif
