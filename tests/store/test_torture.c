/*
 * Several processes push to configs that share their contents, out of order too, while others drop
 * snapshots by hand and every push drops what is old.  Afterwards whatever is left reads back as it
 * was pushed, and nothing lies loose.  TORTURE_S (20): for how long.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/store/drift/history.h"
#include "core/store/tx.h"
#include "drift/snapshot/baseline.h"
#include "drift/snapshot/retention.h"
#include "tests/store/drift_world.h"

#define CONFIGS   4
#define PUSHERS   4
#define DROPPERS  2
#define RESOURCES 8
#define VALUES_N  12 /* few, so that contents are dropped and needed again all the time */

/* What a pusher writes of an answered push. */
struct made {
	struct uuid snapshot;
	int8_t      values[RESOURCES]; /* -1: not there */
};

struct torture {
	struct drift_world *x;
	struct uuid         configs[CONFIGS];
	int                 fd; /* of struct made */
	double              until;
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *
value_text(TALLOC_CTX *mem, int8_t v)
{
	return talloc_asprintf(mem, "{\"v\":\"number %d\"}", v);
}

static const char *
body_of(TALLOC_CTX *mem, const struct made *m, int64_t at_ms)
{
	char *text = talloc_strdup(mem, "{\"collections\":{\"c\":\"complete\"},\"resources\":[");
	char  at[TIME_TEXT_MAX];
	bool  first = true;

	for (int i = 0; i < RESOURCES; i++) {
		if (m->values[i] < 0)
			continue;
		text = talloc_asprintf_append(text,
		    "%s{\"category\":\"c\",\"key\":\"k%d\",\"value\":%s}", first ? "" : ",", i,
		    value_text(mem, m->values[i]));
		first = false;
	}
	time_print(at_ms, at);
	return talloc_asprintf_append(text, "],\"collected_at\":\"%s\"}", at);
}

/* A process's own connections; the parent's are never closed here. */
static struct drift_world
own_world(struct drift_world *x)
{
	struct err           e = { 0 };
	struct database     *d = database_make(NULL, &x->w->env, &e);
	const struct tenant *row;
	struct drift_world   mine = *x;

	if (d == NULL || !tenant_by_id(d, &x->w->a.id, &row, &e) ||
	    !tenant_db_open(d, row, false, &mine.t, &e))
		_exit(2);
	return mine;
}

/* One in six is collected before others; the clock is the system's. */
static void
push_on(const struct torture *t, unsigned seed)
{
	struct drift_world mine = own_world(t->x);
	struct made        m = { 0 };
	int                failed = 0;

	while (now_s() < t->until) {
		TALLOC_CTX          *mem = talloc_new(NULL);
		struct err           e = { 0 };
		struct ingest_answer a;
		int64_t at = clock_ms(&clock_system) - (rand_r(&seed) % 6 == 0 ? 700 : 0);
		const struct uuid *c = &t->configs[(unsigned)rand_r(&seed) % CONFIGS];

		for (int i = 0; i < RESOURCES; i++)
			if (rand_r(&seed) % 3 == 0)
				m.values[i] = (int8_t)(rand_r(&seed) % VALUES_N - 1);
		if (drift_try(&mine, mem, c, NULL, body_of(mem, &m, at), &a, &e)) {
			m.snapshot = a.snapshot_id;
			if (write(t->fd, &m, sizeof(m)) != (ssize_t)sizeof(m))
				_exit(3);
		} else if (e.code != ERR_UNAVAILABLE || failed++ > 5) {
			fprintf(stderr, "push: %d %d %s\n", (int)e.code, e.sys, e.detail);
			_exit(4);
		}
		talloc_free(mem);
	}
	_exit(0);
}

struct dropping {
	TALLOC_CTX     *mem;
	struct snapshot s;
};

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct dropping *d = arg;

	return retention_drop(db, d->mem, &d->s, e);
}

