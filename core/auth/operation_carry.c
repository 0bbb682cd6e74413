/* operation.h: the side of who carries: a turn, and what becomes of the row after it. */
#include <string.h>

#include "core/auth/operation.h"

#define AGAIN_MS     5000
#define AGAIN_MAX_MS 3600000

bool
operation_at(struct operation_run *r, uint64_t done, const char *step, struct err *e)
{
	r->op->done = done;
	r->op->step = talloc_strdup(r->mem, step);
	return r->op->step != NULL ? operation_tell(r->auth->database, r->op, e) : err_memory(e);
}

static int64_t
again_ms(const struct operation *o)
{
	int64_t ms = AGAIN_MS;

	for (int64_t i = 0; i < o->attempts && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	return ms < AGAIN_MAX_MS ? ms : AGAIN_MAX_MS;
}

/* A failure that may pass: it is told in the row, and the turn is taken again. */
static bool
put_off(struct operation_run *r, const struct err *why, struct err *e)
{
	if (why->code == ERR_CONFLICT) {
		struct operation now;

		/* somebody else carries it, or it is over: nothing is left to be done */
		if (operation_by_id(r->auth->database, r->mem, &r->op->id, &now, e) &&
		    now.fence != r->op->fence)
			return true;
		err_clear(e);
	}
	if (r->auth->env->log != NULL) /* the admin tool says it itself */
		log_failure(r->auth->env->log, LOG_ADMIN, "operation.carry",
		    "an operation has failed and is tried again", why);
	return operation_put_off(r->auth->database, r->op, again_ms(r->op), why->pub, e);
}

static bool
finish(struct operation_run *r, struct err *e)
{
	struct operation *o = r->op;

	if (r->later_ms > 0)
		return operation_put_off(r->auth->database, o, r->later_ms, NULL, e);
	o->state = talloc_strdup(r->mem, r->cancelled        ? "cancelled"
					 : r->failed != NULL ? "failed"
							     : "done");
	o->error = r->failed == NULL ? NULL : talloc_strdup(r->mem, r->failed);
	o->step = talloc_strdup(r->mem, "");
	if (r->failed == NULL && !r->cancelled)
		o->done = o->total;
	if (o->state == NULL || o->step == NULL || (r->failed != NULL && o->error == NULL))
		return err_memory(e);
	return operation_end(r->auth->database, o, e);
}

static operation_fn *
carrier_of(const struct operation_work *w, const char *kind)
{
	for (size_t i = 0; i < OPERATION__MAX; i++)
		if (strcmp(kind, operation_kind_names[i]) == 0)
			return w->kinds[i];
	return NULL;
}

/* Else it is one of a newer program, which comes for it. */
static bool
known(const char *kind)
{
	for (size_t i = 0; i < OPERATION__MAX; i++)
		if (strcmp(kind, operation_kind_names[i]) == 0)
			return true;
	return false;
}

static bool
turn(const struct operation_work *w, TALLOC_CTX *mem, struct operation *o, struct err *e)
{
	struct operation_run r = { .auth = w->auth, .mem = mem, .op = o, .arg = w->arg };
	operation_fn        *carry = carrier_of(w, o->kind);
	struct err           why = { 0 };

	if (carry == NULL)
		return operation_put_off(
		    w->auth->database, o, known(o->kind) ? AGAIN_MS : AGAIN_MAX_MS, NULL, e);
	return carry(&r, &why) ? finish(&r, e) : put_off(&r, &why, e);
}

bool
operations_carry(const struct operation_work *w, size_t *n, struct err *e)
{
	struct uuid none = { { 0 } }, *after = w->after != NULL ? w->after : &none;

	for (*n = 0; w->stop == NULL || !w->stop(w->stop_arg); (*n)++) {
		TALLOC_CTX      *mem = talloc_new(w->auth->database);
		struct operation o;
		bool             ok = mem != NULL || err_memory(e);

		ok = ok && operation_claim(w->auth->database, mem, &w->carrier, after, &o, e);
		if (ok)
			*after = o.owner;
		ok = ok && turn(w, mem, &o, e);
		talloc_free(mem);
		database_tidy(w->auth->database);
		if (!ok)
			return err_take(e, ERR_MISSING);
	}
	return true;
}

bool
operation_carry_one(const struct operation_work *w, const struct uuid *id, struct err *e)
{
	TALLOC_CTX      *mem = talloc_new(w->auth->database);
	struct operation o;
	bool             ok = mem != NULL || err_memory(e);

	ok = ok && operation_claim_one(w->auth->database, mem, &w->carrier, id, &o, e) &&
	     turn(w, mem, &o, e);
	talloc_free(mem);
	return ok;
}
