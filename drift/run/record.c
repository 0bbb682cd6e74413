#include <string.h>

#include "drift/run/plan.h"

#define RULE_MAX   128 /* bytes, as the column */
#define REASON_MAX 500

/* ---- texts ---- */

/* At most `max` bytes of a text, not cutting a character; U+0000, which no text column takes, as
 * U+FFFD. */
static char *
plain(TALLOC_CTX *mem, struct str s, size_t max)
{
	struct buf b;
	size_t     n = s.n <= max ? s.n : max;

	while (n < s.n && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	buf_make(&b, mem);
	for (size_t i = 0; i < n; i++) {
		if (s.p[i] == '\0')
			buf_puts(&b, "\xef\xbf\xbd");
		else
			buf_putc(&b, s.p[i]);
	}
	if (n == 0)
		return talloc_strdup(mem, "");
	return buf_ok(&b) ? b.p : NULL;
}

static void
value_text(TALLOC_CTX *mem, const struct json *v, struct str *text, bool *truncated)
{
	struct buf b;

	*text = (struct str) { NULL, 0 };
	*truncated = false;
	if (v == NULL)
		return;
	buf_make(&b, mem);
	b.max = CHANGE_VALUE_MAX;
	resource_print(&b, v);
	if (buf_ok(&b)) {
		*text = buf_str(&b);
		return;
	}
	talloc_free(b.p);
	*truncated = true;
}

/* ---- the report ---- */

static bool
print_severities(TALLOC_CTX *mem, const struct diff *d, struct raw_json *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		buf_printf(&b, "%c\"%s\":%lld", v == 0 ? '{' : ',', severity_name(v),
		    d == NULL ? 0LL : (long long)d->summary.by_severity[v]);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
print_incomplete(const struct plan *p, struct raw_json *out, TALLOC_CTX *mem, struct err *e)
{
	struct buf b;
	bool       first = true;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < p->collections_n; i++) {
		const struct collection *c = &p->collections[i];

		if (c->how == COLLECTION_COMPLETE)
			continue;
		buf_puts(&b, first ? "{\"category\":" : ",{\"category\":");
		first = false;
		buf_json(&b, c->category);
		buf_puts(&b, ",\"why\":");
		buf_json(&b, str_of(completeness_name(c->how)));
		buf_puts(&b, c->told ? "}"
				     : ",\"detail\":\"The baseline has it, this snapshot does not "
				       "speak of it.\"}");
	}
	buf_putc(&b, ']');
	out->text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
record_report(struct plan *p, const struct ingest *in, const char *status,
    const struct uuid *baseline, struct err *e)
{
	const struct drift_deps *d = &in->d->deps;
	struct report           *r = &p->report;

	r->id = uuid_make(d->clock, d->rand);
	r->config_id = in->config->id;
	r->snapshot_id = in->snapshot_id;
	r->baseline_id = *baseline;
	r->status = talloc_strdup(p, status);
	r->started_at = in->received_at;
	r->finished_at.ms = clock_ms(d->clock);
	if (p->diff != NULL) {
		r->created = p->diff->summary.created;
		r->modified = p->diff->summary.modified;
		r->deleted = p->diff->summary.deleted;
		r->score = p->diff->summary.score;
	}
	r->accepted = p->life == NULL ? 0 : p->life->accepted;
	r->max_severity = NULL;
	if (p->life != NULL)
		r->suppressed = p->life->suppressed;
	if (r->created + r->modified + r->deleted > 0)
		r->max_severity = talloc_strdup(p, severity_name(p->diff->summary.max_severity));
	if (r->status == NULL)
		return err_memory(e);
	return print_severities(p, p->diff, &r->by_severity, e) &&
	       print_incomplete(p, &r->incomplete, p, e);
}

/* ---- its changes ---- */

static bool
seal_value(struct plan *p, const struct ingest *in, const char *column, const struct uuid *id,
    struct str text, struct blob *out, struct err *e)
{
	if (text.p == NULL)
		return true;
	return tenant_seal(in->t, p, in->d->deps.rand, "drift_changes", column, id, text, out, e);
}

static bool
attribution(struct plan *p, const struct ingest *in, struct raw_json *out, struct err *e)
{
	struct buf b;

	if (in->actor == NULL || in->actor[0] == '\0')
		return true;
	buf_make(&b, p);
	buf_puts(&b, "{\"actor\":");
	buf_json(&b, str_of(in->actor));
	buf_puts(&b, ",\"source\":\"push\"}");
	out->text = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
record_texts(struct plan *p, const struct change *c, struct change_row *row, struct err *e)
{
	row->category = plain(p, c->category, RESOURCE_CATEGORY_MAX);
	row->key = plain(p, c->key, RESOURCE_KEY_MAX);
	row->op = talloc_strdup(p, change_op_name(c->op));
	row->path = plain(p, c->path, SIZE_MAX);
	row->canonical_path = plain(p, c->canonical_path, SIZE_MAX);
	row->severity = talloc_strdup(p, severity_name(c->severity));
	row->rule = plain(p, str_of(c->rule), RULE_MAX);
	row->reason = plain(p, str_of(c->reason), REASON_MAX);
	row->status = talloc_strdup(p, p->life->status[row->position]);
	if (row->category == NULL || row->key == NULL || row->op == NULL || row->path == NULL ||
	    row->canonical_path == NULL || row->severity == NULL || row->rule == NULL ||
	    row->reason == NULL || row->status == NULL)
		return err_memory(e);
	return true;
}

static bool
record_change(struct plan *p, const struct ingest *in, size_t i, struct err *e)
{
	const struct change *c = &p->diff->changes[i];
	struct change_row   *row = &p->changes[i];
	struct change_text  *v = &p->values[i];

	row->id = uuid_make(in->d->deps.clock, in->d->deps.rand);
	row->report_id = p->report.id;
	row->config_id = in->config->id;
	row->position = (int64_t)i;
	row->fingerprint = (struct blob) { c->fingerprint, HASH_LEN };
	row->value_hash = (struct blob) { c->value_hash, HASH_LEN };
	row->created_at = in->received_at;
	if (p->life->by[i] != NULL &&
	    (row->suppressed_by = talloc_strdup(p, p->life->by[i])) == NULL)
		return err_memory(e);
	value_text(p, c->old_value, &v->old_text, &v->old_truncated);
	value_text(p, c->new_value, &v->new_text, &v->new_truncated);
	row->old_truncated = v->old_truncated;
	row->new_truncated = v->new_truncated;
	return record_texts(p, c, row, e) && attribution(p, in, &row->attribution, e) &&
	       seal_value(p, in, "old_value", &row->id, v->old_text, &row->old_value, e) &&
	       seal_value(p, in, "new_value", &row->id, v->new_text, &row->new_value, e);
}

bool
plan_record(struct plan *p, const struct ingest *in, const char *status,
    const struct uuid *baseline, struct err *e)
{
	size_t n = p->diff == NULL ? 0 : p->diff->n;

	if (!record_report(p, in, status, baseline, e))
		return false;
	p->changes = talloc_zero_size(p, (n + 1) * sizeof(p->changes[0]));
	p->values = talloc_zero_size(p, (n + 1) * sizeof(p->values[0]));
	if (p->changes == NULL || p->values == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		if (!record_change(p, in, i, e))
			return false;
	return true;
}
