#include "drift/run/rule_hits.h"

#include <string.h>

#include "core/store/drift/rule_hits.h"
#include "drift/run/plan_sides.h"

#define ID_LEN  8 /* of a rule's digest: enough to tell the rules of one config apart */
#define NUMBERS 6

struct hit {
	uint8_t id[ID_LEN];
	int64_t since_seq, since_ms, last_seq, last_ms; /* last_seq 0: never */
	int64_t read, compared;
};

struct rule_hit_counts {
	struct hit *items;
	size_t      n;
	int64_t     seq; /* of the snapshot they were written with; 0: there is no row */
};

/* ---- which rules ---- */

static size_t
count_rules(const struct drift_spec *s)
{
	return (size_t)compare_count(s->compare) + rules_count(s->rules);
}

static const struct rule_origin *
origin_of(const struct drift_spec *s, size_t i)
{
	uint32_t n = compare_count(s->compare);

	return i < n ? compare_origin(s->compare, (uint32_t)i)
		     : rules_origin(s->rules, (uint32_t)i - n);
}

static bool
digest_rule(const struct drift_spec *s, size_t i, TALLOC_CTX *mem, uint8_t out[static HASH_LEN],
    struct err *e)
{
	const struct rule_origin *o = origin_of(s, i);
	struct buf                b;

	buf_make(&b, mem);
	buf_putc(&b, i < compare_count(s->compare) ? 'n' : 's');
	buf_add(&b, o->pack.p, o->pack.n);
	buf_putc(&b, ' ');
	json_print(&b, o->text);
	if (!buf_ok(&b))
		return err_memory(e);
	hash_sha256(b.p, b.n, out);
	talloc_free(b.p);
	return true;
}

/* The same rule twice is two rules: the second one is known by the first one's digest. */
static bool
name_rules(const struct drift_spec *s, struct hit *hits, size_t n, TALLOC_CTX *mem, struct err *e)
{
	uint8_t digest[HASH_LEN];

	for (size_t i = 0; i < n; i++) {
		if (!digest_rule(s, i, mem, digest, e))
			return false;
		for (size_t k = 0; k < i; k++)
			if (memcmp(hits[k].id, digest, ID_LEN) == 0)
				hash_sha256(digest, sizeof(digest), digest);
		memcpy(hits[i].id, digest, ID_LEN);
	}
	return true;
}

/* ---- the row ---- */

static bool
hit_parse(struct str name, const struct json *v, struct hit *h)
{
	int64_t *const numbers[NUMBERS] = { &h->since_seq, &h->since_ms, &h->last_seq, &h->last_ms,
		&h->read, &h->compared };

	if (!hex_parse(name, h->id, ID_LEN) || v->type != JSON_ARRAY || v->n != NUMBERS)
		return false;
	for (size_t i = 0; i < NUMBERS; i++)
		if (v->items[i].type != JSON_NUMBER || !str_to_i64(v->items[i].text, numbers[i]))
			return false;
	return true;
}

static bool
rule_hits_parse(TALLOC_CTX *mem, const char *text, struct rule_hit_counts *out, struct err *e)
{
	struct json *v = json_parse(mem, str_of(text), e);

	if (v == NULL) /* what we wrote ourselves is no fault of the input */
		return err_note(e, "reading a config's rule hits");
	out->items = talloc_zero_size(mem, (v->n + 1) * sizeof(out->items[0]));
	if (out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; v->type == JSON_OBJECT && i < v->n; i++)
		out->n += hit_parse(v->names[i], &v->items[i], &out->items[out->n]);
	return true;
}

static bool
counts_of(TALLOC_CTX *mem, const struct rule_hits *row, struct rule_hit_counts *out, struct err *e)
{
	*out = (struct rule_hit_counts) { .seq = (int64_t)row->seq };
	return row->hits == NULL || rule_hits_parse(mem, row->hits, out, e);
}

/* A row that is not there stays zeroed. */
static bool
rule_hits_load(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct rule_hits *row, struct err *e)
{
	return rule_hits_by_config(db, mem, config, row, e) || err_take(e, ERR_MISSING);
}

/* Rules mostly stand where they stood. */
static const struct hit *
rule_hits_find(const struct rule_hit_counts *h, const uint8_t *id, size_t *hint)
{
	for (size_t tries = 0; tries < h->n; tries++, (*hint)++) {
		if (*hint >= h->n)
			*hint = 0;
		if (memcmp(h->items[*hint].id, id, ID_LEN) == 0)
			return &h->items[(*hint)++];
	}
	return NULL;
}

/* A pack's rule that never met anything needs no entry. */
static bool
rule_hits_print(TALLOC_CTX *mem, const struct drift_spec *s, const struct hit *hits, size_t n,
    char **out, struct err *e)
{
	char       id[2 * ID_LEN + 1];
	bool       first = true;
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '{');
	for (size_t i = 0; i < n; i++) {
		const struct hit *h = &hits[i];

		if (h->last_seq == 0 && origin_of(s, i)->pack.n > 0)
			continue;
		hex_print(h->id, ID_LEN, id);
		buf_printf(&b, "%s\"%s\":[%lld,%lld,%lld,%lld,%lld,%lld]", first ? "" : ",", id,
		    (long long)h->since_seq, (long long)h->since_ms, (long long)h->last_seq,
		    (long long)h->last_ms, (long long)h->read, (long long)h->compared);
		first = false;
	}
	buf_putc(&b, '}');
	*out = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}

/* ---- one snapshot more ---- */

