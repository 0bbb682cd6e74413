/*
 * field.h - a struct's members, described once.
 *
 * JSON decoding with validation, JSON encoding, SQL binding, list filters,
 * configuration and the OpenAPI document read the same table.  The kind comes
 * from the member's type by _Generic, so type and description cannot differ.
 *
 *	struct user { struct uuid id; char *email; instant created_at; };
 *	static const struct field user_fields[] = {
 *		FIELD(struct user, id, .flags = FIELD_READ_ONLY, .doc = "Account number."),
 *		FIELD(struct user, email, .min = 3, .max = 254, .flags = FIELD_REQUIRED, .doc = "..."),
 *		FIELD(struct user, created_at, .doc = "When it was made."),
 *		FIELD_END
 *	};
 *	static const struct schema user_schema = SCHEMA("User", struct user, user_fields);
 *
 * Zero values: NULL strings, nil uuids, 0 instants of FIELD_NULLABLE members
 * stand for JSON null and SQL NULL.
 */
#ifndef BSX_JSON_FIELD_H
#define BSX_JSON_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include "core/json/json.h"
#include "core/base/str.h"
#include "core/base/uuid.h"

/* An instant: Unix milliseconds UTC; DATETIME(3) in SQL, RFC 3339 in JSON. */
typedef struct instant {
	int64_t ms;
} instant;

/* Bytes, e.g. sealed contents or hashes; never in JSON. */
struct blob {
	const uint8_t *p;
	size_t         n;
};

/* A JSON value as text, copied verbatim into an answer; in a body: the value as its tree. */
struct raw_json {
	const char        *text; /* valid JSON; NULL is null */
	const struct json *tree; /* filled by schema_decode; the body outlives it */
};

/* A list of structs, described by field.item. */
struct items {
	void  *p; /* n elements of field.item->size bytes */
	size_t n;
};

enum field_kind {
	FIELD_STR, FIELD_I64, FIELD_U64, FIELD_BOOL, FIELD_UUID, FIELD_TIME, FIELD_BLOB,
	FIELD_JSON, FIELD_STRINGS, FIELD_ITEMS,
	FIELD_OBJECT, /* a pointer to a struct described by field.item; NULL: absent */
};

enum field_flag {
	FIELD_REQUIRED = 1 << 0,  /* must be in the body */
	FIELD_NULLABLE = 1 << 1,  /* null is allowed, and is the zero value */
	FIELD_SECRET = 1 << 2,    /* never encoded into JSON nor logged */
	FIELD_READ_ONLY = 1 << 3, /* in answers only: unknown in a body */
	FIELD_OMIT_ZERO = 1 << 4, /* left out of an answer when it is the zero value */
	FIELD_FILTER = 1 << 5,    /* a list may be filtered by it */
	FIELD_SORT = 1 << 6,      /* a list may be sorted by it */
	FIELD_NO_JSON = 1 << 7,   /* SQL only */
	FIELD_NO_SQL = 1 << 8,    /* JSON only */
	FIELD_FRESH =
	    1 << 9, /* a session that names it in a body must have proved who it is not long ago */
	FIELD_SEEN = 1 << 10, /* a text for people: a new one can be seen (unless it may be empty, and is), and is kept in NFC without the blanks around it */
	FIELD_OPEN = 1 << 11, /* the choices are not all: another word is allowed too */
};

struct schema;

struct field {
	const char          *name;   /* member name in JSON and column name in SQL */
	const char          *doc;    /* one sentence */
	enum field_kind      kind;
	uint32_t             flags;
	size_t               offset;
	int64_t              min;    /* strings: bytes; lists: items; integers: value */
	int64_t              max;    /* 0 with min 0: the kind's default limit (strings 65,535 bytes) */
	const char *const   *choices; /* strings: allowed values, NULL-terminated; NULL: any */
	const struct schema *item;   /* FIELD_ITEMS, FIELD_OBJECT */
	const char          *format; /* OpenAPI "format" of a string, e.g. "email", "uri"; checked where known */
};

struct schema {
	const char         *name;   /* OpenAPI component name, UpperCamelCase */
	const struct field *fields; /* ended by FIELD_END */
	size_t              size;   /* sizeof the struct */
	ptrdiff_t           given;  /* offset of a uint64_t that gets bit i when field i was in the body; -1: none */
	/*
	 * One of several objects, told apart by a word, which is the only field here: choices[i] of it
	 * says that the object is described by variants[i], whose struct begins with that word too.  For
	 * FIELD_OBJECT only.  Where the word is FIELD_OPEN one variant more describes those with another word.  In the contract it is one object with the members of all of them; what two
	 * of them call the same should mean the same.
	 */
	const struct schema *const *variants; /* as many as choices; NULL: it is itself */
};

#define FIELD_KIND(T, m) _Generic(((T *)0)->m, \
	char *: FIELD_STR, const char *: FIELD_STR, \
	int64_t: FIELD_I64, uint64_t: FIELD_U64, bool: FIELD_BOOL, \
	struct uuid: FIELD_UUID, instant: FIELD_TIME, struct blob: FIELD_BLOB, \
	struct raw_json: FIELD_JSON, struct strings: FIELD_STRINGS, struct items: FIELD_ITEMS, \
	default: FIELD_OBJECT)

#define FIELD(T, m, ...) \
	{ .name = #m, .kind = FIELD_KIND(T, m), .offset = offsetof(T, m), __VA_ARGS__ }
/* The wire name differs from the member, e.g. "2fa_enabled" or "new". */
#define FIELD_AS(T, m, wire, ...) \
	{ .name = wire, .kind = FIELD_KIND(T, m), .offset = offsetof(T, m), __VA_ARGS__ }
/* A column or parameter of a statement: nothing else is said of it. */
#define COLUMN(T, m)               FIELD(T, m, .flags = FIELD_NO_JSON)
#define COLUMN_NULL(T, m)          FIELD(T, m, .flags = FIELD_NO_JSON | FIELD_NULLABLE)
#define COLUMN_AS(T, m, wire)      FIELD_AS(T, m, wire, .flags = FIELD_NO_JSON)
#define COLUMN_AS_NULL(T, m, wire) FIELD_AS(T, m, wire, .flags = FIELD_NO_JSON | FIELD_NULLABLE)
#define FIELD_END { .name = NULL }

#define SCHEMA(title, T, table) \
	{ .name = title, .fields = table, .size = sizeof(T), .given = -1 }
#define SCHEMA_GIVEN(title, T, table, m) \
	{ .name = title, .fields = table, .size = sizeof(T), .given = (ptrdiff_t)offsetof(T, m) }
#define SCHEMA_VARIANTS(title, T, table, list) \
	{ .name = title, .fields = table, .size = sizeof(T), .given = -1, .variants = list }

/* Bit of a member in `given`: index of the field with that wire name. */
uint64_t schema_bit(const struct schema *s, const char *name);
/* The variant of that word; `s` itself: it has none, or not this one. */
const struct schema *schema_variant(const struct schema *s, struct str word);
/* The i-th member of a schema and its variants, each name once; NULL: there are no more. */
const struct field *schema_member(const struct schema *s, size_t i);

#endif
