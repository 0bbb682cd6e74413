#include "drift/run/announcing.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/unicode.h"
#include "drift/run/announced_set.h"
#include "drift/run/finding_priv.h"
#include "drift/run/standing.h"

#define NOTE_BYTES 1000 /* of a line of a history; the reason stands whole in the finding */

/* What is done to the findings of a plan. */
struct announcing {
	struct announced_set       set;
	struct plan               *p;
	const struct finding_list *known;
	size_t *put_at; /* parallel to known: where the row is in put, from 1; NULL: not looked for
			   yet */
	size_t      put_room, events_room;
	struct err *e;
};

/* ---- rows to write ---- */

static size_t
known_at(const struct announcing *w, const struct finding_row *r)
{
	return (size_t)(r - w->known->rows);
}

static int
by_row(const void *x, const void *y)
{
	const struct finding_row *a = x, *b = y;
	int                       d = memcmp(a->fingerprint.p, b->fingerprint.p, HASH_LEN);

	return d != 0 ? d : memcmp(a->value_hash.p, b->value_hash.p, HASH_LEN);
}

/* Which of the known are written anyhow. */
static bool
look_for_puts(struct announcing *w)
{
	const struct plan_findings *l = w->p->findings;

	if (w->put_at != NULL)
		return true;
	w->put_at = talloc_zero_array(w->p, size_t, (unsigned)w->known->n + 1);
	if (w->put_at == NULL)
		return err_memory(w->e);
	for (size_t i = 0; i < l->put_n && w->known->n > 0; i++) {
		const struct finding_row *r = bsearch(
		    &l->put[i], w->known->rows, w->known->n, sizeof(w->known->rows[0]), by_row);

		if (r != NULL)
			w->put_at[known_at(w, r)] = i + 1;
	}
	return true;
}

static bool
add_put(struct announcing *w, const struct finding_row *r)
{
	struct plan_findings *l = w->p->findings;

	if (w->put_room == 0 || l->put_n == w->put_room) {
		w->put_room = 2 * l->put_n + 16;
		l->put = talloc_realloc_size(l, l->put, w->put_room * sizeof(l->put[0]));
		if (l->put == NULL)
			return err_memory(w->e);
	}
	l->put[l->put_n++] = *r;
	return true;
}

static bool
put_known(struct announcing *w, const struct finding_row *r)
{
	size_t *at;

	if (!look_for_puts(w))
		return false;
	at = &w->put_at[known_at(w, r)];
	if (*at != 0) {
		w->p->findings->put[*at - 1] = *r;
		return true;
	}
	*at = w->p->findings->put_n + 1;
	return add_put(w, r);
}

static bool
add_event(struct announcing *w, const struct change *c, const struct intent *i)
{
	struct plan_findings *l = w->p->findings;
	const bool            named = i->ticket != NULL;
	char *note = talloc_asprintf(l, "As announced by %s%s%s: %s", i->owner, named ? ", " : "",
	    named ? i->ticket : "", i->reason);

	note = note == NULL ? NULL : unicode_clean(l, str_of(note), NOTE_BYTES);
	if (w->events_room == 0 || l->events_n == w->events_room) {
		w->events_room = 2 * l->events_n + 16;
		l->events =
		    talloc_realloc_size(l, l->events, w->events_room * sizeof(l->events[0]));
	}
	if (note == NULL || l->events == NULL)
		return err_memory(w->e);
	l->events[l->events_n++] = (struct finding_event) {
		.config_id = w->set.in->config->id,
		.subject = { c->fingerprint, HASH_LEN },
		.value_hash = { c->value_hash, HASH_LEN },
		.at = w->set.in->received_at,
		.actor = "system",
		.from_status = "detected",
		.to_status = "accepted",
		.note = note,
	};
	return true;
}

/* ---- what becomes of one ---- */

/* A change of the plan, with what is known of it. */
struct subject {
	size_t               i;
	struct finding_row  *row;   /* NULL: it is new to the config, and ... */
	struct finding_seen *fresh; /* ... this is written of it */
};

