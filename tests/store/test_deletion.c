/* What a source no longer shows: believed after a second reading, told of once, and not at all when
 * it is there again. */
#include <stdio.h>
#include <string.h>

#include "core/store/tx.h"
#include "tests/store/golden_world.h"
#include "tests/store/runs_world.h"

#define SOURCES SOURCES_STILL
#include "drift/source/sources.c"
#undef SOURCES

#define STILL(more) "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":3600}" more "}"

/* ---- readings ---- */

struct asking {
	struct drift_world *x;
	struct uuid         config;
};

static bool
ask_body(struct db *db, void *arg, struct err *e)
{
	struct asking *a = arg;
	struct run     run;

	return running_ask(db, &a->x->env, &a->config, RUN_MANUAL, "somebody", &run, e);
}

static void
ask(struct drift_world *x, const struct uuid *config)
{
	struct asking   a = { x, *config };
	const struct tx tx = { .name = "ask", .body = ask_body, .arg = &a };
	struct err      e = { 0 };

	assert_ok(tx_run(x->t->db, &tx, &e));
}

/*
 * Letters are resources of the collection c, digits of d; "c?" and "d?" are partly read, "c!" and
 * "d!" may not be.  *in has room for them: of 16.
 */
static void
show(struct drift_world *x, const char *shows, struct collected *got)
{
	struct resource   *items = talloc_zero_array(x, struct resource, 16);
	struct collection *told = talloc_zero_array(x, struct collection, 2);
	struct err         e = { 0 };

	*got = (struct collected) { .resources = items, .collections = told, .collections_n = 2 };
	told[0] = (struct collection) { .category = STR("c"), .told = true };
	told[1] = (struct collection) { .category = STR("d"), .told = true };
	for (const char *p = shows; *p != '\0'; p++) {
		bool of_d = *p >= '0' && *p <= '9';

		if (*p == '?' || *p == '!') {
			told[p[-1] == 'd'].how =
			    *p == '?' ? COLLECTION_PARTIAL : COLLECTION_FORBIDDEN;
			got->n--;
			continue;
		}
		items[got->n++] = (struct resource) { of_d ? STR("d") : STR("c"),
			str_of(talloc_asprintf(x, "%c", *p)), json_parse(x, STR("{\"v\":1}"), &e) };
	}
}

static void
read_as(struct drift_world *x, struct running *r, const char *shows)
{
	struct collected     got;
	struct ingest_answer a;
	struct work          work;
	struct err           e = { 0 };
	struct ingest        in = { .d = r->d,
		       .t = r->t,
		       .mem = r->mem,
		       .work = &work,
		       .config = &r->config,
		       .pushed_by = "collector",
		       .run = r };

	work_begin(&work, WORK_TASK, r->d->env->clock);
	in.spec = spec_of(r->d, r->t, &r->config, &work, &e);
	assert_non_null(in.spec);
	show(x, shows, &got);
	assert_ok(ingest_collected(&in, &got, &a, &e));
}

/* What is due is run. */
static struct run
run_one(struct drift_world *x, const char *shows)
{
	const struct run_claimer who = runs_claimer();
	struct run_claim        *c;
	struct running           r;

	assert_int_equal(runs_claim(x, &who, 1, &c), 1);
	r = runs_begin(x, &c[0]);
	assert_true(r.begun);
	read_as(x, &r, shows);
	return runs_see(x, &r.run.id);
}

/* Slots stay where they are. */
static void
pass(struct drift_world *x, int s)
{
	const char *by = talloc_asprintf(x, "INTERVAL %d SECOND", s);

	drift_sql(x,
	    talloc_asprintf(x, "UPDATE %%s.drift_findings SET updated_at = updated_at - %s", by));
	drift_sql(x, talloc_asprintf(x,
			 "UPDATE testbsx.run_index SET next_due = next_due - %s"
			 " WHERE next_due < '9000-01-01'",
			 by));
}

