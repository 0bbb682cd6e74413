#include "drift/watch/watched.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/access.h"

#include "drift/watch/watch_priv.h"

/* ---- what an entry's details say ---- */

/* The user it is about has not done it; who comes by a mailed link is that user. */
static bool
is_of_another(const struct audit_row *entry)
{
	char actor[UUID_TEXT_MAX];

	uuid_print(&entry->actor_id, actor);
	return strcmp(entry->actor_kind, "anonymous") != 0 && strcmp(actor, entry->target_id) != 0;
}

/* The password itself, a link that was handed out, or where links are mailed to. */
static bool
opens_account(const struct audit_row *entry, const struct json *details)
{
	const struct json *way = json_get(details, "way");

	if (!is_of_another(entry))
		return false;
	return strcmp(entry->action, "password.reset") == 0 ||
	       (way != NULL && str_eqz(way->text, "link")) || json_get(details, "email") != NULL;
}

/* Everything of a kind, everything with a thing, giving on, or what makes an administrator. */
static bool
is_wide(const char *permission)
{
	const struct str p = str_of(permission);

	return memchr(p.p, '*', p.n) != NULL || str_starts(p, "manage:") ||
	       str_starts(p, "assign:") || permission_needs_administrative(permission);
}

static bool
widens_role(const struct audit_row *entry, const struct json *details)
{
	const struct json *to, *from;

	(void)entry;
	list_of(json_get(details, "permissions"), &to, &from);
	for (uint32_t i = 0; to != NULL && to->type == JSON_ARRAY && i < to->n; i++) {
		const struct str p = to->items[i].text;
		char             text[PERMISSION_TEXT_MAX];

		snprintf(text, sizeof(text), "%.*s", (int)p.n, p.p);
		if (!list_has(from, p) && is_wide(text))
			return true;
	}
	return false;
}

static bool
is_administrative(const struct audit_row *entry, const struct json *details)
{
	const struct json *v = json_get(details, "administrative");

	(void)entry;
	return v != NULL && v->type == JSON_TRUE;
}

static bool
is_elsewhere(const struct audit_row *entry, const struct json *details)
{
	(void)entry;
	return json_get(details, "acting") != NULL;
}

