/* config.h: what is known of each collection of a config, and what is wrong with who pushes. */
#include <string.h>

#include "core/store/drift/collection.h"
#include "drift/run/pushers.h"
#include "drift/service/config.h"

/* What cannot be compiled can still be looked at: then nothing says what is not read, and when one
 * has failed. */
static bool
spec_or_none(
    const struct acting *a, const struct uuid *id, const struct drift_spec **spec, struct err *e)
{
	struct drift_config c;

	if (!config_by_id(a->by.t, a->by.mem, id, &c, e))
		return false;
	*spec = acting_spec(a, &c, e);
	return *spec != NULL || (e->sys == SPEC_NOT_UNDERSTOOD && err_take(e, ERR_UNAVAILABLE));
}

static void
see(const struct drift_spec *spec, const struct collection_row *row, struct collection_seen *out)
{
	const struct spec_unread *unread =
	    spec == NULL ? NULL : spec_unread(spec, str_of(row->category));
	bool failing = spec != NULL && row->left_out >= spec->limits.blind_after;

	*out = (struct collection_seen) { .category = row->category,
		.state = failing ? "failed" : row->how,
		.unread = unread == NULL ? NULL : unread->reason,
		.blind = row->blind_since.ms != 0 && unread == NULL,
		.held = row->held,
		.incomplete_runs = row->incomplete_runs,
		.left_out = row->left_out,
		.complete_at = row->complete_at,
		.read_at = row->read_at,
		.baseline_id = row->baseline_snapshot };
	if (out->blind)
		out->blind_since = row->blind_since;
}

bool
config_collections(const struct acting *a, const struct uuid *id, struct collection_seen **out,
    size_t *n, struct err *e)
{
	const struct drift_spec *spec;
	struct collection_row   *rows;

	if (!spec_or_none(a, id, &spec, e) ||
	    !collection_list(a->by.t->db, a->by.mem, id, &rows, n, e))
		return false;
	*out = talloc_zero_size(a->by.mem, (*n + 1) * sizeof((*out)[0]));
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < *n; i++)
		see(spec, &rows[i], &(*out)[i]);
	return true;
}

static bool
was_retired(const struct items *before, const char *category)
{
	const struct spec_unread *list = before->p;

	for (size_t i = 0; i < before->n; i++)
		if (list[i].retired && strcmp(list[i].category, category) == 0)
			return true;
	return false;
}

bool
config_retire(TALLOC_CTX *mem, struct config_retiring *r, const struct items *before,
    const struct drift_spec *now, struct err *e)
{
	r->rows = talloc_zero_size(mem, (now->unread_n + 1) * sizeof(r->rows[0]));
	if (r->rows == NULL)
		return err_memory(e);
	for (size_t i = 0; i < now->unread_n; i++) {
		const struct spec_unread *u = &now->unread[i];

		if (!u->retired || was_retired(before, u->category))
			continue;
		r->rows[r->n] = (struct collection_row) {
			.config_id = r->config,
			.category = talloc_strdup(mem, u->category),
			.read_at = { r->collected_at.ms + 1 },
		};
		if (r->rows[r->n++].category == NULL)
			return err_memory(e);
	}
	return true;
}

bool
config_refused(const struct acting *a, const struct uuid *id, struct refused_seen *out, bool *any,
    struct err *e)
{
	const struct pusher_row *last;
	struct pusher_row       *rows;
	size_t                   n;

	*any = false;
	if (!pusher_list(a->by.t->db, a->by.mem, id, &rows, &n, e))
		return false;
	last = pushers_last_refused(rows, n);
	if (last == NULL)
		return true;
	*any = true;
	*out = (struct refused_seen) { last->refused_at, last->refused_code, last->refused_why,
		last->name, last->refused_runs };
	return true;
}
