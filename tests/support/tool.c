#include "support/tool.h"

#include "support/check.h"
#include "support/cluster.h"
#include "support/shop.h"

#include <json-c/json.h>
#include <stdlib.h>

static const char *home;

void tool_begin(void)
{
    home = cluster_temp_dir();
    tool_done(TOOL("init"));
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
    return said;
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
