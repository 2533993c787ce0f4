#include "notify/integration_check.h"

#include "base/utf8.h"
#include "notify/integration.h"

#include <cutover/integration.h>
#include <string.h>
#include <strings.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define BRANCH "branch:"

static cutover_status check_length(const char *field, const char *value, size_t most, cutover_error **error)
{
    size_t length = strlen(value);

    if (length >= 1 && length <= most)
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "%s must have 1 to %zu bytes, it has %zu", field, most, length);
}

cutover_status integration_name_check(const char *field, const char *name, cutover_error **error)
{
    cutover_status status = check_length(field, name, CUTOVER_INTEGRATION_NAME_MAX, error);

    if (status == CUTOVER_OK && (name[0] == '.' || name[strspn(name, LETTERS DIGITS "._-")] != '\0'))
        status = error_set(error, CUTOVER_E_INVALID,
                           "%s: letters, digits, '.', '_' and '-' only, and no '.' in front", field);
    return status;
}

cutover_status integration_variable_check(const char *field, const char *name, cutover_error **error)
{
    cutover_status status = check_length(field, name, CUTOVER_INTEGRATION_VARIABLE_MAX, error);

    if (status == CUTOVER_OK &&
        (strchr(DIGITS, name[0]) != NULL || name[strspn(name, LETTERS DIGITS "_")] != '\0'))
        status = error_set(error, CUTOVER_E_INVALID, "%s: letters, digits and '_' only, and no digit in front",
                           field);
    return status;
}

static const char *const vercel_targets[] = {"production", "preview", "development", NULL};
static const char *const netlify_targets[] = {
    "production", "deploy-preview", "branch-deploy", "dev", "dev-server", "all", NULL};
static const char *const *const targets_of[] = {
    [PROVIDER_VERCEL] = vercel_targets, [PROVIDER_NETLIFY] = netlify_targets};
static const char *const said_of[] = {
    [PROVIDER_VERCEL] = "production, preview or development",
    [PROVIDER_NETLIFY] = "production, deploy-preview, branch-deploy, dev, dev-server, all or branch:NAME",
};

static bool is_branch(const char *name)
{
    size_t characters;
    size_t length = strlen(name);

    if (length == 0 || !utf8_count(name, length, &characters))
        return false;
    for (; *name != '\0'; name++)
        if ((unsigned char)*name <= ' ' || *name == 0x7f)
            return false;
    return true;
}

cutover_status integration_target_check(const char *field, int provider, const char *target,
                                        cutover_error **error)
{
    cutover_status status = check_length(field, target, CUTOVER_INTEGRATION_NAME_MAX, error);

    if (status != CUTOVER_OK)
        return status;
    for (const char *const *known = targets_of[provider]; *known != NULL; known++)
        if (strcmp(*known, target) == 0)
            return CUTOVER_OK;
    if (provider == PROVIDER_NETLIFY && strncmp(target, BRANCH, strlen(BRANCH)) == 0 &&
        is_branch(target + strlen(BRANCH)))
        return CUTOVER_OK;
    return error_set(error, CUTOVER_E_INVALID, "%s must be %s", field, said_of[provider]);
}

cutover_status integration_token_check(const char *field, const char *token, cutover_error **error)
{
    cutover_status status = check_length(field, token, CUTOVER_INTEGRATION_TOKEN_MAX, error);

    for (; status == CUTOVER_OK && *token != '\0'; token++)
        if (*token <= ' ' || *token > '~')
            status = error_set(error, CUTOVER_E_INVALID, "%s: printable ASCII without spaces only", field);
    return status;
}

static const char *after_scheme(const char *url)
{
    static const char *const schemes[] = {"postgres://", "postgresql://"};

    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return url + strlen(schemes[i]);
    return NULL;
}

static bool has_host(const char *rest)
{
    size_t end = strcspn(rest, "/?#");
    const char *host = rest;

    for (size_t i = 0; i < end; i++)
        if (rest[i] == '@')
            host = rest + i + 1;
    return host < rest + end && *host != ':' && *host != ',' && *host != '%';
}

/* Options that name something of the machine on which the string is read: it is one of ours, then. */
static const char *local_option(const char *rest)
{
    static const char *const local[] = {"passfile", "service", "servicefile", "host", "hostaddr", "sslkey"};
    const char *at = strchr(rest, '?');

    while (at != NULL) {
        const char *name = at + 1;
        size_t length = strcspn(name, "=&#");
        for (size_t i = 0; i < sizeof local / sizeof *local; i++)
            if (length == strlen(local[i]) && strncasecmp(name, local[i], length) == 0)
                return local[i];
        at = strpbrk(name, "&");
    }
    return NULL;
}

cutover_status integration_url_check(const char *field, const char *url, cutover_error **error)
{
    size_t characters;
    cutover_status status = check_length(field, url, CUTOVER_INTEGRATION_URL_MAX, error);

    if (status != CUTOVER_OK)
        return status;
    const char *rest = after_scheme(url);
    if (rest == NULL) {
        status = error_set(error, CUTOVER_E_INVALID, "%s must begin with postgres:// or postgresql://", field);
        error_hint(error,
                   "It is what the project's own applications connect with, never the library's conninfo.");
        return status;
    }
    if (!utf8_count(url, strlen(url), &characters))
        return error_set(error, CUTOVER_E_INVALID, "%s is not UTF-8", field);
    for (const char *at = url; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return error_set(error, CUTOVER_E_INVALID, "%s has a space or a control character in it", field);
    if (!has_host(rest))
        return error_set(error, CUTOVER_E_INVALID, "%s names no host", field);
    const char *option = local_option(rest);
    if (option == NULL)
        return CUTOVER_OK;
    status = error_set(error, CUTOVER_E_INVALID, "%s sets %s, which no site of a customer's could use", field,
                       option);
    error_hint(error, "It is what the project's own applications connect with, never the library's conninfo.");
    return status;
}
