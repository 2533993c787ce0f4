#include "pipeline/recheck_silent.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

static void server_of(const struct conninfo *conninfo, struct text *server)
{
    static const char *const keywords[] = {"host", "hostaddr", "port"};

    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
        const char *value = conninfo_get(conninfo, keywords[i]);
        text_add_format(server, "%s\n", value != NULL ? value : "");
    }
}

bool recheck_silent_has(const struct recheck_silent *silent, const struct conninfo *conninfo)
{
    struct text server = TEXT_INIT;
    bool has = false;

    server_of(conninfo, &server);
    for (size_t i = 0; !has && !text_failed(&server) && i < silent->count; i++)
        has = strcmp(silent->servers[i], text_string(&server)) == 0;
    text_free(&server);
    return has;
}

void recheck_silent_add(struct recheck_silent *silent, const struct conninfo *conninfo)
{
    struct text server = TEXT_INIT;
    char **grown = reallocarray(silent->servers, silent->count + 1, sizeof *grown);

    server_of(conninfo, &server);
    if (grown != NULL)
        silent->servers = grown;
    char *kept = grown != NULL && !text_failed(&server) ? strdup(text_string(&server)) : NULL;
    if (kept != NULL)
        silent->servers[silent->count++] = kept;
    text_free(&server);
}

void recheck_silent_free(struct recheck_silent *silent)
{
    for (size_t i = 0; i < silent->count; i++)
        free(silent->servers[i]);
    free(silent->servers);
    memset(silent, 0, sizeof *silent);
}
