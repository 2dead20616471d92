/* The window_normalise layer: its values by a formula written down again, what it does not see, and its
 * place in encoders. */
#include "training_support.h"

#include "layer/executor.h"
#include "layer/window_normalise.h"

#define HEIGHT 9u
#define WIDTH 12u
#define CHANNELS 3u
#define SIZE (HEIGHT * WIDTH * CHANNELS)
#define SIGMA 250u

static const xd_shape picture = {.width = WIDTH, .height = HEIGHT, .channels = CHANNELS};
static const xd_layer_spec window_spec = {XDI_WINDOW_TAG, {SIGMA}};
static xd_context *context;

static void open_context(void) {
  context = test_context("auto");
}

static void close_context(void) {
  xd_context_destroy(context);
}

/* The caller frees it. */
static float *normalised(const float *pictures, uint32_t count) {
  xd_network *network = make_network(context, picture, &window_spec, 1);
  float *out = run_network(context, network, pictures, count);
  xdi_network_release(network);
  return out;
}

static double weight_at(uint32_t cell) {
  const double y = cell / CHANNELS / WIDTH - 0.5 * (HEIGHT - 1),
               x = cell / CHANNELS % WIDTH - 0.5 * (WIDTH - 1);
  const double sigma = SIGMA / 1000.0 * WIDTH;
  return exp(-(x * x + y * y) / (2.0 * sigma * sigma));
}

/* The formula of sys/backend.h, one sum after the other. */
static void expect(double *to, const float *from) {
  double mean[CHANNELS] = {0.0}, variance = 0.0, weights = 0.0;
  for (uint32_t i = 0; i < SIZE; i++)
    weights += weight_at(i) / CHANNELS;
  for (uint32_t i = 0; i < SIZE; i++)
    mean[i % CHANNELS] += weight_at(i) * (double)from[i] / weights;
  for (uint32_t i = 0; i < SIZE; i++)
    variance += weight_at(i) * pow((double)from[i] - mean[i % CHANNELS], 2.0) / weights / CHANNELS;
  for (uint32_t i = 0; i < SIZE; i++)
    to[i] =
        fmin(fmax(0.5 + 0.2 * ((double)from[i] - mean[i % CHANNELS]) / fmax(sqrt(variance), 1.0 / 64.0), 0.0),
             1.0);
}

START_TEST(window_normalise_forward__is_the_formula) {
  float *pictures = make_pixels(3 * SIZE, 4), *got = normalised(pictures, 3);
  double expected[SIZE];
  uint32_t clamped = 0;
  for (uint32_t row = 0; row < 3; row++) {
    expect(expected, pictures + row * SIZE);
    for (uint32_t i = 0; i < SIZE; i++) {
      assert_near((double)got[row * SIZE + i], expected[i], 1e-5, "a cell");
      clamped += got[row * SIZE + i] == 0.0f || got[row * SIZE + i] == 1.0f;
    }
  }
  ck_assert_msg(clamped < SIZE / 4, "%u cells are clamped", clamped);
  free(pictures), free(got);
}
END_TEST

/* One gain for all and an offset for each channel do not show; a gain of one channel does. */
START_TEST(window_normalise_forward__does_not_see_light_and_contrast) {
  float *pictures = make_pixels(SIZE, 4), *other = new_floats(SIZE), *third = new_floats(SIZE);
  const float offsets[CHANNELS] = {0.3f, 0.05f, 0.5f};
  for (uint32_t i = 0; i < SIZE; i++) {
    other[i] = 0.4f * pictures[i] + offsets[i % CHANNELS];
    third[i] = i % CHANNELS == 1 ? 0.4f * pictures[i] : pictures[i];
  }
  float *a = normalised(pictures, 1), *b = normalised(other, 1), *c = normalised(third, 1);
  double difference = 0.0;
  assert_near_floats(a, b, SIZE, 1e-5);
  for (uint32_t i = 0; i < SIZE; i++)
    difference = fmax(difference, fabs((double)a[i] - (double)c[i]));
  ck_assert_msg(difference > 0.05, "a channel's gain changed %g only", difference);
  free(pictures), free(other), free(third), free(a), free(b), free(c);
}
END_TEST

