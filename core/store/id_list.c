#include "core/store/id_list.h"

static const struct field ids_fields[] = {
	COLUMN(struct ids_in, ids),
	FIELD_END,
};
const struct schema ids_in_schema = SCHEMA("IdsIn", struct ids_in, ids_fields);

bool
ids_print(TALLOC_CTX *mem, const struct uuid *ids, size_t n, struct ids_in *out, struct err *e)
{
	struct buf b;
	char       id[UUID_TEXT_MAX];

	buf_make(&b, mem);
	buf_putc(&b, '[');
	for (size_t i = 0; i < n; i++) {
		uuid_print(&ids[i], id);
		buf_printf(&b, "%s\"%s\"", i == 0 ? "" : ",", id);
	}
	buf_putc(&b, ']');
	out->ids = b.p;
	return buf_ok(&b) ? true : err_memory(e);
}
