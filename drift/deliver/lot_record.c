/* lot.h: what was tried is recorded together. */
#include "drift/deliver/lot.h"

/* Also of a tenant that was suspended meanwhile: it was told. */
static bool
open_tenant(struct lot *l, struct tenant_db **t, struct err *e)
{
	struct database     *database = l->d->database;
	const struct tenant *row;

	return tenant_by_schema(database, str_of(l->schema_name), &row, e) &&
	       tenant_db_open(database, row, true, t, e);
}

static bool
fence_lost(const struct attempt *a, struct err *e)
{
	if (e->sys != OUTBOX_FENCE_LOST)
		return false;
	err_clear(e);
	log_event(a->d->env->log, LOG_DRIFT, LOG_LEVEL_WARN,
	    "another sender has taken the message over", LOGS("event.action", "alert.deliver"),
	    LOGS("event.outcome", "unknown"));
	return true;
}

static void
end(struct lot_item *x)
{
	attempt_tell(&x->a);
	lot_turn(x, LOT_OVER);
}

/* What keeps one from it does not keep the others. */
static bool
record_each(struct lot_item *const *all, size_t n, TALLOC_CTX *mem, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct lot_item *x = all[i];
		struct err       why = { 0 };

		if (attempt_record(&x->a, mem, &why))
			end(x);
		else if (fence_lost(&x->a, &why))
			lot_turn(x, LOT_OVER);
		else if (!lot_failed(x, &why, e))
			return false;
	}
	return true;
}

static bool
record(struct lot_item *const *all, size_t n, TALLOC_CTX *mem, struct err *e)
{
	struct attempt *of[LOT_MAX];
	struct err      why = { 0 };

	for (size_t i = 0; i < n; i++)
		of[i] = &all[i]->a;
	if (n == 1 || !attempt_record_many(of, n, mem, &why))
		return record_each(all, n, mem, e);
	for (size_t i = 0; i < n; i++)
		end(all[i]);
	return true;
}

static bool
fail_all(struct lot *l, const struct err *why, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].stage == LOT_TRIED && !lot_failed(&l->items[i], why, e))
			return false;
	return true;
}

bool
lot_record(struct lot *l, struct err *e)
{
	struct lot_item  *all[LOT_MAX];
	struct tenant_db *t;
	struct err        why = { 0 };
	TALLOC_CTX       *mem;
	size_t            n = 0;
	bool              ok;

	l->answered_ns = 0;
	if (l->in[LOT_TRIED] == 0)
		return true;
	mem = talloc_new(l);
	if (mem == NULL)
		return err_memory(e);
	ok = open_tenant(l, &t, &why);
	for (size_t i = 0; ok && i < l->n; i++) {
		if (l->items[i].stage != LOT_TRIED)
			continue;
		l->items[i].a.t = t;
		all[n++] = &l->items[i];
	}
	ok = ok ? record(all, n, mem, e) : fail_all(l, &why, e);
	talloc_free(mem);
	return ok;
}
