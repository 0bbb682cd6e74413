/*
 * own_scope.h - who is told of alerts of the tenant itself: where its routes lead (drift/alert/recipients.h), else the channels
 * that the setting notifications.security names, each from its severity on.
 *
 * Alerts of kind "security" tell what is in the audit trail.  So whoever says where they go, or where a channel leads that
 * they go to, reads that too (drift/service/routing.h, channel.h, core/auth/tenant/tenant_admin.h).
 */
#ifndef BSX_DRIFT_WATCH_OWN_SCOPE_H
#define BSX_DRIFT_WATCH_OWN_SCOPE_H

#include "core/auth/deed.h"
#include "drift/alert/alerting.h"

/* In a transaction of `t`; `mem` owns what it names. */
MUST_USE bool own_scope(struct auth *a, struct tenant_db *t, TALLOC_CTX *mem,
    struct alert_scope *out, struct err *e);

/* The setting names the channel. */
MUST_USE bool own_names(struct auth *a, const struct tenant *t, const struct uuid *channel,
    bool *yes, struct err *e);

#endif
