#include "support/told.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 1000

static const char *folder(void)
{
    const char *named = getenv("CUTOVER_JSON_DIR");

    return named != NULL && named[0] != '\0' ? named : NULL;
}

void told(const char *schema, const char *json)
{
    char path[4096], *line = NULL;

    if (folder() == NULL || json == NULL)
        return;
    snprintf(path, sizeof path, "%s/%ld.jsonl", folder(), (long)getpid());
    int length =
        asprintf(&line, "{\"schema\":\"%s\",\"object\":%.*s}\n", schema, (int)strcspn(json, "\n"), json);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (length < 0 || file < 0 || write(file, line, (size_t)length) != length)
        perror(path);
    if (file >= 0)
        close(file);
    free(line);
}

static cutover_status tell_event(const cutover_event *event, void *context)
{
    (void)context;
    told("event", event->json);
    return CUTOVER_OK;
}

static cutover_status tell_entry(const cutover_audit_entry *entry, void *context)
{
    (void)context;
    told("audit-entry", entry->json);
    return CUTOVER_OK;
}

static void tell_trail(cutover_engine *engine, const char *project_id, char **last)
{
    if (*last != NULL && strcmp(*last, project_id) == 0)
        return;
    free(*last);
    *last = strdup(project_id);
    cutover_audit_list(engine, project_id, NULL, PAGE, tell_entry, NULL, NULL);
}

void told_everything(cutover_engine *engine)
{
    cutover_request_list *requests = NULL;
    cutover_backup_list *backups = NULL;
    cutover_job_list *jobs = NULL;
    char *last = NULL;

    if (folder() == NULL)
        return;
    cutover_requests_list(engine, NULL, NULL, PAGE, &requests, NULL);
    for (size_t i = 0; i < cutover_request_list_count(requests); i++) {
        told("request", cutover_request_json(cutover_request_list_at(requests, i)));
        tell_trail(engine, cutover_request_project_id(cutover_request_list_at(requests, i)), &last);
    }
    cutover_backups_list(engine, NULL, NULL, PAGE, &backups, NULL);
    for (size_t i = 0; i < cutover_backup_list_count(backups); i++) {
        told("backup", cutover_backup_json(cutover_backup_list_at(backups, i)));
        tell_trail(engine, cutover_backup_project_id(cutover_backup_list_at(backups, i)), &last);
    }
    cutover_jobs_list(engine, NULL, NULL, PAGE, &jobs, NULL);
    for (size_t i = 0; i < cutover_job_list_count(jobs); i++)
        told("job", cutover_job_json(cutover_job_list_at(jobs, i)));
    cutover_events_list(engine, NULL, tell_event, NULL, NULL);
    cutover_request_list_free(requests);
    cutover_backup_list_free(backups);
    cutover_job_list_free(jobs);
    free(last);
}
