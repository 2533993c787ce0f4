#include "postgres/pins.h"

#include "postgres/version.h"

enum {
    SUPERUSERS = 1 << 0, /* nobody else may set it */
    FORM = 1 << 1,       /* a text form: not in the packet, see pins.h */
    YIELDS = 1 << 2,     /* the host's options win; in the packet alone */
    PACKET = 1 << 3,     /* in the packet alone */
    MINORS = 1 << 4,     /* came with 14.13, 15.8, 16.4 and 17 */
};

/* What anybody who may set something for a database or a role could change of what our sessions do, see, or whether they live
   (pg_settings, context "user", of PostgreSQL 14 to 19, and those that are not shown there: role). What only costs time, and
   what is the server's to say (memory, costs, parallel workers, what is stored how), is not here: pins_sweep_sql. */
static const struct pin {
    const char *name, *value;
    int since, until; /* major versions that have it: since 15, until 18 are 15 to 17; 0: all */
    unsigned flags;
} pins[] = {
    /* whether we live: no limit of time, of silence, of a network */
    {"statement_timeout", "0", 0, 0, 0},
    {"lock_timeout", "0", 0, 0, 0},
    {"idle_in_transaction_session_timeout", "0", 0, 0, 0},
    {"idle_session_timeout", "0", 0, 0, 0},
    {"transaction_timeout", "0", 17, 0, 0},
    {"tcp_user_timeout", "0", 0, 0, 0},
    {"tcp_keepalives_idle", "30", 0, 0, 0},
    {"tcp_keepalives_interval", "10", 0, 0, 0},
    {"tcp_keepalives_count", "3", 0, 0, 0},
    {"exit_on_error", "off", 0, 0, 0},              /* an error that we expect ends the session */
    {"local_preload_libraries", "", 0, 0, YIELDS},  /* one that is not there keeps us from connecting */
    {"client_encoding", "SQL_ASCII", 0, 0, PACKET}, /* nor is one that the server cannot convert to */
    /* who we are, and what we find */
    {"role", "none", 0, 0, YIELDS},                         /* current_user, and its rights, would be another */
    {"search_path", "", 0, 0, 0},                           /* nobody's own functions and operators */
    {"row_security", "off", 0, 0, 0},                       /* an error instead of missing rows */
    {"restrict_nonsystem_relation_kind", "", 0, 0, MINORS}, /* views that materialized views read */
    /* what a transaction may do and sees */
    {"default_transaction_read_only", "off", 0, 0, 0},
    {"default_transaction_isolation", "read committed", 0, 0, 0},
    {"default_transaction_deferrable", "off", 0, 0, 0}, /* waits for a safe snapshot */
    /* what a commit that was answered is worth: it is on the server's disk, and no standby was waited for */
    {"synchronous_commit", "local", 0, 0, 0},
    /* how SQL and values are read and written */
    {"standard_conforming_strings", "on", 0, 0, 0},
    {"backslash_quote", "safe_encoding", 0, 0, 0},
    {"escape_string_warning", "off", 0, 19, 0},
    {"quote_all_identifiers", "off", 0, 0, 0}, /* definitions would differ */
    {"array_nulls", "on", 0, 0, 0},            /* {NULL} would be a text */
    {"transform_null_equals", "off", 0, 0, 0}, /* "= NULL" would be made another expression */
    {"xmloption", "content", 0, 0, 0},
    {"DateStyle", "ISO, YMD", 0, 0, FORM},
    {"IntervalStyle", "postgres", 0, 0, FORM},
    {"TimeZone", "UTC", 0, 0, FORM},
    {"extra_float_digits", "3", 0, 0, FORM},
    {"bytea_output", "hex", 0, 0, FORM},
    {"xmlbinary", "base64", 0, 0, FORM},
    /* which rows come, and in what order */
    {"gin_fuzzy_search_limit", "0", 0, 0, 0}, /* leaves rows out */
    {"synchronize_seqscans", "off", 0, 0, 0},
    {"zero_damaged_pages", "off", 0, 0, SUPERUSERS}, /* leaves rows out */
    {"ignore_checksum_failure", "off", 0, 0, SUPERUSERS},
    /* what of the owner's is evaluated, and how */
    {"constraint_exclusion", "off", 0, 0, 0}, /* the planner would evaluate CHECK constraints */
    {"check_function_bodies", "off", 0, 0, 0},
    {"session_replication_role", "origin", 0, 0, SUPERUSERS}, /* foreign keys would not be checked */
    {"plpgsql.extra_errors", "none", 0, 0, PACKET},           /* functions would no longer compile */
    {"plpgsql.extra_warnings", "none", 0, 0, PACKET},
    {"force_parallel_mode", "off", 0, 16, 0}, /* functions fail that are wrongly marked safe */
    {"debug_parallel_query", "off", 16, 0, 0},
    {"enable_tidscan", "on", 0, 0, 0}, /* each range of pages would be the whole table */
    {"jit", "off", 0, 0, YIELDS},      /* costs, and gains nothing here */
    {"vacuum_cost_delay", "0", 0, 0, YIELDS},
    /* what is made */
    {"default_tablespace", "", 0, 0, 0},
    {"temp_tablespaces", "", 0, 0, 0},
    {"default_table_access_method", "heap", 0, 0, 0},
    {"password_encryption", "scram-sha-256", 0, 0, 0},
    {"createrole_self_grant", "", 16, 0, 0},
    /* what is told, and to whom */
    {"client_min_messages", "warning", 0, 0, 0},
    {"lc_messages", "C", 0, 0, SUPERUSERS},
    {"log_parameter_max_length_on_error", "0", 0, 0, 0}, /* values in the server's log */
    {"debug_print_parse", "off", 0, 0, 0},               /* likewise */
    {"debug_print_rewritten", "off", 0, 0, 0},
    {"debug_print_plan", "off", 0, 0, 0},
    {"debug_print_raw_parse", "off", 19, 0, 0},
};

