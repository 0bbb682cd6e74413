/*
 * digest.h - a digest of a day or a week, by mail: the message "drift.digest" of the kind "digest", to a channel of the kind
 * "email".
 *
 * It holds numbers as they were when it was due, which are those of /api/drift/analytics, and names, no values.
 */
#ifndef BSX_DRIFT_DELIVER_DIGEST_H
#define BSX_DRIFT_DELIVER_DIGEST_H

#include "core/json/schema.h"
#include "core/store/alert/outbox.h"

#define EVENT_DIGEST     "drift.digest"
#define DIGEST_KIND      "digest"
#define DIGEST_RESOURCES 10
#define DIGEST_BLIND     10

struct digest_counts {
	int64_t total, info, low, medium, high, critical;
};
struct digest_resource {
	const char *config, *category, *key;
	int64_t     findings;
};
struct digest_why {
	const char *why;
	int64_t     n;
};
struct digest {
	const char                 *customer, *from, *until, *link; /* days of UTC, both of them in it; URL */
	instant                     at;
	const struct digest_counts *findings, *changes, *open;
	int64_t                     under_1h, under_1d, under_7d, under_30d, older; /* of `open` */
	int64_t                     accepted, expiring, expired; /* expiring within seven days */
	struct items                resources, quiet;            /* struct digest_resource, digest_why */
	struct strings              blind;                       /* the first of them */
	int64_t                     blind_total;
};

/* As the outbox has it: a pending message of that channel, due at once. */
MUST_USE bool digest_post(struct tenant_db *t, TALLOC_CTX *mem, struct outbox *o, const struct digest *d, struct err *e);
MUST_USE bool digest_open(
    struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *o, struct digest *out, struct err *e);
/* There is nothing in it that anybody has to look at. */
bool digest_is_empty(const struct digest *d);

#endif
