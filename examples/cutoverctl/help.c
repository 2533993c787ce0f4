/* help and version, and the usage of a command: text for a terminal of 40 columns and more. */
#include "cutoverctl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_MIN 40
#define COLUMNS_MAX 100
#define COLUMNS_ELSEWHERE 80

unsigned columns_of(int descriptor)
{
    struct winsize size;
    long columns = 0;

    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    if (columns == 0 && getenv("COLUMNS") != NULL)
        columns = strtol(getenv("COLUMNS"), NULL, 10);
    if (columns <= 0)
        columns = COLUMNS_ELSEWHERE;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : (unsigned)columns;
}

/* Text that is filled into lines. */
struct page {
    FILE *file;
    unsigned columns;
    unsigned indent; /* of the lines that follow the first */
    unsigned at;     /* column; 0: nothing is on the line */
};

static struct page page_of(FILE *file)
{
    return (struct page){.file = file, .columns = columns_of(fileno(file))};
}

/* A word after a space, on the next line where it does not fit on this one. */
static void put_word(struct page *page, const char *word, size_t length)
{
    if (page->at > page->indent && page->at + 1 + length > page->columns) {
        fputc('\n', page->file);
        page->at = 0;
    }
    if (page->at < page->indent) {
        fprintf(page->file, "%*s", (int)(page->indent - page->at), "");
        page->at = page->indent;
    } else if (page->at > page->indent) {
        fputc(' ', page->file);
        page->at++;
    }
    fwrite(word, 1, length, page->file);
    page->at += (unsigned)length;
}

static void end_line(struct page *page)
{
    if (page->at > 0)
        fputc('\n', page->file);
    page->at = 0;
}

/* Words, with a new line where the text has one. */
static void put_text_filled(struct page *page, const char *text)
{
    for (; *text != '\0';) {
        size_t length = strcspn(text, " \n");
        if (length > 0)
            put_word(page, text, length);
        text += length;
        if (*text == '\n')
            end_line(page);
        text += *text != '\0';
    }
}

/* A part of a usage line, which is not broken. */
static void put_option(struct page *page, const struct option_text *option, bool required)
{
    char part[100];

    snprintf(part, sizeof part, "%s%s%s%s%s", required ? "" : "[", option->name,
             option->value != NULL ? " " : "", option->value != NULL ? option->value : "", required ? "" : "]");
    put_word(page, part, strlen(part));
}

static void put_usage(struct page *page, const struct command *command)
{
    put_word(page, command->noun, strlen(command->noun));
    page->indent += 4;
    if (command->verb != NULL)
        put_word(page, command->verb, strlen(command->verb));
    if (command->operands != NULL) {
        char part[60];
        const char *open = command->operands_optional > 0 ? "[" : "";
        snprintf(part, sizeof part, "%s%s%s", open, command->operands, *open != '\0' ? "]" : "");
        put_word(page, part, strlen(part));
    }
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if ((command->required & BIT(i)) != 0)
            put_option(page, &option_texts[i], true);
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if ((command->allowed & BIT(i)) != 0)
            put_option(page, &option_texts[i], false);
    page->indent -= 4;
    end_line(page);
}

void print_usage(FILE *file, const struct command *command)
{
    struct page page = page_of(file);

    put_text_filled(&page, "usage: cutoverctl");
    put_usage(&page, command);
}

/* A name and what it is: beside it, or below where there is no room. */
static void put_item(struct page *page, const char *name, const char *value, const char *text)
{
    const unsigned beside = page->columns >= 70 ? 27 : 8;
    char part[100];

    snprintf(part, sizeof part, "%s%s%s", name, value != NULL ? " " : "", value != NULL ? value : "");
    page->indent = 2;
    put_text_filled(page, part);
    if (page->at + 2 > beside)
        end_line(page);
    else
        page->at += (unsigned)fprintf(page->file, "%*s", (int)(beside - page->at), "");
    page->indent = beside;
    put_text_filled(page, text);
    end_line(page);
    page->indent = 0;
}

static void put_options(struct page *page, const struct command *command)
{
    fprintf(page->file, "\nOptions:\n");
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (((command->required | command->allowed) & BIT(i)) != 0)
            put_item(page, option_texts[i].name, option_texts[i].value, option_texts[i].what);
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        put_item(page, common->name, common->value, common->what);
}

