/* Executors: inference and training agree, batches of any size up to the largest, dropout, gradients that
 * are wanted or not, no allocation after creation, and failures of a kernel. */
#include "network_support.h"

#define MOST 5

static xd_context *context;

static void open_context(void) {
  context = test_context("reference");
}

static void close_context(void) {
  xd_context_destroy(context);
}

static const xd_shape picture = {.width = 13, .height = 9, .channels = 3};

static xd_network *make_small(xd_context *of) {
  const xd_layer_spec specs[] = {conv2d_spec(4, 4, 2, 1, XD_ACTIVATION_RELU),
                                 reshape_spec(7, 5, 4),
                                 conv2d_spec(3, 3, 1, 1, XD_ACTIVATION_LEAKY_RELU),
                                 activation_spec(XD_ACTIVATION_TANH),
                                 dropout_spec(500000),
                                 dense_spec(6, XD_ACTIVATION_IDENTITY),
                                 reshape_spec(1, 2, 3)};
  xd_network *network = make_network(of, picture, specs, COUNT_OF(specs));
  randomise(network, 4);
  return network;
}

static xdi_executor *make_executor(const xd_network *network, xdi_executor_mode mode) {
  xdi_executor *executor = NULL;
  assert_ok(context, xdi_executor_create(&executor, context, network, MOST, mode));
  return executor;
}

/* Outputs of `count` rows; the caller frees them. */
static float *run(xdi_executor *executor, const xd_network *network, const float *rows, uint32_t count,
                  bool drop, uint64_t stream) {
  const size_t cells = count * shape_cells(network->output);
  float *out = new_floats(cells);
  assert_ok(context, xdi_device_write(context, xdi_executor_input(executor), rows,
                                      count * shape_cells(network->input)));
  assert_ok(context, xdi_executor_forward(executor, count, drop, 9, stream));
  assert_ok(context, xdi_device_read(context, out, xdi_executor_output(executor), cells));
  return out;
}

/* ---- forward ---- */

START_TEST(executor_forward__gives_the_same_in_inference_and_training) {
  xd_network *network = make_small(context);
  float *rows = make_pixels(MOST * 351, 1);
  xdi_executor *inference = make_executor(network, XDI_INFERENCE),
               *training = make_executor(network, XDI_TRAINING);
  float *a = run(inference, network, rows, MOST, false, 0), *b = run(training, network, rows, MOST, false, 0);
  assert_same_floats(a, b, MOST * 6);
  ck_assert(a[0] != a[6]);
  float *dropping = run(inference, network, rows, MOST, true, 0); /* only training drops */
  assert_same_floats(a, dropping, MOST * 6);
  xdi_executor_destroy(inference);
  xdi_executor_destroy(training);
  xdi_network_release(network);
  free(rows), free(a), free(b), free(dropping);
}
END_TEST

START_TEST(executor_forward__runs_smaller_batches) {
  xd_network *network = make_small(context);
  float *rows = make_pixels(MOST * 351, 1);
  const xdi_executor_mode modes[] = {XDI_INFERENCE, XDI_TRAINING};
  for (int m = 0; m < 2; m++) {
    xdi_executor *executor = make_executor(network, modes[m]);
    float *all = run(executor, network, rows, MOST, false, 0);
    for (uint32_t count = 1; count < MOST; count++) {
      float *few = run(executor, network, rows + (MOST - count) * 351, count, false, 0);
      assert_same_floats(few, all + (MOST - count) * 6, count * 6);
      free(few);
    }
    free(all);
    xdi_executor_destroy(executor);
  }
  xdi_network_release(network);
  free(rows);
}
END_TEST

START_TEST(executor_forward__is_the_layers_one_after_another) {
  const xd_layer_spec specs[] = {dense_spec(3, XD_ACTIVATION_RELU), dense_spec(2, XD_ACTIVATION_SIGMOID)};
  xd_network *network = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 2}, specs, 2);
  const float weights[] = {1, -1, 0.5f, 2, 1, -2}, bias[] = {0, 0.5f, 0}, second[] = {1, 0, 0, 1, 1, 1};
  const float rows[] = {1, 2}; /* (5, 1.5, -3.5) rectified, then 5 and 1.5 */
  assert_ok(context, xd_network_set(network, context, "0.dense.weights", weights, 6));
  assert_ok(context, xd_network_set(network, context, "0.dense.bias", bias, 3));
  assert_ok(context, xd_network_set(network, context, "1.dense.weights", second, 6));
  float *out = run_network(context, network, rows, 1);
  ck_assert_double_eq_tol((double)out[0], 1 / (1 + exp(-5.0)), 1e-6);
  ck_assert_double_eq_tol((double)out[1], 1 / (1 + exp(-1.5)), 1e-6);
  free(out);
  xdi_network_release(network);
}
END_TEST

