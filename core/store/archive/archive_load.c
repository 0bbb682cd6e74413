#include "core/store/archive/archive_load.h"

#include <string.h>

#include "core/store/db_load.h"
#include "core/store/drift/golden_shared.h"
#include "core/store/tenant/fleet.h"
#include "core/store/tenant/usage.h"
#include "core/store/tx.h"

#define BATCH_ROWS  200
#define BATCH_BYTES ((size_t)1 << 20)
#define SECOND_MS   1000

struct archive_load {
	struct tenant_db           *t;
	struct db                  *db;
	const struct archive_head  *head;
	bool                        trail;
	uint64_t                    chain;
	char                       *chain_text;
	TALLOC_CTX                 *mem;   /* of the table that is being filled, and what waits */
	const struct archive_table *table; /* NULL: none yet */
	struct db_load             *into;
	const struct archive_plan  *plan;
	struct blob                *rows; /* BATCH_ROWS */
	size_t                      columns, n, bytes;
	struct schedule_row        *due;
	size_t                      due_n, due_room;
};

static bool
no_row(const struct archive_table *t, struct err *e)
{
	return err_set(
	    e, ERR_INVALID, 0, "The archive has a row that no tenant has.", "%.64s", t->name);
}

/* ---- making ---- */

static uint64_t
rows_of(const struct archive_head *head, const char *table)
{
	const struct archive_table *all = head->tables.p;

	for (size_t i = 0; i < head->tables.n; i++)
		if (strcmp(all[i].name, table) == 0)
			return all[i].rows;
	return 0;
}

struct archive_load *
archive_load_make(TALLOC_CTX *mem, struct tenant_db *t, const struct archive_head *head, bool trail,
    struct err *e)
{
	struct archive_load *l = talloc_zero(mem, struct archive_load);

	if (l == NULL) {
		err_memory(e);
		return NULL;
	}
	l->t = t;
	l->head = head;
	l->trail = trail;
	l->chain = rows_of(head, "audit_chains") + 1;
	l->chain_text = talloc_asprintf(l, "%llu", (unsigned long long)l->chain);
	l->db = l->chain_text == NULL ? NULL : db_loader(l, t->db, e);
	if (l->db == NULL) {
		talloc_free(l);
		return NULL;
	}
	return l;
}

uint64_t
archive_load_chain(const struct archive_load *l)
{
	return l->chain;
}

/* ---- rows that wait to be written ---- */

static bool
write_waiting(struct archive_load *l, struct err *e)
{
	bool ok = l->n == 0 || db_load_rows(l->into, l->rows, l->n, e) ||
		  err_note(e, "rows of %s", l->table->name);

	for (size_t i = 0; i < l->n * l->columns; i++)
		talloc_free((void *)(uintptr_t)l->rows[i].p);
	memset(l->rows, 0, l->n * l->columns * sizeof(*l->rows));
	l->n = l->bytes = 0;
	return ok;
}

/* The archive's own trail goes where closed ones are: a column more, and another table. */
static bool
is_trail(const struct archive_table *t)
{
	return strcmp(t->name, "audit") == 0;
}

static bool
begin_table(struct archive_load *l, const struct archive_table *t, struct err *e)
{
	struct strings columns;

	if (l->table != NULL && !write_waiting(l, e))
		return false;
	talloc_free(l->mem);
	l->mem = talloc_new(l);
	l->table = t;
	l->plan = archive_plan_of(t->name);
	l->columns = t->columns.n + (is_trail(t) ? 1 : 0);
	columns.n = l->columns;
	columns.items = talloc_array(l->mem, const char *, (unsigned)l->columns);
	l->rows = talloc_zero_array(l->mem, struct blob, (unsigned)(BATCH_ROWS * l->columns));
	if (columns.items == NULL || l->rows == NULL)
		return err_memory(e);
	memcpy(columns.items, t->columns.items, t->columns.n * sizeof(*columns.items));
	if (is_trail(t))
		columns.items[t->columns.n] = "chain";
	l->into = db_load_make(l->mem, l->db, is_trail(t) ? "audit_former" : t->name, &columns, e);
	return l->into != NULL && (!l->plan->made || db_load_over(l->into, e));
}

static bool
keep(struct archive_load *l, struct blob *to, struct blob from, struct err *e)
{
	if (from.p == NULL)
		return true;
	to->p = talloc_memdup(l->rows, from.p, from.n > 0 ? from.n : 1);
	to->n = from.n;
	l->bytes += from.n;
	return to->p != NULL || err_memory(e);
}

/* ---- sealed anew ---- */

static bool
seal_value(struct archive_load *l, const char *column, const struct blob *row, struct blob *value,
    struct err *e)
{
	struct blob sealed;
	struct uuid id;

	if (value->p == NULL)
		return true;
	if (!archive_place(l->table, row, &id))
		return no_row(l->table, e);
	if (!tenant_seal(l->t, l->mem, (struct sealed_place) { l->table->name, column, &id },
		(struct str) { (const char *)value->p, value->n }, &sealed, e))
		return false;
	*value = sealed;
	return true;
}

