/*
 * awaited.h - changes whose maker is looked for in the log of their source, and what is found of them.
 *
 * What is known of who made a change is kept with it and with its finding, so that later reports that have it say the
 * same, and an earlier one of the same value what it said.
 * Who changes it holds nothing: it is written by one run at a time, or by who sees that the time is over.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_AWAITED_H
#define BSX_STORE_DRIFT_AWAITED_H

#include "core/base/hash.h"
#include "core/store/drift/report.h"
#include "core/store/trip.h"

#define AWAITED_MAX 1000 /* of a config at once; further ones when these are over */

struct awaited {
	struct uuid change_id;
	struct uuid config_id;
	instant     since, until; /* entries of the log from then to then count */
	instant     ends_at;      /* it is looked for so long */
};
MUST_USE bool awaited_add(struct db *db, const struct awaited *a, size_t n, struct err *e);

/* One that waits, with its change; change.id nil: that is gone. */
struct awaited_change {
	struct awaited    wait;
	struct change_row change; /* attribution: that of its finding, or its own */
};
/* Of a config, the oldest first. */
MUST_USE bool awaited_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct awaited_change **rows, size_t *n, struct err *e);
/* They are not looked for any more. */
MUST_USE bool awaited_drop(struct db *db, const struct awaited *a, size_t n, struct err *e);

/* What is known of who made the change of a finding now. */
struct attributed {
	struct uuid change_id;
	struct uuid config_id;
	struct blob fingerprint, value_hash;
	const char *attribution; /* JSON */
};
MUST_USE bool awaited_found(struct db *db, const struct attributed *a, size_t n, struct err *e);

/* What is known of who made what stands in a config, by fingerprint and value hash. */
#define MAKERS_MAX 5000 /* of a config: of further ones it is not known what it will be told of with others */
struct finding_maker {
	struct blob fingerprint, value_hash;
	char       *attribution; /* JSON */
};
struct finding_makers {
	struct finding_maker *rows;
	size_t                n;
};
void awaited_makers_ask(
    struct trip *trip, const struct uuid *config, struct finding_makers *out); /* trip.h */
void awaited_makers_sort(struct finding_makers *l); /* after the trip */
/* NULL: nothing is known. */
const char *awaited_maker(const struct finding_makers *l,
    const uint8_t fingerprint[static HASH_LEN], const uint8_t value_hash[static HASH_LEN]);

#endif
