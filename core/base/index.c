#include "core/base/index.h"

#include <stdlib.h>
#include <string.h>

#define SMALL  8   /* entries up to which all are compared with all */
#define AHEAD  16  /* entries that look_ahead is in front */
#define PROBES 100 /* a table of honest hashes, half full, needs a few */

uint64_t
index_hash(struct str s, uint32_t tag)
{
	uint64_t h = (0x9E3779B97F4A7C15u * (s.n + 1)) ^ tag, w;
	size_t   i = 0;

	for (; s.n - i >= 8; i += 8) {
		memcpy(&w, s.p + i, 8);
		h = (h ^ w) * 0xFF51AFD7ED558CCDu;
		h ^= h >> 32;
	}
	w = 0;
	for (size_t j = 0; i + j < s.n; j++)
		w |= (uint64_t)(uint8_t)s.p[i + j] << (8 * j);
	h = (h ^ w) * 0xC4CEB9FE1A85EC53u;
	return h ^ (h >> 29);
}

struct index_entry
index_entry(struct str text, uint32_t tag)
{
	return (struct index_entry) { (uint32_t)index_hash(text, tag), tag, text };
}

bool
index_same(const struct index_entry *a, const struct index_entry *b)
{
	return a->hash == b->hash && a->tag == b->tag && str_eq(a->text, b->text);
}

static void
group_small(
    const struct index_entry *v, uint32_t n, uint32_t *group, uint32_t *groups, uint64_t *compared)
{
	*groups = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = 0;

		while (j < i && !index_same(&v[j], &v[i]))
			j++;
		*compared += j + (j < i);
		group[i] = j < i ? group[j] : (*groups)++;
	}
}

/* ---- the table: a slot holds the index of the first entry of its group, plus one ---- */

static uint32_t *
find_slot(const struct index_entry *v, const struct index_entry *what, uint32_t *slots,
    uint64_t mask, uint64_t *compared)
{
	for (uint64_t i = 0; i < PROBES; i++) {
		uint32_t *slot = &slots[(what->hash + i) & mask];

		*compared += *slot != 0;
		if (*slot == 0 || index_same(&v[*slot - 1], what))
			return slot;
	}
	return NULL;
}

/* A large table's slots, and the entries in them, are asked for in good time. */
static inline void
look_ahead(
    const struct index_entry *v, uint32_t n, const uint32_t *slots, uint64_t mask, uint32_t i)
{
	uint32_t next;

	if (n - i <= 2 * AHEAD)
		return;
	__builtin_prefetch(&slots[v[i + 2 * AHEAD].hash & mask], 1);
	next = slots[v[i + AHEAD].hash & mask];
	if (next != 0)
		__builtin_prefetch(&v[next - 1]);
}

/* False: too many collisions to go on. */
static bool
group_hashed(const struct index_entry *v, uint32_t n, uint32_t *slots, uint64_t mask,
    uint32_t *group, uint32_t *groups, uint64_t *compared)
{
	uint32_t last = n; /* where the one before was found */

	*groups = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t *slot;

		/* what follows it there often follows it here */
		*compared += last < i;
		if (last < i && index_same(&v[last + 1], &v[i])) {
			group[i] = group[++last];
			continue;
		}
		look_ahead(v, n, slots, mask, i);
		slot = find_slot(v, &v[i], slots, mask, compared);
		if (slot == NULL)
			return false;
		last = *slot != 0 ? *slot - 1 : n;
		group[i] = *slot != 0 ? group[last] : (*groups)++;
		if (*slot == 0)
			*slot = i + 1;
	}
	return true;
}

/* ---- the sort ---- */

static int
cmp(const void *a, const void *b, void *compared)
{
	const struct index_entry *const *x = a, *const *y = b;

	++*(uint64_t *)compared;
	if ((*x)->tag != (*y)->tag)
		return (*x)->tag < (*y)->tag ? -1 : 1;
	return str_cmp((*x)->text, (*y)->text);
}

static bool
group_sorted(TALLOC_CTX *tmp, const struct index_entry *v, uint32_t n, uint32_t *group,
    uint32_t *groups, uint64_t *compared, struct err *e)
{
	const struct index_entry **sorted = talloc_array(tmp, const struct index_entry *, n);

	if (sorted == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = &v[i];
	qsort_r(sorted, n, sizeof *sorted, cmp, compared);
	*compared += n;
	*groups = 0;
	for (uint32_t i = 0; i < n; i++) {
		*groups += i == 0 || !index_same(sorted[i - 1], sorted[i]);
		group[sorted[i] - v] = *groups - 1;
	}
	talloc_free(sorted);
	return true;
}

bool
index_group(TALLOC_CTX *tmp, const struct index_entry *v, uint32_t n, uint32_t *group,
    uint32_t *groups, struct err *e)
{
	uint64_t compared = 0;

	return index_group_counted(tmp, v, n, group, groups, &compared, e);
}

bool
index_group_counted(TALLOC_CTX *tmp, const struct index_entry *v, uint32_t n, uint32_t *group,
    uint32_t *groups, uint64_t *compared, struct err *e)
{
	uint64_t  size = 32;
	uint32_t *slots;
	bool      done;

	if (n <= SMALL) {
		group_small(v, n, group, groups, compared);
		return true;
	}
	while (size < 2 * (uint64_t)n)
		size *= 2;
	slots = talloc_zero_size(tmp, size * sizeof *slots);
	if (slots == NULL)
		return err_memory(e);
	done = group_hashed(v, n, slots, size - 1, group, groups, compared);
	talloc_free(slots);
	return done || group_sorted(tmp, v, n, group, groups, compared, e);
}
