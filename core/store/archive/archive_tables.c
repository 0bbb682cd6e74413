#include "core/store/archive/archive_tables.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/store/archive/sealed.h"
#include "core/store/drift/content.h"
#include "core/store/migrate.h"

#define TRAIL_PLACE 66 /* the migration that makes audit_former */

#define CARRY(table, columns)                                                                      \
	{                                                                                          \
		table, ARCHIVE_CARRIED, columns, NULL, NULL, false                                 \
	}
#define CARRY_OVER(table, columns)                                                                 \
	{                                                                                          \
		table, ARCHIVE_CARRIED, columns, NULL, NULL, true                                  \
	}
#define CARRY_ONLY(table, columns, rows)                                                           \
	{                                                                                          \
		table, ARCHIVE_CARRIED, columns, rows, NULL, false                                 \
	}
#define DEAD(table, why)                                                                           \
	{                                                                                          \
		table, ARCHIVE_DEAD, NULL, NULL, why, false                                        \
	}
#define MADE_NEW(table, why)                                                                       \
	{                                                                                          \
		table, ARCHIVE_MADE_NEW, NULL, NULL, why, false                                    \
	}
#define NOBODYS(table, why)                                                                        \
	{                                                                                          \
		table, ARCHIVE_NOBODYS, NULL, NULL, why, false                                     \
	}

