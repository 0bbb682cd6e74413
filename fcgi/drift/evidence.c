/* routes.h: the evidence of an alert: one signed file (core/proof/evidence.h). */
#include <string.h>

#include "core/auth/audit_show.h"
#include "core/proof/evidence.h"
#include "drift/service/evidence.h"
#include "fcgi/drift/report.h"
#include "fcgi/drift/shown.h"
#include "fcgi/routes.h"

#define EVIDENCE_TYPE  "application/x-ndjson"
#define TEXT_MAX       ((size_t)16 << 20) /* of the lines; what does not fit is counted */
#define RESOURCES_MAX  10                 /* whole ones, before and after */
#define RESOURCES_READ ((size_t)8 << 20)  /* of them: none is read behind that */

struct left_out {
	int64_t changes, history, deliveries, entries, resources;
};
static const struct field left_out_fields[] = {
	FIELD(struct left_out, changes, .doc = "Changes, at least so many."),
	FIELD(struct left_out, history, .doc = "1: not all that happened to the changes is there."),
	FIELD(struct left_out, deliveries, .doc = "Deliveries, at least so many."),
	FIELD(struct left_out, entries, .doc = "Entries of the trail, at least so many."),
	FIELD(struct left_out, resources, .doc = "Whole resources, before or after."),
	FIELD_END,
};
static const struct schema left_out_schema = SCHEMA("LeftOut", struct left_out, left_out_fields);

struct evidence_tenant {
	struct uuid id;
	const char *slug, *name;
};
static const struct field tenant_fields[] = {
	FIELD(struct evidence_tenant, id, .doc = "Number."),
	FIELD(struct evidence_tenant, slug, .doc = "Short name."),
	FIELD(struct evidence_tenant, name, .doc = "Name."),
	FIELD_END,
};
static const struct schema evidence_tenant_schema =
    SCHEMA("EvidenceTenant", struct evidence_tenant, tenant_fields);

struct evidence_head {
	const char             *format;
	struct evidence_tenant *tenant;
	struct uuid             alert_id;
	instant                 made_at;
	const char             *made_by;
};
static const struct field head_fields[] = {
	FIELD(struct evidence_head, format, .doc = "What the file is."),
	FIELD(struct evidence_head, tenant, .item = &evidence_tenant_schema, .doc = "Whose alert."),
	FIELD(struct evidence_head, alert_id, .doc = "Of which alert."),
	FIELD(struct evidence_head, made_at, .doc = "When."),
	FIELD(struct evidence_head, made_by, .doc = "For whom."),
	FIELD_END,
};
static const struct schema head_schema = SCHEMA("EvidenceHead", struct evidence_head, head_fields);

struct writing {
	struct request        *r;
	const struct acting   *a;
	const struct evidence *x;
	struct buf            *out;
	uint64_t               lines; /* behind the name */
	struct left_out        left;
	size_t                 resources, read; /* whole ones: how many, and their bytes */
};

/* ---- lines ---- */

/* Where it begins. */
static size_t
begin_line(struct writing *w, const char *kind)
{
	size_t from = w->out->n;

	buf_printf(w->out, "{\"%s\":", kind);
	return from;
}

/* *left (NULL: it is short): what does not fit is taken back, and counted there. */
static bool
end_line(struct writing *w, size_t from, int64_t *left, struct err *e)
{
	buf_puts(w->out, "}\n");
	if (!buf_ok(w->out))
		return err_memory(e);
	if (w->out->n > TEXT_MAX && left != NULL) {
		w->out->n = from;
		(*left)++;
		return true;
	}
	w->lines++;
	return true;
}

static bool
put_head(struct writing *w, struct err *e)
{
	const struct tenant   *t = w->a->by.t->tenant;
	struct evidence_tenant tenant = { t->id, t->slug, t->name };
	struct evidence_head   head = {
		  .format = EVIDENCE_FORMAT,
		  .tenant = &tenant,
		  .alert_id = w->x->alert.id,
		  .made_at = acting_now(w->a),
		  .made_by = w->a->name,
	};
	char id[UUID_TEXT_MAX];

	uuid_print(&t->id, id);
	buf_printf(w->out, EVIDENCE_NAME "%s\n", id);
	w->lines++;
	if (!schema_encode(w->out, &head_schema, &head, e))
		return false;
	buf_putc(w->out, '\n');
	return buf_ok(w->out) || err_memory(e);
}

static bool
put_alert(struct writing *w, struct err *e)
{
	size_t from = begin_line(w, "alert");
	if (!alert_shown(w->r, w->a, &w->x->alert, w->out, e))
		return false;
	return end_line(w, from, NULL, e);
}