static bool
take_row(struct archive_load *l, const struct blob *values, struct err *e)
{
	struct blob          *row = &l->rows[l->n * l->columns];
	const char           *rest = l->plan->columns;
	struct archive_column c;
	size_t                i = 0;

	while (archive_column_carried(l->plan, l->head->schema_version, &rest, &c)) {
		struct blob value = values[i];

		if (c.sealed && !seal_value(l, l->table->columns.items[i], values, &value, e))
			return false;
		if (!keep(l, &row[i++], value, e))
			return false;
	}
	if (i < l->columns &&
	    !keep(l, &row[i],
		(struct blob) { (const uint8_t *)l->chain_text, strlen(l->chain_text) }, e))
		return false;
	l->n++;
	return (l->n < BATCH_ROWS && l->bytes < BATCH_BYTES) || write_waiting(l, e);
}

/* ---- what is due by the clock ---- */

static bool
take_due(struct archive_load *l, const struct archive_table *t, const struct blob *v, struct err *e)
{
	struct schedule_row r = { .kind = (char *)(uintptr_t)schedule_kind(
				      (struct str) { (const char *)v[0].p, v[0].n }) };

	if (r.kind == NULL || v[1].n != sizeof(r.ref.b) ||
	    !str_to_i64((struct str) { (const char *)v[2].p, v[2].n }, &r.next_due.ms))
		return no_row(t, e);
	memcpy(r.ref.b, v[1].p, sizeof(r.ref.b));
	if (l->due_n == l->due_room) {
		l->due_room = l->due_room == 0 ? 64 : 2 * l->due_room;
		l->due = talloc_realloc(l, l->due, struct schedule_row, (unsigned)l->due_room);
		if (l->due == NULL)
			return err_memory(e);
	}
	l->due[l->due_n++] = r;
	return true;
}

bool
archive_load_row(
    struct archive_load *l, const struct archive_table *t, const struct blob *values, struct err *e)
{
	if (strcmp(t->name, ARCHIVE_KEY_TABLE) == 0)
		return true;
	if (strcmp(t->name, ARCHIVE_DUE_TABLE) == 0)
		return take_due(l, t, values, e);
	if (!l->trail && archive_is_trail(t->name))
		return true;
	return (t == l->table || begin_table(l, t, e)) && take_row(l, values, e);
}

/* ---- what goes on by itself ---- */

SQL(archive_pause_channels, SQL_TENANT, NULL, NULL,
    "UPDATE channels SET paused_at = COALESCE(paused_at, NOW(3))");
SQL(archive_pause_sources, SQL_TENANT, NULL, NULL,
    "UPDATE drift_configs SET spec = COALESCE(JSON_SET(spec, '$.schedule.enabled', FALSE), spec)"
    " WHERE JSON_EXISTS(spec, '$.schedule')");

static bool
pause_body(struct db *db, void *arg, struct err *e)
{
	(void)arg;
	return db_run(db, &archive_pause_channels, NULL, NULL, e) &&
	       db_run(db, &archive_pause_sources, NULL, NULL, e) && fleet_mark_roles(db, e);
}

const struct schedule_row *
archive_load_due(struct archive_load *l, instant now, size_t *n)
{
	for (size_t i = 0; i < l->due_n; i++) {
		struct schedule_row *r = &l->due[i];
		const int64_t        beat = strcmp(r->kind, SCHEDULE_BEAT) == 0;
		const int64_t        least = now.ms + beat * ARCHIVE_LOAD_BEAT_S * SECOND_MS;

		if (r->next_due.ms < least)
			r->next_due.ms = least;
	}
	*n = l->due_n;
	return l->due;
}

struct arming {
	struct archive_load *l;
	instant              now;
};

static bool
due_body(struct db *db, void *arg, struct err *e)
{
	const struct arming       *x = arg;
	size_t                     n;
	const struct schedule_row *r = archive_load_due(x->l, x->now, &n);

	for (size_t i = 0; i < n; i++)
		if (!schedule_set(
			db, r[i].kind, &r[i].ref, (r[i].next_due.ms - x->now.ms) / SECOND_MS, e))
			return false;
	return true;
}

bool
archive_load_arm(struct archive_load *l, instant now, struct err *e)
{
	struct arming   arming = { l, now };
	const struct tx arm = { .name = "archive_due", .body = due_body, .arg = &arming };

	return tx_run(l->db, &arm, e);
}

static bool
never(void *arg)
{
	(void)arg;
	return false;
}

static bool
recount(struct archive_load *l, instant now, struct err *e)
{
	const struct usage_stop      go_on = { never, NULL };
	static const enum usage_kind kinds[] = { USAGE_USERS, USAGE_API_KEYS, USAGE_CONFIGS };
	int64_t                      used;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!usage_recount(l->t, kinds[i], &used, e))
			return false;
	return usage_recount_storage(l->t, now, 0, &go_on, e);
}

bool
archive_load_last(struct archive_load *l, struct err *e)
{
	return l->table == NULL || write_waiting(l, e);
}

bool
archive_load_end(struct archive_load *l, instant now, struct err *e)
{
	const struct tx pause = { .name = "archive_pause", .body = pause_body };

	return tx_run(l->db, &pause, e) && golden_use_anew(l->db, e) && recount(l, now, e);
}
