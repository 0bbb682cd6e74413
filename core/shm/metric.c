#include "core/shm/metric.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>

#include "core/shm/layout.h"

#define SPINS 64

enum { SERIES_EMPTY, SERIES_CLAIMED, SERIES_READY };
enum kind { COUNTER, GAUGE, HISTOGRAM };

static const struct {
	const char *name, *type, *help, *labels[METRIC_LABELS_N + 1]; /* NULL at the end */
} metrics[METRIC__MAX] = {
#define X(id, name, type, help, ...) [id] = { name, type, help, { __VA_ARGS__ } },
	METRICS(X)
#undef X
};

static const struct {
	int64_t     ns;
	const char *le;
} bounds[METRIC_BUCKETS] = {
	{ 500000, "0.0005" },
	{ 1000000, "0.001" },
	{ 2500000, "0.0025" },
	{ 5000000, "0.005" },
	{ 10000000, "0.01" },
	{ 25000000, "0.025" },
	{ 50000000, "0.05" },
	{ 100000000, "0.1" },
	{ 250000000, "0.25" },
	{ 500000000, "0.5" },
	{ 1000000000, "1" },
	{ 2500000000, "2.5" },
	{ 5000000000, "5" },
	{ 10000000000, "10" },
	{ INT64_MAX, "+Inf" },
};

static enum kind
kind_of(unsigned m)
{
	switch (metrics[m].type[0]) {
	case 'c':
		return COUNTER;
	case 'g':
		return GAUGE;
	default:
		return HISTOGRAM;
	}
}

/* What a series is found by: the values of its labels, as they are. */
struct key {
	enum metric metric;
	uint32_t    hash;
	size_t      n;
	char        labels[METRIC_LABELS_MAX];
};

/* FNV-1a. */
static uint32_t
hash_key(const struct key *k)
{
	uint32_t h = (2166136261u ^ (uint32_t)k->metric) * 16777619u;

	for (size_t i = 0; i < k->n; i++)
		h = (h ^ (uint8_t)k->labels[i]) * 16777619u;
	return h ^ h >> 15;
}

/* False: they do not fit. */
static bool
key_make(struct key *k, enum metric m, const char *const *by)
{
	size_t labels = 0;

	k->metric = m;
	k->n = 0;
	for (; metrics[m].labels[labels] != NULL; labels++) {
		const char *value = by == NULL || by[labels] == NULL ? "" : by[labels];
		size_t      n = strlen(value) + 1;

		if (n > sizeof(k->labels) - k->n)
			return false;
		memcpy(k->labels + k->n, value, n);
		k->n += n;
	}
	assert(by == NULL || labels == METRIC_LABELS_N || by[labels] == NULL);
	k->hash = hash_key(k);
	return true;
}

/* All series of a metric have as many values, so that none is the beginning of another. */
static bool
is_series(const struct metric_series *x, const struct key *k)
{
	return x->hash == k->hash && x->metric == (uint32_t)k->metric &&
	       memcmp(x->labels, k->labels, k->n) == 0;
}

/* Another process is filling this entry in: a few instructions, unless it is stopped or dead. */
static uint32_t
await(const struct metric_series *x)
{
	uint32_t state = SERIES_CLAIMED;

	for (int i = 0; i < SPINS && state == SERIES_CLAIMED; i++) {
		if (i > 0)
			sched_yield();
		state = atomic_load_explicit(&x->state, memory_order_acquire);
	}
	return state;
}

static bool
claim(struct metric_series *x, const struct key *k)
{
	uint32_t expected = SERIES_EMPTY;

	if (!atomic_compare_exchange_strong(&x->state, &expected, SERIES_CLAIMED))
		return false;
	x->hash = k->hash;
	x->metric = (uint32_t)k->metric;
	memcpy(x->labels, k->labels, k->n);
	atomic_store_explicit(&x->state, SERIES_READY, memory_order_release);
	return true;
}

/*
 * Finds or makes a series; NULL: the table is full.  An entry whose maker died
 * before it was ready stays claimed and is passed over for good; a maker that
 * was merely slow may leave a series twice, which printing adds up again.
 */
static struct metric_series *
series_at(struct segment *s, enum metric m, const char *const *by)
{
	struct metric_table *t = &s->fixed->metrics;
	struct key           k;
	bool                 fits = key_make(&k, m, by);

	for (uint32_t i = 0; fits && i < METRIC_SERIES_MAX; i++) {
		struct metric_series *x = &t->series[(k.hash + i) % METRIC_SERIES_MAX];
		uint32_t              state = atomic_load_explicit(&x->state, memory_order_acquire);

		if (state == SERIES_EMPTY && claim(x, &k))
			return x;
		if (state != SERIES_READY)
			state = await(x);
		if (state == SERIES_READY && is_series(x, &k))
			return x;
	}
	atomic_fetch_add_explicit(&t->dropped, 1, memory_order_relaxed);
	return NULL;
}

