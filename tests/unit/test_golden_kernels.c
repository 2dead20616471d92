/* Every built-in backend against values that PyTorch computed once (tests/golden/make_golden.py). */
#include "backend_support.h"

#include "../golden/kernels.h"

#define TOLERANCE 2e-6 /* of the tensor's largest value */
#define COUNT(array) (sizeof(array) / sizeof *(array))

static bench open_one;

static void open_backend_at(uint32_t index) {
  open_bench(&open_one, xdi_backend_at(index), 1);
}

#define FOR_EACH_BACKEND(b) \
  for (uint32_t index_ = 0; xdi_backend_at(index_); index_++) \
    for (bench *b = (open_backend_at(index_), &open_one); b; b = (close_bench(b), NULL))

static void assert_slice(bench *b, const char *what, xd_slice slice, const float *wanted, size_t count) {
  float got[256];
  ck_assert_uint_le(count, COUNT(got));
  read_slice(b, got, slice, count);
  assert_close(b->table.name, what, got, wanted, count, TOLERANCE);
}

static void assert_loss(bench *b, const char *what, double got, double wanted) {
  assert_number_close(b->table.name, what, got, wanted, TOLERANCE);
}

#define GIVEN(b, name) make_slice(b, golden_##name, COUNT(golden_##name))
#define ROOM(b, name) empty_slice(b, COUNT(golden_##name))
#define ASSERT_GOLDEN(b, slice, name) assert_slice(b, #name, slice, golden_##name, COUNT(golden_##name))

/* ---- products ---- */

START_TEST(dense__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    xd_dense args = {.rows = 3, .inputs = 5, .outputs = 4, .activation = XD_ACTIVATION_TANH};
    args.x = GIVEN(b, dense_x), args.weights = GIVEN(b, dense_weights), args.bias = GIVEN(b, dense_bias);
    args.y = ROOM(b, dense_y), args.dy = GIVEN(b, dense_dy), args.dx = ROOM(b, dense_dx);
    args.dweights = ROOM(b, dense_dweights), args.dbias = ROOM(b, dense_dbias);
    BENCH_CALL(b, dense_forward, &args);
    BENCH_CALL(b, dense_backward_data, &args);
    BENCH_CALL(b, dense_backward_weights, &args);
    ASSERT_GOLDEN(b, args.y, dense_y);
    ASSERT_GOLDEN(b, args.dx, dense_dx);
    ASSERT_GOLDEN(b, args.dweights, dense_dweights);
    ASSERT_GOLDEN(b, args.dbias, dense_dbias);
  }
}
END_TEST

