/*
 * cutoverctl: requests, backups and promotions from a shell. The commands are in the table of
 * examples/cutoverctl/commands.c; each is a function of a few lines over <cutover.h>, in the file that is named for its
 * noun.
 */
#include "cutoverctl/cutoverctl.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct tool tool = {.home = NULL};
    int status = EXIT_USAGE;

    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return run_version(&tool);
    if (arguments_parse(&tool, argc, argv))
        status = tool.command->run(&tool);
    tool_close(&tool);
    /* A reader that has seen enough, as in `cutoverctl audit | head`, is nothing to complain about. */
    if (fflush(stdout) != 0 && errno != EPIPE && status == EXIT_DONE) {
        perror("cutoverctl: standard output");
        status = EXIT_FAILED;
    }
    return status;
}
