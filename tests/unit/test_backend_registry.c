/* The registry: which tables there are, which are let in, and how a host forwards to them. */
#include "backend_support.h"

/* ---- built-in tables ---- */

START_TEST(builtin__has_reference_last_and_unique_names) {
  uint32_t count = 0;
  while (xdi_backend_at(count))
    count++;
  ck_assert_uint_ge(count, 1);
  ck_assert_str_eq(xdi_backend_at(count - 1)->name, "reference");
  for (uint32_t i = 0; i < count; i++) {
    ck_assert_ptr_eq(xd_backend_builtin(xdi_backend_at(i)->name), xdi_backend_at(i));
    ck_assert_str_eq(xd_context_builtin_backend(i), xdi_backend_at(i)->name);
  }
  ck_assert_ptr_null(xdi_backend_at(count));
  ck_assert_ptr_null(xdi_backend_at(UINT32_MAX));
  ck_assert_ptr_null(xd_context_builtin_backend(count));
}
END_TEST

START_TEST(builtin__unknown_names_give_null) {
  ck_assert_ptr_null(xd_backend_builtin(NULL));
  ck_assert_ptr_null(xd_backend_builtin(""));
  ck_assert_ptr_null(xd_backend_builtin("auto"));
  ck_assert_ptr_null(xd_backend_builtin("referenc"));
}
END_TEST

START_TEST(builtin__holds_what_was_built_in) {
#ifdef XDI_WITH_NATIVE
  ck_assert_ptr_nonnull(xd_backend_builtin("native"));
  ck_assert_str_eq(xdi_backend_at(0)->name, "native");
#else
  ck_assert_ptr_null(xd_backend_builtin("native"));
#endif
#ifdef XDI_WITH_OPENBLAS
  ck_assert_ptr_nonnull(xd_backend_builtin("openblas"));
#else
  ck_assert_ptr_null(xd_backend_builtin("openblas"));
#endif
}
END_TEST

#ifdef XDI_WITH_NATIVE
START_TEST(builtin__knows_the_variants_of_native_and_opens_those_the_processor_has) {
  static const char *const names[] = {"native:avx512", "native:avx2", "native:neon", "native:portable"};
  uint32_t listed = 0;
  for (uint32_t i = 0; xdi_backend_at(i); i++)
    listed += strncmp(xdi_backend_at(i)->name, "native:", 7) == 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    ck_assert_ptr_nonnull(xd_backend_builtin(names[i]));
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *context = NULL;
    options.backend = names[i];
    const xd_status status = xd_context_create(&context, &options);
    if (status == XD_OK) {
      ck_assert_str_eq(xd_context_backend_name(context), names[i]);
      listed--;
    } else {
      assert_status(status, XD_ERROR_UNSUPPORTED);
    }
    xd_context_destroy(context);
  }
  ck_assert_uint_eq(listed, 0);
  ck_assert_ptr_null(xd_backend_builtin("native:"));
}
END_TEST
#endif

/* The function slots of a table lie side by side behind its name. */
#define FIRST_SLOT offsetof(xd_backend_table, open)
#define SLOT_SIZE sizeof(void (*)(void))

static bool slot_is_empty(const xd_backend_table *table, size_t offset) {
  static const unsigned char zeros[SLOT_SIZE];
  return memcmp((const unsigned char *)table + offset, zeros, SLOT_SIZE) == 0;
}

static bool slot_is_optional(size_t offset) {
  return offset >= offsetof(xd_backend_table, dense_prepare) &&
         offset <= offsetof(xd_backend_table, dense_backward);
}

static void assert_filled(const xd_backend_table *table) {
  for (size_t offset = FIRST_SLOT; offset < sizeof *table; offset += SLOT_SIZE)
    if (!slot_is_optional(offset))
      ck_assert_msg(!slot_is_empty(table, offset), "%s: the slot at %zu is empty", table->name, offset);
}

START_TEST(builtin__every_kernel_slot_is_filled) {
  for (uint32_t i = 0; xdi_backend_at(i); i++) {
    char why[200];
    assert_filled(xdi_backend_at(i));
    assert_status(xdi_backend_check(xdi_backend_at(i), why, sizeof why), XD_OK);
    ck_assert_str_eq(why, "");
  }
}
END_TEST

START_TEST(auto__names_a_built_in_backend_and_says_why) {
  char why[200] = "";
  const char *name = xdi_backend_auto(why, sizeof why);
  ck_assert_ptr_nonnull(xd_backend_builtin(name));
  ck_assert_str_ne(why, "");
  ck_assert_str_eq(xdi_backend_auto(NULL, 0), name);
  char one[1] = {'x'};
  xdi_backend_auto(one, 1);
  ck_assert_int_eq(one[0], '\0');
}
END_TEST

