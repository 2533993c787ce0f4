#include "configuration.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef DASHBOARD_DIR
#define DASHBOARD_DIR ""
#endif

enum kind { TEXT, PATH, SWITCH, NUMBER };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *initial; /* NULL: nothing */
    int64_t least, most; /* of a NUMBER */
    const char *what;
};

#define AT(member) offsetof(struct configuration, member)

static const struct setting settings[] = {
    {"home", PATH, AT(home), "/var/lib/cutover", 0, 0,
     "the folder of records and backups, as cutoverctl makes it: cutoverctl --home DIR init"},
    {"store", TEXT, AT(store), NULL, 0, 0,
     "the records: sqlite:PATH, or \"postgres:host=… dbname=…\" (its password in PGPASSFILE); cutover.db in "
     "the home"},
    {"repository", PATH, AT(repository), NULL, 0, 0, "the folder of the backups; backups in the home"},
    {"listen", TEXT, AT(listen), "127.0.0.1:8420", 0, 0,
     "address and port: 127.0.0.1:8420 or [::1]:8420; one that others reach needs TLS, or behind_proxy"},
    {"behind_proxy", SWITCH, AT(behind_proxy), "no", 0, 0,
     "a reverse proxy in front brings TLS, and the client's address as the last one of X-Forwarded-For"},
    {"tls_certificate", PATH, AT(tls_certificate), NULL, 0, 0,
     "file of the certificate and its chain, PEM; with tls_key. Read at the start"},
    {"tls_key", PATH, AT(tls_key), NULL, 0, 0, "file of its key, PEM, which nobody else may read"},
    {"dashboard_dir", PATH, AT(dashboard_dir), DASHBOARD_DIR, 0, 0,
     "the folder of the dashboard's files; '' for none"},
    {"workers", NUMBER, AT(workers), "2", 1, 64, "jobs that run at once; others wait"},
    {"job_threads", NUMBER, AT(job_threads), "2", 1, 64, "streams that copy within a job"},
    {"handlers", NUMBER, AT(handlers), "16", 1, 256, "requests that are worked on at once"},
    {"max_connections", NUMBER, AT(max_connections), "1000", 10, 20000,
     "connections at once; others wait. One address has half of them at most, unless behind_proxy"},
    {"max_streams", NUMBER, AT(max_streams), "20", 1, 20000,
     "event streams at once of one caller; all have a quarter of max_connections"},
    {"max_body", NUMBER, AT(max_body), "65536", 1024, 1048576, "bytes of a request's body; more is refused"},
    {"request_timeout", NUMBER, AT(request_timeout), "30", 1, 3600,
     "seconds within which a whole request has to come, and which a connection may idle"},
    {"session_hours", NUMBER, AT(session_hours), "12", 1, 720, "for how long a login at the dashboard lasts"},
    {"four_eyes", SWITCH, AT(four_eyes), "yes", 0, 0, "who acks is not who requested"},
    {"recover_interval", NUMBER, AT(recover_interval), "60", 1, 3600,
     "seconds between two looks for jobs whose process is gone, requests that expired, and the like"},
    {"events_file", PATH, AT(events_file), NULL, 0, 0,
     "a file that events are appended to, a line of JSON for each"},
    {"allow_private_webhooks", SWITCH, AT(allow_private_webhooks), "no", 0, 0,
     "webhooks may go to private, link-local and loopback addresses, and over plain http"},
    {"integration_secrets", PATH, AT(integration_secrets), NULL, 0, 0,
     "the folder of the integrations' tokens; integrations in the home"},
    {"vercel_url", TEXT, AT(vercel_url), NULL, 0, 0,
     "where a proxy of yours stands before Vercel's API; it may be private"},
    {"netlify_url", TEXT, AT(netlify_url), NULL, 0, 0, "likewise of Netlify's, its base path included"},
    {"open_metrics", SWITCH, AT(open_metrics), "no", 0, 0,
     "/metrics is told to everybody who reaches it; else it needs the key of an operator of all projects"},
    {"pg_bin_dir", PATH, AT(pg_bin_dir), NULL, 0, 0,
     "the folder of pg_dump and pg_restore; else PATH is searched"},
    {"work_dir", PATH, AT(work_dir), NULL, 0, 0, "where temporary folders are made; else TMPDIR, else /tmp"},
    {"log_level", TEXT, AT(log_level), "info", 0, 0, "debug, info, warning or error"},
};
#define SETTINGS (sizeof settings / sizeof *settings)

