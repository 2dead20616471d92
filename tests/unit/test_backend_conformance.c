/* The one conformance suite: the same cases, forward and backward, on every backend, built in or
 * brought by the host, against the reference. Each backend is opened with 1, 2 and 3 threads, whose
 * results must be the same bytes, but for opencl, whose device has its own; every case runs twice, the
 * second time without an allocation. */
#include "backend_support.h"

#ifdef XDI_WITH_NATIVE
#include "backend/native/native.h"
#endif

/* ---- the backends under test ---- */

#define MAX_TABLES 12
#define MAX_THREADS 3

static int forwarded;

static xd_status counting_dense_forward(xd_backend *backend, const xd_dense *args) {
  forwarded++;
  return xd_backend_builtin(xdi_backend_auto(NULL, 0))->dense_forward(backend, args);
}

/* A host's backend that counts and forwards to a built-in one. */
static xd_backend_table forwarding_table(void) {
  xd_backend_table table = *xd_backend_builtin(xdi_backend_auto(NULL, 0));
  table.name = "forwarding";
  table.dense_forward = counting_dense_forward;
  return table;
}

/* A host's backend with buffers of its own and no kernel at all. */
static xd_status open_nothing(xd_backend **out, const char **detail, const xd_backend_host *host) {
  (void)detail;
  *out = (xd_backend *)(uintptr_t)host;
  return XD_OK;
}

static void close_nothing(xd_backend *backend) {
  (void)backend;
}

static xd_status create_on_heap(xd_backend *backend, xd_buffer **out, size_t count) {
  (void)backend;
  void *memory = NULL;
  *out = malloc(sizeof **out);
  ck_assert(*out && posix_memalign(&memory, 64, count * sizeof(float)) == 0);
  (*out)->host = memset(memory, 0, count * sizeof(float));
  (*out)->count = count;
  return XD_OK;
}

static void destroy_on_heap(xd_backend *backend, xd_buffer *buffer) {
  (void)backend;
  free(buffer->host);
  free(buffer);
}

static xd_status write_heap(xd_backend *backend, xd_slice to, const float *from, size_t count) {
  (void)backend;
  memcpy(to.buffer->host + to.offset, from, count * sizeof *from);
  return XD_OK;
}

static xd_status read_heap(xd_backend *backend, float *to, xd_slice from, size_t count) {
  (void)backend;
  memcpy(to, from.buffer->host + from.offset, count * sizeof *to);
  return XD_OK;
}

static xd_backend_table bare_table(void) {
  return (xd_backend_table){.struct_size = sizeof(xd_backend_table),
                            .table_version = XD_BACKEND_TABLE_VERSION,
                            .name = "bare",
                            .open = open_nothing,
                            .close = close_nothing,
                            .buffer_create = create_on_heap,
                            .buffer_destroy = destroy_on_heap,
                            .buffer_write = write_heap,
                            .buffer_read = read_heap};
}

/* Under an emulator the whole suite would take too long: then what depends on the processor is run. */
static bool native_alone(void) {
  return getenv("XDOMAIN_TESTS_NATIVE_ALONE") != NULL;
}

static bench reference;
static bench benches[MAX_TABLES][MAX_THREADS];
static int bench_counts[MAX_TABLES];
static int table_count;

/* The plug-ins, where the environment names them. */
static const char *const plugin_variables[] = {"XDOMAIN_ONEDNN_PLUGIN", "XDOMAIN_OPENCL_PLUGIN",
                                               "XDOMAIN_OPENCL_OWN_PLUGIN"};
enum { PLUGINS = sizeof plugin_variables / sizeof *plugin_variables };
static xd_backend_library *plugins[PLUGINS];

/* The variant of `native` that the plain name stands for. */
static bool is_native_again(const xd_backend_table *table) {
#ifdef XDI_WITH_NATIVE
  const char *detail = NULL;
  xd_backend *backend = NULL;
  const xd_backend_host host = {&xdi_heap, &xdi_serial_runner, ignore_log, NULL};
  if (strncmp(table->name, "native:", 7) != 0 || table->open(&backend, &detail, &host) != XD_OK)
    return false;
  const bool same = strcmp(detail, xdi_native_processor()) == 0;
  table->close(backend);
  return same;
#else
  (void)table;
  return false;
#endif
}

/* With so many threads. Of opencl there is one, which is asked again. */
static bench *bench_of(int table, int threads) {
  return &benches[table][threads < bench_counts[table] ? threads - 1 : bench_counts[table] - 1];
}

/* Left out where this machine cannot open it, as lesser kernels or a device that it does not have. */
static void add_table(const xd_backend_table *table) {
  const int count = strcmp(table->name, "opencl") == 0 ? 1 : MAX_THREADS;
  if (native_alone() && strncmp(table->name, "native", 6) != 0)
    return;
  ck_assert_int_lt(table_count, MAX_TABLES);
  assert_status(xdi_backend_check(table, NULL, 0), XD_OK);
  const xd_status status = try_bench(&benches[table_count][0], table, 1);
  if (status != XD_OK) {
    assert_status(status, XD_ERROR_UNSUPPORTED);
    return;
  }
  for (int i = 1; i < count; i++)
    open_bench(&benches[table_count][i], table, (uint32_t)i + 1);
  bench_counts[table_count++] = count;
}

static void open_all(void) {
  const xd_backend_table forwarding = forwarding_table(), bare = bare_table();
  const xd_backend_table *table;
  table_count = forwarded = 0;
  open_bench(&reference, xd_backend_builtin("reference"), 1);
  for (uint32_t i = 0; (table = xdi_backend_at(i)); i++)
    if (!is_native_again(table))
      add_table(table);
  add_table(&forwarding);
  add_table(&bare);
  for (int i = 0; i < PLUGINS; i++)
    if (getenv(plugin_variables[i])) {
      char why[300] = "";
      const xd_status status =
          xd_backend_library_open(&plugins[i], why, sizeof why, getenv(plugin_variables[i]));
      ck_assert_msg(status == XD_OK, "%s", why);
      add_table(xd_backend_library_table(plugins[i]));
    }
}

static void close_all(void) {
  close_bench(&reference);
  for (int i = 0; i < table_count; i++)
    for (int threads = 0; threads < bench_counts[i]; threads++)
      close_bench(&benches[i][threads]);
  for (int i = 0; i < PLUGINS; i++) {
    xd_backend_library_close(plugins[i]);
    plugins[i] = NULL;
  }
}

/* ---- what a case gives ---- */

#define MAX_PARTS 8

typedef struct outcome {
  struct part {
    const char *name;
    float *values; /* or NULL, and one number */
    double number;
    size_t count;
    double tolerance; /* relative to the largest value */
    double bound;     /* or absolute, where it is larger */
  } parts[MAX_PARTS];
  int count;
} outcome;

static void add_values(outcome *to, bench *b, const char *name, xd_slice slice, size_t count,
                       double tolerance) {
  ck_assert_int_lt(to->count, MAX_PARTS);
  float *values = malloc(count * sizeof *values);
  ck_assert_ptr_nonnull(values);
  read_slice(b, values, slice, count);
  to->parts[to->count++] = (struct part){name, values, 0.0, count, tolerance, 0.0};
}

/* As add_values, with an absolute bound. */
static void add_bounded(outcome *to, bench *b, const char *name, xd_slice slice, size_t count, double bound) {
  add_values(to, b, name, slice, count, 0.0);
  to->parts[to->count - 1].bound = bound;
}

static void add_number(outcome *to, const char *name, double number, double tolerance) {
  ck_assert_int_lt(to->count, MAX_PARTS);
  to->parts[to->count++] = (struct part){name, NULL, number, 1, tolerance, 0.0};
}

static void clear_outcome(outcome *o) {
  for (int i = 0; i < o->count; i++)
    free(o->parts[i].values);
  o->count = 0;
}

static void compare_outcomes(const char *who, const outcome *got, const outcome *wanted) {
  ck_assert_int_eq(got->count, wanted->count);
  for (int i = 0; i < got->count; i++) {
    const struct part *g = &got->parts[i], *w = &wanted->parts[i];
    if (g->values)
      assert_within(who, g->name, g->values, w->values, g->count,
                    fmax(g->bound, g->tolerance * largest_of(w->values, w->count)));
    else
      assert_number_close(who, g->name, g->number, w->number, g->tolerance);
  }
}

static void compare_bytes(const char *who, const outcome *got, const outcome *wanted) {
  for (int i = 0; i < got->count; i++) {
    const struct part *g = &got->parts[i], *w = &wanted->parts[i];
    const bool same = g->values ? memcmp(g->values, w->values, g->count * sizeof(float)) == 0
                                : memcmp(&g->number, &w->number, sizeof(double)) == 0;
    ck_assert_msg(same, "%s: other bytes at another number of threads or a second time", who);
  }
}

/* Runs case `index` of a family and collects its outcome. */
typedef void (*case_runner)(bench *b, size_t index, outcome *to);

static void run_case(case_runner run, bench *b, size_t index, outcome *to) {
  memset(to, 0, sizeof *to);
  run(b, index, to);
  clear_bench(b);
}