const struct archive_plan archive_plans[] = {
	/* people */
	CARRY("roles", "id* name description built_in created_at"),
	CARRY("role_permissions", "role_id* permission*"),
	CARRY("users", "id* email password display_name status 2fa_enabled 2fa_secret last_step"
		       " epoch last_login created_at updated_at 2fa_pending- 2fa_pending_at-"
		       " 2fa_tries- 2fa_tries_since- reset_epoch invite_epoch email_epoch"
		       " device_epoch"),
	CARRY("user_roles", "user_id* position* role_id ends_at given_by given_name given_at"),
	CARRY("identity_providers", "id* name kind client_id client_secret issuer entra_tenant_id"
				    " allowed_domains role_map auto_provision trust_mfa created_at"
				    " updated_at claims authorized_parties mfa_acr mfa_amr"
				    " absent_roles assume_email_verified group_lookup scopes"
				    " own_address"),
	CARRY("user_identities", "provider_id* issuer* subject* user_id provisioned created_at"
				 " last_login unasked_since told_at"),
	DEAD("api_keys", "a key would open two tenants"),
	DEAD("user_sessions", "a session would go on in two tenants"),
	DEAD("login_transactions", "a sign-in under way ends where it began"),
	DEAD("mail_tokens", "a mailed link leads to the tenant that sent it"),
	DEAD("alert_answers", "a message's link leads to the tenant that sent it"),
	DEAD("oidc_marks", "a sign-in under way ends where it began"),
	DEAD("recovery_codes", "they are hashed with the installation's key: new ones are made"),
	DEAD("idempotency", "it is about requests to the tenant that got them"),

	/* the trail */
	CARRY("audit", "seq* id at action outcome actor_kind actor_id actor_name acting_tenant"
		       " target_kind target_id address user_agent request_id details prev_mac mac"
		       " salt"),
	CARRY("audit_former", "chain*@66 seq* id at action outcome actor_kind actor_id actor_name"
			      " acting_tenant target_kind target_id address user_agent request_id"
			      " details prev_mac mac salt"),
	CARRY("audit_tree", "chain* seq* hashes"),
	CARRY("audit_checkpoints", "chain* size* at note"),
	CARRY("audit_chains", "chain* size mac closed_at"),

	/* configs, and what was read */
	CARRY("drift_configs", "id* name spec version created_at updated_at edition masked_edition"
			       " suggested_packs"),
	CARRY("source_credentials", "config_id* secret digest ends_at"),
	DEAD("credential_troubles", "whether a system refuses a credential is asked anew"),
	CARRY("config_state", "config_id* seq state snapshot_id digest collected_at"
			      " baseline_snapshot baseline_seq baseline_approved report_id"
			      " config_version last_complete_at last_run_at life recheck_at"
			      " incomplete_runs clean_runs held golden pusher late_runs late_by_s"),
	CARRY("config_collections", "config_id* category* baseline_snapshot baseline_seq"
				    " baseline_late how kept_snapshot kept_seq complete_at"
				    " incomplete_runs blind_since read_by left_out held look_report"
				    " unsettled read_at look_due checks clean@63"),
	CARRY("config_pushers", "config_id* pusher* name late_runs late_by_s refused_runs"
				" refused_at refused_code refused_why seen_at"),
	CARRY("config_rules", "config_id* seq digest hits"),
	CARRY("config_snapshots", "id* config_id seq in_order manifest digest collections resources"
				  " actor pushed_by collected_at received_at report_id"
				  " idempotency_key body_hash rendered"),
	CARRY("config_unsettled", "config_id* resource_id* seq snapshot_id told"),
	CARRY("resources", "id* config_id category key"),
	CARRY("resource_versions", "resource_id* from_seq* until_seq config_id address span"),
	CARRY("manifest_contents", "snapshot_id* address*"),
	CARRY("contents", "address* chunk* size body stored_again"),
	CARRY("masked_changes", "actor* place* config_id day changes last told"),
	CARRY("golden_baselines", "id* name description shared version revision address resources"
				  " masked created_at updated_at"),
	CARRY("golden_versions", "golden_id* version* address author at"),
	CARRY("golden_bindings", "config_id* golden_id shared golden_version config_version"
				 " snapshot_id body recheck_at stale_version stale_why bound_by"
				 " bound_at"),
	CARRY("config_templates", "id*@76 name description version revision created_at updated_at"),
	CARRY("config_template_versions", "template_id*@76 version* config variables author at"),
	CARRY("config_template_bindings",
	    "template_id*@76 owner config_id name version said applied"
	    " was_version was_said was back credential operation applied_by"
	    " at"),
	DEAD("config_template_uses", "where they are is known by those tenants, and read there"),
	DEAD("config_template_results", "an operation ends where it was asked for"),
	DEAD("onboardings", "a link leads to the installation that made it"),
	CARRY_ONLY("runs",
	    "id* config_id kind slot due_at state started_at finished_at missed attempts fence"
	    " reason remedy asked_by report_id snapshot_id progress categories@71 activity@71",
	    "state NOT IN ('queued', 'running')"),
	CARRY("run_state", "config_id* last_slot next_at failures held last_run moves tail_began@71"
			   " tail_since@71 tail_failures@71 tail_seen@71 tail_known_until@77"),

	/* what was found, and what was decided about it */
	CARRY("drift_reports", "id* config_id snapshot_id baseline_id status created modified"
			       " deleted by_severity score max_severity incomplete not_alerted"
			       " started_at finished_at accepted held anomaly suppressed shortened"
			       " moved notes collections first_look controls renamed"
			       " incomplete_more"),
	CARRY("drift_changes", "id* report_id config_id position category key op path"
			       " canonical_path old_value new_value old_truncated new_truncated"
			       " severity rule reason fingerprint value_hash status attribution"
			       " created_at suppressed_by rule_place judged controls text_diff"
			       " renamed_from renamed_severity"),
	CARRY("drift_findings", "config_id* fingerprint* value_hash* status present runs promoted"
				" reason owner expires_at assigned_to created_at updated_at"
				" attribution decision was@80 announced@85"),
	CARRY("drift_history", "id* config_id subject value_hash at actor from_status to_status"
			       " note decision"),
	CARRY("drift_decisions", "config_id* number* owner reason at"),
	CARRY("drift_decision_lines", "config_id*@80 number report_id event next"),
	CARRY("drift_acceptances",
	    "id*@75 kind config_id report_id snapshot_id baseline_id status reason"
	    " expires_at reviewed severity findings asked_by asked_name"
	    " asked_at ends_at"),
	CARRY("drift_acceptance_findings", "config_id*@75 fingerprint* value_hash* acceptance_id"),
	CARRY("drift_flaps", "config_id* fingerprint* value_hash bits checked flapping category"),
	CARRY("drift_trends", "config_id* checks flapping anomalous counts collections@65"),
	CARRY("drift_daily", "kind* day* config_id* name* category label changes findings"),
	CARRY("drift_awaited", "change_id* config_id since until ends_at"),
	CARRY("dropped_reports", "id* dropped_at"),
	CARRY("drift_intents",
	    "id*@85 config_id category key path expect value actor ticket reason owner person_id"
	    " starts_at ends_at created_at confirmed_by confirmed_at ended_by ended_at changes"
	    " fulfilled_at report_id missed_at"),
	CARRY("silences", "id* matcher reason owner starts_at expires_at created_at kind ended_at"
			  " ended_by series_id@74"),
	CARRY("silence_series",
	    "id*@74 matcher reason owner rule timezone starts_at duration_s made_until"
	    " ends_at created_at updated_at ended_at ended_by"),

	/* what was told */
	CARRY("alerts", "id* config_id report_id kind severity title status changes opened_at"
			" updated_at acknowledged_by acknowledged_at assigned_to resolved_at"
			" resolved_by suppressed_by open_key version title_values attribution"),
	CARRY("alert_controls", "alert_id* control*"),
	CARRY("alert_escalations", "id*@69 alert_id route_id step repeats begun_at"),
	CARRY("alert_groups",
	    "id*@73 route_id channel_id quiet interval_s due_at told_at worst used_at"),
	CARRY("alert_findings", "alert_id* fingerprint* value_hash"),
	CARRY("alert_lanes",
	    "id* alert_id channel_id sent severity told_at below untold route_id@64"
	    " group_id@73"),
	CARRY_OVER("alert_routing", "id*@64 version routes"),
	CARRY("channels", "id* name kind target secret status status_reason created_at updated_at"
			  " with_values paused_at former_secret former_until template"
			  " rate_per_minute@67 rate_burst@67 ca@78 digest@82"),
	CARRY("deliveries", "id* outbox_id channel_id attempt at outcome http_status took_ms detail"
			    " wire_id event request_bytes"),
	CARRY("audit_feeds", "channel_id*@79 chain seq lost tries told_at detail made_at most@84"
			     " most_until@84 failed_at@84"),
	MADE_NEW("channel_paces", "a channel has had its rest by then"),
	DEAD("outbox", "what is on its way is delivered by the tenant that has it"),

	MADE_NEW("tenant_usage", "it is counted anew"),
	MADE_NEW("alert_watch", "its trail begins anew, and is read from there"),
	MADE_NEW("schema_migrations", "it comes with the schema"),
	MADE_NEW("schema_lock", "it comes with the schema"),
	{ NULL, ARCHIVE_CARRIED, NULL, NULL, NULL, false },
};

