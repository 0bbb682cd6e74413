/* bsxctl.h: the members of a source pack as mdoc(7), from the tables that read them. */
#include <string.h>

#include "drift/source/source_pack.h"
#include "tools/bsxctl_source.h"

#define DEPTH_MAX 4

/* Quotes, backslashes and dots that mdoc would take for its own. */
static void
put_text(struct buf *b, const char *z)
{
	for (; *z != '\0'; z++)
		if (*z == '\\')
			buf_puts(b, "\\e");
		else if (*z == '"')
			buf_puts(b, "\\(dq");
		else
			buf_putc(b, *z);
}

/* A sentence a line, as mdoc wants it. */
static void
put_sentences(struct buf *b, const char *z)
{
	for (const char *end; *z != '\0'; z = end) {
		struct str one;
		char      *text;

		end = strstr(z, ". ");
		end = end == NULL ? z + strlen(z) : end + 1;
		one = (struct str) { z, (size_t)(end - z) };
		text = str_dup(b->mem, one);
		if (text == NULL) {
			b->failed = true;
			return;
		}
		buf_puts(b, text[0] == '.' || text[0] == '\'' ? "\\&" : "");
		put_text(b, text);
		buf_putc(b, '\n');
		end += *end == ' ';
	}
}

static const char *
type_of(const struct field *f)
{
	static const char *const types[] = { [FIELD_STR] = "text",
		[FIELD_I64] = "integer",
		[FIELD_U64] = "integer",
		[FIELD_BOOL] = "true or false",
		[FIELD_STRINGS] = "list of texts",
		[FIELD_ITEMS] = "list of objects",
		[FIELD_OBJECT] = "object",
		[FIELD_JSON] = "JSON" };

	return types[f->kind];
}

static void
put_facts(struct buf *b, const struct field *f)
{
	buf_puts(b, ".br\n");
	buf_puts(b, type_of(f));
	for (size_t i = 0; f->choices != NULL && f->choices[i] != NULL; i++) {
		buf_puts(b, i == 0 ? ": " : ", ");
		buf_puts(b, f->choices[i]);
	}
	if (f->max > 0 && (f->kind == FIELD_I64 || f->kind == FIELD_U64)) {
		buf_puts(b, ", ");
		buf_i64(b, f->min);
		buf_puts(b, " to ");
		buf_i64(b, f->max);
	} else if (f->max > 0) {
		buf_puts(b, ", at most ");
		buf_i64(b, f->max);
	}
	buf_puts(b, (f->flags & FIELD_REQUIRED) != 0 ? "; required.\n" : ".\n");
}

static bool
has(const struct schema *s, const char *name)
{
	for (const struct field *f = s->fields; s != NULL && f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

/* What stands in `above` already is not said again. */
static void
put_schema(
    struct buf *b, const struct schema *s, const struct schema *above, const char *path, int depth)
{
	buf_puts(b, ".Ss ");
	buf_puts(b, path);
	buf_puts(b, "\n.Bl -tag -width Ds\n");
	for (const struct field *f = s->fields; f->name != NULL; f++) {
		if (above != NULL && has(above, f->name) && strcmp(f->name, "name") != 0)
			continue;
		buf_puts(b, ".It Ic ");
		buf_puts(b, f->name);
		buf_putc(b, '\n');
		put_sentences(b, f->doc);
		put_facts(b, f);
	}
	buf_puts(b, ".El\n");
	if (above != NULL)
		buf_puts(b, "What a collection has beside these is here too.\n");
	for (const struct field *f = s->fields; f->name != NULL && depth < DEPTH_MAX; f++) {
		char *below;

		if (f->item == NULL || (above != NULL && has(above, f->name)) ||
		    strcmp(f->name, "log") == 0)
			continue;
		below = depth == 0 ? talloc_strdup(b->mem, f->name)
				   : talloc_asprintf(b->mem, "%s/%s", path, f->name);
		if (below == NULL)
			b->failed = true;
		else
			put_schema(
			    b, f->item, strcmp(f->name, "each") == 0 ? s : NULL, below, depth + 1);
	}
}

void
source_man(struct buf *b)
{
	put_schema(b, &source_pack_schema, NULL, "The pack", 0);
}