/* A picture of one colour is grey, and one with nearly no contrast is not blown up. */
START_TEST(window_normalise_forward__keeps_flat_pictures_flat) {
  float *pictures = new_floats(2 * SIZE);
  for (uint32_t i = 0; i < SIZE; i++) {
    pictures[i] = 0.25f * (float)(i % CHANNELS);
    pictures[SIZE + i] = 0.5f + (i / CHANNELS % 2 ? 1.0f / 640.0f : -1.0f / 640.0f);
  }
  float *got = normalised(pictures, 2);
  for (uint32_t i = 0; i < SIZE; i++) {
    assert_near((double)got[i], 0.5, 1e-6, "a cell of a flat picture");
    assert_near(fabs((double)got[SIZE + i] - 0.5), 0.02, 0.004, "a cell of a faint picture");
  }
  free(pictures), free(got);
}
END_TEST

START_TEST(window_normalise__refuses_what_makes_no_sense) {
  const struct {
    xd_shape in;
    xd_layer_spec spec;
    xd_status status;
  } wrong[] = {{picture, {XDI_WINDOW_TAG, {49}}, XD_ERROR_INVALID_ARGUMENT},
               {picture, {XDI_WINDOW_TAG, {10001}}, XD_ERROR_INVALID_ARGUMENT},
               {picture, {XDI_WINDOW_TAG, {250, 1}}, XD_ERROR_INVALID_ARGUMENT},
               {{.width = 8, .height = 257, .channels = 1}, window_spec, XD_ERROR_SHAPE_MISMATCH},
               {{.width = 257, .height = 8, .channels = 1}, window_spec, XD_ERROR_SHAPE_MISMATCH},
               {{.width = 8, .height = 8, .channels = 5}, window_spec, XD_ERROR_SHAPE_MISMATCH}};
  for (size_t i = 0; i < COUNT_OF(wrong); i++) {
    xd_network *network = NULL;
    assert_status(xdi_network_create(&network, context, wrong[i].in, &wrong[i].spec, 1), wrong[i].status);
    assert_message_names(context, "window_normalise");
  }
  const xd_layer_spec second[] = {reshape_spec(SIZE / CHANNELS, 1, CHANNELS), window_spec};
  xd_network *network = NULL;
  assert_status(xdi_network_create(&network, context, picture, second, 2), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "start");
}
END_TEST

/* The layers behind it learn; the gradient of its input is refused by name. */
START_TEST(window_normalise_backward__has_no_gradient_of_its_input) {
  const xd_layer_spec specs[] = {window_spec, dense_spec(4, XD_ACTIVATION_IDENTITY)};
  xd_network *network = make_network(context, picture, specs, 2);
  xdi_executor *run = NULL;
  float *pictures = make_pixels(2 * SIZE, 4), delta[8] = {1, 2, 3, 4, 5, 6, 7, 8}, *gradients;
  randomise(network, 3);
  gradients = new_floats(network->block_count);
  assert_ok(context, xdi_executor_create(&run, context, network, 2, XDI_TRAINING));
  assert_ok(context, xdi_device_write(context, xdi_executor_input(run), pictures, 2 * SIZE));
  assert_ok(context, xdi_executor_forward(run, 2, true, 1, 0));
  assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(run), delta, 8));
  assert_ok(context, xdi_executor_backward(run, 2, true, false));
  assert_ok(context, xdi_device_read(context, gradients, xdi_executor_gradients(run), network->block_count));
  float *x = normalised(pictures, 2);
  for (uint32_t k = 0; k < 4; k++) /* dW[17][k] = sum over rows of x[17] dy[k] */
    assert_near((double)gradients[17 * 4 + k], (double)x[17] * (k + 1) + (double)x[SIZE + 17] * (k + 5), 1e-5,
                "dW");
  assert_status(xdi_executor_backward(run, 2, true, true), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "window_normalise");
  xdi_executor_destroy(run);
  xdi_network_release(network);
  free(pictures), free(gradients), free(x);
}
END_TEST