void
metric_add(struct segment *s, enum metric m, const char *const *by, uint64_t n)
{
	struct metric_series *x;

	assert(kind_of(m) == COUNTER);
	if (s == NULL)
		return;
	if (m == METRIC_LOG_DROPPED) {
		atomic_fetch_add_explicit(&s->fixed->metrics.log_dropped, n, memory_order_relaxed);
		return;
	}
	x = series_at(s, m, by);
	if (x != NULL)
		atomic_fetch_add_explicit(&x->value, n, memory_order_relaxed);
}

void
metric_set(struct segment *s, enum metric m, const char *const *by, double value)
{
	struct metric_series *x = s == NULL ? NULL : series_at(s, m, by);
	uint64_t              bits;

	assert(kind_of(m) == GAUGE);
	memcpy(&bits, &value, sizeof(bits));
	if (x != NULL)
		atomic_store_explicit(&x->value, bits, memory_order_relaxed);
}

void
metric_observe(struct segment *s, enum metric m, const char *const *by, int64_t ns)
{
	struct metric_series *x = s == NULL ? NULL : series_at(s, m, by);
	unsigned              i = 0;

	assert(kind_of(m) == HISTOGRAM);
	if (x == NULL)
		return;
	if (ns < 0)
		ns = 0;
	while (ns > bounds[i].ns)
		i++;
	atomic_fetch_add_explicit(&x->sum_ns, (uint64_t)ns, memory_order_relaxed);
	atomic_fetch_add_explicit(&x->buckets[i], 1, memory_order_relaxed);
}

_Atomic uint64_t *
metric_log_dropped(struct segment *s)
{
	return &s->fixed->metrics.log_dropped;
}

/* What one line of text needs, taken out of the table at one moment. */
struct row {
	const struct metric_series *x; /* for metric and labels */
	uint32_t far; /* distance from where its hash points: the first is the one in use */
	uint64_t value, sum_ns, buckets[METRIC_BUCKETS];
};

static int
by_metric_and_labels(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int               d;

	if (x->x->metric != y->x->metric)
		return x->x->metric < y->x->metric ? -1 : 1;
	d = memcmp(x->x->labels, y->x->labels, sizeof(x->x->labels));
	if (d != 0)
		return d;
	return x->far < y->far ? -1 : x->far > y->far;
}

static void
row_read(struct row *r, const struct metric_series *x, uint32_t at)
{
	r->x = x;
	r->far = (at - x->hash) % METRIC_SERIES_MAX;
	r->value = atomic_load_explicit(&x->value, memory_order_relaxed);
	r->sum_ns = atomic_load_explicit(&x->sum_ns, memory_order_relaxed);
	words_load(r->buckets, x->buckets, sizeof(r->buckets));
}

/* Adds a later entry of the same series; of gauges the first is the one that is set. */
static void
row_merge(struct row *r, const struct row *more)
{
	if (kind_of(r->x->metric) == GAUGE)
		return;
	r->value += more->value;
	r->sum_ns += more->sum_ns;
	for (int i = 0; i < METRIC_BUCKETS; i++)
		r->buckets[i] += more->buckets[i];
}

/* Are all values there?  The file may hold anything. */
static bool
is_whole(const struct metric_series *x)
{
	const char *at = x->labels, *end = x->labels + sizeof(x->labels);

	if (x->metric >= METRIC__MAX)
		return false;
	for (size_t i = 0; at != NULL && metrics[x->metric].labels[i] != NULL; i++) {
		at = memchr(at, '\0', (size_t)(end - at));
		at = at == NULL ? NULL : at + 1;
	}
	return at != NULL;
}

static size_t
collect(const struct metric_table *t, struct row *rows)
{
	size_t n = 0, kept = 0;

	for (uint32_t i = 0; i < METRIC_SERIES_MAX; i++) {
		const struct metric_series *x = &t->series[i];

		if (atomic_load_explicit(&x->state, memory_order_acquire) == SERIES_READY &&
		    is_whole(x))
			row_read(&rows[n++], x, i);
	}
	qsort(rows, n, sizeof(*rows), by_metric_and_labels);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && rows[kept - 1].x->metric == rows[i].x->metric &&
		    memcmp(rows[kept - 1].x->labels, rows[i].x->labels,
			sizeof(rows[i].x->labels)) == 0)
			row_merge(&rows[kept - 1], &rows[i]);
		else
			rows[kept++] = rows[i];
	}
	return kept;
}

