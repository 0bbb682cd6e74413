/*
 * scripted.h - a source that asks an HTTP API, and an API that answers from a script: no network,
 * and time that goes by as it is asked for.
 */
#ifndef BSX_TEST_SCRIPTED_H
#define BSX_TEST_SCRIPTED_H

#include "drift/source/source.h"

/* An answer, to be given once, or for ever when it is the last of its URL. */
struct scripted {
	const char *url;    /* what is asked; NULL: the end of the script */
	int         status; /* 0: there is none, and `body` says why */
	const char *body;
	const char *headers; /* "Name: value" a line; NULL: Content-Type: application/json */
};

struct scripted_run {
	TALLOC_CTX            *mem;
	const char            *source;     /* JSON of a config's source, without credential */
	const char            *credential; /* JSON; NULL: none */
	const char            *packs_dir;  /* NULL: there are none */
	const struct scripted *script;
	const struct scripted *(*answer)(
	    void *arg, const char *url); /* instead of a script; NULL: by that */
	void                 *arg;
	int64_t               answers_ms; /* each time when answers come so much has gone by */
	struct source_budget *budget;
	struct strings        categories;
	const struct recall_terms *recall; /* NULL: nothing is recalled */
	size_t cut;       /* an answer's body is cut short by so many bytes; 0: it is whole */
	bool   backwards; /* answers come in the other order */
	const struct source_collect *collect; /* of its kind */
	/* what came of it */
	enum source_step       end;
	struct err             e;
	struct source_turn     turn;
	struct source_progress progress;
	unsigned               turns;   /* that answers came in */
	struct strings         asked;   /* "GET https://..." with the body behind a blank */
	struct strings         headers; /* "Name: value" of all */
	int64_t                took_ms;
	size_t                 held_most, chunks_most; /* of the run, after an answer */
};

/*
 * What is wrong with the config, "pointer: detail"; NULL: nothing, and it has run.
 *
 * What is read by a script is read again by what is known of it, scripted_again().
 */
const char *scripted_run(struct scripted_run *s);
/*
 * What the script of `s` says is read, and then `script` twice: as if nothing were known, and by what is known.  Both must
 * come to the same after the same requests; so must what is known, where that is all, before it is unfolded, and after.
 * Whether it was all.
 */
bool scripted_again(struct scripted_run *s, const struct scripted *script);
/* "category how items pages requests: why" a line, then " key=value" of its resources. */
const char *scripted_told(struct scripted_run *s);

#endif
