/* Standardisation of codes: what it makes of them, and what it leaves alone. */
#include "training_support.h"

#include "model/decoder.h"
#include "model/encoder.h"
#include "train/principal.h"
#include "train/standardise.h"

#define COUNT 90u

typedef struct vae {
  xd_encoder *encoder;
  xd_decoder *decoder;
} vae;

static void release_vae(vae pair) {
  xd_encoder_release(pair.encoder);
  xd_decoder_release(pair.decoder);
}

/* The same short training, with and without standardised codes. */
static vae train_vae(xd_context *context, const xd_dataset *set, uint32_t base_channels, uint32_t raw_codes) {
  char text[200];
  snprintf(text, sizeof text, PATTERN_VAE " base_channels=%u raw_codes=%u batch=30", base_channels,
           raw_codes);
  xd_vae_trainer *trainer = make_vae_trainer(context, text);
  vae pair = {NULL, NULL};
  float *pictures = read_pictures(context, set, 30);
  for (int i = 0; i < 60; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, 30, 0.003f));
  assert_ok(context, xd_vae_trainer_finish(trainer, &pair.encoder, &pair.decoder, set));
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  return pair;
}

static void check_statistics(xd_context *context, const xd_encoder *encoder, const float *pictures) {
  const size_t dim = xd_encoder_latent_dim(encoder);
  float *mean = new_floats(COUNT * dim), *log_variance = new_floats(COUNT * dim);
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, COUNT));
  for (size_t j = 0; j < dim; j++) {
    double sum = 0.0, squares = 0.0, variance = 0.0;
    for (size_t i = 0; i < COUNT; i++) {
      sum += (double)mean[i * dim + j];
      squares += (double)mean[i * dim + j] * (double)mean[i * dim + j];
      variance += exp((double)log_variance[i * dim + j]);
    }
    assert_near(sum / COUNT, 0.0, 1e-4, "mean");
    assert_near(squares / COUNT - sum * sum / COUNT / COUNT + variance / COUNT, 1.0, 1e-4, "variance");
  }
  free(mean), free(log_variance);
}

START_TEST(standardise__gives_codes_mean_0_and_variance_1) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, COUNT, 1);
  float *pictures = read_pictures(context, set, COUNT);
  for (uint32_t channels = 0; channels <= 8; channels += 8) {
    const vae pair = train_vae(context, set, channels, 0);
    check_statistics(context, pair.encoder, pictures);
    release_vae(pair);
  }
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* Pictures of the posteriors' means, and of samples at the same distance from them. */
static float *reconstruct(xd_context *context, vae pair, const float *pictures, double deviations) {
  const size_t dim = xd_encoder_latent_dim(pair.encoder);
  float *mean = new_floats(COUNT * dim), *log_variance = new_floats(COUNT * dim);
  float *outputs = new_floats(COUNT * PATTERN_SIZE);
  assert_ok(context, xd_encoder_encode(pair.encoder, context, mean, log_variance, pictures, COUNT));
  for (size_t i = 0; i < COUNT * dim; i++)
    mean[i] = (float)((double)mean[i] + deviations * exp(0.5 * (double)log_variance[i]));
  assert_ok(context, xd_decoder_decode(pair.decoder, context, outputs, mean, COUNT));
  free(mean), free(log_variance);
  return outputs;
}

