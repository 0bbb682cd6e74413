#include "drift/service/register.h"

#include <string.h>

#include "core/auth/access.h"
#include "core/auth/audit_details.h"

static bool
is_over(const struct register_row *r, instant now)
{
	return r->ended_at.ms != 0 || (r->ends_at.ms != 0 && r->ends_at.ms <= now.ms);
}

/* An acceptance counts as long as its value is accepted; what has ended did so at that instant. */
static const char *
state_of(const struct register_row *r, instant now)
{
	bool acceptance = strcmp(r->kind, REGISTER_ACCEPTED) == 0;

	if (strcmp(r->kind, REGISTER_ENDED) == 0 || is_over(r, now))
		return "over";
	if (acceptance)
		return r->status != NULL && strcmp(r->status, "accepted") == 0 ? "active" : "over";
	return r->starts_at.ms > now.ms ? "scheduled" : "active";
}

static bool
see(const struct acting *a, struct register_row *row, struct register_seen *out, struct err *e)
{
	struct str path;

	if (row->path != NULL) {
		if (!view_path(a->by.mem, a->view, str_of(row->path), &path, NULL, e))
			return false;
		row->path = str_dup(a->by.mem, path);
		if (row->path == NULL)
			return err_memory(e);
	}
	*out = (struct register_seen) { *row, state_of(row, acting_now(a)) };
	return true;
}

static bool
check_reader(const struct acting *a, struct err *e)
{
	return permission_has(&a->by.caller->permissions, ACTION_READ, RESOURCE_ALERTS) ||
	       err_set(e, ERR_FORBIDDEN, 0, "You need the permission read:alerts.",
		   "read:alerts is missing");
}

bool
register_page(
    const struct acting *a, const struct register_filter *f, struct page *p, struct err *e)
{
	struct register_filter in = *f;
	struct register_seen  *seen;
	struct register_row   *rows;

	in.until = in.until.ms == 0 ? (instant) { acting_now(a).ms + 1000 } : in.until;
	if (!check_reader(a, e) || !register_list(a->by.t, a->by.mem, &in, p, e))
		return false;
	rows = p->rows;
	seen = talloc_array(a->by.mem, struct register_seen, (unsigned)p->n + 1);
	if (seen == NULL)
		return err_memory(e);
	for (size_t i = 0; i < p->n; i++)
		if (!see(a, &rows[i], &seen[i], e))
			return false;
	p->rows = seen;
	return true;
}

/* ---- taken along ---- */

struct taken_told {
	const char *kind;
	instant     since, until;
};
static const struct field taken_told_fields[] = {
	TOLD_IF(struct taken_told, kind),
	TOLD_IF(struct taken_told, since),
	TOLD_IF(struct taken_told, until),
	FIELD_END,
};
static const struct schema taken_told = SCHEMA("TakenTold", struct taken_told, taken_told_fields);

bool
register_export(const struct acting *a, const struct register_filter *f, struct err *e)
{
	static const struct uuid nothing; /* but the whole of it */
	const struct taken_told  told = { f->kind, f->since, f->until };

	return check_reader(a, e) &&
	       acting_note(a, AUDIT_REGISTER_EXPORT, &nothing, &taken_told, &told, e);
}
