/*
 * The configuration: one file of `name = value` lines. What is not said is as the table in configuration.c has it. Lines that begin with
 * # and empty ones are nothing; a value may stand in double quotes.
 */
#ifndef CUTOVERD_CONFIGURATION_H
#define CUTOVERD_CONFIGURATION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct configuration {
    char *home;
    char *store;      /* as cutover_store_open() takes it; in the home where it is not said */
    char *repository; /* the folder of backups; likewise */
    char *listen;
    char *tls_certificate, *tls_key;
    char *dashboard_dir;
    char *events_file;
    char *integration_secrets; /* folder; in the home where it is not said */
    char *vercel_url, *netlify_url;
    char *pg_bin_dir, *work_dir;
    char *log_level;
    bool behind_proxy;
    bool allow_private_webhooks;
    bool open_metrics;
    bool four_eyes;
    int64_t workers;
    int64_t job_threads;
    int64_t handlers;
    int64_t max_connections;
    int64_t max_streams; /* of one caller */
    int64_t max_body;
    int64_t request_timeout; /* seconds */
    int64_t session_hours;
    int64_t recover_interval; /* seconds */

    struct sockaddr_storage address; /* of listen */
};

/* Reads and checks it. False: what is wrong was written to `complaints`, a line for each fault, with the line of the file, what is wrong
   and what to do. What is in *configuration is freed by configuration_free() in any case. */
bool configuration_read(const char *path, struct configuration *configuration, FILE *complaints);
/* What else must hold, outside of the file: files can be read, folders are there. */
bool configuration_try(const struct configuration *configuration, FILE *complaints);
void configuration_free(struct configuration *configuration);
/* Each setting, its default, and what it is for. */
void configuration_explain(FILE *file);

#endif