/* Any snapshot of any config; what another one has dropped meanwhile is no matter. */
static void
drop_on(const struct torture *t, unsigned seed)
{
	struct drift_world mine = own_world(t->x);

	while (now_s() < t->until) {
		TALLOC_CTX     *mem = talloc_new(NULL);
		struct err      e = { 0 };
		struct dropping d = { .mem = mem };
		const struct tx tx = { "drop", drop_body, &d, NULL, NULL };
		struct page     p = { .want = 50 };
		struct timespec pause = { 0, 5000000 };

		if (!snapshot_list(
			mine.t, mem, &t->configs[(unsigned)rand_r(&seed) % CONFIGS], &p, &e))
			_exit(5);
		if (p.n > 0) {
			d.s = ((const struct snapshot *)p.rows)[(unsigned)rand_r(&seed) % p.n];
			if (!tx_run(mine.t->db, &tx, &e) && e.code != ERR_IN_USE &&
			    e.code != ERR_UNAVAILABLE) {
				fprintf(stderr, "drop: %d %d %s\n", (int)e.code, e.sys, e.detail);
				_exit(6);
			}
		}
		talloc_free(mem);
		nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* ---- what is left ---- */

/* True when it is there. */
static bool
reads_back(struct drift_world *x, const struct made *m)
{
	TALLOC_CTX     *mem = talloc_new(x);
	struct err      e = { 0 };
	struct snapshot s;
	struct held    *held;
	size_t          n, want = 0;

	if (!snapshot_by_id(x->t, mem, &m->snapshot, &s, &e)) {
		assert_int_equal(e.code, ERR_MISSING);
		talloc_free(mem);
		return false;
	}
	assert_ok(baseline_held(x->t, mem, &s, &held, &n, &e));
	for (int i = 0; i < RESOURCES; i++)
		want += m->values[i] >= 0;
	assert_int_equal(n, want);
	for (size_t i = 0; i < n; i++) {
		struct str text;

		assert_ok(content_by_address(x->t, mem, held[i].address.p, &text, &e));
		assert_true(str_eqz(text, value_text(mem, m->values[atoi(held[i].key + 1)])));
	}
	talloc_free(mem);
	return true;
}

struct sweeping {
	TALLOC_CTX *mem;
	size_t      dropped;
};

static bool
sweep_body(struct db *db, void *arg, struct err *e)
{
	struct sweeping     *s = arg;
	static const uint8_t zero[HASH_LEN];

	return history_sweep(db, s->mem, (struct blob) { zero, HASH_LEN }, 100000, &s->dropped, e);
}

static void
check_all(struct torture *t, int64_t *answered, int64_t *left)
{
	struct drift_world *x = t->x;
	struct err          e = { 0 };
	struct made         m;
	struct sweeping     s = { .mem = x };
	const struct tx     sweep = { "sweep", sweep_body, &s, NULL, NULL };

	for (int round = 0; round < 2; round++) {
		*answered = *left = 0;
		assert_int_equal(lseek(t->fd, 0, SEEK_SET), 0);
		while (read(t->fd, &m, sizeof(m)) == (ssize_t)sizeof(m)) {
			++*answered;
			*left += reads_back(x, &m);
		}
		assert_int_equal(
		    drift_count(x,
			"SELECT COUNT(*) FROM %s.contents c WHERE chunk = 0"
			" AND NOT EXISTS (SELECT 1 FROM %s.resource_versions v"
			" WHERE v.address = c.address) AND NOT EXISTS"
			" (SELECT 1 FROM %s.manifest_contents m WHERE m.address = c.address)"),
		    0);
		/* And a sweep, which finds nothing, takes nothing. */
		assert_ok(tx_run(x->t->db, &sweep, &e));
		assert_int_equal(s.dropped, 0);
	}
	assert_int_equal(*left, drift_count(x, "SELECT COUNT(*) FROM %s.config_snapshots"));
}

static int64_t
status_of(struct drift_world *x, const char *name)
{
	char sql[200];

	snprintf(sql, sizeof(sql),
	    "SELECT variable_value FROM information_schema.global_status"
	    " WHERE variable_name = '%s'",
	    name);
	return drift_count(x, sql);
}

static void
pushes_drops_and_retention_at_once_lose_nothing(void **state)
{
	struct drift_world *x = *state;
	const char         *seconds = getenv("TORTURE_S");
	struct torture t = { .x = x, .until = now_s() + (seconds == NULL ? 20 : atof(seconds)) };
	char          *path = talloc_asprintf(x, "%s/torture", server_folder());
	int64_t        answered, left, deadlocks = status_of(x, "INNODB_DEADLOCKS");
	int            status;

	t.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	assert_true(t.fd >= 0);
	unlink(path);
	for (int i = 0; i < CONFIGS; i++)
		t.configs[i] = drift_config(x,
		    i % 2 == 0 ? DRIFT_PUSH : "{\"source\":{\"kind\":\"push\"},\"retention_s\":1}");
	for (int i = 0; i < PUSHERS + DROPPERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0 && i < PUSHERS)
			push_on(&t, (unsigned)i + 1);
		else if (pid == 0)
			drop_on(&t, (unsigned)i + 1);
	}
	for (int i = 0; i < PUSHERS + DROPPERS; i++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	check_all(&t, &answered, &left);
	close(t.fd);
	printf("# %lld pushes answered, %lld snapshots left, %lld deadlocks broken and retried\n",
	    (long long)answered, (long long)left,
	    (long long)(status_of(x, "INNODB_DEADLOCKS") - deadlocks));
	assert_true(answered > 50);
	assert_true(left > 0 && left < answered);
	assert_true(
	    drift_count(x,
		"SELECT COUNT(*) FROM (SELECT config_id FROM %s.alerts WHERE"
		" open_key IS NOT NULL GROUP BY config_id, kind HAVING COUNT(*) > 1) d") == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    pushes_drops_and_retention_at_once_lose_nothing, drift_set_up, drift_tear_down),
	};

	return cmocka_run_group_tests_name("torture", tests, NULL, NULL);
}
