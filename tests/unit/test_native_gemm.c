/* The native backend's products against a double loop, at shapes that meet every kind of tile, block
 * and shard, in both layouts of each factor, on every variant and at several numbers of threads. */
#include "support.h"

#ifndef XDI_WITH_NATIVE
int main(void) {
  puts("skipped: built without the native backend");
  return 77;
}
#else
#include "native_support.h"

#include "backend/native/gemm.h"
#include "base/half.h"
#include "base/int8.h"

static bench open;

typedef struct shape {
  size_t rows, columns, depth;
} shape;

static const shape shapes[] = {
    {1, 1, 1},      {1, 17, 3},     {2, 32, 16},     {3, 33, 5},     {5, 31, 64},    {6, 16, 7},
    {7, 48, 255},   {13, 64, 257},  {14, 15, 8},     {15, 100, 300}, {28, 256, 1},   {29, 30, 0},
    {64, 8, 1024},  {100, 130, 70}, {127, 96, 33},   {128, 256, 9},  {130, 5, 1030}, {20, 40, 2100},
    {17, 288, 512}, {300, 300, 31}, {260, 520, 600},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static float *numbers(size_t count, uint64_t stream) {
  float *out = malloc((count + 1) * sizeof *out);
  ck_assert_ptr_nonnull(out);
  xdi_random_normals(out, count, 1, stream, 0);
  return out;
}

/* The matrix at [i][j] of a layout: by rows, or turned. */
static size_t at(bool turned, size_t rows, size_t columns, size_t i, size_t j) {
  return turned ? j * rows + i : i * columns + j;
}

typedef struct layout {
  bool a_turned, b_turned, packed;
  xd_activation activation, x_activation;
} layout;

static double right_value(shape s, layout how, const float *a, const float *b, const float *bias,
                          const float *x, size_t m, size_t n, double *size) {
  double sum = (double)bias[n];
  *size = fabs(sum);
  for (size_t k = 0; k < s.depth; k++) {
    const double term = (double)a[at(how.a_turned, s.rows, s.depth, m, k)] *
                        (double)b[at(how.b_turned, s.depth, s.columns, k, n)];
    sum += term;
    *size += fabs(term);
  }
  switch (how.activation) {
  case XD_ACTIVATION_RELU:
    sum = fmax(sum, 0.0);
    break;
  case XD_ACTIVATION_LEAKY_RELU:
    sum = sum > 0.0 ? sum : 0.2 * sum;
    break;
  case XD_ACTIVATION_TANH:
    sum = tanh(sum);
    break;
  default:
    break;
  }
  const double at_x = (double)x[m * s.columns + n];
  switch (how.x_activation) {
  case XD_ACTIVATION_RELU:
    return at_x > 0.0 ? sum : 0.0;
  case XD_ACTIVATION_LEAKY_RELU:
    return at_x > 0.0 ? sum : 0.2 * sum;
  case XD_ACTIVATION_TANH:
    *size *= 1.0 + at_x * at_x;
    return sum * (1.0 - at_x * at_x);
  default:
    return sum;
  }
}

#define GUARD (-77.25f)

static void check_product(shape s, layout how) {
  const size_t cells = s.rows * s.columns, row = s.columns + 3; /* c has gaps that stay as they are */
  float *a = numbers(s.rows * s.depth, 1), *b = numbers(s.depth * s.columns, 2);
  float *bias = numbers(s.columns, 3), *x = numbers(s.rows * row, 4), *c = numbers(s.rows * row, 5);
  float *narrow = malloc((cells + 1) * sizeof *narrow), *panels = NULL;
  ck_assert_ptr_nonnull(narrow);
  for (size_t m = 0; m < s.rows; m++)
    memcpy(narrow + m * s.columns, x + m * row, s.columns * sizeof *x);
  for (size_t i = 0; i < s.rows * row; i++)
    c[i] = GUARD;
  xdi_product p = {.rows = s.rows,
                   .columns = s.columns,
                   .depth = s.depth,
                   .a = a,
                   .a_row = how.a_turned ? 1 : (ptrdiff_t)s.depth,
                   .a_step = how.a_turned ? (ptrdiff_t)s.rows : 1,
                   .b = b,
                   .b_step = how.b_turned ? 1 : (ptrdiff_t)s.columns,
                   .b_column = how.b_turned ? (ptrdiff_t)s.depth : 1,
                   .c = c,
                   .c_row = (ptrdiff_t)row,
                   .bias = bias,
                   .activation = how.activation,
                   .x = how.x_activation ? x : NULL,
                   .x_activation = how.x_activation};
  if (how.packed) {
    const xdi_kernels *kernels = open.backend->kernels;
    panels = malloc(xdi_panel_count(kernels, s.columns) * xdi_panel_width(kernels) * (s.depth + 1) *
                    sizeof *panels);
    ck_assert_ptr_nonnull(panels);
    xdi_pack_panels(kernels, panels, s.depth, b, p.b_step, p.b_column, s.depth, s.columns);
    p.panels = panels;
  }
  assert_status(xdi_product_run(open.backend, &p), XD_OK);
  for (size_t m = 0; m < s.rows; m++)
    for (size_t n = 0; n < row; n++) {
      double size = 0.0;
      const float got = c[m * row + n];
      const double right =
          n < s.columns ? right_value(s, how, a, b, bias, narrow, m, n, &size) : (double)GUARD;
      if (!(fabs((double)got - right) <= 1e-6 * size + 1e-6 * (n < s.columns)))
        ck_abort_msg("%s %zu x %zu x %zu: c[%zu][%zu] is %g, not %g", open.detail, s.rows, s.columns, s.depth,
                     m, n, (double)got, right);
    }
  free(a), free(b), free(bias), free(x), free(c), free(narrow), free(panels);
}

static void check_all(layout how) {
  FOR_EACH_VARIANT(&open, 2)
  for (size_t i = 0; i < SHAPES; i++)
    check_product(shapes[i], how);
}

START_TEST(product__reads_both_factors_by_rows) {
  check_all((layout){.activation = XD_ACTIVATION_RELU});
}
END_TEST

START_TEST(product__reads_the_left_factor_turned) {
  check_all((layout){.a_turned = true});
}
END_TEST

START_TEST(product__reads_the_right_factor_turned) {
  check_all((layout){.b_turned = true, .x_activation = XD_ACTIVATION_LEAKY_RELU});
}
END_TEST

START_TEST(product__takes_panels) {
  check_all((layout){.packed = true, .activation = XD_ACTIVATION_LEAKY_RELU});
  check_all((layout){.packed = true, .b_turned = true, .x_activation = XD_ACTIVATION_RELU});
}
END_TEST

START_TEST(product__finishes_with_curved_activations) {
  check_all((layout){.activation = XD_ACTIVATION_TANH, .x_activation = XD_ACTIVATION_TANH});
}
END_TEST

/* Shards follow from the shape: the bytes do not depend on who runs them. */
START_TEST(product__is_the_same_at_any_number_of_threads) {
  const shape s = {260, 520, 1200}, deep = {40, 64, 3000};
  const shape both[] = {s, deep};
  for (int which = 0; which < 2; which++) {
    const shape now = both[which];
    float *a = numbers(now.rows * now.depth, 1), *b = numbers(now.depth * now.columns, 2);
    float *c[4];
    for (uint32_t threads = 1; threads <= 4; threads++) {
      c[threads - 1] = numbers(now.rows * now.columns, 3);
      const xdi_product p = {.rows = now.rows,
                             .columns = now.columns,
                             .depth = now.depth,
                             .a = a,
                             .a_row = (ptrdiff_t)now.depth,
                             .a_step = 1,
                             .b = b,
                             .b_step = (ptrdiff_t)now.columns,
                             .b_column = 1,
                             .c = c[threads - 1],
                             .c_row = (ptrdiff_t)now.columns};
      open_bench(&open, &xdi_native_table, threads);
      assert_status(xdi_product_run(open.backend, &p), XD_OK);
      close_bench(&open);
      ck_assert_mem_eq(c[threads - 1], c[0], now.rows * now.columns * sizeof(float));
    }
    for (int i = 0; i < 4; i++)
      free(c[i]);
    free(a), free(b);
  }
}
END_TEST

START_TEST(product__says_when_memory_runs_out) {
  const xdi_product p = {
      .rows = 64, .columns = 65, .depth = 64, .a_row = 64, .a_step = 1, .b_step = 65, .b_column = 1};
  float *a = numbers(64 * 64, 1), *b = numbers(64 * 65, 2), *c = numbers(64 * 65, 3);
  xdi_product ready = p;
  ready.a = a, ready.b = b, ready.c = c, ready.c_row = 65;
  open_bench(&open, &xdi_native_table, 1);
  atomic_store(&open.counter.fail_at, atomic_load(&open.counter.total) + 1);
  assert_status(xdi_product_run(open.backend, &ready), XD_ERROR_OUT_OF_MEMORY);
  assert_status(xdi_product_run(open.backend, &ready), XD_OK); /* and works when there is some again */
  close_bench(&open);
  free(a), free(b), free(c);
}
END_TEST

/* Weights of a dense layer, as binary16 numbers or with more digits. */
static float *weights_of(size_t count, bool half) {
  float *weights = numbers(count, 7);
  for (size_t i = 0; i < count && half; i++)
    weights[i] = xdi_half_to_float(xdi_half_from_float(weights[i]));
  return weights;
}

typedef struct dense_case {
  uint32_t inputs, outputs;
  bool half;
} dense_case;

/* y of `rows` rows, with and without prepared weights, has the very same bytes. */
static void check_rows(const dense_case *c, const float *weights, const float *x, const xd_prepared *prepared,
                       uint32_t rows) {
  xd_dense args = {.rows = rows,
                   .inputs = c->inputs,
                   .outputs = c->outputs,
                   .activation = XD_ACTIVATION_RELU,
                   .x = make_slice(&open, x, (size_t)rows * c->inputs),
                   .weights = make_slice(&open, weights, (size_t)c->inputs * c->outputs),
                   .y = empty_slice(&open, (size_t)rows * c->outputs)};
  const size_t count = (size_t)rows * c->outputs;
  float *plain = numbers(count, 8), *packed = numbers(count, 9);
  BENCH_CALL(&open, dense_forward, &args);
  read_slice(&open, plain, args.y, count);
  args.prepared = prepared;
  BENCH_CALL(&open, dense_forward, &args);
  read_slice(&open, packed, args.y, count);
  ck_assert_msg(memcmp(plain, packed, count * sizeof *plain) == 0, "%s: %u rows, %u to %u", open.detail, rows,
                c->inputs, c->outputs);
  free(plain), free(packed);
  clear_bench(&open);
}

static void check_prepared(const dense_case *c) {
  const uint32_t most = 20;
  const size_t count = (size_t)c->inputs * c->outputs;
  float *weights = weights_of(count, c->half), *x = numbers((size_t)most * c->inputs, 10);
  const xd_dense args = {
      .inputs = c->inputs, .outputs = c->outputs, .weights = make_slice(&open, weights, count)};
  xd_prepared *prepared = NULL;
  BENCH_CALL(&open, dense_prepare, &prepared, &args);
  if (open.backend->kernels->half.row) {
    ck_assert_ptr_eq(prepared->kind, c->half ? &open.backend->kernels->half : NULL);
    ck_assert_int_eq(prepared->panels != NULL, !c->half);
  }
  for (uint32_t rows = 1; rows <= most; rows += rows < 6 ? 1 : 7)
    check_rows(c, weights, x, prepared, rows);
  open.table.prepared_destroy(open.backend, prepared);
  free(weights), free(x);
}

START_TEST(dense_prepare__keeps_binary16_weights_as_they_are) {
  const dense_case cases[] = {
      {300, 131, true}, {300, 131, false}, {64, 256, true}, {700, 40, true}, {9, 5, true}};
  FOR_EACH_VARIANT(&open, 2)
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_prepared(&cases[i]);
}
END_TEST

/* Weights that are bytes with a scale for each column; some columns are zeros. */
static float *byte_weights(uint32_t inputs, uint32_t outputs) {
  float *weights = numbers((size_t)inputs * outputs, 11);
  for (uint32_t n = 0; n < outputs; n++) {
    float largest = 0.0f;
    for (uint32_t k = 0; k < inputs; k++)
      largest = fmaxf(largest, fabsf(weights[(size_t)k * outputs + n]));
    const float scale = xdi_int8_scale(n % 7 == 6 ? 0.0f : largest * (float)(1 + n % 5));
    for (uint32_t k = 0; k < inputs; k++) {
      float *weight = &weights[(size_t)k * outputs + n];
      *weight = n % 7 == 6 ? 0.0f : (float)xdi_int8_from_float(*weight * (float)(1 + n % 5), scale) * scale;
    }
  }
  return weights;
}

/* y of the rows from `first` on. */
static void run_rows(const xd_dense *args, const float *x, const float *weights, const float *bias, float *y,
                     uint32_t first, uint32_t rows) {
  const size_t count = (size_t)rows * args->outputs;
  xd_dense call = *args;
  call.rows = rows;
  call.x = make_slice(&open, x + (size_t)first * args->inputs, (size_t)rows * args->inputs);
  call.weights = make_slice(&open, weights, (size_t)args->inputs * args->outputs);
  call.bias = make_slice(&open, bias, args->outputs);
  call.y = empty_slice(&open, count);
  BENCH_CALL(&open, dense_forward, &call);
  read_slice(&open, y, call.y, count);
  clear_bench(&open);
}

static void check_bytes(uint32_t inputs, uint32_t outputs, bool is_first, float *first_of_variant) {
  enum { MOST = 20 };
  float *weights = byte_weights(inputs, outputs), *x = numbers((size_t)MOST * inputs, 10);
  float *bias = numbers(outputs, 12), *all = numbers((size_t)MOST * outputs, 13),
        *few = numbers(5 * outputs, 14);
  xd_prepared *prepared = NULL;
  xd_dense args = {.inputs = inputs,
                   .outputs = outputs,
                   .activation = XD_ACTIVATION_LEAKY_RELU,
                   .weights = make_slice(&open, weights, (size_t)inputs * outputs)};
  BENCH_CALL(&open, dense_prepare, &prepared, &args);
  ck_assert_ptr_eq(prepared->kind, &open.backend->kernels->byte);
  args.prepared = prepared;
  run_rows(&args, x, weights, bias, all, 0, MOST);
  for (uint32_t m = 0; m < MOST; m++)
    for (uint32_t n = 0; n < outputs; n++) {
      double sum = (double)bias[n], size = fabs(sum), largest = 0.0, reach = 0.0;
      for (uint32_t k = 0; k < inputs; k++) {
        const double left = (double)x[(size_t)m * inputs + k],
                     right = (double)weights[(size_t)k * outputs + n];
        sum += left * right, size += fabs(left * right);
        largest = fmax(largest, fabs(left)), reach += fabs(right);
      }
      /* x is off by half of its row's unit, a 32767th of the largest, and sums round as floats do. */
      const double bound = 0.5 * largest / 32767.0 * reach + 2e-6 * size;
      const double got = (double)all[(size_t)m * outputs + n];
      ck_assert_msg(fabs(got - (sum > 0.0 ? sum : 0.2 * sum)) <= bound, "%s: row %u, column %u of %u to %u",
                    open.detail, m, n, inputs, outputs);
    }
  for (uint32_t rows = 1; rows <= 5; rows++) {
    run_rows(&args, x, weights, bias, few, MOST - rows, rows);
    ck_assert_msg(memcmp(few, all + (size_t)(MOST - rows) * outputs, (size_t)rows * outputs * sizeof *few) ==
                      0,
                  "%s: %u rows, %u to %u", open.detail, rows, inputs, outputs);
  }
  if (is_first)
    memcpy(first_of_variant, all, (size_t)MOST * outputs * sizeof *all);
  else
    ck_assert_mem_eq(first_of_variant, all, (size_t)MOST * outputs * sizeof *all);
  open.table.prepared_destroy(open.backend, prepared);
  free(weights), free(x), free(bias), free(all), free(few);
}

/* Rows have the same bytes alone, in a batch and at any number of threads, and are right. */
START_TEST(dense_prepare__keeps_bytes_as_they_are) {
  static const uint32_t sizes[][2] = {{300, 131}, {64, 256},  {700, 40}, {9, 5},
                                      {1, 17},    {520, 320}, {1300, 33}};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int variant = 0; variant < VARIANTS; variant++) {
      float *first = numbers(20 * (size_t)sizes[i][1], 15);
      for (uint32_t threads = 1; threads <= 3 && opens(variants[variant]); threads++) {
        open_bench(&open, variants[variant], threads);
        check_bytes(sizes[i][0], sizes[i][1], threads == 1, first);
        close_bench(&open);
      }
      free(first);
    }
}
END_TEST

