/* The man page and the completions of shells, from the same tables as the help. Made when the tool is built; see Makefile.am. */
#include "cutoverctl.h"

#include <ctype.h>
#include <string.h>

/* ---- mdoc ---- */

/* Text in which nothing is a macro or an escape; a sentence's end ends the line, as mdoc wants it. */
static void put_roff(const char *text)
{
    bool line_begins = true;

    for (; *text != '\0'; text++) {
        if (line_begins && (*text == '.' || *text == '\''))
            fputs("\\&", stdout);
        line_begins = false;
        if (*text == '\n') {
            fputs("\n.Pp\n", stdout);
            line_begins = true;
        } else if (*text == '\\') {
            fputs("\\e", stdout);
        } else if (*text == '-') {
            fputs("\\-", stdout);
        } else if (*text == ' ' && (text[-1] == '.' || text[-1] == '?')) {
            fputc('\n', stdout);
            line_begins = true;
        } else {
            fputc(*text, stdout);
        }
    }
    fputc('\n', stdout);
}

static void put_option_name(const struct option_text *option)
{
    /* .Fl sets the first dash itself. */
    printf(".It Fl \\-%s", option->name + 2);
    if (option->value != NULL)
        printf(" Ar %s", option->value);
    fputc('\n', stdout);
}

static void put_synopsis(const struct command *command)
{
    printf(".It Cm %s", command->noun);
    if (command->verb != NULL)
        printf(" %s", command->verb);
    if (command->operands != NULL)
        printf(command->operands_optional > 0 ? " Op Ar %s" : " Ar %s", command->operands);
    fputc('\n', stdout);
}

static void put_flags(const struct command *command)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const struct option_text *option = &option_texts[i];
        if (((command->required | command->allowed) & BIT(i)) == 0)
            continue;
        printf((command->required & BIT(i)) != 0 ? ".Fl \\-%s" : ".Op Fl \\-%s", option->name + 2);
        if (option->value != NULL)
            printf(" Ar %s", option->value);
        fputc('\n', stdout);
    }
}

static void put_example_lines(const char *examples)
{
    if (examples == NULL)
        return;
    fputs(".Bd -literal -offset indent\n", stdout);
    for (const char *line = examples; *line != '\0'; line += strcspn(line, "\n") + 1) {
        for (size_t i = 0; i < strcspn(line, "\n"); i++)
            fputs(line[i] == '\\' ? "\\e" : line[i] == '-' ? "\\-" : (const char[]){line[i], '\0'}, stdout);
        fputc('\n', stdout);
    }
    fputs(".Ed\n", stdout);
}

static void put_command(const struct command *command)
{
    put_synopsis(command);
    put_flags(command);
    if (((command->required | command->allowed) & ((BIT(OPTION_COUNT)) - 1)) != 0)
        fputs(".Pp\n", stdout);
    printf("%c%s.\n", toupper((unsigned char)command->summary[0]), command->summary + 1);
    if (command->text != NULL)
        put_roff(command->text);
    put_example_lines(command->examples);
}

static void put_manual(void)
{
    printf(".\\\" Made by `cutoverctl print man`.\n.Dd November 1, 2026\n.Dt CUTOVERCTL 1\n.Os libcutover %s\n",
           cutover_version());
    fputs(".Sh NAME\n.Nm cutoverctl\n.Nd make a PostgreSQL preview the new production\n", stdout);
    fputs(".Sh SYNOPSIS\n.Nm\n.Op Fl \\-home Ar DIR\n.Op Fl \\-json\n.Op Fl \\-as Ar KIND:ID[:ROLE,ROLE]\n.Ar "
          "COMMAND\n",
          stdout);
    fputs(".Sh DESCRIPTION\n.Nm\nis the shell tool over\n.Xr libcutover 3 .\nRecords and backups are kept in "
          "one home folder.\n.Pp\n"
          "Options of every command:\n.Bl -tag -width Ds\n",
          stdout);
    for (const struct option_text *common = common_texts; common->name != NULL; common++) {
        put_option_name(common);
        put_roff(common->what);
    }
    fputs(".El\n.Sh COMMANDS\n.Bl -tag -width Ds\n", stdout);
    for (const struct command *command = commands; command->noun != NULL; command++)
        put_command(command);
    fputs(".El\n.Sh OPTIONS\n.Bl -tag -width Ds\n", stdout);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        put_option_name(&option_texts[i]);
        put_roff(option_texts[i].what);
    }
    fputs(".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n.It Ev CUTOVER_HOME\nThe home folder.\n.It Ev "
          "CUTOVER_PG_BIN_DIR\n"
          "The folder of pg_dump and pg_restore; else they are looked for in\n.Ev PATH .\n.It Ev TMPDIR\n"
          "Where private temporary folders are made.\n.El\n",
          stdout);
    fputs(".Sh EXIT STATUS\n.Bl -tag -width Ds\n", stdout);
    for (const struct exit_text *exit = exit_texts; exit->what != NULL; exit++) {
        printf(".It %d\n", exit->status);
        put_roff(exit->what);
    }
    fputs(".El\n.Sh SEE ALSO\n.Xr pg_dump 1 ,\n.Xr pg_restore 1 ,\n.Xr libcutover 3\n", stdout);
}

