/*
 * conf.h - the configuration: one file in libconfig syntax, every key in one table.
 *
 * The table (conf_keys.c) holds for each key: its dotted name (the groups of the
 * file: log.level is `log: { level = "info"; };`), type, default, unit, allowed range or choices, whether a HUP
 * applies it, and one sentence.  The parser, `bsxctl config show`, the man page
 * blindspotx.conf.5 and etc/blindspotx.conf.example come from it; a test
 * compares them.  An unknown key, a wrong type or a value out of range is an
 * error that names file and line.
 */
#ifndef BSX_CONF_CONF_H
#define BSX_CONF_CONF_H

#include "core/base/err.h"
#include "core/json/field.h"
#include "core/base/log.h"

#define CONF_FILE_DEFAULT "/etc/blindspotx/blindspotx.conf"
#define CONF_RATE_MAX 1000000

/* A rate class: so many a minute in the long run, `burst` at once after a pause; 0 of either: no limit. */
struct conf_rate {
	int64_t per_minute, burst;
};
/*      id             name        a minute, at once, of what it is a budget: of each address, and of each caller */
#define RATE_CLASSES(X) \
	X(RATE_OPEN,     "open",     6000, 2000, "health, metadata, pages and what is not found, of one address (an IPv6 /64)") \
	X(RATE_READ,     "read",     1200, 600,  "reading, of one address and of one caller") \
	X(RATE_WRITE,    "write",    600,  200,  "changes, of one address and of one caller") \
	X(RATE_LOGIN,    "login",    60,   60,   "sign-ins from one address") \
	X(RATE_MFA,      "mfa",      60,   30,   "second factors from one address") \
	X(RATE_REFRESH,  "refresh",  120,  60,   "renewals of sessions from one address") \
	X(RATE_MAIL,     "mail",     10,   10,   "what sends mail, from one address") \
	X(RATE_SNAPSHOT, "snapshot", 1200, 600,  "snapshots, of one address and of one caller, and each further MiB of one")
/* Those that have a budget of each account too. */
#define RATE_ACCOUNTS(X) \
	X(RATE_LOGIN,    "login",    20,   20,   "sign-ins to one account") \
	X(RATE_MFA,      "mfa",      20,   20,   "second factors of one account") \
	X(RATE_MAIL,     "mail",     3,    3,    "mails to one account")
enum rate_class {
#define X(id, ...) id,
	RATE_CLASSES(X)
#undef X
	RATE__MAX
};

/* Members are in the order of the table. */
struct conf {
	/* general */
	const char    *public_url;      /* e.g. "https://drift.example.org"; scheme decides cookies, HSTS */
	const char    *base_path;       /* "" or "/bsx": cut from REQUEST_URI */
	const char    *state_dir;       /* segment, sockets, keyring: outside every document root */
	const char    *keyring;         /* path of the keyring file */
	const char    *keyring_credential; /* "": none; else it is that one of systemd's */
	struct strings keyring_command; /* none; else it is what that prints */
	const char    *user;            /* unix account of the programs; only bsxctl looks at it */
	struct strings trusted_proxies; /* addresses or CIDR ranges */
	const char    *forwarded_header; /* "X-Forwarded-For" or "Forwarded" */
	/* responder */
	int64_t        workers;         /* 0: the number of cores, at least 4 */
	int64_t        max_requests;    /* a worker is replaced after this many (+- jitter); 0: never */
	const char    *socket;          /* unix path or host:port to listen on when none is inherited */
	int64_t        socket_mode;     /* octal permissions, e.g. 0660 */
	bool           socket_remote;   /* a TCP socket beyond loopback is allowed */
	int64_t        body_max;        /* bytes of a request body */
	int64_t        snapshot_max;    /* bytes of a pushed snapshot */
	int64_t        body_timeout_s;  /* a body must be complete within this */
	/* db */
	const char    *db_host;         /* "" : unix socket */
	int64_t        db_port;
	const char    *db_socket;
	const char    *db_user;         /* account of the control schema */
	const char    *db_password_file;/* "" : unix_socket authentication or derived (see man page) */
	const char    *db_control;      /* control schema, "bsx" */
	const char    *db_provision_user; /* "" : no provisioning in this process */
	const char    *db_provision_password_file;
	const char    *db_account_host; /* host part of tenant accounts, "localhost" or "%" */
	const char    *db_tls_ca;       /* "" : no TLS (unix socket) */
	const char    *db_isolation;    /* "account" or "schema" */
	int64_t        db_tenant_connections; /* per worker */
	int64_t        db_kept_statements;    /* per connection */
	int64_t        db_idle_s;
	/* log */
	const char    *log_target;
	const char    *log_level;       /* all datasets; one of debug info warn error off */
	const char    *log_access;      /* "" : as log_level; likewise below */
	const char    *log_auth;
	const char    *log_admin;
	const char    *log_drift;
	const char    *log_security;
	const char    *log_system;
	int64_t        log_slow_ms;
	/* auth */
	int64_t        access_s;        /* life of an access token */
	int64_t        session_idle_s;
	int64_t        session_absolute_s;
	int64_t        session_max_idle_s;     /* ceilings of what a tenant may choose */
	int64_t        session_max_absolute_s;
	int64_t        revocation_lag_ms;
	struct strings mfa_required_for;/* roles; the installed default is ["admin"], the trial sets [] */
	int64_t        password_min;
	/* keys */
	int64_t        keys_rotate_s;   /* life of a signing key as the active one */
	/* audit */
	int64_t        tenants_pool;    /* schemas that are ready for tenants to come */
	int64_t        tenants_grace_s; /* from the deletion of a tenant to its erasure */
	int64_t        audit_checkpoint_s; /* between two checkpoints of a trail that grows */
	/* shared segment */
	int64_t        cache_entries;   /* caller cache; 0 turns it off */
	/* rate: requests of each client of this host */
	int64_t          rate_hosts;    /* that share each budget */
	struct conf_rate rate[RATE__MAX];         /* of each class */
	struct conf_rate rate_account[RATE__MAX]; /* of those of RATE_ACCOUNTS */
	struct conf_rate rate_tenant;   /* all of a tenant's callers together */
	struct strings   rate_routes;   /* "METHOD /path PER_MINUTE BURST": routes with a budget of their own */
	/* metrics */
	struct strings metrics_allow;   /* addresses or CIDR ranges that may read /metrics */
	/* outbound */
	struct strings outbound_allow;  /* CIDR ranges opened in spite of the deny list */
	bool           outbound_http;   /* plain http is allowed (installation-wide) */
	int64_t        outbound_timeout_s;
	/* mail */
	const char    *smtp_url;        /* "" : none is sent */
	const char    *smtp_user;       /* "" : without signing in */
	const char    *smtp_password_file;
	const char    *smtp_from;       /* "" : made of public_url */
	const char    *smtp_starttls;   /* "required" or "off" */
	const char    *smtp_tls_ca;     /* "" : the system's */
	/* driftd */
	int64_t        driftd_senders;  /* delivering processes */
	int64_t        driftd_poll_ms;
	int64_t        driftd_collectors; /* collecting processes */

