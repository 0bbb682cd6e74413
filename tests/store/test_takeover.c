/*
 * A config whose findings were made under the first edition of comparing is taken over to that of
 * now: nothing is told again, and every decision stays in force.
 */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/intent.h"
#include "core/store/drift/rekey.h"
#include "drift/remask/remask.h"
#include "drift/run/takeover.h"
#include "tests/store/clear_copies.h"
#include "tests/store/place_in_time.h"

/*
 * A pack whose entries make the two editions differ where nothing else would: elements of /keyed
 * are counted in the first and known by their member in the second, the order of /ordered counts in
 * the second only.
 */
static const char pack[] =
    "{\"name\":\"two\",\"compare\":{\"arrays\":["
    "{\"path\":\"/keyed\",\"mode\":\"keyed\",\"keys\":[\"n\"],\"edition\":2},"
    "{\"path\":\"/keyed\",\"mode\":\"multiset\"},"
    "{\"path\":\"/ordered\",\"mode\":\"list\",\"edition\":2}],"
    "\"normalise\":[{\"how\":\"mask\",\"path\":\"/pins/*\",\"edition\":2}]}}";

static struct place_in_time *
place_with_pack(void **state)
{
	struct place_in_time *y = *state;
	const char           *file;
	FILE                 *f;

	y->x->w->conf.rules_dir = server_folder();
	file = talloc_asprintf(y, "%s/two.json", server_folder());
	f = fopen(file, "w");
	assert_non_null(f);
	assert_true(fputs(pack, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return y;
}

static struct uuid
old_config(struct place_in_time *y, const char *more)
{
	struct uuid c = place_config(y, talloc_asprintf(y, ",\"rule_packs\":[\"two\"]%s", more));

	drift_sql(y->x, "UPDATE %s.drift_configs SET edition = 1");
	return c;
}

/* The resource that is pushed. */
static const char *place_of_body = "\"category\":\"c\",\"key\":\"k\"";

static const char *
body_of(struct place_in_time *y, const char *value)
{
	return talloc_asprintf(y, "{\"resources\":[{%s,\"value\":%s}]}", place_of_body, value);
}

/* A snapshot as the version before took it: the config keeps its edition. */
static struct report
push_before(struct place_in_time *y, const struct uuid *c, const char *value)
{
	struct drift_world  *x = y->x;
	struct err           e = { 0 };
	struct drift_config  config;
	struct collected     got = { 0 };
	struct ingest_answer a;
	struct ingest        in = {
		       .d = x->d, .t = x->t, .mem = y, .config = &config, .pushed_by = "test"
	};
	struct push_in body;
	struct json   *tree = json_parse(y, str_of(body_of(y, value)), &e);

	y->clock.set_ms += 60000;
	assert_non_null(tree);
	assert_ok(config_by_id(x->t, y, c, &config, &e));
	assert_int_equal(config.edition, COMPARE_EDITION_1);
	in.spec = spec_of(x->d, x->t, &config, NULL, &e);
	assert_non_null(in.spec);
	assert_ok(schema_decode(y, &push_schema, tree, &body, &e));
	assert_ok(push_collect(y, &body, NULL, &got, &e));
	if (!ingest_collected(&in, &got, &a, &e))
		fail_msg("%d %s", (int)e.code, e.detail);
	return a.report;
}

/* All that is there gets this status, as by the API. */
static void
decide_all(struct place_in_time *y, const struct uuid *c, const char *status, const char *where)
{
	struct err e = { 0 };

	drift_sql(y->x, talloc_asprintf(y,
			    "UPDATE %%s.drift_findings SET status = '%s', owner = 'somebody',"
			    " reason = 'because' WHERE present %s",
			    status, where));
	assert_ok(config_touch(y->x->t->db, c, (instant) { 0 }, &e));
}

static void
takes_over(struct place_in_time *y, const struct uuid *c)
{
	struct takeover     x = { y->x->d, y->x->t, y, NULL, *c };
	struct drift_config config;
	struct err          e = { 0 };

	if (!takeover(&x, &e))
		fail_msg("%d %s", (int)e.code, e.detail);
	assert_ok(config_by_id(y->x->t, y, c, &config, &e));
	assert_int_equal(config.edition, COMPARE_EDITION);
}

/* "accepted because somebody 1" of each that is there */
static const char *
standing(struct place_in_time *y)
{
	return drift_text(y->x, y,
	    "SELECT GROUP_CONCAT(CONCAT_WS(' ', status, reason, owner) ORDER BY status)"
	    " FROM %s.drift_findings WHERE present");
}

#define BEFORE "{\"keyed\":[{\"n\":304,\"v\":1},{\"n\":2,\"v\":1}],\"ordered\":[1,2,3]}"
#define AFTER  "{\"keyed\":[{\"n\":304,\"v\":9},{\"n\":2,\"v\":1}],\"ordered\":[1,2,3]}"
#define LATER  "{\"keyed\":[{\"n\":304,\"v\":8},{\"n\":2,\"v\":1}],\"ordered\":[1,2,3]}"

/* The same push after the takeover: what was decided holds, and nothing is told. */
static void
a_decision_stays_in_force(void **state)
{
	static const struct {
		const char *status, *where; /* of the two findings of before: gone and come */
		const char *after;          /* of the one of now */
		const char *report;
	} cases[] = {
		{ "accepted", "", "accepted because somebody", "clean" },
		{ "ignored", "", "ignored because somebody", "drifted" },
		{ "acknowledged", "", "acknowledged because somebody", "drifted" },
		{ "detected", "", "detected because somebody", "drifted" },
	};
	struct place_in_time *y = place_with_pack(state);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct uuid   c = old_config(y, "");
		struct report r;

		push_before(y, &c, BEFORE);
		r = push_before(y, &c, AFTER);
		assert_int_equal(r.created + r.deleted, 2);
		decide_all(y, &c, cases[i].status, cases[i].where);
		push_before(y, &c, AFTER);
		place_forget_told(y);
		takes_over(y, &c);
		assert_string_equal(standing(y), cases[i].after);
		y->clock.set_ms += 60000;
		r = drift_push(y->x, y, &c, body_of(y, AFTER)).report;
		assert_string_equal(r.status, cases[i].report);
		assert_string_equal(place_told(y), "");
		assert_string_equal(standing(y), cases[i].after);
		/* another value is another finding */
		y->clock.set_ms += 60000;
		r = drift_push(y->x, y, &c, body_of(y, LATER)).report;
		assert_string_equal(r.status, "drifted");
		drift_sql(y->x, "DELETE FROM %s.drift_findings");
		drift_sql(y->x, "DELETE FROM %s.alert_findings");
		drift_sql(y->x, "DELETE FROM %s.alerts");
		place_forget_told(y);
	}
}

static void
a_push_takes_over_by_itself_and_nothing_is_told_twice(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");
	struct report         r;

	push_before(y, &c, BEFORE);
	push_before(y, &c, AFTER);
	assert_string_equal(place_told(y), "drift opened");
	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, &c, body_of(y, AFTER)).report;
	assert_int_equal(r.modified, 1);
	assert_int_equal(r.created + r.deleted, 0);
	assert_string_equal(place_told(y), "drift opened");
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_findings WHERE present"), 1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history"
					   " WHERE to_status = 'edition'"),
	    1);
	drift_arrive(y->x); /* what waits would take in what follows */
	/* and it ends as it should */
	y->clock.set_ms += 60000;
	drift_push(y->x, y, &c, body_of(y, BEFORE));
	assert_string_equal(place_told(y), "drift opened, drift resolved");
}

