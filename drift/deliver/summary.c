#include "drift/deliver/summary.h"

#include <string.h>

#include "core/store/alert/gather.h"
#include "drift/alert/message.h"

/* ---- its row ---- */

bool
summary_is(const struct outbox *m)
{
	return strcmp(m->event, EVENT_SUMMARY) == 0;
}

bool
summary_post(const struct attempt *a, TALLOC_CTX *mem, const struct uuid *id, const char *reason,
    struct err *e)
{
	const struct alert_scope  s = { .env = a->d->env, .t = a->t, .mem = mem };
	const struct message_many m = { .id = *id, .channel = &a->channel, .reason = reason };

	return message_post_many(&s, &m, e);
}

/* ---- what it lists ---- */

static bool
print_text(TALLOC_CTX *mem, const char *text, struct raw_json *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_json(&b, str_of(text));
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

static bool
list_one(TALLOC_CTX *mem, const struct gathered *row, struct event_listed *out, struct err *e)
{
	*out = (struct event_listed) {
		.id = row->alert_id,
		.event = row->event,
		.severity = row->severity,
		.kind = row->kind,
		.status = row->status,
		.opened_at = row->opened_at,
	};
	if (!print_text(mem, row->title, &out->title, e))
		return false;
	if (row->config_name == NULL)
		return true;
	out->config = talloc_zero(mem, struct event_config);
	if (out->config == NULL)
		return err_memory(e);
	out->config->id = row->config_id;
	return print_text(mem, row->config_name, &out->config->name, e);
}

static bool
list_alerts(struct tenant_db *t, TALLOC_CTX *mem, const struct gather_what *of,
    struct event_many *out, struct err *e)
{
	struct event_listed *listed;
	struct gathered     *rows;
	size_t               n;

	if (!gather_list(t->db, mem, of, EVENT_LISTED, &rows, &n, e))
		return false;
	listed = talloc_zero_size(mem, (n + 1) * sizeof(listed[0]));
	if (listed == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		if (!list_one(mem, &rows[i], &listed[i], e))
			return false;
		listed[i].never_sent = rows[i].never_sent && strcmp(out->reason, SUMMARY_RATE) != 0;
	}
	out->alerts = (struct items) { listed, n };
	return true;
}

/* The worst first. */
static bool
count_alerts(const struct gathered_count *rows, size_t n, struct event_many *out, struct buf *by,
    struct err *e)
{
	buf_putc(by, '{');
	for (int s = SEVERITY_CRITICAL; s >= (int)SEVERITY_INFO; s--) {
		const char *name = severity_name((enum severity)s);

		for (size_t i = 0; i < n; i++) {
			if (rows[i].resolved || strcmp(rows[i].severity, name) != 0)
				continue;
			buf_printf(by, "%s\"%s\":%lld", out->worst == NULL ? "" : ",", name,
			    (long long)rows[i].n);
			if (out->worst == NULL)
				out->worst = name;
		}
	}
	buf_putc(by, '}');
	for (size_t i = 0; i < n; i++) {
		out->alerts_total += rows[i].n;
		out->resolved += rows[i].resolved ? rows[i].n : 0;
	}
	out->by_severity.text = buf_text(by, e);
	return out->by_severity.text != NULL;
}

bool
summary_fill(struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m, struct event_many *out,
    struct err *e)
{
	const bool               again = strcmp(out->reason, SUMMARY_REPEAT) == 0;
	const struct gather_what of = { again ? m->group_id : m->id, again };
	struct gathered_count   *counts;
	size_t                   n;
	struct buf               by;

	buf_make(&by, mem);
	return list_alerts(t, mem, &of, out, e) && gather_count(t->db, mem, &of, &counts, &n, e) &&
	       count_alerts(counts, n, out, &by, e);
}

/* ---- its end ---- */

bool
summary_end(struct db *db, const struct attempt *a, bool arrived, struct err *e)
{
	TALLOC_CTX       *tmp = talloc_new(db);
	struct delivery   row = a->row;
	struct gather_end g = { a->d->env, a->message.id, arrived, &row };
	bool              ok;

	if (tmp == NULL)
		return err_memory(e);
	row.wire_id = a->message.id;
	row.request_bytes = 0; /* they are counted once */
	row.detail = talloc_asprintf(tmp, "Told in one message with others. %s", a->row.detail);
	ok = row.detail != NULL ? gather_finish(db, tmp, &g, e) : err_memory(e);
	talloc_free(tmp);
	return ok;
}
