#include "drift/snapshot/normal_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/chunks.h"
#include "drift/engine/redact.h"
#include "drift/snapshot/baseline.h"

#define TEXT_COPIED    65536 /* bytes up to which one is copied to where the others are */
#define STEPS_RESOURCE 200   /* to normalise, print and hash one, beside its bytes */

int
place_order(struct str category_a, struct str key_a, struct str category_b, struct str key_b)
{
	int c = str_cmp(category_a, category_b);

	return c != 0 ? c : str_cmp(key_a, key_b);
}

static int
by_place(const void *a, const void *b)
{
	const struct resource *x = &((const struct normal_resource *)a)->r;
	const struct resource *y = &((const struct normal_resource *)b)->r;

	return place_order(x->category, x->key, y->category, y->key);
}

static int
by_category(const void *a, const void *b)
{
	return str_cmp(
	    ((const struct collection *)a)->category, ((const struct collection *)b)->category);
}

/* The entry of a category in a sorted list; NULL: none. */
static const struct collection *
collection_of_category(const struct collection *list, size_t n, struct str category)
{
	const struct collection want = { .category = category };

	return n == 0 ? NULL : bsearch(&want, list, n, sizeof(list[0]), by_category);
}

/* ---- resources ---- */

/* What all resources share while they are made ready. */
struct making {
	struct normal_snapshot  *s;
	const struct tenant_db  *t;
	const struct drift_spec *spec;
	enum resource_origin     from;
	struct redaction        *left_out;
	struct work             *work;
	struct chunks            room; /* for the texts */
	struct buf               text; /* of one */
};

/* A long text stays where it was made, short ones share their room. */
static const char *
kept_text(struct making *m)
{
	char *p;

	if (m->text.n <= TEXT_COPIED)
		return chunks_text(&m->room, buf_str(&m->text));
	p = talloc_realloc_size(m->s, m->text.p, m->text.n + 1);
	m->text.p = NULL;
	m->text.cap = 0;
	return p;
}

static bool
make_one(struct making *m, struct normal_resource *at, struct err *e)
{
	m->text.n = 0;
	if (!resource_normalise(m->s, m->spec->compare, &at->r, m->from, m->work, e) ||
	    (m->left_out != NULL && !redact(m->left_out, m->s, &at->r, e)) ||
	    !resource_canonical(&m->text, &at->r, e))
		return false;
	at->text = (struct str) { kept_text(m), m->text.n };
	if (!buf_ok(&m->text) || at->text.p == NULL)
		return err_memory(e);
	content_address(m->t, at->text, at->address);
	return work_spend(m->work, WORK_READ, STEPS_RESOURCE + WORK_BYTES(at->text.n), e);
}

static bool
make_resources(struct normal_snapshot *s, const struct tenant_db *t, const struct drift_spec *spec,
    const struct collected *in, struct work *work, struct err *e)
{
	struct making m = { .s = s,
		.t = t,
		.spec = spec,
		.from = in->from,
		.left_out = in->left_out,
		.work = work,
		.room = { .mem = s } };

	buf_make(&m.text, s);
	s->items = talloc_zero_size(s, (in->n + 1) * sizeof(s->items[0]));
	if (s->items == NULL)
		return err_memory(e);
	s->n = in->n;
	s->left_out = in->left_out;
	compare_hits_clear(spec->compare);
	for (size_t i = 0; i < in->n; i++) {
		s->items[i].r = in->resources[i];
		if (!make_one(&m, &s->items[i], e))
			return false;
	}
	talloc_free(m.text.p);
	s->hits = compare_hits_copy(s, spec->compare, e);
	if (s->hits == NULL)
		return false;
	if (s->n > 1)
		qsort(s->items, s->n, sizeof(s->items[0]), by_place);
	return true;
}

/* ---- collections ---- */

/* Named as the resources of theirs are. */
static bool
name_collections(struct normal_snapshot *s, const struct drift_spec *spec, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct resource r = { .category = s->collections[i].category };

		if (!resource_name(s, spec->compare, &r, RESOURCE_SOURCE, e))
			return false;
		s->collections[i].category = r.category;
	}
	return true;
}

/* The told ones first, so that sorting what the resources add cannot hide them. */
static bool
make_collections(struct normal_snapshot *s, const struct drift_spec *spec,
    const struct collected *in, struct err *e)
{
	size_t n = in->collections_n;

	s->collections =
	    talloc_zero_size(s, (n + (s->bare ? 0 : s->n) + 1) * sizeof(s->collections[0]));
	if (s->collections == NULL)
		return err_memory(e);
	if (n > 0)
		memcpy(s->collections, in->collections, n * sizeof(s->collections[0]));
	if (in->from == RESOURCE_SOURCE && !name_collections(s, spec, n, e))
		return false;
	if (n > 1)
		qsort(s->collections, n, sizeof(s->collections[0]), by_category);
	s->collections_n = n;
	for (size_t i = 0; i < s->n && !s->bare; i++) {
		struct str category = s->items[i].r.category;

		if (i > 0 && str_eq(category, s->items[i - 1].r.category))
			continue;
		if (collection_of_category(s->collections, n, category) == NULL)
			s->collections[s->collections_n++] =
			    (struct collection) { category, COLLECTION_COMPLETE, false, in->found };
	}
	if (s->collections_n > 1)
		qsort(s->collections, s->collections_n, sizeof(s->collections[0]), by_category);
	return true;
}

