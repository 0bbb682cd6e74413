#include "core/auth/audit_seldom.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/shm/rate.h"
#include "core/shm/tally.h"

enum purpose { OF_THE_SAME, OF_THE_ACTOR, UNWRITTEN };

struct seldom {
	const struct tenant_db   *t;
	const struct auth        *a;
	const struct audit_entry *entry;
	const char               *about;
	uint16_t                  span;
};

static const struct uuid nobody;

/* What is counted together: a text of parts that cannot run into each other. */
static bool
key_of(const struct seldom *s, TALLOC_CTX *mem, enum purpose p, uint64_t *key, struct err *e)
{
	const struct audit_entry *x = s->entry;
	const struct uuid        *actor = x->caller != NULL ? &x->caller->user : &nobody;
	bool                      same = p == OF_THE_SAME;
	const char               *address =
            same && x->caller == NULL && x->origin != NULL ? x->origin->address : NULL;
	uint8_t    sum[HASH_LEN];
	struct buf b;

	buf_make(&b, mem);
	buf_add(&b, (const char *)s->t->tenant->id.b, sizeof(s->t->tenant->id.b));
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
choose(const struct seldom *s, TALLOC_CTX *mem, struct tally *same, uint32_t *unwritten,
    bool *chosen, struct err *e)
{
	const struct rate r = { INT64_C(60000000) * AUDIT_SELDOM_MINUTES, AUDIT_SELDOM_BURST };
	struct segment   *segment = s->a->env->segment;
	struct rate_left  left;
	uint64_t          of_same, of_actor, of_unwritten;

	if (!key_of(s, mem, OF_THE_SAME, &of_same, e) ||
	    !key_of(s, mem, OF_THE_ACTOR, &of_actor, e) ||
	    !key_of(s, mem, UNWRITTEN, &of_unwritten, e))
		return false;
	*same = tally_add(segment, of_same, s->span);
	*chosen = false;
	if (same->n != 1 && (s->entry->success || !is_power_of_ten(same->n)))
		return true;
	*chosen = rate_take(segment, of_actor, &r, clock_ns(s->a->env->clock), &left);
	if (!*chosen)
		(void)tally_add(segment, of_unwritten, 0);
	else
		*unwritten = tally_take(segment, of_unwritten);
	return true;
}

static const char *
details_of(
    TALLOC_CTX *mem, const char *given, const struct tally *same, uint32_t unwritten, struct err *e)
{
	size_t     n = given != NULL ? strlen(given) : 0;
	struct buf b;

	buf_make(&b, mem);
	if (n > 2) /* "{...}" without its end */
		buf_add(&b, given, n - 1);
	buf_printf(&b, "%s\"times\":%u", n > 2 ? "," : "{", same->n);
	if (same->earlier > 1)
		buf_printf(&b, ",\"earlier\":%u", same->earlier);
	if (unwritten > 0)
		buf_printf(&b, ",\"unwritten\":%u", unwritten);
	buf_putc(&b, '}');
	return buf_text(&b, e);
}

bool
audit_seldom(struct tenant_db *t, TALLOC_CTX *mem, const struct auth *a, struct audit_entry *entry,
    const char *about, bool *written, struct err *e)
{
	const struct seldom s = { t, a, entry, about,
		(uint16_t)(clock_ms(a->env->clock) / AUDIT_SELDOM_MS) };
	struct tally        same = { 1, 0 };
	uint32_t            unwritten = 0;
	bool                chosen = true;

	if (a->env->segment != NULL && !choose(&s, mem, &same, &unwritten, &chosen, e))
		return false;
	if (written != NULL)
		*written = chosen;
	if (!chosen)
		return true;
	entry->details = details_of(mem, entry->details, &same, unwritten, e);
	return entry->details != NULL && audit_deed(t, mem, a, NULL, NULL, entry, e);
}
