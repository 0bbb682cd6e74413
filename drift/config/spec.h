/*
 * spec.h - a drift config's spec: what the API takes, checked, and compiled.
 *
 * The spec is stored as the JSON object the API took (without the name).  What
 * this version does not act on yet is refused with a sentence, never kept
 * unread.  Compiled specs are cached per process by tenant, config and version, as many as fit into
 * 48 MiB.
 *
 * Errors: ERR_INVALID with faults (pointers into the config), ERR_INTERNAL (a
 * rule pack of the installation that is broken).
 */
#ifndef BSX_DRIFT_CONFIG_SPEC_H
#define BSX_DRIFT_CONFIG_SPEC_H

#include <errno.h>

#include "core/json/schema.h"
#include "core/store/drift/config.h"
#include "drift/alert/alerting.h"
#include "drift/engine/compare.h"
#include "drift/engine/pattern.h"
#include "drift/config/drift.h"
#include "drift/config/maker_rules.h"
#include "drift/config/schedule.h"
#include "drift/source/source.h"

enum baseline_mode { BASELINE_PINNED, BASELINE_PREVIOUS };

struct spec_baseline {
	const char *mode;
};
struct spec_thresholds {
	const char           *min_severity;
	int64_t               max_removed_percent, blind_after;             /* 0: not given */
	int64_t               review_after_days;                            /* 0: not given */
	int64_t               min_changes, min_score, for_runs, clear_runs; /* 0: not given */
	struct items          tolerance; /* struct spec_tolerance */
	struct spec_flapping *flapping;  /* NULL: not looked at */
	struct spec_anomaly  *anomaly;
};
struct spec_flapping {
	int64_t low, high; /* 0: not given */
};
struct spec_anomaly {
	struct raw_json k;
	int64_t         runs, floor; /* 0: not given */
};
struct spec_tolerance {
	const char     *path, *category;
	struct raw_json abs, pct;
};
struct spec_alert {
	struct uuid channel_id;
	const char *min_severity; /* NULL: that of the thresholds */
	bool        tell_ends, tell_makers;
	const char *tell_work;    /* work_choice(); NULL: not given */
	int64_t     repeat_min_s; /* 0: not given */
};

/* A collection that is not read, and why: it is neither missing nor blind. */
struct spec_unread {
	const char *category, *reason;
	bool        retired; /* and it will not come again: what was found in it is over */
};
#define UNREAD_MAX 1000
#define SPEC_TARGETS_MAX 20 /* channels that a config names */

/* The members of a config as the API takes and answers them. */
struct spec_body {
	const char             *name;
	struct source_settings *source;
	struct spec_baseline   *baseline;
	struct raw_json         compare;
	struct raw_json         rules;
	struct strings          rule_packs;
	struct spec_thresholds *thresholds;
	struct items            alerts;         /* struct spec_alert */
	struct items            unread;         /* struct spec_unread */
	int64_t                 expect_every_s; /* 0: nothing is awaited */
	int64_t                 retention_s;    /* 0: for ever */
	struct schedule_spec   *schedule;       /* NULL: it is collected when somebody asks */
	uint64_t                given;
};
extern const struct schema drift_config_create_schema, drift_config_update_schema;
extern const struct schema spec_baseline_schema, spec_thresholds_schema, spec_alert_schema;
extern const struct schema spec_unread_schema;

/* Compiled; a talloc subtree of its own. */
struct drift_spec {
	struct spec_body          body;
	enum baseline_mode        mode;
	struct source             source;
	struct limits             limits;
	struct schedule_plan      schedule;
	int64_t                   expect_every_s;
	struct spec_unread       *unread; /* by category */
	size_t                    unread_n;
	struct compare_spec      *compare;
	uint8_t                   packs_digest[HASH_LEN]; /* of what packs say of comparing, as they were then */
	struct rules             *rules;
	struct maker_rules        makers; /* of them, those that ask who made a change, or when */
	struct alert_target      *targets;
	size_t                    targets_n;
	int64_t                   retention_s; /* of snapshots; 0: for ever */
};

/* The spec text after a body (NULL: none): `old` (NULL: none) with the members the body names; null
 * takes one away. */
MUST_USE char *spec_merge(TALLOC_CTX *mem, const char *old, const struct json *body, struct err *e);
/* Of a config's text (c->spec), under its edition (0: that of now); nothing else of it is looked at. */
MUST_USE struct drift_spec *spec_compile(TALLOC_CTX *mem, const struct drift *d,
    const struct tenant_db *t, const struct drift_config *c, struct work *work, struct err *e);
/* Its source alone, as of spec_compile. */
MUST_USE struct drift_spec *spec_source(TALLOC_CTX *mem, const struct drift *d,
    const struct drift_config *c, struct err *e);
/* The same with nothing of how values are compared but what is masked, under the edition of now. */
MUST_USE struct drift_spec *spec_masks(TALLOC_CTX *mem, const struct drift *d,
    const struct tenant_db *t, const struct drift_config *c, struct work *work, struct err *e);
/* What a compiled spec says of a collection that is not read; NULL: nothing. */
const struct spec_unread *spec_unread(const struct drift_spec *s, struct str category);
/* A stored spec as it can be shown: what this version does not understand of it is left out, of a source all but its kind. */
MUST_USE bool spec_read(TALLOC_CTX *mem, const char *text, struct spec_body *out, struct err *e);
/* What a stored spec says of when it is collected; none where this version does not understand that. */
MUST_USE bool spec_schedule(TALLOC_CTX *mem, const char *text, struct schedule_plan *out, struct err *e);
/* The same as spec_compile of what is stored, by the cache; valid until the next call.  ERR_UNAVAILABLE with this
 * `sys` in the place of ERR_INVALID: this version does not understand it. */
#define SPEC_NOT_UNDERSTOOD EPROTO
MUST_USE const struct drift_spec *spec_of(
    struct drift *d, const struct tenant_db *t, const struct drift_config *c,
    struct work *work, struct err *e);

#endif
