/* Prepared weights of native's convolutions that are bytes times their channels' scales, against a double loop: at
 * shapes that meet tiles within a row and beyond it, phases of several sizes and sums in several blocks, on every
 * variant and at several numbers of threads. */
#include "support.h"

#ifndef XDI_WITH_NATIVE
int main(void) {
  puts("skipped: built without the native backend");
  return 77;
}
#else
#include "native_support.h"

#include "backend/native/ways.h"
#include "base/int8.h"

static bench open;

enum { BATCH = 5 };

typedef struct convolution_shape {
  bool transposed;
  uint32_t in_height, in_width, in_channels, out_height, out_width, out_channels, kernel, stride, pad;
} convolution_shape;

static const convolution_shape shapes[] = {
    {false, 14, 14, 32, 7, 7, 64, 4, 2, 1},   {true, 7, 7, 64, 14, 14, 32, 4, 2, 1},
    {true, 5, 4, 6, 9, 7, 32, 3, 2, 1},       {false, 9, 12, 64, 9, 12, 32, 5, 1, 2},
    {false, 6, 5, 2, 4, 3, 96, 3, 1, 0},      {true, 8, 8, 32, 16, 16, 32, 4, 2, 1},
    {false, 70, 66, 64, 35, 33, 32, 4, 2, 1},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

static size_t in_cells(const convolution_shape *s) {
  return (size_t)s->in_height * s->in_width * s->in_channels;
}

static size_t out_cells(const convolution_shape *s) {
  return (size_t)s->out_height * s->out_width * s->out_channels;
}

static size_t weight_rows(const convolution_shape *s) {
  return (size_t)s->kernel * s->kernel * s->in_channels;
}

static float *numbers(size_t count, uint64_t stream) {
  float *out = malloc((count + 1) * sizeof *out);
  ck_assert_ptr_nonnull(out);
  xdi_random_normals(out, count, 1, stream, 0);
  return out;
}

/* Weights that are bytes with a scale for each channel; some channels are zeros. */
static float *byte_weights(const convolution_shape *s) {
  const size_t rows = weight_rows(s), columns = s->out_channels;
  float *weights = numbers(rows * columns, 2);
  for (size_t n = 0; n < columns; n++) {
    const float scale = xdi_int8_scale(0.5f * (float)(1 + n % 5));
    for (size_t k = 0; k < rows; k++) {
      float *weight = &weights[k * columns + n];
      *weight = n % 7 == 6 ? 0.0f : (float)xdi_int8_from_float(*weight, scale) * scale;
    }
    if (n % 7 != 6)
      weights[n] = 127.0f * scale;
  }
  return weights;
}

/* Each picture is of another size. */
static float *pictures(const convolution_shape *s) {
  float *x = numbers(BATCH * in_cells(s), 3);
  for (size_t i = 0; i < BATCH * in_cells(s); i++)
    x[i] *= (float)(1 + i / in_cells(s) * 10);
  return x;
}

static xd_convolution describe(const convolution_shape *s, const float *weights, const float *bias) {
  return (xd_convolution){.in_height = s->in_height,
                          .in_width = s->in_width,
                          .in_channels = s->in_channels,
                          .out_height = s->out_height,
                          .out_width = s->out_width,
                          .out_channels = s->out_channels,
                          .kernel_height = s->kernel,
                          .kernel_width = s->kernel,
                          .stride = s->stride,
                          .pad = s->pad,
                          .activation = XD_ACTIVATION_LEAKY_RELU,
                          .weights = make_slice(&open, weights, weight_rows(s) * s->out_channels),
                          .bias = make_slice(&open, bias, s->out_channels)};
}

static xd_prepared *prepare(const convolution_shape *s, const float *weights, const float *bias) {
  xd_prepared *prepared = NULL;
  xd_convolution args = describe(s, weights, bias);
  args.batch = 1;
  if (s->transposed)
    BENCH_CALL(&open, conv_transpose2d_prepare, &prepared, &args);
  else
    BENCH_CALL(&open, conv2d_prepare, &prepared, &args);
  return prepared;
}

/* y of the pictures from `first` on. */
static void run(const convolution_shape *s, const float *x, const float *weights, const float *bias,
                const xd_prepared *prepared, uint32_t first, uint32_t batch, float *y) {
  xd_convolution args = describe(s, weights, bias);
  args.batch = batch;
  args.prepared = prepared;
  args.x = make_slice(&open, x + first * in_cells(s), batch * in_cells(s));
  args.y = empty_slice(&open, batch * out_cells(s));
  if (s->transposed)
    BENCH_CALL(&open, conv_transpose2d_forward, &args);
  else
    BENCH_CALL(&open, conv2d_forward, &args);
  read_slice(&open, y, args.y, batch * out_cells(s));
  clear_bench(&open);
}

/* The source cell that an output's cell meets at a tap; -1: none. */
static int source_of(const convolution_shape *s, uint32_t out, uint32_t tap, uint32_t limit) {
  int at = (int)(out * s->stride + tap) - (int)s->pad;
  if (s->transposed) {
    at = (int)(out + s->pad) - (int)tap;
    if (at < 0 || at % (int)s->stride != 0)
      return -1;
    at /= (int)s->stride;
  }
  return at >= 0 && at < (int)limit ? at : -1;
}

/* The sum at a cell, and how far it may be off: x by half of its picture's unit, a 32767th of the largest, and sums
 * round as floats do. */
static double right_value(const convolution_shape *s, const float *x, const float *weights, double largest,
                          uint32_t out_y, uint32_t out_x, uint32_t n, double *bound) {
  double sum = 0.0, size = 0.0, reach = 0.0;
  for (uint32_t ky = 0; ky < s->kernel; ky++)
    for (uint32_t kx = 0; kx < s->kernel; kx++) {
      const int iy = source_of(s, out_y, ky, s->in_height), ix = source_of(s, out_x, kx, s->in_width);
      if (iy < 0 || ix < 0)
        continue;
      const float *cell = x + ((size_t)iy * s->in_width + (size_t)ix) * s->in_channels;
      const float *tap = weights + ((size_t)ky * s->kernel + kx) * s->in_channels * s->out_channels + n;
      for (uint32_t c = 0; c < s->in_channels; c++) {
        const double left = (double)cell[c], right = (double)tap[(size_t)c * s->out_channels];
        sum += left * right, size += fabs(left * right), reach += fabs(right);
      }
    }
  *bound = 0.5 * largest / 32767.0 * reach + 2e-6 * (size + 1.0);
  return sum;
}

static void check_values(const convolution_shape *s, const float *x, const float *weights, const float *bias,
                         const float *y) {
  for (uint32_t picture = 0; picture < BATCH; picture += BATCH - 1) {
    const float *from = x + picture * in_cells(s), *got = y + picture * out_cells(s);
    double largest = 0.0;
    for (size_t i = 0; i < in_cells(s); i++)
      largest = fmax(largest, fabs((double)from[i]));
    for (uint32_t i = 0; i < out_cells(s); i += 3) {
      const uint32_t n = i % s->out_channels, cell = i / s->out_channels;
      double bound;
      const double sum =
          right_value(s, from, weights, largest, cell / s->out_width, cell % s->out_width, n, &bound) +
          (double)bias[n];
      ck_assert_msg(fabs((double)got[i] - (sum > 0.0 ? sum : 0.2 * sum)) <= bound,
                    "%s: picture %u, cell %u, channel %u: %g, not %g", open.detail, picture, cell, n,
                    (double)got[i], sum);
    }
  }
}

static void check_shape(const convolution_shape *s, bool is_first, float *first_of_variant) {
  float *weights = byte_weights(s), *x = pictures(s), *bias = numbers(s->out_channels, 4);
  float *all = numbers(BATCH * out_cells(s), 5), *one = numbers(out_cells(s), 6);
  xd_prepared *prepared = prepare(s, weights, bias);
  ck_assert_ptr_eq(prepared->way, &xdi_direct_bytes_way);
  run(s, x, weights, bias, prepared, 0, BATCH, all);
  if (is_first) {
    check_values(s, x, weights, bias, all);
    memcpy(first_of_variant, all, BATCH * out_cells(s) * sizeof *all);
  } else
    ck_assert_mem_eq(first_of_variant, all, BATCH * out_cells(s) * sizeof *all);
  for (uint32_t picture = 0; picture < BATCH; picture++) {
    run(s, x, weights, bias, prepared, picture, 1, one);
    ck_assert_mem_eq(one, all + picture * out_cells(s), out_cells(s) * sizeof *one);
  }
  open.table.prepared_destroy(open.backend, prepared);
  free(weights), free(x), free(bias), free(all), free(one);
}

/* Pictures have the same bytes alone, in a batch and at any number of threads, and are right. */
START_TEST(convolution_prepare__keeps_bytes_as_they_are) {
  for (size_t i = 0; i < SHAPES; i++)
    for (int variant = 0; variant < VARIANTS; variant++) {
      float *first = numbers(BATCH * out_cells(&shapes[i]), 7);
      for (uint32_t threads = 1; threads <= 3 && opens(variants[variant]); threads++) {
        open_bench(&open, variants[variant], threads);
        check_shape(&shapes[i], threads == 1, first);
        close_bench(&open);
      }
      free(first);
    }
}
END_TEST

/* One weight that is between two bytes, or no number; and channels that do not fill their panels or pairs. */
START_TEST(convolution_prepare__takes_no_other_weights_for_bytes) {
  const float odd[] = {0.45f, NAN, INFINITY};
  const convolution_shape other[] = {{false, 8, 8, 32, 8, 8, 40, 3, 1, 1},
                                     {false, 8, 8, 33, 8, 8, 32, 3, 1, 1}};
  FOR_EACH_VARIANT(&open, 1) {
    for (size_t i = 0; i < sizeof odd / sizeof *odd + 2; i++) {
      const convolution_shape *s = i < 3 ? &shapes[0] : &other[i - 3];
      float *weights = byte_weights(s), *bias = numbers(s->out_channels, 4);
      if (i < 3)
        weights[weight_rows(s) * s->out_channels - 1] = 0.01f * odd[i];
      xd_prepared *prepared = prepare(s, weights, bias);
      const bool fits =
          s->out_channels % xdi_panel_width(open.backend->kernels) == 0 && s->in_channels % 2 == 0;
      ck_assert_int_eq(prepared->way == &xdi_direct_bytes_way, i >= 3 && fits);
      open.table.prepared_destroy(open.backend, prepared);
      clear_bench(&open);
      free(weights), free(bias);
    }
  }
}
END_TEST

/* Sums of the largest whole numbers, and pictures that are zeros, tiny, or hold what is no number. */
START_TEST(convolution_forward__of_bytes_reaches_all_pictures) {
  const convolution_shape s = {false, 4, 4, 128, 2, 2, 32, 4, 2, 1};
  const float value[BATCH] = {1e30f, 0.0f, 1e-38f, NAN, INFINITY};
  const size_t cells = in_cells(&s), count = weight_rows(&s) * s.out_channels;
  float *weights = numbers(count, 1), *x = numbers(BATCH * cells, 2), *y = numbers(BATCH * out_cells(&s), 3);
  float bias[32];
  for (size_t i = 0; i < count; i++)
    weights[i] = 127 * 0x1p-20f;
  for (size_t i = 0; i < BATCH * cells; i++)
    x[i] = isfinite(value[i / cells]) || i % cells == 0 ? value[i / cells] : 1.0f;
  for (int n = 0; n < 32; n++)
    bias[n] = 0.5f;
  FOR_EACH_VARIANT(&open, 2) {
    xd_prepared *prepared = prepare(&s, weights, bias);
    ck_assert_ptr_eq(prepared->way, &xdi_direct_bytes_way);
    run(&s, x, weights, bias, prepared, 0, BATCH, y);
    const double sum = 9.0 * 128.0 * 127.0 * 0x1p-20; /* nine taps of sixteen lie inside at each cell */
    for (size_t i = 0; i < out_cells(&s); i++) {
      ck_assert_double_le(fabs((double)y[i] / 1e30 / sum - 1.0), 1e-5);
      ck_assert_float_eq(y[out_cells(&s) + i], 0.5f);
      ck_assert_float_eq(y[2 * out_cells(&s) + i], 0.5f);
      ck_assert(isnan(y[3 * out_cells(&s) + i]) && isnan(y[4 * out_cells(&s) + i]));
    }
    open.table.prepared_destroy(open.backend, prepared);
  }
  free(weights), free(x), free(y);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("native_bytes");
  add_case(suite, convolution_prepare__keeps_bytes_as_they_are);
  add_case(suite, convolution_prepare__takes_no_other_weights_for_bytes);
  add_case(suite, convolution_forward__of_bytes_reaches_all_pictures);
  return suite;
}

XD_SUITE_MAIN(make_suite)
#endif
