/* The VAE's trainer: its loss against one composed by hand, its gradients against finite differences, and its
 * manners. */
#include "training_support.h"

#include "layer/window_normalise.h"
#include "model/encoder.h"
#include "train/seeds.h"
#include "train/vae_trainer.h"

#define COUNT 6u

/* 8x8 pictures, no convolution: small enough for finite differences. */
static xd_vae_architecture small_architecture(uint32_t base_channels) {
  xd_vae_architecture architecture = XD_VAE_ARCHITECTURE_INIT;
  architecture.height = architecture.width = 8;
  architecture.latent_dim = 3;
  architecture.base_channels = base_channels;
  architecture.depth = base_channels ? 1 : 0;
  architecture.hidden[0] = 7;
  return architecture;
}

static xd_vae_options small_options(const xd_vae_architecture *architecture) {
  xd_vae_options options = XD_VAE_OPTIONS_INIT;
  options.architecture = architecture;
  options.lambda1 = 0.7f;
  options.lambda2 = 0.5f;
  options.sigma_x = 0.8f;
  options.kl_weight = 0.3f;
  options.batch = COUNT;
  options.raw_codes = 1;
  options.seed = 11;
  return options;
}

static xd_vae_trainer *make_trainer(xd_context *context, const xd_vae_options *options) {
  xd_vae_trainer *trainer = NULL;
  assert_ok(context, xd_vae_trainer_create(&trainer, context, options));
  ck_assert_ptr_nonnull(trainer);
  return trainer;
}

/* The loss of the trainer's first step through the public networks: epsilon is its stream's. */
static xd_vae_losses composed_loss(xd_context *context, const xd_vae_options *options,
                                   const xd_encoder *encoder, const xd_decoder *decoder,
                                   const float *pictures, uint32_t count) {
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
  xd_vae_losses losses = {.pixel_cost = squares / count, .kl = kl / count};
  const double sigma = (double)options->sigma_x;
  losses.log_likelihood = options->likelihood == XD_LIKELIHOOD_GAUSSIAN
                              ? -losses.pixel_cost / (2.0 * sigma * sigma)
                              : bernoulli / count;
  losses.elbo = losses.log_likelihood - losses.kl;
  losses.total = (double)options->lambda1 * losses.pixel_cost -
                 (double)options->lambda2 * (losses.log_likelihood - (double)options->kl_weight * losses.kl);
  free(mean), free(log_variance), free(codes), free(outputs);
  return losses;
}

static void check_composed(const char *backend, xd_likelihood likelihood) {
  xd_context *context = test_context(backend);
  const xd_vae_architecture architecture = small_architecture(4);
  xd_vae_options options = small_options(&architecture);
  options.likelihood = (uint32_t)likelihood;
  xd_vae_trainer *trainer = make_trainer(context, &options);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  float *pictures = make_pixels(COUNT * 64, 3);
  xd_vae_losses got;
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  const xd_vae_losses expected = composed_loss(context, &options, encoder, decoder, pictures, COUNT);
  assert_ok(context, xd_vae_trainer_step(trainer, &got, pictures, COUNT, 0.001f));
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
  check_composed("reference", XD_LIKELIHOOD_GAUSSIAN);
  check_composed("auto", XD_LIKELIHOOD_GAUSSIAN);
}
END_TEST

START_TEST(vae_trainer_step__equals_the_composed_bernoulli_loss) {
  check_composed("reference", XD_LIKELIHOOD_BERNOULLI);
  check_composed("auto", XD_LIKELIHOOD_BERNOULLI);
}
END_TEST

/* ---- targets and windows ---- */

