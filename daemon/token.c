#include "token.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include <sys/random.h>
#include <sys/types.h>

static void hex_of(const unsigned char *bytes, size_t count, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < count; i++) {
        *hex++ = digits[bytes[i] >> 4];
        *hex++ = digits[bytes[i] & 15];
    }
    *hex = '\0';
}

bool token_new(char token[TOKEN_SIZE])
{
    unsigned char bytes[32];
    ssize_t count;

    do
        count = getrandom(bytes, sizeof bytes, 0);
    while (count < 0 && errno == EINTR);
    if (count != (ssize_t)sizeof bytes)
        return false;
    hex_of(bytes, sizeof bytes, token);
    return true;
}

bool token_is_valid(const char *token)
{
    return strlen(token) == TOKEN_SIZE - 1 && strspn(token, "0123456789abcdef") == TOKEN_SIZE - 1;
}

bool token_hash(const char *token, char hash[TOKEN_HASH_SIZE])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;

    if (EVP_Digest(token, strlen(token), digest, &length, EVP_sha256(), NULL) != 1 || length != 32)
        return false;
    hex_of(digest, length, hash);
    return true;
}

bool token_equal(const char *a, const char *b)
{
    size_t length = strlen(a);

    return strlen(b) == length && CRYPTO_memcmp(a, b, length) == 0;
}
