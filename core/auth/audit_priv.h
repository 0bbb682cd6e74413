/*
 * audit_priv.h - what the files of the audit trail share.
 */
#ifndef BSX_AUTH_AUDIT_PRIV_H
#define BSX_AUTH_AUDIT_PRIV_H

#include "core/auth/audit.h"
#include "core/auth/audit_tree.h"
#include "core/auth/audit_verify.h"
#include "core/auth/deed.h"
#include "core/store/identity/audit_rows.h"

/* The key of one tenant's trail, of that version of the keyring. */
struct audit_key {
	const struct keyring *keyring;
	uint32_t              version;
	struct uuid           tenant;
};

static inline struct audit_key
audit_key_of(const struct deed_by *by, uint32_t version)
{
	return (struct audit_key) { by->auth->env->keyring, version, by->t->tenant->id };
}

/* What an entry says, all but its place in the chain. */
MUST_USE bool audit_row_fill(const struct deed_by *by, const struct audit_entry *entry, struct audit_row *r, struct err *e);
/* HMAC(KEY_AUDIT bound to the tenant; prev_mac and every column, length-prefixed). */
MUST_USE bool audit_mac(TALLOC_CTX *mem, const struct audit_key *k, const struct audit_row *r,
    uint8_t out[static AUDIT_MAC_LEN], struct err *e);
/* The entry's MAC is of some version of the keyring. */
bool audit_row_fits(const struct deed_by *by, TALLOC_CTX *mem, const struct audit_row *r);
/* What does not fit first, and at which entry. */
struct audit_flaw {
	enum audit_fault fault;
	uint64_t         at;
};

/* The tree beside a part of the chain that is read: the leaves of its entries, and the checkpoints that end there. */
struct audit_beside {
	const struct deed_by        *by;
	uint64_t                     chain;
	struct note_key             *keys;
	size_t                       keys_n;
	struct audit_checkpoint_row  last; /* the newest checkpoint */
	bool                         on;   /* false: the part lies behind all leaves */
	struct tree                  tree;
	const struct audit_leaf_row *leaves; /* of the page that is read */
	size_t                       leaves_n, leaves_next;
	const struct audit_checkpoint_row *points; /* the next ones */
	size_t                       points_n, points_next;
};
/* For the entries behind `after`.  A flaw is no failure: flaw->fault. */
MUST_USE bool audit_beside_begin(struct audit_beside *x, const struct deed_by *by, uint64_t after, struct audit_flaw *flaw,
    struct err *e);
/* Before the entries of a page, of at most `want`; what is read is a child of `mem`. */
MUST_USE bool audit_beside_page(struct audit_beside *x, TALLOC_CTX *mem, size_t want, struct err *e);
/* The next entry, which the chain has taken. */
MUST_USE bool audit_beside_entry(struct audit_beside *x, TALLOC_CTX *mem, const struct audit_row *r, struct audit_flaw *flaw,
    struct err *e);

#endif