/* The golden convolutions end in a sigmoid and follow a leaky rectifier. */
#define CHECK_CONVOLUTION(b, kind, name, ...) \
  do { \
    xd_convolution args = {__VA_ARGS__, .activation = XD_ACTIVATION_SIGMOID}; \
    args.x_activation = XD_ACTIVATION_LEAKY_RELU; \
    args.x = GIVEN(b, name##_x), args.weights = GIVEN(b, name##_weights), args.bias = GIVEN(b, name##_bias); \
    args.y = ROOM(b, name##_y), args.dy = GIVEN(b, name##_dy), args.dx = ROOM(b, name##_dx); \
    args.dweights = ROOM(b, name##_dweights), args.dbias = ROOM(b, name##_dbias); \
    BENCH_CALL(b, kind##_forward, &args); \
    BENCH_CALL(b, kind##_backward_data, &args); \
    BENCH_CALL(b, kind##_backward_weights, &args); \
    ASSERT_GOLDEN(b, args.y, name##_y); \
    ASSERT_GOLDEN(b, args.dx, name##_dx); \
    ASSERT_GOLDEN(b, args.dweights, name##_dweights); \
    ASSERT_GOLDEN(b, args.dbias, name##_dbias); \
  } while (0)

START_TEST(conv2d__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    CHECK_CONVOLUTION(b, conv2d, conv2d, 2, 6, 6, 2, 3, 3, 3, 4, 4, 2, 1);
    CHECK_CONVOLUTION(b, conv2d, conv2d_same, 1, 5, 4, 3, 5, 4, 2, 3, 3, 1, 1);
  }
}
END_TEST

START_TEST(conv_transpose2d__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    CHECK_CONVOLUTION(b, conv_transpose2d, transpose, 2, 3, 3, 3, 6, 6, 2, 4, 4, 2, 1);
    CHECK_CONVOLUTION(b, conv_transpose2d, transpose_odd, 1, 3, 2, 2, 9, 6, 3, 2, 3, 3, 0);
  }
}
END_TEST

/* ---- the VAE's loss through a decoder of one layer ---- */

typedef struct vae {
  xd_posterior code;
  xd_dense decoder;
  xd_reconstruction_loss head;
} vae;

static void run_vae(bench *b, vae *v) {
  BENCH_CALL(b, posterior_forward, &v->code);
  BENCH_CALL(b, dense_forward, &v->decoder);
  BENCH_CALL(b, reconstruction_loss, &v->head);
  BENCH_CALL(b, dense_backward_data, &v->decoder);
  BENCH_CALL(b, dense_backward_weights, &v->decoder);
  BENCH_CALL(b, posterior_backward, &v->code);
}

static double vae_loss(const vae *v) {
  return ((double)v->head.pixel_weight * v->head.squared_error +
          (double)v->head.bernoulli_weight * v->head.bernoulli + (double)v->code.kl_weight * v->code.kl) /
         v->head.rows;
}

static vae make_vae(bench *b, const float *posterior, const float *epsilon, const float *weights,
                    const float *bias, const float *x) {
  enum { rows = 3, latent_dim = 4, size = 6, codes = rows * latent_dim, cells = rows * size };
  vae v = {
      .code = {.rows = rows, .latent_dim = latent_dim},
      .decoder = {.rows = rows, .inputs = latent_dim, .outputs = size, .activation = XD_ACTIVATION_SIGMOID},
      .head = {.rows = rows, .size = size}};
  v.code.posterior = make_slice(b, posterior, 2 * codes), v.code.epsilon = make_slice(b, epsilon, codes);
  v.code.z = v.decoder.x = empty_slice(b, codes);
  v.code.dz = v.decoder.dx = empty_slice(b, codes);
  v.code.dposterior = empty_slice(b, 2 * codes);
  v.decoder.weights = make_slice(b, weights, latent_dim * size), v.decoder.bias = make_slice(b, bias, size);
  v.decoder.dweights = empty_slice(b, latent_dim * size), v.decoder.dbias = empty_slice(b, size);
  v.decoder.y = v.head.x_hat = empty_slice(b, cells);
  v.decoder.dy = v.head.da = empty_slice(b, cells);
  v.head.x = make_slice(b, x, cells);
  return v;
}

#define CHECK_VAE(b, name, pixel, bernoulli_part, kl_part) \
  do { \
    vae v = make_vae(b, golden_##name##_posterior, golden_##name##_epsilon, golden_##name##_weights, \
                     golden_##name##_bias, golden_##name##_x); \
    v.head.pixel_weight = (pixel), v.head.bernoulli_weight = (bernoulli_part), v.code.kl_weight = (kl_part); \
    run_vae(b, &v); \
    ASSERT_GOLDEN(b, v.code.z, name##_z); \
    ASSERT_GOLDEN(b, v.head.x_hat, name##_x_hat); \
    ASSERT_GOLDEN(b, v.code.dposterior, name##_dposterior); \
    ASSERT_GOLDEN(b, v.decoder.dweights, name##_dweights); \
    ASSERT_GOLDEN(b, v.decoder.dbias, name##_dbias); \
    assert_loss(b, "squared_error", v.head.squared_error, golden_##name##_squared_error); \
    assert_loss(b, "bernoulli", v.head.bernoulli, (bernoulli_part) > 0 ? golden_##name##_bernoulli : 0.0); \
    assert_loss(b, "kl", v.code.kl, golden_##name##_kl); \
    assert_loss(b, "loss", vae_loss(&v), golden_##name##_loss); \
  } while (0)

START_TEST(vae_loss__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    CHECK_VAE(b, gaussian, 50.0f, 0.0f, 1.0f);
  }
  FOR_EACH_BACKEND(b) {
    CHECK_VAE(b, bernoulli, 0.5f, 1.0f, 0.3f);
  }
}
END_TEST

/* ---- the pair discriminator's and the latent generator's losses ---- */

START_TEST(discriminator_loss__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    enum { rows = 5, heads = 4 };
    const xd_slice logits = GIVEN(b, discriminator_logits), dlogits = ROOM(b, discriminator_dlogits);
    double loss = 0.0;
    for (size_t head = 0; head < heads; head++) {
      xd_logistic_loss args = {.rows = rows, .sign = head == 0 ? 1.0f : -1.0f, .weight = 1.0f};
      args.logits = (xd_slice){logits.buffer, logits.offset + head * rows};
      args.dlogits = (xd_slice){dlogits.buffer, dlogits.offset + head * rows};
      BENCH_CALL(b, logistic_loss, &args);
      loss += args.loss / rows;
    }
    ASSERT_GOLDEN(b, dlogits, discriminator_dlogits);
    assert_loss(b, "loss", loss, golden_discriminator_loss);
  }
}
END_TEST

START_TEST(generator_loss__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    enum { rows = 5, latent_dim = 6 };
    xd_dense score = {.rows = rows, .inputs = latent_dim, .outputs = 1};
    score.x = GIVEN(b, generator_g), score.weights = GIVEN(b, generator_weights),
    score.y = empty_slice(b, rows);
    score.dy = empty_slice(b, rows), score.dx = ROOM(b, generator_dg);
    xd_logistic_loss adversarial = {.rows = rows, .sign = 1.0f, .weight = 1.0f};
    adversarial.logits = score.y, adversarial.dlogits = score.dy;
    xd_squared_distance penalty = {.rows = rows, .columns = latent_dim, .weight = 0.1f};
    penalty.a_stride = penalty.b_stride = penalty.da_stride = latent_dim;
    penalty.a = score.x, penalty.b = GIVEN(b, generator_noise), penalty.da = score.dx;
    BENCH_CALL(b, dense_forward, &score);
    BENCH_CALL(b, logistic_loss, &adversarial);
    BENCH_CALL(b, dense_backward_data, &score);
    BENCH_CALL(b, squared_distance, &penalty);
    ASSERT_GOLDEN(b, score.dx, generator_dg);
    assert_loss(b, "adversarial", adversarial.loss / rows, golden_generator_adversarial);
    assert_loss(b, "penalty", penalty.loss / (rows * latent_dim), golden_generator_penalty);
  }
}
END_TEST

/* ---- the optimiser's sweeps and the judge's head ---- */

START_TEST(spectral_norm__equals_pytorch) {
  float identity[25] = {0};
  for (int i = 0; i < 5; i++)
    identity[6 * i] = 1.0f;
  FOR_EACH_BACKEND(b) {
    xd_spectral_norm norm = {.rows = 5, .columns = 7, .iterations = 3};
    norm.weights = GIVEN(b, spectral_weights), norm.v = GIVEN(b, spectral_v0), norm.u = ROOM(b, spectral_u);
    norm.gradients = GIVEN(b, spectral_c);
    BENCH_CALL(b, spectral_norm_forward, &norm, 1);
    BENCH_CALL(b, spectral_norm_backward, &norm, 1);
    xd_dense dense = {.rows = 5, .inputs = 5, .outputs = 7, .sigma = (float)norm.sigma};
    dense.x = make_slice(b, identity, 25), dense.weights = norm.weights,
    dense.y = ROOM(b, spectral_normalised);
    BENCH_CALL(b, dense_forward, &dense);
    ASSERT_GOLDEN(b, norm.u, spectral_u);
    ASSERT_GOLDEN(b, norm.v, spectral_v);
    ASSERT_GOLDEN(b, dense.y, spectral_normalised);
    ASSERT_GOLDEN(b, norm.gradients, spectral_gradients);
    assert_loss(b, "sigma", norm.sigma, golden_spectral_sigma);
  }
}
END_TEST

START_TEST(adam__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    enum { count = COUNT(golden_adam_start), steps = COUNT(golden_adam_gradients) / count };
    const float zeros[count] = {0};
    xd_adam adam = {.count = count, .learning_rate = 0.01f, .beta1 = 0.5f, .beta2 = 0.99f};
    adam.epsilon = 1e-8f, adam.weight_decay = 0.1f;
    adam.parameters = GIVEN(b, adam_start);
    adam.moment1 = make_slice(b, zeros, count), adam.moment2 = make_slice(b, zeros, count);
    const xd_slice gradients = GIVEN(b, adam_gradients);
    for (size_t step = 0; step < steps; step++) {
      adam.gradients = (xd_slice){gradients.buffer, gradients.offset + step * count};
      adam.correction1 = (float)(1.0 - pow(0.5, (double)step + 1.0));
      adam.correction2 = (float)(1.0 - pow(0.99, (double)step + 1.0));
      BENCH_CALL(b, adam, &adam);
    }
    ASSERT_GOLDEN(b, adam.parameters, adam_parameters);
    ASSERT_GOLDEN(b, adam.moment1, adam_moment1);
    ASSERT_GOLDEN(b, adam.moment2, adam_moment2);
  }
}
END_TEST

START_TEST(cross_entropy__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    xd_cross_entropy head = {.rows = 6, .classes = 10, .label_smoothing = 0.1f};
    uint32_t labels[7] = {0};
    memcpy(labels, golden_cross_entropy_labels, 6 * sizeof *labels);
    labels[6] = UINT32_MAX; /* of no row */
    head.labels = labels;
    head.logits = GIVEN(b, cross_entropy_logits), head.dlogits = ROOM(b, cross_entropy_dlogits);
    BENCH_CALL(b, cross_entropy, &head);
    ASSERT_GOLDEN(b, head.dlogits, cross_entropy_dlogits);
    assert_loss(b, "loss", head.loss / head.rows, golden_cross_entropy_loss);
    ck_assert_uint_eq(head.correct, golden_cross_entropy_correct);
  }
}
END_TEST

START_TEST(group_norm__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    xd_group_norm args = {.batch = 2,
                          .cells = 6,
                          .channels = 6,
                          .groups = 3,
                          .epsilon = 1e-5f,
                          .activation = XD_ACTIVATION_SIGMOID,
                          .x_activation = XD_ACTIVATION_LEAKY_RELU,
                          .x = GIVEN(b, group_norm_x),
                          .scale = GIVEN(b, group_norm_scale),
                          .shift = GIVEN(b, group_norm_shift),
                          .y = ROOM(b, group_norm_y),
                          .dy = GIVEN(b, group_norm_dy),
                          .dx = ROOM(b, group_norm_dx),
                          .dscale = ROOM(b, group_norm_dscale),
                          .dshift = ROOM(b, group_norm_dshift)};
    BENCH_CALL(b, group_norm_forward, &args);
    BENCH_CALL(b, group_norm_backward, &args);
    ASSERT_GOLDEN(b, args.y, group_norm_y);
    ASSERT_GOLDEN(b, args.dx, group_norm_dx);
    ASSERT_GOLDEN(b, args.dscale, group_norm_dscale);
    ASSERT_GOLDEN(b, args.dshift, group_norm_dshift);
  }
}
END_TEST

START_TEST(upsample__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    xd_upsample args = {.batch = 2,
                        .in_width = 3,
                        .in_height = 2,
                        .out_width = 5,
                        .out_height = 4,
                        .channels = 2,
                        .x_activation = XD_ACTIVATION_TANH,
                        .x = GIVEN(b, upsample_x),
                        .y = ROOM(b, upsample_y),
                        .dy = GIVEN(b, upsample_dy),
                        .dx = ROOM(b, upsample_dx)};
    BENCH_CALL(b, upsample_forward, &args);
    BENCH_CALL(b, upsample_backward, &args);
    ASSERT_GOLDEN(b, args.y, upsample_y);
    ASSERT_GOLDEN(b, args.dx, upsample_dx);
  }
}
END_TEST

START_TEST(upsample_conv2d__equals_pytorch) {
  FOR_EACH_BACKEND(b)
  CHECK_CONVOLUTION(b, upsample_conv2d, upsample_conv2d, .batch = 2, .in_height = 3, .in_width = 2,
                    .in_channels = 3, .out_height = 6, .out_width = 3, .out_channels = 2, .kernel_height = 3,
                    .kernel_width = 3, .stride = 1, .pad = 1);
}
END_TEST

START_TEST(residual__equals_pytorch) {
  FOR_EACH_BACKEND(b) {
    xd_residual args = {.count = 20,
                        .activation = XD_ACTIVATION_SIGMOID,
                        .x_activation = XD_ACTIVATION_LEAKY_RELU,
                        .other_activation = XD_ACTIVATION_TANH,
                        .x = GIVEN(b, residual_x),
                        .other = GIVEN(b, residual_other),
                        .y = ROOM(b, residual_y),
                        .dy = GIVEN(b, residual_dy),
                        .dx = ROOM(b, residual_dx),
                        .dother = ROOM(b, residual_dother)};
    BENCH_CALL(b, residual_forward, &args);
    BENCH_CALL(b, residual_backward, &args);
    ASSERT_GOLDEN(b, args.y, residual_y);
    ASSERT_GOLDEN(b, args.dx, residual_dx);
    ASSERT_GOLDEN(b, args.dother, residual_dother);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("golden_kernels");
  add_case(suite, dense__equals_pytorch);
  add_case(suite, conv2d__equals_pytorch);
  add_case(suite, conv_transpose2d__equals_pytorch);
  add_case(suite, vae_loss__equals_pytorch);
  add_case(suite, discriminator_loss__equals_pytorch);
  add_case(suite, generator_loss__equals_pytorch);
  add_case(suite, spectral_norm__equals_pytorch);
  add_case(suite, adam__equals_pytorch);
  add_case(suite, cross_entropy__equals_pytorch);
  add_case(suite, group_norm__equals_pytorch);
  add_case(suite, upsample__equals_pytorch);
  add_case(suite, residual__equals_pytorch);
  add_case(suite, upsample_conv2d__equals_pytorch);
  return suite;
}

XD_SUITE_MAIN(make_suite)