/* ---- find ---- */

START_TEST(find__a_hosts_table_wins_over_a_built_in_one) {
  xd_backend_table mine = *xd_backend_builtin("reference"), other = mine;
  other.name = "other";
  const xd_backend_table *const tables[] = {NULL, &other, &mine};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  ck_assert_ptr_eq(xdi_backend_find(&options, "reference"), xd_backend_builtin("reference"));
  options.backends = tables, options.backend_count = 3;
  ck_assert_ptr_eq(xdi_backend_find(&options, "reference"), &mine);
  ck_assert_ptr_eq(xdi_backend_find(&options, "other"), &other);
  ck_assert_ptr_null(xdi_backend_find(&options, "nobody"));
  ck_assert_ptr_null(xdi_backend_find(&options, NULL));
  ck_assert_ptr_eq(xdi_backend_find(NULL, "reference"), xd_backend_builtin("reference"));
}
END_TEST

/* ---- check and complete ---- */

static void assert_refused(const xd_backend_table *table, xd_status status, const char *word) {
  char why[200] = "";
  assert_status(xdi_backend_check(table, why, sizeof why), status);
  ck_assert_msg(strstr(why, word) != NULL, "\"%s\" lacks \"%s\"", why, word);
  assert_status(xdi_backend_check(table, NULL, 0), status);
}

START_TEST(check__refuses_other_versions_and_sizes) {
  xd_backend_table table = *xd_backend_builtin("reference");
  char version[40];
  snprintf(version, sizeof version, "table_version is %u", XD_BACKEND_TABLE_VERSION + 1);
  assert_refused(NULL, XD_ERROR_INVALID_ARGUMENT, "no backend table");
  table.table_version = XD_BACKEND_TABLE_VERSION + 1;
  table.name = NULL; /* must not even be looked at */
  assert_refused(&table, XD_ERROR_VERSION_TOO_NEW, version);
  table.table_version = 0;
  assert_refused(&table, XD_ERROR_UNSUPPORTED, "table_version is 0");
  table = *xd_backend_builtin("reference");
  table.struct_size -= 8;
  assert_refused(&table, XD_ERROR_BAD_DATA, "struct_size");
}
END_TEST

START_TEST(check__refuses_an_empty_required_slot) {
  static const struct {
    size_t offset;
    const char *name;
  } required[] = {{offsetof(xd_backend_table, name), "name"},
                  {offsetof(xd_backend_table, open), "open"},
                  {offsetof(xd_backend_table, close), "close"},
                  {offsetof(xd_backend_table, buffer_create), "buffer_create"},
                  {offsetof(xd_backend_table, buffer_destroy), "buffer_destroy"},
                  {offsetof(xd_backend_table, buffer_write), "buffer_write"},
                  {offsetof(xd_backend_table, buffer_read), "buffer_read"}};
  for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
    xd_backend_table table = *xd_backend_builtin("reference");
    memset((unsigned char *)&table + required[i].offset, 0, SLOT_SIZE);
    assert_refused(&table, XD_ERROR_BAD_DATA, required[i].name);
  }
}
END_TEST

static xd_status some_prepare(xd_backend *backend, xd_prepared **out, const xd_dense *args) {
  (void)backend, (void)args;
  *out = NULL;
  return XD_ERROR_INTERNAL;
}

START_TEST(check__a_prepare_slot_needs_its_destroy) {
  xd_backend_table table = *xd_backend_builtin("reference");
  table.dense_prepare = some_prepare, table.prepared_destroy = NULL;
  assert_refused(&table, XD_ERROR_BAD_DATA, "prepared_destroy");
}
END_TEST

START_TEST(complete__fills_kernels_and_leaves_prepare_empty) {
  const xd_backend_table *reference = xd_backend_builtin("reference");
  xd_backend_table sparse = *reference, full;
  for (size_t offset = FIRST_SLOT; offset < sizeof sparse; offset += SLOT_SIZE)
    if (offset >= offsetof(xd_backend_table, dense_prepare))
      memset((unsigned char *)&sparse + offset, 0, SLOT_SIZE);
  sparse.name = "sparse";
  sparse.dropout = xd_backend_builtin(xdi_backend_auto(NULL, 0))->dropout;
  xdi_backend_complete(&full, &sparse);
  assert_filled(&full);
  ck_assert_str_eq(full.name, "sparse");
  ck_assert(full.dense_forward == reference->dense_forward);
  ck_assert(full.spectral_norm_backward == reference->spectral_norm_backward);
  ck_assert(full.dropout == sparse.dropout);
  ck_assert(!full.dense_prepare && !full.conv2d_prepare && !full.conv_transpose2d_prepare);
  ck_assert(!full.prepared_destroy);
}
END_TEST

