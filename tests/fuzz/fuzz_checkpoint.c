/* Checkpoints with right checksums: the model so far is taken from them, and the training goes on. The first
 * byte chooses which training. */
#include "fuzz_networks.h"
#include "fuzz_training.h"
#include "repair.h"

static void look_at_model(const fuzz_surroundings *with, const xd_model *model) {
  for (uint32_t domain = 1; domain <= 2; domain++) {
    look_at_network(with, xd_encoder_network(xd_model_encoder(model, domain)));
    look_at_network(with, xd_decoder_network(xd_model_decoder(model, domain)));
  }
  if (xd_model_generator(model, XD_DIRECTION_1TO2))
    look_at_network(with, xd_latent_generator_network(xd_model_generator(model, XD_DIRECTION_1TO2)));
}

static void recover(const fuzz_surroundings *with, const char *path) {
  xd_model *model = NULL;
  check_status(with, xd_train_recover(&model, with->context, path), &model);
  if (model)
    look_at_model(with, model);
  xd_model_release(model);
}

/* What is there is whole and numbers. The file lies where no new one can be written, which is no failure. */
static void go_on(const fuzz_surroundings *with, uint32_t kind, const char *path) {
  xd_run run = XD_RUN_INIT;
  fuzz_training training;
  fuzz_trained made;
  run.checkpoint = path, run.resume = 1;
  fuzz_training_open(&training, with->context, kind);
  const xd_status status = fuzz_train(&made, &training, kind, &run);
  check_status(with, status,
               kind == FUZZ_JUDGE ? (const void *)&made.judge
               : kind == FUZZ_VAE ? (const void *)&made.encoder
                                  : (const void *)&made.model);
  if (made.model)
    look_at_model(with, made.model);
  if (made.encoder) {
    look_at_network(with, xd_encoder_network(made.encoder));
    look_at_network(with, xd_decoder_network(made.decoder));
  }
  if (made.judge)
    look_at_network(with, xd_judge_network(made.judge));
  fuzz_trained_release(&made);
  fuzz_training_close(&training);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_surroundings with;
  fuzz_bytes input = {data, size};
  const uint32_t kind = take_below(&input, FUZZ_TRAININGS);
  uint8_t *repaired = malloc(input.size + 1);
  fuzz_file file;
  demand(repaired != NULL);
  if (input.size)
    memcpy(repaired, input.data, input.size);
  repair_container(repaired, input.size);
  fuzz_file_create(&file, repaired, input.size);
  fuzz_begin(&with);
  recover(&with, file.path);
  go_on(&with, kind, file.path);
  fuzz_end(&with);
  fuzz_file_destroy(&file);
  free(repaired);
  return 0;
}
