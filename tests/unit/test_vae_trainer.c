/* The VAE's trainer: its loss against one composed by hand, its gradients against finite differences, and its
 * manners. */
#include "training_support.h"

#include "layer/window_normalise.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "train/mean_start.h"
#include "train/vae_trainer.h"

#define COUNT 6u

/* 8x8 pictures and few weights: small enough for finite differences. */
#define SMALL \
  "width=8 height=8 channels=1 latent_dim=3 base_channels=4 depth=1 hidden1=7 lambda1=0.7 lambda2=0.5 " \
  "sigma_x=0.8 kl_weight=0.3 batch=6 raw_codes=1 seed=11"

typedef struct vae_losses {
  double total, pixel_cost, log_likelihood, kl, elbo;
} vae_losses;

static vae_losses read_losses(const xd_values *values) {
  return (vae_losses){.total = value_of(values, "total"),
                      .pixel_cost = value_of(values, "pixel_cost"),
                      .log_likelihood = value_of(values, "log_likelihood"),
                      .kl = value_of(values, "kl"),
                      .elbo = value_of(values, "elbo")};
}

/* A step and its losses. */
static vae_losses step_of(xd_context *context, xd_vae_trainer *trainer, const float *pictures,
                          const float *targets, uint32_t count, float rate) {
  xd_values *values = make_values(context);
  assert_ok(context, xd_vae_trainer_step(trainer, values, pictures, targets, count, rate));
  ck_assert_uint_eq(xd_values_count(values), 6);
  const vae_losses losses = read_losses(values);
  xd_values_destroy(values);
  return losses;
}

/* The loss of the trainer's first step through the public networks: epsilon is its stream's. */
static vae_losses composed_loss(xd_context *context, const xdi_vae_settings *options,
                                const xd_encoder *encoder, const xd_decoder *decoder, const float *pictures,
                                uint32_t count) {
  const size_t dim = xd_encoder_latent_dim(encoder), size = 64;
  float *mean = new_floats(count * dim), *log_variance = new_floats(count * dim);
  float *codes = new_floats(count * dim), *outputs = new_floats(count * size);
  double squares = 0.0, bernoulli = 0.0, kl = 0.0;
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, count));
  xdi_random_normals(codes, count * dim, options->seed, xdi_stream_id(XDI_STREAM_POSTERIOR, 0), 0);
  for (size_t i = 0; i < count * dim; i++) {
    const double m = (double)mean[i], lv = (double)log_variance[i];
    kl += 0.5 * (exp(lv) + m * m - 1.0 - lv);
    codes[i] = (float)(m + exp(0.5 * lv) * (double)codes[i]);
  }
  assert_ok(context, xd_decoder_decode(decoder, context, outputs, codes, count));
  for (size_t i = 0; i < count * size; i++) {
    const double x = (double)pictures[i], y = (double)outputs[i];
    squares += (x - y) * (x - y);
    bernoulli += x * log(y) + (1.0 - x) * log(1.0 - y);
  }
  vae_losses losses = {.pixel_cost = squares / count, .kl = kl / count};
  const double sigma = (double)options->sigma_x;
  losses.log_likelihood = options->likelihood == XDI_LIKELIHOOD_GAUSSIAN
                              ? -losses.pixel_cost / (2.0 * sigma * sigma)
                              : bernoulli / count;
  losses.elbo = losses.log_likelihood - losses.kl;
  losses.total = (double)options->lambda1 * losses.pixel_cost -
                 (double)options->lambda2 * (losses.log_likelihood - (double)options->kl_weight * losses.kl);
  free(mean), free(log_variance), free(codes), free(outputs);
  return losses;
}

static void check_composed(const char *backend, const char *text) {
  xd_context *context = test_context(backend);
  xd_vae_trainer *trainer = make_vae_trainer(context, text);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  float *pictures = make_pixels(COUNT * 64, 3);
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  const vae_losses expected = composed_loss(context, &trainer->settings, encoder, decoder, pictures, COUNT);
  const vae_losses got = step_of(context, trainer, pictures, NULL, COUNT, 0.001f);
  assert_near(got.total, expected.total, 1e-4, "total");
  assert_near(got.pixel_cost, expected.pixel_cost, 1e-4, "pixel_cost");
  assert_near(got.log_likelihood, expected.log_likelihood, 1e-4, "log_likelihood");
  assert_near(got.kl, expected.kl, 1e-4, "kl");
  assert_near(got.elbo, expected.elbo, 1e-4, "elbo");
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
}

