/* Adam (Kingma and Ba, arXiv 1412.6980) with decoupled weight decay: the state beside one block of
 * parameters. The arithmetic is the backend's; here stand the moments and the bias corrections. */
#include "train/optimiser.h"

#include "base/memory.h"
#include "tensor/device.h"

static const float epsilon = 1e-8f;

xd_status xdi_optimiser_open(xdi_optimiser *optimiser, xd_context *context, size_t count,
                             const xdi_optimiser_settings *settings) {
  size_t floats;
  *optimiser = (xdi_optimiser){context, NULL, count, *settings, 1.0, 1.0};
  if (!xdi_multiply(count, 2, &floats))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the network has too many weights: %zu", count);
  return xdi_device_create(context, &optimiser->moments, floats);
}

void xdi_optimiser_close(xdi_optimiser *optimiser) {
  if (optimiser->moments)
    xdi_device_destroy(optimiser->context, optimiser->moments);
  optimiser->moments = NULL;
}

xd_status xdi_optimiser_step(xdi_optimiser *optimiser, const xdi_executor *run, float learning_rate) {
  const xdi_optimiser_settings *settings = &optimiser->settings;
  optimiser->power1 *= (double)settings->beta1;
  optimiser->power2 *= (double)settings->beta2;
  const xd_adam args = {
      .count = optimiser->count,
      .learning_rate = learning_rate,
      .beta1 = settings->beta1,
      .beta2 = settings->beta2,
      .epsilon = epsilon,
      .weight_decay = settings->weight_decay,
      .correction1 = (float)(1.0 - optimiser->power1),
      .correction2 = (float)(1.0 - optimiser->power2),
      .parameters = xdi_executor_parameters(run),
      .gradients = xdi_executor_gradients(run),
      .moment1 = xdi_slice(optimiser->moments, 0),
      .moment2 = xdi_slice(optimiser->moments, optimiser->count),
  };
  xd_context *context = optimiser->context;
  return xdi_device_check(context, context->table.adam(context->backend, &args), "adam");
}

void xdi_optimiser_archive(xdi_optimiser *optimiser, xdi_archive *archive) {
  xdi_archive_floats(archive, xdi_slice(optimiser->moments, 0), 2 * optimiser->count);
  xdi_archive_f64(archive, &optimiser->power1);
  xdi_archive_f64(archive, &optimiser->power2);
}
