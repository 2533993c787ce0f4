#include "api/api.h"

#include <stdlib.h>

struct cutover_api_stream {
    cutover_api *api;
};

cutover_status cutover_api_stream_next(cutover_api_stream *stream, const char **text, uint32_t *wait_ms,
                                       cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (stream == NULL || text == NULL || wait_ms == NULL)
        return api_fail(error, CUTOVER_E_INVALID, "stream, text, wait_ms: required", NULL);
    *text = NULL;
    *wait_ms = 0;
    return CUTOVER_OK;
}

void cutover_api_stream_free(cutover_api_stream *stream)
{
    free(stream);
}
