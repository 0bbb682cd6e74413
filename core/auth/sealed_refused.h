/*
 * sealed_refused.h - a sealed value that does not open is in the trail of the tenant that has it.
 *
 * Sealed values are bound to schema, table, column and row; one that was moved, changed, or is of a key that is not there is
 * refused (core/crypt/seal.h), whatever road led to it, and nobody who writes to the database as the program does makes one.
 * Whoever works for tenants calls this between two pieces of work: it writes what was refused since, by the system, each
 * place as seldom as audit_seldom.h says.
 */
#ifndef BSX_AUTH_SEALED_REFUSED_H
#define BSX_AUTH_SEALED_REFUSED_H

#include "core/auth/auth.h"

/* Rolls back what is open, as database_tidy(), where there is something to write; a failure goes to the log. */
void sealed_refused_note(struct auth *a);

#endif
