#include "postgres/tools.h"

#include "archive/toc.h"
#include "base/clock.h"
#include "base/folder.h"
#include "base/process.h"
#include "postgres/child.h"
#include "postgres/version.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_DEADLINE_US (30 * INT64_C(1000000))
#define LOCK_WAIT_MS 60000
#define TOC_LIMIT ((size_t)1024 * 1024 * 1024)
#define USE_LIST "use.list"

static bool is_program(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISREG(about.st_mode) && access(path, X_OK) == 0;
}

/* *path NULL: not there. */
static cutover_status program_in(const char *folder, size_t length, const char *name, char **path,
                                 cutover_error **error)
{
    struct text text = TEXT_INIT;

    text_add_bytes(&text, folder, length);
    text_add_format(&text, "/%s", name);
    char *made = text_take(&text);
    if (made == NULL)
        return error_nomem(error);
    if (!is_program(made)) {
        free(made);
        made = NULL;
    }
    *path = made;
    return CUTOVER_OK;
}

/* Relative folders of PATH are passed over: what they mean changes with the host's working directory. */
static cutover_status program_in_path(const char *name, char **path, cutover_error **error)
{
    const char *folders = getenv("PATH");
    cutover_status status = CUTOVER_OK;

    *path = NULL;
    for (const char *at = folders; at != NULL && *at != '\0' && *path == NULL && status == CUTOVER_OK;) {
        size_t length = strcspn(at, ":");
        if (*at == '/')
            status = program_in(at, length, name, path, error);
        at += length + (at[length] == ':');
    }
    return status;
}

static cutover_status find_program(const char *bin_dir, const char *name, char **path, cutover_error **error)
{
    cutover_status status;

    if (bin_dir == NULL) {
        status = program_in_path(name, path, error);
    } else {
        char *folder = realpath(bin_dir, NULL);
        if (folder == NULL && errno == ENOMEM)
            return error_nomem(error);
        if (folder == NULL) {
            error_set_errno(error, CUTOVER_E_UNSUPPORTED, errno, "cannot use the folder %s for %s", bin_dir,
                            name);
            error_hint(error, "Name the folder of pg_dump and pg_restore as pg_bin_dir.");
            return CUTOVER_E_UNSUPPORTED;
        }
        status = program_in(folder, strlen(folder), name, path, error);
        free(folder);
    }
    if (status != CUTOVER_OK || *path != NULL)
        return status;
    error_set(error, CUTOVER_E_UNSUPPORTED, "no program %s in %s", name, bin_dir != NULL ? bin_dir : "PATH");
    error_hint(error,
               "Install PostgreSQL's client programs, of the server's major version or later, and name their "
               "folder as pg_bin_dir.");
    return CUTOVER_E_UNSUPPORTED;
}

/* "pg_dump (PostgreSQL) 15.18 (Debian …)", "… 18beta1"; 0 when it is not that. */
static int parse_version(const char *text, const char *name)
{
    size_t length = strlen(name);
    int major = 0, minor = 0;

    if (strncmp(text, name, length) != 0 ||
        sscanf(text + length, " (PostgreSQL) %4d.%4d", &major, &minor) < 1 || major < 1 || minor < 0)
        return 0;
    return major * 10000 + minor;
}

static cutover_status ask_version(const char *path, const char *name, const struct cancel *cancel, int *version,
                                  cutover_error **error)
{
    char *variables[CHILD_ENVIRONMENT_MAX];
    const char *environment[CHILD_ENVIRONMENT_MAX + 1] = {NULL};
    const char *arguments[] = {path, "--version", NULL};
    struct text output = TEXT_INIT, errors = TEXT_INIT;
    size_t count = 0;
    int exit_status = -1;

    cutover_status status = child_environment(variables, &count, error);
    if (status != CUTOVER_OK)
        return status;
    for (size_t i = 0; i < count; i++)
        environment[i] = variables[i];
    struct process process = {.program = path,
                              .arguments = arguments,
                              .environment = environment,
                              .cancel = cancel,
                              .deadline_us = monotonic_us() + VERSION_DEADLINE_US};
    status = process_run(&process, &exit_status, &output, &errors, error);
    int found = status == CUTOVER_OK && exit_status == 0 ? parse_version(text_string(&output), name) : 0;
    if (status == CUTOVER_OK && found == 0) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED, "%s does not say its version as %s does", path, name);
        error_detail(error, "exit status %d; %.500s%.500s", exit_status, text_string(&output),
                     text_string(&errors));
    } else if (status == CUTOVER_OK && postgres_major(found) < POSTGRES_OLDEST) {
        status =
            error_set(error, CUTOVER_E_UNSUPPORTED, "%s is of version %d.%d; %d is the oldest that can be used",
                      path, found / 10000, found % 10000, POSTGRES_OLDEST);
    }
    if (status == CUTOVER_OK)
        *version = found;
    text_free(&output);
    text_free(&errors);
    child_environment_free(variables, count);
    return status;
}

