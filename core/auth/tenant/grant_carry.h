/*
 * grant_carry.h - entries that wait for another tenant's trail (core/auth/audit_forward.h) are appended there, each once:
 * the id that it has got while it waited is the entry's, so whoever is killed between the two deeds finds it again.
 */
#ifndef BSX_AUTH_TENANT_GRANT_CARRY_H
#define BSX_AUTH_TENANT_GRANT_CARRY_H

#include "core/auth/auth.h"

/* All that waits now; *failed: some could not be carried, which the log says, and wait on. */
MUST_USE bool audit_inbox_carry(struct auth *a, bool *failed, struct err *e);

#endif
