#include "base/answer.h"

/* A callback may call the library, which calls another one in this thread: when that has ended there is no answer again, and so
   the outer one has to give its own. */
static _Thread_local cutover_status given = ANSWER_NONE;

cutover_status cutover_answer(cutover_status status)
{
    given = status;
    return status;
}

void cutover_answer_begin(void)
{
    given = ANSWER_NONE;
}

cutover_status cutover_answer_of(uint32_t capabilities, cutover_status returned)
{
    cutover_status answer = answer_given(capabilities, returned);

    return answer == ANSWER_NONE ? CUTOVER_E_CALLBACK : answer;
}

void answer_expect(void)
{
    given = ANSWER_NONE;
}

cutover_status answer_given(uint32_t capabilities, cutover_status returned)
{
    cutover_status answer = given;

    given = ANSWER_NONE;
    return (capabilities & CUTOVER_STRICT_ANSWERS) != 0 ? answer : returned;
}
