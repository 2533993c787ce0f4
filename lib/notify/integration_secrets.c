#include "notify/integration_secrets.h"

#include "base/answer.h"
#include "base/json.h"
#include "base/port.h"
#include "base/text.h"
#include "notify/integration_check.h"
#include "notify/integration_options.h"
#include "notify/secret_file.h"

#include <stdlib.h>
#include <string.h>

#define PASSWORD_LEAST 3 /* bytes: a shorter one is in any text */

static const char *const file_names[] = {"token", "pooled_url", "unpooled_url"};
#define FILES (sizeof file_names / sizeof *file_names)

/* By the index of its file. */
static char **member(struct integration_secrets *secrets, size_t index)
{
    char **const members[FILES] = {&secrets->token, &secrets->pooled_url, &secrets->unpooled_url};

    return members[index];
}

void integration_secrets_free(struct integration_secrets *secrets)
{
    for (size_t i = 0; i < FILES; i++) {
        secret_wipe(*member(secrets, i));
        *member(secrets, i) = NULL;
    }
}

/* ---- what a sync needs ---- */

struct giving {
    struct integration_secrets *secrets;
    cutover_error **error;
};

static cutover_status take(const cutover_integration_secrets *given, void *context)
{
    struct giving *giving = context;
    cutover_integration_secrets whole;

    cutover_status status = port_copy(&integration_secrets_port, "secrets", given, &whole, giving->error);
    if (status != CUTOVER_OK)
        return status;
    integration_secrets_free(giving->secrets); /* it was called twice */
    status = string_copy(whole.token, &giving->secrets->token, giving->error);
    if (status == CUTOVER_OK)
        status = string_copy(whole.pooled_url, &giving->secrets->pooled_url, giving->error);
    if (status == CUTOVER_OK)
        status = string_copy(whole.unpooled_url, &giving->secrets->unpooled_url, giving->error);
    return status;
}

static cutover_status ask_host(const cutover_integrations *integrations,
                               const struct integration_record *record, struct integration_secrets *secrets,
                               cutover_error **error)
{
    cutover_error *own = NULL, *cause = NULL;
    struct giving giving = {secrets, &own};
    const cutover_integration_ref ref = {
        1,
        record->id,
        record->project_id,
        integration_provider_names[record->provider],
        record->account_id,
        record->site_id,
    };

    cutover_status status =
        ANSWER_OF(integrations->flags,
                  integrations->secrets(&ref, take, &giving, &cause, integrations->secrets_userdata));
    if (own != NULL) { /* what the callback made of it does not count */
        cutover_error_free(cause);
        status = cutover_error_code(own);
        error_move(error, own);
        return status;
    }
    status = error_from_callback(&cause, status, "secrets");
    error_move(error, cause);
    return status;
}

static bool is_needed(const struct integration_record *record, size_t index)
{
    return index == 0 || (index == 1 ? record->pooled_name : record->unpooled_name) != NULL;
}

static cutover_status complete(const cutover_integrations *integrations,
                               const struct integration_record *record, struct integration_secrets *secrets,
                               size_t index, cutover_error **error)
{
    char **secret = member(secrets, index);
    const char *name = file_names[index];
    cutover_status status = CUTOVER_OK;

    if (*secret == NULL && integrations->folder != NULL && record->secrets_id != NULL)
        status = secret_file_read(integrations->folder, record->secrets_id, name, secret, error);
    if (status == CUTOVER_OK && *secret == NULL) {
        status = error_set(error, CUTOVER_E_STATE, "nobody has the %s of this integration", name);
        error_hint(error, "Connect it again with that.");
        return status;
    }
    if (status != CUTOVER_OK)
        return status;
    return index == 0 ? integration_token_check(name, *secret, error)
                      : integration_url_check(name, *secret, error);
}

cutover_status integration_secrets_read(const cutover_integrations *integrations,
                                        const struct integration_record *record,
                                        struct integration_secrets *secrets, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    memset(secrets, 0, sizeof *secrets);
    if (integrations->secrets != NULL)
        status = ask_host(integrations, record, secrets, error);
    for (size_t i = 0; i < FILES && status == CUTOVER_OK; i++)
        if (is_needed(record, i))
            status = complete(integrations, record, secrets, i, error);
    if (status != CUTOVER_OK)
        integration_secrets_free(secrets);
    return status;
}

