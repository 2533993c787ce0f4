#include "cutoverctl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void *must(void *memory)
{
    if (memory == NULL) {
        fputs("cutoverctl: memory is exhausted\n", stderr);
        exit(EXIT_FAILED);
    }
    return memory;
}

int exit_status_of(cutover_status status)
{
    switch (status) {
    case CUTOVER_OK:
        return EXIT_DONE;
    case CUTOVER_E_INVALID:
        return EXIT_USAGE;
    case CUTOVER_E_CONFLICT:
    case CUTOVER_E_STATE:
    case CUTOVER_E_FORBIDDEN:
    case CUTOVER_E_LOCKED:
    case CUTOVER_E_EXPIRED:
    case CUTOVER_E_PREFLIGHT:
    case CUTOVER_E_UNSUPPORTED: /* a program that is missing, too, whether preflight says so or a backup */
        return EXIT_REFUSED;
    case CUTOVER_E_VERIFY:
        return EXIT_DIFFERENT;
    default:
        return EXIT_FAILED;
    }
}

struct json_object *new_object(void)
{
    return must(json_object_new_object());
}

void put_text(struct json_object *object, const char *name, const char *text)
{
    json_object_object_add(object, name, text != NULL ? must(json_object_new_string(text)) : NULL);
}

void put_number(struct json_object *object, const char *name, int64_t number)
{
    json_object_object_add(object, name, must(json_object_new_int64(number)));
}

void put_time(struct json_object *object, const char *name, int64_t at)
{
    char text[TIME_TEXT_MAX];

    put_text(object, name, at != 0 ? format_time(at, text) : NULL);
}

const char *format_time(int64_t at, char text[TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(at / 1000000);
    struct tm parts;

    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return "";
    size_t length = strlen(text);
    snprintf(text + length, TIME_TEXT_MAX - length, ".%06dZ", (int)(at % 1000000));
    return text;
}

const char *format_bytes(uint64_t bytes, char text[BYTES_TEXT_MAX])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double size = (double)bytes;
    size_t unit = 0;

    for (; size >= 1000; size /= 1000)
        unit++;
    snprintf(text, BYTES_TEXT_MAX, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size, units[unit]);
    return text;
}

/* What was made visible, until the tool ends. */
static struct kept {
    char *text;
    struct kept *next;
} * kept;

/* Owned from then on. */
static const char *keep(char *text)
{
    struct kept *one = must(malloc(sizeof *one));

    one->text = must(text);
    one->next = kept;
    kept = one;
    return text;
}

/* What the library calls an option of the engine is a variable here. */
const char *hint_for_tool(const char *hint)
{
    static const char option[] = "pg_bin_dir", variable[] = "$CUTOVER_PG_BIN_DIR";
    const char *at = hint != NULL ? strstr(hint, option) : NULL;

    if (at == NULL)
        return hint;
    char *text = NULL;
    return asprintf(&text, "%.*s%s%s", (int)(at - hint), hint, variable, at + strlen(option)) < 0 ? must(NULL)
                                                                                                  : keep(text);
}

