#include "drift/collect/collect_recall.h"

#include <string.h>
#include <sys/mman.h>

#include "drift/collect/recalls.h"
#include "drift/source/rest.h"

#define SHARED_BYTES    65536
#define SHARED_HITS_MAX ((SHARED_BYTES - sizeof(struct recall_shared)) / sizeof(uint32_t))

/* Between a run's process and the one that writes it. */
struct recall_shared {
	bool     there;
	uint8_t  packs[HASH_LEN], digest[HASH_LEN];
	uint32_t hits_n;
	uint32_t hits[];
};

/* All that a page's meaning hangs on, but what packs say of comparing (struct drift_spec). */
static void
terms_of(const struct collect_run *r, uint8_t out[static HASH_LEN])
{
	const struct drift_config *c = &r->running.config;
	const struct tenant_db    *t = r->running.t;
	const struct str           parts[] = {
			  { (const char *)t->tenant->id.b, sizeof(t->tenant->id.b) },
			  { (const char *)t->address_key, sizeof(t->address_key) },
			  { (const char *)c->id.b, sizeof(c->id.b) },
			  { (const char *)&c->version, sizeof(c->version) },
			  { (const char *)&c->edition, sizeof(c->edition) },
			  { (const char *)r->spec->source.rest->pack->digest, HASH_LEN },
			  str_of(r->credential.name),
	};

	hash_key_parts(recalls_key(r->c->recalls), parts, sizeof(parts) / sizeof(parts[0]), out);
}

static bool
is_recalled(const struct collect_run *r)
{
	return r->c->recalls != NULL && r->spec->source.rest != NULL &&
	       running_counts(&r->running.run) && !running_is_partial(&r->running.run);
}

void
collect_recall_begin(struct collect_run *r, int64_t now_ms)
{
	struct run_recall *x = &r->recall;

	if (!is_recalled(r))
		return;
	terms_of(r, x->terms);
	x->tenant = r->running.t->tenant->id;
	x->known = recalls_take(r->c->recalls, r, &x->tenant, &r->running.config.id, now_ms);
	if (x->known != NULL && memcmp(x->known->terms, x->terms, HASH_LEN) != 0)
		TALLOC_FREE(x->known);
	x->of_source = (struct recall_terms) { recalls_key(r->c->recalls),
		x->known == NULL ? NULL : x->known->reading };
}

static void
tell_parent(
    struct recall_shared *to, const struct drift_spec *spec, const struct snapshot_head *head)
{
	if (head->hits_n > SHARED_HITS_MAX)
		return;
	memcpy(to->packs, spec->packs_digest, HASH_LEN);
	memcpy(to->digest, head->digest, HASH_LEN);
	to->hits_n = head->hits_n;
	if (head->hits_n > 0)
		memcpy(to->hits, head->hits, head->hits_n * sizeof(head->hits[0]));
	to->there = true;
}

/* What was known is of another reading now. */
static void
learn(struct collect_run *r, const uint8_t packs[static HASH_LEN], const struct snapshot_head *head)
{
	struct recall   *reading = r->drive == NULL ? NULL : drive_collected(r->drive)->recall;
	struct recalled *x = NULL;

	TALLOC_FREE(r->recall.known);
	if (r->recall.of_source.key != NULL && reading != NULL)
		x = talloc_zero(r, struct recalled);
	if (x == NULL)
		return;
	memcpy(x->terms, r->recall.terms, HASH_LEN);
	memcpy(x->packs, packs, HASH_LEN);
	x->head = *head;
	x->head.hits = talloc_memdup(x, head->hits, head->hits_n * sizeof(head->hits[0]));
	x->reading = __extension__ talloc_steal(x, reading);
	x->read_ms = clock_ns(&clock_system) / 1000000;
	if (x->head.hits != NULL || head->hits_n == 0)
		r->recall.known = x;
}

void
collect_recall_learn(
    struct collect_run *r, const struct drift_spec *spec, const struct snapshot_head *head)
{
	if (r->recall.shared != NULL && head != NULL)
		tell_parent(r->recall.shared, spec, head);
	else if (head != NULL)
		learn(r, spec->packs_digest, head);
	else
		TALLOC_FREE(r->recall.known);
}

const struct snapshot_head *
collect_recall_head(const struct collect_run *r, const struct drift_spec *spec)
{
	const struct recalled *x = r->recall.known;

	return x != NULL && memcmp(x->packs, spec->packs_digest, HASH_LEN) == 0 ? &x->head : NULL;
}

void
collect_recall_end(struct collect_run *r)
{
	struct run_recall *x = &r->recall;

	if (x->known != NULL)
		recalls_give(r->c->recalls, &x->tenant, &r->running.config.id, x->known);
	x->known = NULL;
	x->of_source.key = NULL;
}

/* ---- from a process that writes ---- */

void
collect_recall_share(struct collect_run *r)
{
	void *p;

	if (r->recall.of_source.key == NULL)
		return;
	p = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r->recall.shared = p == MAP_FAILED ? NULL : p;
}

void
collect_recall_hear(struct collect_run *r)
{
	struct recall_shared *from = r->recall.shared;
	struct snapshot_head  head;

	if (from == NULL)
		return;
	r->recall.shared = NULL;
	if (from->there) {
		head = (struct snapshot_head) { .hits = from->hits, .hits_n = from->hits_n };
		memcpy(head.digest, from->digest, HASH_LEN);
		learn(r, from->packs, &head);
	}
	(void)munmap(from, SHARED_BYTES);
}
