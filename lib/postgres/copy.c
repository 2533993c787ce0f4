#include "postgres/copy.h"

#include "base/clock.h"
#include "postgres/quote.h"
#include "postgres/session_private.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define BUFFER_SIZE ((size_t)64 * 1024)
/* Bytes of one CopyData message: what a socket that says it is writable takes whole, with the message's head of 5 bytes. That is
   more where no network lies between (unix(7): three quarters of its buffer are free), and saves half of the switches. */
#define MESSAGE_SIZE_REMOTE ((size_t)8192 - 5)
#define MESSAGE_SIZE_HERE BUFFER_SIZE
#define CONTEXT_SHOWN 200

/* A binary COPY begins and ends with these; its head comes in one message with the first row, or with the end of no rows
   (PostgreSQL's protocol documentation, COPY Operations: one message for each row). */
static const char binary_head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the NUL */
static const char binary_end[] = {'\377', '\377'};

static bool is_whole(struct page_range range)
{
    return range.first == 0 && range.end == 0;
}

/* "WHERE a OR b" as one operand: (a OR b). */
static void add_condition(struct text *sql, const char *condition)
{
    while (isspace((unsigned char)*condition))
        condition++;
    if (strncasecmp(condition, "where", 5) == 0)
        condition += 5;
    text_add_format(sql, "(%s\n)", condition);
}

static void add_filters(struct text *sql, const struct table *table, struct page_range range)
{
    const char *word = " WHERE ";

    if (table->condition != NULL) {
        text_add(sql, word);
        add_condition(sql, table->condition);
        word = " AND ";
    }
    if (range.first > 0) {
        text_add_format(sql, "%sctid >= '(%" PRIu64 ",0)'::pg_catalog.tid", word, range.first);
        word = " AND ";
    }
    if (range.end > 0)
        text_add_format(sql, "%sctid < '(%" PRIu64 ",0)'::pg_catalog.tid", word, range.end);
}

/* COPY of a table itself where that says it all; it leaves generated columns out and reads no child tables. */
static void add_copy_out(struct text *sql, const struct table *table, struct page_range range,
                         enum copy_form form)
{
    bool generated = form == COPY_TEXT_GENERATED && table->generated != NULL;
    const char *options = form == COPY_BINARY ? " WITH (FORMAT binary)" : "";

    if (is_whole(range) && !generated && table->condition == NULL) {
        text_add_format(sql, "COPY %s %s TO STDOUT%s", table->qualified, table->column_list, options);
        return;
    }
    text_add(sql, "COPY (SELECT ");
    if (generated)
        text_add(sql, table->generated);
    for (size_t i = 0; !generated && i < table->column_count; i++) {
        text_add(sql, i > 0 ? ", " : "");
        quote_identifier(sql, table->columns[i]);
    }
    text_add_format(sql, " FROM ONLY %s", table->qualified);
    add_filters(sql, table, range);
    text_add_format(sql, ") TO STDOUT%s", options);
}

/* "copying T" with the place where it happened: CONTEXT is "COPY t, line 3, column c: "value"", of which the value
   stays out: it is somebody's data. DETAIL stays out too, it may show the whole row. */
static cutover_status copy_error(struct session *session, const PGresult *result, const char *label,
                                 cutover_error **error)
{
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    struct text what = TEXT_INIT;

    text_add_format(&what, "copying %s", label);
    if (primary == NULL) {
        session_error(session, result, text_string(&what), error);
    } else {
        error_set(error, CUTOVER_E_POSTGRES, "%s: %s", text_string(&what), primary);
        if (PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL)
            error_sqlstate(error, PQresultErrorField(result, PG_DIAG_SQLSTATE));
        if (cutover_error_sqlstate(*error) != NULL && strcmp(cutover_error_sqlstate(*error), "55P03") == 0)
            error_hint(
                error,
                "Somebody locks the table exclusively, or stands in line for that (VACUUM FULL, CLUSTER, "
                "REPACK, ALTER TABLE, TRUNCATE): wait for it, or end it, and start again.");
        session_hint_search_path(result, error);
        if (hint != NULL)
            error_hint(error, "%s", hint);
    }
    if (context != NULL) {
        const char *value = strstr(context, ": \"");
        size_t length = value != NULL ? (size_t)(value - context) : strcspn(context, "\n");

        error_detail(error, "%.*s", (int)(length < CONTEXT_SHOWN ? length : CONTEXT_SHOWN), context);
    }
    text_free(&what);
    return CUTOVER_E_POSTGRES;
}

