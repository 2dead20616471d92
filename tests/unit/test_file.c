/* Whole files: what is read, what is refused, and that a failed write leaves no trace. */
#include "support.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

#include "one_file.h"

static void check_content(const void *expected, size_t expected_size) {
  size_t size;
  unsigned char *content = read_test_file(path, &size);
  ck_assert_uint_eq(size, expected_size);
  ck_assert_mem_eq(content, expected, size);
  free(content);
}

/* A read that must fail, with nothing handed out. */
static void check_refused(const char *name, size_t limit, xd_status expected) {
  unsigned char *content = (unsigned char *)1;
  size_t size = 1;
  assert_status(xdi_file_read(context, name, limit, &content, &size), expected);
  ck_assert_ptr_null(content);
  ck_assert_uint_eq(size, 0);
  assert_message_names(context, name);
}

START_TEST(file_read__gives_every_byte) {
  static unsigned char data[300000];
  for (size_t i = 0; i < sizeof data; i++)
    data[i] = (unsigned char)(i * 7 + i / 256);
  const size_t sizes[] = {1, 2, 63, 64, 65, 4096, sizeof data};
  for (int i = 0; i < 7; i++) {
    unsigned char *content = NULL;
    size_t size = 0;
    write_test_file(path, data, sizes[i]);
    assert_ok(context, xdi_file_read(context, path, sizes[i], &content, &size));
    ck_assert_uint_eq(size, sizes[i]);
    ck_assert_mem_eq(content, data, size);
    xdi_release(&context->allocator, content);
  }
}
END_TEST

START_TEST(file_read__gives_a_pointer_for_an_empty_file) {
  unsigned char *content = NULL;
  size_t size = 1;
  write_test_file(path, "", 0);
  assert_ok(context, xdi_file_read(context, path, 0, &content, &size));
  ck_assert_ptr_nonnull(content);
  ck_assert_uint_eq(size, 0);
  xdi_release(&context->allocator, content);
}
END_TEST

START_TEST(file_read__refuses_more_than_the_limit_before_allocating) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  unsigned char *content = NULL;
  size_t size = 0;
  write_test_file(path, "12345678", 8);
  size_t before = counter.total;
  assert_status(xdi_file_read(counted, path, 7, &content, &size), XD_ERROR_TOO_LARGE);
  ck_assert_uint_eq(counter.total, before);
  assert_message_names(counted, path);
  assert_message_names(counted, "8 bytes");
  assert_message_names(counted, "limit of 7");
  assert_ok(counted, xdi_file_read(counted, path, 8, &content, &size));
  xdi_release(&counted->allocator, content);
  xd_context_destroy(counted);
}
END_TEST

START_TEST(file_read__refuses_what_is_missing) {
  char below[TEST_PATH_SIZE];
  check_refused(path, 100, XD_ERROR_NOT_FOUND);
  check_refused("", 100, XD_ERROR_NOT_FOUND);
  write_test_file(path, "x", 1);
  ck_assert_int_lt(snprintf(below, sizeof below, "%.900s/below", path), TEST_PATH_SIZE);
  check_refused(below, 100, XD_ERROR_NOT_FOUND);
}
END_TEST

START_TEST(file_read__refuses_folders_and_pipes_without_waiting) {
  check_refused(folder, 1000000, XD_ERROR_IO);
  assert_message_names(context, "folder");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  check_refused(path, 1000000, XD_ERROR_IO);
  check_refused("/dev/null", 1000000, XD_ERROR_IO);
  assert_message_names(context, "not a regular file");
}
END_TEST

START_TEST(file_fetch__reads_any_piece) {
  xdi_file file;
  unsigned char piece[4] = {0};
  write_test_file(path, "12345678", 8);
  assert_ok(context, xdi_file_open(&file, context, path, 8));
  ck_assert_uint_eq(file.size, 8);
  assert_ok(context, xdi_file_fetch(&file, context, piece, 4, 4));
  ck_assert_mem_eq(piece, "5678", 4);
  assert_ok(context, xdi_file_fetch(&file, context, piece, 1, 2));
  ck_assert_mem_eq(piece, "2378", 4);
  assert_ok(context, xdi_file_fetch(&file, context, piece, 8, 0));
  xdi_file_close(&file);
  xdi_file_close(&file);
}
END_TEST

