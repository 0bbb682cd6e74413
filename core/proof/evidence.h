/*
 * evidence.h - what is known of one alert, in a file that who has the public key alone can check.
 *
 * It is a signed note (note.h) of any length:
 *
 *	blindspotx.evidence/TENANT            whose alert; signed by the key that signs checkpoints
 *	{"format": "blindspotx-evidence/1", "tenant": {...}, "alert_id": ..., "made_at": ..., "made_by": ...}
 *	{"alert": ...} {"report": ...} {"snapshot": ...} {"change": ...} {"resource": ...} {"delivery": ...}
 *	                                      a line for each: an object as the API gives it out, masked places masked
 *	{"trail": {"chain": N, "from": TIME}} of the tenant's audit trail the chain that goes on, and its first entry that is there: what
 *	                                      is older stands in a chain before it, or was deleted by age, and is not in here
 *	{"checkpoint": NOTE}                  of that chain; may be left out
 *	{"seq": N, "id": ..., ...}            an entry of that trail, as an export has it (check.h)
 *	{"path": [HEX...]}                    behind an entry: its audit path (path.h) to the checkpoint's root; what is newer
 *	                                      than the checkpoint has none
 *	{"end": N, "left_out": {...}}         N lines stand before it, the first not counted; and how much of what was too long
 *
 * So it is proven that the installation said all this, and that each entry with a path stood in the trail when the checkpoint
 * was made, which others may have kept.
 */
#ifndef BSX_PROOF_EVIDENCE_H
#define BSX_PROOF_EVIDENCE_H

#include "core/base/buf.h"
#include "core/proof/check.h"

#define EVIDENCE_FORMAT "blindspotx-evidence/1"
#define EVIDENCE_NAME   "blindspotx.evidence/" /* and the tenant's number */
#define EVIDENCE_MAX    ((size_t)32 << 20)     /* bytes */

struct evidence_verdict {
	enum proof_fault fault; /* the first */
	uint64_t         line;  /* where it was seen, the first is 1; 0: it is of the whole */
	char             name[NOTE_ORIGIN_MAX];
	uint64_t         changes, entries;
	uint64_t         proven, size; /* so many of the entries are in the tree of the checkpoint, which has so many */
};
/* It must be signed by one of the `n` keys, and the checkpoint too; their names, which are those of trails, say nothing here. */
MUST_USE bool evidence_check(TALLOC_CTX *mem, struct str file, const struct note_key *keys, size_t n,
    struct evidence_verdict *out, struct err *e);
/* In one line, without LF. */
void evidence_verdict_print(struct buf *b, const struct evidence_verdict *v);

#endif
