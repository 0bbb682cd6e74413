/* Links by which alerts are answered: what one says comes back, and nothing else is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/auth/mail/answer_link.h"
#include "tests/unit/mem.h"

#define NOW_MS 1800000000000

static struct keyring *
new_keyring(void)
{
	struct err      e = { 0 };
	struct keyring *k;
	char            path[64];

	snprintf(path, sizeof(path), "/tmp/bsx-test-answers.%d", (int)getpid());
	assert_true(keyring_create(path, &rand_system, &e));
	k = keyring_open(mem, path, &e);
	assert_non_null(k);
	unlink(path);
	return k;
}

static const struct answer_link said = {
	.deed = ANSWER_RESOLVE,
	.alert = { { 1, 2, 3 } },
	.message = { { 4, 5, 6 } },
	.user = { { 7, 8, 9 } },
	.report = { { 10, 11, 12 } },
	.epoch = 0x01020304,
	.expires_at = { NOW_MS + 1000 },
};

struct place {
	struct env    env;
	struct auth   auth;
	struct tenant tenant, other;
};

static void
make_place(struct place *p)
{
	*p = (struct place) {
		.env = { .rand = &rand_system, .keyring = new_keyring() },
		.tenant = { .id = { { 42 } },
		    .schema_name = talloc_strdup(mem, "bsxt00000000000000aa") },
		.other = { .id = { { 43 } },
		    .schema_name = talloc_strdup(mem, "bsxt00000000000000ab") },
	};
	p->auth.env = &p->env;
}

static bool
reads(const struct place *p, const struct tenant *t, const char *token, int64_t now,
    enum err_code *code)
{
	struct answer_link got;
	struct err         e = { 0 };
	bool ok = answer_link_read(&p->auth, t, str_of(token), (instant) { now }, &got, &e);

	*code = e.code;
	return ok;
}

static void
what_it_says_comes_back_and_makes_the_same_again(void **state)
{
	struct place       p;
	struct answer_link got;
	struct err         e = { 0 };
	const char        *one, *two;

	(void)state;
	make_place(&p);
	assert_true(answer_link_print(&p.auth, &p.tenant, mem, &said, &one, &e));
	assert_true(answer_link_print(&p.auth, &p.tenant, mem, &said, &two, &e));
	assert_string_equal(one, two);
	assert_true(
	    answer_link_read(&p.auth, &p.tenant, str_of(one), (instant) { NOW_MS }, &got, &e));
	assert_int_equal(got.deed, said.deed);
	assert_true(uuid_eq(&got.alert, &said.alert) && uuid_eq(&got.message, &said.message) &&
		    uuid_eq(&got.user, &said.user) && uuid_eq(&got.report, &said.report));
	assert_int_equal(got.epoch, said.epoch);
	assert_int_equal(got.expires_at.ms, said.expires_at.ms);
	assert_false(uuid_is_nil(&got.id));
}

static void
another_byte_tenant_keyring_or_time_is_refused(void **state)
{
	struct place  p, elsewhere;
	struct err    e = { 0 };
	const char   *token;
	char          changed[ANSWER_TOKEN_LEN + 1];
	enum err_code code;

	(void)state;
	make_place(&p);
	make_place(&elsewhere);
	assert_true(answer_link_print(&p.auth, &p.tenant, mem, &said, &token, &e));
	assert_true(reads(&p, &p.tenant, token, NOW_MS + 999, &code));
	assert_false(reads(&p, &p.tenant, token, NOW_MS + 1000, &code));
	assert_int_equal(code, ERR_MISSING);
	assert_false(reads(&p, &p.other, token, NOW_MS, &code));
	assert_int_equal(code, ERR_FORBIDDEN);
	assert_false(reads(&elsewhere, &p.tenant, token, NOW_MS, &code));
	assert_int_equal(code, ERR_MISSING);
	for (size_t i = 0; i < ANSWER_TOKEN_LEN; i++) {
		memcpy(changed, token, sizeof(changed));
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		assert_false(reads(&p, &p.tenant, changed, NOW_MS, &code));
	}
	memcpy(changed, token, sizeof(changed));
	changed[ANSWER_TOKEN_LEN - 1] = '\0';
	assert_false(reads(&p, &p.tenant, changed, NOW_MS, &code));
	assert_false(reads(&p, &p.tenant, "", NOW_MS, &code));
}

static void
a_form_is_of_its_link_for_an_hour(void **state)
{
	struct place       p;
	struct answer_link other = said;
	struct err         e = { 0 };
	const instant      now = { NOW_MS };
	const char        *form;
	int64_t            hour = ANSWER_FORM_LIFE_S * 1000LL;

	(void)state;
	make_place(&p);
	other.id.b[0] = 1;
	assert_true(answer_form_print(&p.auth, &said, 3, now, mem, &form, &e));
	assert_true(answer_form_check(&p.auth, &said, 3, str_of(form), now, &e));
	assert_false(answer_form_check(&p.auth, &said, 4, str_of(form), now, &e));
	assert_int_equal(e.code, ERR_CONFLICT);
	e = (struct err) { 0 };
	assert_true(answer_form_check(
	    &p.auth, &said, 3, str_of(form), (instant) { NOW_MS + hour - 1 }, &e));
	assert_false(
	    answer_form_check(&p.auth, &said, 3, str_of(form), (instant) { NOW_MS + hour }, &e));
	e = (struct err) { 0 };
	assert_false(answer_form_check(&p.auth, &other, 3, str_of(form), now, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_it_says_comes_back_and_makes_the_same_again),
		TEST(another_byte_tenant_keyring_or_time_is_refused),
		TEST(a_form_is_of_its_link_for_an_hour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