static bool
is_same(const struct json *a, const struct json *b)
{
	uint32_t n = a == NULL ? 0 : a->n;

	if (n != (b == NULL ? 0 : b->n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		if (!str_eq(a->items[i].text, b->items[i].text))
			return false;
	return true;
}

static bool
changes_addresses(const struct audit_row *entry, const struct json *details)
{
	const struct json *settings = json_get(details, "settings");

	(void)entry;
	return settings != NULL && !is_same(json_at(settings, STR("/from/allowed_addresses")),
				       json_at(settings, STR("/to/allowed_addresses")));
}

static bool
changes_four_eyes(const struct audit_row *entry, const struct json *details)
{
	const struct json *from = json_at(details, STR("/settings/from/four_eyes/accept_from"));
	const struct json *to = json_at(details, STR("/settings/to/four_eyes/accept_from"));

	(void)entry;
	if (json_at(details, STR("/four_eyes_pending/to/asked_at")) != NULL)
		return true;
	if (from == NULL || to == NULL)
		return from != to;
	return !str_eq(from->text, to->text);
}

/* In seconds; nothing, and 0, are for ever. */
static int64_t
kept_s(const struct json *settings, const char *pointer)
{
	const struct json *v = settings == NULL ? NULL : json_at(settings, str_of(pointer));
	int64_t            s = 0;

	if (v != NULL && v->type == JSON_NUMBER && !str_to_i64(v->text, &s))
		return 0;
	return s == 0 ? INT64_MAX : s;
}

static bool
keeps_trail_less(const struct audit_row *entry, const struct json *details)
{
	const struct json *settings = json_get(details, "settings");

	(void)entry;
	return kept_s(settings, "/to/retention/audit_s") <
	       kept_s(settings, "/from/retention/audit_s");
}

/* A channel that is told it was made, dropped, led elsewhere or stopped, or one is told it now, or
 * no more. */
static bool
moves_trail(const struct audit_row *entry, const struct json *details)
{
	const struct json *audit = json_get(details, "audit");
	const struct json *from = json_get(audit, "from"), *to = json_get(audit, "to");

	(void)entry;
	if (audit == NULL || audit->type != JSON_OBJECT)
		return audit != NULL && audit->type == JSON_TRUE;
	return (from == NULL ? JSON_NULL : from->type) != (to == NULL ? JSON_NULL : to->type) ||
	       json_get(details, "target") != NULL || json_get(details, "status") != NULL;
}

static bool
is_by_one_person(const struct audit_row *entry, const struct json *details)
{
	const struct json *v = json_get(details, "one_person");

	(void)entry;
	return v != NULL && v->type == JSON_TRUE;
}

/* ---- the table ---- */

#define SECURITY(n, s) .name = n, .kind = KIND_SECURITY, .severity = s
#define SYSTEM(n, s)   .name = n, .kind = KIND_SYSTEM, .severity = s
#define AGAIN          "It was set up again."

const struct watched watched[] = {
	{ SECURITY("session_reuse", SEVERITY_HIGH), .opens = { "session.reuse" },
	    .title = "A refresh token was used twice: somebody has a copy, and the session was "
		     "ended" },
	{ SECURITY("sign_in_delay", SEVERITY_MEDIUM), .opens = { "session.delay" }, .often = true,
	    .title = "Sign-ins are refused for a while, after many that failed" },
	{ SECURITY("factor_reset", SEVERITY_HIGH), .opens = { "factor.reset" }, .each = true,
	    .undone = "factor.enable", .title = "A user's second factor was reset", .over = AGAIN },
	{ SECURITY("factor_disable", SEVERITY_MEDIUM), .opens = { "factor.disable" }, .each = true,
	    .undone = "factor.enable", .title = "A user gave up the second factor", .over = AGAIN },
	{ SECURITY("password_set", SEVERITY_HIGH),
	    .opens = { "password.reset", "password.forgot", "user.update" }, .fits = opens_account,
	    .each = true,
	    .title = "Somebody else set a user's password, or what it can be chosen by" },
	{ SECURITY("admin_given", SEVERITY_HIGH),
	    .opens = { "user.create", "user.update", "identity.roles" }, .asks = gives_power,
	    .each = true, .undone = "user.delete", .title = "Somebody was made an administrator",
	    .over = "The user was deleted." },
	{ SECURITY("role_widened", SEVERITY_HIGH), .opens = { "role.create", "role.update" },
	    .fits = widens_role, .each = true, .undone = "role.delete",
	    .title = "A role was given wide permissions", .over = "The role was deleted." },
	{ SECURITY("key_made", SEVERITY_HIGH), .opens = { "api_key.create" },
	    .fits = is_administrative, .each = true, .undone = "api_key.delete",
	    .title = "An API key was made that administers", .over = "The key was revoked." },
	{ SECURITY("provider", SEVERITY_HIGH),
	    .opens = { "identity_provider.create", "identity_provider.update",
		"identity_provider.delete" },
	    .each = true, .title = "Who vouches for people who sign in was changed" },
	{ SECURITY("grant_made", SEVERITY_MEDIUM), .opens = { "grant.create" }, .each = true,
	    .undone = "grant.revoke", .title = "Somebody of another tenant was let in by a grant",
	    .over = "The grant was revoked." },
	{ SECURITY("grant_used", SEVERITY_LOW), .opens = { "grant.use" }, .each = true,
	    .often = true, .undone = "grant.revoke",
	    .title = "Somebody of another tenant has used a grant",
	    .over = "The grant was revoked." },
	{ SECURITY("elsewhere", SEVERITY_MEDIUM), .opens = { "request.refuse" },
	    .fits = is_elsewhere, .often = true,
	    .title = "Somebody was refused who asked for another tenant" },
	{ SECURITY("addresses", SEVERITY_HIGH), .opens = { "settings.update" },
	    .fits = changes_addresses,
	    .title = "From which addresses the tenant may be used was changed" },
	{ SECURITY("four_eyes", SEVERITY_HIGH), .opens = { "settings.update" },
	    .fits = changes_four_eyes,
	    .title = "Which acceptances need a second person was changed, or is asked to be" },
	{ SECURITY("trail_kept", SEVERITY_HIGH), .opens = { "settings.update" },
	    .fits = keeps_trail_less, .title = "The audit trail is kept for less time" },
	{ SECURITY("trail_told", SEVERITY_HIGH),
	    .opens = { "channel.create", "channel.update", "channel.delete" }, .fits = moves_trail,
	    .each = true, .title = "Where the audit trail is told was changed" },
	{ SECURITY("one_person", SEVERITY_MEDIUM),
	    .opens = { "drift_config.update", "drift_config.delete", "template.applied",
		"template.undone", "golden_baseline.update", "baseline.set", "silence.create",
		"silence_series.create", "silence_series.update" },
	    .fits = is_by_one_person,
	    .title = "One person changed what is told, where acceptances need two: a config, its "
		     "rules, what it is held against or a silence" },
	{ SECURITY("intent", SEVERITY_LOW), .opens = { "intent.unfulfilled" }, .each = true,
	    .title = "A change that was announced has not come" },
	{ SECURITY("export", SEVERITY_HIGH), .opens = { "tenant.export" },
	    .title = "An archive of the whole tenant was made" },
	{ SECURITY("restored", SEVERITY_HIGH), .opens = { "audit.restored" },
	    .title = "It comes from an archive: people, their passwords and their roles are as "
		     "they were then" },
	{ SECURITY("masked", SEVERITY_MEDIUM), .opens = { "masked.changes" }, .each = true,
	    .often = true,
	    .title = "A masked value was changed so often that it may have been guessed at" },
	{ SECURITY("trail", SEVERITY_CRITICAL), .state = state_trail,
	    .title = "The audit trail is not as it was written: have it verified",
	    .over = "What was added since fits." },
	{ SECURITY("trails", SEVERITY_CRITICAL), .state = state_trails,
	    .title = "The audit trail of a tenant is not as it was written",
	    .over = "What was added since fits." },
	{ SYSTEM("quota", SEVERITY_MEDIUM), .state = state_quota, .over = "There is room again." },
	{ SYSTEM("channel", SEVERITY_HIGH), .state = state_channels,
	    .title = "A channel was disabled, since its receiver wants no more: nothing is told "
		     "there",
	    .over = "It is no longer disabled." },
	{ SYSTEM("feed", SEVERITY_HIGH), .state = state_feeds,
	    .title = "A channel that is told the audit trail has had none of it for a quarter of "
		     "an hour: what it has not had is kept for 30 days beyond its time, and no "
		     "longer",
	    .over = "It gets on, is paused, or is told it no more." },
	{ SYSTEM("key_ends", SEVERITY_MEDIUM), .state = state_keys,
	    .title = "A service key ends within a week", .over = "It was revoked, or has ended." },
	{ SYSTEM("daemon", SEVERITY_HIGH), .state = state_daemons, .title = "driftd is silent",
	    .over = "It is heard of again, or was forgotten after a day." },
	{ 0 },
};

char *
watched_key(TALLOC_CTX *mem, const struct watched *w, const char *object)
{
	return talloc_asprintf(mem, WATCHED_KEYS "%s:%s", w->name, object);
}
