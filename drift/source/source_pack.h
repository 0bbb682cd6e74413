/*
 * source_pack.h - a source pack: what a kind of system is asked for, and how.
 *
 * A pack is a JSON text, and in an installation the file NAME.json of the sources folder (sources_dir); each member
 * is described in blindspotx-source(5), which is written from the tables here.  It is read strictly: what is unknown,
 * of a wrong type, or names something that there is not, is a fault with its JSON Pointer.
 *
 * The pack `http` is built in: a config that names it brings the collections itself (`source.collections`).
 */
#ifndef BSX_DRIFT_SOURCE_SOURCE_PACK_H
#define BSX_DRIFT_SOURCE_SOURCE_PACK_H

#include "core/base/hash.h"
#include "core/json/schema.h"
#include "drift/engine/selector.h"
#include "drift/source/collected.h"
#include "drift/source/derive.h"
#include "drift/source/form.h"
#include "drift/source/source_attribution.h"
#include "drift/source/source_watch.h"

#define SOURCE_PACK_FILE_MAX   (1 << 20)
#define SOURCE_COLLECTIONS_MAX 200
#define SOURCE_PARAMETERS_MAX  30
#define SOURCE_HOSTS_MAX       8

/* ---- as it is written ---- */

enum parameter_format { PARAMETER_TEXT, PARAMETER_URL, PARAMETER_HEADERS };
struct source_parameter {
	const char    *name, *doc, *format, *fallback;
	struct strings choices;
	bool           required;
};
struct source_host {
	const char     *name, *url, *parameter, *by;
	struct raw_json urls;
};
struct source_auth {
	const char    *kind, *host, *path, *scope, *header, *alg;
	struct strings forms;
};
struct source_next {
	const char *pointer, *token_pointer, *query, *body_pointer, *page, *per_page, *offset, *limit;
	bool        link_header, from_zero;
	int64_t     size;
};
struct source_write {
	const char     *method, *path;
	struct raw_json body;
};
struct source_limit_header {
	const char *name, *as;
};
struct source_limit {
	const char                 *bucket;
	struct raw_json             per_s;
	int64_t                     burst;
	struct source_limit_header *reset_header;
};
struct source_error_header {
	const char *name, *value;
};
struct source_error {
	int64_t                     status; /* 0: any */
	const char                 *code, *text, *say, *remedy, *as;
	struct source_error_header *header;
	bool                        licence;
	int64_t                     again_s;
};
struct source_retry {
	struct raw_json statuses;
	int64_t         attempts, cap_s;
};

/* ---- compiled ---- */

enum page_kind {
	PAGE_ONE, /* there is no next */
	PAGE_POINTER,
	PAGE_LINK_HEADER,
	PAGE_TOKEN_QUERY,
	PAGE_TOKEN_BODY,
	PAGE_NUMBER,
	PAGE_OFFSET,
};
struct form_member {
	struct str  name;
	struct form value;
};
struct form_members {
	struct form_member *items;
	uint32_t            n;
};

/* One collection, or what is asked for each item of one. */
struct pack_collection {
	struct str                category;
	bool                      post, single;
	uint32_t                  host;
	struct form               path;
	struct form_members       query, headers;
	const struct json        *body; /* its strings are forms; NULL: none */
	struct str                items, count; /* pointers; count n == 0: none */
	const struct source_next *next;
	enum page_kind            paging;
	int32_t                   over;  /* the collection whose items feed it, which stands before it; -1: none */
	uint32_t                  depth; /* items above: 0..FORM_DEPTH_MAX */
	struct str                gather; /* `each`: all that is read for one item is this member of one resource */
	struct strings            keep;   /* members of the item that stand beside it */
	struct selector_parts     key; /* of an item; behind that of the item it is read over */
	const char               *permission;
	const char               *write_method; /* how one could be written back: it is never done; NULL: nobody says */
	struct form               write_path;   /* of one resource, which is its item */
	const struct source_limit *limit; /* NULL: none */
	uint32_t                  cost;
	bool                      missing_empty;
	bool                      is_log;     /* who may not read it may read the rest */
	uint32_t                  pages_most; /* it ends there, though there are more; 0: with the last */
	const struct json        *restart_on; /* numbers and codes; NULL: 410 alone */
	struct strings            unstable, drop;
	const struct json        *compare;
	const struct derive_ops  *derive; /* nothing is asked for it: it is made of others, which stand before it; NULL: it is read */
	int32_t                   parts[DERIVE_PARTS_MAX]; /* those others, as derive->parts */
};

struct source_pack {
	const char              *name, *title;
	uint8_t                  digest[HASH_LEN]; /* of its text */
	struct strings           documents, rule_packs, error_code, error_message;
	struct source_parameter *parameters;
	size_t                   parameters_n;
	struct source_host      *hosts;
	size_t                   hosts_n;
	struct source_auth      *auth; /* NULL: the credential of a config says */
	struct source_limit     *limits;
	size_t                   limits_n;
	struct source_error     *errors;
	size_t                   errors_n;
	struct source_retry     *retry; /* NULL: as retry.h says */
	struct pack_collection  *collections; /* those that others are read over before them */
	uint32_t                 collections_n;
	struct form_names        names;
	struct form              auth_path, auth_scope;
	struct form_members      headers; /* of all requests but those for tokens */
	struct form             *host_urls; /* of hosts: url */
	struct source_attribution *attribution; /* NULL: nobody says who did it */
	const struct source_watch *watch;       /* NULL: nothing is read sooner than by its schedule */
};

/* The tables: of a file, and of what a config of kind http brings. */
extern const struct schema source_pack_schema, source_collection_schema, source_parameter_schema,
    source_auth_schema;

/*
 * ERR_INVALID with faults that point into the text, which must outlive it.  `name`: what it must call itself; NULL: as
 * it does.
 */
MUST_USE struct source_pack *source_pack_parse(
    TALLOC_CTX *mem, struct str text, const char *name, struct err *e);

/*
 * The pack of that name: the built-in `http`, or a file of `dir`.  ERR_MISSING: there is none; ERR_INTERNAL: its file is
 * broken, and the detail says where and why.
 */
MUST_USE struct source_pack *source_pack_load(
    TALLOC_CTX *mem, const char *dir, const char *name, struct err *e);
/* A file by its path, as source_pack_parse; ERR_MISSING: it cannot be opened. */
MUST_USE struct source_pack *source_pack_file(
    TALLOC_CTX *mem, const char *path, const char *name, struct err *e);
/* The names of the files of `dir`, in their order. */
MUST_USE bool source_pack_names(
    TALLOC_CTX *mem, const char *dir, struct strings *out, struct err *e);

/* Collections that a config brings (struct of source_collection_schema), with faults below `at`. */
MUST_USE bool source_pack_collections(TALLOC_CTX *mem, struct source_pack *pack,
    const struct items *in, const char *at, struct err *e);

/* What the pack knows of comparing: a rule pack's `compare` as JSON; empty: nothing. */
MUST_USE bool source_pack_compare(
    TALLOC_CTX *mem, const struct source_pack *pack, struct str *out, struct err *e);

#endif
