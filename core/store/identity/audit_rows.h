/*
 * audit_rows.h - the rows of a tenant's audit trail and its head.
 *
 * What they mean, and their MACs, are core/auth/audit's.
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_ROWS_H
#define BSX_STORE_IDENTITY_AUDIT_ROWS_H

#include "core/store/tenant/tenant_db.h"

#define AUDIT_MAC_LEN  32
#define AUDIT_SALT_LEN 16

struct audit_row {
	uint64_t    seq;
	struct uuid id;
	instant     at;
	const char *action, *outcome;
	const char *actor_kind;
	struct uuid actor_id;      /* nil: none */
	const char *actor_name;
	struct uuid acting_tenant; /* nil: the trail's own */
	const char *target_kind, *target_id;
	const char *address, *user_agent, *request_id;
	const char *details;       /* JSON object */
	struct blob prev_mac, mac; /* AUDIT_MAC_LEN bytes each */
	struct blob salt;          /* AUDIT_SALT_LEN bytes; of one that is added: none, the server makes it */
};

struct audit_head {
	uint64_t    seq; /* of the last entry; 0: none yet */
	struct blob mac;
	uint64_t    floor; /* entries up to it may be deleted; 0: none */
};

/* The lowest and the highest seq that are there; 1 and 0: none. */
struct audit_span {
	uint64_t first, last;
};

/* The mark of a transaction (struct tx.mark): finds an entry by its id. */
struct audit_mark {
	struct uuid id;
};
extern const struct sql *const audit_mark_sql;

/* Inside a transaction: reads the head and keeps others from it until the end. */
MUST_USE bool audit_head_take(struct tenant_db *t, TALLOC_CTX *mem, struct audit_head *h, struct err *e);
/* From `seq` to the next entry; outrun: tx_again. */
MUST_USE bool audit_head_move(struct tenant_db *t, uint64_t seq, const uint8_t mac[static AUDIT_MAC_LEN], struct err *e);
/* ERR_MISSING: it is gone. */
MUST_USE bool audit_head_read(struct tenant_db *t, TALLOC_CTX *mem, struct audit_head *h, struct err *e);
/* Whether the triggers are there and say what they should: the tenant's and those of the heads; of an account that is no
 * tenant's, those of the heads alone. */
MUST_USE bool audit_guarded(struct tenant_db *t, bool *guarded, struct err *e);
MUST_USE bool audit_heads_guarded(struct db *control, bool *guarded, struct err *e);
MUST_USE bool audit_span(struct tenant_db *t, struct audit_span *s, struct err *e);
MUST_USE bool audit_row_add(struct tenant_db *t, const struct audit_row *r, struct err *e);
/* Entries with seq > after, oldest first. */
MUST_USE bool audit_rows_after(
    struct tenant_db *t, TALLOC_CTX *mem, uint64_t after, struct page *p, struct err *e);

struct audit_filter {
	struct uuid actor_id;   /* nil: any */
	const char *actor_name; /* NULL: any */
	const char *action;     /* NULL: any */
	const char *target_kind, *target_id; /* NULL: any */
	instant     since, until; /* [since, until); 0: no bound */
	uint64_t    after, before; /* numbers, neither of them counted; 0: no bound */
	bool        oldest;        /* of a page: oldest first */
};
/* Newest first; of p only how many are wanted. */
MUST_USE bool audit_rows_list(struct tenant_db *t, TALLOC_CTX *mem, const struct audit_filter *f,
    struct page *p, struct err *e);
/*
 * What was done to these things since then, the newest first, of p only how many are wanted.  A bulk deed may say very much:
 * what comes behind AUDIT_TARGETS_BYTES of details has "" for its own.
 */
#define AUDIT_TARGETS_BYTES (16 << 20)
MUST_USE bool audit_rows_of(struct tenant_db *t, TALLOC_CTX *mem, const struct strings *target_ids, instant since,
    struct page *p, struct err *e);
/* Oldest first. */
MUST_USE bool audit_rows_export(struct tenant_db *t, TALLOC_CTX *mem, const struct audit_filter *f,
    struct page *p, struct err *e);

#endif
