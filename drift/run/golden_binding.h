/*
 * golden_binding.h - a config's baseline, rendered from a template.
 *
 * Rendered, it is stored like a snapshot out of order (its manifest and sealed
 * contents) that nobody collected, and the config's state row points at it: the
 * comparison knows no difference.  There is one per config, that in force; the
 * one before goes in the same transaction.
 *
 * Who binds:	golden_bind_make(&b, ..., e), then golden_bind_body in a transaction
 * A snapshot:	golden_renew() after the state was read: when the template, the
 *		spec or the time has moved on, it is rendered anew, and the config's
 *		history says so.  A version that this config cannot take (a variable
 *		it gives no value for) leaves what is in force; the history and an alert
 *		of kind `system` say so.
 *
 * Events of a config's baseline are in its history under its own id.
 *
 * Errors: those of golden.h.
 */
#ifndef BSX_DRIFT_RUN_GOLDEN_BINDING_H
#define BSX_DRIFT_RUN_GOLDEN_BINDING_H

#include "core/store/drift/history.h"
#include "core/store/drift/finding.h"
#include "drift/golden/golden.h"

/* What the API takes. */
struct golden_choice {
	struct uuid     id;
	struct raw_json variables;
	struct items    differences; /* struct golden_difference */
	const char     *other_categories;
};
extern const struct schema golden_choice_schema;

struct golden_bind {
	struct drift              *d;
	struct tenant_db          *t;
	TALLOC_CTX                *mem;
	struct work               *work;
	const struct drift_config *config;
	const struct drift_spec   *spec;
	const char                *actor;
	instant                    now;
	struct golden              golden;
	struct golden_binding      row;
	struct golden_terms        terms;
	struct normal_snapshot               *rendered; /* NULL: what is in force stays */
	struct snapshot            snapshot;
	struct content_rows        contents;
	struct manifest_ref       *refs;
	size_t                     refs_n;
	struct uuid was;  /* renewed: only while this is in force; nil: bound by somebody */
	const char *from; /* of the event */
	const char *note; /* NULL: no event */
};

/* Rendered and packed; nothing is written.  Faults point below "/golden". */
MUST_USE bool golden_bind_make(
    struct golden_bind *b, const struct golden_choice *in, struct err *e);
/* The body of the transaction; `arg` is the struct golden_bind. */
MUST_USE bool golden_bind_body(struct db *db, void *arg, struct err *e);

/* Inside a transaction that holds the state row: the config is bound no more.  Its baseline is to
 * be set first; the rendered one goes.  Of `b` are needed d, t, mem, config, spec and now. */
MUST_USE bool golden_unbind(
    struct db *db, const struct golden_bind *b, const struct config_state *state, struct err *e);
/* Before the config is dropped: the template is free. */
MUST_USE bool golden_forget(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct err *e);

/* Of a config whose state says golden; *renewed: the state is another. */
struct ingest;
MUST_USE bool golden_renew(const struct ingest *in, bool *renewed, struct err *e);

/* golden_terms.c: the terms as asked for, with their owner and instant; sealed to the row, with the
 * instant of the first expiry; and those of a stored binding. */
MUST_USE bool golden_terms_take(
    struct golden_bind *b, const struct golden_choice *in, struct err *e);
MUST_USE bool golden_terms_seal(struct golden_bind *b, struct err *e);
MUST_USE bool golden_terms_of(struct tenant_db *t, TALLOC_CTX *mem,
    const struct golden_binding *row, struct golden_terms *out, struct err *e);
/* An event of the config's baseline. */
MUST_USE bool golden_tell(struct db *db, const struct env *d, const struct uuid *config,
    const char *actor, const char *from, const char *to, const char *note, struct err *e);

#endif
