/* The critic that sharpens decoders: its gradient against finite differences, and that it learns. */
#include "training_support.h"

#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/critic.h"
#include "train/vae_trainer.h"

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
                                       (xd_shape){.height = 8, .width = 8, .channels = 1}, BATCH, 5));
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

static double loss_of(const fixture *f, float rate) {
  double loss = 0.0;
  assert_ok(f->context, xdi_critic_learn(f->critic, &loss, real_of(f), drawn_of(f), BATCH, rate));
  return loss;
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

/* ---- within a VAE's training ---- */

#define PICTURES 64u
#define VAE PATTERN_VAE " batch=64 averaging=0 sharpen=1"

static xd_vae_trainer *train_some(xd_context *context, const float *pictures) {
  xdi_vae_settings settings;
  xd_vae_trainer *trainer = NULL;
  xd_options *options = make_options(context, "vae", VAE);
  assert_ok(context, xdi_read_vae(&settings, context, options));
  assert_ok(context, xdi_vae_trainer_open(&trainer, context, NULL, NULL, &settings));
  xd_options_destroy(options);
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
  add_case(suite, vae_trainer_sharpen__sharpens_and_leaves_the_encoder);
  return suite;
}

XD_SUITE_MAIN(make_suite)
