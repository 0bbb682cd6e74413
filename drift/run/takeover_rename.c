#include "drift/run/takeover_rename.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/drift/daily.h"
#include "core/store/drift/history.h"
#include "core/store/drift/remask.h"
#include "core/store/drift/rename.h"
#include "drift/engine/mask_at.h"
#include "drift/snapshot/baseline.h"

struct renames {
	struct rename *items; /* by category and key */
	size_t         n;
};

/* ---- names ---- */

static bool
place_now(const struct taking *k, struct str *category, struct str *key, struct err *e)
{
	struct resource r = { .category = *category, .key = *key };

	if (!resource_name(k->x->mem, k->names->compare, &r, RESOURCE_SOURCE, e))
		return false;
	*category = r.category;
	*key = r.key;
	return true;
}

bool
takeover_rename_place(const struct taking *k, struct change_name *at, struct err *e)
{
	struct resource r;

	if (!place_now(k, &at->category, &at->key, e))
		return false;
	r = (struct resource) { .category = at->category, .key = at->key };
	return mask_path(k->x->mem, k->names->compare, &r, &at->path, k->x->work, e);
}

bool
takeover_rename_changes(struct taking *k, struct err *e)
{
	for (size_t i = 0; i < k->was->n; i++) {
		struct change     *c = &k->was->changes[i];
		struct change_name at = { .category = c->category, .key = c->key, .path = c->path };

		if (!takeover_rename_place(k, &at, e))
			return false;
		c->category = at.category;
		c->key = at.key;
		c->path = at.path;
	}
	return true;
}

/* ---- resources ---- */

static bool
name_resource(const struct taking *k, struct rename *r, bool *other, struct err *e)
{
	const struct uuid *config = &k->config.id;
	struct str         category = str_of(r->was_category), key = str_of(r->was_key);

	if (!place_now(k, &category, &key, e))
		return false;
	*other = category.p != r->was_category || key.p != r->was_key;
	if (!*other)
		return true;
	r->config_id = *config;
	r->category = str_dup(k->x->mem, category);
	r->key = str_dup(k->x->mem, key);
	if (r->category == NULL || r->key == NULL)
		return err_memory(e);
	r->is_id = held_id(config, category, key);
	r->was_name = daily_name(config, r->was_category, r->was_key);
	r->is_name = daily_name(config, r->category, r->key);
	return true;
}

static bool
rename_all(const struct taking *k, struct renames *out, struct err *e)
{
	struct db     *db = k->x->t->db;
	struct rename *all;
	size_t         n;
	bool           other;

	*out = (struct renames) { 0 };
	if (!rename_read(db, k->x->mem, &k->config.id, &all, &n, e))
		return false;
	out->items = all;
	for (size_t i = 0; i < n; i++) {
		if (!name_resource(k, &all[i], &other, e))
			return false;
		if (other)
			out->items[out->n++] = all[i];
	}
	return rename_resources(db, out->items, out->n, e);
}

/* ---- collections ---- */

static char *
json_text(TALLOC_CTX *mem, struct str s)
{
	struct buf b;

	buf_make(&b, mem);
	buf_json(&b, s);
	buf_putc(&b, '\0');
	return buf_ok(&b) ? b.p : NULL;
}

