/*
 * tenant_order.h - what the making of a tenant has to know after who asked has gone: sealed in its operation.
 */
#ifndef BSX_AUTH_TENANT_TENANT_ORDER_H
#define BSX_AUTH_TENANT_TENANT_ORDER_H

#include "core/base/err.h"
#include "core/json/field.h"

#define TENANT_CREATE_STEPS 4

struct tenant_order {
	const char *email, *display_name; /* of its first administrator; NULL: none is made */
	const char *password;             /* its hash (PHC); NULL: invited by mail */
	const char *by;                   /* who asked, for the trail and the invitation */
};
/* As text, a child of `mem` that is wiped when freed; NULL: *e says why. */
MUST_USE char *tenant_order_print(TALLOC_CTX *mem, const struct tenant_order *o, struct err *e);

#endif
