#include "drift/run/announced_set.h"

#include <stdlib.h>
#include <string.h>

#include "core/json/schema.h"
#include "drift/attribution/attribution.h"
#include "drift/source/rest.h"

#define TOLD_VALUE_MAX                                                                             \
	256 /* bytes, as of a change in an event; of a longer one it is said only that it is       \
	       another */
#define AFTER_LOG_MS INT64_C(120000) /* what the log has said is written by then */
#define STEPS_VALUE  200             /* of a value that is compared, however short */

/* ---- making it ---- */

static int
by_object(const void *x, const void *y)
{
	const struct announced *a = x, *b = y;
	int                     d = (a->key.stars > 0) - (b->key.stars > 0);

	if (d == 0)
		d = strcmp(a->row->category, b->row->category);
	return d != 0 ? d : strcmp(a->row->key, b->row->key);
}

static bool
compile(struct announced_set *s, const struct intent *i, struct announced *a, struct err *e)
{
	const instant now = s->in->received_at;

	*a = (struct announced) {
		.row = i,
		.key = glob_make(str_of(i->key), false),
		.in_force = i->starts_at.ms <= now.ms && now.ms < i->ends_at.ms,
	};
	if (pattern_compile(s->mem, str_of(i->path), "", &a->path, e))
		return true;
	err_clear(e); /* what is stored is no fault of the push */
	return err_set(
	    e, ERR_INTERNAL, 0, "internal error", "a stored announcement does not decode");
}

/* The registry's word, as core/auth/settings.h has it. */
static void
read_second(struct announced_set *s)
{
	const char        *text = s->in->t->tenant->settings.text;
	struct err         none = { 0 };
	const struct json *tree = text == NULL ? NULL : json_parse(s->mem, str_of(text), &none);
	const struct json *from =
	    tree == NULL ? NULL : json_at(tree, STR("/four_eyes/accept_from"));

	s->asks =
	    from != NULL && from->type == JSON_STRING && severity_parse(from->text, &s->asks_from);
}

enum announced_maker
announced_maker(const struct drift_spec *spec)
{
	if (spec->source.ops->trail || rest_attribution(&spec->source) != NULL)
		return MAKER_LOGGED;
	return spec->source.ops->collect == NULL ? MAKER_PUSHED : MAKER_NEVER;
}

bool
announced_set_make(
    const struct ingest *in, struct plan *p, struct announced_set *out, struct err *e)
{
	const struct source_attribution *log = rest_attribution(&in->spec->source);

	*out = (struct announced_set) { .in = in, .p = p, .mem = p, .n = p->intents_n };
	out->maker = announced_maker(in->spec);
	out->window_ms = (log == NULL ? 0 : log->window_s * 1000) + AFTER_LOG_MS;
	out->all = talloc_zero_array(p, struct announced, (unsigned)out->n + 1);
	out->here = talloc_zero_array(p, struct announced *, (unsigned)out->n + 1);
	if (out->all == NULL || out->here == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++)
		if (!compile(out, &p->intents[i], &out->all[i], e))
			return false;
	qsort(out->all, out->n, sizeof(out->all[0]), by_object);
	while (out->exact < out->n && out->all[out->exact].key.stars == 0)
		out->exact++;
	read_second(out);
	work_begin(&out->work, WORK_PUSH, NULL);
	return true;
}

/* ---- finding them ---- */

static int
against(const struct announced *a, const struct change *c)
{
	int d = str_cmp(str_of(a->row->category), c->category);

	return d != 0 ? d : str_cmp(str_of(a->row->key), c->key);
}

