/*
 * takeover_follow.h - what a takeover has found, and what is written of it: for takeover.c and takeover_follow.c
 * only.
 */
#ifndef BSX_DRIFT_RUN_TAKEOVER_FOLLOW_H
#define BSX_DRIFT_RUN_TAKEOVER_FOLLOW_H

#include "core/store/drift/rekey.h"
#include "drift/engine/diff.h"
#include "drift/run/takeover.h"

/* What becomes of a known finding. */
struct known_finding {
	bool stays;     /* it keeps its name */
	bool moves;     /* it has others now (links) */
	bool was_there; /* in the comparison of before */
};
/* A known finding, and a change of now that it is known by, both by index. */
struct finding_link {
	size_t was, is;
};

struct taking {
	const struct takeover *x;
	struct drift_config    config;
	struct config_state    state;
	instant                now;
	struct diff           *was, *is; /* of the same, under the edition of before and of now */
	bool                   whole;    /* no changes of them are left out because there are so many */
	struct drift_spec     *spec;     /* of now */
	struct drift_spec     *names;    /* of now too: what is masked (takeover_rename.h) */
	struct finding_list    rows;     /* known, by fingerprint and value hash */
	struct known_finding  *known;    /* parallel */
	struct finding_link   *links;
	size_t                 links_n, links_room;
	struct finding_row    *to; /* rows to write */
	size_t                 to_n;
	struct rekey          *past; /* of values that are not there now: by the text of their path */
	size_t                 past_n;
	size_t                 of_edition; /* of these, changes that only the edition calls so */
};

MUST_USE bool takeover_follow(struct taking *k, struct err *e);

#endif
