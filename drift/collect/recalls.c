#include "drift/collect/recalls.h"

#include <string.h>

#define BUCKETS     4096 /* a power of 2 */
#define CHUNK_BYTES 112  /* what a chunk costs beside its bytes */

struct entry {
	struct entry    *next;          /* of its bucket */
	struct entry    *newer, *older; /* of all, by their use */
	struct uuid      tenant, config;
	struct recalled *what;
	size_t           bytes;
};
struct recalls {
	struct hash_key *key;
	struct entry    *buckets[BUCKETS];
	struct entry    *newest, *oldest;
	size_t           bytes;
};

struct recalls *
recalls_make(TALLOC_CTX *mem, struct rand *rand)
{
	struct recalls *all = talloc_zero(mem, struct recalls);
	uint8_t         key[HASH_LEN];

	if (all == NULL)
		return NULL;
	rand_fill(rand, key, sizeof(key));
	all->key = hash_key_make(all, key, sizeof(key));
	explicit_bzero(key, sizeof(key));
	if (all->key == NULL)
		TALLOC_FREE(all);
	return all;
}

const struct hash_key *
recalls_key(const struct recalls *all)
{
	return all->key;
}

static struct entry **
bucket_of(struct recalls *all, const struct uuid *config)
{
	uint32_t h;

	memcpy(&h, config->b + sizeof(config->b) - sizeof(h), sizeof(h)); /* random bits */
	return &all->buckets[h & (BUCKETS - 1)];
}

static struct entry **
place_of(struct recalls *all, const struct uuid *tenant, const struct uuid *config)
{
	struct entry **at = bucket_of(all, config);

	while (
	    *at != NULL && (!uuid_eq(&(*at)->config, config) || !uuid_eq(&(*at)->tenant, tenant)))
		at = &(*at)->next;
	return at;
}

/* Out of the lists; what it has is its taker's. */
static void
drop(struct recalls *all, struct entry **at)
{
	struct entry *x = *at;

	*at = x->next;
	*(x->newer != NULL ? &x->newer->older : &all->newest) = x->older;
	*(x->older != NULL ? &x->older->newer : &all->oldest) = x->newer;
	all->bytes -= x->bytes;
	talloc_free(x);
}

struct recalled *
recalls_take(struct recalls *all, TALLOC_CTX *mem, const struct uuid *tenant,
    const struct uuid *config, int64_t now_ms)
{
	struct entry   **at = place_of(all, tenant, config);
	struct recalled *what;

	if (*at == NULL)
		return NULL;
	what = __extension__ talloc_steal(mem, (*at)->what);
	drop(all, at);
	if (now_ms - what->read_ms >= RECALLS_MAX_MS)
		TALLOC_FREE(what);
	return what;
}

static size_t
bytes_of(const struct recalled *what)
{
	return sizeof(struct entry) + sizeof(*what) + recall_bytes(what->reading) +
	       what->head.hits_n * sizeof(what->head.hits[0]) + 5 * CHUNK_BYTES;
}

void
recalls_give(struct recalls *all, const struct uuid *tenant, const struct uuid *config,
    struct recalled *what)
{
	struct entry **at = place_of(all, tenant, config), *x = talloc_zero(all, struct entry);

	if (*at != NULL)
		drop(all, at);
	if (x == NULL) {
		talloc_free(what);
		return;
	}
	at = bucket_of(all, config);
	*x = (struct entry) { .next = *at,
		.older = all->newest,
		.tenant = *tenant,
		.config = *config,
		.what = __extension__ talloc_steal(x, what),
		.bytes = bytes_of(what) };
	*at = x;
	*(x->older != NULL ? &x->older->newer : &all->oldest) = x;
	all->newest = x;
	all->bytes += x->bytes;
	while (all->bytes > RECALLS_BYTES_MAX)
		drop(all, place_of(all, &all->oldest->tenant, &all->oldest->config));
}
