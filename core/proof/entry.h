/*
 * entry.h - an audit entry as a leaf of its trail's tree.
 *
 * The data of a leaf are these, one behind another, each after its length in bytes as 8 bytes, big endian: the text
 * "blindspotx-audit-entry/1"; salt; seq; id; at; action, outcome, actor_kind; actor_id; actor_name; acting_tenant; target_kind,
 * target_id, address, user_agent, request_id, details; prev_mac; mac.  Numbers (seq, and `at` as Unix milliseconds) are 8 bytes,
 * big endian; ids 16 bytes, all nought where there is none; texts UTF-8; details the bytes of its JSON text as they stand.
 * So no two entries have the same data, and what a leaf holds back nobody finds by trying, for the salt is random.
 */
#ifndef BSX_PROOF_ENTRY_H
#define BSX_PROOF_ENTRY_H

#include "core/base/err.h"
#include "core/base/hash.h"
#include "core/base/uuid.h"

#define PROOF_SALT_LEN 16

/* The texts, in the order of a leaf's data. */
enum proof_text {
	PROOF_ACTION, PROOF_OUTCOME, PROOF_ACTOR_KIND,
	PROOF_ACTOR_NAME,
	PROOF_TARGET_KIND, PROOF_TARGET_ID, PROOF_ADDRESS, PROOF_USER_AGENT, PROOF_REQUEST_ID, PROOF_DETAILS,
	PROOF_TEXTS
};

struct proof_entry {
	uint64_t    seq;
	int64_t     at_ms;
	uint8_t     salt[PROOF_SALT_LEN];
	struct uuid id, actor_id, acting_tenant; /* nil: none */
	struct str  texts[PROOF_TEXTS];
	uint8_t     prev_mac[HASH_LEN], mac[HASH_LEN];
};

/* SHA-256(0x00, data of the leaf). */
MUST_USE bool proof_leaf(TALLOC_CTX *mem, const struct proof_entry *x, uint8_t out[static HASH_LEN], struct err *e);

#endif
