/* How far a training is. Work is counted in floating-point operations, estimated from the options alone: a
 * VAE of 32 channels takes about 38,000 a pixel for a step and 6,000 for encoding, a mapping's step about
 * 27 a weight of a hidden layer and row. */
#include "train/progress.h"

#include "base/clock.h"
#include "base/tell.h"
#include "data/dataset.h"
#include "layer/network.h"
#include "train/checkpoint.h"
#include "train/ranks.h"

static const double vae_work = 38e3, encoding_work = 6e3, mapping_work = 27.0;

#define MOST_STEPS (UINT32_MAX / (2 * XDI_LAYER_LIMIT)) /* whose layers' random numbers have streams apart */
#define SMALL_PICTURE (48u * 48u)                       /* values; pictures of more are trained for longer */

const char *xdi_vae_prefix(uint32_t domain) {
  return domain == 0 ? "vae1." : "vae2.";
}

const char *xdi_mapping_prefix(uint32_t direction) {
  return direction == 0 ? "mapping1." : "mapping2.";
}

/* ---- Work ---- */

static double pixels(const xd_dataset *set) {
  return (double)xdi_cells(xdi_set_shape(set));
}

/* Of all pictures that the domain's VAE sees. */
static uint32_t count_pictures(const xdi_training *training, uint32_t domain) {
  return xd_dataset_count(training->input.set[domain]) + xd_dataset_count(training->input.unlabelled[domain]);
}

uint32_t xdi_vae_batch(const xdi_training *training, uint32_t domain) {
  const uint32_t count = count_pictures(training, domain), batch = training->settings.vae[domain].batch;
  return count < batch ? count : batch;
}

static uint64_t least_steps(const xdi_training *training, uint32_t domain) {
  const uint64_t steps = training->settings.vae[domain].min_steps;
  return pixels(training->input.set[domain]) > SMALL_PICTURE ? steps + steps / 2 : steps;
}

static uint64_t count_steps(const xdi_training *training, uint32_t domain) {
  const uint64_t least = least_steps(training, domain);
  const uint64_t per_epoch = count_pictures(training, domain) / xdi_vae_batch(training, domain);
  const uint64_t steps = per_epoch * training->settings.vae[domain].epochs;
  return steps < least ? least : steps;
}

uint32_t xdi_vae_steps(const xdi_training *training, uint32_t domain) {
  return (uint32_t)count_steps(training, domain);
}

xd_status xdi_check_vae_steps(const xdi_training *training, uint32_t domain, const char *group) {
  const uint64_t steps = count_steps(training, domain);
  if (steps == 0)
    return xdi_fail(training->context, XD_ERROR_INVALID_ARGUMENT,
                    "%s.epochs and %s.min_steps cannot both be 0", group, group);
  if (steps > MOST_STEPS)
    return xdi_fail(training->context, XD_ERROR_TOO_LARGE,
                    "%s.epochs and %s.min_steps give %llu steps for %u pictures, and %u are the most", group,
                    group, (unsigned long long)steps, count_pictures(training, domain), MOST_STEPS);
  return XD_OK;
}

static double encoding_of(const xdi_training *training, uint32_t domain) {
  const xd_dataset *set = xdi_training_pictures(training, domain);
  return encoding_work * xd_dataset_count(set) * pixels(set);
}

/* Of one step of a stage. */
static double work_of(const xdi_training *training, xd_stage stage, uint32_t step) {
  const xdi_train_settings *settings = &training->settings;
  if (stage == XD_STAGE_JUDGE)
    return 1.0;
  if (stage <= XD_STAGE_VAE2) {
    const uint32_t domain = stage - XD_STAGE_VAE1, channels = settings->vae[domain].base_channels;
    return vae_work * xdi_vae_batch(training, domain) * pixels(training->input.set[domain]) *
           (channels ? channels : 16) / 32.0;
  }
  if (stage == XD_STAGE_CODES)
    return training->encoding_work[step - 1];
  const xdi_mapping_settings *mapping = &settings->mapping[stage - XD_STAGE_MAPPING1];
  return mapping_work * mapping->batch * mapping->hidden_width * mapping->hidden_width *
         mapping->hidden_layers;
}

void xdi_training_start(xdi_training *training, const bool with_vae[2]) {
  const xdi_train_settings *settings = &training->settings;
  training->started = xdi_clock() - training->at.seconds;
  training->context->deaf = training->context->reduce.ranks > 1;
  for (uint32_t domain = 0; domain < 2; domain++) {
    if (with_vae[domain])
      training->work += work_of(training, XD_STAGE_VAE1 + domain, 1) * xdi_vae_steps(training, domain);
    training->encoding_work[domain] = settings->directions ? encoding_of(training, domain) : 0.0;
    training->work += training->encoding_work[domain];
    if (xdi_training_has(training, domain))
      training->work += work_of(training, XD_STAGE_MAPPING1 + domain, 1) * settings->mapping[domain].steps;
  }
}

void xdi_training_skip(xdi_training *training, xd_stage stage, uint32_t steps) {
  training->at.work_done += steps * work_of(training, stage, 1);
}

/* ---- Telling ---- */

xd_status xdi_training_tell(xdi_training *training, xd_progress *event) {
  xd_context *context = training->context;
  double *work_done = &training->at.work_done;
  training->at.told = event->step;
  *work_done += work_of(training, event->stage, event->step);
  event->overall = *work_done < training->work ? *work_done / training->work : 1.0;
  xd_status status = xdi_tell(context, training->run.callback, training->run.user, event);
  context->deaf = false;
  if (status == XD_OK)
    status = xdi_check_cancelled(context);
  status = xdi_ranks_go_on(context, status);
  context->deaf = context->reduce.ranks > 1;
  if (status == XD_OK)
    xdi_checkpoint_step(training);
  return status;
}

static xd_status report_seconds(xdi_training *training) {
  const double now = xdi_clock();
  const xd_status status =
      xdi_values_set(training->report, training->context, "seconds", now - training->started);
  return status == XD_OK
             ? xdi_values_set_scoped(training->report, training->context, "seconds.",
                                     xd_stage_name(training->at.stage), now - training->stage_began)
             : status;
}

/* A stage that breaks off is saved without its seconds, which go on counting when it is resumed. */
xd_status xdi_training_end_stage(xdi_training *training, xd_status status) {
  status = xdi_checkpoint_leave_stage(training, status);
  const xd_status reported = report_seconds(training);
  if (status == XD_OK && reported == XD_OK)
    xdi_checkpoint_keep(training);
  return status == XD_OK ? reported : status;
}
