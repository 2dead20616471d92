/* Gradients of every layer, of chains of them and of whole encoders and decoders, through the executor on
 * the reference backend, against central finite differences of its own forward pass. */
#include "network_support.h"

#include "model/architecture.h"

#define TOLERANCE 1e-3            /* of the tensor's largest gradient */
#define SMOOTH_STEP (1.0f / 128)  /* of the differences; their rounding weighs less in a larger one */
#define KINKED_STEP (1.0f / 1024) /* with rectifiers */
#define MARGIN 0.01               /* how far from 0 everything before a rectifier must lie */
#define BATCH 2
#define SEEDS 2000 /* tried until all lie that far */

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

/* ---- seeds at which no step crosses the kink of a rectifier ---- */

static uint32_t *activation_of(xd_layer_spec *spec) {
  if (spec->tag == XD_TAG('D', 'N', 'S', 'E'))
    return &spec->values[3];
  if (spec->tag == XD_TAG('C', 'N', 'V', '2') || spec->tag == XD_TAG('C', 'N', 'T', '2'))
    return &spec->values[4];
  if (spec->tag == XD_TAG('G', 'N', 'R', 'M') || spec->tag == XD_TAG('R', 'A', 'D', 'D') ||
      spec->tag == XD_TAG('U', 'P', 'C', '3'))
    return &spec->values[1];
  if (spec->tag == XD_TAG('A', 'C', 'T', 'V') || spec->tag == XD_TAG('L', 'S', 'K', 'P'))
    return &spec->values[0];
  return NULL;
}

static bool rectifies(xd_layer_spec *spec) {
  const uint32_t *activation = activation_of(spec);
  return activation && (*activation == XD_ACTIVATION_RELU || *activation == XD_ACTIVATION_LEAKY_RELU);
}

/* The smallest magnitude before the rectifier of the last layer of these. */
static double smallest_before(const xd_network *of, xd_layer_spec *specs, uint32_t count, const float *rows) {
  uint32_t *activation = activation_of(&specs[count - 1]);
  if (!rectifies(&specs[count - 1]))
    return 1;
  const uint32_t kept = *activation;
  *activation = XD_ACTIVATION_IDENTITY;
  xd_network *prefix = make_network(context, of->input, specs, count);
  memcpy(prefix->block, of->block, prefix->block_count * sizeof *prefix->block);
  *activation = kept;
  float *before = run_network(context, prefix, rows, BATCH);
  double smallest = 1;
  for (size_t i = 0; i < BATCH * shape_cells(prefix->output); i++)
    smallest = fmin(smallest, fabs((double)before[i]));
  free(before);
  xdi_network_release(prefix);
  return smallest;
}

/* Fills the network so that finite differences are true; what is fed to it comes back. */
static float *settle(xd_network *network, xd_layer_spec *specs, uint32_t count) {
  for (uint64_t seed = 1; seed <= SEEDS; seed++) {
    float *rows = make_normals(BATCH * shape_cells(network->input), seed);
    double smallest = 1;
    randomise(network, seed);
    for (uint32_t i = 1; i <= count && smallest > MARGIN; i++)
      smallest = smallest_before(network, specs, i, rows);
    if (smallest > MARGIN)
      return rows;
    free(rows);
  }
  ck_abort_msg("no seed keeps the network away from its kinks");
  return NULL;
}

/* ---- loss = sum of weights * outputs ---- */

typedef struct problem {
  xd_network *network;
  xdi_executor *executor;
  float *rows, *weights, *outputs;
  size_t inputs, cells;
  float step;
  bool drop;
} problem;

static double loss(problem *of) {
  double sum = 0;
  assert_ok(context, xdi_device_write(context, xdi_executor_input(of->executor), of->rows, of->inputs));
  assert_ok(context,
            xdi_executor_forward(of->executor, BATCH, of->drop, 5, xdi_stream_id(XDI_STREAM_DROPOUT, 64)));
  assert_ok(context, xdi_device_read(context, of->outputs, xdi_executor_output(of->executor), of->cells));
  for (size_t i = 0; i < of->cells; i++)
    sum += (double)of->weights[i] * (double)of->outputs[i];
  return sum;
}

