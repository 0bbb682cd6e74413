/* routes.h: what was decided not to be told of, as a list and as a table. */
#include "drift/service/register.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"
#include "fcgi/table.h"

#define PIECE_ROWS 500

struct entry_out {
	struct uuid id;
	const char *kind, *state;
	instant     at;
	const char *who, *reason;
	struct uuid config_id;
	const char *config, *category, *key, *path, *severity;
	instant     starts_at, ends_at, ended_at;
	const char *ended_by, *status;
};
static const struct field entry_fields[] = {
	FIELD(struct entry_out, id, .doc = "Number of the entry; of a silence, its own."),
	FIELD(struct entry_out, kind,
	    .doc =
		"acceptance: a value was accepted; acceptance_end: and counts so no more; silence, "
		"maintenance: as of a silence."),
	FIELD(struct entry_out, state, .doc = "active, scheduled or over: now."),
	FIELD(struct entry_out, at, .doc = "When it was decided, or ended."),
	FIELD(struct entry_out, who,
	    .doc =
		"Who did: an address, key:NAME of an API key, or system where it ended by itself."),
	FIELD(struct entry_out, reason, .doc = "Why."),
	FIELD(struct entry_out, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Its config; null: it is no more, or of a silence, every one."),
	FIELD(struct entry_out, config, .flags = FIELD_NULLABLE, .doc = "The config's name."),
	FIELD(struct entry_out, category, .flags = FIELD_NULLABLE,
	    .doc = "Where; null: everywhere, or no report is kept that had it."),
	FIELD(struct entry_out, key, .flags = FIELD_NULLABLE, .doc = "The resource, the same."),
	FIELD(struct entry_out, path, .flags = FIELD_NULLABLE, .doc = "The place in it, the same."),
	FIELD(struct entry_out, severity, .flags = FIELD_NULLABLE,
	    .doc = "Of a silence: of what severity; null: any."),
	FIELD(struct entry_out, starts_at, .doc = "From when."),
	FIELD(struct entry_out, ends_at, .flags = FIELD_NULLABLE,
	    .doc = "Until when, of an acceptance as its value is accepted now; null: for good."),
	FIELD(struct entry_out, ended_at, .flags = FIELD_NULLABLE,
	    .doc = "When somebody ended a silence before that."),
	FIELD(struct entry_out, ended_by, .flags = FIELD_NULLABLE, .doc = "Who did."),
	FIELD(struct entry_out, status, .flags = FIELD_NULLABLE,
	    .doc = "Of an acceptance: what the value is now; of its end: what it became."),
	FIELD_END,
};
static const struct schema entry_schema = SCHEMA("RegisterEntry", struct entry_out, entry_fields);

struct register_query {
	struct list_query page;
	const char       *kind;
	instant           since, until;
};
static const char *const  kinds[] = { REGISTER_ACCEPTED, REGISTER_ENDED, "silence", "maintenance",
	 NULL };
static const struct field register_query_fields[] = {
	LIST_FIELDS(struct register_query, "Most items of one answer; 50 when absent."),
	FIELD(struct register_query, kind, .choices = kinds, .doc = "Only of this kind."),
	FIELD(struct register_query, since, .flags = FIELD_NULLABLE,
	    .doc = "Decided from then on; a silence also that was in force then."),
	FIELD(struct register_query, until, .flags = FIELD_NULLABLE,
	    .doc = "Decided before then; a silence that began before. Now when absent."),
	FIELD_END,
};
static const struct schema register_query_schema =
    SCHEMA("RegisterQuery", struct register_query, register_query_fields);

static struct register_filter
filter_of(const struct register_query *q)
{
	return (struct register_filter) { q->kind, q->since, q->until };
}

static bool
fetch_entries(struct request *r, struct list_page *p, struct err *e)
{
	const struct register_filter f = filter_of(r->query);
	const struct acting         *a = acting_of(r, e);

	return a != NULL && register_page(a, &f, &p->page, e);
}

static bool
show_entry(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	const struct register_seen *seen = row;
	const struct register_row  *s = &seen->row;

	(void)r, (void)p, (void)e;
	*(struct entry_out *)out = (struct entry_out) {
		.id = s->id,
		.kind = s->kind,
		.state = seen->state,
		.at = s->at,
		.who = s->who,
		.reason = s->reason,
		.config_id = s->config_id,
		.config = s->config,
		.category = s->category,
		.key = s->key,
		.path = s->path,
		.severity = s->severity,
		.starts_at = s->starts_at,
		.ends_at = s->ends_at,
		.ended_at = s->ended_at,
		.ended_by = s->ended_by,
		.status = s->status,
	};
	return true;
}
static const struct list_ops register_list_ops = {
	fetch_entries,
	LIST_OF(struct register_seen, row.id),
	show_entry,
};

/* ---- the table ---- */

struct table {
	struct register_filter f;
	const struct acting   *a;
	struct uuid            after;
	bool                   ended;
};

static void
print_line(struct buf *b, const struct register_seen *seen)
{
	const struct register_row *s = &seen->row;
	char                       id[UUID_TEXT_MAX];

	uuid_print(&s->id, id);
	table_cell(b, id, ',');
	table_cell(b, s->kind, ',');
	table_cell(b, seen->state, ',');
	table_time(b, s->at, ',');
	table_cell(b, s->who, ',');
	table_cell(b, s->reason, ',');
	table_cell(b, s->config, ',');
	table_cell(b, s->category, ',');
	table_cell(b, s->key, ',');
	table_cell(b, s->path, ',');
	table_cell(b, s->severity, ',');
	table_time(b, s->starts_at, ',');
	table_time(b, s->ends_at, ',');
	table_time(b, s->ended_at, ',');
	table_cell(b, s->ended_by, ',');
	table_cell(b, s->status, '\r');
	buf_putc(b, '\n');
}

/* One page; its rows go before the next is read. */
static bool
more_lines(struct request *r, struct buf *out, struct err *e)
{
	struct table               *x = r->more_arg;
	struct acting               page = *x->a;
	struct page                 p = { .after = x->after, .want = PIECE_ROWS };
	const struct register_seen *rows;
	bool                        ok;

	if (x->ended)
		return true;
	page.by.mem = talloc_new(r->mem);
	if (page.by.mem == NULL)
		return err_memory(e);
	ok = register_page(&page, &x->f, &p, e);
	rows = p.rows;
	for (size_t i = 0; ok && i < p.n; i++)
		print_line(out, &rows[i]);
	x->ended = p.n < PIECE_ROWS;
	if (ok && p.n > 0)
		x->after = rows[p.n - 1].row.id;
	talloc_free(page.by.mem);
	return ok && (buf_ok(out) || err_memory(e));
}

static bool
whole_table(struct request *r, const struct register_query *q, struct err *e)
{
	struct table *x = talloc_zero(r->mem, struct table);

	if (x == NULL)
		return err_memory(e);
	if (!table_check(r, &q->page, e))
		return false;
	x->f = filter_of(q);
	x->a = acting_of(r, e);
	if (x->a == NULL || !register_export(x->a, &x->f, e))
		return false;
	return table_begin(r,
	    "id,kind,state,at,who,reason,config,category,key,path,severity,starts_at,"
	    "ends_at,ended_at,ended_by,status",
	    more_lines, x, e);
}

static bool
read_register(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct register_query *q = r->query;

	(void)body;
	if (request_wants_whole(r))
		return whole_table(r, q, e);
	return list_answer(r, &register_list_ops, q->page.cursor, answer, e);
}

const struct route register_routes[] = {
	ROUTE_Q(GET, "/api/drift/register", register_query, ALLOW(READ, DRIFT), RATE_READ, 200,
	    read_register, IN_NONE, OUT_LIST_OR(entry, CSV_TYPE),
	    "What was decided not to be told of, oldest first: accepted values and acceptances "
	    "that "
	    "ended, silences and maintenance windows, with who, why and until when, without "
	    "values; "
	    "a report with more than 5,000 changes that was accepted as a whole appears within "
	    "moments, not at once; "
	    "with Accept: text/csv all of it as a table. Needs also read:alerts."),
	ROUTE_END,
};
