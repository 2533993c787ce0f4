#include "api/answer.h"
#include "api/api.h"

cutover_status cutover_api_handle(cutover_api *api, const cutover_api_request *request,
                                  cutover_api_response **response, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    if (api == NULL || request == NULL || response == NULL || request->method == NULL || request->path == NULL)
        return api_fail(error, CUTOVER_E_INVALID,
                        "api, request, request.method, request.path, response: required", NULL);
    if (request->version != CUTOVER_API_REQUEST_VERSION)
        return api_fail(error, CUTOVER_E_UNSUPPORTED, "request.version: not known to this library", NULL);
    cutover_api_response *answer = answer_problem(PROBLEM_NOT_FOUND, NULL, NULL, NULL);
    if (answer == NULL)
        return api_nomem(error);
    *response = answer;
    return CUTOVER_OK;
}

cutover_status cutover_api_tend(cutover_api *api, cutover_error **error)
{
    if (error != NULL)
        *error = NULL;
    return api == NULL ? api_fail(error, CUTOVER_E_INVALID, "api: required", NULL) : CUTOVER_OK;
}
