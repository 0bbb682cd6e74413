#include "drift/source/form.h"

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

struct reading {
	TALLOC_CTX              *mem;
	const struct form_names *names;
	const char              *at;
	struct form             *out;
	struct err              *e;
};

static bool
refuse(const struct reading *r, const char *what, struct str name)
{
	name = str_head(name, 100);
	return err_fault(r->e, r->mem, r->at, "%s%.*s", what, (int)name.n, name.p);
}

static bool
add_part(const struct reading *r, struct form_part part)
{
	if (r->out->n == FORM_BLANKS_MAX * 2)
		return refuse(r, "has more than 32 blanks", STR(""));
	r->out->parts[r->out->n++] = part;
	return true;
}

static bool
find_name(struct str name, const struct str *names, size_t n, uint32_t *at)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(names[i], name)) {
			*at = (uint32_t)i;
			return true;
		}
	return false;
}

static bool
add_item(const struct reading *r, struct str blank)
{
	struct form_part part = { .kind = FORM_ITEM, .text = blank };

	if (part.text.p[0] == '+') {
		part.text = (struct str) { part.text.p + 1, part.text.n - 1 };
		part.slashes = true;
	}
	while (part.text.n > 0 && part.text.p[0] == '^') {
		part.text = (struct str) { part.text.p + 1, part.text.n - 1 };
		part.at++;
	}
	if (part.text.n == 0 || part.text.p[0] != '/')
		return refuse(r, "needs a JSON Pointer behind ^ and +: ", blank);
	if (part.at >= r->names->depth)
		return refuse(r, "there is no such item above: ", blank);
	return add_part(r, part);
}

static bool
add_blank(const struct reading *r, struct str blank)
{
	struct form_part part = { .kind = FORM_PARAMETER, .text = blank };
	struct str       host = { blank.p + 1, blank.n - 1 };

	if (blank.n == 0)
		return refuse(r, "has an empty blank; a brace is written twice", STR(""));
	if (blank.p[0] == '/' || blank.p[0] == '^' || blank.p[0] == '+')
		return add_item(r, blank);
	if (blank.p[0] == '@') {
		part.kind = FORM_HOST;
		return find_name(host, r->names->hosts, r->names->hosts_n, &part.at)
			   ? add_part(r, part)
			   : refuse(r, "names a host that there is not: ", host);
	}
	return find_name(blank, r->names->parameters, r->names->parameters_n, &part.at)
		   ? add_part(r, part)
		   : refuse(r, "names a parameter that there is not: ", blank);
}

/* Text up to the next brace; of two in a row the first belongs to it. */
static struct str
literal(struct str *rest)
{
	size_t     n = 0;
	struct str out;

	while (n < rest->n && rest->p[n] != '{' && rest->p[n] != '}')
		n++;
	if (n + 1 < rest->n && rest->p[n + 1] == rest->p[n]) {
		out = (struct str) { rest->p, n + 1 };
		n += 2;
	} else {
		out = (struct str) { rest->p, n };
	}
	*rest = (struct str) { rest->p + n, rest->n - n };
	return out;
}

bool
form_parse(TALLOC_CTX *mem, struct str text, const struct form_names *names, const char *at,
    struct form *out, struct err *e)
{
	struct reading r = { mem, names, at, out, e };
	struct str     rest = text, part, blank;

	*out = (struct form) { talloc_array(mem, struct form_part, FORM_BLANKS_MAX * 2), 0 };
	if (out->parts == NULL)
		return err_memory(e);
	if (text.n > FORM_TEXT_MAX || memchr(text.p, '\0', text.n) != NULL)
		return refuse(&r, "must have at most 4096 bytes, and no U+0000", STR(""));
	while (rest.n > 0) {
		const char *before = rest.p;

		part = literal(&rest);
		if (part.n > 0 &&
		    !add_part(&r, (struct form_part) { .kind = FORM_TEXT, .text = part }))
			return false;
		if (rest.n == 0 || rest.p == before + part.n + 1)
			continue;
		if (rest.p[0] == '}' || memchr(rest.p, '}', rest.n) == NULL)
			return refuse(&r, "has a brace without its other one", STR(""));
		rest = str_cut((struct str) { rest.p + 1, rest.n - 1 }, '}', &blank);
		if (!add_blank(&r, blank))
			return false;
	}
	return true;
}

