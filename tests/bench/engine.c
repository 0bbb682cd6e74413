/*
 * engine [FOLDER [MAX_BYTES]]
 *
 * What a comparison costs: decode both documents + normal form of both + diff,
 * as a ratio to json-c parsing (and freeing) the same two documents in the same
 * run.  FOLDER is an unpacked corpus (MANIFEST.tsv), of which pairs of more than
 * MAX_BYTES are left out; without it documents are generated.  Each figure is the median of
 * REPEATS; ratios below 1 mean that the engine is done before json-c has read the input.
 *
 * Linked with simdjson.cc (make bench-engine) it tells the ratio to simdjson's parse of the same
 * bytes too.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "drift/engine/diff.h"
#include "tests/bench/simdjson.h"

/* json-c has an enum of the same name as base/json's */
#define json_type json_c_type
#include <json-c/json.h>
#undef json_type

#define REPEATS 9
#define GROUPS  32

struct group {
	char    name[64];
	int     pairs;
	int64_t bytes, changes;
	double  engine, reference, simdjson; /* sums of medians, seconds */
};

static const uint8_t key[HASH_LEN] = { 7 };

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be at work */
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int
cmp(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *v)
{
	qsort(v, REPEATS, sizeof *v, cmp);
	return v[REPEATS / 2];
}

static void
stop(const struct err *e)
{
	fprintf(stderr, "engine: %s %s\n", e->pub, e->detail);
	exit(2);
}

static const struct json *
normal_form(TALLOC_CTX *mem, const struct compare_spec *spec, struct str text, struct resource *r,
    struct err *e)
{
	*r = (struct resource) { STR("document"), STR(""), json_parse(mem, text, e) };
	if (r->value == NULL || !resource_normalise(mem, spec, r, RESOURCE_SOURCE, NULL, e))
		stop(e);
	return r->value;
}

static int64_t
run_engine(const struct compare_spec *spec, struct str a, struct str b)
{
	TALLOC_CTX     *mem = talloc_new(NULL);
	struct err      e = { 0 };
	struct diff    *d = diff_make(mem, spec, NULL, NULL, &e);
	struct resource old, new;
	int64_t         n;

	normal_form(mem, spec, a, &old, &e);
	normal_form(mem, spec, b, &new, &e);
	if (d == NULL || !diff_resource(d, &old, &new, &e))
		stop(&e);
	n = diff_count(&d->summary);
	talloc_free(mem);
	return n;
}

static void
run_reference(struct str s)
{
	json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX);
	json_object  *o = json_tokener_parse_ex(t, s.p, (int)s.n);

	json_tokener_free(t);
	json_object_put(o);
}

/* What one has left behind in small pieces is not the other's to put together. */
static void
tidy(void)
{
	char *volatile p = malloc(1 << 20);

	free(p);
}

/* Seconds of one parse; 0: there is none. */
static double
run_simdjson(struct str s)
{
	double from;

	if (simdjson_load == NULL)
		return 0;
	simdjson_load(s.p, s.n);
	from = now();
	if (!simdjson_parse()) {
		fputs("engine: simdjson refuses a document\n", stderr);
		exit(2);
	}
	return now() - from;
}

static void
measure(struct group *g, const struct compare_spec *spec, struct str a, struct str b)
{
	double engine[REPEATS], reference[REPEATS], simdjson[REPEATS], from;

	for (int i = 0; i < REPEATS; i++) {
		from = now();
		run_reference(a);
		run_reference(b);
		reference[i] = now() - from;
		tidy();
		from = now();
		g->changes += run_engine(spec, a, b);
		engine[i] = now() - from;
		tidy();
		simdjson[i] = run_simdjson(a) + run_simdjson(b);
	}
	g->pairs++;
	g->bytes += (int64_t)(a.n + b.n);
	g->engine += median(engine);
	g->reference += median(reference);
	g->simdjson += median(simdjson);
}

/* ---- documents ---- */

static struct str
read_file(TALLOC_CTX *mem, const char *folder, const char *set, const char *n, char side)
{
	char      *path = talloc_asprintf(mem, "%s/%s/%s.%c.json", folder, set, n, side);
	struct err e = { 0 };
	struct str s = { NULL, 0 };
	struct buf b;
	char       part[65536];
	FILE      *f = fopen(path, "rb");

	buf_make(&b, mem);
	for (size_t got = 1; f != NULL && got > 0; buf_add(&b, part, got))
		got = fread(part, 1, sizeof part, f);
	if (f == NULL || fclose(f) != 0 || !json_decode(mem, buf_str(&b), &s, &e)) {
		fprintf(stderr, "engine: cannot read %s\n", path);
		exit(2);
	}
	return s;
}

static int64_t
size_of(const char *folder, const char *set, const char *n)
{
	int64_t size = 0;

	for (const char *side = "ab"; *side != '\0'; side++) {
		char       *path = talloc_asprintf(NULL, "%s/%s/%s.%c.json", folder, set, n, *side);
		struct stat st;

		size += stat(path, &st) == 0 ? st.st_size : 0;
		talloc_free(path);
	}
	return size;
}

