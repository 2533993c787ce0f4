/**
 * The conformance suites: what every store and every repository must do, as tests that run against the vtable.
 * For those who write a port of their own; the built-in ones pass the same suites.
 *
 * They live in a library of their own (link with -lcutover-conformance -lcutover), which uses the public
 * interface only. Call them from a test program: they start threads and, for a store that says it is shared,
 * fork child processes that open the store by themselves and end with _exit().
 */
#ifndef CUTOVER_CONFORMANCE_H
#define CUTOVER_CONFORMANCE_H

#include <cutover/repository.h>
#include <cutover/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Receives the result of one case, exactly once for each case that ran, on the thread that called the suite.
 * @param name    Of the case: the behaviour, "commit_with_one_conflict_applies_nothing" for example.
 * @param failure What was found instead; NULL: the case passed. Valid during the call.
 */
typedef void (*cutover_conformance_report)(const char *name, const char *failure, void *userdata);

/**
 * Opens the store under test.
 *
 * @param fresh    Non-zero: an empty store, unlike any opened before. Zero: the one that the last fresh call made,
 *                 again, with what it holds. Zero is asked for only when the store's capabilities say
 *                 CUTOVER_STORE_DURABLE (then after every other handle of it was closed) or CUTOVER_STORE_SHARED
 *                 (then also beside open handles, and in child processes).
 * @param store    Initialised; receives the vtable. The suite closes it with cutover_store_close().
 * @param userdata As given to cutover_conformance_store().
 * @return CUTOVER_OK, or another status with *error set: the case fails.
 */
typedef cutover_status (*cutover_conformance_store_open)(int32_t fresh, cutover_store *store,
                                                         cutover_error **error, void *userdata);

/**
 * Runs the suite of the store port. Cases that need a capability run only when the store declares it. The
 * calling process has no other threads that use the store, and does not ignore SIGCHLD.
 *
 * @param open     Required. Called at least once for each case.
 * @param report   Receives each case's result, or NULL.
 * @param userdata Passed to open and to report.
 * @return CUTOVER_OK: every case passed. CUTOVER_E_VERIFY: the error names how many did not, and the first.
 *         CUTOVER_E_INVALID. Since 0.1.
 */
CUTOVER_API cutover_status cutover_conformance_store(cutover_conformance_store_open open,
                                                     cutover_conformance_report report, void *userdata,
                                                     cutover_error **error);

/**
 * Opens the repository under test. As cutover_conformance_store_open; a repository is always durable, so zero is
 * asked for after every other handle was closed.
 */
typedef cutover_status (*cutover_conformance_repository_open)(int32_t fresh, cutover_repository *repository,
                                                              cutover_error **error, void *userdata);

/** Runs the suite of the repository port. As cutover_conformance_store(). Since 0.1. */
CUTOVER_API cutover_status cutover_conformance_repository(cutover_conformance_repository_open open,
                                                          cutover_conformance_report report, void *userdata,
                                                          cutover_error **error);

#ifdef __cplusplus
}
#endif
#endif