START_TEST(standardise__leaves_reconstructions_as_they_were) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, COUNT, 1);
  float *pictures = read_pictures(context, set, COUNT);
  for (uint32_t channels = 0; channels <= 8; channels += 8) {
    const vae raw = train_vae(context, set, channels, 1), pair = train_vae(context, set, channels, 0);
    ck_assert(!same_weights(raw.encoder->part.network, pair.encoder->part.network));
    for (int deviations = 0; deviations <= 1; deviations++) {
      float *expected = reconstruct(context, raw, pictures, deviations);
      float *got = reconstruct(context, pair, pictures, deviations);
      assert_near_floats(got, expected, COUNT * PATTERN_SIZE, 1e-4);
      free(expected), free(got);
    }
    release_vae(raw);
    release_vae(pair);
  }
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* Networks with skips, folded by hand: codes become (code - m) / s, and pictures stay. */
START_TEST(standardise_fold__reaches_linear_skips) {
  xd_context *context = test_context("reference");
  const double mean[3] = {1.0, -2.0, 0.25}, deviation[3] = {0.5, 2.0, 3.0};
  float *pictures = make_pixels(4 * PATTERN_SIZE, 3);
  for (uint32_t channels = 0; channels <= 8; channels += 8) {
    char text[200];
    snprintf(text, sizeof text, PATTERN_VAE " latent_dim=3 linear_skip=1 base_channels=%u", channels);
    vae pair = {make_encoder(context, text), make_decoder(context, text)};
    xd_network *encoder = pair.encoder->part.network, *decoder = pair.decoder->part.network;
    randomise(encoder, 4), randomise(decoder, 5);
    float *codes = run_network(context, encoder, pictures, 4), means[4 * 3];
    for (int i = 0; i < 12; i++)
      means[i] = codes[i / 3 * 6 + i % 3];
    float *expected = run_network(context, decoder, means, 4);
    assert_ok(context, xdi_standardise_fold(context, encoder, decoder, mean, deviation));
    float *folded = run_network(context, encoder, pictures, 4);
    for (int i = 0; i < 12; i++) {
      const int j = i % 3, at = i / 3 * 6 + j;
      assert_near((double)folded[at], ((double)means[i] - mean[j]) / deviation[j], 1e-5, "code");
      assert_near((double)folded[at + 3], (double)codes[at + 3] - 2.0 * log(deviation[j]), 1e-5,
                  "log variance");
      means[i] = folded[at];
    }
    float *got = run_network(context, decoder, means, 4);
    assert_near_floats(got, expected, 4 * PATTERN_SIZE, 1e-5);
    free(codes), free(expected), free(folded), free(got);
    release_vae(pair);
  }
  free(pictures);
  xd_context_destroy(context);
}
END_TEST

/* The start of a linear VAE reconstructs most of what the mean picture leaves. */
START_TEST(principal_start__reconstructs_and_is_deterministic) {
  double errors[2];
  vae pairs[2];
  xd_context *contexts[2] = {test_context_with("auto", 1, NULL), test_context_with("auto", 3, NULL)};
  xd_dataset *set = make_patterns(contexts[0], PATTERN_ROW, 3, COUNT, 1);
  float *pictures = read_pictures(contexts[0], set, COUNT);
  for (int i = 0; i < 2; i++) {
    xd_vae_trainer *trainer = make_vae_trainer(contexts[i], PATTERN_VAE " linear_skip=1 raw_codes=1");
    assert_ok(contexts[i], xdi_principal_start(trainer, set));
    assert_ok(contexts[i], xd_vae_trainer_finish(trainer, &pairs[i].encoder, &pairs[i].decoder, set));
    xd_vae_trainer_destroy(trainer);
  }
  ck_assert(same_weights(pairs[0].encoder->part.network, pairs[1].encoder->part.network));
  ck_assert(same_weights(pairs[0].decoder->part.network, pairs[1].decoder->part.network));
  const size_t dim = xd_encoder_latent_dim(pairs[0].encoder);
  float *codes = new_floats(COUNT * dim), *outputs = reconstruct(contexts[0], pairs[0], pictures, 0);
  float *without = new_floats(COUNT * PATTERN_SIZE);
  assert_ok(contexts[0], xd_encoder_encode(pairs[0].encoder, contexts[0], codes, NULL, pictures, COUNT));
  double squares = 0.0;
  for (size_t i = 0; i < COUNT * dim; i++)
    squares += (double)codes[i] * (double)codes[i];
  ck_assert_msg(squares > 0.7 * COUNT * (double)dim && squares < 1.5 * COUNT * (double)dim,
                "codes have power %g", squares / COUNT / (double)dim);
  memset(codes, 0, COUNT * dim * sizeof *codes);
  assert_ok(contexts[0], xd_decoder_decode(pairs[0].decoder, contexts[0], without, codes, COUNT));
  errors[0] = errors[1] = 0.0;
  for (size_t i = 0; i < COUNT * PATTERN_SIZE; i++) {
    errors[0] += pow((double)without[i] - (double)pictures[i], 2);
    errors[1] += pow((double)outputs[i] - (double)pictures[i], 2);
  }
  ck_assert_msg(errors[1] < 0.6 * errors[0], "error %g with codes, %g without", errors[1], errors[0]);
  free(codes), free(outputs), free(without), free(pictures);
  xd_dataset_release(set);
  for (int i = 0; i < 2; i++)
    release_vae(pairs[i]), xd_context_destroy(contexts[i]);
}
END_TEST

