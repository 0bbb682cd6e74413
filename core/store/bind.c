#include "core/store/bind.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/civil.h"

#define DAY_MS 86400000

/* ---- instants ---- */

/* DATETIME holds the years 1000 to 9999. */
static bool
time_of(int64_t ms, MYSQL_TIME *t, struct err *e)
{
	int64_t      days = ms / DAY_MS - (ms % DAY_MS < 0);
	int64_t      rest = ms - days * DAY_MS;
	struct civil date;

	if (days < civil_days(1000, 1, 1) || days > civil_days(9999, 12, 31))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "an instant is out of range");
	date = civil_of(days);
	memset(t, 0, sizeof(*t));
	t->day = (unsigned)date.day;
	t->month = (unsigned)date.month;
	t->year = (unsigned)date.year;
	t->hour = (unsigned)(rest / 3600000);
	t->minute = (unsigned)(rest / 60000 % 60);
	t->second = (unsigned)(rest / 1000 % 60);
	t->second_part = (unsigned long)(rest % 1000) * 1000;
	t->time_type = MYSQL_TIMESTAMP_DATETIME;
	return true;
}

static bool
ms_of(const MYSQL_TIME *t, int64_t *ms)
{
	if (t->neg || t->year < 1000 || t->year > 9999 || t->month < 1 || t->month > 12 ||
	    t->day < 1 || t->day > 31 || t->hour > 23 || t->minute > 59 || t->second > 59 ||
	    t->second_part > 999999)
		return false;
	*ms = civil_days((int)t->year, (int)t->month, (int)t->day) * DAY_MS +
	      (int64_t)t->hour * 3600000 + (int64_t)t->minute * 60000 + (int64_t)t->second * 1000 +
	      (int64_t)(t->second_part / 1000);
	return true;
}

/* ---- parameters ---- */

bool
bind_fields(
    const struct schema *s, const struct field *f[static BIND_MAX], unsigned *n, struct err *e)
{
	*n = 0;
	if (s == NULL)
		return true;
	for (const struct field *at = s->fields; at->name != NULL; at++) {
		if (at->flags & FIELD_NO_SQL)
			continue;
		if (*n == BIND_MAX || at->kind == FIELD_ITEMS || at->kind == FIELD_OBJECT)
			return err_set(e, ERR_INTERNAL, 0, "internal error",
			    "%s.%s cannot be bound", s->name, at->name);
		f[(*n)++] = at;
	}
	return true;
}

static void
text_value(struct bind_value *v, const char *z)
{
	v->type = MYSQL_TYPE_STRING;
	v->p = z;
	v->n = z == NULL ? 0 : strlen(z);
	v->null = z == NULL;
}

/* A body's JSON has a tree and perhaps no text of its own. */
static bool
json_value(TALLOC_CTX *mem, const struct raw_json *j, struct bind_value *v, struct err *e)
{
	struct buf b;

	text_value(v, j->text);
	if (j->text != NULL || j->tree == NULL || j->tree->type == JSON_NULL)
		return true;
	buf_make(&b, mem);
	json_print(&b, j->tree);
	if (!buf_ok(&b))
		return err_memory(e);
	text_value(v, b.p);
	return true;
}

static bool
strings_value(TALLOC_CTX *mem, const struct field *f, const struct strings *s, struct bind_value *v,
    struct err *e)
{
	struct buf b;

	text_value(v, NULL);
	if (s->n == 0 && f->flags & FIELD_NULLABLE)
		return true;
	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, str_of(s->items[i]));
	}
	buf_putc(&b, ']');
	if (!buf_ok(&b))
		return err_memory(e);
	text_value(v, b.p);
	return true;
}

static void
integer_value(struct bind_value *v, uint64_t i, bool nullable)
{
	v->type = MYSQL_TYPE_LONGLONG;
	memcpy(&v->i, &i, sizeof(v->i));
	v->p = &v->i;
	v->null = nullable && i == 0;
}

static void
bytes_value(struct bind_value *v, const void *p, size_t n, bool null)
{
	v->type = MYSQL_TYPE_BLOB;
	v->p = p;
	v->n = n;
	v->null = null;
}