static const struct change *
change_of(const struct announcing *w, const struct subject *x)
{
	return &w->p->diff->changes[x->i];
}

static bool
accept(struct announcing *w, const struct subject *x, struct announced *a, const char *mark)
{
	struct plan          *p = w->p;
	struct plan_findings *l = p->findings;
	const struct change  *c = change_of(w, x);
	struct finding_row    row = {
		   .config_id = w->set.in->config->id,
		   .fingerprint = { c->fingerprint, HASH_LEN },
		   .value_hash = { c->value_hash, HASH_LEN },
		   .present = true,
		   .runs = l->runs[x->i],
		   .created_at = w->set.in->received_at,
	};

	if (x->row != NULL)
		row = *x->row;
	row.status = talloc_strdup(l, "accepted");
	row.reason = a->row->reason;
	row.owner = a->row->owner;
	row.expires_at.ms = 0;
	row.updated_at = w->set.in->received_at;
	row.announced = talloc_strdup(l, mark);
	if (row.status == NULL || row.announced == NULL)
		return err_memory(w->e);
	l->status[x->i] = "accepted";
	l->hold[x->i] = HOLD_ANNOUNCED;
	standing_uncount(&p->diff->summary, c);
	if (x->i < p->seen.n) {
		standing_uncount(&p->seen.summary, c);
		l->accepted++;
	}
	a->more++;
	if (x->row != NULL)
		*x->row = row;
	return (x->row != NULL ? put_known(w, x->row) : add_put(w, &row)) &&
	       add_event(w, c, a->row);
}

/* Nobody is told yet, and not for longer than a log may say more. */
static bool
await(struct announcing *w, const struct subject *x, const struct announced *a)
{
	struct plan_findings *l = w->p->findings;
	instant               since = x->row == NULL ? w->set.in->received_at : x->row->updated_at;
	char                  id[UUID_TEXT_MAX];

	finding_recheck(l, (instant) { since.ms + w->set.window_ms });
	if (l->hold[x->i] != HOLD_NONE)
		return true;
	uuid_print(&a->row->id, id);
	l->hold[x->i] = HOLD_AWAITED;
	l->by[x->i] = talloc_asprintf(l, "intent:%s", id);
	return l->by[x->i] != NULL || err_memory(w->e);
}

/* Its finding is known by the verdict from now on. */
static bool
mark_it(struct announcing *w, const struct subject *x, const char *mark)
{
	char *kept;

	if (x->row != NULL && x->row->announced != NULL && strcmp(x->row->announced, mark) == 0)
		return true;
	kept = talloc_strdup(w->p->findings, mark);
	if (kept == NULL)
		return err_memory(w->e);
	if (x->row == NULL) {
		x->fresh->announced = kept;
		return true;
	}
	x->row->announced = kept;
	return put_known(w, x->row);
}

static bool
carry_out(struct announcing *w, const struct subject *x, struct announced *a, enum intent_verdict v)
{
	char mark[INTENT_MARK_MAX];

	intent_mark_print(v, &a->row->id, mark);
	if (v == ANNOUNCED_AS)
		return accept(w, x, a, mark);
	if (v == ANNOUNCED_WAITING
		? !await(w, x, a)
		: !announced_tell(&w->set, a, x->i, v, &w->p->values[x->i].announced, w->e))
		return false;
	return mark_it(w, x, mark);
}

/* ---- judging ---- */

static bool
judge_fresh(struct announcing *w, const struct subject *x)
{
	struct announced   *nearest = NULL;
	enum intent_verdict least = ANNOUNCED__MAX, v;

	for (size_t i = 0; i < w->set.here_n; i++) {
		if (!w->set.here[i]->in_force)
			continue;
		if (!announced_judge(&w->set, w->set.here[i], x->i, &v, w->e))
			return false;
		if (v < least) {
			least = v;
			nearest = w->set.here[i];
		}
	}
	return nearest == NULL || carry_out(w, x, nearest, least);
}

/* Who made it, or that a second person has confirmed, may have become known since. */
static bool
judge_again(struct announcing *w, const struct subject *x, struct announced *a,
    enum intent_verdict was, enum intent_verdict *out)
{
	const struct change *c = change_of(w, x);
	const bool           logged = w->set.maker == MAKER_LOGGED && a->row->actor != NULL;

