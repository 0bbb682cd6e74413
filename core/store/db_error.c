#include "core/store/db_error.h"

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

/* MySQL's and newer MariaDB's, which Connector/C's header does not name. */
#define ER_QUERY_TIMEOUT_MYSQL        3024
#define ER_CLIENT_INTERACTION_TIMEOUT 4031
#define EE_WRITE                      3 /* of mysys: the server could not write a temporary file */
#define EE_DISK_FULL                  20

static const struct db_fault_row rows[] = {
#define X(kind, answer, seconds, drop, again, ended, sentence)                                     \
	[kind] = { #kind, answer, seconds, drop, again, ended, sentence },
	DB_FAULTS(X)
#undef X
};

const struct db_number db_numbers[] = { { ER_DUP_ENTRY, DB_DUPLICATE },
	{ ER_SIGNAL_EXCEPTION, DB_DUPLICATE }, /* a procedure refused */

	{ ER_LOCK_WAIT_TIMEOUT, DB_LOCKED }, { ER_NEED_REPREPARE, DB_LOCKED },
	{ ER_LOCK_DEADLOCK, DB_OUTRUN }, { ER_CHECKREAD, DB_OUTRUN },
	{ ER_TABLE_DEF_CHANGED, DB_OUTRUN }, /* migrated meanwhile */

	{ CR_CONNECTION_ERROR, DB_SILENT }, { CR_CONN_HOST_ERROR, DB_SILENT },
	{ CR_UNKNOWN_HOST, DB_SILENT }, { CR_SERVER_GONE_ERROR, DB_SILENT },
	{ CR_SERVER_HANDSHAKE_ERR, DB_SILENT }, { CR_SERVER_LOST, DB_SILENT },
	{ CR_SERVER_LOST_EXTENDED, DB_SILENT }, { CR_SSL_CONNECTION_ERROR, DB_SILENT },
	{ CR_ERR_NET_READ, DB_SILENT }, { CR_ERR_NET_WRITE, DB_SILENT },
	{ ER_SERVER_SHUTDOWN, DB_SILENT },

	{ ER_CONNECTION_KILLED, DB_LOST }, { ER_QUERY_INTERRUPTED, DB_LOST },
	{ ER_FORCING_CLOSE, DB_LOST }, { ER_ABORTING_CONNECTION, DB_LOST },
	{ ER_NEW_ABORTING_CONNECTION, DB_LOST }, { ER_NET_READ_ERROR_FROM_PIPE, DB_LOST },
	{ ER_NET_FCNTL_ERROR, DB_LOST }, { ER_NET_PACKETS_OUT_OF_ORDER, DB_LOST },
	{ ER_NET_READ_ERROR, DB_LOST }, { ER_NET_READ_INTERRUPTED, DB_LOST },
	{ ER_NET_ERROR_ON_WRITE, DB_LOST }, { ER_NET_WRITE_INTERRUPTED, DB_LOST },
	{ ER_CLIENT_INTERACTION_TIMEOUT, DB_LOST },
	{ ER_UNKNOWN_COM_ERROR, DB_LOST },   /* a Galera node that is not part of the cluster now */
	{ ER_ERROR_DURING_COMMIT, DB_LOST }, /* whether it is done is not known */
	{ ER_ERROR_DURING_ROLLBACK, DB_LOST },

	{ ER_CON_COUNT_ERROR, DB_CROWDED }, { ER_TOO_MANY_USER_CONNECTIONS, DB_CROWDED },
	{ ER_USER_LIMIT_REACHED, DB_CROWDED }, { ER_OUT_OF_RESOURCES, DB_CROWDED },
	{ ER_OUTOFMEMORY, DB_CROWDED }, { ER_OUT_OF_SORTMEMORY, DB_CROWDED },
	{ ER_CANT_CREATE_THREAD, DB_CROWDED }, { ER_LOCK_TABLE_FULL, DB_CROWDED },
	{ ER_TOO_MANY_CONCURRENT_TRXS, DB_CROWDED },
	{ ER_MAX_PREPARED_STMT_COUNT_REACHED, DB_CROWDED }, { ER_HOST_IS_BLOCKED, DB_CROWDED },

	{ ER_STATEMENT_TIMEOUT, DB_TOO_LONG }, { ER_QUERY_TIMEOUT_MYSQL, DB_TOO_LONG },

	{ ER_OPTION_PREVENTS_STATEMENT, DB_READ_ONLY }, { ER_READ_ONLY_MODE, DB_READ_ONLY },
	{ ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, DB_READ_ONLY },
	{ ER_INNODB_READ_ONLY, DB_READ_ONLY }, { ER_OPEN_AS_READONLY, DB_READ_ONLY },
	{ ER_CANT_UPDATE_WITH_READLOCK, DB_READ_ONLY },

	{ EE_WRITE, DB_FULL }, { EE_DISK_FULL, DB_FULL }, { ER_DISK_FULL, DB_FULL },
	{ ER_RECORD_FILE_FULL, DB_FULL }, { ER_ERROR_ON_WRITE, DB_FULL },
	{ ER_TEMP_FILE_WRITE_FAILURE, DB_FULL },
	{ ER_GET_ERRNO,
	    DB_FULL }, /* "Got error 28 from storage engine": nothing the statement can help */

	{ ER_ACCESS_DENIED_ERROR, DB_REFUSED }, { ER_ACCESS_DENIED_NO_PASSWORD_ERROR, DB_REFUSED },
	{ ER_DBACCESS_DENIED_ERROR, DB_REFUSED }, { ER_BAD_DB_ERROR, DB_REFUSED },
	{ ER_HOST_NOT_PRIVILEGED, DB_REFUSED }, { ER_MUST_CHANGE_PASSWORD, DB_REFUSED },
	{ ER_MUST_CHANGE_PASSWORD_LOGIN, DB_REFUSED },

	{ ER_ACCOUNT_HAS_BEEN_LOCKED, DB_BARRED }, /* its tenant is restored: spare_hold() */

	{ ER_NO_SUCH_TABLE, DB_UNMIGRATED }, { ER_BAD_FIELD_ERROR, DB_UNMIGRATED },
	{ ER_SP_DOES_NOT_EXIST, DB_UNMIGRATED }, { ER_SP_WRONG_NO_OF_ARGS, DB_UNMIGRATED },
	{ ER_NO_DEFAULT_FOR_FIELD, DB_UNMIGRATED },

	{ ER_NET_PACKET_TOO_LARGE, DB_PROTOCOL }, { 0 } };

enum db_fault
db_fault_of(unsigned number)
{
	for (const struct db_number *n = db_numbers; n->number != 0; n++)
		if (n->number == number)
			return n->fault;
	/* Another one of the client library: what the server thinks is not known. */
	if ((number >= CR_MIN_ERROR && number <= CR_MAX_ERROR) ||
	    (number >= CER_MIN_ERROR && number <= CER_MAX_ERROR))
		return DB_PROTOCOL;
	return DB_OTHER;
}

const struct db_fault_row *
db_fault_row(enum db_fault f)
{
	return &rows[f];
}

bool
db_fault_set(struct err *e, const char *name, unsigned number, const char *text)
{
	const struct db_fault_row *f = &rows[db_fault_of(number)];
	bool                       first = e->code == ERR_OK;

	err_set(e, f->answer, (int)number, f->sentence, "%s: %u %s", name, number, text);
	if (first)
		e->retry_s = f->retry_s;
	return false;
}