/* f'(a) from y = f(a). */
static double slope(xd_activation activation, double y) {
  switch (activation) {
  case XD_ACTIVATION_RELU:
    return y > 0 ? 1 : 0;
  case XD_ACTIVATION_LEAKY_RELU:
    return y > 0 ? 1 : 0.2;
  case XD_ACTIVATION_SIGMOID:
    return y * (1 - y);
  case XD_ACTIVATION_TANH:
    return 1 - y * y;
  default:
    return 1;
  }
}

static void run_backward(problem *of) {
  const xd_activation last = of->network->layers[of->network->layer_count - 1].activation;
  float *gradient = new_floats(of->cells);
  loss(of);
  for (size_t i = 0; i < of->cells; i++)
    gradient[i] = (float)((double)of->weights[i] * slope(last, (double)of->outputs[i]));
  assert_ok(context,
            xdi_device_write(context, xdi_executor_output_gradient(of->executor), gradient, of->cells));
  assert_ok(context, xdi_executor_backward(of->executor, BATCH, true, true));
  free(gradient);
}

/* (loss(x + h) - loss(x - h)) / 2h for the place `cell`, an input's or a parameter's. */
static double difference(problem *of, float *cell, const xd_slice *place) {
  const float value = *cell, above = value + of->step, below = value - of->step;
  double sides[2];
  for (int i = 0; i < 2; i++) {
    *cell = i ? below : above;
    if (place)
      assert_ok(context, xdi_device_write(context, *place, cell, 1));
    sides[i] = loss(of);
  }
  *cell = value;
  if (place)
    assert_ok(context, xdi_device_write(context, *place, cell, 1));
  return (sides[0] - sides[1]) / ((double)above - (double)below);
}

static void compare(const char *what, const float *gradient, const double *numeric, size_t count) {
  double largest = 0;
  for (size_t i = 0; i < count; i++)
    largest = fmax(largest, fabs(numeric[i]));
  ck_assert_msg(largest > 1e-3, "%s: all gradients are 0, the check would mean nothing", what);
  for (size_t i = 0; i < count; i++)
    ck_assert_msg(fabs((double)gradient[i] - numeric[i]) < TOLERANCE * largest,
                  "%s: cell %zu has gradient %g, differences give %g, the largest is %g", what, i,
                  (double)gradient[i], numeric[i], largest);
}

static void check_input(problem *of) {
  float *gradient = new_floats(of->inputs);
  double *numeric = calloc(of->inputs, sizeof *numeric);
  ck_assert_ptr_nonnull(numeric);
  assert_ok(context,
            xdi_device_read(context, gradient, xdi_executor_input_gradient(of->executor), of->inputs));
  for (size_t i = 0; i < of->inputs; i++)
    numeric[i] = difference(of, &of->rows[i], NULL);
  compare("input", gradient, numeric, of->inputs);
  free(gradient);
  free(numeric);
}

static void check_parameter(problem *of, const float *gradients, const xdi_parameter *parameter) {
  const size_t count = parameter->public.count;
  double *numeric = calloc(count, sizeof *numeric);
  ck_assert_ptr_nonnull(numeric);
  for (size_t i = 0; i < count; i++) {
    xd_slice place = xdi_executor_parameters(of->executor);
    place.offset += parameter->offset + i;
    numeric[i] = difference(of, &of->network->block[parameter->offset + i], &place);
  }
  compare(parameter->public.name, gradients + parameter->offset, numeric, count);
  free(numeric);
}

/* All gradients are read before anything is run again. */
static void check_all(problem *of) {
  float *gradients = new_floats(of->network->block_count);
  run_backward(of);
  if (of->network->block_count > 0)
    assert_ok(context, xdi_device_read(context, gradients, xdi_executor_gradients(of->executor),
                                       of->network->block_count));
  check_input(of);
  for (uint32_t i = 0; i < of->network->parameter_count; i++)
    check_parameter(of, gradients, &of->network->parameters[i]);
  free(gradients);
}

