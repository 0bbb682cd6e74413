/*
 * config.h - drift configs: listed, made, changed and dropped.
 *
 * The whole config as it would be is checked and compiled before it is stored.  A template is bound, and let go,
 * by baseline.h alone.  It shows no values to whom they were not shown: another channel that is told values,
 * another selector, other collections or parameters of its source, and other rules, compare, packs or tolerances need read:snapshots.
 */
#ifndef BSX_DRIFT_SERVICE_CONFIG_H
#define BSX_DRIFT_SERVICE_CONFIG_H

#include "core/store/drift/config.h"
#include "drift/run/rule_hits.h"
#include "drift/service/acting.h"

/* With what its runs are at, as config_page() has it. */
MUST_USE bool config_see(
    const struct acting *a, const struct uuid *id, struct config_row *row, struct err *e);
MUST_USE bool config_there(const struct acting *a, const struct uuid *id, struct err *e);

/*
 * Newest first, as many as are wanted or fewer: what a config says may be as long as a body, and a page holds no
 * more than 8 MiB of that and what one more read brings; p->more: it ended by that.
 */
MUST_USE bool config_page(const struct acting *a, struct page *p, struct err *e);

/* What is done with a deed on a config, by who does more than that. */
struct config_also {
	tx_fn             *body;  /* in its transaction, behind it; the config is in *config by then */
	void              *arg;
	struct audit_entry entry; /* in the place of the usual one: its action and details */
	bool               dry;   /* all is done but `body`, and taken back: what would be refused is */
	struct drift_config *config; /* where it is put; NULL: nobody wants it */
};
/* What a body asks for: decoded, and as it came, which is what is kept. */
struct config_wish {
	const struct spec_body   *body;
	const struct json        *text;
	const struct config_also *also; /* NULL: nothing */
};
/* ERR_CONFLICT: the name is taken. */
MUST_USE bool config_make(
    const struct acting *a, const struct config_wish *in, struct config_row *out, struct err *e);
/* Changes the members that the body names.  ERR_CONFLICT also where it was changed at the same time, or is bound. */
MUST_USE bool config_alter(const struct acting *a, const struct uuid *id,
    const struct config_wish *in, struct config_row *out, struct err *e);
/* With its snapshots and reports; its alerts are resolved. */
MUST_USE bool config_erase(const struct acting *a, const struct uuid *id, struct err *e);
/* While its version is that one. */
MUST_USE bool config_erase_also(const struct acting *a, const struct uuid *id, uint64_t version,
    const struct config_also *also, struct err *e);

/* Every rule of a config, with what it has met (rule_hits.h). */
MUST_USE bool config_rules(const struct acting *a, const struct uuid *id, struct rule_seen **rules,
    size_t *n, struct err *e);
/* How many of them are dead; 0 where the config can no longer be compiled. */
MUST_USE bool config_dead_rules(
    const struct acting *a, const struct uuid *id, int64_t *dead, struct err *e);

/* config_collections.c: each collection, by name. */
struct collection_seen {
	const char *category;
	const char *state;  /* a completeness: how it was read last; "failed" also of one that is left out */
	const char *unread; /* why the config says that it is not read; NULL: it does not */
	bool        blind, held;
	int64_t     incomplete_runs, left_out;
	instant     complete_at, read_at, blind_since; /* 0: never; it is not */
	struct uuid baseline_id;              /* the snapshot that its baseline is; nil: none yet, or a golden one */
};
MUST_USE bool config_collections(const struct acting *a, const struct uuid *id,
    struct collection_seen **out, size_t *n, struct err *e);

/* What a config retires that it did not retire `before` (struct spec_unread); rows for collection_let_go(). */
struct config_retiring {
	struct uuid            config;
	instant                collected_at; /* of the newest snapshot */
	struct collection_row *rows;
	size_t                 n;
};
MUST_USE bool config_retire(TALLOC_CTX *mem, struct config_retiring *r, const struct items *before,
    const struct drift_spec *now, struct err *e);

/* The last push to it that was refused (drift/run/pushers.h); *any false: none was, or long ago. */
struct refused_seen {
	instant     at;
	const char *code, *why, *pushed_by;
	int64_t     runs; /* of that credential in a row; 0: one was taken since */
};
MUST_USE bool config_refused(const struct acting *a, const struct uuid *id,
    struct refused_seen *out, bool *any, struct err *e);

/* config_hosts.c: a source may not lead where this installation never connects to; names are looked up when it does. */
MUST_USE bool config_hosts_check(
    const struct acting *a, const struct drift_spec *spec, const char *text, struct err *e);

/* config_values.c: what of a config decides who sees values; `was` NULL: a new one. */
MUST_USE bool config_values_check(
    const struct acting *a, const char *was, const char *now, struct err *e);
/*
 * Before a config of that kind of source is made, changed or run: ERR_FORBIDDEN without the permissions that the kind
 * needs (source.h).  Whoever has them decides thereby that what it reads is shown to those with read:snapshots, as of
 * every config: of snapshots and reports nothing further is asked.
 */
MUST_USE bool config_source_demand(const struct acting *a, const char *kind, struct err *e);

#endif
