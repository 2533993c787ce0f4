#include "net/http.h"

#include <stdlib.h>
#include <string.h>

const char *http_header(const struct http_response *response, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < response->header_count; i++)
        if (strncmp(response->headers[i], name, length) == 0 && response->headers[i][length] == ':')
            return response->headers[i] + length + 2;
    return NULL;
}

void http_response_free(struct http_response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        free(response->headers[i]);
    free(response->headers);
    free(response->body);
    *response = (struct http_response){0};
}
