/* Changing passwords and addresses, and the links that are mailed for it. */
#include "tests/store/people.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/mail/mail_link.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/mfa/mfa.h"
#include "core/auth/password/password_change.h"
#include "core/auth/user/profile.h"
#include "core/auth/user/user_admin.h"
#include "core/store/alert/outbox.h"

#define NEXT    "uvKz7-pLq2rTb1w"
#define HOUR_MS 3600000

static TALLOC_CTX         *mem;
static struct permit       permit = { -1, NULL };
static const struct origin origin = { "192.0.2.7", "Test/1.0", "request-1" };

static int
begin(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	p->w->conf.smtp_url = "smtp://127.0.0.1:25";
	p->w->conf.smtp_from = "";
	mem = talloc_new(NULL);
	/* nothing of an earlier test is on its way */
	server_do(p->w->root, "DELETE FROM %s.outbox", p->w->a.schema_name);
	server_do(p->w->root, "DELETE FROM %s.outbox", p->platform.schema_name);
	server_do(p->w->root, "DELETE FROM testbsx.outbox_index");
	return mem == NULL;
}

static int
finish(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	talloc_free(mem);
	return 0;
}

/* A user of this test's own, active, with PASSWORD. */
static struct user
make_user(struct people *p, const char *email)
{
	const struct user_first in = {
		.email = email,
		.display_name = "Some Body",
		.password = STR(PASSWORD),
		.role = "viewer",
	};
	const struct deed_by by = people_deed(p, mem, NULL);
	struct err           e = { 0 };
	struct user          u;

	assert_ok(user_add_first(&by, &in, &e));
	assert_ok(user_by_email(people_open(p, &p->w->a), mem, email, &u, &e));
	return u;
}

static struct session_grant
sign_in(struct people *p, const char *email, const char *password)
{
	struct session_grant g;

	assert_int_equal(people_login(p, mem, "acme", email, password, &g), ERR_OK);
	return g;
}

static const char *
make_link(struct people *p, const struct user *u, const char *purpose, int64_t life_s)
{
	const struct mail_link in = { purpose, u->email, life_s, 0 };
	const struct deed_by   by = people_deed(p, mem, NULL);
	struct err             e = { 0 };
	const char            *token = NULL;

	assert_ok(mail_link_make(&by, u, &in, &token, &e));
	assert_non_null(token);
	assert_int_equal(strlen(token), MAIL_TOKEN_LEN);
	return token;
}

static enum err_code
reset(struct auth *a, const char *token, const char *password)
{
	const struct deed_by by = { .auth = a, .mem = mem, .origin = &origin, .permit = &permit };
	struct err           e = { 0 };

	if (password_reset(&by, token, password, &e))
		return ERR_OK;
	if (e.code == ERR_INVALID)
		assert_string_equal(e.faults->pointer, "/token");
	return e.code;
}

/* The only mail that waits in a tenant, as it would be sent; NULL: it would not, `why` says why. */
static struct mail_message *
prepared(struct people *p, const struct tenant *t, const char **why)
{
	struct {
		struct uuid id;
	} row;
	static const struct field fields[] = {
		{ .name = "id", .kind = FIELD_UUID },
		FIELD_END,
	};
	static const struct schema schema = {
		.name = "Id", .fields = fields, .size = sizeof(struct uuid), .given = -1
	};
	const struct sql     q = { "newest", SQL_TENANT,
		    "SELECT id FROM outbox ORDER BY id DESC LIMIT 1", NULL, &schema, NULL };
	struct mail_message *m = talloc_zero(mem, struct mail_message);
	const struct deed_by by = { .auth = &p->auth, .mem = mem, .t = people_open(p, t) };
	struct err           e = { 0 };
	struct outbox        o;
	struct str           body;

	assert_ok(db_one(by.t->db, mem, &q, NULL, &row, &e));
	assert_ok(outbox_by_id(by.t->db, mem, &row.id, &o, &e));
	assert_ok(tenant_open(
	    by.t, mem, (struct sealed_place) { "outbox", "body", &o.id }, o.body, &body, &e));
	assert_ok(mail_prepare(&by, o.event, body, m, why, &e));
	return *why == NULL ? m : NULL;
}

