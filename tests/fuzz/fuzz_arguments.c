/* cutoverctl's command line, one argument a line. What is taken is complete; what is refused says why, with --json in
   one object on standard output. The table of commands is the tool's own. */
int cutoverctl_main(int argc, char **argv);
#define main cutoverctl_main
#include "../examples/cutoverctl.c"
#undef main

#include "fuzz/fuzz.h"

#define ARGUMENTS_MAX 24

static FILE *said, *answered;
static char *said_bytes, *answered_bytes;
static size_t said_count, answered_count;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    unsetenv("CUTOVER_HOME");
    unsetenv("CUTOVER_STORE");
    said = open_memstream(&said_bytes, &said_count);
    answered = open_memstream(&answered_bytes, &answered_count);
    REQUIRE(said != NULL && answered != NULL);
    stderr = said;
    stdout = answered;
    return 0;
}

static void forget_output(void)
{
    rewind(said);
    rewind(answered);
}

static void require_refusal(const struct tool *tool)
{
    size_t characters = 0;

    REQUIRE(fflush(said) == 0 && fflush(answered) == 0);
    REQUIRE(said_count > 0);
    if (!tool->json) {
        REQUIRE(answered_count == 0);
        return;
    }
    REQUIRE(answered_count > 0 && answered_bytes[answered_count - 1] == '\n');
    REQUIRE(memchr(answered_bytes, '\n', answered_count) == answered_bytes + answered_count - 1);
    REQUIRE(utf8_count(answered_bytes, answered_count, &characters));
    struct json_object *object = json_parse(answered_bytes, answered_count, NULL);
    REQUIRE(object != NULL && json_member(object, "error") != NULL);
    json_object_put(object);
}

static void require_complete(struct tool *tool)
{
    const struct command *command = tool->command;

    REQUIRE(command != NULL && tool->home != NULL && tool->home[0] != '\0');
    for (unsigned i = 0; i < command->operand_count; i++)
        REQUIRE(tool->operands[i] != NULL);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        REQUIRE((command->required & BIT(i)) == 0 || tool->options[i] != NULL);
        REQUIRE(((command->required | command->allowed) & BIT(i)) != 0 || tool->options[i] == NULL);
    }
    const cutover_actor *actor = acting_as(tool, CUTOVER_ACTOR_USER);
    REQUIRE(actor->id != NULL && actor->id[0] != '\0' && actor->roles != 0);
}

static void parse_values(struct tool *tool)
{
    cutover_verify_method verify;
    int64_t microseconds = 0;
    uint32_t jobs = 0;

    forget_output();
    if (!parse_jobs(tool, &jobs) || !parse_verify(tool, &verify))
        require_refusal(tool);
    REQUIRE(jobs <= 64);
    forget_output();
    if (tool->options[OPTION_AT] != NULL && !parse_time(tool, tool->options[OPTION_AT], &microseconds))
        require_refusal(tool);
    forget_output();
    if (tool->options[OPTION_EXPIRES_IN] != NULL &&
        !parse_duration(tool, tool->options[OPTION_EXPIRES_IN], &microseconds))
        require_refusal(tool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *arguments = fuzz_string(data, size);
    char name[] = "cutoverctl", *argv[ARGUMENTS_MAX + 2] = {name}, *rest = arguments, *argument;
    struct tool tool = {.home = NULL};
    int argc = 1;

    while (argc <= ARGUMENTS_MAX && (argument = strsep(&rest, "\n")) != NULL)
        argv[argc++] = argument;
    forget_output();
    bool taken = arguments_parse(&tool, argc, argv);
    if (taken && tool.help) {
        /* What else was given is not looked at. */
        REQUIRE(tool.command != NULL && strcmp(tool.command->noun, "help") == 0);
    } else if (taken) {
        require_complete(&tool);
        parse_values(&tool);
    } else {
        require_refusal(&tool);
    }
    tool_close(&tool);
    free(arguments);
    return 0;
}
