/* pg_dump and pg_restore that fail, lie or are not there, and a host that takes their exit status away: EDGE_CASES D2, D5 to
   D7, G3, G4, G13, G15. */
#include "faults/port_faults.h"
#include "support/seed.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Stands in for a program: from its Nth run on (--version counts as well) it does something else. $1 is the real program,
 * $2 a file that counts, $3 the first run that fails.
 */
static const char script[] =
    "#!/bin/sh\n"
    "real='%s' count='%s' first=%u\n"
    "case \" $* \" in *' --version '*) asked=version ;; *) asked=work ;; esac\n"
    "folder=\n"
    "for argument in \"$@\"; do case $argument in --file=*) folder=${argument#--file=} ;; esac; done\n"
    "if [ $asked = work ]; then echo >>\"$count\"; fi\n"
    "if [ $asked = work ] && [ \"$(wc -l <\"$count\")\" -lt $first ]; then exec \"$real\" \"$@\"; fi\n"
    "%s\n";

struct lie {
    const char *name, *program, *does;
    unsigned runs;      /* of one promotion: each may be the first that fails */
    enum ending ending; /* that it must have, whatever run it is */
};

#define OTHERWISE "[ $asked = version ] && exec \"$real\" \"$@\"; "

static const struct lie lies[] = {
    {"pg_dump is killed", "pg_dump", OTHERWISE "kill -9 $$", 2, ENDING_FAILED},
    {"pg_dump is killed when it is done", "pg_dump", OTHERWISE "\"$real\" \"$@\"; kill -9 $$", 2,
     ENDING_FAILED},
    {"pg_dump fails without a word", "pg_dump", OTHERWISE "exit 1", 2, ENDING_FAILED},
    {"pg_dump leaves nothing", "pg_dump", OTHERWISE "exit 0", 2, ENDING_FAILED},
    {"pg_dump leaves an empty toc.dat", "pg_dump",
     OTHERWISE "\"$real\" \"$@\" && : >\"$folder/toc.dat\"; exit 0", 2, ENDING_FAILED},
    {"pg_dump leaves half a toc.dat", "pg_dump",
     OTHERWISE
     "\"$real\" \"$@\" && half=$(($(wc -c <\"$folder/toc.dat\") / 2)) &&"
     " head -c $half \"$folder/toc.dat\" >\"$folder/half\" && mv \"$folder/half\" \"$folder/toc.dat\";"
     " exit 0",
     2, ENDING_FAILED},
    {"pg_dump leaves out what it likes", "pg_dump",
     OTHERWISE "exec \"$real\" \"$@\" --exclude-table='*.orders'", 2, ENDING_FAILED},
    {"pg_restore is killed", "pg_restore", OTHERWISE "kill -9 $$", 2, ENDING_FAILED},
    {"pg_restore does nothing", "pg_restore", OTHERWISE "exit 0", 2, ENDING_FAILED},
    {"pg_restore is killed when it is done", "pg_restore", OTHERWISE "\"$real\" \"$@\"; kill -9 $$", 2,
     ENDING_FAILED},
    {"pg_restore stops in the middle", "pg_restore", OTHERWISE "kill -11 $$", 2, ENDING_FAILED},
    {"pg_dump is too old", "pg_dump", "echo 'pg_dump (PostgreSQL) 13.4'", 0, ENDING_REFUSED},
    {"pg_dump is older than the server", "pg_dump", "echo 'pg_dump (PostgreSQL) 14.4'", 0, ENDING_REFUSED},
    {"pg_restore is of another version", "pg_restore",
     "major=$(\"$real\" --version | sed 's/[^0-9]*\\([0-9]*\\).*/\\1/') &&"
     " echo \"pg_restore (PostgreSQL) $((major + 1)).1\"",
     0, ENDING_REFUSED},
    {"pg_dump says no version", "pg_dump", "echo 'hello'", 0, ENDING_REFUSED},
    {"pg_dump is killed when it is asked for its version", "pg_dump", "kill -9 $$", 0, ENDING_REFUSED},
};

static char *tool_path(struct field *field, const char *program)
{
    return shop_format("%s/%s", field->tools, program);
}

static void stand_in(struct field *field, const char *program, const char *does, unsigned first)
{
    char *path = tool_path(field, program), *count = shop_format("%s.count", path);

    unlink(count);
    unlink(path);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, script, cluster_program(program), count, first, does) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
    free(count);
    free(path);
}

static void put_back(struct field *field)
{
    static const char *const programs[] = {"pg_dump", "pg_restore"};

    for (size_t i = 0; i < 2; i++) {
        char *path = tool_path(field, programs[i]);
        unlink(path);
        assert_int_equal(symlink(cluster_program(programs[i]), path), 0);
        free(path);
    }
}

static void nothing_more(struct field *field)
{
    (void)field;
}

/* It is there from the beginning, and lies from a run on. */
static const struct moment beginning = {.step = NULL};

static void lie_once(struct field *field, const struct lie *lie, unsigned run)
{
    char *name = shop_format("%s, run %u", lie->name, run);
    const struct blow blow = {.name = name, .strike = nothing_more, .heal = put_back};

    stand_in(field, lie->program, lie->does, run);
    enum ending ending = field_strike(field, &beginning, &blow);
    if (ending != lie->ending)
        fail_msg("%s: ended %d, not %d\nit said: %s", name, (int)ending, (int)lie->ending, field->told);
    free(name);
}

