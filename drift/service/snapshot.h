/*
 * snapshot.h - snapshots: pushed, listed, shown and dropped.
 */
#ifndef BSX_DRIFT_SERVICE_SNAPSHOT_H
#define BSX_DRIFT_SERVICE_SNAPSHOT_H

#include "drift/run/ingest.h"
#include "drift/service/acting.h"
#include "drift/snapshot/retention.h"

/*
 * A push by the caller: of `p` config_id, in or document (with actor and collected_at), body, idempotency_key and
 * permits are given.  Whoever sets very many values of a masked place is told of in the trail.
 */
MUST_USE bool snapshot_push(
    const struct acting *a, struct push *p, struct ingest_answer *out, struct err *e);

/* One was refused: whoever awaits the config's snapshots gets to know (drift/run/pushers.h). */
void snapshot_refused(const struct acting *a, const struct uuid *config, const struct err *why);

MUST_USE bool snapshot_see(
    const struct acting *a, const struct uuid *id, struct snapshot *out, struct err *e);
/* Newest first; `at` not 0: only the one in force then. */
struct snapshot_filter {
	struct uuid config_id;
	instant     at;
};
MUST_USE bool snapshot_page(const struct acting *a, const struct snapshot_filter *f,
    struct page *p, struct err *e);

/* What a snapshot held of a category; of one resource its value too, as it was compared. */
MUST_USE bool snapshot_category(const struct acting *a, const struct snapshot *s,
    const char *category, struct held **rows, size_t *n, struct err *e);
struct snapshot_value {
	struct held held;
	char       *text; /* JSON */
};
MUST_USE bool snapshot_resource(const struct acting *a, const struct snapshot *s,
    const char *category, const char *key, struct snapshot_value *out, struct err *e);

/* How a resource of a config was, the newest first: at most VERSIONS_SEEN_MAX; *more: there are others. */
struct snapshot_version {
	struct version_seen seen;
	bool                gone; /* what came after it was that it was not there */
};
MUST_USE bool snapshot_history(const struct acting *a, const struct uuid *config, const char *category,
    const char *key, struct snapshot_version **out, size_t *n, bool *more, struct err *e);

/* With what only it held; its report stays.  ERR_IN_USE: the baseline, the newest. */
MUST_USE bool snapshot_erase(
    const struct acting *a, const struct uuid *id, const char *reason, struct err *e);

#endif
