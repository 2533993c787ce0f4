/*
 * Secrets that the daemon makes (sessions, their CSRF tokens), what is kept of them, and how they are compared.
 */
#ifndef CUTOVERD_TOKEN_H
#define CUTOVERD_TOKEN_H

#include <stdbool.h>

enum { TOKEN_SIZE = 65, TOKEN_HASH_SIZE = 65 };

/* 32 random bytes as 64 hexadecimal digits; false where the kernel gives none. */
bool token_new(char token[TOKEN_SIZE]);
/* Whether it has the form of one. */
bool token_is_valid(const char *token);
/* Its SHA-256, in hexadecimal digits. False where OpenSSL has none. */
bool token_hash(const char *token, char hash[TOKEN_HASH_SIZE]);
/* In a time that does not tell where they differ. */
bool token_equal(const char *a, const char *b);

#endif
