/*
 * announcing.h - changes of a plan held against what was announced (core/store/drift/intent.h).
 *
 * What is new to a config and came in the window of an intent whose object it is of gets a verdict, by which its finding is
 * known from then on.  As announced, which is place, value and maker: the finding is accepted with the intent's reason, as by
 * who announced it.  Place and value, while a log may still say who made it: it is held until then.  All else alerts as it
 * would, and says what was announced.  The maker is known where he is found exactly; by the object alone, when the log is not
 * asked any more.  Becomes another maker known, or a second person confirms the intent, the finding is judged again.
 *
 * Where the tenant's settings ask a second person to accept a change of that severity, an intent that none has confirmed
 * takes nothing out of what is told; nor does one of somebody who may accept nothing any more: without the permission, unable
 * to sign in, by a grant that is over, or with a service key of whose name none counts any more.
 */
#ifndef BSX_DRIFT_RUN_ANNOUNCING_H
#define BSX_DRIFT_RUN_ANNOUNCING_H

#include "drift/run/plan.h"

/* Does its source, or who pushes, say who made a change?  Of what is pushed, what the push says. */
enum announced_maker { MAKER_NEVER, MAKER_PUSHED, MAKER_LOGGED };
enum announced_maker announced_maker(const struct drift_spec *spec);

/* After findings were judged: `known` are those of before. */
MUST_USE bool announcing_apply(const struct ingest *in, struct plan *p,
    const struct finding_list *known, struct err *e);
/* In the transaction of the report. */
MUST_USE bool announcing_write(struct db *db, struct plan *p, struct err *e);

#endif
