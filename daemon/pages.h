/*
 * The dashboard's files, read into memory at the start and served by their exact names: what is not among them does not exist, whatever
 * the path looks like.
 */
#ifndef CUTOVERD_PAGES_H
#define CUTOVERD_PAGES_H

#include <stdbool.h>
#include <stddef.h>

struct page {
    char *path; /* "/app.js" */
    const char *type;
    char *bytes;
    size_t size;
    char etag[68]; /* with its quotes */
};

struct pages {
    struct page *items;
    size_t count;
};

/* Every file below the folder whose name has an ending that is known; NULL: none. False, with a line in the log: it cannot be read. */
bool pages_load(const char *folder, struct pages *pages);
/* NULL: there is none. "/" is "/index.html". */
const struct page *pages_find(const struct pages *pages, const char *path);
void pages_free(struct pages *pages);

#endif
