#include "postgres/fence_setting.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const struct spelling {
    const char *value, *was;
} spellings[] = {{"tRuE", NULL}, {"TruE", "off"}, {"TRUe", "on"}};

/* As the server reads one: any start of a word that tells it from the others. */
static bool is_on(const char *value)
{
    size_t length = strlen(value);

    return strncasecmp(value, "true", length) == 0 || strncasecmp(value, "yes", length) == 0 ||
           strcasecmp(value, "on") == 0 || strcmp(value, "1") == 0;
}

const char *fence_value(const char *was)
{
    if (was == NULL)
        return spellings[0].value;
    return spellings[is_on(was) ? 2 : 1].value;
}

bool fence_wrote(const char *value, const char **was)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (strcmp(value, spellings[i].value) == 0) {
            *was = spellings[i].was;
            return true;
        }
    }
    return false;
}
