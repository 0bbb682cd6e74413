#include "core/store/archive/archive_snapshot.h"

#include <stdio.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/store/db_snapshot.h"
#include "core/store/drift/schedule.h"
#include "core/store/identity/audit_rows.h"
#include "core/store/migrate.h"

#define TRIES 5

struct archive_snapshot {
	struct tenant_db    *t;
	struct db           *db;
	struct archive_head  head;
	struct schedule_row *due;
	size_t               due_n;
};

/* ---- its instant ---- */

/* The registry's row as it is now; its texts are children of x. */
static bool
read_registry(struct archive_snapshot *x, struct database *d, struct archive_head *h, struct err *e)
{
	const struct tenant *row;
	struct uuid          id = x->t->tenant->id;

	tenant_forget(d);
	if (!tenant_by_id(d, &id, &row, e))
		return false;
	if (row->schema_version != migrate_newest(SQL_TENANT))
		return err_set(e, ERR_CONFLICT, 0,
		    "The tenant's schema is of another version than this program: run bsxctl "
		    "migrate.",
		    "schema version %lld", (long long)row->schema_version);
	*h = (struct archive_head) {
		.schema_version = row->schema_version,
		.tenant_id = row->id,
		.slug = talloc_strdup(x, row->slug),
		.name = talloc_strdup(x, row->name),
		.settings = talloc_strdup(x, row->settings.text),
		.quota = talloc_strdup(x, row->quota.text),
		.tenant_made_at = row->created_at,
	};
	return (h->slug != NULL && h->name != NULL && h->settings != NULL && h->quota != NULL) ||
	       err_memory(e);
}

static bool
rested(const struct archive_head *a, const struct archive_head *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->settings, b->settings) == 0 &&
	       strcmp(a->quota, b->quota) == 0;
}

static bool
begin(struct archive_snapshot *x, struct database *d, struct err *e)
{
	struct archive_head before;

	for (int i = 0; i < TRIES; i++) {
		talloc_free(x->db);
		if (!read_registry(x, d, &before, e) ||
		    (x->db = db_snapshot(x, x->t->db, e)) == NULL ||
		    !read_registry(x, d, &x->head, e))
			return false;
		if (rested(&before, &x->head))
			return true;
	}
	return err_set(
	    e, ERR_CONFLICT, 0, "The tenant's settings are being changed.", "they do not rest");
}

/* ---- what it has ---- */

static bool
is_key(const struct archive_table *t)
{
	return strcmp(t->name, ARCHIVE_KEY_TABLE) == 0;
}

static bool
is_due(const struct archive_table *t)
{
	return strcmp(t->name, ARCHIVE_DUE_TABLE) == 0;
}

static bool
read_trail(struct archive_snapshot *x, struct err *e)
{
	struct tenant_db  then = { .tenant = x->t->tenant, .db = x->db };
	struct audit_head h;

	if (!audit_head_read(&then, x, &h, e))
		return false;
	x->head.audit_entries = h.seq;
	x->head.audit_mac = base64_print(x, h.mac.p, h.mac.n);
	return x->head.audit_mac != NULL || err_memory(e);
}

static bool
count_in_table(struct archive_snapshot *x, struct archive_table *t, struct err *e)
{
	const struct archive_plan *p = archive_plan_of(t->name);
	TALLOC_CTX                *tmp = talloc_new(x);
	const struct blob         *v = NULL;
	struct db_rows            *r = NULL;
	char                      *text;
	bool                       ok;

	text = talloc_asprintf(
	    tmp, "SELECT COUNT(*) FROM `%s` WHERE %s", t->name, p->only != NULL ? p->only : "TRUE");
	ok = text != NULL || err_memory(e);
	ok = ok && (r = db_rows(tmp, x->db, text, e)) != NULL && db_rows_next(r, &v, e);
	ok = ok && (str_to_u64((struct str) { (const char *)v[0].p, v[0].n }, &t->rows) ||
		       err_set(e, ERR_INTERNAL, 0, "internal error", "no count of %s", t->name));
	talloc_free(tmp);
	return ok;
}

static bool
count_rows(struct archive_snapshot *x, struct archive_table *t, struct err *e)
{
	if (!is_key(t) && !is_due(t))
		return count_in_table(x, t, e);
	t->rows = is_key(t) ? 1 : x->due_n;
	return true;
}

struct archive_snapshot *
archive_snapshot_open(TALLOC_CTX *mem, struct database *d, struct tenant_db *t, struct err *e)
{
	struct archive_snapshot *x = talloc_zero(mem, struct archive_snapshot);
	struct archive_table    *all;
	bool                     ok;

	if (x == NULL) {
		err_memory(e);
		return NULL;
	}
	x->t = t;
	ok = begin(x, d, e) && read_trail(x, e) &&
	     schedule_all(database_control(d), x, t->tenant->schema_name, &x->due, &x->due_n, e) &&
	     archive_tables_make(x, x->head.schema_version, &x->head.tables, e);
	all = x->head.tables.p;
	for (size_t i = 0; ok && i < x->head.tables.n; i++)
		ok = count_rows(x, &all[i], e);
	if (!ok)
		talloc_free(x);
	return ok ? x : NULL;
}

struct archive_head *
archive_snapshot_head(struct archive_snapshot *x)
{
	return &x->head;
}