struct reading {
    struct configuration *configuration;
    const char *path;
    FILE *complaints;
    unsigned line;          /* 0: what is wrong is in no line */
    unsigned set[SETTINGS]; /* in which line */
    bool failed;
};

static void complain(struct reading *reading, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void complain(struct reading *reading, unsigned line, const char *format, ...)
{
    va_list arguments;

    reading->failed = true;
    if (line > 0)
        fprintf(reading->complaints, "%s:%u: ", reading->path, line);
    else
        fprintf(reading->complaints, "%s: ", reading->path);
    va_start(arguments, format);
    vfprintf(reading->complaints, format, arguments);
    va_end(arguments);
    fputc('\n', reading->complaints);
}

static void *member_of(struct configuration *configuration, const struct setting *setting)
{
    return (char *)configuration + setting->offset;
}

static void set_text(struct reading *reading, const struct setting *setting, const char *value)
{
    char **member = member_of(reading->configuration, setting);

    if (setting->kind == PATH && value[0] != '\0' && value[0] != '/') {
        complain(reading, reading->line, "%s: \"%s\" is no absolute path; begin it with /", setting->name,
                 value);
        return;
    }
    free(*member);
    *member = value[0] != '\0' ? strdup(value) : NULL;
    if (value[0] != '\0' && *member == NULL)
        complain(reading, reading->line, "%s: out of memory", setting->name);
}

static void set_switch(struct reading *reading, const struct setting *setting, const char *value)
{
    bool yes = strcmp(value, "yes") == 0;

    if (!yes && strcmp(value, "no") != 0)
        complain(reading, reading->line, "%s: \"%s\" is neither yes nor no; write one of them", setting->name,
                 value);
    *(bool *)member_of(reading->configuration, setting) = yes;
}

static void set_number(struct reading *reading, const struct setting *setting, const char *value)
{
    char *end = NULL;

    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0 || number < setting->least ||
        number > setting->most)
        complain(reading, reading->line, "%s: \"%s\" is no whole number from %lld to %lld; write one",
                 setting->name, value, (long long)setting->least, (long long)setting->most);
    else
        *(int64_t *)member_of(reading->configuration, setting) = number;
}

static void set(struct reading *reading, const struct setting *setting, const char *value)
{
    switch (setting->kind) {
    case TEXT:
    case PATH:
        set_text(reading, setting, value);
        break;
    case SWITCH:
        set_switch(reading, setting, value);
        break;
    case NUMBER:
        set_number(reading, setting, value);
        break;
    }
}

static char *trimmed(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* The name that is most alike, for whoever mistyped it: one that begins alike. */
static const char *nearest(const char *name)
{
    const char *best = NULL;
    size_t most = 2;

    for (size_t i = 0; i < SETTINGS; i++) {
        size_t alike = 0;
        while (name[alike] != '\0' && name[alike] == settings[i].name[alike])
            alike++;
        if (alike > most) {
            most = alike;
            best = settings[i].name;
        }
    }
    return best;
}

static void unknown_name(struct reading *reading, const char *name)
{
    const char *meant = nearest(name);

    if (meant != NULL)
        complain(reading, reading->line, "there is no setting \"%s\"; perhaps %s is meant", name, meant);
    else
        complain(reading, reading->line, "there is no setting \"%s\"; `cutoverd --help` lists them", name);
}

static char *unquoted(struct reading *reading, const char *name, char *value)
{
    size_t length = strlen(value);

    if (length == 0 || (value[0] != '"' && value[0] != '\''))
        return value;
    if (length < 2 || value[length - 1] != value[0]) {
        complain(reading, reading->line,
                 "%s: the quote at its beginning is not closed; close it at the end of the line", name);
        return NULL;
    }
    value[length - 1] = '\0';
    return value + 1;
}

static void take_line(struct reading *reading, char *text)
{
    char *name = trimmed(text), *equals = strchr(name, '=');

    if (name[0] == '\0' || name[0] == '#')
        return;
    if (equals == NULL) {
        complain(reading, reading->line, "\"%.60s\" has no value; write it as name = value", name);
        return;
    }
    *equals = '\0';
    name = trimmed(name);
    char *value = unquoted(reading, name, trimmed(equals + 1));
    if (value == NULL)
        return;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (reading->set[i] != 0) {
            complain(reading, reading->line, "%s was set in line %u already; keep one of them", name,
                     reading->set[i]);
            return;
        }
        reading->set[i] = reading->line;
        set(reading, &settings[i], value);
        return;
    }
    unknown_name(reading, name);
}

