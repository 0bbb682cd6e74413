#include "core/store/drift/acceptance.h"

#include <stdio.h>

#include "core/store/drift/finding_priv.h"
#include "core/store/drift/report_priv.h"

static const struct field acceptance_fields[] = {
	COLUMN(struct acceptance, id),
	COLUMN(struct acceptance, kind),
	COLUMN_NULL(struct acceptance, config_id),
	COLUMN_NULL(struct acceptance, report_id),
	COLUMN_NULL(struct acceptance, snapshot_id),
	COLUMN_NULL(struct acceptance, baseline_id),
	COLUMN(struct acceptance, status),
	COLUMN(struct acceptance, reason),
	COLUMN_NULL(struct acceptance, expires_at),
	COLUMN(struct acceptance, reviewed),
	COLUMN(struct acceptance, severity),
	COLUMN(struct acceptance, findings),
	COLUMN_NULL(struct acceptance, asked_by),
	COLUMN(struct acceptance, asked_name),
	COLUMN(struct acceptance, asked_at),
	COLUMN(struct acceptance, ends_at),
	FIELD_END,
};
static const struct schema acceptance_row =
    SCHEMA("StoredAcceptance", struct acceptance, acceptance_fields);

static const struct field finding_fields[] = {
	COLUMN(struct acceptance_finding, config_id),
	COLUMN(struct acceptance_finding, fingerprint),
	COLUMN(struct acceptance_finding, value_hash),
	COLUMN(struct acceptance_finding, acceptance_id),
	FIELD_END,
};
static const struct schema finding_in =
    SCHEMA("AcceptanceFinding", struct acceptance_finding, finding_fields);

struct list_in {
	struct uuid config;
	struct page page;
};
static const struct field list_fields[] = {
	COLUMN_NULL(struct list_in, config),
	PAGE_COLUMNS(struct list_in, page),
	FIELD_END,
};
static const struct schema list_in = SCHEMA("AcceptanceListIn", struct list_in, list_fields);

struct key_in {
	struct uuid config;
	struct blob fingerprint, value_hash;
};
static const struct field key_fields[] = {
	COLUMN(struct key_in, config),
	COLUMN(struct key_in, fingerprint),
	COLUMN(struct key_in, value_hash),
	FIELD_END,
};
static const struct schema key_in = SCHEMA("AcceptanceKeyIn", struct key_in, key_fields);

#define COLUMNS                                                                                    \
	"id, kind, config_id, report_id, snapshot_id, baseline_id, status, reason, expires_at,"    \
	" reviewed, severity, findings, asked_by, asked_name, asked_at, ends_at"
#define OF(a)                                                                                      \
	"SELECT " a ".id, " a ".kind, " a ".config_id, " a ".report_id, " a ".snapshot_id,"        \
	" " a ".baseline_id, " a ".status, " a ".reason, " a ".expires_at, " a ".reviewed,"        \
	" " a ".severity, " a ".findings, " a ".asked_by, " a ".asked_name, " a ".asked_at,"       \
	" " a ".ends_at"

/* Both are as many as may be, or fewer, with this one. */
SQL(acceptance_insert, SQL_TENANT, &acceptance_row, NULL,
    "INSERT INTO drift_acceptances (" COLUMNS ") SELECT :id, :kind, :config_id, :report_id,"
    " :snapshot_id, :baseline_id, :status, :reason, :expires_at, :reviewed, :severity, :findings,"
    " :asked_by, :asked_name, :asked_at, :ends_at FROM DUAL"
    " WHERE (SELECT COUNT(*) FROM drift_acceptances) < 100"
    " AND (SELECT COUNT(*) FROM drift_acceptance_findings) + :findings <= 20000");
_Static_assert(ACCEPTANCES_MAX == 100 && ACCEPTANCE_FINDINGS_MAX == 20000, "as in the statement");
SQL(acceptance_insert_finding, SQL_TENANT, &finding_in, NULL,
    "INSERT INTO drift_acceptance_findings (config_id, fingerprint, value_hash, acceptance_id)"
    " VALUES (:config_id, :fingerprint, :value_hash, :acceptance_id)");
SQL(acceptance_select, SQL_TENANT, &id_in, &acceptance_row,
    "SELECT " COLUMNS " FROM drift_acceptances WHERE id = :id");
SQL(acceptance_select_lock, SQL_TENANT, &id_in, &acceptance_row,
    "SELECT " COLUMNS " FROM drift_acceptances WHERE id = :id FOR UPDATE");
SQL(acceptance_select_config, SQL_TENANT, &id_in, &acceptance_row,
    "SELECT " COLUMNS " FROM drift_acceptances WHERE config_id = :id");
SQL(acceptance_delete, SQL_TENANT, &id_in, NULL, "DELETE FROM drift_acceptances WHERE id = :id");
SQL(acceptance_delete_findings, SQL_TENANT, &id_in, NULL,
    "DELETE FROM drift_acceptance_findings WHERE acceptance_id = :id");