/* ---- filling ---- */

/* The public text is for people, and what a blank names is the pack's: what cannot be shown is not.
 */
static bool
lacks(const struct form_part *p, const char *what, struct err *e)
{
	struct str name = str_head(p->text, 60);
	char       pub[160];

	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || (unsigned char)name.p[i] >= 0x7f)
			name = STR("a member");
	snprintf(pub, sizeof pub, "{%.*s} %s", (int)name.n, name.p, what);
	return err_set(e, ERR_INVALID, 0, pub, "a blank cannot be filled");
}

static bool
value_of(const struct form_part *p, const struct form_values *v, struct str *out, struct err *e)
{
	const struct form_item *item = v->item;
	const struct json      *at;

	switch (p->kind) {
	case FORM_TEXT:
		*out = p->text;
		return true;
	case FORM_PARAMETER:
		*out = v->parameters[p->at];
		break;
	case FORM_HOST:
		*out = v->hosts[p->at];
		break;
	case FORM_ITEM:
		for (uint32_t i = 0; i < p->at && item != NULL; i++)
			item = item->up;
		at = item != NULL ? json_at(item->v, p->text) : NULL;
		if (at == NULL || at->type == JSON_NULL || at->type == JSON_ARRAY ||
		    at->type == JSON_OBJECT)
			return lacks(p, "is no text there", e);
		*out = json_is_bool(at) ? (at->type == JSON_TRUE ? STR("true") : STR("false"))
					: at->text;
		return true;
	}
	return out->p != NULL || lacks(p, "is not given", e);
}

/* Of an item: it is one step, and those who take \ for / and cut at ; see it as one too. */
static bool
is_step(const struct form_part *p, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c < ' ' || c == 0x7f || (!p->slashes && strchr("/\\;", c) != NULL))
			return false;
	}
	return true;
}

static bool
put_in_path(struct buf *out, const struct form_part *p, struct str value, struct err *e)
{
	if (p->kind == FORM_TEXT || (p->kind == FORM_HOST && value.n > 0)) {
		buf_add(out, value.p, value.n);
		return true;
	}
	if (value.n == 0 || str_eqz(value, ".") || str_eqz(value, ".."))
		return lacks(p, "leads to another path", e);
	if (p->kind == FORM_ITEM && !is_step(p, value))
		return lacks(p, "holds / \\ ; or a control character, and is no step of a path", e);
	buf_url(out, value);
	return true;
}

static bool
put_value(struct buf *out, const struct form_part *p, struct str value, enum form_place place,
    struct err *e)
{
	if (memchr(value.p, '\0', value.n) != NULL)
		return lacks(p, "holds U+0000", e);
	switch (place) {
	case FORM_IN_PATH:
		return put_in_path(out, p, value, e);
	case FORM_IN_QUERY:
		buf_url(out, value);
		return true;
	case FORM_IN_HEADER:
		return buf_header(out, value) || lacks(p, "holds the end of a line", e);
	case FORM_IN_JSON:
		buf_add(out, value.p, value.n);
		return true;
	}
	return true;
}

bool
form_fill(struct buf *out, const struct form *f, const struct form_values *v, enum form_place place,
    struct err *e)
{
	struct str value = { 0 };

	for (uint32_t i = 0; i < f->n; i++)
		if (!value_of(&f->parts[i], v, &value, e) ||
		    !put_value(out, &f->parts[i], value, place, e))
			return false;
	return buf_ok(out) || err_memory(e);
}
