#include "base/text.h"
#include "net/address.h"
#include "net/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define URL_PARTS 4

struct url {
    char *parts[URL_PARTS];
};
enum { PART_SCHEME, PART_HOST, PART_USER, PART_PASSWORD };

static void url_free(struct url *url)
{
    for (int i = 0; i < URL_PARTS; i++)
        curl_free(url->parts[i]);
}

/* False for what is no URL. libcurl takes a URL for malformed, too, that it has no memory for. */
static bool url_parse(const char *text, struct url *url, bool *no_memory)
{
    static const CURLUPart wanted[URL_PARTS] = {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_USER,
                                                CURLUPART_PASSWORD};

    errno = 0;
    CURLU *parsed = curl_url();
    CURLUcode code = parsed != NULL ? curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME)
                                    : CURLUE_OUT_OF_MEMORY;

    for (int i = 0; i < URL_PARTS && code == CURLUE_OK; i++)
        if (curl_url_get(parsed, wanted[i], &url->parts[i], 0) == CURLUE_OUT_OF_MEMORY)
            code = CURLUE_OUT_OF_MEMORY;
    *no_memory = code != CURLUE_OK && (code == CURLUE_OUT_OF_MEMORY || errno == ENOMEM);
    curl_url_cleanup(parsed);
    return code == CURLUE_OK;
}

static cutover_status host_check(const char *field, const char *host, bool private_too, cutover_error **error)
{
    size_t length = host != NULL ? strlen(host) : 0;
    char bare[256];

    if (length == 0 || length >= sizeof bare)
        return error_set(error, CUTOVER_E_INVALID, "%s: has no host", field);
    bool brackets = host[0] == '[' && host[length - 1] == ']';
    memcpy(bare, host + (brackets ? 1 : 0), length - (brackets ? 2 : 0));
    bare[length - (brackets ? 2 : 0)] = '\0';
    if (private_too || address_text_is_public(bare, NULL))
        return CUTOVER_OK;
    error_set(error, CUTOVER_E_INVALID, "%s: its address is not public", field);
    error_hint(error, "Where such addresses are wanted the configuration must allow them.");
    return CUTOVER_E_INVALID;
}

static cutover_status parts_check(const char *field, const struct url *url, bool plain, bool private_too,
                                  cutover_error **error)
{
    const char *scheme = url->parts[PART_SCHEME];

    if (scheme == NULL || (strcmp(scheme, "https") != 0 && !(plain && strcmp(scheme, "http") == 0)))
        return error_set(error, CUTOVER_E_INVALID, "%s: must begin with https://%s", field,
                         plain ? " or http://" : "");
    if (url->parts[PART_USER] != NULL || url->parts[PART_PASSWORD] != NULL)
        return error_set(error, CUTOVER_E_INVALID, "%s: has a user or a password", field);
    return host_check(field, url->parts[PART_HOST], private_too, error);
}

static bool is_plain_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text <= ' ' || *text >= 0x7f)
            return false;
    return true;
}

cutover_status http_url_check(const char *field, const char *url, bool plain, bool private_too,
                              cutover_error **error)
{
    struct url parsed = {{NULL}};
    bool no_memory = false;
    cutover_status status;

    if (url == NULL || url[0] == '\0')
        return error_set(error, CUTOVER_E_INVALID, "%s: required", field);
    if (strlen(url) > HTTP_URL_MAX)
        return error_set(error, CUTOVER_E_INVALID, "%s: longer than %d bytes", field, HTTP_URL_MAX);
    if (!is_plain_ascii(url) || strstr(url, "://") == NULL || !url_parse(url, &parsed, &no_memory))
        status = no_memory ? error_nomem(error) : error_set(error, CUTOVER_E_INVALID, "%s: is no URL", field);
    else if (strchr(url, '#') != NULL) /* an empty one, too */
        status = error_set(error, CUTOVER_E_INVALID, "%s: has a fragment", field);
    else
        status = parts_check(field, &parsed, plain, private_too, error);
    url_free(&parsed);
    return status;
}

cutover_status http_url_host(const char *url, char **host, cutover_error **error)
{
    char *name = NULL, *port = NULL;
    struct text both = TEXT_INIT;

    errno = 0;
    CURLU *parsed = curl_url();
    if (parsed == NULL)
        return error_nomem(error);
    bool found = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                 curl_url_get(parsed, CURLUPART_HOST, &name, 0) == CURLUE_OK;
    if (found && curl_url_get(parsed, CURLUPART_PORT, &port, 0) == CURLUE_OK)
        text_add_format(&both, "%s:%s", name, port);
    else if (found)
        text_add(&both, name);
    const bool no_memory = errno == ENOMEM;
    curl_free(name);
    curl_free(port);
    curl_url_cleanup(parsed);
    char *taken = found ? text_take(&both) : NULL;
    if (!found && !no_memory)
        return error_set(error, CUTOVER_E_INVALID, "url: is no URL");
    if (no_memory) {
        free(taken);
        return error_nomem(error);
    }
    if (taken == NULL)
        return error_nomem(error);
    *host = taken;
    return CUTOVER_OK;
}
