/* An archive is brought forward: big tables of which little changed, range by range. */
#include "transfer/archive_writing.h"
#include "transfer/range_catch_up.h"

#include <stdio.h>
#include <stdlib.h>

static cutover_status relation_of(struct session *session, const struct table *table, uint32_t *relation,
                                  cutover_error **error)
{
    char oid[16], *value = NULL;
    const char *parameters[] = {oid};

    snprintf(oid, sizeof oid, "%u", (unsigned)table->oid);
    cutover_status status = session_value(session, "SELECT relfilenode FROM pg_class WHERE oid = $1::oid", 1,
                                          parameters, &value, error);
    if (status == CUTOVER_OK)
        *relation = (uint32_t)strtoul(value, NULL, 10);
    free(value);
    return status;
}

cutover_status archive_ranges_note(struct session *session, const struct table *table, struct table_file *file,
                                   cutover_error **error)
{
    char *since = NULL;

    cutover_status status = session_value(session, "SELECT pg_current_snapshot()", 0, NULL, &since, error);
    if (status == CUTOVER_OK)
        status = relation_of(session, table, &file->relation, error);
    if (status != CUTOVER_OK) {
        free(since);
        return status;
    }
    free(file->since);
    file->since = since;
    range_list_sort(&file->ranges);
    return CUTOVER_OK;
}

static cutover_status table_renew(struct writing *writing, const struct table *table, size_t entry,
                                  struct member_writer *members, struct renewal *done, bool *caught_up,
                                  cutover_error **error)
{
    struct table_file *file = &writing->files[entry];
    struct session *leader = writing->snapshot->leader;
    uint32_t relation = 0;

    *caught_up = false;
    if (!file->by_ranges || !ranges_possible(table))
        return CUTOVER_OK;
    cutover_status status = relation_of(leader, table, &relation, error);
    if (status != CUTOVER_OK || relation != file->relation)
        return status;
    struct range_catch_up asked = {
        .repository = &writing->operation->host->repository,
        .backup = writing->backup_id,
        .session = leader,
        .members = members,
        .table = table,
        .since = file->since,
        .list = &file->ranges,
        .to = &writing->manifest.tables[entry],
        .file = &writing->manifest.files[entry],
        .written = &file->written,
    };
    range_list_free(&file->written);
    status = range_catch_up(&asked, error);
    if (status == CUTOVER_OK && !asked.whole)
        status = archive_ranges_note(leader, table, file, error);
    if (status != CUTOVER_OK)
        return status;
    *caught_up = file->in_place = !asked.whole;
    done->tables += *caught_up;
    done->ranges += asked.ranges;
    done->rows += asked.rows;
    done->bytes += asked.bytes;
    return CUTOVER_OK;
}

cutover_status archive_ranges_renew(struct writing *writing, struct renewal *done, cutover_error **error)
{
    struct member_writer *members = NULL;
    size_t kept = 0;

    cutover_status status = member_writer_open(ARCHIVE_GZIP_LEVEL, &members, error);
    for (size_t i = 0; status == CUTOVER_OK && i < writing->read_count; i++) {
        bool caught_up = false;
        status = table_renew(writing, &writing->read[i], writing->entries[i], members, done, &caught_up, error);
        if (caught_up)
            continue;
        writing->read[kept] = writing->read[i];
        writing->entries[kept++] = writing->entries[i];
    }
    if (status == CUTOVER_OK)
        writing->read_count = kept;
    member_writer_free(members);
    return status;
}
