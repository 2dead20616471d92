/* Presets: names, numbers, and that they train. */
#include "training_support.h"

static xd_preset make_preset(xd_context *context, const char *name) {
  xd_preset preset = {.struct_size = sizeof preset};
  assert_ok(context, xd_train_preset(&preset, context, name));
  preset.vae[0].architecture = &preset.architecture[0];
  preset.vae[1].architecture = &preset.architecture[1];
  return preset;
}

START_TEST(preset__without_a_name_gives_the_defaults) {
  xd_context *context = test_context("reference");
  xd_preset preset = {.struct_size = sizeof preset};
  const xd_vae_options vae = XD_VAE_OPTIONS_INIT;
  const xd_mapping_options mapping = XD_MAPPING_OPTIONS_INIT;
  assert_ok(context, xd_train_preset(&preset, context, NULL));
  for (uint32_t i = 0; i < 2; i++) {
    ck_assert_ptr_eq(preset.vae[i].architecture, &preset.architecture[i]);
    ck_assert(preset.architecture[i].height == 0 && preset.architecture[i].latent_dim == 32);
    ck_assert(preset.vae[i].epochs == vae.epochs && preset.vae[i].sigma_x == vae.sigma_x);
    ck_assert_mem_eq(&preset.mapping[i], &mapping, sizeof mapping);
  }
  xd_context_destroy(context);
}
END_TEST

START_TEST(preset__differs_where_its_table_says) {
  xd_context *context = test_context("reference");
  const xd_preset paper = make_preset(context, "paper"), fashion = make_preset(context, "fashion"),
                  svhn = make_preset(context, "svhn"), mnist = make_preset(context, "mnist");
  for (uint32_t i = 0; i < 2; i++) {
    ck_assert(paper.vae[i].lambda1 == 1.0f && paper.vae[i].lambda2 == 1.0f && paper.vae[i].sigma_x == 1.0f);
    ck_assert(paper.vae[i].raw_codes == 1 && paper.architecture[i].base_channels == 0);
    ck_assert(paper.architecture[i].hidden_count == 2 && paper.architecture[i].hidden[0] == 512 &&
              paper.architecture[i].hidden[1] == 256);
    ck_assert(paper.mapping[i].same_code_positive == 1 && paper.mapping[i].mismatch == 0.0f);
    ck_assert(paper.mapping[i].generated_mismatch == 0.0f && paper.mapping[i].spectral_norm == 0);
    ck_assert(paper.mapping[i].ema_decay == 0.0f && paper.mapping[i].lambda_reg == 0.1f);
    ck_assert(paper.mapping[i].beta1 == 0.9f && paper.mapping[i].beta2 == 0.999f &&
              paper.mapping[i].noise_scale == 1.0f);
    ck_assert(mnist.architecture[i].base_channels == 32 && mnist.vae[i].min_steps == 500);
  }
  ck_assert(fashion.architecture[0].latent_dim == 32 && fashion.architecture[1].latent_dim == 64);
  ck_assert(fashion.architecture[0].hidden[0] == 256 && fashion.architecture[1].hidden[0] == 512);
  ck_assert(fashion.mapping[0].lambda_reg == 2.0f && fashion.mapping[1].lambda_reg == 0.4f);
  ck_assert(fashion.mapping[0].condition_codes == 8 && fashion.mapping[1].linear_skip == 1);
  ck_assert(svhn.architecture[0].latent_dim == 96 && svhn.vae[0].augment > 0.0f &&
            svhn.vae[1].augment == 0.0f);
  ck_assert(svhn.architecture[0].window == 250 && svhn.architecture[1].window == 0);
  ck_assert(svhn.mapping[0].augment > 0.0f && svhn.mapping[1].augment == 0.0f);
  xd_context_destroy(context);
}
END_TEST

START_TEST(preset__names_what_there_is_and_refuses_the_rest) {
  xd_context *context = test_context("reference");
  xd_preset preset = {.struct_size = sizeof preset};
  uint32_t count = 0;
  for (; xd_train_preset_name(count); count++)
    make_preset(context, xd_train_preset_name(count));
  ck_assert_uint_eq(count, 4);
  assert_status(xd_train_preset(&preset, context, "photo"), XD_ERROR_NOT_FOUND);
  assert_message_names(context, "photo");
  preset.struct_size = 8;
  assert_status(xd_train_preset(&preset, context, "mnist"), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_train_preset(NULL, context, "mnist"), XD_ERROR_INVALID_ARGUMENT);
  preset.struct_size = sizeof preset;
  ck_assert_int_eq(xd_train_preset(&preset, NULL, "mnist"), XD_OK);
  assert_status(xd_train_preset(&preset, NULL, "photo"), XD_ERROR_NOT_FOUND);
  xd_context_destroy(context);
}
END_TEST

/* What a preset says, changed by hand where the caller likes, is what the model tells of itself. */
START_TEST(preset__trains_and_is_told_by_the_model) {
  for (uint32_t i = 0; xd_train_preset_name(i); i++) {
    xd_context *context = test_context_with("auto", 2, NULL);
    xd_dataset *sets[2] = {make_patterns(context, PATTERN_ROW, 3, 90, 1),
                           make_patterns(context, PATTERN_FRAME, 3, 90, 2)};
    xd_pairing *pairing = make_pairing(context, "0:3,1:4,2:5");
    xd_preset preset = make_preset(context, xd_train_preset_name(i));
    xd_train_options options = XD_TRAIN_OPTIONS_INIT;
    xd_model *model = NULL;
    for (uint32_t d = 0; d < 2; d++) {
      preset.vae[d].min_steps = 2;
      preset.vae[d].epochs = 1;
      preset.mapping[d].steps = 3;
      options.vae[d] = &preset.vae[d];
      options.mapping[d] = &preset.mapping[d];
    }
    assert_ok(context, xd_train(&model, context, sets[0], sets[1], pairing, &options, NULL));
    ck_assert_uint_eq(xd_model_latent_dim(model, 1), preset.architecture[0].latent_dim);
    ck_assert_uint_eq(xd_model_latent_dim(model, 2), preset.architecture[1].latent_dim);
    if (strcmp(xd_train_preset_name(i), "paper") == 0) {
      ck_assert(strstr(xd_model_property(model, "vae2.architecture"), "base_channels=0 ") != NULL);
      ck_assert(strstr(xd_model_property(model, "vae2.architecture"),
                       " hidden_count=2 hidden=512 hidden=256") != NULL);
      ck_assert(strstr(xd_model_property(model, "vae1.options"), "lambda1=1 lambda2=1 sigma_x=1 ") != NULL);
      ck_assert(strstr(xd_model_property(model, "mapping_2to1.options"), " beta1=0.9 beta2=0.999 ") != NULL);
    }
    xd_model_release(model);
    xd_pairing_release(pairing);
    xd_dataset_release(sets[0]);
    xd_dataset_release(sets[1]);
    xd_context_destroy(context);
  }
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("preset");
  add_case(suite, preset__without_a_name_gives_the_defaults);
  add_case(suite, preset__differs_where_its_table_says);
  add_case(suite, preset__names_what_there_is_and_refuses_the_rest);
  add_case(suite, preset__trains_and_is_told_by_the_model);
  return suite;
}

XD_SUITE_MAIN(make_suite)