const struct archive_plan archive_control_plans[] = {
	MADE_NEW("tenants", "name, settings and quota are in the archive's head; what waits for a "
			    "second person is asked anew"),
	MADE_NEW("tenant_keys", "the address key is in the archive; the data key is made"),
	MADE_NEW("audit_heads", "a new chain begins behind the archive's"),
	MADE_NEW("schedules", "of the archive's rows of what is due"),
	MADE_NEW("run_index", "it follows from the configs"),
	MADE_NEW("fleet", "it is counted anew"),
	MADE_NEW("fleet_alerts", "driftd writes them with those counts"),
	MADE_NEW("watches", "its trail and its state are looked at anew"),
	MADE_NEW("audit_feeds",
	    "a channel that is told the trail is paused, and has its row when it goes on"),
	MADE_NEW("golden_uses", "they follow from the bindings"),
	MADE_NEW("schema_pool", "the schema comes from there, or is made"),
	MADE_NEW("schema_places", "the schema stands where it is taken from"),
	DEAD("outbox_index", "what is on its way is delivered by the tenant that has it"),
	DEAD("grants", "what one tenant lends another is between these two"),
	DEAD("operations", "they go on where they were asked for"),
	DEAD("audit_inbox", "it is carried into the trail that it is for"),
	NOBODYS("archives", "those that were made of the tenant it was"),
	NOBODYS("golden_shared", "templates of the platform"),
	NOBODYS("login_failures", "of accounts by their hashes, which are the installation's"),
	NOBODYS("signing_keys", "the installation's"),
	NOBODYS("daemons", "the installation's"),
	NOBODYS("programs", "the installation's"),
	NOBODYS("erasures", "of tenants that are no more"),
	NOBODYS("restores", "schemas beside that of the tenant it was"),
	NOBODYS("restore_due", "of those, what was due by the clock"),
	NOBODYS("schema_migrations", "the installation's"),
	NOBODYS("schema_lock", "the installation's"),
	{ NULL, ARCHIVE_CARRIED, NULL, NULL, NULL, false },
};

static const char *key_columns[] = { "value" };
static const char *due_columns[] = { "kind", "ref", "next_due_ms" };

bool
archive_column_next(const struct archive_plan *p, const char **rest, struct archive_column *out)
{
	size_t n = strcspn(*rest, " *-@");

	if (n == 0)
		return false;
	*out = (struct archive_column) { .name = { *rest, n } };
	out->sealed = sealed_is(p->table, out->name);
	for (*rest += n; **rest != '\0' && **rest != ' '; ++*rest) {
		out->key |= **rest == '*';
		out->left_out |= **rest == '-';
		if (**rest >= '0' && **rest <= '9')
			out->since = 10 * out->since + (**rest - '0');
	}
	*rest += **rest == ' ';
	return true;
}

bool
archive_column_carried(
    const struct archive_plan *p, int64_t version, const char **rest, struct archive_column *out)
{
	while (archive_column_next(p, rest, out))
		if (!out->left_out && out->since <= version)
			return true;
	return false;
}

bool
archive_plan_since(const struct archive_plan *p, int64_t version)
{
	const char           *rest = p->columns;
	struct archive_column first;

	return archive_column_next(p, &rest, &first) && first.since <= version;
}

bool
archive_is_trail(const char *table)
{
	return strncmp(table, "audit", strlen("audit")) == 0;
}