static void check_case(case_runner run, size_t index, const char *family, int table, const outcome *wanted) {
  outcome first, again;
  for (int threads = 0; threads < MAX_THREADS; threads++) {
    bench *b = bench_of(table, threads + 1);
    char who[96];
    snprintf(who, sizeof who, "%s, %d threads, %s case %zu%s", b->table.name, threads + 1, family, index,
             b->warm ? ", warm" : "");
    run_case(run, b, index, threads == 0 ? &first : &again);
    compare_outcomes(who, threads == 0 ? &first : &again, wanted);
    if (threads > 0) {
      compare_bytes(who, &again, &first);
      clear_outcome(&again);
    }
  }
  clear_outcome(&first);
}

static void set_warm(bool warm) {
  for (int table = 0; table < table_count; table++)
    for (int threads = 0; threads < bench_counts[table]; threads++)
      benches[table][threads].warm = warm;
}

/* All cases on all backends, first in growing and mixed sizes, then once more, warm. */
static void check_family(case_runner run, size_t cases, const char *family) {
  for (int pass = 0; pass < 2; pass++) {
    set_warm(pass == 1);
    for (size_t index = 0; index < cases; index++) {
      outcome wanted;
      run_case(run, &reference, index, &wanted);
      for (int table = 0; table < table_count; table++)
        check_case(run, index, family, table, &wanted);
      clear_outcome(&wanted);
    }
  }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A sum of `depth` rounded products, against the largest sum. */
static double product_tolerance(size_t depth) {
  return 3e-6 * sqrt((double)(depth < 4 ? 4 : depth));
}

/* ---- dense ---- */

typedef struct dense_case {
  uint32_t rows, inputs, outputs;
  bool bias;
} dense_case;

static const dense_case dense_cases[] = {
    {1, 1, 1, true},      {1, 7, 3, true},     {3, 5, 1, false},   {2, 1, 9, true},     {17, 33, 65, true},
    {128, 96, 256, true}, {1, 256, 128, true}, {1, 64, 50, false}, {64, 300, 10, true}, {5, 1030, 31, true},
    {130, 97, 47, true},  {7, 16, 513, true},  {33, 784, 1, true}, {128, 1, 40, true},  {15, 15, 15, false},
};

/* Cases go round all pairs of activations. */
static xd_activation activation_of(size_t index) {
  return (xd_activation)(index % 5);
}

static void run_prepared_dense(bench *b, xd_dense args, xd_slice y) {
  xd_prepared *prepared = NULL;
  args.y = y;
  if (b->table.dense_prepare) {
    const bool warm = b->warm;
    b->warm = false; /* preparing may allocate */
    BENCH_CALL(b, dense_prepare, &prepared, &args);
    b->warm = warm;
    ck_assert(prepared || args.rows == 1); /* single rows may read the weights as they are */
  }
  args.prepared = prepared;
  BENCH_CALL(b, dense_forward, &args);
  if (prepared)
    b->table.prepared_destroy(b->backend, prepared);
}

static void check_same_cells(bench *b, xd_slice one, xd_slice other, size_t count) {
  float *cells = malloc(2 * count * sizeof *cells);
  ck_assert_ptr_nonnull(cells);
  read_slice(b, cells, one, count);
  read_slice(b, cells + count, other, count);
  ck_assert_mem_eq(cells, cells + count, count * sizeof *cells);
  free(cells);
}

/* Both halves in one call, where the backend has it: exactly what the two calls gave. */
static void check_dense_backward(bench *b, xd_dense args, size_t x_count, size_t weight_count) {
  const xd_slice dx = args.dx, dweights = args.dweights, dbias = args.dbias;
  if (!b->table.dense_backward)
    return;
  args.dx = empty_slice(b, x_count), args.dweights = empty_slice(b, weight_count);
  args.dbias = dbias.buffer ? empty_slice(b, args.outputs) : no_slice;
  BENCH_CALL(b, dense_backward, &args);
  check_same_cells(b, dx, args.dx, x_count);
  check_same_cells(b, dweights, args.dweights, weight_count);
  if (dbias.buffer)
    check_same_cells(b, dbias, args.dbias, args.outputs);
}

static void run_dense_case(bench *b, size_t index, outcome *to) {
  const dense_case *c = &dense_cases[index % COUNT(dense_cases)];
  const size_t x_count = (size_t)c->rows * c->inputs, y_count = (size_t)c->rows * c->outputs;
  const size_t weight_count = (size_t)c->inputs * c->outputs;
  xd_dense args = {.rows = c->rows, .inputs = c->inputs, .outputs = c->outputs};
  args.activation = activation_of(index);
  args.x_activation = activation_of(index + index / 5);
  args.sigma = index % 3 == 1 ? 1.7f : 0.0f;
  args.x = random_slice(b, 1, x_count, -1.0f, 1.0f);
  args.weights = random_slice(b, 2, weight_count, -0.5f, 0.5f);
  args.bias = c->bias ? random_slice(b, 3, c->outputs, -0.5f, 0.5f) : no_slice;
  args.y = empty_slice(b, y_count);
  args.dy = random_slice(b, 4, y_count, -1.0f, 1.0f);
  args.dx = empty_slice(b, x_count);
  args.dweights = empty_slice(b, weight_count);
  args.dbias = c->bias ? empty_slice(b, c->outputs) : no_slice;
  const xd_slice prepared_y = empty_slice(b, y_count);
  BENCH_CALL(b, dense_forward, &args);
  run_prepared_dense(b, args, prepared_y);
  BENCH_CALL(b, dense_backward_data, &args);
  BENCH_CALL(b, dense_backward_weights, &args);
  check_dense_backward(b, args, x_count, weight_count);
  add_values(to, b, "y", args.y, y_count, product_tolerance(c->inputs));
  add_values(to, b, "y of prepared weights", prepared_y, y_count, product_tolerance(c->inputs));
  add_values(to, b, "dx", args.dx, x_count, product_tolerance(c->outputs));
  add_values(to, b, "dweights", args.dweights, weight_count, product_tolerance(c->rows));
  if (c->bias)
    add_values(to, b, "dbias", args.dbias, c->outputs, product_tolerance(c->rows));
}

START_TEST(dense__agrees_with_the_reference) {
  check_family(run_dense_case, 2 * COUNT(dense_cases), "dense");
  ck_assert(forwarded > 0 || native_alone());
}
END_TEST

static void assert_same_slice(bench *b, const char *what, xd_slice got, xd_slice wanted, size_t count) {
  float *values = malloc(2 * count * sizeof *values);
  ck_assert_ptr_nonnull(values);
  read_slice(b, values, got, count);
  read_slice(b, values + count, wanted, count);
  assert_close(b->table.name, what, values, values + count, count, 1e-6);
  free(values);
}

/* backward_data with x_activation identity must not need x, nor forward what backward needs: results are what they are
 * with all slices. */
START_TEST(dense__absent_slices_are_not_read) {
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 2);
    xd_dense whole = {.rows = 6, .inputs = 20, .outputs = 18};
    xd_dense forward = whole, data = whole, weights = whole;
    whole.x = forward.x = weights.x = random_slice(b, 1, 120, -1.0f, 1.0f);
    whole.weights = forward.weights = data.weights = random_slice(b, 2, 360, -1.0f, 1.0f);
    whole.dy = data.dy = weights.dy = random_slice(b, 3, 108, -1.0f, 1.0f);
    whole.y = empty_slice(b, 108), forward.y = empty_slice(b, 108);
    whole.dx = empty_slice(b, 120), data.dx = empty_slice(b, 120);
    whole.dweights = empty_slice(b, 360), weights.dweights = empty_slice(b, 360);
    BENCH_CALL(b, dense_forward, &whole);
    BENCH_CALL(b, dense_forward, &forward);
    BENCH_CALL(b, dense_backward_data, &whole);
    BENCH_CALL(b, dense_backward_data, &data);
    BENCH_CALL(b, dense_backward_weights, &whole);
    BENCH_CALL(b, dense_backward_weights, &weights);
    assert_same_slice(b, "y", forward.y, whole.y, 108);
    assert_same_slice(b, "dx", data.dx, whole.dx, 120);
    assert_same_slice(b, "dweights", weights.dweights, whole.dweights, 360);
    clear_bench(b);
  }
}
END_TEST

/* ---- convolutions ---- */

typedef struct convolution_case {
  uint32_t batch, in_height, in_width, in_channels, out_height, out_width, out_channels;
  uint32_t kernel_height, kernel_width, stride, pad;
  bool bias;
} convolution_case;

