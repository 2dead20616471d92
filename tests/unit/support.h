/* What the unit tests share: the program around a suite, contexts, an allocator that counts and
 * fails on demand, and temporary folders. Include it first: it chooses the POSIX level.
 *
 *   static Suite *make_suite(void) {
 *     Suite *suite = suite_create("status");
 *     add_case(suite, status_name__knows_every_code);
 *     return suite;
 *   }
 *   XD_SUITE_MAIN(make_suite)
 *
 * Check's assertions write to a pipe each time, passed or not: where a loop covers many thousand
 * numbers, look with a plain `if` and call ck_abort_msg for the first that is wrong.
 */
#ifndef XD_TESTS_SUPPORT_H
#define XD_TESTS_SUPPORT_H

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xdomain/judge.h"
#include "xdomain/model.h"

/* ---- the program around a suite ---- */

/* A case of its own for one test, named after it. */
static inline void add_named_case(Suite *suite, const char *name, const TTest *test) {
  TCase *tcase = tcase_create(name);
  tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
}
#define add_case(suite, test) add_named_case(suite, #test, test)

/* The same, between a fixture's two functions. */
static inline void add_fixture_case(Suite *suite, const char *name, const TTest *test, SFun set_up,
                                    SFun tear_down) {
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, set_up, tear_down);
  tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
}

/* Sanitizers and Valgrind are slow: cases may take minutes unless the environment says otherwise. */
static inline int run_suite(Suite *(*make)(void)) {
  setenv("CK_DEFAULT_TIMEOUT", "300", 0);
  SRunner *runner = srunner_create(make());
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Programs that are no suites use what is here too: Check's assertions work within a test alone, so theirs is
 * one, run in the program's own process. */
static inline int run_program(const TTest *program) {
  Suite *suite = suite_create("program");
  add_named_case(suite, "program", program);
  SRunner *runner = srunner_create(suite);
  srunner_set_fork_status(runner, CK_NOFORK);
  srunner_run_all(runner, CK_MINIMAL);
  const int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#define XD_SUITE_MAIN(suite_function) \
  int main(void) { \
    return run_suite(suite_function); \
  }

/* ---- statuses ---- */

#define assert_status(call, expected) \
  do { \
    xd_status got_ = (call); \
    ck_assert_msg(got_ == (expected), "%s gave %s, not %s", #call, xd_status_name(got_), \
                  xd_status_name(expected)); \
  } while (0)

/* As assert_status(call, XD_OK), with the context's message. */
#define assert_ok(context, call) \
  do { \
    xd_status got_ = (call); \
    ck_assert_msg(got_ == XD_OK, "%s gave %s: %s", #call, xd_status_name(got_), \
                  xd_context_message(context)); \
  } while (0)

#define assert_message_names(context, word) \
  ck_assert_msg(strstr(xd_context_message(context), (word)) != NULL, "the message \"%s\" lacks \"%s\"", \
                xd_context_message(context), (word))

/* ---- an allocator that counts, and fails at the chosen allocation ---- */

/* Start from {0}; thread-safe. */
typedef struct counting_allocator {
  atomic_size_t live_bytes;
  atomic_size_t live_blocks;
  atomic_size_t peak_bytes;
  atomic_size_t total;   /* allocations asked for so far, the failing one too */
  atomic_size_t fail_at; /* the number (from 1) of the one allocation that fails; 0: none */
} counting_allocator;

typedef struct counted_block {
  size_t size, alignment;
  uint64_t mark;
} counted_block;

#define COUNTED_PREFIX 64 /* keeps the alignment */
#define COUNTED_MARK UINT64_C(0x9e3779b97f4a7c15)

static inline void *counting_allocate(void *user, size_t size, size_t alignment) {
  counting_allocator *counter = user;
  size_t number = atomic_fetch_add(&counter->total, 1) + 1;
  if (number == atomic_load(&counter->fail_at) || size > SIZE_MAX - COUNTED_PREFIX)
    return NULL;
  void *block = NULL;
  if (alignment > COUNTED_PREFIX || posix_memalign(&block, COUNTED_PREFIX, COUNTED_PREFIX + size) != 0)
    return NULL;
  *(counted_block *)block = (counted_block){size, alignment, COUNTED_MARK};
  size_t live = atomic_fetch_add(&counter->live_bytes, size) + size;
  size_t peak = atomic_load(&counter->peak_bytes);
  while (live > peak && !atomic_compare_exchange_weak(&counter->peak_bytes, &peak, live))
    continue;
  atomic_fetch_add(&counter->live_blocks, 1);
  return (char *)block + COUNTED_PREFIX;
}

static inline void counting_release(void *user, void *pointer, size_t size, size_t alignment) {
  counting_allocator *counter = user;
  counted_block *block = (counted_block *)(void *)((char *)pointer - COUNTED_PREFIX);
  if (block->mark != COUNTED_MARK)
    abort(); /* not ours, or released twice */
  if (block->size != size || block->alignment != alignment)
    abort(); /* asked for otherwise */
  block->mark = 0;
  atomic_fetch_sub(&counter->live_bytes, block->size);
  atomic_fetch_sub(&counter->live_blocks, 1);
  free(block);
}

/* The allocator to hand to the library; `counter` must outlive what it allocates. */
static inline xd_allocator counting_allocator_hooks(counting_allocator *counter) {
  return (xd_allocator){.struct_size = sizeof(xd_allocator),
                        .user = counter,
                        .allocate = counting_allocate,
                        .release = counting_release};
}

/* ---- contexts ---- */

/* The caller destroys it. backend NULL: "auto"; threads 1: the caller's alone; counter may be NULL. */
static inline xd_context *test_context_with(const char *backend, uint32_t threads,
                                            counting_allocator *counter) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_allocator allocator;
  options.backend = backend;
  options.threads = threads;
  if (counter) {
    allocator = counting_allocator_hooks(counter);
    options.allocator = &allocator;
  }
  xd_context *context = NULL;
  assert_status(xd_context_create(&context, &options), XD_OK);
  ck_assert_ptr_nonnull(context);
  return context;
}

static inline xd_context *test_context(const char *backend) {
  return test_context_with(backend, 1, NULL);
}

/* ---- sources ---- */

/* Bytes in memory as a source that lives as long as the block around it. */
#define in_memory(bytes, count) \
  (&(const xd_source){.struct_size = sizeof(xd_source), .data = (bytes), .size = (count)})

/* ---- temporary folders and files ---- */

#define TEST_PATH_SIZE 1024

/* A new empty folder under $TMPDIR or /tmp; remove_folder removes it with all in it and frees the name. */
static inline char *make_temp_folder(void) {
  const char *parent = getenv("TMPDIR");
  char *path = malloc(TEST_PATH_SIZE);
  ck_assert_ptr_nonnull(path);
  int length = snprintf(path, TEST_PATH_SIZE, "%s/xdomain-test-XXXXXX", parent && *parent ? parent : "/tmp");
  ck_assert(length > 0 && length < TEST_PATH_SIZE);
  ck_assert_msg(mkdtemp(path) != NULL, "%s: %s", path, strerror(errno));
  return path;
}

static inline int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status, (void)kind, (void)walk;
  return remove(path);
}

