/*
 * predicate.h - the predicates of rules (rules.h): compiled, and held against values at a price.
 * For the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_PREDICATE_H
#define BSX_DRIFT_ENGINE_PREDICATE_H

#include "drift/engine/compiler.h"
#include "drift/engine/matcher.h"

enum predicate_kind {
	PREDICATE_EQUAL, PREDICATE_ONE_OF, PREDICATE_MATCH, PREDICATE_EXISTS, PREDICATE_ABSENT,
	PREDICATE_NOT, PREDICATE_ABOVE, PREDICATE_BELOW, PREDICATE_CONTAINS,
	PREDICATE_IS,
};
struct predicate {
	enum predicate_kind kind;
	bool                fold;  /* texts match in upper and lower case (ASCII) */
	const struct json  *value; /* EQUAL, ABOVE, BELOW, CONTAINS */
	struct globs        globs; /* MATCH */
	int                 meaning; /* IS: meaning.h */
	struct predicate   *items; /* ONE_OF, NOT */
	uint32_t            n;
	struct str         *texts; /* ONE_OF: those that are texts, in order, and not among items */
	uint32_t            texts_n;
};

/* Of a member of the entry at hand; the compiler says whether case is folded. */
MUST_USE bool predicate_compile(
    struct compiler *c, const char *member, const struct json *v, struct predicate *out);

/* `v` NULL: there is no value. */
MUST_USE bool predicate_holds(struct matcher *m, const struct predicate *p, const struct json *v,
    bool *yes, struct err *e);

#endif