/* Sums of the largest whole numbers, more than 32 bits hold, and of rows that are zeros, tiny, or no numbers. */
START_TEST(dense_forward__of_bytes_reaches_all_rows) {
  enum { INPUTS = 2050, OUTPUTS = 33, ROWS = 6 };
  const float row[ROWS] = {1.0f, 3e38f, 0.0f, 1e-38f, NAN, INFINITY};
  float *weights = numbers(INPUTS * OUTPUTS, 1), *x = numbers(ROWS * INPUTS, 2), bias[OUTPUTS],
        y[ROWS * OUTPUTS];
  for (size_t i = 0; i < INPUTS * OUTPUTS; i++)
    weights[i] = 127 * 0x1p-20f;
  for (size_t i = 0; i < ROWS * INPUTS; i++)
    x[i] = isfinite(row[i / INPUTS]) || i % INPUTS == INPUTS - 1 ? row[i / INPUTS] : 1.0f;
  for (int n = 0; n < OUTPUTS; n++)
    bias[n] = 0.5f;
  FOR_EACH_VARIANT(&open, 2) {
    xd_prepared *prepared = NULL;
    xd_dense args = {
        .inputs = INPUTS, .outputs = OUTPUTS, .weights = make_slice(&open, weights, INPUTS * OUTPUTS)};
    BENCH_CALL(&open, dense_prepare, &prepared, &args);
    ck_assert_ptr_eq(prepared->kind, &open.backend->kernels->byte);
    args.prepared = prepared;
    run_rows(&args, x, weights, bias, y, 0, ROWS);
    const double sum = INPUTS * 127 * 0x1p-20;
    for (int n = 0; n < OUTPUTS; n++) {
      ck_assert_double_le(fabs((double)y[n] - 0.5 - sum), 1e-5);
      ck_assert_double_le(fabs((double)y[OUTPUTS + n] / 3e38 - sum), 1e-5);
      ck_assert_float_eq(y[2 * OUTPUTS + n], 0.5f);
      ck_assert_float_eq(y[3 * OUTPUTS + n], 0.5f);
      ck_assert(isnan(y[4 * OUTPUTS + n]) && isnan(y[5 * OUTPUTS + n]));
    }
    open.table.prepared_destroy(open.backend, prepared);
  }
  free(weights), free(x);
}
END_TEST

