/*
 * schema.h - JSON <-> struct by field table, and the table as OpenAPI.
 *
 * Decoding reads our own tree (base/json) and collects one fault per wrong
 * member (ERR_INVALID with e->faults): unknown member, missing, wrong type,
 * too short, too long, out of range, not one of the choices, U+0000 inside a
 * string.  Encoding goes through json-c; FIELD_SECRET members never come out.
 *
 * Limits where the table gives none: strings 65,535 bytes, FIELD_STRINGS 1,000
 * and FIELD_ITEMS 10,000 elements.  Strings count bytes; control characters
 * other than TAB and LF are refused.  Integers are written without fraction or
 * exponent.  Formats that are checked: "email", "uri" (http or https).
 *
 * An instant that is there is not 0, which stands for none: 1970-01-01T00:00:00Z is read as a millisecond later.
 *
 * null: NULLABLE members get their zero value (and their bit in `given`); a
 * FIELD_JSON member takes null as the value it is.  schema_encode prints NULL
 * strings, objects and raw_json as null always, nil uuids and 0 instants when
 * the member is NULLABLE; a raw_json without text is printed from its tree.
 */
#ifndef BSX_JSON_SCHEMA_H
#define BSX_JSON_SCHEMA_H

#include "core/json/field.h"

/*
 * Fills *out (zeroed by the callee, s->size bytes); strings are talloc children of `mem`, those of
 * FIELD_SECRET members wipe themselves when freed.  Of many faults the first SCHEMA_FAULTS_MAX are told.
 */
#define SCHEMA_FAULTS_MAX 32
MUST_USE bool schema_decode(TALLOC_CTX *mem, const struct schema *s, const struct json *v,
    void *out, struct err *e);

/* The same of what somebody gives now, and not of what was kept before there was that rule: FIELD_SEEN counts. */
MUST_USE bool schema_decode_new(TALLOC_CTX *mem, const struct schema *s, const struct json *v,
    void *out, struct err *e);

/* The same of what was kept, perhaps by a program that is newer: members that are not known are passed over.  Pointers as below. */
MUST_USE bool schema_decode_kept(TALLOC_CTX *mem, const struct schema *s, const struct json *v,
    const char *pointer, void *out, struct err *e);

/* The same with pointers starting at `pointer` ("" for a body, "/rules/3" inside one). */
MUST_USE bool schema_decode_at(TALLOC_CTX *mem, const struct schema *s, const struct json *v,
    const char *pointer, void *out, struct err *e);

/* Appends the object `in` as JSON text. */
MUST_USE bool schema_encode(struct buf *b, const struct schema *s, const void *in, struct err *e);

/* Appends the OpenAPI 3.1 (JSON Schema 2020-12) object of the table: as a request body or as an answer. */
enum schema_side { SCHEMA_BODY, SCHEMA_ANSWER };
void schema_openapi(struct buf *b, const struct schema *s, enum schema_side side);
/* The same of one member alone, e.g. for a query parameter. */
void schema_openapi_field(struct buf *b, const struct field *f, enum schema_side side);
/* The member is in that side's object: not SQL only, no secret in an answer, nothing read-only in a body. */
bool schema_shows(const struct field *f, enum schema_side side);
/*
 * Name of its component: NAME as an answer, NAMEInput as a body (the two differ: read-only members,
 * what is required, additionalProperties).  schema_openapi refers to nested schemas as
 * "#/components/schemas/" + this name of the same side.
 */
void schema_component(struct buf *b, const struct schema *s, enum schema_side side);
/*
 * Appends an example of it, which fits its JSON Schema; a body has its required members, or all when none is.
 */
void schema_example(struct buf *b, const struct schema *s, enum schema_side side);
/* Calls f for each schema that `s` itself refers to on that side (not deeper; one may come twice). */
void schema_refs(const struct schema *s, enum schema_side side,
    void (*f)(void *arg, const struct schema *item), void *arg);

/* Wipes the FIELD_SECRET strings of a decoded struct. */
void schema_wipe(const struct schema *s, void *in);

#endif
