#include "cutoverctl.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000)
#define YEAR_SECONDS INT64_C(31557600)
#define LAST_TIME (INT64_C(253402300800) * SECOND - 1) /* 9999-12-31T23:59:59.999999Z */

int usage_error(const struct tool *tool, const char *format, ...)
{
    char message[500];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "cutoverctl: %s\n", visible(message));
    if (tool->command != NULL) {
        print_usage(stderr, tool->command);
    } else {
        fputs("`cutoverctl help` lists the commands\n", stderr);
    }
    if (tool->json) {
        cutover_error *error = must(cutover_error_new(CUTOVER_E_INVALID, message, NULL, NULL));
        struct json_object *object = new_object();
        json_object_object_add(object, "error", error_object(tool, error));
        print_json(object);
        cutover_error_free(error);
    }
    return EXIT_USAGE;
}

const struct command *find_command(const char *noun, const char *verb, bool *noun_known)
{
    *noun_known = false;
    for (const struct command *command = commands; command->noun != NULL; command++) {
        if (strcmp(command->noun, noun) != 0)
            continue;
        *noun_known = true;
        if (command->verb == NULL || (verb != NULL && strcmp(command->verb, verb) == 0))
            return command;
    }
    return NULL;
}

/* The value of an option at argv[*index], from "--name=value" or the next argument, or NULL when it is another. */
static bool take_value(int argc, char **argv, int *index, const char *name, const char **value)
{
    const char *argument = argv[*index];
    size_t length = strlen(name);

    if (strncmp(argument, name, length) != 0 || (argument[length] != '\0' && argument[length] != '='))
        return false;
    if (argument[length] == '=')
        *value = argument + length + 1;
    else
        *value = *index + 1 < argc ? argv[++*index] : NULL;
    return true;
}

static bool take_option(struct tool *tool, int argc, char **argv, int *index)
{
    const char *argument = argv[*index];

    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        const char *value = "";
        if (option_texts[i].value == NULL ? strcmp(argument, option_texts[i].name) != 0
                                          : !take_value(argc, argv, index, option_texts[i].name, &value))
            continue;
        if (value == NULL)
            return usage_error(tool, "%s needs a value: %s", option_texts[i].name, option_texts[i].value),
                   false;
        if (tool->options[i] != NULL)
            return usage_error(tool, "%s is given twice", option_texts[i].name), false;
        tool->options[i] = value;
        return true;
    }
    return usage_error(tool, "there is no option %s", argument), false;
}

/* --home, --store, --json, --as and --help, which every command takes, before or after its words. */
static bool take_common(struct tool *tool, int argc, char **argv, int *index, bool *taken)
{
    const char *value = NULL;

    *taken = true;
    if (strcmp(argv[*index], "--help") == 0 || strcmp(argv[*index], "-h") == 0) {
        tool->help = true;
        return true;
    }
    if (strcmp(argv[*index], "--json") == 0) {
        tool->json = true;
        return true;
    }
    if (strcmp(argv[*index], "--verbose") == 0) {
        tool->verbose = true;
        return true;
    }
    if (take_value(argc, argv, index, "--log-file", &value)) {
        if (value == NULL || value[0] == '\0')
            return usage_error(tool, "--log-file needs a file"), false;
        tool->log_file = value;
        return true;
    }
    if (take_value(argc, argv, index, "--home", &value)) {
        if (value == NULL || value[0] == '\0')
            return usage_error(tool, "--home needs a folder"), false;
        free(tool->home);
        tool->home = must(strdup(value));
        tool->home_given = true;
        return true;
    }
    if (take_value(argc, argv, index, "--store", &value)) {
        if (value == NULL || value[0] == '\0')
            return usage_error(tool, "--store needs sqlite:PATH or postgres:CONNINFO"), false;
        tool->store_location = value;
        return true;
    }
    if (take_value(argc, argv, index, "--as", &value)) {
        if (value == NULL)
            return usage_error(tool, "--as needs KIND:ID[:ROLE,ROLE]"), false;
        return parse_actor(tool, value);
    }
    *taken = false;
    return true;
}

