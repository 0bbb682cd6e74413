#include "fcgi/admin/accounts.h"

struct managing
managing_of(struct request *r)
{
	return (struct managing) { r->app->auth, r->mem, r->db, &r->caller, &r->origin };
}
