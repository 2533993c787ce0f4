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
    fputs(".Sh SYNOPSIS\n.Nm\n.Op Fl \\-home Ar DIR\n.Op Fl \\-store Ar STORE\n.Op Fl \\-json\n.Op Fl \\-as Ar "
          "KIND:ID[:ROLE,ROLE]\n.Ar "
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
          "CUTOVER_STORE\nThe store, as\n.Fl \\-store\nhas it.\n.It Ev "
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

/* The options that take a value, as a pattern of sh: "--abandon | --at". */
static void put_valued(void)
{
    const char *between = "";

    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (option_texts[i].value == NULL)
            continue;
        printf("%s%s", between, option_texts[i].name);
        between = " | ";
    }
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        if (common->value != NULL)
            printf("%s%s", between, common->name);
}

/* "man|bash|zsh|fish": words of which one is the operand. */
static bool has_operand_words(const struct command *command)
{
    return command->verb == NULL && command->operands != NULL && strchr(command->operands, '|') != NULL;
}

static void put_operand_words(const struct command *command)
{
    for (const char *at = command->operands; *at != '\0'; at++)
        fputc(*at == '|' ? ' ' : *at, stdout);
}

/* A line of a case for each noun that has more words: its verbs, or the operands of a command of one word. */
static void put_verb_cases(const char *opening, const char *closing)
{
    for (const struct command *command = commands; command->noun != NULL; command++) {
        if (!is_first_of_noun(command) || (command->verb == NULL && !has_operand_words(command)))
            continue;
        printf("    %s) verbs=%s", command->noun, opening);
        if (command->verb != NULL)
            put_words(command->noun, ' ');
        else
            put_operand_words(command);
        printf("%s ;;\n", closing);
    }
}

/* Which words come is a case over what is there already: "request ack". */
static void put_bash_cases(void)
{
    fputs("    case \"$noun\" in\n", stdout);
    put_verb_cases("'", "'");
    fputs("    esac\n    case \"$noun $verb\" in\n", stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        printf(command->verb != NULL ? "    '%s %s') options='" : "    '%s '*) options='", command->noun,
               command->verb);
        put_option_words(command->required | command->allowed);
        fputs("'", stdout);
        if (command->statuses != NULL)
            printf(" statuses='%s'", command->statuses);
        fputs(" ;;\n", stdout);
    }
    fputs("    esac\n", stdout);
}

/* Of a file or a folder. */
static bool takes_path(const struct option_text *option)
{
    return option->value != NULL && (strcmp(option->value, "FILE") == 0 || strcmp(option->value, "DIR") == 0);
}

static void put_bash_path(const struct option_text *option)
{
    if (takes_path(option))
        printf("        %s) COMPREPLY=($(compgen -%c -- \"$word\")); compopt -o filenames 2>/dev/null ;;\n",
               option->name, option->value[0] == 'D' ? 'd' : 'f');
}

static void put_bash_values(void)
{
    fputs("        case \"$option\" in\n        --status) COMPREPLY=($(compgen -W \"$statuses\" -- \"$word\")) "
          ";;\n",
          stdout);
    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (option_words[i] != NULL)
            printf("        %s) COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n", option_texts[i].name,
                   option_words[i]);
        put_bash_path(&option_texts[i]);
    }
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        put_bash_path(common);
    fputs("        esac\n        return\n", stdout);
}