static void check_network_with(xd_shape input, xd_layer_spec *specs, uint32_t count, bool drop) {
  problem of = {.network = make_network(context, input, specs, count), .step = SMOOTH_STEP, .drop = drop};
  for (uint32_t i = 0; i < count; i++)
    if (rectifies(&specs[i]))
      of.step = KINKED_STEP;
  of.inputs = BATCH * shape_cells(input);
  of.cells = BATCH * shape_cells(of.network->output);
  of.rows = settle(of.network, specs, count);
  of.weights = make_normals(of.cells, 99);
  of.outputs = new_floats(of.cells);
  assert_ok(context, xdi_executor_create(&of.executor, context, of.network, BATCH, XDI_TRAINING));
  check_all(&of);
  xdi_executor_destroy(of.executor);
  xdi_network_release(of.network);
  free(of.rows);
  free(of.weights);
  free(of.outputs);
}

static void check_network(xd_shape input, xd_layer_spec *specs, uint32_t count) {
  check_network_with(input, specs, count, false);
}

/* ---- single layers; a second one makes the first one's activation and the second one's dx count ---- */

static const xd_activation activations[] = {XD_ACTIVATION_IDENTITY, XD_ACTIVATION_RELU,
                                            XD_ACTIVATION_LEAKY_RELU, XD_ACTIVATION_SIGMOID,
                                            XD_ACTIVATION_TANH};

START_TEST(dense_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {dense_spec(7, activations[i]), dense_spec(3, activations[i])};
    check_network((xd_shape){.width = 1, .height = 1, .channels = 5}, specs, 2);
  }
}
END_TEST

START_TEST(dense_backward__matches_finite_differences_from_maps_to_maps) {
  xd_layer_spec specs[] = {dense_map_spec(3, 2, 2, XD_ACTIVATION_TANH),
                           conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_IDENTITY)};
  check_network((xd_shape){.width = 3, .height = 2, .channels = 2}, specs, 2);
}
END_TEST

START_TEST(conv2d_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {conv2d_spec(3, 4, 2, 1, activations[i]),
                             conv2d_spec(2, 3, 1, 1, activations[i])};
    check_network((xd_shape){.width = 7, .height = 5, .channels = 2}, specs, 2);
  }
}
END_TEST

START_TEST(conv2d_backward__matches_finite_differences_at_odd_geometries) {
  const uint32_t kernels[][3] = {{1, 1, 0}, {1, 2, 0}, {2, 3, 1},
                                 {5, 2, 2}, {3, 2, 1}, {3, 3, 0}}; /* kernel, stride, pad */
  for (size_t i = 0; i < COUNT_OF(kernels); i++) {
    xd_layer_spec specs[] = {conv2d_spec(2, kernels[i][0], kernels[i][1], kernels[i][2], XD_ACTIVATION_TANH)};
    check_network((xd_shape){.width = 4, .height = 7, .channels = 3}, specs, 1);
  }
}
END_TEST

START_TEST(conv_transpose2d_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {conv_transpose2d_spec(3, 4, 2, 1, activations[i], 5, 3),
                             conv_transpose2d_spec(2, 3, 1, 1, activations[i], 5, 3)};
    check_network((xd_shape){.width = 2, .height = 3, .channels = 2}, specs, 2);
  }
}
END_TEST

START_TEST(conv_transpose2d_backward__matches_finite_differences_at_odd_geometries) {
  const uint32_t kernels[][5] = {{1, 1, 0, 3, 4}, {4, 1, 0, 6, 7},  {3, 2, 1, 6, 8},
                                 {5, 2, 2, 5, 7}, {2, 3, 1, 8, 11}, {3, 2, 0, 9, 11}};
  for (size_t i = 0; i < COUNT_OF(kernels); i++) { /* kernel, stride, pad, height, width */
    xd_layer_spec specs[] = {conv_transpose2d_spec(2, kernels[i][0], kernels[i][1], kernels[i][2],
                                                   XD_ACTIVATION_TANH, kernels[i][3], kernels[i][4])};
    check_network((xd_shape){.width = 4, .height = 3, .channels = 2}, specs, 1);
  }
}
END_TEST

START_TEST(activation_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++)
    for (size_t k = 0; k < COUNT_OF(activations); k++) {
      xd_layer_spec specs[] = {dense_spec(6, activations[i]), activation_spec(activations[k]),
                               dense_spec(2, XD_ACTIVATION_IDENTITY)};
      check_network((xd_shape){.width = 1, .height = 1, .channels = 3}, specs, 3);
    }
}
END_TEST

