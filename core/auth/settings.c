#include "core/auth/settings.h"

#include <stdio.h>
#include <string.h>

#include "core/base/unicode.h"
#include "core/json/json_merge.h"

#define MIN(x, y) ((x) < (y) ? (x) : (y))
#define NULLABLE  FIELD_NULLABLE

/* ---- the members ---- */

static const struct field session_fields[] = {
	FIELD(struct settings_session, access_s, .min = 60, .max = 3600, .flags = NULLABLE,
	    .doc = "Life of an access token."),
	FIELD(struct settings_session, idle_s, .min = 300, .max = 86400, .flags = NULLABLE,
	    .doc = "A session ends when it was not used for so long."),
	FIELD(struct settings_session, absolute_s, .min = 3600, .max = 2592000, .flags = NULLABLE,
	    .doc = "A session ends so long after signing in, used or not."),
	FIELD_END,
};
static const struct schema session_schema =
    SCHEMA("SessionSettings", struct settings_session, session_fields);

static const struct field password_fields[] = {
	FIELD(struct settings_password, min_length, .min = 8, .max = 128, .flags = NULLABLE,
	    .doc = "Least characters of a new password."),
	FIELD_END,
};
static const struct schema password_schema =
    SCHEMA("PasswordSettings", struct settings_password, password_fields);

static const struct field mfa_fields[] = {
	FIELD(struct settings_mfa, required_for, .max = 64, .flags = NULLABLE,
	    .doc = "Roles that need a second factor."),
	FIELD_END,
};
static const struct schema mfa_schema =
    SCHEMA_GIVEN("MfaSettings", struct settings_mfa, mfa_fields, given);

static const struct field cors_fields[] = {
	FIELD(struct settings_cors, allowed_origins, .max = 64, .flags = NULLABLE,
	    .doc = "Origins of pages on other sites that may sign in and call, with tokens in "
		   "bodies and bearer tokens."),
	FIELD_END,
};
static const struct schema cors_schema = SCHEMA("CorsSettings", struct settings_cors, cors_fields);

static const char *const severities[] = { "info", "low", "medium", "high", "critical", NULL };

static const struct field security_fields[] = {
	FIELD(struct settings_security, channel_id, .flags = FIELD_REQUIRED, .doc = "Channel."),
	FIELD(struct settings_security, min_severity, .choices = severities,
	    .flags = FIELD_REQUIRED, .doc = "Least severity that is sent there."),
	FIELD_END,
};
static const struct schema security_schema =
    SCHEMA("SecurityNotification", struct settings_security, security_fields);

#define FROM_NAME_MAX 64
static const struct field notifications_fields[] = {
	FIELD(struct settings_notifications, from, .min = 3, .max = 254, .format = "email",
	    .flags = NULLABLE,
	    .doc = "Where answers to its mail go (Reply-To). The sender's address stays the "
		   "installation's; null: answers go there."),
	FIELD(struct settings_notifications, from_name, .min = 1, .max = FROM_NAME_MAX,
	    .flags = NULLABLE | FIELD_SEEN,
	    .doc = "Name that its mail is sent in, as NAME via BlindSpotX: nothing that looks like "
		   "an address, no brackets, quotes, commas, colons and semicolons, nothing that "
		   "turns or hides what is written; null: none."),
	FIELD(struct settings_notifications, security, .item = &security_schema,
	    .max = SETTINGS_NOTIFIED_MAX, .flags = NULLABLE,
	    .doc = "Channels that are told of alerts of the tenant itself, of kind security and "
		   "system, where no route takes them. Who changes it has the permission "
		   "read:audit."),
	FIELD_END,
};
static const struct schema notifications_schema =
    SCHEMA("NotificationSettings", struct settings_notifications, notifications_fields);

static const struct field four_eyes_fields[] = {
	FIELD(struct settings_four_eyes, accept_from, .choices = severities + 1, .flags = NULLABLE,
	    .doc = "What takes a change of this severity or worse out of what is told (accepted, "
		   "ignored, all of a report, a snapshot as the baseline) waits until a second "
		   "person with update:drift confirms it; null: one person is enough. Who changes "
		   "it has assign:roles, and an alert of kind security tells of it. A higher one, "
		   "or null, waits itself (four_eyes_pending, beside the settings) until a second "
		   "such person, signed in, sets the same within 7 days. Who may change it takes "
		   "that back by setting it to what it is."),
	FIELD_END,
};
static const struct schema four_eyes_schema =
    SCHEMA("FourEyesSettings", struct settings_four_eyes, four_eyes_fields);

