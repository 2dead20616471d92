/* The critic that sharpens decoders: its gradient against finite differences, and that it learns. */
#include "training_support.h"

#include "base/seeds.h"
#include "layer/executor.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/critic.h"

#define BATCH 3u
#define CELLS (BATCH * 8 * 8)

typedef struct fixture {
  xd_context *context;
  xdi_critic *critic;
  xd_buffer *memory; /* real pictures, then drawn ones */
} fixture;

static xd_slice real_of(const fixture *f) {
  return xdi_slice(f->memory, 0);
}

static xd_slice drawn_of(const fixture *f) {
  return xdi_slice(f->memory, CELLS);
}

static fixture open_fixture(const char *backend) {
  fixture f = {.context = test_context(backend)};
  float *real = make_pixels(CELLS, 1), *drawn = make_pixels(CELLS, 2);
  for (uint32_t i = 0; i < CELLS; i++)
    drawn[i] = 0.4f + 0.2f * drawn[i]; /* of little contrast */
  assert_ok(f.context, xdi_critic_open(&f.critic, f.context,
                                       (xd_shape){.height = 8, .width = 8, .channels = 1}, BATCH, 1, 5));
  assert_ok(f.context, xdi_device_create(f.context, &f.memory, 2 * CELLS));
  assert_ok(f.context, xdi_device_write(f.context, real_of(&f), real, CELLS));
  assert_ok(f.context, xdi_device_write(f.context, drawn_of(&f), drawn, CELLS));
  free(real), free(drawn);
  return f;
}

static void close_fixture(fixture *f) {
  xdi_device_destroy(f->context, f->memory);
  xdi_critic_close(f->critic);
  xd_context_destroy(f->context);
}

/* One update on the first pictures. */
static double learn(const fixture *f, xdi_critic *critic, uint32_t count, float rate) {
  double loss = 0.0;
  assert_ok(f->context, xdi_critic_see(critic, 0, real_of(f), drawn_of(f), count));
  assert_ok(f->context, xdi_critic_learn(critic, &loss, rate));
  return loss;
}

static double loss_of(const fixture *f, float rate) {
  return learn(f, f->critic, BATCH, rate);
}

/* The loss has softplus(-critic) of the real pictures: what it changes by when one of their cells does is what the
 * critic blames that cell for. */
START_TEST(critic_blame__is_the_gradient_of_the_loss) {
  for (uint32_t b = 0; xd_context_builtin_backend(b); b++) {
    fixture f = open_fixture(xd_context_builtin_backend(b));
    float *pictures = make_pixels(CELLS, 1), *gradient = new_floats(CELLS);
    double largest = 0.0;
    for (int i = 0; i < 10; i++)
      loss_of(&f, 0.01f);
    assert_ok(f.context, xdi_critic_blame(f.critic, gradient, real_of(&f), BATCH));
    for (uint32_t i = 0; i < CELLS; i++)
      largest = fmax(largest, fabs((double)gradient[i]));
    for (uint32_t i = 0; i < CELLS; i += 7) {
      const float cell = pictures[i], step = 0.01f;
      double around[2];
      for (int side = 0; side < 2; side++) {
        pictures[i] = side ? cell + step : cell - step;
        assert_ok(f.context, xdi_device_write(f.context, real_of(&f), pictures, CELLS));
        around[side] = loss_of(&f, 0.0f);
      }
      pictures[i] = cell;
      ck_assert_double_eq_tol((double)gradient[i], (around[1] - around[0]) / (2.0 * (double)step),
                              0.03 * largest);
    }
    free(pictures), free(gradient);
    close_fixture(&f);
  }
}
END_TEST

START_TEST(critic_learn__tells_the_sharp_from_the_dull) {
  fixture f = open_fixture("auto");
  const double first = loss_of(&f, 0.01f);
  double last = first;
  for (int i = 0; i < 40; i++)
    last = loss_of(&f, 0.01f);
  ck_assert_msg(first < 2.0 && last < 0.2, "the loss fell from %g to %g", first, last);
  close_fixture(&f);
}
END_TEST

