/*
 * audit_tree_rows.h - the rows of the tree beside a tenant's audit trail, of its checkpoints and its closed chains; and which trails are due.
 *
 * What they mean is core/auth/audit_tree's.
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_TREE_ROWS_H
#define BSX_STORE_IDENTITY_AUDIT_TREE_ROWS_H

#include "core/store/tenant/tenant_db.h"

/* The nodes that a leaf completes, HASH_LEN bytes each: itself first. */
struct audit_leaf_row {
	uint64_t    chain, seq;
	struct blob hashes;
};
struct audit_checkpoint_row {
	uint64_t    chain, size;
	instant     at;
	const char *note;
};

/* The number of the present chain: one more than are closed. */
MUST_USE bool audit_chain_number(struct tenant_db *t, uint64_t *chain, struct err *e);
/* ERR_MISSING: there is no such leaf. */
MUST_USE bool audit_leaf_read(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t seq, struct audit_leaf_row *out,
    struct err *e);
/* Leaves with seq > after, in order. */
MUST_USE bool audit_leaves_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after, struct page *p, struct err *e);
/* Those with these numbers, as many as there are, in order. */
#define AUDIT_LEAVES_MAX 20000
MUST_USE bool audit_leaves_of(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, const uint64_t *seqs, size_t seqs_n,
    struct audit_leaf_row **rows, size_t *n, struct err *e);
/* Inside a transaction.  ERR_CONFLICT: somebody else has added one of them. */
MUST_USE bool audit_leaves_add(struct tenant_db *t, const struct audit_leaf_row *rows, size_t n, struct err *e);

/* The one with the largest size; size 0: there is none. */
MUST_USE bool audit_checkpoint_last(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, struct audit_checkpoint_row *out,
    struct err *e);
/* Those with size > after, the smallest first. */
MUST_USE bool audit_checkpoints_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after, struct page *p,
    struct err *e);
/* ERR_CONFLICT: there is one of that size. */
MUST_USE bool audit_checkpoint_add(struct tenant_db *t, const struct audit_checkpoint_row *row, struct err *e);
/* What the service knows of the tenant's trail: entries up to this one are in a checkpoint. */
MUST_USE bool audit_checkpointed(struct tenant_db *t, uint64_t *size, struct err *e);
/* The triggers of these tables are there, and say what they should. */
MUST_USE bool audit_tree_guarded(struct tenant_db *t, bool *guarded, struct err *e);

/* ---- of the service: which trails have grown since their last checkpoint ---- */

#define AUDIT_DUE_MAX 50

/* Schemas of at most AUDIT_DUE_MAX that nobody has looked at for `every_s`. */
struct audit_due {
	const char *schema_name;
};
MUST_USE bool audit_due_list(struct database *d, TALLOC_CTX *mem, int64_t every_s, struct audit_due **list, size_t *n, struct err *e);
/* *mine: nobody else looks at it for `every_s` from now on. */
MUST_USE bool audit_due_claim(struct database *d, const char *schema_name, int64_t every_s, bool *mine, struct err *e);
/* There is a checkpoint of `size`; `more`: it is due again at once. */
MUST_USE bool audit_due_done(struct database *d, const char *schema_name, uint64_t size, bool more, struct err *e);

/* Whether the trail is as it was written: what has changed of that is told of (drift/watch). */
MUST_USE bool audit_due_broken(struct database *d, const char *schema_name, bool broken, struct err *e);

#endif
