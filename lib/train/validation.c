/* Validation while a mapping is trained. What is measured is always the finished form: averaged weights, the
 * noise scale folded in. The best step is kept by a score that asks for variety as well, since accuracy alone
 * is highest for a mapping that has collapsed. */
#include "train/validation.h"

#include <stdio.h>

#include "base/seeds.h"
#include "train/progress.h"
#include "xdomain/unstable/validation.h"

#define COLLAPSES_IN_A_ROW 2u

static const double collapsed_acc = 0.5, collapsed_div = 0.1;
/* A score below this share of the best has fallen, and is not one that wavers. */
static const double fallen = 0.9;

/* ---- The rule ---- */

static double up_to_one(double share) {
  return share < 1.0 ? share : 1.0;
}

double xdi_validation_score(const xdi_evaluation *evaluation, float style) {
  const double by_noise = up_to_one(evaluation->ediv / XD_VALIDATION_EDIV);
  const double by_source = up_to_one(evaluation->kept.style / XD_VALIDATION_STYLE);
  return evaluation->acc * up_to_one(evaluation->div / XD_VALIDATION_DIV) *
         ((1.0 - (double)style) * by_noise + (double)style * by_source);
}

bool xdi_validation_is_collapse(const xdi_evaluation *evaluation) {
  return evaluation->acc >= collapsed_acc && evaluation->div < collapsed_div;
}

bool xdi_validation_is_due(const xdi_validation *validation, uint32_t step) {
  const uint32_t every = validation->training->settings.validate_every;
  return xdi_training_validates(validation->training, validation->direction) &&
         (step + 1 == validation->steps || (every && (step + 1) % every == 0));
}

/* Whether half of the steps have brought nothing better, and more are to come. A score that only stands still may rise
 * as the rate falls. */
static bool is_past_best(const xdi_validation *validation, uint32_t step) {
  return step + 1 < validation->steps && validation->best_step > 0 &&
         2 * (uint64_t)(step + 1 - validation->best_step) >= validation->steps;
}

/* After a collapse the next validation decides: two in a row are an error. */
static bool has_fallen(const xdi_validation *validation, uint32_t step) {
  const bool may_end = validation->collapsed == 0 || validation->training->settings.allow_collapse;
  return may_end && is_past_best(validation, step) &&
         xdi_validation_score(&validation->last, validation->style) < fallen * validation->best;
}

/* ---- One validation ---- */

static xd_direction direction_of(uint32_t direction) {
  return direction == 0 ? XD_DIRECTION_1TO2 : XD_DIRECTION_2TO1;
}

/* The VAEs with a generator to be measured; the caller releases it. */
static xd_status make_candidate(xd_model **out, const xdi_training *training, const xd_model *vaes,
                                uint32_t direction, xd_latent_generator *generator) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.generator[direction] = generator;
  return xd_model_with_mapping(out, training->context, vaes, &parts);
}

/* What a direction is measured with. */
static xd_evaluation_input input_of(const xdi_training *training, uint32_t direction) {
  return (xd_evaluation_input){.struct_size = sizeof(xd_evaluation_input),
                               .judge = training->input.judge[1 - direction],
                               .source = training->input.validation[direction],
                               .target = training->input.validation[1 - direction],
                               .pairing = training->input.pairing};
}

/* The ceiling, which is the same for every generator, is measured where this may be the end. */
static xd_status measure(xdi_validation *validation, xd_latent_generator *generator, uint32_t step) {
  xdi_training *training = validation->training;
  const xd_evaluation_input input = input_of(training, validation->direction);
  const xdi_evaluation_settings settings = {
      .temperature = 1.0f,
      .skip_reconstruction = step + 1 < validation->steps && !is_past_best(validation, step),
      .seed = xdi_seed_of(training->settings.seed, XDI_SEED_VALIDATION)};
  xd_model_release(validation->candidate);
  validation->candidate = NULL;
  const xd_status status =
      make_candidate(&validation->candidate, training, validation->vaes, validation->direction, generator);
  return status == XD_OK
             ? xdi_evaluate(&validation->last, training->context, validation->candidate,
                            direction_of(validation->direction), &input, &settings, &validation->real)
             : status;
}

