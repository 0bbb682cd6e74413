/*
 * Properties of the shared segment: whatever stands in the file, opening it takes it or
 * makes a new one, and everything that is kept in it answers in time and within its
 * bounds: it is a hint, and a process killed at the worst moment may have left anything.
 *
 * Input: a file, if its first byte is 1 (modulo 8); else patches of a segment in use, each of a
 * part's number, two bytes of place, one of length, and the bytes.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/shm/layout.h"
#include "core/shm/permit.h"

#define ENTRIES 64
#define NOW_MS  1700000000000
#define PATCHES 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static char            path[64];
static struct segment *segment;

static void
clean(void)
{
	char lock[80];

	unlink(path);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
}

static struct segment *
open_it(void)
{
	const struct segment_options o = { path, ENTRIES };
	struct err                   e = { 0 };
	struct segment              *s = segment_open(NULL, &o, &e);

	assert(s != NULL);
	return s;
}

static void
use_cache(struct segment *s, const uint8_t key[static 32])
{
	static const struct uuid id = { { 7 } };
	char                     out[CACHE_VALUE_MAX];
	size_t                   n;
	int64_t                  checked;
	struct cache_epochs      before = cache_epochs_read(s, &id, &id, &id);

	if (cache_get(s, key, NOW_MS, out, &n, &checked))
		assert(n <= sizeof(out));
	cache_confirm(s, key, NOW_MS);
	cache_put(
	    s, key, &(struct cache_value) { key, 32, id, id, id, before, NOW_MS + 1000 }, NOW_MS);
	cache_bump_user(s, &id);
	assert(!cache_get(s, key, NOW_MS, out, &n, &checked) || n <= sizeof(out));
}

static void
use_metrics(struct segment *s, TALLOC_CTX *mem, bool print)
{
	struct buf b;

	buf_make(&b, mem);
	metric_add(s, METRIC_RATE_LIMITED, METRIC_BY("login"), 1);
	metric_observe(s, METRIC_HTTP_SECONDS, METRIC_BY("/"), 1000);
	metric_set(s, METRIC_OUTBOX_PENDING, NULL, 1);
	if (!print)
		return;
	metric_print(&b, s);
	assert(buf_ok(&b) && b.n > 0 && b.p[b.n - 1] == '\n' && memchr(b.p, '\0', b.n) == NULL);
}

static void
use_issuers(struct segment *s, TALLOC_CTX *mem, const uint8_t key[static 32])
{
	char               *text = talloc_size(mem, ISSUER_TEXT_MAX);
	struct issuer_state st;

	issuer_get(s, key, NOW_MS, text, &st);
	assert(st.n <= ISSUER_TEXT_MAX);
	if (issuer_claim(s, key, 7, NOW_MS, 1000))
		issuer_put(s, key, NOW_MS, "{}", 2);
	issuer_withdraw(s, key, NOW_MS);
}

static void
use_rest(struct segment *s, TALLOC_CTX *mem, const uint8_t key[static 32])
{
	struct rate       r = { .step_us = 1000, .burst = 3 };
	struct rate_left  left;
	struct slot_state slot;
	struct permits   *ps;
	struct permit     p = { .i = -1 };
	struct err        e = { 0 };
	uint64_t          k;

	memcpy(&k, key, sizeof(k));
	if (rate_take(s, k, &r, NOW_MS * 1000000, &left))
		assert(left.left >= 0 && left.left < r.burst);
	(void)slot_read(s, key[8], &slot);
	assert(memchr(slot.route, '\0', sizeof(slot.route)) != NULL);
	assert(memchr(slot.request_id, '\0', sizeof(slot.request_id)) != NULL);
	slot_begin(s, key[8], "id", NOW_MS);
	slot_end(s, key[8]);
	pause_add(s, k, NOW_MS, 10, 10);
	assert(pause_left(s, k, NOW_MS) <= PAUSE_MAX_MS);
	process_connection(s, "control", 1);
	process_connection(s, "control", -1);
	ps = permits_make(mem, s, 2, 0, 4, &e);
	assert(ps != NULL && permit_take(ps, &clock_system, &p, &e));
	permit_give(ps, &p);
	permit_leave(ps);
}

static void
use(struct segment *s, const uint8_t *data, size_t n)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	uint8_t     key[32] = { 0 };

	memcpy(key, data, n < sizeof(key) ? n : sizeof(key));
	use_cache(s, key);
	use_issuers(s, mem, key);
	use_metrics(s, mem, key[9] % 4 == 0);
	use_rest(s, mem, key);
	talloc_free(mem);
}

/* The first two entries of each part, and its last. */
static uint8_t *
place(uint8_t part, uint16_t at)
{
	struct segment_fixed *f = segment->fixed;
	const struct {
		void  *first, *last;
		size_t size;
	} parts[] = {
		{ f->epochs, &f->epochs[CACHE_EPOCH_CELLS - 1], 4 },
		{ f->rates, &f->rates[RATE_CELLS - 1], 8 },
		{ f->metrics.series, &f->metrics.series[METRIC_SERIES_MAX - 1],
		    sizeof(struct metric_series) },
		{ f->slots, &f->slots[SLOTS_MAX - 1], sizeof(struct slot) },
		{ f->processes, &f->processes[PROCESSES_MAX - 1], sizeof(struct process) },
		{ f->issuers, &f->issuers[ISSUERS_MAX - 1], sizeof(struct issuer_entry) },
		{ f->pauses, &f->pauses[PAUSE_CELLS - 1], 8 },
		{ segment->cache, &segment->cache[ENTRIES - 1], sizeof(struct cache_entry) },
	};
	size_t i = part % (sizeof(parts) / sizeof(parts[0])), off = at % (3 * parts[i].size);

	if (off < 2 * parts[i].size)
		return (uint8_t *)parts[i].first + off;
	return (uint8_t *)parts[i].last + off - 2 * parts[i].size;
}

