#include "core/auth/audit_seldom.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/shm/rate.h"
#include "core/shm/tally.h"

enum purpose { OF_THE_SAME, OF_THE_ACTOR, UNWRITTEN };

struct seldom {
	const struct deed_by     *by;
	const struct audit_entry *entry;
	const char               *about;
	uint16_t                  span;
};

static const struct uuid nobody;

/* What is counted together: a text of parts that cannot run into each other. */
static bool
key_of(const struct seldom *s, enum purpose p, uint64_t *key, struct err *e)
{
	const struct audit_entry *x = s->entry;
	const struct deed_by     *by = s->by;
	const struct uuid        *actor = by->caller != NULL ? &by->caller->user : &nobody;
	const struct uuid        *tenant = &by->t->tenant->id;
	bool                      same = p == OF_THE_SAME;
	const char               *address =
            same && by->caller == NULL && by->origin != NULL ? by->origin->address : NULL;
	uint8_t    sum[HASH_LEN];
	struct buf b;

	buf_make(&b, by->mem);
	buf_add(&b, (const char *)tenant->b, sizeof(tenant->b));
	buf_add(&b, (const char *)actor->b, sizeof(actor->b));
	buf_printf(&b, "%d\n", (int)p);
	if (same) {
		buf_add(&b, (const char *)x->target_id.b, sizeof(x->target_id.b));
		buf_printf(&b, "%d\n%s\n%s", (int)x->action, address != NULL ? address : "",
		    s->about != NULL ? s->about : "");
	}
	if (!buf_ok(&b))
		return err_memory(e);
	hash_sha256(b.p, b.n, sum);
	memcpy(key, sum, sizeof(*key));
	return true;
}

static bool
is_power_of_ten(uint32_t n)
{
	while (n % 10 == 0)
		n /= 10;
	return n == 1;
}

/* Whether it is one to be written, and then what is told with it. */
static bool
choose(const struct seldom *s, struct tally *same, uint32_t *unwritten, bool *chosen, struct err *e)
{
	const struct rate r = { INT64_C(60000000) * AUDIT_SELDOM_MINUTES, AUDIT_SELDOM_BURST };
	const struct env *env = s->by->auth->env;
	struct segment   *segment = env->segment;
	struct rate_left  left;
	uint64_t          of_same, of_actor, of_unwritten;

	if (!key_of(s, OF_THE_SAME, &of_same, e) || !key_of(s, OF_THE_ACTOR, &of_actor, e) ||
	    !key_of(s, UNWRITTEN, &of_unwritten, e))
		return false;
	*same = tally_add(segment, of_same, s->span);
	*chosen = false;
	if (same->n != 1 && (!s->entry->failed || !is_power_of_ten(same->n)))
		return true;
	*chosen = rate_take(segment, of_actor, &r, clock_ns(env->clock), &left);
	if (!*chosen)
		(void)tally_add(segment, of_unwritten, 0);
	else
		*unwritten = tally_take(segment, of_unwritten);
	return true;
}

struct seldom_told {
	int64_t times, earlier, unwritten;
};
static const struct field seldom_told_fields[] = {
	TOLD(struct seldom_told, times),
	TOLD_IF(struct seldom_told, earlier),
	TOLD_IF(struct seldom_told, unwritten),
	FIELD_END,
};
static const struct schema seldom_told =
    SCHEMA("SeldomTold", struct seldom_told, seldom_told_fields);

/* Behind what is given, in one object. */
static const char *
details_of(TALLOC_CTX *mem, const char *given, const struct seldom_told *t, struct err *e)
{
	const char *own = audit_details(mem, &seldom_told, t, e);
	size_t      n = given != NULL ? strlen(given) : 0;
	char       *both;

	if (own == NULL || n <= strlen("{}"))
		return own;
	both = talloc_asprintf(mem, "%.*s,%s", (int)n - 1, given, own + 1);
	if (both == NULL)
		err_memory(e);
	return both;
}

bool
audit_seldom(const struct deed_by *by, struct audit_entry *entry, const char *about, bool *written,
    struct err *e)
{
	const struct env   *env = by->auth->env;
	const struct seldom s = { by, entry, about,
		(uint16_t)(clock_ms(env->clock) / AUDIT_SELDOM_MS) };
	struct tally        same = { 1, 0 };
	uint32_t            unwritten = 0;
	bool                chosen = true;
	struct seldom_told  t;

	if (env->segment != NULL && !choose(&s, &same, &unwritten, &chosen, e))
		return false;
	if (written != NULL)
		*written = chosen;
	if (!chosen)
		return true;
	t = (struct seldom_told) { same.n, same.earlier > 1 ? same.earlier : 0, unwritten };
	entry->details = details_of(by->mem, entry->details, &t, e);
	return entry->details != NULL && audit_deed(by, NULL, NULL, entry, e);
}
