/* API keys of both kinds: what their maker's fate does to them, here and on another host, and what
 * is refused. */
#include <stdio.h>
#include <string.h>

#include "core/auth/user/key_reminder.h"
#include "core/auth/mail/mails.h"
#include "core/auth/user/user_admin.h"
#include "core/store/drift/config.h"
#include "core/store/identity/role.h"
#include "tests/store/people.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define DAY    INT64_C(86400000)

static TALLOC_CTX          *mem;
static struct session_grant ada;

static int
begin(void **state)
{
	struct people *p = *state;

	mem = talloc_new(NULL);
	p->clock.set_ms = 0;
	people_grant(p, mem, "ada@acme.test", &ada);
	return 0;
}

static int
finish(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static struct deed_by
managing(struct people *p)
{
	return people_deed(p, mem, &ada.caller);
}

/* ---- makers ---- */

struct maker {
	struct user   user;
	struct caller caller;
};

/* A user of these roles, signed in. */
static struct maker
new_maker(struct people *p, const char *role)
{
	static int             n;
	const struct role_wish roles[] = { { .role = role } };
	struct deed_by         m = managing(p);
	struct user_new        in = {
		       .display_name = "Maker", .password = PASSWORD, .roles = { .all = roles, .n = 1 }
	};
	struct session_grant g;
	struct maker         out;
	struct err           e = { 0 };

	in.email = talloc_asprintf(mem, "maker%d@acme.test", n++);
	assert_ok(user_make(&m, &in, &out.user, &e));
	people_grant(p, mem, in.email, &g);
	out.caller = g.caller;
	return out;
}

static enum err_code
make_key(struct people *p, const struct caller *by, const struct api_key_new *in, struct api_key *k,
    struct err *e)
{
	struct deed_by deed = people_deed(p, mem, by);

	*e = (struct err) { 0 };
	return api_key_make(&deed, in, k, e) ? ERR_OK : e->code;
}

static struct api_key
new_key(struct people *p, const struct caller *by, const char *kind, const char *scope)
{
	const char       **scopes = talloc_array(mem, const char *, 1);
	struct api_key_new in = { .name = "k", .kind = kind, .scopes = { scopes, 1 } };
	struct api_key     k;
	struct err         e;

	scopes[0] = scope;
	in.expires_at.ms = clock_ms(&p->clock) + 100 * DAY;
	if (make_key(p, by, &in, &k, &e) != ERR_OK)
		fail_msg("%s %s: %s", kind, scope, e.detail);
	return k;
}

/* ---- what happens to them ---- */

static void
change(struct people *p, const struct maker *who, const char *status, const char *role,
    struct user *out)
{
	const struct role_wish roles[] = { { .role = role } };
	struct deed_by         m = managing(p);
	struct user_change     in = { .status = status,
		    .roles = { .all = roles, .n = role != NULL },
		    .set_roles = role != NULL };
	struct err             e = { 0 };

	assert_ok(user_alter(&m, &who->user.id, &in, out, &e));
}

static void
disable(struct people *p, const struct maker *who)
{
	struct user out;

	change(p, who, "disabled", NULL, &out);
}

static void
enable_again(struct people *p, const struct maker *who)
{
	struct user out;

	change(p, who, "disabled", NULL, &out);
	change(p, who, "active", NULL, &out);
}

static void
erase(struct people *p, const struct maker *who)
{
	struct deed_by           m = managing(p);
	const struct user_change none = { 0 };
	struct err               e = { 0 };

	assert_ok(user_erase(&m, &who->user.id, &none, &e));
}

static void
demote(struct people *p, const struct maker *who)
{
	struct user out;

	change(p, who, NULL, "user_manager", &out);
}

static void
rename_only(struct people *p, const struct maker *who)
{
	struct deed_by           m = managing(p);
	const struct user_change in = { .display_name = "Another" };
	struct user              out;
	struct err               e = { 0 };

	assert_ok(user_alter(&m, &who->user.id, &in, &out, &e));
}

static void
end_sessions(struct people *p, const struct maker *who)
{
	struct deed_by m = managing(p);
	struct err     e = { 0 };

	assert_ok(user_end_sessions(&m, &who->user.id, &e));
}

/* Past the server's and the program's own knowledge: by SQL, as an older program would. */
static void
disable_by_sql(struct people *p, const struct maker *who)
{
	char hex[33];

	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02X", who->user.id.b[i]);
	server_do(p->w->root,
	    "UPDATE `%s`.users SET status = 'disabled', epoch = epoch + 1 WHERE id = UNHEX('%s')",
	    p->w->a.schema_name, hex);
	cache_bump_user(p->segment, &who->user.id);
}

enum fate { LIVES, NARROW, DEAD };
static const struct event {
	const char *name;
	void (*happens)(struct people *p, const struct maker *who);
	enum fate personal, service;
} events[] = {
	{ "a new name", rename_only, LIVES, LIVES },
	{ "sessions ended", end_sessions, LIVES, LIVES },
	{ "a role lost", demote, NARROW, LIVES },
	{ "disabled", disable, DEAD, LIVES },
	{ "disabled by another program", disable_by_sql, DEAD, LIVES },
	{ "disabled and enabled again", enable_again, DEAD, LIVES },
	{ "deleted", erase, DEAD, LIVES },
};

static void
assert_fate(
    struct auth *a, const struct api_key *k, enum fate fate, const char *where, const char *event)
{
	struct caller c;
	enum err_code got = people_resolve(a, k->key, "192.0.2.7", &c);

	if (got != (fate == DEAD ? ERR_UNAUTHENTICATED : ERR_OK))
		fail_msg("%s, %s, %s key: %d", event, where, k->kind, got);
	if (got == ERR_OK &&
	    permission_has(&c.permissions, ACTION_WRITE, RESOURCE_SNAPSHOTS) != (fate == LIVES))
		fail_msg("%s, %s, %s key: its rights", event, where, k->kind);
}

/* Used before and after, so that both hosts have it in their caches. */
static void
a_key_fares_as_its_kind_says_when_something_happens_to_its_maker(void **state)
{
	struct people *p = *state;
	struct auth   *other = people_other(p, mem, people_segment(mem, "keys-other"));

	for (size_t i = 0; i < LEN(events); i++) {
		const struct event *x = &events[i];
		struct maker        who = new_maker(p, "operator");
		struct api_key personal = new_key(p, &who.caller, KEY_PERSONAL, "write:snapshots");
		struct api_key service = new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");

		assert_fate(&p->auth, &personal, LIVES, "before", x->name);
		assert_fate(&p->auth, &service, LIVES, "before", x->name);
		assert_fate(other, &personal, LIVES, "before", x->name);
		assert_fate(other, &service, LIVES, "before", x->name);
		x->happens(p, &who);
		assert_fate(&p->auth, &personal, x->personal, "here, at once", x->name);
		assert_fate(&p->auth, &service, x->service, "here, at once", x->name);
		p->clock.set_ms += p->w->conf.revocation_lag_ms + 1;
		assert_fate(other, &personal, x->personal, "there, after the lag", x->name);
		assert_fate(other, &service, x->service, "there, after the lag", x->name);
	}
}

static bool
is_orphaned(struct people *p, const struct uuid *maker, const struct api_key *k)
{
	const struct api_key_filter f = { .created_by = *maker };
	struct page                 page = { .want = 200 };
	const struct api_key       *list;
	struct err                  e = { 0 };

	assert_ok(api_key_list(people_open(p, &p->w->a), mem, &f, &page, &e));
	list = page.rows;
	for (size_t i = 0; i < page.n; i++)
		if (uuid_eq(&list[i].id, &k->id))
			return list[i].orphaned;
	fail_msg("the key is not in the list of its maker");
	return false;
}

static void
a_service_key_is_an_orphan_while_its_maker_is_away(void **state)
{
	struct people *p = *state;
	struct maker   who = new_maker(p, "operator");
	struct api_key k = new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");
	struct user    out;

	assert_false(is_orphaned(p, &who.user.id, &k));
	disable(p, &who);
	assert_true(is_orphaned(p, &who.user.id, &k));
	change(p, &who, "active", NULL, &out);
	assert_false(is_orphaned(p, &who.user.id, &k));
	erase(p, &who);
	assert_true(is_orphaned(p, &who.user.id, &k));
}

static void
a_change_of_the_maker_names_the_keys_that_end_or_narrow(void **state)
{
	struct people *p = *state;
	struct maker   who = new_maker(p, "operator");
	struct api_key pushing = new_key(p, &who.caller, KEY_PERSONAL, "write:snapshots");
	struct api_key reading = new_key(p, &who.caller, KEY_PERSONAL, "read:users");
	struct api_key service = new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");
	struct user    out;

	change(p, &who, NULL, "user_manager", &out);
	assert_non_null(out.keys);
	assert_int_equal(out.keys->narrowed.n, 1);
	assert_true(uuid_eq(&((struct key_brief *)out.keys->narrowed.p)->id, &pushing.id));
	assert_int_equal(out.keys->ended.n + out.keys->orphaned.n, 0);
	change(p, &who, "disabled", NULL, &out);
	assert_non_null(out.keys);
	assert_int_equal(out.keys->ended.n, 2);
	assert_true(uuid_eq(&((struct key_brief *)out.keys->ended.p)[0].id, &reading.id));
	assert_int_equal(out.keys->orphaned.n, 1);
	assert_true(uuid_eq(&((struct key_brief *)out.keys->orphaned.p)->id, &service.id));
	change(p, &who, "active", NULL, &out);
	assert_null(out.keys);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit WHERE action = 'user.update'"
			     " AND JSON_VALUE(details, '$.keys.ended[1].prefix') IS NOT NULL"
			     " AND JSON_VALUE(details, '$.keys.orphaned[0].id') IS NOT NULL"),
	    1);
}

