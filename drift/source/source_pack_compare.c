/* source_pack.h: what a pack knows of comparing, as a rule pack would say it. */
#include "drift/source/source_pack.h"

struct writing {
	struct buf *b;
	struct str  category;
	bool        first;
};

static void
begin_entry(struct writing *w)
{
	buf_puts(w->b, w->first ? "{" : ",{");
	w->first = false;
	buf_puts(w->b, "\"category\":");
	buf_json(w->b, w->category);
}

static void
put_ignored(struct writing *w, const char *before, const struct strings *list, const char *after)
{
	for (size_t i = 0; i < list->n; i++) {
		begin_entry(w);
		buf_puts(w->b, before);
		buf_json(w->b, str_of(list->items[i]));
		buf_puts(w->b, after);
	}
}

static void
put_entries(struct writing *w, const struct json *compare, const char *member)
{
	const struct json *list = compare == NULL ? NULL : json_get(compare, member);

	for (uint32_t i = 0; list != NULL && list->type == JSON_ARRAY && i < list->n; i++) {
		const struct json *entry = &list->items[i];

		begin_entry(w);
		for (uint32_t k = 0; entry->type == JSON_OBJECT && k < entry->n; k++) {
			buf_putc(w->b, ',');
			buf_json(w->b, entry->names[k]);
			buf_putc(w->b, ':');
			json_print(w->b, &entry->items[k]);
		}
		buf_putc(w->b, '}');
	}
}

bool
source_pack_compare(TALLOC_CTX *mem, const struct source_pack *pack, struct str *out, struct err *e)
{
	struct buf     b;
	struct writing w = { .b = &b, .first = true };

	buf_make(&b, mem);
	buf_puts(&b, "{\"arrays\":[");
	for (uint32_t i = 0; i < pack->collections_n; i++) {
		w.category = pack->collections[i].category;
		put_entries(&w, pack->collections[i].compare, "arrays");
	}
	buf_puts(&b, "],\"normalise\":[");
	w.first = true;
	for (uint32_t i = 0; i < pack->collections_n; i++) {
		const struct pack_collection *c = &pack->collections[i];

		w.category = c->category;
		put_ignored(&w, ",\"how\":\"ignore\",\"path\":", &c->unstable, "}");
		put_ignored(&w, ",\"how\":\"ignore\",\"names\":[", &c->drop, "]}");
		put_entries(&w, c->compare, "normalise");
	}
	buf_puts(&b, "]}");
	*out = buf_str(&b);
	return buf_ok(&b) || err_memory(e);
}