static const char *
token_of(const struct mail_message *m, const char *purpose)
{
	const char *key = talloc_asprintf(mem, "#%s=", purpose), *at = strstr(m->text.p, key);

	assert_non_null(at);
	return talloc_strndup(mem, at + strlen(key), MAIL_TOKEN_LEN);
}

/* ---- links ---- */

static void
a_link_counts_once_and_ends_every_session(void **state)
{
	struct people       *p = *state;
	struct user          u = make_user(p, "one@acme.test");
	struct session_grant a = sign_in(p, u.email, PASSWORD), b = sign_in(p, u.email, PASSWORD);
	const char          *token = make_link(p, &u, LINK_RESET, LINK_RESET_S);
	const char          *second = make_link(p, &u, LINK_RESET, LINK_RESET_S);
	struct caller        c;
	struct session_grant g;

	assert_int_equal(reset(&p->auth, token, NEXT), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, a.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, b.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_login(p, mem, "acme", u.email, PASSWORD, &g), ERR_CREDENTIALS);
	sign_in(p, u.email, NEXT);
	assert_int_equal(reset(&p->auth, token, NEXT "2"), ERR_INVALID);
	/* a link that was known before is void too */
	assert_int_equal(reset(&p->auth, second, NEXT "2"), ERR_INVALID);
	sign_in(p, u.email, NEXT);
}

static void
of_many_at_once_one_has_it(void **state)
{
	enum { PROCESSES = 8 };
	struct people *p = *state;
	struct user    u = make_user(p, "many@acme.test");
	const char    *token = make_link(p, &u, LINK_RESET, LINK_RESET_S);
	pid_t          pids[PROCESSES];
	int            start[2], won = 0, refused = 0;
	char           password[32];

	assert_int_equal(pipe(start), 0);
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		struct auth *a = people_other(p, talloc_new(NULL), p->segment);
		char         c;

		close(start[1]);
		snprintf(password, sizeof(password), NEXT "-%d", i);
		if (read(start[0], &c, 1) != 0)
			_exit(9);
		enum err_code code = reset(a, token, password);
		_exit(code == ERR_OK ? 0 : code == ERR_INVALID ? 1 : 2);
	}
	close(start[0]);
	usleep(200000);
	close(start[1]);
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		won += WEXITSTATUS(status) == 0;
		refused += WEXITSTATUS(status) == 1;
		if (WEXITSTATUS(status) == 0) {
			snprintf(password, sizeof(password), NEXT "-%d", i);
			sign_in(p, u.email, password);
		}
	}
	assert_int_equal(won, 1);
	assert_int_equal(refused, PROCESSES - 1);
}

static void
a_link_ends_with_its_time(void **state)
{
	struct people *p = *state;
	struct user    u = make_user(p, "late@acme.test");
	const char    *token = make_link(p, &u, LINK_RESET, LINK_RESET_S);

	p->clock.set_ms = HOUR_MS + 1000;
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_INVALID);
	p->clock.set_ms = HOUR_MS - 5000;
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_OK);
}

static void
a_link_is_of_its_tenant_its_user_and_its_purpose(void **state)
{
	struct people *p = *state;
	struct deed_by by = people_stranger(p, mem);
	struct user    u = make_user(p, "mine@acme.test");
	char          *token = talloc_strdup(mem, make_link(p, &u, LINK_RESET, LINK_RESET_S));
	struct err     e = { 0 };

	/* one bit elsewhere, at any place */
	for (size_t i = 0; i < MAIL_TOKEN_LEN; i += 7) {
		char was = token[i];

		token[i] = was == 'A' ? 'B' : 'A';
		assert_int_equal(reset(&p->auth, token, NEXT), ERR_INVALID);
		token[i] = was;
	}
	assert_false(email_confirm(&by, token, &e));
	assert_int_equal(e.code, ERR_INVALID);
	/* the address is another one now, or the user is not active */
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'disabled' WHERE email = 'mine@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_INVALID);
	server_do(p->w->root,
	    "UPDATE %s.users SET status = 'active', email = 'moved@acme.test'"
	    " WHERE email = 'mine@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_INVALID);
	server_do(p->w->root,
	    "UPDATE %s.users SET email = 'mine@acme.test' WHERE email = 'moved@acme.test'",
	    p->w->a.schema_name);
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_OK);
}

