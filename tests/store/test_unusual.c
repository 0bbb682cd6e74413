/* An unusual number of changes counts for each collection the runs that read it, and in the way
 * that what-if says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json/json.h"
#include "drift/run/whatif.h"
#include "tests/store/place_in_time.h"

#define COLLECTIONS 3
#define RESOURCES   24
#define PUSHES      34
#define READINGS    64
#define RUNS        12
#define K           2
#define FLOOR       3
#define LIMITS                                                                                     \
	"\"thresholds\":{\"min_severity\":\"critical\",\"blind_after\":99,\"anomaly\":{\"k\":2,"   \
	"\"floor\":3,\"runs\":"                                                                    \
	"12}}"

/* What the program before has left of a config, before a push. */
enum left {
	NOTHING,
	CONFIG_ONLY,  /* what it counted for the config as a whole */
	OTHER_REPORT, /* what was counted of each, beside a report that it has written since */
};

/*
 * What each push says of a collection: a letter or digit, read, with so many changes ('a' 10, 'k'
 * 20); '!' not read, '?' read in part; '-' nothing.  Behind '|' over and over.
 */
static const struct {
	const char *of[COLLECTIONS];
	enum left   left;
	int         before; /* this push */
} rows[] = {
	{ { "|0", "000000000080|0", "|0" }, NOTHING, 0 },
	{ { "00000000004|0", "0000000000003|0", "|0" }, NOTHING, 0 },
	{ { "|gkd", "|0000000000006", "|1" }, NOTHING, 0 },
	{ { "|gkd", "|0-0-0-0-0-0-0-0-0-0-9-", "|-1" }, NOTHING, 0 },
	{ { "|0", "00000000008|!!-0", "|0" }, NOTHING, 0 },
	{ { "|0", "00000000008|?", "0000000000008000|0" }, NOTHING, 0 },
	{ { "|5", "|!!!!!!!!!!!3!!!!!!3", "|0-" }, NOTHING, 0 },
	{ { "|0?", "|?0000000000000000005", "|-0000000!0000000005" }, NOTHING, 0 },
	{ { "|12345678", "|87654321k", "|-1!2?3" }, NOTHING, 0 },
	{ { "00000000000000009|9", "|0", "|0-" }, NOTHING, 0 },
	{ { "|3", "|2", "000000000000000000008|0" }, NOTHING, 0 },
	{ { "000000000000000|080000", "|0", "|1" }, CONFIG_ONLY, 14 },
	{ { "|gkd", "|000000000000000000008", "|0!" }, CONFIG_ONLY, 15 },
	{ { "0000000000008|9", "|0", "|-0" }, CONFIG_ONLY, 15 },
	{ { "|4", "|4", "0000000000000000k|0" }, CONFIG_ONLY, 12 },
	{ { "|4", "|4", "0000000000000000000000000000009|0" }, CONFIG_ONLY, 12 },
	{ { "00000000000099-|9", "|0", "|0" }, CONFIG_ONLY, 14 },
	{ { "|4", "|4", "00000000009|0" }, OTHER_REPORT, 5 },
	{ { "|0", "|0", "000000000009|0" }, OTHER_REPORT, 5 },
};

static char
said(const char *pattern, int push)
{
	const char  *cycle = strchr(pattern, '|') + 1;
	const size_t once = (size_t)(cycle - 1 - pattern), at = (size_t)push;

	return at < once ? pattern[at] : cycle[(at - once) % strlen(cycle)];
}

/* -1: it is not read. */
static int
changes_of(char s)
{
	return s >= '0' && s <= '9' ? s - '0' : s >= 'a' && s <= 'k' ? s - 'a' + 10 : -1;
}

/* ---- what has to be known ---- */

struct known {
	int  counts[READINGS], n;
	bool over;
};

