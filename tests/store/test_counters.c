/* What counts runs (for_runs, clear_runs, flapping, blind_after) counts for each collection those
 * that read it.
 */
#include <stdio.h>
#include <string.h>

#include "tests/store/place_in_time.h"

#define COLLECTIONS 3
#define PUSHES      44
#define BLIND_AFTER 3

/*
 * What each push says of a collection: 'o' read, as in the baseline; 'd' read, with another value;
 * 'f' not read;
 * '-' nothing.  Behind '|' over and over.
 */
static const struct {
	int         for_runs;
	const char *of[COLLECTIONS];
	int before; /* before this push its flaps become as they were stored once; 0: never */
} rows[] = {
	{ 1, { "|o", "|do", "|o" }, 0 },
	{ 1, { "|o", "|do", "|o" }, 7 },
	{ 1, { "|do", "|o", "dodododododo|o" }, 14 },
	{ 1, { "|o", "|d-o-", "|o" }, 0 },
	{ 1, { "|o", "|dff", "|d--" }, 0 },
	{ 1, { "|o", "|do--", "|d-o-" }, 0 },
	{ 1, { "|do", "|oof", "|-d" }, 0 },
	{ 1, { "|o", "dodododododo|-", "dododododododo|f" }, 0 },
	{ 1, { "|o", "dododododododo|f-o", "|-" }, 0 },
	{ 2, { "|o", "|d-d-o-", "|ddo" }, 0 },
	{ 3, { "|d", "|d-", "|f" }, 0 },
	{ 3, { "|do", "d-f|-d", "ddfo|d" }, 0 },
	{ 4, { "|o", "|dffd-", "|d-o" }, 0 },
	{ 9, { "ooo|d", "|--d", "|fd" }, 0 },
};

static char
said(const char *pattern, int push)
{
	const char  *cycle = strchr(pattern, '|') + 1;
	const size_t once = (size_t)(cycle - 1 - pattern), at = (size_t)push;

	return at < once ? pattern[at] : cycle[(at - once) % strlen(cycle)];
}

/* ---- what has to be known of a collection ---- */

#define STEPS 20

struct known {
	int  runs, incomplete, left_out;
	bool told, blind, flapping;
	bool steps[STEPS]; /* the newest first: it came or went */
};

/* 0.8 for the oldest to 1.2 for the newest, of their sum. */
static double
share(const struct known *k)
{
	double sum = 0;

	for (int i = 0; i < STEPS; i++)
		sum += k->steps[i] ? 1.2 - 0.4 * i / (STEPS - 1) : 0;
	return sum / STEPS;
}

static void
is_read(struct known *k, bool differs, int for_runs)
{
	const bool was = k->told;

	k->incomplete = k->left_out = 0;
	k->blind = false;
	k->runs = differs ? k->runs + 1 : 0;
	k->told = k->runs >= for_runs;
	memmove(k->steps + 1, k->steps, sizeof(k->steps) - sizeof(k->steps[0]));
	k->steps[0] = k->told != was;
	k->flapping = share(k) >= (k->flapping ? 0.25 : 0.5);
}

static void
is_not_read(struct known *k, bool left_out)
{
	k->left_out = left_out ? k->left_out + 1 : 0;
	if (!left_out)
		k->incomplete++;
	else if (k->left_out >= BLIND_AFTER && k->incomplete < k->left_out)
		k->incomplete = k->left_out;
	k->blind = k->blind || k->incomplete >= BLIND_AFTER;
}

/* ---- the walk ---- */

static void
must_be(const char *where, const char *what, int64_t is, int64_t should)
{
	if (is != should)
		fail_msg("%s: %s is %lld instead of %lld", where, what, (long long)is,
		    (long long)should);
}

static void
push_all(struct place_in_time *y, const struct uuid *c, const char said_of[COLLECTIONS])
{
	TALLOC_CTX *mem = talloc_new(y);
	char       *resources = talloc_strdup(mem, ""), *collections = talloc_strdup(mem, "");

	for (int i = 0; i < COLLECTIONS; i++) {
		if (said_of[i] == '-')
			continue;
		collections = talloc_asprintf_append(collections, "%s\"c%d\":\"%s\"",
		    collections[0] == '\0' ? "" : ",", i,
		    said_of[i] == 'f' ? "failed" : "complete");
		if (said_of[i] != 'f')
			resources = talloc_asprintf_append(resources,
			    "%s{\"category\":\"c%d\",\"key\":\"k\",\"value\":%d}",
			    resources[0] == '\0' ? "" : ",", i, said_of[i] == 'd');
	}
	place_push_by(y, c, 1,
	    talloc_asprintf(
		mem, "{\"resources\":[%s],\"collections\":{%s}}", resources, collections));
	drift_arrive(y->x);
	talloc_free(mem);
}