bool
bind_value_of(
    TALLOC_CTX *mem, const struct field *f, const void *in, struct bind_value *v, struct err *e)
{
	const char *at = (const char *)in + f->offset;
	bool        nullable = (f->flags & FIELD_NULLABLE) != 0;
	const char *z;
	instant     t;
	struct blob blob;
	uint64_t    i;
	bool        b;

	memset(v, 0, sizeof(*v));
	switch (f->kind) {
	case FIELD_STR:
		memcpy(&z, at, sizeof(z));
		text_value(v, z);
		return true;
	case FIELD_I64:
	case FIELD_U64:
		memcpy(&i, at, sizeof(i));
		integer_value(v, i, nullable);
		v->is_unsigned = f->kind == FIELD_U64;
		return true;
	case FIELD_BOOL:
		memcpy(&b, at, sizeof(b));
		integer_value(v, b, false);
		return true;
	case FIELD_UUID:
		bytes_value(v, at, sizeof(struct uuid),
		    nullable && uuid_is_nil((const struct uuid *)(const void *)at));
		return true;
	case FIELD_BLOB:
		memcpy(&blob, at, sizeof(blob));
		bytes_value(v, blob.p, blob.n, blob.p == NULL && (nullable || blob.n > 0));
		return true;
	case FIELD_TIME:
		memcpy(&t, at, sizeof(t));
		v->type = MYSQL_TYPE_DATETIME;
		v->p = &v->time;
		v->null = nullable && t.ms == 0;
		return v->null || time_of(t.ms, &v->time, e);
	case FIELD_JSON:
		return json_value(mem, (const struct raw_json *)(const void *)at, v, e);
	case FIELD_STRINGS:
		return strings_value(mem, f, (const struct strings *)(const void *)at, v, e);
	case FIELD_ITEMS:
	case FIELD_OBJECT:
		break;
	}
	return err_set(e, ERR_INTERNAL, 0, "internal error", "%s cannot be bound", f->name);
}

void
bind_param(MYSQL_BIND *b, struct bind_value *v)
{
	memset(b, 0, sizeof(*b));
	b->buffer_type = v->type;
	memcpy(&b->buffer, &v->p, sizeof(b->buffer)); /* MYSQL_BIND knows no const */
	b->buffer_length = v->n;
	b->length = &v->n;
	b->is_null = &v->null;
	b->is_unsigned = v->is_unsigned;
}

/* ---- columns ---- */

void
bind_column(MYSQL_BIND *b, const struct field *f, struct bind_cell *c)
{
	memset(b, 0, sizeof(*b));
	memset(c, 0, sizeof(*c));
	b->length = &c->n;
	b->is_null = &c->null;
	b->error = &c->error;
	switch (f->kind) {
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_BOOL:
		b->buffer_type = MYSQL_TYPE_LONGLONG;
		b->buffer = &c->i;
		b->buffer_length = sizeof(c->i);
		b->is_unsigned = f->kind == FIELD_U64;
		break;
	case FIELD_TIME:
		b->buffer_type = MYSQL_TYPE_DATETIME;
		b->buffer = &c->time;
		b->buffer_length = sizeof(c->time);
		break;
	case FIELD_UUID:
		b->buffer_type = MYSQL_TYPE_BLOB;
		b->buffer = c->raw;
		b->buffer_length = sizeof(c->raw);
		break;
	case FIELD_STR:
	case FIELD_BLOB:
	case FIELD_JSON:
	case FIELD_STRINGS:
	case FIELD_ITEMS:
	case FIELD_OBJECT:
		b->buffer_type =
		    MYSQL_TYPE_BLOB; /* no room: the length first, then the bytes by fetch */
		break;
	}
}

static bool
refuse(const struct field *f, const char *why, struct err *e)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error", "column %s: %s", f->name, why);
}

/* Of what is packed nothing is freed by itself. */
static void
drop(const struct bind_room *room, char *p)
{
	if (room->packed == NULL)
		talloc_free(p);
}

/* The bytes of a column of any length, with a NUL behind them. */
static char *
take_bytes(MYSQL_STMT *st, unsigned i, const struct bind_room *room, const struct bind_cell *c,
    struct err *e)
{
	size_t size = (size_t)c->n + 1;
	char  *p =
            room->packed != NULL ? chunks_take(room->packed, size) : talloc_size(room->mem, size);
	unsigned long n = 0;
	my_bool       null = 0, error = 0;
	MYSQL_BIND    b = { .buffer_type = MYSQL_TYPE_BLOB,
		   .buffer = p,
		   .buffer_length = c->n,
		   .length = &n,
		   .is_null = &null,
		   .error = &error };

	if (p == NULL) {
		err_memory(e);
		return NULL;
	}
	p[c->n] = '\0';
	if (c->n > 0 && (mysql_stmt_fetch_column(st, &b, i, 0) != 0 || n != c->n || null)) {
		err_set(e, ERR_INTERNAL, (int)mysql_stmt_errno(st), "internal error",
		    "column %u could not be read: %s", i, mysql_stmt_error(st));
		drop(room, p);
		return NULL;
	}
	return p;
}

