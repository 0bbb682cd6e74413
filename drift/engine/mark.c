#include "drift/engine/mark.h"

#include <string.h>

#include "drift/engine/resource.h"

_Static_assert(sizeof MARK == sizeof MARK_PARTLY, "one length of both");

static bool
begins(struct str s, const char *kind)
{
	return s.n >= MARK_LEN + MARK_HEX && memcmp(s.p, kind, MARK_LEN) == 0;
}

bool
mark_is_whole(struct str s)
{
	return s.n == MARK_LEN + MARK_HEX && begins(s, MARK);
}

static bool
is_mark(struct str s)
{
	return mark_is_whole(s) || begins(s, MARK_PARTLY);
}

bool
mark_at(const struct json *v)
{
	return v->type == JSON_STRING && v->text.n > 0 && v->text.p[0] == '\0' && is_mark(v->text);
}

bool
mark_within(const struct json *v)
{
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return mark_at(v);
	for (uint32_t i = 0; i < v->n; i++)
		if (mark_within(&v->items[i]))
			return true;
	return false;
}

static struct str
hex_of(struct str mark)
{
	return (struct str) { mark.p + MARK_LEN, MARK_HEX };
}

bool
resource_masked(const struct json *v, struct str *hex)
{
	if (!mark_at(v))
		return false;
	*hex = hex_of(v->text);
	return true;
}

bool
mark_hmac(TALLOC_CTX *mem, const struct hash_key *k, const struct json *clear,
    char hex[static MARK_HEX + 1], struct err *e)
{
	uint8_t    mac[HASH_LEN];
	struct buf b;

	buf_make_secret(&b, mem);
	if (!json_canonical(&b, clear, e))
		return false;
	hash_key_hmac(k, b.p, b.n, mac);
	explicit_bzero(b.p, b.n);
	talloc_free(b.p);
	hex_print(mac, HASH_LEN, hex);
	return true;
}

struct str
mark_clear(struct str s)
{
	return s.n > 0 && s.p[0] == '\0' ? (struct str) { s.p + 1, s.n - 1 } : s;
}

/* ---- shown ---- */

const char *
mark_name(const struct hash_key *k, struct str mark, const struct str *place, size_t n,
    char room[static MARK_NAME + 1])
{
	struct str parts[4] = { hex_of(mark) };
	uint8_t    hash[HASH_LEN];

	if (strspn(parts[0].p, "0") >= MARK_HEX)
		return NULL;
	memcpy(parts + 1, place, n * sizeof parts[0]);
	hash_key_parts(k, parts, n + 1, hash);
	hex_print(hash, MARK_NAME / 2, room);
	return room;
}

static void
add_secret(struct buf *out, const char *name)
{
	buf_puts(out, "[masked");
	if (name != NULL)
		buf_putc(out, ':');
	buf_puts(out, name != NULL ? name : "");
	buf_putc(out, ']');
}

void
mark_text(struct buf *out, struct str mark, const char *name)
{
	struct str  rest = { mark.p + MARK_LEN + MARK_HEX, mark.n - MARK_LEN - MARK_HEX };
	const char *zero;
	size_t      n;

	if (mark_is_whole(mark)) {
		add_secret(out, name);
		return;
	}
	while (rest.n > 0) {
		zero = memchr(rest.p, '\0', rest.n);
		n = zero == NULL ? rest.n : (size_t)(zero - rest.p);
		buf_add(out, rest.p, n);
		rest = (struct str) { rest.p + n, rest.n - n };
		if (rest.n < 2)
			break;
		if (rest.p[1] == '\0')
			buf_putc(out, '\0');
		else
			add_secret(out, name);
		rest = (struct str) { rest.p + 2, rest.n - 2 };
	}
}

void
mark_json(struct buf *out, struct str mark, const char *name)
{
	struct buf text;

	buf_make(&text, out->mem);
	mark_text(&text, mark, name);
	buf_json(out, buf_str(&text));
	out->failed = out->failed || !buf_ok(&text);
	talloc_free(text.p);
}
