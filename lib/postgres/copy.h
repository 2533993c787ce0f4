/*
 * COPY streams over a session: rows out of a table or a part of it, rows into a table. Text is what the archive holds and
 * what its digests are made of; binary is for rows that go from one server to another (docs/decisions/0013).
 */
#ifndef CUTOVER_POSTGRES_COPY_H
#define CUTOVER_POSTGRES_COPY_H

#include "postgres/digest.h"
#include "postgres/inventory.h"

/* A range of a table's pages: first (inclusive) to end (exclusive); end 0 is open. The whole table: {0, 0}. */
struct page_range {
    uint64_t first, end;
};

enum copy_form {
    COPY_TEXT,
    COPY_TEXT_GENERATED, /* generated columns, too, where the table has any; out only */
    COPY_BINARY          /* only where table.binary says so */
};

struct copy_out {
    struct session *session;
    const char *label; /* for errors */
    enum copy_form form;
    bool begun; /* a binary COPY's head was read */
    uint64_t rows;
    char *row; /* libpq's, freed by the next call */
};

/* Starts COPY … TO STDOUT. */
cutover_status copy_out_open(struct copy_out *copy, struct session *session, const struct table *table,
                             struct page_range range, enum copy_form form, cutover_error **error);
/* Starts another COPY … TO STDOUT of rows in text; `label` says what, for errors, and outlives the copy. */
cutover_status copy_out_query(struct copy_out *copy, struct session *session, const char *sql,
                              const char *label, cutover_error **error);
/* The next row, in text with its newline, valid until the next call; *length 0: the end, and the server said that it was
   whole: "COPY n" equals the rows given (EDGE_CASES B19). */
cutover_status copy_out_row(struct copy_out *copy, const char **row, size_t *length, cutover_error **error);
/* Adds a row as copy_out_row() gave it. Digests of rows in text and in binary are not to be compared. */
void copy_out_digest(const struct copy_out *copy, const char *row, size_t length, struct digest *digest);
/* After a failure, or to stop early: the session cannot be used for more than closing. */
void copy_out_abort(struct copy_out *copy);

struct copy_in {
    struct session *session;
    const char *label;
    bool binary;
    uint64_t rows; /* rows put, as the caller says */
    struct text buffer;
};

/* Starts COPY … FROM STDIN into the table of that qualified name: of rows in text, or as a binary copy_out_row() gives
   them. freeze: the caller's transaction made or truncated it (EDGE_CASES B17). `columns` is a table's column_list. */
cutover_status copy_in_open(struct copy_in *copy, struct session *session, const char *qualified,
                            const char *columns, const char *label, bool binary, bool freeze,
                            cutover_error **error);
/* Sends bytes that hold `rows` whole rows; buffered to 64 KiB; waits while the server is slower. */
cutover_status copy_in_put(struct copy_in *copy, const char *bytes, size_t count, uint64_t rows,
                           cutover_error **error);
/* Ends it; the server's count must be the rows put. */
cutover_status copy_in_finish(struct copy_in *copy, cutover_error **error);
void copy_in_abort(struct copy_in *copy);

/* Reads a table, or a part, and digests it. */
cutover_status copy_digest(struct session *session, const struct table *table, struct page_range range,
                           enum copy_form form, struct digest *digest, cutover_error **error);

#endif
