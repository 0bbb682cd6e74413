#include "core/auth/audit_verify.h"

#include <string.h>

#include "core/auth/audit_priv.h"
#include "core/base/secret.h"
#include "core/store/tenant/keep.h"

#define PAGE        500
#define ENTRY_STEPS 800 /* of an entry and its leaf: 8 us */

static const char *const faults[AUDIT_FAULTS] = {
#define X(id, text, sentence) [id] = text,
	AUDIT_FAULT_LIST(X)
#undef X
};
static const char *const sentences[AUDIT_FAULTS] = {
#define X(id, text, sentence) [id] = sentence,
	AUDIT_FAULT_LIST(X)
#undef X
};

const char *
audit_fault_text(enum audit_fault f)
{
	return faults[f];
}

const char *
audit_fault_sentence(enum audit_fault f)
{
	return sentences[f];
}

/* How far the reading is, and the MAC that the next entry must name. */
struct reading {
	const struct deed_by *by;
	struct work          *work;
	uint64_t              end;
	bool                  knows_mac; /* else what the next entry says is taken as it stands */
	uint8_t               mac[AUDIT_MAC_LEN];
	struct audit_beside   beside;
	struct audit_verdict  v;
};

/* The first fault found stays; always false. */
static bool
found(struct reading *r, enum audit_fault fault, uint64_t at)
{
	if (r->v.fault == AUDIT_FITS) {
		r->v.fault = fault;
		r->v.broken = at;
	}
	return false;
}

static bool
entry_fits(struct reading *r, TALLOC_CTX *mem, const struct audit_row *row)
{
	uint64_t next = r->v.upto + 1;

	if (row->seq != next)
		return found(r, AUDIT_MISSING, next);
	if (row->prev_mac.n != AUDIT_MAC_LEN ||
	    (r->knows_mac && memcmp(row->prev_mac.p, r->mac, AUDIT_MAC_LEN) != 0) ||
	    !audit_row_fits(r->by, mem, row))
		return found(r, AUDIT_ALTERED, next);
	r->v.upto = next;
	r->knows_mac = true;
	memcpy(r->mac, row->mac.p, AUDIT_MAC_LEN);
	return true;
}

/* False: something does not fit (v.fault), or *e says what failed. */
static bool
read_page(struct reading *r, TALLOC_CTX *mem, struct err *e)
{
	uint64_t                left = r->end - r->v.upto;
	struct page             p = { .want = left < PAGE ? left : PAGE };
	const struct audit_row *rows;

	if (!work_spend(r->work, WORK_LIST, PAGE * ENTRY_STEPS, e) ||
	    !audit_rows_after(r->by->t, mem, r->v.upto, &p, e) ||
	    !audit_beside_page(&r->beside, mem, p.want, e))
		return false;
	if (p.n == 0)
		return found(r, AUDIT_MISSING, r->v.upto + 1);
	rows = p.rows;
	for (size_t i = 0; i < p.n; i++) {
		struct audit_flaw flaw = { AUDIT_FITS, 0 };

		if (!entry_fits(r, mem, &rows[i]) ||
		    !audit_beside_entry(&r->beside, mem, &rows[i], &flaw, e))
			return false;
		if (flaw.fault != AUDIT_FITS)
			return found(r, flaw.fault, flaw.at);
	}
	return true;
}

/* The MAC that the first entry behind `after` must name; below the floor there may be none to ask.
 */
static bool
begin_behind(struct reading *r, uint64_t after, uint64_t floor, struct err *e)
{
	struct page             p = { .want = 1 };
	const struct audit_row *first;

	r->v.upto = after > floor ? after : floor;
	r->knows_mac = r->v.upto == 0 || r->v.upto > floor;
	if (r->v.upto == 0 || !r->knows_mac)
		return true;
	if (!audit_rows_after(r->by->t, r->by->mem, after - 1, &p, e))
		return false;
	first = p.rows;
	if (p.n == 0 || first->seq != after)
		return err_set(e, ERR_MISSING, 0, "There is no audit entry of this number.",
		    "no entry %llu", (unsigned long long)after);
	if (first->mac.n == AUDIT_MAC_LEN)
		memcpy(r->mac, first->mac.p, AUDIT_MAC_LEN);
	return true;
}

