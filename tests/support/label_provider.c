/*
 * A provider of security labels, "shop", that takes every label: PostgreSQL knows labels only of providers that are loaded, and
 * brings none but SELinux's. Compiled by the test that loads it (tests/postgres/test_labels.c), into a server's own process:
 * with nothing of this library, and with no sanitizer.
 *
 * The few declarations of PostgreSQL's ABI that it needs are here (fmgr.h, objectaddress.h, seclabel.h): its headers are in a
 * package that brings a compiler of its own. A server of another ABI refuses the module by the length and version below.
 * SERVER_VERSION is server_version_num / 100.
 */

struct magic {
    int length, version, function_arguments, index_keys, name_length, float8_by_value;
#if SERVER_VERSION >= 1500
    char abi[32];
#endif
#if SERVER_VERSION >= 1800
    const char *module_name, *module_version;
#endif
};

struct object_address {
    unsigned class_id, object_id;
    int object_subid;
};

typedef void (*check_label)(const struct object_address *object, const char *label);

extern void register_label_provider(const char *name, check_label check);
const struct magic *Pg_magic_func(void);
void _PG_init(void);

const struct magic *Pg_magic_func(void)
{
    static const struct magic magic = {
        sizeof magic,
        SERVER_VERSION,
        100,
        32,
        64,
        sizeof(void *) == 8,
#if SERVER_VERSION >= 1500
        "PostgreSQL",
#endif
    };

    return &magic;
}

static void take_any(const struct object_address *object, const char *label)
{
    (void)object;
    (void)label;
}

void _PG_init(void)
{
    register_label_provider("shop", take_any);
}
