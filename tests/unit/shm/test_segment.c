/* The shared segment's file, and the slots in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/hash.h"
#include "core/shm/layout.h"
#include "core/shm/segment.h"
#include "core/shm/slot.h"
#include "tests/unit/segment_fixture.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

static struct segment_fixture fixture;
static TALLOC_CTX            *mem;

static int64_t
stepped_ms(const struct clock *c)
{
	return c->set_ms;
}

static int64_t
stepped_ns(const struct clock *c)
{
	return c->set_ms * 1000000;
}

static const struct clock_ops stepped_ops = { stepped_ms, stepped_ns };
static struct clock           now = { &stepped_ops, 1000 };

static int
make_mem(void **state)
{
	(void)state;
	if (!segment_fixture_make(&fixture))
		return 1;
	mem = fixture.mem;
	return 0;
}

static int
free_mem(void **state)
{
	(void)state;
	return segment_fixture_free(&fixture) ? 0 : 1;
}

static void
refused(void)
{
	const struct segment_options o = { fixture.path, 64 };
	struct err                   e = { 0 };

	assert_null(segment_open(mem, &o, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
	assert_string_equal(e.pub, "internal error");
}

/* A counter that both see or not: whether two segments are one. */
static uint64_t
count(struct segment *s, uint64_t add)
{
	return atomic_fetch_add(metric_log_dropped(s), add) + add;
}

