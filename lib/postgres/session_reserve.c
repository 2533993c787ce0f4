#include "postgres/session_reserve.h"

#include <stdlib.h>
#include <string.h>

struct reserved {
    struct session *session;
    const struct conninfo *conninfo; /* by which it was opened */
};

void session_reserve_init(struct session_reserve *reserve)
{
    *reserve = (struct session_reserve){.count = 0};
    pthread_mutex_init(&reserve->mutex, NULL);
}

void session_reserve_close(struct session_reserve *reserve)
{
    for (size_t i = 0; i < reserve->count; i++)
        session_close(reserve->list[i].session);
    free(reserve->list);
    pthread_mutex_destroy(&reserve->mutex);
    *reserve = (struct session_reserve){.count = 0};
}

static bool fits(const struct reserved *reserved, const struct session_options *options)
{
    const char *database =
        options->database != NULL ? options->database : conninfo_get(options->conninfo, "dbname");

    return reserved->conninfo == options->conninfo && database != NULL &&
           strcmp(reserved->session->database, database) == 0;
}

static size_t count_fitting(struct session_reserve *reserve, const struct session_options *options)
{
    size_t count = 0;

    for (size_t i = 0; i < reserve->count; i++)
        count += fits(&reserve->list[i], options);
    return count;
}

static cutover_status put(struct session_reserve *reserve, struct session *session,
                          const struct conninfo *conninfo, cutover_error **error)
{
    if (reserve->count == reserve->capacity) {
        struct reserved *list = realloc(reserve->list, (reserve->count + 8) * sizeof *list);
        if (list == NULL)
            return error_nomem(error);
        reserve->list = list;
        reserve->capacity = reserve->count + 8;
    }
    reserve->list[reserve->count++] = (struct reserved){session, conninfo};
    return CUTOVER_OK;
}

cutover_status session_reserve_fill(struct session_reserve *reserve, const struct session_options *options,
                                    size_t count, cutover_error **error)
{
    struct session_options fresh = *options;
    cutover_status status = CUTOVER_OK;

    fresh.reserve = NULL;
    pthread_mutex_lock(&reserve->mutex);
    for (size_t there = count_fitting(reserve, options); status == CUTOVER_OK && there < count; there++) {
        struct session *session = NULL;
        status = session_open(&fresh, &session, error);
        if (status == CUTOVER_OK)
            status = put(reserve, session, options->conninfo, error);
        if (status != CUTOVER_OK)
            session_close(session);
    }
    pthread_mutex_unlock(&reserve->mutex);
    return status;
}

static struct session *remove_at(struct session_reserve *reserve, size_t index)
{
    struct session *session = reserve->list[index].session;

    reserve->list[index] = reserve->list[--reserve->count];
    return session;
}

struct session *session_reserve_take(struct session_reserve *reserve, const struct session_options *options)
{
    struct session *taken = NULL;

    pthread_mutex_lock(&reserve->mutex);
    for (size_t i = 0; taken == NULL && i < reserve->count; i++)
        if (fits(&reserve->list[i], options))
            taken = remove_at(reserve, i);
    pthread_mutex_unlock(&reserve->mutex);
    return taken;
}

void session_reserve_drop(struct session_reserve *reserve, uint32_t database_oid)
{
    pthread_mutex_lock(&reserve->mutex);
    for (size_t i = reserve->count; i-- > 0;)
        if (database_oid == 0 || reserve->list[i].session->database_oid == database_oid)
            session_close(remove_at(reserve, i));
    pthread_mutex_unlock(&reserve->mutex);
}

cutover_status session_reserve_pids(struct session_reserve *reserve, uint32_t database_oid, int **pids,
                                    size_t *count, cutover_error **error)
{
    pthread_mutex_lock(&reserve->mutex);
    int *list = calloc(reserve->count + 1, sizeof *list);
    size_t found = 0;
    for (size_t i = 0; list != NULL && i < reserve->count; i++)
        if (reserve->list[i].session->database_oid == database_oid)
            list[found++] = reserve->list[i].session->backend_pid;
    pthread_mutex_unlock(&reserve->mutex);
    if (list == NULL)
        return error_nomem(error);
    free(*pids);
    *pids = list;
    *count = found;
    return CUTOVER_OK;
}
