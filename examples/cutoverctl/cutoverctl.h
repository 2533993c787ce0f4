/*
 * cutoverctl, the operator's shell tool: what its parts share. It uses the public interface only, and keeps
 * everything in one home folder: records in an SQLite file, unless --store names another store, backups in a directory beside it.
 */
#ifndef CUTOVERCTL_H
#define CUTOVERCTL_H

#include <cutover.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3, EXIT_DIFFERENT = 4 };

enum option {
    OPTION_ABANDON,
    OPTION_AFTER,
    OPTION_AT,
    OPTION_CONFIRM,
    OPTION_CONTROL_DATABASE,
    OPTION_DATABASE,
    OPTION_DISCARD_WRITES,
    OPTION_EXPIRES_IN,
    OPTION_FORGET,
    OPTION_HOLD,
    OPTION_JOBS,
    OPTION_LABEL,
    OPTION_NOTE,
    OPTION_OLDER_THAN,
    OPTION_ORGANIZATION,
    OPTION_PREVIEW,
    OPTION_PROJECT,
    OPTION_REASON,
    OPTION_TICKET,
    OPTION_TO,
    OPTION_VERIFY,
    OPTION_VERIFY_DATABASE,
    OPTION_LOADER_DATABASE,
    OPTION_PGBOUNCER,
    OPTION_HOLD_FENCE,
    OPTION_NOTIFIER,
    OPTION_SEQUENCE,
    OPTION_HOLD_MAX,
    OPTION_KIND,
    OPTION_LIMIT,
    OPTION_STATUS,
    OPTION_WRITES_REFUSED_MAX,
    OPTION_FENCE,
    OPTION_WITHOUT_SERVER,
    OPTION_ROLES,
    OPTION_ACTOR,
    OPTION_SITE,
    OPTION_ACCOUNT,
    OPTION_TOKEN_FILE,
    OPTION_URL_FILE,
    OPTION_TARGETS,
    OPTION_POOLED_NAME,
    OPTION_UNPOOLED_NAME,
    OPTION_SECRET,
    OPTION_LATER,
    OPTION_ALLOW,
    OPTION_CA_FILE,
    OPTION_ENABLED,
    OPTION_OVERLAP,
    OPTION_SINCE,
    OPTION_TYPES,
    OPTION_UNTIL,
    OPTION_URL,
    OPTION_COUNT
};

_Static_assert(OPTION_COUNT <= 64, "a bit for each");

#define BIT(number) (UINT64_C(1) << (number))
#define OPERANDS_MAX 2

/* Under which the tool delivers events, whichever file they go into. */
#define NOTIFIER_NAME "cutoverctl"
#define WEBHOOK_NOTIFIER_NAME "webhook"

struct tool;

/* One command: a row of commands.c. */
struct command {
    const char *noun;           /* "request" */
    const char *verb;           /* "ack", or NULL for a command of one word */
    const char *operands;       /* what follows, for the usage: "ID"; NULL: nothing does */
    unsigned operand_count;     /* so many words are needed */
    unsigned operands_optional; /* and so many more may come */
    uint64_t required;          /* BIT(OPTION_…) that must be there */
    uint64_t allowed;           /* and those that may be */
    bool homeless;              /* no home folder is looked for */
    const char *summary;        /* what it does, in a line: "agree to a request", without a full stop */
    const char *text;           /* more about it, a paragraph a line; or NULL */
    const char *examples;       /* command lines, each with its line feed */
    const char *statuses;       /* what --status takes, with a space between two */
    uint64_t exits;             /* BIT(EXIT_…) that it may end with, beside EXITS_ALWAYS */
    int (*run)(struct tool *tool);
};

#define EXITS_ALWAYS (BIT(EXIT_DONE) | BIT(EXIT_FAILED) | BIT(EXIT_USAGE))

struct option_text {
    const char *name;  /* "--at" */
    const char *value; /* "TIME", or NULL where it takes none */
    const char *what;
};

