/* drift/service for a caller that is no request: what is done, told and seen, and what rows that
 * this version has not made come to. */
#include <string.h>

#include "core/net/guard.h"
#include "drift/service/channel.h"
#include "drift/service/config.h"
#include "tests/store/drift_world.h"

struct second {
	struct drift_world *x;
	struct cidr_list    none;
	struct guard        guard;
	struct auth         auth;
	struct caller       caller;
	struct work         work;
	struct deed_by      by;
};

static struct second *
second_make(struct drift_world *x)
{
	struct second *y = talloc_zero(x, struct second);

	x->env.keyring = x->w->env.keyring;
	y->x = x;
	y->guard = (struct guard) { .allow = &y->none };
	y->auth = (struct auth) { .env = &x->env, .database = x->w->d, .guard = &y->guard };
	y->caller = (struct caller) {
		.kind = CALLER_SESSION,
		.user = uuid_make(&clock_system, &rand_system),
		.tenant = x->t->tenant->id,
		.name = "grace@acme.test",
	};
	y->by = (struct deed_by) { .auth = &y->auth, .mem = y, .t = x->t, .caller = &y->caller };
	work_begin(&y->work, WORK_REQUEST, &clock_system);
	return y;
}

static struct acting *
acts(struct second *y)
{
	struct err     e = { 0 };
	struct acting *a = acting_make(&y->by, y->x->d, &y->work, &e);

	assert_non_null(a);
	return a;
}

static const struct channel_wish hook = {
	.name = "hook", .kind = "webhook", .target = { .url = "https://hooks.example/a" }
};

static void
a_deed_of_another_caller_is_done_and_is_in_the_trail(void **state)
{
	struct second      *y = second_make(*state);
	struct channel_made made;
	struct err          e = { 0 };

	assert_ok(channel_make(acts(y), &hook, &made, &e));
	assert_int_equal(strncmp(made.secret, "whsec_", 6), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.channels"), 1);
	assert_string_equal(drift_text(y->x, y,
				"SELECT CONCAT(action, ' ', details) FROM %s.audit"
				" ORDER BY seq DESC LIMIT 1"),
	    "channel.create {\"name\":\"hook\",\"target\":\"https://hooks.example/#"
	    "6a50dc8584134c7d\",\"values\":false}");
}

static void
what_it_sees_is_what_its_permissions_say(void **state)
{
	struct second      *y = second_make(*state);
	struct channel_wish wish = hook;
	struct channel_made made;
	struct err          e = { 0 };

	wish.values = true;
	assert_false(acts(y)->view.values);
	assert_fails(channel_make(acts(y), &wish, &made, &e), ERR_FORBIDDEN);
	assert_true(permission_add(&y->caller.permissions, "read:snapshots"));
	assert_true(acts(y)->view.values);
	err_clear(&e);
	assert_ok(channel_make(acts(y), &wish, &made, &e));
}

static void
without_a_guard_no_target_is_stored_and_without_the_rest_nobody_acts(void **state)
{
	struct second      *y = second_make(*state);
	struct deed_by      nobody = y->by;
	struct channel_made made;
	struct err          e = { 0 };

	y->auth.guard = NULL;
	assert_fails(channel_make(acts(y), &hook, &made, &e), ERR_INTERNAL);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.channels"), 0);
	nobody.caller = NULL;
	err_clear(&e);
	assert_null(acting_make(&nobody, y->x->d, &y->work, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	err_clear(&e);
	assert_null(acting_make(&y->by, y->x->d, NULL, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

/* No channel is of the kind of mails, and none here is of a kind that is not known. */
static void
a_channel_of_no_kind_of_channels_can_be_renamed_and_dropped_and_nothing_else(void **state)
{
	static const char *const  kinds[] = { "UPDATE %s.channels SET kind = 'mail'",
		 "UPDATE %s.channels SET kind = 'later'" };
	const struct channel_wish bad[] = {
		{ .target = { .url = "https://hooks.example/b" }, .has_secret = true },
		{ .target = { .url = "https://hooks.example/b" } },
		{ .has_secret = true },
	};
	struct second      *y = second_make(*state);
	struct channel_made made, after;
	struct uuid         message;

	for (size_t k = 0; k < 2; k++) {
		struct err e = { 0 };

		assert_ok(channel_make(acts(y), &hook, &made, &e));
		drift_sql(y->x, kinds[k]);
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
			err_clear(&e);
			assert_fails(channel_alter(acts(y), &made.row.id, &bad[i], &after, &e),
			    ERR_CONFLICT);
			assert_string_equal(
			    e.pub, "This version does not know the channel's kind.");
		}
		err_clear(&e);
		assert_fails(channel_try(acts(y), &made.row.id, &message, &e), ERR_CONFLICT);
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.outbox"), 0);
		err_clear(&e);
		assert_ok(channel_alter(
		    acts(y), &made.row.id, &(struct channel_wish) { .name = "other" }, &after, &e));
		assert_ok(channel_erase(acts(y), &made.row.id, &e));
	}
}

static void
a_webhook_whose_secret_is_gone_wants_one_before_it_moves(void **state)
{
	struct second      *y = second_make(*state);
	struct channel_wish wish = { .target = { .url = "https://hooks.example/b" } };
	struct channel_made made, after;
	struct err          e = { 0 };

	assert_ok(channel_make(acts(y), &hook, &made, &e));
	drift_sql(y->x, "UPDATE %s.channels SET secret = NULL");
	assert_fails(channel_alter(acts(y), &made.row.id, &wish, &after, &e), ERR_INVALID);
	assert_string_equal(e.faults->pointer, "/secret");
	wish.has_secret = true;
	err_clear(&e);
	assert_ok(channel_alter(acts(y), &made.row.id, &wish, &after, &e));
	assert_non_null(after.secret);
}

static void
a_config_of_a_newer_version_is_shown_as_far_as_it_goes_and_takes_no_push(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, DRIFT_PUSH);
	struct ingest_answer a;
	struct spec_body     b;
	struct err           e = { 0 };

	drift_sql(x,
	    "UPDATE %s.drift_configs SET spec = '{\"source\":{\"kind\":\"later\",\"url\":"
	    "\"x\"},\"expect_every_s\":60,\"baseline\":{\"mode\":\"later\"},\"later\":[]}'");
	assert_fails(drift_try(x, x, &c, NULL, "{\"resources\":[]}", &a, &e), ERR_UNAVAILABLE);
	assert_null(e.faults);
	assert_non_null(strstr(e.pub, "does not understand the config"));
	err_clear(&e);
	assert_ok(spec_read(x, drift_text(x, x, "SELECT spec FROM %s.drift_configs"), &b, &e));
	assert_string_equal(b.source->kind, "later");
	assert_int_equal(b.expect_every_s, 60);
	assert_null(b.baseline);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_deed_of_another_caller_is_done_and_is_in_the_trail),
		TEST(what_it_sees_is_what_its_permissions_say),
		TEST(without_a_guard_no_target_is_stored_and_without_the_rest_nobody_acts),
		TEST(a_channel_of_no_kind_of_channels_can_be_renamed_and_dropped_and_nothing_else),
		TEST(a_webhook_whose_secret_is_gone_wants_one_before_it_moves),
		TEST(a_config_of_a_newer_version_is_shown_as_far_as_it_goes_and_takes_no_push),
	};

	return cmocka_run_group_tests_name("acting", tests, NULL, NULL);
}
