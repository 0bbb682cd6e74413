/*
 * world FOLDER
 *
 * FOLDER holds manifest.json: {"pairs": [{"id", "a", "b", "changes", ...}]}, real pairs of many
 * kinds with the number of changes that the second edition counts, nothing configured and nothing
 * ignored. Compares each forwards, backwards, with the old side as it comes back from the store,
 * and by a patch that must apply and leave no change.  Prints TAP and ends with "N passed, N
 * failed".
 */
#include <string.h>

#include "tests/drift/pair.h"

struct world {
	TALLOC_CTX                *mem; /* of the pair at hand */
	const struct compare_spec *spec;
	const char                *folder;
	int                        passed, failed;
	int64_t                    changes;
};

static struct str
side(const struct world *w, const struct json *pair, const char *which)
{
	const struct json *name = json_get(pair, which);

	if (name == NULL || name->type != JSON_STRING) {
		fprintf(stderr, "a pair without \"%s\"\n", which);
		exit(2);
	}
	return read_file(
	    w->mem, talloc_asprintf(w->mem, "%s/%.*s", w->folder, (int)name->text.n, name->text.p));
}

static void
run(struct world *w, const struct json *pair)
{
	struct str         a = side(w, pair, "a"), b = side(w, pair, "b");
	const struct json *id = json_get(pair, "id"), *changes = json_get(pair, "changes");
	struct err         e = { 0 };
	int64_t            want, got, back, stored, left;
	bool               right;

	if (id == NULL || changes == NULL || !str_to_i64(changes->text, &want)) {
		fprintf(stderr, "a pair without id or changes\n");
		exit(2);
	}
	got = count(w->mem, w->spec, a, b, &e);
	back = count(w->mem, w->spec, b, a, &e);
	stored = count_stored(w->mem, w->spec, a, b, &e);
	left = count_patched(w->mem, w->spec, a, b, &e);
	right = got == want && back == want && stored == want && left == 0;
	w->passed += right;
	w->failed += !right;
	w->changes += got;
	printf("%s %d - %.*s", right ? "ok" : "not ok", w->passed + w->failed, (int)id->text.n,
	    id->text.p);
	if (!right)
		printf(": %lld changes, %lld expected (%lld backwards, %lld stored, %lld left by "
		       "the patch) %s",
		    (long long)got, (long long)want, (long long)back, (long long)stored,
		    (long long)left, e.detail);
	printf("\n");
}

int
main(int argc, char **argv)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	struct err         e = { 0 };
	struct world       w = { .folder = argc > 1 ? argv[1] : "." };
	const struct json *manifest, *pairs;

	manifest =
	    json_parse(mem, read_file(mem, talloc_asprintf(mem, "%s/manifest.json", w.folder)), &e);
	pairs = manifest != NULL ? json_get(manifest, "pairs") : NULL;
	w.spec = spec_make(mem, NULL, COMPARE_EDITION_2, &e);
	if (pairs == NULL || w.spec == NULL) {
		fprintf(stderr, "usage: world FOLDER %s\n", e.detail);
		return 2;
	}
	for (uint32_t i = 0; i < pairs->n; i++) {
		w.mem = talloc_new(mem);
		run(&w, &pairs->items[i]);
		talloc_free(w.mem);
	}
	printf("world: %lld changes\n%d passed, %d failed\n", (long long)w.changes, w.passed,
	    w.failed);
	talloc_free(mem);
	return w.failed > 0 || w.passed == 0;
}
