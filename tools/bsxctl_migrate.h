/*
 * bsxctl_migrate.h - many tenants brought up to date at once: by processes, each with connections of its own.
 */
#ifndef BSX_TOOLS_BSXCTL_MIGRATE_H
#define BSX_TOOLS_BSXCTL_MIGRATE_H

#include "tools/bsxctl.h"

#define MIGRATE_JOBS_MAX 16 /* each holds up to five connections, of the 151 that a server lets in as it comes */

struct migrate_outcome {
	size_t                    i; /* of the list */
	struct provision_migrated done;
	struct err                e; /* ERR_OK: it is up to date */
};

struct migrate_jobs {
	const struct tenant *list; /* they stand */
	size_t               n;
	int64_t              jobs;
	void (*told)(void *arg, const struct migrate_outcome *o); /* of each of the list once, in the order in which they end */
	void *arg;
};
/*
 * Each of the list; what fails in one is its outcome, and does not stop the others, nor does a process that ends before its
 * time.  Those that are under way end with this process.  ERR_INTERNAL: no process could be started, nothing was done.
 */
MUST_USE bool migrate_jobs(struct ctl *c, const struct migrate_jobs *w, struct err *e);

#endif