static const convolution_case conv2d_cases[] = {
    {1, 8, 8, 3, 4, 4, 5, 4, 4, 2, 1, true},
    {16, 28, 28, 1, 14, 14, 32, 4, 4, 2, 1, true},
    {8, 14, 14, 32, 7, 7, 64, 4, 4, 2, 1, true},
    {3, 9, 7, 2, 9, 7, 4, 3, 3, 1, 1, true},
    {2, 11, 13, 5, 5, 5, 7, 3, 3, 3, 2, true},
    {2, 12, 10, 4, 4, 3, 6, 5, 5, 3, 1, false},
    {1, 5, 5, 1, 5, 5, 1, 5, 5, 1, 2, true},
    {2, 6, 6, 3, 6, 6, 3, 1, 1, 1, 0, true},
    {2, 60, 60, 32, 30, 30, 8, 4, 4, 2, 1, true}, /* several chunks, cut within a picture */
    {1, 1, 1, 4, 1, 1, 3, 3, 3, 1, 1, true},
    {2, 7, 5, 2, 5, 2, 9, 3, 4, 1, 0, true},
    {2, 8, 8, 17, 4, 4, 33, 4, 4, 2, 1, false},
    {1, 4, 4, 2, 6, 6, 3, 3, 3, 1, 2, true},
    {1, 3, 3, 2, 6, 6, 2, 2, 2, 1, 2, true}, /* corners that see nothing but padding */
    {2, 9, 9, 3, 4, 4, 130, 3, 3, 2, 0, true},
    {2, 16, 16, 16, 16, 16, 24, 3, 3, 1, 1, true},
    /* to few channels at stride 1, which are taken from their other side */
    {3, 16, 16, 32, 16, 16, 3, 3, 3, 1, 1, true},
    {2, 9, 7, 20, 9, 7, 2, 5, 5, 1, 2, true},
    {2, 10, 12, 17, 8, 10, 1, 3, 3, 1, 0, false},
    {1, 4, 4, 9, 6, 6, 3, 3, 3, 1, 2, true},
    /* three taps for each residue and whole vectors of channels: minimal filtering */
    {2, 16, 16, 32, 16, 16, 32, 3, 3, 1, 1, true},
    {5, 8, 12, 32, 8, 12, 64, 3, 3, 1, 1, false},
    {1, 66, 34, 32, 64, 32, 32, 3, 3, 1, 0, true},
    {9, 4, 6, 64, 6, 8, 32, 3, 3, 1, 2, true},
    {3, 16, 12, 32, 8, 6, 32, 6, 6, 2, 2, true},
    {17, 8, 8, 96, 8, 8, 32, 3, 3, 1, 1, true},
    /* two taps for each residue of the stride and whole vectors of channels */
    {3, 16, 16, 16, 8, 8, 32, 4, 4, 2, 1, true},
    {3, 12, 20, 16, 6, 10, 16, 4, 4, 2, 1, true},
    {4, 9, 7, 32, 8, 6, 16, 2, 2, 1, 0, true},
    {1, 66, 34, 16, 32, 16, 16, 4, 4, 2, 0, false},
    {2, 11, 11, 16, 12, 12, 32, 2, 2, 1, 1, true},
    {3, 13, 15, 16, 6, 8, 16, 4, 4, 2, 2, true},
    {16, 8, 4, 16, 4, 2, 32, 4, 4, 2, 1, true},
    {1, 32, 32, 16, 16, 16, 16, 4, 4, 2, 1, true},
    {5, 10, 14, 16, 5, 7, 32, 4, 4, 2, 1, true},
    {1, 68, 36, 16, 33, 17, 16, 4, 4, 2, 0, true},
    {32, 6, 4, 16, 3, 2, 16, 4, 4, 2, 1, false},
    {4, 18, 8, 16, 9, 4, 16, 4, 4, 2, 1, true},
};

static const convolution_case transpose_cases[] = {
    {1, 4, 4, 5, 8, 8, 3, 4, 4, 2, 1, true},         {8, 7, 7, 64, 14, 14, 32, 4, 4, 2, 1, true},
    {16, 14, 14, 32, 28, 28, 1, 4, 4, 2, 1, true},   {2, 4, 4, 3, 7, 7, 2, 4, 4, 2, 1, true}, /* cropped */
    {1, 2, 2, 2, 8, 8, 3, 2, 2, 3, 0, true},   /* gaps that hold f(bias) */
    {2, 3, 3, 2, 10, 11, 3, 3, 3, 3, 0, true}, /* edges that hold f(bias) */
    {3, 5, 4, 2, 5, 4, 3, 3, 3, 1, 1, false},        {1, 1, 1, 8, 4, 4, 2, 4, 4, 1, 0, true},
    {2, 30, 30, 8, 60, 60, 32, 4, 4, 2, 1, true},    {2, 8, 8, 33, 16, 16, 17, 4, 4, 2, 1, false},
    {2, 4, 5, 3, 9, 11, 2, 5, 5, 2, 1, true},        {2, 5, 3, 4, 7, 4, 130, 3, 2, 1, 0, true},
    {1, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, true},         {2, 16, 16, 8, 32, 32, 3, 4, 4, 2, 1, true},
    {1, 4, 512, 150, 20, 2052, 1, 4, 4, 4, 0, true}, /* a whole band of edges */
    {3, 8, 8, 32, 16, 16, 16, 4, 4, 2, 1, true},     {3, 6, 10, 16, 12, 20, 16, 4, 4, 2, 1, true},
    {4, 8, 6, 16, 8, 6, 32, 2, 2, 1, 0, true},       {1, 32, 16, 16, 64, 32, 16, 4, 4, 2, 1, false},
    {2, 12, 12, 32, 12, 12, 16, 2, 2, 1, 1, true},   {3, 6, 8, 16, 12, 20, 16, 4, 4, 2, 0, true},
    {16, 4, 2, 32, 8, 4, 16, 4, 4, 2, 1, true},      {1, 16, 16, 16, 32, 32, 16, 4, 4, 2, 1, true},
    {5, 5, 7, 32, 10, 14, 16, 4, 4, 2, 1, true},     {1, 33, 17, 16, 66, 34, 16, 4, 4, 2, 1, true},
    {32, 3, 2, 16, 6, 4, 16, 4, 4, 2, 1, false},     {4, 9, 4, 16, 18, 8, 16, 4, 4, 2, 1, true},
};

typedef struct convolution_slots {
  xd_status (*prepare)(xd_backend *backend, xd_prepared **out, const xd_convolution *args);
  xd_status (*forward)(xd_backend *backend, const xd_convolution *args);
  xd_status (*backward_data)(xd_backend *backend, const xd_convolution *args);
  xd_status (*backward_weights)(xd_backend *backend, const xd_convolution *args);
} convolution_slots;

static void call_slot(bench *b, xd_status (*slot)(xd_backend *, const xd_convolution *),
                      const xd_convolution *args) {
  const size_t before = atomic_load(&b->counter.total);
  assert_status(slot(b->backend, args), XD_OK);
  if (b->warm)
    ck_assert_msg(atomic_load(&b->counter.total) == before, "%s: warm, but a convolution allocates",
                  b->table.name);
}

static void run_prepared_convolution(bench *b, const convolution_slots *slots, xd_convolution args,
                                     xd_slice y) {
  xd_prepared *prepared = NULL;
  args.y = y;
  if (slots->prepare) {
    assert_status(slots->prepare(b->backend, &prepared, &args), XD_OK);
    ck_assert_ptr_nonnull(prepared);
  }
  args.prepared = prepared;
  call_slot(b, slots->forward, &args);
  if (prepared)
    b->table.prepared_destroy(b->backend, prepared);
}

static void run_convolution(bench *b, const convolution_case *c, const convolution_slots *slots, size_t index,
                            outcome *to) {
  const size_t taps = (size_t)c->kernel_height * c->kernel_width;
  const size_t in_cells = (size_t)c->batch * c->in_height * c->in_width, x_count = in_cells * c->in_channels;
  const size_t out_cells = (size_t)c->batch * c->out_height * c->out_width,
               y_count = out_cells * c->out_channels;
  const size_t weight_count = taps * c->in_channels * c->out_channels;
  xd_convolution args = {.batch = c->batch,
                         .in_height = c->in_height,
                         .in_width = c->in_width,
                         .in_channels = c->in_channels,
                         .out_height = c->out_height,
                         .out_width = c->out_width,
                         .out_channels = c->out_channels,
                         .kernel_height = c->kernel_height,
                         .kernel_width = c->kernel_width,
                         .stride = c->stride,
                         .pad = c->pad,
                         .activation = activation_of(index),
                         .x_activation = activation_of(index + index / 5)};
  args.x = random_slice(b, 1, x_count, -1.0f, 1.0f);
  args.weights = random_slice(b, 2, weight_count, -0.5f, 0.5f);
  args.bias = c->bias ? random_slice(b, 3, c->out_channels, -0.5f, 0.5f) : no_slice;
  args.y = empty_slice(b, y_count);
  args.dy = random_slice(b, 4, y_count, -1.0f, 1.0f);
  args.dx = empty_slice(b, x_count);
  args.dweights = empty_slice(b, weight_count);
  args.dbias = c->bias ? empty_slice(b, c->out_channels) : no_slice;
  const xd_slice prepared_y = empty_slice(b, y_count);
  call_slot(b, slots->forward, &args);
  run_prepared_convolution(b, slots, args, prepared_y);
  call_slot(b, slots->backward_data, &args);
  call_slot(b, slots->backward_weights, &args);
  add_values(to, b, "y", args.y, y_count, product_tolerance(taps * c->in_channels));
  add_values(to, b, "y of prepared weights", prepared_y, y_count, product_tolerance(taps * c->in_channels));
  add_values(to, b, "dx", args.dx, x_count, product_tolerance(taps * c->out_channels));
  add_values(to, b, "dweights", args.dweights, weight_count, product_tolerance(out_cells));
  if (c->bias)
    add_values(to, b, "dbias", args.dbias, c->out_channels, product_tolerance(out_cells));
}

