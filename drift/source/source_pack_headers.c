/* source_pack_priv.h: objects of texts, and of them header fields. */
#include <string.h>

#include "drift/source/source_pack_priv.h"

bool
pack_members_read(TALLOC_CTX *mem, const struct json *v, const struct form_names *names,
    const char *at, struct form_members *out, struct err *e)
{
	*out = (struct form_members) { 0 };
	if (v == NULL || v->type == JSON_NULL)
		return true;
	if (v->type != JSON_OBJECT || v->n > 50)
		return err_fault(e, mem, at, "must be an object of at most 50 texts");
	out->items = talloc_zero_array(mem, struct form_member, v->n + 1);
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < v->n; out->n++) {
		struct form_member *m = &out->items[out->n];
		const struct json  *text = &v->items[out->n];

		m->name = v->names[out->n];
		if (m->name.n == 0 || m->name.n > 100 || memchr(m->name.p, '\0', m->name.n) != NULL)
			return err_fault(e, mem, at, "has a name that is none");
		if (text->type != JSON_STRING && text->type != JSON_NUMBER)
			return err_fault(e, mem, at, "%.*s must be a text or a number",
			    (int)m->name.n, m->name.p);
		if (!form_parse(mem, text->text, names, at, &m->value, e))
			return false;
	}
	return true;
}

/* ---- header fields ---- */

#define NAME_MAX_BYTES 100

static bool
is_field_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] >= 0x7f ||
		    strchr("\"(),/:;<=>?@[\\]{}", name.p[i]) != NULL)
			return false;
	return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

enum match { IS, BEGINS, ENDS, HOLDS };
static const struct refused_name {
	enum match  how;
	const char *text;
	bool        proves; /* who asks; else it steers the connection, or what is done */
} refused_names[] = {
	{ HOLDS, "authorization", true },
	{ HOLDS, "cookie", true },
	{ ENDS, "key", true },
	{ ENDS, "token", true },
	{ ENDS, "-auth", true },
	{ HOLDS, "secret", true },
	{ HOLDS, "password", true },
	{ HOLDS, "credential", true },
	{ BEGINS, "proxy-", false },
	{ BEGINS, "x-forwarded", false },
	{ BEGINS, "x-http-method", false },
	{ HOLDS, "method-override", false },
	{ IS, "x-method", false },
	{ IS, "x-original-url", false },
	{ IS, "x-rewrite-url", false },
	{ IS, "x-real-ip", false },
	{ IS, "forwarded", false },
	{ IS, "via", false },
	{ IS, "host", false },
	{ IS, "expect", false },
	{ IS, "connection", false },
	{ IS, "keep-alive", false },
	{ IS, "content-length", false },
	{ IS, "content-type", false },
	{ IS, "transfer-encoding", false },
	{ IS, "accept-encoding", false },
	{ IS, "te", false },
	{ IS, "trailer", false },
	{ IS, "upgrade", false },
};

static bool
matches(const struct refused_name *r, const char *name)
{
	const size_t n = strlen(name), m = strlen(r->text);

	switch (r->how) {
	case IS:
		return strcmp(name, r->text) == 0;
	case BEGINS:
		return strncmp(name, r->text, m) == 0;
	case ENDS:
		return n >= m && strcmp(name + n - m, r->text) == 0;
	case HOLDS:
		return strstr(name, r->text) != NULL;
	}
	return true;
}

/* As a gateway may hand it on: of one case, and _ as -. */
static const struct refused_name *
refused_name(struct str name)
{
	char text[NAME_MAX_BYTES + 1] = "";

	for (size_t i = 0; i < name.n && i < NAME_MAX_BYTES; i++)
		text[i] = name.p[i] == '_'                       ? '-'
			  : name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32)
								 : name.p[i];
	for (size_t i = 0; i < sizeof refused_names / sizeof refused_names[0]; i++)
		if (matches(&refused_names[i], text))
			return &refused_names[i];
	return NULL;
}

bool
pack_headers_read(TALLOC_CTX *mem, const struct json *v, const struct form_names *names,
    const char *at, struct form_members *out, struct err *e)
{
	const struct refused_name *r;

	if (!pack_members_read(mem, v, names, at, out, e))
		return false;
	for (uint32_t i = 0; i < out->n; i++) {
		struct str name = out->items[i].name;

		if (!is_field_name(name))
			return err_fault(e, mem, at, "has a name that is none of a header field");
		r = refused_name(name);
		if (r != NULL)
			return err_fault(e, mem, at,
			    "%.*s is not for a header field of its own: %s", (int)name.n, name.p,
			    r->proves ? "what proves who asks is the source's credential, which is "
					"kept sealed"
				      : "it steers the connection or the method; what proves who "
					"asks is the source's credential");
	}
	return true;
}
