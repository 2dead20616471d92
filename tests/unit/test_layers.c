/* The built-in layers: shapes, parts, refusals, and forward passes with values that follow by hand. */
#include "network_support.h"

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static void assert_shape(xd_shape got, uint32_t height, uint32_t width, uint32_t channels) {
  ck_assert_msg(got.height == height && got.width == width && got.channels == channels,
                "%u x %u x %u is not %u x %u x %u", got.height, got.width, got.channels, height, width,
                channels);
}

static xd_shape output_of(xd_shape input, xd_layer_spec spec) {
  xd_network *network = make_network(context, input, &spec, 1);
  const xd_shape output = network->output;
  xdi_network_release(network);
  return output;
}

/* The message must name the layer and contain `word`. */
static void assert_refused(xd_shape input, xd_layer_spec spec, xd_status expected, const char *word) {
  xd_network *network = (xd_network *)&spec;
  assert_status(xdi_network_create(&network, context, input, &spec, 1), expected);
  ck_assert_ptr_null(network);
  assert_message_names(context, "layer 0");
  assert_message_names(context, word);
}

static const xd_shape picture = {.width = 13, .height = 9, .channels = 3};

/* ---- the registry ---- */

START_TEST(layer_builtin__knows_the_tags_of_files) {
  const struct {
    uint32_t tag;
    const char *name;
  } layers[] = {
      {XD_TAG('D', 'N', 'S', 'E'), "dense"},           {XD_TAG('C', 'N', 'V', '2'), "conv2d"},
      {XD_TAG('R', 'S', 'H', 'P'), "reshape"},         {XD_TAG('C', 'N', 'T', '2'), "conv_transpose2d"},
      {XD_TAG('D', 'R', 'O', 'P'), "dropout"},         {XD_TAG('A', 'C', 'T', 'V'), "activation"},
      {XD_TAG('L', 'S', 'K', 'P'), "linear_skip"},     {XD_TAG('W', 'N', 'R', 'M'), "window_normalise"},
      {XD_TAG('G', 'N', 'R', 'M'), "group_norm"},      {XD_TAG('U', 'P', 'S', '2'), "upsample"},
      {XD_TAG('U', 'P', 'C', '3'), "upsample_conv2d"}, {XD_TAG('R', 'A', 'D', 'D'), "residual_add"}};
  for (size_t i = 0; i < COUNT_OF(layers); i++) {
    const xd_layer_table *table = xd_layer_builtin(layers[i].tag);
    ck_assert_ptr_nonnull(table);
    ck_assert_uint_eq(table->tag, layers[i].tag);
    ck_assert_str_eq(table->name, layers[i].name);
    ck_assert_uint_eq(table->struct_size, sizeof *table);
    ck_assert_uint_eq(table->table_version, XD_LAYER_TABLE_VERSION);
  }
  ck_assert_ptr_null(xd_layer_builtin(XD_TAG('N', 'O', 'N', 'E')));
}
END_TEST

START_TEST(layer_find__names_an_unknown_tag) {
  const xd_layer_spec spec = {XD_TAG('Q', 'U', '\1', 'X'), {0}};
  xd_network *network = NULL;
  assert_status(xdi_network_create(&network, context, picture, &spec, 1), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "QU?X");
}
END_TEST

/* ---- shapes ---- */

START_TEST(dense__takes_any_shape_and_gives_any) {
  assert_shape(output_of(picture, dense_spec(7, XD_ACTIVATION_RELU)), 1, 1, 7);
  assert_shape(output_of((xd_shape){.width = 1, .height = 1, .channels = 5},
                         dense_map_spec(2, 3, 4, XD_ACTIVATION_RELU)),
               2, 3, 4);
}
END_TEST

START_TEST(conv2d__output_is_the_ceiling_of_the_share) {
  assert_shape(output_of(picture, conv2d_spec(5, 4, 2, 1, XD_ACTIVATION_RELU)), 5, 7, 5);
  assert_shape(output_of((xd_shape){.width = 28, .height = 8, .channels = 1},
                         conv2d_spec(5, 4, 2, 1, XD_ACTIVATION_RELU)),
               4, 14, 5);
  assert_shape(output_of(picture, conv2d_spec(2, 3, 1, 1, XD_ACTIVATION_RELU)), 9, 13, 2);
  assert_shape(output_of(picture, conv2d_spec(2, 1, 5, 0, XD_ACTIVATION_RELU)), 2, 3, 2);
}
END_TEST