/* The password of a URL, as it stands there: its length, 0 where there is none. */
static size_t password_of(const char *url, const char **password)
{
    const char *rest = strstr(url, "://");

    if (rest == NULL)
        return 0;
    rest += 3;
    size_t end = strcspn(rest, "/?#");
    const char *colon = memchr(rest, ':', end), *at = NULL;
    for (size_t i = 0; i < end; i++)
        if (rest[i] == '@')
            at = rest + i;
    if (colon == NULL || at == NULL || at < colon)
        return 0;
    *password = colon + 1;
    return (size_t)(at - colon) - 1;
}

static int hex(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit != '\0' ? strchr(digits, digit | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Whether `text` has it as it is, or as it is meant. Out of memory counts as yes. */
static bool has_password(const char *text, const char *password, size_t length)
{
    size_t decoded_length = 0;

    if (length < PASSWORD_LEAST)
        return false;
    if (memmem(text, strlen(text), password, length) != NULL)
        return true;
    unsigned char *decoded = malloc(length);
    if (decoded == NULL)
        return true;
    for (size_t i = 0; i < length; i++) {
        bool coded =
            password[i] == '%' && i + 2 < length && hex(password[i + 1]) >= 0 && hex(password[i + 2]) >= 0;
        int byte = coded ? hex(password[i + 1]) * 16 + hex(password[i + 2]) : (unsigned char)password[i];
        decoded[decoded_length++] = (unsigned char)byte;
        i += coded ? 2 : 0;
    }
    bool has = decoded_length >= PASSWORD_LEAST && memmem(text, strlen(text), decoded, decoded_length) != NULL;
    explicit_bzero(decoded, length);
    free(decoded);
    return has;
}

bool integration_secrets_quoted(const struct integration_secrets *secrets, const char *text)
{
    const char *const urls[] = {secrets->pooled_url, secrets->unpooled_url};
    const char *password;

    if (secrets->token != NULL && strstr(text, secrets->token) != NULL)
        return true;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        size_t length = urls[i] != NULL ? password_of(urls[i], &password) : 0;
        if (urls[i] != NULL &&
            (strstr(text, urls[i]) != NULL || (length > 0 && has_password(text, password, length))))
            return true;
    }
    return false;
}

/* ---- files ---- */

static cutover_status write_one(const cutover_integrations *integrations, const char *id, const char *before,
                                const char *name, const char *given, cutover_error **error)
{
    char *kept = NULL;
    cutover_status status = CUTOVER_OK;

    if (given == NULL && before != NULL)
        status = secret_file_read(integrations->folder, before, name, &kept, error);
    const char *secret = given != NULL ? given : kept;
    if (status == CUTOVER_OK && secret != NULL)
        status = secret_file_write(integrations->folder, id, name, secret, error);
    secret_wipe(kept);
    return status;
}

cutover_status integration_secrets_write(const cutover_integrations *integrations, const char *id,
                                         const char *before, const struct integration_secrets *given,
                                         cutover_error **error)
{
    struct integration_secrets all = *given;
    cutover_status status = CUTOVER_OK;

    for (size_t i = 0; i < FILES && status == CUTOVER_OK; i++)
        status = write_one(integrations, id, before, file_names[i], *member(&all, i), error);
    if (status != CUTOVER_OK)
        (void)integration_secrets_remove(integrations, id, NULL);
    return status;
}

cutover_status integration_secrets_remove(const cutover_integrations *integrations, const char *id,
                                          cutover_error **error)
{
    cutover_status first = CUTOVER_OK;

    for (size_t i = 0; i < FILES && id != NULL && integrations->folder != NULL; i++) {
        cutover_error *cause = NULL;
        cutover_status status = secret_file_remove(integrations->folder, id, file_names[i], &cause);
        if (first == CUTOVER_OK && status != CUTOVER_OK) {
            first = status;
            error_move(error, cause);
        } else {
            cutover_error_free(cause);
        }
    }
    return first;
}

static cutover_status note_id(void *context, const struct document *document, cutover_error **error)
{
    struct integration_record record;
    cutover_status status = integration_parse(document, &record, error);

    if (status == CUTOVER_OK && record.secrets_id != NULL)
        json_put_bool(context, record.secrets_id, true);
    record_free(&integration_type, &record);
    return status;
}

static bool is_noted(const char *id, void *context)
{
    return json_object_object_get_ex(context, id, NULL);
}

void integration_secrets_sweep(const cutover_integrations *integrations)
{
    struct json_object *used = integrations->folder != NULL ? json_object_new_object() : NULL;

    if (used == NULL)
        return;
    /* Where not all of them can be read nothing is swept. */
    if (document_walk(&integrations->store, integration_type.kind, NULL, note_id, used, NULL) == CUTOVER_OK &&
        json_is_complete(used))
        secret_folder_sweep(integrations->folder, is_noted, used);
    json_object_put(used);
}
