/*
 * label.h - what an element of an array is called in a canonical path: for the files of this room
 * only.
 *
 * An element that is matched by members is [id="x"], one that is counted [#<16 hex of its hash>], one
 * that is paired by likeness [~<16 hex of the hash of the old side's>].
 * A member whose value is masked, or longer than LABEL_VALUE_MAX bytes, is [id=#<16 hex>]: a keyed
 * hash of the value and of the place it stands in.  That of a masked value is of its config only
 * (compare_bind), and so is the hash of a counted element that holds one: else who sets values in
 * another place would see there what a guess is called.
 */
#ifndef BSX_DRIFT_ENGINE_LABEL_H
#define BSX_DRIFT_ENGINE_LABEL_H

#include "core/base/buf.h"

#define LABEL_VALUE_MAX 64 /* bytes of a text or number */

struct walk;
struct place;

/* One element's names, used again and again. */
struct label {
	struct buf shown;
	struct buf spoken; /* as rules may speak of it too: long values as they are */
	struct buf former; /* as it was before there were hashes of values in it: fingerprints are kept by it */
	bool       is_spoken, is_renamed; /* spoken, former: another text than shown */
	bool       is_masked;             /* shown depends on a masked value */
};

void label_make(struct label *l, TALLOC_CTX *mem);

/* Of an element by its members; of one that is counted or paired (there are no rules about those). */
MUST_USE bool label_keyed(struct walk *w, const struct place *at, struct label *l);
MUST_USE bool label_counted(struct walk *w, const struct place *at, struct label *l);

#endif
