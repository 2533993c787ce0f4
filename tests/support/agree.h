/*
 * An operator's ack in one line.
 */
#ifndef CUTOVER_TESTS_SUPPORT_AGREE_H
#define CUTOVER_TESTS_SUPPORT_AGREE_H

#include <cutover/request.h>

static inline cutover_status agree(cutover_engine *engine, const cutover_actor *actor, const char *request_id,
                                   const char *note, int64_t scheduled_for, cutover_request **request,
                                   cutover_error **error)
{
    cutover_request_ack_options options = CUTOVER_REQUEST_ACK_OPTIONS_INIT;

    options.actor = actor;
    options.request_id = request_id;
    options.operator_note = note;
    options.scheduled_for = scheduled_for;
    return cutover_request_ack(engine, &options, request, error);
}

#endif
