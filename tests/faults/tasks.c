#include "faults/tasks.h"

#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void start(struct task *task)
{
    pid_t parent = getpid(), pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        char *arguments[TASK_ARGUMENTS + 2] = {"test"};
        for (size_t i = 0; i < TASK_ARGUMENTS; i++)
            arguments[i + 1] = task->arguments[i];
        int output = open(task->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
            getppid() != parent)
            _exit(127);
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    task->pid = pid;
}

/* One that has to wait for another that failed fails without having run. */
static struct task *next_ready(struct task *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct task *task = &tasks[i];
        if (task->pid != 0 || task->ended)
            continue;
        if (task->after == NULL || (task->after->ended && task->after->succeeded))
            return task;
        task->ended = task->after->ended;
    }
    return NULL;
}

/* False when none runs. */
static bool await_one(struct task *tasks, size_t count)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, 0)) < 0 && errno == EINTR)
        continue;
    if (pid < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (tasks[i].pid == pid) {
            tasks[i].pid = 0;
            tasks[i].ended = true;
            tasks[i].succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        }
    return true;
}

static unsigned count_running(const struct task *tasks, size_t count)
{
    unsigned running = 0;

    for (size_t i = 0; i < count; i++)
        running += tasks[i].pid != 0;
    return running;
}

void tasks_run(struct task *tasks, size_t count, unsigned at_once)
{
    for (;;) {
        struct task *ready;
        while (count_running(tasks, count) < at_once && (ready = next_ready(tasks, count)) != NULL)
            start(ready);
        if (count_running(tasks, count) == 0 || !await_one(tasks, count))
            return;
    }
}

void task_show(const struct task *task)
{
    char line[1024];
    FILE *file = fopen(task->output, "re");

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        fputs(line, stderr);
    if (file != NULL)
        fclose(file);
}

void task_free(struct task *task)
{
    for (size_t i = 0; i < TASK_ARGUMENTS; i++)
        free(task->arguments[i]);
    free(task->output);
}

unsigned processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}
