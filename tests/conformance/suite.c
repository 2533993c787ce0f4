#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void suite_init(struct suite *suite, cutover_conformance_report report, void *userdata)
{
    memset(suite, 0, sizeof(*suite));
    suite->report = report;
    suite->userdata = userdata;
}

void suite_begin(struct suite *suite, const char *name)
{
    suite->name = name;
    suite->failure[0] = '\0';
    suite->cases++;
}

void suite_end(struct suite *suite)
{
    bool failed = suite->failure[0] != '\0';

    if (failed) {
        if (suite->failures == 0)
            snprintf(suite->first_failure, sizeof(suite->first_failure), "%.100s: %s", suite->name,
                     suite->failure);
        suite->failures++;
    }
    if (suite->report != NULL)
        suite->report(suite->name, failed ? suite->failure : NULL, suite->userdata);
}

cutover_status suite_result(const struct suite *suite, cutover_error **error)
{
    char message[100];

    if (suite->cases > 0 && suite->failures == 0)
        return CUTOVER_OK;
    snprintf(message, sizeof(message), "%u of %u conformance cases failed", suite->failures, suite->cases);
    if (error != NULL && *error == NULL)
        *error = cutover_error_new(CUTOVER_E_VERIFY, message, suite->first_failure, NULL);
    return CUTOVER_E_VERIFY;
}

__attribute__((format(printf, 4, 5))) static bool suite_fail(struct suite *suite, const char *file, int line,
                                                             const char *format, ...)
{
    va_list arguments;
    int used;
    const char *name = strrchr(file, '/');

    if (suite->failure[0] != '\0')
        return false; /* the first one explains the others */
    used = snprintf(suite->failure, sizeof(suite->failure), "%s:%d: ", name != NULL ? name + 1 : file, line);
    if (used < 0 || (size_t)used >= sizeof(suite->failure))
        return false;
    va_start(arguments, format);
    vsnprintf(suite->failure + used, sizeof(suite->failure) - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

bool suite_expect(struct suite *suite, bool held, const char *text, const char *file, int line)
{
    return held || suite_fail(suite, file, line, "not so: %s", text);
}

bool suite_expect_text(struct suite *suite, const char *found, const char *expected, const char *text,
                       const char *file, int line)
{
    if (found != NULL && strcmp(found, expected) == 0)
        return true;
    return suite_fail(suite, file, line, "%s is \"%.200s\", expected \"%.200s\"", text,
                      found != NULL ? found : "(NULL)", expected);
}

bool suite_expect_status(struct suite *suite, cutover_status found, cutover_status expected,
                         cutover_error **error, const char *text, const char *file, int line)
{
    bool held = true;

    if (found != expected)
        held =
            suite_fail(suite, file, line, "%s returned %s, expected %s: %s", text, cutover_status_name(found),
                       cutover_status_name(expected), cutover_error_message(*error));
    else if (cutover_error_code(*error) != expected)
        held = suite_fail(suite, file, line, "%s returned %s, but the error it set says %s", text,
                          cutover_status_name(found),
                          *error != NULL ? cutover_status_name(cutover_error_code(*error)) : "nothing");
    cutover_error_free(*error);
    *error = NULL;
    return held;
}
