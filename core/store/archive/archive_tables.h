/*
 * archive_tables.h - what becomes of each table and column when a tenant goes into an archive: one list.
 *
 * A store test holds it against the migrated schemas, at each version of which there may be archives: a table or column about
 * which nothing is said fails it.
 */
#ifndef BSX_STORE_ARCHIVE_ARCHIVE_TABLES_H
#define BSX_STORE_ARCHIVE_ARCHIVE_TABLES_H

#include "core/archive/archive.h"

enum archive_fate {
	ARCHIVE_CARRIED,  /* its rows are in the archive */
	ARCHIVE_DEAD,     /* they mean nothing in a copy, or must not go on in it */
	ARCHIVE_MADE_NEW, /* whoever takes the archive in makes them, of what is carried */
	ARCHIVE_NOBODYS,  /* of the control schema: they are about the installation, or about others */
};

struct archive_plan {
	const char       *table;
	enum archive_fate fate;
	/*
	 * Of what is carried, its columns, blanks between.  A mark behind a name: * of the primary key, - left out: it is in
	 * a copy what it is in a new row, @N: there since version N of the schema, and the whole table where it is the first.
	 */
	const char       *columns;
	const char       *only; /* which rows; NULL: all */
	const char       *why;  /* of the others */
	bool              made; /* a schema comes with a row, which gives way to the archive's */
};

/* Of a tenant's schema, in the order in which they are read; ended by table == NULL. */
extern const struct archive_plan archive_plans[];
/* Of the control schema. */
extern const struct archive_plan archive_control_plans[];

struct archive_column {
	struct str name;
	bool       key, sealed, left_out; /* sealed: sealed.h */
	int64_t    since;                 /* version of the schema; 0: as long as its table */
};
/* The next one, from *rest on, which begins as the plan's `columns`; false: there is none. */
bool archive_column_next(const struct archive_plan *p, const char **rest, struct archive_column *out);
/* The same of those that an archive of that version has. */
bool archive_column_carried(const struct archive_plan *p, int64_t version, const char **rest, struct archive_column *out);
/* Whether its table is there at that version. */
bool archive_plan_since(const struct archive_plan *p, int64_t version);

/* Its rows are of the audit trail: entries, the tree beside them, closed chains. */
bool archive_is_trail(const char *table);
/* The plan of a table that is carried (asserted). */
const struct archive_plan *archive_plan_of(const char *table);
/* The row that its sealed values are bound to; false: it has no form of one. */
bool archive_place(const struct archive_table *t, const struct blob *values, struct uuid *out);

/*
 * The tables of a plan as the head of an archive of that version of the schema has them; rows are 0.  Before them stand what is no table of the tenant's: one row
 * of one value, the key of content addresses, value hashes and masks; and what is due by the clock (core/store/drift/schedule.h),
 * whose instants are Unix milliseconds.
 */
#define ARCHIVE_KEY_TABLE "address_key"
#define ARCHIVE_DUE_TABLE "schedules"
MUST_USE bool archive_tables_make(TALLOC_CTX *mem, int64_t version, struct items *tables, struct err *e);
/*
 * ERR_INVALID: it is of a version of the schema newer than this program, or older than ARCHIVE_OLDEST, of which there is none;
 * or it has a table or a column that none of its version has, one twice, in another order, or one is missing.
 */
#define ARCHIVE_OLDEST 62
MUST_USE bool archive_head_check(const struct archive_head *h, struct err *e);
/*
 * The version of the schema that its rows go into, before that is brought up to this program's: its own, but none without a
 * place for the archive's trail.  Versions between add columns alone, which are then what they are in a new row.
 */
int64_t archive_fill_version(const struct archive_head *h);

#endif
