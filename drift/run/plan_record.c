/* plan.h: the rows of a report and of its changes. */
#include <string.h>

#include "core/base/chunks.h"
#include "drift/engine/control.h"
#include "drift/engine/view.h"
#include "drift/run/plan.h"

#define STEPS_ROW  1000 /* to seal its values and write it */
#define RULE_MAX   128  /* bytes, as the column */
#define REASON_MAX 500

/* ---- texts ---- */

/* At most `max` bytes of a text, not cutting a character, without U+0000, which no text column
 * takes. */
static char *
plain(struct chunks *room, struct str s, size_t max)
{
	char *shown, *p;

	s = str_head(s, max);
	if (s.n == 0 || memchr(s.p, '\0', s.n) == NULL)
		return chunks_text(room, s);
	shown = view_zeros(room->mem, s);
	p = shown != NULL ? chunks_text(room, str_of(shown)) : NULL;
	talloc_free(shown);
	return p;
}

/* ---- the report ---- */

static bool
is_missed(const struct plan_collection *c)
{
	return !c->spared && !c->read && (c->spoken || c->failing);
}

static void
put_missed(struct buf *b, const struct plan_collection *c)
{
	buf_puts(b, b->n == 1 ? "{\"category\":" : ",{\"category\":");
	buf_json(b, c->category);
	buf_puts(b, ",\"why\":");
	buf_json(b, str_of(completeness_name(c->how)));
	buf_puts(b, c->spoken ? "}"
			      : ",\"detail\":\"Who read it last has left it out of the last "
				"snapshots.\"}");
}

/* However many have vanished, a report and its answer stay short. */
static bool
print_incomplete(const struct plan *p, struct report *r, TALLOC_CTX *mem, struct err *e)
{
	struct buf b;
	int64_t    n = 0;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < p->collections.n; i++)
		if (is_missed(&p->collections.of[i]) && n++ < COLLECTIONS_TOLD)
			put_missed(&b, &p->collections.of[i]);
	buf_putc(&b, ']');
	r->incomplete.text = b.p;
	r->incomplete_more = n > COLLECTIONS_TOLD ? n - COLLECTIONS_TOLD : 0;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
record_report(struct plan *p, const struct ingest *in, const char *status,
    const struct uuid *baseline, struct err *e)
{
	const struct env          *d = in->d->env;
	struct report             *r = &p->report;
	const struct diff_summary *seen = &p->seen.summary;

	r->id = uuid_make(d->clock, d->rand);
	r->config_id = in->config->id;
	r->snapshot_id = in->snapshot_id;
	r->baseline_id = *baseline;
	r->status = talloc_strdup(p, status);
	r->started_at = in->received_at;
	r->finished_at.ms = clock_ms(d->clock);
	if (p->diff != NULL) {
		r->created = seen->created;
		r->modified = seen->modified;
		r->deleted = seen->deleted;
		r->moved = seen->moved;
		r->score = seen->score;
		r->shortened = (int64_t)p->seen.shortened;
		r->renamed = 0;
		for (size_t i = 0; i < p->seen.n; i++)
			r->renamed += p->diff->changes[i].renamed_from.p != NULL;
		if (!diff_notes_print(p, p->diff, &r->notes, e))
			return false;
	}
	r->accepted = p->findings == NULL ? 0 : p->findings->accepted;
	r->max_severity = NULL;
	if (p->findings != NULL)
		r->suppressed = p->findings->suppressed;
	if (report_changes(r) > 0)
		r->max_severity = talloc_strdup(p, severity_name(seen->max_severity));
	if (r->status == NULL)
		return err_memory(e);
	return severities_print(
		   p, p->diff == NULL ? NULL : seen->by_severity, &r->by_severity, e) &&
	       print_incomplete(p, r, p, e) && collections_report(p, in, p, e);
}

/* ---- the controls that its rules name ---- */

