/*
 * source_pack_priv.h - what the files that read source packs share.
 */
#ifndef BSX_DRIFT_SOURCE_SOURCE_PACK_PRIV_H
#define BSX_DRIFT_SOURCE_SOURCE_PACK_PRIV_H

#include "drift/source/auth.h"
#include "drift/source/source_pack.h"

/* A collection, or what is asked for each item, as it is written. */
struct collection_in {
	const char          *category, *name, *method, *host, *path, *items, *count, *over, *permission,
	    *bucket, *when_missing;
	struct raw_json      query, headers, body, key, restart_on, compare;
	struct source_next  *next;
	struct source_write *write;
	struct items         each; /* struct collection_in */
	struct strings       keep, unstable, drop;
	bool                 single;
	int64_t              cost;
};

/* Who did it, as it is written. */
struct attribution_in {
	struct collection_in      *log;
	int64_t                    pages, window_s, skew_s;
	const char                *time, *activity, *correlation;
	struct attribution_only   *only;
	struct attribution_values *properties;
	struct strings             targets;
	struct items               actors, activities;
};

struct pack_in {
	const char            *name, *title;
	struct strings         documents, rule_packs, error_code, error_message;
	struct items           parameters, hosts, collections, limits, errors;
	struct strings         derived;
	struct source_auth    *auth;
	struct raw_json        headers;
	struct source_retry   *retry;
	struct attribution_in *attribution;
	struct source_watch   *watch;
};

extern const struct schema source_log_schema; /* struct collection_in, of a log */
extern const struct schema source_attribution_schema; /* struct attribution_in */

/* source_pack_collect.c: compiles collections behind those there are; faults below `at`. */
MUST_USE bool pack_collections_read(TALLOC_CTX *mem, struct source_pack *pack,
    const struct items *in, const char *at, struct err *e);
/* The same of one, which is no list of them and becomes the only one: a log. */
MUST_USE bool pack_log_read(TALLOC_CTX *mem, struct source_pack *pack, const struct collection_in *in,
    const char *at, struct err *e);
/* source_pack_derive.c: what is made of collections, behind them; they are compiled. */
MUST_USE bool pack_derived_read(
    TALLOC_CTX *mem, struct source_pack *pack, const struct strings *names, struct err *e);
/* source_attribution.c: who did it; its collections are compiled.  `in` NULL: nothing is said of it. */
MUST_USE bool pack_attribution_read(TALLOC_CTX *mem, struct source_pack *pack,
    const struct attribution_in *in, struct err *e);
/* source_watch.c: what is to be read soon, of one whose log is known.  `in` NULL: nothing is. */
extern const struct schema source_watch_schema; /* struct source_watch */
MUST_USE bool pack_watch_check(TALLOC_CTX *mem, struct source_pack *pack, const struct source_watch *in,
    struct err *e);
/* source_pack_headers.c: an object of texts, which are forms. */
MUST_USE bool pack_members_read(TALLOC_CTX *mem, const struct json *v, const struct form_names *names,
    const char *at, struct form_members *out, struct err *e);
/* The same of header fields; names that prove who asks, or steer the connection or the method, are refused. */
MUST_USE bool pack_headers_read(TALLOC_CTX *mem, const struct json *v, const struct form_names *names,
    const char *at, struct form_members *out, struct err *e);

#endif