static inline void remove_folder(char *folder) {
  if (folder)
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(folder);
}

/* Writes "folder/name" to `path` and returns it. */
static inline char *path_in(char path[TEST_PATH_SIZE], const char *folder, const char *name) {
  int length = snprintf(path, TEST_PATH_SIZE, "%s/%s", folder, name);
  ck_assert(length > 0 && length < TEST_PATH_SIZE);
  return path;
}

static inline void write_test_file(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  ck_assert_uint_eq(size ? fwrite(data, 1, size, file) : 0, size);
  ck_assert_int_eq(fclose(file), 0);
}

/* The whole file; the caller frees it. A zero byte stands after the last. */
static inline unsigned char *read_test_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
  ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
  long length = ftell(file);
  ck_assert(length >= 0);
  rewind(file);
  unsigned char *data = malloc((size_t)length + 1);
  ck_assert_ptr_nonnull(data);
  ck_assert_uint_eq(fread(data, 1, (size_t)length, file), (size_t)length);
  ck_assert_int_eq(fclose(file), 0);
  data[length] = 0;
  if (size)
    *size = (size_t)length;
  return data;
}

/* How many entries the folder has. */
static inline int count_entries(const char *folder) {
  DIR *directory = opendir(folder);
  ck_assert_ptr_nonnull(directory);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(directory);
  return count;
}

/* ---- shapes, as values ---- */

static inline xd_shape input_shape_of(const xd_network *network) {
  xd_shape shape;
  xd_network_input_shape(network, &shape);
  return shape;
}

static inline xd_shape output_shape_of(const xd_network *network) {
  xd_shape shape;
  xd_network_output_shape(network, &shape);
  return shape;
}

static inline xd_shape model_shape_of(const xd_model *model, uint32_t domain) {
  xd_shape shape;
  xd_model_picture_shape(model, domain, &shape);
  return shape;
}

static inline xd_shape judge_shape_of(const xd_judge *judge) {
  xd_shape shape;
  xd_judge_picture_shape(judge, &shape);
  return shape;
}

#endif