static const char *const alert_links[] = { ALERT_LINKS_OFF, ALERT_LINKS_ACKNOWLEDGE, NULL };

static const struct field settings_fields[] = {
	FIELD(struct settings, session, .item = &session_schema, .flags = NULLABLE,
	    .doc = "How long sessions last."),
	FIELD(struct settings, password, .item = &password_schema, .flags = NULLABLE,
	    .doc = "What passwords must be like."),
	FIELD(struct settings, mfa, .item = &mfa_schema, .flags = NULLABLE,
	    .doc = "Who needs a second factor."),
	FIELD(struct settings, cors, .item = &cors_schema, .flags = NULLABLE,
	    .doc = "Which other sites' pages may call."),
	FIELD(struct settings, allowed_addresses, .max = 256, .flags = NULLABLE,
	    .doc = "Addresses and ranges (10.0.0.0/8, fd00::/8) that its people and keys may come "
		   "from; else 403 address_not_allowed. Empty: from everywhere. Whoever sets them "
		   "must be inside."),
	FIELD(struct settings, rate_limits, .flags = NULLABLE,
	    .doc = "By rate class or route: {per_minute, burst}."),
	FIELD(struct settings, retention, .item = &keep_schema, .flags = NULLABLE,
	    .doc = "How long history is kept."),
	FIELD(struct settings, notifications, .item = &notifications_schema, .flags = NULLABLE,
	    .doc = "Who is told of what concerns the tenant itself."),
	FIELD(struct settings, four_eyes, .item = &four_eyes_schema, .flags = NULLABLE,
	    .doc = "What needs a second person."),
	FIELD(struct settings, alert_links, .choices = alert_links, .flags = NULLABLE,
	    .doc = "Whether messages about alerts carry links by which they are answered. "
		   "acknowledge: they do, and who gets the mail of an e-mail channel with the "
		   "address of their account acknowledges by its link without signing in; all else "
		   "is confirmed after sign-in. off: messages carry none, and those that were sent "
		   "do nothing. null: acknowledge."),
	FIELD_END,
};
const struct schema settings_schema = SCHEMA("TenantSettings", struct settings, settings_fields);

/* ---- reading ---- */

/* Makes an absent object, all members 0. */
#define ENSURE(mem, s, m, e)                                                                       \
	((s)->m != NULL || ((s)->m = talloc_zero_size((mem), sizeof(*(s)->m))) != NULL ||          \
	    err_memory(e))

static bool
fill(TALLOC_CTX *mem, const struct conf *conf, struct settings *s, struct err *e)
{
	struct settings_session *life;

	if (!ENSURE(mem, s, session, e) || !ENSURE(mem, s, password, e) ||
	    !ENSURE(mem, s, mfa, e) || !ENSURE(mem, s, cors, e) || !ENSURE(mem, s, retention, e) ||
	    !ENSURE(mem, s, notifications, e) || !ENSURE(mem, s, four_eyes, e))
		return false;
	life = s->session;
	if (life->access_s == 0)
		life->access_s = conf->access_s;
	if (life->idle_s == 0)
		life->idle_s = conf->session_idle_s;
	if (life->absolute_s == 0)
		life->absolute_s = conf->session_absolute_s;
	life->idle_s = MIN(life->idle_s, conf->session_max_idle_s);
	life->absolute_s = MIN(life->absolute_s, conf->session_max_absolute_s);
	if (s->password->min_length == 0)
		s->password->min_length = conf->password_min;
	if (!(s->mfa->given & schema_bit(&mfa_schema, "required_for")))
		s->mfa->required_for = conf->mfa_required_for;
	if (s->alert_links == NULL)
		s->alert_links = ALERT_LINKS_ACKNOWLEDGE;
	if (s->rate_limits.text == NULL && s->rate_limits.tree == NULL)
		s->rate_limits.text = "{}";
	return true;
}