#define PIN_COUNT (sizeof pins / sizeof *pins)

static bool in_minor(int version)
{
    int major = postgres_major(version), minor = version % 10000;

    return major > 16 || (major == 16 && minor >= 4) || (major == 15 && minor >= 8) ||
           (major == 14 && minor >= 13);
}

static bool in_packet(const struct pin *pin, struct pins_server server)
{
    int major = postgres_major(server.version);

    if ((pin->flags & FORM) != 0)
        return false;
    if ((pin->flags & SUPERUSERS) != 0 && !server.superuser)
        return false;
    if ((pin->flags & MINORS) != 0 && !in_minor(server.version))
        return false;
    if (major == 0)
        return pin->since <= POSTGRES_OLDEST && pin->until == 0;
    return major >= pin->since && (pin->until == 0 || (major < pin->until && !server.or_later));
}

/* The server splits at white space and takes a backslash for the next character itself. */
static void add_option(struct text *options, const struct pin *pin)
{
    text_add_format(options, "%s-c %s=", options->length > 0 ? " " : "", pin->name);
    for (const char *p = pin->value; *p != '\0'; p++) {
        if (*p == ' ' || *p == '\\')
            text_add(options, "\\");
        text_add_bytes(options, p, 1);
    }
}

static void add_pins(struct text *options, struct pins_server server, bool yielding)
{
    for (size_t i = 0; i < PIN_COUNT; i++)
        if (((pins[i].flags & YIELDS) != 0) == yielding && in_packet(&pins[i], server))
            add_option(options, &pins[i]);
}

/* Of two the later one wins. */
void pins_add_options(struct text *options, struct pins_server server, const char *given)
{
    add_pins(options, server, true);
    if (given != NULL)
        text_add_format(options, "%s%s", options->length > 0 ? " " : "", given);
    add_pins(options, server, false);
}

/* The path is emptied first, so that what follows finds nobody's own functions or operators. */
void pins_add_sql(struct text *sql, const char *lc_monetary, const char *client_encoding)
{
    text_add(sql, "SELECT pg_catalog.set_config('search_path', '', false);"
                  "SELECT set_config(w.name, w.setting, false) FROM (VALUES");
    for (size_t i = 0; i < PIN_COUNT; i++)
        if ((pins[i].flags & (YIELDS | PACKET)) == 0)
            text_add_format(sql, " ('%s', '%s', %s),", pins[i].name, pins[i].value,
                            (pins[i].flags & SUPERUSERS) != 0 ? "true" : "false");
    text_add(sql, " ('client_connection_check_interval',"
                  "   CASE WHEN strpos(version(), 'linux') > 0 THEN '1s' ELSE '0' END, false),");
    text_add_format(sql,
                    " ('lc_monetary', coalesce(%s, current_setting('lc_monetary')), false),"
                    " ('client_encoding', coalesce(%s, current_setting('server_encoding')), false))",
                    lc_monetary, client_encoding);
    text_add(sql, " AS w (name, setting, superusers)"
                  " WHERE current_setting(w.name, true) IS NOT NULL"
                  "   AND (current_setting('is_superuser') = 'on' OR NOT w.superusers);");
}

/* Of what is stored for a login in all databases the host is master, not the owner of one. Money's text form, and how much of a
   table's statistics is gathered, are the database's to say. */
const char pins_sweep_sql[] =
    "SELECT set_config(p.name, v.value, false)"
    "  FROM pg_settings p, LATERAL (SELECT CASE p.name WHEN 'timezone_abbreviations' THEN 'Default' ELSE "
    "p.boot_val END) v (value)"
    " WHERE p.source IN ('database', 'database user') AND p.context = 'user' AND v.value IS NOT NULL"
    "   AND p.name NOT IN ('lc_monetary', 'default_statistics_target')";

const char pins_own_forms_sql[] =
    "SELECT set_config(p.name, coalesce((SELECT substr(c, strpos(c, '=') + 1)"
    "    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c"
    "   WHERE d.datname = $1 AND s.setrole = 0 AND lower(split_part(c, '=', 1)) = lower(p.name)), "
    "p.reset_val), false)"
    "  FROM pg_settings p WHERE p.name IN ('DateStyle', 'IntervalStyle', 'TimeZone', 'extra_float_digits',"
    "    'bytea_output', 'xmlbinary', 'lc_numeric', 'lc_time', 'default_text_search_config')";