/*
 * What is there lies between floor and head.  The rows are looked at before the head: what is
 * appended meanwhile is behind neither.
 */
static void
check_bounds(struct reading *r, const struct audit_span *s, const struct audit_head *h)
{
	if (s->first == 0)
		(void)found(r, AUDIT_BEYOND, 0);
	if (s->last > h->seq)
		(void)found(r, AUDIT_BEYOND, h->seq + 1);
	if (h->floor > r->beside.last.size)
		(void)found(r, AUDIT_FLOOR, h->floor);
}

/* `known`: what the service has noted of checkpoints, out of the tenant's reach. */
static void
check_points(struct reading *r, const struct audit_head *h, uint64_t known)
{
	r->v.proven = r->beside.last.size;
	if (r->beside.last.size > h->seq)
		(void)found(r, AUDIT_CUT, h->seq + 1);
	if (known > r->beside.last.size)
		(void)found(r, AUDIT_CHECKPOINT, known);
}

static void
check_end(struct reading *r, const struct audit_head *h)
{
	if (r->v.upto < h->seq)
		return;
	if (h->mac.n != AUDIT_MAC_LEN || r->v.upto > h->seq ||
	    (r->knows_mac && memcmp(h->mac.p, r->mac, AUDIT_MAC_LEN) != 0))
		(void)found(r, AUDIT_HEAD, r->v.upto + 1);
}

/* The end of it is read first: what is appended meanwhile comes behind. */
static bool
read_entries(
    struct reading *r, const struct audit_part *part, const struct audit_head *h, struct err *e)
{
	struct audit_flaw flaw = { AUDIT_FITS, 0 };

	if (!begin_behind(r, part->after, h->floor, e) ||
	    !audit_beside_begin(&r->beside, r->by, r->v.upto, &flaw, e))
		return false;
	r->end = h->seq;
	if (part->limit > 0 && r->end > r->v.upto && r->end - r->v.upto > part->limit)
		r->end = r->v.upto + part->limit;
	while (r->v.upto < r->end) {
		TALLOC_CTX *page = talloc_new(r->by->mem);
		bool        ok = page != NULL ? read_page(r, page, e) : err_memory(e);

		talloc_free(page);
		if (!ok)
			return r->v.fault != AUDIT_FITS;
	}
	check_end(r, h);
	if (flaw.fault != AUDIT_FITS)
		(void)found(r, flaw.fault, flaw.at); /* not before an entry that does not fit */
	return true;
}

static bool
read_head(struct reading *r, struct audit_head *h, struct err *e)
{
	static const uint8_t none[AUDIT_MAC_LEN];

	if (audit_head_read(r->by->t, r->by->mem, h, e))
		return true;
	*h = (struct audit_head) { .mac = { none, sizeof(none) } };
	return err_take(e, ERR_MISSING) && (found(r, AUDIT_HEAD, 1) || true);
}

bool
audit_verify(const struct deed_by *by, const struct audit_part *part, struct work *work,
    struct audit_verdict *out, struct err *e)
{
	struct reading    r = { .by = by, .work = work };
	struct audit_span span;
	struct audit_head head;
	uint64_t          from, known;
	struct keep       keep;
	bool              guarded, tree_guarded;

	if (!keep_of(by->mem, by->t->tenant, &keep, e) || !audit_guarded(by->t, &guarded, e) ||
	    !audit_tree_guarded(by->t, &tree_guarded, e) || !audit_checkpointed(by->t, &known, e) ||
	    !audit_span(by->t, &span, e) || !read_head(&r, &head, e))
		return false;
	if (r.v.fault == AUDIT_FITS && !read_entries(&r, part, &head, e))
		return false;
	from = part->after > head.floor ? part->after : head.floor;
	r.v.entries = r.v.upto > from ? r.v.upto - from : 0;
	check_bounds(&r, &span, &head);
	check_points(&r, &head, known);
	if (!guarded || !tree_guarded)
		(void)found(&r, AUDIT_UNGUARDED, 0);
	r.v.head = head;
	r.v.kept_s = keep.audit_s;
	*out = r.v;
	return true;
}
