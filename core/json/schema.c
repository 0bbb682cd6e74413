#include "core/json/schema.h"

#include <string.h>

/* json-c has an enum of the same name as base/json's */
#define json_type json_c_type
#include <json-c/json.h>
#include <json-c/printbuf.h>
#undef json_type

#include "core/base/secret.h"

/*
 * json-c grows its print buffer as it writes and does not look whether that
 * worked: a failed allocation would leave a hole in an answer that still looks
 * like JSON.  So the bytes it may write at most are counted while the object is
 * built, and room for all of them is made before it writes the first.
 */
struct encoder {
	TALLOC_CTX *mem; /* for texts that live until the object is printed */
	size_t      bound;
	struct err *e;
};

static json_object *encode_object(struct encoder *x, const struct schema *s, const char *in);

static json_object *
counted(struct encoder *x, json_object *o, size_t n)
{
	if (o == NULL)
		err_memory(x->e);
	x->bound += n;
	return o;
}

/* For interfaces that take a pointer they do not write through, and for wiping. */
static void *
unconst(const void *p)
{
	return (void *)(uintptr_t)p;
}

static int
print_raw(json_object *o, struct printbuf *pb, int level, int flags)
{
	const char *text = json_object_get_userdata(o);

	(void)level;
	(void)flags;
	return printbuf_memappend(pb, text, (int)strlen(text));
}

/* JSON text, copied verbatim; it lives until the object is printed. */
static json_object *
encode_text(struct encoder *x, const char *text)
{
	json_object *o;

	if (text == NULL)
		return counted(x, NULL, 0);
	o = counted(x, json_object_new_boolean(0), strlen(text));
	if (o != NULL)
		json_object_set_serializer(o, print_raw, unconst(text), NULL);
	return o;
}

static const char *
text_of(const struct buf *b)
{
	return buf_ok(b) ? buf_str(b).p : NULL;
}

/* Strings pass the sink of all JSON, which leaves nothing raw that a terminal or a page could obey.
 */
static json_object *
encode_string(struct encoder *x, struct str s)
{
	struct buf b;

	buf_make(&b, x->mem);
	buf_json(&b, s);
	return encode_text(x, text_of(&b));
}

/* A value stored as JSON text keeps its numbers and its order. */
static json_object *
encode_raw(struct encoder *x, const struct raw_json *raw)
{
	struct buf b;

	if (raw->text != NULL)
		return encode_text(x, raw->text);
	buf_make(&b, x->mem);
	json_print(&b, raw->tree);
	return encode_text(x, text_of(&b));
}

static json_object *
encode_uuid(struct encoder *x, const struct uuid *u)
{
	char z[UUID_TEXT_MAX];

	uuid_print(u, z);
	return encode_string(x, str_of(z));
}

static json_object *
encode_time(struct encoder *x, instant t)
{
	char z[TIME_TEXT_MAX];

	time_print(t.ms, z);
	return encode_string(x, str_of(z));
}

/* Takes o into the array; false (and o is gone) when it could not. */
static bool
append(struct encoder *x, json_object *array, json_object *o)
{
	x->bound++;
	if (o != NULL && json_object_array_add(array, o) == 0)
		return true;
	json_object_put(o);
	return err_memory(x->e);
}

/* One text for the whole list: an object for each string would cost ten times as much. */
static json_object *
encode_strings(struct encoder *x, const struct strings *l)
{
	struct buf b;

	buf_make(&b, x->mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, str_of(l->items[i]));
	}
	buf_putc(&b, ']');
	return encode_text(x, text_of(&b));
}

/* The value of a member, read out of the struct. */
union value {
	const char     *text;
	const void     *object;
	int64_t         i64;
	uint64_t        u64;
	bool            truth;
	struct uuid     uuid;
	instant         time;
	struct raw_json raw;
	struct strings  strings;
	struct items    items;
	struct blob     blob;
};

static void
take_value(const struct field *f, const char *in, union value *v)
{
	static const size_t size[] = {
		[FIELD_STR] = sizeof(char *),
		[FIELD_I64] = sizeof(int64_t),
		[FIELD_U64] = sizeof(uint64_t),
		[FIELD_BOOL] = sizeof(bool),
		[FIELD_UUID] = sizeof(struct uuid),
		[FIELD_TIME] = sizeof(instant),
		[FIELD_BLOB] = sizeof(struct blob),
		[FIELD_JSON] = sizeof(struct raw_json),
		[FIELD_STRINGS] = sizeof(struct strings),
		[FIELD_ITEMS] = sizeof(struct items),
		[FIELD_OBJECT] = sizeof(void *),
	};

	memset(v, 0, sizeof(*v));
	memcpy(v, in + f->offset, size[f->kind]);
}