/* The cost of reconstruction of a VAE under a window, at its start or, `plain`, at its initial weights. */
static double windowed_cost(uint32_t window_weight, int plain) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, COUNT, 1);
  float *pictures = read_pictures(context, set, COUNT);
  char text[200];
  snprintf(text, sizeof text,
           PATTERN_VAE " linear_skip=1 smooth_start=0 window=150 latent_dim=3 batch=90 window_weight=%u",
           window_weight);
  xd_vae_trainer *trainer = make_vae_trainer(context, text);
  xd_values *losses = make_values(context);
  if (!plain)
    assert_ok(context, xdi_principal_start(trainer, set));
  assert_ok(context, xd_vae_trainer_step(trainer, losses, pictures, NULL, COUNT, 0.0f));
  const double cost = value_of(losses, "pixel_cost");
  xd_values_destroy(losses);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
  return cost;
}

START_TEST(principal_start__reconstructs_under_a_window) {
  for (uint32_t weighted = 0; weighted < 2; weighted++) {
    const double started = windowed_cost(weighted, 0), plain = windowed_cost(weighted, 1);
    /* 0.117 and 0.084; unweighted components would cost 0.129 of the weighted one */
    ck_assert_msg(started < 0.123 * plain, "weighted %u: cost %g of %g", weighted, started, plain);
  }
}
END_TEST

START_TEST(vae_trainer_finish__freezes_copies_and_can_go_on) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, COUNT, 1);
  float *pictures = read_pictures(context, set, 30);
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE);
  vae first, second, third;
  assert_ok(context, xd_vae_trainer_finish(trainer, &first.encoder, &first.decoder, set));
  assert_ok(context, xd_vae_trainer_finish(trainer, &second.encoder, &second.decoder, set));
  assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, 30, 0.003f));
  assert_ok(context, xd_vae_trainer_finish(trainer, &third.encoder, &third.decoder, set));
  ck_assert(xd_network_is_frozen(xd_encoder_network(first.encoder)));
  ck_assert(xd_network_is_frozen(xd_decoder_network(first.decoder)));
  ck_assert(same_weights(first.encoder->part.network, second.encoder->part.network));
  ck_assert(!same_weights(second.encoder->part.network, third.encoder->part.network));
  xd_vae_trainer_destroy(trainer);
  release_vae(first);
  release_vae(second);
  release_vae(third);
  free(pictures);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

