/*
 * identity.h - what an element of an array is known by: for the files of this room only.
 *
 * Either the members that a config names, or the first identity of a list that serves.  Identities
 * have ranks, from 0 in the order they are tried.  The first of the second edition is not one member
 * but four: the group of `apiVersion` (what is before its "/"; else empty), `kind`,
 * `metadata.namespace` (else empty) and `metadata.name`, as Kubernetes tells its objects apart.
 */
#ifndef BSX_DRIFT_ENGINE_IDENTITY_H
#define BSX_DRIFT_ENGINE_IDENTITY_H

#include "core/base/buf.h"
#include "core/json/json.h"
#include "drift/engine/compare_priv.h"

enum keys_kind {
	KEYS_MEMBER,  /* one member: a string or a number; in the first edition an integer */
	KEYS_INTEGER,
	KEYS_FOUR,
	KEYS_SPEC,    /* members that a config names, or pointers into the element: any scalars */
};

/* What elements are matched by, all of it together. */
struct keys {
	const struct str *names; /* as they are called in paths */
	uint32_t          n;
	enum keys_kind    kind;
};

#define IDENTITY_RANKS 80

/* The identities that an object has members for, by rank, the first first; how many.  Whether it has
 * them indeed is asked with keys_text. */
uint32_t    identity_ranks(enum compare_edition edition, const struct json *object,
    uint8_t ranks[static IDENTITY_RANKS]);
struct keys identity_keys(enum compare_edition edition, uint32_t rank);

/* Those that a config names; `room` holds the names. */
struct keys keys_of_entry(const struct compare_entry *entry, struct str room[static COMPARE_KEYS_MAX]);

/* The text of an element's keys: equal where their values are.  *own: it is what was appended to `b`;
 * else it stands in the document.  *yes false: it has not all of them.  *hint: where a member was
 * found in the element before. */
struct keys_text {
	struct str text;
	uint32_t   tag; /* keeps kinds apart that have equal text */
	bool       own;
};
MUST_USE bool keys_text(struct buf *b, const struct keys *k, const struct json *element,
    uint32_t *hint, struct keys_text *out, bool *yes, struct err *e);

/* The value of the i-th, as it is called in a path; NULL: it is not there.  *room: may be used for it. */
const struct json *keys_value(
    const struct keys *k, uint32_t i, const struct json *element, struct json *room);

#endif
