/* schema.h: JSON into a struct, with each fault at its place. */
#include "core/json/schema.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/mailbox.h"
#include "core/base/secret.h"
#include "core/base/unicode.h"

#define STRING_MAX  65535
#define STRINGS_MAX 1000
#define ITEMS_MAX   10000
#define POINTER_MAX 1024 /* bytes of a fault's pointer; longer ones are cut */

/* Where a value stands; its JSON Pointer is written only when a fault needs it. */
struct place {
	const struct place *up;
	struct str          name;
	size_t              index;
	bool                is_index;
};

struct decoder {
	TALLOC_CTX *mem;
	const char *pointer; /* of the root */
	struct err *e;
	unsigned    faults;
	bool new;  /* FIELD_SEEN counts */
	bool kept; /* a member that is not known is of a newer program */
};

static bool decode_object(struct decoder *d, const struct place *at, const struct schema *s,
    const struct json *v, char *out);

/* ---- faults ---- */

static void
put_name(struct buf *b, struct str name)
{
	for (size_t i = 0; i < name.n && name.p[i] != '\0'; i++) {
		if (name.p[i] == '~')
			buf_puts(b, "~0");
		else if (name.p[i] == '/')
			buf_puts(b, "~1");
		else
			buf_putc(b, name.p[i]);
	}
}

static void
put_place(struct buf *b, const struct place *at)
{
	if (at == NULL)
		return;
	put_place(b, at->up);
	buf_putc(b, '/');
	if (at->is_index)
		buf_printf(b, "%zu", at->index);
	else
		put_name(b, at->name);
}

/* Cut before a code point that does not fit whole. */
static void
cut_utf8(char *z, size_t max)
{
	size_t n = strlen(z);

	if (n <= max)
		return;
	for (n = max; n > 0 && ((uint8_t)z[n] & 0xC0) == 0x80;)
		n--;
	z[n] = '\0';
}

/* Always false; decoding goes on to collect more. */
PRINTF(3, 4) static bool fault(struct decoder *d, const struct place *at, const char *fmt, ...)
{
	struct buf b;
	char      *detail;
	va_list    ap;

	if (d->faults++ >= SCHEMA_FAULTS_MAX)
		return false;
	buf_make(&b, d->mem);
	buf_puts(&b, d->pointer);
	put_place(&b, at);
	va_start(ap, fmt);
	detail = talloc_vasprintf(d->mem, fmt, ap);
	va_end(ap);
	if (!buf_ok(&b) || detail == NULL)
		return err_memory(d->e);
	if (b.n > 0)
		cut_utf8(b.p, POINTER_MAX);
	err_fault(d->e, d->mem, b.n > 0 ? b.p : "", "%s", detail);
	talloc_free(detail);
	talloc_free(b.p);
	return false;
}

/* ---- strings ---- */

static bool
is_email(struct str s)
{
	const char *at = memchr(s.p, '@', s.n);

	if (s.n < 3 || s.n > 254 || at == NULL || at == s.p || at == s.p + s.n - 1)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == 0x7F)
			return false;
	return memchr(at + 1, '@', s.n - (size_t)(at + 1 - s.p)) == NULL;
}

static bool
is_uri(struct str s)
{
	size_t scheme = str_starts(s, "https://") ? 8 : str_starts(s, "http://") ? 7 : 0;

	if (scheme == 0 || s.n == scheme || memchr("/?#:@", s.p[scheme], 5) != NULL)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((uint8_t)s.p[i] <= ' ' || s.p[i] == 0x7F)
			return false;
	return true;
}

static bool
has_controls(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = (uint8_t)s.p[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F)
			return true;
		/* C1: U+0080..U+009F */
		if (c == 0xC2 && i + 1 < s.n && (uint8_t)s.p[i + 1] < 0xA0)
			return true;
	}
	return false;
}

static bool
check_choice(struct decoder *d, const struct place *at, const struct field *f, struct str s)
{
	struct buf b;

	for (size_t i = 0; f->choices[i] != NULL; i++)
		if (str_eqz(s, f->choices[i]))
			return true;
	buf_make(&b, d->mem);
	for (size_t i = 0; f->choices[i] != NULL; i++)
		buf_printf(&b, "%s%s", i > 0 ? ", " : "", f->choices[i]);
	if (!buf_ok(&b))
		return err_memory(d->e);
	return fault(d, at, "must be one of: %.*s", (int)b.n, buf_str(&b).p);
}

