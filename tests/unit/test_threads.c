/* How many threads a process may keep busy, and pools where the system refuses some. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "support.h"

#include <sched.h>
#include <sys/resource.h>

#include "base/runner.h"
#include "xdomain/version.h"

#define NO_LIMIT UINT32_MAX

START_TEST(usable_threads__follows_the_affinity) {
  cpu_set_t before, one;
  size_t first = 0;
  ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
  const uint32_t all = xd_usable_threads();
  ck_assert_uint_ge(all, 1);
  ck_assert_uint_le(all, (uint32_t)CPU_COUNT(&before));
  while (!CPU_ISSET(first, &before))
    first++;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
  ck_assert_uint_eq(xd_usable_threads(), 1);
  ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
  ck_assert_uint_eq(xd_usable_threads(), all);
}
END_TEST

/* ---- control groups: a mount and a process's list of them, made by hand ---- */

static char *folder;
static char proc[TEST_PATH_SIZE];

static void set_up(void) {
  folder = make_temp_folder();
  path_in(proc, folder, "cgroup");
}

static void tear_down(void) {
  remove_folder(folder);
}

static void put(const char *name, const char *text) {
  char path[TEST_PATH_SIZE];
  write_test_file(path_in(path, folder, name), text, strlen(text));
}

static void put_folder(const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(mkdir(path_in(path, folder, name), 0700), 0);
}

START_TEST(cgroup_threads__of_version_2_rounds_the_quota_up) {
  const struct {
    const char *text;
    uint32_t threads;
  } cases[] = {{"max 100000\n", NO_LIMIT},     {"100000 100000\n", 1}, {"150000 100000\n", 2},
               {"10000 100000\n", 1},          {"400000 50000\n", 8},  {"", NO_LIMIT},
               {"-1 100000\n", NO_LIMIT},      {"100000\n", NO_LIMIT}, {"nonsense", NO_LIMIT},
               {"9000000000000 1\n", NO_LIMIT}};
  put("cgroup", "0::/inner\n");
  put_folder("inner");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    put("inner/cpu.max", cases[i].text);
    ck_assert_msg(xdi_cgroup_threads(proc, folder) == cases[i].threads, "case %zu", i);
  }
}
END_TEST