/* ---- rights ---- */

/* Scope by scope and role by role: what the key may do is what both hold, and nothing that gives
 * power. */
static void
a_personal_key_may_do_what_its_scope_and_its_maker_both_say(void **state)
{
	struct people *p = *state;
	const char    *all[] = { "*:*" };
	struct api_key k = { .kind = talloc_strdup(mem, KEY_PERSONAL), .scopes = { all, 1 } };
	struct err     e = { 0 };
	int            cases = 0;

	for (const struct built_in_role *b = built_in_roles; b->name != NULL; b++) {
		struct permissions makers = { { 0, 0 } }, got;
		char              *granted = talloc_strdup(mem, b->permissions[0]);

		for (size_t i = 0; b->permissions[i] != NULL; i++) {
			assert_true(permission_add(&makers, b->permissions[i]));
			if (i > 0)
				granted =
				    talloc_asprintf_append(granted, "\n%s", b->permissions[i]);
		}
		for (int i = 0; i < ACTION__MAX * RESOURCE__MAX; i++, cases++) {
			enum action        a = (enum action)(i / RESOURCE__MAX);
			enum resource_kind r = (enum resource_kind)(i % RESOURCE__MAX);
			char               text[PERMISSION_TEXT_MAX];
			const char        *one[] = { text };
			struct permissions bounded = makers;

			permission_print(a, r, text);
			permissions_bound(&bounded, &p->w->a);
			permissions_bound_key(&bounded, false);
			k.scopes = (struct strings) { one, 1 };
			assert_ok(api_key_permissions(mem, &p->w->a, &k, granted, &got, &e));
			assert_int_equal(
			    permission_has(&got, a, r), permission_has(&bounded, a, r));
			assert_true(permission_covers(&bounded, &got));
			/* manage stands for all actions */
			assert_true(
			    a == ACTION_MANAGE ||
			    __builtin_popcountll(got.bits[0]) + __builtin_popcountll(got.bits[1]) ==
				permission_has(&bounded, a, r));
		}
		k.scopes = (struct strings) { all, 1 };
		assert_ok(api_key_permissions(mem, &p->w->a, &k, NULL, &got, &e));
		assert_true((got.bits[0] | got.bits[1]) == 0);
	}
	assert_true(cases >= 7 * ACTION__MAX * RESOURCE__MAX);
}

