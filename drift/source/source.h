/*
 * source.h - the kinds of sources: where the snapshots of a config come from.
 *
 * A kind is a `struct source_ops` in a file of its own and a row of the table (sources.c).  From the
 * row come the words that a config's source.kind may be, the members that its source may have (in
 * the contract too), the label `source` of the metrics, and whose word an attribution is.
 *
 * A kind that collects is driven by who has the loop of connections; it opens none itself, and
 * never waits.  What is pushed is handed to a kind of its own (push.h).
 */
#ifndef BSX_DRIFT_SOURCE_SOURCE_H
#define BSX_DRIFT_SOURCE_SOURCE_H

#include "core/json/schema.h"
#include "drift/engine/compare.h"
#include "drift/engine/diff.h"
#include "drift/engine/selector.h"
#include "drift/source/collected.h"

/* A config's source as the API takes it: what the settings of every kind begin with. */
struct source_settings {
	const char *kind;
};

/* The same, checked: a member of a compiled config, which owns it. */
struct source {
	const struct source_ops      *ops;
	const struct source_settings *settings; /* as its row describes them */
	struct resource_selector     *selector; /* how a document is cut; NULL: it is one resource */
	struct strings                complete_despite; /* of continued.h: no signs */
};

/* ---- collecting ---- */

enum source_step {
	SOURCE_WANTS,  /* *request is to be sent; ask again, for more may be under way at once */
	SOURCE_WAITS,  /* an answer must come first */
	SOURCE_DONE,   /* *out is what there is */
	SOURCE_FAILED, /* *e says why */
};

/* What is to be asked; its texts belong to the run. */
struct source_request {
	uint32_t           id; /* its answer has it too */
	const char        *method, *url;
	const char *const *headers; /* "Name: value", NULL at the end; NULL: none */
	struct str         body;
};

/* What came of it, in any order; it need not outlive the call. */
struct source_answer {
	uint32_t    id;
	int         status; /* of HTTP; 0: there was no answer */
	struct str  body;
	const char *why; /* there was none; else NULL */
};

/*
 *	run = begin(); while next() is not DONE or FAILED: send what it wants, take() what has come
 *
 * Errors: begin and take as next, at SOURCE_FAILED: for the administrator in e->pub.
 */
struct source_collect {
	/* The run is a child of `mem`, and so is all that it comes to; `secret` is copied. */
	void *(*begin)(TALLOC_CTX *mem, const struct source *s, struct str secret, struct err *e);
	enum source_step (*next)(void *run, struct source_request *request, struct collected *out,
	    struct err *e);
	bool (*take)(void *run, const struct source_answer *answer, struct err *e);
};

/* ---- a kind ---- */

struct source_ops {
	const char *secret; /* the member of its settings that is FIELD_SECRET; NULL: it has none */
	/* The settings against themselves; fills s->selector.  Faults name the pointer in the config, "/source/...". */
	bool (*check)(TALLOC_CTX *mem, struct source *s, struct err *e);
	/* What was checked against how the config compares, with faults as before; NULL: that is all one to it. */
	bool (*suits)(TALLOC_CTX *mem, const struct source *s, const struct compare_spec *compare,
	    struct err *e);
	const struct source_collect *collect; /* NULL: it waits for what others hand in */
	/* Who made a change, as a JSON object of the report; NULL: whom the snapshot names. */
	bool (*attribute)(const struct source *s, const struct change *c, struct buf *out,
	    struct err *e);
};

/* The table, NULL at the end, and what a config may say by it: variants[i] is of sources[i]. */
extern const struct source_ops *const sources[];
extern const struct schema            source_schema;

/* NULL: there is no such kind. */
const struct source_ops *source_by_kind(const char *kind);

#endif
