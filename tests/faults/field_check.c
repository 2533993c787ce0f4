#include "faults/field_check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cutover_status receive_recovery(const cutover_recovery *recovery, void *context)
{
    struct field *field = context;

    if (recovery->outcome != CUTOVER_RECOVERED_COMPLETED && recovery->outcome != CUTOVER_RECOVERED_UNDONE)
        fail_msg("%s: recovery: %s: %s\nit said: %s", field->where, cutover_recovered_name(recovery->outcome),
                 recovery->message, field->told);
    return CUTOVER_OK;
}

static cutover_status receive_leftover(const cutover_document *document, void *context)
{
    fail_msg("%s: left in the store: %s %s", ((struct field *)context)->where, document->kind, document->id);
    return CUTOVER_E_STATE;
}

static void recover(struct field *field)
{
    cutover_error *error = NULL;

    shop_leases_fall_silent(&field->shop);
    alarm(HANG_SECONDS);
    check_ok(cutover_recover(field->shop.engine, NULL, receive_recovery, field, &error), error);
    alarm(0);
}

enum ending field_ending(struct field *field, cutover_status status)
{
    char *request = shop_request_status(&field->shop, field->request_id);
    enum ending ending = ENDING_REFUSED;

    if (status == CUTOVER_OK) {
        check(field, strcmp(request, "completed") == 0);
        ending = ENDING_COMPLETED;
    } else if (status == CUTOVER_E_CANCELLED && strcmp(request, "acked") == 0) {
        ending = ENDING_CANCELLED;
    } else if (strcmp(request, "failed") == 0) {
        ending = ENDING_FAILED;
    } else if (strcmp(request, "in_progress") == 0 || strcmp(request, "completed") == 0) {
        /* Recovery is needed, or (completed) what it would do is done, and could not be read. */
        check(field, strstr(field->told, "recovery") != NULL);
        recover(field);
        free(request);
        request = shop_request_status(&field->shop, field->request_id);
        ending = strcmp(request, "completed") == 0 ? ENDING_FINISHED : ENDING_UNDONE;
        /* What was to be cancelled, and is undone by recovery, can be promoted again. */
        check(field,
              ending == ENDING_FINISHED || strcmp(request, field->blow->cancelled ? "acked" : "failed") == 0);
    } else {
        check(field, strcmp(request, "acked") == 0);
    }
    free(request);
    return ending;
}

static void check_store(struct field *field, bool completed)
{
    static const char *const kinds[] = {"lock", "gate", "lease"};
    char *state = shop_project_state(&field->shop, field->project);
    char *audit = shop_audit(&field->shop, field->project);
    cutover_error *error = NULL;
    const char *last = strrchr(audit, ' ');

    check(field, strcmp(state, "active") == 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_ok(field->shop.store.list(kinds[i], NULL, "", 10, receive_leftover, field, &error,
                                        field->shop.store.userdata),
                 error);
    check(field, last != NULL);
    check(field, completed == (strcmp(last + 1, "production_overwrite_restore") == 0));
    free(state);
    free(audit);
}

static unsigned partials(struct field *field)
{
    char *path = shop_format("%s/backups", field->shop.home);
    DIR *folder = opendir(path);
    unsigned count = 0;

    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += strstr(entry->d_name, ".partial") != NULL;
    closedir(folder);
    free(path);
    return count;
}

/* Every backup that says so verifies, those of a completed promotion among them. */
static void check_backups(struct field *field, bool completed)
{
    cutover_backup_options options = CUTOVER_BACKUP_OPTIONS_INIT;
    cutover_backup_list *list = NULL;
    cutover_error *error = NULL;
    size_t verified = 0;

    options.actor = &shop_operator;
    options.verify = CUTOVER_VERIFY_READBACK;
    check_ok(cutover_backups_list(field->shop.engine, field->project, NULL, 1000, &list, &error), error);
    size_t count = cutover_backup_list_count(list);
    for (size_t i = 0; i < count; i++) {
        const cutover_backup *backup = cutover_backup_list_at(list, i);
        const char *status = cutover_backup_status(backup);
        bool good = strcmp(status, "verified") == 0;
        check(field, good || strcmp(status, "failed") == 0 || strcmp(status, "cancelled") == 0);
        if (good && i + 1 == count)
            check_ok(
                cutover_backup_verify(field->shop.engine, &options, cutover_backup_id(backup), NULL, &error),
                error);
        verified += good;
    }
    check(field, !completed || verified > 0);
    check(field, partials(field) == 0);
    cutover_backup_list_free(list);
}

static const char displaced_sql[] =
    "SELECT count(*) FROM pg_database WHERE datname ~ '^cutover_old_' AND NOT datallowconn";

static void check_production(struct field *field, bool completed)
{
    char *dump = shop_dump(field->production, field->project);
    char *properties = shop_properties(field->production, field->project);
    if (strcmp(dump, completed ? field->new_dump : field->old_dump) != 0)
        fprintf(stderr, "%s: %s\n", field->where, field->told);
    check_same_text(dump, completed ? field->new_dump : field->old_dump);
    if (strcmp(properties, field->properties) != 0)
        fail_msg("%s: %s instead of %s\nit said: %s", field->where, properties, field->properties, field->told);
    cluster_sql(field->production, field->project, "CREATE TABLE can_write (); DROP TABLE can_write;");
    check(field, cluster_number(field->production, "postgres", displaced_sql) == completed);
    shop_check_server(field->production);
    free(dump);
    free(properties);
}

void field_check(struct field *field, bool completed)
{
    recover(field);
    check_store(field, completed);
    check_backups(field, completed);
    check_production(field, completed);
}
