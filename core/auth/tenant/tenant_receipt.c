/* tenant_erase.h: the receipt. */
#include "core/auth/audit_tree.h"
#include "core/auth/tenant/tenant_erase.h"
#include "core/store/tenant/archives.h"

static void
put_time(struct buf *b, const char *word, instant at)
{
	char text[TIME_TEXT_MAX];

	time_print(at.ms, text);
	buf_printf(b, "%s%s", word, text);
}

static void
put_archives(struct buf *b, const struct archives_made *all)
{
	char id[UUID_TEXT_MAX];

	buf_printf(b, "\narchives %llu\n", (unsigned long long)all->all);
	for (size_t i = 0; i < all->n; i++) {
		const struct archive_made *a = &all->named[i];

		uuid_print(&a->id, id);
		buf_printf(b, "archive %s", id);
		put_time(b, " ", a->made_at);
		buf_printf(
		    b, " %s%s%s\n", a->opened_by, *a->recipient != '\0' ? " " : "", a->recipient);
	}
}

static void
put_text(struct buf *b, const struct erasure *x)
{
	char tenant[UUID_TEXT_MAX], id[UUID_TEXT_MAX];

	uuid_print(&x->tenant_id, tenant);
	uuid_print(&x->id, id);
	buf_printf(b, "blindspotx.erasure/%s\noperation %s\ntenant %s ", tenant, id, x->slug);
	buf_json(b, str_of(x->name));
	buf_printf(b, "\nschema %s", x->schema_name);
	put_time(b, "\nasked ", x->asked_at);
	buf_putc(b, ' ');
	buf_json(b, str_of(x->asked_name));
	buf_putc(b, ' ');
	buf_json(b, str_of(x->reason));
	put_time(b, "\nbegan ", x->began_at);
	buf_printf(b, "\nhad %s", x->counts.text);
	buf_printf(b, "\nkeys %llu", (unsigned long long)x->keys_n);
	put_time(b, " ", x->keys_at);
	put_time(b, "\ndestroyed ", x->schema_at);
	buf_printf(b, "\nrows %llu", (unsigned long long)x->rows_n);
}

char *
tenant_receipt(const struct auth *a, TALLOC_CTX *mem, const struct erasure *x, struct err *e)
{
	struct archives_made archives;
	struct buf           b;

	if (!archives_made(a->database, mem, &x->tenant_id, &archives, e))
		return NULL;
	buf_make(&b, mem);
	put_text(&b, x);
	put_archives(&b, &archives);
	if (!buf_ok(&b)) {
		err_memory(e);
		return NULL;
	}
	return audit_sign_text(a, mem, buf_str(&b), e);
}