/* "changes in the newest report: what holds them; alerts open, alerts ever, runs that wait" */
static const char *
seen(struct drift_world *x, const struct uuid *config)
{
	char id[UUID_TEXT_MAX];

	uuid_print(config, id);
	return drift_text(x, x,
	    talloc_asprintf(x,
		"SELECT CONCAT(COALESCE((SELECT GROUP_CONCAT(c.`key` ORDER BY c.`key`)"
		" FROM %%s.drift_changes c WHERE c.report_id = s.report_id), '-'), ': ',"
		" IF(r.not_alerted LIKE '%%unconfirmed%%', 'unconfirmed', '-'), '; ',"
		" (SELECT COUNT(*) FROM %%s.alerts WHERE config_id = s.config_id AND status ="
		" 'open'), ' ', (SELECT COUNT(*) FROM %%s.alerts WHERE config_id = s.config_id), ' "
		"',"
		" (SELECT COUNT(*) FROM %%s.runs WHERE config_id = s.config_id AND state = "
		"'queued'))"
		" FROM %%s.config_state s JOIN %%s.drift_reports r ON r.id = s.report_id"
		" WHERE s.config_id = UNHEX(REPLACE('%s', '-', ''))",
		id));
}

struct step {
	int         after_s;
	const char *shows, *seen;
};

struct row {
	const char *what, *spec;
	struct step steps[6];
};

/* `g` NULL: held against what is read first, else against a template. */
static void
walk(struct drift_world *x, const struct row *rows, size_t n, const struct golden *g)
{
	for (size_t i = 0; i < n; i++) {
		struct uuid c = runs_config(x, rows[i].spec);

		print_message("%s\n", rows[i].what);
		if (g != NULL)
			golden_world_bind_ok(x, &c, g, "");
		(void)run_one(x, "ab1");
		for (const struct step *s = rows[i].steps; s->seen != NULL; s++) {
			pass(x, s->after_s);
			ask(x, &c);
			(void)run_one(x, s->shows);
			assert_string_equal(seen(x, &c), s->seen);
		}
		drift_sql(x, "DELETE FROM testbsx.run_index");
	}
}

static void
what_is_missing_is_told_when_a_second_reading_lacks_it_too(void **state)
{
	static const struct row rows[] = {
		{ "twice, a minute apart", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "b1", "a: -; 1 1 0" },
			{ 61, "b1", "a: -; 1 1 0" },
			{ 61, "ab1", "-: -; 0 1 0" },
		    } },
		{ "once", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "ab1", "-: -; 0 0 0" },
			{ 61, "b1", "a: unconfirmed; 0 0 1" },
		    } },
		{ "twice at once", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 30, "b1", "a: unconfirmed; 0 0 1" },
			{ 20, "b1", "a: unconfirmed; 0 0 1" },
			{ 11, "b1", "a: -; 1 1 0" },
		    } },
		{ "and the second reading does not read its collection", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "bc?1", "-: unconfirmed; 0 0 0" },
			{ 61, "b1", "a: -; 1 1 0" },
		    } },
		{ "one after the other", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "b", "1,a: unconfirmed; 1 1 1" },
			{ 61, "b", "1,a: -; 1 1 0" },
		    } },
		{ "and what is new beside it is told at once", STILL(""),
		    {
			{ 0, "bz1", "a,z: unconfirmed; 1 1 1" },
			{ 61, "ab1", "-: -; 0 1 0" },
		    } },
		{ "where the baseline moves", STILL(",\"baseline\":{\"mode\":\"previous\"}"),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "b1", "a: -; 1 1 0" },
		    } },
		{ "once, where the baseline moves", STILL(",\"baseline\":{\"mode\":\"previous\"}"),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "ab1", "-: -; 0 0 0" },
		    } },
		{ "with for_runs above it", STILL(",\"thresholds\":{\"for_runs\":3}"),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "b1", "a: -; 0 0 0" },
			{ 61, "b1", "a: -; 1 1 0" },
		    } },
		{ "and its collection may not be read between", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "c!1", "-: unconfirmed; 1 1 0" },
			{ 61, "b1", "a: -; 1 2 0" },
		    } },
	};
	struct drift_world *x = *state;

	walk(x, rows, sizeof(rows) / sizeof(rows[0]), NULL);
	drift_check(x);
}

