#include "core/crypt/jwks.h"

static bool
bad(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAVAILABLE, 0, "The identity provider's keys cannot be used.", "jwks: %s", why);
}

/* ---- reading ---- */

/* The first bytes of it, not cut within a character. */
static struct str
shortened(struct str kid)
{
	if (kid.n <= JWK_KID_MAX)
		return kid.n == 0 ? STR("") : kid;
	kid.n = JWK_KID_MAX;
	while (kid.n > 0 && !str_is_utf8(kid))
		kid.n--;
	return kid;
}

static void
leave(struct jwks *ks, struct str kid, enum jwk_fault why)
{
	if (why != JWK_USE && ks->left_n < JWKS_LEFT_MAX)
		ks->left[ks->left_n++] = (struct jwks_left) { shortened(kid), why };
}

static bool
is_there(const struct jwks *ks, const struct jwk *k)
{
	for (size_t i = 0; i < ks->n; i++)
		if (jwk_same(&ks->keys[i], k))
			return true;
	return false;
}

static void
take_key(struct jwks *ks, const struct json *v)
{
	struct jwk     k;
	enum jwk_fault why = jwk_read(v, &k);

	if (why == JWK_GOOD && is_there(ks, &k))
		return;
	if (why == JWK_GOOD)
		why = ks->n == JWKS_MAX ? JWK_MORE : jwk_check(&k);
	if (why == JWK_GOOD)
		ks->keys[ks->n++] = k;
	else
		leave(ks, k.kid, why);
}

bool
jwks_read(const struct json *v, struct jwks *out, struct err *e)
{
	const struct json *keys = json_get(v, "keys");

	out->n = out->left_n = 0;
	if (keys == NULL || keys->type != JSON_ARRAY)
		return bad(e, "no array of keys");
	for (uint32_t i = 0; i < keys->n && i < JWKS_LOOK_MAX; i++)
		take_key(out, &keys->items[i]);
	return true;
}

/* ---- in the cache ---- */

/* What was added from `from` on does; else it is taken back. */
static bool
fits(struct buf *b, size_t from, size_t max)
{
	if (!buf_ok(b) || b->n <= max)
		return true;
	b->n = from;
	return false;
}

static size_t
print_keys(struct buf *b, const struct jwks *ks, size_t max)
{
	for (size_t i = 0; i < ks->n; i++) {
		size_t from = b->n;

		if (i > 0)
			buf_putc(b, ',');
		jwk_print(b, &ks->keys[i]);
		if (!fits(b, from, max))
			return i;
	}
	return ks->n;
}

static size_t
print_left(struct buf *b, const struct jwks *ks, size_t max)
{
	for (size_t i = 0; i < ks->left_n; i++) {
		size_t from = b->n;

		buf_puts(b, i > 0 ? ",{\"kid\":" : "{\"kid\":");
		buf_json(b, ks->left[i].kid);
		buf_printf(b, ",\"why\":\"%s\"}", jwk_fault_word(ks->left[i].why));
		if (!fits(b, from, max))
			return i;
	}
	return ks->left_n;
}

void
jwks_print(struct buf *b, struct jwks *ks, size_t max)
{
	static const char between[] = "],\"left_out\":[", end[] = "]}";
	const size_t      room = max - (sizeof(between) + sizeof(end));
	size_t            fit;

	buf_puts(b, "{\"keys\":[");
	fit = print_keys(b, ks, room);
	for (; ks->n > fit; ks->n--)
		leave(ks, ks->keys[ks->n - 1].kid, JWK_MORE);
	buf_puts(b, between);
	ks->left_n = print_left(b, ks, room + sizeof(between));
	buf_puts(b, end);
}

static void
load_left(const struct json *list, struct jwks *out)
{
	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++) {
		const struct json *kid = json_get(&list->items[i], "kid"),
				  *why = json_get(&list->items[i], "why");

		if (kid != NULL && kid->type == JSON_STRING && why != NULL &&
		    why->type == JSON_STRING)
			leave(out, kid->text, jwk_fault_parse(why->text));
	}
}

bool
jwks_load(const struct json *v, struct jwks *out, struct err *e)
{
	const struct json *keys = json_get(v, "keys");

	out->n = out->left_n = 0;
	for (uint32_t i = 0; keys != NULL && keys->type == JSON_ARRAY && i < keys->n; i++)
		if (out->n < JWKS_MAX && jwk_read(&keys->items[i], &out->keys[out->n]) == JWK_GOOD)
			out->n++;
	load_left(json_get(v, "left_out"), out);
	return keys != NULL || bad(e, "no array of keys");
}

/* ---- choosing ---- */

static bool
has_kid(const struct jwks *ks, struct str kid)
{
	for (size_t i = 0; i < ks->n; i++)
		if (str_eq(ks->keys[i].kid, kid))
			return true;
	return false;
}

size_t
jwks_match(const struct jwks *ks, struct str kid, const struct jws_alg *a, uint32_t listed,
    const struct jwk *out[static JWKS_TRIES])
{
	bool       any = kid.n == 0;
	struct str want = !any && !has_kid(ks, kid) ? (struct str) { NULL, 0 } : kid;
	size_t     n = 0;

	for (size_t i = 0; a != NULL && i < ks->n && n < JWKS_TRIES; i++)
		if ((any || str_eq(ks->keys[i].kid, want)) && jwk_fits(&ks->keys[i], a, listed))
			out[n++] = &ks->keys[i];
	return n;
}

const struct jwks_left *
jwks_left_out(const struct jwks *ks, struct str kid)
{
	for (size_t i = 0; i < ks->left_n; i++)
		if (kid.n > 0 && str_eq(ks->left[i].kid, kid))
			return &ks->left[i];
	return NULL;
}
