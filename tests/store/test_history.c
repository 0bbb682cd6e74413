#include <stdlib.h>
#include <string.h>

#include "core/store/drift/history.h"
#include "core/store/tx.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/retention.h"
#include "tests/store/drift_world.h"

#define VERSIONS  60
#define RESOURCES 40

/* ---- a history ---- */

struct version_made {
	struct uuid snapshot;
	char       *values[RESOURCES]; /* canonical text; NULL: not there */
};

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/* Some resources change, some go, some come back as they were long ago. */
static void
change(TALLOC_CTX *mem, struct version_made *v, uint64_t *seed)
{
	for (int i = 0; i < RESOURCES; i++) {
		uint64_t n = next(seed);

		if (n % 5 != 0)
			continue;
		v->values[i] = n % 3 == 0
				   ? NULL
				   : talloc_asprintf(mem, "{\"a\":[\"x\",%de0],\"n\":\"%d\"}",
					 (int)(n % 7 + 1), i);
	}
}

/* Every seventh is collected before the one in front of it. */
static const char *
body(TALLOC_CTX *mem, const struct version_made *v, int i)
{
	char   *text = talloc_strdup(mem, "{\"collections\":{\"c\":\"complete\"},\"resources\":[");
	int64_t at = 1767312000000 + (int64_t)i * 60000 - (i % 7 == 6 ? 90000 : 0);
	char    time[TIME_TEXT_MAX];
	bool    first = true;

	for (int r = 0; r < RESOURCES; r++) {
		if (v->values[r] == NULL)
			continue;
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%d\",\"value\":%s}", first ? "" : ",", r,
		    v->values[r]);
		first = false;
	}
	time_print(at, time);
	return talloc_asprintf_append(text, "],\"collected_at\":\"%s\"}", time);
}

static struct version_made *
make_history(struct drift_world *x, const struct uuid *config)
{
	struct version_made *all = talloc_zero_array(x, struct version_made, VERSIONS);
	uint64_t             seed = 42;

	for (int i = 0; i < VERSIONS; i++) {
		if (i > 0)
			memcpy(all[i].values, all[i - 1].values, sizeof(all[i].values));
		change(x, &all[i], &seed);
		all[i].snapshot = drift_push(x, x, config, body(x, &all[i], i)).snapshot_id;
	}
	return all;
}

static void
check_version(struct drift_world *x, const struct version_made *v)
{
	TALLOC_CTX     *mem = talloc_new(x);
	struct err      e = { 0 };
	struct snapshot s;
	struct held    *held;
	size_t          n, want = 0;

	assert_ok(snapshot_by_id(x->t, mem, &v->snapshot, &s, &e));
	assert_ok(baseline_held(x->t, mem, &s, &held, &n, &e));
	for (int i = 0; i < RESOURCES; i++)
		want += v->values[i] != NULL;
	assert_int_equal(n, want);
	for (size_t i = 0; i < n; i++) {
		struct str text;
		int        r = atoi(held[i].key + 1);

		assert_ok(content_by_address(x->t, mem, held[i].address.p, &text, &e));
		assert_non_null(v->values[r]);
		assert_true(str_eqz(text, v->values[r]));
	}
	talloc_free(mem);
}

/* Nothing is missing, and nothing is left that nobody refers to. */
static void
check_tight(struct drift_world *x)
{
	drift_check_contents(x);
	assert_int_equal(
	    drift_count(x, "SELECT COUNT(*) FROM %s.resource_versions v WHERE until_seq IS NOT NULL"
			   " AND NOT EXISTS (SELECT 1 FROM %s.config_snapshots s"
			   " WHERE s.config_id = v.config_id AND s.in_order"
			   " AND s.seq >= v.from_seq AND s.seq < v.until_seq)"),
	    0);
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.resources WHERE id NOT IN"
					" (SELECT resource_id FROM %s.resource_versions)"),
	    0);
}

struct dropping {
	struct drift_world *x;
	struct snapshot     s;
};

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	return retention_drop(db, d->x, &d->s, e);
}

