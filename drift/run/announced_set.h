/*
 * announced_set.h - the announced changes of a config, compiled once for a plan.
 *
 * Those whose key has no star are found by their object, the others are held against each object once: never against each
 * change.
 */
#ifndef BSX_DRIFT_RUN_ANNOUNCED_SET_H
#define BSX_DRIFT_RUN_ANNOUNCED_SET_H

#include "drift/run/announced_value.h"
#include "drift/run/announcing.h"

struct announced {
	const struct intent *row;
	struct pattern       path;
	struct glob          key;
	bool                 in_force;
	bool                 opened; /* the value was */
	bool                 asked, may; /* who announced it may accept it now, if that was asked */
	const struct json   *value;  /* NULL: none */
	const char          *told[2][ANNOUNCED__MAX]; /* what an event says, made once: without its value, and with it */
	int64_t              more;   /* changes of this plan that came as announced */
};

struct announced_set {
	const struct ingest *in;
	const struct plan   *p;
	TALLOC_CTX          *mem;
	struct announced    *all; /* first those without a star, by category, key */
	size_t               n, exact;
	struct announced   **here; /* those of the object that was looked at last */
	size_t               here_n;
	struct work          work; /* of one comparison: what it takes is counted as WORK_SILENCE of that of the push */
	const struct change *place;
	enum announced_maker maker;
	int64_t              window_ms; /* as long as a log may say who it was */
	bool                 asks;      /* a second person */
	enum severity        asks_from;
};

MUST_USE bool announced_set_make(const struct ingest *in, struct plan *p,
    struct announced_set *out, struct err *e);
/* Sets s->here. */
MUST_USE bool announced_set_at(struct announced_set *s, const struct change *c, struct err *e);
/* NULL: it is not among them any more. */
struct announced *announced_set_find(const struct announced_set *s, const struct uuid *id);

/* A change that is new to the config, change `i` of the plan, against one of its object. */
MUST_USE bool announced_judge(struct announced_set *s, struct announced *a, size_t i,
    enum intent_verdict *out, struct err *e);
/* One whose place and value fit: by who made it, as far as it is known.  `since`: when it was found. */
MUST_USE bool announced_by_maker(struct announced_set *s, struct announced *a,
    const struct change *c, instant since, enum intent_verdict *out, struct err *e);
/* One that is as announced, or may be: by whether who announced it may accept it now, and whether it needs a second person. */
MUST_USE bool announced_by_persons(struct announced_set *s, struct announced *a,
    const struct change *c, enum intent_verdict *out, struct err *e);
/* announced_person.c: asked once for each person. */
MUST_USE bool announced_may(
    struct announced_set *s, struct announced *a, bool *may, struct err *e);
/*
 * What an event says of it beside change `i` of the plan; as long as s->mem.  Its value stands there where that was to be in the
 * place of the change, and nothing is masked there: by what stands beside it, or by that place alone, which a value does not show.
 */
MUST_USE bool announced_tell(struct announced_set *s, struct announced *a, size_t i,
    enum intent_verdict v, const char **out, struct err *e);

#endif