static void put_bash(void)
{
    fputs("# Completion of cutoverctl for bash, made by `cutoverctl print bash`.\n_cutoverctl()\n{\n"
          "    local words=() word= noun= verb= help= verbs= statuses= option= options='",
          stdout);
    put_option_words(0);
    fputs(
        "' i\n"
        "    local IFS=$' \\t\\n'\n    COMPREPLY=()\n"
        "    # Bash ends a word at : and =; here `operator:olga` and `--home=DIR` are one.\n"
        "    for ((i = 1; i <= COMP_CWORD; i++)); do\n"
        "        if [[ ${#words[@]} -gt 0 && (${COMP_WORDS[i]} =~ ^[:=]+$ || ${COMP_WORDS[i - 1]} =~ ^[:=]+$) "
        "]]; then\n"
        "            words[${#words[@]} - 1]+=${COMP_WORDS[i]}\n"
        "        else\n            words+=(\"${COMP_WORDS[i]}\")\n        fi\n    done\n"
        "    for ((i = 0; i < ${#words[@]} - 1; i++)); do\n"
        "        if [ -n \"$option\" ]; then option=; continue; fi\n"
        "        case \"${words[i]}\" in\n        --*=*) ;;\n        ",
        stdout);
    put_valued();
    fputs(
        ") option=${words[i]} ;;\n        -*) ;;\n"
        "        help) if [ -z \"$noun\" ] && [ -z \"$help\" ]; then help=1; fi ;;\n"
        "        *) if [ -z \"$noun\" ]; then noun=${words[i]}; elif [ -z \"$verb\" ]; then verb=${words[i]}; "
        "fi ;;\n"
        "        esac\n    done\n"
        "    word=${words[${#words[@]} - 1]}\n"
        "    case \"$word\" in --*=*) option=${word%%=*} word=${word#*=} ;; esac\n",
        stdout);
    put_bash_cases();
    fputs("    if [ -n \"$option\" ]; then\n", stdout);
    put_bash_values();
    fputs("    fi\n    case \"$word\" in\n    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")) ;;\n"
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

/* `words` is what it takes, or NULL. */
static void put_zsh_option(const struct option_text *option, const char *words)
{
    printf(" \\\n            '%s%s[", option->name, option->value != NULL ? "=" : "");
    put_quoted(option->what);
    if (option->value == NULL)
        fputs("]'", stdout);
    else if (words != NULL)
        printf("]:value:(%s)'", words);
    else
        printf("]:value:%s'", !takes_path(option) ? " " : option->value[0] == 'D' ? "_files -/" : "_files");
}

/* Nouns and verbs are counted from the first word that is no option: those before it are taken away, and `help` with them. */
static void put_zsh_front(void)
{
    fputs("    while ((CURRENT > 2)) && [[ $words[2] == (-*|help) ]]; do\n        case $words[2] in\n"
          "        --*=*) ;;\n        ",
          stdout);
    put_valued();
    fputs(")\n            if ((CURRENT == 3)); then\n                [[ $words[2] != --home ]] || _files -/\n"
          "                [[ $words[2] != --log-file ]] || _files\n                return\n            fi\n"
          "            words[2]=()\n            ((CURRENT--)) ;;\n        esac\n"
          "        words[2]=()\n        ((CURRENT--))\n    done\n",
          stdout);
}

