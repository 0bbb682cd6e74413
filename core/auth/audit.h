/*
 * audit.h - the append-only trail of one tenant: an entry in the transaction of
 * the deed it records.
 *
 * Triggers refuse changes of entries, and the head is out of the tenant account's
 * reach (core/store/identity/audit_rows.h): with that account one can add a false entry or
 * move the head on, which audit_verify.h tells, and cannot undo what was written.
 *
 * The head row serialises the chain: read, compute, UPDATE ... WHERE seq = ?,
 * as the last statement of the transaction; outrun means the whole transaction
 * again (tx_again).  mac = HMAC(KEY_AUDIT bound to the tenant, prev_mac and
 * every column, length-prefixed).
 */
#ifndef BSX_AUTH_AUDIT_H
#define BSX_AUTH_AUDIT_H

#include "core/auth/auth.h"
#include "core/auth/caller.h"
#include "core/store/tx.h"

/*      id                     action                 dataset of the log line */
#define AUDIT_ACTIONS(X) \
	X(AUDIT_SESSION_START,    "session.start",       LOG_AUTH) \
	X(AUDIT_SESSION_FAIL,     "session.fail",        LOG_AUTH) \
	X(AUDIT_SESSION_DELAY,    "session.delay",       LOG_SECURITY) \
	X(AUDIT_SESSION_END,      "session.end",         LOG_AUTH) \
	X(AUDIT_SESSION_REUSE,    "session.reuse",       LOG_SECURITY) \
	X(AUDIT_SESSION_STEP_UP,  "session.step_up",     LOG_AUTH) \
	X(AUDIT_FACTOR_CHALLENGE, "factor.challenge",    LOG_AUTH) \
	X(AUDIT_FACTOR_FAIL,      "factor.fail",         LOG_SECURITY) \
	X(AUDIT_FACTOR_SETUP,     "factor.setup",        LOG_SECURITY) \
	X(AUDIT_FACTOR_ENABLE,    "factor.enable",       LOG_SECURITY) \
	X(AUDIT_FACTOR_DISABLE,   "factor.disable",      LOG_SECURITY) \
	X(AUDIT_FACTOR_RESET,     "factor.reset",        LOG_SECURITY) \
	X(AUDIT_RECOVERY_CODES,   "factor.recovery_codes", LOG_SECURITY) \
	X(AUDIT_RECOVERY_USED,    "factor.recovery_used", LOG_SECURITY) \
	X(AUDIT_API_KEY_CREATE,   "api_key.create",      LOG_ADMIN) \
	X(AUDIT_API_KEY_DELETE,   "api_key.delete",      LOG_ADMIN) \
	X(AUDIT_API_KEY_ENDING,   "api_key.ending",      LOG_SECURITY) \
	X(AUDIT_USER_CREATE,      "user.create",         LOG_ADMIN) \
	X(AUDIT_KEY_ROTATE,       "key.rotate",          LOG_ADMIN) \
	X(AUDIT_USER_UPDATE,      "user.update",         LOG_ADMIN) \
	X(AUDIT_USER_DELETE,      "user.delete",         LOG_ADMIN) \
	X(AUDIT_USER_SESSIONS,    "user.sessions_revoke", LOG_ADMIN) \
	X(AUDIT_USER_UNLOCK,      "user.unlock",         LOG_SECURITY) \
	X(AUDIT_SETTINGS_UPDATE,  "settings.update",     LOG_ADMIN) \
	X(AUDIT_TENANT_UPDATE,    "tenant.update",       LOG_ADMIN) \
	X(AUDIT_AUDIT_READ,       "audit.read",          LOG_ADMIN) \
	X(AUDIT_AUDIT_EXPORT,     "audit.export",        LOG_ADMIN) \
	X(AUDIT_REFUSED,          "request.refuse",      LOG_SECURITY) \
	X(AUDIT_API_KEY_REFUSED,  "api_key.refuse",      LOG_SECURITY) \
	X(AUDIT_PASSWORD_CHANGE,  "password.change",     LOG_AUTH) \
	X(AUDIT_PASSWORD_FORGOT,  "password.forgot",     LOG_AUTH) \
	X(AUDIT_PASSWORD_RESET,   "password.reset",      LOG_AUTH) \
	X(AUDIT_INVITE_ACCEPT,    "invitation.accept",   LOG_AUTH) \
	X(AUDIT_EMAIL_REQUEST,    "email.request",       LOG_AUTH) \
	X(AUDIT_EMAIL_CHANGE,     "email.change",        LOG_AUTH) \
	X(AUDIT_PROFILE_UPDATE,   "profile.update",      LOG_AUTH) \
	X(AUDIT_PROVIDER_CREATE,  "identity_provider.create", LOG_SECURITY) \
	X(AUDIT_PROVIDER_UPDATE,  "identity_provider.update", LOG_SECURITY) \
	X(AUDIT_PROVIDER_DELETE,  "identity_provider.delete", LOG_SECURITY) \
	X(AUDIT_IDENTITY_LINK,    "identity.link",       LOG_SECURITY) \
	X(AUDIT_IDENTITY_ROLES,   "identity.roles",      LOG_ADMIN) \
	X(AUDIT_MASKED_CHANGES,   "masked.changes",      LOG_SECURITY) \
	X(AUDIT_CONFIG_CREATE,    "drift_config.create", LOG_DRIFT) \
	X(AUDIT_CONFIG_UPDATE,    "drift_config.update", LOG_DRIFT) \
	X(AUDIT_CONFIG_DELETE,    "drift_config.delete", LOG_DRIFT) \
	X(AUDIT_BASELINE_SET,     "baseline.set",        LOG_DRIFT) \
	X(AUDIT_GOLDEN_CREATE,    "golden_baseline.create", LOG_DRIFT) \
	X(AUDIT_GOLDEN_UPDATE,    "golden_baseline.update", LOG_DRIFT) \
	X(AUDIT_GOLDEN_DELETE,    "golden_baseline.delete", LOG_DRIFT) \
	X(AUDIT_SNAPSHOT_DELETE,  "snapshot.delete",     LOG_DRIFT) \
	X(AUDIT_CHANGE_UPDATE,    "change.update",       LOG_DRIFT) \
	X(AUDIT_REPORT_EXPORT,    "report.export",       LOG_DRIFT) \
	X(AUDIT_VALUES_COMPARE,   "values.compare",      LOG_DRIFT) \
	X(AUDIT_REPORT_ACCEPT,    "report.accept",       LOG_DRIFT) \
	X(AUDIT_SILENCE_CREATE,   "silence.create",      LOG_DRIFT) \
	X(AUDIT_SILENCE_DELETE,   "silence.delete",      LOG_DRIFT) \
	X(AUDIT_ALERT_UPDATE,     "alert.update",        LOG_DRIFT) \
	X(AUDIT_CHANNEL_CREATE,   "channel.create",      LOG_DRIFT) \
	X(AUDIT_CHANNEL_UPDATE,   "channel.update",      LOG_DRIFT) \
	X(AUDIT_CHANNEL_TEST,     "channel.test",        LOG_DRIFT) \
	X(AUDIT_CHANNEL_DELETE,   "channel.delete",      LOG_DRIFT)
