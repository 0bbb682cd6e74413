/*
 * config_credential.h - the credential of a config's source: taken out of what is kept of the config, and sealed.
 *
 * It is never answered.  A change that does not name it keeps it; another kind of source, one that has none, and null
 * drop it.  What else the source says of where it goes and of what is asked there (of
 * collections: method, host, path, query, header fields, body, further pages and what they are read over) does not
 * change without naming it (bound_secret.h): who never had it could else have it write.
 */
#ifndef BSX_DRIFT_SERVICE_CONFIG_CREDENTIAL_H
#define BSX_DRIFT_SERVICE_CONFIG_CREDENTIAL_H

#include "core/store/drift/source_credential.h"
#include "drift/alert/alerting.h"
#include "drift/service/acting.h"

enum credential_deed { CREDENTIAL_KEEP, CREDENTIAL_SET, CREDENTIAL_DROP };
struct config_credential {
	enum credential_deed deed;
	struct source_credential    row; /* to be set */
};

struct credential_change {
	const struct uuid        *config;
	const char               *was;  /* the spec that is stored; NULL: none */
	const struct drift_spec  *spec; /* of `text`, compiled */
	const char               *text; /* the spec as it would be, with what it shows */
};
/* Before the transaction; *kept is `text` without it. */
MUST_USE bool config_credential_plan(const struct acting *a, const struct credential_change *c,
    struct config_credential *out, char **kept, struct err *e);
/* Inside it.  What was told of the one before, in an alert of this config, is over where it is another now. */
MUST_USE bool config_credential_write(
    struct db *db, const struct alert_scope *config, const struct config_credential *c, struct err *e);

#endif