static bool check_options(const struct tool *tool)
{
    const struct command *command = tool->command;

    for (unsigned i = 0; i < OPTION_COUNT; i++) {
        if (tool->options[i] != NULL && ((command->required | command->allowed) & BIT(i)) == 0)
            return usage_error(tool, "%s has no meaning here", option_texts[i].name), false;
        if (tool->options[i] == NULL && (command->required & BIT(i)) != 0)
            return usage_error(tool, "%s is missing", option_texts[i].name), false;
    }
    return true;
}

/* --help, whatever else is there, is the command help of what the first words name. */
static bool assign_help(struct tool *tool, const char **words, unsigned count)
{
    bool noun_known = false;

    tool->command = find_command("help", NULL, &noun_known);
    tool->operands[0] = count > 0 ? words[0] : NULL;
    if (count > 1 && find_command(words[0], NULL, &noun_known) == NULL)
        tool->operands[1] = words[1];
    return true;
}

static bool assign_words(struct tool *tool, const char **words, unsigned count)
{
    bool noun_known = false;

    if (tool->help)
        return assign_help(tool, words, count);
    if (count == 0)
        return usage_error(tool, "no command given"), false;
    tool->command = find_command(words[0], count > 1 ? words[1] : NULL, &noun_known);
    if (tool->command == NULL && noun_known && count == 1)
        return usage_error(tool, "`%s` needs another word after it", words[0]), false;
    if (tool->command == NULL)
        return usage_error(tool, "there is no command `%s%s%s`", words[0], noun_known ? " " : "",
                           noun_known ? words[1] : ""),
               false;
    unsigned used = tool->command->verb != NULL ? 2 : 1;
    if (count - used < tool->command->operand_count)
        return usage_error(tool, "%s is missing", tool->command->operands), false;
    if (count - used > tool->command->operand_count + tool->command->operands_optional)
        return usage_error(tool, "too many words: `%s`", words[count - 1]), false;
    for (unsigned i = 0; i < count - used; i++)
        tool->operands[i] = words[used + i];
    return check_options(tool);
}

bool arguments_parse(struct tool *tool, int argc, char **argv)
{
    const char *words[2 + OPERANDS_MAX + 1];
    const size_t words_max = sizeof words / sizeof words[0];
    unsigned count = 0;
    bool only_words = false;

    for (int i = 1; i < argc; i++)
        tool->json = tool->json || strcmp(argv[i], "--json") == 0;
    for (int i = 1; i < argc; i++) {
        bool taken = false;
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
            continue;
        }
        if (!only_words && !take_common(tool, argc, argv, &i, &taken))
            return false;
        if (taken)
            continue;
        if (!only_words && strncmp(argv[i], "--", 2) == 0) {
            if (!take_option(tool, argc, argv, &i))
                return false;
        } else if (count < words_max) {
            words[count++] = argv[i];
        }
    }
    if (tool->home == NULL)
        tool->home = default_home();
    if (tool->store_location == NULL)
        tool->store_location = default_store();
    return assign_words(tool, words, count);
}

static const struct {
    const char *name;
    cutover_actor_kind kind;
    uint32_t roles; /* when none are named */
} kinds[] = {
    {"user", CUTOVER_ACTOR_USER, CUTOVER_ROLE_MEMBER},
    {"api_key", CUTOVER_ACTOR_API_KEY, CUTOVER_ROLE_MEMBER},
    {"operator", CUTOVER_ACTOR_OPERATOR, CUTOVER_ROLE_OPERATOR},
    {"system", CUTOVER_ACTOR_SYSTEM, CUTOVER_ROLE_OPERATOR},
};