START_TEST(vae_trainer_finish__refuses_sets_that_do_not_fit) {
  xd_context *context = test_context("auto");
  uint8_t pixels[2 * 10 * 10] = {0};
  xd_dataset *set = NULL;
  xd_vae_trainer *trainer = make_vae_trainer(context, PATTERN_VAE);
  vae pair = {NULL, NULL};
  assert_ok(context, xd_dataset_create(&set, context, pixels, NULL, 2, 10, 10, 1));
  assert_status(xd_vae_trainer_finish(trainer, &pair.encoder, &pair.decoder, set), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "10x10x1");
  assert_status(xd_vae_trainer_finish(trainer, &pair.encoder, &pair.decoder, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_vae_trainer_finish(trainer, NULL, &pair.decoder, set), XD_ERROR_INVALID_ARGUMENT);
  ck_assert(pair.encoder == NULL && pair.decoder == NULL);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

START_TEST(standardise_fold__refuses_networks_without_dense_ends) {
  xd_context *context = test_context("reference");
  const xd_shape picture = {.width = 8, .height = 8, .channels = 1},
                 code = {.width = 1, .height = 1, .channels = 2};
  const double mean[2] = {1.0, 2.0}, deviation[2] = {0.5, 2.0};
  const xd_layer_spec dense_end[] = {dense_spec(4, XD_ACTIVATION_IDENTITY)};
  const xd_layer_spec bent_end[] = {dense_spec(4, XD_ACTIVATION_TANH)};
  const xd_layer_spec dense_start[] = {dense_map_spec(8, 8, 1, XD_ACTIVATION_SIGMOID)};
  const xd_layer_spec other_start[] = {activation_spec(XD_ACTIVATION_TANH),
                                       dense_map_spec(8, 8, 1, XD_ACTIVATION_SIGMOID)};
  const xd_layer_spec sum_of_code[] = {
      dense_spec(2, XD_ACTIVATION_RELU), dense_spec(2, XD_ACTIVATION_IDENTITY),
      residual_add_spec(3, XD_ACTIVATION_IDENTITY), dense_map_spec(8, 8, 1, XD_ACTIVATION_SIGMOID)};
  const xd_layer_spec sum_of_hidden[] = {
      dense_spec(2, XD_ACTIVATION_RELU), dense_spec(2, XD_ACTIVATION_IDENTITY),
      residual_add_spec(2, XD_ACTIVATION_IDENTITY), dense_map_spec(8, 8, 1, XD_ACTIVATION_SIGMOID)};
  xd_network *encoder = make_network(context, picture, dense_end, 1),
             *bent = make_network(context, picture, bent_end, 1);
  xd_network *decoder = make_network(context, code, dense_start, 1),
             *other = make_network(context, code, other_start, 2),
             *sum = make_network(context, code, sum_of_code, 4),
             *inner = make_network(context, code, sum_of_hidden, 4);
  randomise(encoder, 1), randomise(decoder, 2);
  float *before = copy_weights(encoder, NULL);
  assert_status(xdi_standardise_fold(context, bent, decoder, mean, deviation), XD_ERROR_UNSUPPORTED);
  assert_status(xdi_standardise_fold(context, encoder, other, mean, deviation), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "raw_codes");
  assert_status(xdi_standardise_fold(context, encoder, sum, mean, deviation), XD_ERROR_UNSUPPORTED);
  assert_message_names(context, "adds the code itself");
  assert_ok(context, xdi_standardise_check(context, encoder, inner));
  xdi_network_release(sum), xdi_network_release(inner);
  assert_same_floats(encoder->block, before, encoder->block_count);
  assert_ok(context, xdi_standardise_fold(context, encoder, decoder, mean, deviation));
  ck_assert(encoder->block[0] == before[0] / 0.5f);
  free(before);
  xdi_network_release(encoder), xdi_network_release(bent);
  xdi_network_release(decoder), xdi_network_release(other);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("standardise");
  add_case(suite, standardise__gives_codes_mean_0_and_variance_1);
  add_case(suite, standardise__leaves_reconstructions_as_they_were);
  add_case(suite, principal_start__reconstructs_under_a_window);
  add_case(suite, vae_trainer_finish__freezes_copies_and_can_go_on);
  add_case(suite, vae_trainer_finish__refuses_sets_that_do_not_fit);
  add_case(suite, standardise_fold__reaches_linear_skips);
  add_case(suite, principal_start__reconstructs_and_is_deterministic);
  add_case(suite, standardise_fold__refuses_networks_without_dense_ends);
  return suite;
}

XD_SUITE_MAIN(make_suite)
