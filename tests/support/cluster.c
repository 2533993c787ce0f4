#include "cluster.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef BUILD_FOLDER
#error "BUILD_FOLDER: the folder in which the first server's files are kept"
#endif

#define START_TRIES 5
#define READY_SECONDS 60

struct kept {
    struct kept *next;
    char *text;
};

struct cluster {
    struct cluster *next;
    char *folder;   /* data, log and socket lie in here */
    char *programs; /* the folder of its own programs; NULL: those of pg_config */
    char *settings;
    struct kept *conninfos;
    unsigned template; /* which of those that initdb has made its files are a copy of; 0: of none */
    int port;
    pid_t postmaster; /* 0: not running */
    /* To the database "postgres", kept open: what the tests ask there all the time costs no new session. */
    PGconn *session;
    pthread_mutex_t session_mutex;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct cluster *clusters;
static struct kept *folders;
static char *root;       /* everything that this program puts on disk lies in here */
static pid_t root_owner; /* a forked copy of the test must not stop our servers */
static unsigned folder_count;

static void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void give_up(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("test support: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(99);
}

static char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;

    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        give_up("out of memory");
    va_end(arguments);
    return text;
}

/* Keeps a text until its list is freed. */
static const char *keep(struct kept **list, char *text)
{
    struct kept *kept = malloc(sizeof *kept);

    if (kept == NULL)
        give_up("out of memory");
    kept->text = text;
    pthread_mutex_lock(&mutex);
    kept->next = *list;
    *list = kept;
    pthread_mutex_unlock(&mutex);
    return text;
}

static void free_kept(struct kept **list)
{
    while (*list != NULL) {
        struct kept *next = (*list)->next;

        free((*list)->text);
        free(*list);
        *list = next;
    }
}

/* PostgreSQL refuses to run as root; NULL when we are somebody else already. */
static const struct passwd *server_user(void)
{
    const struct passwd *user;

    if (geteuid() != 0)
        return NULL;
    user = getpwnam("postgres");
    if (user == NULL)
        user = getpwnam("nobody");
    if (user == NULL)
        give_up("no user postgres or nobody to run a server as");
    return user;
}

/* In a child: becomes the server's user. */
static void become_server_user(void)
{
    const struct passwd *user = server_user();

    if (user == NULL)
        return;
    if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        _exit(126);
}

static void redirect(const char *path, int flags, int descriptor)
{
    int file = open(path, flags | O_CLOEXEC, 0600);

    if (file < 0 || dup2(file, descriptor) < 0)
        _exit(126);
}

/* Removes the root folder when this program is gone, however it went: the end of a pipe says so. */
static void start_sweeper(void)
{
    const char *script = "cat; for try in 1 2 3 4 5 6 7 8; do rm -rf \"$1\" && exit 0; sleep 1; done";
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0)
        give_up("fork: %s", strerror(errno));
    if (pid == 0) {
        if (setsid() < 0 || dup2(ends[0], 0) < 0)
            _exit(126);
        redirect("/dev/null", O_WRONLY, 1);
        redirect("/dev/null", O_WRONLY, 2);
        signal(SIGHUP, SIG_IGN);
        if (chdir("/") == 0)
            execl("/bin/sh", "sh", "-c", script, "sh", root, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
}

static void stop_all(void)
{
    if (root_owner != getpid())
        return;
    while (clusters != NULL)
        cluster_stop(clusters);
    free_kept(&folders);
    free(root);
    root = NULL;
}

/* Servers' files, and all that tests write, lie in memory when there is room (and programs may run
   there): making databases is most of what they do. */
static const char *parent_folder(void)
{
    const char *parent = getenv("TMPDIR");
    struct statvfs room;

    if (parent == NULL && access("/dev/shm", W_OK | X_OK) == 0 && statvfs("/dev/shm", &room) == 0 &&
        (room.f_flag & ST_NOEXEC) == 0 && room.f_bavail * room.f_frsize > UINT64_C(4) << 30) {
        parent = "/dev/shm";
        setenv("TMPDIR", parent, 0);
    }
    return parent == NULL || parent[0] != '/' || strlen(parent) > 40 ? "/tmp" : parent;
}

/* The folder of PostgreSQL's programs, by pg_config. */
static const char *bin_dir(void)
{
    static char folder[512];

    if (folder[0] == '\0') {
        FILE *output = popen("pg_config --bindir", "re");

        if (output == NULL || fgets(folder, sizeof folder, output) == NULL)
            give_up("pg_config --bindir says nothing: is PostgreSQL installed?");
        pclose(output);
        folder[strcspn(folder, "\n")] = '\0';
    }
    return folder;
}

/* What PATH has by these names is in Debian a script that chooses a release, and takes six times as long as pg_dump's version. */
static void put_programs_first(void)
{
    const char *path = getenv("PATH");
    char *with = format_text("%s:%s", bin_dir(), path != NULL ? path : "/usr/bin:/bin");

    setenv("PATH", with, 1);
    free(with);
}

static void make_root(void)
{
    if (root != NULL)
        return;
    root = format_text("%s/cutover-test-XXXXXX", parent_folder());
    if (mkdtemp(root) == NULL || chmod(root, 0711) != 0)
        give_up("cannot make %s: %s", root, strerror(errno));
    root_owner = getpid();
    put_programs_first();
    start_sweeper();
    atexit(stop_all);
}

static char *make_folder(const char *prefix)
{
    char *path;

    make_root();
    path = format_text("%s/%s%u", root, prefix, ++folder_count);
    if (mkdir(path, 0700) != 0)
        give_up("cannot make %s: %s", path, strerror(errno));
    return path;
}

const char *cluster_temp_dir(void)
{
    return keep(&folders, make_folder("t"));
}

const char *cluster_program(const char *name)
{
    return keep(&folders, format_text("%s/%s", bin_dir(), name));
}

/* Reads a descriptor to its end. */
static char *read_all(int descriptor)
{
    size_t length = 0, capacity = 4096;
    char *bytes = malloc(capacity);

    for (;;) {
        ssize_t count;

        if (bytes == NULL)
            give_up("out of memory");
        count = read(descriptor, bytes + length, capacity - length - 1);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        length += (size_t)count;
        if (length + 1 == capacity) {
            capacity *= 2;
            bytes = realloc(bytes, capacity);
        }
    }
    bytes[length] = '\0';
    return bytes;
}

static int wait_for(pid_t pid)
{
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_program(const char *const *argv, bool as_server, char **output)
{
    int ends[2], status;
    char *text;
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("pipe: %s", strerror(errno));
    pid = fork();
    if (pid < 0)
        give_up("fork: %s", strerror(errno));
    if (pid == 0) {
        char path[4096], home[4096];
        char *const environment[] = {path, "LC_ALL=C", home, NULL};
        const char *value = getenv("PATH");

        snprintf(path, sizeof path, "PATH=%s", value != NULL ? value : "/usr/bin:/bin");
        value = getenv("HOME");
        snprintf(home, sizeof home, "HOME=%s", value != NULL ? value : "/");
        redirect("/dev/null", O_RDONLY, 0);
        if (dup2(ends[1], 1) < 0 || dup2(ends[1], 2) < 0)
            _exit(126);
        if (as_server)
            become_server_user();
        execvpe(argv[0], (char *const *)argv, environment);
        _exit(127);
    }
    close(ends[1]);
    text = read_all(ends[0]);
    close(ends[0]);
    status = wait_for(pid);
    if (output != NULL)
        *output = text;
    else
        free(text);
    return status;
}

int cluster_run(const char *const *argv, char **output)
{
    return run_program(argv, false, output);
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        give_up("no free port: %s", strerror(errno));
    close(listener);
    return ntohs(address.sin_port);
}

static void write_file(const struct cluster *cluster, const char *name, const char *content)
{
    char *path = format_text("%s/%s", cluster->folder, name);
    const struct passwd *user = server_user();
    FILE *file = fopen(path, "we");

    if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0)
        give_up("cannot write %s: %s", path, strerror(errno));
    if (user != NULL && chown(path, user->pw_uid, user->pw_gid) != 0)
        give_up("cannot chown %s: %s", path, strerror(errno));
    free(path);
}

static void configure(const struct cluster *cluster)
{
    char *content =
        format_text("listen_addresses = '127.0.0.1'\n"
                    "port = %d\n"
                    "unix_socket_directories = '%s'\n"
                    "fsync = off\n"
                    "full_page_writes = off\n"
                    "jit = off\n"
                    "autovacuum = on\n"
                    "shared_buffers = '16MB'\n"
                    "max_connections = 60\n"
                    "lc_messages = 'C'\n"
                    "logging_collector = off\n"
                    "%s\n",
                    cluster->port, cluster->folder, cluster->settings != NULL ? cluster->settings : "");

    write_file(cluster, "data/postgresql.conf", content);
    free(content);
    write_file(cluster, "data/pg_hba.conf",
               "local all,replication all trust\n"
               "host all,replication all 127.0.0.1/32 scram-sha-256\n");
}

/* Everything that makes one initdb differ from another is in here, but for the version of its program. Segments of 1 MB: the log is
   most of what would be copied. */
#define INITDB_OPTIONS                                                                                         \
    "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--wal-segsize=1"

static const char *own_program(const struct cluster *cluster, const char *name)
{
    return cluster->programs != NULL ? keep(&folders, format_text("%s/%s", cluster->programs, name))
                                     : cluster_program(name);
}

static void init_database(const struct cluster *cluster)
{
    char *data = format_text("%s/data", cluster->folder);
    char *password = format_text("--pwfile=%s/password", cluster->folder);
    const char *const argv[] = {own_program(cluster, "initdb"), INITDB_OPTIONS, password, "-D", data, NULL};
    char *output = NULL;

    write_file(cluster, "password", "postgres-secret\n");
    if (run_program(argv, true, &output) != 0)
        give_up("initdb failed:\n%s", output);
    free(output);
    free(data);
    free(password);
}

/* ---- what initdb makes, made once for a build folder and copied ---- */

/* As no two servers say that they are the same system, each is a copy of another one. */
static unsigned free_template(void)
{
    const struct cluster *other = clusters;
    unsigned number = 1;

    while (other != NULL) {
        bool taken = other->template == number;
        number += taken;
        other = taken ? clusters : other->next;
    }
    return number;
}

/* A name for what initdb would make: its program and its options, and a number. NULL: it cannot be told. */
static char *template_path(unsigned number)
{
    static const char *const options[] = {INITDB_OPTIONS};
    uint64_t key = UINT64_C(14695981039346656037);
    struct stat program;

    if (stat(cluster_program("initdb"), &program) != 0)
        return NULL;
    char *about = format_text("%s %jd %jd.%ld", cluster_program("initdb"), (intmax_t)program.st_size,
                              (intmax_t)program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        char *longer = format_text("%s %s", about, options[i]);
        free(about);
        about = longer;
    }
    for (const char *at = about; *at != '\0'; at++)
        key = (key ^ (unsigned char)*at) * UINT64_C(1099511628211);
    free(about);
    return format_text("%s/server-template-%016jx-%u", BUILD_FOLDER, (uintmax_t)key, number);
}

/* A copy that belongs to us, or to the server's user. */
static bool copy_tree(const char *from, const char *to, bool for_server)
{
    const struct passwd *user = for_server ? server_user() : NULL;

    if (run_program(
            (const char *[]){"cp", "-R", "--preserve=mode,timestamps", "--reflink=auto", from, to, NULL}, false,
            NULL) != 0)
        return false;
    if (user == NULL)
        return true;
    char *owner = format_text("%s:%u", user->pw_name, (unsigned)user->pw_gid);
    bool owned = run_program((const char *[]){"chown", "-R", owner, to, NULL}, false, NULL) == 0;
    free(owner);
    return owned;
}

/* Keeps what initdb has just made, complete or not at all: a build folder that cannot be written has no template. */
static void keep_template(const struct cluster *cluster, const char *template)
{
    char *data = format_text("%s/data", cluster->folder), *unfinished = format_text("%s.unfinished", template);
    const char *const clear[] = {"rm", "-rf", unfinished, NULL};

    if (run_program(clear, false, NULL) != 0 || !copy_tree(data, unfinished, false) ||
        rename(unfinished, template) != 0)
        run_program(clear, false, NULL);
    free(data);
    free(unfinished);
}

static bool take_template(const struct cluster *cluster, const char *template)
{
    char *data = format_text("%s/data", cluster->folder);
    bool taken = access(template, R_OK | X_OK) == 0 && copy_tree(template, data, true);

    if (!taken && run_program((const char *[]){"rm", "-rf", data, NULL}, false, NULL) != 0)
        give_up("cannot remove %s", data);
    free(data);
    return taken;
}

/* Programs that begin at the same time wait for the one that makes it. */
static void make_template(const struct cluster *cluster, const char *template)
{
    char *lock = format_text("%s.lock", template);
    int file = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool alone = file >= 0 && flock(file, LOCK_EX) == 0;

    if (!alone || !take_template(cluster, template)) {
        init_database(cluster);
        if (alone)
            keep_template(cluster, template);
    }
    if (file >= 0)
        close(file);
    free(lock);
}

static void fill_data(struct cluster *cluster)
{
    if (cluster->programs == NULL)
        cluster->template = free_template();
    char *template = cluster->template != 0 ? template_path(cluster->template) : NULL;

    if (template == NULL)
        init_database(cluster);
    else if (!take_template(cluster, template))
        make_template(cluster, template);
    free(template);
}

/* A postmaster that ends when this program does. */
static void launch(struct cluster *cluster)
{
    char *data = format_text("%s/data", cluster->folder);
    char *log = format_text("%s/log", cluster->folder);
    const char *program = own_program(cluster, "postgres");
    pid_t parent = getpid(), pid = fork();

    if (pid < 0)
        give_up("fork: %s", strerror(errno));
    if (pid == 0) {
        char locales[4096];
        const char *value = getenv("LOCPATH");
        char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", value != NULL ? locales : NULL,
                                     NULL};
        sigset_t none;

        snprintf(locales, sizeof locales, "LOCPATH=%s", value != NULL ? value : "");
        become_server_user();
        redirect("/dev/null", O_RDONLY, 0);
        redirect(log, O_WRONLY | O_CREAT | O_APPEND, 1);
        redirect(log, O_WRONLY | O_CREAT | O_APPEND, 2);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        signal(SIGCHLD, SIG_DFL);
        if (setsid() < 0 || prctl(PR_SET_PDEATHSIG, SIGQUIT) != 0 || getppid() != parent)
            _exit(126);
        execle(program, program, "-D", data, (char *)NULL, environment);
        _exit(127);
    }
    cluster->postmaster = pid;
    free(data);
    free(log);
}

/* Waits until it takes sessions, and opens the one that is kept. */
static bool wait_ready(struct cluster *cluster)
{
    const struct timespec pause = {0, 20 * 1000 * 1000};
    const char *conninfo = cluster_conninfo(cluster, "postgres");
    time_t limit = time(NULL) + READY_SECONDS;

    while (time(NULL) < limit) {
        if (PQping(conninfo) == PQPING_OK) {
            cluster->session = cluster_connect(cluster, "postgres");
            return true;
        }
        if (waitpid(cluster->postmaster, NULL, WNOHANG) != 0) {
            cluster->postmaster = 0;
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

static void show_log(const struct cluster *cluster)
{
    char *path = format_text("%s/log", cluster->folder);
    int file = open(path, O_RDONLY | O_CLOEXEC);

    if (file >= 0) {
        char *text = read_all(file);
        size_t length = strlen(text);

        fputs(length > 4000 ? text + length - 4000 : text, stderr);
        free(text);
        close(file);
    }
    free(path);
}

static void stop_server(struct cluster *cluster, int signal_number)
{
    PQfinish(cluster->session);
    cluster->session = NULL;
    if (cluster->postmaster == 0)
        return;
    kill(cluster->postmaster, signal_number);
    wait_for(cluster->postmaster);
    cluster->postmaster = 0;
}

/* A server that has no files yet. */
static struct cluster *cluster_make(const char *programs, const char *settings)
{
    const struct passwd *user = server_user();
    struct cluster *cluster = calloc(1, sizeof *cluster);

    if (cluster == NULL)
        give_up("out of memory");
    pthread_mutex_init(&cluster->session_mutex, NULL);
    cluster->folder = make_folder("c");
    if (user != NULL && chown(cluster->folder, user->pw_uid, user->pw_gid) != 0)
        give_up("cannot chown %s: %s", cluster->folder, strerror(errno));
    cluster->programs = programs != NULL ? format_text("%s", programs) : NULL;
    cluster->settings = settings != NULL ? format_text("%s", settings) : NULL;
    cluster->next = clusters;
    clusters = cluster;
    return cluster;
}

struct cluster *cluster_start(const char *settings)
{
    return cluster_start_by(NULL, settings);
}

struct cluster *cluster_start_by(const char *programs, const char *settings)
{
    struct cluster *cluster = cluster_make(programs, settings);

    fill_data(cluster);
    for (int try = 0; try < START_TRIES; try++) {
        free_kept(&cluster->conninfos);
        cluster->port = free_port();
        configure(cluster);
        launch(cluster);
        if (wait_ready(cluster))
            return cluster;
        stop_server(cluster, SIGQUIT);
    }
    show_log(cluster);
    give_up("the server did not start");
}

void cluster_stop(struct cluster *cluster)
{
    struct cluster **link = &clusters;

    if (cluster == NULL)
        return;
    stop_server(cluster, SIGQUIT);
    while (*link != NULL && *link != cluster)
        link = &(*link)->next;
    if (*link != NULL)
        *link = cluster->next;
    free_kept(&cluster->conninfos);
    pthread_mutex_destroy(&cluster->session_mutex);
    free(cluster->settings);
    free(cluster->programs);
    free(cluster->folder);
    free(cluster);
}

struct cluster *cluster_standby(struct cluster *primary, const char *settings)
{
    char *with = format_text("primary_conninfo = 'host=%s port=%d user=postgres'\nhot_standby = on\n%s",
                             primary->folder, primary->port, settings != NULL ? settings : "");
    struct cluster *standby = cluster_make(NULL, with);
    char *data = format_text("%s/data", standby->folder), *port = format_text("%d", primary->port);
    char *output = NULL;

    if (run_program((const char *[]){cluster_program("pg_basebackup"), "-h", primary->folder, "-p", port, "-U",
                                     "postgres", "-D", data, "-X", "stream", "-c", "fast", "--no-sync", NULL},
                    true, &output) != 0)
        give_up("pg_basebackup: %s", output);
    free(output);
    standby->port = free_port();
    configure(standby);
    write_file(standby, "data/standby.signal", "");
    launch(standby);
    if (!wait_ready(standby)) {
        show_log(standby);
        give_up("the standby did not start");
    }
    free(with);
    free(data);
    free(port);
    return standby;
}

static void wait_for_true(struct cluster *cluster, const char *sql)
{
    const struct timespec pause = {0, 10 * 1000 * 1000};
    time_t limit = time(NULL) + READY_SECONDS;
    char *value;

    for (;;) {
        value = cluster_value(cluster, "postgres", sql);
        bool there = strcmp(value, "t") == 0;
        free(value);
        if (there)
            return;
        if (time(NULL) > limit)
            give_up("never true: %s", sql);
        nanosleep(&pause, NULL);
    }
}

void cluster_catch_up(struct cluster *standby, struct cluster *primary)
{
    char *at = cluster_value(primary, "postgres", "SELECT pg_current_wal_flush_lsn()");
    char *sql = format_text("SELECT pg_last_wal_replay_lsn() >= '%s'", at);

    wait_for_true(standby, sql);
    free(sql);
    free(at);
}

void cluster_promote(struct cluster *standby)
{
    cluster_sql(standby, "postgres", "SELECT pg_promote(false)");
    wait_for_true(standby, "SELECT NOT pg_is_in_recovery()");
}

void cluster_halt(struct cluster *cluster, const char *mode)
{
    stop_server(cluster, strcmp(mode, "immediate") == 0 ? SIGQUIT : SIGINT);
}

static void start_again(struct cluster *cluster)
{
    launch(cluster);
    if (!wait_ready(cluster)) {
        show_log(cluster);
        give_up("the server did not come back");
    }
}

void cluster_restart(struct cluster *cluster, const char *mode)
{
    stop_server(cluster, strcmp(mode, "immediate") == 0 ? SIGQUIT : SIGINT);
    start_again(cluster);
}

static void copy_data(const struct cluster *cluster, const char *from, const char *to)
{
    char *source = format_text("%s/%s", cluster->folder, from),
         *copy = format_text("%s/%s", cluster->folder, to);

    if (run_program((const char *[]){"rm", "-rf", copy, NULL}, false, NULL) != 0 ||
        run_program((const char *[]){"cp", "-a", source, copy, NULL}, false, NULL) != 0)
        give_up("cannot copy %s to %s", source, copy);
    free(source);
    free(copy);
}

void cluster_save(struct cluster *cluster)
{
    stop_server(cluster, SIGINT);
    copy_data(cluster, "data", "saved");
    start_again(cluster);
}

void cluster_return(struct cluster *cluster)
{
    stop_server(cluster, SIGQUIT);
    copy_data(cluster, "saved", "data");
    start_again(cluster);
}

struct cluster *cluster_next(const struct cluster *cluster)
{
    return cluster != NULL ? cluster->next : clusters;
}

int cluster_postmaster(const struct cluster *cluster)
{
    return cluster->postmaster;
}

const char *cluster_socket_dir(const struct cluster *cluster)
{
    return cluster->folder;
}

int cluster_port(const struct cluster *cluster)
{
    return cluster->port;
}

/* A value of a conninfo: quoted, \ and ' escaped. */
static char *conninfo_value(const char *value)
{
    char *quoted = malloc(2 * strlen(value) + 3), *end = quoted;

    if (quoted == NULL)
        give_up("out of memory");
    *end++ = '\'';
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            *end++ = '\\';
        *end++ = *value;
    }
    *end++ = '\'';
    *end = '\0';
    return quoted;
}

const char *cluster_conninfo_as(struct cluster *cluster, const char *database, const char *role)
{
    char *name = conninfo_value(database), *user = conninfo_value(role);
    const char *conninfo = keep(&cluster->conninfos, format_text("host=%s port=%d user=%s dbname=%s",
                                                                 cluster->folder, cluster->port, user, name));

    free(name);
    free(user);
    return conninfo;
}

const char *cluster_conninfo_of_both(struct cluster *first, struct cluster *second, const char *database)
{
    char *name = conninfo_value(database);
    const char *conninfo =
        keep(&first->conninfos, format_text("host=%s,%s port=%d,%d user=postgres dbname=%s", first->folder,
                                            second->folder, first->port, second->port, name));

    free(name);
    return conninfo;
}

const char *cluster_conninfo(struct cluster *cluster, const char *database)
{
    return cluster_conninfo_as(cluster, database, "postgres");
}

static void drop_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

PGconn *cluster_connect(struct cluster *cluster, const char *database)
{
    PGconn *connection = PQconnectdb(cluster_conninfo(cluster, database));

    if (PQstatus(connection) != CONNECTION_OK) {
        fprintf(stderr, "%s", PQerrorMessage(connection));
        PQfinish(connection);
        fail_msg("cannot connect to %s", database);
    }
    PQsetNoticeReceiver(connection, drop_notice, NULL);
    return connection;
}

static PGresult *run_sql(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
        fprintf(stderr, "%sin: %s\n", PQerrorMessage(connection), sql);
        PQclear(result);
        return NULL;
    }
    return result;
}

/* The session that is kept, if it is for this database and nobody uses it (nor is this a forked copy of the test); otherwise one
   of its own. What a statement leaves in the session is gone afterwards, as with one of its own. */
static PGresult *ask(struct cluster *cluster, const char *database, const char *sql)
{
    bool kept = strcmp(database, "postgres") == 0 && root_owner == getpid() && cluster->session != NULL &&
                pthread_mutex_trylock(&cluster->session_mutex) == 0;
    PGresult *result;

    if (kept) {
        PQclear(PQexec(cluster->session, "DISCARD ALL"));
        if (PQstatus(cluster->session) != CONNECTION_OK)
            PQreset(cluster->session);
        result = run_sql(cluster->session, sql);
        PQclear(PQexec(cluster->session, "DISCARD ALL"));
        pthread_mutex_unlock(&cluster->session_mutex);
    } else {
        PGconn *connection = cluster_connect(cluster, database);
        result = run_sql(connection, sql);
        PQfinish(connection);
    }
    if (result == NULL)
        fail_msg("SQL failed");
    return result;
}

void cluster_sql(struct cluster *cluster, const char *database, const char *sql)
{
    PQclear(ask(cluster, database, sql));
}

char *cluster_value(struct cluster *cluster, const char *database, const char *sql)
{
    PGresult *result = ask(cluster, database, sql);
    char *value = format_text("%s", PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");

    PQclear(result);
    return value;
}

long cluster_number(struct cluster *cluster, const char *database, const char *sql)
{
    char *value = cluster_value(cluster, database, sql), *end;
    long number = strtol(value, &end, 10);

    if (end == value || *end != '\0') {
        fprintf(stderr, "not a number: %s\nin: %s\n", value, sql);
        free(value);
        fail_msg("SQL gave no number");
    }
    free(value);
    return number;
}

void cluster_create_database(struct cluster *cluster, const char *database)
{
    char *name = PQescapeIdentifier(cluster->session, database, strlen(database));
    char *sql = format_text("CREATE DATABASE %s TEMPLATE template0", name);

    PQfreemem(name);
    cluster_sql(cluster, "postgres", sql);
    free(sql);
}
