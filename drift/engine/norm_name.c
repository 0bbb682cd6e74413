/* norm.h: secrets in what names a value: categories, keys, members. */
#include <string.h>

#include "drift/engine/mark.h"
#include "drift/engine/norm.h"
#include "drift/engine/secret.h"

#define LEFT       "[masked"
#define STEPS_NAME 60

static bool
is_like_mask(struct str name)
{
	const char *at = memchr(name.p, LEFT[0], name.n); /* in hardly any name */

	return at != NULL &&
	       memmem(at, name.n - (size_t)(at - name.p), LEFT, sizeof LEFT - 1) != NULL;
}

bool
norm_hides(struct str name)
{
	struct secret_part part;

	return name.n > 0 && (secret_next(name, 0, &part) || is_like_mask(name));
}

static void
add_part(struct buf *b, struct str s)
{
	buf_i64(b, (int64_t)s.n);
	buf_putc(b, ':');
	buf_add(b, s.p, s.n);
}

/* The way to a member from the resource, its own name left out. */
static void
add_way(struct buf *b, const struct spot *at)
{
	for (at = at->up; at != NULL && at->up != NULL; at = at->up) {
		buf_putc(b, at->name.p != NULL ? '/' : '*');
		add_part(b, at->name);
	}
}

/* `way`: what it is named for beside the owner. */
static bool
hide(struct norm *n, struct str way, struct str *name, size_t most)
{
	const struct json  clear = { .type = JSON_STRING, .text = *name };
	const struct str   place[] = { { (const char *)n->spec->owner, COMPARE_OWNER_LEN }, way };
	char               hex[MARK_LEN + MARK_HEX + 1] = MARK, called[MARK_NAME + 1];
	struct json        mark;
	struct secret_part part;
	struct buf         shown;
	bool               found = false, masks = n->masks;

	if (!work_spend(n->work, WORK_NORMALISE, STEPS_NAME + WORK_BYTES(way.n + name->n), n->e) ||
	    !mark_hmac(n->mem, n->spec->mask_key, &clear, hex + MARK_LEN, n->e) ||
	    (!is_like_mask(*name) && !norm_parts(n, *name, &mark, &found)))
		return false;
	n->masks = masks;
	(void)mark_name(
	    n->spec->label_key, (struct str) { hex, MARK_LEN + MARK_HEX }, place, 2, called);
	buf_make(&shown, n->mem);
	if (found)
		mark_text(&shown, mark.text, called);
	if (!found || shown.n > most || secret_next(buf_str(&shown), 0, &part)) {
		shown.n = 0;
		buf_printf(&shown, LEFT ":%s]", called);
	}
	*name = buf_str(&shown);
	return buf_ok(&shown) || err_memory(n->e);
}

/* Of what is stored, what is like a mask is one. */
static bool
asks(const struct norm *n, struct str name)
{
	struct secret_part part;

	return n->from == RESOURCE_STORED ? secret_next(name, 0, &part) : norm_hides(name);
}

bool
norm_name(struct norm *n, const struct spot *at, struct str *name)
{
	struct buf way;
	bool       ok;

	if (!asks(n, *name))
		return true;
	buf_make(&way, n->mem);
	add_part(&way, n->r->category);
	add_part(&way, n->r->key);
	add_way(&way, at);
	ok = (buf_ok(&way) || err_memory(n->e)) && hide(n, buf_str(&way), name, SIZE_MAX);
	talloc_free(way.p);
	return ok;
}

bool
norm_resource(struct norm *n, struct resource *r)
{
	if (!n->second)
		return true;
	if (asks(n, r->category) && !hide(n, STR("category"), &r->category, RESOURCE_CATEGORY_MAX))
		return false;
	return !asks(n, r->key) || hide(n, r->category, &r->key, RESOURCE_KEY_MAX);
}