/* The first step's pixel cost, as the sum over cells of weight (target - output)^2; weights NULL: 1. */
static double composed_cost(xd_context *context, const xd_vae_options *options, xd_vae_trainer *trainer,
                            const float *pictures, const float *targets, const double *weights) {
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  float mean[COUNT * 3], log_variance[COUNT * 3], codes[COUNT * 3], outputs[COUNT * 64];
  double cost = 0.0;
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, COUNT));
  xdi_random_normals(codes, COUNT * 3, options->seed, xdi_stream_id(XDI_STREAM_POSTERIOR, 0), 0);
  for (size_t i = 0; i < COUNT * 3; i++)
    codes[i] = mean[i] + expf(0.5f * log_variance[i]) * codes[i];
  assert_ok(context, xd_decoder_decode(decoder, context, outputs, codes, COUNT));
  for (size_t i = 0; i < COUNT * 64; i++)
    cost += (weights ? weights[i % 64] : 1.0) * pow((double)targets[i] - (double)outputs[i], 2.0) / COUNT;
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  return cost;
}

START_TEST(vae_trainer_step_toward__costs_the_distance_to_the_target) {
  xd_context *context = test_context("auto");
  const xd_vae_architecture architecture = small_architecture(4);
  const xd_vae_options options = small_options(&architecture);
  xd_vae_trainer *trainer = make_trainer(context, &options);
  float *pictures = make_pixels(COUNT * 64, 3), *targets = make_pixels(COUNT * 64, 4);
  xd_vae_losses losses;
  const double expected = composed_cost(context, &options, trainer, pictures, targets, NULL);
  assert_ok(context, xd_vae_trainer_step_toward(trainer, &losses, pictures, targets, COUNT, 0.0f));
  assert_near(losses.pixel_cost, expected, 1e-4, "pixel_cost");
  targets[70] = NAN;
  assert_status(xd_vae_trainer_step_toward(trainer, NULL, pictures, targets, COUNT, 0.0f), XD_ERROR_BAD_DATA);
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
    xd_vae_architecture architecture = small_architecture(4);
    architecture.window = 300;
    xd_vae_options options = small_options(&architecture);
    options.window_weight = weighted;
    xd_vae_trainer *trainer = make_trainer(context, &options);
    const double *w = weighted ? weights : NULL;
    xd_vae_losses losses;
    const double own = composed_cost(context, &options, trainer, pictures, seen, w);
    assert_ok(context, xd_vae_trainer_step(trainer, &losses, pictures, COUNT, 0.0f));
    assert_near(losses.pixel_cost, own, 1e-4, "pixel_cost");
    xd_vae_trainer_destroy(trainer);
    trainer = make_trainer(context, &options);
    const double other = composed_cost(context, &options, trainer, pictures, wanted, w);
    assert_ok(context, xd_vae_trainer_step_toward(trainer, &losses, pictures, targets, COUNT, 0.0f));
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
  xd_vae_architecture architecture = pattern_architecture();
  xd_vae_options options = XD_VAE_OPTIONS_INIT;
  options.architecture = &architecture;
  architecture.window = 400;
  options.batch = 64;
  xd_vae_trainer *trainer = make_trainer(context, &options);
  xd_vae_losses first, last;
  assert_ok(context, xd_vae_trainer_step(trainer, &first, pictures, 64, 0.002f));
  for (int i = 0; i < 150; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, &last, pictures, 64, 0.002f));
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
  const xd_vae_options *options;
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

static void check_all_gradients(xd_likelihood likelihood) {
  xd_context *context = test_context("reference");
  const xd_vae_architecture architecture = small_architecture(3);
  xd_vae_options options = small_options(&architecture);
  options.likelihood = (uint32_t)likelihood;
  xd_vae_trainer *trainer = make_trainer(context, &options);
  float *pictures = make_pixels(COUNT * 64, 5);
  gradient_check check = {context, &options, NULL, NULL, pictures};
  assert_ok(context,
            xd_encoder_create(&check.encoder, context, &architecture, xdi_seed_of(11, XDI_SEED_ENCODER)));
  assert_ok(context,
            xd_decoder_create(&check.decoder, context, &architecture, xdi_seed_of(11, XDI_SEED_DECODER)));
  assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, COUNT, 0.0f));
  check_gradients(&check, xd_encoder_network_mutable(check.encoder), trainer->encoder_run);
  check_gradients(&check, xd_decoder_network_mutable(check.decoder), trainer->decoder_run);
  xd_encoder_release(check.encoder);
  xd_decoder_release(check.decoder);
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
}

