/*
 * The commands and their options, in one place: the command line is read, and help, the man page and the completions of
 * shells are written, from these tables. A new command is one row here and one function in the file of its noun; a new
 * option is one line in cutoverctl.h and one here.
 */
#include "cutoverctl.h"

#define JOB_OPTIONS (BIT(OPTION_JOBS) | BIT(OPTION_VERIFY))

const struct option_text option_texts[OPTION_COUNT] = {
    [OPTION_ABANDON] = {"--abandon", "JOB", "give this job up: what can be undone is, and its project is free"},
    [OPTION_AFTER] = {"--after", "ID", "those that follow this one in the list: the last of the page before"},
    [OPTION_AT] =
        {"--at", "TIME",
         "the time that was agreed with the customer; promoting before it is refused. As in "
         "2030-01-31T22:00:00Z; without a zone, 2030-01-31 22:00, it is this machine's; +2h30m is from now"},
    [OPTION_CONFIRM] = {"--confirm", NULL,
                        "it is meant: needed to overwrite production, and for what cannot be undone, where no "
                        "terminal can be asked. --as is needed, too"},
    [OPTION_CONTROL_DATABASE] =
        {"--control-database", "NAME",
         "the database of production's server that the job connects to while production is "
         "closed; postgres where it is not given"},
    [OPTION_DATABASE] =
        {"--database", "CONNINFO",
         "connection string of libpq that names host and dbname, without a password: that comes from "
         "~/.pgpass or passfile=FILE"},
    [OPTION_DISCARD_WRITES] = {"--discard-writes", NULL,
                               "what was written to production since the cutover may be left behind, in the "
                               "database that is displaced"},
    [OPTION_EXPIRES_IN] = {"--expires-in", "24h",
                           "for how long it is good, from now: 30m, 24h, 1d12h, or never"},
    [OPTION_FORGET] = {"--forget", "LEFTOVER",
                       "take this off the list of what abandoned jobs left; nothing is done to it"},
    [OPTION_HOLD] = {"--hold", NULL, "build and check everything, then wait for `cutoverctl release` to swap"},
    [OPTION_JOBS] = {"--jobs", "N", "how many streams copy at once, 1 to 64; 2 where it is not given"},
    [OPTION_LABEL] = {"--label", "TEXT", "a name for people to find it by"},
    [OPTION_NOTE] = {"--note", "TEXT", "what the other side should know"},
    [OPTION_OLDER_THAN] = {"--older-than", "30d", "only what was displaced longer ago than that"},
    [OPTION_ORGANIZATION] = {"--organization", "ID", "whose project it is"},
    [OPTION_PREVIEW] = {"--preview", "ID", "the preview"},
    [OPTION_PROJECT] = {"--project", "ID", "the project"},
    [OPTION_REASON] = {"--reason", "TEXT", "why, for whoever reads the request or the audit trail"},
    [OPTION_TICKET] = {"--ticket", "REF", "the ticket in which it was agreed; a promotion needs one"},
    [OPTION_TO] = {"--to", "FILE", "the file to append to, one line of JSON for each event"},
    [OPTION_VERIFY] =
        {"--verify", "restore|readback",
         "how a backup is proved: restored into a throwaway database and compared (the default), or "
         "its files read again"},
    [OPTION_VERIFY_DATABASE] = {"--verify-database", "CONNINFO",
                                "a server on which backups are restored to verify them; else production's own"},
    [OPTION_LOADER_DATABASE] =
        {"--loader-database", "CONNINFO",
         "a login for everything that may run code of the database's owner; else one is made "
         "for each job"},
    [OPTION_PGBOUNCER] = {"--pgbouncer", "CONNINFO[;CONNINFO]",
                          "the admin consoles of the poolers before production; '' names none"},
    [OPTION_NOTIFIER] =
        {"--notifier", "NAME",
         "the endpoint that they were given up for; cutoverctl, which writes files, where it is not given"},
    [OPTION_SEQUENCE] =
        {"--sequence", "N|N-M",
         "these events of the project, as `event list` numbers them; without it all that were given up"},
    [OPTION_WITHOUT_SERVER] = {"--without-server", NULL,
                               "its server will not come back: do not ask it for displaced databases"},
    [OPTION_HOLD_FENCE] = {"--hold-fence", "yes|no",
                           "whether the poolers' clients wait from the fence to the end of a job, so that none "
                           "gets an error; without it clients of PgBouncer 1.26 lose their connections twice"},
    [OPTION_HOLD_MAX] =
        {"--hold-max", "24h",
         "for how long it may be held; then it is cancelled, and production is open. A day where "
         "it is not given"},
    [OPTION_KIND] = {"--kind", "KIND", "promotion, rollback, restore, backup or verification"},
    [OPTION_LIMIT] = {"--limit", "N", "so many, the newest first; 1 to 1000"},
    [OPTION_STATUS] = {"--status", "STATUS",
                       "only those in it; also live for requests, running and over for jobs"},
    [OPTION_WRITES_REFUSED_MAX] =
        {"--writes-refused-max", "10m",
         "for how long production may refuse writes; then the promotion is cancelled, "
         "and production is open. Without it there is no limit"},
    [OPTION_FENCE] = {"--fence", "late|early",
                      "when production begins to refuse writes: when its backup is verified and only what "
                      "changed since is to "
                      "be read again (the default), or before the backup is taken"},
    [OPTION_ROLES] = {"--roles", "ROLE[,ROLE]", "what its holder may: member, operator, org_admin"},
    [OPTION_ACTOR] = {"--actor", "ID",
                      "who acts with it, as records name them: one id for all keys of one person, so that four "
                      "eyes are four; the key's own id where it is not given"},
    [OPTION_SITE] = {"--site", "ID", "of Vercel the id or name of the project, of Netlify the id of the site"},
    [OPTION_ACCOUNT] =
        {"--account", "ID",
         "of Vercel the id of the team, where it is a team's; of Netlify the id or slug of the team"},
    [OPTION_TOKEN_FILE] = {"--token-file", "FILE",
                           "the provider's access token, in a file that nobody else can read; a copy is kept"},
    [OPTION_URL_FILE] =
        {"--url-file", "FILE",
         "what the project's applications connect with (postgres://…), in a file that nobody else can read: "
         "through a "
         "pooler in its first line, past it in its second, where that is another; a copy is kept"},
    [OPTION_TARGETS] = {"--targets", "TARGET[,TARGET]",
                        "for which deployments; production where it is not given. Vercel: production, preview, "
                        "development. Netlify: production, deploy-preview, branch-deploy, dev, dev-server, "
                        "branch:NAME, or all"},
    [OPTION_POOLED_NAME] = {"--pooled-name", "NAME",
                            "the variable for the first line; DATABASE_URL where it is not given, none for ''"},
    [OPTION_UNPOOLED_NAME] = {"--unpooled-name", "NAME",
                              "and for the second; DATABASE_URL_UNPOOLED where it is not given, none for ''"},
    [OPTION_SECRET] =
        {"--secret", NULL,
         "only the site's own code can read the variables; so nobody can read back what was written"},
    [OPTION_LATER] = {"--later", NULL,
                      "nothing is written before the next cutover, or `cutoverctl integration sync`"},
    [OPTION_ALLOW] = {"--allow", "private|all",
                      "addresses that are not public, too; all: also plain http, which others on the way read"},
    [OPTION_CA_FILE] = {"--ca-file", "FILE", "certificate authorities to trust, in place of the system's"},
    [OPTION_ENABLED] = {"--enabled", "yes|no",
                        "whether it gets anything; what falls due for one that does not is dead"},
    [OPTION_OVERLAP] =
        {"--overlap", "24h",
         "for how long messages are signed with the secret before, too; a day where it is not given"},
    [OPTION_SINCE] = {"--since", "TIME", "those of events from this time on"},
    [OPTION_TYPES] =
        {"--types", "TYPE[,TYPE]|all",
         "the types of events that it gets, as job.completed,job.failed; all where it is not given"},
    [OPTION_UNTIL] = {"--until", "TIME", "those of events before this time"},
    [OPTION_URL] = {"--url", "URL", "where it is"},
};