static void take_file(struct reading *reading, FILE *file)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;

    while ((length = getline(&text, &capacity, file)) >= 0) {
        reading->line++;
        if (strlen(text) != (size_t)length)
            complain(reading, reading->line, "there is a zero byte; this must be a text file");
        else
            take_line(reading, text);
    }
    if (ferror(file))
        complain(reading, 0, "cannot be read: %s", strerror(errno));
    free(text);
    reading->line = 0;
}

static unsigned line_of(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].name, name) == 0)
            return reading->set[i];
    return 0;
}

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* ADDRESS:PORT, with [] around one of IPv6. */
static bool parse_address(const char *text, struct sockaddr_storage *address)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    char *end = NULL;

    if (colon == NULL || !isdigit((unsigned char)colon[1]))
        return false;
    unsigned long port = strtoul(colon + 1, &end, 10);
    size_t length = (size_t)(colon - text);
    bool brackets = length > 2 && text[0] == '[' && text[length - 1] == ']';
    if (*end != '\0' || port > 65535 || length >= sizeof host + 2)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(brackets ? length - 2 : length), brackets ? text + 1 : text);
    memset(address, 0, sizeof *address);
    if (brackets) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons((uint16_t)port);
        return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)port);
    return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

static void check_listen(struct reading *reading)
{
    struct configuration *configuration = reading->configuration;
    unsigned line = line_of(reading, "listen");

    if (configuration->listen == NULL || !parse_address(configuration->listen, &configuration->address))
        complain(reading, line,
                 "listen: \"%s\" is no address with a port; write it as 127.0.0.1:8420 or [::1]:8420",
                 configuration->listen != NULL ? configuration->listen : "");
    else if (!is_loopback(&configuration->address) && configuration->tls_certificate == NULL &&
             !configuration->behind_proxy)
        complain(
            reading, line,
            "listen: others reach %s, and keys would pass in the clear; set tls_certificate and tls_key, or "
            "behind_proxy = yes where a proxy brings TLS",
            configuration->listen);
}

/* NULL: it is no file. */
static const char *sqlite_path(const char *store)
{
    return store != NULL && strncmp(store, "sqlite:", 7) == 0 ? store + 7 : NULL;
}

static void check_together(struct reading *reading)
{
    struct configuration *configuration = reading->configuration;
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    bool known = false;

    check_listen(reading);
    if ((configuration->tls_certificate == NULL) != (configuration->tls_key == NULL))
        complain(reading, line_of(reading, configuration->tls_key == NULL ? "tls_certificate" : "tls_key"),
                 "%s is set without %s; set both",
                 configuration->tls_key == NULL ? "tls_certificate" : "tls_key",
                 configuration->tls_key == NULL ? "tls_key" : "tls_certificate");
    if (configuration->home == NULL && (configuration->store == NULL || configuration->repository == NULL))
        complain(reading, line_of(reading, "home"), "home: is not set; set it, or store and repository");
    if (configuration->store != NULL && sqlite_path(configuration->store) == NULL &&
        strncmp(configuration->store, "postgres", 8) != 0)
        complain(reading, line_of(reading, "store"),
                 "store: \"%s\" is neither an absolute path nor sqlite:PATH nor postgres:CONNINFO",
                 configuration->store);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        known = known || (configuration->log_level != NULL && strcmp(configuration->log_level, levels[i]) == 0);
    if (!known)
        complain(reading, line_of(reading, "log_level"),
                 "log_level: \"%s\" is none of debug, info, warning, error",
                 configuration->log_level != NULL ? configuration->log_level : "");
}