START_TEST(file_fetch__tells_that_the_file_was_shortened) {
  xdi_file file;
  unsigned char piece[8];
  write_test_file(path, "12345678", 8);
  assert_ok(context, xdi_file_open(&file, context, path, 8));
  ck_assert_int_eq(truncate(path, 5), 0);
  assert_status(xdi_file_fetch(&file, context, piece, 0, 8), XD_ERROR_IO);
  assert_message_names(context, path);
  assert_message_names(context, "changed its size of 8 bytes");
  assert_status(xdi_file_fetch(&file, context, piece, 6, 1), XD_ERROR_IO);
  assert_ok(context, xdi_file_fetch(&file, context, piece, 0, 5));
  xdi_file_close(&file);
}
END_TEST

START_TEST(file_read__tells_a_lack_of_memory) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  unsigned char *content = NULL;
  size_t size = 0;
  write_test_file(path, "12345678", 8);
  counter.fail_at = counter.total + 1;
  assert_status(xdi_file_read(counted, path, 100, &content, &size), XD_ERROR_OUT_OF_MEMORY);
  assert_message_names(counted, path);
  xd_context_destroy(counted);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

START_TEST(file_write__creates_and_replaces) {
  static unsigned char large[3000000];
  memset(large, 0x5A, sizeof large);
  assert_ok(context, xdi_file_write(context, path, "old", 3));
  check_content("old", 3);
  assert_ok(context, xdi_file_write(context, path, large, sizeof large));
  check_content(large, sizeof large);
  assert_ok(context, xdi_file_write(context, path, NULL, 0));
  check_content("", 0);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

static struct stat look_at(const char *name) {
  struct stat info;
  ck_assert_msg(stat(name, &info) == 0, "%s: %s", name, strerror(errno));
  return info;
}

START_TEST(file_write__takes_the_mode_of_a_new_file_from_the_umask) {
  const mode_t masks[] = {022, 077, 002, 0};
  const mode_t modes[] = {0644, 0600, 0664, 0666};
  for (int i = 0; i < 4; i++) {
    mode_t before = umask(masks[i]);
    assert_ok(context, xdi_file_write(context, path, "x", 1));
    umask(before);
    ck_assert_uint_eq(look_at(path).st_mode & 07777, modes[i]);
    ck_assert_int_eq(unlink(path), 0);
  }
}
END_TEST

START_TEST(file_write__keeps_mode_and_owner_of_what_it_replaces) {
  const mode_t modes[] = {0600, 0640, 0666, 0755};
  write_test_file(path, "old", 3);
  for (int i = 0; i < 4; i++) {
    ck_assert_int_eq(chmod(path, modes[i]), 0);
    mode_t before = umask(077);
    assert_ok(context, xdi_file_write(context, path, "x", 1));
    umask(before);
    ck_assert_uint_eq(look_at(path).st_mode & 07777, modes[i]);
  }
  if (geteuid() != 0)
    return; /* only then can a file be given away */
  ck_assert_int_eq(chown(path, 4321, 1234), 0);
  assert_ok(context, xdi_file_write(context, path, "y", 1));
  ck_assert_uint_eq(look_at(path).st_uid, 4321);
  ck_assert_uint_eq(look_at(path).st_gid, 1234);
}
END_TEST

static void count_warnings(void *user, xd_log_level level, const char *message) {
  uint32_t *warnings = user;
  *warnings += level == XD_LOG_WARNING && strstr(message, "hard links") != NULL;
}

/* It says so, of a file that has two names and not of one that has one. */
START_TEST(file_write__leaves_other_names_of_a_file_as_they_were) {
  char other[TEST_PATH_SIZE];
  uint32_t warnings = 0;
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *telling = NULL;
  options.log = count_warnings, options.log_user = &warnings;
  assert_status(xd_context_create(&telling, &options), XD_OK);
  write_test_file(path, "old", 3);
  assert_ok(telling, xdi_file_write(telling, path, "old", 3));
  ck_assert_uint_eq(warnings, 0);
  ck_assert_int_eq(link(path, path_in(other, folder, "other")), 0);
  assert_ok(telling, xdi_file_write(telling, path, "new!", 4));
  ck_assert_uint_eq(warnings, 1);
  check_content("new!", 4);
  ck_assert_int_eq(look_at(other).st_size, 3);
  xd_context_destroy(telling);
}
END_TEST

/* The number of a process that has ended. */
static pid_t ended_process(void) {
  pid_t child = fork();
  ck_assert(child >= 0);
  if (child == 0)
    _exit(0);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  return child;
}

/* Several of each, in whatever order the folder lists them. */
START_TEST(file_write__removes_what_ended_processes_left) {
  enum { FILES = 8 };
  char left[FILES][TEST_PATH_SIZE], living[FILES][TEST_PATH_SIZE], strange[TEST_PATH_SIZE], name[64];
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, ".xdomain-%ld-%d.tmp", (long)ended_process(), i);
    write_test_file(path_in(left[i], folder, name), "left", 4);
    snprintf(name, sizeof name, ".xdomain-%ld-%d.tmp", (long)getppid(), i);
    write_test_file(path_in(living[i], folder, name), "living", 6);
  }
  write_test_file(path_in(strange, folder, ".xdomain-1x-3.tmp"), "strange", 7);
  assert_ok(context, xdi_file_write(context, path, "x", 1));
  for (int i = 0; i < FILES; i++) {
    ck_assert_int_ne(access(left[i], F_OK), 0);
    ck_assert_int_eq(access(living[i], F_OK), 0);
  }
  ck_assert_int_eq(access(strange, F_OK), 0);
  ck_assert_int_eq(count_entries(folder), FILES + 2);
}
END_TEST