static void
no_link_is_made_from_what_was_read_before_a_change(void **state)
{
	struct people *p = *state;
	struct user    u = make_user(p, "stale@acme.test");
	const char    *token = make_link(p, &u, LINK_RESET, LINK_RESET_S);
	struct deed_by by = people_deed(p, mem, NULL);
	struct err     e = { 0 };

	assert_int_equal(reset(&p->auth, token, NEXT), ERR_OK);
	assert_ok(mail_link_make(
	    &by, &u, &(struct mail_link) { LINK_RESET, u.email, LINK_RESET_S, 0 }, &token, &e));
	assert_null(token);
}

/* ---- invitations ---- */

struct inviting {
	struct deed_by by;
	struct user    u;
};

static bool
invite_body(struct db *db, void *arg, struct err *e)
{
	struct inviting *in = arg;

	(void)db;
	return user_add(in->by.t, &in->u, e) && invite_send(&in->by, &in->u, "Ada", e);
}

static void
an_invitation_is_queued_with_its_user_and_makes_it_active(void **state)
{
	struct people  *p = *state;
	struct inviting in = { .by = people_deed(p, mem, NULL) };
	const struct tx tx = { "invite", invite_body, &in, NULL, NULL };
	const char     *why = NULL, *token;
	struct err      e = { 0 };
	struct user     u;

	in.u = (struct user) { .id = uuid_make(&clock_system, &rand_system),
		.email = talloc_strdup(mem, "ivy@acme.test"),
		.display_name = talloc_strdup(mem, "Ivy"),
		.status = talloc_strdup(mem, "invited"),
		.created_at = { clock_ms(&clock_system) } };
	assert_ok(tx_run(in.by.t->db, &tx, &e));
	const struct mail_message *m = prepared(p, &p->w->a, &why);

	assert_non_null(m);
	assert_string_equal(m->to, "ivy@acme.test");
	assert_string_equal(m->from, "blindspotx@127.0.0.1");
	assert_non_null(strstr(m->text.p, "Ada invites you"));
	token = token_of(m, "invite");
	p->clock.set_ms = 71 * HOUR_MS;
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_OK);
	assert_ok(user_by_email(people_open(p, &p->w->a), mem, "ivy@acme.test", &u, &e));
	assert_true(user_is_active(&u));
	assert_int_equal(reset(&p->auth, token, NEXT), ERR_INVALID);
	/* who has accepted is not invited again by the same mail */
	assert_null(prepared(p, &p->w->a, &why));
}