static void
what_only_the_edition_calls_a_change_is_accepted_and_watched(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");
	struct report         r;

	push_before(y, &c, "{\"ordered\":[1,2,3]}");
	r = push_before(y, &c, "{\"ordered\":[3,1,2]}");
	assert_string_equal(r.status, "clean");
	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, &c, body_of(y, "{\"ordered\":[3,1,2]}")).report;
	assert_string_equal(r.status, "clean");
	assert_int_equal(r.accepted, 2);
	assert_string_equal(place_told(y), "");
	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, &c, body_of(y, "{\"ordered\":[2,3,1,4]}")).report;
	assert_string_equal(r.status, "drifted");
	assert_string_equal(place_told(y), "drift opened");
}

/* Of a value that is not there at the time: its path tells. */
static void
what_was_accepted_once_is_still_when_it_comes_back(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, ",\"compare\":{\"arrays\":[{\"path\":\"/"
							  "keyed\",\"mode\":\"keyed\",\"keys\":[\"n\"]}]}");
	struct report         r;

	push_before(y, &c, BEFORE);
	push_before(y, &c, AFTER);
	decide_all(y, &c, "accepted", "");
	push_before(y, &c, BEFORE);
	drift_sql(y->x,
	    "INSERT INTO %s.drift_history (id, config_id, subject, value_hash, at, actor, "
	    "to_status, note)"
	    " SELECT UNHEX(MD5('deed')), config_id, fingerprint, value_hash, NOW(3), 'somebody',"
	    " 'accepted', 'because' FROM %s.drift_findings");
	place_forget_told(y);
	takes_over(y, &c);
	assert_int_equal(
	    drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history h JOIN %s.drift_findings f"
			      " ON f.fingerprint = h.subject AND f.value_hash = h.value_hash"),
	    1);
	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, &c, body_of(y, AFTER)).report;
	assert_string_equal(r.status, "clean");
	assert_int_equal(r.accepted, 1);
	assert_string_equal(place_told(y), "");
}