static int64_t
counted(struct place_in_time *y, const struct uuid *c, const char *what, const char *kind)
{
	return place_count(y,
	    talloc_asprintf(y,
		"SELECT COALESCE(SUM(%s), 0) FROM %%s.alerts WHERE resolved_at IS NULL"
		" AND kind = '%s' AND config_id",
		what, kind),
	    c);
}

static void
holds(struct place_in_time *y, const struct uuid *c, const struct known k[COLLECTIONS],
    const char *where)
{
	int64_t flapping = 0, told = 0, blind = 0;

	for (int i = 0; i < COLLECTIONS; i++) {
		flapping += k[i].flapping;
		told += k[i].told && !k[i].flapping;
		blind += k[i].blind;
	}
	must_be(where, "blindness", counted(y, c, "1", "blind"), blind > 0);
	must_be(where, "flapping",
	    place_count(
		y, "SELECT COALESCE(SUM(flapping), 0) FROM %s.drift_trends WHERE config_id", c),
	    flapping);
	must_be(where, "what flaps", counted(y, c, "1", "flapping"), flapping > 0);
	if (flapping == 0)
		must_be(where, "what is told", counted(y, c, "changes", "drift"), told);
}

/* Counted in checks of the config, of which each has read it. */
static void
as_before(struct place_in_time *y, const struct uuid *c)
{
	drift_sql(y->x,
	    talloc_asprintf(y,
		"UPDATE %%s.drift_flaps f JOIN %%s.drift_trends t ON t.config_id = f.config_id"
		" JOIN %%s.config_collections k ON k.config_id = f.config_id AND k.category ="
		" f.category SET f.checked = f.checked + t.checks - k.checks, f.category = NULL"
		" WHERE f.config_id = UNHEX('%s')",
		place_hex(y, c)));
	drift_sql(
	    y->x, talloc_asprintf(y,
		      "UPDATE %%s.config_collections SET checks = 0 WHERE config_id = UNHEX('%s')",
		      place_hex(y, c)));
}

static void
walk(struct place_in_time *y, size_t row)
{
	struct uuid c = place_config(
	    y, talloc_asprintf(y,
		   ",\"thresholds\":{\"for_runs\":%d,\"blind_after\":%d,\"flapping\":{}}",
		   rows[row].for_runs, BLIND_AFTER));
	struct known k[COLLECTIONS] = { 0 };

	push_all(y, &c, "ooo");
	for (int n = 0; n < PUSHES; n++) {
		char s[COLLECTIONS], where[64];

		for (int i = 0; i < COLLECTIONS; i++) {
			s[i] = said(rows[row].of[i], n);
			if (s[i] == 'o' || s[i] == 'd')
				is_read(&k[i], s[i] == 'd', rows[row].for_runs);
			else
				is_not_read(&k[i], s[i] == '-');
		}
		if (n == rows[row].before && n > 0)
			as_before(y, &c);
		push_all(y, &c, s);
		snprintf(where, sizeof(where), "row %zu, push %d, %.3s", row, n, s);
		holds(y, &c, k, where);
	}
}

static void
each_collection_counts_the_runs_that_read_it(void **state)
{
	struct place_in_time *y = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		walk(y, i);
	drift_check(y->x);
}

/* ---- the end of an alert ---- */

#define SELDOM "d|o-------------"

/* Pushes as above, how many readings without findings an alert waits for, and before which push a
 * program that does not know what of each collection was found something (0: never). */
static const struct {
	int         clear_runs;
	const char *of[COLLECTIONS];
	int         before;
} clear_rows[] = {
	{ 1, { "|do", "|o-", "|f" }, 0 },
	{ 1, { "|doo", "|dooo", "|o" }, 0 },
	{ 3, { "|dooo", "|o", "|o" }, 0 },
	{ 3, { "d|o--", "|o", "|o" }, 0 },
	{ 3, { "d|of-", "|o", "|-" }, 0 },
	{ 3, { SELDOM, "|o", "|o" }, 0 },
	{ 3, { "d|-", "dd|o", "|o" }, 0 },
	{ 3, { "dooooo|-", "dddd|o-", "|o" }, 0 },
	{ 3, { "dooooo|o", "dddd|o", "|f" }, 0 },
	{ 2, { "|ddodoo", "|d-o-", "|--o" }, 0 },
	{ 4, { "doodoo|o", "|o", "dddddd|o---" }, 0 },
	{ 4, { "dooo|o", "|o", "|o" }, 3 },
};

