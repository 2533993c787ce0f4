#include "support/tool.h"

#include "support/check.h"
#include "support/cluster.h"
#include "support/shop.h"
#include "support/told.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *home;

void tool_begin(void)
{
    home = cluster_temp_dir();
    tool_done(TOOL("init"));
}

const char *tool_home(void)
{
    return home;
}

char *tool(int expected, const char *const *arguments)
{
    const char *argv[20] = {BUILD_FOLDER "/cutoverctl", "--json", "--home", home};
    char *said = NULL;

    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[4 + i] = arguments[i];
    int status = cluster_run(argv, &said);
    if (status != expected)
        fail_msg("%s %s ended with %d, and said: %s", arguments[0], arguments[1], status, said);
    tool_told(arguments, said);
    return said;
}

/* Nouns of a command of two words; the others are one. */
static bool takes_a_verb(const char *noun)
{
    static const char *const nouns[] = {"project", "preview", "request", "backup",  "displaced",
                                        "event",   "job",     "key",     "webhook", "integration"};

    for (size_t i = 0; i < sizeof nouns / sizeof *nouns; i++)
        if (strcmp(noun, nouns[i]) == 0)
            return true;
    return false;
}

void tool_told(const char *const *arguments, const char *said)
{
    char name[100] = "cutoverctl:";
    const char *object = said[0] == '{' ? said : strstr(said, "\n{");

    /* Before the words come only --json, --home DIR and --as ACTOR. */
    while (strncmp(arguments[0], "--", 2) == 0)
        arguments += strcmp(arguments[0], "--json") == 0 ? 1 : 2;
    strcat(name, arguments[0]);
    if (takes_a_verb(arguments[0]) && arguments[1] != NULL)
        strcat(strcat(name, " "), arguments[1]);
    if (object != NULL)
        told(name, object + strspn(object, "\n"));
}

void tool_done(const char *const *arguments)
{
    free(tool(0, arguments));
}

char *tool_id(const char *const *arguments)
{
    char *said = tool(0, arguments);
    struct json_object *object = json_tokener_parse(said);
    char *id = shop_format("%s", json_object_get_string(json_object_object_get(object, "id")));

    json_object_put(object);
    free(said);
    return id;
}
