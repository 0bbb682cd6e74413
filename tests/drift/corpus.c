/*
 * corpus FOLDER [SET/NNNN]
 *
 * FOLDER holds MANIFEST.tsv, or drift-corpus/MANIFEST.tsv as the archive does.
 * Compares every pair of the manifest and holds the number of
 * changes against the reference counts: with nothing ignored (keyed_changes)
 * and with the members ignored that the rule pack `entra` ignores
 * (keyed_minus_volatile), forwards, backwards, and with the old side as it comes back from the
 * store; and the patch from the old side to the new one must apply and leave no change.  Prints TAP
 * and ends with "N passed, N failed"; 1 when any failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drift/engine/diff.h"
#include "drift/engine/patch.h"

struct pair {
	char    set[64], n[64];
	int64_t index, keyed, steady; /* steady: keyed_minus_volatile */
};

struct totals {
	int64_t index, keyed, steady;
	int     passed, failed, noise;
	double  seconds;
};

static const uint8_t key[HASH_LEN] = { 7 };

static struct str
read_file(TALLOC_CTX *mem, const char *path)
{
	FILE  *f = fopen(path, "rb");
	char  *p = NULL;
	long   n = -1;
	size_t got = 0;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0) {
		rewind(f);
		p = talloc_size(mem, (size_t)n + 1);
		got = p != NULL ? fread(p, 1, (size_t)n, f) : 0;
	}
	if (f != NULL)
		fclose(f);
	if (p == NULL || got != (size_t)n) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	return (struct str) { p, got };
}

/* Counted changes of one pair under a spec; -1: refused. */
static int64_t
count(TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource old = { STR("document"), STR(""), NULL }, new = old;
	struct diff    *d = diff_make(mem, spec, NULL, NULL, e);
	struct str      text_a, text_b;

	if (d == NULL || !json_decode(mem, a, &text_a, e) || !json_decode(mem, b, &text_b, e))
		return -1;
	old.value = json_parse(mem, text_a, e);
	new.value = old.value != NULL ? json_parse(mem, text_b, e) : NULL;
	if (new.value == NULL || !resource_normalise(mem, spec, &old, RESOURCE_SOURCE, NULL, e) ||
	    !resource_normalise(mem, spec, &new, RESOURCE_SOURCE, NULL, e) ||
	    !diff_resource(d, &old, &new, e))
		return -1;
	return diff_count(&d->summary);
}

/* The same with the old side as it comes back from the store. */
static int64_t
count_stored(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource old = { STR("document"), STR(""), NULL }, new = old;
	struct diff    *d = diff_make(mem, spec, NULL, NULL, e);
	struct str      text_a, text_b;
	struct buf      stored;

	buf_make(&stored, mem);
	if (d == NULL || !json_decode(mem, a, &text_a, e) || !json_decode(mem, b, &text_b, e))
		return -1;
	old.value = json_parse(mem, text_a, e);
	new.value = old.value != NULL ? json_parse(mem, text_b, e) : NULL;
	if (new.value == NULL || !resource_normalise(mem, spec, &old, RESOURCE_SOURCE, NULL, e) ||
	    !resource_canonical(&stored, &old, e))
		return -1;
	old.value = json_parse(mem, buf_str(&stored), e);
	if (old.value == NULL || !resource_normalise(mem, spec, &old, RESOURCE_STORED, NULL, e) ||
	    !resource_normalise(mem, spec, &new, RESOURCE_SOURCE, NULL, e) ||
	    !diff_resource(d, &old, &new, e))
		return -1;
	return diff_count(&d->summary);
}

static bool
read_side(TALLOC_CTX *mem, const struct compare_spec *spec, struct str bytes, struct resource *r,
    struct err *e)
{
	struct str text;

	*r = (struct resource) { STR("document"), STR(""), NULL };
	if (!json_decode(mem, bytes, &text, e))
		return false;
	r->value = json_parse(mem, text, e);
	return r->value != NULL && resource_normalise(mem, spec, r, RESOURCE_SOURCE, NULL, e);
}

/* What is shown of a normal form, as a client gets it. */
static const struct json *
shown(TALLOC_CTX *mem, const struct resource *r, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	resource_print(&b, r->value);
	return buf_ok(&b) ? json_parse(mem, buf_str(&b), e) : NULL;
}

/* Changes that are left when the patch's text is applied; -1: it could not be. */
static int64_t
count_patched(
    TALLOC_CTX *mem, const struct compare_spec *spec, struct str a, struct str b, struct err *e)
{
	struct resource    old, new, got;
	struct diff       *d = diff_make(mem, spec, NULL, NULL, e);
	struct patch      *p = patch_make(mem, spec, NULL, e);
	const struct json *operations, *doc;
	struct buf         out;

	buf_make(&out, mem);
	if (d == NULL || p == NULL || !read_side(mem, spec, a, &old, e) ||
	    !read_side(mem, spec, b, &new, e) ||
	    !patch_value(p, old.category, old.value, new.value, e) || !patch_print(&out, p, e))
		return -1;
	operations = json_parse(mem, buf_str(&out), e);
	doc = shown(mem, &old, e);
	got = old;
	new.value = shown(mem, &new, e);
	if (operations == NULL || doc == NULL || new.value == NULL)
		return -1;
	got.value = patch_apply(mem, doc, operations, NULL, e);
	if (got.value == NULL || !diff_resource(d, &got, &new, e))
		return -1;
	return diff_count(&d->summary);
}