START_TEST(conv_transpose2d__output_is_as_specified) {
  assert_shape(output_of((xd_shape){.width = 7, .height = 5, .channels = 4},
                         conv_transpose2d_spec(3, 4, 2, 1, XD_ACTIVATION_SIGMOID, 9, 13)),
               9, 13, 3);
  assert_shape(output_of((xd_shape){.width = 7, .height = 5, .channels = 4},
                         conv_transpose2d_spec(3, 4, 2, 1, XD_ACTIVATION_SIGMOID, 10, 14)),
               10, 14, 3);
}
END_TEST

START_TEST(reshape__keeps_the_cells) {
  assert_shape(output_of(picture, reshape_spec(1, 1, 351)), 1, 1, 351);
  assert_shape(output_of(picture, reshape_spec(3, 9, 13)), 3, 9, 13);
}
END_TEST

START_TEST(activation_and_dropout__keep_the_shape) {
  assert_shape(output_of(picture, activation_spec(XD_ACTIVATION_TANH)), 9, 13, 3);
  assert_shape(output_of(picture, dropout_spec(999999)), 9, 13, 3);
}
END_TEST

/* ---- parts ---- */

START_TEST(layers__list_weights_and_bias) {
  const xd_layer_spec specs[] = {conv2d_spec(5, 4, 2, 1, XD_ACTIVATION_RELU),
                                 dense_map_spec(2, 2, 3, XD_ACTIVATION_RELU),
                                 conv_transpose2d_spec(1, 3, 2, 1, XD_ACTIVATION_SIGMOID, 4, 3)};
  const struct {
    const char *name;
    uint32_t rank, shape[4];
    size_t count;
  } expected[] = {
      {"0.conv2d.weights", 4, {4, 4, 3, 5}, 240},          {"0.conv2d.bias", 1, {5, 1, 1, 1}, 5},
      {"1.dense.weights", 2, {175, 12, 1, 1}, 2100},       {"1.dense.bias", 1, {12, 1, 1, 1}, 12},
      {"2.conv_transpose2d.weights", 4, {3, 3, 3, 1}, 27}, {"2.conv_transpose2d.bias", 1, {1, 1, 1, 1}, 1}};
  xd_network *network = make_network(context, picture, specs, COUNT_OF(specs));
  ck_assert_uint_eq(xd_network_tensor_count(network), COUNT_OF(expected));
  for (uint32_t i = 0; i < COUNT_OF(expected); i++) {
    xd_tensor got = XD_TENSOR_INIT;
    assert_ok(context, xd_network_tensor(network, i, &got));
    ck_assert_str_eq(got.name, expected[i].name);
    ck_assert_uint_eq(got.rank, expected[i].rank);
    ck_assert_mem_eq(got.shape, expected[i].shape, sizeof got.shape);
    ck_assert_uint_eq(got.count, expected[i].count);
    ck_assert_uint_eq(network->parameters[i].offset % XDI_DEVICE_LINE, 0);
  }
  xdi_network_release(network);
}
END_TEST

/* ---- refusals ---- */

