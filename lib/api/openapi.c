#include <cutover/api.h>

/* Made of lib/api/openapi.json, with its NUL. */
extern const char openapi_document[];

const char *cutover_api_openapi(void)
{
    return openapi_document;
}
