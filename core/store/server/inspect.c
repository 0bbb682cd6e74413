#include "core/store/server/inspect.h"

#include <string.h>

#include "core/store/db_priv.h"
#include "core/store/server/server.h"

static const struct field info_fields[] = {
	FIELD(struct server_info, version, .doc = "Version of the server."),
	FIELD(struct server_info, max_connections, .doc = "Most connections at once."),
	FIELD(struct server_info, most_kept, .doc = "Most statements that we keep prepared."),
	FIELD(struct server_info, max_allowed_packet, .doc = "Longest statement or row, in bytes."),
	FIELD(struct server_info, flushes, .doc = "Every COMMIT reaches the disk."),
	FIELD_END,
};
static const struct schema info_schema = SCHEMA("ServerInfo", struct server_info, info_fields);

SQL(server_info_read, SQL_CONTROL, NULL, &info_schema,
    "SELECT VERSION() AS version, @@max_connections AS max_connections,"
    " " SERVER_MOST_KEPT ","
    " @@max_allowed_packet AS max_allowed_packet, @@innodb_flush_log_at_trx_commit = 1 AS flushes");

bool
server_inspect(struct db *db, TALLOC_CTX *mem, struct server_info *s, struct err *e)
{
	struct str minor;
	struct str major;

	if (!db_one(db, mem, &server_info_read, NULL, s, e))
		return false;
	s->tls = mysql_get_ssl_cipher(db->my) != NULL;
	minor = str_cut(str_of(s->version), '.', &major);
	str_cut(minor, '.', &minor);
	if (strstr(s->version, "MariaDB") == NULL || !str_to_i64(major, &s->major) ||
	    !str_to_i64(minor, &s->minor))
		s->major = s->minor = 0;
	return true;
}
