/*
 * answers.h - links by which an alert is answered from where it was read: acknowledge, resolve, accept its values until a day.
 *
 * An event of a template from EVENT_ANSWERED on gets them at each attempt, where its alert is not over, the kind of its
 * channel can show them, and the tenant's settings (alert_links) have not taken them away.  What they do is
 * drift/service/answer.h; opening one changes nothing.
 *
 * A mail goes to one user where its channel's address is that of an active user of the tenant: then "acknowledge" names that
 * user, and is confirmed without a session.  Every other link leads to the console, behind sign-in.
 */
#ifndef BSX_DRIFT_DELIVER_ANSWERS_H
#define BSX_DRIFT_DELIVER_ANSWERS_H

#include "drift/deliver/attempt.h"

/* In the place of shown->answers; children of `mem`. */
MUST_USE bool answers_add(
    const struct attempt *a, TALLOC_CTX *mem, struct alert_event *shown, struct err *e);

#endif
