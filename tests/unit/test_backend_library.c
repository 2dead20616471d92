/* Backends in shared objects: one that is whole, one for each fault it can have, onednn and opencl. */
#include "backend_support.h"

#include <sys/wait.h>
#include <unistd.h>

#include "option_support.h"
#include "xdomain/unstable/backend_detail.h"
#include "xdomain/unstable/vae_trainer.h"

/* Asked by AddressSanitizer. GCC's looks for pointers in the thread-local memory of libraries that were closed as well,
 * and sometimes breaks off there; where it does not look, it takes OpenMP's own memory for lost. */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) {
  return "use_tls=0";
}

const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
  return "leak:libgomp";
}

static xd_status open_plugin(xd_backend_library **out, const char *name, char why[300]) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s.so", XD_PLUGINS_FOLDER, name);
  return xd_backend_library_open(out, why, 300, path);
}

static void assert_refused(const char *name, xd_status expected, const char *word) {
  char why[300] = "";
  xd_backend_library *library = (xd_backend_library *)why;
  assert_status(open_plugin(&library, name, why), expected);
  ck_assert_ptr_null(library);
  ck_assert_msg(strstr(why, name) && strstr(why, word), "\"%s\" names neither %s nor \"%s\"", why, name,
                word);
}

static xd_context *context_on(const xd_backend_table *table, uint32_t threads) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.threads = threads;
  assert_status(open_context_on(&context, table, options), XD_OK);
  ck_assert_str_eq(xd_context_backend_name(context), table->name);
  return context;
}

START_TEST(open__a_whole_plugin_serves_a_context) {
  char why[300] = "x";
  xd_backend_library *library = NULL;
  assert_status(open_plugin(&library, "plugin_nothing", why), XD_OK);
  ck_assert_str_eq(why, "");
  xd_context *context = context_on(xd_backend_library_table(library), 1);
  ck_assert_str_eq(xd_context_backend_name(context), "plugged");
  xd_context_destroy(context);
  xd_backend_library_close(library);
}
END_TEST

START_TEST(open__refuses_a_missing_file) {
  assert_refused("plugin_that_is_not_there", XD_ERROR_NOT_FOUND, "plugin_that_is_not_there.so");
}
END_TEST

START_TEST(open__refuses_a_missing_symbol) {
  assert_refused("plugin_no_symbol", XD_ERROR_NOT_FOUND, "xd_backend_plugin");
}
END_TEST

START_TEST(open__refuses_another_version) {
  assert_refused("plugin_newer_version", XD_ERROR_VERSION_TOO_NEW, "table_version");
  assert_refused("plugin_older_version", XD_ERROR_UNSUPPORTED, "table_version");
}
END_TEST

START_TEST(open__refuses_another_size) {
  assert_refused("plugin_wrong_size", XD_ERROR_BAD_DATA, "struct_size");
}
END_TEST

START_TEST(open__refuses_an_empty_required_slot) {
  assert_refused("plugin_no_open", XD_ERROR_BAD_DATA, "open");
  assert_refused("plugin_no_buffer_create", XD_ERROR_BAD_DATA, "buffer_create");
}
END_TEST

START_TEST(open__refuses_a_plugin_without_a_table) {
  assert_refused("plugin_no_table", XD_ERROR_UNSUPPORTED, "no table");
}
END_TEST

#if defined(XD_ONEDNN_PLUGIN) || defined(XD_OPENCL_PLUGIN)

static xd_backend_library *open_built(const char *path) {
  char why[300] = "";
  xd_backend_library *library = NULL;
  const xd_status status = xd_backend_library_open(&library, why, sizeof why, path);
  ck_assert_msg(status == XD_OK, "%s", why);
  return library;
}

/* Losses of a few steps of a small VAE with odd sides. */
enum { SIDE = 13, BATCH = 24, STEPS = 3 };

static void train(xd_context *context, double losses[STEPS]) {
  xd_vae_trainer *trainer =
      make_vae_trainer(context, "width=13 height=13 channels=1 base_channels=8 latent_dim=5 batch=24");
  xd_values *loss = make_values(context);
  float *pictures = make_numbers(7, (size_t)BATCH * SIDE * SIDE, 0.0f, 1.0f);
  for (int step = 0; step < STEPS; step++) {
    assert_status(xd_vae_trainer_step(trainer, loss, pictures, NULL, BATCH, 0.001f), XD_OK);
    losses[step] = value_of(loss, "total");
  }
  xd_values_destroy(loss);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
}

static void check_training(const xd_backend_table *table, const char *word) {
  double wanted[STEPS], got[2][STEPS];
  xd_context *context = context_on(xd_backend_builtin("reference"), 1);
  train(context, wanted);
  xd_context_destroy(context);
  for (uint32_t threads = 1; threads <= 2; threads++) {
    context = context_on(table, threads);
    ck_assert_ptr_nonnull(strstr(xd_context_backend_detail(context), word));
    train(context, got[threads - 1]);
    xd_context_destroy(context);
  }
  for (int step = 0; step < STEPS; step++) {
    assert_number_close(table->name, "a step's loss", got[0][step], wanted[step], 1e-4);
    ck_assert_double_eq(got[0][step], got[1][step]);
  }
}

