#include "base/process.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_LIMIT ((size_t)64 * 1024)
#define GRACE_US (INT64_C(2) * 1000000) /* from SIGTERM to SIGKILL, and for output after the end */

/* REPORT is only open where the kernel throws exit statuses away. */
enum { OUTPUT, ERRORS, REPORT, STREAMS };

#define SHELL "/bin/sh"
#define REPORT_FD 3
/* The shell outlives SIGTERM, which the program gets as well, to tell how the program ended. */
static char report_script[] = "trap : TERM; \"$@\" 3>&-; echo $? >&3";

enum phase { RUNNING, TERMINATED, KILLED };
enum ending { ALIVE, ENDED, LOST }; /* LOST: somebody else took the status, or it was thrown away */

struct stream {
    int read_end;  /* -1 when closed */
    int write_end; /* -1 when closed */
    struct text *text;
    size_t limit;
    size_t kept;
};

struct child {
    const struct process *process;
    pid_t pid;
    struct stream streams[STREAMS];
    enum phase phase;
    enum ending ending;
    cutover_status stop;   /* why it was asked to end; CUTOVER_OK: it was not */
    int64_t next_phase_us; /* when SIGTERM has had its time */
    bool by_shell;
    struct text report;
    int exit_status;
    int signal; /* that ended it, or 0 */
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void close_streams(struct child *child)
{
    for (int i = 0; i < STREAMS; i++) {
        close_end(&child->streams[i].read_end);
        close_end(&child->streams[i].write_end);
    }
}

/* Moves a descriptor out of 0 to 2, which the child's own streams replace: the host may have closed its own. */
static bool move_up(int *fd)
{
    if (*fd > STDERR_FILENO)
        return true;
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0)
        return false;
    close(*fd);
    *fd = moved;
    return true;
}

static cutover_status open_pipe(struct stream *stream, cutover_error **error)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot make a pipe");
    stream->read_end = ends[0];
    stream->write_end = ends[1];
    if (!move_up(&stream->read_end) || !move_up(&stream->write_end) ||
        fcntl(stream->read_end, F_SETFL, O_NONBLOCK) != 0)
        return error_set_errno(error, CUTOVER_E_IO, errno, "cannot set up a pipe");
    return CUTOVER_OK;
}

/* 0 or an errno. Everything above the three streams is closed in the child, also what the host forgot to mark. */
static int plan_files(posix_spawn_file_actions_t *files, const struct child *child)
{
    int failure = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (failure == 0)
        failure = posix_spawn_file_actions_adddup2(files, child->streams[OUTPUT].write_end, STDOUT_FILENO);
    if (failure == 0)
        failure = posix_spawn_file_actions_adddup2(files, child->streams[ERRORS].write_end, STDERR_FILENO);
    if (failure == 0 && child->by_shell)
        failure = posix_spawn_file_actions_adddup2(files, child->streams[REPORT].write_end, REPORT_FD);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (failure == 0)
        failure = posix_spawn_file_actions_addclosefrom_np(files, child->by_shell ? REPORT_FD + 1 : REPORT_FD);
#endif
    return failure;
}

/* 0 or an errno. Own group, no blocked signals, and the default for each: an ignored SIGPIPE would be inherited
   (EDGE_CASES G5, G13). */
static int plan_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int failure = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                           POSIX_SPAWN_SETSIGDEF);
    if (failure == 0)
        failure = posix_spawnattr_setpgroup(attributes, 0);
    if (failure == 0)
        failure = posix_spawnattr_setsigmask(attributes, &none);
    if (failure == 0)
        failure = posix_spawnattr_setsigdefault(attributes, &all);
    return failure;
}

/* 0 or an errno. */
static int spawn_program(struct child *child, const char *program, char *const *arguments)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    /* posix_spawn() takes the strings as they are and changes none. */
    char *const *environment = (char *const *)(uintptr_t)child->process->environment;

    int failure = posix_spawn_file_actions_init(&files);
    if (failure != 0)
        return failure;
    failure = posix_spawnattr_init(&attributes);
    if (failure != 0)
        goto destroy_files;
    failure = plan_files(&files, child);
    if (failure == 0)
        failure = plan_attributes(&attributes);
    if (failure == 0)
        failure = posix_spawn(&child->pid, program, &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
destroy_files:
    posix_spawn_file_actions_destroy(&files);
    return failure;
}

