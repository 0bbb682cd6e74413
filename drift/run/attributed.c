#include "drift/run/attributed.h"

#include <string.h>

#include "core/store/alert/alert.h"
#include "core/store/drift/awaited.h"
#include "core/store/drift/intent.h"
#include "core/store/tx.h"
#include "drift/run/silencing.h"
#include "drift/source/rest.h"

#define AGAIN_MIN_S INT64_C(15)
#define AGAIN_MAX_S INT64_C(1800)

/* ---- its alert ---- */

/* What has become known of a config's changes. */
struct known {
	TALLOC_CTX              *mem;
	const struct uuid       *config;
	const struct attributed *of;
	size_t                   n;
	instant                  now;
	bool                     raises; /* rules of the config ask for it */
};

/* Of those that the alert has told of. */
static bool
told_texts(const struct known *k, const struct told *told, size_t n, struct attribution_texts *out,
    struct err *e)
{
	const char **kept = talloc_zero_array(k->mem, const char *, (unsigned)k->n + 1);

	if (kept == NULL)
		return err_memory(e);
	*out = (struct attribution_texts) { kept, 0 };
	for (size_t i = 0; i < k->n; i++)
		if (alert_has_told(told, n, k->of[i].fingerprint, k->of[i].value_hash))
			kept[out->n++] = k->of[i].attribution;
	return true;
}

/* The alert about them is over: it says it all the same, and nobody is told. */
static bool
say_in(struct db *db, const struct known *k, struct alert *over, struct err *e)
{
	const char              *was = over->attribution.text;
	struct attribution_texts of;
	struct told             *told;
	size_t                   n;

	if (!told_list(db, k->mem, &over->id, &told, &n, e) || !told_texts(k, told, n, &of, e) ||
	    !attribution_merge(k->mem, was, &of, &over->attribution.text, e))
		return false;
	return over->attribution.text == NULL ||
	       (was != NULL && strcmp(was, over->attribution.text) == 0) ||
	       alert_write(db, over, e);
}

/* One that is open says it, and is told of, when the newest snapshot is looked at again. */
static bool
pass_on(struct db *db, const struct known *k, struct err *e)
{
	struct alert newest;
	bool         there, looks = k->raises;

	if (k->n == 0)
		return true;
	if (!alert_newest(db, k->mem, k->config, &newest, &there, e))
		return false;
	if (there && newest.open_key == NULL && !say_in(db, k, &newest, e))
		return false;
	if (!looks && !intent_any(db, k->config, k->now, &looks, e))
		return false;
	return (!looks && (!there || newest.open_key == NULL)) ||
	       silence_wake(db, k->mem, k->config, k->now, k->now, e);
}

/* ---- the clock ---- */

/* What its time is over for has no maker, unless one is known. */
static bool
end_old(struct db *db, TALLOC_CTX *mem, struct awaited_change *rows, size_t n, instant now,
    struct err *e)
{
	struct attributed *none = talloc_zero_array(mem, struct attributed, (unsigned)n + 1);
	struct awaited    *over = talloc_zero_array(mem, struct awaited, (unsigned)n + 1);
	size_t             none_n = 0, over_n = 0;

	if (none == NULL || over == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		const struct awaited_change *x = &rows[i];
		const bool                   gone = uuid_is_nil(&x->change.id);

		if (!gone && x->wait.ends_at.ms > now.ms)
			continue;
		over[over_n++] = x->wait;
		if (!gone &&
		    attribution_confidence(mem, x->change.attribution.text) <= CONFIDENCE_PENDING)
			none[none_n++] = (struct attributed) { x->wait.change_id, x->wait.config_id,
				x->change.fingerprint, x->change.value_hash,
				attribution_bare(CONFIDENCE_NONE) };
	}
	return awaited_found(db, none, none_n, e) && awaited_drop(db, over, over_n, e) &&
	       (none_n == 0 ||
		   pass_on(db, &(struct known) { mem, &none[0].config_id, none, none_n, now }, e));
}

/* As long as has gone by since the newest was found, and not behind the first end; 0: nothing
 * waits. */
static int64_t
next_s(const struct awaited_change *rows, size_t n, instant now)
{
	int64_t newest = 0, ends = INT64_MAX, s;

	for (size_t i = 0; i < n; i++) {
		const struct awaited *w = &rows[i].wait;

		if (uuid_is_nil(&rows[i].change.id) || w->ends_at.ms <= now.ms)
			continue;
		newest = w->until.ms > newest ? w->until.ms : newest;
		ends = w->ends_at.ms < ends ? w->ends_at.ms : ends;
	}
	if (ends == INT64_MAX)
		return 0;
	s = (now.ms - newest) / 1000 + 60;
	s = s < AGAIN_MIN_S ? AGAIN_MIN_S : s > AGAIN_MAX_S ? AGAIN_MAX_S : s;
	return s * 1000 < ends - now.ms ? s : (ends - now.ms) / 1000 + 1;
}

