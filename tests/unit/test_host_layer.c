/* A layer of the host's own: registered in a context, used through xd_network_layers, trained
 * and copied like the built-in ones, and refused where nobody knows it. */
#include "network_support.h"

#include "xdomain/decoder.h"
#include "xdomain/encoder.h"

/* y = s * x, s one learned number a channel; written on the kernels that the table offers. */
typedef struct scale_state {
  uint32_t channels;
} scale_state;

static xd_status scale_configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                                 const xd_shape *in) {
  if (spec->values[0] != 7) {
    *why = "a scale layer's value is 7";
    return XD_ERROR_INVALID_ARGUMENT;
  }
  ((scale_state *)state)->channels = in->channels;
  *out = *in;
  return XD_OK;
}

static int scale_parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  const scale_state *scale = state;
  if (index == 0)
    *out = (xd_layer_parameter){
        .name = "scales", .shape = {scale->channels, 1, 1, 1}, .rank = 1, .fan_in = 1, .fan_out = 1};
  return index == 0;
}

static float *host(xd_slice slice) {
  return slice.buffer->host + slice.offset;
}

static xd_status scale_forward(const void *state, const xd_layer_io *io) {
  const uint32_t channels = ((const scale_state *)state)->channels;
  for (size_t i = 0; i < io->batch * shape_cells(io->in); i++)
    host(io->y)[i] = host(io->parameters)[i % channels] * host(io->x)[i];
  return XD_OK;
}

static xd_status scale_backward(const void *state, const xd_layer_io *io) {
  const uint32_t channels = ((const scale_state *)state)->channels;
  const size_t count = io->batch * shape_cells(io->in);
  for (uint32_t c = 0; io->gradients.buffer && c < channels; c++) {
    double sum = 0;
    for (size_t i = c; i < count; i += channels)
      sum += (double)host(io->dy)[i] * (double)host(io->x)[i];
    host(io->gradients)[c] = (float)sum;
  }
  if (!io->dx.buffer)
    return XD_OK;
  for (size_t i = 0; i < count; i++)
    host(io->dx)[i] = host(io->parameters)[i % channels] * host(io->dy)[i];
  return io->table->activation_backward(io->backend, io->x_activation, io->x, io->dx, io->dx, count);
}

#define SCALE_TAG XD_TAG('H', 'S', 'C', 'L')

static const xd_layer_table scale_layer = {
    .struct_size = sizeof(xd_layer_table),
    .table_version = XD_LAYER_TABLE_VERSION,
    .tag = SCALE_TAG,
    .name = "scale",
    .state_size = sizeof(scale_state),
    .configure = scale_configure,
    .parameter = scale_parameter,
    .forward = scale_forward,
    .backward = scale_backward,
};

static xd_context *context_with(const xd_layer_table *layer) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.backend = "reference";
  options.layers = &layer;
  options.layer_count = 1;
  assert_status(xd_context_create(&context, &options), XD_OK);
  return context;
}

static xd_status create_encoder(xd_encoder **out, xd_context *context, const xd_layer_spec *specs,
                                uint32_t count) {
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  layers.input = (xd_shape){.width = 8, .height = 9, .channels = 1};
  layers.layers = specs;
  layers.layer_count = count;
  layers.seed = 3;
  return xd_encoder_create_layers(out, context, &layers);
}

static const xd_layer_spec encoder_specs[] = {
    {SCALE_TAG, {7}},
    {XD_TAG('C', 'N', 'V', '2'), {3, 4, 2, 1, XD_ACTIVATION_RELU}},
    {SCALE_TAG, {7}},
    {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 4, XD_ACTIVATION_IDENTITY}}};

/* ---- use ---- */

