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

#include "core/base/env.h"
#include "core/json/schema.h"
#include "drift/engine/compare.h"
#include "drift/engine/diff.h"
#include "drift/engine/selector.h"
#include "drift/source/collected.h"
#include "drift/source/recall.h"

/* A config's source as the API takes it: what the settings of every kind begin with. */
struct source_settings {
	const char *kind;
};

/* The same, checked: a member of a compiled config, which owns it. */
struct rest;
struct source {
	const struct source_ops      *ops;
	const struct source_settings *settings; /* as its row describes them */
	struct resource_selector     *selector; /* how a document is cut; NULL: it is one resource */
	struct strings                complete_despite; /* of continued.h: no signs */
	const char                   *packs_dir; /* the installation's source packs */
	struct rest                  *rest; /* rest.h; NULL: none of those */
	struct strings                rule_packs; /* of a config that names none */
	const struct json            *compare; /* what is known of comparing it, behind what the config says; NULL: nothing */
};

/* ---- collecting ---- */

enum source_step {
	SOURCE_WANTS,  /* turn->request is to be sent; ask again, for more may be under way at once */
	SOURCE_WAITS,  /* an answer must come first, or turn->again_ms */
	SOURCE_DONE,   /* turn->collected is what there is */
	SOURCE_FAILED, /* *e says why */
};

struct source_header {
	const char *name, *value;
};

/* How much a provider answers: kept by who has the loop for all runs that ask one host with one credential. */
struct source_bucket {
	const char *name; /* NULL: none but that of the host */
	double      per_s;
	unsigned    burst; /* so many at once after a rest */
	unsigned    cost;  /* of this request; 0: 1 */
};

/* What is to be asked; its texts belong to the run. */
struct source_request {
	uint32_t                    id; /* its answer has it too */
	const char                 *method, *url;
	const struct source_header *headers; /* may hold secrets, as the body may */
	size_t                      headers_n;
	struct str                  body;
	size_t                      answer_max; /* bytes of the answer's body; a longer one is none */
	struct source_bucket        bucket;
	bool                        is_token; /* its answer is a secret */
};

/* What came of it, in any order; it need not outlive the call. */
struct source_answer {
	uint32_t                    id;
	int                         status; /* of HTTP; 0: there was no answer */
	const struct source_header *headers;
	size_t                      headers_n;
	struct str                  body;
	int64_t                     retry_after_s; /* of Retry-After; -1: it has none */
	const char                 *why;           /* there was no answer: a sentence; else NULL */
	bool                        lasting;       /* there was none, and asking again would come to the same */
};

/* One question to a run: what shall be done now? */
struct source_turn {
	int64_t               now_ms;   /* in: of a clock that never goes back */
	int64_t               again_ms; /* SOURCE_WAITS: ask again then, also when nothing has come; 0: after an answer only */
	struct source_request request;
	struct collected      collected;
	const char           *remedy; /* SOURCE_FAILED: what the administrator can do; NULL: nothing is known */
};

/* How far a run has come, and what it found out about each collection; texts belong to the run. */
struct source_collection {
	const char       *category;
	enum completeness how;
	bool              over;        /* nothing more is asked for it */
	bool              unasked;     /* it is none of those that the run is to read */
	uint64_t          items, pages, requests, bytes;
	int64_t           took_ms;
	const char       *why, *remedy; /* it is not complete: sentences for the administrator; else NULL */
	const char       *permission;   /* what to ask for; NULL: it is not that */
};
struct source_progress {
	const struct source_collection *collections;
	size_t                          n, over;
	uint64_t                        requests, throttled, bytes;
	size_t                          held; /* bytes that the run holds, of one with a budget; 0: not counted */
};

/*
 * What runs with one credential share, one after the other and side by side: tokens.  Never stored.  It is a talloc
 * chunk, which owns what it has.
 */
