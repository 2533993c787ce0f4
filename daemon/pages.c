#include "pages.h"

#include "log.h"
#include "token.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 4
#define FILE_MAX (8 << 20)

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".json", "application/json"},
        {".txt", "text/plain; charset=utf-8"},
        {".webmanifest", "application/manifest+json"},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].ending, dot) == 0)
            return types[i].type;
    return NULL;
}

static void make_etag(struct page *page)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    char *at = page->etag;

    if (EVP_Digest(page->bytes, page->size, digest, &length, EVP_sha256(), NULL) != 1)
        length = 0;
    *at++ = '"';
    for (unsigned i = 0; i < length && i < 16; i++)
        at += sprintf(at, "%02x", digest[i]);
    *at++ = '"';
    *at = '\0';
}

static bool read_file(const char *name, struct page *page)
{
    struct stat found;
    FILE *file = fopen(name, "re");

    if (file == NULL || fstat(fileno(file), &found) != 0 || !S_ISREG(found.st_mode) ||
        found.st_size > FILE_MAX) {
        if (file != NULL)
            fclose(file);
        return false;
    }
    page->size = (size_t)found.st_size;
    page->bytes = malloc(page->size + 1);
    bool whole = page->bytes != NULL && fread(page->bytes, 1, page->size, file) == page->size;
    fclose(file);
    if (whole)
        make_etag(page);
    return whole;
}

static bool add(struct pages *pages, const char *file, const char *path, const char *type)
{
    struct page page = {.path = strdup(path), .type = type};
    struct page *items = reallocarray(pages->items, pages->count + 1, sizeof *items);

    if (items != NULL)
        pages->items = items;
    if (items == NULL || page.path == NULL || !read_file(file, &page)) {
        free(page.path);
        free(page.bytes);
        return false;
    }
    pages->items[pages->count++] = page;
    return true;
}

static bool load(struct pages *pages, const char *folder, const char *below, unsigned depth)
{
    char file[PATH_MAX], path[PATH_MAX];
    bool good = true;
    DIR *directory = depth < DEPTH_MAX ? opendir(folder) : NULL;

    if (directory == NULL)
        return depth == DEPTH_MAX;
    for (struct dirent *entry; good && (entry = readdir(directory)) != NULL;) {
        struct stat found;
        if (entry->d_name[0] == '.' ||
            snprintf(file, sizeof file, "%s/%s", folder, entry->d_name) >= (int)sizeof file ||
            snprintf(path, sizeof path, "%s/%s", below, entry->d_name) >= (int)sizeof path ||
            stat(file, &found) != 0)
            continue;
        if (S_ISDIR(found.st_mode))
            good = load(pages, file, path, depth + 1);
        else if (type_of(entry->d_name) != NULL)
            good = add(pages, file, path, type_of(entry->d_name));
    }
    closedir(directory);
    return good;
}

bool pages_load(const char *folder, struct pages *pages)
{
    memset(pages, 0, sizeof *pages);
    if (folder == NULL || load(pages, folder, "", 0))
        return true;
    log_text(CUTOVER_LOG_ERROR, "the dashboard's files cannot be read from %s: %s", folder, strerror(errno));
    return false;
}

const struct page *pages_find(const struct pages *pages, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    for (size_t i = 0; i < pages->count; i++)
        if (strcmp(pages->items[i].path, path) == 0)
            return &pages->items[i];
    return NULL;
}

void pages_free(struct pages *pages)
{
    for (size_t i = 0; i < pages->count; i++) {
        free(pages->items[i].path);
        free(pages->items[i].bytes);
    }
    free(pages->items);
    memset(pages, 0, sizeof *pages);
}
