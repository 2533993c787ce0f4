/* The audit trail. */
#include "cutoverctl.h"

#define PAGE 200

struct trail {
    struct json_object *entries; /* with --json, else NULL: printed as they come */
    char after[300];
    uint32_t count;
};

/* What an entry is about, as far as it says so: its data's members are named alike in all of them. */
static const struct {
    const char *member, *title;
} subjects[] = {
    {"job_id", "job"},
    {"backup_id", "backup"},
    {"pre_cutover_backup_id", "backup"},
    {"source_backup_id", "from backup"},
    {"preview_database_id", "preview"},
    {"database", "database"},
    {"displaced_database", "displaced"},
    {"external_ticket_ref", "ticket"},
    {"rejected_reason", "reason"},
    {"scheduled_for", "agreed for"},
    {"notifier", "notifier"},
    {"error", "error"},
    {"reason", "reason"},
};

static void print_subjects(const char *json)
{
    struct json_object *entry = parse_json(json), *data = NULL;
    const char *request = member_text(entry, "request_id");

    if (request != NULL)
        printf("        request %s\n", request);
    json_object_object_get_ex(entry, "data", &data);
    for (size_t i = 0; data != NULL && i < sizeof subjects / sizeof *subjects; i++)
        if (member_text(data, subjects[i].member) != NULL)
            printf("        %s %s\n", subjects[i].title, member_text(data, subjects[i].member));
    json_object_put(entry);
}

static void print_entry(const cutover_audit_entry *entry)
{
    char at[TIME_TEXT_MAX];

    printf("%4llu  %s  %-28s  %s:%s\n", (unsigned long long)entry->sequence, format_time(entry->at, at),
           visible(entry->action), visible(entry->actor_kind), visible(entry->actor_id));
    print_subjects(entry->json);
}

static cutover_status take_entry(const cutover_audit_entry *entry, void *context)
{
    struct trail *trail = context;

    snprintf(trail->after, sizeof trail->after, "%s", entry->cursor);
    trail->count++;
    if (trail->entries != NULL)
        json_object_array_add(trail->entries, parse_json(entry->json));
    else
        print_entry(entry);
    return CUTOVER_OK;
}

int run_audit(struct tool *tool)
{
    cutover_error *error = NULL;
    struct trail trail = {.entries = tool->json ? must(json_object_new_array()) : NULL};
    cutover_status status = tool_open(tool, NULL, &error);

    do {
        trail.count = 0;
        if (status == CUTOVER_OK)
            status = cutover_audit_list(tool->engine, tool->options[OPTION_PROJECT], trail.after, PAGE,
                                        take_entry, &trail, &error);
    } while (status == CUTOVER_OK && trail.count == PAGE);
    if (status != CUTOVER_OK) {
        json_object_put(trail.entries);
        return fail(tool, error);
    }
    if (tool->json) {
        struct json_object *object = new_object();
        json_object_object_add(object, "audit", trail.entries);
        print_json(object);
    }
    return EXIT_DONE;
}

static cutover_status pass_over(const cutover_audit_entry *entry, void *context)
{
    (void)entry;
    (void)context;
    return CUTOVER_OK;
}

cutover_status project_known(struct tool *tool, const char *project_id, cutover_error **error)
{
    return project_id == NULL ? CUTOVER_OK
                              : cutover_audit_list(tool->engine, project_id, NULL, 1, pass_over, NULL, error);
}