static int
by_size(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Twice the median, so that it is a whole number. */
static int
twice_the_median(const int *of, int n)
{
	int v[RUNS];

	memcpy(v, of, (size_t)n * sizeof(v[0]));
	qsort(v, (size_t)n, sizeof(v[0]), by_size);
	return v[(n - 1) / 2] + v[n / 2];
}

static bool
is_unusual(const struct known *k, int changes)
{
	const int  n = k->n < RUNS ? k->n : RUNS;
	const int *last = k->counts + k->n - n;
	int        twice, apart[RUNS], mad4;

	if (n < 10)
		return false;
	twice = twice_the_median(last, n);
	for (int i = 0; i < n; i++)
		apart[i] = abs(2 * last[i] - twice);
	mad4 = twice_the_median(apart, n); /* four times it */
	return 4 * changes > 2 * twice + (K * mad4 > 4 * FLOOR ? K * mad4 : 4 * FLOOR);
}

static void
is_read(struct known *k, int changes)
{
	k->over = is_unusual(k, changes);
	k->counts[k->n++] = changes;
}

static bool
any_over(const struct known k[COLLECTIONS])
{
	bool any = false;

	for (int i = 0; i < COLLECTIONS; i++)
		any = any || k[i].over;
	return any;
}

/* ---- the walk ---- */

static void
add_resources(char **text, int collection, char s)
{
	const int changed = s == '?' ? RESOURCES / 2 : changes_of(s);

	for (int i = 0; i < RESOURCES && changed >= 0; i++)
		*text = talloc_asprintf_append(*text,
		    "%s{\"category\":\"c%d\",\"key\":\"k%02d\",\"value\":%d}",
		    (*text)[0] == '\0' ? "" : ",", collection, i, i < changed);
}

static void
push_all(struct place_in_time *y, const struct uuid *c, const char s[COLLECTIONS])
{
	TALLOC_CTX *mem = talloc_new(y);
	char       *resources = talloc_strdup(mem, ""), *collections = talloc_strdup(mem, "");

	for (int i = 0; i < COLLECTIONS; i++) {
		if (s[i] == '-')
			continue;
		collections = talloc_asprintf_append(collections, "%s\"c%d\":\"%s\"",
		    collections[0] == '\0' ? "" : ",", i,
		    s[i] == '!'   ? "failed"
		    : s[i] == '?' ? "partial"
				  : "complete");
		add_resources(&resources, i, s[i]);
	}
	place_push_by(y, c, 1,
	    talloc_asprintf(
		mem, "{\"resources\":[%s],\"collections\":{%s}}", resources, collections));
	drift_arrive(y->x);
	talloc_free(mem);
}

/* Of the program before: each goes on with what was counted for all of them. */
static void
begin_as_config(
    struct place_in_time *y, const struct uuid *c, struct known k[COLLECTIONS], bool open)
{
	struct err  e = { 0 };
	const char *where = talloc_asprintf(y, " WHERE config_id = UNHEX('%s')", place_hex(y, c));
	const struct json *v;

	drift_sql(
	    y->x, talloc_asprintf(y, "UPDATE %%s.drift_trends SET collections = NULL%s", where));
	v = json_parse(y,
	    str_of(drift_text(
		y->x, y, talloc_asprintf(y, "SELECT counts FROM %%s.drift_trends%s", where))),
	    &e);
	assert_non_null(v);
	for (int i = 0; i < COLLECTIONS; i++) {
		k[i] = (struct known) { .over = open };
		for (uint32_t n = 0; n < v->n; n++)
			k[i].counts[k[i].n++] = atoi(str_dup(y, v->items[n].text));
	}
}

static void
leave(struct place_in_time *y, const struct uuid *c, enum left left, struct known k[COLLECTIONS],
    bool open)
{
	if (left == CONFIG_ONLY)
		begin_as_config(y, c, k, open);
	if (left == OTHER_REPORT)
		drift_sql(
		    y->x, talloc_asprintf(y,
			      "UPDATE %%s.drift_trends SET collections = JSON_SET(collections,"
			      " '$.report', UUID()) WHERE config_id = UNHEX('%s')",
			      place_hex(y, c)));
}

/* One that says the same as the one before is not compared: of several collections nobody knows how
 * many changes each has. */
static bool
is_no_reading(const char s[COLLECTIONS], const char before[COLLECTIONS])
{
	int all = 0;

	for (int i = 0; i < COLLECTIONS; i++)
		all += changes_of(s[i]) > 0;
	return all > 0 && memcmp(s, before, COLLECTIONS) == 0;
}

static int64_t
told(struct place_in_time *y, const struct uuid *c)
{
	return place_count(
	    y, "SELECT COUNT(*) FROM %s.alerts WHERE kind = 'anomaly' AND config_id", c);
}

static void
must_be(size_t row, int push, const char *what, int64_t is, int64_t should)
{
	if (is != should)
		fail_msg("row %zu, push %d: %s: %lld instead of %lld", row, push, what,
		    (long long)is, (long long)should);
}

static void
what_if_agrees(struct place_in_time *y, const struct uuid *c, size_t row, int64_t opened)
{
	struct err          e = { 0 };
	struct drift_config config;
	struct drift_spec  *spec;
	struct whatif       w;

	assert_ok(config_by_id(y->x->t, y, c, &config, &e));
	spec = spec_compile(y, y->x->d, y->x->t, &config, NULL, &e);
	assert_non_null(spec);
	assert_ok(whatif_run(
	    &(struct whatif_question) { y->x->t, &config, spec, spec, { 0 }, NULL }, y, &w, &e));
	must_be(row, PUSHES, "what if", w.before.conditions[WHATIF_ANOMALY], opened);
}

/* How often it was unusual; each alert is one. */
static int64_t
walk(struct place_in_time *y, size_t row)
{
	struct uuid  c = place_config(y, "," LIMITS);
	struct known k[COLLECTIONS] = { 0 };
	int64_t      opened = 0;
	char         before[COLLECTIONS] = "000";

	push_all(y, &c, "000");
	for (int n = 0; n < PUSHES; n++) {
		const bool left = rows[row].left != NOTHING && rows[row].before == n;
		const bool was = any_over(k);
		char       s[COLLECTIONS];

		for (int i = 0; i < COLLECTIONS; i++)
			s[i] = said(rows[row].of[i], n);
		if (left)
			leave(y, &c, rows[row].left, k, was);
		for (int i = 0; i < COLLECTIONS && !(left && is_no_reading(s, before)); i++)
			if (changes_of(s[i]) >= 0)
				is_read(&k[i], changes_of(s[i]));
		push_all(y, &c, s);
		opened += any_over(k) && !was;
		must_be(row, n, "open", place_open_alerts(y, &c, "anomaly"), any_over(k));
		must_be(row, n, "opened", told(y, &c), opened);
		memcpy(before, s, sizeof(before));
	}
	if (rows[row].left == NOTHING)
		what_if_agrees(y, &c, row, opened);
	return opened;
}

static void
each_collection_is_held_against_the_runs_that_read_it(void **state)
{
	struct place_in_time *y = *state;
	int64_t               opened = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		opened += walk(y, i);
	assert_in_range(opened, sizeof(rows) / sizeof(rows[0]), PUSHES * PUSHES);
	drift_check(y->x);
}

/* ---- what is said ---- */

static const char *
title_of(struct place_in_time *y)
{
	return drift_text(y->x, y,
	    "SELECT SUBSTRING_INDEX(title, ': ', -1) FROM %s.alerts WHERE kind = 'anomaly'"
	    " ORDER BY updated_at DESC LIMIT 1");
}

static const char *
report_of(struct place_in_time *y)
{
	return drift_text(y->x, y, "SELECT anomaly FROM %s.drift_reports ORDER BY id DESC LIMIT 1");
}

static void
it_is_said_of_which_collection(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, "," LIMITS);

	for (int i = 0; i <= RUNS; i++)
		push_all(y, &c, i % 2 == 0 ? "000" : "900");
	push_all(y, &c, "951");
	assert_string_equal(title_of(y),
	    "5 changes of c1 in one run, unusual above 3 (median 0, MAD 0 of 12 runs)");
	assert_non_null(strstr(report_of(y),
	    "{\"anomalous\":true,\"changes\":5,\"runs\":12,\"median\":0,\"mad\":0,\"limit\":3,"
	    "\"category\":\"c1\",\"reason\":\"5 changes of c1; unusual above 3, from a median of 0 "
	    "and a MAD of 0 in the 12 runs before that read it.\"}"));
	/* Another one comes to it, and its end is not that of the first. */
	push_all(y, &c, "--7");
	assert_string_equal(title_of(y), "7 changes of c2 in one run, unusual above 3 (median 0, "
					 "MAD 0 of 12 runs); so are those "
					 "of 1 more");
	push_all(y, &c, "--0");
	assert_string_equal(place_told(y), "anomaly opened, anomaly updated");
	push_all(y, &c, "-0-");
	assert_string_equal(place_told(y), "anomaly opened, anomaly updated, anomaly resolved");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_set_up, place_tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_collection_is_held_against_the_runs_that_read_it),
		TEST(it_is_said_of_which_collection),
	};

	return cmocka_run_group_tests_name("unusual", tests, NULL, NULL);
}