START_TEST(dense__refuses_what_makes_no_sense) {
  xd_layer_spec spare = dense_spec(4, XD_ACTIVATION_RELU);
  spare.values[5] = 1;
  assert_refused(picture, dense_spec(0, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "dense");
  assert_refused(picture, dense_spec(4, (xd_activation)5), XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "dense");
  assert_refused(picture, dense_spec(UINT32_MAX, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "2^28");
  assert_refused(picture, dense_map_spec(UINT32_MAX, UINT32_MAX, UINT32_MAX, XD_ACTIVATION_RELU),
                 XD_ERROR_INVALID_ARGUMENT, "2^28");
}
END_TEST

START_TEST(conv2d__refuses_what_makes_no_sense) {
  xd_layer_spec spare = conv2d_spec(4, 3, 1, 1, XD_ACTIVATION_RELU);
  spare.values[5] = 9;
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "five values");
  assert_refused(picture, conv2d_spec(0, 3, 1, 1, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "weights");
  assert_refused(picture, conv2d_spec(4, 0, 1, 0, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "kernel");
  assert_refused(picture, conv2d_spec(4, 65, 1, 0, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "kernel");
  assert_refused(picture, conv2d_spec(4, 3, 0, 1, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "stride");
  assert_refused(picture, conv2d_spec(4, 3, 65, 1, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "stride");
  assert_refused(picture, conv2d_spec(4, 3, 1, 3, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT, "padding");
  assert_refused(picture, conv2d_spec(4, 3, 1, 1, (xd_activation)77), XD_ERROR_INVALID_ARGUMENT,
                 "activation");
  assert_refused(picture, conv2d_spec(UINT32_MAX, 64, 1, 1, XD_ACTIVATION_RELU), XD_ERROR_INVALID_ARGUMENT,
                 "2^28");
}
END_TEST

START_TEST(conv_transpose2d__refuses_what_makes_no_sense) {
  xd_layer_spec spare = conv_transpose2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU, 18, 26);
  spare.values[7] = 1;
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "height and width");
  assert_refused(picture, conv_transpose2d_spec(4, 4, 2, 4, XD_ACTIVATION_RELU, 18, 26),
                 XD_ERROR_INVALID_ARGUMENT, "padding");
  assert_refused(picture, conv_transpose2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU, 0, 26),
                 XD_ERROR_INVALID_ARGUMENT, "height and width");
  assert_refused(picture, conv_transpose2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU, 18, 26 + 5),
                 XD_ERROR_INVALID_ARGUMENT, "height and width");
  assert_refused(picture, conv_transpose2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU, UINT32_MAX, 26),
                 XD_ERROR_INVALID_ARGUMENT, "height and width");
}
END_TEST

START_TEST(reshape__refuses_another_number_of_cells) {
  xd_layer_spec spare = reshape_spec(1, 1, 351);
  spare.values[3] = 1;
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "reshape");
  assert_refused(picture, reshape_spec(1, 1, 350), XD_ERROR_SHAPE_MISMATCH, "cells");
  assert_refused(picture, reshape_spec(0, 1, 351), XD_ERROR_SHAPE_MISMATCH, "cells");
  assert_refused(picture, reshape_spec(UINT32_MAX, UINT32_MAX, UINT32_MAX), XD_ERROR_SHAPE_MISMATCH, "cells");
}
END_TEST

START_TEST(activation_and_dropout__refuse_what_makes_no_sense) {
  xd_layer_spec spare = activation_spec(XD_ACTIVATION_RELU), certain = dropout_spec(1000000);
  spare.values[1] = 1;
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, activation_spec((xd_activation)5), XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, certain, XD_ERROR_INVALID_ARGUMENT, "millionths");
  certain.values[0] = certain.values[7] = 1;
  assert_refused(picture, certain, XD_ERROR_INVALID_ARGUMENT, "millionths");
}
END_TEST

/* ---- forward passes by hand ---- */

static void set(xd_network *network, const char *name, const float *values, size_t count) {
  assert_ok(context, xd_network_set(network, context, name, values, count));
}

static void assert_outputs(xd_network *network, const float *rows, uint32_t count, const float *expected) {
  float *got = run_network(context, network, rows, count);
  assert_near_floats(got, expected, count * shape_cells(network->output), 1e-6);
  free(got);
  xdi_network_release(network);
}

START_TEST(dense_forward__adds_bias_and_rectifies) {
  const xd_layer_spec spec = dense_spec(2, XD_ACTIVATION_RELU);
  const float weights[] = {1, -1, 2, 0.5f, 0, 3}, bias[] = {0.5f, -1}, rows[] = {1, 2, 3, -1, 0, 0};
  const float expected[] = {5.5f, 8, 0, 0}; /* {1 + 4 + .5, -1 + 1 + 9 - 1} and {-1 + .5, 1 - 1} rectified */
  xd_network *network = make_network(context, (xd_shape){.width = 3, .height = 1, .channels = 1}, &spec, 1);
  set(network, "0.dense.weights", weights, 6);
  set(network, "0.dense.bias", bias, 2);
  assert_outputs(network, rows, 2, expected);
}
END_TEST

START_TEST(conv2d_forward__keeps_same_padding) {
  const xd_layer_spec spec = conv2d_spec(1, 3, 1, 1, XD_ACTIVATION_IDENTITY);
  const float weights[] = {1, 1, 1, 1, 1, 1, 1, 1, 1}, bias[] = {0};
  const float rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, expected[] = {12, 21, 16, 27, 45, 33, 24, 39, 28};
  xd_network *network = make_network(context, (xd_shape){.width = 3, .height = 3, .channels = 1}, &spec, 1);
  set(network, "0.conv2d.weights", weights, 9);
  set(network, "0.conv2d.bias", bias, 1);
  assert_outputs(network, rows, 1, expected);
}
END_TEST