bool
settings_parse(
    TALLOC_CTX *mem, const struct conf *conf, const char *text, struct settings *s, struct err *e)
{
	const struct json *tree = json_parse(mem, str_of(text), e);

	if (tree == NULL || !schema_decode_kept(mem, &settings_schema, tree, "", s, e) ||
	    !cidr_list_parse(mem, s->allowed_addresses, &s->allowed, e)) {
		err_clear(e); /* what is stored is no fault of the request */
		return err_set(e, ERR_INTERNAL, 0, "internal error",
		    "a tenant's stored settings do not decode");
	}
	return fill(mem, conf, s, e);
}

/* ---- the cache: parsed once per text ---- */

struct entry {
	struct entry   *next; /* most recently used first */
	struct uuid     tenant;
	const char     *text;
	struct settings s;
};
/* What of the configuration went into the entries: a HUP may change it. */
struct defaults {
	int64_t        numbers[6];
	struct strings required_for;
};
struct settings_cache {
	struct entry   *first;
	struct defaults defaults;
};

static struct defaults
defaults_of(const struct conf *c)
{
	return (struct defaults) { { c->access_s, c->session_idle_s, c->session_absolute_s,
				       c->session_max_idle_s, c->session_max_absolute_s,
				       c->password_min },
		c->mfa_required_for };
}

static bool
is_of(const struct defaults *a, const struct defaults *b)
{
	return memcmp(a->numbers, b->numbers, sizeof(a->numbers)) == 0 &&
	       a->required_for.items == b->required_for.items &&
	       a->required_for.n == b->required_for.n;
}

/* The cache, without entries that another configuration has filled. */
static bool
open_cache(struct auth *a, struct err *e)
{
	struct defaults now = defaults_of(a->env->conf);

	if (a->settings != NULL && !is_of(&a->settings->defaults, &now))
		TALLOC_FREE(a->settings);
	if (a->settings != NULL)
		return true;
	a->settings = talloc_zero(a->database, struct settings_cache);
	if (a->settings == NULL)
		return err_memory(e);
	a->settings->defaults = now;
	return true;
}

/* Unlinks the tenant's entry; NULL: there is none.  *last: the end of a list that is full. */
static struct entry *
take(struct settings_cache *c, const struct uuid *tenant, struct entry **last)
{
	struct entry **at = &c->first;
	unsigned       n = 0;

	*last = NULL;
	for (; *at != NULL; at = &(*at)->next) {
		struct entry *x = *at;

		if (uuid_eq(&x->tenant, tenant)) {
			*at = x->next;
			return x;
		}
		if (++n == SETTINGS_KEPT)
			*last = x;
	}
	return NULL;
}

static void
drop_last(struct settings_cache *c, struct entry *last)
{
	struct entry **at = &c->first;

	while (*at != NULL && *at != last)
		at = &(*at)->next;
	*at = NULL;
	talloc_free(last);
}

static struct entry *
parse_entry(struct auth *a, const struct tenant *t, struct err *e)
{
	struct entry *x = talloc_zero(a->settings, struct entry);

	if (x == NULL) {
		err_memory(e);
		return NULL;
	}
	x->tenant = t->id;
	x->text = talloc_strdup(x, t->settings.text);
	if (x->text == NULL)
		err_memory(e);
	else if (settings_parse(x, a->env->conf, x->text, &x->s, e))
		return x;
	talloc_free(x);
	return NULL;
}

bool
settings_of(struct auth *a, const struct tenant *t, const struct settings **s, struct err *e)
{
	struct entry *x, *last;

	if (!open_cache(a, e))
		return false;
	x = take(a->settings, &t->id, &last);
	if (x != NULL && strcmp(x->text, t->settings.text) != 0) {
		talloc_free(x);
		x = NULL;
	}
	if (x == NULL) {
		if (last != NULL)
			drop_last(a->settings, last);
		x = parse_entry(a, t, e);
	}
	if (x == NULL)
		return false;
	x->next = a->settings->first;
	a->settings->first = x;
	*s = &x->s;
	return true;
}

/* ---- changing ---- */