/* The word of one that has variants; what is read of the struct is what all of them begin with. */
static const struct schema *
variant_of(const struct schema *s, const void *in)
{
	union value v = { 0 };

	if (s->variants != NULL)
		take_value(&s->fields[0], in, &v);
	return v.text != NULL ? schema_variant(s, str_of(v.text)) : s;
}

static json_object *
encode_items(struct encoder *x, const struct schema *item, const struct items *l)
{
	json_object *array = counted(x, json_object_new_array(), 2);
	const char  *p = l->p;

	for (size_t i = 0; array != NULL && i < l->n; i++) {
		if (!append(x, array, encode_object(x, item, p + i * item->size))) {
			json_object_put(array);
			return NULL;
		}
	}
	return array;
}

static bool
is_zero(enum field_kind kind, const union value *v)
{
	switch (kind) {
	case FIELD_STR:
		return v->text == NULL;
	case FIELD_I64:
		return v->i64 == 0;
	case FIELD_U64:
		return v->u64 == 0;
	case FIELD_BOOL:
		return !v->truth;
	case FIELD_UUID:
		return uuid_is_nil(&v->uuid);
	case FIELD_TIME:
		return v->time.ms == 0;
	case FIELD_BLOB:
		return v->blob.n == 0;
	case FIELD_JSON:
		return v->raw.text == NULL && v->raw.tree == NULL;
	case FIELD_STRINGS:
		return v->strings.n == 0;
	case FIELD_ITEMS:
		return v->items.n == 0;
	case FIELD_OBJECT:
		return v->object == NULL;
	}
	return false;
}

/* A value that is printed as null. */
static bool
is_null(const struct field *f, const union value *v)
{
	switch (f->kind) {
	case FIELD_STR:
	case FIELD_JSON:
	case FIELD_OBJECT:
		return is_zero(f->kind, v);
	case FIELD_UUID:
	case FIELD_TIME:
		return (f->flags & FIELD_NULLABLE) && is_zero(f->kind, v);
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_BOOL:
	case FIELD_BLOB:
	case FIELD_STRINGS:
	case FIELD_ITEMS:
		return false;
	}
	return false;
}

static json_object *
encode_value(struct encoder *x, const struct field *f, const union value *v)
{
	switch (f->kind) {
	case FIELD_STR:
		return encode_string(x, str_of(v->text));
	case FIELD_I64:
		return counted(x, json_object_new_int64(v->i64), 24);
	case FIELD_U64:
		return counted(x, json_object_new_uint64(v->u64), 24);
	case FIELD_BOOL:
		return counted(x, json_object_new_boolean(v->truth), 5);
	case FIELD_UUID:
		return encode_uuid(x, &v->uuid);
	case FIELD_TIME:
		return encode_time(x, v->time);
	case FIELD_JSON:
		return encode_raw(x, &v->raw);
	case FIELD_STRINGS:
		return encode_strings(x, &v->strings);
	case FIELD_ITEMS:
		return encode_items(x, f->item, &v->items);
	case FIELD_OBJECT:
		return encode_object(x, f->item, v->object);
	case FIELD_BLOB:
		break; /* encode_member leaves it out */
	}
	err_set(x->e, ERR_INTERNAL, 0, "internal error", "field %s has no JSON form", f->name);
	return NULL;
}

static bool
encode_member(struct encoder *x, json_object *to, const struct field *f, const char *in)
{
	json_object *o = NULL;
	union value  v;

	if (f->kind == FIELD_BLOB || (f->flags & (FIELD_SECRET | FIELD_NO_JSON)))
		return true;
	take_value(f, in, &v);
	if ((f->flags & FIELD_OMIT_ZERO) && is_zero(f->kind, &v))
		return true;
	if (!is_null(f, &v)) {
		o = encode_value(x, f, &v);
		if (o == NULL)
			return false;
	}
	x->bound += strlen(f->name) * 6 + 2 + sizeof(":null,");
	if (json_object_object_add_ex(
		to, f->name, o, JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT) == 0)
		return true;
	json_object_put(o);
	return err_memory(x->e);
}

