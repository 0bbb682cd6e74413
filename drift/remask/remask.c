#include "drift/remask/remask.h"

#include <string.h>

#include "core/store/tx.h"
#include "drift/remask/remask_priv.h"
#include "drift/snapshot/baseline.h"

/* ---- one stored resource ---- */

/* *other: it is another text now, and this is its content. */
static bool
mask_stored(
    struct remasking *w, const struct held *h, struct content *now, bool *other, struct err *e)
{
	const struct normal_form form = { w->masks, w->x->work };
	struct resource          r;
	struct buf               b;

	buf_make(&b, w->page);
	if (!baseline_resource(w->x->t, w->page, &form, h, &r, e) ||
	    !mask_set_note(w->seen, w->masks, &r, e) || !resource_canonical(&b, &r, e))
		return false;
	now->text = buf_str(&b);
	content_address(w->x->t, now->text, now->address);
	*other = memcmp(now->address, h->address.p, HASH_LEN) != 0;
	return true;
}

/* It stays until the walk ends, also one that is cut off: who reads it at the time finds it, and
 * the next walk knows that it is to go. */
static bool
keep_old(struct remasking *w, struct blob address, struct err *e)
{
	struct manifest_ref *more =
	    talloc_realloc(w->page, w->old, struct manifest_ref, (unsigned)w->old_n + 1);

	if (more == NULL)
		return err_memory(e);
	w->old = more;
	w->old[w->old_n++] = (struct manifest_ref) { w->x->config, address };
	return true;
}

static bool
store(struct db *db, struct remasking *w, struct content *list, size_t n, struct err *e)
{
	struct content_rows rows;

	return n == 0 ||
	       (content_pack(w->x->t, w->page, list, n, &rows, e) && content_add(db, &rows, e));
}

/* ---- versions ---- */

