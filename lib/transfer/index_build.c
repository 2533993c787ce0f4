#include "transfer/index_build.h"

#include "base/clock.h"
#include "base/wait.h"

#include <stdlib.h>
#include <string.h>

/*
 * How indexes and foreign keys are built beside the rows.
 *
 * What there is to build is read from the table of contents that pg_dump wrote: an entry has its statement, and the dumpIds of what
 * it depends on. An INDEX, or a CONSTRAINT that is one, is built here when everything it depends on is there before the rows are,
 * one of our tables among it. An FK CONSTRAINT is, when beside its own table it depends on exactly one such index, the other table's.
 * All others (of partitioned tables, triggers, rules) are left to pg_restore, which gets a list without ours.
 *
 * Each entry is a task of the pass. A task is bound to no entry: who comes takes the first in the list that can be built now, or
 * waits until one can. The list has the biggest tables first, and foreign keys after all indexes.
 *
 * "Can be built" means: its tables are whole, or all are where it calls a function that somebody made: declared IMMUTABLE or not, it may
 * read another table, and an index that was built before that one's rows were there would be wrong, and nobody told. A foreign key's
 * index is done; and no statement would wait for another's lock.
 * CREATE INDEX shares its table with others of its kind. ALTER TABLE … ADD CONSTRAINT lets nobody else in, nor does what an index's
 * entry says behind it of the table (CLUSTER ON, REPLICA IDENTITY USING INDEX): two such entries of one table would each hold
 * the lock that the other one waits for. For a foreign key it is so for both tables: two of them that take the same two tables in opposite order would deadlock in the server. So who
 * builds what is decided here, under one mutex, by a count of sharers and a mark of exclusion for each table, and the server has
 * nothing to wait for.
 *
 * It cannot stand still. These tasks are handed out after all parts were, and a part waits for nothing: every table becomes whole, or
 * a worker has failed and the waiting ones are cancelled (they look every slice). Once all tables are whole and nobody builds, any
 * index left can be built, and with all indexes done any foreign key.
 *
 * A statement that failed marks its entry done like any other: the worker's error cancels the rest, and nothing is tried again.
 */

#define CATALOG_CLASS 1259u /* pg_class */
/* What is left of the phase for what pg_restore makes. */
#define INDEX_PHASE_PART 0.9

static bool is_named(const struct toc_entry *entry, const char *desc)
{
    return entry->desc.bytes != NULL && strcmp(entry->desc.bytes, desc) == 0;
}

/* What a dumpId stands for. */
struct meaning {
    unsigned char section;           /* of its entry; 0: there is none */
    bool code;                       /* a function or an operator */
    size_t table;                    /* 1 + the table whose TABLE entry it is; 0: none */
    const struct index_entry *index; /* that is built here, or NULL */
};

/* More dumpIds than that are no schema: then nothing is built here, and pg_restore does it all. */
#define IDS_MAX (16 * 1024 * 1024)

/* The table of an index, or of a constraint that is one, plus 1; 0 for everything else. All that such an entry depends on
   is there before the rows are. */
static size_t table_of(const struct toc_entry *entry, const struct meaning *meanings)
{
    size_t table = 0;

    if (entry->section != TOC_SECTION_POST_DATA ||
        (!is_named(entry, "INDEX") && !is_named(entry, "CONSTRAINT")))
        return 0;
    for (size_t i = 0; i < entry->dependency_count; i++) {
        const struct meaning *meaning = &meanings[entry->dependencies[i]];
        if (meaning->section != 0 && meaning->section != TOC_SECTION_PRE_DATA)
            return 0;
        if (meaning->table != 0)
            table = meaning->table;
    }
    return table;
}

/* The other table's index that a foreign key depends on; NULL when that is not built here, or there are several. */
static const struct index_entry *index_of_key(const struct toc_entry *entry, const struct meaning *meanings)
{
    const struct index_entry *found = NULL;

    for (size_t i = 0; i < entry->dependency_count; i++) {
        const struct meaning *meaning = &meanings[entry->dependencies[i]];
        if (meaning->section != TOC_SECTION_POST_DATA)
            continue;
        if (meaning->index == NULL || found != NULL)
            return NULL;
        found = meaning->index;
    }
    return found;
}

/* A foreign key depends on its own table and on the other one's index; on the other table too, in any order, unless that is its
   own. */
