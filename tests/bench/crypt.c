/*
 * What the crypt and shm rooms cost over the bare operation below them: each
 * pair is measured in turns in this one run, and its ratio of medians printed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <argon2.h>

#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/crypt/password.h"
#include "core/crypt/token_key.h"
#include "core/shm/cache.h"
#include "core/shm/metric.h"
#include "core/shm/permit.h"

#define ROUNDS 9
#define ISS    "https://drift.example.org"

static TALLOC_CTX        *mem;
static struct segment    *segment;
static struct permits    *permits;
static struct token_keys *keys;
static struct str         token;
static char               phc[PASSWORD_PHC_MAX];
static const struct uuid  id = { { 1 } };
static uint8_t            key[32];
static volatile unsigned  sink; /* what is measured is not to be left out */

static void
must(bool ok, const struct err *e)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s\n", e->detail);
	exit(1);
}

static void
bare_argon2(void)
{
	uint8_t out[32];

	sink += (unsigned)argon2id_hash_raw(PASSWORD_TIME, PASSWORD_MEMORY_KIB, 1, "password", 8,
	    "saltsaltsaltsalt", 16, out, sizeof(out));
}

static void
verify_with_permit(void)
{
	struct permit p;
	struct err    e = { 0 };
	bool          match, stale;

	must(permit_take(permits, &clock_system, &p, &e), &e);
	must(password_verify(STR("password"), phc, p.scratch, &match, &stale, &e), &e);
	permit_give(permits, &p);
	sink += match;
}

static void
bare_verify(void)
{
	static uint8_t raw[TOKEN_SIG_LEN];
	static bool    known;

	if (!known)
		known = token_key_sign(token_keys_at(keys, 0), STR("text"), raw);
	sink += token_key_verify(token_keys_at(keys, 0), STR("text"), raw);
}

static void
check_token(void)
{
	struct token_claims c;
	struct err          e = { 0 };
	bool                unknown;

	must(token_check(
		 mem, &(struct token_expect) { keys, ISS, &clock_system }, token, &c, &unknown, &e),
	    &e);
}

static void
bare_sha256(void)
{
	uint8_t out[HASH_LEN];

	hash_sha256(token.p, token.n, out);
	sink += out[0];
}

static void
hash_and_hit(void)
{
	char    out[CACHE_VALUE_MAX];
	size_t  n;
	int64_t checked;

	bare_sha256();
	if (!cache_get(segment, key, 1, out, &n, &checked))
		abort();
	sink += (unsigned)n;
}

static void
nothing(void)
{
	sink++;
}

static void
observe(void)
{
	metric_observe(segment, METRIC_HTTP_SECONDS, METRIC_BY("/api/drift/configs/{id}"), 12345);
}

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
ns_each(void (*f)(void), int times)
{
	int64_t start = clock_ns(&clock_system);

	for (int i = 0; i < times; i++)
		f();
	return (double)(clock_ns(&clock_system) - start) / times;
}

static void
compare(const char *what, void (*bare)(void), void (*ours)(void), int times)
{
	double a[ROUNDS], b[ROUNDS];

	ns_each(bare, times / 10 + 1);
	ns_each(ours, times / 10 + 1);
	for (int i = 0; i < ROUNDS; i++) {
		a[i] = ns_each(bare, times);
		b[i] = ns_each(ours, times);
	}
	qsort(a, ROUNDS, sizeof(*a), by_value);
	qsort(b, ROUNDS, sizeof(*b), by_value);
	printf("%-58s %10.0f ns  bare %10.0f ns  rate ratio %.2f\n", what, b[ROUNDS / 2],
	    a[ROUNDS / 2], a[ROUNDS / 2] / b[ROUNDS / 2]);
}

static void
set_up(const char *path)
{
	struct segment_options o = { path, 64 };
	struct token_claims    c = { ISS, ISS, id, id, id, id, 0, 0, 0, 1 };
	struct err             e = { 0 };
	char                   value[900];

	memset(value, 'x', sizeof(value));
	c.iat = clock_ms(&clock_system) / 1000;
	c.exp = c.iat + 600;
	mem = talloc_new(NULL);
	segment = segment_open(mem, &o, &e);
	must(segment != NULL, &e);
	permits = permits_make(mem, segment, 2, PASSWORD_SCRATCH, 4, &e);
	must(permits != NULL, &e);
	keys = token_keys_make(mem);
	must(token_keys_add(keys, token_key_make(mem, &e), &e), &e);
	token = str_of(token_sign(mem, token_keys_at(keys, 0), &c, &e));
	must(token.p != NULL, &e);
	must(password_hash(STR("password"), &rand_system, NULL, phc, &e), &e);
	cache_put(segment, key,
	    &(struct cache_value) {
		value, sizeof(value), id, id, id, cache_epochs_read(segment, &id, &id, &id), 1000 },
	    1);
}

int
main(void)
{
	char dir[] = "/tmp/bsx-bench-XXXXXX", path[64], lock[64];

	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/segment", dir);
	snprintf(lock, sizeof(lock), "%s/segment.lock", dir);
	set_up(path);
	compare("password: permit + verify / argon2id alone", bare_argon2, verify_with_permit, 10);
	compare("token: whole check / ES256 verification alone", bare_verify, check_token, 1000);
	compare("caller: SHA-256 + cache hit (900 bytes) / SHA-256 alone", bare_sha256,
	    hash_and_hit, 100000);
	compare("metric: one observation / an empty call", nothing, observe, 100000);
	unlink(path);
	unlink(lock);
	rmdir(dir);
	talloc_free(mem);
	return 0;
}
