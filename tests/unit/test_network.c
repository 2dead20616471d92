/* Networks: creation and its limits, parameters by name, initial values, freezing, owners. */
#include "network_support.h"

#include <pthread.h>

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static const xd_shape picture = {.width = 13, .height = 9, .channels = 3};

static xd_network *make_small(void) {
  const xd_layer_spec specs[] = {conv2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU), reshape_spec(1, 1, 140),
                                 dense_spec(6, XD_ACTIVATION_IDENTITY)};
  return make_network(context, picture, specs, COUNT_OF(specs));
}

/* ---- creation ---- */

START_TEST(network_create__chains_the_shapes) {
  xd_network *network = make_small();
  xd_layer_spec spec;
  ck_assert_uint_eq(xd_network_layer_count(network), 3);
  ck_assert_uint_eq(input_shape_of(network).width, 13);
  ck_assert_uint_eq(output_shape_of(network).channels, 6);
  ck_assert_uint_eq(network->layers[0].out.height, 5);
  ck_assert_uint_eq(network->layers[0].out.width, 7);
  assert_ok(context, xd_network_layer(network, 2, &spec));
  ck_assert_uint_eq(spec.tag, XD_TAG('D', 'N', 'S', 'E'));
  ck_assert_uint_eq(spec.values[2], 6);
  ck_assert_uint_eq(xd_network_parameter_count(network), 4 * 4 * 3 * 4 + 4 + 140 * 6 + 6);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_create__renaming_layers_hand_on_the_activation) {
  xd_network *network = make_small();
  ck_assert_uint_eq(network->layers[0].activation, XD_ACTIVATION_RELU);
  ck_assert_uint_eq(network->layers[1].activation, XD_ACTIVATION_RELU);
  ck_assert_uint_eq(network->layers[2].activation, XD_ACTIVATION_IDENTITY);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_create__counts_layers) {
  xd_layer_spec specs[XDI_LAYER_LIMIT + 1];
  xd_network *network;
  for (uint32_t i = 0; i <= XDI_LAYER_LIMIT; i++)
    specs[i] = activation_spec(XD_ACTIVATION_RELU);
  assert_status(xdi_network_create(&network, context, picture, specs, 0), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(network);
  assert_status(xdi_network_create(&network, context, picture, specs, XDI_LAYER_LIMIT + 1),
                XD_ERROR_TOO_LARGE);
  ck_assert_ptr_null(network);
  assert_message_names(context, "65");
  network = make_network(context, picture, specs, XDI_LAYER_LIMIT);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_create__refuses_too_many_parameters) {
  const xd_layer_spec specs[] = {dense_spec(14000, XD_ACTIVATION_RELU), dense_spec(14000, XD_ACTIVATION_RELU),
                                 dense_spec(14000, XD_ACTIVATION_RELU)};
  xd_network *network;
  assert_status(
      xdi_network_create(&network, context, (xd_shape){.width = 1, .height = 1, .channels = 1000}, specs, 3),
      XD_ERROR_TOO_LARGE);
  ck_assert_ptr_null(network);
  assert_message_names(context, "layers up to 2 (dense)");
}
END_TEST

START_TEST(network_create__refuses_too_large_an_input_or_output) {
  const xd_layer_spec specs[] = {conv_transpose2d_spec(100, 64, 64, 0, XD_ACTIVATION_RELU, 2000, 2000)};
  xd_network *network;
  assert_status(
      xdi_network_create(&network, context, (xd_shape){.width = 32, .height = 32, .channels = 1}, specs, 1),
      XD_ERROR_TOO_LARGE);
  assert_message_names(context, "conv_transpose2d");
  assert_status(xdi_network_create(
                    &network, context,
                    (xd_shape){.width = UINT32_MAX, .height = UINT32_MAX, .channels = UINT32_MAX}, specs, 1),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(
      xdi_network_create(&network, context, (xd_shape){.width = 9, .height = 0, .channels = 1}, specs, 1),
      XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(network);
}
END_TEST

START_TEST(network_create_limited__refuses_more_parameters_than_a_file_has) {
  const xd_layer_spec spec = dense_spec(10, XD_ACTIVATION_RELU);
  xd_network *network;
  assert_status(xdi_network_create_limited(&network, context, picture, &spec, 1, 3519, false),
                XD_ERROR_BAD_DATA);
  ck_assert_ptr_null(network);
  assert_message_names(context, "3520");
  assert_ok(context, xdi_network_create_limited(&network, context, picture, &spec, 1, 3520, false));
  xdi_network_release(network);
}
END_TEST

static xd_status create_small(xd_context *of, void *user) {
  const xd_layer_spec specs[] = {conv2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU),
                                 dense_spec(6, XD_ACTIVATION_IDENTITY)};
  xd_network *network, *clone;
  (void)user;
  xd_status status = xdi_network_create(&network, of, picture, specs, 2);
  if (status != XD_OK) {
    ck_assert_ptr_null(network);
    return status;
  }
  status = xdi_network_clone(&clone, of, network);
  ck_assert((status == XD_OK) == (clone != NULL));
  xdi_network_release(network);
  xdi_network_release(clone);
  return status;
}

START_TEST(network_create__survives_refused_memory) {
  check_refusals(create_small, NULL);
}
END_TEST

/* ---- parameters ---- */

START_TEST(network_set__is_what_get_reads) {
  xd_network *network = make_small();
  float *values = make_normals(192, 3), *back = new_floats(192);
  assert_ok(context, xd_network_set(network, context, "0.conv2d.weights", values, 192));
  assert_ok(context, xd_network_get(network, context, back, "0.conv2d.weights", 192));
  assert_same_floats(back, values, 192);
  assert_ok(context, xd_network_get(network, context, back, "0.conv2d.bias", 4));
  for (int i = 0; i < 4; i++)
    ck_assert(back[i] == 0);
  free(values);
  free(back);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_set__refuses_and_changes_nothing) {
  xd_network *network = make_small();
  float values[6] = {1, 2, 3, 4, 5, 6}, back[6];
  assert_ok(context, xd_network_set(network, context, "2.dense.bias", values, 6));
  const float bad[][2] = {{NAN, 1}, {1, INFINITY}, {-INFINITY, 0}};
  for (size_t i = 0; i < COUNT_OF(bad); i++) {
    float poisoned[6] = {9, 9, 9, 9, bad[i][0], bad[i][1]};
    assert_status(xd_network_set(network, context, "2.dense.bias", poisoned, 6), XD_ERROR_NUMERIC);
    assert_message_names(context, "2.dense.bias");
  }
  assert_status(xd_network_set(network, context, "2.dense.bias", values, 5), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "6 values, not 5");
  assert_status(xd_network_set(network, context, "1.dense.bias", values, 6), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "1.dense.bias");
  xdi_network_freeze(network);
  values[0] = 77;
  assert_status(xd_network_set(network, context, "2.dense.bias", values, 6), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "frozen");
  assert_ok(context, xd_network_get(network, context, back, "2.dense.bias", 6));
  ck_assert(back[0] == 1 && back[5] == 6);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_access__bears_misuse) {
  xd_network *network = make_small();
  xd_tensor parameter = XD_TENSOR_INIT;
  parameter.name = "stale";
  xd_layer_spec spec = {1, {1}};
  float value;
  assert_status(xd_network_get(NULL, context, &value, "x", 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_network_get(network, context, &value, NULL, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_network_get(network, context, NULL, "2.dense.bias", 6), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_network_set(NULL, context, "x", &value, 1), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_network_get(network, NULL, &value, "no", 1), XD_ERROR_NOT_FOUND);
  assert_status(xd_network_tensor(network, 4, &parameter), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(parameter.name);
  assert_status(xd_network_tensor(network, 0, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_network_layer(network, 3, &spec), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(spec.tag, 0);
  assert_status(xd_network_layer(network, 0, NULL), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_uint_eq(xd_network_layer_count(NULL) + xd_network_tensor_count(NULL), 0);
  ck_assert_uint_eq(xd_network_parameter_count(NULL), 0);
  ck_assert_uint_eq(input_shape_of(NULL).height + output_shape_of(NULL).height, 0);
  ck_assert_int_eq(xd_network_is_frozen(NULL), 0);
  xdi_network_release(network);
  xdi_network_release(NULL);
}
END_TEST

/* ---- initial values ---- */

/* The root mean square of a parameter. */
static double deviation_of(const xd_network *network, const char *name) {
  const xdi_parameter *parameter = xdi_network_find(network, name);
  const float *values = network->block + parameter->offset;
  double sum = 0;
  for (size_t i = 0; i < parameter->public.count; i++)
    sum += (double)values[i] * (double)values[i];
  return sqrt(sum / (double)parameter->public.count);
}

START_TEST(network_initialise__draws_with_the_fans_deviation) {
  const xd_layer_spec specs[] = {
      conv2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU), dense_map_spec(5, 7, 32, XD_ACTIVATION_LEAKY_RELU),
      conv_transpose2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU, 9, 13), dense_spec(64, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, picture, specs, COUNT_OF(specs));
  xdi_network_initialise(network, 1, 0.0f);
  ck_assert_double_eq_tol(deviation_of(network, "0.conv2d.weights"), sqrt(2.0 / (16 * 3)), 0.01);
  ck_assert_double_eq_tol(deviation_of(network, "1.dense.weights"), sqrt(2.0 / 1120), 0.001);
  ck_assert_double_eq_tol(deviation_of(network, "2.conv_transpose2d.weights"), sqrt(2.0 / (4 * 32)), 0.005);
  ck_assert_double_eq_tol(deviation_of(network, "3.dense.weights"), sqrt(2.0 / (9 * 13 * 32 + 64)), 0.001);
  ck_assert(deviation_of(network, "0.conv2d.bias") == 0);
  ck_assert(deviation_of(network, "3.dense.bias") == 0);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_initialise__draws_all_weights_with_a_stated_gain) {
  const xd_layer_spec specs[] = {conv2d_spec(32, 4, 2, 1, XD_ACTIVATION_RELU),
                                 dense_spec(64, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, picture, specs, COUNT_OF(specs));
  xdi_network_initialise(network, 1, 0.6f);
  ck_assert_double_eq_tol(deviation_of(network, "0.conv2d.weights"), 0.6 / sqrt(16 * 3), 0.005);
  ck_assert_double_eq_tol(deviation_of(network, "1.dense.weights"), 0.6 / sqrt(1120), 0.0003);
  ck_assert(deviation_of(network, "0.conv2d.bias") == 0);
  xdi_network_release(network);
}
END_TEST

START_TEST(network_initialise__follows_the_seed) {
  xd_network *a = make_small(), *b = make_small();
  xdi_network_initialise(a, 5, 0.0f);
  xdi_network_initialise(b, 5, 0.0f);
  ck_assert_mem_eq(a->block, b->block, a->block_count * sizeof *a->block);
  xdi_network_initialise(b, 6, 0.0f);
  ck_assert_mem_ne(a->block, b->block, a->block_count * sizeof *a->block);
  xdi_network_release(a);
  xdi_network_release(b);
}
END_TEST

START_TEST(network_initialise__leaves_the_padding_zero) {
  const xd_layer_spec spec = dense_spec(3, XD_ACTIVATION_IDENTITY); /* 15 weights, 3 biases */
  xd_network *network = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 5}, &spec, 1);
  xdi_network_initialise(network, 5, 0.0f);
  ck_assert_uint_eq(network->block_count, 32);
  ck_assert(network->block[14] != 0);
  for (size_t i = 15; i < 32; i++)
    ck_assert(network->block[i] == 0);
  xdi_network_release(network);
}
END_TEST

/* ---- copies and owners ---- */

START_TEST(network_clone__copies_the_parameters_and_thaws) {
  xd_network *network = make_small(), *clone = NULL;
  float bias[6] = {1, 2, 3, 4, 5, 6}, back[6];
  randomise(network, 8);
  xdi_network_freeze(network);
  assert_ok(context, xdi_network_clone(&clone, context, network));
  ck_assert(xdi_network_same_layers(network, clone));
  ck_assert_mem_eq(network->block, clone->block, network->block_count * sizeof *clone->block);
  ck_assert_int_eq(xd_network_is_frozen(network), 1);
  ck_assert_int_eq(xd_network_is_frozen(clone), 0);
  assert_ok(context, xd_network_set(clone, context, "2.dense.bias", bias, 6));
  assert_ok(context, xd_network_get(network, context, back, "2.dense.bias", 6));
  ck_assert(back[0] != 1);
  xdi_network_release(network);
  ck_assert_str_eq(clone->parameters[0].public.name, "0.conv2d.weights");
  xdi_network_release(clone);
}
END_TEST

START_TEST(network_same_layers__looks_at_input_and_every_value) {
  const xd_layer_spec one = dense_spec(4, XD_ACTIVATION_RELU), other = dense_spec(4, XD_ACTIVATION_TANH);
  xd_network *a = make_network(context, (xd_shape){.width = 2, .height = 1, .channels = 3}, &one, 1);
  xd_network *b = make_network(context, (xd_shape){.width = 3, .height = 1, .channels = 2}, &one, 1);
  xd_network *c = make_network(context, (xd_shape){.width = 2, .height = 1, .channels = 3}, &other, 1);
  ck_assert(xdi_network_same_layers(a, a));
  ck_assert(!xdi_network_same_layers(a, b));
  ck_assert(!xdi_network_same_layers(a, c));
  xdi_network_release(a);
  xdi_network_release(b);
  xdi_network_release(c);
}
END_TEST

static void *retain_and_release(void *network) {
  for (int i = 0; i < 20000; i++) {
    xd_network *mine = xdi_network_retain(network);
    if (xd_network_layer_count(mine) != 3)
      return network;
    xdi_network_release(mine);
  }
  xdi_network_release(network);
  return NULL;
}

START_TEST(network_retain__counts_owners_from_any_thread) {
  counting_allocator counter = {0};
  xd_context *counted = test_context_with("reference", 1, &counter);
  xd_context *kept = context;
  pthread_t threads[4];
  context = counted;
  xd_network *network = make_small();
  context = kept;
  xd_context_destroy(counted); /* networks outlive their context */
  for (size_t i = 0; i < COUNT_OF(threads); i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, retain_and_release, xdi_network_retain(network)), 0);
  xdi_network_release(network);
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    void *wrong;
    ck_assert_int_eq(pthread_join(threads[i], &wrong), 0);
    ck_assert_ptr_null(wrong);
  }
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("network");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(network_create__chains_the_shapes);
  add(network_create__renaming_layers_hand_on_the_activation);
  add(network_create__counts_layers);
  add(network_create__refuses_too_many_parameters);
  add(network_create__refuses_too_large_an_input_or_output);
  add(network_create_limited__refuses_more_parameters_than_a_file_has);
  add(network_create__survives_refused_memory);
  add(network_set__is_what_get_reads);
  add(network_set__refuses_and_changes_nothing);
  add(network_access__bears_misuse);
  add(network_initialise__draws_with_the_fans_deviation);
  add(network_initialise__draws_all_weights_with_a_stated_gain);
  add(network_initialise__follows_the_seed);
  add(network_initialise__leaves_the_padding_zero);
  add(network_clone__copies_the_parameters_and_thaws);
  add(network_same_layers__looks_at_input_and_every_value);
  add(network_retain__counts_owners_from_any_thread);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