/* As JSON. */
static bool
record_controls(struct plan *p, struct err *e)
{
	size_t                 n = 0, changes = p->diff == NULL ? 0 : p->diff->n;
	const struct strings **of = talloc_size(p, (changes + 1) * sizeof(of[0]));
	struct strings         all;
	struct buf             b;

	if (of == NULL)
		return err_memory(e);
	for (size_t i = 0; i < changes; i++)
		if (p->diff->changes[i].controls != NULL)
			of[n++] = p->diff->changes[i].controls;
	p->report.controls.text = NULL; /* looked at again, it has those of then */
	if (!controls_join(p, of, n, &all, e))
		return false;
	talloc_free(of);
	if (all.n == 0)
		return true;
	buf_make(&b, p);
	controls_print(&b, &all);
	p->report.controls.text = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* ---- its changes ---- */

/* What the rows of one report share. */
struct recording {
	struct plan          *p;
	const struct ingest  *in;
	struct chunks         room;
	struct raw_json       attribution;
	const struct strings *controls; /* of the change before, and ... */
	const char           *controls_text;
};

static bool
seal_value(struct recording *w, const char *column, const struct uuid *id, struct str text,
    struct blob *out, struct err *e)
{
	if (text.p == NULL)
		return true;
	return tenant_seal(
	    w->in->t, w->p, (struct sealed_place) { "drift_changes", column, id }, text, out, e);
}

/* Of all changes whose source does not know better. */
struct named_actor {
	const char *actor, *source;
};
static const struct field named_actor_fields[] = {
	FIELD(struct named_actor, actor),
	FIELD(struct named_actor, source),
	FIELD_END,
};
static const struct schema named_actor_schema =
    SCHEMA("NamedActor", struct named_actor, named_actor_fields);

static bool
attribute_to_actor(struct recording *w, struct err *e)
{
	const struct named_actor named = { w->in->actor, w->in->spec->source.settings->kind };
	struct buf               b;

	if (named.actor == NULL || named.actor[0] == '\0')
		return true;
	buf_make(&b, w->p);
	if (!schema_encode(&b, &named_actor_schema, &named, e))
		return false;
	w->attribution.text = b.p;
	return true;
}

static bool
attribute_by_source(
    struct recording *w, const struct change *c, struct raw_json *out, struct err *e)
{
	const struct source *s = &w->in->spec->source;
	struct buf           b;

	*out = w->attribution;
	if (s->ops->attribute == NULL)
		return true;
	buf_make(&b, w->p);
	if (!s->ops->attribute(s, c, &b, e))
		return false;
	out->text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
record_texts(struct recording *w, const struct change *c, struct change_row *row, struct err *e)
{
	struct chunks *room = &w->room;
	const char    *by = w->p->findings->by[row->position];

	row->category = plain(room, c->category, RESOURCE_CATEGORY_MAX);
	row->key = plain(room, c->key, RESOURCE_KEY_MAX);
	row->op = chunks_text(room, str_of(change_op_name(c->op)));
	row->path = plain(room, c->path, SIZE_MAX);
	row->canonical_path = plain(room, c->canonical_path, SIZE_MAX);
	row->severity = chunks_text(room, str_of(severity_name(c->severity)));
	row->rule = plain(room, str_of(c->rule), RULE_MAX);
	row->reason = plain(room, str_of(c->reason), REASON_MAX);
	row->status = chunks_text(room, str_of(w->p->findings->status[row->position]));
	row->suppressed_by = by == NULL ? NULL : chunks_text(room, str_of(by));
	if (c->judged_partly)
		row->judged = chunks_text(room, STR("partly"));
	if (row->category == NULL || row->key == NULL || row->op == NULL || row->path == NULL ||
	    row->canonical_path == NULL || row->severity == NULL || row->rule == NULL ||
	    row->reason == NULL || row->status == NULL ||
	    (by != NULL && row->suppressed_by == NULL))
		return err_memory(e);
	return true;
}

/* Where the rule decided, and what it names. */
static bool
record_rule(struct recording *w, const struct change *c, struct change_row *row, struct err *e)
{
	struct buf b;

	if (c->rule_place.n > 0) {
		row->rule_place = plain(&w->room, c->rule_place, SIZE_MAX);
		if (row->rule_place == NULL)
			return err_memory(e);
	}
	if (c->controls == NULL)
		return true;
	if (c->controls != w->controls) {
		buf_make(&b, w->p);
		controls_print(&b, c->controls);
		if (!buf_ok(&b))
			return err_memory(e);
		w->controls = c->controls;
		w->controls_text = b.p;
	}
	row->controls.text = w->controls_text;
	return true;
}

/* Of what it may be another name. */
static bool
record_renamed(struct recording *w, const struct change *c, struct change_row *row, struct err *e)
{
	if (c->renamed_from.p == NULL)
		return true;
	row->renamed_from = plain(&w->room, c->renamed_from, RESOURCE_KEY_MAX);
	row->renamed_severity = chunks_text(&w->room, str_of(severity_name(c->renamed_severity)));
	return (row->renamed_from != NULL && row->renamed_severity != NULL) || err_memory(e);
}

static bool
record_change(struct recording *w, size_t i, struct err *e)
{
	const struct ingest      *in = w->in;
	const struct change      *c = &w->p->diff->changes[i];
	const struct change_text *v = &w->p->values[i];
	struct change_row        *row = &w->p->changes[i];

	row->id = uuid_make(in->d->env->clock, in->d->env->rand);
	row->report_id = w->p->report.id;
	row->config_id = in->config->id;
	row->position = (int64_t)i;
	row->fingerprint = (struct blob) { c->fingerprint, HASH_LEN };
	row->value_hash = (struct blob) { c->value_hash, HASH_LEN };
	row->created_at = in->received_at;
	row->old_truncated = v->old_truncated;
	row->new_truncated = v->new_truncated;
	return attribute_by_source(w, c, &row->attribution, e) && record_texts(w, c, row, e) &&
	       record_rule(w, c, row, e) && record_renamed(w, c, row, e) &&
	       seal_value(w, "old_value", &row->id, v->old_text, &row->old_value, e) &&
	       seal_value(w, "new_value", &row->id, v->new_text, &row->new_value, e) &&
	       seal_value(w, "text_diff", &row->id, v->lines, &row->text_diff, e) &&
	       work_spend(in->work, WORK_CHANGES, STEPS_ROW, e);
}

bool
plan_record(struct plan *p, const struct ingest *in, const char *status,
    const struct uuid *baseline, struct err *e)
{
	size_t           n = p->seen.n;
	struct recording w = { .p = p, .in = in, .room = { .mem = p } };

	if (!record_report(p, in, status, baseline, e) || !record_controls(p, e) ||
	    !attribute_to_actor(&w, e))
		return false;
	p->changes = talloc_zero_size(p, (n + 1) * sizeof(p->changes[0]));
	if (p->changes == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (!record_change(&w, i, e))
			return false;
	return true;
}
