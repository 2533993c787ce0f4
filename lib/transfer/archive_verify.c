#include "transfer/archive_verify.h"

#include "postgres/database.h"
#include "postgres/event_triggers.h"
#include "postgres/swap/advisory.h"
#include "postgres/swap/swap.h"

#include <stdlib.h>
#include <string.h>

#define VERIFY_PREFIX "cutover_verify_"
#define DROP_TRIES 3
#define DROP_PAUSE_MS 200

void archive_verify_database_name(char name[64], const char *backup_id)
{
    database_name_make(name, VERIFY_PREFIX, backup_id);
}

static cutover_status note(const struct verify *verify, const char *name, uint32_t oid, cutover_error **error)
{
    return verify->note == NULL ? CUTOVER_OK : verify->note(verify->note_context, name, oid, error);
}

static const struct conninfo *throwaway_server(const struct project *project)
{
    return project->verify_elsewhere ? &project->verify : &project->production;
}

/* A session that makes and drops databases on the throwaway's server. */
static cutover_status control_open(const struct verify *verify, const struct cancel *cancel,
                                   struct session **control, cutover_error **error)
{
    const struct project *project = verify->project;
    struct session_options options =
        operation_session(verify->operation, throwaway_server(project),
                          project->verify_elsewhere ? NULL : project->control_database);

    options.cancel = cancel;
    return session_open(&options, control, error);
}

/* The properties to make a throwaway database with: those of the source, but for another server's tablespaces. */
static cutover_status throwaway_properties(const struct archive *archive, bool elsewhere,
                                           struct json_object **properties, cutover_error **error)
{
    *properties = NULL;
    if (json_object_deep_copy(archive->manifest.properties, properties, NULL) != 0)
        return error_nomem(error);
    if (elsewhere)
        json_object_object_del(*properties, "tablespace");
    return CUTOVER_OK;
}

static cutover_status throwaway_drop_once(const struct verify *verify, const char *name, uint32_t oid,
                                          cutover_error **error)
{
    struct session *broom = NULL;

    cutover_status status = control_open(verify, NULL, &broom, error);
    if (status == CUTOVER_OK)
        status = database_drop(broom, name, oid, error);
    if (status == CUTOVER_OK)
        status = loader_drop(broom, name, error);
    session_close(broom);
    return status != CUTOVER_OK ? status : note(verify, NULL, 0, error);
}

/* It goes in every case, also when the job was cancelled: by a session that does not look at that. Nobody comes for it after a
   job that has ended well, so that one failure is not the last word. */
static void throwaway_drop(const struct verify *verify, const char *name, uint32_t oid)
{
    for (int tries = 1;; tries++) {
        cutover_error *error = NULL;
        cutover_status status = throwaway_drop_once(verify, name, oid, &error);
        bool last = status == CUTOVER_OK || status == CUTOVER_E_CONFLICT || tries == DROP_TRIES;
        if (status != CUTOVER_OK && last)
            log_line(&verify->operation->host->log, LOG_WARNING_LEVEL, "throwaway database %s stays: %s", name,
                     cutover_error_message(error));
        cutover_error_free(error);
        if (last)
            return;
        cancel_sleep(NULL, DROP_PAUSE_MS, NULL);
    }
}

static cutover_status restore_and_compare(const struct verify *verify, struct archive *archive,
                                          struct session *control, const struct conninfo *server,
                                          const char *name, cutover_error **error)
{
    const struct project *project = verify->project;
    const struct destination to = {
        .control = control,
        .conninfo = server,
        .given_loader = project->loader_given && !project->verify_elsewhere ? &project->loader : NULL,
        .database = name,
    };
    struct json_object *properties = NULL;
    struct fill fill;
    uint32_t oid = 0;

    cutover_status status = throwaway_properties(archive, project->verify_elsewhere, &properties, error);
    /* The lock first, until this session is gone: whoever takes this job over either ends the session, or was there before
       the note, which then fails. */
    if (status == CUTOVER_OK)
        status = advisory_lock(control, advisory_key(name), error);
    if (status == CUTOVER_OK)
        status = note(verify, name, 0, error);
    if (status == CUTOVER_OK)
        status = database_create(control, name, properties, &oid, error);
    json_object_put(properties);
    if (status != CUTOVER_OK)
        return status;
    status = note(verify, name, oid, error);
    if (status == CUTOVER_OK) {
        status = archive_load(archive, verify->operation, &to, PHASE_VERIFY_LOAD, &fill, error);
        if (status == CUTOVER_OK)
            status = fill_finish(&fill, text_string(&archive->facts), error);
        fill_close(&fill);
    }
    if (status == CUTOVER_OK)
        status = archive_compare(archive, verify->operation, server, name, PHASE_VERIFY_COMPARE, error);
    throwaway_drop(verify, name, oid);
    return status;
}