START_TEST(vae_trainer_step__has_the_gradients_of_the_gaussian_loss) {
  check_all_gradients(XD_LIKELIHOOD_GAUSSIAN);
}
END_TEST

START_TEST(vae_trainer_step__has_the_gradients_of_the_bernoulli_loss) {
  check_all_gradients(XD_LIKELIHOOD_BERNOULLI);
}
END_TEST

/* ---- learning ---- */

START_TEST(vae_trainer_step__learns_patterns) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 64, 1);
  float *pictures = read_pictures(context, set, 64);
  const xd_vae_architecture architecture = pattern_architecture();
  xd_vae_options options = XD_VAE_OPTIONS_INIT;
  options.architecture = &architecture;
  options.batch = 64;
  xd_vae_trainer *trainer = make_trainer(context, &options);
  xd_vae_losses first, last;
  assert_ok(context, xd_vae_trainer_step(trainer, &first, pictures, 64, 0.002f));
  for (int i = 0; i < 150; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, &last, pictures, 64, 0.002f));
  ck_assert_msg(last.total < 0.4 * first.total, "the loss fell from %g to %g only", first.total, last.total);
  ck_assert(last.pixel_cost < 0.4 * first.pixel_cost);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* The encoder after a few steps of growing and shrinking batches; the caller releases it. */
static xd_encoder *train_some(const char *backend, uint32_t threads) {
  xd_context *context = test_context_with(backend, threads, NULL);
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, 96, 1);
  float *pictures = read_pictures(context, set, 96);
  const xd_vae_architecture architecture = pattern_architecture();
  xd_vae_options options = XD_VAE_OPTIONS_INIT;
  options.architecture = &architecture;
  options.batch = 96;
  xd_vae_trainer *trainer = make_trainer(context, &options);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  for (uint32_t i = 0; i < 6; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, 96 - 7 * i, 0.002f));
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
    xd_vae_architecture architecture = small_architecture(4);
    architecture.window = i % 2 ? 0 : 300;
    const xd_vae_options options = small_options(&architecture);
    xd_vae_trainer *trainer = make_trainer(context, &options);
    float *pictures = make_pixels(COUNT * 64, 3);
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, COUNT, 0.001f));
    const size_t before = atomic_load(&counter.total);
    for (uint32_t k = 0; k < 20; k++)
      assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, COUNT - k % 3, 0.001f));
    ck_assert_uint_eq(atomic_load(&counter.total), before);
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
  const xd_vae_architecture architecture = small_architecture(4);
  const xd_vae_options options = small_options(&architecture);
  xd_decoder *decoder = NULL;
  fixture.trainer = make_trainer(fixture.context, &options);
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

START_TEST(vae_trainer_step__refuses_pixels_that_are_not_finite) {
  refusal_fixture fixture = open_refusal("auto");
  xd_vae_losses losses = {.total = 5.0};
  fixture.pictures[4 * 64 + 9] = NAN;
  assert_status(xd_vae_trainer_step(fixture.trainer, &losses, fixture.pictures, COUNT, 0.001f),
                XD_ERROR_BAD_DATA);
  assert_message_names(fixture.context, "picture 4");
  ck_assert(losses.total == 0.0);
  fixture.pictures[4 * 64 + 9] = INFINITY;
  assert_status(xd_vae_trainer_step(fixture.trainer, NULL, fixture.pictures, COUNT, 0.001f),
                XD_ERROR_BAD_DATA);
  close_refusal(&fixture);
}
END_TEST

START_TEST(vae_trainer_step__stops_before_updating_when_the_loss_is_not_finite) {
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    refusal_fixture fixture = open_refusal(xd_context_builtin_backend(i));
    for (uint32_t k = 0; k < COUNT * 64; k++)
      fixture.pictures[k] *= 1e30f;
    assert_status(xd_vae_trainer_step(fixture.trainer, NULL, fixture.pictures, COUNT, 0.001f),
                  XD_ERROR_NUMERIC);
    assert_message_names(fixture.context, "loss");
    close_refusal(&fixture);
  }
}
END_TEST

