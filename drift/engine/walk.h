/*
 * walk.h - the inside of a comparison: for the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_WALK_H
#define BSX_DRIFT_ENGINE_WALK_H

#include "core/base/chunks.h"
#include "core/base/index.h"
#include "drift/engine/diff.h"
#include "drift/engine/element.h"
#include "drift/engine/identity.h"
#include "drift/engine/matcher.h"
#include "drift/engine/trail.h"

struct walk;
struct place;
struct masked_places;

/* Gets every change instead of the diff (patch.c). */
typedef bool walk_note_fn(struct walk *w, const struct place *at, const struct json *old_value,
    const struct json *new_value);

struct diff_state {
	const struct compare_spec *spec;
	const struct rules        *rules;
	size_t                     cap;  /* of diff.changes */
	size_t                     stored[SEVERITY__MAX]; /* changes, by severity */
	enum severity              mildest; /* once there is no more room: of those that give way, and */
	size_t                     looked;  /* the end of those that may be among them; 0: none was looked for */
	bool                       naming;  /* trail_named() is at work */
	struct work               *work;    /* of the request */
	struct matcher            *matcher; /* of the rules */
	uint64_t                   marks; /* places made so far */
	size_t                     paths; /* bytes of the changes' paths */
	struct chunks              kept; /* what changes have of their own */
	uint64_t                   told;  /* diff.compared that work was spent for */
	struct trail              *trail;
	bool                       redacted; /* a mask is held against nothing */
	struct masked_places      *masked;   /* NULL: nobody asks (masked.h) */
	walk_note_fn              *note; /* NULL: changes are classified and stored */
	void                      *note_arg;
};

/* One resource being compared.  `tmp` lives as long as that. */
struct walk {
	struct diff           *d;
	TALLOC_CTX            *tmp;
	const struct resource *from, *to;
	struct compare_pick    arrays;
	struct rule_pick       rules;
	bool                   picked; /* rules: only when there is a change */
	struct buf             text; /* room used again and again */
	const struct json     *around[2][JSON_DEPTH_MAX + 1]; /* old, new: the values on the way here, by depth */
	const struct json     *hashed; /* the value whose hash is below: a counted element's is in its path too */
	uint8_t                hash[HASH_LEN];
	struct err            *e;
};

/* Where an element is. */
enum place_side { SIDE_BOTH, SIDE_OLD, SIDE_NEW };

enum place_kind { PLACE_ROOT, PLACE_MEMBER, PLACE_KEYED, PLACE_PAIRED, PLACE_COUNTED };

/* Where a value stands; a chain on the C stack up to the resource. */
struct place {
	const struct place *up;
	enum place_kind     kind;
	uint32_t            depth;        /* steps from the resource */
	uint64_t            mark;         /* its own, among all places of the diff */
	struct row           *here;         /* its row of walk.arrays */
	struct str          name;         /* member */
	uint32_t            old_i, new_i; /* element: index on each side that has it */
	const struct json  *element;      /* either side's; paired: the old side's */
	struct both        *both;         /* element: its arrays, where it may have other names; else NULL */
	enum place_side     side;         /* then */
	const struct keys  *keys;         /* keyed: what it is matched by */
	uint32_t            repeat;       /* paired, counted: 1 for the first such element with its text */
	bool                ordered;      /* the array's order counts: a patch puts what is new where it stands */
	const struct json  *before;       /* ordered, on one side only: the element before it there; NULL: it is the first */
	bool                before_keyed; /* `before` is known by `keys`, and no other element is by the same */
	bool                moved;        /* the element itself, to another place among the others */
	uint32_t            at_i, to_i;   /* ordered: where a patch finds it and puts it (diff_order.c) */
};

/* A place below another. */
struct place walk_place(struct walk *w, const struct place *up, enum place_kind kind);

/* There is no more room: only the worse are stored, and few ask for their texts (trail_named). */
bool walk_full(const struct walk *w);

/* Spends what was compared since the last time. */
MUST_USE bool walk_spend(struct walk *w);

/* The hash of a value at its place: the same for values that compare as equal; into w->hash. */
MUST_USE bool walk_hash(struct walk *w, const struct place *at, const struct json *v);

/* Records one change at `at`; NULL: the value is not on that side. */
MUST_USE bool walk_change(struct walk *w, const struct place *at, const struct json *old_value,
    const struct json *new_value);
MUST_USE bool walk_value(struct walk *w, const struct place *at, const struct json *a,
    const struct json *b);
MUST_USE bool walk_array(struct walk *w, const struct place *at, const struct json *a,
    const struct json *b);
/* masked.c: does the change say of two masked values that they differ?  Then notes it; hashes are
 * those of the change. */
bool          walk_is_masked(const struct walk *w, const struct place *at, const struct change *c);
MUST_USE bool walk_masked(struct walk *w, const struct place *at, const struct change *c,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value[static HASH_LEN]);

#endif