struct exit_text {
    int status; /* of enum exit_status */
    const char *what;
};

/* commands.c. The lists end with a NULL in the first pointer. */
extern const struct command commands[];
extern const struct option_text option_texts[OPTION_COUNT];
extern const char
    *const option_words[OPTION_COUNT]; /* what it takes, with a space between two; NULL: anything */
extern const struct option_text common_texts[];
extern const struct exit_text exit_texts[];

/* One run of the tool. */
struct tool {
    const struct command *command;
    const char *operands[OPERANDS_MAX];
    const char *options[OPTION_COUNT]; /* NULL: not given */
    bool json;
    bool verbose;               /* the log goes to standard error */
    const char *log_file;       /* and, or, to this file; NULL: none */
    FILE *log;                  /* that, open */
    bool help;                  /* --help: of the command, instead of doing it */
    char *home;                 /* absolute once open */
    bool home_given;            /* --home was */
    const char *store_location; /* --store; NULL: cutover.db in the home */
    bool acting;                /* --as was given */
    cutover_actor actor;
    char *actor_id; /* owned; what actor.id points to */

    cutover_store store;
    cutover_repository repository;
    cutover_registry *registry;
    cutover_platform known;    /* the registry's */
    cutover_platform platform; /* with the poolers of its projects */
    cutover_notifier notifier;
    bool hooking;               /* the command is about webhooks: they are opened, too */
    uint32_t hook_flags;        /* CUTOVER_WEBHOOKS_ALLOW_…, of --allow */
    cutover_webhooks *webhooks; /* NULL: they are not */
    cutover_notifier hook;
    cutover_engine *engine;
};

/* home.c: the folder and everything that is opened in it. */
int run_init(struct tool *tool); /* command "init" */
/* $CUTOVER_HOME; .cutover where that is in the current folder already; else cutover in $XDG_STATE_HOME or ~/.local/state. */
char *default_home(void);
const char *default_store(void); /* NULL: the home's */
/* `events` names the file that a notifier appends to, or is NULL. */
cutover_status tool_open(struct tool *tool, const char *events, cutover_error **error);
void tool_close(struct tool *tool);

/* arguments.c: text to values. Each prints what is wrong and returns false. */
bool arguments_parse(struct tool *tool, int argc, char **argv);
/* The command that the first one or two words name; *noun_known tells whether at least the first is right. */
const struct command *find_command(const char *noun, const char *verb, bool *noun_known);
bool parse_actor(struct tool *tool, const char *text);
bool parse_duration(struct tool *tool, const char *text, int64_t *microseconds);
bool parse_time(struct tool *tool, const char *text, int64_t *microseconds);
int64_t time_now(void);                                                   /* microseconds since 1970 */
bool parse_expiry(struct tool *tool, int64_t *at);                        /* of --expires-in; 0: never */
bool parse_jobs(struct tool *tool, uint32_t *jobs);                       /* of --jobs */
bool parse_limit(struct tool *tool, uint32_t otherwise, uint32_t *limit); /* of --limit: 1 to 1000 */
bool parse_after(struct tool *tool, const char **after);                  /* of --after; "": from the first */
bool parse_seconds(struct tool *tool, enum option option,
                   uint32_t *seconds);                         /* of a duration; untouched without it */
