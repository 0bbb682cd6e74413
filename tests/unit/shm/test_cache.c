/* The caller cache: what is revoked is never a hit again, whoever dies or sleeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/shm/cache.h"
#include "core/shm/layout.h"
#include "tests/unit/segment_fixture.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

#define ENTRIES 64
#define NOW     INT64_C(1800000000000)

static struct segment_fixture fixture;
static TALLOC_CTX            *mem;
static struct segment        *s;

static int
make_mem(void **state)
{
	(void)state;
	if (!segment_fixture_make(&fixture))
		return 1;
	mem = fixture.mem;
	s = segment_fixture_open(&fixture, ENTRIES);
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

static const struct uuid tenant = { { 1 } }, user = { { 2 } }, session = { { 3 } };

static void
key_of(unsigned i, uint8_t key[static 32])
{
	hash_sha256(&i, sizeof(i), key);
}

static struct cache_epochs
epochs(void)
{
	return cache_epochs_read(s, &tenant, &user, &session);
}

static void
put(unsigned i, struct cache_epochs before, int64_t at, const void *value, size_t n)
{
	uint8_t key[32];

	key_of(i, key);
	cache_put(s, key,
	    &(struct cache_value) { value, n, tenant, user, session, before, NOW + 600000 }, at);
}

static bool
get(unsigned i, int64_t at, char out[static CACHE_VALUE_MAX + 1], int64_t *checked)
{
	uint8_t key[32];
	size_t  n = 0;
	bool    hit;

	key_of(i, key);
	hit = cache_get(s, key, at, out, &n, checked);
	out[n] = '\0';
	return hit;
}

static bool
hits(unsigned i, int64_t at)
{
	char    out[CACHE_VALUE_MAX + 1];
	int64_t checked;

	return get(i, at, out, &checked);
}

static void
what_is_put_is_found_until_its_end(void **state)
{
	char    out[CACHE_VALUE_MAX + 1], large[CACHE_VALUE_MAX];
	int64_t checked;

	(void)state;
	assert_false(hits(1, NOW));
	put(1, epochs(), NOW, "caller", 6);
	assert_true(get(1, NOW, out, &checked));
	assert_string_equal(out, "caller");
	assert_int_equal(checked, NOW);
	assert_false(hits(2, NOW));
	assert_true(hits(1, NOW + 599999));
	assert_false(hits(1, NOW + 600000));
	put(1, epochs(), NOW + 1, "newer", 5);
	assert_true(get(1, NOW, out, &checked));
	assert_string_equal(out, "newer");
	memset(large, 'x', sizeof(large));
	put(3, epochs(), NOW, large, sizeof(large));
	assert_true(get(3, NOW, out, &checked));
	assert_memory_equal(out, large, sizeof(large));
	put(4, epochs(), NOW, large, sizeof(large) + 1); /* too long: not kept */
	assert_false(hits(4, NOW));
	put(5, epochs(), NOW, "", 0);
	assert_true(get(5, NOW, out, &checked));
	assert_string_equal(out, "");
}

