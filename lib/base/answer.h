/*
 * What a host's callback answered. In a language whose runtime makes up a result where an exception ended the callback, that is
 * not what it returned, but what it said by cutover_answer() in the same thread: CUTOVER_STRICT_ANSWERS.
 */
#ifndef CUTOVER_BASE_ANSWER_H
#define CUTOVER_BASE_ANSWER_H

#include <cutover/error.h>

/* It answered nothing: error_from_callback() says so. */
#define ANSWER_NONE ((cutover_status)0x7fffffff)

/* Calls a member of a vtable with these capabilities. Every call of a host's callback that answers goes through it. */
#define ANSWER_OF(capabilities, call) (answer_expect(), answer_given((capabilities), (call)))

void answer_expect(void);
cutover_status answer_given(uint32_t capabilities, cutover_status returned);

#endif
