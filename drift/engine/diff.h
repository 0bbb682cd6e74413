/*
 * diff.h - the changes between two snapshots, one resource at a time.
 *
 *	struct diff *d = diff_make(mem, spec, rules, work, e);
 *	for each resource of either side whose content hash differs:
 *		diff_resource(d, old or NULL, new or NULL, e)
 *	d->changes[0 .. d->n), d->summary
 *
 * How changes are counted: different types are one `modified` (integer and real
 * are one type, true and false another, null a third); an object member on one side only is
 * one `created` or `deleted` with its whole subtree; a resource or keyed element
 * on one side only is one; in a multiset each surplus occurrence on either side
 * is one; scalars that differ are one `modified`.  A resource on one side only
 * is one change with path "".
 *
 * Numbers compare by value, exactly: 1, 1.0 and 1e0 are equal, 1e400 and 1e500
 * are not.  Strings compare by bytes, instants by the instant (compare.h).  Nothing here is quadratic in the size of
 * an array or object.
 *
 * The values of a change point into the two normal forms, which must outlive it
 * (show them with resource_print).  Of more than
 * DIFF_STORED_MAX changes the worst are stored; all are counted and classified.
 *
 * Paths are bounded.  Shortened are: a step (a member's name, or the key of an element) of more than
 * CHANGE_STEP_MAX bytes, to its first CHANGE_STEP_HEAD bytes; a path of more than CHANGE_PATH_MAX
 * bytes, or one for which DIFF_PATHS_MAX has no more room, to its first CHANGE_PATH_HEAD bytes.  What
 * is left ends in "…~#" and 16 hex digits of a keyed hash of all of it.  In a JSON Pointer "~" is
 * followed by 0 or 1 (RFC 6901): such a text is none, points nowhere, and equals no path.  A
 * fingerprint is made of the canonical path as it is up to CHANGE_PATH_MAX bytes, long steps
 * shortened; of a longer one, of its hash; it does not depend on how much room there was.
 */
#ifndef BSX_DRIFT_ENGINE_DIFF_H
#define BSX_DRIFT_ENGINE_DIFF_H

#include "drift/engine/compare.h"

#define CHANGE_FORMERS_MAX 8
#define DIFF_STORED_MAX  50000
#define CHANGE_STEP_MAX  1024
#define CHANGE_STEP_HEAD 64
#define CHANGE_PATH_MAX  8192
#define CHANGE_PATH_HEAD 256
#define DIFF_PATHS_MAX   (16 << 20) /* bytes of all paths of a diff; short ones stand beyond it */

struct change {
	struct str         category, key;    /* of the resource; borrowed from it */
	enum change_op     op;
	enum severity      severity;
	struct str         path;             /* JSON Pointer into the new value, the old one when deleted */
	struct str         canonical_path;   /* keyed element: [member=<canonical text>] or, of a masked or long
						one, [member=#<16 hex>]; multiset: [#<16 hex>] */
	const struct json *old_value;        /* NULL: created */
	const struct json *new_value;        /* NULL: deleted */
	const char        *rule;             /* which rule decided; "default" */
	const char        *reason;           /* "" when none */
	struct str         rule_place;       /* JSON Pointer from its path to the place inside that the rule
						decided by; "": its own (rules.h) */
	const struct strings *controls;      /* what the rule names; NULL: none; as long as the rules */
	uint64_t           raisers;          /* rules that raise it by who made it, where they hold (rules.h) */
	struct str         renamed_from;     /* created: the key of the deleted resource that it is like
						(rename.h), set by who compares whole snapshots; p NULL: of none */
	enum severity      renamed_severity; /* then: the worst of both and of what differs inside */
	bool               shortened;        /* its path is */
	bool               judged_partly;    /* the work ended before every place inside was judged */
	uint32_t           formers;          /* how many fingerprints `former` holds */
	const uint8_t     *former; /* the fingerprints it may have been known by, HASH_LEN bytes each: by the
				      names that its path's elements had without hashes of masked and long
				      values, and by their other identities (former.h); NULL: none */
	const uint8_t     *former_value; /* where the old value is a mask and the new one is clear: the value hash that the
				      new one would have as a mask; else NULL */
	uint8_t            fingerprint[HASH_LEN]; /* of (category, key, canonical path, op): no values */
	uint8_t            value_hash[HASH_LEN];  /* of the new value; deleted: of "gone"; where an array's order
						counts (ordered, list), of what stands before the element too: who accepts
						one behind another has not accepted it in front */
};

/* An array whose elements have no key in common: they were matched each by its own, by likeness, or not
 * at all.  Of a category: what was not looked for in it. */
struct diff_note {
	struct str category, key; /* of the resource; key "": or of all of the category */
	struct str path;          /* JSON Pointer into the new value, shortened as that of a change */
	struct str text;          /* "1 element has no Sid" */
};
#define DIFF_NOTES_MAX 50 /* further ones are not kept */

struct diff_summary {
	int64_t created, modified, deleted, moved; /* counted changes */
	int64_t by_severity[SEVERITY__MAX];
	int64_t ignored;                       /* left out by a rule: in no other number */
	int64_t score;                         /* sum of the severities' weights */
	enum severity max_severity;            /* SEVERITY_INFO when there are none */
};

struct diff {
	struct change      *changes;           /* child of the diff */
	size_t              n;
	size_t             *replaced;          /* where a worse one has taken the place of another since the
						  last diff_detach; a place may stand twice */
	size_t              replaced_n;
	size_t              shortened;         /* changes of them with a path that is */
	struct diff_summary summary;
	struct diff_note   *notes;             /* child of the diff */
	size_t              notes_n;
	uint32_t           *rule_hits;         /* by its index: how many changes each rule decided, or, one that ignores, places it took out */
	uint64_t            compared;          /* values, elements and names held against each other so far */
	struct diff_state  *state;             /* private */
};

/* `rules` NULL: every change has the default severity.  `spec` and `rules` must outlive it. */
MUST_USE struct diff *diff_make(TALLOC_CTX *mem, const struct compare_spec *spec,
    const struct rules *rules, struct work *work, struct err *e);

/*
 * Adds the changes from `from` to `to` (NULL: not on that side; both NULL: nothing).  Both are in
 * normal form; category and key are those of the side that is there, and equal when both are.
 */
MUST_USE bool diff_resource(struct diff *d, const struct resource *from,
    const struct resource *to, struct err *e);

/*
 * The values of the changes from `first` on, and of the replaced, no longer point into what was compared, which may go: a
 * number that is not long is copied, any other value is NULL.  Their op stays what it is.
 */
MUST_USE bool diff_detach(struct diff *d, size_t first, struct err *e);

/* Both sides of what is compared are redacted (redact.h): where one has a masked value, what the
 * other has in that place is not held against it. */
void diff_redacted(struct diff *d);

/* Elements of arrays are known by such a member when nothing else is said: it is a name, or stands for one. */
bool diff_identity(struct str member);

/* Adds a note on resources of a category. */
MUST_USE bool diff_note_category(
    struct diff *d, struct str category, const char *text, struct err *e);

/* Its notes as an array of {category, key, path, note}; no text: there are none. */
MUST_USE bool diff_notes_print(
    TALLOC_CTX *mem, const struct diff *d, struct raw_json *out, struct err *e);

/* Counted changes: created + modified + deleted + moved.  A report is `drifted` from 1. */
int64_t diff_count(const struct diff_summary *s);

#endif