START_TEST(vae_trainer_step__refuses_wrong_arguments) {
  refusal_fixture fixture = open_refusal("reference");
  xd_vae_trainer *trainer = fixture.trainer;
  assert_status(xd_vae_trainer_step(NULL, NULL, fixture.pictures, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, NULL, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, 0, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, COUNT + 1, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, 1, NAN), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_step(trainer, NULL, fixture.pictures, 1, -1.0f), XD_ERROR_INVALID_ARGUMENT);
  close_refusal(&fixture);
}
END_TEST

static void check_refused(xd_context *context, const xd_vae_options *options, const char *field) {
  xd_vae_trainer *trainer = (xd_vae_trainer *)context;
  assert_status(xd_vae_trainer_create(&trainer, context, options), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(trainer);
  assert_message_names(context, field);
}

START_TEST(vae_trainer_create__names_the_wrong_option) {
  xd_context *context = test_context("reference");
  const xd_vae_architecture architecture = small_architecture(4);
  const xd_vae_options good = small_options(&architecture);
  xd_vae_options options = good;
  options.sigma_x = 0.0f, check_refused(context, &options, "sigma_x"), options = good;
  options.lambda1 = -1.0f, check_refused(context, &options, "lambda1"), options = good;
  options.lambda2 = NAN, check_refused(context, &options, "lambda2"), options = good;
  options.kl_weight = INFINITY, check_refused(context, &options, "kl_weight"), options = good;
  options.likelihood = 2, check_refused(context, &options, "likelihood"), options = good;
  options.batch = 0, check_refused(context, &options, "batch"), options = good;
  options.augment = -0.1f, check_refused(context, &options, "augment"), options = good;
  options.augment_colour = NAN, check_refused(context, &options, "augment_colour"), options = good;
  options.augment_blur = 5.0f, check_refused(context, &options, "augment_blur"), options = good;
  options.window_weight = 2, check_refused(context, &options, "window_weight"), options = good;
  options.raw_codes = 2, check_refused(context, &options, "raw_codes"), options = good;
  options.struct_size = 3, check_refused(context, &options, "struct_size");
  xd_context_destroy(context);
}
END_TEST

static xd_status create_step_and_destroy(xd_context *context, void *user) {
  xd_vae_architecture architecture = small_architecture(4);
  architecture.window = 300;
  const xd_vae_options options = small_options(&architecture);
  xd_vae_trainer *trainer = NULL;
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xd_status status = xd_vae_trainer_create(&trainer, context, &options);
  if (status == XD_OK)
    status = xd_vae_trainer_step(trainer, NULL, user, COUNT, 0.001f);
  if (status == XD_OK)
    status = xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL);
  if (status != XD_OK)
    ck_assert(encoder == NULL && decoder == NULL);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  xd_vae_trainer_destroy(trainer);
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
  add_case(suite, vae_trainer_step_toward__costs_the_distance_to_the_target);
  add_case(suite, vae_trainer_step__paints_normalised_pictures_under_the_window);
  add_case(suite, vae_trainer_step__learns_under_a_window);
  add_case(suite, vae_trainer_step__has_the_gradients_of_the_gaussian_loss);
  add_case(suite, vae_trainer_step__has_the_gradients_of_the_bernoulli_loss);
  add_case(suite, vae_trainer_step__learns_patterns);
  add_case(suite, vae_trainer__gives_the_same_bytes_at_any_number_of_threads);
  add_case(suite, vae_trainer_step__allocates_nothing_after_the_first);
  add_case(suite, vae_trainer_step__refuses_pixels_that_are_not_finite);
  add_case(suite, vae_trainer_step__stops_before_updating_when_the_loss_is_not_finite);
  add_case(suite, vae_trainer_step__refuses_wrong_arguments);
  add_case(suite, vae_trainer_create__names_the_wrong_option);
  add_case(suite, vae_trainer__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
