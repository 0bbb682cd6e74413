#include "drift/alert/title.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/json/json.h"
#include "drift/alert/announced.h"

#define OBJECT_MAX 120 /* bytes of a resource's key */
#define PATH_MAX_  160
#define VALUE_MAX  60
#define CUT        "\xe2\x80\xa6"

/* ---- the parts ---- */

/* An element that is known by a hash, or by what is withheld: its list says as much to people. */
static bool
is_nameless(struct str step)
{
	return str_starts(step, "[#") || str_starts(step, "[~") || str_starts(step, VIEW_WITHHELD);
}

/* A step of a pointer as its name; what it was shortened by is left out. */
static void
put_step(struct buf *b, struct str step)
{
	for (size_t i = 0; i < step.n; i++) {
		if (step.p[i] != '~') {
			buf_putc(b, step.p[i]);
			continue;
		}
		if (i + 1 == step.n || (step.p[i + 1] != '0' && step.p[i + 1] != '1'))
			return;
		buf_putc(b, step.p[++i] == '0' ? '~' : '/');
	}
}

static bool
put_path(struct buf *b, struct view v, struct str path, struct err *e)
{
	struct str shown, step, rest;
	struct buf text;

	if (!view_path(b->mem, v, path, &shown, NULL, e))
		return false;
	buf_make(&text, b->mem);
	rest = shown.n > 0 ? (struct str) { shown.p + 1, shown.n - 1 } : shown;
	while (rest.p != NULL && shown.n > 0) {
		rest = str_cut(rest, '/', &step);
		if (is_nameless(step))
			continue;
		if (text.n > 0)
			buf_putc(&text, '/');
		put_step(&text, step);
	}
	buf_line(b, buf_str(&text), PATH_MAX_);
	b->failed = b->failed || !buf_ok(&text);
	return true;
}

/* The text of a JSON string; p == NULL: it is none, or an empty one. */
static struct str
string_in(TALLOC_CTX *mem, struct str json)
{
	struct err         why = { 0 };
	const struct json *v = json.n > 0 && json.p[0] == '"' ? json_parse(mem, json, &why) : NULL;

	return v != NULL && v->type == JSON_STRING && v->text.n > 0 ? v->text
								    : (struct str) { NULL, 0 };
}

static void
put_value(struct buf *b, struct str json, bool truncated)
{
	struct str text = string_in(b->mem, json);

	if (truncated || json.p == NULL)
		buf_puts(b, CUT);
	else
		buf_line(b, text.p == NULL ? json : text, VALUE_MAX);
}

/* A string and what is no string look alike. */
static bool
alike(TALLOC_CTX *mem, const struct change_text *t)
{
	struct str was = string_in(mem, t->old_text), is = string_in(mem, t->new_text);

	return !t->old_truncated && !t->new_truncated && (was.p == NULL) != (is.p == NULL) &&
	       str_eq(was.p == NULL ? t->old_text : was, is.p == NULL ? t->new_text : is);
}

static bool
is_scalar(struct str json)
{
	return json.n > 0 && json.p[0] != '{' && json.p[0] != '[';
}

static void
put_modified(struct buf *b, const struct change_text *t)
{
	if (alike(b->mem, t)) {
		buf_line(b, t->old_text, VALUE_MAX);
		buf_puts(b, " -> ");
		buf_line(b, t->new_text, VALUE_MAX);
		return;
	}
	put_value(b, t->old_text, t->old_truncated);
	buf_puts(b, " -> ");
	put_value(b, t->new_text, t->new_truncated);
}

static void
put_change(struct buf *b, struct view v, const struct title_in *in)
{
	const struct change_text *t = in->text;
	struct str value = in->worst->op == CHANGE_DELETED ? t->old_text : t->new_text;

	if (in->worst->op == CHANGE_MODIFIED && v.values) {
		put_modified(b, t);
		return;
	}
	if (in->worst->op == CHANGE_MOVED && v.values) {
		buf_puts(b, "moved from ");
		put_value(b, t->old_text, t->old_truncated);
		buf_puts(b, " to ");
		put_value(b, t->new_text, t->new_truncated);
		return;
	}
	buf_puts(b, in->worst->op == CHANGE_MODIFIED ? "changed" : change_op_name(in->worst->op));
	if (v.values && is_scalar(value)) {
		buf_puts(b, ": ");
		put_value(b, value, false);
	}
}

/* ---- the whole ---- */

bool
title_print(TALLOC_CTX *mem, struct view v, const struct title_in *in, char **out, struct err *e)
{
	const struct change *c = in->worst;
	struct buf           b;
	const char          *announced;
	size_t               before;

	buf_make(&b, mem);
	buf_line(&b, c->key.n > 0 ? c->key : c->category, OBJECT_MAX);
	buf_puts(&b, c->path.n > 0 ? ": " : " ");
	before = b.n;
	if (!put_path(&b, v, c->canonical_path, e))
		return false;
	if (b.n > before)
		buf_putc(&b, ' ');
	put_change(&b, v, in);
	if (!announced_view(mem, v, in->text->announced, &announced, e))
		return false;
	announced_words(&b, announced);
	if (in->n > 1)
		buf_printf(&b, " and %zu more", in->n - 1);
	*out = buf_text(&b, e);
	return *out != NULL;
}

bool
title_set(
    struct tenant_db *t, TALLOC_CTX *mem, const struct title_in *in, struct alert *a, struct err *e)
{
	return title_print(mem, (struct view) { 0 }, in, &a->title, e) &&
	       title_print(mem, (struct view) { .values = true }, in, &a->full_title, e) &&
	       tenant_seal(t, mem, (struct sealed_place) { "alerts", "title_values", &a->id },
		   str_of(a->full_title), &a->title_values, e);
}

bool
title_open(struct tenant_db *t, TALLOC_CTX *mem, struct alert *a, struct err *e)
{
	struct str text;

	if (a->title_values.p == NULL || a->full_title != NULL)
		return true;
	if (!tenant_open(t, mem, (struct sealed_place) { "alerts", "title_values", &a->id },
		a->title_values, &text, e))
		return false;
	a->full_title = talloc_strndup(mem, text.p, text.n);
	return a->full_title != NULL || err_memory(e);
}