static char *
take_text(MYSQL_STMT *st, unsigned i, const struct bind_room *room, const struct field *f,
    const struct bind_cell *c, struct err *e)
{
	char *p = take_bytes(st, i, room, c, e);

	if (p == NULL)
		return NULL;
	if (memchr(p, '\0', c->n) == NULL && str_is_utf8((struct str) { p, c->n })) {
		if (room->packed == NULL)
			talloc_set_name_const(p, "char");
		return p;
	}
	drop(room, p);
	refuse(f, "is no text", e);
	return NULL;
}

static bool
take_strings(
    TALLOC_CTX *mem, const struct field *f, const char *text, struct strings *out, struct err *e)
{
	struct err   why = { 0 };
	struct json *j = json_parse(mem, str_of(text), &why);
	const char **items;

	if (j == NULL || j->type != JSON_ARRAY) {
		talloc_free(j);
		return refuse(f, "is no list of strings", e);
	}
	items = talloc_array(mem, const char *, j->n + 1);
	if (items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < j->n; i++) {
		struct str s = j->items[i].text;

		if (j->items[i].type != JSON_STRING || (s.n > 0 && memchr(s.p, '\0', s.n) != NULL))
			return refuse(f, "is no list of strings", e);
		items[i] = str_dup(items, s);
		if (items[i] == NULL)
			return err_memory(e);
	}
	items[j->n] = NULL;
	*out = (struct strings) { items, j->n };
	talloc_free(j);
	return true;
}

static bool
take_long(MYSQL_STMT *st, unsigned i, const struct bind_room *room, const struct field *f,
    const struct bind_cell *c, void *at, struct err *e)
{
	bool            blob = f->kind == FIELD_BLOB;
	char           *p = blob ? take_bytes(st, i, room, c, e) : take_text(st, i, room, f, c, e);
	struct raw_json json = { .text = p };
	struct blob     bytes = { (const uint8_t *)p, c->n };
	struct strings  list;

	if (p == NULL)
		return false;
	if (blob) {
		memcpy(at, &bytes, sizeof(bytes));
	} else if (f->kind == FIELD_STR) {
		memcpy(at, &p, sizeof(p));
	} else if (f->kind == FIELD_JSON) {
		memcpy(at, &json, sizeof(json));
	} else {
		if (!take_strings(room->mem, f, p, &list, e))
			return false;
		memcpy(at, &list, sizeof(list));
		drop(room, p);
	}
	return true;
}

bool
bind_take(MYSQL_STMT *st, unsigned i, const struct bind_room *room, const struct field *f,
    const struct bind_cell *c, void *out, struct err *e)
{
	char   *at = (char *)out + f->offset;
	instant t;
	bool    b = c->i != 0;

	if (c->null) /* the struct is zeroed already */
		return f->flags & FIELD_NULLABLE ? true : refuse(f, "is NULL", e);
	switch (f->kind) {
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_BOOL:
		if (c->error)
			return refuse(f, "is no integer of that range", e);
		if (f->kind == FIELD_BOOL)
			memcpy(at, &b, sizeof(b));
		else
			memcpy(at, &c->i, sizeof(c->i));
		return true;
	case FIELD_UUID:
		if (c->n != sizeof(c->raw))
			return refuse(f, "is no identifier", e);
		memcpy(at, c->raw, sizeof(c->raw));
		return true;
	case FIELD_TIME:
		if (c->error || !ms_of(&c->time, &t.ms))
			return refuse(f, "is no instant", e);
		memcpy(at, &t, sizeof(t));
		return true;
	case FIELD_STR:
	case FIELD_BLOB:
	case FIELD_JSON:
	case FIELD_STRINGS:
		return take_long(st, i, room, f, c, at, e);
	case FIELD_ITEMS:
	case FIELD_OBJECT:
		break;
	}
	return refuse(f, "cannot be bound", e);
}

static bool
holds_bytes(enum enum_field_types type)
{
	return (type >= MYSQL_TYPE_TINY_BLOB && type <= MYSQL_TYPE_STRING) ||
	       type == MYSQL_TYPE_VARCHAR;
}

bool
bind_fits(const struct field *f, const MYSQL_FIELD *column)
{
	bool bytes = holds_bytes(column->type);

	switch (f->kind) {
	case FIELD_I64:
	case FIELD_U64:
	case FIELD_BOOL:
		return !bytes && column->type != MYSQL_TYPE_DATETIME;
	case FIELD_TIME:
		return column->type == MYSQL_TYPE_DATETIME || column->type == MYSQL_TYPE_TIMESTAMP;
	case FIELD_UUID:
		return bytes && column->charsetnr == 63 && column->length == 16;
	case FIELD_STR:
	case FIELD_BLOB:
	case FIELD_JSON:
	case FIELD_STRINGS:
		return bytes;
	case FIELD_ITEMS:
	case FIELD_OBJECT:
		break;
	}
	return false;
}
