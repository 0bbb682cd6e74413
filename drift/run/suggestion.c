#include "drift/run/suggestion.h"

#include <stdlib.h>

#include "drift/config/pack.h"
#include "drift/engine/matcher.h"

/* A pack and how many resources look like it. */
struct suited {
	const struct rule_pack *pack;
	uint32_t                n;
};

static bool
count_suited(const struct normal_snapshot *s, struct matcher *m, struct suited *of, struct err *e)
{
	bool yes;

	for (size_t i = 0; i < s->n && i < SUGGESTED_RESOURCES; i++) {
		if (s->items[i].stored != NULL)
			continue;
		if (!rule_pack_suits(of->pack, &s->items[i].r, m, &yes, e))
			return false;
		of->n += yes;
	}
	return true;
}

/* What suits most comes first, of equals by name: packs_all has them in that order. */
static int
by_count(const void *a, const void *b)
{
	const struct suited *x = a, *y = b;

	if (x->n != y->n)
		return x->n < y->n ? 1 : -1;
	return str_cmp(x->pack->name, y->pack->name);
}

static bool
look(TALLOC_CTX *mem, const struct ingest *in, const struct packs *packs, struct suited *list,
    struct err *e)
{
	struct work     work;
	struct matcher *m;

	work_begin(&work, WORK_REQUEST, NULL);
	work.steps_max = SUGGESTED_STEPS;
	m = matcher_make(mem, &work, WORK_RULES, e);
	if (m == NULL)
		return false;
	for (size_t i = 0; i < packs->n; i++) {
		list[i].pack = packs->items[i];
		if (!count_suited(in->snapshot, m, &list[i], e))
			return err_take(e, ERR_TOO_COSTLY);
	}
	return true;
}

static char *
print_names(TALLOC_CTX *mem, struct suited *list, size_t n, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n && i < SUGGESTED_MAX && list[i].n > 0; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		buf_json(&b, list[i].pack->name);
	}
	buf_putc(&b, ']');
	if (!buf_ok(&b))
		(void)err_memory(e);
	return buf_ok(&b) ? b.p : NULL;
}

static bool
write_names(TALLOC_CTX *mem, struct db *db, const struct ingest *in, struct err *e)
{
	struct suited *list;
	struct packs   packs;
	char          *names;
	size_t         n = 0;

	if (!packs_all(mem, in->d->env->conf->rules_dir, &packs, e))
		return false;
	list = talloc_zero_array(mem, struct suited, PACKS_ALL_MAX);
	if (list == NULL)
		return err_memory(e);
	if (!look(mem, in, &packs, list, e))
		return false;
	while (n < packs.n && list[n].pack != NULL)
		n++;
	qsort(list, n, sizeof *list, by_count);
	names = print_names(mem, list, n, e);
	return names != NULL && config_suggest(db, &in->config->id, names, e);
}

bool
suggestion_is_due(const struct ingest *in)
{
	return in->config->suggested_packs.text == NULL && in->spec->body.rule_packs.n == 0 &&
	       in->snapshot->n > 0;
}

bool
suggestion_write(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	TALLOC_CTX *mem;
	bool        ok;

	if (!suggestion_is_due(in) || p->kind == PLAN_LATE)
		return true;
	mem = talloc_new(in->mem);
	if (mem == NULL)
		return err_memory(e);
	ok = write_names(mem, db, in, e);
	talloc_free(mem);
	return ok;
}
