/*
 * audit_closed.h - closed chains of an audit trail, those of a tenant that came from an archive: kept as they were written.
 *
 * Their MACs are of the installation that wrote them, whose keyring may be another; so they are held together by what needs
 * none: each entry names the MAC of the one before, each is the leaf that its tree has, and number, last MAC and root stand in
 * audit.restored, the first entry of the chain behind it, whose MAC is that chain's.
 */
#ifndef BSX_AUTH_AUDIT_CLOSED_H
#define BSX_AUTH_AUDIT_CLOSED_H

#include "core/auth/audit.h"
#include "core/auth/audit_verify.h"
#include "core/base/hash.h"

/* What a closed chain comes to. */
struct audit_closed {
	uint64_t chain, entries; /* entries: also those that were deleted by age before it was closed */
	uint8_t  mac[HASH_LEN], root[HASH_LEN];
};
/*
 * Reads it, of `entries` entries.  complete: leaves that are missing behind the last one are added.  A flaw is no failure:
 * *fault.
 */
struct audit_closed_flaw {
	enum audit_fault fault;
	uint64_t         at;
};
MUST_USE bool audit_closed_read(const struct deed_by *by, struct audit_closed *x, bool complete, struct audit_closed_flaw *flaw,
    struct err *e);

/*
 * The details of audit.restored: of which archive, and what its chain came to.  It closes the chain that a tenant had when it was
 * restored, and then it says where in the trail the archive ends; and it begins the next chain, and then it says what the
 * one before came to.
 */
struct audit_restored {
	const char *archive, *signer;
	bool        back; /* to what it was before it was restored from that archive */
	int64_t     chain, entries;
	const char *head, *root; /* base64 */
};
extern const struct schema audit_restored_schema;
/* An entry of that: archive and signer of `told`, the rest of x; children of by->mem. */
MUST_USE bool audit_restored_entry(const struct deed_by *by, const struct audit_closed *x, struct audit_restored told,
    struct audit_entry *entry, struct err *e);
/* The chain x is closed, and the present one, which is empty, begins with that entry: in one transaction. */
MUST_USE bool audit_closed_behind(const struct deed_by *by, const struct audit_closed *x, struct audit_entry *entry, struct err *e);

/* All closed chains against what was said of each when it was closed.  *entries: how many were read. */
MUST_USE bool audit_closed_verify(const struct deed_by *by, uint64_t *entries, struct audit_closed *at,
    struct audit_closed_flaw *flaw, struct err *e);

#endif