START_TEST(file_write__takes_names_without_a_folder) {
  char before[TEST_PATH_SIZE];
  ck_assert_ptr_nonnull(getcwd(before, sizeof before));
  ck_assert_int_eq(chdir(folder), 0);
  assert_ok(context, xdi_file_write(context, "file", "here", 4));
  ck_assert_int_eq(chdir(before), 0);
  check_content("here", 4);
}
END_TEST

START_TEST(file_write__takes_the_longest_name) {
  char name[256];
  memset(name, 'n', 255);
  name[255] = '\0';
  path_in(path, folder, name);
  assert_ok(context, xdi_file_write(context, path, "long", 4));
  check_content("long", 4);
}
END_TEST

START_TEST(file_write__follows_a_symbolic_link) {
  char link_path[TEST_PATH_SIZE];
  struct stat info;
  write_test_file(path, "old", 3);
  ck_assert_int_eq(symlink("file", path_in(link_path, folder, "link")), 0);
  assert_ok(context, xdi_file_write(context, link_path, "new", 3));
  check_content("new", 3);
  ck_assert_int_eq(lstat(link_path, &info), 0);
  ck_assert(S_ISLNK(info.st_mode));
}
END_TEST

/* As fopen does, wherever the link and those behind it lead; the folder must be there. */
START_TEST(file_write__makes_what_a_symbolic_link_leads_to) {
  char first[TEST_PATH_SIZE], other[TEST_PATH_SIZE], below[TEST_PATH_SIZE], text[TEST_PATH_SIZE];
  struct stat info;
  ck_assert_int_eq(mkdir(path_in(below, folder, "below"), 0700), 0);
  ck_assert_int_eq(symlink("below/second", path_in(first, folder, "first")), 0);
  ck_assert_int_eq(symlink("../third", path_in(other, folder, "below/second")), 0);
  ck_assert_int_eq(symlink(path, path_in(other, folder, "third")), 0);
  for (int i = 0; i < 2; i++) {
    snprintf(text, sizeof text, "new%d", i);
    assert_ok(context, xdi_file_write(context, first, text, 4));
    check_content(text, 4);
    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert(S_ISREG(info.st_mode));
    ck_assert_int_eq(lstat(first, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(count_entries(folder), 4);
    ck_assert_int_eq(count_entries(below), 1);
  }
  ck_assert_int_eq(symlink("no/such", path_in(other, folder, "nowhere")), 0);
  assert_status(xdi_file_write(context, other, "x", 1), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "no/such");
  ck_assert_int_eq(symlink("loop", path_in(other, folder, "loop")), 0);
  assert_status(xdi_file_write(context, other, "x", 1), XD_ERROR_IO);
  assert_message_names(context, "cannot follow the link");
}
END_TEST

START_TEST(file_write__never_replaces_a_folder_or_a_pipe) {
  struct stat info;
  ck_assert_int_eq(mkdir(path, 0700), 0);
  assert_status(xdi_file_write(context, path, "x", 1), XD_ERROR_IO);
  assert_message_names(context, "folder");
  path_in(path, folder, "pipe");
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  assert_status(xdi_file_write(context, path, "x", 1), XD_ERROR_IO);
  ck_assert_int_eq(stat(path, &info), 0);
  ck_assert(S_ISFIFO(info.st_mode));
  ck_assert_int_eq(count_entries(folder), 2);
}
END_TEST

START_TEST(file_write__needs_the_folder) {
  char missing[TEST_PATH_SIZE];
  path_in(missing, folder, "no/such/file");
  assert_status(xdi_file_write(context, missing, "x", 1), XD_ERROR_NOT_FOUND);
  assert_message_names(context, missing);
  assert_status(xdi_file_write(context, "", "x", 1), XD_ERROR_NOT_FOUND);
  ck_assert_int_eq(count_entries(folder), 0);
}
END_TEST

/* Root may write anywhere, so that it steps back for a moment. */
START_TEST(file_write__leaves_an_unwritable_folder_as_it_was) {
  write_test_file(path, "old", 3);
  ck_assert_int_eq(chmod(folder, 0555), 0);
  uid_t user = geteuid();
  if (user == 0)
    ck_assert_int_eq(seteuid(65534), 0);
  xd_status status = xdi_file_write(context, path, "new", 3);
  if (user == 0)
    ck_assert_int_eq(seteuid(0), 0);
  ck_assert_int_eq(chmod(folder, 0755), 0);
  assert_status(status, XD_ERROR_IO);
  assert_message_names(context, path);
  check_content("old", 3);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

/* A write that fails half-way, as on a full disk. */
START_TEST(file_write__keeps_the_old_file_when_the_new_does_not_fit) {
  static unsigned char large[100000];
  struct rlimit before, low;
  write_test_file(path, "old", 3);
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
  low = before;
  low.rlim_cur = 50000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
  xd_status status = xdi_file_write(context, path, large, sizeof large);
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_status(status, XD_ERROR_IO);
  assert_message_names(context, path);
  check_content("old", 3);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(file_write__leaves_all_as_it_was_without_memory) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  write_test_file(path, "old", 3);
  counter.fail_at = counter.total + 1;
  assert_status(xdi_file_write(counted, path, "new", 3), XD_ERROR_OUT_OF_MEMORY);
  xd_context_destroy(counted);
  ck_assert_uint_eq(counter.live_blocks, 0);
  check_content("old", 3);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

/* Another program's file of the temporary name is not ours to touch. */
START_TEST(file_write__avoids_names_that_are_taken) {
  char taken[TEST_PATH_SIZE], name[64];
  for (int i = 0; i < 3; i++) {
    snprintf(name, sizeof name, ".xdomain-%ld-%d.tmp", (long)getpid(), i);
    write_test_file(path_in(taken, folder, name), "theirs", 6);
  }
  assert_ok(context, xdi_file_write(context, path, "ours", 4));
  check_content("ours", 4);
  ck_assert_int_eq(count_entries(folder), 4);
  unsigned char *content = read_test_file(taken, NULL);
  ck_assert_str_eq((char *)content, "theirs");
  free(content);
}
END_TEST

START_TEST(system__knows_what_is_there) {
  char beyond[TEST_PATH_SIZE];
  xdi_kind kind = XDI_KIND_OTHER;
  write_test_file(path, "x", 1);
  ck_assert_int_eq(xdi_system_kind(path, &kind), 0);
  ck_assert_int_eq(kind, XDI_KIND_FILE);
  ck_assert_int_eq(xdi_system_kind(path_in(beyond, folder, "y"), &kind), ENOENT);
  ck_assert(!xdi_system_is_free(path));
  ck_assert(!xdi_system_is_free(path_in(beyond, path, "y"))); /* it is no folder */
  ck_assert(xdi_system_is_free(path_in(beyond, folder, "y")));
}
END_TEST

START_TEST(folders__give_each_name_without_an_error) {
  char beyond[TEST_PATH_SIZE];
  xdi_folder *entries = NULL;
  int error = -1, found = 0;
  write_test_file(path, "x", 1);
  ck_assert_int_eq(xdi_folder_open(&entries, path_in(beyond, folder, "none")), ENOENT);
  ck_assert_ptr_null(entries);
  ck_assert_int_eq(xdi_folder_open(&entries, folder), 0);
  for (const char *name; (name = xdi_folder_next(entries, &error)) != NULL; error = -1) {
    ck_assert_int_eq(error, 0);
    found += strcmp(name, "file") == 0;
  }
  ck_assert(error == 0 && found == 1);
  xdi_folder_close(entries);
}
END_TEST

/* Where standard input is closed, its number is given to the temporary file. */
START_TEST(file_write__goes_through_the_descriptor_0) {
  char taken[TEST_PATH_SIZE], name[64];
  snprintf(name, sizeof name, ".xdomain-%ld-0.tmp", (long)getpid());
  write_test_file(path_in(taken, folder, name), "theirs", 6);
  const int input = dup(0);
  ck_assert_int_ge(input, 0);
  close(0);
  const xd_status status = xdi_file_write(context, path, "ours", 4);
  dup2(input, 0);
  close(input);
  assert_ok(context, status);
  check_content("ours", 4);
  ck_assert_int_eq(count_entries(folder), 2);
}
END_TEST

#define CONTENT_SIZE 200000

static void write_until_killed(unsigned char contents[2][CONTENT_SIZE]) {
  for (int i = 0;; i++)
    if (xdi_file_write(context, path, contents[i % 2], CONTENT_SIZE) != XD_OK)
      _exit(1);
}

/* A child writes two contents in turn and is killed somewhere: the file is one of them, whole. */
START_TEST(file_write__survives_a_kill_at_any_moment) {
  static unsigned char contents[2][CONTENT_SIZE];
  memset(contents[1], 1, CONTENT_SIZE);
  assert_ok(context, xdi_file_write(context, path, contents[0], CONTENT_SIZE));
  for (int round = 0; round < 20; round++) {
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0)
      write_until_killed(contents);
    struct timespec time = {0, 1000000 + round * 137000};
    int how = 0;
    nanosleep(&time, NULL);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, &how, 0), child);
    ck_assert(WIFSIGNALED(how));
    unsigned char *content = read_test_file(path, NULL);
    unsigned char which = content[0];
    free(content);
    ck_assert_uint_le(which, 1);
    check_content(contents[which], CONTENT_SIZE);
  }
}
END_TEST

typedef struct writer {
  xd_context *context;
  unsigned char content[CONTENT_SIZE];
  int failures;
} writer;

static void *write_often(void *argument) {
  writer *self = argument;
  for (int i = 0; i < 30; i++)
    self->failures += xdi_file_write(self->context, path, self->content, CONTENT_SIZE) != XD_OK;
  return NULL;
}

START_TEST(file_write__lets_two_threads_write_the_same_file) {
  static writer writers[2];
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    writers[i].context = test_context("reference");
    memset(writers[i].content, i, CONTENT_SIZE);
    ck_assert_int_eq(pthread_create(&threads[i], NULL, write_often, &writers[i]), 0);
  }
  for (int i = 0; i < 2; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert_int_eq(writers[i].failures, 0);
    xd_context_destroy(writers[i].context);
  }
  unsigned char *content = read_test_file(path, NULL);
  unsigned char which = content[0];
  free(content);
  ck_assert_uint_le(which, 1);
  check_content(writers[which].content, CONTENT_SIZE);
  ck_assert_int_eq(count_entries(folder), 1);
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("file");
  ADD(file_read__gives_every_byte);
  ADD(file_read__gives_a_pointer_for_an_empty_file);
  ADD(file_read__refuses_more_than_the_limit_before_allocating);
  ADD(file_read__refuses_what_is_missing);
  ADD(file_read__refuses_folders_and_pipes_without_waiting);
  ADD(file_read__tells_a_lack_of_memory);
  ADD(file_fetch__reads_any_piece);
  ADD(file_fetch__tells_that_the_file_was_shortened);
  ADD(file_write__creates_and_replaces);
  ADD(file_write__takes_the_mode_of_a_new_file_from_the_umask);
  ADD(file_write__keeps_mode_and_owner_of_what_it_replaces);
  ADD(file_write__leaves_other_names_of_a_file_as_they_were);
  ADD(file_write__removes_what_ended_processes_left);
  ADD(file_write__takes_names_without_a_folder);
  ADD(file_write__takes_the_longest_name);
  ADD(file_write__follows_a_symbolic_link);
  ADD(file_write__makes_what_a_symbolic_link_leads_to);
  ADD(file_write__never_replaces_a_folder_or_a_pipe);
  ADD(file_write__needs_the_folder);
  ADD(file_write__leaves_an_unwritable_folder_as_it_was);
  ADD(file_write__keeps_the_old_file_when_the_new_does_not_fit);
  ADD(file_write__leaves_all_as_it_was_without_memory);
  ADD(file_write__avoids_names_that_are_taken);
  ADD(file_write__goes_through_the_descriptor_0);
  ADD(system__knows_what_is_there);
  ADD(folders__give_each_name_without_an_error);
  ADD(file_write__survives_a_kill_at_any_moment);
  ADD(file_write__lets_two_threads_write_the_same_file);
  return suite;
}

XD_SUITE_MAIN(make_suite)