static convolution_slots conv2d_slots(const xd_backend_table *t) {
  return (convolution_slots){t->conv2d_prepare, t->conv2d_forward, t->conv2d_backward_data,
                             t->conv2d_backward_weights};
}

static convolution_slots transpose_slots(const xd_backend_table *t) {
  return (convolution_slots){t->conv_transpose2d_prepare, t->conv_transpose2d_forward,
                             t->conv_transpose2d_backward_data, t->conv_transpose2d_backward_weights};
}

static void run_conv2d_case(bench *b, size_t index, outcome *to) {
  const convolution_slots slots = conv2d_slots(&b->table);
  run_convolution(b, &conv2d_cases[index % COUNT(conv2d_cases)], &slots, index, to);
}

static void run_transpose_case(bench *b, size_t index, outcome *to) {
  const convolution_slots slots = transpose_slots(&b->table);
  run_convolution(b, &transpose_cases[index % COUNT(transpose_cases)], &slots, index, to);
}

static const convolution_case upsample_cases[] = {
    {2, 3, 4, 3, 6, 8, 5, 3, 3, 1, 1, true},      {1, 1, 1, 2, 1, 1, 3, 3, 3, 1, 1, true},
    {3, 7, 7, 32, 13, 14, 16, 3, 3, 1, 1, true},  {5, 8, 8, 32, 16, 16, 32, 3, 3, 1, 1, true},
    {2, 16, 12, 16, 32, 24, 3, 3, 3, 1, 1, true}, {2, 5, 6, 20, 9, 12, 1, 3, 3, 1, 1, false},
    {9, 4, 4, 64, 8, 8, 48, 3, 3, 1, 1, true},
};

static convolution_slots upsample_slots(const xd_backend_table *t) {
  return (convolution_slots){t->upsample_conv2d_prepare, t->upsample_conv2d_forward,
                             t->upsample_conv2d_backward_data, t->upsample_conv2d_backward_weights};
}

static void run_upsample_conv2d_case(bench *b, size_t index, outcome *to) {
  const convolution_slots slots = upsample_slots(&b->table);
  run_convolution(b, &upsample_cases[index % COUNT(upsample_cases)], &slots, index, to);
}

START_TEST(upsample_conv2d__agrees_with_the_reference) {
  check_family(run_upsample_conv2d_case, COUNT(upsample_cases), "upsample_conv2d");
}
END_TEST

START_TEST(upsample_conv2d__refuses_other_forms) {
  const xd_convolution good = {.batch = 1,
                               .in_height = 2,
                               .in_width = 2,
                               .in_channels = 1,
                               .out_height = 4,
                               .out_width = 3,
                               .out_channels = 1,
                               .kernel_height = 3,
                               .kernel_width = 3,
                               .stride = 1,
                               .pad = 1};
  xd_convolution bad[] = {good, good, good, good};
  bad[0].out_height = 5, bad[1].kernel_width = 5, bad[2].stride = 2, bad[3].pad = 0;
  for (int table = 0; table < table_count; table++)
    for (size_t i = 0; i < COUNT(bad); i++) {
      const bench *b = bench_of(table, 1);
      assert_status(b->table.upsample_conv2d_forward(b->backend, &bad[i]), XD_ERROR_INVALID_ARGUMENT);
      assert_status(b->table.upsample_conv2d_backward_data(b->backend, &bad[i]), XD_ERROR_INVALID_ARGUMENT);
      assert_status(b->table.upsample_conv2d_backward_weights(b->backend, &bad[i]),
                    XD_ERROR_INVALID_ARGUMENT);
    }
}
END_TEST

/* Of even sizes it is the two kernels one after the other. */
START_TEST(upsample_conv2d__is_an_upsampling_and_a_convolution) {
  enum {
    BATCH = 3,
    SIDE = 6,
    IN = 5,
    OUT = 4,
    X = BATCH * SIDE * SIDE * IN,
    Y = 4 * BATCH * SIDE * SIDE * OUT
  };
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 2);
    float one[Y], two[Y];
    xd_convolution args = {.batch = BATCH,
                           .in_height = SIDE,
                           .in_width = SIDE,
                           .in_channels = IN,
                           .out_height = 2 * SIDE,
                           .out_width = 2 * SIDE,
                           .out_channels = OUT,
                           .kernel_height = 3,
                           .kernel_width = 3,
                           .stride = 1,
                           .pad = 1,
                           .activation = XD_ACTIVATION_TANH};
    args.x = random_slice(b, 1, X, -1.0f, 1.0f), args.weights = random_slice(b, 2, 9 * IN * OUT, -0.5f, 0.5f);
    args.bias = random_slice(b, 3, OUT, -0.5f, 0.5f), args.y = empty_slice(b, Y);
    BENCH_CALL(b, upsample_conv2d_forward, &args);
    read_slice(b, one, args.y, Y);
    const xd_upsample up = {.batch = BATCH,
                            .in_width = SIDE,
                            .in_height = SIDE,
                            .out_width = 2 * SIDE,
                            .out_height = 2 * SIDE,
                            .channels = IN,
                            .x = args.x,
                            .y = empty_slice(b, 4 * X)};
    BENCH_CALL(b, upsample_forward, &up);
    args.x = up.y, args.in_height = args.in_width = 2 * SIDE;
    BENCH_CALL(b, conv2d_forward, &args);
    read_slice(b, two, args.y, Y);
    assert_close(b->table.name, "y", one, two, Y, product_tolerance(9 * IN));
    clear_bench(b);
  }
}
END_TEST

START_TEST(conv2d__agrees_with_the_reference) {
  check_family(run_conv2d_case, COUNT(conv2d_cases), "conv2d");
}
END_TEST

START_TEST(conv_transpose2d__agrees_with_the_reference) {
  check_family(run_transpose_case, COUNT(transpose_cases), "conv_transpose2d");
}
END_TEST

/* ---- any geometry that the layers accept ---- */

/* The next number of case `index`: least to most. */
static uint32_t pick(size_t index, uint64_t *next, uint32_t least, uint32_t most) {
  return least + xdi_random_below(7, index, (*next)++, most - least + 1);
}

static convolution_case random_case(size_t index, bool transposed) {
  uint64_t next = transposed ? 100 : 0;
  convolution_case c = {.bias = true};
  c.batch = pick(index, &next, 1, 3);
  c.in_height = pick(index, &next, 1, 12);
  c.in_width = pick(index, &next, 1, 12);
  c.in_channels = pick(index, &next, 1, 40);
  c.out_channels = pick(index, &next, 1, index % 3 ? 40 : 3);
  c.kernel_height = pick(index, &next, 1, 9);
  c.stride = pick(index, &next, 1, 6);
  c.kernel_width = c.kernel_height;
  c.pad = pick(index, &next, 0, c.kernel_height - 1);
  c.out_height = (c.in_height + c.stride - 1) / c.stride;
  c.out_width = (c.in_width + c.stride - 1) / c.stride;
  if (transposed) { /* every fourth as large as it may be, beyond all taps */
    c.out_height = c.in_height * c.stride + c.kernel_height;
    c.out_width = c.in_width * c.stride + c.kernel_width;
    if (index % 4) {
      c.out_height = pick(index, &next, 1, c.out_height);
      c.out_width = pick(index, &next, 1, c.out_width);
    }
  }
  return c;
}

static void run_random_conv2d(bench *b, size_t index, outcome *to) {
  const convolution_slots slots = conv2d_slots(&b->table);
  const convolution_case c = random_case(index, false);
  run_convolution(b, &c, &slots, index, to);
}

static void run_random_transpose(bench *b, size_t index, outcome *to) {
  const convolution_slots slots = transpose_slots(&b->table);
  const convolution_case c = random_case(index, true);
  run_convolution(b, &c, &slots, index, to);
}

START_TEST(convolutions__agree_on_random_geometries) {
  check_family(run_random_conv2d, 60, "random conv2d");
  check_family(run_random_transpose, 60, "random conv_transpose2d");
}
END_TEST

/* Weights prepared once serve other batch sizes and activations. */
START_TEST(prepare__serves_other_batches_and_activations) {
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 2);
    enum { inputs = 40, outputs = 37, rows = 9 };
    float y[rows * outputs], wanted[rows * outputs];
    xd_prepared *prepared = NULL;
    if (!b->table.dense_prepare)
      continue;
    xd_dense args = {.rows = 1, .inputs = inputs, .outputs = outputs};
    args.weights = random_slice(b, 2, inputs * outputs, -0.5f, 0.5f);
    args.x = random_slice(b, 1, rows * inputs, -1.0f, 1.0f), args.y = empty_slice(b, rows * outputs);
    BENCH_CALL(b, dense_prepare, &prepared, &args);
    args.rows = rows, args.activation = XD_ACTIVATION_TANH;
    BENCH_CALL(b, dense_forward, &args);
    read_slice(b, wanted, args.y, rows * outputs);
    args.prepared = prepared;
    BENCH_CALL(b, dense_forward, &args);
    read_slice(b, y, args.y, rows * outputs);
    assert_close(b->table.name, "y", y, wanted, rows * outputs, product_tolerance(inputs));
    b->table.prepared_destroy(b->backend, prepared);
    clear_bench(b);
  }
}
END_TEST