/* What is in the home where nothing else was said. */
static bool put_in_home(const char *home, const char *name, char **path)
{
    char joined[PATH_MAX];

    if (*path != NULL || home == NULL)
        return true;
    snprintf(joined, sizeof joined, "%s/%s", home, name);
    *path = strdup(joined);
    return *path != NULL;
}

/* A path alone is an SQLite file's. */
static bool name_store(struct configuration *configuration)
{
    char *given = configuration->store;

    if (given == NULL || given[0] != '/')
        return true;
    if (asprintf(&configuration->store, "sqlite:%s", given) < 0)
        configuration->store = NULL;
    free(given);
    return configuration->store != NULL;
}

bool configuration_read(const char *path, struct configuration *configuration, FILE *complaints)
{
    struct reading reading = {.configuration = configuration, .path = path, .complaints = complaints};

    memset(configuration, 0, sizeof *configuration);
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].initial != NULL)
            set(&reading, &settings[i], settings[i].initial);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        complain(&reading, 0, "cannot be opened: %s; name another with --config", strerror(errno));
        return false;
    }
    take_file(&reading, file);
    fclose(file);
    if (!reading.failed && !name_store(configuration))
        complain(&reading, 0, "out of memory");
    if (!reading.failed)
        check_together(&reading);
    /* A package may come without it. */
    if (line_of(&reading, "dashboard_dir") == 0 && configuration->dashboard_dir != NULL &&
        access(configuration->dashboard_dir, F_OK) != 0) {
        free(configuration->dashboard_dir);
        configuration->dashboard_dir = NULL;
    }
    if (!reading.failed &&
        (!put_in_home(configuration->home, "cutover.db", &configuration->store) ||
         !put_in_home(configuration->home, "backups", &configuration->repository) ||
         !put_in_home(configuration->home, "integrations", &configuration->integration_secrets) ||
         !name_store(configuration)))
        complain(&reading, 0, "out of memory");
    return !reading.failed;
}

static bool try_file(const char *name, const char *path, int mode, const char *remedy, FILE *complaints)
{
    if (path == NULL || access(path, mode) == 0)
        return true;
    fprintf(complaints, "%s: %s: %s; %s\n", name, path, strerror(errno), remedy);
    return false;
}

static bool try_key(const char *path, FILE *complaints)
{
    struct stat found;

    if (path == NULL || stat(path, &found) != 0 || (found.st_mode & 077) == 0)
        return true;
    /* As PostgreSQL has it: root's own, readable by a group that was made for it. */
    if (found.st_uid == 0 && (found.st_mode & 037) == 0)
        return true;
    fprintf(complaints, "tls_key: others can read %s; chmod 600 it\n", path);
    return false;
}

bool configuration_try(const struct configuration *configuration, FILE *complaints)
{
    bool good =
        try_file("store", sqlite_path(configuration->store), R_OK | W_OK,
                 "make it with `cutoverctl --home DIR init`, as the user that cutoverd runs as", complaints);

    good &= try_file("repository", configuration->repository, R_OK | W_OK | X_OK,
                     "make it with `cutoverctl --home DIR init`", complaints);
    good &= try_file("tls_certificate", configuration->tls_certificate, R_OK, "it must be a readable PEM file",
                     complaints);
    good &= try_file("tls_key", configuration->tls_key, R_OK, "it must be a readable PEM file", complaints);
    good &= try_key(configuration->tls_key, complaints);
    good &= try_file("dashboard_dir", configuration->dashboard_dir, R_OK | X_OK,
                     "set it to the installed folder, or to '' for none", complaints);
    good &= try_file("pg_bin_dir", configuration->pg_bin_dir, X_OK, "set it to what `pg_config --bindir` says",
                     complaints);
    good &= try_file("work_dir", configuration->work_dir, W_OK | X_OK,
                     "set it to a folder that may be written to", complaints);
    return good;
}

void configuration_free(struct configuration *configuration)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (settings[i].kind == TEXT || settings[i].kind == PATH)
            free(*(char **)member_of(configuration, &settings[i]));
    memset(configuration, 0, sizeof *configuration);
}

void configuration_explain(FILE *file)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        fprintf(file, "  %s", settings[i].name);
        if (settings[i].initial != NULL && settings[i].initial[0] != '\0')
            fprintf(file, " = %s", settings[i].initial);
        fprintf(file, "\n      %s\n", settings[i].what);
    }
}
