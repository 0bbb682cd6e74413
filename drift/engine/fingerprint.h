/*
 * fingerprint.h - what a change is known by: a keyed hash of where it is and what happened there, without values.
 */
#ifndef BSX_DRIFT_ENGINE_FINGERPRINT_H
#define BSX_DRIFT_ENGINE_FINGERPRINT_H

#include "core/base/buf.h"
#include "drift/engine/compare.h"

struct change_name {
	struct str category, key;
	struct str path; /* canonical, with shortened steps */
	struct str tag;  /* n > 0: the hash in hex that stands for a path beyond CHANGE_PATH_MAX */
	struct str op;
};
/* `text` is used on the way. */
MUST_USE bool fingerprint_of(const struct compare_spec *spec, const struct change_name *c,
    struct buf *text, uint8_t out[static HASH_LEN], struct err *e);

/*
 * Appends a canonical path of the first edition as that of now, as far as its text says: numbers that elements are
 * known by are written as people write them.
 */
MUST_USE bool fingerprint_path_now(struct buf *out, struct str first_edition, struct err *e);

#endif