static void
keys_that_differ_in_one_bit_are_different(void **state)
{
	uint8_t key[32], out[CACHE_VALUE_MAX];
	size_t  n;
	int64_t checked;

	(void)state;
	key_of(1, key);
	put(1, epochs(), NOW, "caller", 6);
	for (size_t i = 0; i < 256; i++) {
		key[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(cache_get(s, key, NOW, out, &n, &checked));
		key[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(cache_get(s, key, NOW, out, &n, &checked));
}

static void
each_bump_ends_what_it_concerns(void **state)
{
	static const struct uuid other = { { 77 } };

	(void)state;
	for (int i = 0; i < 3; i++) {
		put(1, epochs(), NOW, "caller", 6);
		cache_bump_tenant(s, &other);
		cache_bump_user(s, &other);
		cache_bump_session(s, &other);
		/* The same number as another kind of thing is another thing. */
		cache_bump_tenant(s, &user);
		cache_bump_user(s, &session);
		cache_bump_session(s, &tenant);
		assert_true(hits(1, NOW));
		if (i == 0)
			cache_bump_tenant(s, &tenant);
		else if (i == 1)
			cache_bump_user(s, &user);
		else
			cache_bump_session(s, &session);
		assert_false(hits(1, NOW));
	}
}

static void
confirming_moves_the_instant_and_nothing_else(void **state)
{
	char    out[CACHE_VALUE_MAX + 1];
	uint8_t key[32];
	int64_t checked;

	(void)state;
	key_of(1, key);
	put(1, epochs(), NOW, "caller", 6);
	cache_confirm(s, key, NOW + 5000);
	assert_true(get(1, NOW + 5000, out, &checked));
	assert_int_equal(checked, NOW + 5000);
	assert_string_equal(out, "caller");
	assert_false(hits(1, NOW + 600000));
	cache_bump_user(s, &user);
	cache_confirm(s, key, NOW + 6000);
	assert_false(hits(1, NOW + 6000));
	key_of(2, key);
	cache_confirm(s, key, NOW);
	assert_false(hits(2, NOW));
}

static void
a_value_read_before_a_revocation_is_no_hit_after_it(void **state)
{
	struct cache_epochs before = epochs();
	int                 status;

	(void)state;
	if (fork() == 0) { /* another worker signs the user out while we read */
		cache_bump_session(s, &session);
		_exit(0);
	}
	assert_true(wait(&status) > 0);
	put(1, before, NOW, "caller", 6);
	assert_false(hits(1, NOW));
	put(1, epochs(), NOW, "caller", 6);
	assert_true(hits(1, NOW));
}

/* The "database": a number that the revoker raises, then bumps. A reader puts what it read. */
static void
reader(const _Atomic uint64_t *truth)
{
	for (;;) {
		struct cache_epochs before = epochs();
		uint64_t            v = atomic_load(truth);

		put(1, before, NOW, &v, sizeof(v));
	}
}

static void
no_reader_ever_brings_back_what_was_revoked(void **state)
{
	_Atomic uint64_t *truth =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t    pids[2];
	uint64_t hit_count = 0;

	(void)state;
	for (size_t i = 0; i < LEN(pids); i++)
		if ((pids[i] = fork()) == 0)
			reader(truth);
	for (uint64_t v = 1; v < 20000; v++) {
		atomic_store(truth, v); /* the commit */
		cache_bump_user(s, &user);
		for (int i = 0; i < 20; i++) {
			char     out[CACHE_VALUE_MAX + 1];
			int64_t  checked;
			uint64_t got;

			if (!get(1, NOW, out, &checked))
				continue;
			memcpy(&got, out, sizeof(got));
			assert_int_equal(got, v); /* never an older one */
			hit_count++;
		}
	}
	for (size_t i = 0; i < LEN(pids); i++) {
		kill(pids[i], SIGKILL);
		waitpid(pids[i], NULL, 0);
	}
	print_message("%llu hits\n", (unsigned long long)hit_count);
	assert_true(hit_count > 0);
	munmap((void *)(uintptr_t)truth, 4096);
}

/* Values say which key they belong to, all over their length. */
static void
fill(unsigned i, unsigned round, char out[static CACHE_VALUE_MAX], size_t *n)
{
	*n = 8 + (i * 131 + round * 17) % (CACHE_VALUE_MAX - 8);
	memset(out, (int)('a' + i % 26), *n);
	memcpy(out, &i, sizeof(i));
}

static void
check_value(unsigned i, const char *out, size_t n)
{
	assert_memory_equal(out, &i, sizeof(i));
	for (size_t at = sizeof(i); at < n; at++)
		assert_int_equal(out[at], 'a' + i % 26);
}

static void
writer(unsigned seed)
{
	for (unsigned round = seed;; round++) {
		char     value[CACHE_VALUE_MAX];
		unsigned i = round * 2654435761u % 200;
		size_t   n;

		fill(i, round, value, &n);
		put(i, epochs(), NOW + round % 1000, value, n);
	}
}

static void
killed_writers_leave_nothing_broken(void **state)
{
	unsigned found = 0;

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		pid_t a = fork(), b;

		if (a == 0)
			writer(round);
		b = fork();
		if (b == 0)
			writer(round + 7777);
		for (unsigned i = 0; i < 2000; i++) {
			char    out[CACHE_VALUE_MAX];
			uint8_t key[32];
			size_t  n;
			int64_t checked;

			key_of(i % 200, key);
			if (!cache_get(s, key, NOW, out, &n, &checked))
				continue;
			check_value(i % 200, out, n);
			found++;
		}
		kill(a, SIGKILL);
		kill(b, SIGKILL);
		waitpid(a, NULL, 0);
		waitpid(b, NULL, 0);
	}
	print_message("%u hits\n", found);
	assert_true(found > 1000);
	/* Two seconds later every place can be used again. */
	for (unsigned i = 0; i < 200; i++) {
		put(i, epochs(), NOW + 3000, "again", 5);
		assert_true(hits(i, NOW + 3000));
	}
}

static void
an_entry_of_a_dead_writer_is_free_after_a_second(void **state)
{
	uint8_t             key[32];
	struct cache_entry *x = NULL;

	(void)state;
	key_of(1, key);
	for (size_t i = 0; i < ENTRIES; i++)
		atomic_store(&s->cache[i].word, (UINT64_C(5) << 32) | (uint32_t)NOW | 1);
	put(1, epochs(), NOW + 500, "caller", 6);
	assert_false(hits(1, NOW + 500));
	put(1, epochs(), NOW + 1100, "caller", 6);
	assert_true(hits(1, NOW + 1100));
	for (size_t i = 0; i < ENTRIES; i++)
		if ((uint32_t)atomic_load(&s->cache[i].word) == 0)
			x = &s->cache[i];
	assert_non_null(x);
	assert_int_equal(atomic_load(&x->word) >> 32, 6);
}

/* A writer that slept lost its entry and goes on writing: the mixture is no hit. */
static void
a_mixture_of_two_writers_is_no_hit(void **state)
{
	struct cache_entry *x = NULL;
	uint64_t            was;

	(void)state;
	put(1, epochs(), NOW, "caller", 6);
	for (size_t i = 0; i < ENTRIES; i++)
		if (atomic_load(&s->cache[i].word) != 0)
			x = &s->cache[i];
	assert_non_null(x);
	for (size_t i = 0; i < LEN(x->body); i++) {
		was = atomic_load(&x->body[i]);
		atomic_store(&x->body[i], was ^ 0x100);
		if (hits(1, NOW))
			assert_true(i * 8 >= 88); /* behind the value: of no account */
		atomic_store(&x->body[i], was);
	}
	assert_true(hits(1, NOW));
}

static void
the_longest_unused_goes_first(void **state)
{
	unsigned same[6], n = 0;
	uint8_t  key[32];

	(void)state;
	/* Six keys of one bucket of four. */
	for (unsigned i = 0; n < LEN(same); i++) {
		key_of(i, key);
		if ((key[0] & (ENTRIES / 4 - 1)) == 5)
			same[n++] = i;
	}
	for (unsigned i = 0; i < 4; i++)
		put(same[i], epochs(), NOW + i, "x", 1);
	assert_true(hits(same[0], NOW + 10));
	put(same[4], epochs(), NOW + 11, "x", 1);
	assert_true(hits(same[0], NOW + 12));
	assert_false(hits(same[1], NOW + 12));
	assert_true(hits(same[2], NOW + 12));
	cache_bump_user(s, &user); /* all are worthless now: no live one is pushed out */
	put(same[5], epochs(), NOW + 13, "x", 1);
	put(same[0], epochs(), NOW + 14, "x", 1);
	assert_true(hits(same[5], NOW + 15));
	assert_true(hits(same[0], NOW + 15));
}

static void
without_entries_there_is_no_cache(void **state)
{
	struct segment_options o = { fixture.path, 0 };
	struct err             e = { 0 };

	(void)state;
	talloc_free(s);
	s = segment_open(mem, &o, &e);
	assert_non_null(s);
	put(1, epochs(), NOW, "caller", 6);
	assert_false(hits(1, NOW));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_put_is_found_until_its_end),
		TEST(keys_that_differ_in_one_bit_are_different),
		TEST(each_bump_ends_what_it_concerns),
		TEST(confirming_moves_the_instant_and_nothing_else),
		TEST(a_value_read_before_a_revocation_is_no_hit_after_it),
		TEST(no_reader_ever_brings_back_what_was_revoked),
		TEST(killed_writers_leave_nothing_broken),
		TEST(an_entry_of_a_dead_writer_is_free_after_a_second),
		TEST(a_mixture_of_two_writers_is_no_hit),
		TEST(the_longest_unused_goes_first),
		TEST(without_entries_there_is_no_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