/* One weight between two bytes, in the last column of the last panel: floats. */
START_TEST(dense_prepare__takes_no_other_weights_for_bytes) {
  const uint32_t inputs = 40, outputs = 70;
  const size_t last = (size_t)inputs * outputs - 1;
  const float odd[] = {1.5f, NAN, INFINITY};
  FOR_EACH_VARIANT(&open, 1)
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    float *weights = byte_weights(inputs, outputs);
    xd_prepared *prepared = NULL;
    weights[last] = 0.3f * odd[i];
    const xd_dense args = {.inputs = inputs,
                           .outputs = outputs,
                           .weights = make_slice(&open, weights, (size_t)inputs * outputs)};
    BENCH_CALL(&open, dense_prepare, &prepared, &args);
    ck_assert_ptr_nonnull(prepared->panels);
    open.table.prepared_destroy(open.backend, prepared);
    clear_bench(&open);
    free(weights);
  }
}
END_TEST

/* A picture's code is the same alone and in a batch. */
START_TEST(product__gives_a_row_the_same_bytes_in_any_company) {
  FOR_EACH_VARIANT(&open, 2)
  for (size_t i = 0; i < SHAPES; i++) {
    const shape s = shapes[i];
    if (s.depth == 0)
      continue;
    float *a = numbers(s.rows * s.depth, 1), *b = numbers(s.depth * s.columns, 2);
    float *all = numbers(s.rows * s.columns, 3), *one = numbers(s.columns, 4);
    xdi_product p = {.rows = s.rows,
                     .columns = s.columns,
                     .depth = s.depth,
                     .a = a,
                     .a_row = (ptrdiff_t)s.depth,
                     .a_step = 1,
                     .b = b,
                     .b_step = (ptrdiff_t)s.columns,
                     .b_column = 1,
                     .c = all,
                     .c_row = (ptrdiff_t)s.columns};
    assert_status(xdi_product_run(open.backend, &p), XD_OK);
    p.rows = 1, p.a = a + (s.rows - 1) * s.depth, p.c = one;
    assert_status(xdi_product_run(open.backend, &p), XD_OK);
    ck_assert_mem_eq(one, all + (s.rows - 1) * s.columns, s.columns * sizeof *one);
    free(a), free(b), free(all), free(one);
  }
}
END_TEST