	*out = was;
	if (was >= ANNOUNCED_OTHER_VALUE || (!logged && was != ANNOUNCED_UNCONFIRMED))
		return true;
	if (!logged) {
		*out = ANNOUNCED_AS;
		return announced_by_persons(&w->set, a, c, out, w->e);
	}
	if (!announced_by_maker(&w->set, a, c, x->row->updated_at, out, w->e))
		return false;
	if (*out == ANNOUNCED_WAITING) /* what was told is not held any more */
		*out = was;
	return true;
}

static bool
judge_known(struct announcing *w, const struct subject *x)
{
	struct finding_row *r = x->row;
	struct announced   *a;
	enum intent_verdict was, v;
	struct uuid         id;

	if (!intent_mark_read(r->announced, &was, &id))
		return true;
	if (was == ANNOUNCED_AS) {
		if (strcmp(r->status, "accepted") == 0)
			w->p->findings->hold[x->i] = HOLD_ANNOUNCED;
		return true;
	}
	a = announced_set_find(&w->set, &id);
	if (a == NULL)
		return true;
	if (strcmp(r->status, "detected") != 0) /* somebody has seen it: it only says so */
		return was == ANNOUNCED_WAITING ||
		       announced_tell(&w->set, a, x->i, was, &w->p->values[x->i].announced, w->e);
	return judge_again(w, x, a, was, &v) && carry_out(w, x, a, v);
}

/* Findings that are new stand in the order of their changes. */
static bool
judge_all(struct announcing *w)
{
	struct plan          *p = w->p;
	struct plan_findings *l = p->findings;

	for (size_t i = 0, fresh = 0; i < p->diff->n; i++) {
		const struct change *c = &p->diff->changes[i];
		struct subject       x = { .i = i };

		if (l->is_fresh[i]) {
			x.fresh = &l->fresh[fresh++];
			if (!announced_set_at(&w->set, c, w->e) || !judge_fresh(w, &x))
				return false;
			continue;
		}
		x.row = w->known->n == 0 ? NULL
					 : bsearch(c, w->known->rows, w->known->n,
					       sizeof(w->known->rows[0]), finding_order);
		if (x.row != NULL && x.row->announced != NULL && l->hold[i] != HOLD_RETURNED &&
		    !judge_known(w, &x))
			return false;
	}
	return true;
}

static bool
list_counts(struct announcing *w)
{
	struct plan *p = w->p;

	p->announced = talloc_zero_array(p, struct intent_count, (unsigned)w->set.n + 1);
	if (p->announced == NULL)
		return err_memory(w->e);
	for (size_t i = 0; i < w->set.n; i++)
		if (w->set.all[i].more > 0)
			p->announced[p->announced_n++] = (struct intent_count) {
				.id = w->set.all[i].row->id,
				.more = w->set.all[i].more,
				.now = w->set.in->received_at,
			};
	return true;
}

/* What they cost too much for is told, as if it were not announced. */
bool
announcing_apply(
    const struct ingest *in, struct plan *p, const struct finding_list *known, struct err *e)
{
	struct announcing w = { .p = p, .known = known, .e = e };
	bool              ok;

	if (p->intents_n == 0 || p->kind == PLAN_LATE || p->diff == NULL)
		return true;
	if (!announced_set_make(in, p, &w.set, e))
		return false;
	work_part(in->work, WORK_SILENCE);
	ok = judge_all(&w) || work_forgo(in->work, WORK_SILENCE, e);
	work_part(in->work, WORK_SILENCE); /* for silences */
	return ok && list_counts(&w);
}

bool
announcing_write(struct db *db, struct plan *p, struct err *e)
{
	const bool again = p->kind == PLAN_AGAIN; /* its own report may not be written */

	for (size_t i = 0; i < p->announced_n; i++)
		p->announced[i].report_id = again ? p->before.report_id : p->report.id;
	return p->announced_n == 0 || intent_count(db, p->announced, p->announced_n, e);
}
