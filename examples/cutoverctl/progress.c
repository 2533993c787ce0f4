#include "cutoverctl.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_CELLS 24
#define ASK_AGAIN_S 5

static volatile sig_atomic_t interrupts; /* Ctrl-C: so many times */
static volatile sig_atomic_t ended;      /* by whoever ends processes */

static void interrupted(int number)
{
    (void)number;
    interrupts = interrupts + 1;
}

static void end_asked(int number)
{
    (void)number;
    ended = 1;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void bar_watch(struct bar *bar, const struct tool *tool)
{
    *bar = (struct bar){.tool = tool, .terminal = !tool->json && !tool->verbose && isatty(STDERR_FILENO)};
}

/* What ends processes cancels, cleanly, through the progress callback; a second signal changes nothing, because a job that is
   being undone must be left alone. */
void bar_begin(struct bar *bar, const struct tool *tool, const char *held, const char *end)
{
    struct sigaction action = {.sa_handler = end_asked, .sa_flags = SA_RESTART};

    bar_watch(bar, tool);
    bar->held = held;
    bar->end = end;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    action.sa_handler = interrupted;
    sigaction(SIGINT, &action, NULL);
}

static void format_left(double seconds, char *text, size_t size)
{
    if (seconds < 0)
        snprintf(text, size, "-:--");
    else if (seconds < 3600)
        snprintf(text, size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%dh%02dm", (int)(seconds / 3600), (int)(seconds / 60) % 60);
}

static void draw(struct bar *bar, const cutover_progress *progress)
{
    char line[400];
    char cells[BAR_CELLS + 1];
    char done[BYTES_TEXT_MAX];
    char left[32];
    int filled = (int)(progress->fraction * BAR_CELLS);

    memset(cells, '.', BAR_CELLS);
    memset(cells, '#', (size_t)(filled < 0 ? 0 : filled > BAR_CELLS ? BAR_CELLS : filled));
    cells[BAR_CELLS] = '\0';
    format_left(progress->seconds_left, left, sizeof left);
    int width =
        snprintf(line, sizeof line, "[%s] %3d%%  %-9s  %u/%u tables  %s  %s left%s", cells,
                 (int)(progress->fraction * 100), progress->step, progress->tables_done, progress->tables_total,
                 format_bytes(progress->bytes_done, done), left, bar->stopping ? "  (stopping)" : "");
    int columns = (int)columns_of(STDERR_FILENO) - 1;
    if (width > columns)
        width = columns;
    fprintf(stderr, "\r%-*.*s", bar->width > width ? bar->width : width, width, line);
    fflush(stderr);
    bar->width = width;
}

/* On a terminal a Ctrl-C is easily meant for something else: the first says what it would do, and a second within five seconds
   does it. Who is no terminal means it. */
static bool is_stopped(struct bar *bar)
{
    int seen = interrupts;
    bool asked = seen > bar->seen && bar->asked_at != 0 && seconds_now() - bar->asked_at <= ASK_AGAIN_S;

    if (ended || (seen > 0 && !bar->terminal) || seen > bar->seen + 1)
        asked = true;
    if (asked || bar->stopping) {
        bar->stopping = true;
        bar->seen = seen;
        return true;
    }
    if (seen > bar->seen) {
        bar->seen = seen;
        bar->asked_at = seconds_now();
        bar_end(bar);
        fprintf(stderr,
                "Ctrl-C once more within %d seconds cancels: %s.\nWithout, it goes on as if nothing had been "
                "pressed.\n",
                ASK_AGAIN_S, bar->end);
    }
    return false;
}

/* Without a terminal each step is a line; with --verbose the log has them, too. */
static void tell_step(struct bar *bar, const cutover_progress *progress)
{
    struct timespec now;
    char at[TIME_TEXT_MAX];

    if (bar->tool->json || bar->terminal || strcmp(bar->step, progress->step) == 0)
        return;
    snprintf(bar->step, sizeof bar->step, "%s", progress->step);
    clock_gettime(CLOCK_REALTIME, &now);
    fprintf(stderr, "%s  job %s: %s\n", format_time((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000, at),
            progress->job_id != NULL ? progress->job_id : "-", progress->step);
}

int32_t bar_show(const cutover_progress *progress, void *userdata)
{
    struct bar *bar = userdata;
    bool held = strcmp(progress->step, "held") == 0;

    bar->began = true;
    tell_step(bar, progress);
    if (held && bar->held != NULL && !bar->told_held && !bar->tool->json) {
        bar_end(bar);
        fprintf(stderr, "held: everything is ready. `cutoverctl release %s` lets it go on.\n", bar->held);
        bar->told_held = true;
    }
    bool stopped = bar->end != NULL && is_stopped(bar);
    if (bar->terminal)
        draw(bar, progress);
    return stopped ? 1 : 0;
}

/* Leaves a clean line behind. */
void bar_end(struct bar *bar)
{
    if (bar->width > 0)
        fprintf(stderr, "\r%*s\r", bar->width, "");
    bar->width = 0;
}
