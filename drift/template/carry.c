#include "drift/template/carry.h"

#include <stdio.h>
#include <string.h>

#include "drift/template/apply.h"

#define DETAIL_MAX 290
#define TRIES_MORE                                                                                 \
	2 /* turns that a tenant keeps the operation waiting, when all others have been */

/* One tenant's turn. */
struct visit {
	struct operation_run   *r;
	TALLOC_CTX             *mem;
	enum rollout_kind       kind;
	struct rollout_order    order;
	struct deed_by          home;
	struct origin           from;
	struct caller           caller, acting;
	struct deed_by          there;
	struct template_seen    seen;
	struct ctemplate_result row;
	struct ctemplate_use    use;
	bool                    used;  /* there is a row of where it is */
	bool                    again; /* it has been tried, and all others have been */
	struct work             work;
	struct applying         x;
};

/* ---- what it knows ---- */

static bool
open_home(struct visit *v, struct err *e)
{
	struct auth         *a = v->r->auth;
	const struct tenant *t;

	v->home = (struct deed_by) { .auth = a, .mem = v->mem };
	return tenant_by_id(a->database, &v->r->op->owner, &t, e) &&
	       tenant_db_open(a->database, t, false, &v->home.t, e);
}

static bool
read_order(struct visit *v, struct err *e)
{
	struct str         text;
	const struct json *tree;

	if (!operation_open(v->home.t, v->mem, v->r->op, &text, e))
		return false;
	tree = json_parse(v->mem, text, e);
	if (tree == NULL || !schema_decode(v->mem, &rollout_order_schema, tree, &v->order, e))
		return false;
	if (v->order.credential.tree != NULL && v->order.credential.tree->type == JSON_NULL)
		v->order.credential.tree = NULL;
	v->from = (struct origin) { .address = v->order.asked->address,
		.untold = v->order.asked->untold };
	v->home.origin = &v->from;
	for (v->kind = ROLLOUT_PREVIEW; v->kind < ROLLOUT_UNDO; v->kind++) {
		static const enum operation_kind kinds[] = { OPERATION_TEMPLATE_PREVIEW,
			OPERATION_TEMPLATE_APPLY };

		if (strcmp(v->r->op->kind, operation_kind_names[kinds[v->kind]]) == 0)
			break;
	}
	return true;
}

static bool
read_template(struct visit *v, struct err *e)
{
	struct db *db = v->home.t->db;

	return ctemplate_by_id(db, v->mem, &v->order.template_id, &v->seen.row, e) &&
	       ctemplate_version_of(
		   db, v->mem, &v->order.template_id, v->order.version, &v->seen.version, e) &&
	       says_read(v->mem, &v->seen.version, &v->seen.says, e);
}

/* ---- one tenant ---- */

static bool
read_use(struct visit *v, struct err *e)
{
	v->used = ctemplate_use_of(
	    v->home.t->db, v->mem, &v->seen.row.id, &v->there.t->tenant->id, &v->use, e);
	return v->used || err_take(e, ERR_MISSING);
}

static bool
variables(struct visit *v, struct err *e)
{
	const char *text = v->row.variables.text != NULL ? v->row.variables.text
			   : v->used                     ? v->use.variables.text
							 : "{}";

	v->x.variables = json_parse(v->mem, str_of(text), e);
	v->use.variables.text = text;
	return v->x.variables != NULL;
}

static bool
act(struct visit *v, struct err *e)
{
	const struct template_carrier *c = v->r->arg;
	struct applying               *x = &v->x;

	if (!caller_enter(&v->home, &v->caller, v->row.tenant, &v->acting, &v->there, e))
		return false;
	v->row.tenant_id = v->there.t->tenant->id;
	if (!read_use(v, e) || !variables(v, e))
		return false;
	work_begin(&v->work, WORK_TASK, v->r->auth->env->clock);
	x->a = acting_make(&v->there, c->drift, &v->work, e);
	x->template = &v->seen.row;
	x->says = &v->seen.says;
	x->order = &v->order;
	x->kind = v->kind;
	x->owner = v->r->op->owner;
	x->operation = v->r->op->id;
	if (x->a == NULL)
		return false;
	return v->kind == ROLLOUT_UNDO ? template_undo(x, e) : template_apply(x, e);
}

/* The database is away, or this program is at fault: it is tried again, later. */
static bool
passes(const struct err *why)
{
	return why->code == ERR_UNAVAILABLE || why->code == ERR_INTERNAL;
}