static bool is_foreign_key(const struct toc_entry *entry, const struct meaning *meanings,
                           struct index_entry *key)
{
    *key = (struct index_entry){.toc = entry, .exclusive = true};
    if (entry->section != TOC_SECTION_POST_DATA || !is_named(entry, "FK CONSTRAINT"))
        return false;
    key->after = index_of_key(entry, meanings);
    if (key->after == NULL)
        return false;
    size_t table = 0;
    for (size_t i = 0; i < entry->dependency_count; i++) {
        size_t found = meanings[entry->dependencies[i]].table;
        if (found != 0 && (table == 0 || found - 1 != key->after->table))
            table = found;
    }
    if (table == 0)
        return false;
    key->table = table - 1;
    key->referenced = key->after->table;
    return true;
}

/* pg_dump writes each statement of an entry on a line of its own. A name that has such a line in it only costs time. */
static bool is_exclusive(const struct toc_entry *entry)
{
    return is_named(entry, "CONSTRAINT") ||
           (entry->defn.bytes != NULL && strstr(entry->defn.bytes, "\nALTER ") != NULL);
}

static int bigger_table_first(const void *a, const void *b)
{
    const struct index_entry *one = a, *two = b;

    /* Tables come biggest first; within one, shared locks before the exclusive ones. */
    if (one->table != two->table)
        return one->table < two->table ? -1 : 1;
    if (one->exclusive != two->exclusive)
        return one->exclusive ? 1 : -1;
    return (one->toc->dump_id > two->toc->dump_id) - (one->toc->dump_id < two->toc->dump_id);
}

static int id_order(const void *a, const void *b)
{
    const int32_t *one = a, *two = b;

    return (*one > *two) - (*one < *two);
}

static bool calls_code(const struct toc_entry *entry, const struct meaning *meanings)
{
    for (size_t i = 0; i < entry->dependency_count; i++)
        if (meanings[entry->dependencies[i]].code)
            return true;
    return false;
}

static void entries_list(struct index_build *build, struct meaning *meanings)
{
    const struct toc *toc = build->toc;

    for (size_t i = 0; i < toc->count; i++) {
        size_t table = table_of(&toc->entries[i], meanings);
        if (table != 0)
            build->entries[build->count++] =
                (struct index_entry){.table = table - 1,
                                     .referenced = table - 1,
                                     .toc = &toc->entries[i],
                                     .exclusive = is_exclusive(&toc->entries[i]),
                                     .calls = calls_code(&toc->entries[i], meanings)};
    }
    size_t indexes = build->count;
    qsort(build->entries, indexes, sizeof *build->entries, bigger_table_first);
    for (size_t i = 0; i < indexes; i++)
        meanings[build->entries[i].toc->dump_id].index = &build->entries[i];
    for (size_t i = 0; i < toc->count; i++)
        if (is_foreign_key(&toc->entries[i], meanings, &build->entries[build->count]))
            build->count++;
    qsort(build->entries + indexes, build->count - indexes, sizeof *build->entries, bigger_table_first);
}

/* An index costs something even where there is nothing to index. */
#define SIZE_LEAST 65536

static void shares_set(struct index_build *build, const struct table *tables)
{
    double total = 0;

    for (size_t i = 0; i < build->count; i++)
        total += (double)tables[build->entries[i].table].bytes + SIZE_LEAST;
    for (size_t i = 0; i < build->count; i++)
        build->entries[i].share = ((double)tables[build->entries[i].table].bytes + SIZE_LEAST) / total;
}

static cutover_status entries_find(struct index_build *build, const struct table *tables, size_t count,
                                   cutover_error **error)
{
    const struct toc *toc = build->toc;
    bool known = toc->highest_id < IDS_MAX;
    struct meaning *meanings = calloc(known ? (size_t)toc->highest_id + 1 : 1, sizeof *meanings);

    build->tables = calloc(count + 1, sizeof *build->tables);
    build->entries = calloc(toc->count + 1, sizeof *build->entries);
    build->ids = calloc(toc->count + 1, sizeof *build->ids);
    if (build->tables == NULL || build->entries == NULL || build->ids == NULL || meanings == NULL) {
        free(meanings);
        return error_nomem(error);
    }
    for (size_t i = 0; known && i < toc->count; i++) {
        struct meaning *meaning = &meanings[toc->entries[i].dump_id];
        meaning->section = (unsigned char)toc->entries[i].section;
        meaning->code = is_named(&toc->entries[i], "FUNCTION") || is_named(&toc->entries[i], "OPERATOR");
    }
    for (size_t i = 0; known && i < count; i++) {
        const struct toc_entry *entry = toc_find(toc, CATALOG_CLASS, tables[i].oid, "TABLE");
        if (entry != NULL)
            meanings[entry->dump_id].table = i + 1;
    }
    if (known)
        entries_list(build, meanings);
    for (size_t i = 0; i < build->count; i++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): every entry that is counted has one */
        build->ids[i] = build->entries[i].toc->dump_id;
    qsort(build->ids, build->count, sizeof *build->ids, id_order);
    shares_set(build, tables);
    free(meanings);
    return CUTOVER_OK;
}

