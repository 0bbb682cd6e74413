/*
 * rest_run.h - one run of a source that asks an HTTP API: for the files rest_*.c only.
 *
 *	a collection is read by chains of pages: one, or one for each item of the collection that it
 *is read over; a chain waits in the lane of its bucket, is under way, or waits by itself to be
 *asked again; when it ends well its rows are the collection's, and what is read over them has
 *chains made as it comes to them: a few at a time, however many rows there are.
 *
 * What of a page is kept is a child of its chain's memory, and counted as it comes: a run is
 *bounded by what it holds, chains and rows too, and so is a process by what all its runs hold
 *(struct source_budget).
 */
#ifndef BSX_DRIFT_SOURCE_REST_RUN_H
#define BSX_DRIFT_SOURCE_REST_RUN_H

#include "drift/source/auth.h"
#include "drift/source/recall.h"
#include "drift/source/rest.h"

#define REST_FLIGHTS_MAX  8      /* requests of a run at once */
#define REST_REQUESTS_MAX 200000 /* of a run, with those for tokens, and what could not be asked   \
				  */
#define REST_TOKENS_MAX   1000   /* of a run */
#define REST_OPEN_MAX     16     /* chains of what is read over others, of one collection at once */
#define REST_PAGES_MAX    20000  /* of a chain */
#define REST_RESTARTS_MAX 5      /* of a chain */
#define REST_ANSWER_MAX   ((size_t)16 << 20)  /* bytes of a page */
#define REST_HELD_MAX     ((size_t)256 << 20) /* bytes that a run keeps */
#define REST_ATTEMPTS     6
#define REST_CAP_S        120

/* An item that others are read over; begins as forms want it. */
struct rest_item {
	struct form_item form;
	struct str       key; /* that of its resource, escaped so that more may follow */
	uint64_t         at;  /* which of its collection, from 0 */
};

struct rest_row {
	struct str         key;
	const struct json *value;
	uint64_t           at; /* which item of its chain, from 0 */
	const struct rest_item *over; /* of its chain; NULL: of none */
};
struct rest_rows {
	struct rest_row *at;
	uint32_t         n, room;
};

/* A page that is known: its items as they came, to be read if need be. */
struct rest_raw {
	struct rest_raw *next;
	struct str       items;
};

struct chain {
	struct chain           *next;
	uint32_t                collection;
	const struct rest_item *over; /* &item; NULL: of none */
	struct rest_item        item;
	char                   *url; /* of the next page; NULL: the first, which is not made yet */
	struct str              token;        /* PAGE_TOKEN_BODY: of the next page */
	int64_t     not_before_ms, blamed_ms; /* of an error that may pass: since when; 0: none */
	int64_t     token_until_ms;           /* of the token that it was sent with */
	uint64_t    items, promised;
	uint64_t    taken; /* of the items, those that were read: others are in raws */
	bool        promises, denied;
	const char *proof; /* NULL: none; of the request whose answer is taken, and no longer */
	uint32_t    pages, attempts, restarts;
	TALLOC_CTX *kept;       /* pages and what is made of them */
	TALLOC_CTX *page;       /* of these the one that is being taken; NULL: none is */
	size_t      kept_bytes; /* of those that were taken */
	size_t      held;       /* of all that it has, as it was counted last */
	struct rest_rows rows;
	uint64_t        *seen; /* a table of hashes of pages and links, 0: a free place */
	uint32_t         seen_n, seen_room; /* room: 0, or a power of 2 */
	struct rest_raw *raws;           /* in their order; only its first pages are not read */
	uint8_t          fold[HASH_LEN]; /* of its pages' marks */
};

/* How a collection goes. */
struct reading {
	bool              wanted, told; /* itself; or only others over it */
	uint32_t          chains, open, failed;
	uint32_t          at; /* of the rows that it is read over: the first without a chain */
	bool              short_of; /* something of it is known to be missing */
	bool              feeds;    /* others are read over it */
	bool              unlicensed; /* all that was said is that there is no licence for it */
	bool              known;    /* it has ended as it was then: rest_end_known() */
	uint32_t          parked;   /* chains at their end of which nothing was read; not open */
	uint64_t          spared;   /* rows that these have */
	enum completeness worst;    /* of the chains that failed */
	struct rest_rows  rows;
	int64_t           began_ms;
};