START_TEST(executor_last_input__is_what_the_last_layer_reads) {
  const xd_layer_spec specs[] = {dense_spec(8, XD_ACTIVATION_RELU), dropout_spec(500000),
                                 dense_spec(3, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 4}, specs, 3);
  xd_network *prefix = make_network(context, (xd_shape){.width = 1, .height = 1, .channels = 4}, specs, 1);
  float *rows = make_normals(MOST * 4, 1), features[MOST * 8];
  randomise(network, 4);
  memcpy(prefix->block, network->block, prefix->block_count * sizeof *prefix->block);
  xdi_executor *executor = make_executor(network, XDI_INFERENCE);
  float *out = run(executor, network, rows, MOST, false, 0),
        *expected = run_network(context, prefix, rows, MOST);
  assert_ok(context, xdi_device_read(context, features, xdi_executor_last_input(executor), MOST * 8));
  assert_same_floats(features, expected, MOST * 8);
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  xdi_network_release(prefix);
  free(rows), free(out), free(expected);
}
END_TEST

START_TEST(executor_forward__runs_a_network_that_only_renames) {
  const xd_layer_spec spec = reshape_spec(1, 1, 351);
  xd_network *network = make_network(context, picture, &spec, 1);
  float *rows = make_pixels(2 * 351, 1), *out = run_network(context, network, rows, 2);
  xdi_executor *training = make_executor(network, XDI_TRAINING);
  assert_same_floats(out, rows, 2 * 351);
  assert_ok(context, xdi_executor_forward(training, 2, true, 1, 0));
  assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(training), rows, 2 * 351));
  assert_ok(context, xdi_executor_backward(training, 2, true, true));
  assert_ok(context, xdi_device_read(context, out, xdi_executor_input_gradient(training), 2 * 351));
  assert_same_floats(out, rows, 2 * 351);
  ck_assert_ptr_null(xdi_executor_parameters(training).buffer);
  xdi_executor_destroy(training);
  xdi_network_release(network);
  free(rows), free(out);
}
END_TEST

/* ---- dropout ---- */

START_TEST(executor_forward__drops_by_seed_stream_and_layer) {
  const xd_layer_spec specs[] = {dropout_spec(250000), reshape_spec(1, 1, 4000), dropout_spec(250000)};
  xd_network *network =
      make_network(context, (xd_shape){.width = 40, .height = 1, .channels = 100}, specs, 3);
  float *rows = new_floats(4000);
  for (int i = 0; i < 4000; i++)
    rows[i] = 1;
  xdi_executor *executor = make_executor(network, XDI_TRAINING);
  float *a = run(executor, network, rows, 1, true, 64), *again = run(executor, network, rows, 1, true, 64);
  float *other = run(executor, network, rows, 1, true, 128);
  int kept = 0;
  for (int i = 0; i < 4000; i++) {
    ck_assert(a[i] == 0 || fabsf(a[i] - 16.0f / 9) < 1e-5f); /* twice scaled by 4/3 */
    kept += a[i] > 0;
  }
  ck_assert_int_gt(kept, 2100); /* 9/16 of 4000 is 2250, deviation 31; 3000 if both masks were the same */
  ck_assert_int_lt(kept, 2400);
  assert_same_floats(a, again, 4000);
  ck_assert_mem_ne(a, other, 4000 * sizeof *a);
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  free(rows), free(a), free(again), free(other);
}
END_TEST

/* ---- backward ---- */

/* Seeds the output gradient with normals after a forward pass. */
static void seed_backward(xdi_executor *executor, const xd_network *network, const float *rows) {
  float *gradient = make_normals(MOST * shape_cells(network->output), 31);
  free(run(executor, network, rows, MOST, true, 0));
  assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(executor), gradient,
                                      MOST * shape_cells(network->output)));
  free(gradient);
}

static float *read_new(xd_slice from, size_t count) {
  float *floats = new_floats(count);
  assert_ok(context, xdi_device_read(context, floats, from, count));
  return floats;
}

