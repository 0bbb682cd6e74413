/*
 * key_reminder.h - tells that service keys will end, KEY_TOLD_FIRST and KEY_TOLD_LAST days before, once each: an entry
 * in the tenant's trail, a line of the security log, and a mail to each administrator where mail is sent.
 *
 * Whoever comes first tells: a mark in the key's row goes with the entry in one transaction.
 */
#ifndef BSX_AUTH_USER_KEY_REMINDER_H
#define BSX_AUTH_USER_KEY_REMINDER_H

#include "core/auth/deed.h"

/* In the tenant by->t; *told counts keys. */
MUST_USE bool keys_remind(const struct deed_by *by, size_t *told, struct err *e);

/*
 * In the next TENANT_PAGE tenants after *after, which moves on; *ended: those were the last.  A tenant that fails is
 * logged and passed by.
 */
MUST_USE bool keys_remind_page(struct auth *a, struct uuid *after, bool *ended, struct err *e);

#endif
