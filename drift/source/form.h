/*
 * form.h - texts of a source pack with blanks in them: paths, queries, headers, bodies.
 *
 *	{name}    the value of a parameter
 *	{@host}   the base URL of a host
 *	{/a/b}    what stands at that JSON Pointer in the item that something is read for: a text, a number, true or false
 *	{^/a/b}   the same in the item that this one was read for; each ^ is one further
 *	{{ }}     one brace each
 *	{+/a/b}   either, which in a path may hold / \ and ; too (percent-encoded)
 *
 * What is filled in is written as the place wants it, and is never looked at again: no value can leave its place.
 */
#ifndef BSX_DRIFT_SOURCE_FORM_H
#define BSX_DRIFT_SOURCE_FORM_H

#include "core/json/field.h"

#define FORM_TEXT_MAX  4096
#define FORM_BLANKS_MAX 32
#define FORM_DEPTH_MAX 3 /* items above each other */

enum form_blank { FORM_TEXT, FORM_PARAMETER, FORM_HOST, FORM_ITEM };

struct form_part {
	enum form_blank kind;
	struct str      text; /* FORM_TEXT: it; FORM_ITEM: the pointer */
	bool            slashes; /* FORM_ITEM: it may hold / \ and ; in a path */
	uint32_t        at;   /* FORM_PARAMETER, FORM_HOST: which; FORM_ITEM: how many items above */
};
struct form {
	struct form_part *parts;
	uint32_t          n;
};

/* What blanks may name. */
struct form_names {
	const struct str *parameters, *hosts;
	size_t            parameters_n, hosts_n;
	uint32_t          depth; /* items that there are */
};

/* ERR_INVALID with one fault at `at`.  Points into `text` and into `mem`. */
MUST_USE bool form_parse(TALLOC_CTX *mem, struct str text, const struct form_names *names,
    const char *at, struct form *out, struct err *e);

struct form_item {
	const struct json      *v;
	const struct form_item *up; /* NULL: it was read for none */
};
struct form_values {
	const struct str       *parameters, *hosts; /* in the order of the names; p NULL: not given */
	const struct form_item *item;
};

enum form_place {
	FORM_IN_PATH,   /* percent-encoded; empty, "." and "..", and of an item / \ ; and control characters are refused */
	FORM_IN_QUERY,  /* percent-encoded, also what stands between the blanks */
	FORM_IN_HEADER, /* as it is; CR, LF and NUL are refused */
	FORM_IN_JSON,   /* as it is inside a string, which is not finished here: of the whole, as text */
};

/* ERR_INVALID whose public text says what could not be filled in, for people. */
MUST_USE bool form_fill(struct buf *out, const struct form *f, const struct form_values *v,
    enum form_place place, struct err *e);

#endif