/* ---- hosts' backends in a context ---- */

static xd_status create_hidden(xd_backend *backend, xd_buffer **out, size_t count) {
  const xd_status status = xd_backend_builtin("reference")->buffer_create(backend, out, count);
  if (status == XD_OK)
    (*out)->host = NULL;
  return status;
}

/* Opens `table` as its context would. */
static xd_status create_context(const xd_backend_table *table) {
  const xd_backend_table *const tables[] = {table};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.backends = tables, options.backend_count = 1, options.backend = table->name;
  const xd_status status = xd_context_create(&context, &options);
  ck_assert_int_eq(context != NULL, status == XD_OK);
  if (context)
    ck_assert_str_eq(xd_context_backend_name(context), table->name);
  xd_context_destroy(context);
  return status;
}

START_TEST(probe__refuses_reference_kernels_on_hidden_buffers) {
  xd_backend_table table = *xd_backend_builtin("reference");
  table.name = "hidden";
  table.buffer_create = create_hidden;
  assert_status(create_context(&table), XD_OK); /* every slot is filled: its own affair */
  table.posterior_forward = NULL;
  assert_status(create_context(&table), XD_ERROR_BAD_DATA);
  table.buffer_create = xd_backend_builtin("reference")->buffer_create;
  assert_status(create_context(&table), XD_OK);
}
END_TEST

static int calls;

static xd_status count_and_forward(xd_backend *backend, float alpha, xd_slice x, float beta, xd_slice y,
                                   size_t count) {
  calls++;
  return xd_backend_builtin("reference")->scale_add(backend, alpha, x, beta, y, count);
}

START_TEST(forwarding__a_replaced_slot_reaches_the_original) {
  xd_backend_table table = *xd_backend_builtin("reference");
  const float x[] = {1.0f, 2.0f}, y[] = {10.0f, 20.0f};
  float got[2];
  bench b;
  table.name = "counting";
  table.scale_add = count_and_forward;
  calls = 0;
  assert_status(create_context(&table), XD_OK);
  open_bench(&b, &table, 1);
  const xd_slice from = make_slice(&b, x, 2), to = make_slice(&b, y, 2);
  BENCH_CALL(&b, scale_add, 3.0f, from, 0.5f, to, 2);
  read_slice(&b, got, to, 2);
  close_bench(&b);
  ck_assert_int_eq(calls, 1);
  ck_assert_float_eq(got[0], 8.0f);
  ck_assert_float_eq(got[1], 16.0f);
}
END_TEST

/* ---- memory ---- */

START_TEST(open__survives_every_failing_allocation) {
  for (uint32_t i = 0; xdi_backend_at(i); i++)
    for (size_t fail_at = 1; fail_at < 10; fail_at++) {
      counting_allocator counter = {0};
      const xd_allocator allocator = counting_allocator_hooks(&counter);
      const xd_backend_host host = {&allocator, &xdi_serial_runner, NULL, NULL};
      const xd_backend_table *table = xdi_backend_at(i);
      const char *detail = NULL;
      xd_backend *backend = NULL;
      xd_buffer *buffer = NULL;
      atomic_store(&counter.fail_at, fail_at);
      xd_status status = table->open(&backend, &detail, &host);
      if (status == XD_OK) {
        status = table->buffer_create(backend, &buffer, 100);
        if (status == XD_OK)
          table->buffer_destroy(backend, buffer);
        table->close(backend);
      }
      const bool reached = atomic_load(&counter.total) >= fail_at;
      assert_status(status, reached ? XD_ERROR_OUT_OF_MEMORY : XD_OK);
      ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    }
}
END_TEST

/* A convolution whose scratch memory is refused fails, frees all, and works the next time. */
START_TEST(kernel__recovers_from_refused_scratch_memory) {
  for (uint32_t i = 0; xdi_backend_at(i); i++) {
    bench b;
    open_bench(&b, xdi_backend_at(i), 1);
    xd_convolution args = {2, 4, 4, 3, 8, 8, 5, 4, 4, 2, 1, .activation = XD_ACTIVATION_RELU};
    args.x = random_slice(&b, 1, 2 * 16 * 3, -1.0f, 1.0f),
    args.weights = random_slice(&b, 2, 16 * 15, -1.0f, 1.0f);
    args.y = empty_slice(&b, (size_t)2 * 64 * 5);
    atomic_store(&b.counter.fail_at, atomic_load(&b.counter.total) + 1);
    const xd_status status = b.table.conv_transpose2d_forward(b.backend, &args);
    ck_assert(status == XD_OK || status == XD_ERROR_OUT_OF_MEMORY);
    atomic_store(&b.counter.fail_at, 0);
    BENCH_CALL(&b, conv_transpose2d_forward, &args);
    close_bench(&b);
  }
}
END_TEST