static void check_transpose(const xdi_kernels *kernels, uint32_t rows, uint32_t columns) {
  float *from = numbers(rows * (columns + 2), 1), *to = numbers(columns * (rows + 5), 2);
  kernels->transpose(to, (ptrdiff_t)rows + 5, from, (ptrdiff_t)columns + 2, rows, columns);
  for (size_t m = 0; m < rows; m++)
    for (size_t n = 0; n < columns; n++)
      if (to[n * (rows + 5) + m] != from[m * (columns + 2) + n])
        ck_abort_msg("%s: %u x %u, cell %zu, %zu", open.detail, rows, columns, m, n);
  free(from), free(to);
}

START_TEST(transpose__turns_any_shape) {
  FOR_EACH_VARIANT(&open, 1)
  for (uint32_t rows = 1; rows < 40; rows += 3)
    for (uint32_t columns = 1; columns < 50; columns += 5)
      check_transpose(open.backend->kernels, rows, columns);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("native_gemm");
  add_case(suite, product__reads_both_factors_by_rows);
  add_case(suite, product__reads_the_left_factor_turned);
  add_case(suite, product__reads_the_right_factor_turned);
  add_case(suite, product__takes_panels);
  add_case(suite, product__finishes_with_curved_activations);
  add_case(suite, product__is_the_same_at_any_number_of_threads);
  add_case(suite, product__says_when_memory_runs_out);
  add_case(suite, product__gives_a_row_the_same_bytes_in_any_company);
  add_case(suite, dense_prepare__keeps_binary16_weights_as_they_are);
  add_case(suite, dense_prepare__keeps_bytes_as_they_are);
  add_case(suite, dense_forward__of_bytes_reaches_all_rows);
  add_case(suite, dense_prepare__takes_no_other_weights_for_bytes);
  add_case(suite, transpose__turns_any_shape);
  return suite;
}

XD_SUITE_MAIN(make_suite)
#endif
