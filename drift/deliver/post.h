/*
 * post.h - one attempt over HTTP, for every format that is posted to a URL.
 *
 * event -> what the channel may see of it -> the format's rendering and headers -> POST, through the guard -> the format's
 * judgement.  A body that was finished when it was made (finished.h) is posted as it stands.
 */
#ifndef BSX_DRIFT_DELIVER_POST_H
#define BSX_DRIFT_DELIVER_POST_H

#include "drift/deliver/format.h"

void post_send(const struct attempt *a, TALLOC_CTX *mem, struct verdict *out);

/*
 * What an answer has come to: "The receiver answered 204.", and of 429 and 503 how long it wants to be left alone.
 */
struct verdict post_verdict(TALLOC_CTX *mem, enum fate fate, const struct fetch_answer *answer);

#endif