static void
hit_count(
    const struct ingest *in, const struct plan *p, size_t i, const struct hit *old, struct hit *h)
{
	uint32_t normalisers = compare_count(in->spec->compare);

	h->read = i < normalisers ? in->snapshot->hits[i] : 0;
	if (p->kind == PLAN_SAME)
		h->compared = old == NULL ? 0 : old->compared; /* that comparison still stands */
	else if (p->diff == NULL)
		h->compared = 0;
	else
		h->compared =
		    i < normalisers ? p->base_hits[i] : p->diff->rule_hits[i - normalisers];
}

static void
hit_advance(const struct ingest *in, const struct plan *p, size_t i,
    const struct rule_hit_counts *before, const struct hit *old, struct hit *h)
{
	hit_count(in, p, i, old, h);
	h->since_seq = old == NULL ? (int64_t)p->after.seq : old->since_seq;
	h->since_ms = old == NULL ? in->received_at.ms : old->since_ms;
	if (h->read + h->compared > 0) {
		h->last_seq = (int64_t)p->after.seq;
		h->last_ms = in->received_at.ms;
	} else if (old != NULL && old->last_seq == before->seq) {
		h->last_seq = (int64_t)p->before.seq;
		h->last_ms = p->before.last_run_at.ms;
	} else if (old != NULL) {
		h->last_seq = old->last_seq;
		h->last_ms = old->last_ms;
	}
}

static bool
rule_hits_update(struct db *db, const struct ingest *in, const struct plan *p, TALLOC_CTX *mem,
    struct blob digest, struct err *e)
{
	size_t                 n = count_rules(in->spec), hint = 0;
	struct hit            *hits = talloc_zero_size(mem, (n + 1) * sizeof(hits[0]));
	struct rule_hits       row = { in->config->id, p->after.seq, digest, NULL };
	struct rule_hit_counts before;

	if (hits == NULL)
		return err_memory(e);
	if (!name_rules(in->spec, hits, n, mem, e) || !counts_of(mem, &p->rules, &before, e))
		return false;
	for (size_t i = 0; i < n; i++)
		hit_advance(
		    in, p, i, &before, rule_hits_find(&before, hits[i].id, &hint), &hits[i]);
	return rule_hits_print(mem, in->spec, hits, n, &row.hits, e) && rule_hits_put(db, &row, e);
}

/* What is left of rules that the config had goes with the first snapshot after. */
static bool
forget_rules(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	if (p->before.seq == 0 || p->before.config_version == in->config->version)
		return true;
	return rule_hits_drop(db, &in->config->id, e);
}

bool
rule_hits_read(const struct ingest *in, struct plan *p, struct err *e)
{
	if (in->read != NULL)
		p->rules = in->read->rules;
	return in->read != NULL || count_rules(in->spec) == 0 ||
	       rule_hits_load(in->t->db, p, &in->config->id, &p->rules, e);
}

bool
rule_hits_write(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	uint8_t           digest[HASH_LEN];
	const struct blob blob = { digest, HASH_LEN };
	TALLOC_CTX       *tmp;
	bool              same, ok;

	if (p->kind == PLAN_LATE)
		return true;
	if (count_rules(in->spec) == 0)
		return forget_rules(db, in, p, e);
	tmp = talloc_new(in->mem);
	if (tmp == NULL)
		return err_memory(e);
	hash_sha256(in->snapshot->hits,
	    compare_count(in->spec->compare) * sizeof(in->snapshot->hits[0]), digest);
	same = p->kind == PLAN_SAME && plan_same_content(&p->rules.digest, digest);
	ok = same || rule_hits_update(db, in, p, tmp, blob, e);
	talloc_free(tmp);
	return ok;
}

/* ---- telling ---- */

static bool
can_die(const struct rule_seen *s)
{
	const struct json *severity = s->severity ? json_get(s->origin->text, "severity") : NULL;

	return s->origin->pack.n == 0 &&
	       (!s->severity || (severity != NULL && str_eqz(severity->text, "ignore")));
}

static void
see(const struct config_state *state, const struct rule_hit_counts *row, const struct hit *h,
    struct rule_seen *s)
{
	int64_t now = (int64_t)state->seq, last;

	s->quiet = -1;
	if (h == NULL)
		return;
	last = h->last_seq;
	s->matches = h->read + h->compared;
	s->since.ms = h->since_ms;
	s->last.ms = h->last_ms;
	s->runs = now - h->since_seq + 1;
	if (last != 0 && last == row->seq) {
		last = now;
		s->last = state->last_run_at;
	}
	if (last != 0)
		s->quiet = now - last;
	s->dead =
	    can_die(s) && s->runs >= HITS_DEAD_AFTER && (last == 0 || s->quiet >= HITS_DEAD_AFTER);
}

bool
rule_hits_list(struct tenant_db *t, TALLOC_CTX *mem, const struct drift_spec *spec,
    const struct config_state *state, struct rule_seen **out, size_t *n, struct err *e)
{
	uint32_t               normalisers = compare_count(spec->compare);
	struct hit            *ids;
	struct rule_hits       stored;
	struct rule_hit_counts row;
	size_t                 hint = 0;

	*n = count_rules(spec);
	*out = talloc_zero_size(mem, (*n + 1) * sizeof((*out)[0]));
	ids = talloc_zero_size(mem, (*n + 1) * sizeof(ids[0]));
	if (*out == NULL || ids == NULL)
		return err_memory(e);
	if (!name_rules(spec, ids, *n, mem, e) ||
	    !rule_hits_load(t->db, mem, &state->config_id, &stored, e) ||
	    !counts_of(mem, &stored, &row, e))
		return false;
	for (size_t i = 0; i < *n; i++) {
		struct rule_seen *s = &(*out)[i];

		s->origin = origin_of(spec, i);
		s->severity = i >= normalisers;
		if (s->severity)
			s->name = rules_name(spec->rules, (uint32_t)i - normalisers);
		see(state, &row, rule_hits_find(&row, ids[i].id, &hint), s);
	}
	return true;
}
