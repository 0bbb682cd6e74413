/*
 * rest.h - the kinds of sources that ask an HTTP API: `http`, and every source pack by its name.
 */
#ifndef BSX_DRIFT_SOURCE_REST_H
#define BSX_DRIFT_SOURCE_REST_H

#include "drift/source/source.h"
#include "drift/source/source_pack.h"

/* What a config says, held against its pack: a member of struct source. */
struct rest {
	struct source_pack   *pack;
	struct str           *values;  /* of its parameters, in their order; p NULL: not given */
	struct str           *hosts;   /* base URLs of its hosts, without / at the end */
	struct source_header *headers; /* of the parameters of format headers */
	size_t                headers_n;
};

/* ---- rest_log.c: who did it ---- */

/* NULL: nobody says who did it. */
const struct source_attribution *rest_attribution(const struct source *s);
/* NULL: nothing is read sooner than by the schedule. */
const struct source_watch *rest_watch(const struct source *s);
/* The log of one that has rest_attribution, as a source of its own: its entries from then on.  `s` outlives it. */
MUST_USE bool rest_log(
    TALLOC_CTX *mem, const struct source *s, instant since, struct source *out, struct err *e);

/* ---- rest_write.c: how a resource could be written back, which is never done ---- */

/* *method NULL: nobody says how.  ERR_INVALID: the path cannot be filled in, and why. */
MUST_USE bool rest_write(TALLOC_CTX *mem, const struct source *s, struct str category,
    const struct json *resource, const char **method, const char **url, struct err *e);

/* rest_run.c */
extern const struct source_collect rest_collect;

#endif