/* What the library calls a member or a parameter is an option here, or, where the command has no such option, a word. */
static const struct {
    const char *member;
    enum option option; /* OPTION_COUNT: none is */
} tool_names[] = {
    {"backup_id", OPTION_COUNT},
    {"change.description", OPTION_LABEL},
    {"change.event_types", OPTION_TYPES},
    {"change.url", OPTION_URL},
    {"change.webhook_id", OPTION_COUNT},
    {"confirm", OPTION_CONFIRM},
    {"customer_note", OPTION_NOTE},
    {"external_ticket_ref", OPTION_TICKET},
    {"filter.kind", OPTION_KIND},
    {"filter.project_id", OPTION_PROJECT},
    {"filter.status", OPTION_STATUS},
    {"job_id", OPTION_COUNT},
    {"label", OPTION_LABEL},
    {"leftover_id", OPTION_FORGET},
    {"name", OPTION_COUNT},
    {"operator_note", OPTION_NOTE},
    {"options.backup_id", OPTION_COUNT},
    {"options.confirm", OPTION_CONFIRM},
    {"options.description", OPTION_LABEL},
    {"options.event_types", OPTION_TYPES},
    {"options.url", OPTION_COUNT},
    {"overlap_s", OPTION_OVERLAP},
    {"webhook_id", OPTION_COUNT},
    {"key_id", OPTION_COUNT},
    {"options.actor_id", OPTION_ACTOR},
    {"options.expires_at", OPTION_EXPIRES_IN},
    {"options.account_id", OPTION_ACCOUNT},
    {"options.label", OPTION_LABEL},
    {"options.pooled_name", OPTION_POOLED_NAME},
    {"options.pooled_url", OPTION_URL_FILE},
    {"options.site_id", OPTION_SITE},
    {"options.targets", OPTION_TARGETS},
    {"options.token", OPTION_TOKEN_FILE},
    {"options.unpooled_name", OPTION_UNPOOLED_NAME},
    {"options.unpooled_url", OPTION_URL_FILE},
    {"options.organization_id", OPTION_ORGANIZATION},
    {"options.project_id", OPTION_PROJECT},
    {"options.job_id", OPTION_ABANDON},
    {"options.preview_id", OPTION_PREVIEW},
    {"options.project_id", OPTION_PROJECT},
    {"options.reason", OPTION_REASON},
    {"options.request_id", OPTION_COUNT},
    {"preview.database", OPTION_DATABASE},
    {"preview.expires_at", OPTION_EXPIRES_IN},
    {"preview.id", OPTION_COUNT},
    {"preview.project_id", OPTION_PROJECT},
    {"project.control_database", OPTION_CONTROL_DATABASE},
    {"project.database", OPTION_DATABASE},
    {"project.id", OPTION_COUNT},
    {"project.loader_database", OPTION_LOADER_DATABASE},
    {"project.organization_id", OPTION_ORGANIZATION},
    {"project.pgbouncers", OPTION_PGBOUNCER},
    {"project.verify_database", OPTION_VERIFY_DATABASE},
    {"project_id", OPTION_PROJECT},
    {"provider", OPTION_COUNT},
    {"reason", OPTION_REASON},
    {"rejected_reason", OPTION_REASON},
    {"request_id", OPTION_COUNT},
    {"retention", OPTION_OLDER_THAN},
    {"scheduled_for", OPTION_AT},
    {"selection.notifier", OPTION_NOTIFIER},
    {"selection.project_id", OPTION_PROJECT},
    {"system_identifier", OPTION_COUNT},
};

/* The option of the command, or the word of it: the last one of those that name a ticket or a server. NULL: it has neither. */
static const char *tool_name(const struct command *command, const char *member, enum option option)
{
    if (option != OPTION_COUNT && ((command->required | command->allowed) & BIT(option)) != 0)
        return option_texts[option].name;
    if (command->operands == NULL)
        return NULL;
    const char *last = strrchr(command->operands, ' ');
    if (last != NULL && (option == OPTION_TICKET || strcmp(member, "system_identifier") == 0))
        return last + 1;
    return keep(strndup(command->operands, strcspn(command->operands, " ")));
}

const char *message_for_tool(const struct tool *tool, const char *message)
{
    size_t length = strcspn(message, ": ");
    const char *name = NULL;

    /* The actor is of every command. */
    if (strncmp(message, "actor.", 6) == 0 || (length >= 6 && strncmp(message + length - 6, ".actor", 6) == 0))
        name = "--as";
    for (size_t i = 0; name == NULL && tool->command != NULL && i < sizeof tool_names / sizeof *tool_names; i++)
        if (strlen(tool_names[i].member) == length && strncmp(message, tool_names[i].member, length) == 0 &&
            (message[length] == ':' || strpbrk(tool_names[i].member, "._") != NULL))
            name = tool_name(tool->command, tool_names[i].member, tool_names[i].option);
    if (name == NULL)
        return message;
    char *text = NULL;
    return asprintf(&text, "%s%s", name, message + length) < 0 ? must(NULL) : keep(text);
}

struct json_object *error_object(const struct tool *tool, const cutover_error *error)
{
    struct json_object *object = new_object();

    put_text(object, "code", cutover_status_name(cutover_error_code(error)));
    put_text(object, "message", message_for_tool(tool, cutover_error_message(error)));
    put_text(object, "detail", cutover_error_detail(error));
    put_text(object, "hint", hint_for_tool(cutover_error_hint(error)));
    put_text(object, "sqlstate", cutover_error_sqlstate(error));
    put_text(object, "step", cutover_error_step(error));
    put_text(object, "verdict", cutover_verdict_name(cutover_error_verdict(error)));
    return object;
}

