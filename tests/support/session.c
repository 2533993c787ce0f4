#include "session.h"

#include "check.h"

struct session *check_session(const char *string)
{
    struct conninfo conninfo;
    struct session *session = NULL;
    cutover_error *error = NULL;

    check_ok(conninfo_parse("connection", string, &conninfo, &error), error);
    check_ok(session_open(&(struct session_options){.conninfo = &conninfo}, &session, &error), error);
    conninfo_free(&conninfo);
    return session;
}