START_TEST(vae_trainer_step__equals_the_composed_gaussian_loss) {
  check_composed("reference", SMALL);
  check_composed("auto", SMALL);
}
END_TEST

START_TEST(vae_trainer_step__equals_the_composed_bernoulli_loss) {
  check_composed("reference", SMALL " likelihood=bernoulli");
  check_composed("auto", SMALL " likelihood=bernoulli");
}
END_TEST

/* ---- targets and windows ---- */

/* The first step's pixel cost, as the sum over cells of weight (target - output)^2; weights NULL: 1. */
static double composed_cost(xd_context *context, xd_vae_trainer *trainer, const float *pictures,
                            const float *targets, const double *weights) {
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  float mean[COUNT * 3], log_variance[COUNT * 3], codes[COUNT * 3], outputs[COUNT * 64];
  double cost = 0.0;
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, COUNT));
  xdi_random_normals(codes, COUNT * 3, trainer->settings.seed, xdi_stream_id(XDI_STREAM_POSTERIOR, 0), 0);
  for (size_t i = 0; i < COUNT * 3; i++)
    codes[i] = mean[i] + expf(0.5f * log_variance[i]) * codes[i];
  assert_ok(context, xd_decoder_decode(decoder, context, outputs, codes, COUNT));
  for (size_t i = 0; i < COUNT * 64; i++)
    cost += (weights ? weights[i % 64] : 1.0) * pow((double)targets[i] - (double)outputs[i], 2.0) / COUNT;
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  return cost;
}

START_TEST(vae_trainer_step__costs_the_distance_to_the_target) {
  xd_context *context = test_context("auto");
  xd_vae_trainer *trainer = make_vae_trainer(context, SMALL);
  float *pictures = make_pixels(COUNT * 64, 3), *targets = make_pixels(COUNT * 64, 4);
  const double expected = composed_cost(context, trainer, pictures, targets, NULL);
  const vae_losses losses = step_of(context, trainer, pictures, targets, COUNT, 0.0f);
  assert_near(losses.pixel_cost, expected, 1e-4, "pixel_cost");
  targets[70] = NAN;
  assert_status(xd_vae_trainer_step(trainer, NULL, pictures, targets, COUNT, 0.0f), XD_ERROR_BAD_DATA);
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures), free(targets);
}
END_TEST

/* The weights of the window in an 8x8 picture, with a mean of 1. */
static void expect_weights(double weights[64], double sigma) {
  double sum = 0.0;
  for (int i = 0; i < 64; i++) {
    const double x = i % 8 - 3.5, y = i / 8 - 3.5;
    weights[i] = exp(-(x * x + y * y) / (2.0 * sigma * sigma));
    sum += weights[i] / 64.0;
  }
  for (int i = 0; i < 64; i++)
    weights[i] /= sum;
}

START_TEST(vae_trainer_step__paints_normalised_pictures_under_the_window) {
  xd_context *context = test_context("auto");
  const xd_layer_spec window = {XDI_WINDOW_TAG, {300}};
  xd_network *network = make_network(context, (xd_shape){.width = 8, .height = 8, .channels = 1}, &window, 1);
  float *pictures = make_pixels(COUNT * 64, 3), *targets = make_pixels(COUNT * 64, 4);
  float *seen = run_network(context, network, pictures, COUNT),
        *wanted = run_network(context, network, targets, COUNT);
  double weights[64];
  expect_weights(weights, 0.3 * 8.0);
  for (uint32_t weighted = 0; weighted < 2; weighted++) {
    const char *text = weighted ? SMALL " window=300" : SMALL " window=300 window_weight=0";
    xd_vae_trainer *trainer = make_vae_trainer(context, text);
    const double *w = weighted ? weights : NULL;
    const double own = composed_cost(context, trainer, pictures, seen, w);
    vae_losses losses = step_of(context, trainer, pictures, NULL, COUNT, 0.0f);
    assert_near(losses.pixel_cost, own, 1e-4, "pixel_cost");
    xd_vae_trainer_destroy(trainer);
    trainer = make_vae_trainer(context, text);
    const double other = composed_cost(context, trainer, pictures, wanted, w);
    losses = step_of(context, trainer, pictures, targets, COUNT, 0.0f);
    assert_near(losses.pixel_cost, other, 1e-4, "pixel_cost toward a target");
    ck_assert(fabs(own - other) > 1e-3 * own);
    xd_vae_trainer_destroy(trainer);
  }
  xdi_network_release(network);
  xd_context_destroy(context);
  free(pictures), free(targets), free(seen), free(wanted);
}
END_TEST