static void put_zsh(void)
{
    fputs("#compdef cutoverctl\n# Completion of cutoverctl for zsh, made by `cutoverctl print "
          "zsh`.\n_cutoverctl()\n{\n"
          "    local -a nouns verbs\n    nouns=(",
          stdout);
    put_words(NULL, ' ');
    fputs(")\n", stdout);
    put_zsh_front();
    fputs("    if ((CURRENT == 2)); then\n        compadd -- $nouns ", stdout);
    put_option_words(0);
    fputs("\n        return\n    fi\n    case $words[2] in\n", stdout);
    put_verb_cases("(", ")");
    fputs("    esac\n    if ((CURRENT == 3 && $#verbs > 0)); then\n        compadd -- $verbs\n        return\n "
          "   fi\n"
          "    case \"$words[2] ${${verbs:+$words[3]}:-}\" in\n",
          stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        printf(command->verb != NULL ? "    '%s %s')\n        _arguments" : "    '%s '*)\n        _arguments",
               command->noun, command->verb);
        for (unsigned i = 0; i < OPTION_COUNT; i++)
            if (((command->required | command->allowed) & BIT(i)) != 0)
                put_zsh_option(&option_texts[i], i == OPTION_STATUS ? command->statuses : option_words[i]);
        for (const struct option_text *common = common_texts; common->name != NULL; common++)
            put_zsh_option(common, NULL);
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

/* `words` is what it takes, or NULL. */
static void put_fish_option(const struct option_text *option, const char *words, const char *condition)
{
    printf("complete -c cutoverctl %s-l %s%s%s", condition, option->name + 2,
           option->value == NULL ? ""
           : takes_path(option)  ? " -r"
                                 : " -x",
           takes_path(option) ? " -F" : "");
    if (words != NULL)
        printf(" -a '%s'", words);
    fputs(" -d '", stdout);
    put_fish_text(option->what);
    fputs("'\n", stdout);
}

/* fish knows no options before a noun that take a value: what follows it would be taken for the noun. */
static void put_fish_front(void)
{
    fputs("# Completion of cutoverctl for fish, made by `cutoverctl print fish`.\n"
          "function __cutoverctl_words\n    set -l given (commandline -opc)\n    set -l value 0\n"
          "    set -e given[1]\n    for word in $given\n"
          "        if test $value = 1\n            set value 0\n"
          "        else if string match -qr -- '(?x)^(",
          stdout);
    put_valued();
    fputs(
        ")$' $word\n            set value 1\n"
        "        else if not string match -q -- '-*' $word\n            echo $word\n        end\n    end\nend\n"
        "# These words are all that came; they came first.\n"
        "function __cutoverctl_after\n    set -l words (__cutoverctl_words)\n    test \"$words\" = "
        "\"$argv\"\nend\n"
        "function __cutoverctl_in\n    set -l words (__cutoverctl_words)\n    set -l count (count $argv)\n"
        "    test (count $words) -ge $count; and test \"$words[1..$count]\" = \"$argv\"\nend\n"
        "complete -c cutoverctl -f\n",
        stdout);
}

static void put_fish(void)
{
    put_fish_front();
    for (const struct option_text *common = common_texts; common->name != NULL; common++)
        put_fish_option(common, NULL, "");
    fputs("complete -c cutoverctl -n '__cutoverctl_after help' -a '", stdout);
    put_words(NULL, ' ');
    fputs("'\n", stdout);
    for (const struct command *command = commands; command->noun != NULL; command++) {
        char condition[200];
        if (is_first_of_noun(command)) {
            printf("complete -c cutoverctl -n __cutoverctl_after -a %s -d '", command->noun);
            put_fish_text(command->verb == NULL ? command->summary : "");
            fputs("'\n", stdout);
        }
        if (command->verb != NULL) {
            printf(
                "complete -c cutoverctl -n '__cutoverctl_after %s; or __cutoverctl_after help %s' -a %s -d '",
                command->noun, command->noun, command->verb);
            put_fish_text(command->summary);
            fputs("'\n", stdout);
        }
        if (has_operand_words(command)) {
            printf("complete -c cutoverctl -n '__cutoverctl_after %s' -a '", command->noun);
            put_operand_words(command);
            fputs("'\n", stdout);
        }
        snprintf(condition, sizeof condition, "-n '__cutoverctl_in %s%s%s' ", command->noun,
                 command->verb != NULL ? " " : "", command->verb != NULL ? command->verb : "");
        for (unsigned i = 0; i < OPTION_COUNT; i++)
            if (((command->required | command->allowed) & BIT(i)) != 0)
                put_fish_option(&option_texts[i], i == OPTION_STATUS ? command->statuses : option_words[i],
                                condition);
    }
}

int run_print(struct tool *tool)
{
    static const struct {
        const char *what;
        void (*put)(void);
    } kinds[] = {{"man", put_manual}, {"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};

    if (tool->json)
        return usage_error(tool, "what is printed is for man and for shells: leave --json out");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].what, tool->operands[0]) == 0) {
            kinds[i].put();
            return EXIT_DONE;
        }
    }
    return usage_error(tool, "there is no `%s` to print: man, bash, zsh or fish", tool->operands[0]);
}
