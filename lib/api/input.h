/*
 * What a request brings, taken apart: its path, its query, its headers, its body. Each is decoded once. What is refused gets its problem
 * as the call's answer; then the functions return CUTOVER_OK, and call->answer is there.
 */
#ifndef CUTOVER_API_INPUT_H
#define CUTOVER_API_INPUT_H

#include "api/call.h"

#define SEGMENTS_MAX 8

/* Sizes of path, query and headers. */
cutover_status input_sizes(struct call *call, cutover_error **error);
/* The segments of the path, decoded; *count is 0 for one that names nothing. */
cutover_status input_path(struct call *call, const char *segments[SEGMENTS_MAX], size_t *count,
                          cutover_error **error);
/* The query, by the route's row. */
cutover_status input_query(struct call *call, cutover_error **error);
/* The body, by the route's row, and its type. */
cutover_status input_body(struct call *call, cutover_error **error);
/* Whether the caller takes what the route answers. */
cutover_status input_accept(struct call *call, cutover_error **error);

#endif