static void
the_file_is_private_and_has_all_its_room(void **state)
{
	struct segment *s = segment_fixture_open(&fixture, 64);
	struct stat     st;

	(void)state;
	umask(0);
	assert_int_equal(stat(fixture.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(st.st_blocks * 512 >= st.st_size); /* not sparse: no SIGBUS later */
	assert_int_equal(s->cache_entries, 64);
	assert_int_equal(count(s, 0), 0);
}

static void
two_openers_share_one_file(void **state)
{
	struct segment *a = segment_fixture_open(&fixture, 64),
		       *b = segment_fixture_open(&fixture, 64);

	(void)state;
	count(a, 5);
	assert_int_equal(count(b, 2), 7);
	talloc_free(a);
	assert_int_equal(count(b, 0), 7);
	a = segment_fixture_open(&fixture, 64);
	assert_int_equal(count(a, 0), 7); /* and it outlives them */
}

static void
the_number_of_entries_is_rounded(void **state)
{
	static const struct {
		uint64_t ask, get;
	} rows[] = { { 0, 0 }, { 1, 4 }, { 4, 4 }, { 5, 8 }, { 1000, 1024 } };

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct segment *s = segment_fixture_open(&fixture, rows[i].ask);

		assert_int_equal(s->cache_entries, rows[i].get);
		talloc_free(s);
	}
}

static void
another_size_or_version_is_replaced_and_the_old_one_lives_on(void **state)
{
	struct segment *a = segment_fixture_open(&fixture, 64), *b, *c;

	(void)state;
	count(a, 3);
	b = segment_fixture_open(&fixture, 128);
	assert_int_equal(b->cache_entries, 128);
	assert_int_equal(count(b, 1), 1);
	assert_int_equal(count(a, 1), 4); /* on its own file still */
	b->fixed->head.version = 99;
	c = segment_fixture_open(&fixture, 128);
	assert_int_equal(count(c, 0), 0);
	assert_int_equal(count(b, 0), 1);
}

static void
rubbish_is_replaced(void **state)
{
	static const char rubbish[] = "rubbish";
	int               fd = open(fixture.path, O_WRONLY | O_CREAT, 0600);
	struct segment   *s;

	(void)state;
	assert_int_equal(write(fd, rubbish, sizeof(rubbish)), sizeof(rubbish));
	close(fd);
	s = segment_fixture_open(&fixture, 64);
	assert_int_equal(truncate(fixture.path, 8192), 0); /* too short for its header */
	s = segment_fixture_open(&fixture, 64);
	assert_int_equal(count(s, 1), 1);
}

static void
a_file_that_others_may_write_is_refused(void **state)
{
	(void)state;
	talloc_free(segment_fixture_open(&fixture, 64));
	assert_int_equal(chmod(fixture.path, 0660), 0);
	refused();
	assert_int_equal(chmod(fixture.path, 0604), 0);
	refused();
	assert_int_equal(chmod(fixture.path, 0600), 0);
	talloc_free(segment_fixture_open(&fixture, 64));
	unlink(fixture.path);
	assert_int_equal(symlink("/dev/zero", fixture.path), 0);
	refused();
	unlink(fixture.path);
	assert_int_equal(mkfifo(fixture.path, 0600), 0);
	refused();
	unlink(fixture.path);
}

static void
a_file_of_another_user_is_refused(void **state)
{
	pid_t pid;
	int   status;

	(void)state;
	if (geteuid() !=
	    0) { /* an ordinary user cannot give a file away; the check of fstat is the same */
		assert_int_not_equal(chown("/", geteuid(), (gid_t)-1), 0);
		return;
	}
	talloc_free(segment_fixture_open(&fixture, 64));
	assert_int_equal(chown(fixture.path, 65534, 65534), 0);
	refused();
	pid = fork();
	if (pid == 0) {
		const struct segment_options o = { fixture.path, 64 };
		struct err                   e = { 0 };

		/* As that user, who may not write the folder: the lock cannot be made either. */
		_exit(seteuid(65534) == 0 && segment_open(mem, &o, &e) == NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Whatever root made there the services could not use. */
static void
root_makes_none_in_the_folder_of_another_user(void **state)
{
	struct segment_options o = { fixture.path, 64 };
	char                   dir[sizeof(fixture.path)];
	struct err             e = { 0 };
	struct stat            st;

	(void)state;
	if (geteuid() != 0)
		return; /* no other user may make one there at all */
	memcpy(dir, fixture.path, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	assert_int_equal(chown(dir, 65534, 65534), 0);
	assert_null(segment_open(mem, &o, &e));
	assert_non_null(strstr(e.detail, "not as root"));
	assert_int_equal(lstat(fixture.path, &st), -1);
	assert_int_equal(chown(dir, 0, 0), 0);
	err_clear(&e);
	assert_non_null(segment_open(mem, &o, &e));
}

static void
deleting_it_while_running_loses_warmth_only(void **state)
{
	struct segment *a = segment_fixture_open(&fixture, 64),
		       *b = segment_fixture_open(&fixture, 64);
	_Atomic uint64_t   *handed_out = metric_log_dropped(a);
	struct cache_epochs before;
	const struct uuid   id = { { 9 } };

	(void)state;
	now.set_ms += 10000;
	segment_check(a, &now);
	segment_check(b, &now);
	count(a, 5);
	unlink(fixture.path);
	segment_check(a, &now); /* not looked at again within a second */
	assert_int_not_equal(access(fixture.path, F_OK), 0);
	now.set_ms += 1001;
	segment_check(a, &now);
	assert_int_equal(access(fixture.path, F_OK), 0);
	assert_int_equal(count(a, 1), 1);
	assert_int_equal(count(b, 0), 5);
	segment_check(b, &now);
	assert_int_equal(count(b, 1), 2);
	atomic_fetch_add(handed_out, 40); /* what was handed out counts where the others look */
	assert_int_equal(count(b, 0), 42);
	before = cache_epochs_read(a, &id, &id, &id);
	cache_bump_user(b, &id);
	assert_int_equal(cache_epochs_read(a, &id, &id, &id).user, before.user + 1);
}

static void
a_running_process_follows_to_another_size(void **state)
{
	struct segment *a = segment_fixture_open(&fixture, 64),
		       *b = segment_fixture_open(&fixture, 256);

	(void)state;
	now.set_ms += 10000;
	count(b, 7);
	segment_check(a, &now);
	assert_int_equal(a->cache_entries, 256);
	assert_int_equal(count(a, 0), 7);
	memset(a->cache, 0, 256 * sizeof(struct cache_entry));
	/* A file of another version is not ours to follow. */
	talloc_free(b);
	b = segment_fixture_open(&fixture, 64);
	b->fixed->head.version = 99;
	now.set_ms += 10000;
	segment_check(a, &now);
	assert_int_equal(a->cache_entries, 256);
	assert_int_equal(count(a, 0), 7);
}

/* A metric or a lane that was put between others: the numbers behind it mean something else. */
static void
a_file_of_another_order_of_the_lists_is_made_anew(void **state)
{
	struct segment *s = segment_fixture_open(&fixture, 64), *again;

	(void)state;
	count(s, 7);
	again = segment_fixture_open(&fixture, 64);
	assert_int_equal(count(again, 0), 7);
	assert_int_equal(s->fixed->head.order, hash_quick(SEGMENT_LISTS));
	s->fixed->head.order = hash_quick("bsx_new_total counter NULL\n" SEGMENT_LISTS);
	assert_int_not_equal(s->fixed->head.order, hash_quick(SEGMENT_LISTS));
	again = segment_fixture_open(&fixture, 64);
	assert_int_equal(count(again, 0), 0);
	/* who runs on the old one stays there */
	assert_int_equal(count(s, 0), 7);
}

static void
each_list_that_numbers_what_stands_in_the_file_is_in_its_order(void **state)
{
	(void)state;
	assert_non_null(strstr(SEGMENT_LISTS,
	    "bsx_auth_attempts_total counter \"method\", \"outcome\"\nbsx_password_hashes_total"));
	assert_non_null(strstr(SEGMENT_LISTS, "LANE_PASSWORD\n"));
	assert_non_null(strstr(SEGMENT_LISTS, "control\ntenant\nprovision\n"));
}

static void
many_starters_make_one_file(void **state)
{
	struct segment *s;
	int             status;

	(void)state;
	for (int i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		s = segment_fixture_open(&fixture, 64);
		count(s, 1);
		_exit(0);
	}
	for (int i = 0; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count(segment_fixture_open(&fixture, 64), 0), 8);
}

static void
a_starter_killed_half_way_stops_nobody(void **state)
{
	char new_path[80];
	int  fd;

	(void)state;
	snprintf(new_path, sizeof(new_path), "%s.new", fixture.path);
	fd = open(new_path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	talloc_free(segment_fixture_open(&fixture, 64));
	assert_int_not_equal(access(new_path, F_OK), 0);
}

static void
a_slot_tells_what_a_killed_worker_was_doing(void **state)
{
	struct segment   *s = segment_fixture_open(&fixture, 0);
	struct slot_state st;
	int               status;
	pid_t             pid;

	(void)state;
	assert_false(slot_read(s, 3, &st));
	pid = fork();
	if (pid == 0) {
		slot_begin(s, 3, "0192af00-0000-7000-8000-000000000001", 1234);
		slot_route(s, 3, "GET /api/users/{id}");
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(slot_read(s, 3, &st));
	assert_string_equal(st.request_id, "0192af00-0000-7000-8000-000000000001");
	assert_string_equal(st.route, "GET /api/users/{id}");
	assert_int_equal(st.started_ms, 1234);
	assert_false(slot_read(s, 2, &st));
	slot_begin(s, 3, "next", 5678);
	assert_true(slot_read(s, 3, &st));
	assert_string_equal(st.request_id, "next");
	assert_string_equal(st.route, "");
	slot_end(s, 3);
	assert_false(slot_read(s, 3, &st));
}

static void
a_slot_that_was_being_written_is_read_all_the_same(void **state)
{
	struct segment   *s = segment_fixture_open(&fixture, 0);
	struct slot_state st;
	char              text[300];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	slot_begin(s, 255, text, 1);
	slot_route(s, 255, text);
	atomic_fetch_or(&s->fixed->slots[255].seq, 1);
	assert_true(slot_read(s, 255, &st));
	assert_int_equal(strlen(st.request_id), sizeof(st.request_id) - 1);
	assert_int_equal(strlen(st.route), sizeof(st.route) - 1);
	slot_begin(s, 255, "id", 2); /* its successor */
	assert_int_equal(atomic_load(&s->fixed->slots[255].seq) & 1, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_private_and_has_all_its_room),
		TEST(two_openers_share_one_file),
		TEST(the_number_of_entries_is_rounded),
		TEST(another_size_or_version_is_replaced_and_the_old_one_lives_on),
		TEST(rubbish_is_replaced),
		TEST(a_file_that_others_may_write_is_refused),
		TEST(a_file_of_another_user_is_refused),
		TEST(root_makes_none_in_the_folder_of_another_user),
		TEST(deleting_it_while_running_loses_warmth_only),
		TEST(a_running_process_follows_to_another_size),
		TEST(a_file_of_another_order_of_the_lists_is_made_anew),
		TEST(each_list_that_numbers_what_stands_in_the_file_is_in_its_order),
		TEST(many_starters_make_one_file),
		TEST(a_starter_killed_half_way_stops_nobody),
		TEST(a_slot_tells_what_a_killed_worker_was_doing),
		TEST(a_slot_that_was_being_written_is_read_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
