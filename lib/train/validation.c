/* Validation while a mapping is trained. What is measured is always the finished form: averaged weights, the
 * noise scale folded in. The best step is kept by a score that asks for variety as well, since accuracy alone
 * is highest for a mapping that has collapsed. */
#include "train/validation.h"

#include <string.h>

#include "train/seeds.h"

#define COLLAPSES_IN_A_ROW 2u

static const double collapsed_acc = 0.5, collapsed_div = 0.1;

/* ---- The rule ---- */

static double up_to_one(double share) {
  return share < 1.0 ? share : 1.0;
}

double xdi_validation_score(const xd_evaluation *evaluation) {
  return evaluation->acc * up_to_one(evaluation->div / XD_VALIDATION_DIV) *
         up_to_one(evaluation->ediv / XD_VALIDATION_EDIV);
}

bool xdi_validation_is_collapse(const xd_evaluation *evaluation) {
  return evaluation->acc >= collapsed_acc && evaluation->div < collapsed_div;
}

bool xdi_validation_is_due(const xdi_validation *validation, uint32_t step) {
  const uint32_t every = validation->training->options.validate_every;
  return xdi_training_validates(validation->training, validation->direction) &&
         (step + 1 == validation->steps || (every && (step + 1) % every == 0));
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

/* The ceiling, which is the same for every generator, is measured at the end only. */
static xd_status measure(xdi_validation *validation, xd_latent_generator *generator, uint32_t step) {
  xdi_training *training = validation->training;
  const uint32_t direction = validation->direction, source = direction, target = 1 - direction;
  xd_evaluation_options options = XD_EVALUATION_OPTIONS_INIT;
  xd_model *candidate = NULL;
  validation->last = (xd_evaluation){.struct_size = sizeof validation->last};
  options.seed = xdi_seed_of(training->options.seed, XDI_SEED_VALIDATION);
  options.skip_reconstruction = step + 1 < validation->steps;
  xd_status status = make_candidate(&candidate, training, validation->vaes, direction, generator);
  if (status == XD_OK)
    status =
        xdi_evaluate(&validation->last, training->context, candidate, direction_of(direction),
                     training->options.judge[target], training->options.validation[source],
                     training->options.validation[target], training->pairing, &options, &validation->real);
  xd_model_release(candidate);
  return status;
}

xd_status xdi_validation_rehearse(const xdi_training *training, const xd_model *vaes, uint32_t direction,
                                  xd_mapping_trainer *trainer) {
  const xd_train_options *options = &training->options;
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  xd_model *candidate = NULL;
  xd_status status = xd_mapping_trainer_finish(trainer, &generator, &discriminator);
  if (status == XD_OK)
    status = make_candidate(&candidate, training, vaes, direction, generator);
  if (status == XD_OK)
    status = xdi_evaluation_check(training->context, candidate, direction_of(direction),
                                  options->judge[1 - direction], options->validation[direction],
                                  options->validation[1 - direction], training->pairing);
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  xd_model_release(candidate);
  return status;
}

static void note(xdi_validation *validation, uint32_t step) {
  xd_train_report *report = &validation->training->report;
  const xd_evaluation *last = &validation->last;
  const uint32_t direction = validation->direction, count = report->history_count[direction];
  const bool late = 2 * (uint64_t)(step + 1) > validation->steps;
  validation->collapsed = late && xdi_validation_is_collapse(last) ? validation->collapsed + 1 : 0;
  report->history_count[direction]++;
  if (!report->history[direction] || count >= report->history_capacity)
    return;
  report->history[direction][count] = (xd_train_record){.step = step + 1,
                                                        .acc = last->acc,
                                                        .div = last->div,
                                                        .ediv = last->ediv,
                                                        .fd = last->fd,
                                                        .score = xdi_validation_score(last)};
}

static void release_kept(xdi_validation *validation) {
  xd_latent_generator_release(validation->generator);
  xd_pair_discriminator_release(validation->discriminator);
  validation->generator = NULL;
  validation->discriminator = NULL;
}

/* Takes over both networks. */
static void keep(xdi_validation *validation, xd_latent_generator *generator,
                 xd_pair_discriminator *discriminator, uint32_t step) {
  xd_train_report *report = &validation->training->report;
  const uint32_t direction = validation->direction;
  release_kept(validation);
  validation->generator = generator;
  validation->discriminator = discriminator;
  validation->best = xdi_validation_score(&validation->last);
  report->validation[direction] = validation->last;
  report->validated[direction] = 1;
  report->kept_step[direction] = step + 1;
}

xd_status xdi_validation_run(xdi_validation *validation, xd_mapping_trainer *trainer, uint32_t step) {
  xd_evaluation *kept = &validation->training->report.validation[validation->direction];
  xd_latent_generator *generator = NULL;
  xd_pair_discriminator *discriminator = NULL;
  xd_status status = xd_mapping_trainer_finish(trainer, &generator, &discriminator);
  if (status == XD_OK)
    status = measure(validation, generator, step);
  if (status == XD_OK)
    note(validation, step);
  if (status == XD_OK && xdi_validation_score(&validation->last) >= validation->best) {
    keep(validation, generator, discriminator, step);
    return XD_OK;
  }
  xd_latent_generator_release(generator);
  xd_pair_discriminator_release(discriminator);
  if (status != XD_OK)
    return status;
  kept->reconstruction_acc = validation->last.reconstruction_acc;
  kept->reconstruction_fd = validation->last.reconstruction_fd;
  return XD_OK;
}

xd_status xdi_validation_check(const xdi_validation *validation, uint32_t step) {
  const xdi_training *training = validation->training;
  const bool at_end = step + 1 == validation->steps;
  if (training->options.allow_collapse || validation->collapsed < (at_end ? 1 : COLLAPSES_IN_A_ROW))
    return XD_OK;
  return xdi_fail(
      training->context, XD_ERROR_COLLAPSED,
      "the mapping %u to %u collapsed by step %u: acc %.3f, div %.3f below %.1f; another seed or more "
      "mismatch may help",
      validation->direction + 1, 2 - validation->direction, step + 1, validation->last.acc,
      validation->last.div, collapsed_div);
}

/* ---- The end ---- */

xd_status xdi_validation_finish(xdi_validation *validation, xd_mapping_trainer *trainer,
                                xd_latent_generator **generator, xd_pair_discriminator **discriminator) {
  if (!validation->generator) {
    validation->training->report.kept_step[validation->direction] = validation->steps;
    return xd_mapping_trainer_finish(trainer, generator, discriminator);
  }
  *generator = validation->generator;
  *discriminator = validation->discriminator;
  validation->generator = NULL;
  validation->discriminator = NULL;
  return XD_OK;
}

void xdi_validation_close(xdi_validation *validation) {
  release_kept(validation);
  xdi_real_figures_close(&validation->real);
}