START_TEST(vae_trainer_step__learns_under_a_window) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 64, 1);
  float *pictures = read_pictures(context, set, 64);
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE " batch=64 window=400");
  const vae_losses first = step_of(context, trainer, pictures, NULL, 64, 0.002f);
  vae_losses last = first;
  for (int i = 0; i < 150; i++)
    last = step_of(context, trainer, pictures, NULL, 64, 0.002f);
  ck_assert_msg(last.pixel_cost < 0.4 * first.pixel_cost, "%g became %g", first.pixel_cost, last.pixel_cost);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* ---- gradients ---- */

typedef struct gradient_check {
  xd_context *context;
  const xdi_vae_settings *options;
  xd_encoder *encoder;
  xd_decoder *decoder;
  const float *pictures;
} gradient_check;

static double loss_of(const gradient_check *check) {
  return composed_loss(check->context, check->options, check->encoder, check->decoder, check->pictures, COUNT)
      .total;
}

/* The derivative by one weight of either network, which is left as it was. */
static double difference(const gradient_check *check, float *weight) {
  const float kept = *weight, step = 1e-3f;
  *weight = kept + step;
  const double width_up = (double)*weight - (double)kept, up = loss_of(check);
  *weight = kept - step;
  const double width_down = (double)kept - (double)*weight, down = loss_of(check);
  *weight = kept;
  return (up - down) / (width_up + width_down);
}

/* Some weights of each parameter, against its largest gradient. */
static void check_gradients(const gradient_check *check, xd_network *network, const xdi_executor *run) {
  float *gradients = new_floats(network->block_count);
  assert_ok(check->context,
            xdi_device_read(check->context, gradients, xdi_executor_gradients(run), network->block_count));
  for (uint32_t p = 0; p < network->parameter_count; p++) {
    const xdi_parameter *parameter = &network->parameters[p];
    const float *gradient = gradients + parameter->offset;
    const size_t count = parameter->public.count, stride = count / 17 + 1;
    double largest = 0.0;
    for (size_t i = 0; i < count; i++)
      largest = fmax(largest, fabs((double)gradient[i]));
    ck_assert_msg(largest > 1e-4, "%s has no gradient", parameter->public.name);
    for (size_t i = 0; i < count; i += stride) {
      const double expected = difference(check, network->block + parameter->offset + i);
      ck_assert_msg(fabs((double)gradient[i] - expected) < 1e-3 * largest,
                    "%s[%zu]: %.9g, by differences %.9g (largest %.9g)", parameter->public.name, i,
                    (double)gradient[i], expected, largest);
    }
  }
  free(gradients);
}

static void check_all_gradients(const char *text) {
  xd_context *context = test_context("reference");
  xd_vae_trainer *trainer = make_vae_trainer(context, text);
  float *pictures = make_pixels(COUNT * 64, 5);
  /* The trainer begins as these do. */
  gradient_check check = {context, &trainer->settings, make_encoder(context, text),
                          make_decoder(context, text), pictures};
  assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, COUNT, 0.0f));
  check_gradients(&check, xd_encoder_network_mutable(check.encoder), trainer->encoder_run);
  check_gradients(&check, xd_decoder_network_mutable(check.decoder), trainer->decoder_run);
  xd_encoder_release(check.encoder);
  xd_decoder_release(check.decoder);
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
}

START_TEST(vae_trainer_step__has_the_gradients_of_the_gaussian_loss) {
  check_all_gradients(SMALL " base_channels=3");
}
END_TEST

