#include "core/base/log_class.h"

#include <string.h>

/* clang-format off */
#define C1(a)       "\"" a "\""
#define C2(a, b)    "\"" a "\",\"" b "\""

const struct log_class log_classes[] = {
	/* action                      event.category                               event.type */
	{ "session.start",             C2("authentication", "session"),             C1("start") },
	{ "session.fail",              C1("authentication"),                        C1("start") },
	{ "session.delay",             C2("authentication", "intrusion_detection"), C2("info", "denied") },
	{ "session.end",               C2("authentication", "session"),             C1("end") },
	{ "session.reuse",             C2("session", "intrusion_detection"),        C2("end", "denied") },
	{ "session.step_up",           C1("authentication"),                        C1("info") },
	{ "factor.challenge",          C1("authentication"),                        C1("info") },
	{ "factor.fail",               C2("authentication", "intrusion_detection"), C2("info", "denied") },
	{ "factor.setup",              C1("iam"),                                   C2("user", "change") },
	{ "factor.enable",             C1("iam"),                                   C2("user", "change") },
	{ "factor.disable",            C1("iam"),                                   C2("user", "change") },
	{ "factor.reset",              C1("iam"),                                   C2("user", "change") },
	{ "factor.recovery_codes",     C1("iam"),                                   C2("user", "change") },
	{ "factor.recovery_used",      C1("authentication"),                        C1("info") },
	{ "password.change",           C1("iam"),                                   C2("user", "change") },
	{ "password.forgot",           C1("iam"),                                   C2("user", "info") },
	{ "password.reset",            C1("iam"),                                   C2("user", "change") },
	{ "invitation.accept",         C1("iam"),                                   C2("user", "change") },
	{ "email.request",             C1("iam"),                                   C2("user", "info") },
	{ "email.change",              C1("iam"),                                   C2("user", "change") },
	{ "profile.update",            C1("iam"),                                   C2("user", "change") },
	{ "user.create",               C1("iam"),                                   C2("user", "creation") },
	{ "user.update",               C1("iam"),                                   C2("user", "change") },
	{ "user.delete",               C1("iam"),                                   C2("user", "deletion") },
	{ "user.unlock",               C1("iam"),                                   C2("user", "change") },
	{ "user.sessions_revoke",      C2("iam", "session"),                        C2("user", "end") },
	{ "api_key.create",            C1("iam"),                                   C1("creation") },
	{ "api_key.refuse",            C2("authentication", "intrusion_detection"), C2("start", "denied") },
	{ "request.refuse",            C2("web", "intrusion_detection"),            C2("access", "denied") },
	{ "api_key.delete",            C1("iam"),                                   C1("deletion") },
	{ "api_key.ending",            C1("iam"),                                   C1("info") },
	{ "identity.link",             C1("iam"),                                   C2("user", "change") },
	{ "identity.roles",            C1("iam"),                                   C2("user", "change") },
	{ "identity_provider.create",  C2("iam", "configuration"),                  C1("creation") },
	{ "identity_provider.update",  C2("iam", "configuration"),                  C1("change") },
	{ "identity_provider.delete",  C2("iam", "configuration"),                  C1("deletion") },
	{ "key.rotate",                C1("configuration"),                         C1("change") },
	{ "settings.update",           C1("configuration"),                         C1("change") },
	{ "proxy.header",              C2("network", "configuration"),              C2("info", "denied") },
	{ "proxy.unknown",             C2("network", "configuration"),              C2("info", "denied") },
	{ "proxy.unread",              C2("network", "configuration"),              C2("info", "denied") },
	{ "tenant.update",             C2("iam", "configuration"),                  C1("change") },
	{ "audit.read",                C1("database"),                              C1("access") },
	{ "audit.export",              C1("database"),                              C1("access") },
	{ "masked.changes",            C2("configuration", "intrusion_detection"),  C1("info") },
	{ "drift_config.create",       C1("configuration"),                         C1("creation") },
	{ "drift_config.update",       C1("configuration"),                         C1("change") },
	{ "drift_config.delete",       C1("configuration"),                         C1("deletion") },
	{ "baseline.set",              C1("configuration"),                         C1("change") },
	{ "baseline.renew",            C1("configuration"),                         C1("change") },
	{ "golden_baseline.create",    C1("configuration"),                         C1("creation") },
	{ "golden_baseline.update",    C1("configuration"),                         C1("change") },
	{ "golden_baseline.delete",    C1("configuration"),                         C1("deletion") },
	{ "snapshot.compare",          C1("configuration"),                         C1("info") },
	{ "snapshot.delete",           C1("configuration"),                         C1("deletion") },
	{ "snapshot.refuse",           C1("configuration"),                         C1("denied") },
	{ "snapshot.retention",        C1("configuration"),                         C1("deletion") },
	{ "change.update",             C1("configuration"),                         C1("change") },
	{ "report.export",             C1("database"),                              C1("access") },
	{ "values.compare",            C1("database"),                              C1("access") },
	{ "report.accept",             C1("configuration"),                         C1("change") },
	{ "drift_run.cancel",          C1("configuration"),                         C1("change") },
	{ "drift_run.start",           C1("configuration"),                         C1("change") },
	{ "silence.create",            C1("configuration"),                         C1("creation") },
	{ "silence.delete",            C1("configuration"),                         C1("deletion") },
	{ "alert.update",              C1("configuration"),                         C1("change") },
	{ "channel.create",            C1("configuration"),                         C1("creation") },
	{ "channel.update",            C1("configuration"),                         C1("change") },
	{ "channel.test",              C1("configuration"),                         C1("info") },
	{ "channel.delete",            C1("configuration"),                         C1("deletion") },
	{ "alert.deliver",             C1("network"),                               C1("connection") },
	{ "mail.deliver",              C2("email", "network"),                      C2("info", "connection") },
	{ "sender.wait",               C1("database"),                              C1("info") },
	{ "sender.recover",            C1("database"),                              C1("info") },
	{ "sender.start",              C1("process"),                               C1("start") },
	{ "sender.restart",            C1("process"),                               C1("start") },
	{ "start",                     C1("process"),                               C1("start") },
	{ "stop",                      C1("process"),                               C1("end") },
	{ "reload",                    C2("process", "configuration"),              C1("change") },
	{ "worker-died",               C1("process"),                               C1("end") },
	{ "worker-failed",             C1("process"),                               C1("end") },
	{ "fetcher-died",              C1("process"),                               C1("end") },
	{ "fetcher-failed",            C1("process"),                               C1("end") },
	{ "log-lines-dropped",         C1("process"),                               C1("info") },
	{ "rate.limit",                C2("web", "intrusion_detection"),            C2("access", "denied") },
	{ "db.lost",                   C1("database"),                              C1("error") },
	{ "db.statements",             C1("database"),                              C1("info") },
	{ "fastcgi.refuse",            C2("web", "intrusion_detection"),            C2("access", "denied") },
	{ "db.silent",                 C1("database"),                              C1("error") },
	{ "db.crowded",                C1("database"),                              C1("info") },
	{ "db.answers",                C1("database"),                              C1("info") },
	{ 0 },
};

static const struct log_class of_datasets[LOG_DATASET__MAX] = {
	[LOG_ACCESS]   = { "", C1("web"),                 C1("access") },
	[LOG_AUTH]     = { "", C1("authentication"),      C1("info") },
	[LOG_ADMIN]    = { "", C1("iam"),                 C1("info") },
	[LOG_DRIFT]    = { "", C1("configuration"),       C1("info") },
	[LOG_SECURITY] = { "", C1("intrusion_detection"), C1("info") },
	[LOG_SYSTEM]   = { "", C1("process"),             C1("info") },
};
/* clang-format on */

const struct log_class *
log_class_of(enum log_dataset d, const char *action)
{
	for (const struct log_class *c = log_classes; action != NULL && c->action != NULL; c++)
		if (strcmp(c->action, action) == 0)
			return c;
	return &of_datasets[d];
}
