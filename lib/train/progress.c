/* How far a training is. Work is counted in floating-point operations, estimated from the options alone: a
 * VAE of 32 channels takes about 38,000 a pixel for a step and 6,000 for encoding, a mapping's step about
 * 27 a weight of a hidden layer and row. */
#include <time.h>

#include "train/training.h"

static const double vae_work = 38e3, encoding_work = 6e3, mapping_work = 27.0;

static double pixels(const xdi_training *training, uint32_t domain) {
  const xd_dataset *set = training->sets[domain];
  return (double)xd_dataset_width(set) * xd_dataset_height(set) * xd_dataset_channels(set);
}

static uint32_t vae_batch(const xdi_training *training, uint32_t domain) {
  const uint32_t count = xd_dataset_count(training->sets[domain]), batch = training->vae[domain].batch;
  return count < batch ? count : batch;
}

uint32_t xdi_training_vae_steps(const xdi_training *training, uint32_t domain) {
  const xd_vae_options *options = &training->vae[domain];
  const uint64_t per_epoch = xd_dataset_count(training->sets[domain]) / vae_batch(training, domain);
  const uint64_t steps = per_epoch * options->epochs;
  const uint64_t most = UINT32_MAX / 128;
  const uint64_t wanted = steps < options->min_steps ? options->min_steps : steps;
  return (uint32_t)(wanted < most ? wanted : most);
}

/* Of one step of a stage. */
static double work_of(const xdi_training *training, uint32_t stage, uint32_t step) {
  if (stage <= XD_STAGE_VAE2) {
    const uint32_t domain = stage - XD_STAGE_VAE1, channels = training->architecture[domain].base_channels;
    return vae_work * vae_batch(training, domain) * pixels(training, domain) * (channels ? channels : 16) /
           32.0;
  }
  if (stage == XD_STAGE_CODES)
    return encoding_work * xd_dataset_count(training->sets[step - 1]) * pixels(training, step - 1);
  const xd_mapping_options *options = &training->mapping[stage - XD_STAGE_MAPPING_1TO2];
  return mapping_work * options->batch * options->hidden_width * options->hidden_width *
         options->hidden_layers;
}

void xdi_training_start(xdi_training *training, bool with_vae) {
  training->started = 0.0;
  training->started = xdi_training_clock(training);
  for (uint32_t domain = 0; domain < 2; domain++) {
    if (with_vae)
      training->work +=
          work_of(training, XD_STAGE_VAE1 + domain, 1) * xdi_training_vae_steps(training, domain);
    if (training->options.directions)
      training->work += work_of(training, XD_STAGE_CODES, domain + 1);
    if (xdi_training_has(training, domain))
      training->work +=
          work_of(training, XD_STAGE_MAPPING_1TO2 + domain, 1) * training->mapping[domain].steps;
  }
}

xd_status xdi_training_tell(xdi_training *training, xd_train_progress *event) {
  training->work_done += work_of(training, event->stage, event->step);
  event->struct_size = sizeof *event;
  event->overall = training->work_done < training->work ? training->work_done / training->work : 1.0;
  if (training->options.callback && training->options.callback(training->options.user, event))
    return xdi_fail(training->context, XD_ERROR_CANCELLED, "the callback stopped step %u of %u of stage %u",
                    event->step, event->steps, event->stage);
  return xdi_check_cancelled(training->context);
}

double xdi_training_clock(const xdi_training *training) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - training->started;
}

void xdi_training_end_stage(xdi_training *training, xd_train_stage stage, double began) {
  const double now = xdi_training_clock(training);
  training->report.seconds[stage] += now - began;
  training->report.seconds[0] = now;
}