static void
what_a_template_has_and_is_missing_is_told_by_the_same_terms(void **state)
{
	static const struct row rows[] = {
		{ "twice", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "b1", "a: -; 1 1 0" },
			{ 61, "ab1", "-: -; 0 1 0" },
		    } },
		{ "once", STILL(""),
		    {
			{ 0, "b1", "a: unconfirmed; 0 0 1" },
			{ 61, "ab1", "-: -; 0 0 0" },
		    } },
		{ "and its collection is partly read, and may not be read", STILL(""),
		    {
			{ 0, "bc?1", "-: -; 0 0 0" },
			{ 61, "c!1", "-: -; 1 1 0" },
			{ 61, "b1", "a: unconfirmed; 0 1 1" },
			{ 61, "c!1", "-: unconfirmed; 1 2 0" },
			{ 61, "b1", "a: -; 1 3 0" },
		    } },
	};
	struct drift_world *x = *state;
	struct golden       g = { 0 };

	golden_world_put(x, &g,
	    "{\"resources\":[[\"c\",\"a\",{\"v\":1}],[\"c\",\"b\",{\"v\":1}],"
	    "[\"d\",\"1\",{\"v\":1}]],\"variables\":[]}");
	walk(x, rows, sizeof(rows) / sizeof(rows[0]), &g);
	drift_check_contents(x);
}

/* Of a collection that is gone at once, too: nobody is told of what a minute decides. */
static void
a_whole_collection_that_is_missing_waits_as_well(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = runs_config(x, STILL(""));

	(void)run_one(x, "abefgh1");
	pass(x, 0);
	ask(x, &c);
	(void)run_one(x, "1");
	assert_string_equal(seen(x, &c), "a,b,e,f,g,h: unconfirmed; 0 0 1");
	pass(x, 61);
	(void)run_one(x, "1");
	assert_string_equal(seen(x, &c), "a,b,e,f,g,h: -; 1 1 0");
}

static void
a_run_that_lacks_something_asks_for_the_second_itself(void **state)
{
	struct drift_world      *x = *state;
	struct uuid              c = runs_config(x, STILL(""));
	const struct run_claimer who = runs_claimer();
	struct run_claim        *none;
	struct run               first, second;

	(void)run_one(x, "ab1");
	ask(x, &c);
	first = run_one(x, "b1");
	assert_int_equal(drift_count(x, "SELECT COUNT(*) FROM %s.runs WHERE state = 'queued' AND"
					" kind = 'scheduled' AND reason LIKE '%%is gone.'"),
	    1);
	assert_int_equal(runs_claim(x, &who, 1, &none), 0);
	pass(x, 62);
	second = run_one(x, "b1");
	assert_in_range(second.due_at.ms - first.finished_at.ms, 60000, 61000);
	assert_null(second.reason);
	assert_string_equal(seen(x, &c), "a: -; 1 1 0");
	assert_int_equal(runs_claim(x, &who, 1, &none), 0);
}

static void
one_that_comes_in_a_minute_anyway_is_the_second(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c =
	    runs_config(x, "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":60}}");

	(void)run_one(x, "ab1");
	ask(x, &c);
	(void)run_one(x, "b1");
	assert_string_equal(seen(x, &c), "a: unconfirmed; 0 0 0");
}

static void
what_is_pushed_is_believed_at_once(void **state)
{
	struct drift_world *x = *state;
	struct uuid         c = drift_config(x, DRIFT_PUSH);

	(void)drift_push_values(x, &c, VALUES("1", "2"));
	(void)drift_push_values(x, &c, VALUES("1"));
	assert_string_equal(seen(x, &c), "k1: -; 1 1 0");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, drift_set_up, drift_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_told_when_a_second_reading_lacks_it_too),
		TEST(what_a_template_has_and_is_missing_is_told_by_the_same_terms),
		TEST(a_whole_collection_that_is_missing_waits_as_well),
		TEST(a_run_that_lacks_something_asks_for_the_second_itself),
		TEST(one_that_comes_in_a_minute_anyway_is_the_second),
		TEST(what_is_pushed_is_believed_at_once),
	};

	return cmocka_run_group_tests_name("deletions", tests, NULL, NULL);
}