/* With fewer than two pictures of a class its variety counts as 0, and a good mapping as collapsed. */
static xd_status check_variety(const xdi_training *training) {
  const xd_pairing *pairing = training->input.pairing;
  for (uint32_t domain = 0; domain < 2; domain++)
    for (uint32_t i = 0; i < xd_pairing_count(pairing); i++) {
      const xd_dataset *set = training->input.validation[domain];
      const uint32_t label = xd_pairing_class(pairing, domain + 1, i);
      const bool any = label == XD_ANY_CLASS;
      const uint32_t count = any ? xd_dataset_count(set) : xd_dataset_class_size(set, label);
      if (count == 1)
        return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                        "the validation set of domain %u has 1 picture of %s%s%s; variety cannot be measured "
                        "with fewer than 2",
                        domain + 1, any ? "all classes" : "class '",
                        any ? "" : xd_dataset_class_name(set, label), any ? "" : "'");
    }
  return XD_OK;
}

xd_status xdi_validation_rehearse(const xdi_training *training, const xd_model *vaes, uint32_t direction,
                                  xd_mapping_trainer *trainer) {
  const xd_evaluation_input input = input_of(training, direction);
  xd_latent_generator *generator = NULL;
  xd_model *candidate = NULL;
  xd_status status = xd_mapping_trainer_finish(trainer, &generator, NULL);
  if (status == XD_OK)
    status = make_candidate(&candidate, training, vaes, direction, generator);
  if (status == XD_OK)
    status = xdi_evaluation_check(training->context, candidate, direction_of(direction), &input);
  if (status == XD_OK)
    status = check_variety(training);
  xd_latent_generator_release(generator);
  xd_model_release(candidate);
  return status;
}

/* ---- What is told ---- */

/* "validation1." and the like. */
static const char *prefix_of(const xdi_validation *validation) {
  return validation->direction == 0 ? "validation1." : "validation2.";
}

static xd_status report_number(const xdi_validation *validation, const char *name, double number) {
  char full[XDI_VALUE_NAME_SIZE];
  snprintf(full, sizeof full, "%s%u", name, validation->direction + 1);
  return xdi_values_set(validation->training->report, validation->training->context, full, number);
}

/* For the callback, and the count of validations for the report. */
static xd_status note(xdi_validation *validation, uint32_t step) {
  xdi_training *training = validation->training;
  const xdi_evaluation *last = &validation->last;
  const bool late = 2 * (uint64_t)(step + 1) > validation->steps;
  validation->collapsed = late && xdi_validation_is_collapse(last) ? validation->collapsed + 1 : 0;
  validation->validated++;
  xd_values_clear(&training->measures);
  xd_status status = xdi_evaluation_tell(last, training->context, &training->measures);
  if (status == XD_OK)
    status = xdi_values_set(&training->measures, training->context, "score",
                            xdi_validation_score(last, validation->style));
  return status == XD_OK ? report_number(validation, "validations", validation->validated) : status;
}

/* ---- The best networks ---- */

/* Takes over both networks; NULL: there are none any more. */
static void replace_best(xdi_training *training, xd_latent_generator *generator,
                         xd_pair_discriminator *discriminator) {
  xdi_release_best(&training->done);
  training->done.best_generator = generator;
  training->done.best_discriminator = discriminator;
}

/* Takes over both networks, also on failure. */
static xd_status keep(xdi_validation *validation, xd_latent_generator *generator,
                      xd_pair_discriminator *discriminator, uint32_t step) {
  xdi_training *training = validation->training;
  replace_best(training, generator, discriminator);
  validation->best = xdi_validation_score(&validation->last, validation->style);
  validation->best_step = step + 1;
  const xd_status status =
      xdi_values_copy(training->report, training->context, prefix_of(validation), &training->measures);
  return status == XD_OK ? report_number(validation, "kept_step", step + 1) : status;
}