/* The first that is not before it. */
static size_t
first_of(const struct announced_set *s, const struct change *c)
{
	size_t low = 0, high = s->exact;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (against(&s->all[middle], c) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
announced_set_at(struct announced_set *s, const struct change *c, struct err *e)
{
	uint64_t steps = 1;

	if (s->place != NULL && s->place->category.p == c->category.p &&
	    s->place->key.p == c->key.p)
		return true;
	s->place = c;
	s->here_n = 0;
	for (size_t i = first_of(s, c); i < s->exact && against(&s->all[i], c) == 0; i++)
		s->here[s->here_n++] = &s->all[i];
	for (size_t i = s->exact; i < s->n; i++) {
		struct announced *a = &s->all[i];

		steps += 1 + (a->key.stars < 2 ? 0 : c->key.n / 2);
		if (str_eqz(c->category, a->row->category) && glob_match(&a->key, c->key))
			s->here[s->here_n++] = a;
	}
	return work_spend(s->in->work, WORK_SILENCE, steps, e);
}

struct announced *
announced_set_find(const struct announced_set *s, const struct uuid *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (uuid_eq(&s->all[i].row->id, id))
			return &s->all[i];
	return NULL;
}

/* ---- the value ---- */

static struct announced_place
place_of(struct announced_set *s, const struct announced *a, struct str path)
{
	return (struct announced_place) {
		.spec = s->in->spec->compare,
		.work = &s->work,
		.category = str_of(a->row->category),
		.key = str_of(a->row->key),
		.path = path,
	};
}

static bool
open_value(struct announced_set *s, struct announced *a, struct err *e)
{
	const struct announced_place at = place_of(s, a, str_of(a->row->path));

	if (a->opened)
		return true;
	a->opened = true;
	return announced_open(s->in->t, s->mem, a->row, &at, &a->value, e);
}

/*
 * The diff has let go of what it compared: the value as people see it, normalised once more, and
 * held against the other in the place where it is, whose rules of comparing are not those of every
 * place that a star stands for.
 */
static bool
is_this(struct announced_set *s, TALLOC_CTX *mem, const struct announced *a, size_t i, bool *yes,
    struct err *e)
{
	const struct announced_place at = place_of(s, a, s->p->diff->changes[i].path);
	const struct str             text = s->p->values[i].new_text;
	const struct json           *v;

	*yes = false;
	if (!work_spend(&s->work, WORK_READ, STEPS_VALUE + text.n, e))
		return false;
	v = json_parse(mem, text, e);
	if (v == NULL || !announced_normal(mem, &at, v, RESOURCE_SOURCE, &v, e))
		return false;
	return v == NULL || announced_same(mem, &at, a->value, v, yes, e);
}

/* What it takes to compare is of the share that a push can be told without. */
static bool
spend_share(struct announced_set *s, struct err *e)
{
	const uint64_t steps = s->work.spent;

	work_begin(&s->work, WORK_PUSH, NULL);
	return work_spend(s->in->work, WORK_SILENCE, steps, e);
}

static bool
has_mask(struct str text)
{
	return text.p != NULL && memmem(text.p, text.n, "[masked", 7) != NULL;
}

/* What is masked, or too long to be kept, is never known to be it. */
static bool
can_be_held(struct str text)
{
	return text.p != NULL && !has_mask(text);
}

static bool
is_value(struct announced_set *s, struct announced *a, size_t i, bool *yes, struct err *e)
{
	const struct change *c = &s->p->diff->changes[i];
	struct str           text = s->p->values[i].new_text;
	TALLOC_CTX          *tmp;
	bool                 ok;

	*yes = false;
	if (strcmp(a->row->expect, INTENT_GONE) == 0) {
		*yes = c->op == CHANGE_DELETED;
		return true;
	}
	if (c->op != CHANGE_CREATED && c->op != CHANGE_MODIFIED)
		return true;
	if (strcmp(a->row->expect, INTENT_ANY) == 0) {
		*yes = true;
		return true;
	}
	if (!open_value(s, a, e))
		return false;
	if (a->value == NULL || !can_be_held(text))
		return true;
	tmp = talloc_new(s->mem);
	if (tmp == NULL)
		return err_memory(e);
	ok = is_this(s, tmp, a, i, yes, e) && spend_share(s, e);
	talloc_free(tmp);
	return ok;
}

/* ---- who made it ---- */

static bool
is_actor(TALLOC_CTX *mem, const char *wanted, const char *id, bool *yes, struct err *e)
{
	const char *a = attribution_fold(mem, str_of(wanted));
	const char *b = id == NULL ? "" : attribution_fold(mem, str_of(id));

	if (a == NULL || b == NULL)
		return err_memory(e);
	*yes = strcmp(a, b) == 0;
	return true;
}

/* All who had a part in it are the one who was announced. */
static bool
is_made_by(
    TALLOC_CTX *mem, const char *wanted, const struct attribution *who, bool *yes, struct err *e)
{
	*yes = who->n > 0 && who->more == 0;
	for (size_t i = 0; i < who->n && *yes; i++)
		if (!is_actor(mem, wanted, who->actors[i].id, yes, e))
			return false;
	return true;
}

static bool
by_log(struct announced_set *s, TALLOC_CTX *mem, const struct announced *a, const struct change *c,
    bool late, enum intent_verdict *out, struct err *e)
{
	const char        *kept = awaited_maker(&s->p->makers, c->fingerprint, c->value_hash);
	struct attribution who = { .confidence = CONFIDENCE_PENDING };
	bool               yes;

	if (kept != NULL)
		attribution_read(mem, kept, &who);
	if (who.confidence <= CONFIDENCE_PENDING) {
		*out = late || (kept != NULL && who.confidence == CONFIDENCE_NONE)
			   ? ANNOUNCED_UNKNOWN
			   : ANNOUNCED_WAITING;
		return true;
	}
	if (!is_made_by(mem, a->row->actor, &who, &yes, e))
		return false;
	*out = !yes                                         ? ANNOUNCED_OTHER_ACTOR
	       : who.confidence == CONFIDENCE_EXACT || late ? ANNOUNCED_AS
							    : ANNOUNCED_WAITING;
	return true;
}

static bool
by_push(struct announced_set *s, TALLOC_CTX *mem, const struct announced *a,
    enum intent_verdict *out, struct err *e)
{
	bool yes;

	*out = ANNOUNCED_UNKNOWN;
	if (s->in->actor == NULL || s->in->actor[0] == '\0')
		return true;
	if (!is_actor(mem, a->row->actor, s->in->actor, &yes, e))
		return false;
	*out = yes ? ANNOUNCED_AS : ANNOUNCED_OTHER_ACTOR;
	return true;
}

bool
announced_by_persons(struct announced_set *s, struct announced *a, const struct change *c,
    enum intent_verdict *out, struct err *e)
{
	bool may;

	if (*out != ANNOUNCED_AS && *out != ANNOUNCED_WAITING)
		return true; /* nothing takes it out of what is told */
	if (!announced_may(s, a, &may, e))
		return false;
	if (!may)
		*out = ANNOUNCED_LAPSED;
	else if (s->asks && c->severity >= s->asks_from && a->row->confirmed_at.ms == 0)
		*out = ANNOUNCED_UNCONFIRMED;
	return true;
}

bool
announced_by_maker(struct announced_set *s, struct announced *a, const struct change *c,
    instant since, enum intent_verdict *out, struct err *e)
{
	const bool  late = s->in->received_at.ms >= since.ms + s->window_ms;
	TALLOC_CTX *tmp = talloc_new(s->mem);
	bool        ok = true;

	*out = ANNOUNCED_AS;
	if (tmp == NULL)
		return err_memory(e);
	if (a->row->actor != NULL)
		ok = s->maker == MAKER_LOGGED ? by_log(s, tmp, a, c, late, out, e)
					      : by_push(s, tmp, a, out, e);
	talloc_free(tmp);
	return ok && announced_by_persons(s, a, c, out, e);
}

bool
announced_judge(
    struct announced_set *s, struct announced *a, size_t i, enum intent_verdict *out, struct err *e)
{
	const struct change *c = &s->p->diff->changes[i];
	uint64_t             steps = 1;
	bool                 yes;

	*out = ANNOUNCED_OTHER_PLACE;
	if (!finding_path_matches(s->mem, &a->path, c->path, &steps, &yes, e) ||
	    !work_spend(s->in->work, WORK_SILENCE, steps, e))
		return false;
	if (!yes)
		return true;
	*out = ANNOUNCED_OTHER_VALUE;
	if (!is_value(s, a, i, &yes, e))
		return false;
	return !yes || announced_by_maker(s, a, c, s->in->received_at, out, e);
}

/* ---- what is said ---- */

struct announced_told {
	struct uuid     intent;
	const char     *verdict, *expect, *actor, *ticket, *owner;
	struct raw_json value;
};
static const struct field told_fields[] = {
	FIELD(struct announced_told, intent),
	FIELD(struct announced_told, verdict),
	FIELD(struct announced_told, owner),
	FIELD(struct announced_told, ticket, .flags = FIELD_OMIT_ZERO),
	FIELD(struct announced_told, actor, .flags = FIELD_OMIT_ZERO),
	FIELD(struct announced_told, expect),
	FIELD(struct announced_told, value, .flags = FIELD_OMIT_ZERO),
	FIELD_END,
};
static const struct schema told_schema = SCHEMA("Announced", struct announced_told, told_fields);

static bool
tells_value(const struct change_text *t, enum intent_verdict v)
{
	return v != ANNOUNCED_OTHER_PLACE && !t->old_truncated && !t->new_truncated &&
	       !has_mask(t->old_text) && !has_mask(t->new_text);
}

static bool
make_told(struct announced_set *s, struct announced *a, bool whole, enum intent_verdict v,
    const char **out, struct err *e)
{
	const struct intent  *i = a->row;
	struct announced_told told = { i->id, intent_verdict_name(v), i->expect, i->actor,
		i->ticket, i->owner, { 0 } };
	struct buf            b, value;

	if (!open_value(s, a, e))
		return false;
	buf_make(&value, s->mem);
	value.max = TOLD_VALUE_MAX;
	if (whole && a->value != NULL) {
		resource_print(&value, a->value);
		told.value.text = buf_ok(&value) ? buf_text(&value, e) : NULL;
	}
	buf_make(&b, s->mem);
	if (!schema_encode(&b, &told_schema, &told, e))
		return false;
	*out = buf_text(&b, e);
	return *out != NULL;
}

bool
announced_tell(struct announced_set *s, struct announced *a, size_t i, enum intent_verdict v,
    const char **out, struct err *e)
{
	const bool   whole = tells_value(&s->p->values[i], v);
	const char **told = &a->told[whole][v];

	if (*told == NULL && !make_told(s, a, whole, v, told, e))
		return false;
	*out = *told;
	return true;
}
