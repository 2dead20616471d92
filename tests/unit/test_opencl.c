/* The opencl plug-in: trainings, large products and failures on a device. Without one it is skipped, but for what such a
 * machine is told. */
#include "plugin_support.h"

#include <sys/wait.h>
#include <unistd.h>

#ifdef XD_OPENCL_PLUGIN

#ifdef XD_OPENCL_WITH_CLBLAST
#define XD_OPENCL_PRODUCTS "products by CLBlast"
#else
#define XD_OPENCL_PRODUCTS "driver"
#endif

static int warnings;

static void count_warnings(void *user, xd_log_level level, const char *message) {
  (void)user, (void)message;
  warnings += level == XD_LOG_WARNING;
}

static bool tests_share_a_process(void) {
  return getenv("CK_FORK") && strcmp(getenv("CK_FORK"), "no") == 0;
}

/* Opens a plug-in's table; where it cannot be opened, *out is NULL and the message says why. */
static xd_status open_on(xd_context **out, const xd_backend_library *library, char message[300]) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.message = message, options.message_size = 300;
  options.log = count_warnings, options.log_level = XD_LOG_WARNING;
  return open_context_on(out, xd_backend_library_table(library), options);
}

/* The library, and in *context a context on its device. */
static xd_backend_library *open_device(xd_context **context) {
  char message[300] = "";
  xd_backend_library *library = open_built(XD_OPENCL_PLUGIN);
  const xd_status status = open_on(context, library, message);
  ck_assert_msg(status == XD_OK, "%s", message);
  return library;
}

/* Other contexts come and go meanwhile. */
START_TEST(opencl__trains_like_the_reference) {
  double before[STEPS], after[STEPS];
  xd_context *context = NULL;
  xd_backend_library *library = open_device(&context);
  train(context, before);
  check_training(xd_backend_library_table(library), XD_OPENCL_PRODUCTS);
  train(context, after);
  ck_assert_mem_eq(before, after, sizeof before);
  xd_context_destroy(context);
  xd_backend_library_close(library);
}
END_TEST

/* In a process of its own, whose device has at most so many threads. */
static void train_apart(const char *threads, double losses[STEPS]) {
  int ends[2], result;
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    xd_context *context = NULL;
    setenv("POCL_MAX_PTHREAD_COUNT", threads, 1);
    open_device(&context);
    train(context, losses);
    xd_context_destroy(context);
    _exit(write(ends[1], losses, STEPS * sizeof *losses) != (ssize_t)(STEPS * sizeof *losses));
  }
  close(ends[1]);
  const ssize_t count = read(ends[0], losses, STEPS * sizeof *losses);
  close(ends[0]);
  ck_assert_int_eq(waitpid(child, &result, 0), child);
  ck_assert(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  ck_assert_int_eq(count, STEPS * sizeof *losses);
}

/* Nor does a process have its device after a fork, where other tests opened it. */
START_TEST(opencl__gives_the_same_bytes_with_any_threads) {
  double one[STEPS], three[STEPS];
  if (tests_share_a_process())
    return;
  train_apart("1", one);
  train_apart("3", three);
  ck_assert_mem_eq(one, three, sizeof one);
}
END_TEST

#ifdef XD_OPENCL_WITH_CLBLAST

/* An option that no compiler takes, where CLBlast looks for some. */
START_TEST(opencl__multiplies_itself_where_clblast_cannot) {
  xd_context *context = NULL;
  ck_assert_int_eq(setenv("CLBLAST_BUILD_OPTIONS", "-no-such-option", 1), 0);
  warnings = 0;
  xd_backend_library *library = open_device(&context);
  ck_assert_int_eq(warnings, 1);
  ck_assert_ptr_null(strstr(xd_context_backend_detail(context), "CLBlast"));
  xd_context_destroy(context);
  check_training(xd_backend_library_table(library), "driver");
  xd_backend_library_close(library);
  unsetenv("CLBLAST_BUILD_OPTIONS");
}
END_TEST

#endif

enum { LARGE_ROWS = 515, LARGE_INPUTS = 517, LARGE_OUTPUTS = 519 };

static void multiply_large(const xd_backend_table *table, float *y, float *dweights) {
  static bench b;
  xd_dense args = {.rows = LARGE_ROWS, .inputs = LARGE_INPUTS, .outputs = LARGE_OUTPUTS};
  open_bench(&b, table, 1);
  args.activation = XD_ACTIVATION_TANH, args.sigma = 3.0f;
  args.x = random_slice(&b, 1, (size_t)LARGE_ROWS * LARGE_INPUTS, -0.5f, 0.5f);
  args.weights = random_slice(&b, 2, (size_t)LARGE_INPUTS * LARGE_OUTPUTS, -0.5f, 0.5f);
  args.bias = random_slice(&b, 3, LARGE_OUTPUTS, -0.5f, 0.5f);
  args.dy = random_slice(&b, 4, (size_t)LARGE_ROWS * LARGE_OUTPUTS, -0.5f, 0.5f);
  args.y = empty_slice(&b, (size_t)LARGE_ROWS * LARGE_OUTPUTS);
  args.dweights = empty_slice(&b, (size_t)LARGE_INPUTS * LARGE_OUTPUTS);
  BENCH_CALL(&b, dense_forward, &args);
  BENCH_CALL(&b, dense_backward_weights, &args);
  read_slice(&b, y, args.y, (size_t)LARGE_ROWS * LARGE_OUTPUTS);
  read_slice(&b, dweights, args.dweights, (size_t)LARGE_INPUTS * LARGE_OUTPUTS);
  close_bench(&b);
}