static bool
drop(struct drift_world *x, const struct uuid *id, struct err *e)
{
	struct dropping d = { .x = x };
	const struct tx tx = { "drop", drop_body, &d, NULL, NULL };

	return snapshot_by_id(x->t, x, id, &d.s, e) && tx_run(x->t->db, &tx, e);
}

static void
a_whole_history_reads_back_as_it_was_pushed(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct version_made *all = make_history(x, &c);

	for (int i = 0; i < VERSIONS; i++)
		check_version(x, &all[i]);
	check_tight(x);
}

static void
dropping_snapshots_leaves_the_others_whole_and_nothing_loose(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct version_made *all = make_history(x, &c);
	bool                 gone[VERSIONS] = { false };
	uint64_t             seed = 7;

	for (int i = 0; i < VERSIONS; i++) {
		struct err e = { 0 };
		int        at = (int)(next(&seed) % VERSIONS);

		if (gone[at])
			continue;
		gone[at] = drop(x, &all[at].snapshot, &e);
		assert_true(gone[at] || e.code == ERR_IN_USE);
		assert_int_equal(e.code == ERR_IN_USE, at == 0 || at == VERSIONS - 1);
		check_tight(x);
	}
	for (int i = 0; i < VERSIONS; i++)
		if (!gone[i])
			check_version(x, &all[i]);
}

static void
retention_drops_a_round_at_a_time_and_keeps_the_baseline_and_the_newest(void **state)
{
	struct drift_world *x = *state;
	struct uuid c = drift_config(x, "{\"source\":{\"kind\":\"push\"},\"retention_s\":3600}");
	struct version_made *all = make_history(x, &c);
	const char          *left = "SELECT COUNT(*) FROM %s.config_snapshots";

	/* all were collected long ago: each push dropped what the one before had left */
	assert_int_equal(drift_count(x, left), 2);
	check_version(x, &all[0]);
	check_version(x, &all[VERSIONS - 1]);
	check_tight(x);
}

static void
contents_that_are_needed_again_or_by_another_config_stay(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct uuid         one = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct uuid         two = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	const char *a = "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":\"a\"}]}";
	const char *b = "{\"resources\":[{\"category\":\"c\",\"key\":\"k\",\"value\":\"b\"}]}";
	struct uuid middle;

	drift_push(x, x, &one, a);
	middle = drift_push(x, x, &one, b).snapshot_id;
	drift_push(x, x, &one, a);
	drift_push(x, x, &two, b);
	assert_ok(drop(x, &middle, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), 2);
	check_tight(x);
}

struct sweeping {
	struct drift_world *x;
	size_t              dropped;
};

static bool
sweep_body(struct db *db, void *arg, struct err *e)
{
	struct sweeping     *s = arg;
	static const uint8_t zero[HASH_LEN];

	return history_sweep(db, s->x, (struct blob) { zero, HASH_LEN }, 1000, &s->dropped, e);
}

static void
a_sweep_finds_the_contents_of_a_dropped_config_only(void **state)
{
	struct drift_world *x = *state;
	struct err          e = { 0 };
	struct uuid         keep = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct uuid         go = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct sweeping     s = { .x = x };
	const struct tx     tx = { "sweep", sweep_body, &s, NULL, NULL };
	bool                done;

	drift_push(x, x, &keep, "{\"document\":[1]}");
	drift_push(x, x, &go, "{\"document\":[1]}");
	drift_push(x, x, &go, "{\"document\":[2]}");
	assert_ok(config_drop(x->t->db, &go, 1, (instant) { 1 }, "test", &done, &e));
	assert_true(done);
	assert_ok(tx_run(x->t->db, &tx, &e));
	assert_int_equal(s.dropped, 1);
	check_tight(x);
}