struct verdict;
struct lane {
	struct chain *first, *last;
	int64_t       held_ms; /* nothing goes before */
	uint32_t      slower;  /* times in a row that it was too much, and not said for how long */
	struct verdict *closed; /* nothing goes any more in this run: why; NULL: it is open */
};

struct flight {
	uint32_t      id;    /* 0: free */
	struct chain *chain; /* NULL: a token is asked for */
	const char   *url;
	const char   *proof; /* of struct auth_sent */
	TALLOC_CTX   *mem; /* of what is asked */
};

/* recall.h, of a run. */
struct rest_recall {
	const struct hash_key *key;    /* NULL: nothing is recalled */
	const struct recall   *before; /* NULL: nothing is known, or this is another reading */
	struct recall         *now;    /* NULL: it will not be known */
	struct chain          *parked;
	bool                   same;
};

struct rest_run {
	const struct rest              *rest;
	const struct source_pack       *pack;
	const struct source_credential *credential; /* NULL: none */
	enum auth_kind                  auth;
	struct source_session          *session;
	const struct env               *env;
	int64_t                         now_ms;
	uint32_t                        next_id;
	struct flight                   flights[REST_FLIGHTS_MAX + 1]; /* the last: of the token */
	unsigned                        under_way;
	struct lane                    *lanes;   /* of each limit, and one for what has none */
	struct chain                   *delayed; /* each waits for its time */
	struct reading                 *readings;
	struct source_collection       *told_of; /* parallel */
	struct source_progress          progress;
	size_t                          held;
	struct source_budget           *budget; /* NULL: none */
	uint32_t                        tried;  /* chains that were sent, or could not be */
	uint32_t                        tokens; /* asked for */
	bool                            asking; /* for a token */
	int64_t                         ask_again_ms, ask_blamed_ms;
	uint32_t                        ask_attempts;
	bool                            let_in;   /* something was answered to who asks */
	bool                            other;    /* something failed for another reason than who asks */
	const char                     *rejected; /* what was said first to who asks: it may not; NULL: nothing */
	bool                            failed;
	struct err                      why;
	const char                     *remedy;
	struct rest_recall              recall;
};

/* ---- rest_run.c: turns ---- */

/* Of r->why; and of what comes at that time, 0: with an answer. */
enum source_step rest_fail(struct rest_run *r, struct source_turn *turn, struct err *e);
enum source_step rest_wait_until(struct source_turn *turn, int64_t at_ms);
/* `c` NULL: for a token. */
void rest_count_request(struct rest_run *r, const struct chain *c);

/* ---- rest_token.c: tokens ---- */

bool             rest_has_token(const struct rest_run *r);
enum source_step rest_ask_token(struct rest_run *r, struct source_turn *turn, struct err *e);
MUST_USE bool    rest_take_token(
	   struct rest_run *r, struct flight *f, const struct source_answer *a, struct err *e);

/* ---- rest_request.c: what is asked ---- */

/* Fills the request of a chain's next page; its texts live until rest_flight_end. */
MUST_USE bool rest_request(
    struct rest_run *r, struct chain *c, struct flight *f, struct source_request *q, struct err *e);
MUST_USE bool rest_request_token(
    struct rest_run *r, struct flight *f, struct source_request *q, struct err *e);
void rest_flight_end(struct rest_run *r, struct flight *f);

/* ---- rest_judge.c: what an answer means ---- */