START_TEST(activation_backward__matches_finite_differences_alone) {
  xd_layer_spec specs[] = {activation_spec(XD_ACTIVATION_TANH), activation_spec(XD_ACTIVATION_SIGMOID)};
  check_network((xd_shape){.width = 2, .height = 2, .channels = 3}, specs, 2);
}
END_TEST

START_TEST(reshape_backward__passes_gradients_through) {
  xd_layer_spec specs[] = {
      reshape_spec(2, 3, 2), conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_TANH),    reshape_spec(1, 1, 12),
      reshape_spec(3, 2, 2), conv2d_spec(2, 2, 2, 0, XD_ACTIVATION_SIGMOID), reshape_spec(1, 1, 4)};
  check_network((xd_shape){.width = 1, .height = 1, .channels = 12}, specs, COUNT_OF(specs));
}
END_TEST

START_TEST(dropout_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {dense_spec(12, activations[i]), dropout_spec(400000),
                             dense_spec(9, activations[i]), dropout_spec(250000),
                             dense_spec(3, XD_ACTIVATION_IDENTITY)};
    check_network_with((xd_shape){.width = 1, .height = 1, .channels = 6}, specs, COUNT_OF(specs), true);
    check_network_with((xd_shape){.width = 1, .height = 1, .channels = 6}, specs, COUNT_OF(specs), false);
  }
}
END_TEST

START_TEST(linear_skip_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++)
    for (size_t k = 0; k < COUNT_OF(activations); k++) {
      xd_layer_spec specs[] = {dense_spec(3, activations[i]), linear_skip_spec(activations[k])};
      check_network((xd_shape){.width = 1, .height = 1, .channels = 5}, specs, 2);
    }
}
END_TEST

/* Two skips, one in the middle, behind a reshape: both reach the input. */
START_TEST(linear_skip_backward__matches_finite_differences_of_several) {
  xd_layer_spec specs[] = {reshape_spec(2, 3, 2), conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_TANH),
                           linear_skip_spec(XD_ACTIVATION_TANH), dense_spec(4, XD_ACTIVATION_TANH),
                           linear_skip_spec(XD_ACTIVATION_SIGMOID)};
  check_network((xd_shape){.width = 1, .height = 1, .channels = 12}, specs, COUNT_OF(specs));
}
END_TEST

START_TEST(linear_skip_backward__matches_finite_differences_alone) {
  xd_layer_spec specs[] = {linear_skip_spec(XD_ACTIVATION_TANH)};
  check_network((xd_shape){.width = 2, .height = 2, .channels = 3}, specs, 1);
}
END_TEST

START_TEST(group_norm_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++)
    for (size_t k = 0; k < COUNT_OF(activations); k++) {
      xd_layer_spec specs[] = {conv2d_spec(6, 1, 1, 0, activations[i]), group_norm_spec(2, activations[k])};
      check_network((xd_shape){.width = 2, .height = 2, .channels = 3}, specs, 2);
    }
}
END_TEST

START_TEST(group_norm_backward__matches_finite_differences_alone) {
  xd_layer_spec specs[] = {group_norm_spec(4, XD_ACTIVATION_TANH)};
  check_network((xd_shape){.width = 3, .height = 2, .channels = 4}, specs, 1);
}
END_TEST

START_TEST(upsample_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {conv2d_spec(2, 1, 1, 0, activations[i]), upsample_spec(4, 5),
                             conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_TANH), upsample_spec(7, 10)};
    check_network((xd_shape){.width = 3, .height = 2, .channels = 1}, specs, COUNT_OF(specs));
  }
}
END_TEST

START_TEST(upsample_conv2d_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++) {
    xd_layer_spec specs[] = {conv2d_spec(2, 1, 1, 0, activations[i]),
                             upsample_conv2d_spec(3, activations[i], 4, 5),
                             upsample_conv2d_spec(1, XD_ACTIVATION_TANH, 7, 10)};
    check_network((xd_shape){.width = 3, .height = 2, .channels = 1}, specs, COUNT_OF(specs));
  }
}
END_TEST

