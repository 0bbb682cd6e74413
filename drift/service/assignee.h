/*
 * assignee.h - who an alert or a finding can be given to: an active user of the tenant, or somebody of another tenant who may act here,
 * which is whoever does so now by a grant and whoever a grant that counts names.
 *
 * Of a grant to all people of a tenant nobody is known here, so that of them only who acts can take something on.
 */
#ifndef BSX_DRIFT_SERVICE_ASSIGNEE_H
#define BSX_DRIFT_SERVICE_ASSIGNEE_H

#include "drift/service/acting.h"

#define ASSIGNEE_DOC \
	"User of this tenant who works on it, or somebody of another one who acts here by a grant; null: nobody."

/* A fault at /assigned_to for anybody else; nil is nobody, who can always be said. */
MUST_USE bool assignee_check(const struct acting *a, const struct uuid *id, struct err *e);

#endif