void
archive_snapshot_due(struct archive_snapshot *x, struct schedule_row *due, size_t n)
{
	struct archive_table *all = x->head.tables.p;

	x->due = due;
	x->due_n = n;
	for (size_t i = 0; i < x->head.tables.n; i++)
		if (is_due(&all[i]))
			all[i].rows = n;
}

/* ---- its rows ---- */

/* The statement, and which of its columns are sealed. */
struct reading {
	const struct archive_table *of;
	char                       *text;
	struct strings              sealed; /* NULL: that one is not */
};

static bool
put_order(struct buf *b, const struct archive_plan *p)
{
	const char           *rest = p->columns, *lead = " ORDER BY ";
	struct archive_column c;

	while (archive_column_next(p, &rest, &c)) {
		if (!c.key)
			continue;
		buf_printf(b, "%s`%.*s`", lead, (int)c.name.n, c.name.p);
		lead = ", ";
	}
	return buf_ok(b);
}

static bool
reading_make(TALLOC_CTX *mem, const struct archive_table *t, struct reading *out, struct err *e)
{
	const struct archive_plan *p = archive_plan_of(t->name);
	const char                *rest = p->columns, *lead = "SELECT ";
	struct archive_column      c;
	struct buf                 b;

	*out = (struct reading) { .of = t };
	out->sealed.items = talloc_zero_array(mem, const char *, (unsigned)t->columns.n);
	if (out->sealed.items == NULL)
		return err_memory(e);
	buf_make(&b, mem);
	while (archive_column_carried(p, migrate_newest(SQL_TENANT), &rest, &c)) {
		buf_printf(&b, "%s`%.*s`", lead, (int)c.name.n, c.name.p);
		lead = ", ";
		if (c.sealed)
			out->sealed.items[out->sealed.n] = t->columns.items[out->sealed.n];
		out->sealed.n++;
	}
	buf_printf(&b, " FROM `%s` FORCE INDEX (PRIMARY) WHERE %s", t->name,
	    p->only != NULL ? p->only : "TRUE");
	if (!put_order(&b, p))
		return err_memory(e);
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

/* In their place. */
static bool
open_values(struct archive_snapshot *x, TALLOC_CTX *mem, const struct reading *r,
    struct blob *values, struct err *e)
{
	const struct archive_table *t = r->of;
	struct uuid                 id;

	for (size_t i = 0; i < t->columns.n; i++) {
		const struct sealed_place place = { t->name, r->sealed.items[i], &id };
		struct str                plain;

		if (place.column == NULL || values[i].p == NULL)
			continue;
		if (!archive_place(t, values, &id))
			return err_set(
			    e, ERR_INTERNAL, 0, "internal error", "%s: no row of an id", t->name);
		if (!tenant_open(x->t, mem, place, values[i], &plain, e))
			return err_note(e, "%s.%s", t->name, place.column);
		values[i] = (struct blob) { (const uint8_t *)plain.p, plain.n };
	}
	return true;
}

static bool
walk_rows(struct archive_snapshot *x, const struct archive_table *t, const struct archive_walk *w,
    struct err *e)
{
	TALLOC_CTX        *tmp = talloc_new(x), *row;
	const struct blob *v = NULL;
	struct reading     r;
	struct db_rows    *rows = NULL;
	bool               ok = reading_make(tmp, t, &r, e);

	ok = ok && (rows = db_rows(tmp, x->db, r.text, e)) != NULL;
	while (ok && (ok = db_rows_next(rows, &v, e)) && v != NULL) {
		struct blob *mine;

		row = talloc_new(tmp);
		mine = talloc_memdup(row, v, t->columns.n * sizeof(*v));
		ok = (mine != NULL || err_memory(e)) && open_values(x, row, &r, mine, e) &&
		     w->row(w->arg, mine, e);
		talloc_free(row);
	}
	talloc_free(tmp);
	return ok;
}

static bool
walk_key(const struct archive_snapshot *x, const struct archive_walk *w, struct err *e)
{
	const struct blob key = { x->t->address_key, KEY_LEN };

	return w->row(w->arg, &key, e);
}

static bool
walk_due(const struct archive_snapshot *x, const struct archive_walk *w, struct err *e)
{
	char ms[32];

	for (size_t i = 0; i < x->due_n; i++) {
		const struct schedule_row *r = &x->due[i];
		const struct blob          values[] = {
				 { (const uint8_t *)r->kind, strlen(r->kind) },
				 { r->ref.b, sizeof(r->ref.b) },
				 { (const uint8_t *)ms,
				     (size_t)snprintf(ms, sizeof(ms), "%lld", (long long)r->next_due.ms) },
		};

		if (!w->row(w->arg, values, e))
			return false;
	}
	return true;
}

bool
archive_snapshot_walk(struct archive_snapshot *x, const struct archive_walk *w, struct err *e)
{
	const struct archive_table *all = x->head.tables.p;

	for (size_t i = 0; i < x->head.tables.n; i++)
		if (!w->table(w->arg, &all[i], e) ||
		    !(is_key(&all[i])     ? walk_key(x, w, e)
			: is_due(&all[i]) ? walk_due(x, w, e)
					  : walk_rows(x, &all[i], w, e)))
			return false;
	return true;
}
