/* conf.h: the table of all settings. */
#include "core/conf/conf.h"

#define KEY(member, dotted, text, ...)                                                             \
	{                                                                                          \
		.name = dotted, .kind = FIELD_KIND(struct conf, member),                           \
		.offset = offsetof(struct conf, member), .value = text, __VA_ARGS__                \
	}
#define HUP .reloadable = true

#define MIB (INT64_C(1) << 20)

static const char *const levels[] = { "debug", "info", "warn", "error", "off", NULL };
static const char *const own_levels[] = { "", "debug", "info", "warn", "error", "off", NULL };
static const char *const starttls[] = { "required", "off", NULL };
static const char *const isolations[] = { "account", "schema", NULL };
static const char *const forwarded_headers[] = { "X-Forwarded-For", "Forwarded", NULL };

/* A class's two settings. */
#define RATE(member, dotted, n, b, what)                                                           \
	KEY(member.per_minute, "rate." dotted ".per_minute", #n, .unit = "requests", .min = 0,     \
	    .max = CONF_RATE_MAX, HUP, .doc = "A minute: " what "; 0: no limit."),                 \
	    KEY(member.burst, "rate." dotted ".burst", #b, .unit = "requests", .min = 0,           \
		.max = CONF_RATE_MAX, HUP, .doc = "At once, after a pause; 0: no limit.")

