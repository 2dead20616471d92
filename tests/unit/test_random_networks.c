/* Random networks that are valid, on the native backend against the reference: outputs of inference, and
 * outputs and gradients of training; and on the opencl plug-in, where the environment names it. Each run draws from a
 * fresh seed, which is printed and which XDOMAIN_TEST_SEED repeats. */
#include "backend_support.h"
#include "network_support.h"

#include <time.h>

#define LAYERS 6
#define NETWORKS 100
#define MOST_CELLS 20000
#define TOLERANCE 1e-5

typedef struct dice {
  uint64_t seed, drawn;
} dice;

static uint32_t roll(dice *of, uint32_t bound) {
  return xdi_random_below(of->seed, 1, of->drawn++, bound);
}

static uint64_t fresh_seed(void) {
  const char *given = getenv("XDOMAIN_TEST_SEED");
  const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
  printf("XDOMAIN_TEST_SEED=%llu\n", (unsigned long long)seed);
  fflush(stdout);
  return seed;
}

/* An activation; without `kinks` one whose derivative has no jump, so that a last bit changes no gradient. */
static uint32_t roll_activation(dice *of, bool kinks) {
  static const xd_activation smooth[] = {XD_ACTIVATION_IDENTITY, XD_ACTIVATION_SIGMOID, XD_ACTIVATION_TANH};
  return kinks ? roll(of, XD_ACTIVATION_TANH + 1) : smooth[roll(of, 3)];
}

/* Some layer, likely one that fits behind `in`. */
static xd_layer_spec roll_layer(dice *of, xd_shape in, bool kinks) {
  const uint32_t channels = 1 + roll(of, roll(of, 4) ? 12 : 40), kernel = 1 + roll(of, 5);
  const uint32_t stride = 1 + roll(of, 3), pad = roll(of, kernel), activation = roll_activation(of, kinks);
  switch (roll(of, 12)) {
  case 0:
  case 1:
  case 2:
    return conv2d_spec(channels, kernel, stride, pad, activation);
  case 3:
  case 4:
    return conv_transpose2d_spec(channels, kernel, stride, pad, activation,
                                 1 + roll(of, in.height * stride + kernel),
                                 1 + roll(of, in.width * stride + kernel));
  case 5:
    return dense_map_spec(1 + roll(of, 6), 1 + roll(of, 6), 1 + roll(of, 24), activation);
  case 6:
    return roll(of, 2) ? activation_spec(activation) : linear_skip_spec(activation);
  case 7:
  case 8: /* of a few equal values it would make noise large */
    return in.width * in.height < 16 ? dropout_spec(100000) : group_norm_spec(1 + roll(of, 6), activation);
  case 9:
    return upsample_spec(2 * in.height - roll(of, 2), 2 * in.width - roll(of, 2));
  case 10:
    return residual_add_spec(2 + roll(of, 4), activation);
  default:
    return reshape_spec(in.width, in.height, in.channels);
  }
}

static size_t cells_of(xd_shape shape) {
  return (size_t)shape.width * shape.height * shape.channels;
}

/* Layers are added one by one, each drawn anew until the network takes it and stays small. */
static xd_network *roll_network(dice *of, xd_context *context, bool kinks) {
  const xd_shape input = {
      .width = 1 + roll(of, 20), .height = 1 + roll(of, 20), .channels = 1 + roll(of, roll(of, 3) ? 4 : 20)};
  const uint32_t count = 1 + roll(of, LAYERS);
  xd_layer_spec specs[LAYERS];
  xd_network *network = NULL;
  for (uint32_t made = 0; made < count;) {
    const xd_shape in = network ? output_shape_of(network) : input;
    xd_network *longer = NULL;
    specs[made] = roll_layer(of, in, kinks);
    if (xdi_network_create(&longer, context, input, specs, made + 1) != XD_OK ||
        cells_of(output_shape_of(longer)) > MOST_CELLS) {
      xdi_network_release(longer);
      continue;
    }
    xdi_network_release(network);
    network = longer;
    made++;
  }
  xdi_network_initialise(network, of->seed + of->drawn, 0.0f);
  return network;
}

typedef struct results {
  float *output, *gradients, *input_gradient;
  size_t outputs, weights, inputs;
} results;

static void free_results(results *of) {
  free(of->output);
  free(of->gradients);
  free(of->input_gradient);
}

/* One forward pass and, in training, one backward pass with a gradient of the seed's. */
static void run(results *out, xd_context *context, const xd_network *network, uint32_t batch, uint64_t seed,
                xdi_executor_mode mode) {
  const size_t outputs = batch * cells_of(output_shape_of(network));
  const size_t inputs = batch * cells_of(input_shape_of(network));
  float *input = make_normals(inputs, seed), *gradient = make_normals(outputs, seed + 1);
  xdi_executor *executor = NULL;
  *out = (results){new_floats(outputs), NULL, NULL, outputs, network->block_count, inputs};
  assert_ok(context, xdi_executor_create(&executor, context, network, batch, mode));
  assert_ok(context, xdi_device_write(context, xdi_executor_input(executor), input, inputs));
  assert_ok(context, xdi_executor_forward(executor, batch, false, 1, 0));
  assert_ok(context, xdi_device_read(context, out->output, xdi_executor_output(executor), outputs));
  if (mode == XDI_TRAINING) {
    out->gradients = new_floats(out->weights);
    out->input_gradient = new_floats(inputs);
    assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(executor), gradient, outputs));
    assert_ok(context, xdi_executor_backward(executor, batch, true, true));
    if (out->weights)
      assert_ok(context,
                xdi_device_read(context, out->gradients, xdi_executor_gradients(executor), out->weights));
    assert_ok(context,
              xdi_device_read(context, out->input_gradient, xdi_executor_input_gradient(executor), inputs));
  }
  xdi_executor_destroy(executor);
  free(input);
  free(gradient);
}