static bool
rename_all_collections(const struct taking *k, size_t *found, struct err *e)
{
	TALLOC_CTX               *mem = k->x->mem;
	struct rename_collection *all;
	size_t                    n;

	*found = 0;
	if (!rename_collections_read(k->x->t->db, mem, &k->config.id, &all, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct rename_collection *to = &all[*found];
		struct str                category = str_of(all[i].was), key = STR("");

		if (!place_now(k, &category, &key, e))
			return false;
		if (category.p == all[i].was)
			continue;
		*to = (struct rename_collection) {
			.config_id = k->config.id,
			.was = all[i].was,
			.is = str_dup(mem, category),
			.was_json = json_text(mem, str_of(all[i].was)),
			.is_json = json_text(mem, category),
		};
		if (to->is == NULL || to->was_json == NULL || to->is_json == NULL)
			return err_memory(e);
		++*found;
	}
	return rename_collections(k->x->t->db, all, *found, e);
}

/* ---- manifests ---- */

struct manifest_of {
	TALLOC_CTX     *mem;
	struct snapshot s;
	struct held    *held;
	size_t          n;
};

static int
by_place(const void *key, const void *member)
{
	const struct held   *h = key;
	const struct rename *r = member;
	int                  d = str_cmp(str_of(h->category), str_of(r->was_category));

	return d != 0 ? d : str_cmp(str_of(h->key), str_of(r->was_key));
}

/* *other: one of them is called otherwise. */
static bool
print_manifest(const struct renames *by, const struct manifest_of *m, struct buf *b, bool *other,
    struct err *e)
{
	const struct held *held = m->held;

	*other = false;
	buf_putc(b, '[');
	for (size_t i = 0; i < m->n; i++) {
		const struct rename  *r = bsearch(&held[i], by->items, by->n, sizeof(*r), by_place);
		struct manifest_entry x = { str_of(held[i].category), str_of(held[i].key),
			held[i].address.p };

		if (r != NULL) {
			x.category = str_of(r->category);
			x.key = str_of(r->key);
			*other = true;
		}
		baseline_manifest_entry(b, &x, i == 0);
	}
	buf_putc(b, ']');
	return buf_ok(b) || err_memory(e);
}

/* The old one stays until the stored values are masked (remask.h). */
static bool
set_manifest(const struct taking *k, const struct manifest_of *m, struct str text, struct err *e)
{
	struct db             *db = k->x->t->db;
	struct content         c = { .text = text };
	struct content_rows    rows;
	struct manifest_ref   *refs = talloc_array(m->mem, struct manifest_ref, (unsigned)m->n + 2);
	struct remask_manifest to = { .id = m->s.id };
	uint8_t                address[HASH_LEN];

	if (refs == NULL)
		return err_memory(e);

	content_address(k->x->t, text, address);
	memcpy(c.address, address, HASH_LEN);
	to.manifest = (struct blob) { address, HASH_LEN };
	for (size_t i = 0; i < m->n; i++)
		refs[i] = (struct manifest_ref) { m->s.id, m->held[i].address };
	refs[m->n] = (struct manifest_ref) { m->s.id, to.manifest };
	refs[m->n + 1] = (struct manifest_ref) { k->config.id, m->s.manifest };
	return content_pack(k->x->t, m->mem, &c, 1, &rows, e) && history_unrefer(db, &m->s.id, e) &&
	       content_add(db, &rows, e) && history_refer(db, refs, m->n + 2, e) &&
	       remask_manifest_set(db, &to, e);
}

static bool
rename_in(const struct taking *k, TALLOC_CTX *mem, const struct renames *by,
    const struct uuid *snapshot, struct err *e)
{
	struct manifest_of m = { .mem = mem };
	struct buf         b;
	bool               other;

	buf_make(&b, mem);
	return snapshot_by_id(k->x->t, mem, snapshot, &m.s, e) &&
	       baseline_held(k->x->t, mem, &m.s, &m.held, &m.n, e) &&
	       print_manifest(by, &m, &b, &other, e) &&
	       (!other || set_manifest(k, &m, buf_str(&b), e));
}

/* Of snapshots out of order, and of what templates were rendered to. */
static bool
rename_in_manifests(const struct taking *k, const struct renames *by, struct err *e)
{
	struct remask_at        at = { .config_id = k->config.id, .limit = 1 };
	struct remask_manifest *row;
	size_t                  n = by->n;
	bool                    ok = true;

	while (ok && n > 0) {
		TALLOC_CTX *mem = talloc_new(k->x->mem);

		if (mem == NULL)
			return err_memory(e);
		ok = remask_manifests(k->x->t->db, mem, &at, &row, &n, e);
		if (ok && n > 0) {
			at.id = row->id;
			ok = rename_in(k, mem, by, &at.id, e);
		}
		talloc_free(mem);
	}
	return ok;
}

bool
takeover_rename(struct taking *k, bool *any, struct err *e)
{
	const struct takeover *x = k->x;
	struct renames         by;
	size_t                 collections;

	k->names = spec_masks(x->mem, x->d, x->t, &k->config, x->work, e);
	if (k->names == NULL)
		return false;
	compare_bind(k->names->compare, k->config.id.b);
	if (!rename_all(k, &by, e) || !rename_all_collections(k, &collections, e) ||
	    !rename_in_manifests(k, &by, e))
		return false;
	*any = by.n + collections > 0;
	return true;
}
