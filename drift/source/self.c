/* source.h: the kind `self`, which is read from the tenant's own tables (drift/self). */
#include "drift/source/source.h"

static const struct field self_fields[] = {
	FIELD(struct source_settings, kind, .flags = FIELD_REQUIRED),
	FIELD_END,
};
const struct schema source_self_schema =
    SCHEMA("DriftSourceSelf", struct source_settings, self_fields);

/* There is nothing that it could say wrongly. */
static bool
self_check(TALLOC_CTX *mem, struct source *s, struct err *e)
{
	(void)mem;
	(void)s;
	(void)e;
	return true;
}

/* ---- a run: all is read as it begins ---- */

struct self_run {
	struct collected          got;
	struct source_collection *told;
};

static bool
tell(struct self_run *r, struct err *e)
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
self_begin(TALLOC_CTX *mem, const struct source_begin *b, struct err *e)
{
	struct self_run *r = talloc_zero(mem, struct self_run);

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
self_next(void *run, struct source_turn *turn, struct err *e)
{
	const struct self_run *r = run;

	(void)e;
	turn->collected = r->got;
	return SOURCE_DONE;
}

/* It asks nothing. */
static bool
self_take(void *run, const struct source_answer *answer, struct err *e)
{
	(void)run;
	(void)answer;
	(void)e;
	return true;
}

static void
self_progress(const void *run, struct source_progress *out)
{
	const struct self_run *r = run;

	*out = (struct source_progress) {
		.collections = r->told, .n = r->got.collections_n, .over = r->got.collections_n
	};
}

static const struct source_collect self_collecting = {
	.at_once = true,
	.begin = self_begin,
	.next = self_next,
	.take = self_take,
	.progress = self_progress,
};

/* What the routes of all that drift/self reads ask for: of keys, channels, providers, roles,
 * settings and users. */
static const char *const self_needs[] = { "read:api_keys", "read:channels", "read:settings",
	"read:roles", "read:tenants", "read:users", NULL };

const struct source_ops source_self = {
	.needs = self_needs,
	.check = self_check,
	.collect = &self_collecting,
	.trail = true,
	.current = true,
};