/* ---- completions ---- */

/* Each noun once, or each verb of one. */
static void put_words(const char *noun, char separator)
{
    const char *last = "";

    for (const struct command *command = commands; command->noun != NULL; command++) {
        const char *word = noun == NULL ? command->noun : command->verb;
        if ((noun != NULL && strcmp(command->noun, noun) != 0) || word == NULL || strcmp(word, last) == 0)
            continue;
        printf("%s%c", word, separator);
        last = word;
    }
}

static bool is_first_of_noun(const struct command *command)
{
    return command == commands || strcmp(command[-1].noun, command->noun) != 0;
}

static void put_option_words(uint64_t set)
{
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if ((set & BIT(i)) != 0)
            printf("%s ", option_texts[i].name);
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        printf("%s ", common->name);
}

/* Which words come is a case over what is there already: "request ack". Common to bash and zsh, which has bash's way. */
static void put_bash_cases(void)
{
    fputs("    case \"$noun\" in\n", stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        if (command->verb == NULL || !is_first_of_noun(command))
            continue;
        printf("    %s) verbs='", command->noun);
        put_words(command->noun, ' ');
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n    case \"$noun $verb\" in\n", stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        printf(command->verb != NULL ? "    '%s %s') options='" : "    '%s '*) options='", command->noun,
               command->verb);
        put_option_words(command->required | command->allowed);
        fputs("' ;;\n", stdout);
    }
    fputs("    esac\n", stdout);
}

static void put_bash(void)
{
    fputs("# Completion of cutoverctl for bash, made by `cutoverctl print bash`.\n_cutoverctl()\n{\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} noun= verb= verbs= options='--home --json --as --help' i "
          "skip=\n"
          "    COMPREPLY=()\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        if [ -n \"$skip\" ]; then skip=; continue; fi\n"
          "        case \"${COMP_WORDS[i]}\" in\n        --*=*) ;;\n        ",
          stdout);
    for (unsigned i = 0; i < OPTION_COUNT; i++)
        if (option_texts[i].value != NULL)
            printf("%s | ", option_texts[i].name);
    fputs("--home | --as) skip=1 ;;\n        -*) ;;\n"
          "        *) if [ -z \"$noun\" ]; then noun=${COMP_WORDS[i]}; elif [ -z \"$verb\" ]; then "
          "verb=${COMP_WORDS[i]}; fi ;;\n"
          "        esac\n    done\n",
          stdout);
    put_bash_cases();
    fputs("    if [ -n \"$skip\" ]; then COMPREPLY=($(compgen -f -- \"$word\")); return; fi\n"
          "    case \"$word\" in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
          "    *)\n        if [ -z \"$noun\" ]; then COMPREPLY=($(compgen -W '",
          stdout);
    put_words(NULL, ' ');
    fputs("' -- \"$word\")); elif [ -z \"$verb\" ] && [ -n \"$verbs\" ]; then COMPREPLY=($(compgen -W "
          "\"$verbs\" -- \"$word\")); fi ;;\n"
          "    esac\n}\ncomplete -F _cutoverctl cutoverctl\n",
          stdout);
}