START_TEST(cgroup_threads__heeds_the_groups_above) {
  put("cgroup", "0::/outer/inner\n");
  put_folder("outer");
  put_folder("outer/inner");
  put("outer/inner/cpu.max", "800000 100000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 8);
  put("outer/cpu.max", "300000 100000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 3);
  put("cpu.max", "200000 100000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 2);
  put("cgroup", "0::/gone/elsewhere\n"); /* a container's view: the root is its own group */
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 2);
  put("cgroup", "0::/\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 2);
}
END_TEST

START_TEST(cgroup_threads__knows_version_1) {
  put("cgroup", "12:cpuset:/inner\n4:cpu,cpuacct:/inner\n1:name=systemd:/inner\n");
  put_folder("cpu");
  put_folder("cpu/inner");
  put("cpu/inner/cpu.cfs_quota_us", "250000\n");
  put("cpu/inner/cpu.cfs_period_us", "100000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 3);
  put("cpu/inner/cpu.cfs_quota_us", "-1\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), NO_LIMIT);
  put("cgroup", "12:cpuset:/inner\n4:cpuacct,pid:/inner\n");
  put("cpu/inner/cpu.cfs_quota_us", "250000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), NO_LIMIT);
  put("cgroup", "4:cpu:/half\n"); /* a quota without a period */
  put_folder("cpu/half");
  put("cpu/half/cpu.cfs_quota_us", "250000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), NO_LIMIT);
}
END_TEST

/* Then the mount itself counts, or nothing of version 1. */
START_TEST(cgroup_threads__passes_over_paths_that_are_too_long) {
  char line[4096], mount[5000];
  snprintf(line, sizeof line, "0::/%04080d\n", 1);
  put("cgroup", line);
  put("cpu.max", "200000 100000\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, folder), 2);
  snprintf(mount, sizeof mount, "/%04200d", 1);
  put("cgroup", "4:cpu:/inner\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, mount), NO_LIMIT);
}
END_TEST

START_TEST(cgroup_threads__bears_what_is_not_there) {
  ck_assert_uint_eq(xdi_cgroup_threads("/nowhere/cgroup", folder), NO_LIMIT);
  put("cgroup", "no colons\n\n::::\n0:\n");
  ck_assert_uint_eq(xdi_cgroup_threads(proc, "/nowhere"), NO_LIMIT);
}
END_TEST

/* ---- pools of a system that starts no more threads ---- */

static void count_run(void *argument, uint32_t index) {
  atomic_fetch_add(&((atomic_int *)argument)[index], 1);
}

typedef struct log_book {
  int warnings;
  char last[512];
} log_book;

static void write_warnings(void *user, xd_log_level level, const char *message) {
  log_book *book = user;
  if (level != XD_LOG_WARNING)
    return;
  book->warnings++;
  snprintf(book->last, sizeof book->last, "%s", message);
}

/* Room for a few threads' stacks alone. Sanitizers and Valgrind need address space of their own. */
START_TEST(context_create__is_content_with_fewer_threads) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  puts("sanitizers take all address space: not tried");
#else
  const char *forks = getenv("CK_FORK");
  if (forks && strcmp(forks, "no") == 0)
    return; /* the limit would stay */
  log_book book = {0};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  atomic_int counts[100];
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  ck_assert(file && fscanf(file, "%ld", &pages) == 1);
  fclose(file);
  const rlim_t room = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + ((rlim_t)40 << 20);
  const struct rlimit limit = {room, room};
  ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
  options.backend = "reference";
  options.threads = 64;
  options.log = write_warnings, options.log_user = &book;
  assert_status(xd_context_create(&context, &options), XD_OK);
  ck_assert_uint_ge(xd_context_threads(context), 1);
  ck_assert_uint_lt(xd_context_threads(context), 64);
  ck_assert_int_eq(book.warnings, 1);
  ck_assert_ptr_nonnull(strstr(book.last, "64 threads"));
  for (int i = 0; i < 100; i++)
    atomic_init(&counts[i], 0);
  xd_pool *pool = NULL;
  assert_status(xd_pool_create(&pool, 64, NULL), XD_OK); /* alone, perhaps */
  const xd_runner runner = xdi_pool_runner(pool);
  ck_assert_int_eq(xdi_run(&runner, count_run, counts, 100), 0);
  for (int i = 0; i < 100; i++)
    ck_assert_int_eq(counts[i], 1);
  xd_pool_release(pool);
  xd_context_destroy(context);
#endif
}
END_TEST

START_TEST(has_feature__knows_what_there_is) {
  const char *const there[] = {"threads",          "shared-pool",     "destroy-any-order", "fork",
                               "streams",          "picture-decoder", "options",           "progress",
                               "checkpoints",      "network-layers",  "network-price",     "class-names",
                               "translator-steps", "conditions",      "unlabelled",        "dataset-fit"};
  for (size_t i = 0; i < sizeof there / sizeof *there; i++)
    ck_assert_int_eq(xd_has_feature(there[i]), 1);
  ck_assert_int_eq(xd_has_feature("native"), xd_context_builtin_backend(0) != NULL &&
                                                 strcmp(xd_context_builtin_backend(0), "native") == 0);
  ck_assert_int_eq(xd_has_feature("flying"), 0);
  ck_assert_int_eq(xd_has_feature(""), 0);
  ck_assert_int_eq(xd_has_feature(NULL), 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("threads");
  TCase *groups = tcase_create("cgroup_threads");
  add_case(suite, usable_threads__follows_the_affinity);
  tcase_add_checked_fixture(groups, set_up, tear_down);
  tcase_add_test(groups, cgroup_threads__of_version_2_rounds_the_quota_up);
  tcase_add_test(groups, cgroup_threads__heeds_the_groups_above);
  tcase_add_test(groups, cgroup_threads__knows_version_1);
  tcase_add_test(groups, cgroup_threads__passes_over_paths_that_are_too_long);
  tcase_add_test(groups, cgroup_threads__bears_what_is_not_there);
  suite_add_tcase(suite, groups);
  add_case(suite, context_create__is_content_with_fewer_threads);
  add_case(suite, has_feature__knows_what_there_is);
  return suite;
}

XD_SUITE_MAIN(make_suite)