/* ---- digest ---- */

static void
digest_text(struct hash_hmac_ctx *h, struct str s)
{
	uint8_t n[4] = { (uint8_t)(s.n >> 24), (uint8_t)(s.n >> 16), (uint8_t)(s.n >> 8),
		(uint8_t)s.n };

	hash_hmac_add(h, n, sizeof(n));
	if (s.n > 0)
		hash_hmac_add(h, s.p, s.n);
}

static bool
make_digest(struct normal_snapshot *s, const struct tenant_db *t, struct err *e)
{
	struct hash_hmac_ctx *h = hash_hmac_make(s, t->address_key, sizeof(t->address_key));

	if (h == NULL)
		return err_memory(e);
	digest_text(h, STR("snapshot"));
	for (size_t i = 0; i < s->collections_n; i++) {
		digest_text(h, s->collections[i].category);
		digest_text(h, str_of(completeness_name(s->collections[i].how)));
	}
	digest_text(h, STR(""));
	for (size_t i = 0; i < s->n; i++) {
		digest_text(h, s->items[i].r.category);
		digest_text(h, s->items[i].r.key);
		hash_hmac_add(h, s->items[i].address, HASH_LEN);
	}
	hash_hmac_end(h, s->digest);
	return true;
}

struct normal_snapshot *
normal_snapshot_make(TALLOC_CTX *mem, const struct tenant_db *t, const struct drift_spec *spec,
    const struct collected *in, struct work *work, struct err *e)
{
	struct normal_snapshot *s = talloc_zero(mem, struct normal_snapshot);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (make_resources(s, t, spec, in, work, e) && make_collections(s, spec, in, e) &&
	    make_digest(s, t, e))
		return s;
	return NULL; /* faults may lie in it: it goes with `mem` */
}

/* What collects says of each collection how far it was read, so none follows from the resources. */
struct normal_snapshot *
normal_snapshot_of_head(TALLOC_CTX *mem, const struct drift_spec *spec, const struct collected *in,
    const struct snapshot_head *head, struct err *e)
{
	struct normal_snapshot *s = talloc_zero(mem, struct normal_snapshot);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	s->bare = true;
	s->n = in->n;
	memcpy(s->digest, head->digest, HASH_LEN);
	s->hits = head->hits;
	return make_collections(s, spec, in, e) ? s : NULL;
}

/* ---- stored ---- */

/* In the order they were stored in: by category. */
static bool
stored_collections(struct normal_snapshot *s, const char *text, struct err *e)
{
	const struct json *c = json_parse(s, str_of(text), e);

	if (c == NULL)
		return err_note(e, "reading a snapshot's collections");
	s->collections = talloc_zero_size(s, (c->n + 1) * sizeof(s->collections[0]));
	if (s->collections == NULL)
		return err_memory(e);
	for (s->collections_n = 0; s->collections_n < c->n; s->collections_n++) {
		struct collection *to = &s->collections[s->collections_n];

		*to = (struct collection) { c->names[s->collections_n], COLLECTION_FAILED, true,
			false };
		if (!completeness_parse(c->items[s->collections_n].text, &to->how))
			return err_set(e, ERR_INTERNAL, 0, "internal error",
			    "a snapshot's collections are broken");
	}
	if (s->collections_n > 1)
		qsort(s->collections, s->collections_n, sizeof(s->collections[0]), by_category);
	return true;
}

struct normal_snapshot *
normal_snapshot_of_stored(
    struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *stored, struct err *e)
{
	struct normal_snapshot *s = talloc_zero(mem, struct normal_snapshot);
	struct held            *held;

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (!stored_collections(s, stored->collections, e) ||
	    !baseline_held(t, s, stored, &held, &s->n, e))
		return NULL;
	s->items = talloc_zero_size(s, (s->n + 1) * sizeof(s->items[0]));
	if (s->items == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < s->n; i++) {
		s->items[i].r =
		    (struct resource) { str_of(held[i].category), str_of(held[i].key), NULL };
		s->items[i].stored = &held[i];
		if (held[i].address.n == HASH_LEN)
			memcpy(s->items[i].address, held[i].address.p, HASH_LEN);
	}
	return s;
}
