/*
 * The structs of the public interface that grow, as their first version had them: what a program is made of that was built with
 * the headers of that time. Never changed: a struct that changes here is one that broke its hosts. When a member is appended to
 * one of them in include/cutover, nothing here changes, but test_older_hosts.c wants to know the size of the version before.
 */
#ifndef CUTOVER_TESTS_UNIT_FIRST_VERSION_H
#define CUTOVER_TESTS_UNIT_FIRST_VERSION_H

#include <cutover.h>

struct actor_1 {
    unsigned version;
    const char *id;
    cutover_actor_kind kind;
    uint32_t roles;
};

struct store_1 {
    unsigned version;
    uint32_t capabilities;
    void *userdata;
    cutover_status (*get)(const char *kind, const char *id, cutover_document_emit emit, void *context,
                          cutover_error **error, void *userdata);
    cutover_status (*list)(const char *kind, const char *project_id, const char *after_id, uint32_t limit,
                           cutover_document_emit emit, void *context, cutover_error **error, void *userdata);
    cutover_status (*commit)(const cutover_write *const *writes, size_t count, cutover_error **error,
                             void *userdata);
    void (*close)(void *userdata);
};

struct repository_1 {
    unsigned version;
    uint32_t capabilities;
    void *userdata;
    cutover_status (*begin)(const char *backup, cutover_error **error, void *userdata);
    cutover_status (*create)(const char *backup, const char *name, void **object, cutover_error **error,
                             void *userdata);
    cutover_status (*write)(void *object, const void *bytes, size_t count, cutover_error **error,
                            void *userdata);
    cutover_status (*commit)(void *object, cutover_error **error, void *userdata);
    void (*abort)(void *object, void *userdata);
    cutover_status (*publish)(const char *backup, cutover_error **error, void *userdata);
    cutover_status (*open)(const char *backup, const char *name, void **object, cutover_error **error,
                           void *userdata);
    cutover_status (*read)(void *object, uint64_t offset, void *bytes, size_t capacity, size_t *count,
                           cutover_error **error, void *userdata);
    void (*close_object)(void *object, void *userdata);
    cutover_status (*list)(const char *backup, cutover_object_emit emit, void *context, cutover_error **error,
                           void *userdata);
    cutover_status (*remove)(const char *backup, cutover_error **error, void *userdata);
    cutover_status (*path)(const char *backup, char *path, size_t capacity, cutover_error **error,
                           void *userdata);
    void (*close)(void *userdata);
};

struct platform_1 {
    unsigned version;
    uint32_t capabilities;
    void *userdata;
    cutover_status (*project_get)(const char *project_id, cutover_project_emit emit, void *context,
                                  cutover_error **error, void *userdata);
    cutover_status (*project_set_state)(const char *project_id, const char *expected, const char *next,
                                        const char *job_id, cutover_error **error, void *userdata);
    cutover_status (*preview_get)(const char *preview_id, cutover_preview_emit emit, void *context,
                                  cutover_error **error, void *userdata);
    cutover_status (*traffic_pause)(const char *project_id, cutover_error **error, void *userdata);
    cutover_status (*traffic_resume)(const char *project_id, cutover_error **error, void *userdata);
    cutover_status (*integrations_sync)(const char *project_id, cutover_error **error, void *userdata);
    cutover_status (*preview_create)(const char *project_id, const char *preview_id, cutover_preview_emit emit,
                                     void *context, cutover_error **error, void *userdata);
};

struct notifier_1 {
    unsigned version;
    void *userdata;
    cutover_status (*deliver)(const cutover_event *event, cutover_refusal *refusal, cutover_error **error,
                              void *userdata);
    void (*close)(void *userdata);
};

struct named_notifier_1 {
    unsigned version;
    uint32_t attempts;
    const char *name;
    const cutover_notifier *notifier;
    int64_t since;
};

struct delivery_options_1 {
    unsigned version;
    const char *notifier;
};

struct delivery_1 {
    unsigned version;
    uint32_t delivered;
    uint32_t failed;
    uint32_t waiting;
    uint32_t given_up;
    uint32_t busy;
};

struct engine_options_1 {
    unsigned version;
    uint32_t policy;
    const cutover_store *store;
    const cutover_repository *repository;
    const cutover_platform *platform;
    const cutover_named_notifier *const *notifiers;
    size_t notifier_count;
    const char *pg_bin_dir;
    const char *work_dir;
    cutover_log_fn log;
    void *log_userdata;
    cutover_clock_fn clock;
    void *clock_userdata;
    uint32_t connect_timeout_s;
    uint32_t door_timeout_ms;
    uint32_t maintenance_mem_mb;
    uint32_t preview_notice_s;
};

struct request_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *project_id;
    const char *preview_id;
    const char *customer_note;
    const char *external_ticket_ref;
};

struct request_ack_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *request_id;
    const char *operator_note;
    int64_t scheduled_for;
};

struct promotion_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *request_id;
    uint32_t jobs;
    cutover_verify_method verify;
    int32_t hold;
    cutover_progress_fn progress;
    void *progress_userdata;
};

struct progress_1 {
    unsigned version;
    const char *step;
    uint64_t bytes_done;
    uint64_t bytes_total;
    uint64_t rows_done;
    uint32_t tables_done;
    uint32_t tables_total;
    double fraction;
    double seconds_elapsed;
    double seconds_left;
};

struct backup_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *project_id;
    const char *label;
    uint32_t jobs;
    cutover_verify_method verify;
    cutover_progress_fn progress;
    void *progress_userdata;
};

struct restore_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *backup_id;
    const char *preview_id;
    const char *project_id;
    int32_t confirm;
    uint32_t jobs;
    cutover_verify_method verify;
    cutover_progress_fn progress;
    void *progress_userdata;
};

struct project_1 {
    unsigned version;
    const char *id;
    const char *organization_id;
    const char *state;
    const char *database;
    const char *control_database;
    const char *verify_database;
    const char *job_id;
};

struct rollback_options_1 {
    unsigned version;
    const cutover_actor *actor;
    const char *request_id;
    int32_t discard_writes;
};

#endif
