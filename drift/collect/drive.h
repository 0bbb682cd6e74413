/*
 * drive.h - a source's run (source.h), driven: what it wants is sent as far as its buckets allow, and what has come is
 * handed to it.  It knows no database.
 *
 *	drive_begin(); while drive_on() says DRIVE_GOES: multi_wait(); then drive_collected(), or why not
 *
 * A drive is freed at any time; what is under way then is given up.  The clock is monotonic, in ms.
 *
 * Errors: of the source, for the administrator in e->pub (ERR_CREDENTIALS: what it shows is refused); ERR_UNAVAILABLE
 * where it took too long or has come to too much.
 */
#ifndef BSX_DRIFT_COLLECT_DRIVE_H
#define BSX_DRIFT_COLLECT_DRIVE_H

#include "core/net/multi.h"
#include "drift/collect/buckets.h"

/* What has come of a request, as it came; all of it is gone after the call. */
struct drive_seen {
	const char                *method, *url;
	const struct multi_answer *answer;
	bool                       is_token; /* the answer is a secret */
};
/* Who is told of each, before the source takes it. */
struct drive_watch {
	void (*seen)(void *arg, const struct drive_seen *s);
	void *arg;
};

/* What drives share. */
struct drive_by {
	const struct env *env; /* counts requests, where it has a segment */
	struct multi     *multi;
	struct buckets   *buckets;
	int64_t           timeout_ms; /* of one request */
	uint64_t          bytes_max;  /* of all answers of one run together */
	struct source_budget *budget; /* of what all runs hold; NULL: none */
	const struct drive_watch *watch; /* NULL: nobody */
};

struct drive_start {
	const struct source   *source;  /* all of these outlive the drive */
	struct source_session *session;
	struct uuid            tenant; /* whose room it takes (multi_room.h) */
	const char            *credential; /* tells credentials apart: buckets are of one each */
	struct str             secret;
	const struct source_own *own; /* of kinds self and canary: reads the tenant's tables; needed as it begins only */
	const struct recall_terms *recall; /* NULL: nothing is recalled */
	struct strings         categories; /* it reads these alone; none: all */
	int64_t                until_ms; /* it fails then */
};

struct drive;
/* A child of `mem`. */
MUST_USE struct drive *drive_begin(TALLOC_CTX *mem, const struct drive_by *by,
    const struct drive_start *s, struct err *e);

enum drive_step { DRIVE_GOES, DRIVE_DONE, DRIVE_FAILED };
/* Sends what can be sent; *again_ms: ask again then, or after an answer, whichever comes first. */
enum drive_step drive_on(struct drive *d, int64_t now_ms, int64_t *again_ms, struct err *e);

/* After DRIVE_DONE, as long as the drive. */
const struct collected *drive_collected(const struct drive *d);
/* After DRIVE_DONE with `same`: all of it is wanted, and it goes on. */
void drive_unfold(struct drive *d);
/* After DRIVE_FAILED: what can be done; NULL: nothing is known. */
const char *drive_remedy(const struct drive *d);
void        drive_progress(const struct drive *d, struct source_progress *out);

#endif
