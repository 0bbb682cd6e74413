#include "drift/run/masking.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/daily.h"
#include "drift/engine/masked.h"
#include "drift/run/plan.h"

/* The rows of one snapshot, and what they are of. */
struct counting {
	struct masked_change       rows[MASKING_PLACES_MAX + 1];
	const struct masked_place *of[MASKING_PLACES_MAX + 1]; /* NULL: of many */
	uint8_t                    places[MASKING_PLACES_MAX + 1][HASH_LEN];
	uint8_t                    rest_values[HASH_LEN];
	size_t                     n;
};

static int
by_changes(const void *a, const void *b)
{
	const struct masked_place *x = *(const struct masked_place *const *)a;
	const struct masked_place *y = *(const struct masked_place *const *)b;

	return x->changes != y->changes ? (x->changes < y->changes ? 1 : -1)
					: memcmp(x->place, y->place, HASH_LEN);
}

static void
add_row(struct counting *c, const struct ingest *in, const struct masked_place *of,
    const uint8_t *place, const uint8_t *values, int64_t changes)
{
	uint8_t  key[sizeof in->config->id.b + HASH_LEN];
	uint8_t *out = c->places[c->n];

	memcpy(key, in->config->id.b, sizeof in->config->id.b);
	memcpy(key + sizeof in->config->id.b, place, HASH_LEN);
	hash_hmac(in->t->address_key, sizeof(in->t->address_key), key, sizeof(key), out);
	c->of[c->n] = of;
	c->rows[c->n++] = (struct masked_change) { .actor = in->pusher,
		.place = { out, HASH_LEN },
		.config_id = in->config->id,
		.day = in->received_at.ms / DAY_MS,
		.changes = changes,
		.last = { values, HASH_LEN } };
}

/* Those with most changes; all others as one place. */
static bool
count_places(TALLOC_CTX *mem, const struct ingest *in, const struct masked_places *m,
    struct counting *c, struct err *e)
{
	static const uint8_t        many[HASH_LEN];
	const struct masked_place **all =
	    talloc_array(mem, const struct masked_place *, (unsigned)m->n + 1);
	int64_t rest = m->beyond.changes;

	if (all == NULL)
		return err_memory(e);
	for (size_t i = 0; i < m->n; i++)
		all[i] = &m->items[i];
	if (m->n > 1)
		qsort(all, m->n, sizeof(all[0]), by_changes);
	memcpy(c->rest_values, m->beyond.values, HASH_LEN);
	for (size_t i = 0; i < m->n; i++) {
		if (i < MASKING_PLACES_MAX) {
			add_row(c, in, all[i], all[i]->place, all[i]->values, all[i]->changes);
			continue;
		}
		rest = rest > all[i]->changes ? rest : all[i]->changes;
		for (size_t k = 0; k < HASH_LEN; k++)
			c->rest_values[k] ^= all[i]->values[k];
	}
	if (rest > 0)
		add_row(c, in, NULL, many, c->rest_values, rest);
	return true;
}

static int
by_place(const void *a, const void *b)
{
	return memcmp(((const struct masked_change *)a)->place.p,
	    ((const struct masked_change *)b)->place.p, HASH_LEN);
}

static const struct masked_place *
place_of(const struct counting *c, const struct masked_change *row)
{
	for (size_t i = 0; i < c->n; i++)
		if (memcmp(c->places[i], row->place.p, HASH_LEN) == 0)
			return c->of[i];
	return NULL;
}

static bool
ask_due(
    struct db *db, const struct ingest *in, struct plan *p, const struct counting *c, struct err *e)
{
	struct masked_change *rows;

	if (!masked_changes_due(
		db, p, &in->pusher, in->received_at.ms / DAY_MS, &rows, &p->masking_n, e))
		return false;
	p->masking_due = talloc_zero_size(p, (p->masking_n + 1) * sizeof(p->masking_due[0]));
	if (p->masking_due == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->masking_n; i++)
		p->masking_due[i] = (struct masking) { rows[i], place_of(c, &rows[i]) };
	return true;
}

bool
masking_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	const struct masked_places *m = p->counted == NULL ? NULL : diff_masked(p->counted);
	struct counting            *c;

	p->masking_n = 0;
	if (m == NULL || m->n == 0 || p->kind == PLAN_AGAIN)
		return true;
	c = talloc_zero(p, struct counting);
	if (c == NULL)
		return err_memory(e);
	if (!count_places(c, in, m, c, e))
		return false;
	if (c->n > 1)
		qsort(c->rows, c->n, sizeof(c->rows[0]), by_place);
	return masked_changes_add(db, c->rows, c->n, e) && ask_due(db, in, p, c, e);
}
