#include "drift/service/golden.h"

#include <string.h>

bool
golden_there(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct golden g;
	bool          foreign;

	return golden_find(a->by.t, a->by.mem, id, &g, &foreign, e);
}

bool
golden_page(const struct acting *a, struct page *p, struct err *e)
{
	struct tenant_db    *t = a->by.t;
	struct golden_seen  *out = talloc_zero_size(a->by.mem, p->want * sizeof(*out));
	struct page          own = { .after = p->after, .want = p->want }, shared = own;
	const struct golden *ours, *theirs;
	size_t               i = 0, j = 0;

	p->rows = out;
	p->n = 0;
	if (out == NULL)
		return err_memory(e);
	if (!golden_list(t->db, a->by.mem, &own, e) ||
	    (!tenant_is_platform(t->tenant) && !golden_shared_list(t->db, a->by.mem, &shared, e)))
		return false;
	ours = own.rows;
	theirs = shared.rows;
	while (p->n < p->want && (i < own.n || j < shared.n)) {
		bool mine = j == shared.n || (i < own.n && memcmp(ours[i].id.b, theirs[j].id.b,
							       sizeof(ours[i].id.b)) > 0);

		out[p->n++] =
		    (struct golden_seen) { .row = mine ? ours[i] : theirs[j], .foreign = !mine };
		i += mine;
		j += !mine;
	}
	return true;
}

/* What a template held: only its owner has the earlier ones. */
static bool
turn_back(const struct acting *a, struct golden_seen *s, uint64_t version, struct err *e)
{
	struct golden_version v;

	if (version == 0 || version == s->row.version)
		return true;
	if (s->foreign)
		return err_set(e, ERR_MISSING, 0,
		    "Of a shared golden baseline only the newest version is to be had.",
		    "an earlier version of a shared template");
	if (!golden_version_of(a->by.t->db, a->by.mem, &s->row.id, version, &v, e))
		return false;
	s->row.address = v.address;
	s->row.version = v.version;
	return true;
}

bool
golden_see_rest(const struct acting *a, struct golden_seen *s, struct err *e)
{
	return golden_load(a->by.t, a->by.mem, &s->row, s->foreign, &s->content, e) &&
	       (s->foreign || golden_versions(a->by.t->db, a->by.mem, &s->row.id, &s->versions,
				  &s->versions_n, e));
}

bool
golden_see(const struct acting *a, const struct uuid *id, uint64_t version, struct golden_seen *out,
    struct err *e)
{
	*out = (struct golden_seen) { 0 };
	if (!golden_find(a->by.t, a->by.mem, id, &out->row, &out->foreign, e) ||
	    !turn_back(a, out, version, e) || !golden_see_rest(a, out, e))
		return false;
	if (version != 0)
		out->row.resources = (int64_t)out->content.n;
	return true;
}