struct source_session {
	char       *token; /* NULL: none */
	int64_t     token_until_ms; /* of the clock of source_turn */
	bool        asked; /* a run is asking for one; the others wait */
	const char *refused, *remedy; /* what came of the last asking; NULL: a token */
	int64_t     refused_until_ms; /* until then it is not asked again */
};

/* The tenant's own tables, by who has their connection: drift/self/self.h, drift/self/canary.h. */
struct source_own {
	bool (*read)(void *arg, TALLOC_CTX *mem, struct collected *out, struct err *e);
	void *arg;
};

/* What the runs of a process hold together: of who has them all, and counted by those that keep much. */
struct source_budget {
	size_t held, most; /* bytes */
};

/* What a run begins with. */
struct source_begin {
	const struct source   *source;
	struct str             secret; /* JSON as the config gave it, copied; empty: none */
	struct source_session *session; /* outlives the run */
	const struct env      *env; /* its clock and randomness */
	struct strings         categories; /* of them alone; none: all */
	int64_t                now_ms;
	const struct source_own *own; /* of kinds self and canary, which read it at once; NULL: of another */
	struct source_budget *budget; /* outlives the run; NULL: none */
	const struct recall_terms *recall; /* the same; NULL: all is read, whatever is known */
};

/*
 *	run = begin(); while next() is not DONE or FAILED: send what it wants, take() what has come
 *
 * A collection that could not be read is no failure of the run but its completeness; a run fails when nothing
 * can be read, as without a token.
 *
 * Errors: begin and take as next, at SOURCE_FAILED: for the administrator in e->pub.  A credential that the
 * other side refuses is ERR_CREDENTIALS.
 */
struct source_collect {
	/* The run is a child of `mem`, and so is all that it comes to. */
	void *(*begin)(TALLOC_CTX *mem, const struct source_begin *b, struct err *e);
	enum source_step (*next)(void *run, struct source_turn *turn, struct err *e);
	bool (*take)(void *run, const struct source_answer *answer, struct err *e);
	void (*progress)(const void *run, struct source_progress *out);
	bool at_once; /* begin reads all, and takes the time of that */
	/* After SOURCE_DONE with collected.same: all of it is wanted, and next() goes on to that.  NULL: it never is. */
	void (*unfold)(void *run);
};

/* own.c: of kinds that are read by source_begin.own. */
extern const struct source_collect source_own_collecting;

/* ---- a kind ---- */

struct source_ops {
	const char *secret; /* the member of its settings that is FIELD_SECRET; NULL: it has none */
	/* Members of its settings that choose what is shown of the values, as keys of resources; NULL: none.  NULL at the end. */
	const char *const *chooses;
	/* Permissions without which nobody makes, changes or runs it, for it shows what they guard; NULL: none.  NULL at the end. */
	const char *const *needs;
	/* The settings against themselves; fills s->selector.  Faults name the pointer in the config, "/source/...". */
	bool (*check)(TALLOC_CTX *mem, struct source *s, struct err *e);
	/* What was checked against how the config compares, with faults as before; NULL: that is all one to it. */
	bool (*suits)(TALLOC_CTX *mem, const struct source *s, const struct compare_spec *compare,
	    struct err *e);
	const struct source_collect *collect; /* NULL: it waits for what others hand in */
	bool trail;   /* who made a change stands in the tenant's own audit trail */
	bool canary;  /* what it reads is nobody's: an object that is another each time (drift/self/canary.h) */
	bool current; /* what it reads is never behind: a resource that is missing is gone, without a second reading */
	/* Who made a change, as a JSON object of the report; NULL: whom the snapshot names. */
	bool (*attribute)(const struct source *s, const struct change *c, struct buf *out,
	    struct err *e);
};

/* The table, source packs behind it, NULL at the end, and what a config may say by it: variants[i] is of sources[i]. */
extern const struct source_ops *const sources[];
extern const struct schema            source_schema;

/* Another word than those of the table is the name of a source pack, which is found where it is checked. */
const struct source_ops *source_by_kind(const char *kind);

#endif
