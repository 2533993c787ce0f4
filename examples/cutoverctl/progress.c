#include "cutoverctl.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_CELLS 24

static volatile sig_atomic_t stop_asked;

static void ask_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

/* The first signal cancels, cleanly, through the progress callback; a second one changes nothing, because a job
   that is being undone must be left alone. */
void bar_begin(struct bar *bar, const struct tool *tool, const char *held)
{
    struct sigaction action = {.sa_handler = ask_stop, .sa_flags = SA_RESTART};

    *bar = (struct bar){.tool = tool, .held = held, .terminal = !tool->json && isatty(STDERR_FILENO)};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static int terminal_columns(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void format_left(double seconds, char *text, size_t size)
{
    if (seconds < 0)
        snprintf(text, size, "-:--");
    else if (seconds < 3600)
        snprintf(text, size, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, size, "%.0fh%02dm", seconds / 3600, (int)(seconds / 60) % 60);
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
                 format_bytes(progress->bytes_done, done), left, stop_asked ? "  (stopping)" : "");
    int columns = terminal_columns() - 1;
    if (width > columns)
        width = columns;
    fprintf(stderr, "\r%-*.*s", bar->width > width ? bar->width : width, width, line);
    fflush(stderr);
    bar->width = width;
}

int32_t bar_show(const cutover_progress *progress, void *userdata)
{
    struct bar *bar = userdata;
    bool held = strcmp(progress->step, "held") == 0;

    if (held && bar->held != NULL && !bar->told_held && !bar->tool->json) {
        bar_end(bar);
        fprintf(stderr, "held: everything is ready. `cutoverctl release %s` lets it go on.\n", bar->held);
        bar->told_held = true;
    }
    if (bar->terminal)
        draw(bar, progress);
    return stop_asked ? 1 : 0;
}

/* Leaves a clean line behind. */
void bar_end(struct bar *bar)
{
    if (bar->width > 0)
        fprintf(stderr, "\r%*s\r", bar->width, "");
    bar->width = 0;
}