START_TEST(buffer__refuses_bad_sizes_and_ranges) {
  for (uint32_t i = 0; xdi_backend_at(i); i++) {
    bench b;
    float cell = 0.0f;
    xd_buffer *buffer = NULL;
    open_bench(&b, xdi_backend_at(i), 1);
    assert_status(b.table.buffer_create(b.backend, &buffer, SIZE_MAX / 2), XD_ERROR_OUT_OF_MEMORY);
    ck_assert_ptr_null(buffer);
    assert_status(b.table.buffer_create(b.backend, &buffer, 4), XD_OK);
    assert_status(b.table.buffer_read(b.backend, &cell, (xd_slice){buffer, 4}, 1), XD_ERROR_INVALID_ARGUMENT);
    assert_status(b.table.buffer_write(b.backend, (xd_slice){buffer, SIZE_MAX}, &cell, 2),
                  XD_ERROR_INVALID_ARGUMENT);
    assert_status(b.table.buffer_write(b.backend, (xd_slice){NULL, 0}, &cell, 1), XD_ERROR_INVALID_ARGUMENT);
    assert_status(b.table.buffer_write(b.backend, (xd_slice){buffer, 3}, &cell, 1), XD_OK);
    b.table.buffer_destroy(b.backend, buffer);
    close_bench(&b);
  }
}
END_TEST

/* ---- shared objects: paths that lead to none (test_backend_library.c tries real ones) ---- */

START_TEST(library__missing_files_are_not_found) {
  xd_backend_library *library = (xd_backend_library *)&calls;
  char why[300] = "";
  assert_status(xd_backend_library_open(&library, why, sizeof why, "/nowhere/libplugin.so"),
                XD_ERROR_NOT_FOUND);
  ck_assert_ptr_null(library);
  ck_assert_ptr_nonnull(strstr(why, "/nowhere/libplugin.so"));
  assert_status(xd_backend_library_open(&library, why, sizeof why, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_backend_library_open(&library, NULL, 0, ""), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_backend_library_open(NULL, why, sizeof why, "x.so"), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(xd_backend_library_table(NULL));
  xd_backend_library_close(NULL);
}
END_TEST

START_TEST(library__a_file_that_is_no_library_is_refused) {
  char *folder = make_temp_folder(), path[TEST_PATH_SIZE], why[300] = "";
  xd_backend_library *library = NULL;
  path_in(path, folder, "text.so");
  write_test_file(path, "not a library", 13);
  assert_status(xd_backend_library_open(&library, why, sizeof why, path), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(library);
  ck_assert_ptr_nonnull(strstr(why, "text.so"));
  remove_folder(folder);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("backend_registry");
  add_case(suite, builtin__has_reference_last_and_unique_names);
  add_case(suite, builtin__unknown_names_give_null);
  add_case(suite, builtin__holds_what_was_built_in);
#ifdef XDI_WITH_NATIVE
  add_case(suite, builtin__knows_the_variants_of_native_and_opens_those_the_processor_has);
#endif
  add_case(suite, builtin__every_kernel_slot_is_filled);
  add_case(suite, auto__names_a_built_in_backend_and_says_why);
  add_case(suite, find__a_hosts_table_wins_over_a_built_in_one);
  add_case(suite, check__refuses_other_versions_and_sizes);
  add_case(suite, check__refuses_an_empty_required_slot);
  add_case(suite, check__a_prepare_slot_needs_its_destroy);
  add_case(suite, complete__fills_kernels_and_leaves_prepare_empty);
  add_case(suite, probe__refuses_reference_kernels_on_hidden_buffers);
  add_case(suite, forwarding__a_replaced_slot_reaches_the_original);
  add_case(suite, open__survives_every_failing_allocation);
  add_case(suite, kernel__recovers_from_refused_scratch_memory);
  add_case(suite, buffer__refuses_bad_sizes_and_ranges);
  add_case(suite, library__missing_files_are_not_found);
  add_case(suite, library__a_file_that_is_no_library_is_refused);
  return suite;
}

XD_SUITE_MAIN(make_suite)
