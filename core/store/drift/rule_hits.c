#include "core/store/drift/rule_hits.h"
#include "core/store/tx.h"

static const struct field rule_hits_fields[] = {
	COLUMN(struct rule_hits, config_id),
	COLUMN(struct rule_hits, seq),
	COLUMN(struct rule_hits, digest),
	COLUMN(struct rule_hits, hits),
	FIELD_END,
};
static const struct schema rule_hits_schema =
    SCHEMA("StoredRuleHits", struct rule_hits, rule_hits_fields);

struct same_in {
	struct blob digest;
	struct uuid config;
};
struct same_out {
	int64_t n;
};
static const struct field same_fields[] = {
	COLUMN(struct same_in, config),
	COLUMN(struct same_in, digest),
	FIELD_END,
};
static const struct schema same_in = SCHEMA("RuleHitsSameIn", struct same_in, same_fields);
static const struct field  config_fields[] = {
	 COLUMN(struct same_in, config),
	 FIELD_END,
};
static const struct schema config_in = SCHEMA("RuleHitsConfig", struct same_in, config_fields);
static const struct field  count_fields[] = {
	 COLUMN(struct same_out, n),
	 FIELD_END,
};
static const struct schema same_out = SCHEMA("RuleHitsSame", struct same_out, count_fields);

SQL(rule_hits_select, SQL_TENANT, &config_in, &rule_hits_schema,
    "SELECT config_id, seq, digest, hits FROM config_rules WHERE config_id = :config");
SQL(rule_hits_select_same, SQL_TENANT, &same_in, &same_out,
    "SELECT COUNT(*) AS n FROM config_rules WHERE config_id = :config AND digest = :digest");
SQL(rule_hits_replace, SQL_TENANT, &rule_hits_schema, NULL,
    "REPLACE INTO config_rules (config_id, seq, digest, hits) VALUES (:config_id, :seq, :digest,"
    " :hits)");
SQL(rule_hits_delete, SQL_TENANT, &config_in, NULL,
    "DELETE FROM config_rules"
    " WHERE config_id = :config");

bool
rule_hits_by_config(
    struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct rule_hits *h, struct err *e)
{
	const struct same_in in = { .config = *config };

	return db_one(db, mem, &rule_hits_select, &in, h, e);
}

bool
rule_hits_same(struct db *db, TALLOC_CTX *mem, const struct uuid *config, struct blob digest,
    bool *same, struct err *e)
{
	const struct same_in in = { digest, *config };
	struct same_out      out = { 0 };

	if (!db_one(db, mem, &rule_hits_select_same, &in, &out, e))
		return false;
	*same = out.n == 1;
	return true;
}

bool
rule_hits_put(struct db *db, const struct rule_hits *h, struct err *e)
{
	return tx_later(db, &rule_hits_replace, h, e);
}

bool
rule_hits_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct same_in in = { .config = *config };

	return tx_later(db, &rule_hits_delete, &in, e);
}