/*
 * In one sentence.  What is wrong with a config that is there already may quote what the tenant has
 * written: only where it is wrong is said of that.
 */
static const char *
sentence(const struct visit *v, const struct err *why, struct err *e)
{
	const struct fault *f = why->faults;
	char               *text;

	if (passes(why))
		text =
		    talloc_strdup(v->mem, "It could not be done there, though it was tried again.");
	else if (f == NULL)
		text = talloc_strdup(v->mem, why->pub);
	else if (v->x.bound)
		text = talloc_asprintf(
		    v->mem, "The config as it would be there is not valid at %s.", f->pointer);
	else
		text = talloc_asprintf(v->mem, "%s: %s", f->pointer, f->detail);
	if (text == NULL)
		err_memory(e);
	else
		text[str_head(str_of(text), DETAIL_MAX).n] = '\0';
	return text;
}

/* ---- what came of it ---- */

static const char *
kept_of(const struct visit *v, struct err *e)
{
	size_t     n = 0;
	struct buf b;

	buf_make(&b, v->mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < v->x.changes_n && n < TEMPLATE_CHANGES_MAX; i++)
		if (v->x.changes[i].kept) {
			buf_puts(&b, n++ == 0 ? "" : ",");
			buf_json(&b, str_of(v->x.changes[i].path));
		}
	buf_putc(&b, ']');
	return buf_text(&b, e);
}

/* Where it is now; of a preview only where the tenant says otherwise. */
static bool
fill_use(struct visit *v, instant now, struct err *e)
{
	const struct auth *a = v->r->auth;

	if (!v->used) {
		v->use.id = uuid_make(a->env->clock, a->env->rand);
		v->use.template_id = v->seen.row.id;
		v->use.tenant_id = v->row.tenant_id;
	}
	if (v->kind != ROLLOUT_PREVIEW) {
		v->use.outcome = v->row.outcome;
		v->use.detail = v->row.detail;
		v->use.operation = v->r->op->id;
		v->use.at = now;
	}
	v->use.slug = v->there.t->tenant->slug;
	if (v->used && !v->x.met)
		return true;
	v->use.kept.text = kept_of(v, e);
	return v->use.kept.text != NULL;
}

static bool
write_body(struct db *db, void *arg, struct err *e)
{
	struct visit *v = arg;

	if (!ctemplate_result_set(db, &v->row, e))
		return false;
	if (!v->used && !v->x.bound)
		return true;
	if (strcmp(v->row.outcome, "removed") == 0)
		return ctemplate_use_drop(db, &v->seen.row.id, &v->row.tenant_id, e);
	return ctemplate_use_put(db, &v->use, e);
}

/* What its binding says now, where that was written. */
static bool
binding_now(struct visit *v, struct err *e)
{
	struct ctemplate_binding b;

	if (v->x.a == NULL)
		return true;
	if (!ctemplate_binding_of(v->there.t->db, v->mem, &v->seen.row.id, &b, e)) {
		v->x.bound = false;
		return err_take(e, ERR_MISSING);
	}
	v->x.bound = true;
	v->use.version = b.version;
	v->use.config_id = b.config_id;
	return true;
}

/* Nobody may look there: what is known of it stays, but for that. */
static bool
fill_refused(struct visit *v, instant now, struct err *e)
{
	struct db         *db = v->home.t->db;
	const struct uuid *id = &v->seen.row.id;

	if (v->kind == ROLLOUT_PREVIEW)
		return true;
	v->used = uuid_is_nil(&v->row.tenant_id)
		      ? ctemplate_use_named(db, v->mem, id, v->row.tenant, &v->use, e)
		      : ctemplate_use_of(db, v->mem, id, &v->row.tenant_id, &v->use, e);
	v->use.outcome = v->row.outcome;
	v->use.detail = v->row.detail;
	v->use.operation = v->r->op->id;
	v->use.at = now;
	return v->used || err_take(e, ERR_MISSING);
}

static bool
write(struct visit *v, const struct err *why, struct err *e)
{
	const struct tx tx = { .name = "template_result", .body = write_body, .arg = v };
	const instant   now = { clock_ms(v->r->auth->env->clock) };

	v->row.at = now;
	v->row.outcome = why->code == ERR_OK ? v->x.outcome : "failed";
	v->row.detail = why->code == ERR_OK ? v->x.detail : sentence(v, why, e);
	if (why->code != ERR_OK && v->row.detail == NULL)
		return false;
	if (why->code == ERR_OK) {
		v->row.changes.text = template_changes(&v->x, e);
		if (v->row.changes.text == NULL)
			return false;
	}
	if (passes(why))
		v->used = v->x.bound = false; /* it cannot be looked at */
	if (!(v->x.a != NULL && !passes(why) ? binding_now(v, e) && fill_use(v, now, e)
					     : fill_refused(v, now, e)))
		return false;
	return tx_run(v->home.t->db, &tx, e);
}