/* Prepared for a batch, each picture is the same bytes in it and alone, whatever the activation. */
START_TEST(prepare__gives_a_picture_the_same_alone_and_in_a_batch) {
  static const convolution_case cases[] = {{9, 16, 16, 32, 16, 16, 32, 3, 3, 1, 1, true},
                                           {9, 8, 8, 32, 8, 8, 64, 3, 3, 1, 1, true},
                                           {9, 8, 8, 32, 4, 4, 32, 4, 4, 2, 1, true},
                                           {9, 12, 12, 32, 12, 12, 3, 3, 3, 1, 1, true}};
  for (int table = 0; table < table_count; table++)
    for (size_t i = 0; i < COUNT(cases) && bench_of(table, 2)->table.conv2d_prepare; i++) {
      bench *b = bench_of(table, 2);
      const convolution_case *c = &cases[i];
      const size_t x_cells = (size_t)c->in_height * c->in_width * c->in_channels;
      const size_t y_cells = (size_t)c->out_height * c->out_width * c->out_channels;
      xd_prepared *prepared = NULL;
      xd_convolution args = {.batch = c->batch,
                             .in_height = c->in_height,
                             .in_width = c->in_width,
                             .in_channels = c->in_channels,
                             .out_height = c->out_height,
                             .out_width = c->out_width,
                             .out_channels = c->out_channels,
                             .kernel_height = c->kernel_height,
                             .kernel_width = c->kernel_width,
                             .stride = c->stride,
                             .pad = c->pad};
      args.weights = random_slice(
          b, 2, (size_t)c->kernel_height * c->kernel_width * c->in_channels * c->out_channels, -0.5f, 0.5f);
      args.bias = random_slice(b, 3, c->out_channels, -0.5f, 0.5f);
      args.x = random_slice(b, 1, c->batch * x_cells, -1.0f, 1.0f),
      args.y = empty_slice(b, c->batch * y_cells);
      BENCH_CALL(b, conv2d_prepare, &prepared, &args);
      args.activation = activation_of(i + 2), args.prepared = prepared;
      BENCH_CALL(b, conv2d_forward, &args);
      const xd_slice seventh = {args.y.buffer, args.y.offset + 6 * y_cells};
      args.batch = 1, args.x.offset += 6 * x_cells, args.y = empty_slice(b, y_cells);
      BENCH_CALL(b, conv2d_forward, &args);
      check_same_cells(b, args.y, seventh, y_cells);
      b->table.prepared_destroy(b->backend, prepared);
      clear_bench(b);
    }
}
END_TEST

/* ---- element-wise kernels ---- */

static const size_t counts[] = {1,  2,  3,  7,  8,   15,   16,   17,    31,
                                33, 63, 64, 65, 100, 1000, 4097, 40000, 131073};

#define CELL_TOLERANCE 4e-6

static void run_activation_case(bench *b, size_t index, outcome *to) {
  const size_t count = counts[index / 5];
  const xd_activation activation = activation_of(index);
  const xd_slice x = random_slice(b, 1, count, -8.0f, 8.0f), y = empty_slice(b, count);
  const xd_slice dy = random_slice(b, 2, count, -1.0f, 1.0f), dx = empty_slice(b, count);
  BENCH_CALL(b, activation_forward, activation, x, y, count);
  BENCH_CALL(b, activation_backward, activation, y, dy, dx, count);
  BENCH_CALL(b, activation_forward, activation, x, x, count);
  BENCH_CALL(b, activation_backward, activation, y, dy, dy, count);
  add_values(to, b, "y", y, count, CELL_TOLERANCE);
  /* 1 - y^2 where y is nearly 1 keeps the absolute error of y. */
  add_bounded(to, b, "dx", dx, count, 1e-6);
  add_values(to, b, "y in place", x, count, CELL_TOLERANCE);
  add_bounded(to, b, "dx in place", dy, count, 1e-6);
}

START_TEST(activation__agrees_with_the_reference) {
  check_family(run_activation_case, 5 * COUNT(counts), "activation");
}
END_TEST

START_TEST(activation__is_exact_at_the_ends) {
  const float x[] = {-1e30f, -200.0f, -0.0f, 0.0f, 200.0f, 1e30f};
  const float wanted[5][6] = {{-1e30f, -200.0f, 0.0f, 0.0f, 200.0f, 1e30f},
                              {0.0f, 0.0f, 0.0f, 0.0f, 200.0f, 1e30f},
                              {-2e29f, -40.0f, 0.0f, 0.0f, 200.0f, 1e30f},
                              {0.0f, 0.0f, 0.5f, 0.5f, 1.0f, 1.0f},
                              {-1.0f, -1.0f, 0.0f, 0.0f, 1.0f, 1.0f}};
  float y[6];
  for (int table = 0; table < table_count; table++)
    for (xd_activation activation = 0; activation < 5; activation++) {
      bench *b = bench_of(table, 1);
      const xd_slice from = make_slice(b, x, 6), to = empty_slice(b, 6);
      BENCH_CALL(b, activation_forward, activation, from, to, 6);
      read_slice(b, y, to, 6);
      for (int i = 0; i < 6; i++)
        ck_assert_msg(fabs((double)(y[i] - wanted[activation][i])) <= 1e-6 * fmax(1.0, fabs((double)y[i])),
                      "%s: activation %u of %g is %g", b->table.name, activation, (double)x[i], (double)y[i]);
      clear_bench(b);
    }
}
END_TEST

static void run_copy_case(bench *b, size_t index, outcome *to) {
  const uint32_t rows = (uint32_t)(1 + index * 7), columns = (uint32_t)(1 + index * 5);
  const uint32_t to_stride = columns + (uint32_t)index, from_stride = columns + (uint32_t)(index % 3);
  const size_t count = counts[index];
  const xd_slice from = random_slice(b, 1, (size_t)rows * from_stride, -1.0f, 1.0f);
  const xd_slice copy = random_slice(b, 2, (size_t)rows * to_stride, -1.0f, 1.0f);
  const xd_slice x = random_slice(b, 3, count, -1.0f, 1.0f), y = random_slice(b, 4, count, -1.0f, 1.0f);
  BENCH_CALL(b, copy_columns, copy, to_stride, from, from_stride, rows, columns);
  BENCH_CALL(b, scale_add, 0.3f, x, -1.7f, y, count);
  add_values(to, b, "copied", copy, (size_t)rows * to_stride, 0.0);
  add_values(to, b, "alpha x + beta y", y, count, CELL_TOLERANCE);
}

START_TEST(copy_columns_and_scale_add__agree_with_the_reference) {
  check_family(run_copy_case, COUNT(counts), "copy and scale");
}
END_TEST

/* ---- loss heads ---- */

static const uint32_t loss_rows[] = {1, 2, 5, 16, 33, 128};

#define SUM_TOLERANCE 1e-5

static void run_reconstruction_case(bench *b, size_t index, outcome *to) {
  static const uint32_t sizes[] = {1, 17, 64, 784};
  const uint32_t rows = loss_rows[index % COUNT(loss_rows)], size = sizes[index % COUNT(sizes)];
  const size_t count = (size_t)rows * size;
  xd_reconstruction_loss head = {.rows = rows, .size = size};
  head.pixel_weight = index % 3 == 1 ? 0.0f : 50.0f, head.bernoulli_weight = index % 3 == 0 ? 0.0f : 1.5f;
  head.x = random_slice(b, 1, count, 0.0f, 1.0f), head.x_hat = random_slice(b, 2, count, 0.01f, 0.99f);
  head.window = index % 2 ? random_slice(b, 3, size, 0.0f, 1.0f) : no_slice;
  head.da = index % 7 ? empty_slice(b, count) : no_slice;
  head.squared_error = head.bernoulli = NAN;
  BENCH_CALL(b, reconstruction_loss, &head);
  add_number(to, "squared_error", head.squared_error, SUM_TOLERANCE);
  add_number(to, "bernoulli", head.bernoulli, SUM_TOLERANCE);
  if (head.da.buffer)
    add_values(to, b, "da", head.da, count, CELL_TOLERANCE);
}

START_TEST(reconstruction_loss__agrees_with_the_reference) {
  check_family(run_reconstruction_case, 24, "reconstruction_loss");
}
END_TEST

/* A saturated sigmoid: x_hat of exactly 0 and 1 gives a finite loss. */
START_TEST(reconstruction_loss__stays_finite_when_saturated) {
  float x[40], x_hat[40], da[40];
  for (int i = 0; i < 40; i++)
    x[i] = (float)(i % 2), x_hat[i] = (float)(i / 2 % 2);
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 1);
    xd_reconstruction_loss head = {.rows = 2, .size = 20, .bernoulli_weight = 1.0f};
    head.x = make_slice(b, x, 40), head.x_hat = make_slice(b, x_hat, 40), head.da = empty_slice(b, 40);
    BENCH_CALL(b, reconstruction_loss, &head);
    read_slice(b, da, head.da, 40);
    ck_assert_msg(isfinite(head.bernoulli) && head.bernoulli > 20.0 * 15.0, "%s: %g", b->table.name,
                  head.bernoulli);
    for (int i = 0; i < 40; i++)
      ck_assert_float_eq_tol(da[i], (x_hat[i] - x[i]) / 2.0f, 1e-6f);
    clear_bench(b);
  }
}
END_TEST