enum audit_action {
#define X(id, text, dataset) id,
	AUDIT_ACTIONS(X)
#undef X
	AUDIT__MAX
};

struct audit_entry {
	struct uuid          id;          /* made before the first try: the mark of the transaction */
	enum audit_action    action;
	bool                 success;
	const struct caller *caller;      /* NULL: anonymous or system */
	const char          *actor_name;  /* used when caller is NULL, e.g. the tried e-mail or "bsxctl" */
	const char          *actor_kind;  /* NULL: from the caller; else "anonymous" or "system" */
	const struct origin *origin;      /* NULL: none */
	const char          *target_kind; /* "user", "api_key", "drift_config", ... */
	struct uuid          target_id;
	const char          *details;     /* JSON object text, or NULL for {} ; never a secret */
};

/* Inside a tx body, last: appends the entry and moves the head. */
MUST_USE bool audit_append(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a,
    const struct audit_entry *entry, struct err *e);

/*
 * The usual deed: `body` (NULL: nothing but the entry) runs in a transaction that ends with the audit entry;
 * the entry's id is the mark.  After the commit the same fact goes to the log.
 */
MUST_USE bool audit_deed(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a, tx_fn *body,
    void *arg, struct audit_entry *entry, struct err *e);

/* The log line of an entry that was appended in another one's transaction, once that is committed. */
void audit_log(const struct tenant_db *t, const struct auth *a, const struct audit_entry *entry);

#endif
