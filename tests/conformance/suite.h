/*
 * What the conformance suites share: cases run one after the other, each reports once, the first expectation that
 * does not hold is what it reports. Uses the public interface only: this is installed with the suites.
 */
#ifndef CUTOVER_CONFORMANCE_SUITE_H
#define CUTOVER_CONFORMANCE_SUITE_H

#include <cutover/conformance.h>

#include <stdbool.h>

#define SUITE_FAILURE_SIZE 1024

struct suite {
    cutover_conformance_report report; /* or NULL */
    void *userdata;
    const char *name;                             /* of the running case */
    char failure[SUITE_FAILURE_SIZE];             /* of the running case; "" while it holds */
    unsigned cases;                               /* run so far */
    unsigned failures;                            /* of them, failed */
    char first_failure[SUITE_FAILURE_SIZE + 128]; /* "name: failure" of the first that failed */
};

void suite_init(struct suite *suite, cutover_conformance_report report, void *userdata);
/* Brackets one case. */
void suite_begin(struct suite *suite, const char *name);
void suite_end(struct suite *suite);
/* CUTOVER_OK when all passed; else CUTOVER_E_VERIFY with an error. */
cutover_status suite_result(const struct suite *suite, cutover_error **error);

/* Each returns whether it held, so that a case can end early: `if (!EXPECT(suite, count == 2)) return;`
   Only on the thread that runs the suite. */
#define EXPECT(suite, condition) suite_expect((suite), (condition), #condition, __FILE__, __LINE__)
#define EXPECT_TEXT(suite, found, expected)                                                                    \
    suite_expect_text((suite), (found), (expected), #found, __FILE__, __LINE__)
/* `error` is a cutover_error * variable that the call was given; freed and NULL after. A call that failed must have
   set an error whose code is what it returned, and one that returned CUTOVER_OK must not have set one. */
#define EXPECT_STATUS(suite, call, expected, error)                                                            \
    suite_expect_status((suite), (call), (expected), &(error), #call, __FILE__, __LINE__)

bool suite_expect(struct suite *suite, bool held, const char *text, const char *file, int line);
bool suite_expect_text(struct suite *suite, const char *found, const char *expected, const char *text,
                       const char *file, int line);
bool suite_expect_status(struct suite *suite, cutover_status found, cutover_status expected,
                         cutover_error **error, const char *text, const char *file, int line);

#endif
