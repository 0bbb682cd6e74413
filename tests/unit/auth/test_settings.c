/* A tenant's settings: defaults, ceilings, and what a change may say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/settings.h"

static const char *const roles[] = { "admin" };

static const struct conf conf = { .access_s = 600,
	.session_idle_s = 1800,
	.session_absolute_s = 43200,
	.session_max_idle_s = 7200,
	.session_max_absolute_s = 86400,
	.password_min = 12 };

static const char *
merged(TALLOC_CTX *mem, const char *was, const char *change, struct err *e)
{
	struct err         why = { 0 };
	const struct json *tree = json_parse(mem, str_of(change), &why);
	const char        *text = NULL;

	assert_non_null(tree);
	return settings_merge(mem, &conf, was, tree, &text, e) ? text : NULL;
}

static void
a_change_keeps_what_it_does_not_name(void **state)
{
	static const struct {
		const char *was, *change, *now;
	} cases[] = {
		{ "{}", "{}", "{}" },
		{ "{}", "{\"session\":{\"idle_s\":600}}", "{\"session\":{\"idle_s\":600}}" },
		{ "{\"session\":{\"idle_s\":600}}", "{\"session\":{\"access_s\":60}}",
		    "{\"session\":{\"idle_s\":600,\"access_s\":60}}" },
		{ "{\"session\":{\"idle_s\":600}}", "{\"session\":{\"idle_s\":700}}",
		    "{\"session\":{\"idle_s\":700}}" },
		{ "{\"session\":{\"idle_s\":600,\"access_s\":60}}",
		    "{\"session\":{\"idle_s\":null}}", "{\"session\":{\"access_s\":60}}" },
		{ "{\"session\":{\"idle_s\":600}}", "{\"session\":null}", "{}" },
		{ "{\"session\":{\"idle_s\":600}}", "{\"password\":{\"min_length\":8}}",
		    "{\"session\":{\"idle_s\":600},\"password\":{\"min_length\":8}}" },
		{ "{}", "{\"session\":null,\"mfa\":null,\"password\":{\"min_length\":null}}",
		    "{\"password\":{}}" },
		{ "{}", "{\"retention\":{}}", "{\"retention\":{}}" },
		{ "{}", "{\"retention\":{\"snapshots_s\":0,\"reports_s\":0,\"audit_s\":0}}",
		    "{\"retention\":{\"snapshots_s\":0,\"reports_s\":0,\"audit_s\":0}}" },
		{ "{\"retention\":{\"snapshots_s\":86400}}",
		    "{\"retention\":{\"reports_s\":86400}}",
		    "{\"retention\":{\"snapshots_s\":86400,\"reports_s\":86400}}" },
		{ "{\"password\":{}}",
		    "{\"allowed_addresses\":[\"10.0.0.1\",\"::ffff:a00:0/104\",\"FD00::/8\"]}",
		    "{\"password\":{},\"allowed_addresses\":[\"10.0.0.1/32\",\"10.0.0.0/8\","
		    "\"fd00::/8\"]}" },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err  e = { 0 };
		const char *now = merged(mem, cases[i].was, cases[i].change, &e);

		if (now == NULL)
			fail_msg("%s: %s", cases[i].change, e.detail);
		assert_string_equal(now, cases[i].now);
	}
	talloc_free(mem);
}

static void
what_cannot_hold_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *change, *pointer;
	} cases[] = {
		{ "{\"session\":{\"idle_s\":7201}}", "/settings/session/idle_s" },
		{ "{\"session\":{\"idle_s\":299}}", "/settings/session/idle_s" },
		{ "{\"session\":{\"absolute_s\":86401}}", "/settings/session/absolute_s" },
		{ "{\"session\":{\"access_s\":59}}", "/settings/session/access_s" },
		{ "{\"session\":{\"access_s\":6e2}}", "/settings/session/access_s" },
		{ "{\"session\":7}", "/settings/session" },
		{ "{\"sessions\":null}", "/settings/sessions" },
		{ "{\"session\":{\"a\":null}}", "/settings/session/a" },
		{ "[]", "/settings" },
		{ "null", "/settings" },
		{ "{\"mfa\":[]}", "/settings/mfa" },
		{ "{\"mfa\":{\"required_for\":[1]}}", "/settings/mfa/required_for/0" },
		{ "{\"allowed_addresses\":[7]}", "/settings/allowed_addresses/0" },
		{ "{\"allowed_addresses\":[\"::1\",\"10.0.0.1/8\"]}",
		    "/settings/allowed_addresses/1" },
		{ "{\"allowed_addresses\":[\"10.0.0.1\",\"::ffff:10.0.0.1\"]}",
		    "/settings/allowed_addresses/1" },
		{ "{\"cors\":{\"allowed_origins\":7}}", "/settings/cors/allowed_origins" },
		{ "{\"retention\":{\"audit_s\":-1}}", "/settings/retention/audit_s" },
		{ "{\"retention\":{\"audit_s\":86400}}", "/settings/retention/audit_s" },
		{ "{\"retention\":{\"snapshots_s\":1}}", "/settings/retention/snapshots_s" },
		{ "{\"retention\":{\"snapshots_s\":86399}}", "/settings/retention/snapshots_s" },
		{ "{\"retention\":{\"snapshots_s\":3155760001}}",
		    "/settings/retention/snapshots_s" },
		{ "{\"retention\":{\"snapshots_s\":86400,\"reports_s\":86399}}",
		    "/settings/retention/reports_s" },
		{ "{\"retention\":{\"snapshots_s\":86401,\"reports_s\":86400}}",
		    "/settings/retention/reports_s" },
		{ "{\"retention\":{\"reports_s\":86400}}", "/settings/retention/reports_s" },
		{ "{\"notifications\":{\"security\":[{}]}}",
		    "/settings/notifications/security/0/channel_id" },
	};
	TALLOC_CTX *mem = talloc_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = { 0 };

		assert_null(merged(mem, "{}", cases[i].change, &e));
		assert_int_equal(e.code, ERR_INVALID);
		assert_string_equal(e.faults->pointer, cases[i].pointer);
	}
	talloc_free(mem);
}

static void
reading_fills_in_the_defaults_under_the_ceilings(void **state)
{
	TALLOC_CTX     *mem = talloc_new(NULL);
	struct conf     c = conf;
	struct settings s;
	struct err      e = { 0 };

	(void)state;
	c.mfa_required_for = (struct strings) { (const char **)(uintptr_t)roles, 1 };
	assert_true(settings_parse(mem, &c, "{}", &s, &e));
	assert_int_equal(s.session->access_s, 600);
	assert_int_equal(s.session->idle_s, 1800);
	assert_int_equal(s.session->absolute_s, 43200);
	assert_int_equal(s.password->min_length, 12);
	assert_int_equal(s.mfa->required_for.n, 1);
	assert_string_equal(s.mfa->required_for.items[0], "admin");
	assert_int_equal(s.cors->allowed_origins.n, 0);
	assert_null(s.notifications->from);
	assert_string_equal(s.rate_limits.text, "{}");

	/* stored before the installation lowered its ceiling */
	assert_true(settings_parse(
	    mem, &c, "{\"session\":{\"idle_s\":86400,\"absolute_s\":2592000}}", &s, &e));
	assert_int_equal(s.session->idle_s, 7200);
	assert_int_equal(s.session->absolute_s, 86400);

	assert_true(settings_parse(mem, &c, "{\"mfa\":{\"required_for\":[]}}", &s, &e));
	assert_int_equal(s.mfa->required_for.n, 0);

	/* what a newer program keeps there is not known here, and no fault */
	assert_true(settings_parse(mem, &c, "{\"no\":1,\"session\":{\"no\":{}}}", &s, &e));
	assert_int_equal(s.session->idle_s, 1800);
	assert_false(settings_parse(mem, &c, "{\"session\":{\"idle_s\":\"\"}}", &s, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	talloc_free(mem);
}

static void
settings_read_back_as_they_are_answered(void **state)
{
	TALLOC_CTX     *mem = talloc_new(NULL);
	struct settings s;
	struct buf      b;
	struct err      e = { 0 };

	(void)state;
	buf_make(&b, mem);
	assert_true(settings_parse(mem, &conf, "{\"session\":{\"idle_s\":600}}", &s, &e));
	assert_true(schema_encode(&b, &settings_schema, &s, &e));
	assert_true(settings_parse(mem, &conf, b.p, &s, &e));
	assert_int_equal(s.session->idle_s, 600);
	talloc_free(mem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_keeps_what_it_does_not_name),
		cmocka_unit_test(what_cannot_hold_is_refused_with_its_place),
		cmocka_unit_test(reading_fills_in_the_defaults_under_the_ceilings),
		cmocka_unit_test(settings_read_back_as_they_are_answered),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
