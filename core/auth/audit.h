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

#include "core/auth/deed.h"
#include "core/store/tx.h"

/*      id                    action                     kind of its target     dataset of the log line */
#define AUDIT_ACTIONS(X) \
	X(AUDIT_SESSION_START,    "session.start",            "session",            LOG_AUTH) \
	X(AUDIT_SESSION_FAIL,     "session.fail",             "user",               LOG_AUTH) \
	X(AUDIT_SESSION_DELAY,    "session.delay",            "user",               LOG_SECURITY) \
	X(AUDIT_SESSION_END,      "session.end",              "session",            LOG_AUTH) \
	X(AUDIT_SESSION_REUSE,    "session.reuse",            "session",            LOG_SECURITY) \
	X(AUDIT_SESSION_STEP_UP,  "session.step_up",          "session",            LOG_AUTH) \
	X(AUDIT_FACTOR_CHALLENGE, "factor.challenge",         "user",               LOG_AUTH) \
	X(AUDIT_FACTOR_FAIL,      "factor.fail",              "user",               LOG_SECURITY) \
	X(AUDIT_FACTOR_SETUP,     "factor.setup",             "user",               LOG_SECURITY) \
	X(AUDIT_FACTOR_ENABLE,    "factor.enable",            "user",               LOG_SECURITY) \
	X(AUDIT_FACTOR_DISABLE,   "factor.disable",           "user",               LOG_SECURITY) \
	X(AUDIT_FACTOR_RESET,     "factor.reset",             "user",               LOG_SECURITY) \
	X(AUDIT_RECOVERY_CODES,   "factor.recovery_codes",    "user",               LOG_SECURITY) \
	X(AUDIT_RECOVERY_USED,    "factor.recovery_used",     "user",               LOG_SECURITY) \
	X(AUDIT_API_KEY_CREATE,   "api_key.create",           "api_key",            LOG_ADMIN) \
	X(AUDIT_API_KEY_DELETE,   "api_key.delete",           "api_key",            LOG_ADMIN) \
	X(AUDIT_API_KEY_ENDING,   "api_key.ending",           "api_key",            LOG_SECURITY) \
	X(AUDIT_USER_CREATE,      "user.create",              "user",               LOG_ADMIN) \
	X(AUDIT_KEY_ROTATE,       "key.rotate",               "signing_key",        LOG_ADMIN) \
	X(AUDIT_USER_UPDATE,      "user.update",              "user",               LOG_ADMIN) \
	X(AUDIT_USER_DELETE,      "user.delete",              "user",               LOG_ADMIN) \
	X(AUDIT_ROLE_CREATE,      "role.create",              "role",               LOG_ADMIN) \
	X(AUDIT_ROLE_UPDATE,      "role.update",              "role",               LOG_ADMIN) \
	X(AUDIT_ROLE_DELETE,      "role.delete",              "role",               LOG_ADMIN) \
	X(AUDIT_ACCESS_EXPORT,    "access.export",            "tenant",             LOG_ADMIN) \
	X(AUDIT_ROLE_END,         "user.role_end",            "user",               LOG_ADMIN) \
	X(AUDIT_USER_SESSIONS,    "user.sessions_revoke",     "user",               LOG_ADMIN) \
	X(AUDIT_USER_UNLOCK,      "user.unlock",              "user",               LOG_SECURITY) \
	X(AUDIT_SETTINGS_UPDATE,  "settings.update",          "tenant",             LOG_ADMIN) \
	X(AUDIT_TENANT_CREATE,    "tenant.create",            "tenant",             LOG_ADMIN) \
	X(AUDIT_TENANT_UPDATE,    "tenant.update",            "tenant",             LOG_ADMIN) \
	X(AUDIT_GRANT_CREATE,     "grant.create",           "grant",              LOG_SECURITY) \
	X(AUDIT_GRANT_REVOKE,     "grant.revoke",           "grant",              LOG_SECURITY) \
	X(AUDIT_GRANT_USE,        "grant.use",              "grant",              LOG_SECURITY) \
	X(AUDIT_GRANT_ACT,        "grant.act",              "tenant",             LOG_SECURITY) \
	X(AUDIT_TENANT_DELETE,    "tenant.delete",            "tenant",             LOG_ADMIN) \
	X(AUDIT_TENANT_UNDELETE,  "tenant.undelete",          "tenant",             LOG_ADMIN) \
	X(AUDIT_TENANT_ERASE,     "tenant.erase",             "tenant",             LOG_ADMIN) \
	X(AUDIT_TENANT_EXPORT,    "tenant.export",            "tenant",             LOG_SECURITY) \
	X(AUDIT_TENANT_IMPORT,    "tenant.import",            "tenant",             LOG_SECURITY) \
	X(AUDIT_TENANT_RESTORE,   "tenant.restore",           "tenant",             LOG_SECURITY) \
	X(AUDIT_RESTORED,         "audit.restored",           "tenant",             LOG_SECURITY) \
	X(AUDIT_POOL_FILL,        "pool.fill",                "schema",             LOG_ADMIN) \
	X(AUDIT_SCHEMA_MIGRATE,   "schema.migrate",           "schema",             LOG_ADMIN) \
	X(AUDIT_INSTALLATION_INIT, "installation.init",       "schema",             LOG_ADMIN) \
	X(AUDIT_OPERATION_CANCEL, "operation.cancel",         "operation",          LOG_ADMIN) \
	X(AUDIT_AUDIT_READ,       "audit.read",               "audit",              LOG_ADMIN) \
	X(AUDIT_AUDIT_EXPORT,     "audit.export",             "audit",              LOG_ADMIN) \
	X(AUDIT_AUDIT_END,        "audit.end",                "audit",              LOG_SECURITY) \
	X(AUDIT_REFUSED,          "request.refuse",           "request",            LOG_SECURITY) \
	X(AUDIT_API_KEY_REFUSED,  "api_key.refuse",           "api_key",            LOG_SECURITY) \
	X(AUDIT_SEALED_REFUSED,   "ciphertext.refuse",        "sealed_value",       LOG_SECURITY) \
	X(AUDIT_PASSWORD_CHANGE,  "password.change",          "user",               LOG_AUTH) \
	X(AUDIT_PASSWORD_FORGOT,  "password.forgot",          "user",               LOG_AUTH) \
	X(AUDIT_PASSWORD_RESET,   "password.reset",           "user",               LOG_AUTH) \
	X(AUDIT_INVITE_ACCEPT,    "invitation.accept",        "user",               LOG_AUTH) \
	X(AUDIT_EMAIL_REQUEST,    "email.request",            "user",               LOG_AUTH) \
	X(AUDIT_EMAIL_CHANGE,     "email.change",             "user",               LOG_AUTH) \
	X(AUDIT_PROFILE_UPDATE,   "profile.update",           "user",               LOG_AUTH) \
	X(AUDIT_PROVIDER_CREATE,  "identity_provider.create", "identity_provider",  LOG_SECURITY) \
	X(AUDIT_PROVIDER_UPDATE,  "identity_provider.update", "identity_provider",  LOG_SECURITY) \
	X(AUDIT_PROVIDER_DELETE,  "identity_provider.delete", "identity_provider",  LOG_SECURITY) \
	X(AUDIT_IDENTITY_LINK,    "identity.link",            "user",               LOG_SECURITY) \
	X(AUDIT_IDENTITY_ROLES,   "identity.roles",           "user",               LOG_ADMIN) \
	X(AUDIT_MASKED_CHANGES,   "masked.changes",           "drift_config",       LOG_SECURITY) \
	X(AUDIT_CONFIG_CREATE,    "drift_config.create",      "drift_config",       LOG_DRIFT) \
	X(AUDIT_CONFIG_UPDATE,    "drift_config.update",      "drift_config",       LOG_DRIFT) \
	X(AUDIT_CONFIG_DELETE,    "drift_config.delete",      "drift_config",       LOG_DRIFT) \
	X(AUDIT_RUN_ASK,          "drift_run.start",          "drift_config",          LOG_DRIFT) \
	X(AUDIT_RUN_TRY,          "drift_run.try",            "drift_config",       LOG_DRIFT) \
	X(AUDIT_RUN_CANCEL,       "drift_run.cancel",         "drift_run",          LOG_DRIFT) \
	X(AUDIT_BASELINE_SET,     "baseline.set",             "drift_config",       LOG_DRIFT) \
	X(AUDIT_GOLDEN_CREATE,    "golden_baseline.create",   "golden_baseline",    LOG_DRIFT) \
	X(AUDIT_GOLDEN_UPDATE,    "golden_baseline.update",   "golden_baseline",    LOG_DRIFT) \
	X(AUDIT_GOLDEN_DELETE,    "golden_baseline.delete",   "golden_baseline",    LOG_DRIFT) \
	X(AUDIT_TEMPLATE_CREATE,  "template.create",          "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_UPDATE,  "template.update",          "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_DELETE,  "template.delete",          "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_PREVIEW, "template.preview",         "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_APPLY,   "template.apply",           "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_UNDO,    "template.undo",            "template",           LOG_DRIFT) \
	X(AUDIT_TEMPLATE_APPLIED, "template.applied",         "drift_config",       LOG_DRIFT) \
	X(AUDIT_TEMPLATE_UNDONE,  "template.undone",          "drift_config",       LOG_DRIFT) \
	X(AUDIT_TEMPLATE_LET_GO,  "template.let_go",          "drift_config",       LOG_DRIFT) \
	X(AUDIT_ONBOARDING_CREATE, "onboarding.create",       "onboarding",         LOG_DRIFT) \
	X(AUDIT_ONBOARDING_ANSWER, "onboarding.answer",       "onboarding",         LOG_SECURITY) \
	X(AUDIT_ONBOARDING_DONE,  "onboarding.done",          "onboarding",         LOG_DRIFT) \
	X(AUDIT_ONBOARDING_DELETE, "onboarding.delete",       "onboarding",         LOG_DRIFT) \
	X(AUDIT_SNAPSHOT_DELETE,  "snapshot.delete",          "snapshot",           LOG_DRIFT) \
	X(AUDIT_CHANGE_UPDATE,    "change.update",            "drift_change",       LOG_DRIFT) \
	X(AUDIT_REPORT_EXPORT,    "report.export",            "report",             LOG_DRIFT) \
	X(AUDIT_REGISTER_EXPORT,  "register.export",          "tenant",             LOG_DRIFT) \
	X(AUDIT_VALUES_COMPARE,   "values.compare",           "drift_config",       LOG_DRIFT) \
	X(AUDIT_REPORT_ACCEPT,    "report.accept",            "drift_report",       LOG_DRIFT) \
	X(AUDIT_ACCEPTANCE_ASK,     "acceptance.ask",       "acceptance",         LOG_DRIFT) \
	X(AUDIT_ACCEPTANCE_CONFIRM, "acceptance.confirm",   "acceptance",         LOG_DRIFT) \
	X(AUDIT_ACCEPTANCE_DECLINE, "acceptance.decline",   "acceptance",         LOG_DRIFT) \
	X(AUDIT_ACCEPTANCE_END,     "acceptance.end",       "acceptance",         LOG_DRIFT) \
	X(AUDIT_INTENT_CREATE,      "intent.create",        "intent",             LOG_DRIFT) \
	X(AUDIT_INTENT_CONFIRM,     "intent.confirm",       "intent",             LOG_DRIFT) \
	X(AUDIT_INTENT_WITHDRAW,    "intent.withdraw",      "intent",             LOG_DRIFT) \
	X(AUDIT_INTENT_MISS,        "intent.unfulfilled",   "intent",             LOG_DRIFT) \
	X(AUDIT_SILENCE_CREATE,   "silence.create",           "silence",            LOG_DRIFT) \
	X(AUDIT_SILENCE_DELETE,   "silence.delete",           "silence",            LOG_DRIFT) \
	X(AUDIT_SERIES_CREATE,    "silence_series.create",    "silence_series",     LOG_DRIFT) \
	X(AUDIT_SERIES_UPDATE,    "silence_series.update",    "silence_series",     LOG_DRIFT) \
	X(AUDIT_SERIES_DELETE,    "silence_series.delete",    "silence_series",     LOG_DRIFT) \
	X(AUDIT_ALERT_UPDATE,     "alert.update",             "alert",              LOG_DRIFT) \
	X(AUDIT_EVIDENCE,         "alert.evidence",           "alert",              LOG_SECURITY) \
	X(AUDIT_CHANNEL_CREATE,   "channel.create",           "channel",            LOG_DRIFT) \
	X(AUDIT_CHANNEL_UPDATE,   "channel.update",           "channel",            LOG_DRIFT) \
	X(AUDIT_CHANNEL_TEST,     "channel.test",             "channel",            LOG_DRIFT) \
	X(AUDIT_CHANNEL_REPLAY,   "channel.replay",           "channel",            LOG_DRIFT) \
	X(AUDIT_CHANNEL_DELETE,   "channel.delete",           "channel",            LOG_DRIFT) \
	X(AUDIT_ROUTE_CREATE,     "route.create",             "route",              LOG_DRIFT) \
	X(AUDIT_ROUTE_UPDATE,     "route.update",             "route",              LOG_DRIFT) \
	X(AUDIT_ROUTE_ORDER,      "route.order",              "route",              LOG_DRIFT) \
	X(AUDIT_ROUTE_DELETE,     "route.delete",             "route",              LOG_DRIFT)
enum audit_action {
#define X(id, text, kind, dataset) id,
	AUDIT_ACTIONS(X)
#undef X
	AUDIT__MAX
};

struct audit_entry {
	struct uuid       id;          /* made before the first try: the mark of the transaction */
	enum audit_action action;
	bool              failed;
	const char       *actor_name;  /* of no caller, e.g. the tried e-mail; NULL: by->actor */
	const char       *actor_kind;  /* of no caller: "anonymous"; NULL: "system" */
	const char       *target_kind; /* NULL: the action's */
	struct uuid       target_id;
	const char       *details;     /* JSON object text, or NULL for {} ; never a secret */
};

/*
 * Inside a tx body, last: appends the entry and moves the head.  What is done in another tenant by a grant leaves one in
 * the trail of the actor's own tenant too (audit_forward.h).
 */
MUST_USE bool audit_append(const struct deed_by *by, const struct audit_entry *entry, struct err *e);

/*
 * The usual deed: `body` (NULL: nothing but the entry) runs in a transaction that ends with the audit entry;
 * the entry's id is the mark.  After the commit the same fact goes to the log.
 */
MUST_USE bool audit_deed(const struct deed_by *by, tx_fn *body, void *arg, struct audit_entry *entry, struct err *e);

/* The log line of an entry that was appended in another one's transaction, once that is committed. */
void audit_log(const struct deed_by *by, const struct audit_entry *entry);

#endif