enum verdict_kind {
	VERDICT_PAGE,    /* it has what was asked for */
	VERDICT_AGAIN,   /* ask again */
	VERDICT_SLOWER,  /* it is too much at the moment */
	VERDICT_RESTART, /* paging begins anew */
	VERDICT_MISSING, /* there is no such thing */
	VERDICT_DENIED,  /* who asks is not believed: 401 */
	VERDICT_ERROR,
};
struct verdict {
	enum verdict_kind  kind;
	const struct json *document; /* NULL: it is none */
	enum completeness  how;      /* of an error */
	const char        *say, *remedy;
	bool               licence;
	int64_t            again_s;
};
/* Texts and the document are children of `mem`; `c` NULL: of the token endpoint. */
MUST_USE bool rest_judge(TALLOC_CTX *mem, const struct rest_run *r, const struct chain *c,
    const struct source_answer *a, struct verdict *out, struct err *e);
/* A header field of an answer; NULL: it has none. */
const char *rest_answer_header(const struct source_answer *a, const char *name);

/* ---- rest_page.c: what is on a page ---- */

/* What is known of a page before it is read (rest_recall.c). */
struct page_cut {
	bool                      there; /* its items stand where the pack says, or seem to */
	const struct recall_page *known; /* NULL: it is to be read */
	bool                      other; /* it is not of the reading before */
	struct recall_page        page;
	uint8_t                   hash[HASH_LEN]; /* of all of it */
	struct str                items, around; /* around: with [] in the place of the items */
};

enum page_end { PAGE_MORE, PAGE_LAST, PAGE_BAD };
struct page_answer {
	const char                 *url; /* that was asked */
	const struct json          *document;
	const struct source_answer *answer;
	const struct page_cut      *cut;
};
struct page_taken {
	enum page_end end;
	const char   *say; /* PAGE_BAD: a sentence for people */
	const char *
	    note; /* an item was left out, the first, and why; a child of the run; NULL: none was */
};
/* Takes the rows of a page and finds the next. */
MUST_USE bool rest_page(struct rest_run *r, struct chain *c, const struct page_answer *in,
    struct page_taken *out, struct err *e);
/* The rows of a page that was not read then. */
MUST_USE bool rest_page_rows(
    struct rest_run *r, struct chain *c, const struct json *items, struct err *e);
/* Its end: `each` becomes one row. */
MUST_USE bool rest_gather(struct rest_run *r, struct chain *c, struct err *e);

/* ---- rest_reading.c: collections and their chains ---- */

/* The first chains; ERR_INTERNAL alone. */
MUST_USE bool rest_lay_out(struct rest_run *r, const struct strings *categories, struct err *e);
bool          rest_is_over(const struct rest_run *r);
MUST_USE bool rest_collected(struct rest_run *r, struct collected *out, struct err *e);
void          rest_tell(const struct rest_run *r, struct source_progress *out);
/* Ends of a chain; it may be gone afterwards. */
MUST_USE bool rest_chain_done(struct rest_run *r, struct chain *c, struct err *e);
MUST_USE bool rest_chain_missing(struct rest_run *r, struct chain *c, struct err *e);
void          rest_chain_failed(struct rest_run *r, struct chain *c, const struct verdict *v);
/* Something of the collection is missing; the first reason stays. */
void rest_short_of(struct rest_run *r, uint32_t collection, const char *why);
/* Chains of what is read over rows, where a lane has none. */
MUST_USE bool rest_spread(struct rest_run *r, struct err *e);

/* rest_derive.c: what is made of others, which are over. */
void              rest_want_parts(struct rest_run *r, uint32_t collection);
bool              rest_may_derive(const struct rest_run *r, uint32_t collection);
enum completeness rest_derived_how(struct rest_run *r, uint32_t collection, const char **why);
/* Its rows, where all that it is made of was read. */
MUST_USE bool rest_derive(struct rest_run *r, uint32_t collection, struct err *e);
/* Its place in recall.derived. */
uint32_t rest_derived_slot(const struct rest_run *r, uint32_t collection);

/* rest_repeats.c: of items with one key the first stays, and the collection is short of the others. */
MUST_USE bool rest_drop_repeats(struct rest_run *r, uint32_t collection, struct err *e);
/* What is known is over as it was then; and is not yet after all. */
void rest_end_known(struct rest_run *r);
void rest_begin_known(struct rest_run *r);

