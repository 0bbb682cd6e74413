#include "core/store/identity/pepper.h"

#include "core/store/db_priv.h"

#define VERSIONS_MAX 100

struct pepper_in {
	instant now;
};
static const struct field pepper_in_fields[] = {
	COLUMN(struct pepper_in, now),
	FIELD_END,
};
static const struct schema pepper_in = SCHEMA("PepperIn", struct pepper_in, pepper_in_fields);

static const struct field peppered_fields[] = {
	COLUMN(struct peppered, version),
	COLUMN(struct peppered, api_keys),
	COLUMN(struct peppered, recovery_codes),
	FIELD_END,
};
static const struct schema peppered_out = SCHEMA("Peppered", struct peppered, peppered_fields);

SQL(pepper_select_count, SQL_TENANT, &pepper_in, &peppered_out,
    "SELECT pepper AS version, CAST(SUM(api_key) AS SIGNED) AS api_keys,"
    " CAST(SUM(1 - api_key) AS SIGNED) AS recovery_codes FROM"
    " (SELECT pepper, 1 AS api_key FROM api_keys"
    " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > :now)"
    " UNION ALL SELECT pepper, 0 FROM recovery_codes WHERE used_at IS NULL) x GROUP BY pepper");

bool
pepper_count(struct tenant_db *t, TALLOC_CTX *mem, instant now, struct peppered **list, size_t *n,
    struct err *e)
{
	const struct pepper_in in = { now };

	return db_all(t->db, mem, &pepper_select_count, &in, INTO(list, n, VERSIONS_MAX), e);
}
