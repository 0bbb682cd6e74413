/* What a source showed when it was read last, and shows again, leaves what reading it leaves. */
#include <stdio.h>
#include <string.h>

#include "core/shm/metric.h"
#include "drift/collect/recalls.h"
#include "drift/source/source.h"
#include "tests/store/collect_world.h"

#define SOURCES SOURCES_PAGES
#include "drift/source/sources.c"
#undef SOURCES

/* ---- two configs alike: one is collected by who remembers, the other by who does not ---- */

struct pair {
	struct collect_world *y;
	struct recalls       *recalls;
	struct uuid           config[2]; /* of who remembers; of who does not */
	const char           *dump;
};

static const char *
hex(struct pair *p, int i)
{
	char text[2 * sizeof(p->config[i].b) + 1];

	for (size_t k = 0; k < sizeof(p->config[i].b); k++)
		snprintf(text + 2 * k, 3, "%02x", p->config[i].b[k]);
	return talloc_strdup(p->y, text);
}

/* CONFIG is the id, every time. */
static const char *
for_config(struct pair *p, const char *sql, int i)
{
	struct buf  b;
	const char *at;

	buf_make(&b, p->y);
	for (; (at = strstr(sql, "CONFIG")) != NULL; sql = at + strlen("CONFIG")) {
		buf_add(&b, sql, (size_t)(at - sql));
		buf_printf(&b, "UNHEX('%s')", hex(p, i));
	}
	buf_puts(&b, sql);
	return b.p;
}

static void
collect(struct pair *p, int i, struct recalls *recalls)
{
	drift_sql(p->y->x, "UPDATE testbsx.run_index SET next_due = '9000-01-01'");
	drift_sql(
	    p->y->x, talloc_asprintf(p->y,
			 "UPDATE testbsx.run_index SET next_due = NOW(3) WHERE ref = UNHEX('%s')",
			 hex(p, i)));
	p->y->start.recalls = recalls;
	collect_once(p->y);
}

/* How often what was known was enough. */
static int64_t
known(struct pair *p)
{
	static const char name[] = "bsx_cache_hits_total{cache=\"source_reading\"} ";
	struct buf        b;
	const char       *at;

	buf_make(&b, p->y);
	metric_print(&b, p->y->x->env.segment);
	at = strstr(b.p, name);
	return at == NULL ? 0 : strtoll(at + strlen(name), NULL, 10);
}

/* ---- what there is of a config ---- */

/* Of a table what is no id and no time: those are set, or are not. */
#define COLUMNS                                                                                    \
	"GROUP_CONCAT(CASE WHEN COLUMN_NAME = 'digest' THEN 'HEX(digest)'"                         \
	" WHEN COLUMN_NAME IN ('fence', 'name') THEN '0'"                                          \
	" WHEN DATA_TYPE IN ('binary', 'varbinary', 'blob', 'mediumblob', 'datetime',"             \
	" 'timestamp') THEN CONCAT('`', COLUMN_NAME, '` IS NULL')"                                 \
	" ELSE CONCAT('REGEXP_REPLACE(COALESCE(`', COLUMN_NAME, '`, \"NULL\"), "                   \
	"''\"took_ms\":[0-9]+|[0-9]{13}|[0-9a-f]{8}-[0-9a-f-]{27}'', '''')') END"                  \
	" ORDER BY ORDINAL_POSITION)"

/* A statement for all rows of all tables that are of configs; CONFIG is the id. */
static const char *
dump_of(struct pair *p)
{
	return drift_text(p->y->x, p->y,
	    "SELECT CONCAT('SELECT GROUP_CONCAT(t ORDER BY t SEPARATOR \"\\n\") FROM (',"
	    " GROUP_CONCAT(one SEPARATOR ' UNION ALL '), ') x') FROM (SELECT CONCAT('SELECT"
	    " CONCAT_WS(\",\", \"', TABLE_NAME, '\", ', " COLUMNS
	    ", ') AS t FROM ', TABLE_SCHEMA, '.', TABLE_NAME, ' WHERE config_id = CONFIG') AS one"
	    " FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '%s' AND TABLE_NAME IN"
	    " (SELECT TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '%s'"
	    " AND COLUMN_NAME = 'config_id') GROUP BY TABLE_NAME) y");
}

