/*
 * corpus FOLDER [COUNTS [SET/NNNN]]
 *
 * FOLDER holds MANIFEST.tsv, or drift-corpus/MANIFEST.tsv as the archive does; COUNTS is the table
 * of the second edition's counts.  Compares every pair of the manifest and holds the number of
 * changes against the reference counts: with nothing ignored and with the members ignored that the
 * rule pack `entra` ignores; under the first edition by the manifest (keyed_changes,
 * keyed_minus_volatile), under the second by COUNTS (changes_2, changes_2_minus_volatile);
 * forwards, backwards, and with the old side as it comes back from the store; and the patch from
 * the old side to the new one must apply and leave no change.  Prints TAP and ends with "N passed,
 * N failed"; 1 when any failed.
 */
#include <string.h>
#include <time.h>

#include "tests/drift/pair.h"

/* What is counted under one edition. */
struct counts {
	int64_t all, steady; /* steady: without volatile members */
};

struct pair {
	char          set[64], n[64];
	int64_t       index; /* changes by position */
	struct counts want[COMPARE_EDITION + 1];
	bool          known[COMPARE_EDITION + 1];
};

struct specs {
	const struct compare_spec *plain, *steady;
};

struct totals {
	int64_t       index;
	struct counts by[COMPARE_EDITION + 1];
	int           passed, failed, noise;
	double        seconds[COMPARE_EDITION + 1];
};

/* What one pair gives. */
struct got {
	struct counts n;
	int64_t       back, stored, left; /* backwards; with the old side stored; by the patch */
	double        seconds;
};

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool
is_right(const struct got *g, const struct counts *want)
{
	return g->n.all == want->all && g->n.steady == want->steady && g->back == want->steady &&
	       g->stored == want->steady && g->left == 0;
}

static void
tell(const struct pair *p, int edition, const struct got *g, struct totals *t, const struct err *e)
{
	const struct counts *want = &p->want[edition];

	if (is_right(g, want)) {
		t->passed++;
		printf("ok %d - %s/%s, edition %d\n", t->passed + t->failed, p->set, p->n, edition);
		return;
	}
	t->failed++;
	printf("not ok %d - %s/%s, edition %d: %lld changes, %lld expected; %lld without volatile, "
	       "%lld expected (%lld backwards, %lld stored, %lld left by the patch) %s\n",
	    t->passed + t->failed, p->set, p->n, edition, (long long)g->n.all, (long long)want->all,
	    (long long)g->n.steady, (long long)want->steady, (long long)g->back,
	    (long long)g->stored, (long long)g->left, e->detail);
}

static void
run(const char *folder, const struct pair *p, int edition, const struct specs *s, struct totals *t)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct str  a =
	    read_file(mem, talloc_asprintf(mem, "%s/%s/%s.a.json", folder, p->set, p->n));
	struct str b =
	    read_file(mem, talloc_asprintf(mem, "%s/%s/%s.b.json", folder, p->set, p->n));
	struct got g = { .seconds = -cpu_s() };

	g.n.all = count(mem, s->plain, a, b, &e);
	g.n.steady = count(mem, s->steady, a, b, &e);
	g.seconds += cpu_s();
	g.back = count(mem, s->steady, b, a, &e);
	g.stored = count_stored(mem, s->steady, a, b, &e);
	g.left = count_patched(mem, s->plain, a, b, &e);
	t->seconds[edition] += g.seconds;
	t->by[edition].all += g.n.all;
	t->by[edition].steady += g.n.steady;
	tell(p, edition, &g, t, &e);
	talloc_free(mem);
}

/* One line: set, n, bytes_a, bytes_b, index, keyed, keyed_minus_volatile, ... */
static bool
read_line(char *line, struct pair *p)
{
	long long index, all, steady, bytes;

	if (sscanf(line, "%63[^\t]\t%63[^\t]\t%lld\t%lld\t%lld\t%lld\t%lld", p->set, p->n, &bytes,
		&bytes, &index, &all, &steady) != 7)
		return false;
	p->index = index;
	p->want[COMPARE_EDITION_1] = (struct counts) { all, steady };
	p->known[COMPARE_EDITION_1] = true;
	return true;
}