static bool
put_report(struct writing *w, const struct uuid *id, struct err *e)
{
	size_t            from;
	struct report_out shown;
	struct report     row;

	if (!report_see(w->a, id, &row, e))
		return err_take(e, ERR_MISSING);
	from = begin_line(w, "report");
	if (!report_show(w->a->by.mem, &row, &shown, e) ||
	    !schema_encode(w->out, &report_out_schema, &shown, e))
		return false;
	return end_line(w, from, NULL, e);
}

static bool
put_snapshot(struct writing *w, const struct snapshot *s, struct err *e)
{
	size_t from = begin_line(w, "snapshot");
	if (!snapshot_shown(w->r, s, w->out, e))
		return false;
	return end_line(w, from, NULL, e);
}

static bool
put_change(struct writing *w, const struct change_seen *c, struct err *e)
{
	size_t from = begin_line(w, "change");
	if (!change_shown(w->a, c, w->out, e))
		return false;
	return end_line(w, from, &w->left.changes, e);
}

static bool
put_delivery(struct writing *w, const struct delivery_row *d, struct err *e)
{
	size_t from = begin_line(w, "delivery");
	if (!delivery_shown(d, w->out, e))
		return false;
	return end_line(w, from, &w->left.deliveries, e);
}

/* ---- the trail ---- */

/* What is older is in none of these lines. */
static bool
put_trail(struct writing *w, struct err *e)
{
	const struct audit_proven *p = &w->x->proven;
	size_t                     from;
	char                       at[TIME_TEXT_MAX];

	time_print(p->from.ms, at);
	from = begin_line(w, "trail");
	buf_printf(
	    w->out, "{\"chain\":%llu,\"from\":\"%s\"}", (unsigned long long)p->point.chain, at);
	return end_line(w, from, NULL, e);
}

static bool
put_checkpoint(struct writing *w, struct err *e)
{
	size_t from;

	if (w->x->proven.point.size == 0)
		return true;
	from = begin_line(w, "checkpoint");
	buf_json(w->out, str_of(w->x->proven.point.note));
	return end_line(w, from, NULL, e);
}

/* With its path behind it, or neither. */
static bool
put_entry(struct writing *w, size_t i, struct err *e)
{
	const struct audit_proven *p = &w->x->proven;
	size_t                     from = w->out->n;
	uint64_t                   lines = w->lines;
	char                       hex[2 * HASH_LEN + 1];

	if (!audit_show_lines(w->a->by.mem, &p->entries[i], 1, w->out, e))
		return false;
	w->lines++;
	if (p->covered[i]) {
		buf_puts(w->out, "{\"path\":[");
		for (size_t k = 0; k < p->paths[i].n; k++) {
			hex_print(p->paths[i].hash[k], HASH_LEN, hex);
			buf_printf(w->out, "%s\"%s\"", k == 0 ? "" : ",", hex);
		}
		buf_puts(w->out, "]}\n");
		w->lines++;
	}
	if (w->out->n <= TEXT_MAX)
		return buf_ok(w->out) || err_memory(e);
	w->out->n = from;
	w->lines = lines;
	w->left.entries++;
	return true;
}

/* ---- whole resources ---- */

/* Of one side of a change; what it was not there of has none. */
static bool
put_resource(struct writing *w, const struct acting *a, const struct snapshot *s,
    const struct change_row *c, struct err *e)
{
	size_t                from;
	struct snapshot_value v;
	char                  id[UUID_TEXT_MAX];

	if (w->read > RESOURCES_READ) {
		w->left.resources++;
		return true;
	}
	if (!snapshot_resource(a, s, c->category, c->key, &v, e))
		return err_take(e, ERR_MISSING);
	w->read += strlen(v.text);
	uuid_print(&s->id, id);
	from = begin_line(w, "resource");
	buf_printf(w->out, "{\"snapshot_id\":\"%s\",\"category\":", id);
	buf_json(w->out, str_of(c->category));
	buf_puts(w->out, ",\"key\":");
	buf_json(w->out, str_of(c->key));
	buf_puts(w->out, ",\"value\":");
	buf_puts(w->out, v.text);
	buf_putc(w->out, '}');
	return end_line(w, from, &w->left.resources, e);
}

/* What was read of it goes before the next. */
static bool
put_sides(
    struct writing *w, const struct evidence_sides *s, const struct change_row *c, struct err *e)
{
	struct acting one = *w->a;
	bool          ok;

	one.by.mem = talloc_new(w->a->by.mem);
	if (one.by.mem == NULL)
		return err_memory(e);
	ok = (!s->has_from || put_resource(w, &one, &s->from, c, e)) &&
	     (!s->has_to || put_resource(w, &one, &s->to, c, e));
	talloc_free(one.by.mem);
	return ok;
}