const char *visible(const char *text)
{
    if (text == NULL)
        return NULL;
    return keep(cutover_text_visible(text));
}

static void print_indented(FILE *file, const char *title, const char *text)
{
    char *lines = must(strdup(text)), *rest = lines;

    fprintf(file, "  %s%s\n", title, visible(strsep(&rest, "\n")));
    while (rest != NULL && *rest != '\0')
        fprintf(file, "%s%s\n", title[0] != '\0' ? "    " : "  ", visible(strsep(&rest, "\n")));
    free(lines);
}

int fail(const struct tool *tool, cutover_error *error)
{
    int status = exit_status_of(cutover_error_code(error));

    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "error", error_object(tool, error));
        print_json(object);
    } else {
        fprintf(stderr, "cutoverctl: %s\n", visible(message_for_tool(tool, cutover_error_message(error))));
        if (cutover_error_detail(error) != NULL)
            print_indented(stderr, "", cutover_error_detail(error));
        if (cutover_error_sqlstate(error) != NULL)
            print_indented(stderr, "SQLSTATE ", cutover_error_sqlstate(error));
        if (cutover_error_hint(error) != NULL)
            print_indented(stderr, "hint: ", hint_for_tool(cutover_error_hint(error)));
    }
    cutover_error_free(error);
    return status != EXIT_DONE ? status : EXIT_FAILED;
}

bool acts_by_name(const struct tool *tool)
{
    const struct command *command = tool->command;

    if (!tool->acting)
        usage_error(tool, "--as is missing: %s is done by somebody who is named",
                    command->verb != NULL ? command->verb : command->noun);
    return tool->acting;
}

bool confirmed(const struct tool *tool, const char *format, ...)
{
    char what[500], answer[16] = "";
    va_list arguments;

    if (!acts_by_name(tool))
        return false;
    if (tool->options[OPTION_CONFIRM] != NULL)
        return true;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (tool->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return usage_error(tool, "--confirm is missing: %s", visible(what)), false;
    fprintf(stderr, "%s. Type `yes` to go on: ", visible(what));
    fflush(stderr);
    if (fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "yes\n") == 0)
        return true;
    fputs("cutoverctl: nothing was done\n", stderr);
    return false;
}

void print_json(struct json_object *object)
{
    puts(must((void *)(uintptr_t)json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
                                                                            JSON_C_TO_STRING_NOSLASHESCAPE)));
    json_object_put(object);
}

struct json_object *parse_json(const char *text)
{
    return must(text != NULL ? json_tokener_parse(text) : NULL);
}

const char *member_text(struct json_object *object, const char *name)
{
    struct json_object *member = NULL;

    if (!json_object_object_get_ex(object, name, &member) || member == NULL)
        return NULL;
    return visible(json_object_get_string(member));
}

int64_t member_number(struct json_object *object, const char *name)
{
    struct json_object *member = NULL;

    json_object_object_get_ex(object, name, &member);
    return json_object_get_int64(member);
}

void print_record(const struct tool *tool, const char *title, const char *json, const char *const *members)
{
    struct json_object *record = parse_json(json);

    if (tool->json) {
        print_json(record);
        return;
    }
    printf("%s %s: %s\n", title, member_text(record, "id"), member_text(record, "status"));
    for (; *members != NULL; members++)
        if (member_text(record, *members) != NULL)
            printf("  %-24s %s\n", *members, member_text(record, *members));
    json_object_put(record);
}

void print_failure(struct json_object *record, int column)
{
    struct json_object *failure = NULL;

    if (!json_object_object_get_ex(record, "failure", &failure) || failure == NULL)
        return;
    printf("  %-*s %s\n", column, "why", member_text(failure, "message"));
    if (member_text(failure, "step") != NULL)
        printf("  %-*s %s (%s)\n", column, "at", member_text(failure, "step"), member_text(failure, "code"));
    if (member_text(failure, "hint") != NULL)
        printf("  %-*s %s\n", column, "hint", member_text(failure, "hint"));
}

void print_production(struct json_object *report)
{
    if (member_text(report, "production") != NULL)
        puts(member_text(report, "production"));
}

int fail_harmless(const struct tool *tool, cutover_error *error, const char *production)
{
    int status = fail(tool, error);

    if (!tool->json)
        fprintf(stderr, "%s\n", production);
    return status;
}