static void
it_is_done_once(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");

	push_before(y, &c, BEFORE);
	push_before(y, &c, AFTER);
	takes_over(y, &c);
	takes_over(y, &c);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_history"
					   " WHERE to_status = 'edition'"),
	    1);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.drift_findings"), 1);
}

static void
a_config_without_findings_or_reports_is_taken_over_too(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");

	takes_over(y, &c);
	c = old_config(y, "");
	push_before(y, &c, BEFORE);
	takes_over(y, &c);
	assert_string_equal(standing(y), "");
}

/* ---- what is stored in clear ---- */

static void
clear_copies_of_what_is_masked_now_are_masked_everywhere(void **state)
{
	static const char before[] = "{\"pins\":[\"first-1234\"],\"v\":1}",
			  after[] = "{\"pins\":[\"second-9876\"],\"v\":1}";
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");
	const struct remask   x = { y->x->d, y->x->t, y, NULL, c };
	struct err            e = { 0 };
	struct report         r;

	push_before(y, &c, before);
	push_before(y, &c, after);
	y->clock.set_ms -= 3600000; /* one out of order has a manifest */
	push_before(y, &c, "{\"pins\":[\"late-5555\"],\"v\":1}");
	y->clock.set_ms += 3600000;
	assert_string_equal(place_told(y), "drift opened");
	assert_true(clear_copies(y->x, "first-1234") >= 3);
	assert_true(clear_copies(y->x, "second-9876") >= 3);
	assert_true(clear_copies(y->x, "late-5555") >= 1);
	takes_over(y, &c);
	for (int again = 0; again < 2; again++) {
		assert_ok(remask_config(&x, &e));
		assert_int_equal(clear_copies(y->x, "first-1234"), 0);
		assert_int_equal(clear_copies(y->x, "second-9876"), 0);
		assert_int_equal(clear_copies(y->x, "late-5555"), 0);
	}
	drift_check_contents(y->x);
	y->clock.set_ms += 60000;
	r = drift_push(y->x, y, &c, body_of(y, after)).report;
	assert_int_equal(r.created + r.deleted, 2);
	assert_string_equal(place_told(y), "drift opened");
	drift_arrive(y->x);
	y->clock.set_ms += 60000;
	drift_push(y->x, y, &c, body_of(y, before));
	assert_string_equal(place_told(y), "drift opened, drift resolved");
}

/* A secret in the key of a resource, in its category and in the name of a member. */
#define NAMED "\"category\":\"Password=cat-7777\",\"key\":\"Server=a;Password=key-1234\""
#define STATE(s)                                                                                   \
	"{\"Password=name-4444\":{\"state\":\"" s "\",\"list\":[{\"id\":1,\"v\":\"" s "\"}]}}"
#define IS_NAMED  "\"resources\":[{" NAMED ",\"value\":" STATE("on") "}]"
#define AND_THEIR "\"collections\":{\"Password=cat-7777\":\"complete\"}"