START_TEST(host_layer__runs_in_an_encoder) {
  xd_context *context = context_with(&scale_layer);
  xd_encoder *encoder = NULL;
  float *pictures = make_pixels(2 * 72, 1), mean[4], twice[4], two[1] = {2}, scales[3] = {0.5f, 0.5f, 0.5f};
  assert_ok(context, create_encoder(&encoder, context, encoder_specs, 4));
  xd_network *network = xd_encoder_network_mutable(encoder);
  const float one[1] = {1}, ones[3] = {1, 1, 1};
  assert_ok(context, xd_network_set(network, context, "0.scale.scales", one, 1));
  assert_ok(context, xd_network_set(network, context, "2.scale.scales", ones, 3));
  assert_ok(context, xd_encoder_encode(encoder, context, mean, NULL, pictures, 2));
  /* Twice the picture through a rectifier without biases, then half: the same codes. */
  assert_ok(context, xd_network_set(network, context, "0.scale.scales", two, 1));
  assert_ok(context, xd_network_set(network, context, "2.scale.scales", scales, 3));
  assert_ok(context, xd_encoder_encode(encoder, context, twice, NULL, pictures, 2));
  assert_near_floats(mean, twice, 4, 1e-6);
  ck_assert(mean[0] != 0 && mean[0] != mean[2]);
  xd_encoder_release(encoder);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

START_TEST(host_layer__is_initialised_and_named) {
  xd_context *context = context_with(&scale_layer);
  xd_encoder *encoder = NULL;
  xd_tensor parameter = XD_TENSOR_INIT;
  float scales[3] = {0};
  assert_ok(context, create_encoder(&encoder, context, encoder_specs, 4));
  const xd_network *network = xd_encoder_network(encoder);
  assert_ok(context, xd_network_tensor(network, 3, &parameter));
  ck_assert_str_eq(parameter.name, "2.scale.scales");
  assert_ok(context, xd_network_get(network, context, scales, parameter.name, 3));
  ck_assert(scales[0] != 0 && scales[1] != scales[2]);
  xd_encoder_release(encoder);
  xd_context_destroy(context);
}
END_TEST

START_TEST(host_layer__gradients_match_finite_differences) {
  xd_context *context = context_with(&scale_layer);
  xd_network *network =
      make_network(context, (xd_shape){.width = 8, .height = 9, .channels = 1}, encoder_specs, 4);
  xdi_executor *executor = NULL;
  float *rows = make_pixels(72, 1), ones[4] = {1, 1, 1, 1}, gradients[256], out[4];
  const float step = 1.0f / 512;
  randomise(network, 6);
  const xdi_parameter *scales = xdi_network_find(network, "2.scale.scales");
  assert_ok(context, xdi_executor_create(&executor, context, network, 1, XDI_TRAINING));
  assert_ok(context, xdi_device_write(context, xdi_executor_input(executor), rows, 72));
  assert_ok(context, xdi_executor_forward(executor, 1, false, 0, 0));
  assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(executor), ones, 4));
  assert_ok(context, xdi_executor_backward(executor, 1, true, true));
  assert_ok(context, xdi_device_read(context, gradients, xdi_executor_gradients(executor), 256));
  for (uint32_t c = 0; c < 3; c++) { /* the loss, a sum of outputs, is linear in each scale */
    double sums[2] = {0, 0};
    for (int side = 0; side < 2; side++) {
      const float moved = network->block[scales->offset + c] + (side ? -step : step);
      xd_slice place = xdi_executor_parameters(executor);
      place.offset += scales->offset + c;
      assert_ok(context, xdi_device_write(context, place, &moved, 1));
      assert_ok(context, xdi_executor_forward(executor, 1, false, 0, 0));
      assert_ok(context, xdi_device_read(context, out, xdi_executor_output(executor), 4));
      for (int i = 0; i < 4; i++)
        sums[side] += (double)out[i];
      assert_ok(context, xdi_device_write(context, place, &network->block[scales->offset + c], 1));
    }
    ck_assert_double_eq_tol((double)gradients[scales->offset + c], (sums[0] - sums[1]) / (2 * (double)step),
                            2e-3);
  }
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  xd_context_destroy(context);
  free(rows);
}
END_TEST

START_TEST(host_layer__runs_in_contexts_that_never_heard_of_it) {
  xd_context *context = context_with(&scale_layer), *plain = test_context("reference");
  xd_encoder *encoder = NULL;
  float *pictures = make_pixels(72, 1), here[2], there[2];
  assert_ok(context, create_encoder(&encoder, context, encoder_specs, 4));
  assert_ok(context, xd_encoder_encode(encoder, context, here, NULL, pictures, 1));
  xd_context_destroy(context);
  assert_ok(plain, xd_encoder_encode(encoder, plain, there, NULL, pictures, 1));
  assert_same_floats(here, there, 2);
  xd_encoder_release(encoder);
  xd_context_destroy(plain);
  free(pictures);
}
END_TEST

/* ---- refusals ---- */

START_TEST(host_layer__is_unknown_to_other_contexts) {
  xd_context *context = test_context("reference");
  xd_encoder *encoder = (xd_encoder *)context;
  assert_status(create_encoder(&encoder, context, encoder_specs, 4), XD_ERROR_UNSUPPORTED);
  ck_assert_ptr_null(encoder);
  assert_message_names(context, "HSCL");
  xd_context_destroy(context);
}
END_TEST

