/*
 * finding.h - findings across reports: their status, acceptances, and what happened
 * to them and to alerts.
 *
 * A finding is a change's fingerprint and value hash in a config; its row holds
 * the status of every change row with both.  An acceptance is a row of status
 * "accepted": it names the value by its hash only.
 *
 * Errors: ERR_MISSING, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_FINDING_H
#define BSX_STORE_DRIFT_FINDING_H

#include "core/base/hash.h"
#include "core/store/id_list.h"
#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

struct finding_row {
	struct uuid config_id;
	struct blob fingerprint, value_hash;
	char       *status;   /* as of a change */
	bool        present;  /* in the newest report */
	int64_t     runs;     /* reports in a row that had it */
	bool        promoted; /* its value became the baseline's */
	char       *reason;   /* NULL: none */
	char       *owner;    /* who accepted; NULL: nobody */
	instant     expires_at;
	struct uuid assigned_to;
	instant     created_at, updated_at;
	char       *announced; /* "verdict:id" of an announced change (intent.h); NULL: none */
};

/* By fingerprint, value hash. */
struct finding_list {
	struct finding_row *rows;
	size_t              n;
};
/* Into a new array of mem, whose texts stay where they are; an old one must outlive it. */
MUST_USE bool finding_list_add(
    TALLOC_CTX *mem, struct finding_list *l, const struct finding_list *more, struct err *e);

/*
 * A report is held against what is open, what is accepted or ignored and was there, and what it names.  The first
 * two are what stands; of the third, only those are asked for that it names.  What is accepted or ignored and
 * there no more is read by nobody until it comes back, however much of it there is.
 */
void finding_standing_ask(struct trip *trip, const struct uuid *config, struct finding_list *l); /* trip.h */
void finding_standing_sort(struct finding_list *l); /* then: each once, in the order of finding_list_add() */
struct finding_seen {
	struct uuid config_id;
	struct blob fingerprint, value_hash;
	instant     now;
	struct raw_json attribution; /* who made it, of new ones and of old ones again; later: awaited.h */
	const char     *announced;   /* as of a row */
};
/* Of one config. */
struct finding_names {
	struct finding_seen *seen;
	size_t               n;
};
/* These values of findings, whatever became of them. */
MUST_USE bool finding_of_values(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_list *l, struct err *e);
/* Accepted or ignored values of these findings, whichever: value hashes are not looked at. */
MUST_USE bool finding_lasting_of(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_list *l, struct err *e);
MUST_USE bool finding_by_value(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct blob fingerprint, struct blob value_hash, struct finding_row *row, struct err *e);
/* A change and its finding: as it would be when it has no row yet. */
struct finding_target {
	struct uuid        change_id;
	struct finding_row row;
	char              *severity;     /* of the change */
	char              *now_severity; /* of the same in the newest report; NULL: it is not there */
};
#define LIFE_IDS_MAX 1000
/* The changes with these ids, as many as there are, by config, fingerprint, value hash. */
MUST_USE bool finding_targets_by_ids(struct db *db, TALLOC_CTX *mem, struct id_list ids,
    struct finding_target **rows, size_t *n, struct err *e);
struct finding_filter {
	struct uuid report_id;
	const char *severity, *category, *status; /* NULL: any */
	struct blob fingerprint;                  /* p == NULL: any */
};
/* Changes of a report in the same order; of p only how many are wanted. */
MUST_USE bool finding_targets_by_filter(struct db *db, TALLOC_CTX *mem,
    const struct finding_filter *f, struct page *p, struct err *e);
/* Adds rows or writes all that can change of them; sorts them. */
MUST_USE bool finding_put(struct db *db, struct finding_row *rows, size_t n, struct err *e);

/* Detected: new rows, or old ones again; sorts them. */
MUST_USE bool finding_detect(struct db *db, struct finding_seen *s, size_t n, struct err *e);

struct finding_event {
	struct uuid id;
	struct uuid config_id;  /* nil: of none */
	struct blob subject;    /* a fingerprint, or an alert's id */
	struct blob value_hash; /* p == NULL: of an alert */
	instant     at;
	const char *actor; /* "system", a person's address, or key:NAME */
	const char *from_status, *to_status;
	const char *note;
};
#define LIFE_EVENTS_MAX 500
MUST_USE bool finding_event_add(struct db *db, const struct finding_event *v, size_t n, struct err *e);
/* Oldest first; of a fingerprint in a config, whatever the value. */
MUST_USE bool finding_event_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct blob subject, struct finding_event **rows, size_t *n, struct err *e);
/* The same of several, by subject; of all together the first FINDING_EVENTS_SOME, and *n is that where there are more. */
#define FINDING_EVENTS_SOME 10000
MUST_USE bool finding_events_of(struct db *db, TALLOC_CTX *mem, const struct finding_names *of,
    struct finding_event **rows, size_t *n, struct err *e);

#endif