START_TEST(executor_backward__gives_the_same_whatever_is_wanted) {
  xd_network *network = make_small(context);
  const size_t block = network->block_count, inputs = MOST * 351;
  float *rows = make_pixels(inputs, 1);
  xdi_executor *executor = make_executor(network, XDI_TRAINING);
  seed_backward(executor, network, rows);
  assert_ok(context, xdi_executor_backward(executor, MOST, true, true));
  float *gradients = read_new(xdi_executor_gradients(executor), block);
  float *input = read_new(xdi_executor_input_gradient(executor), inputs);
  float *garbage = make_normals(block, 5);
  assert_ok(context, xdi_device_write(context, xdi_executor_gradients(executor), garbage, block));
  seed_backward(executor, network, rows);
  assert_ok(context, xdi_executor_backward(executor, MOST, false, true));
  float *untouched = read_new(xdi_executor_gradients(executor), block);
  assert_same_floats(untouched, garbage, block);
  float *input_alone = read_new(xdi_executor_input_gradient(executor), inputs);
  assert_same_floats(input_alone, input, inputs);
  seed_backward(executor, network, rows);
  assert_ok(context, xdi_executor_backward(executor, MOST, true, false));
  float *overwritten = read_new(xdi_executor_gradients(executor), block);
  for (uint32_t i = 0; i < network->parameter_count; i++) {
    const xdi_parameter *parameter = &network->parameters[i];
    assert_same_floats(overwritten + parameter->offset, gradients + parameter->offset,
                       parameter->public.count);
  }
  seed_backward(executor, network, rows);
  assert_ok(context, xdi_executor_backward(executor, MOST, false, false));
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  free(rows), free(gradients), free(input), free(garbage), free(untouched), free(input_alone),
      free(overwritten);
}
END_TEST

START_TEST(executor_backward__is_refused_in_inference) {
  xd_network *network = make_small(context);
  xdi_executor *executor = make_executor(network, XDI_INFERENCE);
  assert_status(xdi_executor_backward(executor, 1, true, true), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "inference");
  xdi_executor_destroy(executor);
  xdi_network_release(network);
}
END_TEST