/* Reads all that is left to say: the first failure or the last result. */
static cutover_status read_end(struct session *session, PGresult **end, cutover_error **error)
{
    PGresult *kept = NULL, *result = NULL;
    cutover_status status;

    while ((status = session_result(session, &result, error)) == CUTOVER_OK && result != NULL) {
        if (kept != NULL && PQresultStatus(kept) == PGRES_FATAL_ERROR) {
            PQclear(result);
            continue;
        }
        PQclear(kept);
        kept = result;
        if (PQresultStatus(kept) == PGRES_COPY_IN || PQresultStatus(kept) == PGRES_COPY_OUT)
            break;
    }
    if (status != CUTOVER_OK) {
        PQclear(kept);
        return status;
    }
    *end = kept;
    return CUTOVER_OK;
}

/* "COPY n" must be what we counted (EDGE_CASES B19). */
static cutover_status check_end(struct session *session, const char *label, uint64_t rows,
                                cutover_error **error)
{
    PGresult *end = NULL;
    cutover_status status = read_end(session, &end, error);

    if (status != CUTOVER_OK)
        return status;
    if (PQresultStatus(end) != PGRES_COMMAND_OK)
        status = copy_error(session, end, label, error);
    else if (strtoull(PQcmdTuples(end), NULL, 10) != rows)
        status = error_verify(error, CUTOVER_VERDICT_DIFFERENT,
                              "copying %s: the server counts %s rows, we count %" PRIu64, label,
                              PQcmdTuples(end), rows);
    PQclear(end);
    return status;
}

/* Starts a COPY and waits until it is on. */
static cutover_status start(struct session *session, const char *sql, const char *label,
                            ExecStatusType expected, cutover_error **error)
{
    const struct statement statement = {.sql = sql};
    PGresult *result = NULL;
    cutover_status status = cancel_check(session->cancel, error);

    if (status != CUTOVER_OK)
        return status;
    status = session_send(session, &statement, error);
    if (status == CUTOVER_OK)
        status = session_result(session, &result, error);
    if (status != CUTOVER_OK) {
        session_interrupt(session);
        return status;
    }
    if (PQresultStatus(result) == expected) {
        PQclear(result);
        return CUTOVER_OK;
    }
    status = copy_error(session, result, label, error);
    PQclear(result);
    result = NULL;
    if (read_end(session, &result, NULL) != CUTOVER_OK)
        session_interrupt(session);
    PQclear(result);
    return status;
}

cutover_status copy_out_open(struct copy_out *copy, struct session *session, const struct table *table,
                             struct page_range range, enum copy_form form, cutover_error **error)
{
    struct text sql = TEXT_INIT;
    cutover_status status;

    add_copy_out(&sql, table, range, form);
    if (text_failed(&sql))
        status = error_nomem(error);
    else
        status = copy_out_query(copy, session, text_string(&sql), table->label, error);
    text_free(&sql);
    if (status == CUTOVER_OK)
        copy->form = form;
    return status;
}

cutover_status copy_out_query(struct copy_out *copy, struct session *session, const char *sql,
                              const char *label, cutover_error **error)
{
    cutover_status status = start(session, sql, label, PGRES_COPY_OUT, error);

    if (status == CUTOVER_OK)
        *copy = (struct copy_out){.session = session, .label = label, .form = COPY_TEXT};
    return status;
}

/* The next message; *count 0: there is none after it. */
static cutover_status next_message(struct copy_out *copy, size_t *count, cutover_error **error)
{
    PGconn *connection = copy->session->connection;
    int length;

    PQfreemem(copy->row);
    copy->row = NULL;
    while ((length = PQgetCopyData(connection, &copy->row, 1)) == 0) {
        cutover_status status = session_wait(copy->session, false, error);

        if (status != CUTOVER_OK)
            return status;
        if (PQconsumeInput(connection) == 0)
            return copy_error(copy->session, NULL, copy->label, error);
    }
    if (length == -2)
        return copy_error(copy->session, NULL, copy->label, error);
    *count = length > 0 ? (size_t)length : 0;
    return CUTOVER_OK;
}

/* Takes head and end off what a binary COPY sent; *length 0: that was the end. */
static cutover_status binary_row(struct copy_out *copy, const char **row, size_t *length, cutover_error **error)
{
    if (!copy->begun) {
        if (*length < sizeof binary_head || memcmp(*row, binary_head, sizeof binary_head) != 0)
            return error_set(error, CUTOVER_E_POSTGRES, "copying %s: the server did not send a binary COPY",
                             copy->label);
        copy->begun = true;
        *row += sizeof binary_head;
        *length -= sizeof binary_head;
    }
    if (*length != sizeof binary_end || memcmp(*row, binary_end, sizeof binary_end) != 0)
        return CUTOVER_OK;
    cutover_status status = next_message(copy, length, error);
    if (status == CUTOVER_OK && *length != 0)
        status = error_set(error, CUTOVER_E_POSTGRES, "copying %s: rows come after the end", copy->label);
    return status;
}