static const struct {
    const char *name;
    uint32_t role;
} roles[] = {
    {"member", CUTOVER_ROLE_MEMBER},
    {"operator", CUTOVER_ROLE_OPERATOR},
    {"org_admin", CUTOVER_ROLE_ORG_ADMIN},
};

static bool parse_roles(const char *text, uint32_t *found)
{
    *found = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        uint32_t role = 0;
        for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
            if (strlen(roles[i].name) == length && strncmp(text, roles[i].name, length) == 0)
                role = roles[i].role;
        if (role == 0)
            return false;
        *found |= role;
        text += length;
        if (*text == ',' && *++text == '\0')
            return false;
    }
    return *found != 0;
}

bool parse_key_roles(struct tool *tool, uint32_t *found)
{
    if (parse_roles(tool->options[OPTION_ROLES], found))
        return true;
    usage_error(tool, "--roles has roles that do not exist: `%s` (member, operator, org_admin)",
                tool->options[OPTION_ROLES]);
    return false;
}

/* KIND:ID[:ROLE,ROLE]. An id may hold colons when roles are given: they are what follows the last one. */
bool parse_actor(struct tool *tool, const char *text)
{
    const char *id = strchr(text, ':');
    size_t kind_length = id != NULL ? (size_t)(id - text) : 0;

    free(tool->actor_id);
    tool->actor_id = NULL;
    tool->acting = true;
    tool->actor = (cutover_actor)CUTOVER_ACTOR_INIT;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].name) == kind_length && strncmp(text, kinds[i].name, kind_length) == 0) {
            tool->actor.kind = kinds[i].kind;
            tool->actor.roles = kinds[i].roles;
        }
    }
    if (tool->actor.roles == 0)
        return usage_error(tool, "--as begins with user:, api_key:, operator: or system:"), false;
    const char *end = strrchr(++id, ':');
    if (end != NULL && !parse_roles(end + 1, &tool->actor.roles))
        return usage_error(tool, "--as ends in roles that do not exist: `%s` (member, operator, org_admin)",
                           end + 1),
               false;
    tool->actor_id = must(end != NULL ? strndup(id, (size_t)(end - id)) : strdup(id));
    tool->actor.id = tool->actor_id;
    if (tool->actor_id[0] == '\0')
        return usage_error(tool, "--as needs an id after its kind"), false;
    return true;
}

const cutover_actor *acting_as(struct tool *tool, cutover_actor_kind kind)
{
    if (tool->acting)
        return &tool->actor;
    const struct passwd *user = getpwuid(geteuid());
    if (tool->actor_id == NULL) {
        char number[40];
        snprintf(number, sizeof number, "uid-%ld", (long)geteuid());
        tool->actor_id = must(strdup(user != NULL ? user->pw_name : number));
    }
    tool->actor = (cutover_actor){CUTOVER_ACTOR_VERSION, tool->actor_id, kind,
                                  CUTOVER_ROLE_MEMBER | CUTOVER_ROLE_OPERATOR};
    return &tool->actor;
}

/* "1d12h": numbers above 0, each with its unit, in microseconds; 0 where it is not that, or is more than 100 years. */
static int64_t duration_of(const char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t sum = 0, last = INT64_MAX;

    while (*text != '\0') {
        char *end = NULL;
        int64_t unit = 0;
        errno = 0;
        long long count = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : -1;
        if (count <= 0 || errno != 0)
            return 0;
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            if (units[i].unit == *end)
                unit = units[i].seconds;
        /* Each unit is smaller than the one before: 12h1d is a slip. */
        if (unit == 0 || unit >= last || count > 100 * YEAR_SECONDS / unit)
            return 0;
        sum += count * unit;
        if (sum > 100 * YEAR_SECONDS)
            return 0;
        last = unit;
        text = end + 1;
    }
    return sum * SECOND;
}