/* 0 or an errno. Starts the program under a shell that writes its exit status to REPORT_FD. */
static int spawn_by_shell(struct child *child)
{
    static char shell[] = SHELL, option[] = "-c";
    const struct process *process = child->process;
    if (access(process->program, X_OK) != 0)
        return errno;

    size_t count = 0;
    while (process->arguments[count] != NULL)
        count++;
    const char **arguments = calloc(count + 6, sizeof *arguments);
    if (arguments == NULL)
        return ENOMEM;
    const char *head[] = {shell, option, report_script, shell, process->program};
    memcpy(arguments, head, sizeof head);
    for (size_t i = 1; i < count; i++)
        arguments[4 + i] = process->arguments[i];
    int failure = spawn_program(child, SHELL, (char *const *)(uintptr_t)arguments);
    free(arguments);
    return failure;
}

static cutover_status spawn(struct child *child, cutover_error **error)
{
    const struct process *process = child->process;
    int failure;
    if (child->by_shell)
        failure = spawn_by_shell(child);
    else
        failure = spawn_program(child, process->program, (char *const *)(uintptr_t)process->arguments);
    if (failure != 0)
        return error_set_errno(error, CUTOVER_E_IO, failure, "cannot start %s", process->program);
    for (int i = 0; i < STREAMS; i++)
        close_end(&child->streams[i].write_end);
    return CUTOVER_OK;
}

/* Reads once, so that a child which never stops writing cannot keep us from looking up. */
static void read_stream(struct stream *stream)
{
    char buffer[16384];
    ssize_t count = read(stream->read_end, buffer, sizeof buffer);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        close_end(&stream->read_end);
        return;
    }
    size_t room = stream->limit - stream->kept;
    size_t keep = (size_t)count < room ? (size_t)count : room;
    if (stream->text != NULL)
        text_add_bytes(stream->text, buffer, keep);
    stream->kept += keep;
}

static bool streams_open(const struct child *child)
{
    for (int i = 0; i < STREAMS; i++)
        if (child->streams[i].read_end >= 0)
            return true;
    return false;
}

