#include "drift/alert/holding.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "drift/alert/kinds.h"

bool
hold_tells_many(const char *kind)
{
	static const struct {
		const char *kind;
		bool        many;
	} kinds[] = {
#define X(kind, ops, keeps_ends, many, work, doc) { kind, many },
		CHANNEL_FORMATS(X) OTHER_FORMATS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].many;
	return false;
}

/* ---- which group ---- */

static void
add_texts(struct buf *b, const struct str *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (i == 0 || !str_eq(texts[i], texts[i - 1])) {
			buf_printf(b, "%zu:", texts[i].n);
			buf_add(b, texts[i].p, texts[i].n);
		}
}

static int
by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static bool
add_controls(struct buf *b, const struct route_facts *f, struct err *e)
{
	struct str *texts = talloc_size(b->mem, (f->controls.n + 1) * sizeof(texts[0]));

	if (texts == NULL)
		return err_memory(e);
	for (size_t i = 0; i < f->controls.n; i++)
		texts[i] = str_of(f->controls.items[i]);
	add_texts(b, texts, f->controls.n);
	return true;
}

/* By id in any case, as routes are held against them. */
static bool
add_actors(struct buf *b, const struct route_facts *f, struct err *e)
{
	size_t      most = f->makers == NULL ? 0 : f->makers->n, n = 0;
	struct str *texts = talloc_size(b->mem, (most + 1) * sizeof(texts[0]));

	if (texts == NULL)
		return err_memory(e);
	for (size_t i = 0; i < most; i++) {
		const char *id = f->makers->actors[i].id;
		const char *folded = id == NULL ? NULL : attribution_fold(b->mem, str_of(id));

		if (folded != NULL)
			texts[n++] = str_of(folded);
	}
	qsort(texts, n, sizeof(texts[0]), by_bytes);
	add_texts(b, texts, n);
	return true;
}

static bool
add_label(struct buf *b, enum group_label label, const struct route_facts *f, struct err *e)
{
	const struct str kind = str_of(f->kind);
	char             id[UUID_TEXT_MAX];

	switch (label) {
	case GROUP_CONFIG:
		uuid_print(&f->config_id, id);
		buf_puts(b, id);
		return true;
	case GROUP_CATEGORY:
		add_texts(b, f->categories, f->categories_n);
		return true;
	case GROUP_SEVERITY:
		buf_puts(b, severity_name(f->severity));
		return true;
	case GROUP_KIND:
		add_texts(b, &kind, 1);
		return true;
	case GROUP_CONTROL:
		return add_controls(b, f, e);
	case GROUP_ACTOR:
		return add_actors(b, f, e);
	case GROUP_ALL:
	case GROUP_LABELS_N:
		break;
	}
	return true;
}

/* The same for the same route, channel and facts, whoever makes it. */
static void
id_of(const struct buf *b, struct uuid *out)
{
	uint8_t hash[HASH_LEN];

	hash_sha256(b->p, b->n, hash);
	memcpy(out->b, hash, sizeof(out->b));
}

static void
add_place(struct buf *b, const struct uuid *route, const struct uuid *channel)
{
	char id[UUID_TEXT_MAX];

	uuid_print(route, id);
	buf_printf(b, "%s ", id);
	uuid_print(channel, id);
	buf_puts(b, id);
}

bool
hold_group(TALLOC_CTX *mem, const struct alert_target *t, const char *kind,
    const struct route_facts *f, struct uuid *out, struct err *e)
{
	struct buf b;

	*out = (struct uuid) { 0 };
	if (t->route == NULL || t->route->group.by.n == 0 || f->kind == NULL ||
	    !hold_tells_many(kind))
		return true;
	buf_make(&b, mem);
	add_place(&b, &t->route_id, &t->channel_id);
	for (enum group_label l = 0; l < GROUP_LABELS_N; l++) {
		if (!route_group_by(&t->route->group, l))
			continue;
		buf_printf(&b, " %s=", group_labels[l]);
		if (!add_label(&b, l, f, e))
			return false;
	}
	if (!buf_ok(&b))
		return err_memory(e);
	id_of(&b, out);
	return true;
}

/* ---- how long ---- */

/* A critical one waits for nobody. */
static int64_t
wait_of(const struct hold_in *in, bool news)
{
	int64_t wait = route_group_wait_s(&in->route->group);

	if (news && (in->severity == SEVERITY_CRITICAL || in->rises))
		wait = 0;
	return wait > in->wait_s ? wait : in->wait_s;
}

/* All that comes to the channel by the route in its quiet hours is one group, which is due at their
 * end. */
static bool
is_quiet(const struct hold_in *in, bool news, struct hold *out)
{
	const struct alert_route *r = in->route;
	const int64_t             end_ms = route_quiet_end_ms(r->quiet, in->now);
	char                      text[2 * UUID_TEXT_MAX + 16];
	struct buf                b = { .p = text };

	if (end_ms == 0 || (news && in->severity >= route_quiet_but_from(r->quiet)))
		return false;
	memcpy(text, "quiet ", 6);
	uuid_print(&r->id, text + 6);
	b.n = 6 + strlen(text + 6);
	text[b.n++] = ' ';
	uuid_print(&in->lane->channel_id, text + b.n);
	b.n += strlen(text + b.n);
	out->held = true;
	out->join = (struct group_join) {
		.group = { .route_id = r->id, .channel_id = in->lane->channel_id, .quiet = true },
		.wait_s = (end_ms - in->now.ms + 999) / 1000,
	};
	id_of(&b, &out->join.group.id);
	return true;
}

void
hold_decide(const struct hold_in *in, struct hold *out)
{
	const struct alert_route *r = in->route;
	bool                      news = event_is(in->event, SORT_NEWS);

	*out = (struct hold) { 0 };
	if (r == NULL || is_quiet(in, news, out))
		return;
	if (r->group.by.n == 0 || uuid_is_nil(&in->lane->group_id))
		return;
	out->held = true;
	out->join = (struct group_join) {
		.group = {
			.id = in->lane->group_id,
			.route_id = r->id,
			.channel_id = in->lane->channel_id,
			.interval_s = route_group_interval_s(&r->group),
		},
		.wait_s = wait_of(in, news),
		.rank = news ? (int64_t)in->severity : 0,
		.passes = news && in->rises,
	};
}