/* Two convolutions of 4x4 to 32 and 64 channels and one of 3x3, whose bias stands alone in 16 places. */
START_TEST(critic__has_the_networks_weights_and_moves_them_by_the_rate) {
  const size_t weights = 4 * 4 * 32 + 32 + 4 * 4 * 32 * 64 + 64 + 3 * 3 * 64 + 16;
  fixture f = open_fixture("reference");
  xdi_bytes bytes[2] = {{.allocator = &f.context->allocator}, {.allocator = &f.context->allocator}};
  for (int i = 0; i < 2; i++) {
    xdi_archive archive = {.context = f.context, .to = &bytes[i]};
    xdi_critic_archive(f.critic, &archive);
    assert_ok(f.context, xdi_archive_end(&archive));
    ck_assert_uint_eq(xdi_at_u64(bytes[i].data), weights);
    ck_assert_uint_gt(bytes[i].size, 3 * 4 * weights);
    loss_of(&f, 0.01f);
  }
  for (size_t i = 0; i < weights; i++) {
    float old, new;
    memcpy(&old, bytes[0].data + 8 + 4 * i, sizeof old);
    memcpy(&new, bytes[1].data + 8 + 4 * i, sizeof new);
    if (fabs((double)new - (double)old) > 0.010001)
      ck_abort_msg("weight %zu moves by %g", i, (double)new - (double)old);
  }
  xdi_bytes_release(&bytes[0]), xdi_bytes_release(&bytes[1]);
  close_fixture(&f);
}
END_TEST

/* A batch of fewer pictures than there is room for. */
START_TEST(critic__takes_any_number_of_pictures) {
  fixture f = open_fixture("reference");
  xdi_critic *other = NULL;
  assert_ok(f.context,
            xdi_critic_open(&other, f.context, (xd_shape){.height = 8, .width = 8, .channels = 1}, 2, 1, 5));
  for (int i = 0; i < 3; i++) {
    const double roomy = learn(&f, f.critic, 2, 0.01f), narrow = learn(&f, other, 2, 0.01f);
    ck_assert(roomy == narrow && roomy > 0.0);
  }
  float *one = new_floats(CELLS), *two = new_floats(CELLS);
  assert_ok(f.context, xdi_critic_blame(f.critic, one, drawn_of(&f), 2));
  assert_ok(f.context, xdi_critic_blame(other, two, drawn_of(&f), 2));
  assert_same_floats(one, two, 2 * CELLS / BATCH);
  free(one), free(two);
  xdi_critic_close(other);
  close_fixture(&f);
}
END_TEST

/* ---- within a VAE's training ---- */

#define ROWS 7u
#define ROW_CELLS 64u
#define SMALL \
  "width=8 height=8 channels=1 latent_dim=3 base_channels=4 depth=1 hidden1=7 lambda1=0.7 lambda2=0.5 sigma_x=0.8 " \
  "kl_weight=0.3 batch=7 raw_codes=1 seed=11 averaging=0 sharpen=0.8"

/* What a sharpening step draws: a third of the codes, the last ones, are mixed with the first ones'. */
static float *compose_codes(xd_context *context, const xd_vae_trainer *trainer, const xd_encoder *encoder,
                            const float *pictures) {
  const uint64_t seed = trainer->settings.seed, mix = xdi_stream_id(XDI_STREAM_MIX, trainer->step);
  float *codes = new_floats(ROWS * 3), mean[ROWS * 3], log_variance[ROWS * 3];
  assert_ok(context, xd_encoder_encode(encoder, context, mean, log_variance, pictures, ROWS));
  xdi_random_normals(codes, ROWS * 3, seed, xdi_stream_id(XDI_STREAM_POSTERIOR, trainer->step), 0);
  for (size_t i = 0; i < ROWS * 3; i++)
    codes[i] = mean[i] + expf(0.5f * log_variance[i]) * codes[i];
  for (uint32_t i = 0; i < ROWS / 3; i++)
    for (uint32_t k = 0; k < 3; k++) {
      float *code = codes + (ROWS - ROWS / 3 + i) * 3 + k;
      const float share = 0.5f * xdi_random_uniform(seed, mix, i);
      *code = share * codes[i * 3 + k] + (1.0f - share) * *code;
    }
  return codes;
}

/* The gradient before the decoder's last sigmoid: the reconstruction's of the codes that are not mixed, and the
 * critic's, `sharpen` times as long. */