SQL(acceptance_select_list, SQL_TENANT, &list_in, &acceptance_row,
    "SELECT " COLUMNS " FROM drift_acceptances a WHERE (:config IS NULL OR a.config_id = :config"
    " OR EXISTS (SELECT 1 FROM drift_acceptance_findings f WHERE f.acceptance_id = a.id"
    " AND f.config_id = :config)) AND (:after IS NULL OR a.id < :after)"
    " ORDER BY a.id DESC LIMIT :limit");
/* A finding that is not there any more with this value, or that somebody has decided about, is none
 * of it: an acceptance is of a value. */
SQL(acceptance_select_findings, SQL_TENANT, &id_in, &finding_target_schema,
    "SELECT IFNULL(c.id, a.acceptance_id) AS change_id, f.config_id, f.fingerprint, f.value_hash,"
    " f.status, f.present, f.runs, f.promoted, f.reason, f.owner, f.expires_at, f.assigned_to,"
    " f.created_at, f.updated_at, f.announced, IFNULL(c.severity, '') AS severity, c.severity AS "
    "now_severity"
    " FROM drift_acceptance_findings a JOIN drift_findings f ON f.config_id = a.config_id"
    " AND f.fingerprint = a.fingerprint AND f.value_hash = a.value_hash"
    " LEFT JOIN config_state s ON s.config_id = a.config_id"
    " LEFT JOIN drift_changes c FORCE INDEX (finding) ON c.config_id = a.config_id"
    " AND c.fingerprint = a.fingerprint AND c.report_id = s.report_id"
    " AND c.value_hash = a.value_hash"
    " WHERE a.acceptance_id = :id AND f.present AND NOT f.promoted AND (f.status IN ('detected',"
    " 'acknowledged', 'in_progress', 'resolved') OR (f.status = 'accepted'"
    " AND f.expires_at IS NOT NULL))"
    " ORDER BY f.config_id, f.fingerprint, f.value_hash");
SQL(acceptance_select_of_finding, SQL_TENANT, &key_in, &acceptance_row,
    OF("a") " FROM drift_acceptances a WHERE a.config_id = :config UNION " OF(
	"b") " FROM drift_acceptance_findings f JOIN drift_acceptances b ON b.id = f.acceptance_id"
	     " WHERE f.config_id = :config AND f.fingerprint = :fingerprint"
	     " AND f.value_hash = :value_hash ORDER BY id");
SQL(acceptance_select_of_alert, SQL_TENANT, &id_in, &acceptance_row,
    OF("a") " FROM alerts t JOIN drift_acceptances a ON a.config_id = t.config_id WHERE t.id = :id"
	    " AND t.open_key IS NOT NULL UNION " OF(
		"b") " FROM alerts t STRAIGHT_JOIN"
		     " drift_acceptance_findings f ON f.config_id = t.config_id STRAIGHT_JOIN "
		     "alert_findings"
		     " g ON g.alert_id = t.id AND g.fingerprint = f.fingerprint STRAIGHT_JOIN"
		     " drift_acceptances b ON b.id = f.acceptance_id WHERE t.id = :id"
		     " AND t.open_key IS NOT NULL ORDER BY id");

bool
acceptance_add(struct db *db, const struct acceptance *a, const struct acceptance_finding *f,
    size_t n, struct err *e)
{
	uint64_t done = 0;

	if (!db_run(db, &acceptance_insert, a, &done, e) ||
	    (n > 0 && !db_run_many(db, &acceptance_insert_finding, f, n, e))) {
		if (e->code == ERR_CONFLICT)
			snprintf(e->pub, sizeof(e->pub),
			    "An acceptance of this waits for a second person already.");
		return false;
	}
	return done == 1 ||
	       err_set(e, ERR_QUOTA, 0,
		   "Too many acceptances wait for a second person: at most 100 of 20,000 findings.",
		   "acceptances are full");
}

bool
acceptance_by_id(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct acceptance *a, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &acceptance_select, &in, a, e);
}

bool
acceptance_lock(
    struct db *db, TALLOC_CTX *mem, const struct uuid *id, struct acceptance *a, struct err *e)
{
	const struct id_in in = { *id };

	return db_one(db, mem, &acceptance_select_lock, &in, a, e);
}

bool
acceptance_of_config(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct acceptance *a, struct err *e)
{
	const struct id_in in = { *config };

	return db_one(db, mem, &acceptance_select_config, &in, a, e);
}

bool
acceptance_findings(struct db *db, TALLOC_CTX *mem, const struct uuid *id,
    struct finding_target **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *id };

	return db_all(
	    db, mem, &acceptance_select_findings, &in, INTO(rows, n, ACCEPTANCE_FINDINGS_MAX), e);
}