const char *const option_words[OPTION_COUNT] = {
    [OPTION_VERIFY] = "restore readback", [OPTION_FENCE] = "late early",
    [OPTION_HOLD_FENCE] = "yes no",       [OPTION_ENABLED] = "yes no",
    [OPTION_ALLOW] = "private all",       [OPTION_KIND] = "promotion rollback restore backup verification",
};

const struct option_text common_texts[] = {
    {"--home", "DIR",
     "where everything is kept; else $CUTOVER_HOME, else .cutover where that is in this folder, else "
     "$XDG_STATE_HOME/cutover or ~/.local/state/cutover"},
    {"--store", "STORE",
     "where the records are: sqlite:PATH, or postgres:CONNINFO, which several machines may name "
     "(\"postgres:host=db "
     "dbname=cutover\", or a URI); else $CUTOVER_STORE, else cutover.db in the home. No password in it: "
     "PGPASSFILE "
     "and ~/.pgpass have one"},
    {"--json", NULL, "one JSON object on standard output, and nothing else"},
    {"--as", "KIND:ID[:ROLE,ROLE]",
     "who acts. KIND: user, api_key, operator, system. ROLE: member, operator, org_admin; when left out, a "
     "user or "
     "api_key is a member, an operator or system is an operator. Who acks is not who requested (four eyes). "
     "Without "
     "--as it is you, by login name, as member and operator: whoever can open the home folder can do "
     "everything in "
     "it, and four eyes are not asked for"},
    {"--verbose", NULL, "the library's log goes to standard error, instead of a bar"},
    {"--log-file", "FILE", "the log is appended to this file, too"},
    {"--help", NULL, "what the command does, like `cutoverctl help COMMAND`"},
    {NULL, NULL, NULL},
};