START_TEST(vae_trainer_step__has_the_gradients_of_the_bernoulli_loss) {
  check_all_gradients(SMALL " base_channels=3 likelihood=bernoulli");
}
END_TEST

/* ---- learning ---- */

START_TEST(vae_trainer_step__learns_patterns) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 64, 1);
  float *pictures = read_pictures(context, set, 64);
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE " batch=64");
  const vae_losses first = step_of(context, trainer, pictures, NULL, 64, 0.002f);
  vae_losses last = first;
  for (int i = 0; i < 150; i++)
    last = step_of(context, trainer, pictures, NULL, 64, 0.002f);
  ck_assert_msg(last.total < 0.4 * first.total, "the loss fell from %g to %g only", first.total, last.total);
  ck_assert(last.pixel_cost < 0.4 * first.pixel_cost);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* Decoupled: each weight also shrinks by rate * decay of itself, whatever its gradient. */
START_TEST(vae_trainer_step__decays_weights) {
  xd_context *context = test_context("reference");
  xd_vae_trainer *trainers[2] = {make_vae_trainer(context, SMALL),
                                 make_vae_trainer(context, SMALL " weight_decay=0.5")};
  xd_encoder *start = make_encoder(context, SMALL), *encoders[2];
  xd_decoder *decoders[2];
  float *pictures = make_pixels(COUNT * 64, 3);
  for (int i = 0; i < 2; i++) {
    assert_ok(context, xd_vae_trainer_step(trainers[i], NULL, pictures, NULL, COUNT, 0.01f));
    assert_ok(context, xd_vae_trainer_finish(trainers[i], &encoders[i], &decoders[i], NULL));
  }
  const xd_network *before = start->part.network, *plain = encoders[0]->part.network;
  const xd_network *decayed = encoders[1]->part.network;
  for (size_t i = 0; i < before->block_count; i++)
    assert_near((double)decayed->block[i], (double)plain->block[i] - 0.01 * 0.5 * (double)before->block[i],
                1e-6, "a decayed weight");
  ck_assert(!same_weights(plain, decayed));
  for (int i = 0; i < 2; i++) {
    xd_encoder_release(encoders[i]);
    xd_decoder_release(decoders[i]);
    xd_vae_trainer_destroy(trainers[i]);
  }
  xd_encoder_release(start);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* The encoder after a few steps of growing and shrinking batches; the caller releases it. */
static xd_encoder *train_some(const char *backend, uint32_t threads) {
  xd_context *context = test_context_with(backend, threads, NULL);
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 96, 1);
  float *pictures = read_pictures(context, set, 96);
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE " batch=96");
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  for (uint32_t i = 0; i < 6; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, 96 - 7 * i, 0.002f));
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, set));
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
  return encoder;
}

START_TEST(vae_trainer__gives_the_same_bytes_at_any_number_of_threads) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    const char *backend = xd_context_builtin_backend(i);
    xd_encoder *one = train_some(backend, 1), *again = train_some(backend, 1),
               *three = train_some(backend, 3);
    ck_assert_msg(same_weights(one->part.network, again->part.network), "%s: two runs differ", backend);
    ck_assert_msg(same_weights(one->part.network, three->part.network), "%s: 1 and 3 threads differ",
                  backend);
    xd_encoder_release(one);
    xd_encoder_release(again);
    xd_encoder_release(three);
  }
}
END_TEST

START_TEST(vae_trainer_step__allocates_nothing_after_the_first) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    counting_allocator counter = {0};
    xd_context *context = test_context_with(xd_context_builtin_backend(i), 2, &counter);
    xd_vae_trainer *trainer = make_vae_trainer(context, i % 2 ? SMALL : SMALL " window=300");
    xd_values *losses = make_values(context);
    float *pictures = make_pixels(COUNT * 64, 3);
    assert_ok(context, xd_vae_trainer_step(trainer, losses, pictures, NULL, COUNT, 0.001f));
    const size_t before = atomic_load(&counter.total);
    for (uint32_t k = 0; k < 20; k++)
      assert_ok(context, xd_vae_trainer_step(trainer, losses, pictures, NULL, COUNT - k % 3, 0.001f));
    ck_assert_uint_eq(atomic_load(&counter.total), before);
    xd_values_destroy(losses);
    xd_vae_trainer_destroy(trainer);
    xd_context_destroy(context);
    ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
    free(pictures);
  }
}
END_TEST