static void
run(const char *folder, const struct pair *p, const struct compare_spec *plain,
    const struct compare_spec *entra, struct totals *t)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	struct err  e = { 0 };
	struct str  a =
	    read_file(mem, talloc_asprintf(mem, "%s/%s/%s.a.json", folder, p->set, p->n));
	struct str b =
	    read_file(mem, talloc_asprintf(mem, "%s/%s/%s.b.json", folder, p->set, p->n));
	struct timespec from, to;
	int64_t         keyed, steady, back, stored, left;

	clock_gettime(CLOCK_MONOTONIC, &from);
	keyed = count(mem, plain, a, b, &e);
	steady = count(mem, entra, a, b, &e);
	clock_gettime(CLOCK_MONOTONIC, &to);
	back = count(mem, entra, b, a, &e);
	stored = count_stored(mem, entra, a, b, &e);
	left = count_patched(mem, plain, a, b, &e);
	t->seconds +=
	    (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
	t->index += p->index;
	t->keyed += keyed;
	t->steady += steady;
	t->noise += p->steady == 0;
	if (keyed == p->keyed && steady == p->steady && back == steady && stored == steady &&
	    left == 0) {
		t->passed++;
		printf("ok %d - %s/%s\n", t->passed + t->failed, p->set, p->n);
	} else {
		t->failed++;
		printf("not ok %d - %s/%s: %lld changes, %lld expected; %lld without volatile, "
		       "%lld expected "
		       "(%lld backwards, %lld stored, %lld left by the patch) %s\n",
		    t->passed + t->failed, p->set, p->n, (long long)keyed, (long long)p->keyed,
		    (long long)steady, (long long)p->steady, (long long)back, (long long)stored,
		    (long long)left, e.detail);
	}
	talloc_free(mem);
}

/* One line: set, n, bytes_a, bytes_b, index, keyed, keyed_minus_volatile, ... */
static bool
read_line(char *line, struct pair *p)
{
	long long index, keyed, steady, bytes;

	if (sscanf(line, "%63[^\t]\t%63[^\t]\t%lld\t%lld\t%lld\t%lld\t%lld", p->set, p->n, &bytes,
		&bytes, &index, &keyed, &steady) != 7)
		return false;
	p->index = index;
	p->keyed = keyed;
	p->steady = steady;
	return true;
}

static struct compare_spec *
spec_make(TALLOC_CTX *mem, const char *compare, struct err *e)
{
	struct json *v = compare != NULL ? json_parse(mem, str_of(compare), e) : NULL;

	if (compare != NULL && v == NULL)
		return NULL;
	return compare_compile(mem, v, NULL, 0, key, NULL, e);
}

/* What the pack ignores, said here again so that a change of the pack is noticed. */
static const char volatile_members[] =
    "{\"normalise\":[{\"how\":\"ignore\",\"names\":[\"@odata.*\",\"@microsoft.graph*\",\"*@odata.*"
    "\","
    "\"#microsoft.graph*\",\"*createdDateTime\",\"*modifiedDateTime\",\"*deletedDateTime\"],"
    "\"except\":[\"@odata.type\"]}]}";

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

int
main(int argc, char **argv)
{
	TALLOC_CTX          *mem = talloc_new(NULL);
	struct err           e = { 0 };
	struct compare_spec *plain = spec_make(mem, NULL, &e);
	struct compare_spec *entra = spec_make(mem, volatile_members, &e);
	struct totals        t = { 0 };
	struct pair          p;
	char                 line[4096], name[160];
	const char          *folder = argv[1];
	FILE                *f;

	if (argc < 2 || plain == NULL || entra == NULL) {
		fprintf(stderr, "usage: corpus FOLDER [SET/NNNN] %s\n", e.detail);
		return 2;
	}
	f = open_manifest(mem, &folder);
	if (f == NULL) {
		fprintf(stderr, "no MANIFEST.tsv in %s\n", argv[1]);
		return 2;
	}
	while (fgets(line, sizeof line, f) != NULL) {
		if (!read_line(line, &p))
			continue;
		snprintf(name, sizeof name, "%s/%s", p.set, p.n);
		if (argc < 3 || strcmp(argv[2], name) == 0)
			run(folder, &p, plain, entra, &t);
	}
	fclose(f);
	printf("corpus: %lld by position, %lld by key, %lld without volatile members, %d pairs of "
	       "noise, %.3f s\n",
	    (long long)t.index, (long long)t.keyed, (long long)t.steady, t.noise, t.seconds);
	printf("%d passed, %d failed\n", t.passed, t.failed);
	talloc_free(mem);
	return t.failed > 0 || t.passed == 0;
}
