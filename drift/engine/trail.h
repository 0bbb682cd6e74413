/*
 * trail.h - the way from a resource down to the place at hand, as text: for the files of this room
 * only.
 *
 * A comparison goes down and up; the steps it has gone are written once, when the first change below
 * them is found, and stand for all changes below.  So a change costs what its own step costs, however
 * long the way to it is.  How long texts are shortened is said in diff.h.
 */
#ifndef BSX_DRIFT_ENGINE_TRAIL_H
#define BSX_DRIFT_ENGINE_TRAIL_H

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/json/json.h"
#include "drift/engine/label.h"

struct walk;
struct place;

enum trail_text {
	TRAIL_NEW,       /* JSON Pointer into the new value */
	TRAIL_OLD,       /* into the old one */
	TRAIL_CANONICAL, /* elements by their identity */
	TRAIL_FORMER,    /* the same without hashes of values (label.h) */
	TRAIL__MAX
};

#define TRAIL_STEPS (JSON_DEPTH_MAX + 1)

#define FORMER_NAMES 5 /* of one element */

/* By what else an element may be known (former.h): made once for all changes below it. */
struct former_names {
	uint64_t   mark; /* of the element's place; 0: of none */
	struct buf text; /* steps of a JSON Pointer, one behind another */
	size_t     ends[FORMER_NAMES];
	uint32_t   n;
};

/* How far the texts go with one step. */
struct trail_step {
	uint64_t   mark; /* of the place that stands here */
	size_t     ends[TRAIL__MAX];
	bool       cut[TRAIL__MAX]; /* a step up to here is shortened */
	uint32_t   guessed; /* depth of the first element that is known by a masked value; 0: none */
	bool       renamed; /* TRAIL_FORMER is another text than TRAIL_CANONICAL */
	bool       tagged[2];
	uint8_t    tag[2][HASH_LEN]; /* tagged: the HMAC of the canonical path to here, of the former one */
	char       numbers[2][12];
	struct label label;
	struct former_names names; /* once somebody asked */
};

struct trail {
	struct trail_step steps[TRAIL_STEPS + 1]; /* by depth; the first is the resource itself */
	struct str names[2][TRAIL_STEPS];         /* TRAIL_NEW, TRAIL_OLD: the steps as rules see them */
	struct str labels[TRAIL_STEPS];           /* of keyed elements; else empty */
	struct str spoken[TRAIL_STEPS];           /* other names of theirs, for rules; else empty */
	struct buf texts[TRAIL__MAX];
};

MUST_USE struct trail *trail_make(TALLOC_CTX *mem, struct err *e);

/* Goes to a place: names, labels and texts are those of the way to it. */
MUST_USE bool trail_to(struct walk *w, const struct place *at);
/* The same where there is no more room for changes, and elements that are counted go unnamed: with their names. */
MUST_USE bool trail_named(struct walk *w, const struct place *at);

/* One of its texts, with steps shortened, however long. */
struct str trail_text(const struct walk *w, const struct place *at, enum trail_text which);

/* The HMAC of its canonical (former) path with shortened steps: HASH_LEN bytes, whatever is shown of
 * it. */
const uint8_t *trail_tag(struct walk *w, const struct place *at, enum trail_text which);

/* Appends the text if it has at most `room` bytes, else what is shown of a path too long for that.
 * True: as it is, nothing of it shortened. */
bool trail_show(struct walk *w, const struct place *at, enum trail_text which, size_t room,
    struct buf *out);

#endif