const struct archive_plan *
archive_plan_of(const char *table)
{
	const struct archive_plan *p = archive_plans;

	while (p->table != NULL && strcmp(p->table, table) != 0)
		p++;
	assert(p->table != NULL && p->fate == ARCHIVE_CARRIED);
	return p;
}

bool
archive_place(const struct archive_table *t, const struct blob *values, struct uuid *out)
{
	uint64_t chunk;

	if (strcmp(t->name, SEALED_CONTENTS) == 0) {
		if (values[0].n != HASH_LEN ||
		    !str_to_u64((struct str) { (const char *)values[1].p, values[1].n }, &chunk) ||
		    chunk > INT32_MAX)
			return false;
		*out = content_place(values[0].p, (int64_t)chunk);
		return true;
	}
	if (values[0].n != sizeof(out->b))
		return false;
	memcpy(out->b, values[0].p, sizeof(out->b));
	return true;
}

/* ---- as a head has them ---- */

static bool
columns_of(TALLOC_CTX *mem, const struct archive_plan *p, int64_t version, struct strings *out,
    struct err *e)
{
	const char          **list = talloc_zero_array(mem, const char *, ARCHIVE_COLUMNS_MAX);
	const char           *rest = p->columns;
	struct archive_column c;

	if (list == NULL)
		return err_memory(e);
	*out = (struct strings) { list, 0 };
	while (archive_column_carried(p, version, &rest, &c)) {
		list[out->n] = str_dup(list, c.name);
		if (list[out->n++] == NULL)
			return err_memory(e);
	}
	return true;
}

bool
archive_tables_make(TALLOC_CTX *mem, int64_t version, struct items *tables, struct err *e)
{
	struct archive_table *t = talloc_zero_array(mem, struct archive_table, ARCHIVE_TABLES_MAX);

	if (t == NULL)
		return err_memory(e);
	t[0] = (struct archive_table) { ARCHIVE_KEY_TABLE, { key_columns, 1 }, 0 };
	t[1] = (struct archive_table) { ARCHIVE_DUE_TABLE, { due_columns, 3 }, 0 };
	*tables = (struct items) { t, 2 };
	for (const struct archive_plan *p = archive_plans; p->table != NULL; p++) {
		if (p->fate != ARCHIVE_CARRIED || !archive_plan_since(p, version))
			continue;
		t[tables->n].name = p->table;
		if (!columns_of(t, p, version, &t[tables->n++].columns, e))
			return false;
	}
	return true;
}

static bool
is_same(const struct archive_table *a, const struct archive_table *b)
{
	if (strcmp(a->name, b->name) != 0 || a->columns.n != b->columns.n)
		return false;
	for (size_t i = 0; i < a->columns.n; i++)
		if (strcmp(a->columns.items[i], b->columns.items[i]) != 0)
			return false;
	return true;
}

static bool
check_tables(const struct archive_head *h, struct err *e)
{
	TALLOC_CTX                 *tmp = talloc_new(NULL);
	const struct items         *tables = &h->tables;
	const struct archive_table *have = tables->p, *due;
	struct items                all;
	bool                        ok = archive_tables_make(tmp, h->schema_version, &all, e);

	due = ok ? all.p : NULL;
	for (size_t i = 0; ok && (i < tables->n || i < all.n); i++)
		if (i >= tables->n || i >= all.n || !is_same(&have[i], &due[i]))
			ok = err_set(e, ERR_INVALID, 0,
			    "The archive has a table or a column that no tenant has, or one is "
			    "missing.",
			    "table %zu: %.64s instead of %s", i,
			    i < tables->n ? have[i].name : "none",
			    i < all.n ? due[i].name : "none");
	if (ok && have[0].rows != 1)
		ok = err_set(e, ERR_INVALID, 0, "The archive has no key of addresses, or several.",
		    "%llu keys", (unsigned long long)have[0].rows);
	talloc_free(tmp);
	return ok;
}

bool
archive_head_check(const struct archive_head *h, struct err *e)
{
	const int64_t newest = migrate_newest(SQL_TENANT);

	if (h->schema_version > newest)
		return err_set(e, ERR_INVALID, 0,
		    "The archive is of a newer version than this program.",
		    "schema version %" PRId64 ", this program's is %" PRId64, h->schema_version,
		    newest);
	if (h->schema_version < ARCHIVE_OLDEST)
		return err_set(e, ERR_INVALID, 0,
		    "The archive says that it is of a version before there were archives.",
		    "schema version %" PRId64 ", the first is %d", h->schema_version,
		    ARCHIVE_OLDEST);
	return check_tables(h, e);
}

int64_t
archive_fill_version(const struct archive_head *h)
{
	return h->schema_version < TRAIL_PLACE ? TRAIL_PLACE : h->schema_version;
}