	/* sources that are collected, by each of them */
	int64_t        source_max_runs; /* at once */
	int64_t        source_host_runs, source_all_runs; /* the same of a host, and of all; 0: any number */
	int64_t        source_tenant_runs; /* of one tenant, by all */
	int64_t        source_max_run_s;
	int64_t        source_max_run_bytes; /* of its answers */
	int64_t        source_timeout_s; /* of one request */
	int64_t        source_watch_s;   /* between readings of a log; 0: none is read */
	/* drift */
	int64_t silence_max_s;
	int64_t silence_maintenance_max_s;
	/* rules */
	const char    *rules_dir;       /* rule packs, e.g. /usr/share/blindspotx/rules */
	const char    *sources_dir;     /* source packs, e.g. /usr/share/blindspotx/sources */
};

/* What a value must look like beyond its type. */
enum conf_form {
	CONF_ANY,
	CONF_URL,    /* scheme://host[:port], without a path */
	CONF_SMTP,   /* "" or smtp(s)://host[:port] */
	CONF_PREFIX, /* "" or "/path" */
	CONF_PATH,   /* "" or absolute */
	CONF_OCTAL,  /* an I64 that is written as a string of octal digits, "0660" */
	CONF_CIDRS,  /* addresses or ranges of them: cidr_list_parse takes them */
	CONF_LOG,    /* "stderr", "syslog" or an absolute path */
	CONF_RATES,  /* "METHOD /path PER_MINUTE BURST": conf_rate_route takes them */
};

/* One row of the table, for `config show`, the man page and tests. */
struct conf_key {
	const char        *name;       /* dotted, as in the file: "log.level" */
	enum field_kind    kind;       /* STR I64 BOOL STRINGS */
	size_t             offset;     /* in struct conf */
	const char        *value;      /* default, in the file's own syntax */
	const char        *unit;       /* "s", "bytes", "" */
	int64_t            min, max;   /* integers: value; strings: bytes; lists: elements; max 0: no limit */
	const char *const *choices;
	bool               reloadable; /* applied by HUP, else by a restart */
	const char        *doc;
	enum conf_form     form;
};
extern const struct conf_key conf_keys[]; /* ended by name == NULL */

/*
 * Reads a file over the defaults; ERR_INTERNAL with "FILE:LINE: ..." in pub and detail when it cannot.
 * Environment BSX_<NAME IN CAPITALS, DOTS AS _> overrides nothing: one source only.
 */
MUST_USE struct conf *conf_load(TALLOC_CTX *mem, const char *path, struct err *e);
/* One database account does everything (db.isolation "schema"). */
bool conf_one_account(const struct conf *c);

/* The parts of an element of rate_routes; `route` is "METHOD /path". */
MUST_USE bool conf_rate_route(struct str text, struct str *route, struct conf_rate *rate);

/* The levels of struct log_options: each dataset's own, or log.level. */
void conf_log_levels(const struct conf *c, enum log_level out[static LOG_DATASET__MAX]);

/* Generated texts: the example file, the table of the man page (mdoc), the effective values. */
void conf_example(struct buf *b);
void conf_man(struct buf *b);
void conf_show(struct buf *b, const struct conf *c);

#endif