static bool
check_format(struct decoder *d, const struct place *at, const char *format, struct str s)
{
	const char *why = d->new &&strcmp(format, "email") == 0 ? mailbox_fault(s) : NULL;

	if (why != NULL)
		return fault(d, at, "%s", why);
	if (strcmp(format, "email") == 0 && !is_email(s))
		return fault(d, at, "must be an email address");
	if (strcmp(format, "uri") == 0 && !is_uri(s))
		return fault(d, at, "must be an http or https URL");
	return true;
}

/* What is equal to the eye is equal: a text for people is kept in NFC, which may be longer, and
 * without the blanks around it. */
static bool
kept_form(struct decoder *d, const struct place *at, const struct field *f, struct str s, size_t hi,
    struct str *out)
{
	*out = s;
	if (!d->new || !(f->flags & FIELD_SEEN))
		return true;
	if (!unicode_nfc(d->mem, str_trim(s), out, d->e))
		return false;
	return out->n <= hi || fault(d, at, "must be at most %zu bytes long", hi);
}

/* The rules of one string: a member, or an element of a FIELD_STRINGS (then lo and hi are its own).
 */
static const char *
take_string(struct decoder *d, const struct place *at, const struct field *f, const struct json *v,
    size_t lo, size_t hi)
{
	struct str text;
	char      *z;

	if (v->type != JSON_STRING) {
		fault(d, at, "must be a string");
		return NULL;
	}
	if (v->text.n < lo || v->text.n > hi) {
		fault(d, at,
		    v->text.n < lo ? "must be at least %zu bytes long"
				   : "must be at most %zu bytes long",
		    v->text.n < lo ? lo : hi);
		return NULL;
	}
	if (has_controls(v->text)) {
		fault(d, at, "control characters are not allowed");
		return NULL;
	}
	if (d->new && (f->flags & FIELD_SEEN) && v->text.n > 0 && unicode_is_unseen(v->text)) {
		fault(d, at, "has nothing that can be seen");
		return NULL;
	}
	if (f->choices != NULL && !(f->flags & FIELD_OPEN) && !check_choice(d, at, f, v->text))
		return NULL;
	if (f->format != NULL && !check_format(d, at, f->format, v->text))
		return NULL;
	if (!kept_form(d, at, f, v->text, hi, &text))
		return NULL;
	z = str_dup(d->mem, text);
	if (z == NULL)
		err_memory(d->e);
	else if (f->flags & FIELD_SECRET)
		secret_guard(z);
	return z;
}

static bool
decode_string(struct decoder *d, const struct place *at, const struct field *f,
    const struct json *v, char *out)
{
	size_t      hi = f->max > 0 ? (size_t)f->max : STRING_MAX;
	const char *z = take_string(d, at, f, v, (size_t)f->min, hi);

	memcpy(out, &z, sizeof(z));
	return z != NULL;
}

/* ---- the other scalars ---- */

static bool
check_range(struct decoder *d, const struct place *at, const struct field *f, int64_t v)
{
	bool bounded = f->min != 0 || f->max != 0;

	if (bounded && v < f->min)
		return fault(d, at, "must be at least %lld", (long long)f->min);
	if (bounded && f->max >= f->min && v > f->max)
		return fault(d, at, "must be at most %lld", (long long)f->max);
	return true;
}

static bool
decode_integer(struct decoder *d, const struct place *at, const struct field *f,
    const struct json *v, char *out)
{
	int64_t i;

	if (v->type != JSON_NUMBER)
		return fault(d, at, "must be an integer");
	if (!str_to_i64(v->text, &i))
		return fault(d, at, "must be an integer of 64 bits, without fraction or exponent");
	if (!check_range(d, at, f, i))
		return false;
	memcpy(out, &i, sizeof(i));
	return true;
}

static bool
decode_unsigned(struct decoder *d, const struct place *at, const struct field *f,
    const struct json *v, char *out)
{
	uint64_t u;

	if (v->type != JSON_NUMBER)
		return fault(d, at, "must be an integer");
	if (!str_to_u64(v->text, &u))
		return fault(d, at,
		    "must be a non-negative integer of 64 bits, without fraction or exponent");
	if (!check_range(d, at, f, u > INT64_MAX ? INT64_MAX : (int64_t)u))
		return false;
	memcpy(out, &u, sizeof(u));
	return true;
}