static cutover_status by_restore(const struct verify *verify, struct archive *archive, cutover_error **error)
{
    struct session *control = NULL;
    struct conninfo server = {0};
    char name[DATABASE_NAME_MAX + 1];

    archive_verify_database_name(name, archive->backup_id);
    cutover_status status = control_open(verify, &verify->operation->cancel, &control, error);
    if (status == CUTOVER_OK)
        status = conninfo_copy(throwaway_server(verify->project), &server, error);
    if (status == CUTOVER_OK)
        status = event_triggers_quiet(control, &server, error);
    if (status == CUTOVER_OK)
        status = restore_and_compare(verify, archive, control, &server, name, error);
    conninfo_free(&server);
    session_close(control);
    return status;
}

static cutover_status verify_by_method(const struct verify *verify, const struct backup_record *record,
                                       cutover_error **error)
{
    struct archive archive = {0};

    cutover_status status = archive_open(verify->operation->host, record, &archive, error);
    if (status != CUTOVER_OK)
        return status;
    status = archive_check_files(&archive, verify->operation, PHASE_VERIFY_READ, error);
    if (status == CUTOVER_OK)
        status = verify->method == CUTOVER_VERIFY_READBACK
                     ? archive_check_rows(&archive, verify->operation, error)
                     : by_restore(verify, &archive, error);
    archive_close(&archive);
    return status;
}

static cutover_status verdict_record(struct backup_record *record, cutover_verdict verdict,
                                     const cutover_error *found, cutover_error **error)
{
    struct text detail = TEXT_INIT;

    record->verdict = (int)verdict;
    if (found != NULL) {
        text_add(&detail, cutover_error_message(found));
        if (cutover_error_detail(found) != NULL)
            text_add_format(&detail, "\n%s", cutover_error_detail(found));
    }
    free(record->verify_detail);
    record->verify_detail = NULL;
    if (text_failed(&detail)) {
        text_free(&detail);
        return error_nomem(error);
    }
    record->verify_detail = detail.length > 0 ? text_take(&detail) : NULL;
    return CUTOVER_OK;
}

cutover_status archive_verify(const struct verify *verify, struct backup_record *record, cutover_error **error)
{
    int64_t began = monotonic_us();
    cutover_error *found = NULL;

    cutover_status status = verify_by_method(verify, record, &found);
    record->verify_method = (int)verify->method;
    record->verify_ms = (monotonic_us() - began) / 1000;
    record->verified_at = clock_now(&verify->operation->host->clock);
    if (status == CUTOVER_OK)
        return verdict_record(record, CUTOVER_VERDICT_EQUAL, NULL, error);
    if (status == CUTOVER_E_CANCELLED || status == CUTOVER_E_NOMEM) {
        error_move(error, found);
        return status;
    }
    if (status != CUTOVER_E_VERIFY) {
        cutover_error *cause = found;
        found = NULL;
        error_verify(&found, CUTOVER_VERDICT_UNKNOWN, "the backup could not be verified: %s",
                     cutover_error_message(cause));
        if (cutover_error_detail(cause) != NULL)
            error_detail(&found, "%s", cutover_error_detail(cause));
        if (cutover_error_hint(cause) != NULL)
            error_hint(&found, "%s", cutover_error_hint(cause));
        error_sqlstate(&found, cutover_error_sqlstate(cause));
        cutover_error_free(cause);
    }
    status = verdict_record(record, cutover_error_verdict(found), found, error);
    if (status != CUTOVER_OK) {
        cutover_error_free(found);
        return status;
    }
    error_move(error, found);
    return CUTOVER_E_VERIFY;
}
