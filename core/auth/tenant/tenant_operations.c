/* tenant_make.h: which operations are about tenants, and what carries them. */
#include "core/auth/tenant/tenant_erase.h"
#include "core/auth/tenant/tenant_make.h"

operation_fn *const tenant_operations[OPERATION__MAX] = {
	[OPERATION_TENANT_CREATE] = tenant_create_carry,
	[OPERATION_TENANT_ERASE] = tenant_erase_carry,
};