static void put_examples(struct page *page, const char *text)
{
    if (text == NULL)
        return;
    fprintf(page->file, "\nExamples:\n");
    /* As they are: a line that was broken could not be pasted. */
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1)
        fprintf(page->file, "  %.*s\n", (int)strcspn(line, "\n"), line);
}

static void put_exits(struct page *page, uint64_t exits)
{
    fprintf(page->file, "\nExit status:\n");
    for (const struct exit_text *exit = exit_texts; exit->what != NULL; exit++) {
        char number[12];
        snprintf(number, sizeof number, "%d", exit->status);
        if ((exits & BIT(exit->status)) != 0)
            put_item(page, number, NULL, exit->what);
    }
}

static void put_sentence(struct page *page, const char *summary)
{
    fprintf(page->file, "\n");
    page->indent = 0;
    char first[2] = {(char)(summary[0] >= 'a' && summary[0] <= 'z' ? summary[0] - 'a' + 'A' : summary[0])};
    char *sentence = must(malloc(strlen(summary) + 2));
    snprintf(sentence, strlen(summary) + 2, "%s%s.", first, summary + 1);
    put_text_filled(page, sentence);
    end_line(page);
    free(sentence);
}

void print_help(FILE *file, const struct command *command)
{
    struct page page = page_of(file);

    put_text_filled(&page, "usage: cutoverctl");
    put_usage(&page, command);
    put_sentence(&page, command->summary);
    if (command->text != NULL) {
        put_text_filled(&page, command->text);
        end_line(&page);
    }
    put_options(&page, command);
    put_examples(&page, command->examples);
    put_exits(&page, command->exits | EXITS_ALWAYS);
}

/* The commands whose noun is this one, or all. */
static void put_commands(struct page *page, const char *noun)
{
    for (const struct command *command = commands; command->noun != NULL; command++) {
        char name[60];
        if (noun != NULL && strcmp(command->noun, noun) != 0)
            continue;
        snprintf(name, sizeof name, "%s%s%s", command->noun, command->verb != NULL ? " " : "",
                 command->verb != NULL ? command->verb : "");
        put_item(page, name, command->operands, command->summary);
    }
}

void print_overview(FILE *file)
{
    struct page page = page_of(file);

    put_text_filled(&page, "usage: cutoverctl");
    page.indent = 4;
    put_text_filled(&page, "[--home DIR] [--store STORE] [--json] [--as KIND:ID[:ROLE,ROLE]] COMMAND");
    end_line(&page);
    page.indent = 0;
    fprintf(file, "\nCommands:\n");
    put_commands(&page, NULL);
    fprintf(file, "\nOptions of every command:\n");
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        put_item(&page, common->name, common->value, common->what);
    put_exits(&page, ~UINT64_C(0));
    fprintf(file, "\n");
    put_text_filled(&page,
                    "`cutoverctl help COMMAND` has the options, examples and exit statuses of one.\n"
                    "$CUTOVER_PG_BIN_DIR names the folder of pg_dump and pg_restore; else they are looked for "
                    "in $PATH.\n");
}

int run_help(struct tool *tool)
{
    const char *noun = tool->operands[0], *verb = tool->operands[1];
    bool known = false;

    if (tool->json)
        return usage_error(tool, "help is text for people: leave --json out");
    if (noun == NULL) {
        print_overview(stdout);
        return EXIT_DONE;
    }
    const struct command *command = find_command(noun, verb, &known);
    if (command != NULL && (verb == NULL || command->verb != NULL)) {
        print_help(stdout, command);
        return EXIT_DONE;
    }
    if (!known || verb != NULL)
        return usage_error(tool, "there is no command `%s%s%s`", noun, verb != NULL ? " " : "",
                           verb != NULL ? verb : "");
    struct page page = page_of(stdout);
    put_commands(&page, noun);
    return EXIT_DONE;
}

int run_version(struct tool *tool)
{
    if (tool->json) {
        struct json_object *object = new_object();
        put_text(object, "version", cutover_version());
        print_json(object);
    } else {
        printf("cutoverctl %s\n", cutover_version());
    }
    return EXIT_DONE;
}
