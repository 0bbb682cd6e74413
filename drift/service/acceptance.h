/*
 * acceptance.h - acceptances that wait for a second person (second.h): listed, confirmed, declined, taken back.
 *
 * A second person is another than who asked, and signed in: who used a key nobody knows.  What a key asked, the person who made
 * it has asked.  Who asked may take it back at any time, also by a key of theirs, which is the only one of these that only that
 * person may do.
 */
#ifndef BSX_DRIFT_SERVICE_ACCEPTANCE_H
#define BSX_DRIFT_SERVICE_ACCEPTANCE_H

#include "core/store/drift/acceptance.h"
#include "drift/service/acting.h"

/* Newest first; `config` nil: of all. */
MUST_USE bool acceptance_page(
    const struct acting *a, const struct uuid *config, struct page *p, struct err *e);
MUST_USE bool acceptances_see_alert(const struct acting *a, const struct uuid *alert,
    struct acceptance **rows, size_t *n, struct err *e);
/* The caller is who asked. */
bool acceptance_is_own(const struct acting *a, const struct acceptance *row);

/*
 * What was asked is done, of what of it is still there.  ERR_FORBIDDEN: the caller is who asked, or a key; ERR_CONFLICT: nothing of it is there with these values, or the baseline is another by now; ERR_MISSING: it
 * waits no more.  *changed: findings; of a baseline 0.
 */
MUST_USE bool acceptance_confirm(const struct acting *a, const struct uuid *id,
    struct acceptance *out, int64_t *changed, struct err *e);
/* `reason` NULL: none is given. */
MUST_USE bool acceptance_decline(const struct acting *a, const struct uuid *id, const char *reason,
    struct acceptance *out, struct err *e);
/* ERR_FORBIDDEN: another has asked. */
MUST_USE bool acceptance_withdraw(const struct acting *a, const struct uuid *id, struct err *e);

#endif
