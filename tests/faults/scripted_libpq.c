#include "scripted_libpq.h"

#include <dlfcn.h>
#include <fnmatch.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

static struct script *_Atomic playing;
/* The connection whose next result is not the real one, and what it is. */
static PGconn *_Atomic answering;
static struct script *_Atomic answer_of;
static _Atomic unsigned copied;

/* The real function of that name. */
static void *real(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (function == NULL)
        abort();
    return function;
}

#define REAL(result, name, ...) (*(result(**)(__VA_ARGS__)) & (void *){real(name)})

void script_play(struct script *script)
{
    atomic_store(&answering, NULL);
    atomic_store(&copied, 0);
    if (script != NULL)
        atomic_store(&script->met, 0);
    atomic_store(&playing, script);
}

static void cut(PGconn *connection)
{
    shutdown(PQsocket(connection), SHUT_RDWR);
}

/* The script, where this statement is the one that it speaks of. */
static struct script *script_for(const char *sql)
{
    struct script *script = atomic_load(&playing);

    if (script == NULL || (script->statement != NULL && fnmatch(script->statement, sql, 0) != 0) ||
        atomic_fetch_add(&script->met, 1) + 1 != script->nth)
        return NULL;
    if (script->before != NULL) {
        atomic_store(&playing, NULL);
        script->before(script->context);
        atomic_store(&playing, script);
    }
    return script;
}

/* Waits until the server has done what it was sent, and drops what it says; then the connection is gone. */
static void lose(PGconn *connection)
{
    PGresult *result;

    while ((result = REAL(PGresult *, "PQgetResult", PGconn *)(connection)) != NULL)
        PQclear(result);
    cut(connection);
    PQconsumeInput(connection);
}

/* Before a statement is sent: what is sent in its place. */
static const char *sent_for(PGconn *connection, const struct script *script, const char *sql)
{
    if (script != NULL && script->answer == ANSWER_CUT)
        cut(connection);
    return script != NULL && script->answer == ANSWER_INSTEAD ? script->text : sql;
}

/* After it was. */
static int sent(PGconn *connection, struct script *script, int result)
{
    if (script == NULL || result == 0)
        return result;
    if (script->answer == ANSWER_LOST)
        lose(connection);
    if (script->answer > ANSWER_CUT) {
        atomic_store(&answer_of, script);
        atomic_store(&answering, connection);
    }
    return result;
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    struct script *script = script_for(sql);
    const char *text = sent_for(connection, script, sql);

    return sent(connection, script, REAL(int, "PQsendQuery", PGconn *, const char *)(connection, text));
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats, int format)
{
    struct script *script = script_for(sql);
    const char *text = sent_for(connection, script, sql);

    if (text != sql)
        return sent(connection, script, REAL(int, "PQsendQuery", PGconn *, const char *)(connection, text));
    return sent(connection, script,
                REAL(int, "PQsendQueryParams", PGconn *, const char *, int, const Oid *, const char *const *,
                     const int *, const int *,
                     int)(connection, sql, count, types, values, lengths, formats, format));
}

static PGresult *without_values(PGresult *result, bool rows)
{
    PGresult *copy = PQcopyResult(result, PG_COPYRES_ATTRS);

    for (int row = 0; rows && row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++)
            PQsetvalue(copy, row, column, NULL, -1);
    PQclear(result);
    return copy;
}

PGresult *PQgetResult(PGconn *connection)
{
    PGresult *(*next)(PGconn *) = REAL(PGresult *, "PQgetResult", PGconn *);
    struct script *script = atomic_load(&answer_of);

    if (atomic_load(&answering) != connection)
        return next(connection);
    if (script->answer == ANSWER_CUT_IN_COPY)
        return next(connection);
    atomic_store(&answering, NULL);
    switch (script->answer) {
    case ANSWER_NO_ROWS:
        return without_values(next(connection), false);
    case ANSWER_NULLS:
        return without_values(next(connection), true);
    default:
        for (PGresult *result = next(connection); result != NULL; result = next(connection))
            PQclear(result);
        return script->answer == ANSWER_UNEXPECTED ? PQmakeEmptyPGresult(connection, PGRES_COPY_BOTH) : NULL;
    }
}

/* One row more is copied. */
static void copy_row(PGconn *connection)
{
    if (atomic_load(&answering) == connection && atomic_load(&answer_of)->answer == ANSWER_CUT_IN_COPY &&
        atomic_fetch_add(&copied, 1) == atomic_load(&answer_of)->rows)
        cut(connection);
}

int PQgetCopyData(PGconn *connection, char **buffer, int async)
{
    copy_row(connection);
    return REAL(int, "PQgetCopyData", PGconn *, char **, int)(connection, buffer, async);
}

int PQputCopyData(PGconn *connection, const char *buffer, int size)
{
    copy_row(connection);
    return REAL(int, "PQputCopyData", PGconn *, const char *, int)(connection, buffer, size);
}

int PQputCopyEnd(PGconn *connection, const char *message)
{
    copy_row(connection);
    return REAL(int, "PQputCopyEnd", PGconn *, const char *)(connection, message);
}

/* The next connection may lie where this one did. */
void PQfinish(PGconn *connection)
{
    PGconn *finished = connection;

    atomic_compare_exchange_strong(&answering, &finished, NULL);
    REAL(void, "PQfinish", PGconn *)(connection);
}