/* A caller that a cache of another host still believes to be what it was. */
static void
who_has_lost_a_role_makes_no_key_with_it_though_the_cache_does_not_know(void **state)
{
	static const char *scopes[] = { "write:snapshots" };
	struct people     *p = *state;
	struct maker       who = new_maker(p, "operator");
	struct api_key_new in = { .name = "k", .kind = KEY_SERVICE, .scopes = { scopes, 1 } };
	struct api_key     k;
	struct err         e;

	in.expires_at.ms = clock_ms(&p->clock) + DAY;
	demote(p, &who);
	assert_int_equal(make_key(p, &who.caller, &in, &k, &e), ERR_ESCALATION);
	disable(p, &who);
	assert_int_equal(make_key(p, &who.caller, &in, &k, &e), ERR_UNAUTHENTICATED);
}

/* Everything that an administrator does to others, by a key that may do it all, to who made it. */
static void
no_key_touches_who_made_it(void **state)
{
	static const char *scopes[] = { "*:*" };
	struct people     *p = *state;
	struct maker       who = new_maker(p, "admin"), other = new_maker(p, "viewer");
	struct api_key_new in = {
		.name = "k", .kind = KEY_SERVICE, .administrative = true, .scopes = { scopes, 1 }
	};
	const struct user_change renamed = { .display_name = "By a key" };
	struct deed_by           m = managing(p);
	struct session_grant     g;
	struct caller            c;
	struct api_key           k;
	struct user              out;
	struct err               e = { 0 };

	in.expires_at.ms = clock_ms(&p->clock) + DAY;
	assert_int_equal(make_key(p, &who.caller, &in, &k, &e), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, k.key, "", &c), ERR_OK);
	assert_true(permission_has(&c.permissions, ACTION_UPDATE, RESOURCE_USERS));
	assert_true(uuid_eq(&c.maker, &who.user.id));
	people_grant(p, mem, who.user.email, &g);
	m.caller = &c;
	assert_fails(user_alter(&m, &who.user.id, &renamed, &out, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_fails(user_erase(&m, &who.user.id, &renamed, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_fails(user_end_sessions(&m, &who.user.id, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_fails(user_end_session(&m, &g.caller.session, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_fails(user_unlock(&m, &who.user.id, &e), ERR_FORBIDDEN);
	err_clear(&e);
	assert_fails(user_reset_factor(&m, &who.user.id, &e), ERR_CONFLICT);
	err_clear(&e);
	assert_ok(user_alter(&m, &other.user.id, &renamed, &out, &e));
}

/* ---- ends ---- */

static size_t
remind(struct people *p, struct auth *a)
{
	struct deed_by by = { .auth = a, .mem = mem };
	struct err     e = { 0 };
	size_t         told;

	assert_ok(tenant_db_open(a->database, &p->w->a, false, &by.t, &e));
	assert_ok(keys_remind(&by, &told, &e));
	return told;
}

static int64_t
entries(struct people *p, const struct api_key *k, int days)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&k->id, id);
	return people_number(p, &p->w->a,
	    talloc_asprintf(mem,
		"SELECT COUNT(*) AS n FROM audit WHERE action = 'api_key.ending'"
		" AND target_id = '%s' AND JSON_VALUE(details, '$.days') = %d",
		id, days));
}

static void
the_end_of_a_service_key_is_told_thirty_and_seven_days_before_once_each(void **state)
{
	struct people *p = *state;
	struct auth   *other = people_other(p, mem, people_segment(mem, "keys-remind"));
	struct maker   who = new_maker(p, "operator");
	struct api_key service = new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");
	struct api_key personal = new_key(p, &who.caller, KEY_PERSONAL, "write:snapshots");
	static const struct {
		int ahead;       /* of the end, which was 100 days off */
		int first, last; /* entries by then */
	} when[] = { { 69, 0, 0 }, { 71, 1, 0 }, { 80, 1, 0 }, { 94, 1, 1 }, { 99, 1, 1 },
		{ 101, 1, 1 } };

	remind(p, &p->auth); /* what other tests have left */
	for (size_t i = 0; i < LEN(when); i++) {
		p->clock.set_ms = when[i].ahead * DAY;
		remind(p, &p->auth);
		remind(p, other);
		assert_int_equal(remind(p, &p->auth), 0);
		assert_int_equal(entries(p, &service, 30), when[i].first);
		assert_int_equal(entries(p, &service, 7), when[i].last);
		assert_int_equal(entries(p, &personal, 30) + entries(p, &personal, 7), 0);
	}
}

/* The row of the outbox and the mark are one transaction: who tells again writes to nobody. */
static void
administrators_are_written_to_once_where_mail_is_sent(void **state)
{
	static const char mails[] =
	    "SELECT COUNT(*) AS n FROM outbox WHERE event = 'mail.key_ending'";
	static const char admins[] =
	    "SELECT COUNT(*) AS n FROM users u JOIN user_roles ur ON ur.user_id = u.id"
	    " JOIN roles r ON r.id = ur.role_id WHERE r.name = 'admin' AND u.status = 'active'";
	struct people    *p = *state;
	struct maker      who = new_maker(p, "operator");
	struct mail_facts f = {
		.tenant = "Acme", .slug = "acme", .other = "\"k\" (bsx_1)", .by = "2027-01-01"
	};
	struct mail_message m = { 0 };
	struct err          e = { 0 };
	int64_t             due;

	p->clock.set_ms = 60 * DAY;
	remind(p, &p->auth);
	assert_int_equal(people_number(p, &p->w->a, mails), 0);
	p->w->conf.smtp_url = "smtp://127.0.0.1:1";
	due = people_number(p, &p->w->a, admins);
	assert_true(due > 0 && due <= 20);
	new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");
	p->clock.set_ms = 155 * DAY;
	assert_int_equal(remind(p, &p->auth), 1);
	assert_int_equal(people_number(p, &p->w->a, mails), due);
	remind(p, &p->auth);
	assert_int_equal(people_number(p, &p->w->a, mails), due);
	p->w->conf.smtp_url = NULL;
	assert_ok(mail_write(mem, MAIL_KEY_ENDING, &f, &m, &e));
	assert_non_null(strstr(str_dup(mem, m.text),
	    "service key \"k\" (bsx_1) of the tenant acme ends at 2027-01-01"));
}

static void
a_key_made_for_a_short_time_is_told_of_as_far_as_that_is_news(void **state)
{
	static const char *scopes[] = { "write:snapshots" };
	static const struct {
		int days, first, last;
	} lives[] = { { 5, 0, 0 }, { 20, 0, 1 }, { 40, 1, 1 } };
	struct people *p = *state;
	struct api_key keys[LEN(lives)];
	struct err     e;

	for (size_t i = 0; i < LEN(lives); i++) {
		struct api_key_new in = {
			.name = "k", .kind = KEY_SERVICE, .scopes = { scopes, 1 }
		};

		in.expires_at.ms = clock_ms(&p->clock) + lives[i].days * DAY;
		assert_int_equal(make_key(p, &ada.caller, &in, &keys[i], &e), ERR_OK);
	}
	for (int day = 0; day < 41; day++) {
		p->clock.set_ms = day * DAY + 1000;
		remind(p, &p->auth);
	}
	for (size_t i = 0; i < LEN(lives); i++) {
		assert_int_equal(entries(p, &keys[i], 30), lives[i].first);
		assert_int_equal(entries(p, &keys[i], 7), lives[i].last);
	}
}

static void
every_tenant_is_reminded_in_a_walk(void **state)
{
	struct people *p = *state;
	struct uuid    after = { { 0 } };
	struct maker   who = new_maker(p, "operator");
	struct api_key k = new_key(p, &who.caller, KEY_SERVICE, "write:snapshots");
	struct err     e = { 0 };
	bool           ended = false;

	p->clock.set_ms = 95 * DAY;
	for (int i = 0; i < 9 && !ended; i++)
		assert_ok(keys_remind_page(&p->auth, &after, &ended, &e));
	assert_true(ended);
	assert_int_equal(entries(p, &k, 7), 1);
}

/* ---- bad input ---- */

static void
what_a_key_cannot_be_is_said_at_its_place(void **state)
{
	static const struct {
		const char *what, *kind, *scope, *config;
		bool        administrative;
		int64_t     end; /* days ahead; 0: none */
		const char *pointer;
	} cases[] = {
		{ "a service key without end", "service", "read:drift", NULL, false, 0,
		    "/expires_at" },
		{ "an end beyond the ceiling", "service", "read:drift", NULL, false, 401,
		    "/expires_at" },
		{ "an end that was", "personal", "read:drift", NULL, false, -1, "/expires_at" },
		{ "an administrative personal key", "personal", "read:drift", NULL, true, 10,
		    "/administrative" },
		{ "users without administrative", "service", "update:users", NULL, false, 10,
		    "/scopes/0" },
		{ "users of a personal key", "personal", "manage:users", NULL, false, 10,
		    "/scopes/0" },
		{ "roles", "service", "assign:roles", NULL, false, 10, "/scopes/0" },
		{ "keys", "service", "delete:api_keys", NULL, false, 10, "/scopes/0" },
		{ "settings", "service", "*:settings", NULL, false, 10, "/scopes/0" },
		{ "grants", "service", "manage:tenants", NULL, false, 10, "/scopes/0" },
		{ "the making of keys", "service", "create:api_keys", NULL, true, 10, "/scopes/0" },
		{ "more than pushing, bound", "service", "read:drift", "known", false, 10,
		    "/scopes/0" },
		{ "no config", "service", "write:snapshots", "gone", false, 10, "/config_ids/0" },
		{ "a foreign config", "service", "write:snapshots", "foreign", false, 10,
		    "/config_ids/0" },
		{ "no id", "service", "write:snapshots", "x", false, 10, "/config_ids/0" },
	};
	struct people           *p = *state;
	struct drift_config      config = { .id = uuid_make(&p->clock, &rand_system),
		     .version = 1,
		     .created_at = { 1 },
		     .updated_at = { 1 },
		     .spec = talloc_strdup(mem, "{}") };
	struct uuid              ids[] = { config.id, uuid_make(&p->clock, &rand_system),
			     uuid_make(&p->clock, &rand_system) };
	static const char *const names[] = { "known", "gone", "foreign" };
	struct err               e = { 0 };

	config.name = talloc_strdup(mem, "keys");
	assert_ok(config_add(people_open(p, &p->w->a)->db, &config, &e));
	config.id = ids[2];
	assert_ok(config_add(people_open(p, &p->w->b)->db, &config, &e));
	for (size_t i = 0; i < LEN(cases); i++) {
		const char        *scopes[] = { cases[i].scope }, *configs[1];
		char               text[UUID_TEXT_MAX];
		struct api_key_new in = { .name = "k",
			.kind = cases[i].kind,
			.administrative = cases[i].administrative,
			.scopes = { scopes, 1 } };
		struct api_key     k;

		configs[0] = cases[i].config;
		for (size_t j = 0; j < LEN(names); j++)
			if (cases[i].config != NULL && strcmp(names[j], cases[i].config) == 0) {
				uuid_print(&ids[j], text);
				configs[0] = text;
			}
		in.config_ids = (struct strings) { configs, cases[i].config != NULL };
		if (cases[i].end != 0)
			in.expires_at.ms = clock_ms(&p->clock) + cases[i].end * DAY;
		if (make_key(p, &ada.caller, &in, &k, &e) != ERR_INVALID || e.faults == NULL ||
		    strcmp(e.faults->pointer, cases[i].pointer) != 0)
			fail_msg("%s: %d %s", cases[i].what, e.code,
			    e.faults == NULL ? "" : e.faults->pointer);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_fares_as_its_kind_says_when_something_happens_to_its_maker),
		TEST(a_service_key_is_an_orphan_while_its_maker_is_away),
		TEST(a_change_of_the_maker_names_the_keys_that_end_or_narrow),
		TEST(a_personal_key_may_do_what_its_scope_and_its_maker_both_say),
		TEST(who_has_lost_a_role_makes_no_key_with_it_though_the_cache_does_not_know),
		TEST(no_key_touches_who_made_it),
		TEST(the_end_of_a_service_key_is_told_thirty_and_seven_days_before_once_each),
		TEST(administrators_are_written_to_once_where_mail_is_sent),
		TEST(a_key_made_for_a_short_time_is_told_of_as_far_as_that_is_news),
		TEST(every_tenant_is_reminded_in_a_walk),
		TEST(what_a_key_cannot_be_is_said_at_its_place),
	};

	return cmocka_run_group_tests_name("keys", tests, people_set_up, people_tear_down);
}