START_TEST(host_layer__refuses_its_specification_in_its_own_words) {
  xd_context *context = context_with(&scale_layer);
  const xd_layer_spec specs[] = {{SCALE_TAG, {6}}, {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 4}}};
  xd_encoder *encoder = NULL;
  assert_status(create_encoder(&encoder, context, specs, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "layer 0 (scale)");
  assert_message_names(context, "a scale layer's value is 7");
  xd_context_destroy(context);
}
END_TEST

static xd_status refuse_context(const xd_layer_table *layer) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.layers = &layer;
  options.layer_count = 1;
  const xd_status status = xd_context_create(&context, &options);
  ck_assert_ptr_null(context);
  return status;
}

START_TEST(host_layer__is_refused_with_another_table) {
  xd_layer_table newer = scale_layer, nameless = scale_layer, one_way = scale_layer;
  newer.table_version++;
  nameless.name = NULL;
  one_way.backward = NULL;
  assert_status(refuse_context(&newer), XD_ERROR_VERSION_TOO_NEW);
  assert_status(refuse_context(&nameless), XD_ERROR_BAD_DATA);
  assert_status(refuse_context(&one_way), XD_ERROR_BAD_DATA);
}
END_TEST

static int endless_parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  (void)state;
  *out = (xd_layer_parameter){.name = "more", .shape = {index + 1, 1, 1, 1}, .rank = 1};
  return 1;
}

static int empty_parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  (void)state;
  *out = (xd_layer_parameter){.name = "none", .shape = {3, 0, 1, 1}, .rank = 2};
  return index == 0;
}

static int huge_parameter(const void *state, uint32_t index, xd_layer_parameter *out) {
  (void)state;
  *out = (xd_layer_parameter){
      .name = "huge", .shape = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX}, .rank = 4};
  return index == 0;
}

static xd_status empty_configure(void *state, xd_shape *out, const char **why, const xd_layer_spec *spec,
                                 const xd_shape *in) {
  (void)state;
  (void)spec;
  (void)why;
  *out = (xd_shape){.width = 0, .height = in->height, .channels = in->channels};
  return XD_OK;
}

static xd_activation strange_activation(const void *state) {
  (void)state;
  return (xd_activation)99;
}

static void assert_not_built(const xd_layer_table *layer, xd_status expected) {
  xd_context *context = context_with(layer);
  xd_network *network = NULL;
  assert_status(xdi_network_create(&network, context, (xd_shape){.width = 8, .height = 9, .channels = 1},
                                   encoder_specs, 1),
                expected);
  ck_assert_ptr_null(network);
  assert_message_names(context, "layer 0 (scale)");
  xd_context_destroy(context);
}

START_TEST(host_layer__cannot_make_a_senseless_network) {
  xd_layer_table layer = scale_layer;
  layer.parameter = endless_parameter;
  assert_not_built(&layer, XD_ERROR_TOO_LARGE);
  layer.parameter = empty_parameter;
  assert_not_built(&layer, XD_ERROR_TOO_LARGE);
  layer.parameter = huge_parameter;
  assert_not_built(&layer, XD_ERROR_TOO_LARGE);
  layer = scale_layer;
  layer.configure = empty_configure;
  assert_not_built(&layer, XD_ERROR_TOO_LARGE);
  layer = scale_layer;
  layer.activation = strange_activation;
  assert_not_built(&layer, XD_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST(host_layer__wins_over_a_built_in_one) {
  xd_layer_table layer = scale_layer;
  layer.tag = XD_TAG('D', 'N', 'S', 'E');
  const xd_layer_spec spec = {layer.tag, {7}};
  xd_context *context = context_with(&layer);
  xd_network *network = make_network(context, (xd_shape){.width = 8, .height = 9, .channels = 1}, &spec, 1);
  ck_assert_str_eq(network->parameters[0].public.name, "0.scale.scales");
  xdi_network_release(network);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("host_layer");
  add_case(suite, host_layer__runs_in_an_encoder);
  add_case(suite, host_layer__is_initialised_and_named);
  add_case(suite, host_layer__gradients_match_finite_differences);
  add_case(suite, host_layer__runs_in_contexts_that_never_heard_of_it);
  add_case(suite, host_layer__is_unknown_to_other_contexts);
  add_case(suite, host_layer__refuses_its_specification_in_its_own_words);
  add_case(suite, host_layer__is_refused_with_another_table);
  add_case(suite, host_layer__cannot_make_a_senseless_network);
  add_case(suite, host_layer__wins_over_a_built_in_one);
  return suite;
}

XD_SUITE_MAIN(make_suite)
