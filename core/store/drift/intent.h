/*
 * intent.h - announced changes: what somebody says will change in a config, before it does.
 *
 * What came of one stays as a row for INTENT_KEEP_DAYS after its end (core/store/tenant/forget.c).
 *
 * Errors: ERR_MISSING, ERR_QUOTA, and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_INTENT_H
#define BSX_STORE_DRIFT_INTENT_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

#define INTENTS_PER_CONFIG 100  /* in force or to come at a time */
#define INTENTS_MAX        1000 /* and of a tenant */
#define INTENTS_A_DAY      2000 /* made in a tenant, whatever became of them: each is kept */
#define INTENT_KEEP_DAYS   400
#define INTENT_VALUE_MAX   16384 /* bytes of a canonical text */

/* What is to be there. */
#define INTENT_VALUE "value" /* exactly that */
#define INTENT_ANY   "any"   /* some value, whichever */
#define INTENT_GONE  "gone"  /* nothing */

/*
 * What a change has to do with an intent whose object it is of, the nearest first.  The first two take it out of what is told,
 * the second as long as a log may still say who made it.
 */
#define INTENT_VERDICTS(X)                                                                         \
	X(ANNOUNCED_AS, "as_announced")                                                            \
	X(ANNOUNCED_WAITING, "waiting")          /* the value is, who made it is not known yet */  \
	X(ANNOUNCED_UNCONFIRMED, "unconfirmed")  /* it is, and needs a second person */            \
	X(ANNOUNCED_LAPSED, "lapsed")            /* it is, by somebody who may accept nothing any more */ \
	X(ANNOUNCED_UNKNOWN, "unknown_actor")    /* the value is, and nobody is known to have made it */ \
	X(ANNOUNCED_OTHER_ACTOR, "other_actor")                                                    \
	X(ANNOUNCED_OTHER_VALUE, "other_value")                                                    \
	X(ANNOUNCED_OTHER_PLACE, "other_place")  /* something else of the object */
enum intent_verdict {
#define X(id, wire) id,
	INTENT_VERDICTS(X)
#undef X
	    ANNOUNCED__MAX
};
const char *intent_verdict_name(enum intent_verdict v);
/* "verdict:id", as a finding has it (INTENT_MARK_MAX bytes with the NUL), and back; false: it is none. */
#define INTENT_MARK_MAX 64
void intent_mark_print(enum intent_verdict v, const struct uuid *id, char out[static INTENT_MARK_MAX]);
bool intent_mark_read(const char *mark, enum intent_verdict *v, struct uuid *id);

struct intent {
	struct uuid id, config_id;
	char       *category, *key, *path; /* the key a glob, the path a pattern, as a silence has them */
	char       *expect;                /* INTENT_VALUE, ... */
	struct blob value;                 /* sealed canonical text; p == NULL: none is expected */
	char       *actor;                 /* id; NULL: whoever */
	char       *ticket, *reason, *owner; /* ticket NULL: none */
	struct uuid person_id;             /* the person behind it; nil: a service key */
	instant     starts_at, ends_at, created_at;
	char       *confirmed_by;          /* NULL: no second person has */
	instant     confirmed_at;
	char       *ended_by;              /* who took it back; NULL: nobody has */
	instant     ended_at;
	int64_t     changes;               /* that came as announced */
	instant     fulfilled_at;
	struct uuid report_id;             /* that first had one; nil: none */
	instant     missed_at;             /* when it was told that none has come; 0: it was not */
	bool        own;                   /* of what is shown: its config's source is our own trail */
};
extern const struct schema intent_schema;

/* "scheduled", "open", "fulfilled", "unfulfilled", "withdrawn". */
const char *intent_state(const struct intent *i, instant now);

/* ERR_QUOTA: there are as many as may be. */
MUST_USE bool intent_add(struct db *db, const struct intent *i, struct err *e);
MUST_USE bool intent_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct intent *i, struct err *e);
struct intent_filter {
	struct uuid config_id; /* nil: of any */
	const char *state;     /* NULL: any */
	instant     now;
};
/* Newest first. */
MUST_USE bool intent_list(struct tenant_db *t, TALLOC_CTX *mem, const struct intent_filter *f,
    struct page *p, struct err *e);
/*
 * Those of a config that findings may be held against: in force, to come, and over for so short a time that a log may still say
 * who made what came in them.  With what else is read in that round trip.
 */
#define INTENTS_HELD      200 /* of them, those that end last */
#define INTENT_LINGERS_MS (INT64_C(86400) * 1000)
void intent_ahead_ask(struct trip *trip, const struct uuid *config, instant now,
    struct intent **rows, size_t *n);
/* Is there one of those? */
MUST_USE bool intent_any(
    struct db *db, const struct uuid *config, instant now, bool *any, struct err *e);
/* Takes back what is in force or to come and has not been fulfilled; *done false: there is no such. */
MUST_USE bool intent_end(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e);
/* A second person has confirmed it; *done false: it is over, or one has already. */
MUST_USE bool intent_confirm(
    struct db *db, const struct uuid *id, instant now, const char *by, bool *done, struct err *e);

/* So many more (or fewer) changes came as announced. */
struct intent_count {
	struct uuid id, report_id;
	int64_t     more;
	instant     now;
};
MUST_USE bool intent_count(struct db *db, const struct intent_count *c, size_t n, struct err *e);
/* It has ended, and nothing has come; *done false: something has, or it was said already. */
MUST_USE bool intent_miss(
    struct db *db, const struct uuid *id, instant now, bool *done, struct err *e);
/* Is it not known yet who made something that may fulfil it? */
MUST_USE bool intent_waits(
    struct db *db, const struct intent *i, bool *waits, struct err *e);

#endif