/* ---- rest_recall.c: what is known and not read ---- */

/* Finds the items of an answer in it, and whether they are known; texts are of the chain's page. */
MUST_USE bool rest_recall_cut(struct rest_run *r, struct chain *c, const struct source_answer *a,
    struct page_cut *cut, struct err *e);
/* A page was taken, with so many items. */
MUST_USE bool rest_recall_note(struct rest_run *r, struct chain *c, const struct page_cut *cut,
    uint64_t items, struct err *e);
/* It is another reading than the one before; and it is not complete. */
void rest_recall_other(struct rest_run *r);
void rest_recall_lose(struct rest_run *r);
/* The pages of a chain that were not read are, until the run holds too much. */
MUST_USE bool rest_recall_unfold(struct rest_run *r, struct chain *c, struct err *e);
/* A chain is at its end: there was nothing; or there was, and true: it waits for all others, for none of it was read. */
void rest_recall_missing(struct rest_run *r, const struct chain *c);
bool rest_recall_park(struct rest_run *r, struct chain *c);
/* Those that wait have their turn: rest_recall_settle(), true: that was all, and is what it was; else
 * rest_recall_unpark() does a page of the work. */
bool          rest_recall_waits(const struct rest_run *r);
bool          rest_recall_settle(struct rest_run *r);
MUST_USE bool rest_recall_unpark(struct rest_run *r, struct err *e);
/* source_collect.unfold */
void rest_unfold(void *run);

/* ---- rest_chain.c: chains, and what they hold ---- */

/* NULL: no memory. */
struct chain *rest_chain_add(struct rest_run *r, uint32_t collection);
void          rest_chain_drop(struct rest_run *r, struct chain *c);
/* What the chain has is counted anew: its pages are known. */
void rest_chain_count(struct rest_run *r, struct chain *c);
/* Its first page again; false: that was often enough. */
MUST_USE bool rest_chain_restart(struct rest_run *r, struct chain *c);
/* Begins a page: what is made of it is a child of c->page. */
MUST_USE bool rest_page_begin(struct chain *c, struct err *e);
/* Its end: it is counted with what else the chain has; `kept` false: it is dropped. */
void rest_page_end(struct rest_run *r, struct chain *c, bool kept);
/* Whether the run, or the process with all its runs, has more than it may; *say: a sentence of the
 * run. */
bool rest_holds_too_much(struct rest_run *r, const char **say);
/* Of what is counted elsewhere: it was so many bytes, and is so many. */
void rest_hold(struct rest_run *r, size_t was, size_t is);
/* What was held is not any more. */
void rest_release(struct rest_run *r);

/* ---- rest_wait.c: how long a chain waits, and where ---- */

int64_t  rest_cap_s(const struct rest_run *r);
uint32_t rest_attempts_most(const struct rest_run *r);
/* Full jitter: up to twice as long each time. */
int64_t rest_jitter_ms(const struct rest_run *r, uint32_t attempt);
/* Until it is asked again: as the answer says, else with jitter.  `l` NULL: of no bucket. */
int64_t      rest_wait_ms(const struct rest_run *r, const struct source_limit *l,
	 const struct source_answer *a, uint32_t attempt);
struct lane *rest_lane(struct rest_run *r, const struct chain *c);
void         rest_line_up(struct rest_run *r, struct chain *c);
/* Nothing waits where this collection's chains would. */
bool rest_lane_is_free(const struct rest_run *r, uint32_t collection);
void rest_delay(struct rest_run *r, struct chain *c, int64_t for_ms);
/* Those whose time has come line up. */
void rest_wake(struct rest_run *r);
/* NULL: none may go now. */
struct chain *rest_take_ready(struct rest_run *r);
/* Nothing waits to be asked, now or later. */
bool rest_all_asked(const struct rest_run *r);
/* The next time at which something may be asked; 0: there is none. */
int64_t rest_next_time(const struct rest_run *r);

#endif