bool parse_duration(struct tool *tool, const char *text, int64_t *microseconds)
{
    int64_t found = duration_of(text);

    if (found > 0)
        *microseconds = found;
    else
        usage_error(tool, "`%s` is no duration: numbers and units from w, d, h, m to s, as in 24h or 1d12h",
                    text);
    return found > 0;
}

int64_t time_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

bool parse_expiry(struct tool *tool, int64_t *at)
{
    const char *text = tool->options[OPTION_EXPIRES_IN];
    int64_t life = 0;

    *at = 0;
    if (strcmp(text, "never") == 0)
        return true;
    if (!parse_duration(tool, text, &life))
        return false;
    *at = time_now() + life;
    return true;
}

static bool digits(const char **text, size_t count, int *value)
{
    *value = 0;
    for (size_t i = 0; i < count; i++, ++*text) {
        if (!isdigit((unsigned char)**text))
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool skip(const char **text, const char *any)
{
    if (**text == '\0' || strchr(any, **text) == NULL)
        return false;
    ++*text;
    return true;
}

/* The part after the minutes: ":30.123456" and "Z" or "+02:00", each of which may be left out; without a zone *local is set. */
static bool parse_rest(const char *text, struct tm *time, int64_t *fraction, int64_t *offset, bool *local)
{
    int hours = 0;
    int minutes = 0;

    *fraction = *offset = 0;
    *local = false;
    if (skip(&text, ":")) {
        if (!digits(&text, 2, &time->tm_sec))
            return false;
        if (skip(&text, ".")) {
            int64_t unit = SECOND / 10;
            if (!isdigit((unsigned char)*text))
                return false;
            for (; isdigit((unsigned char)*text); text++, unit /= 10)
                *fraction += (*text - '0') * unit;
        }
    }
    *local = *text == '\0';
    if (*local)
        return true;
    if (skip(&text, "Zz"))
        return *text == '\0';
    bool west = *text == '-';
    if (!skip(&text, "+-") || !digits(&text, 2, &hours) || !skip(&text, ":") || !digits(&text, 2, &minutes) ||
        *text != '\0' || hours > 23 || minutes > 59)
        return false;
    *offset = (hours * 60 + minutes) * 60 * (west ? -SECOND : SECOND);
    return true;
}

/* A moment of RFC 3339, where seconds and zone may be left out; 0 where it is none. */
static int64_t moment_of(const char *text)
{
    struct tm time = {.tm_isdst = 0};
    const char *at = text;
    int64_t fraction = 0;
    int64_t offset = 0;
    bool local = false;

    if (!digits(&at, 4, &time.tm_year) || !skip(&at, "-") || !digits(&at, 2, &time.tm_mon) || !skip(&at, "-") ||
        !digits(&at, 2, &time.tm_mday) || !skip(&at, "Tt ") || !digits(&at, 2, &time.tm_hour) ||
        !skip(&at, ":") || !digits(&at, 2, &time.tm_min) || !parse_rest(at, &time, &fraction, &offset, &local))
        return 0;
    time.tm_year -= 1900;
    time.tm_mon -= 1;
    time.tm_isdst = -1;
    struct tm asked = time;
    time_t seconds = local ? mktime(&time) : timegm(&time);
    /* What they changed was no date: the 30th of February, or an hour that the clocks leave out. */
    if (asked.tm_year < 70 || asked.tm_mon != time.tm_mon || asked.tm_mday != time.tm_mday ||
        asked.tm_hour != time.tm_hour || asked.tm_min != time.tm_min || asked.tm_sec != time.tm_sec)
        return 0;
    int64_t found = (int64_t)seconds * SECOND + fraction - offset;
    return found > 0 && found <= LAST_TIME ? found : 0;
}

/* What was understood, in this machine's zone: whoever left the zone out sees which one was meant. */
static void tell_time(const struct tool *tool, int64_t at)
{
    time_t seconds = (time_t)(at / SECOND);
    struct tm parts;
    char text[80];

    if (!tool->json && localtime_r(&seconds, &parts) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts) > 0)
        fprintf(stderr, "cutoverctl: that is %s\n", text);
}

bool parse_time(struct tool *tool, const char *text, int64_t *microseconds)
{
    int64_t found = text[0] == '+' ? duration_of(text + 1) : moment_of(text);

    if (found > 0 && text[0] == '+')
        found += time_now();
    if (found > 0) {
        *microseconds = found;
        tell_time(tool, found);
    } else
        usage_error(tool,
                    "`%s` is no time: as in 2030-01-31T22:00:00Z, 2030-01-31 22:00 (here), or +2h30m from now",
                    text);
    return found > 0;
}

bool parse_jobs(struct tool *tool, uint32_t *jobs)
{
    const char *text = tool->options[OPTION_JOBS];
    char *end = NULL;

    *jobs = 0;
    if (text == NULL)
        return true;
    long count = isdigit((unsigned char)text[0]) ? strtol(text, &end, 10) : 0;
    if (count < 1 || count > 64 || *end != '\0')
        return usage_error(tool, "--jobs is a number from 1 to 64, not `%s`", text), false;
    *jobs = (uint32_t)count;
    return true;
}

/* An id of ours has 36 characters; any other text would pass for one that comes before or after them all. */
bool parse_after(struct tool *tool, const char **after)
{
    const char *given = tool->options[OPTION_AFTER];

    *after = given != NULL ? given : "";
    if (given != NULL && strlen(given) != 36)
        return usage_error(tool, "--after takes an id of the list, not `%s`", given), false;
    return true;
}

bool parse_seconds(struct tool *tool, enum option option, uint32_t *seconds)
{
    int64_t microseconds = 0;

    if (tool->options[option] == NULL)
        return true;
    if (!parse_duration(tool, tool->options[option], &microseconds))
        return false;
    if (microseconds / SECOND > UINT32_MAX)
        return usage_error(tool, "%s is too long", option_texts[option].name), false;
    *seconds = (uint32_t)(microseconds / SECOND);
    return true;
}

bool parse_allow(struct tool *tool, uint32_t *flags)
{
    const char *given = tool->options[OPTION_ALLOW];

    if (given == NULL)
        return true;
    if (strcmp(given, "private") != 0 && strcmp(given, "all") != 0)
        return usage_error(tool, "--allow is private or all, not %s", given), false;
    *flags = CUTOVER_WEBHOOKS_ALLOW_PRIVATE;
    if (strcmp(given, "all") == 0)
        *flags |= CUTOVER_WEBHOOKS_ALLOW_PLAIN;
    return true;
}

bool parse_hold_fence(struct tool *tool, int32_t *hold_fence)
{
    const char *given = tool->options[OPTION_HOLD_FENCE];

    if (given == NULL)
        return true;
    if (strcmp(given, "yes") != 0 && strcmp(given, "no") != 0)
        return usage_error(tool, "--hold-fence is yes or no, not %s", given), false;
    *hold_fence = strcmp(given, "yes") == 0;
    return true;
}

bool parse_verify(struct tool *tool, cutover_verify_method *verify)
{
    const char *text = tool->options[OPTION_VERIFY];

    *verify = CUTOVER_VERIFY_RESTORE;
    if (text == NULL || strcmp(text, "restore") == 0)
        return true;
    if (strcmp(text, "readback") != 0)
        return usage_error(tool, "--verify is restore or readback, not `%s`", text), false;
    *verify = CUTOVER_VERIFY_READBACK;
    return true;
}

bool parse_fence(struct tool *tool, cutover_fence *fence)
{
    const char *text = tool->options[OPTION_FENCE];

    *fence = CUTOVER_FENCE_LATE;
    if (text == NULL || strcmp(text, "late") == 0)
        return true;
    if (strcmp(text, "early") != 0)
        return usage_error(tool, "--fence is late or early, not `%s`", text), false;
    *fence = CUTOVER_FENCE_EARLY;
    return true;
}