static bool
decode_bool(struct decoder *d, const struct place *at, const struct json *v, char *out)
{
	bool b = v->type == JSON_TRUE;

	if (!b && v->type != JSON_FALSE)
		return fault(d, at, "must be true or false");
	memcpy(out, &b, sizeof(b));
	return true;
}

static bool
decode_uuid(struct decoder *d, const struct place *at, const struct json *v, char *out)
{
	struct uuid u;

	if (v->type != JSON_STRING || !uuid_parse(v->text, &u))
		return fault(d, at, "must be a UUID");
	memcpy(out, &u, sizeof(u));
	return true;
}

static bool
decode_time(struct decoder *d, const struct place *at, const struct json *v, char *out)
{
	instant t;

	if (v->type != JSON_STRING || !time_parse(v->text, &t.ms))
		return fault(d, at, "must be an RFC 3339 time, e.g. 2026-11-21T20:47:00.123Z");
	if (t.ms == 0)
		t.ms = 1; /* 0 is none */
	memcpy(out, &t, sizeof(t));
	return true;
}

/* ---- lists and objects ---- */

static bool
check_list(struct decoder *d, const struct place *at, const struct field *f, const struct json *v,
    int64_t most)
{
	int64_t hi = f->max > 0 ? f->max : most;

	if (v->type != JSON_ARRAY)
		return fault(d, at, "must be an array");
	if (v->n < f->min)
		return fault(d, at, "must have at least %lld elements", (long long)f->min);
	if (v->n > hi)
		return fault(d, at, "must have at most %lld elements", (long long)hi);
	return true;
}

static bool
decode_strings(struct decoder *d, const struct place *at, const struct field *f,
    const struct json *v, char *out)
{
	struct strings list = { 0 };
	bool           ok = true;

	if (!check_list(d, at, f, v, STRINGS_MAX))
		return false;
	list.n = v->n;
	list.items = talloc_zero_size(d->mem, (list.n + 1) * sizeof(*list.items));
	if (list.items == NULL)
		return err_memory(d->e);
	for (size_t i = 0; i < list.n; i++) {
		struct place here = { .up = at, .index = i, .is_index = true };

		list.items[i] = take_string(d, &here, f, &v->items[i], 0, STRING_MAX);
		ok &= list.items[i] != NULL;
	}
	memcpy(out, &list, sizeof(list));
	return ok;
}

static bool
decode_items(struct decoder *d, const struct place *at, const struct field *f, const struct json *v,
    char *out)
{
	struct items list = { 0 };
	char        *p;
	bool         ok = true;

	if (!check_list(d, at, f, v, ITEMS_MAX))
		return false;
	p = talloc_zero_size(d->mem, v->n * f->item->size + 1);
	if (p == NULL)
		return err_memory(d->e);
	list.p = p;
	list.n = v->n;
	for (size_t i = 0; i < list.n; i++) {
		struct place here = { .up = at, .index = i, .is_index = true };

		ok &= decode_object(d, &here, f->item, &v->items[i], p + i * f->item->size);
	}
	memcpy(out, &list, sizeof(list));
	return ok;
}

static bool
decode_pointer(struct decoder *d, const struct place *at, const struct field *f,
    const struct json *v, char *out)
{
	const struct json   *word = json_get(v, f->item->fields[0].name);
	const struct schema *s = f->item;
	char                *p;

	if (word != NULL && word->type == JSON_STRING)
		s = schema_variant(s, word->text);
	p = talloc_zero_size(d->mem, s->size);
	if (p == NULL)
		return err_memory(d->e);
	memcpy(out, &p, sizeof(p));
	return decode_object(d, at, s, v, p);
}