static void
print_head(struct buf *b, unsigned m)
{
	buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name, metrics[m].help,
	    metrics[m].name, metrics[m].type);
}

static void
print_label(struct buf *b, bool *any, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	buf_putc(b, *any ? ',' : '{');
	buf_puts(b, name);
	buf_puts(b, "=\"");
	buf_prom(b, str_of(value));
	buf_putc(b, '"');
	*any = true;
}

/* name{label="value",le="..."}; a name alone when there are no labels.  `values` as in a series. */
static void
print_name(struct buf *b, unsigned m, const char *suffix, const char *values, const char *le)
{
	bool any = false;

	buf_puts(b, metrics[m].name);
	buf_puts(b, suffix);
	for (size_t i = 0; metrics[m].labels[i] != NULL; i++) {
		print_label(b, &any, metrics[m].labels[i], values);
		values += strlen(values) + 1;
	}
	if (le != NULL)
		print_label(b, &any, "le", le);
	if (any)
		buf_putc(b, '}');
}

static void
print_count(struct buf *b, unsigned m, const char *values, uint64_t n)
{
	print_name(b, m, "", values, NULL);
	buf_printf(b, " %" PRIu64 "\n", n);
}

static void
print_gauge(struct buf *b, uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	if (isnan(d))
		buf_puts(b, " NaN\n");
	else if (isinf(d))
		buf_puts(b, d > 0 ? " +Inf\n" : " -Inf\n");
	else
		buf_printf(b, " %.17g\n", d);
}

/* The count is the sum of the buckets, so that the two never disagree. */
static void
print_histogram(struct buf *b, const struct row *r)
{
	unsigned    m = r->x->metric;
	const char *labels = r->x->labels;
	uint64_t    count = 0;

	for (int i = 0; i < METRIC_BUCKETS; i++) {
		count += r->buckets[i];
		print_name(b, m, "_bucket", labels, bounds[i].le);
		buf_printf(b, " %" PRIu64 "\n", count);
	}
	print_name(b, m, "_sum", labels, NULL);
	buf_printf(
	    b, " %" PRIu64 ".%09" PRIu64 "\n", r->sum_ns / 1000000000, r->sum_ns % 1000000000);
	print_name(b, m, "_count", labels, NULL);
	buf_printf(b, " %" PRIu64 "\n", count);
}

static void
print_row(struct buf *b, const struct row *r)
{
	enum kind kind = kind_of(r->x->metric);

	if (kind == HISTOGRAM) {
		print_histogram(b, r);
		return;
	}
	if (kind == COUNTER) {
		print_count(b, r->x->metric, r->x->labels, r->value);
		return;
	}
	print_name(b, r->x->metric, "", r->x->labels, NULL);
	print_gauge(b, r->value);
}

/* Metrics that are not in the table of series. */
static void
print_single(struct buf *b, unsigned m, const struct segment *s)
{
	const struct metric_table *t = &s->fixed->metrics;

	if (m == METRIC_BUILD_INFO)
		print_count(b, m, BSX_VERSION, 1);
	else if (m == METRIC_LOG_DROPPED)
		print_count(b, m, "", atomic_load_explicit(&t->log_dropped, memory_order_relaxed));
	else if (m == METRIC_SERIES_DROPPED)
		print_count(b, m, "", atomic_load_explicit(&t->dropped, memory_order_relaxed));
	else if (m == METRIC_DB_CONNECTIONS)
		for (unsigned k = 0; k < PROCESS_KINDS_N; k++)
			print_count(b, m, process_kind(k), process_connections(s, k));
}

void
metric_print(struct buf *b, const struct segment *s)
{
	struct row *rows = talloc_array(b->mem, struct row, METRIC_SERIES_MAX);
	size_t      n, i = 0;

	if (rows == NULL) {
		b->failed = true;
		return;
	}
	n = collect(&s->fixed->metrics, rows);
	for (unsigned m = 0; m < METRIC__MAX; m++) {
		print_head(b, m);
		print_single(b, m, s);
		for (; i < n && rows[i].x->metric == m; i++)
			if (m != METRIC_BUILD_INFO && m != METRIC_SERIES_DROPPED)
				print_row(b, &rows[i]);
	}
	talloc_free(rows);
}