START_TEST(executor__refuses_other_batches) {
  xd_network *network = make_small(context);
  xdi_executor *executor = make_executor(network, XDI_TRAINING), *none;
  assert_status(xdi_executor_forward(executor, 0, false, 0, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xdi_executor_forward(executor, MOST + 1, false, 0, 0), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "6");
  assert_status(xdi_executor_backward(executor, MOST + 1, true, true), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xdi_executor_create(&none, context, network, 0, XDI_TRAINING), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(none);
  xdi_executor_destroy(executor);
  xdi_executor_destroy(NULL);
  xdi_network_release(network);
}
END_TEST

START_TEST(executor_create__refuses_sizes_that_overflow) {
  xd_layer_spec specs[XDI_LAYER_LIMIT];
  for (int i = 0; i < XDI_LAYER_LIMIT; i++)
    specs[i] = activation_spec(XD_ACTIVATION_RELU);
  xd_network *network = make_network(context, (xd_shape){.width = 1 << 14, .height = 1 << 14, .channels = 1},
                                     specs, XDI_LAYER_LIMIT);
  xdi_executor *none;
  assert_status(xdi_executor_create(&none, context, network, UINT32_MAX, XDI_TRAINING), XD_ERROR_TOO_LARGE);
  assert_message_names(context, "4294967295");
  ck_assert_ptr_null(none);
  xdi_network_release(network);
}
END_TEST

/* ---- parameters ---- */

START_TEST(executor_write_parameters__takes_those_of_another_network) {
  xd_network *network = make_small(context), *other = NULL;
  xdi_executor *executor = make_executor(network, XDI_TRAINING),
               *fixed = make_executor(network, XDI_INFERENCE);
  assert_ok(context, xdi_network_clone(&other, context, network));
  randomise(other, 12);
  float *rows = make_pixels(351, 1), *expected = run_network(context, other, rows, 1);
  assert_ok(context, xdi_executor_write_parameters(executor, other));
  float *out = run(executor, network, rows, 1, false, 0);
  assert_same_floats(out, expected, 6);
  assert_status(xdi_executor_write_parameters(fixed, other), XD_ERROR_UNSUPPORTED);
  xdi_executor_destroy(executor);
  xdi_executor_destroy(fixed);
  xdi_network_release(network);
  xdi_network_release(other);
  free(rows), free(expected), free(out);
}
END_TEST

START_TEST(executor_write_parameters__refuses_other_layers) {
  const xd_layer_spec spec = dense_spec(3, XD_ACTIVATION_RELU);
  xd_network *network = make_small(context), *other = make_network(context, picture, &spec, 1);
  xdi_executor *executor = make_executor(network, XDI_TRAINING);
  assert_status(xdi_executor_write_parameters(executor, other), XD_ERROR_SHAPE_MISMATCH);
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  xdi_network_release(other);
}
END_TEST

START_TEST(executor__keeps_its_network) {
  xd_network *network = make_small(context);
  float *rows = make_pixels(351, 1), *expected = run_network(context, network, rows, 1);
  const xd_shape input = network->input;
  xdi_executor *executor = make_executor(network, XDI_INFERENCE);
  xdi_network_release(network);
  float out[6];
  assert_ok(context, xdi_device_write(context, xdi_executor_input(executor), rows, shape_cells(input)));
  assert_ok(context, xdi_executor_forward(executor, 1, false, 0, 0));
  assert_ok(context, xdi_device_read(context, out, xdi_executor_output(executor), 6));
  assert_same_floats(out, expected, 6);
  xdi_executor_destroy(executor);
  free(rows), free(expected);
}
END_TEST

START_TEST(executor__gives_the_same_on_every_built_in_backend) {
  const char *name;
  xd_network *network = make_small(context);
  float *rows = make_pixels(MOST * 351, 1), *expected = run_network(context, network, rows, MOST);
  uint32_t tried = 0;
  for (uint32_t i = 0; (name = xd_context_builtin_backend(i)) != NULL; i++) {
    xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
    xd_context *other = NULL;
    options.backend = name;
    if (xd_context_create(&other, &options) == XD_ERROR_UNSUPPORTED)
      continue;
    ck_assert_ptr_nonnull(other);
    float *out = run_network(other, network, rows, MOST); /* with prepared weights, where there are any */
    assert_near_floats(out, expected, MOST * 6, 1e-4);
    free(out);
    xd_context_destroy(other);
    tried++;
  }
  ck_assert_uint_ge(tried, 1);
  xdi_network_release(network);
  free(rows), free(expected);
}
END_TEST

/* ---- memory ---- */

START_TEST(executor__allocates_nothing_after_creation) {
  counting_allocator counter = {0};
  xd_context *kept = context;
  context = test_context_with("reference", 1, &counter);
  xd_network *network = make_small(context);
  float *rows = make_pixels(MOST * 351, 1);
  xdi_executor *inference = make_executor(network, XDI_INFERENCE),
               *training = make_executor(network, XDI_TRAINING);
  const size_t before = atomic_load(&counter.total);
  for (uint32_t count = 1; count <= MOST; count++) {
    free(run(inference, network, rows, count, false, 0));
    free(run(training, network, rows, count, true, 0));
    assert_ok(context, xdi_executor_backward(training, count, true, true));
  }
  ck_assert_uint_eq(atomic_load(&counter.total), before);
  xdi_executor_destroy(inference);
  xdi_executor_destroy(training);
  xdi_network_release(network);
  xd_context_destroy(context);
  context = kept;
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
  free(rows);
}
END_TEST

static xd_status create_both(xd_context *of, void *network) {
  const xdi_executor_mode modes[] = {XDI_INFERENCE, XDI_TRAINING};
  xd_status status = XD_OK;
  for (int m = 0; m < 2 && status == XD_OK; m++) {
    xdi_executor *executor;
    status = xdi_executor_create(&executor, of, network, MOST, modes[m]);
    ck_assert((status == XD_OK) == (executor != NULL));
    xdi_executor_destroy(executor);
  }
  return status;
}

START_TEST(executor_create__survives_refused_memory) {
  xd_network *network = make_small(context);
  check_refusals(create_both, network);
  ck_assert_uint_eq(atomic_load(&network->references), 1);
  xdi_network_release(network);
}
END_TEST

/* ---- a backend whose kernels fail, and that knows how to prepare ---- */

/* Counts of what was prepared and is still there; one test at a time runs in a process. */
static int prepared_ever, prepared_now, prepared_used;

static xd_status fail_dense(xd_backend *backend, const xd_dense *args) {
  (void)backend;
  (void)args;
  return XD_ERROR_NUMERIC;
}

static xd_status count_dense(xd_backend *backend, const xd_dense *args) {
  prepared_used += args->prepared != NULL;
  return xd_backend_builtin("reference")->dense_forward(backend, args);
}

static xd_status prepare_dense(xd_backend *backend, xd_prepared **out, const xd_dense *args) {
  (void)backend;
  (void)args;
  *out = (xd_prepared *)&prepared_now;
  prepared_now++;
  prepared_ever++;
  return XD_OK;
}

static void forget_prepared(xd_backend *backend, xd_prepared *prepared) {
  (void)backend;
  ck_assert_ptr_eq(prepared, (xd_prepared *)&prepared_now);
  prepared_now--;
}

/* A context on a copy of the reference backend with some slots replaced. */
static xd_context *own_context(xd_backend_table *own) {
  const xd_backend_table *tables[] = {own};
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *made = NULL;
  options.backends = tables;
  options.backend_count = 1;
  options.backend = own->name;
  assert_status(xd_context_create(&made, &options), XD_OK);
  return made;
}

START_TEST(executor_forward__names_the_layer_and_the_backend_that_failed) {
  xd_backend_table own = *xd_backend_builtin("reference");
  own.name = "brittle";
  own.dense_forward = fail_dense;
  own.dense_backward_data = own.dense_backward_weights = fail_dense;
  xd_context *kept = context;
  context = own_context(&own);
  xd_network *network = make_small(context);
  xdi_executor *executor = make_executor(network, XDI_TRAINING);
  assert_status(xdi_executor_forward(executor, 1, false, 0, 0), XD_ERROR_NUMERIC);
  assert_message_names(context, "layer 5 (dense)");
  assert_message_names(context, "forward");
  assert_message_names(context, "\"brittle\"");
  assert_status(xdi_executor_backward(executor, 1, true, true), XD_ERROR_NUMERIC);
  assert_message_names(context, "layer 5 (dense)");
  assert_message_names(context, "backward");
  xdi_executor_destroy(executor);
  xdi_network_release(network);
  xd_context_destroy(context);
  context = kept;
}
END_TEST

START_TEST(executor__prepares_weights_for_inference_alone) {
  xd_backend_table own = *xd_backend_builtin("reference");
  own.name = "packing";
  own.dense_forward = count_dense;
  own.dense_prepare = prepare_dense;
  own.prepared_destroy = forget_prepared;
  xd_context *kept = context;
  context = own_context(&own);
  xd_network *network = make_small(context);
  float *rows = make_pixels(351, 1);
  prepared_ever = prepared_now = prepared_used = 0;
  xdi_executor *training = make_executor(network, XDI_TRAINING);
  free(run(training, network, rows, 1, false, 0));
  ck_assert_int_eq(prepared_ever, 0);
  ck_assert_int_eq(prepared_used, 0);
  xdi_executor *inference = make_executor(network, XDI_INFERENCE);
  ck_assert_int_eq(prepared_now, 1);
  free(run(inference, network, rows, 1, false, 0));
  free(run(inference, network, rows, 1, false, 0));
  ck_assert_int_eq(prepared_used, 2);
  ck_assert_int_eq(prepared_ever, 1);
  xdi_executor_destroy(training);
  xdi_executor_destroy(inference);
  ck_assert_int_eq(prepared_now, 0);
  xdi_network_release(network);
  xd_context_destroy(context);
  context = kept;
  free(rows);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("executor");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(executor_forward__gives_the_same_in_inference_and_training);
  add(executor_forward__runs_smaller_batches);
  add(executor_forward__is_the_layers_one_after_another);
  add(executor_last_input__is_what_the_last_layer_reads);
  add(executor_forward__runs_a_network_that_only_renames);
  add(executor_forward__drops_by_seed_stream_and_layer);
  add(executor_backward__gives_the_same_whatever_is_wanted);
  add(executor_backward__is_refused_in_inference);
  add(executor__refuses_other_batches);
  add(executor_create__refuses_sizes_that_overflow);
  add(executor_write_parameters__takes_those_of_another_network);
  add(executor_write_parameters__refuses_other_layers);
  add(executor__keeps_its_network);
  add(executor__gives_the_same_on_every_built_in_backend);
  add(executor__allocates_nothing_after_creation);
  add(executor_create__survives_refused_memory);
  add(executor_forward__names_the_layer_and_the_backend_that_failed);
  add(executor__prepares_weights_for_inference_alone);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
