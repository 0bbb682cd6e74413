/*
 * settings.h - what a tenant's administrators decide: the `settings` member of a tenant.
 *
 * The registry keeps only what was said; reading fills in the installation's defaults and holds the
 * installation's ceilings (session.max_idle_s, session.max_absolute_s).  Addresses and ranges
 * are kept as cidr_print() has them.  What is kept may have members of a newer program: they are passed over, and stay.
 */
#ifndef BSX_AUTH_SETTINGS_H
#define BSX_AUTH_SETTINGS_H

#include "core/auth/auth.h"
#include "core/json/schema.h"
#include "core/store/tenant/keep.h"

struct settings_session {
	int64_t access_s, idle_s, absolute_s;
};
struct settings_password {
	int64_t min_length; /* characters */
};
struct settings_mfa {
	struct strings required_for; /* names of roles */
	uint64_t       given;
};
struct settings_cors {
	struct strings allowed_origins;
};
#define SETTINGS_NOTIFIED_MAX 32
struct settings_security {
	struct uuid channel_id;
	const char *min_severity;
};
struct settings_notifications {
	const char  *from;      /* where answers to its mail go; NULL: to the sender */
	const char  *from_name; /* stands before ours as the sender's; NULL: none */
	struct items security; /* struct settings_security */
};
/* A second person (drift/service/second.h). */
struct settings_four_eyes {
	const char *accept_from; /* a severity; NULL: nobody is asked */
};
/* What links in messages do (drift/service/answer.h). */
#define ALERT_LINKS_OFF         "off"
#define ALERT_LINKS_ACKNOWLEDGE "acknowledge"
struct settings {
	struct settings_session       *session;
	struct settings_password      *password;
	struct settings_mfa           *mfa;
	struct settings_cors          *cors;
	struct strings                 allowed_addresses;
	struct raw_json                rate_limits; /* {CLASS or route: {per_minute, burst}} */
	struct keep                   *retention;
	struct settings_notifications *notifications;
	struct settings_four_eyes     *four_eyes;
	const char                    *alert_links;
	struct cidr_list               allowed; /* allowed_addresses, read; empty: from everywhere */
};
extern const struct schema settings_schema;

/*
 * A tenant's settings, every member filled.  Kept parsed for the tenants used last; valid until the next request
 * (of the SETTINGS_KEPT tenants used last none is dropped).
 */
#define SETTINGS_KEPT 64
MUST_USE bool settings_of(struct auth *a, const struct tenant *t, const struct settings **s, struct err *e);

/* The same without a cache: `text` is what the registry holds. */
MUST_USE bool settings_parse(TALLOC_CTX *mem, const struct conf *conf, const char *text, struct settings *s,
    struct err *e);

/*
 * What the registry shall hold after a change (RFC 7396: members named replace, null takes one back to the
 * default).  ERR_INVALID with one fault per member at fault, pointers from "/settings".
 */
MUST_USE bool settings_merge(TALLOC_CTX *mem, const struct conf *conf, const char *was, const struct json *change,
    const char **text, struct err *e);

#endif
