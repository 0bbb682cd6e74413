/*
 * The configuration's texts: example file, key table of the man page, effective
 * values.  All of them walk conf_keys; nothing here knows a key by name.
 */
#include "core/conf/conf.h"

#include <string.h>

#define WIDTH 96

/* Words of `text` on lines that begin with `prefix`. */
static void
put_wrapped(struct buf *b, const char *prefix, const char *text)
{
	size_t column = WIDTH;

	for (bool first = true; *text != '\0'; first = false) {
		size_t n = strcspn(text, " ");

		if (column + n + 1 > WIDTH) {
			if (!first)
				buf_putc(b, '\n');
			buf_puts(b, prefix);
			column = strlen(prefix);
		} else {
			buf_putc(b, ' ');
			column++;
		}
		buf_add(b, text, n);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	buf_putc(b, '\n');
}

static const char *
type_name(const struct conf_key *k)
{
	if (k->kind == FIELD_I64 && k->form != CONF_OCTAL)
		return "integer";
	if (k->kind == FIELD_BOOL)
		return "boolean";
	if (k->kind == FIELD_STRINGS)
		return k->form == CONF_CIDRS ? "list of addresses or ranges" : "list of strings";
	return "string";
}

/* "integer, 1 to 600 s; applied by HUP" */
static void
put_facts(struct buf *b, const struct conf_key *k)
{
	buf_puts(b, type_name(k));
	if (k->kind == FIELD_I64 && k->form != CONF_OCTAL)
		buf_printf(b, ", %lld to %lld", (long long)k->min, (long long)k->max);
	if (k->unit != NULL)
		buf_printf(b, " %s", k->unit);
	for (size_t i = 0; k->choices != NULL && k->choices[i] != NULL; i++)
		buf_printf(b, "%s\"%s\"", i > 0 ? ", " : ": ", k->choices[i]);
	buf_puts(b, k->reloadable ? "; applied by HUP" : "; applied by a restart");
}

/* Groups around the key. */
static size_t
depth_of(const char *name)
{
	size_t n = 0;

	for (; *name != '\0'; name++)
		n += *name == '.';
	return n;
}

/* Groups that the two names share; NULL shares none. */
static size_t
shared_depth(const char *a, const char *b)
{
	size_t n = 0;

	for (; a != NULL && b != NULL && *a == *b && *a != '\0'; a++, b++)
		n += *a == '.';
	return n;
}

static void
put_indent(struct buf *b, size_t depth)
{
	while (depth-- > 0)
		buf_putc(b, '\t');
}

/* The groups of the key that the one before it was not in. */
static void
open_groups(struct buf *b, const char *name, size_t from)
{
	const char *dot;

	for (size_t i = 0; (dot = strchr(name, '.')) != NULL; i++, name = dot + 1) {
		if (i < from)
			continue;
		buf_putc(b, '\n');
		put_indent(b, i);
		buf_printf(b, "%.*s: {", (int)(dot - name), name);
	}
}

static void
close_groups(struct buf *b, size_t from, size_t to)
{
	for (size_t i = from; i > to; i--) {
		put_indent(b, i - 1);
		buf_puts(b, "};\n");
	}
}

static void
put_example(struct buf *b, const struct conf_key *k)
{
	size_t      n = depth_of(k->name);
	const char *last = strrchr(k->name, '.');
	char        prefix[] = "\t\t\t\t# ";
	struct buf  facts;

	buf_make(&facts, b->mem);
	buf_putc(&facts, '(');
	put_facts(&facts, k);
	buf_putc(&facts, ')');
	buf_putc(b, '\n');
	put_wrapped(b, prefix + (n > 4 ? 0 : 4 - n), k->doc);
	put_wrapped(b, prefix + (n > 4 ? 0 : 4 - n), buf_str(&facts).p);
	put_indent(b, n);
	buf_printf(b, "#%s = %s;\n", last != NULL ? last + 1 : k->name, k->value);
	talloc_free(facts.p);
}

void
conf_example(struct buf *b)
{
	const char *before = NULL;

	buf_puts(b, "# BlindSpotX configuration, see blindspotx.conf(5).\n"
		    "# Every setting stands here with its default; take the # away to change one.\n"
		    "# \"bsxctl config example\" writes this file.\n");
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		open_groups(b, k->name, shared_depth(before, k->name));
		put_example(b, k);
		close_groups(b, depth_of(k->name), shared_depth(k->name, k[1].name));
		before = k->name;
	}
}

/* Running text: each sentence on a line of its own, as mdoc wants it. */
static void
put_sentences(struct buf *b, const char *z)
{
	for (; *z != '\0'; z++) {
		bool end = z[0] == ' ' && z[1] == ' ';

		buf_putc(b, end ? '\n' : *z);
		z += end;
	}
	buf_putc(b, '\n');
}

/* An argument of a request, where quotes and brackets would be syntax. */
static void
put_argument(struct buf *b, const char *z)
{
	for (; *z != '\0'; z++) {
		if (*z == '"')
			buf_puts(b, "\\(dq");
		else if (*z == '[' || *z == ']')
			buf_puts(b, *z == '[' ? "\\(lB" : "\\(rB");
		else
			buf_putc(b, *z);
	}
	buf_putc(b, '\n');
}

void
conf_man(struct buf *b)
{
	buf_puts(b, ".Bl -tag -width Ds\n");
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		buf_printf(b, ".It Ic %s No = Li ", k->name);
		put_argument(b, k->value);
		put_sentences(b, k->doc);
		buf_puts(b, ".br\n");
		put_facts(b, k);
		buf_puts(b, ".\n");
	}
	buf_puts(b, ".El\n");
}

/* ---- effective values ---- */

/* libconfig's own escapes; conf_load let no control character in. */
static void
put_quoted(struct buf *b, const char *z)
{
	buf_putc(b, '"');
	for (; *z != '\0'; z++) {
		if (*z == '"' || *z == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *z);
	}
	buf_putc(b, '"');
}

static void
put_list(struct buf *b, const struct strings *l)
{
	buf_putc(b, '[');
	for (size_t i = 0; i < l->n; i++) {
		buf_puts(b, i > 0 ? ", " : " ");
		put_quoted(b, l->items[i]);
	}
	buf_puts(b, " ]");
}

static void
put_value(struct buf *b, const struct conf_key *k, const char *in)
{
	union {
		const char    *text;
		int64_t        i64;
		bool           truth;
		struct strings strings;
	} v = { 0 };

	if (k->kind == FIELD_STR) {
		memcpy(&v.text, in, sizeof(v.text));
		put_quoted(b, v.text);
	} else if (k->kind == FIELD_I64) {
		memcpy(&v.i64, in, sizeof(v.i64));
		if (k->form == CONF_OCTAL)
			buf_printf(b, "\"%04llo\"", (unsigned long long)v.i64);
		else
			buf_printf(b, "%lld", (long long)v.i64);
	} else if (k->kind == FIELD_BOOL) {
		memcpy(&v.truth, in, sizeof(v.truth));
		buf_puts(b, v.truth ? "true" : "false");
	} else {
		memcpy(&v.strings, in, sizeof(v.strings));
		put_list(b, &v.strings);
	}
}

void
conf_show(struct buf *b, const struct conf *c)
{
	for (const struct conf_key *k = conf_keys; k->name != NULL; k++) {
		buf_printf(b, "%s = ", k->name);
		put_value(b, k, (const char *)c + k->offset);
		buf_putc(b, '\n');
	}
}
