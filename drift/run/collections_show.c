/* collections.h: what is told of each collection. */
#include <string.h>

#include "core/json/schema.h"
#include "drift/config/spec.h"
#include "drift/run/collections.h"
#include "drift/run/golden_binding.h"
#include "drift/run/plan.h"

/* ---- telling ---- */

#define TOLD_MAX 20 /* collections that enter at once and are told of each for itself */

static bool
tell_entered(struct db *db, const struct ingest *in, const char *note, struct err *e)
{
	const struct env *d = in->d->env;

	return note == NULL
		   ? err_memory(e)
		   : golden_tell(db, d, &in->config->id, "system", "pinned", "pinned", note, e);
}

bool
collections_tell(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	size_t told = 0, more = 0;

	/* the first of all is told by its report */
	if (p->kind != PLAN_NEXT || uuid_is_nil(&p->before.baseline_snapshot))
		return true;
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		if (!c->enters)
			continue;
		more += told == TOLD_MAX;
		if (told == TOLD_MAX)
			continue;
		told++;
		if (!tell_entered(db, in,
			talloc_asprintf(p,
			    "Collection %s was read completely for the first time: it is in the "
			    "baseline as it was then.",
			    c->row.category),
			e))
			return false;
	}
	return more == 0 ||
	       tell_entered(db, in,
		   talloc_asprintf(p, "So were %zu more collections, as their report says.", more),
		   e);
}

/* What the snapshot speaks of, and of what was left out too often the first ones. */
static bool
is_told(const struct plan_collection *c, size_t *left_out)
{
	return c->spoken || (c->failing && (*left_out)++ < COLLECTIONS_TOLD);
}

bool
collections_print(TALLOC_CTX *mem, const struct plan *p, char **out, struct err *e)
{
	size_t     left_out = 0;
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		if (!is_told(c, &left_out))
			continue;
		if (b.n > 1)
			buf_putc(&b, ',');
		buf_json(&b, c->category);
		buf_putc(&b, ':');
		buf_json(&b, str_of(completeness_name(c->how)));
	}
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

/* One of those that a report tells of. */
struct reported {
	struct raw_json category;
	const char     *state;
	bool            entered, unread;
	struct uuid     baseline_id;
};
static const struct field reported_fields[] = {
	FIELD(struct reported, category),
	FIELD(struct reported, state),
	FIELD(struct reported, entered, .flags = FIELD_OMIT_ZERO),
	FIELD(struct reported, unread, .flags = FIELD_OMIT_ZERO),
	FIELD(struct reported, baseline_id, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema reported_schema =
    SCHEMA("ReportedCollection", struct reported, reported_fields);

bool
collections_report(TALLOC_CTX *mem, const struct ingest *in, struct plan *p, struct err *e)
{
	/* else all of them are compared with one snapshot, which the report names */
	bool of_each =
	    !p->before.golden && (in->spec->mode != BASELINE_PREVIOUS || p->kind == PLAN_NEXT);
	size_t     left_out = 0;
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];
		struct reported               r = { .state = completeness_name(c->how),
				      .entered = c->enters,
				      .unread = c->spared && !c->read };
		struct buf                    name;

		if (!is_told(c, &left_out))
			continue;
		buf_make(&name, mem);
		buf_json(&name, c->category);
		r.category.text = buf_text(&name, e);
		if (c->read && c->based && of_each)
			r.baseline_id = c->was.baseline_snapshot;
		if (r.category.text == NULL)
			return false;
		if (b.n > 1)
			buf_putc(&b, ',');
		if (!schema_encode(&b, &reported_schema, &r, e))
			return false;
		talloc_free(name.p);
	}
	buf_putc(&b, ']');
	p->report.collections.text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}
