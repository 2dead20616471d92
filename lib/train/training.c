/* What a whole training is told: its input, its options, and what the sets decide. */
#include "train/training.h"

#include "base/memory.h"
#include "base/seeds.h"
#include "base/sized.h"
#include "data/dataset.h"
#include "data/pairing.h"
#include "layer/network.h"

void xd_train_input_init(xd_train_input *input, size_t struct_size) {
  const xd_train_input defaults = XD_TRAIN_INPUT_INIT;
  xdi_sized_write(input, struct_size, &defaults, sizeof defaults);
}

void xd_run_init(xd_run *run, size_t struct_size) {
  const xd_run defaults = XD_RUN_INIT;
  xdi_sized_write(run, struct_size, &defaults, sizeof defaults);
}

xd_status xdi_training_open(xdi_training *training, xd_context *context, xd_values *report,
                            const xd_train_input *input, const xd_run *run) {
  *training = (xdi_training){.context = context, .input = XD_TRAIN_INPUT_INIT, .run = XD_RUN_INIT};
  xdi_values_open(&training->own_report, &context->allocator);
  xdi_values_open(&training->losses, &context->allocator);
  xdi_values_open(&training->measures, &context->allocator);
  training->report = report ? report : &training->own_report;
  const xd_status status =
      xdi_sized_read(context, &training->input, input, XDI_SIZED(xd_train_input, unlabelled));
  return status == XD_OK && run ? xdi_sized_read(context, &training->run, run, XDI_SIZED(xd_run, resume))
                                : status;
}

xd_status xdi_training_open_one(xdi_training *training, xd_context *context, xd_values *report,
                                const xd_dataset *set, const xd_run *run) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  input.set[0] = set;
  return xdi_training_open(training, context, report, &input, run);
}

void xdi_release_best(xdi_parts *parts) {
  xd_latent_generator_release(parts->best_generator);
  xd_pair_discriminator_release(parts->best_discriminator);
  parts->best_generator = NULL;
  parts->best_discriminator = NULL;
}

void xdi_release_parts(xdi_parts *parts) {
  for (uint32_t i = 0; i < 2; i++) {
    xd_encoder_release(parts->encoder[i]);
    xd_decoder_release(parts->decoder[i]);
    xd_latent_generator_release(parts->generator[i]);
    xd_pair_discriminator_release(parts->discriminator[i]);
  }
  xdi_release_best(parts);
  xd_judge_release(parts->judge);
}

void xdi_training_close(xdi_training *training) {
  training->context->deaf = false;
  xdi_release_parts(&training->done);
  for (uint32_t domain = 0; domain < 2; domain++) {
    xd_dataset_release(training->vae_set[domain]);
    xd_dataset_release(training->spread_set[domain]);
  }
  xdi_values_close(&training->own_report);
  xdi_values_close(&training->losses);
  xdi_values_close(&training->measures);
}

/* ---- VAEs ---- */

xd_status xdi_complete_picture(xd_context *context, const char *group, uint32_t *width, uint32_t *height,
                               uint32_t *channels, const xd_dataset *set) {
  const xd_shape given = xdi_set_shape(set);
  *width = *width ? *width : given.width;
  *height = *height ? *height : given.height;
  *channels = *channels ? *channels : given.channels;
  if (*width == given.width && *height == given.height && *channels == given.channels)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                  "%s: the options ask for pictures of %ux%ux%u, the set's are %ux%ux%u", group, *width,
                  *height, *channels, given.width, given.height, given.channels);
}

static xd_status complete_vae(xdi_training *training, uint32_t domain) {
  xdi_vae_settings *settings = &training->settings.vae[domain];
  return xdi_complete_picture(training->context, domain == 0 ? "vae1" : "vae2", &settings->width,
                              &settings->height, &settings->channels, training->input.set[domain]);
}

/* ---- Mappings ---- */

static xd_status check_directions(const xdi_training *training, bool with_vae) {
  const xdi_train_settings *settings = &training->settings;
  if (settings->directions == 0 && !with_vae)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT, "train.directions cannot be 0 here");
  if (settings->directions == 3 &&
      settings->mapping[0].codes_per_picture != settings->mapping[1].codes_per_picture)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "mapping.codes_per_picture is %u in one direction and %u in the other",
                    settings->mapping[0].codes_per_picture, settings->mapping[1].codes_per_picture);
  return XD_OK;
}

static void give_seeds(xdi_train_settings *settings) {
  settings->vae[0].seed = xdi_seed_of(settings->seed, XDI_SEED_VAE1);
  settings->vae[1].seed = xdi_seed_of(settings->seed, XDI_SEED_VAE2);
  settings->mapping[0].seed = xdi_seed_of(settings->seed, XDI_SEED_MAPPING_1TO2);
  settings->mapping[1].seed = xdi_seed_of(settings->seed, XDI_SEED_MAPPING_2TO1);
}

/* Classes that are linked by pairs are one. */
static void settle_steps(xdi_training *training) {
  for (uint32_t direction = 0; direction < 2; direction++) {
    xdi_mapping_settings *settings = &training->settings.mapping[direction];
    settings->steps = xdi_mapping_steps(settings, xdi_pairing_group_count(training->input.pairing));
  }
}

xd_status xdi_training_read(xdi_training *training, const xd_options *options, bool with_vae) {
  xd_status status = xdi_read_train(&training->settings, training->context, options);
  training->group = "train";
  training->options = &training->settings;
  if (status != XD_OK)
    return status;
  give_seeds(&training->settings);
  settle_steps(training);
  for (uint32_t domain = 0; status == XD_OK && with_vae && domain < 2; domain++)
    status = complete_vae(training, domain);
  return status == XD_OK ? check_directions(training, with_vae) : status;
}