cutover_status copy_out_row(struct copy_out *copy, const char **row, size_t *length, cutover_error **error)
{
    size_t count = 0;
    cutover_status status = next_message(copy, &count, error);
    const char *at = copy->row;

    if (status == CUTOVER_OK && count > 0 && copy->form == COPY_BINARY)
        status = binary_row(copy, &at, &count, error);
    if (status != CUTOVER_OK)
        return status;
    *length = count;
    if (count == 0)
        return check_end(copy->session, copy->label, copy->rows, error);
    copy->rows++;
    *row = at;
    return CUTOVER_OK;
}

void copy_out_digest(const struct copy_out *copy, const char *row, size_t length, struct digest *digest)
{
    digest_row(digest, row, copy->form == COPY_BINARY ? length : length - 1);
}

void copy_out_abort(struct copy_out *copy)
{
    PQfreemem(copy->row);
    copy->row = NULL;
    if (PQtransactionStatus(copy->session->connection) == PQTRANS_ACTIVE)
        session_interrupt(copy->session);
}

cutover_status copy_in_open(struct copy_in *copy, struct session *session, const char *qualified,
                            const char *columns, const char *label, bool binary, bool freeze,
                            cutover_error **error)
{
    struct copy_in opened = {.session = session, .label = label, .binary = binary, .buffer = TEXT_INIT};
    struct text sql = TEXT_INIT;
    cutover_status status;

    text_add_format(&sql, "COPY %s %s FROM STDIN WITH (FORMAT %s%s)", qualified, columns,
                    binary ? "binary" : "text", freeze ? ", FREEZE" : "");
    if (text_failed(&sql) || !text_reserve(&opened.buffer, BUFFER_SIZE))
        status = error_nomem(error);
    else
        status = start(session, text_string(&sql), label, PGRES_COPY_IN, error);
    text_free(&sql);
    if (status != CUTOVER_OK) {
        text_free(&opened.buffer);
        return status;
    }
    if (binary)
        text_add_bytes(&opened.buffer, binary_head, sizeof binary_head);
    *copy = opened;
    return CUTOVER_OK;
}

/* Whether what arrived ends the COPY: an ErrorResponse ('E', its length, its first field 'S') or the end of the
   connection. */
static bool is_end(int socket)
{
    unsigned char head[6];
    ssize_t count = recv(socket, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);

    if (count < 0)
        return errno != EAGAIN && errno != EINTR;
    return count == 0 || (count == (ssize_t)sizeof head && head[0] == 'E' && head[1] == 0 && head[5] == 'S');
}

/* Waits until a message can be sent, and sees when the server has ended the COPY. libpq looks at nothing that arrives
   before the COPY ends, and when a send would block it takes what arrived out of sight: hence the look at the socket,
   and small messages that do not block. Through TLS nothing is seen; the error then comes out at the end (EDGE_CASES
   B19). */
static cutover_status wait_for_room(struct session *session, bool *ended, cutover_error **error)
{
    struct pollfd ready = {.fd = PQsocket(session->connection), .events = POLLIN | POLLOUT};

    for (;;) {
        cutover_status status;

        if (poll(&ready, 1, 0) > 0) {
            if ((ready.revents & ~POLLOUT) != 0 && !PQsslInUse(session->connection) && is_end(ready.fd)) {
                *ended = true;
                return CUTOVER_OK;
            }
            if ((ready.revents & POLLOUT) != 0)
                return CUTOVER_OK;
            /* A notice, which would wake us for ever. */
            if (PQconsumeInput(session->connection) == 0)
                return session_error(session, NULL, NULL, error);
        }
        status = session_wait(session, true, error);
        if (status != CUTOVER_OK)
            return status;
    }
}

/* Ends a COPY that failed and says why it did. */
static cutover_status give_up(struct copy_in *copy, cutover_error **error)
{
    struct session *session = copy->session;
    int64_t deadline = session->deadline_us;
    cutover_status status = CUTOVER_OK;
    PGresult *end = NULL;
    int sent;

    session->deadline_us = monotonic_us() + SESSION_INTERRUPT_MS * 1000;
    while ((sent = PQputCopyEnd(session->connection, "the copy was given up")) == 0 && status == CUTOVER_OK)
        status = session_wait(session, true, error);
    if (sent > 0 && status == CUTOVER_OK)
        status = session_flush(session, error);
    if (status == CUTOVER_OK)
        status = read_end(session, &end, error);
    if (status == CUTOVER_OK)
        status = copy_error(session, end, copy->label, error);
    PQclear(end);
    session->deadline_us = deadline;
    return status;
}