static void
what_is_named_with_a_secret_is_the_same_after_it(void **state)
{
	static const char *const secrets[] = { "cat-7777", "key-1234", "name-4444" };
	static const char *const statuses[] = { "accepted", "detected" };
	struct place_in_time    *y = place_with_pack(state);

	place_of_body = NAMED;
	for (size_t i = 0; i < 2; i++) {
		struct uuid         c = old_config(y, "");
		const struct remask x = { y->x->d, y->x->t, y, NULL, c };
		struct err          e = { 0 };
		struct report       r;

		push_before(y, &c, STATE("on"));
		push_before(y, &c, STATE("off"));
		y->clock.set_ms -= 3600000; /* one out of order has a manifest */
		push_before(y, &c, STATE("late"));
		y->clock.set_ms += 3600000;
		decide_all(y, &c, statuses[i], "");
		push_before(y, &c, STATE("off"));
		place_forget_told(y);
		for (size_t k = 0; k < 3; k++)
			assert_true(clear_copies(y->x, secrets[k]) >= 5);
		takes_over(y, &c);
		for (int again = 0; again < 2; again++)
			assert_ok(remask_config(&x, &e));
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(clear_copies(y->x, secrets[k]), 0);
		assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.resources"), i + 1);
		drift_check_contents(y->x);
		y->clock.set_ms += 60000;
		r = drift_push(y->x, y, &c, body_of(y, STATE("off"))).report;
		assert_string_equal(r.status, i == 0 ? "clean" : "drifted");
		assert_int_equal(r.created + r.deleted, 0);
		assert_int_equal(i == 0 ? r.accepted : r.modified, 2);
		y->clock.set_ms += 60000;
		r = drift_push(y->x, y, &c, "{" IS_NAMED "," AND_THEIR "}").report;
		assert_string_equal(r.status, "clean");
		assert_string_equal(place_told(y), i == 0 ? "" : "drift resolved");
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(clear_copies(y->x, secrets[k]), 0);
		drift_arrive(y->x);
		place_forget_told(y);
	}
	place_of_body = "\"category\":\"c\",\"key\":\"k\"";
}

static void
a_walk_that_is_cut_off_leaves_nothing_for_good(void **state)
{
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");
	const struct remask   x = { y->x->d, y->x->t, y, NULL, c };
	struct err            e = { 0 };

	push_before(y, &c, "{\"pins\":[\"first-1234\"],\"v\":1}");
	push_before(y, &c, "{\"pins\":[\"second-9876\"],\"v\":1}");
	takes_over(y, &c);
	drift_sql(y->x, "UPDATE %s.outbox SET body = REVERSE(body)");
	assert_false(remask_config(&x, &e));
	err_clear(&e);
	drift_sql(y->x, "UPDATE %s.outbox SET body = REVERSE(body)");
	assert_ok(remask_config(&x, &e));
	assert_int_equal(clear_copies(y->x, "first-1234"), 0);
	assert_int_equal(clear_copies(y->x, "second-9876"), 0);
	assert_int_equal(drift_count(y->x, "SELECT COUNT(*) FROM %s.manifest_contents"), 0);
	drift_check_contents(y->x);
}

static void
what_was_announced_of_what_is_masked_now_is_withheld_in_messages(void **state)
{
	static const char     text[] = "\"announced-1111\"";
	struct place_in_time *y = place_with_pack(state);
	struct uuid           c = old_config(y, "");
	const struct remask   x = { y->x->d, y->x->t, y, NULL, c };
	struct intent         i = { .id = uuid_make(y->x->d->env->clock, y->x->d->env->rand),
			.config_id = c,
			.category = talloc_strdup(y, "c"),
			.key = talloc_strdup(y, "k"),
			.path = talloc_strdup(y, "/pins/*"),
			.expect = talloc_strdup(y, INTENT_VALUE),
			.reason = talloc_strdup(y, "r"),
			.owner = talloc_strdup(y, "o"),
			.ends_at = { y->clock.set_ms + 3600000 } };
	struct err            e = { 0 };

	i.starts_at = i.created_at = (instant) { y->clock.set_ms };
	assert_ok(tenant_seal(y->x->t, y, (struct sealed_place) { "drift_intents", "value", &i.id },
	    str_of(text), &i.value, &e));
	push_before(y, &c, "{\"pins\":[\"first-1234\"]}");
	assert_ok(intent_add(y->x->t->db, &i, &e));
	push_before(y, &c, "{\"pins\":[\"second-9876\"]}");
	drift_sql(y->x, "DELETE FROM %s.drift_intents");
	assert_true(clear_copies(y->x, "announced-1111") >= 1);
	takes_over(y, &c);
	assert_ok(remask_config(&x, &e));
	assert_int_equal(clear_copies(y->x, "announced-1111"), 0);
}

#define PLACED(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		PLACED(a_decision_stays_in_force),
		PLACED(a_push_takes_over_by_itself_and_nothing_is_told_twice),
		PLACED(what_only_the_edition_calls_a_change_is_accepted_and_watched),
		PLACED(what_was_accepted_once_is_still_when_it_comes_back),
		PLACED(it_is_done_once),
		PLACED(clear_copies_of_what_is_masked_now_are_masked_everywhere),
		PLACED(what_is_named_with_a_secret_is_the_same_after_it),
		PLACED(what_was_announced_of_what_is_masked_now_is_withheld_in_messages),
		PLACED(a_walk_that_is_cut_off_leaves_nothing_for_good),
		PLACED(a_config_without_findings_or_reports_is_taken_over_too),
	};

	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
