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

/* Its parts, for who sends by another way (lot.h): the request, whose texts are children of `mem` ... */
#define POST_OWN_HEADERS 2
struct post {
	struct fetch_request q;
	struct fetch_header  headers[POST_OWN_HEADERS + FORMAT_HEADERS_MAX];
};
MUST_USE bool post_make(const struct attempt *a, TALLOC_CTX *mem, struct post *out, struct err *e);
/* ... and what has come of it, with the bytes of its body. */
void post_answered(const struct attempt *a, TALLOC_CTX *mem, const struct fetch_answer *answer,
    size_t bytes, struct verdict *out);
void post_failed(const struct attempt *a, TALLOC_CTX *mem, const struct err *why, size_t bytes,
    struct verdict *out);

/*
 * What an answer has come to: "The receiver answered 204.", and of 429 and 503 how long it wants to be left alone.
 */
struct verdict post_verdict(TALLOC_CTX *mem, enum fate fate, const struct fetch_answer *answer);

/* What a receiver's answers mean: the first row that fits.  One that none names may be another the next time. */
struct answer_row {
	int         from, to; /* statuses; 0: the end of the rows */
	const char *body;     /* stands in the answer; NULL: whatever it holds */
	enum fate   fate;
	const char *outcome;  /* NULL: the fate's own */
	const char *reason;   /* FATE_DISABLED: of the channel's new status */
};
#define POST_GONE   "The receiver answered 410 Gone."
#define ANSWERS_END { 0, 0, NULL, FATE_AGAIN, NULL, NULL }
/* For format_ops.judge. */
void post_judge(TALLOC_CTX *mem, const struct answer_row *rows, const struct fetch_answer *answer,
    struct verdict *out);

#endif
