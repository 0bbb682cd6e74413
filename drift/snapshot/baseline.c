#include "drift/snapshot/baseline.h"

#include "drift/snapshot/normal_snapshot.h"

static bool
manifest_broken(struct err *e)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error", "a snapshot's manifest is broken");
}

static bool
manifest_entry(TALLOC_CTX *mem, const struct json *v, struct held *h, struct err *e)
{
	uint8_t *address = talloc_size(mem, HASH_LEN);

	if (address == NULL)
		return err_memory(e);
	if (v->type != JSON_ARRAY || v->n != 3 || v->items[0].type != JSON_STRING ||
	    v->items[1].type != JSON_STRING || v->items[2].type != JSON_STRING ||
	    !hex_parse(v->items[2].text, address, HASH_LEN))
		return manifest_broken(e);
	h->category = str_dup(mem, v->items[0].text);
	h->key = str_dup(mem, v->items[1].text);
	h->address = (struct blob) { address, HASH_LEN };
	return h->category != NULL && h->key != NULL ? true : err_memory(e);
}

static bool
manifest_held(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s, struct held **rows,
    size_t *n, struct err *e)
{
	struct str   text;
	struct json *list;

	if (s->manifest.n != HASH_LEN)
		return manifest_broken(e);
	if (!content_by_address(t, mem, s->manifest.p, &text, e))
		return false;
	list = json_parse(mem, text, e);
	if (list == NULL || list->type != JSON_ARRAY)
		return manifest_broken(e);
	*rows = talloc_zero_size(mem, (list->n + 1) * sizeof(struct held));
	if (*rows == NULL)
		return err_memory(e);
	for (*n = 0; *n < list->n; (*n)++)
		if (!manifest_entry(mem, &list->items[*n], &(*rows)[*n], e))
			return false;
	return true;
}

bool
baseline_held(struct tenant_db *t, TALLOC_CTX *mem, const struct snapshot *s, struct held **rows,
    size_t *n, struct err *e)
{
	if (!s->in_order)
		return manifest_held(t, mem, s, rows, n, e);
	return held_at(t->db, mem, &s->config_id, s->seq, rows, n, e);
}

void
baseline_manifest_entry(struct buf *b, const struct manifest_entry *x, bool first)
{
	char hex[2 * HASH_LEN + 1];

	hex_print(x->address, HASH_LEN, hex);
	buf_puts(b, first ? "[" : ",[");
	buf_json(b, x->category);
	buf_putc(b, ',');
	buf_json(b, x->key);
	buf_puts(b, ",\"");
	buf_puts(b, hex);
	buf_puts(b, "\"]");
}

bool
baseline_manifest(TALLOC_CTX *mem, const struct normal_snapshot *s, struct str *text, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < s->n; i++) {
		const struct manifest_entry x = { s->items[i].r.category, s->items[i].r.key,
			s->items[i].address };

		baseline_manifest_entry(&b, &x, i == 0);
	}
	buf_putc(&b, ']');
	*text = buf_str(&b);
	return buf_ok(&b) ? true : err_memory(e);
}

static bool
resource_of(TALLOC_CTX *mem, const struct normal_form *form, const struct held *h, struct str text,
    struct resource *r, struct err *e)
{
	if (!work_spend(form->work, WORK_READ, 20 + text.n, e))
		return false;
	*r = (struct resource) { str_of(h->category), str_of(h->key), json_parse(mem, text, e) };
	if (r->value == NULL) /* what we wrote ourselves is no fault of the input */
		return err_note(e, "reading stored content");
	return resource_normalise(mem, form->spec, r, RESOURCE_STORED, form->work, e);
}

static bool
lost(struct err *e)
{
	struct err why = *e;

	return err_take(e, ERR_MISSING) && err_set(e, ERR_INTERNAL, 0, "internal error",
					       "stored content is missing: %s", why.detail);
}

bool
baseline_resource(struct tenant_db *t, TALLOC_CTX *mem, const struct normal_form *form,
    const struct held *h, struct resource *r, struct err *e)
{
	struct str text;

	if (h->address.n != HASH_LEN)
		return manifest_broken(e);
	return content_by_address(t, mem, h->address.p, &text, e)
		   ? resource_of(mem, form, h, text, r, e)
		   : lost(e);
}

bool
baseline_of_batch(const struct content_batch *b, TALLOC_CTX *mem, const struct normal_form *form,
    const struct held *h, struct resource *r, struct err *e)
{
	struct str text;

	return content_batch_text(b, mem, h->address, &text, e)
		   ? resource_of(mem, form, h, text, r, e)
		   : lost(e);
}

struct content_batch *
baseline_batch(
    struct tenant_db *t, TALLOC_CTX *mem, const struct held *const *h, size_t n, struct err *e)
{
	struct blob          *addresses = talloc_array(mem, struct blob, (unsigned)n + 1);
	struct content_batch *b;

	if (addresses == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		addresses[i] = h[i]->address;
	b = content_batch_read(t, mem, addresses, n, e);
	talloc_free(addresses);
	return b;
}