cutover_status index_build_open(struct index_build *build, const struct fill *fill, const struct table *tables,
                                size_t count, cutover_error **error)
{
    memset(build, 0, sizeof *build);
    build->toc = &fill->toc;
    build->tables_left = count;
    cutover_status status = entries_find(build, tables, count, error);
    pthread_mutex_init(&build->mutex, NULL);
    wait_init(&build->changed);
    build->open = true;
    if (status != CUTOVER_OK)
        index_build_close(build);
    return status;
}

void index_build_table_whole(struct index_build *build, size_t table)
{
    pthread_mutex_lock(&build->mutex);
    build->tables[table].whole = true;
    build->tables_left--;
    pthread_cond_broadcast(&build->changed);
    pthread_mutex_unlock(&build->mutex);
}

static bool may_lock(const struct index_table *table, bool exclusive)
{
    return table->whole && !table->exclusive && (!exclusive || table->shared == 0);
}

/* With the mutex held: one whose tables are whole, and whose locks nobody would have to wait for. */
static struct index_entry *entry_choose(struct index_build *build)
{
    for (size_t i = 0; i < build->count; i++) {
        struct index_entry *entry = &build->entries[i];
        if (!entry->taken && (!entry->calls || build->tables_left == 0) &&
            (entry->after == NULL || entry->after->done) &&
            may_lock(&build->tables[entry->table], entry->exclusive) &&
            may_lock(&build->tables[entry->referenced], entry->exclusive))
            return entry;
    }
    return NULL;
}

/* With the mutex held: waits for a change, for as long as a cancel may take to be seen. */
static void change_wait(struct index_build *build)
{
    wait_until(&build->changed, &build->mutex, monotonic_us() + CANCEL_SLICE_MS * 1000);
}

static cutover_status entry_take(struct index_build *build, const struct cancel *cancel,
                                 struct index_entry **entry, cutover_error **error)
{
    cutover_status status = CUTOVER_OK;

    pthread_mutex_lock(&build->mutex);
    while ((*entry = entry_choose(build)) == NULL) {
        status = cancel_check(cancel, error);
        if (status != CUTOVER_OK)
            break;
        change_wait(build);
    }
    if (*entry != NULL) {
        (*entry)->taken = true;
        if ((*entry)->exclusive)
            build->tables[(*entry)->table].exclusive = build->tables[(*entry)->referenced].exclusive = true;
        else
            build->tables[(*entry)->table].shared++;
    }
    pthread_mutex_unlock(&build->mutex);
    return status;
}

static void entry_done(struct index_build *build, struct index_entry *entry)
{
    pthread_mutex_lock(&build->mutex);
    entry->done = true;
    if (entry->exclusive)
        build->tables[entry->table].exclusive = build->tables[entry->referenced].exclusive = false;
    else
        build->tables[entry->table].shared--;
    pthread_cond_broadcast(&build->changed);
    pthread_mutex_unlock(&build->mutex);
}

cutover_status index_build_next(struct index_build *build, struct session *session, const struct fill *fill,
                                cutover_error **error)
{
    struct index_entry *entry = NULL;
    cutover_status status = entry_take(build, session->cancel, &entry, error);

    if (status != CUTOVER_OK)
        return status;
    status = fill_evaluate_entry(fill, session, entry->toc, error);
    entry_done(build, entry);
    progress_beside(&fill->operation->progress, fill->index_phase, entry->share * INDEX_PHASE_PART);
    return status;
}

bool index_build_has(const void *context, int32_t dump_id)
{
    const struct index_build *build = context;

    return build->count > 0 &&
           bsearch(&dump_id, build->ids, build->count, sizeof *build->ids, id_order) != NULL;
}

void index_build_close(struct index_build *build)
{
    if (!build->open)
        return;
    pthread_cond_destroy(&build->changed);
    pthread_mutex_destroy(&build->mutex);
    free(build->entries);
    free(build->ids);
    free(build->tables);
    memset(build, 0, sizeof *build);
}
