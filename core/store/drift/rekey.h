/*
 * rekey.h - findings that get another name: the same place and value, known by another fingerprint or
 * value hash than before.
 *
 * Called in a transaction that holds the config's state row.  What is written about a finding under its old
 * name goes on under the new one: its row, its history, what alerts have told of it, how it comes and goes,
 * and the changes of the newest report.  Older reports keep the names they were made with.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_REKEY_H
#define BSX_STORE_DRIFT_REKEY_H

#include "core/store/drift/finding.h"

struct finding_name {
	struct blob fingerprint, value_hash; /* HASH_LEN bytes each */
};

/* All that somebody may come back to: what is open, accepted or ignored, there or not. */
MUST_USE bool rekey_findings(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct finding_list *l, struct err *e);

/* Where the finding of a fingerprint was, as the newest change that had it says. */
struct finding_place {
	struct blob fingerprint;
	char       *category, *key, *op, *canonical_path;
};
/* Of these findings, by fingerprint; one of which no change is left is not among them. */
MUST_USE bool rekey_places(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct finding_row *of, size_t of_n, struct finding_place **rows, size_t *n,
    struct err *e);

/* One old name and what it is now. */
struct rekey {
	struct uuid         config_id;
	struct finding_name was, is;
};
/* History and the newest report's changes. */
MUST_USE bool rekey_follow(struct db *db, const struct rekey *list, size_t n, struct err *e);
/* The rows of findings go from their old names to those of `to`, which may be more or fewer. */
MUST_USE bool rekey_rows(struct db *db, const struct rekey *from, size_t from_n,
    struct finding_row *to, size_t to_n, struct err *e);

#endif