static void compose_gradient(float *gradient, const float *blame, const float *drawn, const float *pictures) {
  const size_t cells = ROWS * ROW_CELLS, pure = (ROWS - ROWS / 3) * ROW_CELLS;
  const double weight = 0.7 + 0.5 * 0.5 / 0.64;
  double length = 0.0, blamed = 0.0;
  for (size_t i = 0; i < cells; i++) {
    const double got = (double)drawn[i], error = got - (double)pictures[i], slope = got * (1.0 - got);
    gradient[i] = i < pure ? (float)(2.0 * weight * error * slope / (ROWS - ROWS / 3)) : 0.0f;
    length += pow((double)gradient[i], 2);
    blamed += i < pure ? pow((double)blame[i] * slope, 2) : 0.0;
  }
  for (size_t i = 0; i < cells; i++)
    gradient[i] +=
        (float)(0.8 * sqrt(length / blamed) * (double)blame[i] * (double)drawn[i]) * (1.0f - drawn[i]);
}

START_TEST(vae_trainer_sharpen__has_the_gradient_that_is_composed_by_hand) {
  xd_context *context = test_context("reference");
  xd_vae_trainer *trainer = open_vae_trainer(context, SMALL);
  xd_values *losses = make_values(context);
  xd_encoder *encoder = NULL;
  xd_decoder *decoder = NULL;
  xdi_critic *critic = NULL;
  xdi_executor *run = NULL;
  float *pictures = make_pixels(ROWS * ROW_CELLS, 3), *drawn = new_floats(ROWS * ROW_CELLS);
  float *blame = new_floats(ROWS * ROW_CELLS), *gradient = new_floats(ROWS * ROW_CELLS);
  xd_buffer *memory = NULL;
  assert_ok(context, xd_vae_trainer_finish(trainer, &encoder, &decoder, NULL));
  const size_t weights = decoder->part.network->block_count;
  float *expected = new_floats(weights), *got = new_floats(weights);
  assert_ok(context, xdi_critic_open(&critic, context, (xd_shape){.height = 8, .width = 8, .channels = 1},
                                     ROWS, 1, xdi_seed_of(trainer->settings.seed, XDI_SEED_CRITIC)));
  assert_ok(context, xdi_executor_create(&run, context, decoder->part.network, ROWS, XDI_TRAINING));
  assert_ok(context, xdi_device_create(context, &memory, ROWS * ROW_CELLS));
  assert_ok(context, xdi_device_write(context, xdi_slice(memory, 0), pictures, ROWS * ROW_CELLS));
  for (uint32_t step = 0; step < 3; step++) {
    float *codes = compose_codes(context, trainer, encoder, pictures);
    double squares = 0.0, loss = 0.0, largest = 0.0;
    assert_ok(context, xdi_vae_trainer_sharpen(trainer, losses, pictures, NULL, ROWS, 0.0f));
    assert_ok(context, xdi_device_read(context, got, xdi_executor_gradients(trainer->decoder_run), weights));
    assert_ok(context, xdi_device_write(context, xdi_executor_input(run), codes, ROWS * 3));
    assert_ok(context, xdi_executor_forward(run, ROWS, false, 0, 0));
    assert_ok(context, xdi_device_read(context, drawn, xdi_executor_output(run), ROWS * ROW_CELLS));
    assert_ok(context, xdi_critic_see(critic, 0, xdi_slice(memory, 0), xdi_executor_output(run), ROWS));
    assert_ok(context, xdi_critic_learn(critic, &loss, 0.0f));
    assert_near(value_of(losses, "critic"), loss, 1e-4, "critic");
    for (size_t i = 0; i < (ROWS - ROWS / 3) * ROW_CELLS; i++)
      squares += pow((double)drawn[i] - (double)pictures[i], 2) / (ROWS - ROWS / 3);
    assert_near(value_of(losses, "pixel_cost"), squares, 1e-4, "pixel_cost");
    assert_near(value_of(losses, "log_likelihood"), -squares / 1.28, 1e-4, "log_likelihood");
    assert_ok(context, xdi_critic_blame(critic, blame, xdi_executor_output(run), ROWS));
    compose_gradient(gradient, blame, drawn, pictures);
    assert_ok(context,
              xdi_device_write(context, xdi_executor_output_gradient(run), gradient, ROWS * ROW_CELLS));
    assert_ok(context, xdi_executor_backward(run, ROWS, true, false));
    assert_ok(context, xdi_device_read(context, expected, xdi_executor_gradients(run), weights));
    for (size_t i = 0; i < weights; i++)
      largest = fmax(largest, fabs((double)expected[i]));
    for (size_t i = 0; i < weights; i++)
      if (fabs((double)got[i] - (double)expected[i]) > 1e-4 * largest)
        ck_abort_msg("gradient %zu is %g, not %g", i, (double)got[i], (double)expected[i]);
    free(codes);
  }
  xdi_device_destroy(context, memory);
  xdi_executor_destroy(run);
  xdi_critic_close(critic);
  xd_encoder_release(encoder), xd_decoder_release(decoder);
  xd_values_destroy(losses);
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures), free(drawn), free(blame), free(gradient), free(expected), free(got);
}
END_TEST

