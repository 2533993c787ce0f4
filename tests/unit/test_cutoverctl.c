/*
 * The tool as a shell runs it, as far as it needs no server.
 */
#include "support/check.h"
#include "support/cluster.h"
#include "support/tool.h"

#include <cutover/store.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *home;
static char *events;

/* Nothing that a terminal acts upon comes out, whatever others put into the store: control characters, C1, what turns text around. */
static void check_harmless(const char *said)
{
    for (const unsigned char *at = (const unsigned char *)said; *at != '\0'; at++) {
        bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        bool turns = at[0] == 0xe2 && ((at[1] == 0x80 && at[2] >= 0xaa && at[2] <= 0xae) ||
                                       (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
        if ((*at < ' ' && *at != '\n') || *at == 0x7f || c1 || turns)
            fail_msg("raw at %zu: %s", (size_t)((const char *)at - said), said);
    }
}

/* What it says, malloc'd, after it ended with this status. */
static char *run(int expected, const char *const *arguments)
{
    const char *argv[20] = {CUTOVERCTL, "--home", home};
    char *said = NULL;

    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[3 + i] = arguments[i];
    int status = cluster_run(argv, &said);
    if (status != expected)
        fail_msg("%s ended with %d, and said: %s", arguments[0], status, said);
    bool json = false;
    for (size_t i = 0; arguments[i] != NULL; i++)
        json = json || strcmp(arguments[i], "--json") == 0;
    if (json)
        tool_told(arguments, said);
    else
        check_harmless(said);
    return said;
}

#define RUN(expected, ...) run((expected), (const char *const[]){__VA_ARGS__, NULL})

static void done(char *said)
{
    free(said);
}

static int setup(void **state)
{
    (void)state;
    home = cluster_temp_dir();
    done(RUN(0, "init"));
    done(RUN(0, "project", "add", "shop", "--database", "host=/nowhere dbname=shop"));
    done(RUN(0, "preview", "add", "next", "--project", "shop", "--database", "host=/nowhere dbname=next",
             "--expires-in", "7d"));
    /* From then on there is a notifier, as whoever has given up events has one. */
    assert_true(asprintf(&events, "%s/events.jsonl", home) > 0);
    done(RUN(0, "event", "deliver", "--to", events));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(events);
    return 0;
}

static size_t lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

static char *id_of(char *json)
{
    static const char member[] = "\"id\":\"";
    char *id = strstr(json, member);

    assert_non_null(id);
    id = strndup(id + sizeof member - 1, 36);
    free(json);
    return id;
}

/* A customer's note goes to the operator's terminal. */
static void a_note_forges_no_line(void **state)
{
    static const char note[] = "please\n01ARZ3NDEKTSV4RRFFQ69G5FAV  acked  \x1b[2J\xc2\x9b"
                               "A\xe2\x80\xae";

    (void)state;
    done(RUN(0, "--as", "user:ann:member", "request", "create", "--project", "shop", "--preview", "next",
             "--note", note));
    char *list = RUN(0, "request", "list", "--project", "shop"),
         *json = RUN(0, "--json", "request", "list", "--project", "shop");
    assert_int_equal(lines_of(list), 1);
    assert_null(strchr(list, '\x1b'));
    assert_null(strstr(list, "\xc2\x9b"));
    check_contains(list, "please\\n01ARZ3NDEKTSV4RRFFQ69G5FAV  acked  \\u001b[2J\\u009bA\\u202e");
    check_contains(json, "please\\n01ARZ3NDEKTSV4RRFFQ69G5FAV");
    free(json);
    free(list);
}

#define FORGED "x\r\n\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\xe2\x81\xa6y"

/* Nor does anything else that somebody chose, in whatever list or record it comes, or in what is said of a mistake. */
static void nothing_that_others_wrote_acts_upon_a_terminal(void **state)
{
    static const char *const shows[][6] = {
        {"request", "list"},
        {"status"},
        {"preview", "list"},
        {"project", "list"},
        {"event", "list"},
        {"key", "list"},
        {"webhook", "list"},
        {"audit", "--project", "forged"},
        {"project", "show", "forged"},
        {"no" FORGED},
        {"request", "no" FORGED},
        {"request", "show", "no" FORGED},
        {"request", "list", "--no" FORGED},
        {"job", "cancel", "no" FORGED},
        {"recover", "--project", "no" FORGED},
        {"project", "show", "no" FORGED},
        {"preview", "add", "p", "--expires-in", "no" FORGED},
        {"job", "list", "--status", "no" FORGED},
        {"--as", "user:ann:no" FORGED, "request", "list"},
    };
    static const char *const found[] = {"note", "OPS", "why", "who", "acme", "label", "hook"};

    (void)state;
    done(RUN(0, "project", "add", "forged", "--database", "host=/nowhere dbname=forged", "--organization",
             "acme" FORGED));
    done(RUN(0, "preview", "add", "f", "--project", "forged", "--database", "host=/nowhere dbname=f",
             "--expires-in", "7d"));
    char *id = id_of(RUN(0, "--json", "--as", "user:who" FORGED, "request", "create", "--project", "forged",
                         "--preview", "f", "--note", "note" FORGED, "--ticket", "OPS" FORGED));
    done(RUN(0, "--as", "operator:olga" FORGED, "request", "ack", id, "--note", "note" FORGED));
    done(RUN(0, "--as", "operator:olga" FORGED, "request", "reject", id, "--reason", "why" FORGED));
    done(RUN(0, "--as", "user:anna:org_admin", "key", "create", "--label", "label" FORGED, "--roles", "member",
             "--project", "forged", "--expires-in", "1d"));
    char *hook = id_of(RUN(0, "--json", "--as", "operator:olga", "webhook", "add", "http://127.0.0.1:9/hook",
                           "--project", "forged", "--allow", "all", "--label", "hook" FORGED));
    char *all = NULL, *record = RUN(0, "request", "show", id), *endpoint = RUN(0, "webhook", "show", hook);
    assert_true(asprintf(&all, "%s%s", record, endpoint) > 0);
    for (size_t i = 0; i < sizeof shows / sizeof *shows; i++) {
        const char *argv[10] = {CUTOVERCTL, "--home", home};
        char *said = NULL, *longer = NULL;
        for (size_t j = 0; shows[i][j] != NULL; j++)
            argv[3 + j] = shows[i][j];
        cluster_run(argv, &said);
        check_harmless(said);
        assert_true(asprintf(&longer, "%s%s", all, said) > 0);
        free(all);
        free(said);
        all = longer;
    }
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        char *part = NULL;
        assert_true(asprintf(&part, "%sx\\r\\n\\u001b[2J\\u007f\\u009b\\u202e\\u2066y", found[i]) > 0);
        if (strstr(all, part) == NULL)
            fail_msg("nothing of \"%s\"", part);
        free(part);
    }
    free(endpoint);
    free(record);
    free(hook);
    free(all);
    free(id);
}

/* PGDATABASE names nobody's production. */
static void a_target_is_named(void **state)
{
    (void)state;
    char *said = RUN(2, "project", "add", "other", "--database", "host=/nowhere user=platform");
    check_contains(said, "cutoverctl: --database names no dbname");
    check_contains(said, "hint: Write dbname into the connection string itself");
    free(said);
    said = RUN(2, "preview", "add", "other", "--project", "shop", "--database", "dbname=next", "--expires-in",
               "1d");
    check_contains(said, "cutoverctl: --database names no host");
    free(said);
}

/* ---- what was done, and by whom ---- */

static void the_audit_trail_names_who_and_what(void **state)
{
    (void)state;
    done(RUN(0, "--as", "operator:olga", "preview", "add", "hers", "--project", "shop", "--database",
             "host=/nowhere dbname=hers", "--expires-in", "7d"));
    char *id = id_of(RUN(0, "--json", "--as", "user:ann:member", "request", "create", "--project", "shop",
                         "--preview", "hers"));
    done(RUN(0, "--as", "user:ann:member", "request", "ticket", id, "OPS-7"));
    char *said = RUN(3, "--as", "operator:olga", "request", "ack", id, "--at", "2199-01-01T00:00:00Z");
    check_contains(said, "expires");
    free(said);
    said = RUN(0, "audit", "--project", "shop");
    check_contains(said, "preview.added                 operator:olga");
    check_contains(said, "cutover.ticket_set            user:ann");
    check_contains(said, "ticket OPS-7");
    check_contains(said, id);
    free(said);
    free(id);
}

static void an_agreed_time_is_changed(void **state)
{
    (void)state;
    done(RUN(0, "preview", "add", "later", "--project", "shop", "--database", "host=/nowhere dbname=later",
             "--expires-in", "7d"));
    char *id = id_of(RUN(0, "--json", "--as", "user:ann:member", "request", "create", "--project", "shop",
                         "--preview", "later"));
    done(RUN(0, "--as", "operator:olga", "request", "ack", id));
    char *said = RUN(0, "--as", "user:ann:member", "request", "reschedule", id, "--at", "any");
    free(said);
    said = RUN(0, "audit", "--project", "shop");
    check_contains(said, "cutover.rescheduled           user:ann");
    check_contains(said, id);
    check_contains(said, "preview later");
    free(said);
    free(id);
}

/* RFC 3339, where seconds and zone may be left out; without a zone it is the machine's, and what was understood is printed in it. */
static void a_time_is_understood_and_said_back(void **state)
{
    static const struct {
        const char *typed, *meant, *said;
    } times[] = {
        {"2135-01-31T22:00:00Z", "2135-01-31T22:00:00.000000Z", "2135-02-01 03:30:00 +0530"},
        {"2135-01-31 22:00:07.25z", "2135-01-31T22:00:07.250000Z", "2135-02-01 03:30:07 +0530"},
        {"2135-01-31T22:00-02:30", "2135-02-01T00:30:00.000000Z", "2135-02-01 06:00:00 +0530"},
        {"2135-01-31T22:00:01+02:00", "2135-01-31T20:00:01.000000Z", "2135-02-01 01:30:01 +0530"},
        {"2135-01-31T22:00:02", "2135-01-31T16:30:02.000000Z", "2135-01-31 22:00:02 +0530"},
        {"2135-01-31 22:00", "2135-01-31T16:30:00.000000Z", "2135-01-31 22:00:00 +0530"},
    };
    static const char *const none[] = {"2135-02-30 22:00",
                                       "2135-01-31",
                                       "2135-01-31 24:00",
                                       "22:00",
                                       "2135-01-31T22:00:00Zed",
                                       "2135-01-31T22:00+2",
                                       "+2x",
                                       "+"};

    (void)state;
    done(RUN(0, "preview", "add", "timed", "--project", "shop", "--database", "host=/nowhere dbname=timed",
             "--expires-in", "never"));
    char *id = id_of(RUN(0, "--json", "--as", "user:ann:member", "request", "create", "--project", "shop",
                         "--preview", "timed"));
    done(RUN(0, "--as", "operator:olga", "request", "ack", id));
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        const char *const argv[] = {"env",  "TZ=HERE-5:30",    CUTOVERCTL, "--home",     home,
                                    "--as", "user:ann:member", "request",  "reschedule", id,
                                    "--at", times[i].typed,    NULL};
        char *said = NULL, *line = NULL;
        assert_int_equal(cluster_run(argv, &said), 0);
        assert_true(asprintf(&line, "that is %s\n", times[i].said) > 0);
        check_contains(said, line);
        check_contains(said, times[i].meant);
        free(line);
        free(said);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        done(RUN(2, "--as", "user:ann:member", "request", "reschedule", id, "--at", none[i]));
    done(RUN(0, "--as", "user:ann:member", "request", "cancel", id));
    free(id);
}

/* The last seconds in which it may have been asked for, and what it came to. */
static void a_duration_has_several_units(void **state)
{
    static const struct {
        const char *typed;
        int64_t seconds;
    } durations[] = {{"90s", 90}, {"2h30m", 9000}, {"1d12h", 129600}, {"1w2d3h4m5s", 788645}};
    static const char *const none[] = {"", "0s", "5", "h", "1h1h", "1m1h", "-1h", "1.5h", "1y", "200000w"};

    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        int64_t before = (int64_t)time(NULL);
        char name[20], *said = NULL;
        struct tm parts = {0};
        snprintf(name, sizeof name, "lasts-%zu", i);
        said = RUN(0, "--json", "preview", "add", name, "--project", "shop", "--database",
                   "host=/nowhere dbname=d", "--expires-in", durations[i].typed);
        const char *at = strstr(said, "\"expires_at\":\"");
        assert_non_null(at);
        assert_non_null(strptime(at + strlen("\"expires_at\":\""), "%Y-%m-%dT%H:%M:%S", &parts));
        int64_t lasts = (int64_t)timegm(&parts) - durations[i].seconds;
        assert_true(lasts >= before && lasts <= (int64_t)time(NULL));
        free(said);
        done(RUN(0, "preview", "remove", name));
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        done(RUN(2, "preview", "add", "n", "--project", "shop", "--database", "host=/nowhere dbname=d",
                 "--expires-in", none[i]));
}

/* ---- what cannot be undone ---- */

static void what_cannot_be_undone_is_confirmed(void **state)
{
    static const char *const acts[][10] = {
        {"--as", "operator:olga", "displaced", "drop", "cutover_old_1", "--project", "shop"},
        {"--as", "operator:olga", "displaced", "expire", "--older-than", "7d", "--project", "shop"},
        {"--as", "operator:olga", "backup", "delete", "0193"},
        {"--as", "operator:olga", "event", "discard"},
        {"--as", "operator:olga", "recover", "--abandon", "0193", "--reason", "gone"},
        {"--as", "operator:olga", "recover", "--forget", "0193", "--reason", "gone"},
        {"--as", "operator:olga", "project", "remove", "shop", "--reason", "gone"},
        {"--as", "user:anna:org_admin", "restore", "0193", "--project", "shop"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        char *said = run(2, acts[i]);
        check_contains(said, "--confirm is missing");
        free(said);
        /* Nobody is taken for whoever runs the tool. */
        const char *nameless[10] = {"--confirm"};
        memcpy(nameless + 1, acts[i] + 2, sizeof acts[i] - 2 * sizeof *acts[i]);
        said = run(2, nameless);
        check_contains(said, "--as is missing");
        free(said);
    }
    char *said = RUN(0, "--as", "operator:olga", "event", "discard", "--confirm");
    check_contains(said, "discarded: 0 events");
    free(said);
}

/* The exit status of a run at a terminal at which this is typed; what the terminal showed is malloc'd. */
static int at_a_terminal(const char *typed, const char *const *arguments, char **shown)
{
    const char *argv[20] = {CUTOVERCTL, "--home", home};
    int terminal = -1, status = 0;
    char *text = calloc(1, 10000);
    size_t used = 0;

    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[3 + i] = arguments[i];
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (child == 0) {
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(write(terminal, typed, strlen(typed)), strlen(typed));
    for (ssize_t got = 1; got > 0 && used<9000; used += got> 0 ? (size_t)got : 0)
        got = read(terminal, text + used, 9000 - used);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(terminal);
    *shown = text;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_terminal_is_asked_whether_it_is_meant(void **state)
{
    const char *const discard[] = {"--as", "operator:olga", "event", "discard", NULL};
    char *shown = NULL;

    (void)state;
    assert_int_equal(at_a_terminal("no\n", discard, &shown), 2);
    check_contains(shown, "Type `yes` to go on");
    check_contains(shown, "nothing was done");
    free(shown);
    assert_int_equal(at_a_terminal("yes\n", discard, &shown), 0);
    check_contains(shown, "discarded: 0 events");
    free(shown);
}

/* ---- the registry ---- */

/* A name that was mistyped is no project of which there is nothing. */
static void an_unknown_project_is_an_error_in_every_list(void **state)
{
    static const char *const lists[][5] = {
        {"request", "list", "--project", "shpo"}, {"backup", "list", "--project", "shpo"},
        {"preview", "list", "--project", "shpo"}, {"displaced", "list", "--project", "shpo"},
        {"audit", "--project", "shpo"},           {"event", "list", "--project", "shpo"},
        {"preview", "reap", "--project", "shpo"}, {"event", "retry", "--project", "shpo"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char *said = run(1, lists[i]);
        check_contains(said, "no project shpo");
        free(said);
    }
}

static void what_has_expired_is_shown_and_reaped(void **state)
{
    (void)state;
    done(RUN(0, "preview", "add", "brief", "--project", "shop", "--database", "host=/nowhere dbname=b",
             "--expires-in", "1s"));
    char *said = RUN(0, "preview", "show", "brief");
    while (strstr(said, "preview brief: expired,") == NULL) {
        free(said);
        usleep(100000);
        said = RUN(0, "preview", "show", "brief");
    }
    free(said);
    said = RUN(0, "preview", "list");
    check_contains(said, "preview brief: expired,");
    free(said);
    said = RUN(0, "--as", "operator:olga", "preview", "reap");
    check_contains(said, "preview brief");
    free(said);
    done(RUN(1, "preview", "show", "brief"));
    said = RUN(0, "audit", "--project", "shop");
    check_contains(said, "preview.removed");
    check_contains(said, "operator:olga");
    free(said);
}

/* A promotion that is held would fail of it. */
static void a_preview_is_shortened_only_by_who_means_it(void **state)
{
    const char *const shorter[] = {"--as", "operator:olga", "preview", "extend",
                                   "long", "--expires-in",  "1d",      NULL};
    char *shown = NULL;

    (void)state;
    done(RUN(0, "preview", "add", "long", "--project", "shop", "--database", "host=/nowhere dbname=l",
             "--expires-in", "7d"));
    char *before = RUN(0, "preview", "show", "long");
    char *said = run(2, shorter);
    check_contains(said, "--confirm is missing: preview long expires earlier");
    free(said);
    assert_int_equal(at_a_terminal("no\n", shorter, &shown), 2);
    free(shown);
    said = RUN(0, "preview", "show", "long");
    assert_string_equal(said, before);
    free(said);
    free(before);
    done(RUN(0, "--as", "operator:olga", "preview", "extend", "long", "--expires-in", "1d", "--confirm"));
    done(RUN(0, "preview", "extend", "long", "--expires-in", "never"));
    done(RUN(2, "preview", "extend", "long", "--expires-in", "9d"));
    said = RUN(1, "preview", "extend", "nope", "--expires-in", "9d");
    check_contains(said, "no preview nope");
    free(said);
}

/* ---- JSON ---- */

/* One object, whether it was done or refused; tests/schemas.py holds what it says against its schema. */
static void every_command_says_one_object(void **state)
{
    static const struct {
        int status;
        const char *arguments[14];
    } runs[] = {
        {0, {"--json", "init"}},
        {0, {"--json", "project", "add", "json", "--database", "host=/nowhere dbname=json"}},
        {0, {"--json", "project", "set", "json", "--pgbouncer", "host=/a;host=/b"}},
        {0,
         {"--json", "project", "set", "json", "--database", "host=/else dbname=json", "--control-database",
          "c"}},
        {0, {"--json", "project", "list"}},
        {0, {"--json", "project", "show", "json"}},
        {1, {"--json", "--as", "operator:olga", "project", "confirm-server", "json", "1", "--reason", "moved"}},
        {0,
         {"--json", "preview", "add", "j", "--project", "json", "--database", "host=/nowhere dbname=j",
          "--expires-in", "7d"}},
        {0, {"--json", "preview", "extend", "j", "--expires-in", "8d"}},
        {0, {"--json", "preview", "list", "--project", "json"}},
        {0, {"--json", "preview", "list"}},
        {0, {"--json", "preview", "show", "j"}},
        {0, {"--json", "preview", "reap", "--project", "json"}},
        {0, {"--json", "request", "list", "--project", "json"}},
        {0, {"--json", "backup", "list", "--project", "json"}},
        {1, {"--json", "backup", "show", "none"}},
        {1, {"--json", "backup", "path", "none"}},
        {1, {"--json", "displaced", "list", "--project", "json"}},
        {0, {"--json", "audit", "--project", "json"}},
        {0, {"--json", "event", "list"}},
        {0, {"--json", "--as", "operator:olga", "event", "discard", "--confirm"}},
        {0, {"--json", "recover"}},
        {1, {"--json", "recover", "--project", "json"}},
        {1, {"--json", "release", "none"}},
        {1, {"--json", "promote", "none"}},
        {1, {"--json", "preflight", "none"}},
        {1, {"--json", "rollback", "none"}},
        {1, {"--json", "restore", "none", "--preview", "j"}},
        {1,
         {"--json", "--as", "operator:olga", "recover", "--abandon", "none", "--reason", "gone", "--confirm"}},
        {1,
         {"--json", "--as", "operator:olga", "recover", "--forget", "none", "--reason", "seen", "--confirm"}},
        {3, {"--json", "--as", "operator:olga", "project", "remove", "json", "--reason", "gone", "--confirm"}},
        {0, {"--json", "preview", "remove", "j"}},
        {0, {"--json", "--as", "operator:olga", "project", "remove", "json", "--reason", "gone", "--confirm"}},
        {0, {"--json", "version"}},
        {2, {"--json", "help"}},
        {2, {"--json", "promote", "--help"}},
        {2, {"--json", "print", "man"}},
        {2, {"--json", "nonsense"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char *said = run(runs[i].status, runs[i].arguments);
        check_contains(said, "{\"");
        free(said);
    }
}

static size_t times_in(const char *text, const char *part)
{
    size_t times = 0;

    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        times++;
    return times;
}

static void what_stays_as_it_was_is_no_change(void **state)
{
    (void)state;
    char *said =
        RUN(0, "project", "add", "kept", "--database", "host=/nowhere dbname=kept", "--organization", "acme");
    check_contains(said, "organization             acme");
    free(said);
    done(RUN(0, "project", "set", "kept", "--pgbouncer", ""));
    done(RUN(0, "project", "set", "kept", "--database", "host=/nowhere dbname=kept", "--pgbouncer", ""));
    said = RUN(0, "audit", "--project", "kept");
    assert_int_equal(times_in(said, "project.changed"), 0);
    free(said);
    for (int i = 0; i < 2; i++)
        done(RUN(0, "project", "set", "kept", "--pgbouncer", "host=/pool dbname=pgbouncer"));
    said = RUN(0, "audit", "--project", "kept");
    assert_int_equal(times_in(said, "project.changed"), 1);
    free(said);
    /* What is set at once is one change, or none. */
    done(RUN(0, "project", "set", "kept", "--hold-fence", "yes", "--control-database", "control"));
    said = RUN(0, "audit", "--project", "kept");
    assert_int_equal(times_in(said, "project.changed"), 2);
    free(said);
    done(RUN(2, "project", "set", "kept", "--hold-fence", "no", "--database", "dbname=kept"));
    said = RUN(0, "project", "show", "kept");
    check_contains(said, "hold_fence               yes");
    free(said);
    done(RUN(0, "project", "set", "kept", "--hold-fence", "no"));
    said = RUN(0, "project", "show", "kept");
    assert_null(strstr(said, "hold_fence"));
    free(said);
    done(RUN(0, "--as", "operator:olga", "project", "remove", "kept", "--reason", "gone", "--confirm",
             "--without-server"));
}

static void every_act_on_a_request_says_it(void **state)
{
    (void)state;
    done(RUN(0, "preview", "add", "acts", "--project", "shop", "--database", "host=/nowhere dbname=acts",
             "--expires-in", "7d"));
    for (int i = 0; i < 2; i++) {
        char *id = id_of(RUN(0, "--json", "--as", "user:ann:member", "request", "create", "--project", "shop",
                             "--preview", "acts"));
        done(RUN(0, "--json", "--as", "user:ann:member", "request", "ticket", id, "OPS-1"));
        done(RUN(0, "--json", "--as", "operator:olga", "request", "ack", id));
        done(RUN(0, "--json", "--as", "operator:olga", "request", "reschedule", id, "--at", "any"));
        if (i == 0)
            done(RUN(0, "--json", "--as", "user:ann:member", "request", "cancel", id));
        else
            done(RUN(0, "--json", "--as", "operator:olga", "request", "reject", id, "--reason", "no"));
        done(RUN(0, "--json", "request", "show", id));
        done(RUN(0, "--json", "--as", "operator:olga", "request", "review", id));
        free(id);
    }
    done(RUN(0, "--json", "audit", "--project", "shop"));
    done(RUN(0, "--json", "event", "list", "--project", "shop"));
    done(RUN(0, "--json", "request", "list", "--project", "shop"));
    done(RUN(0, "--json", "event", "deliver", "--to", events));
}

/* ---- events ---- */

static void events_are_listed_and_offered_again(void **state)
{
    (void)state;
    char *said = RUN(0, "event", "list", "--project", "shop");
    check_contains(said, "cutover.requested");
    check_contains(said, "request ");
    free(said);
    said = RUN(0, "--json", "event", "retry", "--project", "shop");
    check_contains(said, "{\"retried\":0}");
    free(said);
    said = RUN(1, "event", "retry", "--project", "shop", "--sequence", "999");
    check_contains(said, "event 999 of project shop is not in the outbox");
    free(said);
    said = RUN(1, "--as", "operator:olga", "event", "discard", "--notifier", "hok", "--confirm");
    check_contains(said, "no notifier hok");
    free(said);
    said = RUN(2, "event", "retry", "--sequence", "4");
    check_contains(said, "--sequence needs --project");
    free(said);
    said = RUN(2, "event", "retry", "--project", "shop", "--sequence", "9-3");
    check_contains(said, "the smaller first");
    free(said);
    said = RUN(2, "event", "retry", "--project", "shop", "--sequence", "4-x");
    check_contains(said, "--sequence takes");
    free(said);
}

/* Whoever is refused reads of what he typed, not of the library's members. */
static void a_message_names_the_option(void **state)
{
    static const char long_one[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                                   "0123456789012345678901234567890123456789012345678901234567890123456789";
    static const struct {
        const char *part;
        const char *arguments[12];
    } runs[] = {
        {"cutoverctl: --ticket: ",
         {"request", "create", "--project", "shop", "--preview", "next", "--ticket", long_one}},
        {"cutoverctl: --note: ",
         {"request", "create", "--project", "shop", "--preview", "next", "--note", "\xff"}},
        {"cutoverctl: REF: ", {"request", "ticket", "0193", long_one}},
        {"cutoverctl: --label: ", {"backup", "create", "--project", "shop", "--label", long_one}},
        {"cutoverctl: --reason: ",
         {"--as", "operator:olga", "recover", "--abandon", "j", "--reason", "", "--confirm"}},
        {"cutoverctl: --notifier: ", {"event", "retry", "--notifier", "two words"}},
        {"cutoverctl: --project: ", {"request", "list", "--project", ""}},
        {"cutoverctl: ID: ", {"request", "show", ""}},
        {"\"message\":\"--status: ", {"--json", "request", "list", "--status", "nope"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        char *said = run(2, runs[i].arguments);
        check_contains(said, runs[i].part);
        free(said);
    }
}

#define MANY 21 /* one more than status shows */

static void what_is_not_shown_is_counted_and_listed_by_pages(void **state)
{
    char *ids[MANY] = {NULL};

    (void)state;
    done(RUN(0, "project", "add", "many", "--database", "host=/nowhere dbname=many"));
    for (int i = 0; i < MANY; i++) {
        char name[20];
        snprintf(name, sizeof name, "many-%d", i);
        done(RUN(0, "preview", "add", name, "--project", "many", "--database", "host=/nowhere dbname=m",
                 "--expires-in", "7d"));
        ids[i] = id_of(RUN(0, "--json", "--as", "user:ann:member", "request", "create", "--project", "many",
                           "--preview", name, "--ticket", "OPS-9"));
    }
    /* The youngest come first. */
    char *said = RUN(0, "status", "--project", "many"), *json = RUN(0, "--json", "status", "--project", "many");
    check_contains(said, ids[1]);
    assert_null(strstr(said, ids[0]));
    check_contains(said, "and 1 more: ");
    check_contains(json, "\"requests_more\":1}");
    free(json);
    free(said);
    said = RUN(0, "request", "list", "--project", "many", "--limit", "2", "--after", ids[3]);
    assert_int_equal(lines_of(said), 2);
    check_contains(said, ids[2]);
    check_contains(said, ids[1]);
    free(said);
    said = RUN(0, "job", "list", "--after", ids[3]);
    free(said);
    done(RUN(0, "backup", "list", "--after", ids[3]));
    said = RUN(2, "job", "list", "--after", "nope");
    check_contains(said, "--after takes an id of the list");
    free(said);
    done(RUN(0, "--as", "operator:olga", "request", "ack", ids[MANY - 1], "--at", "+2h"));
    said = RUN(0, "status", "--project", "many");
    check_contains(said, "next               wait until then");
    assert_null(strstr(said, "`cutoverctl promote"));
    free(said);
    for (int i = 0; i < MANY; i++)
        free(ids[i]);
}

/* Those that the library lists for one that is none. */
static void completions_know_what_status_and_kind_take(void **state)
{
    static const struct {
        const char *option;
        const char *arguments[5];
    } lists[] = {
        {"--status", {"request", "list", "--status", "nope"}},
        {"--status", {"job", "list", "--status", "nope"}},
        {"--status", {"backup", "list", "--status", "nope"}},
        {"--kind", {"job", "list", "--kind", "nope"}},
    };
    char *bash = RUN(0, "print", "bash");

    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char *said = run(2, lists[i].arguments), *names = strstr(said, " is none of "), *put = NULL;
        assert_non_null(names);
        names += strlen(" is none of ");
        names[strcspn(names, "\n")] = '\0';
        for (put = names; *names != '\0'; names++)
            if (*names != ',')
                *put++ = *names;
        *put = '\0';
        names = strstr(said, " is none of ") + strlen(" is none of ");
        check_contains(bash, names);
        free(said);
    }
    free(bash);
}

/* What is said of a project is not said of a job that has no name. */
static void a_server_that_is_away_is_no_job(void **state)
{
    (void)state;
    char *said = RUN(1, "--json", "recover", "--project", "shop");
    check_contains(said, "{\"job\":null,\"job_id\":null,\"project_id\":\"shop\"");
    free(said);
    said = RUN(1, "recover", "--project", "shop");
    assert_memory_equal(said, "project shop: failed: ", strlen("project shop: failed: "));
    free(said);
}

/* An operator's queue is that of all projects, and says what to do. */
static void the_queue_needs_no_project(void **state)
{
    (void)state;
    char *list = RUN(0, "request", "list", "--status", "live"), *status = RUN(0, "status");
    check_contains(list, "open         project shop  preview next");
    check_contains(status, "no job runs");
    check_contains(status, "request ack");
    free(status);
    free(list);
    list = RUN(0, "request", "list", "--status", "completed");
    assert_string_equal(list, "");
    free(list);
    list = RUN(0, "--json", "job", "list");
    assert_string_equal(list, "{\"jobs\":[]}\n");
    free(list);
    done(RUN(0, "backup", "list"));
    list = RUN(2, "job", "list", "--limit", "1001");
    check_contains(list, "--limit is a number from 1 to 1000");
    free(list);
    list = RUN(2, "job", "list", "--status", "finished");
    check_contains(list, "cutoverctl: --status: \"finished\" is none of preflight, lock, ");
    free(list);
    list = RUN(1, "promote", "none");
    check_contains(list, "Nothing was begun: production is as it was.");
    free(list);
    list = RUN(1, "backup", "verify", "none");
    assert_string_equal(list, "cutoverctl: no backup none\n");
    free(list);
    list = RUN(1, "--as", "operator:olga", "backup", "create", "--project", "nope");
    assert_string_equal(list, "cutoverctl: no project nope\n");
    free(list);
    list = RUN(1, "job", "show", "none");
    check_contains(list, "no job none");
    free(list);
}

/* ---- a job whose process died at once ---- */

#define SILENT_JOB "01938a00-0000-7000-8000-000000000001"
#define SILENT_REQUEST "01938a00-0000-7000-8000-000000000002"
#define LONG_AGO "\"2020-01-01T00:00:00.000000Z\""

/* Or, where body is NULL, takes it away; both at version 1. */
static void put(const char *kind, const char *id, const char *body)
{
    const cutover_write write = {CUTOVER_WRITE_VERSION, kind, id, "shop", body != NULL ? 0 : 1, body};
    cutover_store store = CUTOVER_STORE_INIT;
    cutover_error *error = NULL;
    char *path = NULL;

    assert_true(asprintf(&path, "%s/cutover.db", home) > 0);
    check_ok(cutover_store_sqlite_open(path, &store, &error), error);
    check_ok(store.commit(&(const cutover_write *){&write}, 1, &error, store.userdata), error);
    cutover_store_close(&store);
    free(path);
}

static void check_said_to_be_silent(char *said)
{
    check_contains(said, "no sign of life since 2020-01-01");
    check_contains(said, "its process may be gone; run `cutoverctl recover`");
    free(said);
}

/* Its lease was written once, and never told how far it is. */
static void a_job_that_died_at_once_is_not_said_to_go_on(void **state)
{
    /* It watches for good: it is ended once it has said it. */
    static const char script[] =
        "timeout 60 \"$0\" --home \"$1\" job watch " SILENT_JOB " >\"$1/said\" 2>&1 & "
        "until grep -q 'no sign of life' \"$1/said\" || ! kill -0 $!; do sleep 0.05; done; "
        "kill $!; cat \"$1/said\"";
    const char *const watch[] = {"sh", "-c", script, CUTOVERCTL, home, NULL};
    char *said = NULL;

    (void)state;
    put("request", SILENT_REQUEST,
        "{\"id\":\"" SILENT_REQUEST "\",\"project_id\":\"shop\",\"preview_database_id\":\"next\","
        "\"status\":\"in_progress\",\"promote_job_id\":\"" SILENT_JOB "\",\"created_at\":" LONG_AGO "}");
    put("promotion", SILENT_JOB,
        "{\"id\":\"" SILENT_JOB "\",\"kind\":\"promotion\",\"project_id\":\"shop\",\"status\":\"held\","
        "\"request_id\":\"" SILENT_REQUEST "\",\"hold\":true,"
        "\"started_by_actor_id\":\"olga\",\"started_by_actor_kind\":\"operator\",\"created_at\":" LONG_AGO
        ",\"updated_at\":" LONG_AGO "}");
    put("lease", SILENT_JOB,
        "{\"job_id\":\"" SILENT_JOB "\",\"project_id\":\"shop\",\"job\":\"promotion\",\"owner\":\"elsewhere\","
        "\"holder\":\"it\",\"renewed_at\":" LONG_AGO ",\"released\":false,\"progress\":null}");
    check_said_to_be_silent(RUN(0, "status"));
    check_said_to_be_silent(RUN(0, "job", "show", SILENT_JOB));
    said = RUN(0, "--json", "--as", "operator:olga", "release", SILENT_REQUEST);
    check_contains(said, "\"released\":true,\"silent_since\":" LONG_AGO);
    free(said);
    check_said_to_be_silent(RUN(0, "--as", "operator:olga", "job", "cancel", SILENT_JOB));
    said = RUN(0, "--json", "--as", "operator:olga", "job", "cancel", SILENT_JOB);
    check_contains(said, "\"cancel_asked\":true,\"silent_since\":" LONG_AGO);
    free(said);
    assert_int_equal(cluster_run(watch, &said), 0);
    check_said_to_be_silent(said);
    said = RUN(0, "--json", "job", "show", SILENT_JOB);
    check_contains(said, "\"renewed_at\":" LONG_AGO ",\"progress\":null");
    free(said);
    put("lease", SILENT_JOB, NULL);
    /* Nor does it take another minute where what it told last was of before it was held. */
    put("lease", SILENT_JOB,
        "{\"job_id\":\"" SILENT_JOB "\",\"project_id\":\"shop\",\"job\":\"promotion\",\"owner\":\"elsewhere\","
        "\"holder\":\"it\",\"renewed_at\":" LONG_AGO ",\"released\":false,\"progress\":{\"step\":\"verify\","
        "\"bytes_done\":7000,\"bytes_total\":8000,\"rows_done\":30,\"tables_done\":2,\"tables_total\":3,"
        "\"fraction\":0.5,\"seconds_elapsed\":60,\"seconds_left\":60}}");
    said = RUN(0, "job", "show", SILENT_JOB);
    check_contains(said, "  step               verify, 50% of the job\n");
    check_contains(said, "  done in this step  2 of 3 tables, 30 rows, 7.0 kB of 8.0 kB\n");
    assert_null(strstr(said, "  left "));
    free(said);
    said = RUN(0, "--json", "status");
    check_contains(said, "\"seconds_left\":null");
    free(said);
    put("lease", SILENT_JOB, NULL);
    put("cancel", SILENT_JOB, NULL);
    put("gate", SILENT_JOB, NULL);
    put("request", SILENT_REQUEST, NULL);
    put("promotion", SILENT_JOB, NULL);
}

/* Production cannot be asked whether it is what the project's last job left; and a job that was given up left a door. */
static void recovery_and_status_say_what_is_not_settled(void **state)
{
    const char *const commands[] = {"recover", "status"};

    (void)state;
    put("promotion", SILENT_JOB,
        "{\"id\":\"" SILENT_JOB "\",\"kind\":\"promotion\",\"project_id\":\"shop\",\"status\":\"failed\","
        "\"started_by_actor_id\":\"olga\",\"started_by_actor_kind\":\"operator\",\"created_at\":" LONG_AGO
        ",\"updated_at\":" LONG_AGO "}");
    put("leftover", SILENT_JOB ":door",
        "{\"id\":\"" SILENT_JOB ":door\",\"project_id\":\"shop\",\"job_id\":\"" SILENT_JOB "\","
        "\"kind\":\"door\",\"name\":\"shop\",\"message\":\"the door of shop\",\"since\":" LONG_AGO "}");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        int expected = strcmp(commands[i], "recover") == 0 ? 1 : 0;
        char *said = RUN(expected, commands[i]), *json = RUN(expected, "--json", commands[i]);
        check_contains(said,
                       "project shop: failed: whether production is what the last job left cannot be told");
        check_contains(said, SILENT_JOB ":door, since 2020-01-01");
        check_contains(json, "\"leftovers\":[{\"id\":\"" SILENT_JOB ":door\",\"project_id\":\"shop\"");
        check_contains(json, "\"outcome\":\"failed\"");
        assert_null(strstr(said, "nothing is unfinished"));
        free(json);
        free(said);
    }
    put("leftover", SILENT_JOB ":door", NULL);
    put("promotion", SILENT_JOB, NULL);
    char *said = RUN(0, "recover");
    check_contains(said, "nothing is unfinished");
    free(said);
    done(RUN(1, "recover", "--project", "nope"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_forges_no_line),
        cmocka_unit_test(nothing_that_others_wrote_acts_upon_a_terminal),
        cmocka_unit_test(a_target_is_named),
        cmocka_unit_test(the_audit_trail_names_who_and_what),
        cmocka_unit_test(an_agreed_time_is_changed),
        cmocka_unit_test(a_time_is_understood_and_said_back),
        cmocka_unit_test(a_duration_has_several_units),
        cmocka_unit_test(what_cannot_be_undone_is_confirmed),
        cmocka_unit_test(a_terminal_is_asked_whether_it_is_meant),
        cmocka_unit_test(events_are_listed_and_offered_again),
        cmocka_unit_test(an_unknown_project_is_an_error_in_every_list),
        cmocka_unit_test(what_has_expired_is_shown_and_reaped),
        cmocka_unit_test(a_preview_is_shortened_only_by_who_means_it),
        cmocka_unit_test(every_command_says_one_object),
        cmocka_unit_test(what_stays_as_it_was_is_no_change),
        cmocka_unit_test(every_act_on_a_request_says_it),
        cmocka_unit_test(a_message_names_the_option),
        cmocka_unit_test(what_is_not_shown_is_counted_and_listed_by_pages),
        cmocka_unit_test(completions_know_what_status_and_kind_take),
        cmocka_unit_test(a_server_that_is_away_is_no_job),
        cmocka_unit_test(the_queue_needs_no_project),
        cmocka_unit_test(a_job_that_died_at_once_is_not_said_to_go_on),
        cmocka_unit_test(recovery_and_status_say_what_is_not_settled),
    };

    return cmocka_run_group_tests_name("cutoverctl", tests, setup, teardown);
}