static void run_posterior_case(bench *b, size_t index, outcome *to) {
  static const uint32_t dims[] = {1, 3, 32, 65};
  const uint32_t rows = loss_rows[index % COUNT(loss_rows)], latent_dim = dims[index % COUNT(dims)];
  const size_t cells = (size_t)rows * latent_dim;
  xd_posterior p = {.rows = rows, .latent_dim = latent_dim, .kl_weight = 0.5f + (float)index, .kl = NAN};
  p.posterior = random_slice(b, 1, 2 * cells, -3.0f, 3.0f),
  p.epsilon = random_slice(b, 2, cells, -3.0f, 3.0f);
  p.z = empty_slice(b, cells);
  p.dz = random_slice(b, 3, cells, -1.0f, 1.0f), p.dposterior = empty_slice(b, 2 * cells);
  BENCH_CALL(b, posterior_forward, &p);
  BENCH_CALL(b, posterior_backward, &p);
  add_values(to, b, "z", p.z, cells, CELL_TOLERANCE);
  add_values(to, b, "dposterior", p.dposterior, 2 * cells, CELL_TOLERANCE);
  add_number(to, "kl", p.kl, SUM_TOLERANCE);
}

START_TEST(posterior__agrees_with_the_reference) {
  check_family(run_posterior_case, 12, "posterior");
}
END_TEST

static void run_logistic_case(bench *b, size_t index, outcome *to) {
  const uint32_t rows = (uint32_t)counts[index / 2];
  const float reach = index % 3 ? 6.0f : 120.0f;
  xd_logistic_loss head = {.rows = rows, .sign = index % 2 ? 1.0f : -1.0f, .weight = 0.75f, .loss = NAN};
  head.logits = random_slice(b, 1, rows, -reach, reach);
  head.dlogits = index % 5 ? empty_slice(b, rows) : no_slice;
  BENCH_CALL(b, logistic_loss, &head);
  add_number(to, "loss", head.loss, SUM_TOLERANCE);
  if (head.dlogits.buffer)
    add_values(to, b, "dlogits", head.dlogits, rows, CELL_TOLERANCE);
}

START_TEST(logistic_loss__agrees_with_the_reference) {
  check_family(run_logistic_case, 2 * COUNT(counts), "logistic_loss");
}
END_TEST

static void run_squared_case(bench *b, size_t index, outcome *to) {
  const uint32_t rows = loss_rows[index % COUNT(loss_rows)], columns = (uint32_t)(1 + 11 * index);
  xd_squared_distance head = {.rows = rows, .columns = columns, .weight = 0.1f, .loss = NAN};
  head.a_stride = columns + 3, head.b_stride = columns, head.da_stride = columns + (uint32_t)index % 2;
  head.a = random_slice(b, 1, (size_t)rows * head.a_stride, -2.0f, 2.0f);
  head.b = random_slice(b, 2, (size_t)rows * head.b_stride, -2.0f, 2.0f);
  const size_t da_count = (size_t)rows * head.da_stride;
  head.da = index % 4 ? random_slice(b, 3, da_count, -0.1f, 0.1f) : no_slice;
  BENCH_CALL(b, squared_distance, &head);
  add_number(to, "loss", head.loss, SUM_TOLERANCE);
  if (head.da.buffer)
    add_values(to, b, "da", head.da, da_count, CELL_TOLERANCE);
}

START_TEST(squared_distance__agrees_with_the_reference) {
  check_family(run_squared_case, 12, "squared_distance");
}
END_TEST

static void run_cross_entropy_case(bench *b, size_t index, outcome *to) {
  static const uint32_t class_counts[] = {1, 2, 10, 37};
  const uint32_t rows = loss_rows[index % COUNT(loss_rows)], classes = class_counts[index % 4];
  const size_t count = (size_t)rows * classes;
  uint32_t labels[128];
  for (uint32_t row = 0; row < rows; row++)
    labels[row] = xdi_random_below(5, 6, row, classes);
  xd_cross_entropy head = {.rows = rows, .classes = classes, .labels = labels, .loss = NAN, .correct = 77777};
  head.label_smoothing = index % 2 ? 0.1f : 0.0f;
  float *logits = make_numbers(1, count, -9.0f, 9.0f);
  for (size_t i = 0; index % 3 == 0 && i < count; i++)
    logits[i] = roundf(logits[i] / 6.0f); /* the first of equals counts */
  head.logits = make_slice(b, logits, count);
  free(logits);
  head.dlogits = index % 5 ? empty_slice(b, count) : no_slice;
  BENCH_CALL(b, cross_entropy, &head);
  add_number(to, "loss", head.loss, SUM_TOLERANCE);
  add_number(to, "correct", head.correct, 0.0);
  if (head.dlogits.buffer)
    add_values(to, b, "dlogits", head.dlogits, count, CELL_TOLERANCE);
}

START_TEST(cross_entropy__agrees_with_the_reference) {
  check_family(run_cross_entropy_case, 24, "cross_entropy");
}
END_TEST

/* ---- the optimiser's sweeps ---- */

static void run_adam_case(bench *b, size_t index, outcome *to) {
  const size_t count = counts[index];
  xd_adam adam = {.count = count, .learning_rate = 0.01f, .beta1 = 0.5f, .beta2 = 0.99f, .epsilon = 1e-8f};
  adam.weight_decay = index % 2 ? 0.1f : 0.0f;
  adam.parameters = random_slice(b, 1, count, -1.0f, 1.0f);
  adam.gradients = random_slice(b, 2, count, -0.1f, 0.1f);
  adam.moment1 = random_slice(b, 3, count, -0.1f, 0.1f);
  adam.moment2 = random_slice(b, 4, count, 0.0f, 0.01f);
  for (int step = 1; step <= 3; step++) {
    adam.correction1 = (float)(1.0 - pow(0.5, step)), adam.correction2 = (float)(1.0 - pow(0.99, step));
    BENCH_CALL(b, adam, &adam);
  }
  add_values(to, b, "parameters", adam.parameters, count, CELL_TOLERANCE);
  add_values(to, b, "moment1", adam.moment1, count, CELL_TOLERANCE);
  add_values(to, b, "moment2", adam.moment2, count, CELL_TOLERANCE);
}

START_TEST(adam__agrees_with_the_reference) {
  check_family(run_adam_case, COUNT(counts), "adam");
}
END_TEST

static void run_spectral_case(bench *b, size_t index, outcome *to) {
  static const uint32_t shapes[][2] = {{1, 1}, {1, 9}, {7, 1}, {64, 256}, {33, 17}, {256, 256}, {130, 70}};
  const uint32_t rows = shapes[index / 3][0], columns = shapes[index / 3][1];
  const size_t count = (size_t)rows * columns;
  xd_spectral_norm norm = {.rows = rows, .columns = columns, .iterations = (uint32_t)(index % 3)};
  /* Not centred: one singular value stands out, as after some steps of training. */
  norm.weights = random_slice(b, 1, count, -0.2f, 0.4f);
  norm.u = random_slice(b, 2, rows, 0.01f, 0.2f), norm.v = random_slice(b, 3, columns, 0.01f, 0.2f);
  norm.gradients = random_slice(b, 4, count, -1.0f, 1.0f);
  BENCH_CALL(b, spectral_norm_forward, &norm, 1);
  BENCH_CALL(b, spectral_norm_backward, &norm, 1);
  add_number(to, "sigma", norm.sigma, SUM_TOLERANCE);
  add_values(to, b, "u", norm.u, rows, SUM_TOLERANCE);
  add_values(to, b, "v", norm.v, columns, SUM_TOLERANCE);
  add_bounded(to, b, "gradients", norm.gradients, count, SUM_TOLERANCE / fabs(norm.sigma)); /* as the terms */
}

/* More matrices than a loop takes, some of one row. */
static void run_spectral_list(bench *b, size_t index, outcome *to) {
  enum { matrices = 20, most = 1 << 13, room = 128 };
  const xd_slice weights = random_slice(b, 1, (size_t)matrices * most, -0.2f, 0.4f);
  const xd_slice gradients = random_slice(b, 2, (size_t)matrices * most, -1.0f, 1.0f);
  const xd_slice u = random_slice(b, 3, (size_t)matrices * room, 0.01f, 0.2f);
  const xd_slice v = random_slice(b, 4, (size_t)matrices * room, 0.01f, 0.2f);
  xd_spectral_norm norms[matrices];
  for (uint32_t i = 0; i < matrices; i++)
    norms[i] = (xd_spectral_norm){.rows = 1 + i * 7 % 80,
                                  .columns = 1 + i * 13 % 100,
                                  .iterations = (uint32_t)index,
                                  .weights = {weights.buffer, weights.offset + (size_t)i * most},
                                  .u = {u.buffer, u.offset + (size_t)i * room},
                                  .v = {v.buffer, v.offset + (size_t)i * room},
                                  .gradients = {gradients.buffer, gradients.offset + (size_t)i * most}};
  BENCH_CALL(b, spectral_norm_forward, norms, matrices);
  BENCH_CALL(b, spectral_norm_backward, norms, matrices);
  double least = fabs(norms[0].sigma);
  for (uint32_t i = 1; i < matrices; i++)
    least = fmin(least, fabs(norms[i].sigma));
  add_values(to, b, "u of many", u, (size_t)matrices * room, SUM_TOLERANCE);
  add_values(to, b, "v of many", v, (size_t)matrices * room, SUM_TOLERANCE);
  add_bounded(to, b, "gradients of many", gradients, (size_t)matrices * most, SUM_TOLERANCE / least);
}

