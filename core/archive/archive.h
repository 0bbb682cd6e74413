/*
 * archive.h - a tenant in one file: what it says of itself, rows of its tables, and who has made it.
 *
 * Behind the lock's lines (lock.h) stands a stream (stream.h) of
 *
 *	the head     4 bytes of length (big endian, as all here), and a JSON object (struct archive_head)
 *	rows         of the head's tables in their order, so many as it says, each value after 4 bytes of length; 0xffffffff: NULL
 *	the note     4 bytes of length, and a signed note (core/proof/note.h) of the lines
 *
 *		blindspotx.archive/TENANT
 *		id ID
 *		made TIME
 *		rows N
 *		bytes N SHA-256        of all before it, in base64
 *
 * Values are what MariaDB's text protocol has for them.  What is sealed in a row stands there open: the archive is its seal,
 * and a second one inside would be opened by whoever opens the first.
 *
 * A reader believes nothing of it: ARCHIVE_VALUE_MAX, ARCHIVE_ROW_MAX and the bounds of struct archive_head hold before memory
 * is taken, and whether its tables and columns are any of ours is asked of core/store/archive.  Names in it are for people
 * alone: no file is opened and nothing is called by what it says.
 *
 * Errors: those of stream.h and lock.h; ERR_INVALID, with a sentence: it is not what it should be.
 */
#ifndef BSX_ARCHIVE_ARCHIVE_H
#define BSX_ARCHIVE_ARCHIVE_H

#include "core/archive/lock.h"
#include "core/crypt/ed25519.h"
#include "core/json/schema.h"

#define ARCHIVE_VALUE_MAX   ((size_t)16 << 20)
#define ARCHIVE_ROW_MAX     ((size_t)48 << 20)
#define ARCHIVE_HEAD_MAX    ((size_t)4 << 20)
#define ARCHIVE_TABLES_MAX  200
#define ARCHIVE_COLUMNS_MAX 100

struct archive_table {
	const char    *name;
	struct strings columns;
	uint64_t       rows;
};

struct archive_head {
	struct uuid id;              /* of the archive */
	instant     made_at;         /* what it holds is as it was then */
	const char *made_by;         /* version of the program */
	int64_t     schema_version;  /* newest migration of its tables */
	struct uuid tenant_id;
	const char *slug, *name;
	const char *settings, *quota; /* JSON */
	instant     tenant_made_at;
	const char *signer;          /* the Ed25519 key of its note, base64 */
	uint64_t    audit_entries;   /* how far its audit trail had come ... */
	const char *audit_mac;       /* ... and the MAC of that entry, base64 */
	struct items tables;         /* struct archive_table */
};
extern const struct schema archive_head_schema;

/* How far it has come, for who watches. */
struct archive_at {
	const char *table; /* whose rows these are; NULL: they are only read */
	uint64_t    done, total; /* rows */
};

/* ---- writing ---- */

struct archive_writer;
/* For fd, which stays the caller's: the lock's lines and the head.  `head` must live as long as the writer. */
struct archive_make {
	int                        fd;
	const struct lock         *lock;
	const struct archive_head *head;
	struct rand               *rand;
};
MUST_USE struct archive_writer *archive_writer_make(TALLOC_CTX *mem, const struct archive_make *m, struct err *e);
/* The next row of the table that has some left (asserted), a value for each of its columns; p NULL: NULL. */
MUST_USE bool archive_put(struct archive_writer *w, const struct blob *values, struct err *e);
/* All rows are there (asserted): the note, signed with that seed. */
MUST_USE bool archive_end(struct archive_writer *w, const uint8_t seed[static ED25519_KEY_LEN], struct err *e);

/* ---- reading ---- */

struct archive_reader;
/* Reads lock and head. */
MUST_USE struct archive_reader *archive_reader_make(TALLOC_CTX *mem, int fd, const struct lock *l, struct err *e);
const struct archive_head *archive_head(const struct archive_reader *r);
/* The next row; its values are children of `mem`.  NULL: those were all.  *values as many as the table has columns. */
MUST_USE bool archive_get(struct archive_reader *r, TALLOC_CTX *mem, const struct archive_table **t, struct blob **values,
    struct err *e);
/*
 * After the last row: nothing is missing and nothing too much, and the note fits and is signed by the head's `signer`, which
 * the caller compares with whom it expects.
 */
MUST_USE bool archive_read_end(struct archive_reader *r, struct err *e);
/* ERR_INVALID: `key`, as note_key_parse() takes it, is not the head's signer. */
MUST_USE bool archive_signer_is(const struct archive_head *h, const char *key, struct err *e);

#endif
