#include "drift/engine/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULTS_MAX 20 /* more are no help */

/* ---- reading a text ---- */

enum piece { PIECE_END, PIECE_TEXT, PIECE_PERCENT, PIECE_NAME };

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Bytes of the name that `s` begins with; 0: none. */
static size_t
name_length(struct str s)
{
	size_t n = 0;

	if (s.n == 0 || !is_letter(s.p[0]))
		return 0;
	while (n < s.n && (is_letter(s.p[n]) || (s.p[n] >= '0' && s.p[n] <= '9') || s.p[n] == '_'))
		n++;
	return n;
}

bool
template_is_name(struct str name)
{
	return name.n > 0 && name.n <= TEMPLATE_NAME_MAX && name_length(name) == name.n;
}

/* Takes the next piece off *rest; of a reference *piece is the name. */
static enum piece
next_piece(struct str *rest, struct str *piece)
{
	const char *percent;
	size_t      n;

	if (rest->n == 0)
		return PIECE_END;
	percent = memchr(rest->p, '%', rest->n);
	n = percent == NULL ? rest->n : (size_t)(percent - rest->p);
	*piece = (struct str) { rest->p, n };
	if (n == 0 && rest->n > 1 && rest->p[1] == '%') {
		*piece = (struct str) { rest->p, 1 };
		*rest = (struct str) { rest->p + 2, rest->n - 2 };
		return PIECE_PERCENT;
	}
	if (n == 0) {
		n = name_length((struct str) { rest->p + 1, rest->n - 1 });
		if (n > 0 && n + 1 < rest->n && rest->p[n + 1] == '%') {
			*piece = (struct str) { rest->p + 1, n };
			*rest = (struct str) { rest->p + n + 2, rest->n - n - 2 };
			return PIECE_NAME;
		}
		n = 1; /* a percent sign that is itself */
		*piece = (struct str) { rest->p, 1 };
	}
	*rest = (struct str) { rest->p + n, rest->n - n };
	return PIECE_TEXT;
}

static bool
has_percent(struct str s)
{
	return s.n > 0 && memchr(s.p, '%', s.n) != NULL;
}

/* The text is one reference and nothing else. */
static bool
is_whole(struct str s, struct str *name)
{
	return next_piece(&s, name) == PIECE_NAME && s.n == 0;
}

/* What a value is inside a longer text; p == NULL: it has no text. */
static struct str
text_of(const struct json *v)
{
	switch (v->type) {
	case JSON_STRING:
		return v->text.p == NULL ? STR("") : v->text;
	case JSON_NUMBER:
		return v->text;
	case JSON_TRUE:
		return STR("true");
	case JSON_FALSE:
		return STR("false");
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return (struct str) { NULL, 0 };
}

/* ---- variables by name ---- */

struct known {
	struct template_variable v;
	size_t                   bytes; /* of the value, about */
	unsigned                 depth; /* containers in it, one in the other */
};

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct known *)a)->v.name, ((const struct known *)b)->v.name);
}

static void
measure(const struct json *v, unsigned depth, struct known *k)
{
	bool container = v->type == JSON_ARRAY || v->type == JSON_OBJECT;

	k->bytes += 8 + (v->type == JSON_STRING || v->type == JSON_NUMBER ? v->text.n : 0);
	if (container && depth + 1 > k->depth)
		k->depth = depth + 1;
	for (uint32_t i = 0; container && i < v->n; i++) {
		k->bytes += v->type == JSON_OBJECT ? v->names[i].n : 0;
		measure(&v->items[i], depth + 1, k);
	}
}

static struct known *
known_make(TALLOC_CTX *mem, const struct template_variable *v, size_t n, struct err *e)
{
	struct known *k = talloc_zero_size(mem, (n + 1) * sizeof(*k));

	if (k == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		k[i].v = v[i];
		if (v[i].value != NULL)
			measure(v[i].value, 0, &k[i]);
	}
	if (n > 1)
		qsort(k, n, sizeof(*k), by_name);
	return k;
}

static const struct known *
known_find(const struct known *k, size_t n, struct str name)
{
	const struct known want = { .v = { .name = name } };

	return n == 0 ? NULL : bsearch(&want, k, n, sizeof(*k), by_name);
}

/* ---- checking ---- */

struct step {
	const struct step *up; /* NULL: the first */
	struct str         name;
};

struct check {
	TALLOC_CTX         *mem;
	struct work        *work;
	const struct known *known;
	size_t              n;
	bool                outside;    /* no masks in it */
	bool                references; /* they are looked at */
	const char         *root;
	unsigned            faults;
	struct err         *e;
};

static void
pointer_add(struct buf *b, const struct step *at)
{
	if (at == NULL)
		return;
	pointer_add(b, at->up);
	json_pointer_add(b, at->name);
}