START_TEST(window_of__is_the_first_layers_alone) {
  const xd_layer_spec first[] = {window_spec, dense_spec(4, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec none[] = {dense_spec(4, XD_ACTIVATION_IDENTITY)};
  xd_network *with = make_network(context, picture, first, 2),
             *without = make_network(context, picture, none, 1);
  const xdi_window *window = xdi_window_of(with);
  ck_assert_ptr_nonnull(window);
  ck_assert_ptr_null(xdi_window_of(without));
  for (uint32_t i = 0; i < SIZE; i += CHANNELS)
    assert_near((double)window->vertical[i / CHANNELS / WIDTH] *
                    (double)window->horizontal[i / CHANNELS % WIDTH],
                weight_at(i), 1e-6, "a weight");
  xdi_network_release(with);
  xdi_network_release(without);
}
END_TEST

/* Two pictures that differ in light alone have one posterior. */
START_TEST(window_normalise__serves_an_encoder) {
  char text[160];
  snprintf(text, sizeof text, PATTERN_VAE " window=%u", (unsigned)SIGMA);
  xd_encoder *encoder = make_encoder(context, text);
  float *pictures = make_pixels(2 * PATTERN_SIZE, 8), mean[16];
  for (uint32_t i = 0; i < PATTERN_SIZE; i++)
    pictures[PATTERN_SIZE + i] = 0.2f + 0.5f * pictures[i];
  assert_ok(context, xd_encoder_encode(encoder, context, mean, NULL, pictures, 2));
  assert_near_floats(mean, mean + 8, 8, 1e-4);
  xd_encoder_release(encoder);
  free(pictures);
}
END_TEST

/* A skip behind a window is one of the window's output: as the network without the window that is fed with
 * it. */
START_TEST(window_normalise__stands_before_linear_skips) {
  const xd_layer_spec specs[] = {window_spec, dense_spec(7, XD_ACTIVATION_TANH),
                                 dense_spec(5, XD_ACTIVATION_TANH), dense_spec(4, XD_ACTIVATION_IDENTITY),
                                 linear_skip_spec(XD_ACTIVATION_IDENTITY)};
  float *pictures = make_pixels(2 * SIZE, 4), *seen = normalised(pictures, 2), *gradients[2], *got[2];
  const float delta[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (uint32_t i = 0; i < 2; i++) {
    xd_network *network = make_network(context, picture, specs + i, 5 - i);
    xdi_executor *run = NULL;
    randomise(network, 3);
    got[i] = run_network(context, network, i ? seen : pictures, 2);
    gradients[i] = new_floats(network->block_count);
    assert_ok(context, xdi_executor_create(&run, context, network, 2, XDI_TRAINING));
    assert_ok(context, xdi_device_write(context, xdi_executor_input(run), i ? seen : pictures, 2 * SIZE));
    assert_ok(context, xdi_executor_forward(run, 2, true, 1, 0));
    assert_ok(context, xdi_device_write(context, xdi_executor_output_gradient(run), delta, 8));
    assert_ok(context, xdi_executor_backward(run, 2, true, false));
    assert_ok(context,
              xdi_device_read(context, gradients[i], xdi_executor_gradients(run), network->block_count));
    if (i)
      assert_near_floats(gradients[0], gradients[1], network->block_count, 1e-5);
    xdi_executor_destroy(run);
    xdi_network_release(network);
  }
  assert_near_floats(got[0], got[1], 8, 1e-5);
  for (uint32_t i = 0; i < 2; i++)
    free(got[i]), free(gradients[i]);
  free(pictures), free(seen);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("window_normalise");
#define add(test) add_checked_case(suite, #test, test, open_context, close_context)
  add(window_normalise_forward__is_the_formula);
  add(window_normalise_forward__does_not_see_light_and_contrast);
  add(window_normalise_forward__keeps_flat_pictures_flat);
  add(window_normalise__refuses_what_makes_no_sense);
  add(window_normalise_backward__has_no_gradient_of_its_input);
  add(window_of__is_the_first_layers_alone);
  add(window_normalise__serves_an_encoder);
  add(window_normalise__stands_before_linear_skips);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