/* Of more than 512^3 sums and products CLBlast has other kernels than for the conformance suite's. */
START_TEST(opencl__multiplies_large_matrices) {
  static float y[2][LARGE_ROWS * LARGE_OUTPUTS], dweights[2][LARGE_INPUTS * LARGE_OUTPUTS];
  xd_context *context = NULL;
  xd_backend_library *library = open_device(&context);
  xd_context_destroy(context);
  multiply_large(xd_backend_builtin("reference"), y[0], dweights[0]);
  multiply_large(xd_backend_library_table(library), y[1], dweights[1]);
  assert_close("opencl", "y", y[1], y[0], LARGE_ROWS * LARGE_OUTPUTS, 1e-5);
  assert_close("opencl", "dweights", dweights[1], dweights[0], LARGE_INPUTS * LARGE_OUTPUTS, 1e-5);
  xd_backend_library_close(library);
}
END_TEST

START_TEST(opencl__runs_out_of_memory_cleanly) {
  xd_context *context = NULL;
  xd_backend *backend = NULL;
  xd_backend_library *library = open_device(&context);
  const xd_backend_table *table = xd_context_backend(context, &backend);
  const size_t counts[] = {SIZE_MAX, SIZE_MAX / sizeof(float), (size_t)1 << 42};
  for (int i = 0; i < 3; i++) {
    xd_buffer *buffer = (xd_buffer *)&warnings;
    assert_status(table->buffer_create(backend, &buffer, counts[i]), XD_ERROR_OUT_OF_MEMORY);
    ck_assert_ptr_null(buffer);
  }
  xd_context_destroy(context);
  xd_backend_library_close(library);
}
END_TEST

/* A folder without drivers, where the loader of drivers looks, once in a process: not after other tests in it. */
START_TEST(opencl__without_a_device_is_unsupported) {
  char message[300] = "";
  xd_context *context = NULL;
  if (tests_share_a_process())
    return;
  ck_assert_int_eq(setenv("OCL_ICD_VENDORS", XD_PLUGINS_FOLDER "/no_drivers", 1), 0);
  xd_backend_library *library = open_built(XD_OPENCL_PLUGIN);
  assert_status(open_on(&context, library, message), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(context);
  ck_assert_msg(strstr(message, "no OpenCL device"), "%s", message);
  xd_backend_library_close(library);
}
END_TEST

/* The plug-in again, with a program that no compiler takes. */
START_TEST(opencl__refused_kernels_are_told) {
  char message[300] = "";
  xd_context *context = NULL;
  xd_backend_library *library = open_built(XD_PLUGINS_FOLDER "/plugin_opencl_refused.so");
  warnings = 0;
  assert_status(open_on(&context, library, message), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(context);
  ck_assert_msg(strstr(message, "cannot be built"), "%s", message);
  ck_assert_int_gt(warnings, 0);
  xd_backend_library_close(library);
}
END_TEST

/* Asked in a child: a process that has forked since it had a device has none. */
static bool find_device(void) {
  const pid_t child = fork();
  if (child == 0) {
    char message[300] = "";
    xd_backend_library *library = NULL;
    xd_context *context = NULL;
    xd_status status = xd_backend_library_open(&library, message, sizeof message, XD_OPENCL_PLUGIN);
    if (status == XD_OK)
      status = open_on(&context, library, message);
    if (status != XD_OK)
      printf("opencl was not tried: %s\n", message);
    fflush(stdout);
    _exit(status == XD_ERROR_UNSUPPORTED);
  }
  int result = 0;
  return waitpid(child, &result, 0) != child || !WIFEXITED(result) || WEXITSTATUS(result) != 1;
}

static bool has_device;

static Suite *make_suite(void) {
  Suite *suite = suite_create("opencl");
  add_case(suite, opencl__without_a_device_is_unsupported);
  if (!has_device)
    return suite;
  add_case(suite, opencl__trains_like_the_reference);
  add_case(suite, opencl__gives_the_same_bytes_with_any_threads);
#ifdef XD_OPENCL_WITH_CLBLAST
  add_case(suite, opencl__multiplies_itself_where_clblast_cannot);
#endif
  add_case(suite, opencl__multiplies_large_matrices);
  add_case(suite, opencl__runs_out_of_memory_cleanly);
  add_case(suite, opencl__refused_kernels_are_told);
  return suite;
}

int main(void) {
  has_device = find_device();
  const int result = run_suite(make_suite);
  return result == EXIT_SUCCESS && !has_device ? 77 : result;
}

#else

int main(void) {
  puts("built without OpenCL: its plug-in was not tried");
  return 77;
}

#endif
