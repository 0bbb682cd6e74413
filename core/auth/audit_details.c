#include "core/auth/audit_details.h"

#include <string.h>

static const struct field text_change_fields[] = {
	TOLD(struct text_change, from),
	TOLD(struct text_change, to),
	FIELD_END,
};
const struct schema text_change_schema =
    SCHEMA("TextChange", struct text_change, text_change_fields);

static const struct field list_change_fields[] = {
	TOLD(struct list_change, from),
	TOLD(struct list_change, to),
	FIELD_END,
};
const struct schema list_change_schema =
    SCHEMA("ListChange", struct list_change, list_change_fields);

static const struct field json_change_fields[] = {
	TOLD(struct json_change, from),
	TOLD(struct json_change, to),
	FIELD_END,
};
const struct schema json_change_schema =
    SCHEMA("JsonChange", struct json_change, json_change_fields);

const struct text_change *
text_change(struct text_change *room, const char *from, const char *to)
{
	*room = (struct text_change) { from, to };
	return strcmp(from, to) != 0 ? room : NULL;
}

const char *
audit_details(TALLOC_CTX *mem, const struct schema *s, const void *in, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	return schema_encode(&b, s, in, e) ? buf_text(&b, e) : NULL;
}