/* ---- what is refused ---- */

typedef struct refusal_fixture {
  xd_context *context;
  xd_vae_trainer *trainer;
  float *pictures;
  xd_encoder *before;
} refusal_fixture;

static refusal_fixture open_refusal(const char *backend) {
  refusal_fixture fixture = {test_context(backend), NULL, make_pixels(COUNT * 64, 3), NULL};
  xd_decoder *decoder = NULL;
  fixture.trainer = make_vae_trainer(fixture.context, SMALL);
  assert_ok(fixture.context, xd_vae_trainer_finish(fixture.trainer, &fixture.before, &decoder, NULL));
  xd_decoder_release(decoder);
  return fixture;
}

/* Nothing was updated by what was refused. */
static void close_refusal(refusal_fixture *fixture) {
  xd_encoder *after = NULL;
  xd_decoder *decoder = NULL;
  assert_ok(fixture->context, xd_vae_trainer_finish(fixture->trainer, &after, &decoder, NULL));
  ck_assert(same_weights(fixture->before->part.network, after->part.network));
  xd_encoder_release(after);
  xd_encoder_release(fixture->before);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(fixture->trainer);
  xd_context_destroy(fixture->context);
  free(fixture->pictures);
}

/* Once the errors stay as they are, at rate 0, the solved variance becomes theirs; a likelihood counts as the
 * sigma_x of its step says. */
START_TEST(vae_trainer_step__solves_sigma_x) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 64, 1);
  float *pictures = read_pictures(context, set, 64);
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE " batch=64 sigma_x=0 learning_rate=0.003");
  xd_values *losses = make_values(context);
  double sigma = 0.0, error = 0.0;
  for (uint32_t step = 0; step < 700; step++) {
    assert_ok(context, xd_vae_trainer_step(trainer, losses, pictures, NULL, 64, step < 400 ? 0.0005f : 0.0f));
    sigma = value_of(losses, "sigma_x");
    error = value_of(losses, "pixel_cost") / PATTERN_SIZE;
    if (step == 0)
      ck_assert_double_eq_tol(sigma, 0.1, 1e-9);
    ck_assert_double_eq_tol(value_of(losses, "log_likelihood"), -0.5 * error * PATTERN_SIZE / (sigma * sigma),
                            1e-6 * error * PATTERN_SIZE / (sigma * sigma));
  }
  ck_assert_msg(error < 0.008, "the patterns were not learnt: %g", error);
  ck_assert_msg(fabs(sigma * sigma / error - 1.0) < 0.2, "sigma_x is %g, the errors are %g", sigma,
                sqrt(error));
  xd_values_destroy(losses);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* The encoder's first weights after `steps` steps. */
static void weights_after(float *to, size_t count, const char *text, uint32_t steps) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 30, 1);
  float *pictures = read_pictures(context, set, 30);
  xd_vae_trainer *trainer = make_vae_trainer(context, text);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  for (uint32_t step = 0; step < steps; step++)
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, 30, 0.01f));
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, set));
  memcpy(to, xd_encoder_network(encoder)->block, count * sizeof *to);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}

/* Whatever the code, a decoder draws about the mean colour before its first step. */
START_TEST(mean_start__draws_the_mean_colour) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_FRAME, 3, 60, 1);
  float *pictures = read_pictures(context, set, 60), *drawn = new_floats(PATTERN_SIZE), codes[8] = {0};
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE " raw_codes=1");
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  double mean = 0.0, other = 0.0;
  for (uint32_t i = 0; i < 60 * PATTERN_SIZE; i++)
    mean += (double)pictures[i] / (60 * PATTERN_SIZE);
  assert_ok(context, xdi_mean_start(trainer, set));
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, set));
  assert_ok(context, xd_decoder_decode(decoder, context, drawn, codes, 1));
  for (uint32_t i = 0; i < PATTERN_SIZE; i++)
    other = fmax(other, fabs((double)drawn[i] - mean));
  ck_assert_msg(fabs(mean - 0.5) > 0.1 && other < 1e-3, "mean %g, off by %g", mean, other);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  free(pictures), free(drawn);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

