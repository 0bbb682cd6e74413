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

struct config_in {
	struct uuid config;
};
static const struct field config_fields[] = {
	COLUMN(struct config_in, config),
	FIELD_END,
};
static const struct schema config_in = SCHEMA("RuleHitsConfig", struct config_in, config_fields);

SQL(rule_hits_select, SQL_TENANT, &config_in, &rule_hits_schema,
    "SELECT config_id, seq, digest, hits FROM config_rules WHERE config_id = :config");
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
	const struct config_in in = { *config };

	return db_one(db, mem, &rule_hits_select, &in, h, e);
}

void
rule_hits_ask(struct trip *trip, const struct uuid *config, struct rule_hits *h, bool *found)
{
	const struct config_in in = { *config };

	trip_one(trip, &rule_hits_select, &in, h, found);
}

bool
rule_hits_put(struct db *db, const struct rule_hits *h, struct err *e)
{
	return tx_later(db, &rule_hits_replace, h, e);
}

bool
rule_hits_drop(struct db *db, const struct uuid *config, struct err *e)
{
	const struct config_in in = { *config };

	return tx_later(db, &rule_hits_delete, &in, e);
}