static json_object *
encode_object(struct encoder *x, const struct schema *s, const char *in)
{
	json_object *o = counted(x, json_object_new_object(), 2);

	for (const struct field *f = variant_of(s, in)->fields; o != NULL && f->name != NULL; f++) {
		if (!encode_member(x, o, f, in)) {
			json_object_put(o);
			return NULL;
		}
	}
	return o;
}

/* Stands before the object in an array: writes nothing, but makes room for what follows. */
static int
print_room(json_object *o, struct printbuf *pb, int level, int flags)
{
	size_t *bound = json_object_get_userdata(o);
	int     at = pb->bpos;

	(void)level;
	(void)flags;
	if (*bound > INT32_MAX / 2 || printbuf_memset(pb, at, ' ', (int)*bound) != 0)
		return -1;
	*bound = 0; /* says that there is room */
	pb->bpos = at;
	pb->buf[at] = '\0';
	return 0;
}

/* Takes both objects. */
static bool
print_object(struct buf *b, json_object *room, json_object *o, struct err *e, size_t *bound)
{
	json_object *pair = json_object_new_array_ext(2);
	const char  *text = NULL;
	size_t       n = 0;
	bool         ok;

	if (pair == NULL || room == NULL || json_object_array_add(pair, room) != 0) {
		json_object_put(room);
		json_object_put(o);
	} else if (json_object_array_add(pair, o) != 0) {
		json_object_put(o);
	} else {
		json_object_set_serializer(room, print_room, bound, NULL);
		text = json_object_to_json_string_length(
		    pair, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
	}
	ok = text != NULL && *bound == 0 && n > 3;
	if (ok)
		buf_add(b, text + 2, n - 3); /* "[," + object + "]" */
	json_object_put(pair);
	return (ok && buf_ok(b)) || err_memory(e);
}

bool
schema_encode(struct buf *b, const struct schema *s, const void *in, struct err *e)
{
	struct encoder x = { .mem = talloc_new(b->mem), .bound = 8, .e = e };
	json_object   *o;
	bool           ok = false;

	if (x.mem == NULL)
		return err_memory(e);
	o = encode_object(&x, s, in);
	if (o != NULL)
		ok = print_object(b, json_object_new_boolean(0), o, e, &x.bound);
	talloc_free(x.mem);
	return ok;
}

/* ---- variants ---- */

const struct schema *
schema_variant(const struct schema *s, struct str word)
{
	const char *const *words = s->fields[0].choices;
	size_t             i = 0;

	if (s->variants == NULL)
		return s;
	while (words[i] != NULL && !str_eqz(word, words[i]))
		i++;
	return words[i] != NULL || (s->fields[0].flags & FIELD_OPEN) != 0 ? s->variants[i] : s;
}

static bool
is_named(const struct schema *s, const char *name)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

const struct field *
schema_member(const struct schema *s, size_t i)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (i-- == 0)
			return f;
	for (size_t v = 0; s->variants != NULL && s->variants[v] != NULL; v++) {
		for (const struct field *f = s->variants[v]->fields; f->name != NULL; f++) {
			bool before = is_named(s, f->name);

			for (size_t u = 0; u < v; u++)
				before = before || is_named(s->variants[u], f->name);
			if (!before && i-- == 0)
				return f;
		}
	}
	return NULL;
}

/* ---- wiping ---- */

static void
wipe_text(const char *z)
{
	if (z != NULL)
		secret_wipe(unconst(z), strlen(z));
}

static void
wipe_member(const struct field *f, const char *in)
{
	union value v;

	take_value(f, in, &v);
	if (f->kind == FIELD_OBJECT && v.object != NULL)
		schema_wipe(f->item, unconst(v.object));
	for (size_t i = 0; f->kind == FIELD_ITEMS && i < v.items.n; i++)
		schema_wipe(f->item, (char *)v.items.p + i * f->item->size);
	if (!(f->flags & FIELD_SECRET))
		return;
	if (f->kind == FIELD_STR)
		wipe_text(v.text);
	for (size_t i = 0; f->kind == FIELD_STRINGS && i < v.strings.n; i++)
		wipe_text(v.strings.items[i]);
}

void
schema_wipe(const struct schema *s, void *in)
{
	for (const struct field *f = variant_of(s, in)->fields; f->name != NULL; f++)
		wipe_member(f, in);
}