static bool
versions_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_version *rows, *set;
	struct content        *list;
	size_t                 n = 0;

	if (!remask_versions(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	list = talloc_zero_array(w->page, struct content, (unsigned)w->read + 1);
	set = talloc_zero_array(w->page, struct remask_version, (unsigned)w->read + 1);
	if (list == NULL || set == NULL)
		return err_memory(e);
	for (size_t i = 0; i < w->read; i++) {
		const struct held h = {
			.category = rows[i].category, .key = rows[i].key, .address = rows[i].address
		};
		bool other;

		w->at.id = rows[i].resource_id;
		w->at.seq = rows[i].from_seq;
		if (!mask_stored(w, &h, &list[n], &other, e))
			return false;
		if (!other)
			continue;
		set[n] = rows[i];
		set[n].address.p =
		    talloc_memdup(w->page, list[n].address, HASH_LEN); /* packing sorts the list */
		if (set[n++].address.p == NULL || !keep_old(w, h.address, e))
			return err_memory(e);
	}
	return store(db, w, list, n, e) && remask_versions_set(db, set, n, e);
}

/* ---- manifests ---- */

struct manifest_now {
	struct content      *list; /* contents of other texts, and at the end the manifest */
	size_t               n;
	struct manifest_ref *refs;
	size_t               refs_n;
	struct buf           text;
};

static bool
manifest_add(struct remasking *w, struct manifest_now *m, const struct held *h, struct err *e)
{
	struct content *now = &m->list[m->n];
	bool            other;

	if (!mask_stored(w, h, now, &other, e) || (other && !keep_old(w, h->address, e)))
		return false;
	m->n += other;
	baseline_manifest_entry(&m->text,
	    &(struct manifest_entry) { str_of(h->category), str_of(h->key), now->address },
	    m->refs_n == 0);
	m->refs[m->refs_n].address.p = talloc_memdup(w->page, now->address, HASH_LEN);
	m->refs[m->refs_n].address.n = HASH_LEN;
	return m->refs[m->refs_n++].address.p != NULL || err_memory(e);
}

/* All of one; when nothing in it is another text, m->n is 0. */
static bool
manifest_make(struct remasking *w, const struct snapshot *s, struct manifest_now *m, struct err *e)
{
	struct held *held;
	size_t       n;

	if (!baseline_held(w->x->t, w->page, s, &held, &n, e))
		return false;
	*m = (struct manifest_now) {
		.list = talloc_zero_array(w->page, struct content, (unsigned)n + 1),
		.refs = talloc_zero_array(w->page, struct manifest_ref, (unsigned)n + 1),
	};
	if (m->list == NULL || m->refs == NULL)
		return err_memory(e);
	buf_make(&m->text, w->page);
	buf_putc(&m->text, '[');
	for (size_t i = 0; i < n; i++)
		if (!manifest_add(w, m, &held[i], e))
			return false;
	buf_putc(&m->text, ']');
	return buf_ok(&m->text) || err_memory(e);
}

static bool
manifest_set(struct db *db, struct remasking *w, const struct snapshot *s, struct manifest_now *m,
    struct err *e)
{
	struct content        *last = &m->list[m->n++];
	struct remask_manifest row = { .id = s->id };

	last->text = buf_str(&m->text);
	content_address(w->x->t, last->text, last->address);
	row.manifest.p = talloc_memdup(w->page, last->address, HASH_LEN);
	row.manifest.n = HASH_LEN;
	m->refs[m->refs_n++].address = row.manifest;
	for (size_t i = 0; i < m->refs_n; i++)
		m->refs[i].snapshot_id = s->id;
	return row.manifest.p != NULL && keep_old(w, s->manifest, e) &&
	       history_unrefer(db, &s->id, e) && store(db, w, m->list, m->n, e) &&
	       history_refer(db, m->refs, m->refs_n, e) && remask_manifest_set(db, &row, e);
}

/* One at a time: it may list as much as a snapshot holds. */
static bool
manifests_page(struct db *db, struct remasking *w, struct err *e)
{
	struct remask_manifest *rows;
	struct snapshot         s;
	struct manifest_now     m;

	w->at.limit = 1;
	if (!remask_manifests(db, w->page, &w->at, &rows, &w->read, e))
		return false;
	if (w->read == 0)
		return true;
	w->at.id = rows[0].id;
	return snapshot_by_id(w->x->t, w->page, &rows[0].id, &s, e) &&
	       manifest_make(w, &s, &m, e) && (m.n == 0 || manifest_set(db, w, &s, &m, e));
}

/* ---- the walk ---- */

struct page_of {
	struct remasking *w;
	remask_fn        *fn;
};

/* Holds the state row: snapshots of the config wait meanwhile, and those on their way are planned
 * again. */
static bool
page_body(struct db *db, void *arg, struct err *e)
{
	struct page_of     *p = arg;
	struct remasking   *w = p->w;
	struct remask_at    from = w->at;
	struct config_state state;

	talloc_free_children(w->page);
	w->old = NULL;
	w->old_n = 0;
	if (config_state_lock(db, w->page, &w->x->config, &state, e) && p->fn(db, w, e) &&
	    history_refer(db, w->old, w->old_n, e) && config_outrun(db, &w->x->config, e))
		return true;
	w->at = from; /* the transaction may be tried again */
	return false;
}

static bool
walk(struct remasking *w, remask_fn *fn, struct err *e)
{
	struct page_of  page = { w, fn };
	const struct tx tx = { "remask", page_body, &page, NULL, NULL };

	w->at = (struct remask_at) { .config_id = w->x->config, .limit = REMASK_PAGE };
	do {
		w->read = 0;
		if (!tx_run(w->x->t->db, &tx, e))
			return false;
	} while (w->read > 0);
	return true;
}

static bool
forget_body(struct db *db, void *arg, struct err *e)
{
	struct remasking *w = arg;

	return history_release(db, w->page, &w->x->config, e) &&
	       (!w->told || remask_titles(db, &w->x->config, e)) &&
	       remask_done(db, &w->x->config, COMPARE_EDITION, e);
}

bool
remask_config(const struct remask *x, struct err *e)
{
	static remask_fn *const walks[] = { versions_page, manifests_page, remask_changes_page,
		remask_messages_page, remask_alerts_page, remask_reports_page };
	struct remasking        w = {
		       .x = x, .page = talloc_new(x->mem), .seen = mask_set_make(x->mem, e)
	};
	const struct tx     tx = { "remask", forget_body, &w, NULL, NULL };
	struct drift_config config;
	struct drift_spec  *spec;

	if (w.page == NULL || w.seen == NULL)
		return err_memory(e);
	if (!config_by_id(x->t, x->mem, &x->config, &config, e))
		return false;
	spec = spec_masks(x->mem, x->d, x->t, &config, x->work, e);
	if (spec == NULL)
		return false;
	compare_bind(spec->compare, x->config.b);
	w.masks = spec->compare;
	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++)
		if (!walk(&w, walks[i], e))
			return false;
	return tx_run(x->t->db, &tx, e);
}