static void
must_be_alike(struct pair *p, const char *after)
{
	struct str rest[2], line[2];

	for (int i = 0; i < 2; i++)
		rest[i] = str_of(drift_text(p->y->x, p->y, for_config(p, p->dump, i)));
	assert_true(rest[0].n > 1000);
	while (rest[0].p != NULL && rest[1].p != NULL) {
		for (int i = 0; i < 2; i++)
			rest[i] = str_cut(rest[i], '\n', &line[i]);
		if (!str_eq(line[0], line[1]))
			fail_msg("after %s there is\n%.*s\nand where it was read\n%.*s", after,
			    (int)line[0].n, line[0].p, (int)line[1].n, line[1].p);
	}
	assert_true(rest[0].p == NULL && rest[1].p == NULL);
}

/* ---- the walk ---- */

/* In the order of a day; after each all is read, and read again. */
static const struct {
	const char *what;
	int         version; /* what the source shows; below 0: it cannot be read */
	const char *sql;     /* of each config; NULL: nothing is done */
} deeds[] = {
	{ "its first reading", 0, NULL },
	{ "nothing", 0, NULL },
	{ "a change", 1, NULL },
	{ "nothing, and drift stands", 1, NULL },
	{ "another change", 2, NULL },
	{ "its undoing", 0, NULL },
	{ "an answer that is none", -1, NULL },
	{ "its recovery", 0, NULL },
	{ "an edit of the config", 0,
	    "UPDATE %s.drift_configs SET version = version + 1 WHERE id = CONFIG" },
	{ "an end by the clock", 0,
	    "UPDATE %s.config_state SET recheck_at = NOW(3) - INTERVAL 1 SECOND"
	    " WHERE config_id = CONFIG" },
	{ "a finding that is looked at again", 0,
	    "UPDATE %s.config_state SET config_version = 0 WHERE config_id = CONFIG" },
	{ "a collection that others have not read", 0,
	    "INSERT INTO %s.config_collections (config_id, category, how, baseline_seq, read_by,"
	    " read_at, left_out) SELECT CONFIG, 'other', 'complete', 1,"
	    " REPEAT(CHAR(0), 16), NOW(3), 1" },
	{ "and is missed", 0, NULL },
	{ "a clock that goes", 0,
	    "UPDATE %s.config_collections SET complete_at = complete_at - INTERVAL 1 HOUR,"
	    " read_at = read_at - INTERVAL 1 HOUR WHERE config_id = CONFIG" },
};

static const struct {
	const char *name, *more;
	int         least; /* runs, that what was known was enough for */
} specs[] = {
	{ "pinned", "", 8 },
	{ "previous", ",\"baseline\":{\"mode\":\"previous\"}", 6 },
	{ "held back",
	    ",\"thresholds\":{\"for_runs\":3,\"clear_runs\":3,\"flapping\":{}},"
	    "\"compare\":{\"normalise\":[{\"how\":\"mask\",\"path\":\"/text\"}]},"
	    "\"rules\":[{\"path\":\"/v\",\"severity\":\"high\"}]",
	    3 },
	{ "awaited", ",\"expect_every_s\":600,\"retention_s\":86400", 8 },
};

static struct uuid
make(struct collect_world *y, const char *more)
{
	return runs_config(y->x,
	    talloc_asprintf(y,
		"{\"source\":{\"kind\":\"http\",\"parameters\":{\"base_url\":"
		"\"http://127.0.0.1:%d\"},\"collections\":[{\"category\":\"rules\",\"path\":"
		"\"/two\",\"items\":\"/items\",\"key\":\"id\",\"next\":{\"pointer\":\"/next\"}}]},"
		"\"schedule\":{\"interval_s\":3600}%s}",
		atomic_load(&pages_server->port), more));
}

static void
read_both(struct pair *p, const char *after)
{
	runs_later(p->y->x, 3600);
	collect(p, 0, p->recalls);
	collect(p, 1, NULL);
	must_be_alike(p, after);
}

