/*
 * second.h - a second person (settings.four_eyes.accept_from): what takes a finding of that severity or worse out of what is
 * told waits until somebody else with update:drift confirms it.  Nothing of it counts before.
 *
 * Asked are all ways by which a state is accepted: a change or many of them (accepted, ignored, or accepted for longer), all
 * of a report, a snapshot as the baseline.  How severe a baseline is says the newest report, where that was held against the
 * present one, and what in first readings is to be reviewed; where nobody knows, it counts as critical.
 *
 * What is accepted until a day is not decided about for longer than that.
 *
 * What would decide otherwise about a severe finding while it is there, and cannot wait as it is, is refused until it has been
 * decided about for good: binding the config to a golden baseline, changing that baseline, and what of the config decides about
 * severities, by hand or by a template that is applied to it (drift/template).
 *
 * Left to one person, with an alert of the tenant itself (drift/watch/watched.c, one_person): the same where nothing severe is
 * there; silences, which end; dropping a config, with another permission, also by taking back what a template has made.
 * Resolving an alert decides about no finding, a baseline that follows the previous snapshot is approved by nobody, and what a
 * golden baseline of the platform says is the platform's, for every tenant that has bound itself to it.
 *
 * Both persons are persons: a service key, which whoever has it may use, does not ask, and no key confirms or declines.
 */
#ifndef BSX_DRIFT_SERVICE_SECOND_H
#define BSX_DRIFT_SERVICE_SECOND_H

#include "core/store/drift/acceptance.h"
#include "core/store/drift/config.h"
#include "core/store/drift/report.h"
#include "core/store/drift/snapshot.h"
#include "drift/service/acting.h"

/* Nobody can be asked for longer. */
#define SECOND_WAITS_S (7 * 86400)

struct second {
	bool          asks;
	enum severity from;
};
MUST_USE bool second_of(const struct acting *a, struct second *out, struct err *e);
/* A deed that is left to one person: its entry, which has details, says so too where the setting is there. */
MUST_USE bool second_alone(const struct acting *a, struct audit_entry *entry, struct err *e);
/* The same deed, of which the entry says the name. */
MUST_USE bool second_left(const struct acting *a, tx_fn *body, void *arg,
    const struct audit_entry *entry, const char *name, struct err *e);

/* A snapshot that is to become the baseline. */
struct second_baseline {
	const char             *kind, *reason; /* reason NULL: none is given */
	struct uuid             report;        /* nil: it is no report that is accepted */
	const struct snapshot  *snapshot;
	bool                    reviewed;
	const struct acceptance *asked; /* it has waited, and is confirmed; NULL: it has not */
	struct acceptance        waits; /* filled: it waits from now on; id nil: it does not */
};
/*
 * In the transaction, behind the lock of the state row.  ERR_CONFLICT: of one that has waited, the baseline is another than when
 * it was asked; something is to be reviewed, and was not.
 */
MUST_USE bool second_asks(struct db *db, const struct acting *a, const struct config_state *state,
    struct second_baseline *in, struct err *e);

/*
 * In the transaction: it waits from now on, with a line in the history of what it is about.  Of `row` are taken kind, what it is
 * of, status, reason, expires_at, reviewed and severity; the rest is set.  ERR_FORBIDDEN: a service key asks.
 */
MUST_USE bool second_ask(struct db *db, const struct acting *a, struct acceptance *row,
    const struct finding_row *findings, size_t n, struct err *e);

/* The entry of the deed is that it was asked. */
MUST_USE bool second_entry(
    const struct acting *a, const struct acceptance *row, struct audit_entry *entry, struct err *e);

/* The deed by which it is confirmed: `body`, in whose transaction it waits no more; ERR_MISSING: it has waited long enough. */
MUST_USE bool second_confirm(
    const struct acting *a, const struct acceptance *asked, tx_fn *body, void *arg, struct err *e);

/* In the transaction: ERR_CONFLICT where something severe that nobody has decided about is in the newest report of the config,
 * or of a config that is bound to the template; the other is nil.  `what`: the rest of a sentence, "... is changed". */
MUST_USE bool second_refuse(struct db *db, const struct acting *a, const struct uuid *config,
    const struct uuid *golden, const char *what, struct err *e);

/* What an entry tells of an acceptance that waits or has waited; `why` it ends, NULL: nothing is told of that. */
MUST_USE const char *second_details(const struct acting *a, const struct acceptance *row,
    const char *why, struct err *e);

/* The person behind a caller: who made the key; nil: nobody is known to. */
struct uuid second_person(const struct acting *a);

/* A line in the history of what it is about. */
MUST_USE bool second_note(struct db *db, const struct acting *a, const struct acceptance *row,
    const struct finding_row *findings, size_t n, const char *lead, const char *text,
    struct err *e);

#endif