START_TEST(spectral_norm__agrees_with_the_reference) {
  check_family(run_spectral_case, 21, "spectral_norm");
  check_family(run_spectral_list, 2, "spectral_norm of many");
}
END_TEST

START_TEST(spectral_norm__refuses_a_matrix_of_zeros) {
  const float zeros[12] = {0};
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 1);
    xd_spectral_norm norm = {.rows = 4, .columns = 3, .iterations = 1};
    norm.weights = make_slice(b, zeros, 12);
    norm.u = random_slice(b, 1, 4, 0.1f, 1.0f), norm.v = random_slice(b, 2, 3, 0.1f, 1.0f);
    assert_status(b->table.spectral_norm_forward(b->backend, &norm, 1), XD_ERROR_NUMERIC);
    clear_bench(b);
  }
}
END_TEST

/* ---- random numbers ---- */

static const uint64_t random_seed = UINT64_C(0x0123456789abcdef),
                      random_stream = UINT64_C(0x0000000700000003);

static void run_random_case(bench *b, size_t index, outcome *to) {
  const size_t count = counts[index];
  const uint64_t first = index % 3 == 2 ? UINT64_C(0xfffffffffff0) + index : index;
  const xd_slice normals = empty_slice(b, count), dropped = empty_slice(b, count);
  const xd_slice values = random_slice(b, 1, count, 1.0f, 2.0f);
  BENCH_CALL(b, random_normal, normals, count, random_seed, random_stream, first);
  BENCH_CALL(b, dropout, values, dropped, count, 0.3f, random_seed, random_stream, first);
  add_values(to, b, "normals", normals, count, CELL_TOLERANCE);
  add_values(to, b, "dropped", dropped, count, 1e-6);
}

START_TEST(random__agrees_with_the_reference) {
  check_family(run_random_case, COUNT(counts), "random");
}
END_TEST

/* A stream does not depend on how it is cut. */
START_TEST(random__is_the_same_in_pieces) {
  enum { count = 301, cut = 77 };
  float whole[count], pieces[count], dropped[count], dropped_pieces[count];
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 2);
    const xd_slice to = empty_slice(b, count), from = random_slice(b, 1, count, 1.0f, 2.0f);
    const xd_slice rest = {to.buffer, to.offset + cut}, from_rest = {from.buffer, from.offset + cut};
    BENCH_CALL(b, random_normal, to, count, 9, 8, 5);
    read_slice(b, whole, to, count);
    BENCH_CALL(b, random_normal, to, cut, 9, 8, 5);
    BENCH_CALL(b, random_normal, rest, count - cut, 9, 8, 5 + cut);
    read_slice(b, pieces, to, count);
    BENCH_CALL(b, dropout, from, to, count, 0.5f, 9, 8, 5);
    read_slice(b, dropped, to, count);
    BENCH_CALL(b, dropout, from, to, cut, 0.5f, 9, 8, 5);
    BENCH_CALL(b, dropout, from_rest, rest, count - cut, 0.5f, 9, 8, 5 + cut);
    read_slice(b, dropped_pieces, to, count);
    ck_assert_msg(memcmp(whole, pieces, sizeof whole) == 0, "%s: normals", b->table.name);
    ck_assert_msg(memcmp(dropped, dropped_pieces, sizeof dropped) == 0, "%s: dropout", b->table.name);
    clear_bench(b);
  }
}
END_TEST

START_TEST(dropout__keeps_the_mean) {
  enum { count = 100000 };
  static float to[count];
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 3);
    const xd_slice ones = random_slice(b, 1, count, 1.0f, 1.0f), dropped = empty_slice(b, count);
    double sum = 0.0;
    int zeros = 0;
    BENCH_CALL(b, dropout, ones, dropped, count, 0.2f, 3, 4, 0);
    read_slice(b, to, dropped, count);
    for (int i = 0; i < count; i++)
      sum += (double)to[i], zeros += to[i] == 0.0f;
    ck_assert_double_eq_tol(sum / count, 1.0, 0.01);
    ck_assert_double_eq_tol((double)zeros / count, 0.2, 0.01);
    clear_bench(b);
  }
}
END_TEST

/* ---- window normalisation ---- */

static const xd_window_normalise window_shapes[] = {
    {.batch = 1, .height = 8, .width = 8, .channels = 1},
    {.batch = 5, .height = 9, .width = 14, .channels = 3},
    {.batch = 17, .height = 33, .width = 32, .channels = 3},
    {.batch = 3, .height = 11, .width = 7, .channels = 4},
};

static void run_window_case(bench *b, size_t index, outcome *to) {
  static const float vertical[33] = {[0] = 0.1f, 0.3f, 0.6f, 0.9f, 1.0f, 0.9f, 0.5f, 0.2f};
  static const float horizontal[32] = {[0] = 0.2f, 0.4f, 0.7f, 1.0f, 0.8f, 0.6f, 0.1f};
  xd_window_normalise args = window_shapes[index];
  const size_t count = (size_t)args.batch * args.height * args.width * args.channels;
  args.vertical = vertical, args.horizontal = horizontal;
  args.x = random_slice(b, 1, count, 0.0f, 1.0f), args.y = empty_slice(b, count);
  BENCH_CALL(b, window_normalise, &args);
  add_values(to, b, "y", args.y, count, CELL_TOLERANCE);
  args.y = args.x;
  BENCH_CALL(b, window_normalise, &args);
  add_values(to, b, "in place", args.y, count, CELL_TOLERANCE);
}

START_TEST(window_normalise__agrees_with_the_reference) {
  check_family(run_window_case, COUNT(window_shapes), "window_normalise");
}
END_TEST

/* ---- buffers ---- */

/* ---- what deep networks of pictures have ---- */

typedef struct norm_case {
  uint32_t batch, cells, channels, groups;
  float least; /* of x, which reaches one further: a mean far from 0 */
} norm_case;

static const norm_case norm_cases[] = {
    {1, 2, 4, 2, -0.5f},    {3, 49, 32, 8, -0.5f},    {2, 64, 20, 5, 4.0f},
    {40, 16, 16, 16, 0.0f}, {1, 400, 130, 13, -1.0f}, {2, 9, 7, 1, 9.0f},
    {33, 64, 64, 8, -0.5f}, {2, 300, 48, 4, 0.3f},    {5, 30, 96, 3, -0.7f}};

static void run_norm_case(bench *b, size_t index, outcome *to) {
  const norm_case *c = &norm_cases[index % COUNT(norm_cases)];
  const size_t count = (size_t)c->batch * c->cells * c->channels;
  const bool gradients = index % 2 == 0;
  const xd_group_norm args = {.batch = c->batch,
                              .cells = c->cells,
                              .channels = c->channels,
                              .groups = c->groups,
                              .epsilon = 1e-5f,
                              .activation = activation_of(index),
                              .x_activation = activation_of(index + index / 5),
                              .x = random_slice(b, 1, count, c->least, c->least + 1.0f),
                              .scale = random_slice(b, 2, c->channels, -1.0f, 1.0f),
                              .shift = random_slice(b, 3, c->channels, -0.5f, 0.5f),
                              .y = empty_slice(b, count),
                              .dy = random_slice(b, 4, count, -1.0f, 1.0f),
                              .dx = empty_slice(b, count),
                              .dscale = gradients ? empty_slice(b, c->channels) : no_slice,
                              .dshift = gradients ? empty_slice(b, c->channels) : no_slice};
  BENCH_CALL(b, group_norm_forward, &args);
  BENCH_CALL(b, group_norm_backward, &args);
  add_values(to, b, "y", args.y, count, 1e-5);
  add_values(to, b, "dx", args.dx, count, 2e-5);
  if (gradients) {
    add_values(to, b, "dscale", args.dscale, c->channels, 1e-5);
    add_values(to, b, "dshift", args.dshift, c->channels, 1e-5);
  }
}

START_TEST(group_norm__agrees_with_the_reference) {
  check_family(run_norm_case, 5 * COUNT(norm_cases), "group norm");
}
END_TEST

/* Each picture by itself: the same bytes alone and in a batch, at any place. */
START_TEST(group_norm__knows_no_batch) {
  enum { BATCH = 35, CELLS = 12, CHANNELS = 32, SIZE = CELLS * CHANNELS };
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 2);
    xd_group_norm args = {
        .batch = BATCH, .cells = CELLS, .channels = CHANNELS, .groups = 4, .epsilon = 1e-5f};
    args.x = random_slice(b, 1, (size_t)BATCH * SIZE, -1.0f, 1.0f),
    args.y = empty_slice(b, (size_t)BATCH * SIZE);
    args.scale = random_slice(b, 2, CHANNELS, -1.0f, 1.0f);
    args.shift = random_slice(b, 3, CHANNELS, -1.0f, 1.0f);
    BENCH_CALL(b, group_norm_forward, &args);
    const xd_slice all = args.y;
    args.batch = 1, args.x.offset += 30 * SIZE, args.y = empty_slice(b, SIZE);
    BENCH_CALL(b, group_norm_forward, &args);
    check_same_cells(b, args.y, (xd_slice){all.buffer, all.offset + 30 * SIZE}, SIZE);
    clear_bench(b);
  }
}
END_TEST