#define AVERAGED PATTERN_VAE " raw_codes=1 batch=30 averaging="

/* The average begins as the first step's weights, of which the second step leaves 1 in 11. Without a step
 * the weights are what they were. */
START_TEST(vae_trainer_finish__gives_the_average_of_the_steps) {
  enum { SEEN = 16 };
  float first[SEEN], second[SEEN], averaged[SEEN], started[SEEN], start[SEEN];
  weights_after(first, SEEN, AVERAGED "0", 1);
  weights_after(second, SEEN, AVERAGED "0", 2);
  weights_after(averaged, SEEN, AVERAGED "0.9", 2);
  weights_after(start, SEEN, AVERAGED "0", 0);
  weights_after(started, SEEN, AVERAGED "0.9", 0);
  double moved = 0.0;
  for (uint32_t i = 0; i < SEEN; i++) {
    const double expected = (double)first[i] / 11.0 + (double)second[i] * 10.0 / 11.0;
    ck_assert_double_eq_tol((double)averaged[i], expected, 1e-6);
    moved += fabs((double)second[i] - (double)averaged[i]);
  }
  ck_assert(moved > 1e-4);
  assert_same_floats(started, start, SEEN);
}
END_TEST

/* The encoder's and the decoder's weights, one after the other; the caller frees them. */
static float *weights_of(xd_context *context, const xd_vae_trainer *trainer, size_t *count) {
  const size_t encoder = trainer->encoder->part.network->block_count,
               decoder = trainer->decoder->part.network->block_count;
  float *weights = new_floats(encoder + decoder);
  assert_ok(context,
            xdi_device_read(context, weights, xdi_executor_parameters(trainer->encoder_run), encoder));
  assert_ok(context, xdi_device_read(context, weights + encoder,
                                     xdi_executor_parameters(trainer->decoder_run), decoder));
  *count = encoder + decoder;
  return weights;
}

/* From the step 90 on the decay is the option's, and no longer what it has grown to. */
START_TEST(vae_trainer_finish__averages_by_no_more_than_the_option) {
  xd_context *context = test_context("reference");
  xd_dataset *set = make_patterns(context, PATTERN_FRAME, 3, 12, 1);
  float *pictures = read_pictures(context, set, 12);
  xd_vae_trainer *trainer =
      make_vae_trainer(context, PATTERN_VAE " base_channels=2 hidden1=4 raw_codes=1 averaging=0.9");
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  size_t count = 0;
  float *weights = weights_of(context, trainer, &count);
  double *expected = calloc(count, sizeof *expected);
  ck_assert_ptr_nonnull(expected);
  for (uint32_t step = 0; step < 110; step++) {
    const double decay = fmin(0.9, step / (10.0 + step));
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, 12, 0.01f));
    free(weights);
    weights = weights_of(context, trainer, &count);
    for (size_t i = 0; i < count; i++)
      expected[i] = decay * expected[i] + (1.0 - decay) * (double)weights[i];
  }
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  const xd_network *networks[] = {xd_encoder_network(encoder), xd_decoder_network(decoder)};
  size_t at = 0;
  double moved = 0.0;
  for (int n = 0; n < 2; n++)
    for (size_t i = 0; i < networks[n]->block_count; i++, at++) {
      assert_near((double)networks[n]->block[i], expected[at], 1e-5, "average");
      moved = fmax(moved, fabs(expected[at] - (double)weights[at]));
    }
  ck_assert_msg(moved > 1e-3, "the last weights are their average");
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  free(weights), free(expected), free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