cutover_status tools_find(const char *bin_dir, const struct cancel *cancel, struct tools *tools,
                          cutover_error **error)
{
    struct tools found = {.pg_dump = NULL};
    cutover_status status = find_program(bin_dir, "pg_dump", &found.pg_dump, error);

    if (status == CUTOVER_OK)
        status = find_program(bin_dir, "pg_restore", &found.pg_restore, error);
    if (status == CUTOVER_OK)
        status = ask_version(found.pg_dump, "pg_dump", cancel, &found.dump_version, error);
    if (status == CUTOVER_OK)
        status = ask_version(found.pg_restore, "pg_restore", cancel, &found.restore_version, error);
    if (status == CUTOVER_OK && postgres_major(found.dump_version) != postgres_major(found.restore_version)) {
        status = error_set(error, CUTOVER_E_UNSUPPORTED,
                           "%s (version %d.%d) and %s (version %d.%d) do not belong together", found.pg_dump,
                           found.dump_version / 10000, found.dump_version % 10000, found.pg_restore,
                           found.restore_version / 10000, found.restore_version % 10000);
        error_hint(error, "Name one folder that has both as pg_bin_dir.");
    }
    if (status == CUTOVER_OK)
        *tools = found;
    else
        tools_free(&found);
    return status;
}

void tools_free(struct tools *tools)
{
    if (tools == NULL)
        return;
    free(tools->pg_dump);
    free(tools->pg_restore);
    tools->pg_dump = tools->pg_restore = NULL;
}

static char *join(const char *before, const char *folder, const char *name)
{
    struct text text = TEXT_INIT;
    text_add_format(&text, "%s%s/%s", before, folder, name);
    return text_take(&text);
}

/* A dump that says it went well has left a toc.dat (EDGE_CASES D2). */
static cutover_status check_toc(const char *folder, const char *name, cutover_error **error)
{
    struct stat about;
    char *path = join("", folder, name);
    char *toc = path != NULL ? join("", path, "toc.dat") : NULL;
    cutover_status status = CUTOVER_OK;

    if (toc == NULL)
        status = error_nomem(error);
    else if (stat(toc, &about) != 0 || about.st_size == 0)
        status = error_set(error, CUTOVER_E_POSTGRES, "pg_dump reported success and left no %s", toc);
    free(toc);
    free(path);
    return status;
}

cutover_status tools_dump_schema(const struct tools *tools, const struct conninfo *conninfo,
                                 const char *database, const char *snapshot, const struct session *leader,
                                 const char *folder, const char *name, const struct cancel *cancel,
                                 cutover_error **error)
{
    struct child child;
    char lock_wait[64], encoding[64] = "", *file = NULL;
    struct text with_snapshot = TEXT_INIT;

    /* What the archive says it is written in is the database's own. */
    if (leader != NULL)
        snprintf(encoding, sizeof encoding, "-c client_encoding=%s", leader->encoding);
    cutover_status status =
        child_prepare(tools->work_dir, conninfo, database, session_server(leader), encoding, &child, error);
    if (status != CUTOVER_OK)
        return status;
    file = join("--file=", folder, name);
    text_add_format(&with_snapshot, "--snapshot=%s", snapshot);
    if (file == NULL || text_failed(&with_snapshot))
        status = error_nomem(error);
    /* The leader of the snapshot has every table locked: pg_dump waits only behind somebody's ALTER TABLE, which waits
       for the leader, for ever. */
    snprintf(lock_wait, sizeof lock_wait, "--lock-wait-timeout=%d", LOCK_WAIT_MS);
    const char *const arguments[] = {tools->pg_dump,
                                     child.database,
                                     "--format=directory",
                                     file,
                                     "--section=pre-data",
                                     "--section=post-data",
                                     text_string(&with_snapshot),
                                     "--no-subscriptions",
                                     "--no-tablespaces",
                                     "--no-sync",
                                     "--no-password",
                                     lock_wait,
                                     NULL};
    if (status == CUTOVER_OK)
        status = child_run(&child, "pg_dump", arguments, cancel, error);
    if (status == CUTOVER_OK)
        status = check_toc(folder, name, error);
    text_free(&with_snapshot);
    free(file);
    child_free(&child);
    return status;
}

static bool is_extension_comment(const struct toc_entry *entry)
{
    return entry->desc.bytes != NULL && strcmp(entry->desc.bytes, "COMMENT") == 0 && entry->tag.bytes != NULL &&
           strncmp(entry->tag.bytes, "EXTENSION ", 10) == 0;
}

