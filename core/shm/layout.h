/*
 * layout.h - the shared segment from within: what stands where.  For core/shm only.
 *
 * The file is a fixed part (header, epochs, rates, metrics, slots ...) followed by the
 * caller cache, whose size is configuration.  They are two mappings: the fixed
 * part keeps its address for the life of the process, also when segment_check()
 * puts another file under it, because counters in it are handed out.
 *
 * Whoever changes anything here raises SEGMENT_VERSION.  What stands in it under a
 * number means what the lists say that number them (SEGMENT_LISTS): a file of
 * another order is as strange as one of another version.
 */
#ifndef BSX_SHM_LAYOUT_H
#define BSX_SHM_LAYOUT_H

#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>

#include "core/shm/cache.h"
#include "core/shm/circuit.h"
#include "core/shm/issuer.h"
#include "core/shm/metric.h"
#include "core/shm/pause.h"
#include "core/shm/permit.h"
#include "core/shm/process.h"
#include "core/shm/rate.h"
#include "core/shm/segment.h"
#include "core/shm/slot.h"
#include "core/shm/tally.h"

#define SEGMENT_MAGIC   0x31475358534D4853u
#define SEGMENT_VERSION 12

/* The metrics with their labels, the lanes, the kinds of connections: one text, which changes as they do. */
#define SEGMENT_METRIC(id, name, type, help, ...) name " " type " " #__VA_ARGS__ "\n"
#define SEGMENT_LANE(id, ...)                     #id "\n"
#define SEGMENT_KIND(kind)                        kind "\n"
#define SEGMENT_LISTS METRICS(SEGMENT_METRIC) LANES(SEGMENT_LANE) PROCESS_KINDS(SEGMENT_KIND)

struct segment_header {
	uint64_t magic;
	uint64_t version;
	uint64_t order;         /* hash_quick() of SEGMENT_LISTS */
	uint64_t fixed_size;    /* bytes of the fixed part; the cache begins there */
	uint64_t cache_entries; /* a power of two, or 0 */
};

/* Upper bounds of the histogram's buckets; the last bucket has none. */
#define METRIC_BUCKETS 15

struct metric_series {
	_Atomic uint32_t state; /* SERIES_EMPTY -> SERIES_CLAIMED -> SERIES_READY, never back */
	uint32_t         hash;  /* this and the next two are constant once ready */
	uint32_t         metric;
	char             labels[METRIC_LABELS_MAX + 4]; /* their values, each with its NUL */
	_Atomic uint64_t value;  /* counter, or the bits of a gauge's double */
	_Atomic uint64_t sum_ns; /* histogram */
	_Atomic uint64_t buckets[METRIC_BUCKETS];
};

struct metric_table {
	_Atomic uint64_t     dropped;     /* series that did not fit */
	_Atomic uint64_t     log_dropped; /* see metric_log_dropped() */
	struct metric_series series[METRIC_SERIES_MAX];
};

/*
 * One word guards one entry: the upper half counts its versions; the lower half
 * is 0 while the entry rests, else the odd instant (ms) at which a writer began.
 */
struct cache_entry {
	_Atomic uint64_t word;
	_Atomic int64_t  used_ms; /* last hit, for the choice of a victim */
	_Atomic uint64_t body[(CACHE_VALUE_MAX + 112) / 8]; /* a struct cache_body */
};

struct slot {
	_Atomic uint32_t seq; /* odd while its worker writes */
	_Atomic int64_t  started_ms;
	_Atomic uint64_t text[(64 + 96) / 8]; /* request id, route */
};

struct process {
	_Atomic int32_t pid; /* 0: nobody's */
	_Atomic int32_t connections[PROCESS_KINDS_N];
};

/* What is known of one identity provider; guarded by a word like a cache_entry. */
struct issuer_body {
	uint64_t sum; /* over everything behind it that is in use */
	uint8_t  key[32];
	uint64_t owner;
	int64_t  claimed_ms, ended_ms, fetched_ms, withdrawn_ms;
	uint32_t n; /* bytes of text */
	uint32_t pad;
	char     text[ISSUER_TEXT_MAX];
};

struct issuer_entry {
	_Atomic uint64_t word;
	_Atomic int64_t  used_ms;
	_Atomic uint64_t body[sizeof(struct issuer_body) / 8];
};

/* What is known of one database server; see circuit.h. */
struct circuit {
	_Atomic uint64_t server;   /* 0: nobody's yet, never taken away */
	_Atomic int64_t  until_ms; /* 0: closed; else nobody connects before */
	_Atomic int64_t  doubt_ms; /* when somebody last asked whether it is silent */
	_Atomic uint64_t refused;  /* instant and number of the last refused change */
	_Atomic int64_t  answered_ms; /* when somebody last connected; 0: never */
	_Atomic int64_t  crowded_ms;  /* when it last took no more prepared statements; 0: never */
};

struct segment_fixed {
	struct segment_header head;
	_Atomic uint32_t      epochs[CACHE_EPOCH_CELLS];
	_Atomic uint64_t      rates[RATE_CELLS];
	_Atomic uint64_t      tallies[TALLY_CELLS];
	_Atomic uint64_t      pauses[PAUSE_CELLS];
	_Atomic uint32_t      wake; /* wake.h */
	struct metric_table   metrics;
	struct slot           slots[SLOTS_MAX];
	struct process        processes[PROCESSES_MAX];
	struct issuer_entry   issuers[ISSUERS_MAX];
	struct circuit        circuits[CIRCUITS_MAX];
};

struct segment {
	char                 *path;
	uint64_t              want_entries; /* for a file that we make ourselves */
	int                   fd;           /* of the file mapped; permits lock bytes of it */
	dev_t                 dev;
	ino_t                 ino;
	int64_t               next_check_ns;
	struct segment_fixed *fixed;
	struct cache_entry   *cache;
	uint64_t              cache_entries;
	int32_t               self; /* the process that the next two are of */
	int32_t               connections[PROCESS_KINDS_N];
	struct process       *place;
};

/* Copies between private memory and shared words; n is a multiple of 8. */
static inline void
words_load(void *out, const _Atomic uint64_t *words, size_t n)
{
	for (size_t i = 0; i < n / 8; i++) {
		uint64_t w = atomic_load_explicit(&words[i], memory_order_relaxed);

		memcpy((char *)out + 8 * i, &w, 8);
	}
}

static inline void
words_store(_Atomic uint64_t *words, const void *in, size_t n)
{
	for (size_t i = 0; i < n / 8; i++) {
		uint64_t w;

		memcpy(&w, (const char *)in + 8 * i, 8);
		atomic_store_explicit(&words[i], w, memory_order_relaxed);
	}
}

#endif