bool parse_key_roles(struct tool *tool, uint32_t *roles);      /* of --roles */
bool parse_allow(struct tool *tool, uint32_t *flags);          /* of --allow; untouched without it */
bool parse_hold_fence(struct tool *tool, int32_t *hold_fence); /* of --hold-fence; untouched without it */
bool parse_verify(struct tool *tool, cutover_verify_method *verify);
bool parse_fence(struct tool *tool, cutover_fence *fence); /* of --verify */
/* Says what is wrong with the command line, and how it would be right. Returns EXIT_USAGE. */
int usage_error(const struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* By whom the command is done: --as, else whoever runs the tool. */
const cutover_actor *acting_as(struct tool *tool, cutover_actor_kind kind);

/* help.c */
void print_usage(FILE *file, const struct command *command);
void print_help(FILE *file, const struct command *command);
void print_overview(FILE *file); /* of all commands */
/* Of the terminal there, or of $COLUMNS, or 80: 40 to 100. */
unsigned columns_of(int descriptor);

/* output.c */
/* Prints the error, as an object with --json, frees it, and returns the exit status that it stands for. */
int fail(const struct tool *tool, cutover_error *error);
/* The same for a job that never began, or only read: what state production is in is said in any case. */
int fail_harmless(const struct tool *tool, cutover_error *error, const char *production);
int exit_status_of(cutover_status status);
/* Whether --as was given. Else it says that it is missing, and the exit status is EXIT_USAGE. */
bool acts_by_name(const struct tool *tool);
/* Whether what cannot be undone is meant: by somebody who is named (acts_by_name()), and with --confirm, or "yes" at a terminal,
   after it was told what will be gone. Else it says what is missing, and the exit status is EXIT_USAGE. */
bool confirmed(const struct tool *tool, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One object on standard output; takes it. */
void print_json(struct json_object *object);
struct json_object *parse_json(const char *text);
/* A hint of the library with the tool's own name of the setting; stays until the tool ends. NULL for NULL. */
const char *hint_for_tool(const char *hint);
/* The message, with the tool's own name of the option or word that it is about; stays until the tool ends. */
const char *message_for_tool(const struct tool *tool, const char *message);
struct json_object *error_object(const struct tool *tool, const cutover_error *error);
/* Text that is not ours, as it may be printed (cutover_text_visible()); stays until the tool ends. NULL for NULL. */
const char *visible(const char *text);
/* A string member, visible, or NULL where it is missing or null. */
const char *member_text(struct json_object *object, const char *name);
int64_t member_number(struct json_object *object, const char *name);
/* With --json the record as it is; else a title and those of its members (NULL-terminated) that are set. */
void print_record(const struct tool *tool, const char *title, const char *json, const char *const *members);
/* The members of a record's `failure`, if it has one; what state a report says that production is in. */
void print_failure(struct json_object *record, int column); /* values begin that wide after the indent */
void print_production(struct json_object *report);
struct json_object *new_object(void);
void put_text(struct json_object *object, const char *name, const char *text);
void put_number(struct json_object *object, const char *name, int64_t number);
void put_time(struct json_object *object, const char *name, int64_t at); /* 0: null */
#define TIME_TEXT_MAX 40
const char *format_time(int64_t at, char text[TIME_TEXT_MAX]);
#define BYTES_TEXT_MAX 24
const char *format_bytes(uint64_t bytes, char text[BYTES_TEXT_MAX]);
/* Projects (or the one) whose production is not what the store says, or cannot be asked, as an array. */
cutover_status standings_json(struct tool *tool, const char *project_id, struct json_object **list,
                              cutover_error **error);
/* What abandoned jobs of a project (NULL: of all) left, as an array. */
cutover_status leftovers_json(struct tool *tool, const char *project_id, struct json_object **list,
                              cutover_error **error);
void print_leftovers(struct json_object *list);
/* audit.c: not of webhooks and integrations, for which the library takes any: which projects there are is known to the registry, and to
   the audit trail of those that were. NULL: none is asked for. */
cutover_status project_known(struct tool *tool, const char *project_id, cutover_error **error);
/* inventory.c: a preview as the registry has it. */
cutover_status preview_of(struct tool *tool, const char *id, struct json_object **preview,
                          cutover_error **error);
void print_preview(struct json_object *preview);
/* promotion.c */
void print_findings(const cutover_preflight *found);
/* job.c: says of a job that gave no sign of life for long that its process may be gone: in text, or as `silent_since` of the object. */
void tell_silent(struct tool *tool, const char *job_id, struct json_object *object);
void *must(void *memory); /* ends the tool when memory is exhausted */

/* progress.c: the bar on a terminal, and Ctrl-C. */
struct bar {
    const struct tool *tool;
    const char *held; /* request to name when the job waits for its release, or NULL */
    const char *end;  /* what a cancellation does, for whoever presses Ctrl-C; NULL: it is not ours to cancel */
    bool terminal;
    bool told_held;
    bool began; /* a job told its progress */
    bool stopping;
    int seen;        /* Ctrl-Cs that were answered */
    double asked_at; /* when the last of them asked; 0: none did */
    char step[32];   /* that was told */
    int width;       /* of what is on the line now */
};
void bar_begin(struct bar *bar, const struct tool *tool, const char *held, const char *end);
/* For a job of others: signals end the tool, as ever. */
void bar_watch(struct bar *bar, const struct tool *tool);
int32_t bar_show(const cutover_progress *progress, void *bar); /* a cutover_progress_fn */
void bar_end(struct bar *bar);

/* The commands. */
int run_project_add(struct tool *tool);
int run_project_confirm_server(struct tool *tool);
int run_project_list(struct tool *tool);
int run_project_remove(struct tool *tool);
int run_project_set(struct tool *tool);
int run_project_show(struct tool *tool);
int run_preview_add(struct tool *tool);
int run_preview_extend(struct tool *tool);
int run_preview_list(struct tool *tool);
int run_preview_reap(struct tool *tool);
int run_preview_remove(struct tool *tool);
int run_preview_show(struct tool *tool);
int run_request_create(struct tool *tool);
int run_request_ack(struct tool *tool);
int run_request_reject(struct tool *tool);
int run_request_cancel(struct tool *tool);
int run_request_ticket(struct tool *tool);
int run_request_reschedule(struct tool *tool);
int run_request_review(struct tool *tool);
int run_request_show(struct tool *tool);
int run_request_list(struct tool *tool);
int run_preflight(struct tool *tool);
int run_promote(struct tool *tool);
int run_release(struct tool *tool);
int run_recover(struct tool *tool);
int run_rollback(struct tool *tool);
int run_restore(struct tool *tool);
int run_displaced_list(struct tool *tool);
int run_displaced_drop(struct tool *tool);
int run_displaced_expire(struct tool *tool);
int run_backup_create(struct tool *tool);
int run_backup_list(struct tool *tool);
int run_backup_show(struct tool *tool);
int run_backup_verify(struct tool *tool);
int run_backup_path(struct tool *tool);
int run_backup_delete(struct tool *tool);
int run_audit(struct tool *tool);
int run_job_list(struct tool *tool);
int run_job_show(struct tool *tool);
int run_job_watch(struct tool *tool);
int run_job_cancel(struct tool *tool);
int run_status(struct tool *tool);
int run_events_deliver(struct tool *tool);
int run_help(struct tool *tool);
int run_print(struct tool *tool);
int run_webhook_add(struct tool *tool);
int run_webhook_deliver(struct tool *tool);
int run_webhook_deliveries(struct tool *tool);
int run_webhook_list(struct tool *tool);
int run_webhook_redeliver(struct tool *tool);
int run_webhook_remove(struct tool *tool);
int run_webhook_rotate_secret(struct tool *tool);
int run_webhook_set(struct tool *tool);
int run_webhook_show(struct tool *tool);
int run_webhook_test(struct tool *tool);
int run_version(struct tool *tool);
int run_event_list(struct tool *tool);
int run_event_retry(struct tool *tool);
int run_event_discard(struct tool *tool);
int run_key_create(struct tool *tool);
int run_key_list(struct tool *tool);
int run_key_revoke(struct tool *tool);
int run_integration_connect(struct tool *tool);
int run_integration_list(struct tool *tool);
int run_integration_show(struct tool *tool);
int run_integration_sync(struct tool *tool);
int run_integration_disconnect(struct tool *tool);

#endif
