/*
 * Which addresses are public: what everybody on the Internet means by them. All others (this host, private networks, links,
 * carriers' networks, groups, documentation, what is reserved, and such an address inside of another one) may be a neighbour of whoever
 * connects, and must not be reached by what a customer wrote down.
 */
#ifndef CUTOVER_NET_ADDRESS_H
#define CUTOVER_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* False also for what is neither IPv4 nor IPv6. */
bool address_is_public(const struct sockaddr *address, socklen_t size);
/* The same for an address as text, IPv6 without brackets; *is_address (may be NULL) tells whether it is one at all: a name is not,
   and is public as far as one can tell. */
bool address_text_is_public(const char *text, bool *is_address);

#endif