static bool
seen_before(const struct evidence *x, size_t at)
{
	const struct change_row *c = &x->changes[at].row;

	for (size_t i = 0; i < at; i++)
		if (uuid_eq(&x->changes[i].row.report_id, &c->report_id) &&
		    strcmp(x->changes[i].row.category, c->category) == 0 &&
		    strcmp(x->changes[i].row.key, c->key) == 0)
			return true;
	return false;
}

/* Each report once with its snapshots: changes of one alert are of few. */
static bool
put_reports(struct writing *w, struct err *e)
{
	const struct evidence *x = w->x;
	struct evidence_sides  sides;

	for (size_t i = 0; i < x->changes_n; i++) {
		bool known = false;

		for (size_t k = 0; k < i && !known; k++)
			known = uuid_eq(&x->changes[k].row.report_id, &x->changes[i].row.report_id);
		if (known)
			continue;
		if (!put_report(w, &x->changes[i].row.report_id, e) ||
		    !evidence_sides_of(w->a, &x->changes[i].row.report_id, &sides, e) ||
		    (sides.has_from && !put_snapshot(w, &sides.from, e)) ||
		    (sides.has_to && !put_snapshot(w, &sides.to, e)))
			return false;
	}
	return true;
}

static bool
put_resources(struct writing *w, struct err *e)
{
	struct uuid           of = { 0 };
	struct evidence_sides sides = { 0 };

	for (size_t i = 0; i < w->x->changes_n; i++) {
		const struct change_row *c = &w->x->changes[i].row;

		if (seen_before(w->x, i))
			continue;
		if (w->resources++ >= RESOURCES_MAX) {
			w->left.resources++;
			continue;
		}
		if (!uuid_eq(&of, &c->report_id) &&
		    !evidence_sides_of(w->a, &c->report_id, &sides, e))
			return false;
		of = c->report_id;
		if (!put_sides(w, &sides, c, e))
			return false;
	}
	return true;
}

/* ---- the whole ---- */

static bool
put_end(struct writing *w, struct err *e)
{
	const struct evidence *x = w->x;

	w->left.changes += x->more_changes;
	w->left.history = x->more_history;
	w->left.deliveries += x->more_deliveries;
	w->left.entries += (int64_t)x->proven.left_out;
	buf_printf(w->out, "{\"end\":%llu,\"left_out\":", (unsigned long long)w->lines);
	if (!schema_encode(w->out, &left_out_schema, &w->left, e))
		return false;
	buf_puts(w->out, "}\n");
	return buf_ok(w->out) || err_memory(e);
}

static bool
put_all(struct writing *w, struct err *e)
{
	const struct evidence *x = w->x;

	if (!put_head(w, e) || !put_alert(w, e) || !put_reports(w, e))
		return false;
	for (size_t i = 0; i < x->changes_n; i++)
		if (!put_change(w, &x->changes[i], e))
			return false;
	for (size_t i = 0; i < x->deliveries_n; i++)
		if (!put_delivery(w, &x->deliveries[i], e))
			return false;
	if (!put_trail(w, e) || !put_checkpoint(w, e))
		return false;
	for (size_t i = 0; i < x->proven.n; i++)
		if (!put_entry(w, i, e))
			return false;
	return put_resources(w, e) && put_end(w, e);
}

static bool
get_evidence(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct evidence      x;
	struct buf           text;
	struct writing       w = { .r = r, .a = a, .x = &x, .out = &text };
	char                *note;

	(void)body, (void)answer;
	if (a == NULL || !evidence_gather(a, &r->id0, &x, e))
		return false;
	buf_make(&text, r->mem);
	if (!put_all(&w, e))
		return false;
	note = audit_sign_text(a->by.auth, r->mem, buf_str(&text), e);
	if (note == NULL)
		return false;
	talloc_free(text.p);
	buf_make(&r->out, r->mem);
	buf_puts(&r->out, note);
	r->content_type = EVIDENCE_TYPE;
	return buf_ok(&r->out) || err_memory(e);
}

const struct route evidence_routes[] = {
	ROUTE(GET, "/api/drift/alerts/{id}/evidence", ALLOW(READ, AUDIT), RATE_WRITE, 200,
	    get_evidence, IN_NONE, OUT_RAW(EVIDENCE_TYPE),
	    "All that is known of an alert, in one signed file that bsx-audit-verify(1) checks "
	    "with "
	    "the public key alone; masked places stay masked. Each time leaves an entry in the "
	    "trail. "
	    "Needs also read:alerts, read:drift and read:snapshots. Deliveries are in it with "
	    "read:channels."),
	ROUTE_END,
};