/* clang-format off */
const struct conf_key conf_keys[] = {
	KEY(public_url, "public_url", "\"https://localhost\"", .min = 8, .max = 255, .form = CONF_URL, HUP,
	    .doc = "What people type to reach the console: scheme, host and port, without a path.  Its "
	           "scheme decides whether cookies are Secure and HSTS is sent; request headers never do."),
	KEY(base_path, "base_path", "\"\"", .max = 255, .form = CONF_PREFIX, HUP,
	    .doc = "Path under which the web server passes requests on, such as \"/bsx\"; it is cut from "
	           "the request's path."),
	KEY(state_dir, "state_dir", "\"/var/lib/blindspotx\"", .min = 2, .max = 1024, .form = CONF_PATH,
	    .doc = "Directory of the shared segment.  It must lie outside every document root; the systemd "
	           "units need ReadWritePaths= for another one."),
	KEY(keyring, "keyring", "\"/var/lib/blindspotx/keyring\"", .min = 2, .max = 1024,
	    .form = CONF_PATH,
	    .doc = "File of the installation's keys, mode 0600.  Without it sealed data cannot be read: "
	           "keep a copy apart from the database's.  Not read where keyring_credential or keyring_command is set."),
	KEY(keyring_credential, "keyring_credential", "\"\"", .max = 255, HUP,
	    .doc = "Name of the systemd credential that is the keyring (LoadCredential=, "
	           "LoadCredentialEncrypted= of the units); it is read in $CREDENTIALS_DIRECTORY, and by a bsxctl that "
	           "has none in that of the running responder.  systemd gives it when a service starts: another keyring "
	           "needs a restart.  Empty: there is none."),
	KEY(keyring_command, "keyring_command", "[ ]", .max = 16, HUP,
	    .doc = "Program, by its absolute path, and its arguments: the keyring is what it prints, in the form of the "
	           "file.  It is run at start, on HUP, and, a minute apart at least, when something is met that a "
	           "version unknown here has sealed; without a shell, with an empty environment, as the account of the "
	           "program that asks.  It has 10 seconds and 16 KiB.  Arguments are seen by everybody on the host: no "
	           "secret is one.  Empty: there is none."),
	KEY(user, "user", "\"blindspotx\"", .min = 1, .max = 32, HUP,
	    .doc = "Unix account that the responder and driftd run as.  bsxctl, run by root, gives it the "
	           "state folder and the keyring, and \"bsxctl doctor\" looks at everything as this "
	           "account."),
	KEY(trusted_proxies, "trusted_proxies", "[ ]", .max = 256, .form = CONF_CIDRS, HUP,
	    .doc = "Addresses or ranges of reverse proxies that are believed when they say for whom they ask, in the "
	           "header that forwarded_header names.  It is read from the right, past those that are named here; what "
	           "stands left of the first that is not named here may be the client's own and is not looked at.  Each of "
	           "them has to tell: when it does not, or not so that it can be read, its clients count as it, and an "
	           "API key for some addresses is refused even if the proxy's is one of them.  A program on the proxy's "
	           "own host that uses such a key names itself in that header."),
	KEY(forwarded_header, "forwarded_header", "\"X-Forwarded-For\"", .choices = forwarded_headers, HUP,
	    .doc = "The header that trusted_proxies write.  Only this one is read: a proxy that writes the one passes the "
	           "other on as the client sent it, so when both are there the other may be forged (RFC 7239 section 7.4 "
	           "knows no order between them).  Addresses may have ports, brackets, quotes and zones; what is none, "
	           "such as \"unknown\", makes the proxy that wrote it count in the client's place, and is in the log "
	           "once an hour for each proxy."),

	KEY(workers, "workers", "0", .min = 0, .max = 1024, HUP,
	    .doc = "Worker processes, each handling one request at a time; 0 is the number of "
	           "cores, at least 4."),
	KEY(max_requests, "max_requests", "100000", .unit = "requests", .min = 0, .max = 100000000, HUP,
	    .doc = "A worker is replaced after about this many, or when it holds more than 64 MiB that it "
	           "cannot give back between requests; 0 is never."),
	KEY(socket, "listen.socket", "\"/run/blindspotx/fcgi.sock\"", .min = 1, .max = 255,
	    .doc = "Unix socket, or host:port, to listen on when none is inherited."),
	KEY(socket_mode, "listen.mode", "\"0660\"", .min = 0, .max = 0777, .form = CONF_OCTAL,
	    .doc = "Permissions of the unix socket, as a string of octal digits."),
	KEY(socket_remote, "listen.remote", "false",
	    .doc = "Allows a TCP socket that other machines can reach.  FastCGI has no password: whoever "
	           "reaches it can claim any client address, so let a firewall leave the web server only."),
	KEY(body_max, "limits.body", "1048576", .unit = "bytes", .min = 1024, .max = 64 * MIB, HUP,
	    .doc = "Most of a request's body; more is answered with 413."),
	KEY(snapshot_max, "limits.snapshot", "16777216", .unit = "bytes", .min = 1024,
	    .max = 128 * MIB, HUP,
	    .doc = "Most of a pushed snapshot or document, also of what a compressed one is unpacked."),
	KEY(body_timeout_s, "limits.body_timeout_s", "30", .unit = "s", .min = 1, .max = 600, HUP,
	    .doc = "A body must have arrived within this time, else 408."),

	KEY(db_host, "db.host", "\"\"", .max = 255, HUP,
	    .doc = "Host of the database; empty: its unix socket."),
	KEY(db_port, "db.port", "3306", .min = 1, .max = 65535, HUP,
	    .doc = "TCP port of the database, with db.host."),
	KEY(db_socket, "db.socket", "\"/run/mysqld/mysqld.sock\"", .max = 107, .form = CONF_PATH, HUP,
	    .doc = "Unix socket of the database, without db.host."),
	KEY(db_user, "db.user", "\"bsx\"", .min = 1, .max = 80, HUP,
	    .doc = "Account of the control schema."),
	KEY(db_password_file, "db.password_file", "\"\"", .max = 1024, .form = CONF_PATH, HUP,
	    .doc = "File with that account's password on its first line; empty: its password is derived "
	           "from the keyring."),
	KEY(db_control, "db.control", "\"bsx\"", .min = 1, .max = 32,
	    .doc = "Name of the control schema: a-z and 0-9; with db.isolation \"schema\" also A-Z and _."),
	KEY(db_provision_user, "db.provision_user", "\"\"", .max = 80, HUP,
	    .doc = "Account that may create schemas and accounts, for bsxctl; empty: the one with the name "
	           "of the unix user who runs it.  The responder and driftd never use it."),
	KEY(db_provision_password_file, "db.provision_password_file", "\"\"", .max = 1024,
	    .form = CONF_PATH, HUP,
	    .doc = "File with the provisioning account's password on its first line; empty: unix_socket.  "
	           "The account of the services must not be able to read it."),
	KEY(db_account_host, "db.account_host", "\"localhost\"", .min = 1, .max = 255,
	    .doc = "Host part of db.user and of the tenants' database accounts: \"localhost\" for a unix "
	           "socket, \"%\" or a network when the database is elsewhere or several hosts use it."),
	KEY(db_tls_ca, "db.tls_ca", "\"\"", .max = 1024, .form = CONF_PATH, HUP,
	    .doc = "Certificate authority of the database's TLS certificate; empty: no TLS, as for a "
	           "unix socket."),
	KEY(db_isolation, "db.isolation", "\"account\"", .choices = isolations,
	    .doc = "\"account\": a schema and a database account per tenant, so that the database itself "
	           "keeps tenants apart.  \"schema\": a schema per tenant, and db.user for everything, on a host "
	           "where nobody may make schemas and accounts; what bsxctl schema add was told of is taken, "
	           "and what keeps tenants apart is this program alone."),
	KEY(db_tenant_connections, "db.tenant_connections", "4", .unit = "connections", .min = 1,
	    .max = 256, HUP,
	    .doc = "Open tenant connections of each worker; the least recently used is closed."),
	KEY(db_kept_statements, "db.kept_statements", "64", .unit = "statements", .max = 1000, HUP,
	    .doc = "Statements that stay prepared on each connection, which halves what they cost the "
	           "database, for about 40 kB of its memory each; up to eight of them are ends of transactions "
	           "with what these write, of about 300 kB.  0: none.  All connections of all hosts "
	           "together should keep no more than 7 in 10 of max_prepared_stmt_count; where the server "
	           "takes no more, none are kept for some minutes."),
	KEY(db_idle_s, "db.idle_s", "300", .unit = "s", .min = 1, .max = 86400, HUP,
	    .doc = "A tenant connection unused for so long is closed."),

	KEY(log_target, "log.target", "\"stderr\"", .min = 1, .max = 1024, .form = CONF_LOG,
	    .doc = "Where log lines go: \"stderr\", \"syslog\", or the path of a file that HUP opens "
	           "again."),
	KEY(log_level, "log.level", "\"info\"", .choices = levels, HUP,
	    .doc = "Least level of the lines written."),
	KEY(log_access, "log.access", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.access (one line per request); empty: log.level."),
	KEY(log_auth, "log.auth", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.auth; empty: log.level."),
	KEY(log_admin, "log.admin", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.admin; empty: log.level."),
	KEY(log_drift, "log.drift", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.drift; empty: log.level."),
	KEY(log_security, "log.security", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.security; empty: log.level."),
	KEY(log_system, "log.system", "\"\"", .choices = own_levels, HUP,
	    .doc = "The same for dataset bsx.system; empty: log.level."),
	KEY(log_slow_ms, "log.slow_ms", "500", .unit = "ms", .min = 0, .max = 3600000, HUP,
	    .doc = "The line of a request that took longer has its statements with their times; "
	           "0: never."),

	KEY(access_s, "session.access_s", "600", .unit = "s", .min = 60, .max = 3600, HUP,
	    .doc = "Life of an access token, where the tenant does not say otherwise."),
	KEY(session_idle_s, "session.idle_s", "1800", .unit = "s", .min = 300, .max = 86400, HUP,
	    .doc = "A session ends when it was not used for so long, where the tenant does not say "
	           "otherwise."),
	KEY(session_absolute_s, "session.absolute_s", "43200", .unit = "s", .min = 3600, .max = 2592000,
	    HUP, .doc = "A session ends so long after signing in, used or not, where the tenant does not say "
	           "otherwise."),
	KEY(session_max_idle_s, "session.max_idle_s", "86400", .unit = "s", .min = 300, .max = 86400, HUP,
	    .doc = "The most that a tenant may choose for session.idle_s; it bounds session.idle_s too."),
	KEY(session_max_absolute_s, "session.max_absolute_s", "2592000", .unit = "s", .min = 3600,
	    .max = 2592000, HUP,
	    .doc = "The most that a tenant may choose for session.absolute_s; it bounds "
	           "session.absolute_s too."),
	KEY(revocation_lag_ms, "session.revocation_lag_ms", "2000", .unit = "ms", .min = 0,
	    .max = 60000, HUP,
	    .doc = "How much later another host may learn that a session was ended; on the same host it "
	           "holds at once."),
	KEY(mfa_required_for, "mfa.required_for", "[ \"admin\" ]", .max = 64, HUP,
	    .doc = "Roles that need a second factor, where the tenant does not say otherwise."),
	KEY(password_min, "password.min_length", "15", .unit = "characters", .min = 8, .max = 128, HUP,
	    .doc = "Least length of a new password; for a user with a second factor 8 are enough."),

	KEY(keys_rotate_s, "keys.rotate_s", "2592000", .unit = "s", .min = 3600, .max = 31536000, HUP,
	    .doc = "How long a signing key signs access tokens before driftd turns to the next one, "
	           "which is published all that time."),

	KEY(tenants_pool, "tenants.pool", "0", .unit = "schemas", .min = 0, .max = 1000, HUP,
	    .doc = "Schemas that bsxctl tenant work keeps ready for tenants to come, so that one is made "
	           "at once; without, POST /api/tenants answers 202, and the tenant is ready after the "
	           "next bsxctl tenant work."),
	KEY(tenants_grace_s, "tenants.erase_grace_s", "604800", .unit = "s", .min = 0, .max = 31622400, HUP,
	    .doc = "How long a deleted tenant can be had back before it is erased for good."),
	KEY(audit_checkpoint_s, "audit.checkpoint_s", "900", .unit = "s", .min = 60, .max = 86400, HUP,
	    .doc = "How often driftd signs a checkpoint of an audit trail that has grown, and writes it to "
	           "the log: what was written since the last one could be cut off unseen by whoever has "
	           "both database and keyring."),

	KEY(cache_entries, "cache.entries", "16384", .unit = "entries", .min = 0, .max = 1048576,
	    .doc = "Callers held in the shared segment, so that their requests need no SQL to know "
	           "them; 0 turns that off."),

	KEY(rate_hosts, "rate.hosts", "1", .unit = "hosts", .min = 1, .max = 1000, HUP,
	    .doc = "Limits are counted on each host by itself: with N hosts behind one address each grants "
	           "1/N of every budget."),
#define X(id, name, n, b, what) RATE(rate[id], "classes." name, n, b, what),
	RATE_CLASSES(X)
#undef X
#define X(id, name, n, b, what) RATE(rate_account[id], "accounts." name, n, b, what),
	RATE_ACCOUNTS(X)
#undef X
	RATE(rate_tenant, "tenant", 6000, 3000,
	    "requests of all callers of one tenant, where its quota does not say otherwise"),
	KEY(rate_routes, "rate.routes", "[ ]", .max = 256, .form = CONF_RATES, HUP,
	    .doc = "Routes with a budget of their own in place of their class's, as \"METHOD /path "
	           "PER_MINUTE BURST\", such as \"GET /api/drift/reports/{id} 60 10\"."),

	KEY(metrics_allow, "metrics.allow", "[ \"127.0.0.0/8\", \"::1\" ]", .max = 256,
	    .form = CONF_CIDRS, HUP,
	    .doc = "Addresses or ranges that may read /metrics without signing in; a proxy's address counts "
		   "only for itself, or when trusted_proxies names it."),

	KEY(outbound_allow, "outbound.allow", "[ ]", .max = 256, .form = CONF_CIDRS, HUP,
	    .doc = "Private or loopback ranges that webhooks and sources may reach all the same; others "
	           "of that kind are refused."),
	KEY(outbound_http, "outbound.http", "false", HUP,
	    .doc = "Allows plain http for outbound requests.  Only for trials."),
	KEY(outbound_timeout_s, "outbound.timeout_s", "10", .unit = "s", .min = 1, .max = 300, HUP,
	    .doc = "An outbound request ends after this time."),

	KEY(smtp_url, "smtp.url", "\"\"", .max = 255, .form = CONF_SMTP, HUP,
	    .doc = "Mail server: smtp://host:port or smtps://host:port.  Empty: no mail is sent, and "
	           "invitations and forgotten passwords cannot be used."),
	KEY(smtp_user, "smtp.user", "\"\"", .max = 255, HUP,
	    .doc = "Account at the mail server; empty: none.  It is never sent without TLS."),
	KEY(smtp_password_file, "smtp.password_file", "\"\"", .max = 1024, .form = CONF_PATH, HUP,
	    .doc = "File with that account's password on its first line."),
	KEY(smtp_from, "smtp.from", "\"\"", .max = 254, HUP,
	    .doc = "Sender's address of mail; empty: blindspotx@ the host of public_url."),
	KEY(smtp_starttls, "smtp.starttls", "\"required\"", .choices = starttls, HUP,
	    .doc = "With smtp://: \"required\" sends only after STARTTLS, \"off\" in clear, which is for "
	           "a server on this host."),
	KEY(smtp_tls_ca, "smtp.tls_ca", "\"\"", .max = 1024, .form = CONF_PATH, HUP,
	    .doc = "Certificate authority of the mail server; empty: those of the system."),

	KEY(driftd_senders, "driftd.senders", "4", .unit = "processes", .min = 1, .max = 64,
	    .doc = "Processes of driftd that deliver alerts."),
	KEY(driftd_poll_ms, "driftd.poll_ms", "250", .unit = "ms", .min = 10, .max = 60000, HUP,
	    .doc = "How often driftd looks for due work."),
	KEY(driftd_collectors, "driftd.collectors", "1", .unit = "processes", .min = 0, .max = 16,
	    .doc = "Processes of driftd that collect from sources; 0: this host collects nothing."),

	KEY(source_max_runs, "source.max_runs", "50", .unit = "runs", .min = 1, .max = 1000, HUP,
	    .doc = "Sources that one of these processes reads at once."),
	KEY(source_host_runs, "source.host_runs", "0", .unit = "runs", .min = 0, .max = 100000, HUP,
	    .doc = "Sources that those processes of one host read at once together; 0: any number."),
	KEY(source_all_runs, "source.all_runs", "0", .unit = "runs", .min = 0, .max = 100000, HUP,
	    .doc = "Sources that the processes of all hosts read at once together; 0: any number."),
	KEY(source_tenant_runs, "source.tenant_runs", "20", .unit = "runs", .min = 1, .max = 1000, HUP,
	    .doc = "Sources of one tenant that all of them together read at once."),
	KEY(source_max_run_s, "source.max_run_s", "1800", .unit = "s", .min = 10, .max = 86400, HUP,
	    .doc = "A source that is not read by then has failed."),
	KEY(source_max_run_bytes, "source.max_run_bytes", "268435456", .unit = "bytes", .min = 65536,
	    .max = 4294967296, HUP,
	    .doc = "A source whose answers are together longer, unpacked, has failed."),
	KEY(source_timeout_s, "source.timeout_s", "60", .unit = "s", .min = 1, .max = 120, HUP,
	    .doc = "A request to a source ends after this time."),
	KEY(source_watch_s, "source.watch_s", "60", .unit = "s", .min = 0, .max = 3600, HUP,
	    .doc = "How often the log of a source is looked at for what is to be read at once, where its "
	           "pack says what that is; 0: never."),

	KEY(silence_max_s, "silence.max_s", "2592000", .unit = "s", .min = 60, .max = 31622400, HUP,
	    .doc = "How far ahead a silence may end.  There is none without an end: what is to stay is "
	           "accepted, with its value, and is heard of again when that changes."),
	KEY(silence_maintenance_max_s, "silence.maintenance_max_s", "604800", .unit = "s", .min = 60,
	    .max = 31622400, HUP,
	    .doc = "How long a maintenance window may be.  It is planned work, and shorter than a "
	           "silence may be: one that never ends would hide everything it covers.  The "
	           "window of an announced change is no longer either."),

	KEY(rules_dir, "rules_dir", "\"/usr/share/blindspotx/rules\"", .min = 2, .max = 1024,
	    .form = CONF_PATH, HUP,
	    .doc = "Directory of the rule packs that drift configurations name."),
	KEY(sources_dir, "sources_dir", "\"/usr/share/blindspotx/sources\"", .min = 2, .max = 1024,
	    .form = CONF_PATH, HUP,
	    .doc = "Directory of the source packs that drift configurations name."),
	{ .name = NULL },
};