/* Its manifest was stored by a version that did not list what it refers to. */
static void
nothing_is_dropped_while_a_manifest_is_not_listed(void **state)
{
	struct drift_world  *x = *state;
	struct uuid          c = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	struct version_made *all = make_history(x, &c);
	struct err           e = { 0 };
	int64_t              before;

	assert_int_equal(
	    drift_count(x, "SELECT in_order FROM %s.config_snapshots WHERE seq = 7"), 0);
	server_do(x->w->root, "DELETE FROM %s.manifest_contents", x->t->tenant->schema_name);
	before = drift_count(x, "SELECT COUNT(*) FROM %s.contents");
	for (int i = 1; i < VERSIONS - 1; i++)
		if (i % 7 != 6)
			assert_ok(drop(x, &all[i].snapshot, &e));
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), before);
	for (int i = 6; i < VERSIONS; i += 7)
		check_version(x, &all[i]);
}

/* "table count" of every table of the tenant. */
static char *
count_tables(struct drift_world *x)
{
	char *names = drift_text(x, x,
	    "SELECT GROUP_CONCAT(table_name ORDER BY table_name SEPARATOR ' ')"
	    " FROM information_schema.tables WHERE table_schema = '%s'");
	char *out = talloc_strdup(x, ""), *rest = NULL;

	for (char *t = strtok_r(names, " ", &rest); t != NULL; t = strtok_r(NULL, " ", &rest)) {
		char *sql = talloc_asprintf(x, "SELECT COUNT(*) FROM %%s.%s", t);

		out = talloc_asprintf_append(out, "%s %lld\n", t, (long long)drift_count(x, sql));
	}
	return out;
}

static void
an_unchanged_snapshot_of_5000_resources_is_one_row(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, "{\"source\":{\"kind\":\"push\"}}");
	char               *body = talloc_strdup(x, "{\"resources\":[");
	char               *before, *want, *at;
	int64_t             bytes;

	for (int i = 0; i < 5000; i++)
		body = talloc_asprintf_append(body,
		    "%s{\"category\":\"c\",\"key\":\"k%d\",\"value\":{\"id\":%d,\"on\":true}}",
		    i == 0 ? "" : ",", i, i);
	body = talloc_strdup_append(body, "]}");
	drift_push(x, x, &c, body);
	drift_push(x, x, &c, body); /* its report is the first that says clean */
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.contents"), 5000);
	before = count_tables(x);
	bytes = drift_count(x, "SELECT SUM(LENGTH(body)) FROM %s.contents");
	for (int i = 3; i <= 5; i++) {
		assert_true(drift_push(x, x, &c, body).unchanged);
		at = strstr(before, "config_snapshots 2\n");
		assert_non_null(at);
		want = talloc_asprintf(x, "%.*sconfig_snapshots %d\n%s", (int)(at - before), before,
		    i, at + strlen("config_snapshots 2\n"));
		assert_string_equal(count_tables(x), want);
	}
	assert_int_equal(drift_count(x, "SELECT SUM(LENGTH(body)) FROM %s.contents"), bytes);
	assert_int_equal(drift_count(x, "SELECT SUM(stored_again) FROM %s.contents"), 0);
}

/* A report can be promoted, exported and looked at again as long as it is the newest. */
static void
what_the_newest_report_stands_on_stays(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);
	struct uuid         seen;
	struct snapshot     s;
	struct err          e = { 0 };

	drift_push_values(x, &c, VALUES("1"));
	seen = drift_push_values(x, &c, VALUES("2")).snapshot_id;
	drift_push_values(x, &c, VALUES("2"));
	assert_ok(snapshot_by_id(x->t, x, &seen, &s, &e));
	assert_false(retention_drop(x->t->db, x, &s, &e));
	assert_true(err_take(&e, ERR_IN_USE));
	drift_push_values(x, &c, VALUES("1"));
	assert_ok(retention_drop(x->t->db, x, &s, &e));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_whole_history_reads_back_as_it_was_pushed),
		TEST(an_unchanged_snapshot_of_5000_resources_is_one_row),
		TEST(dropping_snapshots_leaves_the_others_whole_and_nothing_loose),
		TEST(retention_drops_a_round_at_a_time_and_keeps_the_baseline_and_the_newest),
		TEST(contents_that_are_needed_again_or_by_another_config_stay),
		TEST(a_sweep_finds_the_contents_of_a_dropped_config_only),
		TEST(nothing_is_dropped_while_a_manifest_is_not_listed),
		TEST(what_the_newest_report_stands_on_stays),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