bool
acceptance_drop(struct db *db, const struct uuid *id, bool *done, struct err *e)
{
	const struct id_in in = { *id };
	uint64_t           n = 0;

	*done = false;
	if (!db_run(db, &acceptance_delete, &in, &n, e) ||
	    !db_run(db, &acceptance_delete_findings, &in, NULL, e))
		return false;
	*done = n == 1;
	return true;
}

bool
acceptance_list(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct page *p, struct err *e)
{
	const struct list_in in = { *config, *p };

	return page_read(db, mem, &acceptance_select_list, &in, p, e);
}

bool
acceptances_of_finding(struct db *db, TALLOC_CTX *mem, const struct finding_row *f,
    struct acceptance **rows, size_t *n, struct err *e)
{
	const struct key_in in = { f->config_id, f->fingerprint, f->value_hash };

	return db_all(
	    db, mem, &acceptance_select_of_finding, &in, INTO(rows, n, ACCEPTANCES_MAX), e);
}

bool
acceptances_of_alert(struct db *db, TALLOC_CTX *mem, const struct uuid *alert,
    struct acceptance **rows, size_t *n, struct err *e)
{
	const struct id_in in = { *alert };

	return db_all(db, mem, &acceptance_select_of_alert, &in, INTO(rows, n, ACCEPTANCES_MAX), e);
}

/* ---- what is accepted until a day ---- */

#define UNTIL "f.status = 'accepted' AND f.expires_at IS NOT NULL"
#define RANKS "'info', 'low', 'medium', 'high', 'critical'"

struct worst_out {
	char *severity;
};
static const struct field worst_fields[] = {
	COLUMN_NULL(struct worst_out, severity),
	FIELD_END,
};
static const struct schema worst_out = SCHEMA("AcceptanceWorst", struct worst_out, worst_fields);

SQL(acceptance_select_worst, SQL_TENANT, &id_in, &worst_out,
    "SELECT ELT(MAX(FIELD(c.severity, " RANKS ")), " RANKS ") AS severity FROM drift_changes c"
    " FORCE INDEX (report)" CHANGE_FINDING " WHERE c.report_id = :id AND " UNTIL);

bool
acceptance_worst_until(
    struct db *db, TALLOC_CTX *mem, const struct uuid *report, char **severity, struct err *e)
{
	const struct id_in in = { *report };
	struct worst_out   out = { NULL };

	if (!db_one(db, mem, &acceptance_select_worst, &in, &out, e))
		return false;
	*severity = out.severity;
	return true;
}

/* ---- what nobody has decided about ---- */

struct undecided_in {
	struct uuid config, golden;
	const char *severities;
};
static const struct field undecided_fields[] = {
	COLUMN_NULL(struct undecided_in, config),
	COLUMN_NULL(struct undecided_in, golden),
	COLUMN(struct undecided_in, severities),
	FIELD_END,
};
static const struct schema undecided_in =
    SCHEMA("AcceptanceUndecidedIn", struct undecided_in, undecided_fields);
struct undecided_out {
	int64_t n;
};
static const struct field undecided_out_fields[] = {
	COLUMN(struct undecided_out, n),
	FIELD_END,
};
static const struct schema undecided_out =
    SCHEMA("AcceptanceUndecided", struct undecided_out, undecided_out_fields);

SQL(acceptance_count_undecided, SQL_TENANT, &undecided_in, &undecided_out,
    "SELECT COUNT(*) AS n FROM (SELECT 1 FROM (SELECT s.config_id, s.report_id FROM config_state s"
    " WHERE s.config_id = :config UNION SELECT s.config_id, s.report_id FROM golden_bindings b"
    " JOIN config_state s ON s.config_id = b.config_id WHERE b.golden_id = :golden) s"
    " STRAIGHT_JOIN JSON_TABLE(:severities, '$[*]' COLUMNS (severity VARCHAR(16) PATH '$')) j"
    " STRAIGHT_JOIN drift_changes c FORCE INDEX (by_severity) ON c.report_id = s.report_id"
    " AND c.severity = j.severity" CHANGE_FINDING " WHERE " CHANGE_STATUS
    " NOT IN ('accepted', 'ignored') OR (" UNTIL ") LIMIT 1) x");

bool
acceptance_undecided(struct db *db, const struct uuid *config, const struct uuid *golden,
    const char *severities, bool *any, struct err *e)
{
	const struct undecided_in in = { *config, *golden, severities };
	struct undecided_out      out = { 0 };
	TALLOC_CTX               *tmp = talloc_new(NULL);
	bool                      ok;

	if (tmp == NULL)
		return err_memory(e);
	ok = db_one(db, tmp, &acceptance_count_undecided, &in, &out, e);
	*any = ok && out.n > 0;
	talloc_free(tmp);
	return ok;
}
