/* Trainings of a moment, for checkpoints: make_seeds leaves some, the target goes on from what became of them. */
#ifndef XD_TESTS_FUZZ_TRAINING_H
#define XD_TESTS_FUZZ_TRAINING_H

#include <stdlib.h>

#include "xdomain/xdomain.h"

enum { FUZZ_WHOLE, FUZZ_ONE_WAY, FUZZ_VAE, FUZZ_JUDGE, FUZZ_TRAININGS };

typedef struct fuzz_training {
  xd_context *context;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xd_options *options;
} fuzz_training;

static inline void fuzz_must(xd_status status) {
  if (status != XD_OK)
    abort();
}

static inline void fuzz_training_open(fuzz_training *out, xd_context *context, uint32_t kind) {
  static const char *const groups[] = {"train", "train", "vae", "judge"};
  static const char *const texts[] = {
      "vae.latent_dim=2 vae.base_channels=2 vae.depth=1 vae.hidden1=4 vae.batch=3 vae.epochs=1 vae.min_steps=0 "
      "mapping.hidden_width=4 mapping.hidden_layers=1 mapping.batch=2 mapping.steps=2 mapping.ema_decay=0.5",
      "vae.latent_dim=2 vae.base_channels=0 vae.hidden1=4 vae.batch=3 vae.epochs=1 vae.min_steps=0 vae.averaging=0.5 "
      "mapping.hidden_width=4 mapping.hidden_layers=1 mapping.batch=2 mapping.steps=2 mapping.spectral_norm=1 "
      "directions=1 allow_collapse=1",
      "latent_dim=2 base_channels=2 depth=1 hidden1=4 batch=3 epochs=1 min_steps=0",
      "base_channels=2 feature_dim=4 batch=3 epochs=1"};
  static const uint32_t labels[6] = {0, 1, 0, 1, 0, 1};
  uint8_t pixels[6 * 8 * 8];
  *out = (fuzz_training){.context = context};
  for (uint32_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * 7919u >> i % 5);
  for (int d = 0; d < 2; d++)
    fuzz_must(xd_dataset_create(&out->sets[d], context, pixels, labels, 6, 8, 8, 1));
  fuzz_must(xd_pairing_create(&out->pairing, context, "0:0,1:1"));
  fuzz_must(xd_options_create(&out->options, context, groups[kind]));
  fuzz_must(xd_options_read(out->options, context, texts[kind]));
}

static inline void fuzz_training_close(fuzz_training *of) {
  xd_options_destroy(of->options);
  xd_pairing_release(of->pairing);
  for (int d = 0; d < 2; d++)
    xd_dataset_release(of->sets[d]);
}

/* What came of a training; a failed one made nothing. */
typedef struct fuzz_trained {
  xd_model *model;
  xd_encoder *encoder;
  xd_decoder *decoder;
  xd_judge *judge;
} fuzz_trained;

static inline xd_status fuzz_train(fuzz_trained *out, const fuzz_training *with, uint32_t kind,
                                   const xd_run *run) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  *out = (fuzz_trained){NULL, NULL, NULL, NULL};
  if (kind == FUZZ_VAE)
    return xd_train_vae(&out->encoder, &out->decoder, with->context, NULL, with->sets[0], run, with->options);
  if (kind == FUZZ_JUDGE)
    return xd_judge_train(&out->judge, with->context, NULL, with->sets[0], run, with->options);
  for (int d = 0; d < 2; d++)
    input.set[d] = with->sets[d];
  input.pairing = with->pairing;
  return xd_train(&out->model, with->context, NULL, &input, run, with->options);
}

static inline void fuzz_trained_release(fuzz_trained *of) {
  xd_model_release(of->model);
  xd_encoder_release(of->encoder);
  xd_decoder_release(of->decoder);
  xd_judge_release(of->judge);
}

#endif
