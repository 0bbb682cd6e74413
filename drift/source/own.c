/* source.h: a run of a kind that is read from the own tables: all of it, as it begins. */
#include "drift/source/source.h"

struct own_run {
	struct collected          got;
	struct source_collection *told;
};

static bool
tell(struct own_run *r, struct err *e)
{
	r->told =
	    talloc_zero_array(r, struct source_collection, (unsigned)r->got.collections_n + 1);
	if (r->told == NULL)
		return err_memory(e);
	for (size_t i = 0; i < r->got.collections_n; i++) {
		const struct collection *c = &r->got.collections[i];

		r->told[i] = (struct source_collection) { .how = c->how, .over = true };
		r->told[i].category = str_dup(r, c->category);
		if (r->told[i].category == NULL)
			return err_memory(e);
		for (size_t k = 0; k < r->got.n; k++)
			r->told[i].items += str_eq(r->got.resources[k].category, c->category);
	}
	return true;
}

static void *
own_begin(TALLOC_CTX *mem, const struct source_begin *b, struct err *e)
{
	struct own_run *r = talloc_zero(mem, struct own_run);

	if (r == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	if (b->own == NULL) {
		(void)err_set(e, ERR_INTERNAL, 0, "internal error", "nobody reads the own tables");
		return NULL;
	}
	return b->own->read(b->own->arg, r, &r->got, e) && tell(r, e) ? r : NULL;
}

static enum source_step
own_next(void *run, struct source_turn *turn, struct err *e)
{
	const struct own_run *r = run;

	(void)e;
	turn->collected = r->got;
	return SOURCE_DONE;
}

/* It asks nothing. */
static bool
own_take(void *run, const struct source_answer *answer, struct err *e)
{
	(void)run;
	(void)answer;
	(void)e;
	return true;
}

static void
own_progress(const void *run, struct source_progress *out)
{
	const struct own_run *r = run;

	*out = (struct source_progress) {
		.collections = r->told, .n = r->got.collections_n, .over = r->got.collections_n
	};
}

const struct source_collect source_own_collecting = {
	.at_once = true,
	.begin = own_begin,
	.next = own_next,
	.take = own_take,
	.progress = own_progress,
};
