/*
 * json.h - the strict JSON reader, and canonical text.
 *
 * The only reader of outside text.  RFC 8259 grammar, strict UTF-8, no lone
 * surrogates, no duplicate member names (compared unescaped, by length), depth
 * <= JSON_DEPTH_MAX.  A fault is ERR_MALFORMED; its public text carries the
 * byte offset and the JSON Pointer of the place.
 *
 * Ownership: the whole tree is one talloc subtree of `mem`; strings without
 * escapes and all numbers point into the source text, which must outlive it.
 *
 * Memory: 24 bytes a value and 16 a member name (objects alike share theirs, which nobody writes to), twice that
 * while reading; a text of more than JSON_VALUES_MAX values is ERR_TOO_LARGE, so that a small body of "[0,0,0..."
 * cannot take a host's memory.
 */
#ifndef BSX_JSON_JSON_H
#define BSX_JSON_JSON_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

#define JSON_DEPTH_MAX  128
#define JSON_VALUES_MAX 2000000

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	uint32_t       n; /* members or elements; 0 for scalars */
	union {
		struct str text; /* string: unescaped UTF-8 (may hold U+0000); number: as in the source */
		struct {
			struct json *items; /* array: n elements; object: n values, in source order */
			struct str  *names; /* object: n unescaped member names, parallel to items */
		};
	};
};

/* Parses one UTF-8 JSON text (no BOM: RFC 8259 section 8.1 lets a reader ignore one, which json_decode does). */
MUST_USE struct json *json_parse(TALLOC_CTX *mem, struct str text, struct err *e);

/*
 * The encoding of a JSON text by its first bytes: a BOM, or else where the zeros are, as the first character is ASCII
 * and none is U+0000.  What is none of them counts as UTF-8, and fails when it is read.
 */
enum json_encoding { JSON_UTF8, JSON_UTF16_LE, JSON_UTF16_BE, JSON_UTF32 };
enum json_encoding json_encoding(struct str bytes);
/*
 * Decodes what a document may arrive in (UTF-8, UTF-16 LE or BE, each with or without BOM) to UTF-8; UTF-32 is
 * ERR_MEDIA_TYPE with a sentence.  The answer may alias the input.
 */
MUST_USE bool json_decode(TALLOC_CTX *mem, struct str bytes, struct str *utf8, struct err *e);
/* The same to at most `max` bytes: UTF-16 may be longer as UTF-8.  ERR_TOO_LARGE. */
MUST_USE bool json_decode_max(
    TALLOC_CTX *mem, struct str bytes, size_t max, struct str *utf8, struct err *e);
/* The same of what must be UTF-8: a BOM is left out, UTF-16 is ERR_MEDIA_TYPE too. */
MUST_USE bool json_decode_utf8(struct str bytes, struct str *utf8, struct err *e);

const struct json *json_get(const struct json *object, const char *name); /* NULL: not there, or no object */
const struct json *json_at(const struct json *root, struct str pointer);  /* RFC 6901; NULL: nothing there */
/* One step of a pointer, escaped as it stands there. */
const struct json *json_child(const struct json *v, struct str step);
bool json_is_bool(const struct json *v);

/* Appends one step to a JSON Pointer: "/" and the name with ~ and / escaped. */
void json_pointer_add(struct buf *pointer, struct str name);

/* Exact text of a value as JSON (members in source order, numbers as written). */
void json_print(struct buf *b, const struct json *v);

/*
 * Canonical text: UTF-8, members by bytes, no spaces, minimal escapes, numbers
 * as coefficient without trailing zeros + `e` + exponent, never expanded.
 * Equal values (1, 1.0, 1e0) have equal text, different ones different text.
 * Numbers with |exponent| > 10^9 or > 4,096 digits: ERR_INVALID.
 */
MUST_USE bool json_canonical(struct buf *b, const struct json *v, struct err *e);

/* The parts of it: one number (false: beyond the limits), one string with its quotes. */
#define JSON_NUMBER_DIGITS_MAX   4096
#define JSON_NUMBER_EXPONENT_MAX 1000000000
/* [+-]?[0-9]+ up to `end`: what is beyond the limit is only known to be beyond. */
int64_t       json_number_exponent(const char *p, const char *end);
void          json_canonical_string(struct buf *b, struct str s);

#endif