START_TEST(vae_trainer_step__refuses_pixels_that_are_not_finite) {
  refusal_fixture fixture = open_refusal("auto");
  xd_values *losses = make_values(fixture.context);
  assert_ok(fixture.context,
            xd_vae_trainer_step(fixture.trainer, losses, fixture.pictures, NULL, COUNT, 0.0f));
  ck_assert_uint_eq(xd_values_count(losses), 6);
  fixture.pictures[4 * 64 + 9] = NAN;
  assert_status(xd_vae_trainer_step(fixture.trainer, losses, fixture.pictures, NULL, COUNT, 0.001f),
                XD_ERROR_BAD_DATA);
  assert_message_names(fixture.context, "picture 4");
  ck_assert_uint_eq(xd_values_count(losses), 0);
  xd_values_destroy(losses);
  fixture.pictures[4 * 64 + 9] = INFINITY;
  assert_status(xd_vae_trainer_step(fixture.trainer, NULL, fixture.pictures, NULL, COUNT, 0.001f),
                XD_ERROR_BAD_DATA);
  close_refusal(&fixture);
}
END_TEST

START_TEST(vae_trainer_step__stops_before_updating_when_the_loss_is_not_finite) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    refusal_fixture fixture = open_refusal(xd_context_builtin_backend(i));
    for (uint32_t k = 0; k < COUNT * 64; k++)
      fixture.pictures[k] *= 1e30f;
    assert_status(xd_vae_trainer_step(fixture.trainer, NULL, fixture.pictures, NULL, COUNT, 0.001f),
                  XD_ERROR_NUMERIC);
    assert_message_names(fixture.context, "loss");
    close_refusal(&fixture);
  }
}
END_TEST

START_TEST(vae_trainer_step__refuses_wrong_arguments) {
  refusal_fixture fixture = open_refusal("reference");
  xd_vae_trainer *trainer = fixture.trainer;
  assert_status(xd_vae_trainer_step(NULL, NULL, fixture.pictures, NULL, 1, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, NULL, NULL, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, NULL, 0, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, NULL, COUNT + 1, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, NULL, 1, NAN),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, NULL, 1, -1.0f),
                XD_ERROR_INVALID_ARGUMENT);
  close_refusal(&fixture);
}
END_TEST

START_TEST(vae_trainer_step__is_cancelled) {
  refusal_fixture fixture = open_refusal("reference");
  xd_context_cancel(fixture.context);
  assert_status(xd_vae_trainer_step(fixture.trainer, NULL, fixture.pictures, NULL, COUNT, 0.001f),
                XD_ERROR_CANCELLED);
  xd_context_clear_cancel(fixture.context);
  close_refusal(&fixture);
}
END_TEST

START_TEST(vae_trainer_create__refuses_what_does_not_fit) {
  xd_context *context = test_context("reference");
  xd_options *options = make_options(context, "vae", SMALL), *mapping = make_options(context, "mapping", "");
  xd_encoder *encoder = make_encoder(context, SMALL " width=9");
  xd_decoder *longer = make_decoder(context, SMALL " latent_dim=4");
  xd_vae_trainer *trainer = (xd_vae_trainer *)context;
  assert_status(xd_vae_trainer_create(&trainer, context, encoder, NULL, options), XD_ERROR_SHAPE_MISMATCH);
  ck_assert_ptr_null(trainer);
  assert_message_names(context, "9x8x1");
  assert_status(xd_vae_trainer_create(&trainer, context, NULL, longer, options), XD_ERROR_SHAPE_MISMATCH);
  assert_status(xd_vae_trainer_create(&trainer, context, NULL, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "vae.width is 0");
  assert_status(xd_vae_trainer_create(&trainer, context, NULL, NULL, mapping), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_create(NULL, context, NULL, NULL, options), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_create(&trainer, NULL, NULL, NULL, options), XD_ERROR_INVALID_ARGUMENT);
  xd_encoder_release(encoder);
  xd_decoder_release(longer);
  xd_options_destroy(options);
  xd_options_destroy(mapping);
  xd_context_destroy(context);
}
END_TEST

/* Networks of the caller's are where a trainer starts, and stay as they are. */
START_TEST(vae_trainer_create__starts_from_given_networks) {
  xd_context *context = test_context("reference");
  const xd_layer_spec down = dense_spec(6, XD_ACTIVATION_IDENTITY);
  xd_network_layers layers = XD_NETWORK_LAYERS_INIT;
  xd_encoder *encoder = NULL, *first = NULL, *second = NULL;
  xd_decoder *decoder = make_decoder(context, SMALL " seed=5"), *out = NULL;
  xd_vae_trainer *trainer = NULL;
  xd_options *options = make_options(context, "vae", "batch=6 raw_codes=1");
  float *pictures = make_pixels(COUNT * 64, 3);
  layers.input = (xd_shape){.width = 8, .height = 8, .channels = 1};
  layers.layers = &down;
  layers.layer_count = 1;
  assert_ok(context, xd_encoder_create_layers(&encoder, context, &layers));
  float *before = copy_weights(encoder->part.network, NULL);
  assert_ok(context, xd_vae_trainer_create(&trainer, context, encoder, decoder, options));
  assert_ok(context, xd_vae_trainer_finish(trainer, &first, &out, NULL));
  ck_assert(same_weights(first->part.network, encoder->part.network));
  xd_decoder_release(out);
  assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, COUNT, 0.01f));
  assert_ok(context, xd_vae_trainer_finish(trainer, &second, &out, NULL));
  ck_assert(!same_weights(second->part.network, encoder->part.network));
  assert_same_floats(encoder->part.network->block, before, encoder->part.network->block_count);
  xd_vae_trainer_destroy(trainer);
  xd_encoder_release(encoder);
  xd_encoder_release(first);
  xd_encoder_release(second);
  xd_decoder_release(decoder);
  xd_decoder_release(out);
  xd_options_destroy(options);
  xd_context_destroy(context);
  free(pictures), free(before);
}
END_TEST

