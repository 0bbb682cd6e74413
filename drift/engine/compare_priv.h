/*
 * compare_priv.h - the inside of a compiled compare_spec: for the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_COMPARE_PRIV_H
#define BSX_DRIFT_ENGINE_COMPARE_PRIV_H

#include "drift/engine/compare.h"
#include "drift/engine/matcher.h"
#include "drift/engine/places.h"

struct compare_entry {
	struct rule_origin origin;       /* of what is always masked: text NULL */
	struct globs      category; /* n == 0: any */
	bool              by_path;
	struct pattern    path;          /* by_path */
	struct globs      names, except; /* else */
	enum compare_mode mode;          /* of an entry for arrays */
	enum normaliser   how;           /* of a normaliser */
	bool              scalars;       /* NORMALISE_IGNORE: of scalars alone */
	struct strings    keys;          /* COMPARE_KEYED */
	struct str        separator;     /* NORMALISE_SPLIT */
	int64_t           digits;        /* NORMALISE_ROUND of numbers: kept behind the point */
	int64_t           seconds;       /* NORMALISE_ROUND of times: > 0 */
};

struct compare_entries {
	struct compare_entry *items;
	uint32_t              n;
};

struct compare_spec {
	enum compare_edition   edition;
	bool                   instants; /* texts of one instant (spelling.h) are equal */
	struct compare_entries arrays, normalise;
	struct hash_key       *mask_key, *finger_key, *value_key, *label_key;
	uint8_t                owner[COMPARE_OWNER_LEN]; /* whose labels of masked values are */
	uint32_t              *hits; /* of each normaliser, since compare_hits_clear */
	uint8_t                gone[HASH_LEN]; /* the value hash of what is gone */
};

/* The entries that speak about one category: those by path with a walk, those by name. */
struct compare_pick {
	const struct compare_entry **paths, **names;
	uint32_t                     n_paths, n_names;
	struct places                places; /* the patterns of `paths`, in their order */
	struct row                   *start; /* of the resource itself */
	bool                         instants; /* of the spec */
	struct matcher               *matcher;
	struct err                   *e; /* walking fails by it */
};
/* Of a resource, all of whose walk is spent as this kind of work. */
MUST_USE bool compare_pick(TALLOC_CTX *mem, const struct compare_entries *entries,
    enum work_kind kind, struct str category, struct compare_pick *out, struct work *work,
    struct err *e);

/*
 * The entry that decides how an array is compared; NULL: auto, or a failure (pick->e).  `name` is the
 * member that holds it, empty for an array inside an array or the resource itself.
 */
const struct compare_entry *compare_array(const struct compare_pick *pick, const struct row *here,
    struct str name);

/* Does an entry by name speak about this member? */
bool compare_names(const struct compare_pick *pick, const struct compare_entry *entry,
    struct str name); /* false also for a failure */

#endif
