/*
 * The lines of marks (postgres/swap/fence.h), and how two marks differ: for who proves and who looks for what is stale.
 */
#ifndef CUTOVER_POSTGRES_SWAP_FENCE_LINES_H
#define CUTOVER_POSTGRES_SWAP_FENCE_LINES_H

#include "postgres/swap/fence.h"

/* A line of a mark: an OID and up to three numbers. */
struct fence_line {
    uint32_t oid;
    int64_t values[3];
};

/* A layout's: file, toast table, digest. */
enum { LAYOUT_FILE, LAYOUT_TOAST, LAYOUT_DIGEST };

/* Of a line that is in both marks: which part of the mark it is of. */
enum fence_change_kind { CHANGE_ROWS, CHANGE_SEQUENCE, CHANGE_LAYOUT, CHANGE_NEW, CHANGE_GONE };

struct fence_change {
    enum fence_change_kind kind;
    struct fence_line before, after;
};

struct fence_changes {
    struct fence_change *list;
    size_t count, room;
    bool failed;    /* memory ran out */
    bool backwards; /* a counter became smaller: it was reset */
};

/* The line at *at, which moves behind it; false at the end. */
bool fence_line_next(const char **at, struct fence_line *line);
uint32_t fence_change_oid(const struct fence_change *change);
/* Merges two texts of lines in OID order; `kind` is that of lines which both have. */
cutover_status fence_find_changes(const struct text *before, const struct text *after,
                                  enum fence_change_kind kind, struct fence_changes *changes,
                                  cutover_error **error);

#endif
