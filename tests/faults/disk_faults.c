/* Disks that are full: EDGE_CASES D3, D19. */
#include "faults/port_faults.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BALLAST "ballast"

static char *disk; /* a folder on a small file system */

static void fill(struct field *field)
{
    static const char zeros[65536];
    char *path = shop_format("%s/" BALLAST, disk);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    ssize_t count;

    (void)field;
    assert_true(file >= 0);
    while ((count = write(file, zeros, sizeof zeros)) > 0)
        continue;
    assert_int_equal(errno, ENOSPC);
    close(file);
    free(path);
}

static void make_room(struct field *field)
{
    char *path = shop_format("%s/" BALLAST, disk);

    (void)field;
    assert_int_equal(unlink(path), 0);
    free(path);
}

/* ---- the repository ---- */

static void repository_fills(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    field->repository_full = true;
    pthread_mutex_unlock(&field->mutex);
}

static void repository_empties(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    field->repository_full = false;
    pthread_mutex_unlock(&field->mutex);
}

/* A repository of any kind. */
void repository_that_refuses_to_write(void **state)
{
    static const struct blow full = {
        .name = "the repository is full", .strike = repository_fills, .heal = repository_empties};
    static const struct moment copying = {"backup", "COPY ", true, false};
    static const struct moment copying_again = {"catch_up", "COPY ", true, false};

    assert_int_equal(field_strike(*state, &(struct moment){.step = "backup"}, &full), ENDING_FAILED);
    field_strike(*state, &copying, &full);
    assert_int_equal(field_strike(*state, &(struct moment){.step = "catch_up"}, &full), ENDING_FAILED);
    assert_int_equal(field_strike(*state, &copying_again, &full), ENDING_FAILED);
    assert_int_equal(field_strike(*state, &(struct moment){.step = "swap"}, &full), ENDING_COMPLETED);
    field_tell(*state, full.name);
}

static enum repository_fault coming;

static void repository_breaks(struct field *field)
{
    pthread_mutex_lock(&field->mutex);
    field->repository_fault = coming;
    pthread_mutex_unlock(&field->mutex);
}

/* Behind the fence, and up to when its archive is published: production opens, and nothing is kept that is no backup. */
void repository_that_fails_in_the_catch_up(void **state)
{
    static const struct {
        enum repository_fault fault;
        const char *name;
        enum ending ending;
    } faults[] = {
        {REPOSITORY_CREATE_FAILS, "no object can be created", ENDING_FAILED},
        {REPOSITORY_REMOVE_OBJECT_FAILS, "no object can be removed", ENDING_FAILED},
        {REPOSITORY_PUBLISH_FAILS, "it cannot be published", ENDING_FAILED},
        {REPOSITORY_PUBLISH_FAILS_APPLIED, "it is published, and nobody is told", ENDING_FAILED},
        {REPOSITORY_PUBLISHES_AND_STORE_FAILS, "it is published, and cannot be recorded", ENDING_FAILED},
        {REPOSITORY_PUBLISHES_AND_STORE_IS_GONE, "it is published, and nothing can be recorded", ENDING_UNDONE},
    };

    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct blow blow = {.name = faults[i].name, .strike = repository_breaks};
        coming = faults[i].fault;
        assert_int_equal(field_strike(*state, &(struct moment){.step = "catch_up"}, &blow), faults[i].ending);
    }
    field_tell(*state, "the repository fails in the catch-up");
}

static void mount_disk(const char *path, const char *options)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0)
        fail_msg("cannot mount a tmpfs at %s: %s", path, strerror(errno));
}

static void at_the_steps(struct field *field, const struct blow *blow, const char *const *steps)
{
    for (; *steps != NULL; steps++)
        field_strike(field, &(struct moment){.step = *steps}, blow);
}

/* A real one. Only root can make it; others have the test above. */
void repository_on_a_full_disk(void **state)
{
    static const struct blow full = {
        .name = "the repository's disk is full", .strike = fill, .heal = make_room};
    static const char *const steps[] = {"lock", "backup", "verify", "catch_up", "swap", NULL};
    static const struct moment copying = {"backup", "COPY ", true, false};
    static const struct moment copying_again = {"catch_up", "COPY ", true, false};
    struct field *field = *state;

    disk = shop_format("%s/backups", field->shop.home);
    mount_disk(disk, "size=4m,mode=0700");
    field_reopen_repository(field);
    at_the_steps(field, &full, steps);
    field_strike(field, &copying, &full);
    assert_int_equal(field_strike(field, &copying_again, &full), ENDING_FAILED);
    field_leave(field);
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
    field_reopen_repository(field);
    free(disk);
    field_tell(field, full.name);
}

/* ---- production's server ---- */

/* The new production lies where the old one does: in a tablespace on a disk that fills. */
void server_on_a_full_disk(void **state)
{
    static const struct blow full = {.name = "production's disk is full", .strike = fill, .heal = make_room};
    static const char *const steps[] = {"lock", "verify", "stage", "check", "swap", NULL};
    static const struct moment copying = {"stage", "COPY ", true, false};
    struct field *field = *state;
    const struct passwd *owner = geteuid() == 0 ? getpwnam("postgres") : NULL;

    disk = shop_format("%s/small", cluster_socket_dir(field->production));
    assert_int_equal(mkdir(disk, 0700), 0);
    mount_disk(disk, "size=48m,mode=0711");
    char *space = shop_format("%s/space", disk);
    assert_int_equal(mkdir(space, 0700), 0);
    if (owner != NULL)
        assert_int_equal(chown(space, owner->pw_uid, owner->pw_gid), 0);
    char *sql = shop_format("CREATE TABLESPACE small LOCATION '%s'", space);
    cluster_sql(field->production, "postgres", sql);
    field_settle_in(field, "small");
    field->verify = CUTOVER_VERIFY_RESTORE;
    at_the_steps(field, &full, steps);
    assert_int_equal(field_strike(field, &copying, &full), ENDING_FAILED);
    field->verify = CUTOVER_VERIFY_READBACK;
    field_tell(field, full.name);
    field_leave(field);
    field_settle_in(field, NULL);
    cluster_sql(field->production, "postgres", "DROP TABLESPACE small");
    assert_int_equal(umount2(disk, MNT_DETACH), 0);
    free(sql);
    free(space);
    free(disk);
}

/* What any server says when its disk is full, of no disk: by a constraint that finds no room in staging. */
static void no_room_in_staging(struct field *field)
{
    cluster_sql(field->previews, "preview",
                "CREATE FUNCTION room() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN"
                "  IF pg_catalog.current_database() OPERATOR(pg_catalog.~) '^cutover_stage_' THEN"
                "    RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF;"
                "  RETURN true; END $$;"
                "ALTER TABLE generation ADD CONSTRAINT room CHECK (room())");
}

static void room_in_staging(struct field *field)
{
    cluster_sql(field->previews, "preview",
                "ALTER TABLE generation DROP CONSTRAINT room; DROP FUNCTION room()");
}

void server_that_says_its_disk_is_full(void **state)
{
    static const struct blow full = {
        .name = "production's server says 53100", .strike = no_room_in_staging, .heal = room_in_staging};
    struct field *field = *state;

    assert_int_equal(field_strike(field, &(struct moment){.step = NULL}, &full), ENDING_FAILED);
    assert_string_equal(field->sqlstate, "53100");
    field_tell(field, full.name);
}
