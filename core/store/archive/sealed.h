/*
 * sealed.h - which columns of a tenant's schema are sealed, and to what: one list.
 *
 * Each is sealed (tenant_seal) to schema, table, column and the row that the key names: its id, or in `contents`, whose key is
 * an address and a number, content_place() of both.  Beside them the input of the tenant's operations (core/store/tenant/
 * operation.h) is sealed under the same key, in the control schema.  A store test holds the list against the migrated schema.
 */
#ifndef BSX_STORE_ARCHIVE_SEALED_H
#define BSX_STORE_ARCHIVE_SEALED_H

#include "core/base/str.h"

/* Of one key, which is an id: X(table, key, column). */
#define SEALED_COLUMNS(X) \
	X(users,              id,        2fa_secret) \
	X(identity_providers, id,        client_secret) \
	X(source_credentials, config_id, secret) \
	X(golden_bindings,    config_id, body) \
	X(drift_changes,      id,        old_value) \
	X(drift_changes,      id,        new_value) \
	X(drift_changes,      id,        text_diff) \
	X(drift_intents,      id,        value) \
	X(alerts,             id,        title_values) \
	X(channels,           id,        secret) \
	X(channels,           id,        former_secret) \
	X(outbox,             id,        body) \
	X(onboardings,        id,        secret)
#define SEALED_CONTENTS "contents" /* and its column "body" */

struct sealed_column {
	const char *table, *key, *column; /* key: the first column of it */
};
extern const struct sealed_column sealed_columns[]; /* with that of contents; ended by table == NULL */
bool sealed_is(const char *table, struct str column);

#endif