/* Text between single quotes, for zsh and fish. */
static void put_quoted(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputs(*text == '\'' ? "'\\''" : "\\\\", stdout);
        else if (strchr("[]:", *text) != NULL)
            printf("\\%c", *text);
        else
            fputc(*text, stdout);
    }
}

static void put_zsh_option(const struct option_text *option)
{
    printf(" \\\n            '%s%s[", option->name, option->value != NULL ? "=" : "");
    put_quoted(option->what);
    fputs(option->value != NULL ? "]:value:_files'" : "]'", stdout);
}

static void put_zsh(void)
{
    fputs("#compdef cutoverctl\n# Completion of cutoverctl for zsh, made by `cutoverctl print "
          "zsh`.\n_cutoverctl()\n{\n"
          "    local -a nouns verbs\n    nouns=(",
          stdout);
    put_words(NULL, ' ');
    fputs(")\n    if ((CURRENT == 2)); then\n        compadd -- $nouns --home --json --as --help\n        "
          "return\n    fi\n"
          "    case $words[2] in\n",
          stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        if (command->verb == NULL || !is_first_of_noun(command))
            continue;
        printf("    %s) verbs=(", command->noun);
        put_words(command->noun, ' ');
        fputs(") ;;\n", stdout);
    }
    fputs("    esac\n    if ((CURRENT == 3 && $#verbs > 0)); then\n        compadd -- $verbs\n        return\n "
          "   fi\n"
          "    case \"$words[2] ${${verbs:+$words[3]}:-}\" in\n",
          stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        printf("    '%s %s')\n        _arguments", command->noun, command->verb != NULL ? command->verb : "");
        for (unsigned i = 0; i < OPTION_COUNT; i++)
            if (((command->required | command->allowed) & BIT(i)) != 0)
                put_zsh_option(&option_texts[i]);
        for (const struct option_text *common = common_texts; common->name != NULL; common++)
            put_zsh_option(common);
        fputs(" ;;\n", stdout);
    }
    fputs("    esac\n}\n_cutoverctl \"$@\"\n", stdout);
}

static void put_fish_text(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            fputc('\\', stdout);
        fputc(*text, stdout);
    }
}

static void put_fish_option(const struct option_text *option, const char *condition)
{
    printf("complete -c cutoverctl %s-l %s%s -d '", condition, option->name + 2,
           option->value != NULL ? " -r" : "");
    put_fish_text(option->what);
    fputs("'\n", stdout);
}

static void put_fish(void)
{
    fputs("# Completion of cutoverctl for fish, made by `cutoverctl print fish`.\ncomplete -c cutoverctl -f\n",
          stdout);
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        put_fish_option(common, "");
    for (const struct command *command = commands; command->noun != NULL; command++) {
        char condition[200];
        if (is_first_of_noun(command)) {
            printf("complete -c cutoverctl -n __fish_use_subcommand -a %s -d '", command->noun);
            put_fish_text(command->verb == NULL ? command->summary : "");
            fputs("'\n", stdout);
        }
        if (command->verb != NULL) {
            printf("complete -c cutoverctl -n '__fish_seen_subcommand_from %s; and not "
                   "__fish_seen_subcommand_from ",
                   command->noun);
            put_words(command->noun, ' ');
            printf("' -a %s -d '", command->verb);
            put_fish_text(command->summary);
            fputs("'\n", stdout);
        }
        snprintf(condition, sizeof condition, "-n '__fish_seen_subcommand_from %s%s%s' ", command->noun,
                 command->verb != NULL ? "; and __fish_seen_subcommand_from " : "",
                 command->verb != NULL ? command->verb : "");
        for (unsigned i = 0; i < OPTION_COUNT; i++)
            if (((command->required | command->allowed) & BIT(i)) != 0)
                put_fish_option(&option_texts[i], condition);
    }
}

int run_print(struct tool *tool)
{
    static const struct {
        const char *what;
        void (*put)(void);
    } kinds[] = {{"man", put_manual}, {"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].what, tool->operands[0]) == 0) {
            kinds[i].put();
            return EXIT_DONE;
        }
    }
    return usage_error(tool, "there is no `%s` to print: man, bash, zsh or fish", tool->operands[0]);
}
