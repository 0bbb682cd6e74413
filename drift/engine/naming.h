/*
 * naming.h - what masks are called in a document that a patch is applied to, and in the patch: for the files of this
 * room only.
 *
 * A name is a keyed hash of the mask, of the owner of the spec (compare_bind), of the document or patch it is printed
 * for, of the resource, and of its place there.  So who sets values in other places of a resource, of which he sees
 * the names, does not see there which of them is the value of this one; and names of two patches say nothing of one
 * another: each guess at one place is a value that has to be set there, which masked.h counts.
 *
 * The place is the names on the way; an element of an array is, wherever it stands, what it is known by itself: the
 * first of its identities (identity.h) that is not masked, or "*" without one.  Elements without one, or of one and
 * the same, share their place: those are counted, or paired by likeness, and masked.h counts them as guesses at their
 * array.  Where both sides of an element that was matched are known by different identities, the patch replaces all of
 * it (patch.c): its names are others on both sides.
 */
#ifndef BSX_DRIFT_ENGINE_NAMING_H
#define BSX_DRIFT_ENGINE_NAMING_H

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "drift/engine/resource.h"

struct naming {
	const struct compare_spec *spec;
	struct str                 of; /* what it is printed for; empty: documents alone */
};

/* A place; its hash is made when it is asked for, once. */
struct naming_place {
	struct naming_place *up; /* NULL: the resource; done then */
	struct str           name;
	const struct json   *element; /* NULL: a member, called `name` */
	bool                 done;
	uint8_t              hash[HASH_LEN];
};

struct naming_place naming_root(const struct naming *n, const struct resource *r);
struct naming_place naming_member(struct naming_place *up, struct str name);
struct naming_place naming_element(struct naming_place *up, const struct json *element);

/* Appends a mask as a JSON string, called as it is there. */
void naming_print(
    struct buf *out, const struct naming *n, struct naming_place *at, struct str mark);

/* at->hash is there then. */
MUST_USE bool naming_hash(
    TALLOC_CTX *mem, const struct naming *n, struct naming_place *at, struct err *e);

/* Are both elements known by the same, or by nothing? */
MUST_USE bool naming_same(
    TALLOC_CTX *mem, const struct json *a, const struct json *b, bool *yes, struct err *e);

/* Appends a value at a place. */
void naming_print_value(struct buf *out, const struct naming *n, struct naming_place *at, const struct json *v);

#endif
