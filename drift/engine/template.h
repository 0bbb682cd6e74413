/*
 * template.h - a list of resources with %variables%, and what one place has otherwise.
 *
 * In the string values and the keys of a template
 *
 *	%name%   is a reference, where name is [A-Za-z][A-Za-z0-9_]*
 *	%%       is one percent sign
 *
 * read from left to right; every other percent sign is itself ("100%", "50% of", "%1").  A string
 * value that is one reference and nothing else becomes the variable's value, of any type.  Inside
 * a longer string, and in a key, it is the variable's text: that of a string, a number as it was
 * written, true or false; null, arrays and objects have none and are refused there.  What a
 * variable brings is never looked at again, so that a value may hold %x%.  Categories and member
 * names are taken as they are.
 *
 * The strings of a template are those of a normal form (resource.h): a mask stands for itself.  So
 * that nothing from outside may pass for one, no string of a template that was given, of a variable
 * or of a difference may hold U+0000.
 *
 * Differences change rendered resources: each is one operation of a JSON Patch (RFC 6902) on the
 * value of a resource, or with the path "" on the resource itself, which need not be there for
 * `add` and is no more after `remove`.  Those of one resource are applied in their order.
 */
#ifndef BSX_DRIFT_ENGINE_TEMPLATE_H
#define BSX_DRIFT_ENGINE_TEMPLATE_H

#include "drift/engine/resource.h"

#define TEMPLATE_NAME_MAX   64         /* bytes of a variable's name */
#define TEMPLATE_GROWTH_MAX (16 << 20) /* bytes that all variables together may bring */

struct template_variable {
	struct str         name;
	const struct json *value; /* NULL: none */
};

/* Resources with references in them, and what they refer to. */
struct template {
	const struct resource          *resources;
	size_t                          n;
	const struct template_variable *variables; /* names different, well-formed */
	size_t                          variables_n;
};

bool template_is_name(struct str name);

/*
 * A template as it is made, with the defaults of its variables.
 * Faults point at "/resources/<i>/...": a reference to a variable that is not declared, or in a
 * text to one whose default has no text; unless it is RESOURCE_STORED also U+0000, and "[masked]",
 * as which a masked value is shown and which it therefore cannot be given as.
 */
MUST_USE bool template_check(TALLOC_CTX *mem, const struct template *t, enum resource_origin from,
    struct work *work, struct err *e);
/* The same for one value from outside: U+0000 and "[masked]" with a fault below `pointer`. */
MUST_USE bool template_check_value(
    TALLOC_CTX *mem, const struct json *v, const char *pointer, struct err *e);

/*
 * *out: an array of t->n, owned by `mem`, that shares what has no reference in it with the template.
 * Faults point at "<root>/<variable>".  Nobody has looked yet whether two resources have become
 * one.
 */
MUST_USE bool template_render(TALLOC_CTX *mem, const struct template *t, const char *root,
    struct resource **out, struct work *work, struct err *e);

/* As much of a string as makes a reference or a percent sign is doubled: rendered, it is `s` again.
 */
MUST_USE bool template_quote(TALLOC_CTX *mem, struct str s, struct str *out, struct err *e);
MUST_USE bool template_quote_value(
    TALLOC_CTX *mem, const struct json *v, struct json *out, struct err *e);

enum difference_op { DIFFERENCE_ADD, DIFFERENCE_REPLACE, DIFFERENCE_REMOVE };
bool difference_op_parse(const char *word, enum difference_op *op);

struct difference {
	struct str         category, key;
	struct str         path;
	enum difference_op op;
	const struct json *value; /* NULL: DIFFERENCE_REMOVE */
	const char        *why;   /* NULL: it applies; given: it is passed over */
};

struct differences {
	struct difference *at;
	size_t             n;
	const char        *root; /* one that does not apply is a fault at "<root>/<i>/path"; NULL: its `why` is set */
};

/* Changes the list, which has room for *n + d->n resources; it is in order of category and key then. */
MUST_USE bool template_differ(TALLOC_CTX *mem, struct resource *list, size_t *n,
    const struct differences *d, struct work *work, struct err *e);

#endif
