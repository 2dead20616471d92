/* What the tests of layers, networks and models share: specifications of layers, networks of them, and
 * numbers to fill both. Include it instead of support.h. */
#ifndef XD_TESTS_NETWORK_SUPPORT_H
#define XD_TESTS_NETWORK_SUPPORT_H

#include "refusals.h"

#include <math.h>

#include "base/random.h"
#include "layer/executor.h"

#define COUNT_OF(array) (uint32_t)(sizeof(array) / sizeof *(array))

/* As add_named_case, with what runs before and after it. */
static inline void add_checked_case(Suite *suite, const char *name, const TTest *test, SFun before,
                                    SFun after) {
  TCase *tcase = tcase_create(name);
  tcase_add_checked_fixture(tcase, before, after);
  tcase_add_test(tcase, test);
  suite_add_tcase(suite, tcase);
}

/* ---- specifications ---- */

static inline xd_layer_spec dense_map_spec(uint32_t height, uint32_t width, uint32_t channels,
                                           xd_activation activation) {
  return (xd_layer_spec){XD_TAG('D', 'N', 'S', 'E'), {height, width, channels, (uint32_t)activation}};
}

static inline xd_layer_spec dense_spec(uint32_t outputs, xd_activation activation) {
  return dense_map_spec(1, 1, outputs, activation);
}

static inline xd_layer_spec conv2d_spec(uint32_t channels, uint32_t kernel, uint32_t stride, uint32_t pad,
                                        xd_activation activation) {
  return (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'), {channels, kernel, stride, pad, (uint32_t)activation}};
}

static inline xd_layer_spec conv_transpose2d_spec(uint32_t channels, uint32_t kernel, uint32_t stride,
                                                  uint32_t pad, xd_activation activation, uint32_t height,
                                                  uint32_t width) {
  return (xd_layer_spec){XD_TAG('C', 'N', 'T', '2'),
                         {channels, kernel, stride, pad, (uint32_t)activation, height, width}};
}

static inline xd_layer_spec reshape_spec(uint32_t height, uint32_t width, uint32_t channels) {
  return (xd_layer_spec){XD_TAG('R', 'S', 'H', 'P'), {height, width, channels}};
}

static inline xd_layer_spec activation_spec(xd_activation activation) {
  return (xd_layer_spec){XD_TAG('A', 'C', 'T', 'V'), {(uint32_t)activation}};
}

static inline xd_layer_spec dropout_spec(uint32_t millionths) {
  return (xd_layer_spec){XD_TAG('D', 'R', 'O', 'P'), {millionths}};
}

static inline xd_layer_spec linear_skip_spec(xd_activation activation) {
  return (xd_layer_spec){XD_TAG('L', 'S', 'K', 'P'), {(uint32_t)activation}};
}

static inline xd_layer_spec group_norm_spec(uint32_t groups, xd_activation activation) {
  return (xd_layer_spec){XD_TAG('G', 'N', 'R', 'M'), {groups, activation}};
}

static inline xd_layer_spec upsample_spec(uint32_t height, uint32_t width) {
  return (xd_layer_spec){XD_TAG('U', 'P', 'S', '2'), {height, width}};
}

static inline xd_layer_spec upsample_conv2d_spec(uint32_t channels, xd_activation activation, uint32_t height,
                                                 uint32_t width) {
  return (xd_layer_spec){XD_TAG('U', 'P', 'C', '3'), {channels, activation, height, width}};
}

static inline xd_layer_spec residual_add_spec(uint32_t back, xd_activation activation) {
  return (xd_layer_spec){XD_TAG('R', 'A', 'D', 'D'), {back, activation}};
}

/* ---- numbers ---- */

static inline float *new_floats(size_t count) {
  float *floats = calloc(count ? count : 1, sizeof *floats);
  ck_assert_ptr_nonnull(floats);
  return floats;
}

/* Normal numbers; the caller frees them. */
static inline float *make_normals(size_t count, uint64_t seed) {
  float *numbers = new_floats(count);
  xdi_random_normals(numbers, count, seed, 77, 0);
  return numbers;
}

/* Pixels in 0..1; the caller frees them. */
static inline float *make_pixels(size_t count, uint64_t seed) {
  float *numbers = new_floats(count);
  for (size_t i = 0; i < count; i++)
    numbers[i] = xdi_random_uniform(seed, 78, i);
  return numbers;
}

static inline void assert_same_floats(const float *a, const float *b, size_t count) {
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(a[i] == b[i], "cell %zu: %.9g is not %.9g", i, (double)a[i], (double)b[i]);
}

static inline void assert_near_floats(const float *a, const float *b, size_t count, double tolerance) {
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(fabs((double)a[i] - (double)b[i]) <= tolerance, "cell %zu: %.9g is not near %.9g", i,
                  (double)a[i], (double)b[i]);
}

/* ---- networks ---- */

static inline size_t shape_cells(xd_shape shape) {
  return (size_t)shape.height * shape.width * shape.channels;
}

/* The caller releases it. */
static inline xd_network *make_network(xd_context *context, xd_shape input, const xd_layer_spec *specs,
                                       uint32_t count) {
  xd_network *network = NULL;
  assert_ok(context, xdi_network_create(&network, context, input, specs, count));
  ck_assert_ptr_nonnull(network);
  return network;
}

/* Initial weights, and biases that are not zero. */
static inline void randomise(xd_network *network, uint64_t seed) {
  xdi_network_initialise(network, seed, 0.0f);
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    float *values = network->block + parameter->offset;
    if (parameter->fan_in > 0)
      continue;
    xdi_random_normals(values, parameter->public.count, seed, 1000 + i, 0);
    for (size_t k = 0; k < parameter->public.count; k++)
      values[k] *= 0.3f;
  }
}

/* The outputs of `count` rows, run as one inference batch; the caller frees them. */
static inline float *run_network(xd_context *context, const xd_network *network, const float *rows,
                                 uint32_t count) {
  const size_t outputs = count * shape_cells(network->output);
  float *out = new_floats(outputs);
  xdi_executor *executor = NULL;
  assert_ok(context, xdi_executor_create(&executor, context, network, count, XDI_INFERENCE));
  assert_ok(context, xdi_device_write(context, xdi_executor_input(executor), rows,
                                      count * shape_cells(network->input)));
  assert_ok(context, xdi_executor_forward(executor, count, false, 0, 0));
  assert_ok(context, xdi_device_read(context, out, xdi_executor_output(executor), outputs));
  xdi_executor_destroy(executor);
  return out;
}

#endif
