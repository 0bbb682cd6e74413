#include "core/store/identity/review.h"

#include "core/store/identity/user.h"

struct review_in {
	const char *kind;
	struct page page;
};
static const struct field in_fields[] = {
	COLUMN_NULL(struct review_in, kind),
	PAGE_COLUMNS(struct review_in, page),
	FIELD_END,
};
static const struct schema in_schema = SCHEMA("ReviewIn", struct review_in, in_fields);

static const struct field row_fields[] = {
	COLUMN(struct review_row, id),
	COLUMN(struct review_row, kind),
	COLUMN(struct review_row, name),
	COLUMN_NULL(struct review_row, display_name),
	COLUMN(struct review_row, status),
	COLUMN_NULL(struct review_row, assigned),
	COLUMN(struct review_row, scopes),
	COLUMN_NULL(struct review_row, granted),
	COLUMN(struct review_row, administrative),
	COLUMN_NULL(struct review_row, given_by),
	COLUMN_NULL(struct review_row, given_name),
	COLUMN_NULL(struct review_row, ends_at),
	COLUMN_NULL(struct review_row, last_used),
	COLUMN(struct review_row, created_at),
	FIELD_END,
};
static const struct schema row_schema = SCHEMA("ReviewRow", struct review_row, row_fields);

/* Each half is a page of its own table by its key; the page is the newer ones of both. */
#define USERS                                                                                      \
	"(SELECT u.id, 'user' AS kind, u.email AS name, u.display_name, u.status,"                 \
	" " USER_ASSIGNED ", '[]' AS scopes, " USER_GRANTED ", FALSE AS administrative,"           \
	" NULL AS given_by, NULL AS given_name, NULL AS ends_at,"                                  \
	" NULLIF(GREATEST(COALESCE(u.last_login, 0), COALESCE((SELECT MAX(s.last_seen)"            \
	" FROM user_sessions s WHERE s.user_id = u.id), 0)), 0) AS last_used, u.created_at"        \
	" FROM users u WHERE (:after IS NULL OR u.id < :after)"                                    \
	" AND (:kind IS NULL OR :kind = 'user') ORDER BY u.id DESC LIMIT :limit)"
#define KEYS                                                                                       \
	"(SELECT k.id, k.kind, k.name, NULL, IF(u.status = 'active', 'active', 'orphaned'),"       \
	" NULL, k.scopes, " USER_GRANTED                                                           \
	", k.administrative, k.created_by, u.email, k.expires_at,"                                 \
	" k.last_used_at, k.created_at FROM api_keys k LEFT JOIN users u ON u.id = k.created_by"   \
	" WHERE k.revoked_at IS NULL AND (:after IS NULL OR k.id < :after)"                        \
	" AND (:kind IS NULL OR k.kind = :kind) ORDER BY k.id DESC LIMIT :limit)"

SQL(review_select, SQL_TENANT, &in_schema, &row_schema,
    "SELECT r.* FROM (" USERS " UNION ALL " KEYS ") r ORDER BY r.id DESC LIMIT :limit");

bool
review_list(struct tenant_db *t, TALLOC_CTX *mem, const char *kind, struct page *p, struct err *e)
{
	const struct review_in in = { kind, *p };

	return page_read(t->db, mem, &review_select, &in, p, e);
}