START_TEST(conv2d_forward__meets_zeros_outside_an_odd_picture) {
  const xd_layer_spec spec = conv2d_spec(1, 4, 2, 1, XD_ACTIVATION_IDENTITY);
  float weights[16];
  const float bias[] = {0.25f}, rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const float expected[] = {45.25f, 33.25f, 39.25f, 28.25f};
  /* Place 0 spans cells -1..2, place 1 cells 1..4, of which 1 and 2 exist. */
  xd_network *network = make_network(context, (xd_shape){.width = 3, .height = 3, .channels = 1}, &spec, 1);
  for (int i = 0; i < 16; i++)
    weights[i] = 1;
  set(network, "0.conv2d.weights", weights, 16);
  set(network, "0.conv2d.bias", bias, 1);
  assert_outputs(network, rows, 1, expected);
}
END_TEST

START_TEST(conv_transpose2d_forward__spreads_its_taps_over_an_odd_picture) {
  const xd_layer_spec spec = conv_transpose2d_spec(1, 4, 2, 1, XD_ACTIVATION_IDENTITY, 1, 3);
  /* Only kernel row 1 meets the one row. Cell x of the input reaches cells 2x-1 .. 2x+2. */
  const float weights[] = {9, 9, 9, 9, 1, 2, 3, 4, 9, 9, 9, 9, 9, 9, 9, 9}, bias[] = {0.5f},
              rows[] = {10, 100};
  const float expected[] = {20.5f, 30.5f + 100, 40.5f + 200};
  xd_network *network = make_network(context, (xd_shape){.width = 2, .height = 1, .channels = 1}, &spec, 1);
  set(network, "0.conv_transpose2d.weights", weights, 16);
  set(network, "0.conv_transpose2d.bias", bias, 1);
  assert_outputs(network, rows, 1, expected);
}
END_TEST

START_TEST(activation_forward__is_the_function) {
  const xd_layer_spec leaky = activation_spec(XD_ACTIVATION_LEAKY_RELU);
  const float rows[] = {-1, 0, 2}, expected[] = {-0.2f, 0, 2};
  assert_outputs(make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 3}, &leaky, 1), rows,
                 1, expected);
}
END_TEST

/* Dense layers d1 = 2u, d2 = 3 d1 + 1; y = d2 + u W + b, with u read after two buffers were written again. */
START_TEST(linear_skip_forward__adds_a_map_of_the_networks_input) {
  const xd_shape input = {.width = 2, .height = 1, .channels = 1};
  const xd_layer_spec specs[] = {dense_spec(2, XD_ACTIVATION_IDENTITY), dense_spec(2, XD_ACTIVATION_IDENTITY),
                                 dense_spec(2, XD_ACTIVATION_IDENTITY), linear_skip_spec(XD_ACTIVATION_RELU)};
  const float weights[4][4] = {{2, 0, 0, 2}, {1, 0, 0, 1}, {3, 0, 0, 3}, {10, 0, 1, -20}};
  const char *const names[] = {"0.dense.weights", "1.dense.weights", "2.dense.weights",
                               "3.linear_skip.weights"};
  const float third[2] = {1, 1}, bias[2] = {0.5f, 0.25f}, rows[4] = {1, 2, -1, 0.5f};
  /* 6u + 1 + b + u W: (7 + .5 + 10 + 2, 13 + .25 - 40), (-5 + .5 - 10 + .5, 4 + .25 - 10), rectified */
  const float expected[4] = {19.5f, 0, 0, 0};
  const char *const backends[] = {"reference", "native"};
  for (size_t k = 0; k < COUNT_OF(backends); k++) {
    xd_context *on = test_context(backends[k]);
    xd_network *network = make_network(on, input, specs, 4);
    for (size_t i = 0; i < 4; i++)
      assert_ok(on, xd_network_set(network, on, names[i], weights[i], 4));
    assert_ok(on, xd_network_set(network, on, "2.dense.bias", third, 2));
    assert_ok(on, xd_network_set(network, on, "3.linear_skip.bias", bias, 2));
    float *got = run_network(on, network, rows, 2);
    assert_near_floats(got, expected, 4, 1e-5);
    free(got);
    xdi_network_release(network);
    xd_context_destroy(on);
  }
}
END_TEST