/* The ceiling that was found at the end holds for the networks that are kept, too. */
static xd_status report_ceiling(const xdi_validation *validation) {
  const xdi_evaluation *last = &validation->last;
  xdi_training *training = validation->training;
  const xdi_number numbers[] = {{"reconstruction_acc", last->reconstruction_acc},
                                {"reconstruction_fd", last->reconstruction_fd},
                                {"reconstruction_sharpness", last->reconstruction_sharpness},
                                {"reconstruction_detail", last->reconstruction_detail}};
  xd_status status = XD_OK;
  for (size_t i = 0; status == XD_OK && last->has_reconstruction && i < sizeof numbers / sizeof *numbers; i++)
    status = xdi_values_set_scoped(training->report, training->context, prefix_of(validation),
                                   numbers[i].name, numbers[i].number);
  return status;
}

xd_status xdi_validation_run(xdi_validation *validation, xd_mapping_trainer *trainer, uint32_t step) {
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  xd_status status = xd_mapping_trainer_finish(trainer, &generator, &discriminator);
  if (status == XD_OK)
    status = measure(validation, generator, step);
  if (status == XD_OK)
    status = note(validation, step);
  if (status == XD_OK && xdi_validation_score(&validation->last, validation->style) >= validation->best)
    return keep(validation, generator, discriminator, step);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  validation->ended = status == XD_OK && has_fallen(validation, step);
  return status == XD_OK ? report_ceiling(validation) : status;
}

/* The report's losses, which are means of the last steps else, are those of this one. */
xd_status xdi_validation_end_early(const xdi_validation *validation, uint32_t step) {
  const xdi_training *training = validation->training;
  const xd_status status = xdi_values_copy(training->report, training->context,
                                           xdi_mapping_prefix(validation->direction), &training->losses);
  return status == XD_OK ? report_number(validation, "ended_step", step + 1) : status;
}

xd_status xdi_validation_check(const xdi_validation *validation, uint32_t step) {
  const xdi_training *training = validation->training;
  const bool at_end = step + 1 == validation->steps;
  if (training->settings.allow_collapse || validation->collapsed < (at_end ? 1 : COLLAPSES_IN_A_ROW))
    return XD_OK;
  return xdi_fail(
      training->context, XD_ERROR_COLLAPSED,
      "the mapping %u to %u collapsed by step %u: acc %.3f, div %.3f below %.1f; another seed or more "
      "mismatch may help",
      validation->direction + 1, 2 - validation->direction, step + 1, validation->last.acc,
      validation->last.div, collapsed_div);
}

void xdi_validation_archive(xdi_validation *validation, xdi_archive *archive) {
  xdi_archive_u32(archive, &validation->validated);
  xdi_archive_u32(archive, &validation->collapsed);
  xdi_archive_f64(archive, &validation->best);
  xdi_archive_u32(archive, &validation->best_step);
  xdi_archive_u32(archive, &validation->ended);
  xdi_archive_f64(archive, &validation->last.acc); /* what a collapse is told by */
  xdi_archive_f64(archive, &validation->last.div);
}

/* ---- The end ---- */

xd_status xdi_validation_finish(xdi_validation *validation, xd_mapping_trainer *trainer,
                                xd_latent_generator **generator, xd_pair_discriminator **discriminator) {
  const xdi_parts *done = &validation->training->done;
  if (!done->best_generator) {
    const xd_status status = report_number(validation, "kept_step", validation->steps);
    return status == XD_OK ? xd_mapping_trainer_finish(trainer, generator, discriminator) : status;
  }
  *generator = xd_latent_generator_retain(done->best_generator);
  *discriminator = xd_pair_discriminator_retain(done->best_discriminator);
  return XD_OK;
}

void xdi_validation_close(xdi_validation *validation) {
  xdi_real_figures_close(&validation->real);
  xd_model_release(validation->candidate);
}