void programs_that_fail_or_lie(void **state)
{
    struct field *field = *state;

    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        /* Run 1 is for the backup of production, or the first section that is restored; run 2 the next. */
        unsigned turn = lies[i].runs == 0 ? 1 : 1 + (unsigned)((i / 2 + seed_given() / 2) % 2);
        for (unsigned run = 1; run == 1 || run <= lies[i].runs; run++)
            if (field_soak() || (run == turn && (lies[i].runs == 0 || seed_takes(i, 2))))
                lie_once(field, &lies[i], run);
    }
    field_tell(field, "programs that fail or lie");
}

static const struct lie *coming;

static void lie_from_now_on(struct field *field)
{
    stand_in(field, coming->program, coming->does, 1);
}

/* pg_dump writes the schema once more, behind the fence, where large objects came or went. */
void pg_dump_that_fails_behind_the_fence(void **state)
{
    size_t tried = 0;

    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        if (lies[i].runs == 0 || strcmp(lies[i].program, "pg_dump") != 0)
            continue;
        const struct blow blow = {.name = lies[i].name, .strike = lie_from_now_on, .heal = put_back};
        coming = &lies[i];
        if (tried++ % 2 == 0 || field_soak())
            assert_int_equal(field_strike(*state, &(struct moment){.step = "catch_up"}, &blow), ENDING_FAILED);
    }
    field_tell(*state, "pg_dump fails behind the fence");
}

static void take_away(struct field *field)
{
    for (const char *const *name = (const char *const[]){"pg_dump", "pg_restore", NULL}; *name != NULL;
         name++) {
        char *path = tool_path(field, *name);
        assert_int_equal(unlink(path), 0);
        free(path);
    }
}

void programs_that_go_missing(void **state)
{
    static const struct blow gone = {.name = "the programs are gone", .strike = take_away, .heal = put_back};
    static const char *const steps[] = {"preflight", "backup", "stage", "swap"};
    static const enum ending endings[] = {ENDING_REFUSED, ENDING_FAILED, ENDING_FAILED, ENDING_COMPLETED};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        assert_int_equal(field_strike(*state, &(struct moment){.step = steps[i]}, &gone), endings[i]);
    field_tell(*state, gone.name);
}

static void hang_dump(struct field *field)
{
    stand_in(field, "pg_dump", OTHERWISE "trap '' TERM; while :; do sleep 1; done", 1);
}

static void hang_restore(struct field *field)
{
    stand_in(field, "pg_restore", OTHERWISE "trap '' TERM; while :; do sleep 1; done", 1);
}

void programs_that_hang_end_with_a_cancel(void **state)
{
    static const struct blow dump = {
        .name = "pg_dump hangs", .strike = hang_dump, .heal = put_back, .cancelled = true};
    static const struct blow restore = {
        .name = "pg_restore hangs", .strike = hang_restore, .heal = put_back, .cancelled = true};

    assert_int_equal(field_strike(*state, &(struct moment){.step = "backup"}, &dump), ENDING_CANCELLED);
    assert_int_equal(field_strike(*state, &(struct moment){.step = "stage"}, &restore), ENDING_CANCELLED);
    assert_int_equal(field_strike(*state, &(struct moment){.step = "catch_up"}, &dump), ENDING_CANCELLED);
    field_tell(*state, "programs that hang");
}

/* ---- SIGCHLD ---- */

static struct sigaction before;

static void reap_all(int signal_number)
{
    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

static void ignore_children(struct field *field)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)field;
    assert_int_equal(sigaction(SIGCHLD, &ignore, &before), 0);
}

static void reap_children(struct field *field)
{
    const struct sigaction reap = {.sa_handler = reap_all, .sa_flags = SA_RESTART};

    (void)field;
    assert_int_equal(sigaction(SIGCHLD, &reap, &before), 0);
}

static void no_wait(struct field *field)
{
    const struct sigaction no_wait_action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};

    (void)field;
    assert_int_equal(sigaction(SIGCHLD, &no_wait_action, &before), 0);
}

static void handler_back(struct field *field)
{
    struct sigaction now;

    (void)field;
    assert_int_equal(sigaction(SIGCHLD, &before, &now), 0);
}

/* Where exit statuses are thrown away from the start a promotion completes; a handler that is faster than we are may take
   one away, and a status that is not known is a failure. */
void host_that_ignores_or_reaps_its_children(void **state)
{
    static const struct blow ignored = {
        .name = "SIGCHLD is ignored", .strike = ignore_children, .heal = handler_back};
    static const struct blow unwaited = {.name = "SA_NOCLDWAIT", .strike = no_wait, .heal = handler_back};
    static const struct blow reaped = {
        .name = "a handler reaps every child", .strike = reap_children, .heal = handler_back};

    assert_int_equal(field_strike(*state, &beginning, &ignored), ENDING_COMPLETED);
    assert_int_equal(field_strike(*state, &(struct moment){.step = "stage"}, &unwaited), ENDING_COMPLETED);
    field_strike(*state, &beginning, &reaped);
    field_strike(*state, &(struct moment){.step = "stage"}, &reaped);
    field_tell(*state, "SIGCHLD");
}

/* Ignored by the host, SIGCHLD hides a pg_dump that was killed; it must not look like success. */
void killed_program_is_seen_though_the_host_ignores_its_children(void **state)
{
    struct field *field = *state;
    static const struct blow blow = {
        .name = "pg_restore is killed and SIGCHLD is ignored", .strike = ignore_children, .heal = handler_back};

    stand_in(field, "pg_restore", OTHERWISE "kill -9 $$", 1);
    assert_int_equal(field_strike(field, &beginning, &blow), ENDING_FAILED);
    put_back(field);
    field_tell(field, blow.name);
}