static bool is_left_out(const struct restore_schema *restore, const struct toc_entry *entry)
{
    if (restore->no_comments_on_extensions && is_extension_comment(entry))
        return true;
    return restore->leave_out != NULL && restore->leave_out(restore->leave_out_context, entry);
}

/* FOLDER/use.list: every entry that is not left out, by dumpId (EDGE_CASES A24, A36). For post-data it names nothing before that: a
   comment behind what is left out would count as of the section of whatever is named before it, and get lost
   (findings/pg_restore_list_begins_with_comment.sh). */
static cutover_status write_use_list(const struct restore_schema *restore, const char *archive,
                                     const char *folder, cutover_error **error)
{
    char *bytes = NULL;
    size_t count = 0;
    struct toc toc;
    struct text list = TEXT_INIT;

    cutover_status status = folder_read(archive, "toc.dat", TOC_LIMIT, &bytes, &count, error);
    if (status != CUTOVER_OK)
        return status;
    status = toc_parse(bytes, count, &toc, error);
    free(bytes);
    if (status != CUTOVER_OK)
        return status;
    bool begun = strcmp(restore->section, "post-data") != 0;
    for (size_t i = 0; i < toc.count; i++) {
        begun = begun || toc.entries[i].section == TOC_SECTION_POST_DATA;
        if (begun && !is_left_out(restore, &toc.entries[i]))
            text_add_format(&list, "%d;\n", (int)toc.entries[i].dump_id);
    }
    toc_free(&toc);
    status = text_failed(&list) ? error_nomem(error)
                                : folder_write(folder, USE_LIST, text_string(&list), list.length, error);
    text_free(&list);
    return status;
}

/* Staging is built here and becomes production only after everything was compared; the swap's commit comes later in
   the same WAL and is flushed, so that no earlier commit can be missing behind it. Until then losing the tail of the
   restore in a crash loses nothing. */
static void restore_settings(const struct restore_schema *restore, char *settings, size_t size)
{
    int length = snprintf(settings, size, "-c synchronous_commit=off");
    if (restore->maintenance_mem_mb > 0)
        snprintf(settings + length, size - (size_t)length, " -c maintenance_work_mem=%uMB",
                 (unsigned)restore->maintenance_mem_mb);
}

static cutover_status run_restore(const struct tools *tools, const struct restore_schema *restore,
                                  const struct child *child, const char *archive, const char *list,
                                  cutover_error **error)
{
    char section[32], jobs[32];
    bool data = strcmp(restore->section, "data") == 0;
    const char *arguments[13];
    size_t count = 0;
    unsigned threads = restore->jobs > 0 && strcmp(restore->section, "post-data") == 0 ? restore->jobs : 1;

    snprintf(section, sizeof section, "--section=%s", restore->section);
    snprintf(jobs, sizeof jobs, "--jobs=%u", threads);
    arguments[count++] = tools->pg_restore;
    arguments[count++] = child->database;
    arguments[count++] = section;
    arguments[count++] = jobs;
    arguments[count++] = "--exit-on-error";
    arguments[count++] = "--no-tablespaces";
    arguments[count++] = "--no-subscriptions";
    arguments[count++] = "--no-password";
    /* Each command of a group of large objects would be a transaction. */
    if (data && postgres_major(tools->restore_version) >= 17)
        arguments[count++] = "--transaction-size=1000";
    if (list != NULL)
        arguments[count++] = list;
    arguments[count++] = archive;
    arguments[count] = NULL;
    return child_run(child, "pg_restore", arguments, restore->cancel, error);
}

cutover_status tools_restore_schema(const struct tools *tools, const struct restore_schema *restore,
                                    cutover_error **error)
{
    struct child child;
    char settings[128], *archive = NULL, *list = NULL;

    if (strcmp(restore->section, "pre-data") != 0 && strcmp(restore->section, "data") != 0 &&
        strcmp(restore->section, "post-data") != 0)
        return error_set(error, CUTOVER_E_INTERNAL, "\"%s\" is not a section of the schema", restore->section);
    restore_settings(restore, settings, sizeof settings);
    cutover_status status = child_prepare(tools->work_dir, restore->conninfo, restore->database,
                                          restore->server, settings, &child, error);
    if (status != CUTOVER_OK)
        return status;
    archive = join("", restore->folder, restore->name);
    list = join("--use-list=", child.folder, USE_LIST);
    if (archive == NULL || list == NULL)
        status = error_nomem(error);
    bool some = restore->no_comments_on_extensions || restore->leave_out != NULL;
    if (status == CUTOVER_OK && some)
        status = write_use_list(restore, archive, child.folder, error);
    if (status == CUTOVER_OK)
        status = run_restore(tools, restore, &child, archive, some ? list : NULL, error);
    free(list);
    free(archive);
    child_free(&child);
    return status;
}