/* ---- the operation ---- */

static bool
over(struct visit *v, const char *outcome, struct err *e)
{
	const instant now = { clock_ms(v->r->auth->env->clock) };

	return ctemplate_results_end(v->home.t->db, &v->r->op->id, outcome, now, e);
}

/* Nobody may go on with it: the rest is not done. */
static bool
give_up(struct visit *v, const struct err *why, struct err *e)
{
	v->r->failed = talloc_strdup(v->r->mem, why->pub);
	return v->r->failed != NULL ? over(v, "cancelled", e) : err_memory(e);
}

static bool
tell_sum(struct visit *v, struct err *e)
{
	struct ctemplate_sum *rows;
	size_t                n;
	struct buf            b;

	if (!ctemplate_results_sum(v->home.t->db, v->mem, &v->r->op->id, &rows, &n, e))
		return false;
	buf_make(&b, v->r->mem);
	buf_putc(&b, '{');
	for (size_t i = 0; i < n; i++) {
		buf_puts(&b, i == 0 ? "" : ",");
		buf_json(&b, str_of(rows[i].outcome));
		buf_putc(&b, ':');
		buf_i64(&b, rows[i].n);
	}
	buf_putc(&b, '}');
	v->r->op->result.text = buf_text(&b, e);
	return v->r->op->result.text != NULL;
}

/* All others come first. */
static bool
come_again(struct visit *v, const struct err *why, struct err *e)
{
	const struct operation *o = v->r->op;

	if (v->r->auth->env->log != NULL)
		log_failure(v->r->auth->env->log, LOG_ADMIN, "operation.carry",
		    "a tenant could not be worked in, and comes again", why);
	v->row.detail = "It could not be done there, and is tried again.";
	return ctemplate_result_set(v->home.t->db, &v->row, e) &&
	       operation_at(v->r, o->done, v->row.tenant, e);
}

static bool
one(struct visit *v, bool *more, struct err *e)
{
	struct err why = { 0 };

	*more = true;
	if (!act(v, &why) && passes(&why)) {
		if (!v->again)
			return come_again(v, &why, e);
		if (v->r->op->attempts < TRIES_MORE) {
			*e = why;
			return false;
		}
	}
	if (!write(v, &why, e))
		return false;
	return operation_at(v->r, v->r->op->done + 1, v->row.tenant, e);
}

/* Those that have not been tried yet come first; ERR_MISSING: none is left. */
static bool
next(struct visit *v, struct err *e)
{
	struct db         *db = v->home.t->db;
	const struct uuid *id = &v->r->op->id;

	if (ctemplate_result_next(db, v->mem, id, false, &v->row, e))
		return true;
	v->again = true;
	return err_take(e, ERR_MISSING) && ctemplate_result_next(db, v->mem, id, true, &v->row, e);
}

/* The next tenant; *more false: that was the end of it. */
static bool
step(struct visit *v, bool *more, struct err *e)
{
	struct err why = { 0 };

	*more = false;
	if (!open_home(v, e) || !read_order(v, e))
		return false;
	if (v->r->op->cancel) {
		v->r->cancelled = true;
		return over(v, "cancelled", e) && tell_sum(v, e);
	}
	if (!next(v, e))
		return err_take(e, ERR_MISSING) && tell_sum(v, e);
	if (!caller_again(&v->home, v->order.asked, &v->caller, &why) || !read_template(v, &why)) {
		if (passes(&why)) {
			*e = why;
			return false;
		}
		return give_up(v, &why, e) && tell_sum(v, e);
	}
	return one(v, more, e);
}

bool
template_carry(struct operation_run *r, struct err *e)
{
	const struct clock *clock = r->auth->env->clock;
	const int64_t       until = clock_ns(clock) / 1000000 + CARRY_MS;
	bool                more = true, ok = true;

	while (ok && more && clock_ns(clock) / 1000000 < until) {
		struct visit *v = talloc_zero(r->mem, struct visit);

		if (v == NULL)
			return err_memory(e);
		v->r = r;
		v->mem = v;
		ok = step(v, &more, e);
		talloc_free(v);
		database_tidy(r->auth->database);
	}
	if (ok && more)
		r->later_ms = 1;
	return ok;
}