/* Between two readings, by a collector that has seen nothing yet. */
static void
read_elsewhere(struct pair *p, int version)
{
	atomic_store(&pages_server->version, version);
	runs_later(p->y->x, 3600);
	collect(p, 0, NULL);
	collect(p, 1, NULL);
}

static void
what_is_shown_again_leaves_what_reading_it_leaves(void **state)
{
	struct collect_world  *y = *state;
	struct pair            p = { .y = y };
	struct segment_options o = { .path = talloc_asprintf(
					 y, "%s/recalled.segment", server_folder()) };
	struct err             e = { 0 };

	y->x->env.segment = y->start.env.segment = segment_open(y, &o, &e);
	assert_non_null(y->x->env.segment);
	p.dump = dump_of(&p);
	for (size_t k = 0; k < sizeof(specs) / sizeof(specs[0]); k++) {
		int64_t before;

		p.recalls = recalls_make(y, &rand_system);
		before = known(&p);
		for (int i = 0; i < 2; i++)
			p.config[i] = make(y, specs[k].more);
		for (size_t d = 0; d < sizeof(deeds) / sizeof(deeds[0]); d++) {
			const char *after =
			    talloc_asprintf(y, "%s (%s)", deeds[d].what, specs[k].name);

			atomic_store(&pages_server->version, deeds[d].version);
			for (int i = 0; i < 2 && deeds[d].sql != NULL; i++)
				drift_sql(y->x, for_config(&p, deeds[d].sql, i));
			read_both(&p, after);
			read_both(&p, talloc_asprintf(y, "%s, and again", after));
		}
		read_elsewhere(&p, 3);
		atomic_store(
		    &pages_server->version, 0); /* as it is remembered, and is not stored */
		read_both(&p, "a change that another one has found");
		print_message("%s: of %zu runs %lld by what was known\n", specs[k].name,
		    2 * sizeof(deeds) / sizeof(deeds[0]), (long long)(known(&p) - before));
		assert_true(known(&p) - before >= specs[k].least);
		talloc_free(p.recalls);
	}
	drift_check(y->x);
}

/* ---- what is kept ---- */

static struct recalled *
some(TALLOC_CTX *mem, uint32_t pages)
{
	struct recalled   *x = talloc_zero(mem, struct recalled);
	struct recall_page page = { .items = pages };
	struct err         e = { 0 };
	bool               full;

	x->reading = talloc_zero(x, struct recall);
	for (uint32_t i = 0; i < pages; i++)
		assert_true(recall_add(x->reading, &page, &full, &e));
	x->read_ms = 1000;
	return x;
}

static void
what_was_used_longest_ago_is_forgotten_and_all_after_a_day(void **state)
{
	struct recalls   *all = recalls_make(NULL, &rand_system);
	const struct uuid tenant = { { 7 } }, other = { { 8 } };
	struct uuid       config = { { 0 } };
	uint32_t          there = 0;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		memcpy(config.b, &i, sizeof(i));
		recalls_give(all, &tenant, &config, some(all, 1024));
	}
	for (uint32_t i = 0; i < 1000; i++) {
		struct recalled *x;

		memcpy(config.b, &i, sizeof(i));
		assert_null(recalls_take(all, all, &other, &config, 1000));
		x = recalls_take(all, all, &tenant, &config, 1000);
		assert_true(x != NULL || there == 0); /* the eldest are away */
		there += x != NULL;
		if (x != NULL)
			recalls_give(all, &tenant, &config, x);
	}
	/* as many as there is room for */
	assert_in_range(there * 1024 * sizeof(struct recall_page), RECALLS_BYTES_MAX * 9 / 10,
	    RECALLS_BYTES_MAX);
	assert_null(recalls_take(all, all, &tenant, &config, 1000 + RECALLS_MAX_MS));
	assert_null(recalls_take(all, all, &tenant, &config, 1000));
	talloc_free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    what_is_shown_again_leaves_what_reading_it_leaves, collect_set_up),
		cmocka_unit_test(what_was_used_longest_ago_is_forgotten_and_all_after_a_day),
	};

	return cmocka_run_group_tests_name("recalled", tests, collect_open, collect_close);
}
