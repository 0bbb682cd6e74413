/*
 * compare.h - any two things held against each other; nothing is stored.
 *
 * What is stored is compared by the config of the first snapshot, with what the body says instead behind it, so that no
 * mask is taken away.  Without read:snapshots two snapshots are compared only when they are of one config, and what is
 * stored with nothing that could have been written to find it out.  What is stored is told of in the trail.
 */
#ifndef BSX_DRIFT_SERVICE_COMPARE_H
#define BSX_DRIFT_SERVICE_COMPARE_H

#include "drift/engine/diff.h"
#include "drift/engine/redact.h"
#include "drift/service/acting.h"

/* One of snapshot, document and template. */
struct compare_side {
	struct uuid        snapshot_id; /* nil: none */
	const struct json *document;    /* NULL: none */
	const struct uuid *golden;      /* NULL: none */
	const struct json *variables;   /* of the template; NULL: none */
};
struct compare_wish {
	struct compare_side left, right;
	const struct json  *text; /* the body, with `compare`, `rules` and `rule_packs` as of a config */
	const char         *category, *key; /* of all resources only this one; NULL: all */
};
struct compared {
	struct diff      *diff;
	struct redaction *left_out;   /* masked places; NULL: both sides are documents */
	char             *incomplete; /* JSON: categories that were not read on one of the sides */
	struct view       view;       /* documents of the caller's own are the caller's to see */
};
/* Faults at /left, /right and below them. */
MUST_USE bool compare_any(
    const struct acting *a, const struct compare_wish *in, struct compared *out, struct err *e);

#endif
