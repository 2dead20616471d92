/* Files when the system fails: each call that the library makes of it, caught here, since a program's own definitions
 * come before the C library's. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* RTLD_NEXT */
#endif

#include "support.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/memory.h"

/* ---- Calls that fail ---- */

enum { LIES = -1, SHORT = -2, CANCELS = -3 };

/* Of one function the calls first..last, counted from 1. */
typedef struct trap {
  const char *call;
  int first, last;
  int error; /* or: a transfer of one byte that is none (LIES) or is one (SHORT), of none (0); the context cancelled */
} trap;

static struct {
  const trap *traps;
  int count;
  int calls[2], opened, temporaries, locked;
  uid_t owner; /* that was asked for at last */
  bool armed;
} set;

static char *folder;
static xd_context *context;
static char path[TEST_PATH_SIZE];

/* The trap that a call falls into, if any. */
static const trap *met(const char *call) {
  for (int i = 0; set.armed && i < set.count; i++)
    if (strcmp(set.traps[i].call, call) == 0) {
      const int number = ++set.calls[i];
      if (number >= set.traps[i].first && number <= set.traps[i].last)
        return &set.traps[i];
    }
  return NULL;
}

static bool fails(const char *call) {
  const trap *at = met(call);
  if (at)
    errno = at->error;
  return at != NULL;
}

/* dlsym's result as a function, which ISO C cannot convert. */
#define FIND(type, name) \
  static type next; \
  if (!next) \
  *(void **)&next = dlsym(RTLD_NEXT, name)

typedef int (*open_function)(const char *, int, ...);
typedef int (*close_function)(int);
typedef int (*flock_function)(int, int);
typedef int (*fchmod_function)(int, mode_t);
typedef int (*fchown_function)(int, uid_t, gid_t);
typedef ssize_t (*write_function)(int, const void *, size_t);
typedef ssize_t (*pread_function)(int, void *, size_t, off_t);
typedef int (*rename_function)(const char *, const char *);

int open64(const char *name, int flags, ...);
ssize_t pread64(int file, void *to, size_t size, off_t offset);