const struct exit_text exit_texts[] = {
    {EXIT_DONE, "done"},
    {EXIT_FAILED, "failed; the message says why"},
    {EXIT_USAGE, "the command line, or a value in it, is wrong; nothing was done"},
    {EXIT_REFUSED,
     "refused: state, role, time, preflight, a lock, or a program that is missing; nothing was changed"},
    {EXIT_DIFFERENT, "a verification said different, or could not tell"},
    {-1, NULL},
};

const struct command commands[] = {
    {.noun = "init",
     .summary = "make the home folder, with its store and its repository",
     .text = "Makes the folder, for nobody but you, unless it is there; the records go into cutover.db in it, "
             "backups "
             "into backups beside it. With --store the records go there, and its tables are made. Doing it "
             "again changes "
             "nothing.",
     .examples = "cutoverctl init\n"
                 "cutoverctl --home /srv/cutover init\n"
                 "cutoverctl --home /srv/cutover --store 'postgres:host=db dbname=cutover user=cutover' init\n",
     .run = run_init},
    {.noun = "project",
     .verb = "add",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_DATABASE),
     .allowed = BIT(OPTION_CONTROL_DATABASE) | BIT(OPTION_ORGANIZATION) | BIT(OPTION_VERIFY_DATABASE) |
                BIT(OPTION_LOADER_DATABASE) | BIT(OPTION_PGBOUNCER) | BIT(OPTION_HOLD_FENCE),
     .summary = "add a production database",
     .text =
         "A project is a production database under a connection string that never changes. The database is not "
         "looked at yet; preflight does that.",
     .examples = "cutoverctl project add shop --database 'host=db1 dbname=shop user=platform'\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_project_add},
    {.noun = "project",
     .verb = "list",
     .summary = "list the projects",
     .text = "As the registry has them; no server is asked.",
     .examples = "cutoverctl project list\n",
     .run = run_project_list},
    {.noun = "project",
     .verb = "set",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_DATABASE) | BIT(OPTION_CONTROL_DATABASE) | BIT(OPTION_ORGANIZATION) |
                BIT(OPTION_VERIFY_DATABASE) | BIT(OPTION_LOADER_DATABASE) | BIT(OPTION_PGBOUNCER) |
                BIT(OPTION_HOLD_FENCE),
     .summary = "change what is known of a project",
     .text = "What is not given stays; an empty one ('') takes an optional setting away. Refused while a job "
             "of the "
             "project is under way or was left unfinished, but for the poolers: jobs ask for them each time. "
             "Production "
             "on another server has to be confirmed before the next job.",
     .examples = "cutoverctl project set shop --database 'host=db2 dbname=shop user=platform'\n"
                 "cutoverctl project set shop --pgbouncer 'host=pool1 port=6432 user=pgadmin'\n"
                 "cutoverctl project set shop --pgbouncer ''\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_project_set},
    {.noun = "project",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a project, and how production stands on its server",
     .text = "Prints what the registry has, then looks at production's server and changes nothing.",
     .examples = "cutoverctl project show shop\n",
     .run = run_project_show},
    {.noun = "project",
     .verb = "confirm-server",
     .operands = "ID SYSTEM-IDENTIFIER",
     .operand_count = 2,
     .required = BIT(OPTION_REASON),
     .summary = "confirm that production is on another server, on purpose",
     .text = "A job that finds production on another server than the last one did is refused until somebody "
             "says, with "
             "--as and a reason, that this is the server that is meant. Preflight shows its system identifier.",
     .examples = "cutoverctl --as operator:olga project confirm-server shop 7440000000000000001 --reason "
                 "'moved to db2'\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_project_confirm_server},
    {.noun = "project",
     .verb = "remove",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_REASON),
     .allowed = BIT(OPTION_CONFIRM) | BIT(OPTION_WITHOUT_SERVER),
     .summary = "take a project out of the registry",
     .text =
         "Never while anything of it lives: a job, a live request, a backup, a "
         "displaced "
         "database, what an abandoned job left, a preview; the message says which. Its records stay and can be "
         "listed.",
     .examples = "cutoverctl --as operator:olga project remove shop --reason 'the customer left' --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_project_remove},
    {.noun = "preview",
     .verb = "add",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT) | BIT(OPTION_DATABASE) | BIT(OPTION_EXPIRES_IN),
     .summary = "add a prepared database of a project",
     .text = "A preview is a second database of a project that may become the new production until it expires. "
             "It is "
             "read, never changed.",
     .examples = "cutoverctl preview add next --project shop --database 'host=db2 dbname=next user=platform' "
                 "--expires-in 7d\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_preview_add},
    {.noun = "preview",
     .verb = "extend",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_EXPIRES_IN),
     .allowed = BIT(OPTION_CONFIRM),
     .summary = "let a preview expire later",
     .text = "Counts from now, not from when it would have expired. An earlier end than it has now has to be "
             "confirmed: a promotion that is held past it fails.",
     .examples = "cutoverctl preview extend next --expires-in 7d\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_preview_extend},
    {.noun = "preview",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "list the previews of a project, or all",
     .examples = "cutoverctl preview list\n"
                 "cutoverctl preview list --project shop\n",
     .run = run_preview_list},
    {.noun = "preview",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a preview",
     .examples = "cutoverctl preview show next\n",
     .run = run_preview_show},
    {.noun = "preview",
     .verb = "remove",
     .operands = "ID",
     .operand_count = 1,
     .summary = "take a preview out of the registry",
     .text = "Never one that a live request or a job uses. Its database stays: it is whoever's made it.",
     .examples = "cutoverctl preview remove next\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_preview_remove},
    {.noun = "preview",
     .verb = "reap",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "take the previews out that have expired",
     .text = "But for those that a live request or a job uses. Prints which, with their databases, which stay.",
     .examples = "cutoverctl preview reap\n",
     .run = run_preview_reap},
    {.noun = "request",
     .verb = "create",
     .required = BIT(OPTION_PROJECT) | BIT(OPTION_PREVIEW),
     .allowed = BIT(OPTION_NOTE) | BIT(OPTION_TICKET),
     .summary = "ask that a preview becomes production",
     .text =
         "For members of the project. An operator has to ack it; nothing happens to any database before that.",
     .examples = "cutoverctl --as user:anna request create --project shop --preview next --ticket OPS-42\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_create},
    {.noun = "request",
     .verb = "review",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_JOBS),
     .summary = "show all that there is to see before a request is acked",
     .text = "The request, its preview, and what preflight finds now on both servers; nothing is changed. That "
             "it is not acked yet is "
             "among the findings.",
     .examples = "cutoverctl --as operator:olga request review REQUEST\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_review},
    {.noun = "request",
     .verb = "ack",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_NOTE) | BIT(OPTION_AT),
     .summary = "agree to a request, perhaps for a time",
     .text = "For operators; who acks is not who requested. From then on the request can be promoted.",
     .examples = "cutoverctl --as operator:olga request ack REQUEST\n"
                 "cutoverctl --as operator:olga request ack REQUEST --at 2030-01-31T22:00:00Z\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_ack},
    {.noun = "request",
     .verb = "reject",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_REASON),
     .summary = "decline a request",
     .text = "For operators. The customer reads the reason.",
     .examples =
         "cutoverctl --as operator:olga request reject REQUEST --reason 'next still lacks the orders'\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_reject},
    {.noun = "request",
     .verb = "cancel",
     .operands = "ID",
     .operand_count = 1,
     .summary = "take a request back",
     .text = "For its requester or an operator, while it is open or acked.",
     .examples = "cutoverctl --as user:anna request cancel REQUEST\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_cancel},
    {.noun = "request",
     .verb = "ticket",
     .operands = "ID REF",
     .operand_count = 2,
     .summary = "name the ticket of a request",
     .text = "A promotion is refused without one.",
     .examples = "cutoverctl --as user:anna request ticket REQUEST OPS-42\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_ticket},
    {.noun = "request",
     .verb = "reschedule",
     .operands = "ID",
     .operand_count = 1,
     .required = BIT(OPTION_AT),
     .summary = "agree on another time",
     .text = "For its requester or an operator, once it is acked: whoever acts changes the time, and an event "
             "tells the other. "
             "`--at any` takes the time away.",
     .examples = "cutoverctl --as user:anna request reschedule REQUEST --at 2030-01-31T23:00:00Z\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_request_reschedule},
    {.noun = "request",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a request",
     .examples = "cutoverctl request show REQUEST\n",
     .run = run_request_show},
    {.noun = "request",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_STATUS) | BIT(OPTION_LIMIT) | BIT(OPTION_AFTER),
     .summary = "list requests, the newest first",
     .text = "Of all projects, or of one: an operator's queue.",
     .examples = "cutoverctl request list --status live\n"
                 "cutoverctl request list --project shop\n"
                 "cutoverctl request list --limit 50 --after REQUEST\n",
     .statuses = "open acked in_progress completed failed rejected cancelled expired rolled_back live",
     .run = run_request_list},
    {.noun = "preflight",
     .operands = "REQUEST",
     .operand_count = 1,
     .allowed = BIT(OPTION_JOBS),
     .summary = "say everything at once that would be in a promotion's way",
     .text = "Looks at both servers and changes nothing that lasts: a login for a look at rows is dropped "
             "after it. Each finding is ok, warn or block; one block refuses the "
             "promotion.",
     .examples = "cutoverctl preflight REQUEST\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_preflight},
    {.noun = "promote",
     .operands = "REQUEST",
     .operand_count = 1,
     .allowed = JOB_OPTIONS | BIT(OPTION_HOLD) | BIT(OPTION_HOLD_MAX) | BIT(OPTION_WRITES_REFUSED_MAX) |
                BIT(OPTION_FENCE),
     .summary = "carry an acked request out: the preview becomes production",
     .text =
         "Preflight, a copy of the preview beside production, a comparison, a verified backup of "
         "production, then "
         "the swap in one transaction. Until the swap production keeps its contents, whatever happens; "
         "after it "
         "the old production is kept, closed, and `cutoverctl rollback` puts it back.\n"
         "Ctrl-C cancels and undoes, up to the swap: on a terminal a second one within five seconds does. What "
         "was cancelled can be promoted again. Where the process dies, `cutoverctl recover` settles "
         "what is "
         "left.",
     .examples = "cutoverctl --as operator:olga promote REQUEST\n"
                 "cutoverctl --as operator:olga promote REQUEST --hold --jobs 4\n",
     .exits = BIT(EXIT_REFUSED) | BIT(EXIT_DIFFERENT),
     .run = run_promote},
    {.noun = "release",
     .operands = "REQUEST",
     .operand_count = 1,
     .summary = "let a promotion that is held go on to its swap",
     .examples = "cutoverctl --as operator:olga release REQUEST\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_release},
    {.noun = "rollback",
     .operands = "REQUEST",
     .operand_count = 1,
     .allowed = BIT(OPTION_DISCARD_WRITES),
     .summary = "put back what a completed cutover displaced",
     .text = "The displaced database becomes production again, by the same swap. Refused where production was "
             "written "
             "to since, or where that cannot be told, unless these writes may be discarded.",
     .examples = "cutoverctl --as operator:olga rollback REQUEST\n"
                 "cutoverctl --as operator:olga rollback REQUEST --discard-writes\n",
     .exits = BIT(EXIT_REFUSED) | BIT(EXIT_DIFFERENT),
     .run = run_rollback},
    {.noun = "restore",
     .operands = "BACKUP",
     .operand_count = 1,
     .allowed = JOB_OPTIONS | BIT(OPTION_PREVIEW) | BIT(OPTION_PROJECT) | BIT(OPTION_CONFIRM) |
                BIT(OPTION_WRITES_REFUSED_MAX) | BIT(OPTION_FENCE),
     .summary = "bring a backup back, into a preview or over production",
     .text = "Into a preview, whose database must be empty, for operators. Over production, by a verified "
             "backup of "
             "it first and the same swap as a promotion, for an org_admin who confirms.",
     .examples = "cutoverctl --as operator:olga restore BACKUP --preview look\n"
                 "cutoverctl --as user:anna:org_admin restore BACKUP --project shop --confirm\n",
     .exits = BIT(EXIT_REFUSED) | BIT(EXIT_DIFFERENT),
     .run = run_restore},
    {.noun = "displaced",
     .verb = "list",
     .required = BIT(OPTION_PROJECT),
     .summary = "list the databases that cutovers took out of production",
     .examples = "cutoverctl displaced list --project shop\n",
     .run = run_displaced_list},
    {.noun = "displaced",
     .verb = "drop",
     .operands = "NAME",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT),
     .allowed = BIT(OPTION_CONFIRM),
     .summary = "drop a displaced database for good",
     .text = "The cutover that displaced it cannot be rolled back any more. Its backup stays.",
     .examples =
         "cutoverctl --as operator:olga displaced drop cutover_old_19778321db9c --project shop --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_displaced_drop},
    {.noun = "displaced",
     .verb = "expire",
     .required = BIT(OPTION_PROJECT) | BIT(OPTION_OLDER_THAN),
     .allowed = BIT(OPTION_CONFIRM),
     .summary = "drop the displaced databases that are older than a retention",
     .examples = "cutoverctl --as operator:olga displaced expire --older-than 7d --project shop --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_displaced_expire},
    {.noun = "recover",
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_ABANDON) | BIT(OPTION_FORGET) | BIT(OPTION_REASON) |
                BIT(OPTION_CONFIRM),
     .summary = "settle what processes that died have left",
     .text =
         "Asks production's server whether the swap happened: if so the records are finished, else it is "
         "undone. "
         "Waits up to 30 seconds where it cannot be known whether a job lives. May be called at any time, and "
         "again. Where it cannot help, since production was dropped, or its server is gone, an operator gives "
         "the job up with --abandon, --reason and --confirm: what can be undone is undone, what cannot be "
         "reached is listed and tried again by the next recovery of that project, and the project is free. "
         "--forget takes one off that list.",
     .examples =
         "cutoverctl recover\n"
         "cutoverctl recover --project shop\n"
         "cutoverctl --as operator:olga recover --abandon JOB --reason 'its server is gone' --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_recover},
    {.noun = "status",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "say what goes on here, and what to do next",
     .text =
         "Each job that runs, wherever: since when, which step, how much is done, the time left, whether "
         "it is held, its last "
         "sign of life. Then each request that waits for somebody, what abandoned jobs left, and each "
         "project whose production is not what its last job left, or whose server does not answer, for which "
         "10 seconds are waited.",
     .examples = "cutoverctl status\n"
                 "cutoverctl status --project shop\n",
     .run = run_status},
    {.noun = "job",
     .verb = "list",
     .allowed =
         BIT(OPTION_PROJECT) | BIT(OPTION_STATUS) | BIT(OPTION_KIND) | BIT(OPTION_LIMIT) | BIT(OPTION_AFTER),
     .summary = "list jobs, running and ended, the newest first",
     .text = "Fifty, where no limit is given.",
     .examples = "cutoverctl job list\n"
                 "cutoverctl job list --project shop --status running\n"
                 "cutoverctl job list --kind restore --limit 10\n",
     .statuses =
         "preflight lock stage check backup verify held catch_up swap finish completed failed cancelled taking "
         "verifying verified deleted undecided running over",
     .run = run_job_list},
    {.noun = "job",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a job: how far it is, or how it ended",
     .text = "Of every kind, whoever runs it; the job that took a backup goes by the id of that backup.",
     .examples = "cutoverctl job show JOB\n",
     .run = run_job_show},
    {.noun = "job",
     .verb = "watch",
     .operands = "ID",
     .operand_count = 1,
     .summary = "watch a job until it has ended",
     .text = "Ctrl-C ends the watching, not the job. The exit status is 0 where the job went well.",
     .examples = "cutoverctl job watch JOB\n",
     .run = run_job_watch},
    {.noun = "job",
     .verb = "cancel",
     .operands = "ID",
     .operand_count = 1,
     .summary = "stop a job, wherever it runs",
     .text = "For operators; the audit trail says who. It stops within seconds and is undone; a job that has "
             "begun its swap is not "
             "stopped. The request of a promotion is acked again, and can be promoted once more.",
     .examples = "cutoverctl --as operator:olga job cancel JOB\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_job_cancel},
    {.noun = "backup",
     .verb = "create",
     .required = BIT(OPTION_PROJECT),
     .allowed = JOB_OPTIONS | BIT(OPTION_LABEL),
     .summary = "take a backup of production, and verify it",
     .text = "Production stays open for reads and writes.",
     .examples = "cutoverctl --as operator:olga backup create --project shop --label weekly\n",
     .exits = BIT(EXIT_REFUSED) | BIT(EXIT_DIFFERENT),
     .run = run_backup_create},
    {.noun = "backup",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_STATUS) | BIT(OPTION_LIMIT) | BIT(OPTION_AFTER),
     .summary = "list backups, the newest first",
     .examples = "cutoverctl backup list\n"
                 "cutoverctl backup list --project shop --status verified\n",
     .statuses = "taking verifying verified failed cancelled deleted",
     .run = run_backup_list},
    {.noun = "backup",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a backup",
     .examples = "cutoverctl backup show BACKUP\n",
     .run = run_backup_show},
    {.noun = "backup",
     .verb = "verify",
     .operands = "ID",
     .operand_count = 1,
     .allowed = JOB_OPTIONS,
     .summary = "verify a backup again",
     .text = "One that is found to differ is failed from then on, and no longer restored.",
     .examples = "cutoverctl --as operator:olga backup verify BACKUP --verify readback\n",
     .exits = BIT(EXIT_REFUSED) | BIT(EXIT_DIFFERENT),
     .run = run_backup_verify},
    {.noun = "backup",
     .verb = "path",
     .operands = "ID",
     .operand_count = 1,
     .summary = "print the folder that pg_restore restores a backup from",
     .examples = "pg_restore -j 4 -d newdb \"$(cutoverctl backup path BACKUP)\"\n",
     .run = run_backup_path},
    {.noun = "backup",
     .verb = "delete",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_CONFIRM),
     .summary = "delete a backup's files for good",
     .text = "Its record stays, as deleted.",
     .examples = "cutoverctl --as operator:olga backup delete BACKUP --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_backup_delete},
    {.noun = "audit",
     .required = BIT(OPTION_PROJECT),
     .summary = "print who did what to a project, in order",
     .examples = "cutoverctl audit --project shop\n",
     .run = run_audit},
    {.noun = "event",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "list the events that wait, and what became of each with whom",
     .examples = "cutoverctl event list --project shop\n",
     .run = run_event_list},
    {.noun = "event",
     .verb = "retry",
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_SEQUENCE) | BIT(OPTION_NOTIFIER),
     .summary = "offer again what was given up",
     .text = "One, a range, or all of an endpoint.",
     .examples = "cutoverctl --as operator:olga event retry --notifier hook --project shop --sequence 12-40\n"
                 "cutoverctl --as operator:olga event retry --notifier hook\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_event_retry},
    {.noun = "event",
     .verb = "discard",
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_SEQUENCE) | BIT(OPTION_NOTIFIER) | BIT(OPTION_CONFIRM),
     .summary = "let go of what was given up",
     .text = "It is never delivered to that endpoint then.",
     .examples =
         "cutoverctl --as operator:olga event discard --notifier hook --project shop --sequence 12 --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_event_discard},
    {.noun = "event",
     .verb = "deliver",
     .required = BIT(OPTION_TO),
     .summary = "append the events that wait to a file",
     .text = "Each event goes into one of the files that this is called with; run it from a timer.",
     .examples = "cutoverctl event deliver --to /var/log/cutover-events.jsonl\n",
     .run = run_events_deliver},
    {.noun = "key",
     .verb = "create",
     .required = BIT(OPTION_LABEL) | BIT(OPTION_ROLES) | BIT(OPTION_EXPIRES_IN),
     .allowed = BIT(OPTION_PROJECT) | BIT(OPTION_ORGANIZATION) | BIT(OPTION_ACTOR),
     .summary = "make an API key for cutoverd, and show its secret once",
     .text = "For org_admins. Its holder acts with those roles, in the one project or, without --project, in "
             "all of them, until it expires. Nobody can show the secret again: a new key is made, and the old "
             "one revoked.",
     .examples = "cutoverctl --as user:anna:org_admin key create --label 'deploys of shop' --roles member "
                 "--project shop --expires-in 90d\n"
                 "cutoverctl --as user:anna:org_admin key create --label Olga --actor olga --roles "
                 "operator --expires-in never\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_key_create},
    {.noun = "key",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "list the API keys, of a project or all",
     .text = "Without their secrets, which are nowhere. Of the project '*': those that are for every project.",
     .examples = "cutoverctl key list\n"
                 "cutoverctl key list --project shop\n",
     .run = run_key_list},
    {.noun = "key",
     .verb = "revoke",
     .operands = "ID",
     .operand_count = 1,
     .summary = "revoke an API key: from now on it is none",
     .text = "For org_admins. The sessions that began with it end.",
     .examples = "cutoverctl --as user:anna:org_admin key revoke KEY\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_key_revoke},
    {.noun = "integration",
     .verb = "connect",
     .operands = "vercel|netlify",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT) | BIT(OPTION_SITE),
     .allowed = BIT(OPTION_ACCOUNT) | BIT(OPTION_TOKEN_FILE) | BIT(OPTION_URL_FILE) | BIT(OPTION_TARGETS) |
                BIT(OPTION_POOLED_NAME) | BIT(OPTION_UNPOOLED_NAME) | BIT(OPTION_SECRET) | BIT(OPTION_LATER),
     .summary = "connect a project to a customer's site, which is told its connection strings",
     .text =
         "After each cutover, restore over production and rollback the site's variables are written again and "
         "read back, by `integration sync`. What is written is what the file says, never the library's own "
         "connection strings. Doing it again changes the connection; a token or a file that is not given stays "
         "as it was.",
     .examples =
         "cutoverctl --as operator:olga integration connect vercel --project shop --site prj_12 --account "
         "team_34 --token-file token --url-file urls\n"
         "cutoverctl --as operator:olga integration connect netlify --project shop --site "
         "0d3a9d2f-ef94-4380-93df-27ee400e2048 --account acme --token-file token --url-file urls --targets "
         "production,deploy-preview\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_integration_connect},
    {.noun = "integration",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "list the integrations, of a project or all",
     .examples = "cutoverctl integration list\n"
                 "cutoverctl integration list --project shop\n",
     .run = run_integration_list},
    {.noun = "integration",
     .verb = "show",
     .operands = "vercel|netlify",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT),
     .summary = "show an integration, and what became of its last sync",
     .text = "With --json also of each variable and target, and the last attempts.",
     .examples = "cutoverctl integration show vercel --project shop\n"
                 "cutoverctl integration show vercel --project shop --json\n",
     .run = run_integration_show},
    {.noun = "integration",
     .verb = "sync",
     .operands = "vercel|netlify",
     .operands_optional = 1,
     .allowed = BIT(OPTION_PROJECT),
     .summary = "write the variables of sites: what is due, or one project's now",
     .text = "Without a project it takes the events that wait, and carries out every sync that is due: run it "
             "from a "
             "timer. A sync that fails is tried again by later calls, nine times in some three days, and then "
             "given up. With a project its sites are written now.\n"
             "Where a proxy of yours stands before a provider, $CUTOVER_VERCEL_URL and $CUTOVER_NETLIFY_URL "
             "say where.",
     .examples = "cutoverctl integration sync\n"
                 "cutoverctl --as operator:olga integration sync --project shop\n"
                 "cutoverctl --as operator:olga integration sync vercel --project shop\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_integration_sync},
    {.noun = "integration",
     .verb = "disconnect",
     .operands = "vercel|netlify",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT),
     .summary = "forget an integration, its token and its connection strings",
     .text = "The variables stay where they are.",
     .examples = "cutoverctl --as operator:olga integration disconnect vercel --project shop\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_integration_disconnect},
    {.noun = "webhook",
     .verb = "add",
     .operands = "URL",
     .operand_count = 1,
     .required = BIT(OPTION_PROJECT),
     .allowed = BIT(OPTION_TYPES) | BIT(OPTION_LABEL) | BIT(OPTION_ALLOW),
     .summary = "send a project's events to an address, and show its secret once",
     .text =
         "Each event is posted to it, signed as Standard Webhooks 1.0.0 has it, from now on, by `webhook "
         "deliver` or cutoverd. Nobody can show the secret again: rotate-secret makes another one. Addresses "
         "that are not public are refused, whatever a name resolves to.",
     .examples = "cutoverctl --as operator:olga webhook add https://example.com/hook --project shop\n"
                 "cutoverctl --as operator:olga webhook add https://example.com/hook --project shop "
                 "--types job.completed,job.failed --label 'to the pager'\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_add},
    {.noun = "webhook",
     .verb = "list",
     .allowed = BIT(OPTION_PROJECT),
     .summary = "list the webhooks, of a project or all",
     .examples = "cutoverctl webhook list --project shop\n",
     .run = run_webhook_list},
    {.noun = "webhook",
     .verb = "show",
     .operands = "ID",
     .operand_count = 1,
     .summary = "show a webhook, without its secret",
     .examples = "cutoverctl webhook show WEBHOOK\n",
     .run = run_webhook_show},
    {.noun = "webhook",
     .verb = "set",
     .operands = "ID",
     .operand_count = 1,
     .allowed =
         BIT(OPTION_URL) | BIT(OPTION_TYPES) | BIT(OPTION_LABEL) | BIT(OPTION_ENABLED) | BIT(OPTION_ALLOW),
     .summary = "change a webhook, or switch it on or off",
     .text = "What is not given stays.",
     .examples = "cutoverctl --as operator:olga webhook set WEBHOOK --types all\n"
                 "cutoverctl --as operator:olga webhook set WEBHOOK --enabled yes\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_set},
    {.noun = "webhook",
     .verb = "remove",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_CONFIRM),
     .summary = "remove a webhook with its secrets and deliveries",
     .examples = "cutoverctl --as operator:olga webhook remove WEBHOOK --confirm\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_remove},
    {.noun = "webhook",
     .verb = "rotate-secret",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_OVERLAP),
     .summary = "make another secret, and show it once",
     .text =
         "Messages have a signature by each secret until the one before has ended, so that the receiver can "
         "change over in between.",
     .examples = "cutoverctl --as operator:olga webhook rotate-secret WEBHOOK --overlap 2d\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_rotate_secret},
    {.noun = "webhook",
     .verb = "test",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_ALLOW) | BIT(OPTION_CA_FILE),
     .summary = "send a test message, and whatever else is due",
     .examples = "cutoverctl --as operator:olga webhook test WEBHOOK\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_test},
    {.noun = "webhook",
     .verb = "deliveries",
     .operands = "ID",
     .operand_count = 1,
     .allowed = BIT(OPTION_STATUS) | BIT(OPTION_LIMIT) | BIT(OPTION_AFTER),
     .summary = "list what became of each message, with its attempts",
     .text = "The newest first. What was delivered or is dead is kept for 30 days.",
     .examples = "cutoverctl webhook deliveries WEBHOOK --status dead\n",
     .statuses = "pending delivered dead",
     .run = run_webhook_deliveries},
    {.noun = "webhook",
     .verb = "redeliver",
     .operands = "ID MESSAGE",
     .operand_count = 1,
     .operands_optional = 1,
     .allowed = BIT(OPTION_SINCE) | BIT(OPTION_UNTIL),
     .summary = "send again one message, or all that are dead",
     .text = "Under the ids that they had. `webhook deliver` or cutoverd sends them.",
     .examples = "cutoverctl --as operator:olga webhook redeliver WEBHOOK MESSAGE\n"
                 "cutoverctl --as operator:olga webhook redeliver WEBHOOK --since 2030-01-31T22:00:00Z\n",
     .exits = BIT(EXIT_REFUSED),
     .run = run_webhook_redeliver},
    {.noun = "webhook",
     .verb = "deliver",
     .allowed = BIT(OPTION_ALLOW) | BIT(OPTION_CA_FILE),
     .summary = "post the events that wait, and what is to be tried again",
     .text = "Ends when nothing is due; run it from a timer, each minute or so. Several may run at once.",
     .examples = "cutoverctl webhook deliver\n",
     .run = run_webhook_deliver},
    {.noun = "help",
     .operands = "COMMAND",
     .operands_optional = OPERANDS_MAX,
     .summary = "say what a command does",
     .text = "What it does, its options, examples and exit statuses; of a noun its commands; of nothing all of "
             "them.",
     .examples = "cutoverctl help promote\n"
                 "cutoverctl help request ack\n",
     .homeless = true,
     .run = run_help},
    {.noun = "print",
     .operands = "man|bash|zsh|fish",
     .operand_count = 1,
     .summary = "print the manual page, or a shell's completion",
     .text = "They are installed with the tool; this is for other places.",
     .examples = "cutoverctl print bash >~/.local/share/bash-completion/completions/cutoverctl\n"
                 "cutoverctl print man | man -l -\n",
     .homeless = true,
     .run = run_print},
    {.noun = "version",
     .summary = "print the version of the tool and of the library",
     .examples = "cutoverctl version\n",
     .homeless = true,
     .run = run_version},
    {.noun = NULL},
};