static cutover_status send_message(struct copy_in *copy, const char *bytes, size_t count, cutover_error **error)
{
    PGconn *connection = copy->session->connection;
    bool ended = false;
    cutover_status status = wait_for_room(copy->session, &ended, error);
    int sent, left;

    if (status != CUTOVER_OK)
        return status;
    if (ended)
        return give_up(copy, error);
    while ((sent = PQputCopyData(connection, bytes, (int)count)) == 0) {
        status = session_wait(copy->session, true, error);
        if (status != CUTOVER_OK)
            return status;
    }
    if (sent < 0)
        return copy_error(copy->session, NULL, copy->label, error);
    while ((left = PQflush(connection)) > 0) {
        status = wait_for_room(copy->session, &ended, error);
        if (status != CUTOVER_OK)
            return status;
        if (ended)
            return give_up(copy, error);
    }
    return left == 0 ? CUTOVER_OK : copy_error(copy->session, NULL, copy->label, error);
}

static cutover_status send_all(struct copy_in *copy, const char *bytes, size_t count, cutover_error **error)
{
    size_t most = session_is_here(copy->session) ? MESSAGE_SIZE_HERE : MESSAGE_SIZE_REMOTE;

    while (count > 0) {
        size_t part = count < most ? count : most;
        cutover_status status = cancel_check(copy->session->cancel, error);

        if (status == CUTOVER_OK)
            status = send_message(copy, bytes, part, error);
        if (status != CUTOVER_OK)
            return status;
        bytes += part;
        count -= part;
    }
    return CUTOVER_OK;
}

static cutover_status send_buffer(struct copy_in *copy, cutover_error **error)
{
    cutover_status status = send_all(copy, text_string(&copy->buffer), copy->buffer.length, error);

    text_clear(&copy->buffer);
    return status;
}

cutover_status copy_in_put(struct copy_in *copy, const char *bytes, size_t count, uint64_t rows,
                           cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    copy->rows += rows;
    if (copy->buffer.length + count > BUFFER_SIZE) {
        status = send_buffer(copy, error);
        if (status == CUTOVER_OK && count > BUFFER_SIZE)
            return send_all(copy, bytes, count, error);
    }
    if (status == CUTOVER_OK)
        text_add_bytes(&copy->buffer, bytes, count);
    return status;
}

cutover_status copy_in_finish(struct copy_in *copy, cutover_error **error)
{
    struct session *session = copy->session;
    int sent = 0;

    if (copy->binary)
        text_add_bytes(&copy->buffer, binary_end, sizeof binary_end);
    cutover_status status = text_failed(&copy->buffer) ? error_nomem(error) : send_buffer(copy, error);
    while (status == CUTOVER_OK && (sent = PQputCopyEnd(session->connection, NULL)) == 0)
        status = session_wait(session, true, error);
    if (status == CUTOVER_OK)
        status = sent < 0 ? copy_error(session, NULL, copy->label, error) : session_flush(session, error);
    if (status == CUTOVER_OK)
        status = check_end(session, copy->label, copy->rows, error);
    if (status == CUTOVER_OK)
        text_free(&copy->buffer);
    else
        copy_in_abort(copy);
    return status;
}

void copy_in_abort(struct copy_in *copy)
{
    text_free(&copy->buffer);
    /* The server takes the end of the connection for the end of the COPY, which a cancel would not be (G10). */
    if (PQtransactionStatus(copy->session->connection) == PQTRANS_ACTIVE)
        session_shut(copy->session);
}

cutover_status copy_digest(struct session *session, const struct table *table, struct page_range range,
                           enum copy_form form, struct digest *digest, cutover_error **error)
{
    struct digest found = DIGEST_INIT;
    struct copy_out copy;
    const char *row = NULL;
    size_t length = 0;
    cutover_status status = copy_out_open(&copy, session, table, range, form, error);

    if (status != CUTOVER_OK)
        return status;
    while ((status = copy_out_row(&copy, &row, &length, error)) == CUTOVER_OK && length > 0)
        copy_out_digest(&copy, row, length, &found);
    if (status != CUTOVER_OK) {
        copy_out_abort(&copy);
        return status;
    }
    *digest = found;
    return CUTOVER_OK;
}