#endif

#ifdef XD_ONEDNN_PLUGIN

START_TEST(onednn__trains_like_the_reference) {
  xd_backend_library *library = open_built(XD_ONEDNN_PLUGIN);
  check_training(xd_backend_library_table(library), "oneDNN");
  xd_backend_library_close(library);
}
END_TEST

#endif

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

/* The library, where there is a device, and in *context a context on it; NULL: it was said why not. */
static xd_backend_library *open_device(xd_context **context) {
  char message[300] = "";
  xd_backend_library *library = open_built(XD_OPENCL_PLUGIN);
  if (open_on(context, library, message) == XD_OK)
    return library;
  printf("opencl was not tried: %s\n", message);
  xd_backend_library_close(library);
  return NULL;
}

/* Other contexts come and go meanwhile. */
START_TEST(opencl__trains_like_the_reference) {
  double before[STEPS], after[STEPS];
  xd_context *context = NULL;
  xd_backend_library *library = open_device(&context);
  if (!library)
    return;
  train(context, before);
  check_training(xd_backend_library_table(library), XD_OPENCL_PRODUCTS);
  train(context, after);
  ck_assert_mem_eq(before, after, sizeof before);
  xd_context_destroy(context);
  xd_backend_library_close(library);
}
END_TEST

/* In a process of its own, whose device has at most so many threads; false: there is no device. */
static bool train_apart(const char *threads, double losses[STEPS]) {
  int ends[2], result;
  ck_assert_int_eq(pipe(ends), 0);
  const pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    xd_context *context = NULL;
    setenv("POCL_MAX_PTHREAD_COUNT", threads, 1);
    if (!open_device(&context))
      _exit(77);
    train(context, losses);
    xd_context_destroy(context);
    _exit(write(ends[1], losses, STEPS * sizeof *losses) != (ssize_t)(STEPS * sizeof *losses));
  }
  close(ends[1]);
  const ssize_t count = read(ends[0], losses, STEPS * sizeof *losses);
  close(ends[0]);
  ck_assert_int_eq(waitpid(child, &result, 0), child);
  if (WIFEXITED(result) && WEXITSTATUS(result) == 77)
    return false;
  ck_assert(WIFEXITED(result) && WEXITSTATUS(result) == 0);
  ck_assert_int_eq(count, STEPS * sizeof *losses);
  return true;
}

/* Nor does a process have its device after a fork, where other tests opened it. */
START_TEST(opencl__gives_the_same_bytes_with_any_threads) {
  double one[STEPS], three[STEPS];
  if (tests_share_a_process())
    return;
  if (train_apart("1", one) && train_apart("3", three))
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
  if (!library)
    return;
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
  if (!library)
    return;
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
  if (!library)
    return;
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
  xd_backend_library *library = open_device(&context);
  if (!library)
    return;
  xd_context_destroy(context);
  xd_backend_library_close(library);
  library = open_built(XD_PLUGINS_FOLDER "/plugin_opencl_refused.so");
  warnings = 0;
  assert_status(open_on(&context, library, message), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(context);
  ck_assert_msg(strstr(message, "cannot be built"), "%s", message);
  ck_assert_int_gt(warnings, 0);
  xd_backend_library_close(library);
}
END_TEST

#endif

static Suite *make_suite(void) {
  Suite *suite = suite_create("backend_library");
  add_case(suite, open__a_whole_plugin_serves_a_context);
  add_case(suite, open__refuses_a_missing_file);
  add_case(suite, open__refuses_a_missing_symbol);
  add_case(suite, open__refuses_another_version);
  add_case(suite, open__refuses_another_size);
  add_case(suite, open__refuses_an_empty_required_slot);
  add_case(suite, open__refuses_a_plugin_without_a_table);
#ifdef XD_ONEDNN_PLUGIN
  add_case(suite, onednn__trains_like_the_reference);
#else
  puts("built without oneDNN: its plug-in was not tried");
#endif
#ifdef XD_OPENCL_PLUGIN
  add_case(suite, opencl__trains_like_the_reference);
  add_case(suite, opencl__gives_the_same_bytes_with_any_threads);
#ifdef XD_OPENCL_WITH_CLBLAST
  add_case(suite, opencl__multiplies_itself_where_clblast_cannot);
#endif
  add_case(suite, opencl__multiplies_large_matrices);
  add_case(suite, opencl__runs_out_of_memory_cleanly);
  add_case(suite, opencl__without_a_device_is_unsupported);
  add_case(suite, opencl__refused_kernels_are_told);
#else
  puts("built without OpenCL: its plug-in was not tried");
#endif
  return suite;
}

XD_SUITE_MAIN(make_suite)