bool
attributed_due(struct db *db, const struct recheck *r, struct err *e)
{
	const struct uuid     *config = &r->claim->ref;
	const instant          now = { clock_ms(r->d->env->clock) };
	struct awaited_change *rows;
	struct run             run;
	size_t                 n;
	int64_t                again_s;

	if (!awaited_list(db, r->mem, config, &rows, &n, e))
		return false;
	again_s = next_s(rows, n, now);
	if (again_s > 0 && !running_ask(db, r->d->env, config, RUN_ATTRIBUTION, NULL, &run, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		again_s = 0; /* it is read by nobody any more */
		for (size_t i = 0; i < n; i++)
			rows[i].wait.ends_at = now;
	}
	return end_old(db, r->mem, rows, n, now, e) && schedule_done(db, r->claim, e) &&
	       (again_s == 0 || schedule_set(db, SCHEDULE_ATTRIBUTION, config, again_s, e));
}

/* ---- a run ---- */

bool
attributed_since(struct tenant_db *t, TALLOC_CTX *mem, const struct env *env,
    const struct uuid *config, instant *since, struct err *e)
{
	struct awaited_change *rows;
	size_t                 n;

	since->ms = clock_ms(env->clock);
	if (!awaited_list(t->db, mem, config, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (rows[i].wait.since.ms < since->ms)
			*since = rows[i].wait.since;
	return true;
}

struct ending {
	const struct attributed_run *a;
	struct attribution_log       log;
	struct attributed           *found;
	struct awaited              *over; /* that are exact */
	size_t                       found_n, over_n;
	instant                      now;
};

static bool
open_value(const struct attributed_run *a, const struct change_row *c, bool old, struct str *out,
    struct err *e)
{
	const struct blob sealed = old ? c->old_value : c->new_value;

	*out = (struct str) { 0 };
	return sealed.p == NULL || tenant_open(a->run->t, a->run->mem,
				       (struct sealed_place) { "drift_changes",
					   old ? "old_value" : "new_value", &c->id },
				       sealed, out, e);
}

static enum change_op
op_of(const char *name)
{
	enum change_op op = 0;

	while (op < CHANGE_OP__MAX && strcmp(change_op_name(op), name) != 0)
		op++;
	return op;
}

/* What is found now is kept where it is more than what was. */
static bool
look_for(struct ending *w, const struct awaited_change *x, struct err *e)
{
	TALLOC_CTX                 *mem = w->a->run->mem;
	const struct change_row    *c = &x->change;
	const struct attribution_by by = { &w->log, w->a->spec->compare, w->a->work };
	struct attribution_change   about = {
		  .category = str_of(c->category),
		  .key = str_of(c->key),
		  .path = str_of(c->path),
		  .canonical_path = str_of(c->canonical_path),
		  .op = op_of(c->op),
		  .cut = c->old_truncated || c->new_truncated,
		  .since = x->wait.since,
		  .until = x->wait.until,
	};
	struct attribution found;
	const char        *text;

	if (!open_value(w->a, c, true, &about.old_text, e) ||
	    !open_value(w->a, c, false, &about.new_text, e) ||
	    !attribution_match(mem, &by, &about, &found, e))
		return false;
	if (found.confidence < CONFIDENCE_OBJECT)
		return true;
	if (!attribution_print(mem, &found, &text, e))
		return false;
	if (found.confidence == CONFIDENCE_EXACT)
		w->over[w->over_n++] = x->wait;
	if (c->attribution.text != NULL && strcmp(c->attribution.text, text) == 0)
		return true; /* as before */
	w->found[w->found_n++] =
	    (struct attributed) { c->id, x->wait.config_id, c->fingerprint, c->value_hash, text };
	return true;
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	const struct ending *w = arg;
	const struct known   known = { w->a->run->mem, &w->a->run->config.id, w->found, w->found_n,
		  w->now, w->a->spec->makers.n > 0 };

	return awaited_found(db, w->found, w->found_n, e) &&
	       awaited_drop(db, w->over, w->over_n, e) && pass_on(db, &known, e) &&
	       running_end(db, w->a->run, &(struct run_done) { 0 }, e);
}

bool
attributed_end(const struct attributed_run *a, struct err *e)
{
	const struct source_attribution *s = rest_attribution(&a->spec->source);
	TALLOC_CTX                      *mem = a->run->mem;
	struct ending                    w = { .a = a, .now = { clock_ms(a->run->d->env->clock) } };
	const struct tx        tx = { .name = "attribution", .body = end_body, .arg = &w };
	struct awaited_change *rows;
	size_t                 n;

	if (!awaited_list(a->run->t->db, mem, &a->run->config.id, &rows, &n, e))
		return false;
	w.found = talloc_zero_array(mem, struct attributed, (unsigned)n + 1);
	w.over = talloc_zero_array(mem, struct awaited, (unsigned)n + 1);
	if (w.found == NULL || w.over == NULL)
		return err_memory(e);
	if (s != NULL && !attribution_entries(mem, s, a->got->resources, a->got->n, &w.log, e))
		return false;
	/* what the budget does not reach is asked about again, as long as its time is not over */
	for (size_t i = 0; s != NULL && i < n; i++) {
		if (uuid_is_nil(&rows[i].change.id) || look_for(&w, &rows[i], e))
			continue;
		if (!err_take(e, ERR_TOO_COSTLY))
			return false;
		break;
	}
	return tx_run(a->run->t->db, &tx, e);
}