int open64(const char *name, int flags, ...) {
  FIND(open_function, "open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
  va_end(more);
  set.temporaries += set.armed && (flags & O_EXCL) != 0;
  if (fails(flags & O_DIRECTORY ? "open folder" : "open"))
    return -1;
  const int file = next(name, flags, mode);
  set.opened += set.armed && file >= 0;
  return file;
}

/* Linux has closed the file whatever close answers. */
int close(int file) {
  FIND(close_function, "close");
  const bool failed = fails("close");
  const int error = errno, result = next(file);
  set.opened -= set.armed;
  if (!failed)
    return result;
  errno = error;
  return -1;
}

int fsync(int file) {
  FIND(close_function, "fsync");
  return fails("fsync") ? -1 : next(file);
}

int flock(int file, int operation) {
  FIND(flock_function, "flock");
  set.locked += set.armed && operation == (LOCK_EX | LOCK_NB);
  return next(file, operation);
}

int fchmod(int file, mode_t mode) {
  FIND(fchmod_function, "fchmod");
  return fails("fchmod") ? -1 : next(file, mode);
}

int fchown(int file, uid_t user, gid_t group) {
  FIND(fchown_function, "fchown");
  set.owner = user;
  return fails("fchown") ? -1 : next(file, user, group);
}

int rename(const char *from, const char *to) {
  FIND(rename_function, "rename");
  return fails("rename") ? -1 : next(from, to);
}

/* How much is asked of the system; -1: this is answered at once. */
static ssize_t meet_transfer(const char *call, size_t size, ssize_t *answer) {
  const trap *at = met(call);
  if (!at)
    return (ssize_t)size;
  if (at->error == SHORT)
    return 1;
  if (at->error == CANCELS) {
    xd_context_cancel(context);
    return (ssize_t)size;
  }
  *answer = at->error == LIES ? 1 : at->error == 0 ? 0 : -1;
  if (at->error >= 0)
    errno = at->error ? at->error : EINTR; /* as an earlier call left it */
  return -1;
}

ssize_t write(int file, const void *from, size_t size) {
  FIND(write_function, "write");
  ssize_t answer = 0;
  const ssize_t part = meet_transfer("write", size, &answer);
  return part < 0 ? answer : next(file, from, (size_t)part);
}

ssize_t pread64(int file, void *to, size_t size, off_t offset) {
  FIND(pread_function, "pread64");
  ssize_t answer = 0;
  const ssize_t part = meet_transfer("pread", size, &answer);
  return part < 0 ? answer : next(file, to, (size_t)part, offset);
}

static void arm(const trap *traps, int count) {
  memset(&set, 0, sizeof set);
  set.traps = traps, set.count = count, set.armed = true;
  errno = 0; /* what an earlier fault left would do as a reason */
}

/* No file is left open. */
static void disarm(void) {
  set.armed = false;
  ck_assert_int_eq(set.opened, 0);
}

static void set_up(void) {
  context = test_context("reference");
  folder = make_temp_folder();
  path_in(path, folder, "file");
  write_test_file(path, "old content", 11);
}

static void tear_down(void) {
  xd_context_destroy(context);
  remove_folder(folder);
}

/* ---- Reading ---- */

static void check_read(trap what, xd_status expected, const char *message) {
  unsigned char *content = NULL;
  size_t size = 0;
  arm(&what, 1);
  const xd_status status = xdi_file_read(context, path, 100, &content, &size);
  disarm();
  ck_assert_msg(status == expected, "%s %d: %s, not %s", what.call, what.error, xd_status_name(status),
                xd_status_name(expected));
  if (status != XD_OK) {
    ck_assert(!content && !size);
    assert_message_names(context, message);
    return;
  }
  ck_assert_uint_eq(size, 11);
  ck_assert_mem_eq(content, "old content", 11);
  xdi_release(&context->allocator, content);
}

START_TEST(read__goes_on_after_interruptions_and_short_transfers) {
  check_read((trap){"open", 1, 3, EINTR}, XD_OK, "");
  check_read((trap){"pread", 1, 3, EINTR}, XD_OK, "");
  check_read((trap){"pread", 1, 99, SHORT}, XD_OK, "");
  check_read((trap){"pread", 2, 4, SHORT}, XD_OK, "");
}
END_TEST

START_TEST(read__tells_why_it_failed) {
  char cannot[2 * TEST_PATH_SIZE];
  snprintf(cannot, sizeof cannot, "cannot read '%s': Input/output error", path);
  check_read((trap){"pread", 1, 1, EIO}, XD_ERROR_IO, cannot);
  check_read((trap){"pread", 2, 2, EIO}, XD_ERROR_IO, cannot); /* the look at what follows the end */
  snprintf(cannot, sizeof cannot, "'%s' changed its size of 11 bytes while it was read", path);
  check_read((trap){"pread", 1, 1, 0}, XD_ERROR_IO, cannot);
  check_read((trap){"pread", 2, 2, LIES}, XD_ERROR_IO, cannot);
  snprintf(cannot, sizeof cannot, "cannot open '%s': Permission denied", path);
  check_read((trap){"open", 1, 1, EACCES}, XD_ERROR_IO, cannot);
  check_read((trap){"open", 1, 1, ENOENT}, XD_ERROR_NOT_FOUND, "No such file");
  check_read((trap){"open", 1, 1, ENOTDIR}, XD_ERROR_NOT_FOUND, "Not a directory");
}
END_TEST

START_TEST(read__refuses_more_than_the_limit_alone) {
  unsigned char *content = NULL;
  size_t size;
  char words[2 * TEST_PATH_SIZE];
  assert_ok(context, xdi_file_read(context, path, 11, &content, &size));
  xdi_release(&context->allocator, content);
  assert_status(xdi_file_read(context, path, 10, &content, &size), XD_ERROR_TOO_LARGE);
  snprintf(words, sizeof words, "'%s' has 11 bytes, more than the limit of 10", path);
  assert_message_names(context, words);
  assert_status(xdi_file_read(context, folder, 10, &content, &size), XD_ERROR_IO);
  assert_message_names(context, "is a folder, not a file");
  assert_status(xdi_file_read(context, "/dev/null", 10, &content, &size), XD_ERROR_IO);
  assert_message_names(context, "is not a regular file");
}
END_TEST

/* Pieces of 16 MiB, between which a cancellation is heard. */
START_TEST(fetch__hears_a_cancellation_between_pieces) {
  const size_t piece = (size_t)1 << 24, size = 2 * piece + 5;
  const trap cancels = {"pread", 1, 1, CANCELS};
  unsigned char *to = malloc(size);
  xdi_file file;
  ck_assert_ptr_nonnull(to);
  ck_assert_int_eq(truncate(path, (off_t)size), 0);
  assert_ok(context, xdi_file_open(&file, context, path, size));
  to[size - 1] = to[piece] = 1;
  assert_ok(context, xdi_file_fetch(&file, context, to, 0, size));
  ck_assert_mem_eq(to, "old content", 12);
  ck_assert(to[size - 1] == 0 && to[piece] == 0);
  arm(&cancels, 1);
  to[piece] = 1;
  assert_status(xdi_file_fetch(&file, context, to, 0, size), XD_ERROR_CANCELLED);
  ck_assert_int_eq(set.calls[0], 1);
  ck_assert(to[piece] == 1);
  assert_status(xdi_file_fetch(&file, context, to, 0, size), XD_ERROR_CANCELLED);
  ck_assert_int_eq(set.calls[0], 1);
  disarm();
  xdi_file_close(&file);
  ck_assert_int_eq(file.descriptor, -1);
  free(to);
}
END_TEST

/* ---- Writing ---- */

/* The old content stays where the new one is not written, and nothing else is left. */
static void check_write(const trap *traps, int count, xd_status expected, const char *message) {
  const char *const new = "another, longer content";
  const bool lands = expected == XD_OK || strstr(message, "is written");
  size_t size;
  write_test_file(path, "old content", 11);
  arm(traps, count);
  const xd_status status = xdi_file_write(context, path, new, strlen(new));
  disarm();
  ck_assert_msg(status == expected, "%s %d: %s, not %s", traps->call, traps->error, xd_status_name(status),
                xd_status_name(expected));
  if (status != XD_OK)
    assert_message_names(context, message);
  unsigned char *content = read_test_file(path, &size);
  ck_assert_str_eq((char *)content, lands ? new : "old content");
  ck_assert_int_eq(count_entries(folder), 1);
  free(content);
}

static void check_one(const char *call, int number, int error, xd_status expected, const char *message) {
  const trap what = {call, number, number, error};
  check_write(&what, 1, expected, message);
}

START_TEST(write__goes_on_where_nothing_is_lost) {
  static const int none[] = {EINVAL, ENOTSUP, ENOSYS, EINTR};
  for (int i = 0; i < 4; i++)
    for (int number = 1; number <= 2; number++) /* the file's, the folder's */
      check_one("fsync", number, none[i], XD_OK, "");
  check_one("open", 1, EINTR, XD_OK, "");
  check_one("write", 1, EINTR, XD_OK, "");
  check_one("write", 2, EINTR, XD_OK, "");
  check_one("close", 1, EINTR, XD_OK, "");
  check_one("close", 2, EIO, XD_OK, ""); /* the folder's */
  check_one("open folder", 1, EACCES, XD_OK, "");
  check_one("open folder", 1, EINTR, XD_OK, "");
  check_write(&(trap){"write", 1, 99, SHORT}, 1, XD_OK, "");
  check_one("fchown", 1, EPERM, XD_OK, "");
  ck_assert_uint_eq(set.owner, (uid_t)-1); /* the group alone is given */
  check_write(&(trap){"fchown", 1, 2, EPERM}, 1, XD_OK, "");
  check_write(&(trap){"open", 1, 3, EEXIST}, 1, XD_OK, "");
}
END_TEST

START_TEST(write__tells_why_it_failed_and_keeps_the_old_file) {
  char cannot[2 * TEST_PATH_SIZE];
  snprintf(cannot, sizeof cannot, "cannot write '%s': Input/output error", path);
  check_one("write", 1, EIO, XD_ERROR_IO, cannot);
  check_one("write", 1, 0, XD_ERROR_IO, cannot); /* nothing is written, and nothing is said to be wrong */
  check_one("fsync", 1, EIO, XD_ERROR_IO, cannot);
  check_one("close", 1, EIO, XD_ERROR_IO, cannot);
  check_one("rename", 1, EIO, XD_ERROR_IO, cannot);
  check_one("fchmod", 1, EIO, XD_ERROR_IO, cannot);
  const trap both[2] = {{"write", 1, 1, EIO}, {"close", 1, 1, ENOSPC}};
  check_write(both, 2, XD_ERROR_IO, cannot);
  const trap other[2] = {{"fsync", 1, 1, EIO}, {"close", 1, 1, ENOSPC}};
  check_write(other, 2, XD_ERROR_IO, cannot);
  snprintf(cannot, sizeof cannot, "cannot create a temporary file to write '%s': Permission denied", path);
  check_one("open", 1, EACCES, XD_ERROR_IO, cannot);
  check_one("open", 1, ENOENT, XD_ERROR_NOT_FOUND, "cannot create a temporary file");
}
END_TEST

START_TEST(write__tells_apart_what_fails_after_the_rename) {
  char words[2 * TEST_PATH_SIZE];
  snprintf(
      words, sizeof words,
      "'%s' is written, but its folder cannot be synced, so that it may be lost if the system goes down: "
      "Input/output error",
      path);
  check_one("fsync", 2, EIO, XD_ERROR_IO, words);
  check_one("open folder", 1, EIO, XD_ERROR_IO, words);
}
END_TEST

START_TEST(write__gives_up_after_a_thousand_names) {
  const trap taken = {"open", 1, 100000, EEXIST};
  check_write(&taken, 1, XD_ERROR_IO, "cannot create a temporary file");
  assert_message_names(context, "File exists");
  ck_assert_int_eq(set.temporaries, 1000);
}
END_TEST

START_TEST(write__locks_its_temporary_file) {
  arm(NULL, 0);
  assert_ok(context, xdi_file_write(context, path, "x", 1));
  disarm();
  ck_assert_int_eq(set.locked, 1);
  ck_assert_int_eq(set.temporaries, 1);
}
END_TEST

START_TEST(write__names_what_it_must_not_replace) {
  assert_status(xdi_file_write(context, folder, "x", 1), XD_ERROR_IO);
  assert_message_names(context, "is a folder, not a file");
  assert_status(xdi_file_write(context, "/dev/null", "x", 1), XD_ERROR_IO);
  assert_message_names(context, "is not a regular file");
  char below[TEST_PATH_SIZE];
  snprintf(below, sizeof below, "%.900s/below", path);
  assert_status(xdi_file_write(context, below, "x", 1), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "cannot write");
  char link[TEST_PATH_SIZE];
  ck_assert_int_eq(symlink("link", path_in(link, folder, "link")), 0);
  assert_status(xdi_file_write(context, link, "x", 1), XD_ERROR_IO);
  assert_message_names(context, "cannot follow the link");
}
END_TEST

/* 0 is a file's number like any other, where standard input is closed. */
START_TEST(files__may_have_the_descriptor_0) {
  const int kept = dup(0);
  unsigned char *content = NULL;
  size_t size = 0;
  xdi_file file;
  close(0);
  assert_ok(context, xdi_file_open(&file, context, path, 100));
  ck_assert_int_eq(file.descriptor, 0);
  xdi_file_close(&file);
  ck_assert_int_eq(fcntl(0, F_GETFD), -1);
  assert_ok(context, xdi_file_read(context, path, 100, &content, &size));
  xdi_release(&context->allocator, content);
  ck_assert_int_eq(fcntl(0, F_GETFD), -1);
  arm(NULL, 0);
  assert_ok(context, xdi_file_write(context, path, "new", 3));
  disarm();
  ck_assert_int_eq(set.locked, 1);
  ck_assert_int_eq(fcntl(0, F_GETFD), -1);
  if (kept >= 0) {
    ck_assert_int_eq(dup2(kept, 0), 0);
    close(kept);
  }
}
END_TEST

/* ---- What others left ---- */

static pid_t ended_process(void) {
  const pid_t child = fork();
  if (child == 0)
    _exit(0);
  ck_assert(child > 0 && waitpid(child, NULL, 0) == child);
  return child;
}

static char *leave(char to[TEST_PATH_SIZE], const char *where, const char *format, long process) {
  char name[64];
  snprintf(name, sizeof name, format, process);
  write_test_file(path_in(to, where, name), "left", 4);
  return to;
}

START_TEST(write__leaves_what_may_belong_to_others) {
  char kept[5][TEST_PATH_SIZE], left[TEST_PATH_SIZE];
  const long gone = (long)ended_process();
  leave(kept[0], folder, ".xdomain--%ld-1.tmp", gone);
  leave(kept[1], folder, ".xdomain-%ld-1.tmp2", gone);
  leave(kept[2], folder, ".xdomain-0%ld-1.tmp", gone);
  leave(kept[3], folder, ".xdomain-%ld-x.tmp", gone);
  leave(kept[4], folder, ".xdomain-%ld-2.tmp", gone);
  const int lock = open(kept[4], O_RDONLY | O_CLOEXEC); /* of a living process of another container */
  ck_assert_int_eq(flock(lock, LOCK_EX), 0);
  leave(left, folder, ".xdomain-%ld-1.tmp", gone);
  arm(NULL, 0);
  assert_ok(context, xdi_file_write(context, path, "x", 1));
  set.armed = false;
  for (int i = 0; i < 5; i++)
    ck_assert_msg(access(kept[i], F_OK) == 0, "%s is gone", kept[i]);
  ck_assert_int_ne(access(left, F_OK), 0);
  close(lock);
}
END_TEST

/* A context looks once in a folder, until it has looked in another. */
START_TEST(write__looks_once_in_a_folder) {
  char other[TEST_PATH_SIZE], beside[TEST_PATH_SIZE], left[TEST_PATH_SIZE];
  const long gone = (long)ended_process();
  ck_assert_int_eq(mkdir(path_in(other, folder, "other"), 0777), 0);
  path_in(beside, other, "file");
  assert_ok(context, xdi_file_write(context, path, "x", 1));
  leave(left, folder, ".xdomain-%ld-1.tmp", gone);
  assert_ok(context, xdi_file_write(context, path, "y", 1));
  ck_assert_int_eq(access(left, F_OK), 0);
  assert_ok(context, xdi_file_write(context, beside, "x", 1));
  ck_assert_int_eq(access(left, F_OK), 0);
  assert_ok(context, xdi_file_write(context, path, "z", 1));
  ck_assert_int_ne(access(left, F_OK), 0);
}
END_TEST

#define ADD(test) add_fixture_case(suite, #test, test, set_up, tear_down)

static Suite *make_suite(void) {
  Suite *suite = suite_create("file_faults");
  ADD(read__goes_on_after_interruptions_and_short_transfers);
  ADD(read__tells_why_it_failed);
  ADD(read__refuses_more_than_the_limit_alone);
  ADD(fetch__hears_a_cancellation_between_pieces);
  ADD(write__goes_on_where_nothing_is_lost);
  ADD(write__tells_why_it_failed_and_keeps_the_old_file);
  ADD(write__tells_apart_what_fails_after_the_rename);
  ADD(write__gives_up_after_a_thousand_names);
  ADD(write__locks_its_temporary_file);
  ADD(write__names_what_it_must_not_replace);
  ADD(files__may_have_the_descriptor_0);
  ADD(write__leaves_what_may_belong_to_others);
  ADD(write__looks_once_in_a_folder);
  return suite;
}
XD_SUITE_MAIN(make_suite)