struct clearing_known {
	bool standing; /* as it was read last */
	int  runs;     /* 0: the alert does not wait for it; else 1 + readings without findings */
};

/* Is an alert open after this push? */
static bool
is_open_after(
    struct clearing_known k[COLLECTIONS], const char s[COLLECTIONS], int clear_runs, bool open)
{
	bool waits = false;

	for (int i = 0; i < COLLECTIONS; i++) {
		if (s[i] == 'd')
			k[i].runs = 1;
		else if (s[i] == 'o' && k[i].runs > 0)
			k[i].runs++;
		if (s[i] == 'o' || s[i] == 'd')
			k[i].standing = s[i] == 'd';
		open = open || s[i] == 'd';
		waits = waits || k[i].standing || (k[i].runs > 0 && k[i].runs <= clear_runs);
	}
	for (int i = 0; i < COLLECTIONS && !waits; i++)
		k[i].runs = 0;
	return open && waits;
}

static void
found_by_another(
    struct place_in_time *y, const struct uuid *c, struct clearing_known k[COLLECTIONS])
{
	drift_sql(
	    y->x, talloc_asprintf(y,
		      "UPDATE %%s.config_state SET clean_runs = 0 WHERE config_id = UNHEX('%s')",
		      place_hex(y, c)));
	for (int i = 0; i < COLLECTIONS; i++)
		k[i].runs = k[i].runs > 0;
}

/* Those that say the same as the one before are not compared while the alert waits for a collection
 * that they do not read. */
static void
few_are_reported(struct place_in_time *y, const struct uuid *c)
{
	assert_in_range(
	    place_count(y, "SELECT COUNT(*) FROM %s.drift_reports WHERE config_id", c), 5, 8);
}

static void
walk_to_the_end(struct place_in_time *y, size_t row)
{
	struct uuid           c = place_config(y,
		      talloc_asprintf(y, ",\"thresholds\":{\"clear_runs\":%d}", clear_rows[row].clear_runs));
	struct clearing_known k[COLLECTIONS] = { 0 };
	bool                  open = false;

	push_all(y, &c, "ooo");
	for (int n = 0; n < PUSHES / 2; n++) {
		char s[COLLECTIONS], where[64];

		for (int i = 0; i < COLLECTIONS; i++)
			s[i] = said(clear_rows[row].of[i], n);
		if (n == clear_rows[row].before && n > 0)
			found_by_another(y, &c, k);
		push_all(y, &c, s);
		open = is_open_after(k, s, clear_rows[row].clear_runs, open);
		snprintf(where, sizeof(where), "end %zu, push %d, %.3s", row, n, s);
		must_be(where, "open alerts", counted(y, &c, "1", "drift"), open);
	}
	if (strcmp(clear_rows[row].of[0], SELDOM) == 0)
		few_are_reported(y, &c);
}

static void
an_alert_ends_once_each_collection_that_had_findings_was_read_often_enough_without(void **state)
{
	struct place_in_time *y = *state;

	for (size_t i = 0; i < sizeof(clear_rows) / sizeof(clear_rows[0]); i++)
		walk_to_the_end(y, i);
	drift_check(y->x);
}

static void
an_alert_that_a_person_resolved_counts_for_none_after_it(void **state)
{
	struct place_in_time *y = *state;
	struct uuid           c = place_config(y, ",\"thresholds\":{\"clear_runs\":3}");

	push_all(y, &c, "ooo");
	push_all(y, &c, "doo");
	push_all(y, &c, "ooo");
	drift_sql(y->x, talloc_asprintf(y,
			    "UPDATE %%s.alerts SET status = 'resolved', open_key = NULL,"
			    " resolved_at = opened_at WHERE "
			    "config_id = UNHEX('%s')",
			    place_hex(y, &c)));
	push_all(y, &c, "fdo");
	must_be("another", "open alerts", place_open_alerts(y, &c, "drift"), true);
	for (int n = 0; n < 3; n++)
		push_all(y, &c, "foo");
	must_be("its end", "open alerts", place_open_alerts(y, &c, "drift"), false);
	drift_check(y->x);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    each_collection_counts_the_runs_that_read_it, place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alert_ends_once_each_collection_that_had_findings_was_read_often_enough_without,
		    place_set_up, place_tear_down),
		cmocka_unit_test_setup_teardown(
		    an_alert_that_a_person_resolved_counts_for_none_after_it, place_set_up,
		    place_tear_down),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