static xd_status create_step_and_destroy(xd_context *context, void *user) {
  xd_vae_trainer *trainer = NULL;
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xd_options *options = NULL;
  xd_values *losses = NULL;
  xd_status status = try_options(&options, context, "vae", SMALL " window=300");
  if (status == XD_OK)
    status = xd_values_create(&losses, context);
  if (status == XD_OK)
    status = xd_vae_trainer_create(&trainer, context, NULL, NULL, options);
  if (status == XD_OK)
    status = xd_vae_trainer_step(trainer, losses, user, NULL, COUNT, 0.001f);
  if (status == XD_OK)
    status = xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL);
  if (status != XD_OK)
    ck_assert(encoder == NULL && decoder == NULL);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
  xd_values_destroy(losses);
  xd_options_destroy(options);
  return status;
}

START_TEST(vae_trainer__survives_refused_memory) {
  float *pictures = make_pixels(COUNT * 64, 3);
  check_refusals(create_step_and_destroy, pictures);
  free(pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("vae_trainer");
  add_case(suite, vae_trainer_step__equals_the_composed_gaussian_loss);
  add_case(suite, vae_trainer_step__equals_the_composed_bernoulli_loss);
  add_case(suite, vae_trainer_step__costs_the_distance_to_the_target);
  add_case(suite, vae_trainer_step__paints_normalised_pictures_under_the_window);
  add_case(suite, vae_trainer_step__learns_under_a_window);
  add_case(suite, vae_trainer_step__has_the_gradients_of_the_gaussian_loss);
  add_case(suite, vae_trainer_step__has_the_gradients_of_the_bernoulli_loss);
  add_case(suite, vae_trainer_step__learns_patterns);
  add_case(suite, vae_trainer_step__decays_weights);
  add_case(suite, vae_trainer__gives_the_same_bytes_at_any_number_of_threads);
  add_case(suite, vae_trainer_step__allocates_nothing_after_the_first);
  add_case(suite, vae_trainer_step__solves_sigma_x);
  add_case(suite, vae_trainer_finish__gives_the_average_of_the_steps);
  add_case(suite, vae_trainer_finish__averages_by_no_more_than_the_option);
  add_case(suite, mean_start__draws_the_mean_colour);
  add_case(suite, vae_trainer_step__refuses_pixels_that_are_not_finite);
  add_case(suite, vae_trainer_step__stops_before_updating_when_the_loss_is_not_finite);
  add_case(suite, vae_trainer_step__refuses_wrong_arguments);
  add_case(suite, vae_trainer_step__is_cancelled);
  add_case(suite, vae_trainer_create__refuses_what_does_not_fit);
  add_case(suite, vae_trainer_create__starts_from_given_networks);
  add_case(suite, vae_trainer__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