/* A sum of the layer before the previous one, behind a reshape, and of the network's input. */
START_TEST(residual_add_backward__matches_finite_differences) {
  for (size_t i = 0; i < COUNT_OF(activations); i++)
    for (size_t k = 0; k < COUNT_OF(activations); k++) {
      xd_layer_spec specs[] = {dense_spec(4, activations[i]), dense_spec(4, activations[k]),
                               reshape_spec(1, 1, 4), residual_add_spec(3, activations[k]),
                               residual_add_spec(5, activations[i])};
      check_network((xd_shape){.width = 1, .height = 1, .channels = 4}, specs, COUNT_OF(specs));
    }
}
END_TEST

/* One result read by three layers: its branch, a near sum and a far one; and a result beside a copy of itself. */
START_TEST(residual_add_backward__matches_finite_differences_of_many_readers) {
  xd_layer_spec specs[] = {conv2d_spec(4, 3, 1, 1, XD_ACTIVATION_LEAKY_RELU),
                           group_norm_spec(2, XD_ACTIVATION_TANH),
                           conv2d_spec(4, 3, 1, 1, XD_ACTIVATION_IDENTITY),
                           residual_add_spec(3, XD_ACTIVATION_IDENTITY),
                           group_norm_spec(1, XD_ACTIVATION_SIGMOID),
                           conv2d_spec(4, 3, 1, 1, XD_ACTIVATION_TANH),
                           residual_add_spec(3, XD_ACTIVATION_TANH),
                           residual_add_spec(7, XD_ACTIVATION_IDENTITY),
                           dropout_spec(0),
                           residual_add_spec(2, XD_ACTIVATION_TANH)};
  check_network((xd_shape){.width = 3, .height = 2, .channels = 2}, specs, COUNT_OF(specs));
}
END_TEST

/* ---- whole networks ---- */

static const xdi_vae_settings odd = {.width = 13,
                                     .height = 9,
                                     .channels = 3,
                                     .latent_dim = 3,
                                     .base_channels = 2,
                                     .max_channels = 128,
                                     .depth = 2,
                                     .hidden_count = 1,
                                     .hidden1 = 6};

START_TEST(encoder_backward__matches_finite_differences_of_odd_pictures) {
  xdi_layer_list layers = {.count = 0};
  xdi_architecture_encoder(&odd, &layers);
  check_network((xd_shape){.width = 13, .height = 9, .channels = 3}, layers.at, layers.count);
}
END_TEST

START_TEST(decoder_backward__matches_finite_differences_of_odd_pictures) {
  xdi_layer_list layers = {.count = 0};
  xdi_architecture_decoder(&odd, &layers);
  check_network((xd_shape){.width = 1, .height = 1, .channels = 3}, layers.at, layers.count);
}
END_TEST

START_TEST(perceptron_backward__matches_finite_differences) {
  xdi_layer_list layers = {.count = 0};
  xdi_layer_list_add_perceptron(&layers, 3, 8, XD_ACTIVATION_LEAKY_RELU, 0.2f, 1);
  check_network_with((xd_shape){.width = 1, .height = 1, .channels = 6}, layers.at, layers.count, true);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("layer_gradients");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(dense_backward__matches_finite_differences);
  add(dense_backward__matches_finite_differences_from_maps_to_maps);
  add(conv2d_backward__matches_finite_differences);
  add(conv2d_backward__matches_finite_differences_at_odd_geometries);
  add(conv_transpose2d_backward__matches_finite_differences);
  add(conv_transpose2d_backward__matches_finite_differences_at_odd_geometries);
  add(activation_backward__matches_finite_differences);
  add(activation_backward__matches_finite_differences_alone);
  add(reshape_backward__passes_gradients_through);
  add(dropout_backward__matches_finite_differences);
  add(linear_skip_backward__matches_finite_differences);
  add(linear_skip_backward__matches_finite_differences_of_several);
  add(linear_skip_backward__matches_finite_differences_alone);
  add(group_norm_backward__matches_finite_differences);
  add(group_norm_backward__matches_finite_differences_alone);
  add(upsample_backward__matches_finite_differences);
  add(upsample_conv2d_backward__matches_finite_differences);
  add(residual_add_backward__matches_finite_differences);
  add(residual_add_backward__matches_finite_differences_of_many_readers);
  add(encoder_backward__matches_finite_differences_of_odd_pictures);
  add(decoder_backward__matches_finite_differences_of_odd_pictures);
  add(perceptron_backward__matches_finite_differences);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
