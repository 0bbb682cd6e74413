#include "core/auth/sealed_refused.h"

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"

struct refusal_told {
	const char *table, *column;
	int64_t     more;
};
static const struct field refusal_told_fields[] = {
	TOLD(struct refusal_told, table),
	TOLD(struct refusal_told, column),
	TOLD_IF(struct refusal_told, more),
	FIELD_END,
};
static const struct schema refusal_told =
    SCHEMA("RefusalTold", struct refusal_told, refusal_told_fields);

static bool
note(struct auth *a, TALLOC_CTX *mem, const struct sealed_refusal *r, struct err *e)
{
	const struct refusal_told told = { r->table, r->column, (int64_t)r->more };
	struct deed_by            by = { .auth = a, .mem = mem };
	const struct tenant      *t;
	struct audit_entry        entry = {
		       .action = AUDIT_SEALED_REFUSED, .failed = true, .target_id = r->row
	};

	entry.details = audit_details(mem, &refusal_told, &told, e);
	return entry.details != NULL && tenant_by_id(a->database, &r->tenant, &t, e) &&
	       tenant_db_open(a->database, t, true, &by.t, e) &&
	       audit_seldom(&by, &entry, r->column, NULL, e);
}

void
sealed_refused_note(struct auth *a)
{
	struct sealed_refusal r;

	while (database_refusal(a->database, &r)) {
		TALLOC_CTX *mem = talloc_new(NULL);
		struct err  e = { 0 };

		database_tidy(a->database);
		if ((mem == NULL || !note(a, mem, &r, &e)) && a->env->log != NULL)
			log_err(a->env->log, LOG_SYSTEM,
			    "a sealed value that was refused could not be put into the trail", &e);
		talloc_free(mem);
		database_tidy(a->database);
	}
}