static void describe(const xd_network *network) {
  const xd_shape in = input_shape_of(network);
  fprintf(stderr, "input %u x %u x %u\n", in.width, in.height, in.channels);
  for (uint32_t i = 0; i < network->layer_count; i++) {
    const xd_layer_spec *spec = &network->layers[i].spec;
    fprintf(stderr, "%.4s", (const char *)&spec->tag);
    for (int k = 0; k < 8; k++)
      fprintf(stderr, " %u", spec->values[k]);
    fputc('\n', stderr);
  }
}

/* Normalising magnifies what little a group of nearly equal values differs by, and its errors. */
static double tolerance_of(const xd_network *network) {
  for (uint32_t i = 0; i < network->layer_count; i++)
    if (network->layers[i].spec.tag == XD_TAG('G', 'N', 'R', 'M'))
      return 100 * TOLERANCE;
  return TOLERANCE;
}

/* Errors are measured against the largest number of all, as sums of many terms are. */
static void compare(const xd_network *network, const float *got, const float *expected, size_t count,
                    const char *what, uint32_t number, double *worst) {
  double size = 1.0, error = 0.0;
  for (size_t i = 0; i < count; i++) {
    size = fmax(size, fabs(expected[i]));
    error = fmax(error, isfinite(got[i]) ? fabs((double)got[i] - expected[i]) : INFINITY);
  }
  *worst = fmax(*worst, error / size);
  if (error <= tolerance_of(network) * size)
    return;
  describe(network);
  ck_abort_msg("network %u: %s differ by %g of %g", number, what, error, size);
}

static void check_networks(xd_context *context, xdi_executor_mode mode, bool kinks) {
  dice of = {fresh_seed() + (uint64_t)mode, 0};
  xd_context *reference = test_context("reference");
  double worst = 0.0;
  for (uint32_t number = 0; number < NETWORKS; number++) {
    xd_network *network = roll_network(&of, reference, kinks);
    const uint32_t batch = 1 + roll(&of, 5);
    const uint64_t seed = of.seed + number;
    results expected, got;
    run(&expected, reference, network, batch, seed, mode);
    run(&got, context, network, batch, seed, mode);
    compare(network, got.output, expected.output, got.outputs, "outputs", number, &worst);
    if (mode == XDI_TRAINING) {
      compare(network, got.gradients, expected.gradients, got.weights, "gradients", number, &worst);
      compare(network, got.input_gradient, expected.input_gradient, got.inputs, "the input's gradients",
              number, &worst);
    }
    free_results(&expected);
    free_results(&got);
    xdi_network_release(network);
  }
  printf("%u networks agree to %.1e\n", NETWORKS, worst);
  xd_context_destroy(reference);
  xd_context_destroy(context);
}

START_TEST(native__infers_as_the_reference_does) {
  check_networks(test_context_with("native", 3, NULL), XDI_INFERENCE, true);
}
END_TEST

START_TEST(native__trains_as_the_reference_does) {
  check_networks(test_context_with("native", 3, NULL), XDI_TRAINING, false);
}
END_TEST

/* A plug-in that the environment names. Without a device there is nothing to compare. */
static void check_plugin(const char *path) {
  char message[300] = "";
  xd_backend_library *library = NULL;
  assert_status(xd_backend_library_open(&library, message, sizeof message, path), XD_OK);
  for (int training = 0; training < 2; training++) {
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *context = NULL;
    options.message = message, options.message_size = sizeof message;
    if (open_context_on(&context, xd_backend_library_table(library), options) == XD_OK)
      check_networks(context, training ? XDI_TRAINING : XDI_INFERENCE, !training);
    else
      printf("opencl was not tried: %s\n", message);
  }
  xd_backend_library_close(library);
}

START_TEST(opencl__computes_as_the_reference_does) {
  check_plugin(getenv("XDOMAIN_OPENCL_PLUGIN"));
}
END_TEST

START_TEST(opencl__computes_so_without_clblast) {
  check_plugin(getenv("XDOMAIN_OPENCL_OWN_PLUGIN"));
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("random_networks");
#ifdef XDI_WITH_NATIVE
  add_case(suite, native__infers_as_the_reference_does);
  add_case(suite, native__trains_as_the_reference_does);
#endif
  if (getenv("XDOMAIN_OPENCL_PLUGIN"))
    add_case(suite, opencl__computes_as_the_reference_does);
  if (getenv("XDOMAIN_OPENCL_OWN_PLUGIN"))
    add_case(suite, opencl__computes_so_without_clblast);
  return suite;
}

XD_SUITE_MAIN(make_suite)