START_TEST(linear_skip__refuses_other_values) {
  xd_layer_spec spec = linear_skip_spec(XD_ACTIVATION_IDENTITY);
  assert_shape(output_of(picture, spec), 9, 13, 3);
  spec.values[1] = 1;
  assert_refused(picture, spec, XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, linear_skip_spec((xd_activation)9), XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused((xd_shape){.width = 256, .height = 256, .channels = 3},
                 linear_skip_spec(XD_ACTIVATION_IDENTITY), XD_ERROR_INVALID_ARGUMENT, "weights");
}
END_TEST

/* ---- residual networks ---- */

START_TEST(group_norm__starts_at_scale_1_or_0) {
  for (uint32_t zero = 0; zero < 2; zero++) {
    xd_layer_spec spec = group_norm_spec(3, XD_ACTIVATION_RELU);
    float scale[3], shift[3];
    spec.values[2] = zero;
    xd_network *network = make_network(context, picture, &spec, 1);
    xdi_network_initialise(network, 5, 0.0f);
    assert_ok(context, xd_network_get(network, context, scale, "0.group_norm.scale", 3));
    assert_ok(context, xd_network_get(network, context, shift, "0.group_norm.shift", 3));
    for (int i = 0; i < 3; i++)
      ck_assert(scale[i] == 1.0f - (float)zero && shift[i] == 0.0f);
    xdi_network_release(network);
  }
}
END_TEST

START_TEST(group_norm__refuses_what_makes_no_sense) {
  xd_layer_spec spare = group_norm_spec(1, XD_ACTIVATION_RELU), start = spare;
  spare.values[3] = 1, start.values[2] = 2;
  assert_shape(output_of(picture, group_norm_spec(1, XD_ACTIVATION_RELU)), 9, 13, 3);
  assert_refused(picture, group_norm_spec(0, XD_ACTIVATION_RELU), XD_ERROR_SHAPE_MISMATCH, "groups");
  assert_refused(picture, group_norm_spec(2, XD_ACTIVATION_RELU), XD_ERROR_SHAPE_MISMATCH, "groups");
  assert_refused(picture, group_norm_spec(3, 9), XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "group_norm");
  assert_refused(picture, start, XD_ERROR_INVALID_ARGUMENT, "group_norm");
}
END_TEST

START_TEST(upsample__doubles_to_even_and_odd_sides) {
  xd_layer_spec spare = upsample_spec(18, 26);
  spare.values[2] = 1;
  assert_shape(output_of(picture, upsample_spec(18, 26)), 18, 26, 3);
  assert_shape(output_of(picture, upsample_spec(17, 25)), 17, 25, 3);
  assert_refused(picture, upsample_spec(19, 26), XD_ERROR_SHAPE_MISMATCH, "twice");
  assert_refused(picture, upsample_spec(18, 24), XD_ERROR_SHAPE_MISMATCH, "twice");
  assert_refused(picture, upsample_spec(0, 26), XD_ERROR_SHAPE_MISMATCH, "twice");
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "upsample");
}
END_TEST

START_TEST(upsample_conv2d__doubles_to_even_and_odd_sides) {
  xd_layer_spec spare = upsample_conv2d_spec(4, XD_ACTIVATION_RELU, 18, 26);
  spare.values[4] = 1;
  assert_shape(output_of(picture, upsample_conv2d_spec(4, XD_ACTIVATION_RELU, 18, 25)), 18, 25, 4);
  assert_refused(picture, upsample_conv2d_spec(4, XD_ACTIVATION_RELU, 18, 27), XD_ERROR_SHAPE_MISMATCH,
                 "twice");
  assert_refused(picture, upsample_conv2d_spec(0, XD_ACTIVATION_RELU, 18, 26), XD_ERROR_INVALID_ARGUMENT,
                 "weights");
  assert_refused(picture, upsample_conv2d_spec(4, 9, 18, 26), XD_ERROR_INVALID_ARGUMENT, "activation");
  assert_refused(picture, spare, XD_ERROR_INVALID_ARGUMENT, "four values");
}
END_TEST

static void assert_residual_refused(const xd_layer_spec *specs, uint32_t count, xd_status expected,
                                    const char *word) {
  xd_network *network = NULL;
  assert_status(xdi_network_create(&network, context, picture, specs, count), expected);
  ck_assert_msg(strstr(xd_context_message(context), word), "%s", xd_context_message(context));
}

