/* The optimiser's state against the paper's formulas, on every backend. */
#include "training_support.h"

#include "tensor/device.h"
#include "train/optimiser.h"

/* Adam by its own formulas, over three steps. */
START_TEST(optimiser_step__is_adam_with_decoupled_decay) {
  for (uint32_t b = 0; xd_context_builtin_backend(b); b++) {
    enum { N = 37 };
    xd_context *context = test_context(xd_context_builtin_backend(b));
    const xdi_optimiser_settings settings = {0.5f, 0.99f, 0.1f};
    const xd_layer_spec layer = dense_spec(1, XD_ACTIVATION_IDENTITY);
    xd_network *network = make_network(context, (xd_shape){1, 1, N - 1}, &layer, 1);
    xdi_optimiser optimiser;
    xdi_executor *run;
    float *weights = make_normals(N, 1), *got = new_floats(N);
    double expected[N], first[N] = {0.0}, second[N] = {0.0};
    for (int i = 0; i < N; i++)
      expected[i] = (double)weights[i];
    assert_ok(context, xdi_executor_create(&run, context, network, 1, XDI_TRAINING));
    assert_ok(context, xdi_optimiser_open(&optimiser, context, N, &settings));
    assert_ok(context, xdi_device_write(context, xdi_executor_parameters(run), weights, N));
    for (int t = 1; t <= 3; t++) {
      const double rate = 0.01 * t;
      float *gradients = make_normals(N, 10 + (uint64_t)t);
      assert_ok(context, xdi_device_write(context, xdi_executor_gradients(run), gradients, N));
      assert_ok(context, xdi_optimiser_step(&optimiser, run, (float)rate));
      for (int i = 0; i < N; i++) {
        const double g = (double)gradients[i];
        first[i] = 0.5 * first[i] + 0.5 * g;
        second[i] = 0.99 * second[i] + 0.01 * g * g;
        const double m = first[i] / (1.0 - pow(0.5, t)), v = second[i] / (1.0 - pow(0.99, t));
        expected[i] = expected[i] * (1.0 - rate * 0.1) - rate * m / (sqrt(v) + 1e-8);
      }
      free(gradients);
    }
    assert_ok(context, xdi_device_read(context, got, xdi_executor_parameters(run), N));
    for (int i = 0; i < N; i++)
      assert_near((double)got[i], expected[i], 1e-5, "weight");
    xdi_optimiser_close(&optimiser);
    xdi_executor_destroy(run);
    xdi_network_release(network);
    xd_context_destroy(context);
    free(weights), free(got);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("optimiser");
  add_case(suite, optimiser_step__is_adam_with_decoupled_decay);
  return suite;
}

XD_SUITE_MAIN(make_suite)
