#include "core/store/id_list.h"

static const struct field id_fields[] = {
	COLUMN(struct id_in, id),
	FIELD_END,
};
const struct schema id_in = SCHEMA("IdIn", struct id_in, id_fields);

static const struct field id_list_fields[] = {
	COLUMN(struct id_list_in, ids),
	FIELD_END,
};
const struct schema id_list_in_schema = SCHEMA("IdsIn", struct id_list_in, id_list_fields);

bool
id_list_print(TALLOC_CTX *mem, struct id_list ids, struct id_list_in *out, struct err *e)
{
	struct buf b;
	char       id[UUID_TEXT_MAX];

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < ids.n; i++) {
		uuid_print(&ids.p[i], id);
		buf_printf(&b, "%s\"%s\"", i == 0 ? "" : ",", id);
	}
	buf_putc(&b, ']');
	out->ids = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}
