#include "drift/engine/matcher.h"

#include "drift/engine/automaton.h"

#define LISTS     64          /* that are remembered */
#define BYTES_MAX (32u << 20) /* of all automata */
#define PAYS      8 /* bytes looked at glob by glob, for each that an automaton is made of */

struct list {
	const struct globs *globs;
	struct automaton   *automaton; /* NULL: not yet */
	uint64_t            looked;    /* bytes, glob by glob */
};

struct matcher {
	struct work   *work;
	enum work_kind kind;
	TALLOC_CTX    *automata; /* owns them */
	size_t         bytes;    /* of them */
	struct list    lists[LISTS];
};

struct work *
matcher_work(const struct matcher *m)
{
	return m->work;
}

struct matcher *
matcher_make(TALLOC_CTX *mem, struct work *work, enum work_kind kind, struct err *e)
{
	struct matcher *m = talloc_zero(mem, struct matcher);

	if (m == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	m->work = work;
	m->kind = kind;
	return m;
}

/* ---- glob by glob ---- */

static uint64_t
steps_of(const struct glob *g, struct str s)
{
	return 1 + (g->stars < 2 ? (g->head + g->tail) / 16 : s.n / (g->fold ? 2 : 4));
}

static bool
matcher_glob(struct matcher *m, const struct glob *g, struct str s, bool *yes, struct err *e)
{
	*yes = false;
	if (!glob_match_ends(g, s))
		return work_spend(m->work, m->kind, 1, e);
	if (!work_spend(m->work, m->kind, steps_of(g, s), e))
		return false;
	*yes = glob_match(g, s);
	return true;
}

bool
matcher_find(struct matcher *m, bool fold, struct str s, struct str what, bool *yes, struct err *e)
{
	if (!work_spend(m->work, m->kind, 1 + (fold ? s.n / 2 : s.n / 8), e))
		return false;
	*yes = s.n > 0 && text_find(fold, s, what) != NULL;
	return true;
}

static bool
one_by_one(struct matcher *m, const struct globs *g, struct str s, uint64_t *looked, bool *yes,
    struct err *e)
{
	*yes = false;
	for (size_t i = 0; !*yes && i < g->n; i++) {
		if (!matcher_glob(m, &g->items[i], s, yes, e))
			return false;
		*looked += g->items[i].stars < 2 ? 0 : s.n;
	}
	return true;
}

/* ---- by automaton ---- */

static void
forget(struct matcher *m)
{
	TALLOC_FREE(m->automata);
	m->bytes = 0;
	for (size_t i = 0; i < LISTS; i++)
		m->lists[i].automaton = NULL;
}

static bool
compile(struct matcher *m, struct list *l, struct err *e)
{
	size_t size = automaton_size(l->globs), bytes;

	if (!work_spend(m->work, m->kind, 100 + 20 * (uint64_t)size, e))
		return false;
	if (m->bytes > BYTES_MAX)
		forget(m);
	if (m->automata == NULL)
		m->automata = talloc_new(m);
	if (m->automata == NULL)
		return err_memory(e);
	l->automaton = automaton_make(m->automata, l->globs, &bytes, e);
	if (l->automaton == NULL)
		return false;
	m->bytes += bytes;
	return true;
}

/* Where two lists have one place, the later one has it. */
static struct list *
list_of(struct matcher *m, const struct globs *g)
{
	struct list *l = &m->lists[((uintptr_t)g / sizeof(void *)) % LISTS];

	if (l->globs != g) {
		if (l->automaton != NULL)
			forget(m);
		*l = (struct list) { .globs = g };
	}
	return l;
}

bool
matcher_globs(struct matcher *m, const struct globs *g, struct str s, bool *yes, struct err *e)
{
	struct list *l;

	if (g->n == 1)
		return matcher_glob(m, g->items, s, yes, e);
	if (g->n * s.n < 4096) {
		uint64_t ignored = 0;

		return one_by_one(m, g, s, &ignored, yes, e);
	}
	l = list_of(m, g);
	if (l->automaton == NULL && l->looked + g->n * s.n <= PAYS * automaton_size(g))
		return one_by_one(m, g, s, &l->looked, yes, e);
	if (l->automaton == NULL && !compile(m, l, e))
		return false;
	return automaton_match(l->automaton, s, m->work, m->kind, yes, e);
}