static size_t
from_corpus(const char *folder, int64_t most, const struct compare_spec *spec, struct group *groups)
{
	char   line[4096], set[64], n[64], *path = talloc_asprintf(NULL, "%s/MANIFEST.tsv", folder);
	FILE  *f = fopen(path, "r");
	size_t count = 0, i;

	talloc_free(path);
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		TALLOC_CTX *mem = talloc_new(NULL);

		if (sscanf(line, "%63[^\t]\t%63[0-9]\t", set, n) == 2 &&
		    size_of(folder, set, n) <= most) {
			for (i = 0; i < count && strcmp(groups[i].name, set) != 0;)
				i++;
			if (i == count && count < GROUPS)
				memcpy(groups[count++].name, set, sizeof set);
			if (i < GROUPS)
				measure(&groups[i], spec, read_file(mem, folder, set, n, 'a'),
				    read_file(mem, folder, set, n, 'b'));
		}
		talloc_free(mem);
	}
	if (f != NULL)
		fclose(f);
	return count;
}

/* A list of `n` policies; every `step`-th differs, and the order is turned by `turn`. */
static struct str
policies(TALLOC_CTX *mem, int n, int step, int turn)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, "{\"value\":[");
	for (int i = 0; i < n; i++) {
		int id = (i + turn) % n;

		buf_printf(&b,
		    "%s\n  {\"id\": \"policy-%08d\", \"displayName\": \"Policy number %d\", "
		    "\"state\": \"%s\",\n"
		    "   \"modifiedDateTime\": \"2026-01-01T00:00:%02dZ\", \"conditions\": "
		    "{\"users\": {\"includeUsers\": [\"All\"],\n"
		    "   \"excludeUsers\": [\"u%d\", \"u%d\", \"u%d\"]}, \"clientAppTypes\": "
		    "[\"browser\", \"other\"], \"locations\": null},\n"
		    "   \"grantControls\": {\"operator\": \"OR\", \"builtInControls\": [\"mfa\"]}, "
		    "\"priority\": %d}",
		    i > 0 ? "," : "", id, id, step > 0 && id % step == 0 ? "disabled" : "enabled",
		    step > 0 ? 7 : 1, id, id + 1, step > 0 && id % step == 0 ? id + 3 : id + 2, id);
	}
	buf_puts(&b, "\n]}");
	return buf_str(&b);
}

/* One array of `n` strings without any identity; the other side is turned and `n/100` differ. */
static struct str
strings(TALLOC_CTX *mem, int n, int turn)
{
	struct buf b;

	buf_make(&b, mem);
	for (int i = 0; i < n; i++) {
		int id = (i + turn) % n;

		buf_printf(
		    &b, "%s\"member-%d-%d\"", i > 0 ? "," : "[", id, turn > 0 && id % 100 == 0);
	}
	buf_putc(&b, ']');
	return buf_str(&b);
}

static size_t
generated(const struct compare_spec *spec, struct group *groups)
{
	static const int sizes[] = { 20, 200, 2000, 20000 };
	size_t           count = 0;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		TALLOC_CTX *mem = talloc_new(NULL);
		int         n = sizes[i];

		snprintf(groups[count].name, sizeof groups->name, "policies-%d", n);
		measure(&groups[count++], spec, policies(mem, n, 0, 0), policies(mem, n, 10, 0));
		snprintf(groups[count].name, sizeof groups->name, "turned-%d", n);
		measure(
		    &groups[count++], spec, policies(mem, n, 0, 0), policies(mem, n, 10, n / 3));
		snprintf(groups[count].name, sizeof groups->name, "strings-%d", n * 10);
		measure(&groups[count++], spec, strings(mem, n * 10, 0), strings(mem, n * 10, n));
		talloc_free(mem);
	}
	return count;
}

static void
print(const struct group *g)
{
	printf("%-18s %6d %10lld %9lld %10.2f %10.2f %8.1f %7.2f", g->name, g->pairs,
	    (long long)g->bytes, (long long)(g->changes / REPEATS), 1e3 * g->engine,
	    1e3 * g->reference, (double)g->bytes / g->engine / 1e6, g->engine / g->reference);
	if (simdjson_load != NULL)
		printf(" %11.2f %7.2f", 1e3 * g->simdjson, g->engine / g->simdjson);
	putchar('\n');
}

static const char volatile_members[] =
    "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"@odata.*\",\"@microsoft.graph*\",\"*@odata.*"
    "\","
    "\"#microsoft.graph*\",\"*createdDateTime\",\"*modifiedDateTime\",\"*deletedDateTime\"],"
    "\"except\":[\"@odata.type\"]}]}";

int
main(int argc, char **argv)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct err           e = { 0 };
	struct json         *v = json_parse(mem, STR(volatile_members), &e);
	struct compare_spec *spec =
	    v != NULL ? compare_compile(mem, v, NULL, 0, key, NULL, &e) : NULL;
	struct group *groups = talloc_zero_array(mem, struct group, GROUPS);
	struct group  all = { .name = "all" };
	size_t        n;

	if (spec == NULL || groups == NULL)
		stop(&e);
	/* neither asks the kernel for its memory anew each time */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	n = argc > 1 ? from_corpus(argv[1], argc > 2 ? atoll(argv[2]) : INT64_MAX, spec, groups)
		     : generated(spec, groups);
	printf("%-18s %6s %10s %9s %10s %10s %8s %7s", argc > 1 ? "corpus" : "generated", "pairs",
	    "bytes", "changes", "engine ms", "json-c ms", "MB/s", "ratio");
	if (simdjson_load != NULL)
		printf(" %11s %7s", "simdjson ms", "ratio");
	putchar('\n');
	for (size_t i = 0; i < n; i++) {
		print(&groups[i]);
		all.pairs += groups[i].pairs;
		all.bytes += groups[i].bytes;
		all.changes += groups[i].changes;
		all.engine += groups[i].engine;
		all.reference += groups[i].reference;
		all.simdjson += groups[i].simdjson;
	}
	print(&all);
	talloc_free(mem);
	return n == 0;
}