START_TEST(group_norm__refuses_groups_that_do_not_divide_the_channels) {
  for (int table = 0; table < table_count; table++) {
    const bench *b = bench_of(table, 1);
    const xd_group_norm args = {.batch = 1, .cells = 1, .channels = 6, .groups = 4}, none = {.channels = 6};
    assert_status(b->table.group_norm_forward(b->backend, &args), XD_ERROR_INVALID_ARGUMENT);
    assert_status(b->table.group_norm_backward(b->backend, &none), XD_ERROR_INVALID_ARGUMENT);
  }
}
END_TEST

typedef struct doubling_case {
  uint32_t batch, in_width, in_height, out_width, out_height, channels;
} doubling_case;

static const doubling_case doubling_cases[] = {
    {1, 1, 1, 2, 2, 1},     {2, 3, 2, 5, 4, 5},     {3, 7, 7, 13, 13, 32},  {1, 1, 1, 1, 1, 3},
    {20, 8, 8, 16, 16, 64}, {2, 16, 9, 32, 17, 20}, {1, 33, 40, 66, 80, 33}};

static void run_doubling_case(bench *b, size_t index, outcome *to) {
  const doubling_case *c = &doubling_cases[index % COUNT(doubling_cases)];
  const size_t x_count = (size_t)c->batch * c->in_width * c->in_height * c->channels;
  const size_t y_count = (size_t)c->batch * c->out_width * c->out_height * c->channels;
  const xd_activation activation = activation_of(index);
  const xd_upsample args = {.batch = c->batch,
                            .in_width = c->in_width,
                            .in_height = c->in_height,
                            .out_width = c->out_width,
                            .out_height = c->out_height,
                            .channels = c->channels,
                            .x_activation = activation,
                            .x = random_slice(b, 1, x_count, -1.0f, 1.0f),
                            .y = empty_slice(b, y_count),
                            .dy = random_slice(b, 2, y_count, -1.0f, 1.0f),
                            .dx = empty_slice(b, x_count)};
  BENCH_CALL(b, upsample_forward, &args);
  BENCH_CALL(b, upsample_backward, &args);
  add_values(to, b, "y", args.y, y_count, 0.0);
  add_values(to, b, "dx", args.dx, x_count, 1e-6);
}

START_TEST(upsample__agrees_with_the_reference) {
  check_family(run_doubling_case, 5 * COUNT(doubling_cases), "upsample");
}
END_TEST

START_TEST(upsample__refuses_other_sizes) {
  for (int table = 0; table < table_count; table++) {
    const bench *b = bench_of(table, 1);
    const xd_upsample wide = {.in_width = 3, .in_height = 3, .out_width = 7, .out_height = 6};
    const xd_upsample low = {.in_width = 3, .in_height = 3, .out_width = 6, .out_height = 4};
    assert_status(b->table.upsample_forward(b->backend, &wide), XD_ERROR_INVALID_ARGUMENT);
    assert_status(b->table.upsample_backward(b->backend, &low), XD_ERROR_INVALID_ARGUMENT);
  }
}
END_TEST

/* dx in dy's place, in every second case. */
static void run_residual_case(bench *b, size_t index, outcome *to) {
  static const size_t sizes[] = {1, 15, 16, 100, 40000, 33333};
  const size_t count = sizes[index % COUNT(sizes)];
  xd_residual args = {.count = count,
                      .activation = activation_of(index),
                      .x_activation = activation_of(index / 5),
                      .other_activation = activation_of(index / 2),
                      .x = random_slice(b, 1, count, -1.0f, 1.0f),
                      .other = random_slice(b, 2, count, -1.0f, 1.0f),
                      .y = empty_slice(b, count),
                      .dy = random_slice(b, 3, count, -1.0f, 1.0f),
                      .dother = index % 3 ? empty_slice(b, count) : no_slice};
  args.dx = index % 2 ? args.dy : empty_slice(b, count);
  BENCH_CALL(b, residual_forward, &args);
  BENCH_CALL(b, residual_backward, &args);
  add_values(to, b, "y", args.y, count, 1e-6);
  add_values(to, b, "dx", args.dx, count, 1e-6);
  if (args.dother.buffer)
    add_values(to, b, "dother", args.dother, count, 1e-6);
}

START_TEST(residual__agrees_with_the_reference) {
  check_family(run_residual_case, 30, "residual");
}
END_TEST

START_TEST(buffer__starts_zeroed_and_aligned) {
  float cells[1001];
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 1);
    xd_buffer *buffer = NULL;
    assert_status(b->table.buffer_create(b->backend, &buffer, 1001), XD_OK);
    ck_assert_uint_eq(buffer->count, 1001);
    ck_assert_uint_eq((uintptr_t)buffer->host % 64, 0);
    read_slice(b, cells, (xd_slice){buffer, 0}, 1001);
    for (int i = 0; i < 1001; i++)
      ck_assert_float_eq(cells[i], 0.0f);
    cells[0] = 7.5f;
    assert_status(b->table.buffer_write(b->backend, (xd_slice){buffer, 1000}, cells, 1), XD_OK);
    read_slice(b, cells, (xd_slice){buffer, 999}, 2);
    ck_assert_float_eq(cells[0], 0.0f);
    ck_assert_float_eq(cells[1], 7.5f);
    b->table.buffer_destroy(b->backend, buffer);
  }
}
END_TEST

START_TEST(buffer_wrap__reads_the_hosts_own_floats) {
  _Alignas(64) static const float cells[100] = {1.5f, -2.0f, 3.0f};
  float read[3];
  for (int table = 0; table < table_count; table++) {
    bench *b = bench_of(table, 1);
    xd_buffer *buffer = NULL;
    if (!b->table.buffer_wrap)
      continue;
    assert_status(b->table.buffer_wrap(b->backend, &buffer, cells, 0), XD_ERROR_INVALID_ARGUMENT);
    assert_status(b->table.buffer_wrap(b->backend, &buffer, cells, 100), XD_OK);
    ck_assert_uint_eq(buffer->count, 100);
    ck_assert_ptr_eq(buffer->host, cells);
    read_slice(b, read, (xd_slice){buffer, 0}, 3);
    ck_assert_mem_eq(read, cells, sizeof read);
    b->table.buffer_destroy(b->backend, buffer);
  }
}
END_TEST

static void add_checked(Suite *suite, const char *name, const TTest *test) {
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, open_all, close_all);
  tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
}
#define add_open_case(suite, test) add_checked(suite, #test, test)

static Suite *make_suite(void) {
  Suite *suite = suite_create("backend_conformance");
  add_open_case(suite, dense__agrees_with_the_reference);
  add_open_case(suite, dense__absent_slices_are_not_read);
  add_open_case(suite, conv2d__agrees_with_the_reference);
  add_open_case(suite, conv_transpose2d__agrees_with_the_reference);
  add_open_case(suite, upsample_conv2d__agrees_with_the_reference);
  add_open_case(suite, upsample_conv2d__refuses_other_forms);
  add_open_case(suite, upsample_conv2d__is_an_upsampling_and_a_convolution);
  add_open_case(suite, convolutions__agree_on_random_geometries);
  add_open_case(suite, prepare__serves_other_batches_and_activations);
  add_open_case(suite, prepare__gives_a_picture_the_same_alone_and_in_a_batch);
  add_open_case(suite, activation__agrees_with_the_reference);
  add_open_case(suite, activation__is_exact_at_the_ends);
  add_open_case(suite, copy_columns_and_scale_add__agree_with_the_reference);
  add_open_case(suite, reconstruction_loss__agrees_with_the_reference);
  add_open_case(suite, reconstruction_loss__stays_finite_when_saturated);
  add_open_case(suite, posterior__agrees_with_the_reference);
  add_open_case(suite, logistic_loss__agrees_with_the_reference);
  add_open_case(suite, squared_distance__agrees_with_the_reference);
  add_open_case(suite, cross_entropy__agrees_with_the_reference);
  add_open_case(suite, adam__agrees_with_the_reference);
  add_open_case(suite, spectral_norm__agrees_with_the_reference);
  add_open_case(suite, spectral_norm__refuses_a_matrix_of_zeros);
  add_open_case(suite, random__agrees_with_the_reference);
  add_open_case(suite, random__is_the_same_in_pieces);
  add_open_case(suite, dropout__keeps_the_mean);
  add_open_case(suite, window_normalise__agrees_with_the_reference);
  add_open_case(suite, group_norm__agrees_with_the_reference);
  add_open_case(suite, group_norm__knows_no_batch);
  add_open_case(suite, group_norm__refuses_groups_that_do_not_divide_the_channels);
  add_open_case(suite, upsample__agrees_with_the_reference);
  add_open_case(suite, upsample__refuses_other_sizes);
  add_open_case(suite, residual__agrees_with_the_reference);
  add_open_case(suite, buffer__starts_zeroed_and_aligned);
  add_open_case(suite, buffer_wrap__reads_the_hosts_own_floats);
  return suite;
}

XD_SUITE_MAIN(make_suite)
