/*
 * norm.h - the inside of resource_normalise (resource.h): for its files only.
 *
 * normalise.c walks the value, norm_place.c says what is to be done at a place, norm_mask.c masks, norm_name.c masks
 * what names a value.
 */
#ifndef BSX_DRIFT_ENGINE_NORM_H
#define BSX_DRIFT_ENGINE_NORM_H

#include "core/base/chunks.h"
#include "drift/engine/compare_priv.h"
#include "drift/engine/resource.h"

/* What is to be done at a place: bit 1 << enum normaliser, and what names and contents say. */
#define DO(how)    (1u << (how))
#define REMOVES    (DO(NORMALISE_IGNORE) | DO(NORMALISE_EMPTY_IS_ABSENT))
#define BLANK(how) (DO(how) << NORMALISER__MAX) /* of REMOVES: to an element named by its index */
#define ENTRIES    (DO(NORMALISER__MAX) - 1)
#define TRANSFORMS (ENTRIES & ~(REMOVES | DO(NORMALISE_MASK) | DO(NORMALISE_UNMASK)))

/* Edition 2, of a place: strings here and in a list here are secret; secret unless parts of them are. */
#define SECRET     (1u << 31)
#define CONNECTION (1u << 30)
#define IN_DATA    (1u << 29) /* what is below are the members of a Secret's data */
#define IN_LIST    (1u << 28) /* it is in a list of Secrets that do not say their kind */
/* Of a name: what is still to be asked of the object that has it. */
#define IS_VALUE   (1u << 27) /* the value of a pair */
#define IS_DATA    (1u << 26)
#define IS_ITEMS   (1u << 25)
#define ASKS       (IS_VALUE | IS_DATA | IS_ITEMS)
/* Of a name: what it holds is ignored if it is a scalar. */
#define IGNORE_SCALAR (1u << 23)
/* Of a name: it may hold a secret itself (norm_name). */
#define HIDES (1u << 22)
/* Masked by its path and unmasked: what is in objects here is masked all the same. */
#define MASK_BELOW (1u << 24)
#define GOES_DOWN  (SECRET | CONNECTION | DO(NORMALISE_UNMASK)) /* to strings of a list, what is unmasked to all but objects */

/* What the entries by name say about a member; names come again and again, so it is kept. */
struct known {
	struct str name; /* p == NULL: nothing kept */
	unsigned   todo;
	uint32_t   times; /* since it is kept */
};
#define KNOWN 128

struct norm {
	TALLOC_CTX                  *mem;
	struct chunks                room; /* for the nodes and texts that are made */
	const struct compare_spec   *spec;
	const struct resource       *r;
	enum resource_origin         from;
	bool                         second; /* edition 2: secrets by name, pair and content */
	bool                         masks;  /* some were met or made */
	struct compare_pick          pick;
	const struct compare_entry **speaking; /* room for all */
	struct work                 *work;
	uint64_t                     looked; /* bytes of texts in which secrets were looked for, unpaid */
	struct err                  *e;
	unsigned                     depth; /* open containers */
	struct known                 known[KNOWN];
	unsigned                     named; /* all that is to be done by entries by name */
};

/* A value's place: its row of patterns, the member that holds it (p == NULL: none), what is to be
 * done, and the place of what it is in. */
struct spot {
	struct row        *here;
	struct str         name;
	unsigned           todo;
	const struct spot *up; /* NULL: it is the resource */
};

/* ---- norm_place.c ---- */

struct spot norm_root(struct norm *n);
/* *at: of v->items[i], `v` being the value at `up`; an element's index is the one it gets. */
void norm_member(struct norm *n, const struct spot *up, const struct json *v, uint32_t i, struct spot *at);
void norm_element(struct norm *n, const struct spot *up, const struct json *element, uint32_t index, struct spot *at);
/* The entries that transform what is there, in their order, into n->speaking; how many. */
uint32_t norm_speaking(struct norm *n, const struct spot *at);
/* Counts what was met by name. */
void norm_met(const struct norm *n);

/* ---- norm_mask.c ---- */

/* How many secrets a value is known to hold by its content; 0 for what is no string, or a mask. */
size_t norm_secrets(struct norm *n, const struct json *v);
/* Is it a string, not masked, that holds none by its content? */
bool norm_is_plain(struct norm *n, struct str text);
/* Masks a scalar, escapes it, or leaves it (*changed false). */
MUST_USE bool norm_scalar(
    struct norm *n, const struct json *v, unsigned todo, struct json *out, bool *changed);
/* Are there secrets in a text?  Then *mark is what stands for it. */
MUST_USE bool norm_parts(struct norm *n, struct str text, struct json *mark, bool *found);

/* ---- norm_name.c ---- */

/* Is norm_name to be asked? */
bool norm_hides(struct str name);
/* A member's name without the secrets in it; `at`: its place. */
MUST_USE bool norm_name(struct norm *n, const struct spot *at, struct str *name);
/* The same of a resource's category and key. */
MUST_USE bool norm_resource(struct norm *n, struct resource *r);

#endif