#define PICTURES 64u
#define VAE PATTERN_VAE " batch=64 averaging=0 sharpen=1"

static xd_vae_trainer *train_some(xd_context *context, const float *pictures) {
  xd_vae_trainer *trainer = open_vae_trainer(context, VAE);
  for (int i = 0; i < 100; i++)
    assert_ok(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, PICTURES, 0.002f));
  return trainer;
}

static void take(xd_context *context, xd_vae_trainer *trainer, xd_encoder **encoder, xd_decoder **decoder) {
  *encoder = NULL, *decoder = NULL;
  assert_ok(context, xdi_vae_trainer_take(trainer, encoder, decoder, NULL));
}

static double edges_of(xd_context *context, const xd_encoder *encoder, const xd_decoder *decoder,
                       const float *pictures) {
  float *codes = new_floats(PICTURES * xd_encoder_latent_dim(encoder)),
        *drawn = new_floats(PICTURES * PATTERN_SIZE);
  double energy = 0.0;
  assert_ok(context, xd_encoder_encode(encoder, context, codes, NULL, pictures, PICTURES));
  assert_ok(context, xd_decoder_decode(decoder, context, drawn, codes, PICTURES));
  for (uint32_t i = 1; i < PICTURES * PATTERN_SIZE; i++)
    energy += i % SIDE ? pow((double)drawn[i] - (double)drawn[i - 1], 2.0) : 0.0;
  free(codes), free(drawn);
  return energy;
}

START_TEST(vae_trainer_sharpen__sharpens_and_leaves_the_encoder) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, 3, PICTURES, 1);
  float *pictures = read_pictures(context, set, PICTURES);
  xd_vae_trainer *trainer = train_some(context, pictures), *other = train_some(context, pictures);
  xd_values *losses = make_values(context);
  xd_encoder *before, *after, *plain_encoder;
  xd_decoder *dull, *sharp, *plain;
  take(context, trainer, &before, &dull);
  for (int i = 0; i < 60; i++) {
    assert_ok(context, xdi_vae_trainer_sharpen(trainer, losses, pictures, NULL, PICTURES, 0.002f));
    assert_ok(context, xd_vae_trainer_step(other, NULL, pictures, NULL, PICTURES, 0.002f));
  }
  ck_assert_double_gt(value_of(losses, "critic"), 0.0);
  take(context, trainer, &after, &sharp);
  take(context, other, &plain_encoder, &plain);
  ck_assert(same_weights(before->part.network, after->part.network));
  ck_assert(!same_weights(dull->part.network, sharp->part.network));
  const double with = edges_of(context, after, sharp, pictures),
               without = edges_of(context, plain_encoder, plain, pictures);
  ck_assert_msg(with > 1.03 * without, "edges have %g with a critic, %g without", with, without);
  xd_encoder_release(before), xd_encoder_release(after), xd_encoder_release(plain_encoder);
  xd_decoder_release(dull), xd_decoder_release(sharp), xd_decoder_release(plain);
  xd_values_destroy(losses);
  xd_vae_trainer_destroy(trainer), xd_vae_trainer_destroy(other);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("critic");
  add_case(suite, critic_blame__is_the_gradient_of_the_loss);
  add_case(suite, critic_learn__tells_the_sharp_from_the_dull);
  add_case(suite, critic__has_the_networks_weights_and_moves_them_by_the_rate);
  add_case(suite, critic__takes_any_number_of_pictures);
  add_case(suite, vae_trainer_sharpen__has_the_gradient_that_is_composed_by_hand);
  add_case(suite, vae_trainer_sharpen__sharpens_and_leaves_the_encoder);
  return suite;
}

XD_SUITE_MAIN(make_suite)