START_TEST(residual_add__refuses_what_it_cannot_reach) {
  xd_layer_spec specs[] = {conv2d_spec(3, 3, 1, 1, XD_ACTIVATION_RELU),
                           conv2d_spec(3, 3, 2, 1, XD_ACTIVATION_RELU),
                           residual_add_spec(3, XD_ACTIVATION_IDENTITY)};
  assert_residual_refused(specs, 3, XD_ERROR_SHAPE_MISMATCH, "one shape");
  for (uint32_t back = 0; back < 6; back++) {
    specs[2] = residual_add_spec(back, XD_ACTIVATION_IDENTITY);
    if (back < 2 || back > 3)
      assert_residual_refused(specs, 3, XD_ERROR_INVALID_ARGUMENT, "reaches back");
  }
  specs[1] = residual_add_spec(2, 9);
  assert_residual_refused(specs, 2, XD_ERROR_INVALID_ARGUMENT, "activation");
  specs[1] = residual_add_spec(2, XD_ACTIVATION_RELU);
  specs[1].values[7] = 1;
  assert_residual_refused(specs, 2, XD_ERROR_INVALID_ARGUMENT, "residual_add");
}
END_TEST

/* Results share memory in inference and none in training: both must give the same. */
START_TEST(residual_networks__give_the_same_in_inference_and_training) {
  const xd_layer_spec specs[] = {
      conv2d_spec(16, 3, 1, 1, XD_ACTIVATION_IDENTITY), group_norm_spec(4, XD_ACTIVATION_LEAKY_RELU),
      conv2d_spec(16, 3, 1, 1, XD_ACTIVATION_IDENTITY), group_norm_spec(2, XD_ACTIVATION_LEAKY_RELU),
      conv2d_spec(16, 3, 1, 1, XD_ACTIVATION_IDENTITY), residual_add_spec(5, XD_ACTIVATION_IDENTITY),
      conv2d_spec(32, 3, 2, 1, XD_ACTIVATION_RELU),     upsample_spec(9, 13),
      conv2d_spec(16, 1, 1, 0, XD_ACTIVATION_IDENTITY), residual_add_spec(9, XD_ACTIVATION_RELU),
      residual_add_spec(2, XD_ACTIVATION_TANH)};
  enum { ROWS = 5 };
  static const char *const backends[] = {"reference", "native"};
  for (size_t k = 0; k < COUNT_OF(backends); k++) {
    xd_context *on = test_context(backends[k]);
    xd_network *network = make_network(on, picture, specs, COUNT_OF(specs));
    xdi_executor *training;
    const size_t cells = ROWS * shape_cells(network->output);
    float *rows = make_normals(ROWS * shape_cells(picture), 3), *kept = new_floats(cells);
    randomise(network, 4);
    float *shared = run_network(on, network, rows, ROWS);
    assert_ok(on, xdi_executor_create(&training, on, network, ROWS, XDI_TRAINING));
    assert_ok(on, xdi_device_write(on, xdi_executor_input(training), rows, ROWS * shape_cells(picture)));
    assert_ok(on, xdi_executor_forward(training, ROWS, false, 0, 0));
    assert_ok(on, xdi_device_read(on, kept, xdi_executor_output(training), cells));
    assert_near_floats(shared, kept, cells, 1e-5);
    xdi_executor_destroy(training);
    xdi_network_release(network);
    free(rows);
    free(kept);
    free(shared);
    xd_context_destroy(on);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("layers");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(layer_builtin__knows_the_tags_of_files);
  add(layer_find__names_an_unknown_tag);
  add(dense__takes_any_shape_and_gives_any);
  add(conv2d__output_is_the_ceiling_of_the_share);
  add(conv_transpose2d__output_is_as_specified);
  add(reshape__keeps_the_cells);
  add(activation_and_dropout__keep_the_shape);
  add(layers__list_weights_and_bias);
  add(dense__refuses_what_makes_no_sense);
  add(conv2d__refuses_what_makes_no_sense);
  add(conv_transpose2d__refuses_what_makes_no_sense);
  add(reshape__refuses_another_number_of_cells);
  add(activation_and_dropout__refuse_what_makes_no_sense);
  add(dense_forward__adds_bias_and_rectifies);
  add(conv2d_forward__keeps_same_padding);
  add(conv2d_forward__meets_zeros_outside_an_odd_picture);
  add(conv_transpose2d_forward__spreads_its_taps_over_an_odd_picture);
  add(activation_forward__is_the_function);
  add(linear_skip_forward__adds_a_map_of_the_networks_input);
  add(linear_skip__refuses_other_values);
  add(group_norm__starts_at_scale_1_or_0);
  add(group_norm__refuses_what_makes_no_sense);
  add(upsample__doubles_to_even_and_odd_sides);
  add(upsample_conv2d__doubles_to_even_and_odd_sides);
  add(residual_add__refuses_what_it_cannot_reach);
  add(residual_networks__give_the_same_in_inference_and_training);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