static void
patch(const uint8_t *data, size_t n)
{
	for (int i = 0; i < PATCHES && n > 4; i++) {
		uint16_t at = (uint16_t)(data[1] | data[2] << 8);

		for (size_t k = 0; k < data[3] && 4 + k < n; k++)
			*place(data[0], (uint16_t)(at + k)) = data[4 + k];
		if (n <= 4 + (size_t)data[3])
			return;
		n -= 4 + (size_t)data[3];
		data += 4 + data[3];
	}
}

static void
check_file(const uint8_t *data, size_t n)
{
	int             fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t           whole = (off_t)sizeof(struct segment_fixed);
	struct segment *s;

	assert(fd >= 0 && write(fd, data, n) == (ssize_t)n);
	if (n > 0 && data[n - 1] % 2 == 0)
		assert(ftruncate(fd, whole + data[n - 1] * 4096) == 0);
	close(fd);
	s = open_it();
	use(s, data, n);
	talloc_free(s);
}

static void
reset(void)
{
	memset((void *)segment->fixed->epochs, 0,
	    sizeof(struct segment_fixed) - offsetof(struct segment_fixed, epochs));
	memset(segment->cache, 0, ENTRIES * sizeof(struct cache_entry));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static unsigned since;

	if (path[0] == '\0') {
		snprintf(path, sizeof(path), "/dev/shm/bsx-fuzz-segment-%d", (int)getpid());
		atexit(clean);
	}
	if (n > 0 && data[0] % 8 == 1) {
		talloc_free(segment);
		segment = NULL;
		check_file(data + 1, n - 1);
		return 0;
	}
	if (segment == NULL) {
		clean();
		segment = open_it();
	}
	if (since++ % 256 == 0)
		reset();
	if (n > 0) {
		use(segment, data + 1, n - 1); /* entries that are whole, to be spoilt */
		patch(data + 1, n - 1);
		use(segment, data + 1, n - 1);
	}
	return 0;
}
