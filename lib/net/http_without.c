/* The HTTP client of a library that was built without libcurl: there is none. */
#include "net/http.h"

static cutover_status unsupported(cutover_error **error)
{
    error_set(error, CUTOVER_E_UNSUPPORTED, "this build has no HTTP client");
    error_hint(error, "Build libcutover with libcurl.");
    return CUTOVER_E_UNSUPPORTED;
}

cutover_status http_client_new(const struct http_options *options, struct http_client **client,
                               cutover_error **error)
{
    (void)options;
    (void)client;
    return unsupported(error);
}

void http_client_free(struct http_client *client)
{
    (void)client;
}

cutover_status http_start(struct http_client *client, const struct http_request *request,
                          struct http_exchange **exchange, cutover_error **error)
{
    (void)client;
    (void)request;
    (void)exchange;
    return unsupported(error);
}

cutover_status http_send(struct http_client *client, const struct http_request *request,
                         struct http_response *response, cutover_error **error)
{
    (void)client;
    (void)request;
    (void)response;
    return unsupported(error);
}

cutover_status http_poll(struct http_client *client, uint32_t wait_ms, cutover_error **error)
{
    (void)client;
    (void)wait_ms;
    return unsupported(error);
}

bool http_is_over(const struct http_exchange *exchange)
{
    (void)exchange;
    return true;
}

cutover_status http_end(struct http_exchange *exchange, struct http_response *response, cutover_error **error)
{
    (void)exchange;
    (void)response;
    return unsupported(error);
}

cutover_status http_url_check(const char *field, const char *url, bool plain, bool private_too,
                              cutover_error **error)
{
    (void)field;
    (void)url;
    (void)plain;
    (void)private_too;
    return unsupported(error);
}

cutover_status http_url_host(const char *url, char **host, cutover_error **error)
{
    (void)url;
    (void)host;
    return unsupported(error);
}