/* The counts of the second edition: set, n, changes_2, changes_2_minus_volatile. */
static void
read_counts(FILE *f, struct pair *p)
{
	char      line[256], set[64], n[64];
	long long all, steady;

	p->known[COMPARE_EDITION_2] = false;
	if (f == NULL)
		return;
	rewind(f);
	while (fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%63[^\t]\t%63[^\t]\t%lld\t%lld", set, n, &all, &steady) == 4 &&
		    strcmp(set, p->set) == 0 && strcmp(n, p->n) == 0) {
			p->want[COMPARE_EDITION_2] = (struct counts) { all, steady };
			p->known[COMPARE_EDITION_2] = true;
			return;
		}
}

/* What the pack ignores, said here again so that a change of the pack is noticed. */
static const char volatile_members[] =
    "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"@odata.*\",\"@microsoft.graph*\",\"*@odata.*"
    "\","
    "\"#microsoft.graph*\",\"*createdDateTime\",\"*modifiedDateTime\",\"*deletedDateTime\"],"
    "\"except\":[\"@odata.type\"]}]}";

static void
specs_make(TALLOC_CTX *mem, struct specs *s)
{
	struct err e = { 0 };

	for (int i = COMPARE_EDITION_1; i <= COMPARE_EDITION; i++) {
		s[i].plain = spec_make(mem, NULL, (enum compare_edition)i, &e);
		s[i].steady = spec_make(mem, volatile_members, (enum compare_edition)i, &e);
		if (s[i].plain == NULL || s[i].steady == NULL) {
			fprintf(stderr, "%s\n", e.detail);
			exit(2);
		}
	}
}

/* The archive unpacks into a folder of its own: *folder may become that. */
static FILE *
open_manifest(TALLOC_CTX *mem, const char **folder)
{
	const char *inner = talloc_asprintf(mem, "%s/drift-corpus", *folder);
	FILE       *f = fopen(talloc_asprintf(mem, "%s/MANIFEST.tsv", *folder), "r");

	if (f != NULL)
		return f;
	f = fopen(talloc_asprintf(mem, "%s/MANIFEST.tsv", inner), "r");
	if (f != NULL)
		*folder = inner;
	return f;
}

static void
summarise(const struct totals *t)
{
	printf("corpus: %lld by position, %d pairs of noise\n", (long long)t->index, t->noise);
	for (int i = COMPARE_EDITION_1; i <= COMPARE_EDITION; i++)
		printf("edition %d: %lld changes, %lld without volatile members, %.3f s of CPU\n",
		    i, (long long)t->by[i].all, (long long)t->by[i].steady, t->seconds[i]);
	printf("%d passed, %d failed\n", t->passed, t->failed);
}

int
main(int argc, char **argv)
{
	TALLOC_CTX   *mem = talloc_new(NULL);
	struct specs  specs[COMPARE_EDITION + 1];
	struct totals t = { 0 };
	struct pair   p;
	char          line[4096], name[160];
	const char   *folder = argc > 1 ? argv[1] : "";
	FILE         *f = open_manifest(mem, &folder);
	FILE         *counts = argc > 2 ? fopen(argv[2], "r") : NULL;

	if (f == NULL || (argc > 2 && counts == NULL)) {
		fprintf(stderr, "usage: corpus FOLDER [COUNTS [SET/NNNN]]\n");
		return 2;
	}
	specs_make(mem, specs);
	while (fgets(line, sizeof line, f) != NULL) {
		if (!read_line(line, &p))
			continue;
		snprintf(name, sizeof name, "%s/%s", p.set, p.n);
		if (argc > 3 && strcmp(argv[3], name) != 0)
			continue;
		read_counts(counts, &p);
		t.index += p.index;
		t.noise += p.want[COMPARE_EDITION_1].steady == 0;
		for (int i = COMPARE_EDITION_1; i <= COMPARE_EDITION; i++)
			if (p.known[i])
				run(folder, &p, i, &specs[i], &t);
	}
	fclose(f);
	if (counts != NULL)
		fclose(counts);
	summarise(&t);
	talloc_free(mem);
	return t.failed > 0 || t.passed == 0;
}
