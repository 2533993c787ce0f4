/*
 * cutoverctl: requests, backups and promotions from a shell. The commands are in this table; each is a function of a
 * few lines over <cutover.h>, in the file of examples/cutoverctl/ that is named for its noun.
 */
#include "cutoverctl/cutoverctl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define JOB_OPTIONS (BIT(OPTION_JOBS) | BIT(OPTION_VERIFY))

static const struct command commands[] = {
    {"init", NULL, "", 0, 0, 0, run_init},
    {"project", "add", "ID", 1, BIT(OPTION_DATABASE),
     BIT(OPTION_CONTROL_DATABASE) | BIT(OPTION_ORGANIZATION) | BIT(OPTION_VERIFY_DATABASE) |
         BIT(OPTION_LOADER_DATABASE) | BIT(OPTION_PGBOUNCER),
     run_project_add},
    {"project", "set", "ID", 1, BIT(OPTION_PGBOUNCER), 0, run_project_set},
    {"project", "show", "ID", 1, 0, 0, run_project_show},
    {"preview", "add", "ID", 1, BIT(OPTION_PROJECT) | BIT(OPTION_DATABASE) | BIT(OPTION_EXPIRES_IN), 0,
     run_preview_add},
    {"preview", "extend", "ID", 1, BIT(OPTION_EXPIRES_IN), 0, run_preview_extend},
    {"preview", "list", "", 0, BIT(OPTION_PROJECT), 0, run_preview_list},
    {"request", "create", "", 0, BIT(OPTION_PROJECT) | BIT(OPTION_PREVIEW),
     BIT(OPTION_NOTE) | BIT(OPTION_TICKET), run_request_create},
    {"request", "ack", "ID", 1, 0, BIT(OPTION_NOTE) | BIT(OPTION_AT), run_request_ack},
    {"request", "reject", "ID", 1, BIT(OPTION_REASON), 0, run_request_reject},
    {"request", "cancel", "ID", 1, 0, 0, run_request_cancel},
    {"request", "ticket", "ID REF", 2, 0, 0, run_request_ticket},
    {"request", "show", "ID", 1, 0, 0, run_request_show},
    {"request", "list", "", 0, BIT(OPTION_PROJECT), 0, run_request_list},
    {"preflight", NULL, "REQUEST", 1, 0, BIT(OPTION_JOBS), run_preflight},
    {"promote", NULL, "REQUEST", 1, 0, JOB_OPTIONS | BIT(OPTION_HOLD), run_promote},
    {"release", NULL, "REQUEST", 1, 0, 0, run_release},
    {"rollback", NULL, "REQUEST", 1, 0, BIT(OPTION_DISCARD_WRITES), run_rollback},
    {"restore", NULL, "BACKUP", 1, 0,
     JOB_OPTIONS | BIT(OPTION_PREVIEW) | BIT(OPTION_PROJECT) | BIT(OPTION_CONFIRM), run_restore},
    {"displaced", "list", "", 0, BIT(OPTION_PROJECT), 0, run_displaced_list},
    {"displaced", "drop", "NAME", 1, BIT(OPTION_PROJECT), 0, run_displaced_drop},
    {"displaced", "expire", "", 0, BIT(OPTION_PROJECT) | BIT(OPTION_OLDER_THAN), 0, run_displaced_expire},
    {"recover", NULL, "", 0, 0, BIT(OPTION_PROJECT), run_recover},
    {"backup", "create", "", 0, BIT(OPTION_PROJECT), JOB_OPTIONS | BIT(OPTION_LABEL), run_backup_create},
    {"backup", "list", "", 0, BIT(OPTION_PROJECT), 0, run_backup_list},
    {"backup", "show", "ID", 1, 0, 0, run_backup_show},
    {"backup", "verify", "ID", 1, 0, JOB_OPTIONS, run_backup_verify},
    {"backup", "path", "ID", 1, 0, 0, run_backup_path},
    {"backup", "delete", "ID", 1, 0, 0, run_backup_delete},
    {"audit", NULL, "", 0, BIT(OPTION_PROJECT), 0, run_audit},
    {"events", "deliver", "", 0, BIT(OPTION_TO), 0, run_events_deliver},
    {NULL, NULL, NULL, 0, 0, 0, NULL},
};

static const char about[] =
    "\n"
    "  --home DIR     where everything is kept; else $CUTOVER_HOME, else .cutover\n"
    "  --json         one JSON object on standard output, and nothing else\n"
    "  --as KIND:ID[:ROLE,ROLE]\n"
    "                 who acts. KIND: user, api_key, operator, system. ROLE: member, operator, org_admin;\n"
    "                 when left out, a user or api_key is a member, an operator or system is an operator.\n"
    "                 Who acks is not who requested (four eyes).\n"
    "                 Without --as it is you, by login name, as member and operator: whoever can open the\n"
    "                 home folder can do everything in it, and four eyes are not asked for.\n"
    "\n"
    "  CONNINFO is a libpq connection string that names host and dbname, without a password (use\n"
    "  ~/.pgpass or passfile=...).\n"
    "  --pgbouncer names the admin consoles of the poolers before production, several separated by \";\";\n"
    "  '' names none.\n"
    "  --expires-in takes 30m, 24h or 7d; --at takes RFC 3339, as in 2030-01-31T22:00:00Z.\n"
    "  --jobs is 1 to 64 (2); --verify is restore (the default) or readback.\n"
    "  $CUTOVER_PG_BIN_DIR names the folder of pg_dump and pg_restore; else they are looked for in $PATH.\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 usage, 3 refused (state, role, preflight, lock),\n"
    "4 a verification said different, or could not tell.\n";

static int help(void)
{
    puts("usage: cutoverctl [--home DIR] [--json] [--as KIND:ID[:ROLE,ROLE]] COMMAND\n");
    for (const struct command *command = commands; command->noun != NULL; command++) {
        fputs("  ", stdout);
        print_usage(stdout, command);
    }
    fputs(about, stdout);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    struct tool tool = {.home = NULL};
    int status = EXIT_USAGE;

    signal(SIGPIPE, SIG_IGN);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return help();
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("cutoverctl %s\n", cutover_version());
        return EXIT_DONE;
    }
    if (arguments_parse(&tool, commands, argc, argv))
        status = tool.command->run(&tool);
    tool_close(&tool);
    if (fflush(stdout) != 0 && status == EXIT_DONE) {
        perror("cutoverctl: standard output");
        status = EXIT_FAILED;
    }
    return status;
}