static void
check_fault(struct check *c, const struct step *at, const char *what, struct str name)
{
	struct buf b;

	c->faults++;
	buf_make(&b, c->mem);
	buf_puts(&b, c->root);
	pointer_add(&b, at);
	if (!buf_ok(&b))
		err_memory(c->e);
	else
		err_fault(c->e, c->mem, b.n == 0 ? "" : b.p, "%s%.*s", what,
		    (int)(name.n < 80 ? name.n : 80), name.p);
}

static void
check_reference(struct check *c, const struct step *at, struct str name, bool text)
{
	const struct known *k = known_find(c->known, c->n, name);

	if (k == NULL)
		check_fault(c, at,
		    "names a variable that the template does not declare (%% is a percent sign): ",
		    name);
	else if (text && k->v.value != NULL && text_of(k->v.value).p == NULL)
		check_fault(c, at,
		    "has inside a text, where only strings, numbers and booleans fit, the "
		    "variable ",
		    name);
}

static void
check_string(struct check *c, const struct step *at, struct str s, bool key)
{
	enum piece p;
	struct str piece, whole = { NULL, 0 };
	bool       text = key || !is_whole(s, &whole);

	if (c->outside && s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		check_fault(c, at, "must not hold U+0000", STR(""));
	if (c->outside && !key && str_eqz(s, "[masked]"))
		check_fault(c, at, "is what a masked value is shown as; give the value", STR(""));
	while (c->references && c->faults < FAULTS_MAX && (p = next_piece(&s, &piece)) != PIECE_END)
		if (p == PIECE_NAME)
			check_reference(c, at, piece, text);
}

static void
check_value(struct check *c, const struct step *up, const struct json *v)
{
	char        number[16];
	struct step at = { .up = up };

	if (v->type == JSON_STRING)
		check_string(c, up, v->text, false);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return;
	if (!work_spend(c->work, WORK_TEMPLATE, 1 + 2 * (uint64_t)v->n, c->e))
		return;
	for (uint32_t i = 0; i < v->n && c->faults < FAULTS_MAX &&
			     (c->e->code == ERR_OK || c->e->code == ERR_INVALID);
	     i++) {
		if (v->type == JSON_OBJECT) {
			at.name = v->names[i];
		} else {
			snprintf(number, sizeof(number), "%u", (unsigned)i);
			at.name = str_of(number);
		}
		check_value(c, &at, &v->items[i]);
	}
}

bool
template_check_value(TALLOC_CTX *mem, const struct json *v, const char *pointer, struct err *e)
{
	struct check c = { .mem = mem, .outside = true, .root = pointer, .e = e };

	check_value(&c, NULL, v);
	return e->code == ERR_OK;
}

bool
template_check(TALLOC_CTX *mem, const struct template *t, enum resource_origin from,
    struct work *work, struct err *e)
{
	TALLOC_CTX  *tmp = talloc_new(NULL);
	struct check c = { .mem = mem,
		.work = work,
		.n = t->variables_n,
		.outside = from == RESOURCE_SOURCE,
		.references = true,
		.root = "/resources",
		.e = e };
	char         number[24];

	c.known = tmp == NULL ? NULL : known_make(tmp, t->variables, t->variables_n, e);
	for (size_t i = 0; c.known != NULL && i < t->n && c.faults < FAULTS_MAX; i++) {
		struct step at = { .name = str_of(number) };
		struct step key = { &at, STR("key") }, value = { &at, STR("value") };

		snprintf(number, sizeof(number), "%zu", i);
		at.name = str_of(number);
		check_string(&c, &key, t->resources[i].key, true);
		check_value(&c, &value, t->resources[i].value);
	}
	talloc_free(tmp);
	return c.known != NULL ? e->code == ERR_OK : err_memory(e);
}

/* ---- rendering ---- */

struct render {
	TALLOC_CTX         *mem;
	struct work        *work;
	const struct known *known;
	size_t              n;
	size_t              room; /* bytes that variables may still bring */
	const char         *root;
	struct err         *e;
};

static bool
render_fault(struct render *x, struct str name, const char *what)
{
	struct buf b;

	buf_make(&b, x->mem);
	buf_puts(&b, x->root);
	json_pointer_add(&b, name);
	return buf_ok(&b) ? err_fault(x->e, x->mem, b.p, "%s", what) : err_memory(x->e);
}

/* The variable, with its bytes accounted for; NULL: a fault. */
static const struct known *
render_take(struct render *x, struct str name)
{
	const struct known *k = known_find(x->known, x->n, name);

	if (k == NULL || k->v.value == NULL) {
		(void)render_fault(x, name, "is needed: the template has no default for it");
		return NULL;
	}
	if (k->bytes > x->room) {
		(void)render_fault(x, name, "makes the resources of the template too large");
		return NULL;
	}
	x->room -= k->bytes;
	return k;
}

static bool
render_text(struct render *x, struct str s, struct str *out)
{
	struct buf b;
	struct str piece, text;
	enum piece p;

	if (!work_spend(x->work, WORK_TEMPLATE, 20 + s.n, x->e))
		return false;
	buf_make(&b, x->mem);
	while ((p = next_piece(&s, &piece)) != PIECE_END) {
		if (p == PIECE_NAME) {
			const struct known *k = render_take(x, piece);

			if (k == NULL)
				return false;
			text = text_of(k->v.value);
			if (text.p == NULL)
				return render_fault(x, piece,
				    "stands inside a text: it must be a string, a number or a "
				    "boolean");
			piece = text;
		}
		buf_add(&b, piece.p, piece.n);
	}
	*out = b.n == 0 ? STR("") : buf_str(&b);
	return buf_ok(&b) || err_memory(x->e);
}

static bool
render_string(struct render *x, const struct json *v, unsigned depth, struct json *out)
{
	const struct known *k;
	struct str          name;

	if (!is_whole(v->text, &name)) {
		*out = (struct json) { .type = JSON_STRING };
		return render_text(x, v->text, &out->text);
	}
	k = render_take(x, name);
	if (k == NULL)
		return false;
	if (depth + k->depth > JSON_DEPTH_MAX)
		return render_fault(x, name, "makes a resource of the template too deep");
	*out = *k->v.value;
	return true;
}

static bool
copy_container(struct render *x, const struct json *v, struct json *out)
{
	bool object = v->type == JSON_OBJECT;

	*out = (struct json) { .type = v->type, .n = v->n };
	out->items = talloc_array(x->mem, struct json, v->n);
	if (out->items == NULL)
		return err_memory(x->e);
	memcpy(out->items, v->items, v->n * sizeof(v->items[0]));
	out->names = object ? v->names : NULL;
	return true;
}

/* `depth`: open containers.  *changed false: *out is not set. */
static bool
render_value(
    struct render *x, const struct json *v, unsigned depth, struct json *out, bool *changed)
{
	struct json part;
	bool        moved;

	*changed = v->type == JSON_STRING && has_percent(v->text);
	if (*changed)
		return render_string(x, v, depth, out);
	if (v->type != JSON_ARRAY && v->type != JSON_OBJECT)
		return true;
	if (!work_spend(x->work, WORK_TEMPLATE, 1 + v->n, x->e))
		return false;
	for (uint32_t i = 0; i < v->n; i++) {
		if (!render_value(x, &v->items[i], depth + 1, &part, &moved))
			return false;
		if (!moved)
			continue;
		if (!*changed && !copy_container(x, v, out))
			return false;
		*changed = true;
		out->items[i] = part;
	}
	return true;
}

static bool
render_resource(struct render *x, const struct resource *from, struct resource *to)
{
	struct json value, *root;
	bool        changed;

	*to = *from;
	if (has_percent(from->key) && !render_text(x, from->key, &to->key))
		return false;
	if (!render_value(x, from->value, 0, &value, &changed))
		return false;
	if (!changed)
		return true;
	root = talloc(x->mem, struct json);
	if (root == NULL)
		return err_memory(x->e);
	*root = value;
	to->value = root;
	return true;
}

bool
template_render(TALLOC_CTX *mem, const struct template *t, const char *root, struct resource **out,
    struct work *work, struct err *e)
{
	struct known *k = known_make(mem, t->variables, t->variables_n, e);
	struct render x = { mem, work, k, t->variables_n, TEMPLATE_GROWTH_MAX, root, e };

	if (k == NULL)
		return false;
	*out = talloc_zero_size(mem, (t->n + 1) * sizeof(**out));
	if (*out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < t->n; i++)
		if (!render_resource(&x, &t->resources[i], &(*out)[i]))
			return false;
	return true;
}

/* ---- quoting ---- */

bool
template_quote(TALLOC_CTX *mem, struct str s, struct str *out, struct err *e)
{
	struct buf b;

	*out = s;
	if (!has_percent(s))
		return true;
	buf_make(&b, mem);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%')
			buf_putc(&b, '%');
		buf_putc(&b, s.p[i]);
	}
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}

bool
template_quote_value(TALLOC_CTX *mem, const struct json *v, struct json *out, struct err *e)
{
	struct render x = { .mem = mem, .e = e };

	*out = *v;
	if (v->type == JSON_STRING)
		return template_quote(mem, v->text, &out->text, e);
	if ((v->type != JSON_ARRAY && v->type != JSON_OBJECT) || v->n == 0)
		return true;
	if (!copy_container(&x, v, out))
		return false;
	for (uint32_t i = 0; i < v->n; i++)
		if (!template_quote_value(mem, &v->items[i], &out->items[i], e))
			return false;
	return true;
}