static bool
decode_value(struct decoder *d, const struct place *at, const struct field *f, const struct json *v,
    char *out)
{
	struct raw_json raw = { .tree = v };

	if (v->type == JSON_NULL && f->kind != FIELD_JSON)
		return f->flags & FIELD_NULLABLE ? true : fault(d, at, "must not be null");
	switch (f->kind) {
	case FIELD_STR:
		return decode_string(d, at, f, v, out);
	case FIELD_I64:
		return decode_integer(d, at, f, v, out);
	case FIELD_U64:
		return decode_unsigned(d, at, f, v, out);
	case FIELD_BOOL:
		return decode_bool(d, at, v, out);
	case FIELD_UUID:
		return decode_uuid(d, at, v, out);
	case FIELD_TIME:
		return decode_time(d, at, v, out);
	case FIELD_STRINGS:
		return decode_strings(d, at, f, v, out);
	case FIELD_ITEMS:
		return decode_items(d, at, f, v, out);
	case FIELD_OBJECT:
		return decode_pointer(d, at, f, v, out);
	case FIELD_JSON:
		memcpy(out, &raw, sizeof(raw));
		return true;
	case FIELD_BLOB:
		break; /* not in bodies: field_of does not find it */
	}
	return err_set(
	    d->e, ERR_INTERNAL, 0, "internal error", "field %s has no JSON form", f->name);
}

/* The field a body may name so. */
static const struct field *
field_of(const struct schema *s, struct str name)
{
	for (const struct field *f = s->fields; f->name != NULL; f++)
		if (f->kind != FIELD_BLOB && !(f->flags & (FIELD_READ_ONLY | FIELD_NO_JSON)) &&
		    str_eqz(name, f->name))
			return f;
	return NULL;
}

static bool
check_required(
    struct decoder *d, const struct place *at, const struct schema *s, const struct json *v)
{
	bool ok = true;

	for (const struct field *f = s->fields; f->name != NULL; f++) {
		struct place here = { .up = at, .name = str_of(f->name) };

		if ((f->flags & FIELD_REQUIRED) && field_of(s, here.name) == f &&
		    json_get(v, f->name) == NULL)
			ok = fault(d, &here, "is required");
	}
	return ok;
}

static bool
decode_object(struct decoder *d, const struct place *at, const struct schema *s,
    const struct json *v, char *out)
{
	uint64_t given = 0;
	bool     ok = true;

	if (v->type != JSON_OBJECT)
		return fault(d, at, "must be an object");
	for (size_t i = 0; i < v->n; i++) {
		struct place        here = { .up = at, .name = v->names[i] };
		const struct field *f = field_of(s, v->names[i]);

		if (d->faults >= SCHEMA_FAULTS_MAX)
			return false;
		if (f ==
		    NULL) { /* whose it is says the word of a variant, which is a fault itself */
			ok &= d->kept || s->variants != NULL || fault(d, &here, "unknown member");
			continue;
		}
		given |= schema_bit(s, f->name);
		ok &= decode_value(d, &here, f, &v->items[i], out + f->offset);
	}
	if (s->given >= 0)
		memcpy(out + s->given, &given, sizeof(given));
	return check_required(d, at, s, v) && ok;
}

bool
schema_decode_at(TALLOC_CTX *mem, const struct schema *s, const struct json *v, const char *pointer,
    void *out, struct err *e)
{
	struct decoder d = { .mem = mem, .pointer = pointer, .e = e };

	memset(out, 0, s->size);
	return decode_object(&d, NULL, s, v, out);
}

bool
schema_decode(
    TALLOC_CTX *mem, const struct schema *s, const struct json *v, void *out, struct err *e)
{
	return schema_decode_at(mem, s, v, "", out, e);
}

bool
schema_decode_new(
    TALLOC_CTX *mem, const struct schema *s, const struct json *v, void *out, struct err *e)
{
	struct decoder d = { .mem = mem, .pointer = "", .e = e, .new = true };

	memset(out, 0, s->size);
	return decode_object(&d, NULL, s, v, out);
}

bool
schema_decode_kept(TALLOC_CTX *mem, const struct schema *s, const struct json *v,
    const char *pointer, void *out, struct err *e)
{
	struct decoder d = { .mem = mem, .pointer = pointer, .e = e, .kept = true };

	memset(out, 0, s->size);
	return decode_object(&d, NULL, s, v, out);
}

uint64_t
schema_bit(const struct schema *s, const char *name)
{
	for (size_t i = 0; s->fields[i].name != NULL && i < 64; i++)
		if (strcmp(s->fields[i].name, name) == 0)
			return (uint64_t)1 << i;
	return 0;
}