static void
without_a_mail_server_nobody_is_invited(void **state)
{
	struct people *p = *state;
	struct deed_by by = people_deed(p, mem, NULL);
	struct user    u = { .email = talloc_strdup(mem, "x@acme.test") };
	struct err     e = { 0 };

	p->w->conf.smtp_url = "";
	assert_false(invite_send(&by, &u, "Ada", &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/password");
}

/* ---- forgotten ---- */

static uint64_t
statements(struct people *p)
{
	return db_stats(people_open(p, &p->w->a)->db).count +
	       db_stats(people_open(p, &p->platform)->db).count +
	       db_stats(database_control(p->w->d)).count;
}

static void
forgetting_does_the_same_work_for_anybody(void **state)
{
	static const struct {
		const char *tenant, *email;
		bool        writes;
	} rows[] = { { "acme", "ada@acme.test", true }, { "acme", "nobody@acme.test", false },
		{ "acme", "dis@acme.test", false }, { "acme", "not an address", false },
		{ "nowhere", "ada@acme.test", false }, { "nowhere", "pia@platform.test", false },
		{ "../'", "ada@acme.test", false } };
	struct people *p = *state;
	struct deed_by by = people_stranger(p, mem);
	uint64_t       usual = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool                 there = strcmp(rows[i].tenant, "acme") == 0;
		const struct tenant *t = there ? &p->w->a : &p->platform;
		int64_t     audits = people_number(p, t, "SELECT COUNT(*) AS n FROM audit");
		int64_t     mails = people_number(p, t, "SELECT COUNT(*) AS n FROM outbox");
		uint64_t    before;
		const char *why = NULL;
		struct err  e = { 0 };

		people_open(p, &p->w->a); /* connections and registry rows are warm for all */
		people_open(p, &p->platform);
		before = statements(p);
		assert_ok(password_forgot(&by, rows[i].tenant, rows[i].email, &e));
		before = statements(p) - before;
		/* a slug that is unknown is asked for each time, its row and its key */
		before -= there ? 0 : 2;
		if (i == 0)
			usual = before;
		assert_int_equal(before, usual);
		assert_int_equal(
		    people_number(p, t, "SELECT COUNT(*) AS n FROM audit"), audits + 1);
		assert_int_equal(
		    people_number(p, t, "SELECT COUNT(*) AS n FROM outbox"), mails + 1);
		assert_int_equal(prepared(p, t, &why) != NULL, rows[i].writes);
	}
}

/* ---- by oneself ---- */

static enum err_code
change(struct people *p, const struct caller *c, const char *current, const char *next,
    const char *pointer)
{
	const struct deed_by by = people_deed(p, mem, c);
	struct err           e = { 0 };

	if (password_change(&by, current, next, &e))
		return ERR_OK;
	if (e.code == ERR_INVALID)
		assert_string_equal(e.faults->pointer, pointer);
	return e.code;
}

static void
changing_ends_the_other_sessions_everywhere(void **state)
{
	struct people       *p = *state;
	struct user          u = make_user(p, "chg@acme.test");
	struct session_grant mine = sign_in(p, u.email, PASSWORD),
			     other = sign_in(p, u.email, PASSWORD);
	struct auth  *far = people_other(p, mem, people_segment(mem, "far"));
	struct caller c;

	assert_int_equal(people_resolve(far, other.access_token, "", &c), ERR_OK);
	assert_int_equal(people_resolve(far, mine.access_token, "", &c), ERR_OK);
	assert_int_equal(change(p, &mine.caller, "wrong", NEXT, "/current_password"), ERR_INVALID);
	assert_int_equal(
	    change(p, &mine.caller, PASSWORD, "passwordpassword", "/new_password"), ERR_INVALID);
	assert_int_equal(people_resolve(&p->auth, other.access_token, "", &c), ERR_OK);
	assert_int_equal(change(p, &mine.caller, PASSWORD, NEXT, ""), ERR_OK);
	assert_int_equal(people_resolve(&p->auth, other.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(&p->auth, mine.access_token, "", &c), ERR_OK);
	p->clock.set_ms = 3000; /* another host: within the lag */
	assert_int_equal(people_resolve(far, other.access_token, "", &c), ERR_UNAUTHENTICATED);
	assert_int_equal(people_resolve(far, mine.access_token, "", &c), ERR_OK);
	assert_int_equal(people_number(p, &p->w->a,
			     "SELECT COUNT(*) AS n FROM audit WHERE actor_name = 'chg@acme.test'"
			     " AND action IN ('password.change', 'factor.fail')"),
	    2); /* the failure and the success */
}

static void
a_new_address_needs_a_fresh_sign_in_and_a_free_address(void **state)
{
	struct people       *p = *state;
	struct user          u = make_user(p, "addr@acme.test");
	struct session_grant g = sign_in(p, u.email, PASSWORD);
	const struct profile taken = { NULL, "VIC@acme.test" }, name = { "New Name", NULL };
	const char          *why = NULL, *token;
	struct deed_by       by = people_deed(p, mem, &g.caller);
	struct err           e = { 0 };
	struct mail_message *m;

	p->clock.set_ms = STEP_UP_MAX_AGE_S * 1000 + 1000;
	assert_ok(profile_update(&by, &name, &e));
	assert_false(profile_update(&by, &taken, &e));
	assert_int_equal(e.code, ERR_STEP_UP);
	err_clear(&e);
	p->clock.set_ms = 0;
	/* that somebody has it is not said yet */
	assert_ok(profile_update(&by, &taken, &e));
	m = prepared(p, &p->w->a, &why);
	assert_non_null(m);
	assert_string_equal(m->to, "vic@acme.test");
	token = token_of(m, "email");
	assert_false(email_confirm(&by, token, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	/* a mail that is still on its way makes no link once the password is another one */
	assert_int_equal(change(p, &g.caller, PASSWORD, NEXT, ""), ERR_OK);
	server_do(p->w->root, "DELETE FROM %s.outbox WHERE event = 'mail.password_changed'",
	    p->w->a.schema_name);
	assert_null(prepared(p, &p->w->a, &why));
	assert_string_equal(why, "The user has changed meanwhile.");
	assert_false(email_confirm(&by, token, &e));
	assert_int_equal(e.code, ERR_INVALID);
}

/* Asks for it; the mail that waits is the one to the new address. */
static void
ask_address(struct people *p, const struct caller *c, const char *email)
{
	const struct profile in = { NULL, email };
	const struct deed_by by = people_deed(p, mem, c);
	struct err           e = { 0 };

	assert_ok(profile_update(&by, &in, &e));
}

static const char *
confirm_again(struct people *p, const char *token)
{
	const struct deed_by by = people_stranger(p, mem);
	struct err           e = { 0 };

	if (email_confirm(&by, token, &e))
		return "changed";
	return e.code == ERR_INVALID ? "void" : "failed";
}

static void
a_change_of_address_that_was_taken_back_is_void_also_when_its_mail_is_still_on_its_way(void **state)
{
	struct people       *p = *state;
	struct user          u = make_user(p, "back@acme.test");
	struct session_grant g = sign_in(p, u.email, PASSWORD);
	const char          *why = NULL, *older, *newer;

	ask_address(p, &g.caller, "older@acme.test");
	older = token_of(prepared(p, &p->w->a, &why), "email");
	ask_address(p, &g.caller, "newer@acme.test");
	newer = token_of(prepared(p, &p->w->a, &why), "email");
	assert_string_equal(confirm_again(p, older), "void");
	/* the present address, however it is written */
	ask_address(p, &g.caller, " BACK@acme.test");
	assert_null(prepared(p, &p->w->a, &why));
	assert_string_equal(why, "The user has changed meanwhile.");
	assert_string_equal(confirm_again(p, newer), "void");
	ask_address(p, &g.caller, "third@acme.test");
	newer = token_of(prepared(p, &p->w->a, &why), "email");
	assert_string_equal(confirm_again(p, newer), "changed");
	assert_string_equal(confirm_again(p, newer), "void");
	assert_string_equal(confirm_again(p, older), "void");
}

static void
the_admin_tool_takes_no_weak_password_either(void **state)
{
	const struct user_first in = {
		.email = "weak@acme.test",
		.display_name = "Weak",
		.password = STR("acmeacmeacme2026"),
		.role = "viewer",
	};
	const struct deed_by by = people_deed(*state, mem, NULL);
	struct err           e = { 0 };

	assert_false(user_add_first(&by, &in, &e));
	assert_int_equal(e.code, ERR_INVALID);
	assert_non_null(strstr(e.pub, "The password is made of names"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, finish)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_counts_once_and_ends_every_session),
		TEST(of_many_at_once_one_has_it),
		TEST(a_link_ends_with_its_time),
		TEST(a_link_is_of_its_tenant_its_user_and_its_purpose),
		TEST(no_link_is_made_from_what_was_read_before_a_change),
		TEST(an_invitation_is_queued_with_its_user_and_makes_it_active),
		TEST(without_a_mail_server_nobody_is_invited),
		TEST(forgetting_does_the_same_work_for_anybody),
		TEST(changing_ends_the_other_sessions_everywhere),
		TEST(a_new_address_needs_a_fresh_sign_in_and_a_free_address),
		TEST(
		    a_change_of_address_that_was_taken_back_is_void_also_when_its_mail_is_still_on_its_way),
		TEST(the_admin_tool_takes_no_weak_password_either),
	};

	return cmocka_run_group_tests(tests, people_set_up, people_tear_down);
}