/* A mail's reader takes what looks like an address for whoever has sent it. */
static bool
check_from_name(TALLOC_CTX *mem, const struct settings *s, struct err *e)
{
	const char *name = s->notifications == NULL ? NULL : s->notifications->from_name;
	struct str  folded;

	if (name == NULL)
		return true;
	if (!unicode_nfkc(mem, str_of(name), &folded, e))
		return false;
	if (strpbrk(folded.p, "@<>()[]{}\"\\,;:=\n\t") == NULL && !unicode_has_unseen(str_of(name)))
		return true;
	return err_fault(e, mem, "/settings/notifications/from_name",
	    "must be one line that does not look like an address: without @ < > ( ) [ ] { } \" \\ "
	    ", ; : = and what "
	    "cannot be seen");
}

/* It goes into the header of each mail as it stands, and not every server takes other letters
 * there. */
static bool
check_from(TALLOC_CTX *mem, const struct settings *s, struct err *e)
{
	const char *from = s->notifications == NULL ? NULL : s->notifications->from;

	for (const char *p = from; p != NULL && *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return err_fault(e, mem, "/settings/notifications/from",
			    "must be in ASCII: a domain of other letters begins with xn--");
	return true;
}

static bool
check_ceilings(TALLOC_CTX *mem, const struct conf *conf, const struct settings *s, struct err *e)
{
	const struct settings_session *life = s->session;

	if (life == NULL)
		return true;
	if (life->idle_s > conf->session_max_idle_s)
		err_fault(e, mem, "/settings/session/idle_s",
		    "the installation allows at most %lld", (long long)conf->session_max_idle_s);
	if (life->absolute_s > conf->session_max_absolute_s)
		err_fault(e, mem, "/settings/session/absolute_s",
		    "the installation allows at most %lld",
		    (long long)conf->session_max_absolute_s);
	return e->code == ERR_OK;
}

/* One entry as it is kept; a fault where it is none, or stands there already. */
static bool
read_address(TALLOC_CTX *mem, struct json *list, uint32_t i, struct err *e)
{
	struct cidr range;
	char        text[CIDR_TEXT_MAX], pointer[64];

	snprintf(pointer, sizeof(pointer), "/settings/allowed_addresses/%u", i);
	if (!cidr_parse(list->items[i].text, &range))
		return err_fault(e, mem, pointer, "not an address or a range like 10.0.0.0/8");
	cidr_print(&range, text);
	list->items[i].text = str_of(talloc_strdup(mem, text));
	if (list->items[i].text.p == NULL)
		return err_memory(e);
	for (uint32_t j = 0; j < i; j++)
		if (str_eqz(list->items[j].text, text))
			return err_fault(e, mem, pointer, "comes twice");
	return true;
}

/* Ways to write one range are kept as one. */
static bool
read_addresses(TALLOC_CTX *mem, struct json *all, struct err *e)
{
	for (uint32_t m = 0; m < all->n; m++) {
		struct json *list = &all->items[m];

		if (!str_eqz(all->names[m], "allowed_addresses") || list->n == 0)
			continue;
		list->items = talloc_memdup(mem, list->items, list->n * sizeof(*list->items));
		if (list->items == NULL)
			return err_memory(e);
		for (uint32_t i = 0; i < list->n; i++)
			if (!read_address(mem, list, i, e) && e->code != ERR_INVALID)
				return false;
	}
	return e->code == ERR_OK;
}

bool
settings_merge(TALLOC_CTX *mem, const struct conf *conf, const char *was, const struct json *change,
    const char **text, struct err *e)
{
	const struct json *base = json_parse(mem, str_of(was), e);
	struct json        both, clean;
	struct settings    s;
	struct buf         b;

	if (base == NULL)
		return err_note(e, "reading a tenant's stored settings");
	if (change->type != JSON_OBJECT)
		return err_fault(e, mem, "/settings", "must be an object");
	/* what is said now is known; what stands there may be of a newer program */
	if (!schema_decode_at(mem, &settings_schema, change, "/settings", &s, e) ||
	    !json_merge(mem, base, change, &both, e) ||
	    !schema_decode_kept(mem, &settings_schema, &both, "/settings", &s, e) ||
	    !check_from(mem, &s, e) || !check_from_name(mem, &s, e) ||
	    !check_ceilings(mem, conf, &s, e) ||
	    (s.retention != NULL && !keep_check(mem, s.retention, e)) ||
	    !json_without_nulls(mem, &both, &clean, e) || !read_addresses(mem, &clean, e))
		return false;
	buf_make(&b, mem);
	json_print(&b, &clean);
	*text = b.p;
	return buf_ok(&b) || err_memory(e);
}
