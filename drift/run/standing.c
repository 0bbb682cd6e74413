#include "drift/run/standing.h"

#include <stdlib.h>
#include <string.h>

void
standing_uncount(struct diff_summary *s, const struct change *c)
{
	s->created -= c->op == CHANGE_CREATED;
	s->deleted -= c->op == CHANGE_DELETED;
	s->modified -= c->op == CHANGE_MODIFIED;
	s->moved -= c->op == CHANGE_MOVED;
	s->by_severity[c->severity]--;
	s->score -= severity_weight(c->severity);
	s->max_severity = SEVERITY_INFO;
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		if (s->by_severity[v] > 0)
			s->max_severity = v;
}

/* ---- both ---- */

static int
by_value(const void *a, const void *b)
{
	const struct change *x = *(const struct change *const *)a;
	const struct change *y = *(const struct change *const *)b;
	int                  d = memcmp(x->fingerprint, y->fingerprint, HASH_LEN);

	return d != 0 ? d : memcmp(x->value_hash, y->value_hash, HASH_LEN);
}

static const struct change **
index_of(TALLOC_CTX *mem, const struct diff *d, struct err *e)
{
	const struct change **out = talloc_size(mem, (d->n + 1) * sizeof(const struct change *));

	if (out == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < d->n; i++)
		out[i] = &d->changes[i];
	if (d->n > 1)
		qsort(out, d->n, sizeof(out[0]), by_value);
	return out;
}

static bool
has(const struct change *const *index, size_t n, const struct change *c)
{
	return n > 0 && bsearch(&c, index, n, sizeof(index[0]), by_value) != NULL;
}

static void
leave_out(struct standing *since, const struct change *const *seen, size_t seen_n)
{
	struct diff *d = since->diff;
	size_t       n = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (has(seen, seen_n, &d->changes[i])) {
			standing_uncount(&d->summary, &d->changes[i]);
			continue;
		}
		if (since->texts != NULL)
			since->texts[n] = since->texts[i];
		d->changes[n++] = d->changes[i];
	}
	d->n = n;
}

bool
standing_split(
    TALLOC_CTX *mem, const struct standing_split *x, struct standing *since, struct err *e)
{
	TALLOC_CTX           *tmp = talloc_new(mem);
	const struct change **before = tmp == NULL ? NULL : index_of(tmp, since->diff, e);
	const struct change **seen = before == NULL ? NULL : index_of(tmp, x->seen, e);

	if (seen == NULL)
		return tmp == NULL ? err_memory(e) : false;
	for (size_t i = 0; i < x->seen->n; i++)
		x->ended[i] = x->is_told(x->arg, &x->seen->changes[i]) &&
			      !has(before, since->diff->n, &x->seen->changes[i]);
	leave_out(since, seen, x->seen->n);
	talloc_free(tmp);
	return true;
}

/* ---- one behind the other ---- */

static void
add_up(struct diff_summary *s, const struct diff_summary *more)
{
	s->created += more->created;
	s->modified += more->modified;
	s->deleted += more->deleted;
	s->moved += more->moved;
	s->score += more->score;
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		s->by_severity[v] += more->by_severity[v];
	if (more->max_severity > s->max_severity)
		s->max_severity = more->max_severity;
}

static bool
join_texts(TALLOC_CTX *mem, struct standing *to, const struct standing *more, struct err *e)
{
	size_t              a = to->diff->n, b = more->diff->n;
	struct change_text *texts = talloc_size(mem, (a + b + 1) * sizeof(texts[0]));

	if (texts == NULL)
		return err_memory(e);
	if (a > 0)
		memcpy(texts, to->texts, a * sizeof(texts[0]));
	memcpy(texts + a, more->texts, b * sizeof(texts[0]));
	to->texts = texts;
	return true;
}

bool
standing_join(TALLOC_CTX *mem, struct standing *to, const struct standing *more, struct err *e)
{
	struct diff   *d = to->diff;
	size_t         n = d->n + more->diff->n;
	struct change *changes;

	if (more->diff->n == 0)
		return true;
	changes = talloc_size(d, (n + 1) * sizeof(changes[0]));
	if (changes == NULL)
		return err_memory(e);
	if (more->texts != NULL && !join_texts(mem, to, more, e))
		return false;
	if (d->n > 0)
		memcpy(changes, d->changes, d->n * sizeof(changes[0]));
	memcpy(changes + d->n, more->diff->changes, more->diff->n * sizeof(changes[0]));
	d->changes = changes;
	d->n = n;
	add_up(&d->summary, &more->diff->summary);
	return true;
}
