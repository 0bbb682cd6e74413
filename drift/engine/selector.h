/*
 * selector.h - how a document is cut into resources.
 *
 * A selector says where the array of resources stands, and what of each element is its key and its
 * category:
 *
 *	{"resources": "/value", "key": "id", "category": "policies"}
 *	{"resources": "/items", "key": ["/metadata/namespace", "/metadata/name"],
 *	 "category": ["/apiVersion", "/kind"]}
 *
 * A part is a place in the element: a text that begins with `/` is a JSON Pointer (RFC 6901), another
 * the name of a member.  `key` is one part or a list of them; `category` is a fixed text, a pointer,
 * or a list of pointers.  What stands at a part is a string, or a number without fraction and
 * exponent, whose text it is: "7" and 7 are one key, as in a URL.
 *
 * One part is taken as it is.  Several are joined with `/`, in each `~` written as `~0` and `/` as
 * `~1`, as in a pointer, so that different parts never make one text: `kube-system/coredns`,
 * `apps~1v1/Deployment`.  Of several, one that is not there or null is empty (`/admin`: of no
 * namespace), as long as another is there.
 */
#ifndef BSX_DRIFT_ENGINE_SELECTOR_H
#define BSX_DRIFT_ENGINE_SELECTOR_H

#include "drift/engine/resource.h"

#define SELECTOR_PARTS_MAX   8
#define SELECTOR_PART_MAX    256  /* bytes of a name or pointer */
#define SELECTOR_POINTER_MAX 1024 /* bytes of the pointer to the array */

/* One place in an element. */
struct selector_part {
	struct str  pointer; /* JSON Pointer */
	struct str *steps;   /* its steps, unescaped */
	uint32_t    n;       /* >= 1 */
};
struct selector_parts {
	struct selector_part *items;
	uint32_t              n;
};

struct resource_selector {
	struct str            resources; /* JSON Pointer to the array; "": the document is it */
	struct selector_parts key;       /* n >= 1 */
	struct selector_parts category;  /* n == 0: `fixed` is that of all */
	struct str            fixed;     /* RESOURCE_CATEGORY_DOCUMENT when nothing is said */
};

/* What a config says; NULL: nothing. */
struct selector_text {
	const char        *resources;
	const struct json *key, *category;
};

/*
 * Checks and compiles it; *out points into `in` and into `mem`.  Faults (ERR_INVALID) stand at
 * `at` + "/resources", "/key" or "/category".  Refused is what could never be a key: the element
 * itself, a pattern, the place behind an array's end, the same part twice.
 */
MUST_USE bool selector_compile(TALLOC_CTX *mem, const struct selector_text *in, const char *at,
    struct resource_selector *out, struct err *e);

/* The text at one part of an element, p NULL: nothing is there, or null.  False: what is there is no text and no integer. */
bool selector_text(const struct selector_part *p, const struct json *element, struct str *out);

/*
 * Cuts `document` into resources (*out: array of *n, owned by `mem`, pointing into the document).
 * `s` NULL: one resource, category "document", key "".  Faults (ERR_INVALID) point at the element
 * that has no key or category, one of a wrong type or length, or those of an element before it.
 */
MUST_USE bool resource_split(TALLOC_CTX *mem, const struct json *document,
    const struct resource_selector *s, struct resource **out, size_t *n, struct err *e);

#endif
