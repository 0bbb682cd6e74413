#include "core/store/drift/onboarding.h"

#include "core/store/id_list.h"

static const struct field onboarding_fields[] = {
	COLUMN(struct onboarding, id),
	COLUMN(struct onboarding, tenant),
	COLUMN(struct onboarding, tenant_id),
	COLUMN(struct onboarding, directory),
	COLUMN(struct onboarding, packs),
	COLUMN_NULL(struct onboarding, secret),
	COLUMN(struct onboarding, state),
	COLUMN_NULL(struct onboarding, why),
	COLUMN_NULL(struct onboarding, answered),
	COLUMN(struct onboarding, tries),
	COLUMN(struct onboarding, operations),
	COLUMN(struct onboarding, asked_name),
	COLUMN(struct onboarding, ends_at),
	COLUMN(struct onboarding, created_at),
	COLUMN_NULL(struct onboarding, answered_at),
	COLUMN_NULL(struct onboarding, finished_at),
	FIELD_END,
};
static const struct schema onboarding_schema =
    SCHEMA("StoredOnboarding", struct onboarding, onboarding_fields);
#define COLUMNS                                                                                    \
	"id, tenant, tenant_id, directory, packs, secret, state, why, answered, tries, "           \
	"operations,"                                                                              \
	" asked_name, ends_at, created_at, answered_at, finished_at"

struct move_in {
	struct onboarding      o;
	struct onboarding_step s;
};
static const struct field move_fields[] = {
	COLUMN_AS(struct move_in, o.id, "id"),
	COLUMN_AS(struct move_in, o.state, "state"),
	COLUMN_AS_NULL(struct move_in, o.why, "why"),
	COLUMN_AS_NULL(struct move_in, o.answered, "answered"),
	COLUMN_AS(struct move_in, o.operations, "operations"),
	COLUMN_AS_NULL(struct move_in, o.answered_at, "answered_at"),
	COLUMN_AS_NULL(struct move_in, o.finished_at, "finished_at"),
	COLUMN_AS(struct move_in, s.from, "from"),
	COLUMN_AS(struct move_in, s.wipe, "wipe"),
	COLUMN_AS(struct move_in, s.counts, "counts"),
	COLUMN_AS(struct move_in, s.unbegun, "unbegun"),
	FIELD_END,
};
static const struct schema move_in = SCHEMA("OnboardingMove", struct move_in, move_fields);

struct open_in {
	instant now;
};
static const struct field open_fields[] = {
	COLUMN(struct open_in, now),
	FIELD_END,
};
static const struct schema open_in = SCHEMA("OnboardingOpen", struct open_in, open_fields);
static const struct field  load_fields[] = {
	 COLUMN(struct onboarding_load, open),
	 COLUMN(struct onboarding_load, checking),
	 FIELD_END,
};
static const struct schema load_out = SCHEMA("OnboardingLoad", struct onboarding_load, load_fields);

SQL(onboarding_insert, SQL_TENANT, &onboarding_schema, NULL,
    "INSERT INTO onboardings (" COLUMNS ") VALUES (:id, :tenant, :tenant_id, :directory, :packs,"
    " :secret, :state, :why, :answered, :tries, :operations, :asked_name, :ends_at, :created_at,"
    " :answered_at, :finished_at)");
SQL(onboarding_select, SQL_TENANT, &id_in, &onboarding_schema,
    "SELECT " COLUMNS " FROM onboardings WHERE id = :id");
SQL(onboarding_select_page, SQL_TENANT, &page_schema, &onboarding_schema,
    "SELECT " COLUMNS
    " FROM onboardings WHERE (:after IS NULL OR id < :after) ORDER BY id DESC LIMIT :limit");
SQL(onboarding_select_open, SQL_TENANT, &open_in, &load_out,
    "SELECT COUNT(*) AS open, COUNT(IF(state = 'checking', 1, NULL)) AS checking FROM onboardings "
    "WHERE ends_at > :now AND state NOT IN ('done', "
    "'failed')");
SQL(onboarding_update, SQL_TENANT, &move_in, NULL,
    "UPDATE onboardings SET state = :state, why = :why, answered = :answered,"
    " tries = tries + :counts, operations = :operations, answered_at = :answered_at, finished_at = "
    ":finished_at,"
    " secret = IF(:wipe, NULL, secret) WHERE id = :id AND state = :from"
    " AND (:unbegun = 0 OR operations = '[]')");
SQL(onboarding_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM onboardings WHERE id = :id");

bool
onboarding_add(struct db *db, const struct onboarding *o, struct err *e)
{
	return db_run(db, &onboarding_insert, o, NULL, e);
}

bool
onboarding_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct onboarding *o, struct err *e)
{
	return db_one(db, mem, &onboarding_select, &(struct id_in) { *id }, o, e);
}

bool
onboarding_page(struct db *db, TALLOC_CTX *mem, struct page *p, struct err *e)
{
	return page_read_plain(db, mem, &onboarding_select_page, p, e);
}

bool
onboarding_load_of(struct db *db, instant now, struct onboarding_load *out, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	bool        ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &onboarding_select_open, &(struct open_in) { now }, out, e);
	talloc_free(tmp);
	return ok;
}

bool
onboarding_move(struct db *db, const struct onboarding *o, const struct onboarding_step *s,
    bool *done, struct err *e)
{
	const struct move_in in = { *o, *s };
	uint64_t             n = 0;

	*done = false;
	if (!db_run(db, &onboarding_update, &in, &n, e))
		return false;
	*done = n == 1;
	return true;
}

bool
onboarding_drop(struct db *db, const struct uuid *id, struct err *e)
{
	uint64_t n = 0;

	if (!db_run(db, &onboarding_delete, &(struct id_in) { *id }, &n, e))
		return false;
	return n == 1 || err_set(e, ERR_MISSING, 0, "Not found.", "no such onboarding");
}
