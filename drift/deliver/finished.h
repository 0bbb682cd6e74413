/*
 * finished.h - messages from before there were events: the outbox holds the finished body of a webhook.
 *
 * It goes out as it stands, byte for byte, whenever it is due; a channel that is not told values gets none of them.
 */
#ifndef BSX_DRIFT_DELIVER_FINISHED_H
#define BSX_DRIFT_DELIVER_FINISHED_H

#include "core/json/json.h"
#include "core/store/alert/outbox.h"
#include "drift/engine/view.h"

MUST_USE bool finished_open(struct tenant_db *t, TALLOC_CTX *mem, const struct outbox *m,
    struct str *body, struct err *e);

/* The array of changes in a body that was parsed; NULL: it has none. */
struct json *finished_changes(struct json *body);

/* As whoever has that view gets it. */
MUST_USE bool finished_view(
    TALLOC_CTX *mem, struct view v, struct str body, struct str *out, struct err *e);

#endif
