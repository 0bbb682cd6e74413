/* An answer of a provider that comes too late, or once more: where the browser goes then. */
#include <stdio.h>
#include <string.h>

#include "core/auth/oidc/oidc.h"
#include "tests/store/people.h"

static TALLOC_CTX         *mem;
static const struct origin from = { "192.0.2.1", "test", "request-1" };

static int
set_up(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return 0;
}

static int
tear_down(void **state)
{
	struct people *p = *state;

	p->clock.set_ms = 0;
	talloc_free(mem);
	return 0;
}

static struct provider
new_provider(struct people *p)
{
	struct provider row = { .id = uuid_make(&p->clock, &rand_system),
		.name = talloc_strdup(mem, "corp"),
		.kind = talloc_strdup(mem, "oidc"),
		.client_id = talloc_strdup(mem, "client-1"),
		.issuer = talloc_strdup(mem, "https://10.0.0.1"),
		.role_map = { .text = "{}" },
		.absent_roles = talloc_strdup(mem, "keep"),
		.created_at = { clock_ms(&p->clock) },
		.updated_at = { clock_ms(&p->clock) } };
	struct err      e = { 0 };

	if (!provider_add(people_open(p, &p->w->a)->db, &row, &e))
		fail_msg("%s", e.detail);
	return row;
}

/* What a browser brings back for a sign-in that begins now. */
static struct oidc_answer
begun(struct people *p, const struct provider *row)
{
	struct oidc_state  s = { .tenant = p->w->a.id,
		 .provider = row->id,
		 .begun_ms = clock_ms(&p->clock),
		 .return_to = "/drift" };
	struct oidc_answer in = { .provider = row->name, .code = "x" };
	struct err         e = { 0 };

	rand_fill(&rand_system, s.state, sizeof(s.state));
	in.state = base64url_print(mem, s.state, sizeof(s.state));
	in.cookie = str_of(oidc_state_close(&p->auth, mem, &s, &e));
	assert_non_null(in.cookie.p);
	return in;
}

static struct oidc_result
ended(struct people *p, struct oidc_answer in, const struct tenant *signed_in)
{
	const struct deed_by by = { .auth = &p->auth, .mem = mem, .origin = &from };
	struct oidc_result   out;
	struct err           e = { 0 };
	bool                 ok;

	in.signed_in = signed_in != NULL ? &signed_in->id : NULL;
	ok = oidc_finish(&by, &in, &out, &e);
	assert_int_equal(ok, out.again);
	if (!ok)
		assert_int_equal(e.code, ERR_CREDENTIALS);
	assert_null(out.grant.access_token);
	assert_null(out.grant.mfa_token);
	return out;
}

static void
one_that_is_too_old_leads_on_for_who_is_signed_in_to_that_tenant(void **state)
{
	struct people           *p = *state;
	struct provider          row = new_provider(p);
	const struct oidc_answer in = begun(p, &row);
	int64_t            entries = people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM audit");
	struct oidc_result out;

	p->clock.set_ms = OIDC_STATE_S * 1000;
	out = ended(p, in, &p->w->a);
	assert_true(out.again);
	assert_string_equal(out.return_to, "/drift");
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM audit"), entries);
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM oidc_marks"), 0);
	assert_false(ended(p, in, NULL).again);
	out = ended(p, in, &p->w->b);
	assert_false(out.again);
	assert_int_equal(out.why, OIDC_STATE);
	assert_int_equal(
	    people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM audit"), entries + 2);
}

static void
one_that_is_not_too_old_is_ended_and_not_led_on(void **state)
{
	struct people       *p = *state;
	const struct deed_by by = { .auth = &p->auth, .mem = mem, .origin = &from };
	struct err           e = { 0 };
	struct provider      row;
	struct oidc_answer   in;
	struct oidc_result   out;

	assert_true(provider_by_name(people_open(p, &p->w->a)->db, mem, "corp", &row, &e));
	in = begun(p, &row);
	p->clock.set_ms = OIDC_STATE_S * 1000 - 1000;
	in.signed_in = &p->w->a.id;
	/* nobody answers at the provider: what counts is that it was asked */
	assert_false(oidc_finish(&by, &in, &out, &e));
	assert_false(out.again);
	assert_int_not_equal(out.why, OIDC_STATE);
	assert_int_equal(people_number(p, &p->w->a, "SELECT COUNT(*) AS n FROM oidc_marks"), 1);
	assert_true(ended(p, in, &p->w->a).again);
	assert_int_equal(ended(p, in, NULL).why, OIDC_REPLAY);
	assert_int_equal(ended(p, in, &p->w->b).why, OIDC_REPLAY);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_is_too_old_leads_on_for_who_is_signed_in_to_that_tenant),
		TEST(one_that_is_not_too_old_is_ended_and_not_led_on),
	};

	return cmocka_run_group_tests_name("oidc_late", tests, people_set_up, people_tear_down);
}
