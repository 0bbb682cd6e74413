/* spec.h: the compiled configs that this process keeps. */
#include "core/shm/metric.h"
#include "drift/config/spec.h"

#define SPECS_MAX       64
#define SPECS_BYTES_MAX (48u << 20) /* of all of them: what is used least goes */

struct spec_entry {
	struct uuid        tenant, config;
	uint64_t           version, edition;
	uint64_t           used;
	struct drift_spec *spec; /* NULL: free */
	size_t             bytes;
};
struct spec_cache {
	struct spec_entry entries[SPECS_MAX];
	uint64_t          tick;
};

struct drift *
drift_make(TALLOC_CTX *mem, const struct env *env, struct err *e)
{
	struct drift *d = talloc_zero(mem, struct drift);

	if (d != NULL)
		d->specs = talloc_zero(d, struct spec_cache);
	if (d == NULL || d->specs == NULL) {
		talloc_free(d);
		err_memory(e);
		return NULL;
	}
	d->env = env;
	return d;
}

static struct spec_entry *
cache_find(struct spec_cache *c, const struct uuid *tenant, const struct uuid *config)
{
	struct spec_entry *oldest = &c->entries[0];

	for (size_t i = 0; i < SPECS_MAX; i++) {
		struct spec_entry *at = &c->entries[i];

		if (at->spec != NULL && uuid_eq(&at->tenant, tenant) &&
		    uuid_eq(&at->config, config))
			return at;
		if (at->used < oldest->used)
			oldest = at;
	}
	return oldest;
}

static void
cache_bound(struct spec_cache *c, const struct spec_entry *keep)
{
	for (;;) {
		struct spec_entry *oldest = NULL;
		size_t             bytes = 0;

		for (size_t i = 0; i < SPECS_MAX; i++) {
			struct spec_entry *at = &c->entries[i];

			bytes += at->spec != NULL ? at->bytes : 0;
			if (at->spec != NULL && at != keep &&
			    (oldest == NULL || at->used < oldest->used))
				oldest = at;
		}
		if (bytes <= SPECS_BYTES_MAX || oldest == NULL)
			return;
		TALLOC_FREE(oldest->spec);
	}
}

/* Of the caller's body nothing is at fault. */
static void
refuse_stored(struct err *e)
{
	struct err    why = *e;
	struct fault *f, *next;

	err_note(e, "compiling a stored config");
	if (why.code != ERR_INVALID)
		return;
	err_clear(e);
	err_set(e, ERR_UNAVAILABLE, SPEC_NOT_UNDERSTOOD,
	    "This version does not understand the config: a newer one has made it, or it names "
	    "what this installation does not have.",
	    "a stored config: %s %s", why.faults == NULL ? "" : why.faults->pointer,
	    why.faults == NULL ? why.pub : why.faults->detail);
	for (f = why.faults; f != NULL; f = next) {
		next = f->next;
		talloc_free(f);
	}
}

const struct drift_spec *
spec_of(struct drift *d, const struct tenant_db *t, const struct drift_config *c, struct work *work,
    struct err *e)
{
	struct spec_entry *at = cache_find(d->specs, &t->tenant->id, &c->id);
	bool hit = at->spec != NULL && at->version == c->version && at->edition == c->edition &&
		   uuid_eq(&at->config, &c->id) && uuid_eq(&at->tenant, &t->tenant->id);

	metric_add(d->env->segment, hit ? METRIC_CACHE_HITS : METRIC_CACHE_MISSES,
	    METRIC_BY("drift_config"), 1);
	if (!hit) {
		talloc_free(at->spec);
		*at = (struct spec_entry) { t->tenant->id, c->id, c->version, c->edition, 0,
			spec_compile(d->specs, d, t, c, work, e), 0 };
		if (at->spec == NULL) {
			refuse_stored(e);
			return NULL;
		}
		compare_bind(at->spec->compare, c->id.b);
		at->bytes = talloc_total_size(at->spec);
		cache_bound(d->specs, at);
	}
	at->used = ++d->specs->tick;
	return at->spec;
}