/* Waits at most `ms` for output, and reads it. */
static void pump(struct child *child, int ms)
{
    struct pollfd polled[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        polled[i] = (struct pollfd){.fd = child->streams[i].read_end, .events = POLLIN};
    if (poll(polled, STREAMS, ms) <= 0)
        return;
    for (int i = 0; i < STREAMS; i++)
        if (polled[i].revents != 0)
            read_stream(&child->streams[i]);
}

/* Looks without reaping: until then the group's number cannot become another's. */
static void look(struct child *child)
{
    siginfo_t about = {0};
    int result;
    do
        result = waitid(P_PID, (id_t)child->pid, &about, WEXITED | WNOHANG | WNOWAIT);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        child->ending = LOST;
    else if (about.si_pid == child->pid)
        child->ending = ENDED;
}

static void stop_if_asked(struct child *child)
{
    int64_t now = monotonic_us();
    if (child->phase == RUNNING) {
        if (cancel_asked(child->process->cancel))
            child->stop = CUTOVER_E_CANCELLED;
        else if (child->process->deadline_us != 0 && now >= child->process->deadline_us)
            child->stop = CUTOVER_E_IO;
        else
            return;
        kill(-child->pid, SIGTERM);
        child->phase = TERMINATED;
        child->next_phase_us = now + GRACE_US;
    } else if (child->phase == TERMINATED && now >= child->next_phase_us) {
        kill(-child->pid, SIGKILL);
        child->phase = KILLED;
    }
}

static void wait_for_end(struct child *child)
{
    int pause_ms = 1;
    for (look(child); child->ending == ALIVE; look(child)) {
        stop_if_asked(child);
        if (streams_open(child)) {
            pump(child, CANCEL_SLICE_MS);
        } else {
            /* It closed both and is most likely about to end. */
            poll(NULL, 0, pause_ms);
            pause_ms = pause_ms < CANCEL_SLICE_MS / 2 ? pause_ms * 2 : CANCEL_SLICE_MS;
        }
    }
}

/* Ends what the child left behind in its group, and takes its status. */
static void reap(struct child *child)
{
    pid_t waited;
    int status = 0;
    kill(-child->pid, SIGKILL);
    do
        waited = waitpid(child->pid, &status, 0);
    while (waited < 0 && errno == EINTR);
    if (waited != child->pid)
        child->ending = LOST;
    else if (WIFSIGNALED(status))
        child->signal = WTERMSIG(status);
    else
        child->exit_status = WEXITSTATUS(status);
}

/* Reads what is still in the pipes. A descendant that left the group may hold them open: not for long. */
static void drain(struct child *child)
{
    int64_t until = monotonic_us() + GRACE_US;
    while (streams_open(child) && monotonic_us() < until)
        pump(child, CANCEL_SLICE_MS);
}

/* What the shell told: only a whole line counts. */
static void read_report(struct child *child)
{
    const char *at = text_string(&child->report);
    int status = 0, digits = 0;
    for (; *at >= '0' && *at <= '9' && digits < 3; at++, digits++)
        status = status * 10 + (*at - '0');
    if (digits == 0 || strcmp(at, "\n") != 0 || status > 255)
        return;
    child->ending = ENDED;
    /* A shell adds 128 to the number of the signal. */
    if (status > 128 && status <= 128 + SIGRTMAX)
        child->signal = status - 128;
    else
        child->exit_status = status;
}

static const char *name_of(const struct process *process)
{
    const char *slash = strrchr(process->program, '/');
    return slash != NULL ? slash + 1 : process->program;
}

static cutover_status outcome(const struct child *child, int *exit_status, cutover_error **error)
{
    const char *name = name_of(child->process);
    if (child->stop == CUTOVER_E_CANCELLED)
        return error_set(error, CUTOVER_E_CANCELLED, "cancelled while %s ran", name);
    if (child->stop != CUTOVER_OK)
        return error_set(error, child->stop, "%s did not end before its deadline, and was ended", name);
    if (child->ending == LOST) {
        error_set(error, CUTOVER_E_IO, "%s: exit status lost", name);
        error_hint(error,
                   "Something in the host process waits for every child; it must leave the library's children "
                   "to the library.");
        return CUTOVER_E_IO;
    }
    if (child->signal != 0) {
        error_set(error, CUTOVER_E_IO, "%s was ended by signal %d", name, child->signal);
        if (child->signal == SIGKILL)
            error_hint(error, "The kernel does this when memory runs out: see its log.");
        return CUTOVER_E_IO;
    }
    for (int i = 0; i < STREAMS; i++)
        if (child->streams[i].text != NULL && text_failed(child->streams[i].text))
            return error_nomem(error);
    *exit_status = child->exit_status;
    return CUTOVER_OK;
}

/* Whether the kernel throws away how children end, because the host ignores SIGCHLD (EDGE_CASES G3). */
static bool statuses_are_dropped(void)
{
    struct sigaction action;
    if (sigaction(SIGCHLD, NULL, &action) != 0)
        return false;
    return (action.sa_flags & SA_NOCLDWAIT) != 0 ||
           ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN);
}

cutover_status process_run(const struct process *process, int *exit_status, struct text *output,
                           struct text *errors, cutover_error **error)
{
    struct child child = {.process = process, .by_shell = statuses_are_dropped(), .report = TEXT_INIT};
    struct text *texts[STREAMS] = {output, errors, &child.report};
    for (int i = 0; i < STREAMS; i++)
        child.streams[i] = (struct stream){
            .read_end = -1,
            .write_end = -1,
            .text = texts[i],
            .limit = process->output_limit > 0 ? process->output_limit : OUTPUT_LIMIT,
        };
    child.streams[REPORT].limit = OUTPUT_LIMIT;

    cutover_status status = cancel_check(process->cancel, error);
    for (int i = 0; i < (child.by_shell ? STREAMS : REPORT) && status == CUTOVER_OK; i++)
        status = open_pipe(&child.streams[i], error);
    if (status == CUTOVER_OK)
        status = spawn(&child, error);
    if (status == CUTOVER_OK) {
        wait_for_end(&child);
        if (child.ending == ENDED)
            reap(&child);
        drain(&child);
        if (child.ending == LOST)
            read_report(&child);
        status = outcome(&child, exit_status, error);
    }
    close_streams(&child);
    text_free(&child.report);
    return status;
}
