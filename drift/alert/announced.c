#include "drift/alert/announced.h"

#include <string.h>

#include "core/json/json.h"

#define VALUE_MAX 60
#define ACTOR_MAX 60

bool
announced_view(TALLOC_CTX *mem, struct view v, const char *kept, const char **out, struct err *e)
{
	const struct json *tree;
	struct buf         b;

	*out = kept;
	if (kept == NULL || v.values)
		return true;
	tree = json_parse(mem, str_of(kept), e);
	if (tree == NULL)
		return false;
	buf_make(&b, mem);
	buf_putc(&b, '{');
	for (uint32_t i = 0; i < tree->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, tree->names[i]);
		buf_putc(&b, ':');
		if (str_eqz(tree->names[i], "value"))
			buf_puts(&b, VIEW_WITHHELD_JSON);
		else
			json_print(&b, &tree->items[i]);
	}
	buf_putc(&b, '}');
	*out = buf_text(&b, e);
	return *out != NULL;
}

static void
put_text(struct buf *b, const struct json *v, size_t max)
{
	struct buf text;

	if (v->type == JSON_STRING && v->text.n > 0) {
		buf_line(b, v->text, max);
		return;
	}
	buf_make(&text, b->mem);
	json_print(&text, v);
	buf_line(b, buf_str(&text), max);
	b->failed = b->failed || !buf_ok(&text);
}

static void
put_value(struct buf *b, const struct json *tree)
{
	const struct json *value = json_get(tree, "value"), *expect = json_get(tree, "expect");

	if (expect != NULL && str_eqz(expect->text, "gone"))
		buf_puts(b, " (announced to be gone)");
	else if (value == NULL ||
		 (value->type == JSON_STRING && str_eqz(value->text, VIEW_WITHHELD)))
		buf_puts(b, " (not as announced)");
	else {
		buf_puts(b, " (announced ");
		put_text(b, value, VALUE_MAX);
		buf_putc(b, ')');
	}
}

static void
put_actor(struct buf *b, const struct json *tree, const char *came)
{
	const struct json *actor = json_get(tree, "actor");

	buf_puts(b, " (announced");
	if (actor != NULL) {
		buf_puts(b, " by ");
		put_text(b, actor, ACTOR_MAX);
	}
	buf_puts(b, came);
}

/* Who made it says the event elsewhere, to who is told that. */
void
announced_words(struct buf *b, const char *shown)
{
	struct err         none = { 0 };
	const struct json *tree = shown == NULL ? NULL : json_parse(b->mem, str_of(shown), &none);
	const struct json *verdict = tree == NULL ? NULL : json_get(tree, "verdict");

	if (verdict == NULL || verdict->type != JSON_STRING)
		return;
	if (str_eqz(verdict->text, "other_value"))
		put_value(b, tree);
	else if (str_eqz(verdict->text, "other_actor"))
		put_actor(b, tree, ", came by another)");
	else if (str_eqz(verdict->text, "unknown_actor"))
		put_actor(b, tree, ", came by nobody known)");
	else if (str_eqz(verdict->text, "unconfirmed"))
		buf_puts(b, " (announced, and no second person has confirmed it)");
	else if (str_eqz(verdict->text, "lapsed"))
		buf_puts(b, " (announced by somebody who may accept nothing any more)");
	else
		buf_puts(b, " (something else of it was announced)");
}
