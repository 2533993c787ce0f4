#include "notify/webhook_signature.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PREFIX "whsec_"
#define PREFIX_LENGTH (sizeof PREFIX - 1)
#define DIGEST_SIZE 32
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1)

cutover_status webhook_secret_new(char **secret, cutover_error **error)
{
    const size_t size = PREFIX_LENGTH + BASE64_SIZE(WEBHOOK_KEY_NEW);
    uint8_t key[WEBHOOK_KEY_NEW];
    char *made;

    if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)
        return error_set_errno(error, CUTOVER_E_IO, errno, "no random bytes for a secret");
    made = malloc(size);
    if (made == NULL) {
        OPENSSL_cleanse(key, sizeof key);
        return error_nomem(error);
    }
    memcpy(made, PREFIX, PREFIX_LENGTH);
    EVP_EncodeBlock((unsigned char *)made + PREFIX_LENGTH, key, sizeof key);
    OPENSSL_cleanse(key, sizeof key);
    *secret = made;
    return CUTOVER_OK;
}

void webhook_secret_free(char *secret)
{
    if (secret != NULL)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

/* Of standard Base64, whole groups, padded: what the specification's libraries take. */
static size_t padding_of(const char *text, size_t length)
{
    if (length < 4 || length % 4 != 0)
        return SIZE_MAX;
    size_t letters = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    size_t padding = length - letters;
    if (padding > 2 || strspn(text + letters, "=") != padding)
        return SIZE_MAX;
    return padding;
}

bool webhook_secret_key(const char *secret, uint8_t key[WEBHOOK_KEY_MOST], size_t *size)
{
    uint8_t decoded[WEBHOOK_KEY_MOST + 3];

    if (secret == NULL || strncmp(secret, PREFIX, PREFIX_LENGTH) != 0)
        return false;
    const char *text = secret + PREFIX_LENGTH;
    size_t length = strlen(text), padding = padding_of(text, length);
    if (padding == SIZE_MAX || length > BASE64_SIZE(WEBHOOK_KEY_MOST) - 1)
        return false;
    if (EVP_DecodeBlock(decoded, (const unsigned char *)text, (int)length) < 0)
        return false;
    size_t found = length / 4 * 3 - padding;
    bool good = found >= WEBHOOK_KEY_LEAST && found <= WEBHOOK_KEY_MOST;
    if (good) {
        memcpy(key, decoded, found);
        *size = found;
    }
    OPENSSL_cleanse(decoded, sizeof decoded);
    return good;
}

cutover_status webhook_sign(const char *secret, const char *id, int64_t timestamp_s, const char *body,
                            struct text *header, cutover_error **error)
{
    uint8_t key[WEBHOOK_KEY_MOST], digest[DIGEST_SIZE];
    char base64[BASE64_SIZE(DIGEST_SIZE)];
    struct text content = TEXT_INIT;
    unsigned digest_size = 0;
    size_t key_size = 0;

    if (!webhook_secret_key(secret, key, &key_size))
        return error_set(error, CUTOVER_E_STORE, "a webhook's secret in the store is damaged");
    text_add_format(&content, "%s.%lld.", id, (long long)timestamp_s);
    text_add(&content, body);
    errno = 0;
    bool made = !text_failed(&content) &&
                HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text_string(&content),
                     content.length, digest, &digest_size) != NULL;
    bool no_memory = text_failed(&content) || (!made && errno == ENOMEM);
    OPENSSL_cleanse(key, sizeof key);
    text_free(&content);
    if (no_memory)
        return error_nomem(error);
    if (!made || digest_size != DIGEST_SIZE)
        return error_set(error, CUTOVER_E_UNSUPPORTED, "OpenSSL makes no HMAC-SHA256 here");
    EVP_EncodeBlock((unsigned char *)base64, digest, DIGEST_SIZE);
    text_add_format(header, "%sv1,%s", header->length > 0 ? " " : "", base64);
    return text_failed(header) ? error_nomem(error) : CUTOVER_OK;
}
