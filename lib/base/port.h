/*
 * Structs of the public interface that can grow: the vtables of the ports, option structs, and what the library fills for
 * its callers. Each begins with `unsigned version`. New members are appended and the version counts up, so that the struct
 * of an older program is a shorter one with the same beginning. One rule for all of them:
 *
 *   the library reads and writes as many bytes of a caller's struct as the version in it says, never more;
 *   it works with a whole struct of its own, in which what the caller's does not have is as the _INIT macro says.
 *
 * So the version must be set before a struct is handed over, also one that the library is to fill. To append a member: add it
 * at the end of the struct and of its _INIT macro, raise its _VERSION, and put the size of what was the newest version into
 * the table of sizes; where it is required, add it to the required ones with the version that brought it.
 */
#ifndef CUTOVER_BASE_PORT_H
#define CUTOVER_BASE_PORT_H

#include "base/error.h"

/* A member that must not be NULL in a struct of version `since` or later. */
struct port_member {
    const char *name;
    size_t offset;
    unsigned since;
};

struct port {
    const void *initial; /* what the _INIT macro says */
    size_t size;         /* of the newest version */
    unsigned newest;
    const size_t *older; /* sizes of the versions before it, the first one's first; NULL where there is none */
    const struct port_member *required; /* ended by a NULL name; NULL: none is */
};

/* The bytes of a struct whose last member is this one, without what is padded behind it. */
#define PORT_SIZE(type, last) (offsetof(type, last) + sizeof(((type *)NULL)->last))

/* For the public _init functions: fills as many bytes as that version has. CUTOVER_E_INVALID for NULL,
   CUTOVER_E_UNSUPPORTED for a version that is not known. */
cutover_status port_init(const struct port *port, void *target, unsigned version);
/* CUTOVER_E_INVALID "NAME: required" for NULL, CUTOVER_E_UNSUPPORTED for a version that is not known. */
cutover_status port_check(const struct port *port, const char *name, const void *given, cutover_error **error);
/* Checks, copies a caller's struct into a whole one, and demands what is required: "NAME.MEMBER: required". The version in
   the copy stays the caller's. */
cutover_status port_copy(const struct port *port, const char *name, const void *given, void *copy,
                         cutover_error **error);
/* Writes a whole struct into a caller's that port_check() let pass; the version stays the caller's. */
void port_fill(const struct port *port, const void *whole, void *target);
/* Makes a caller's struct what its _init function made it; one with version 0 is nothing and stays. */
void port_reset(const struct port *port, void *target);

#endif
