/* One optimiser step of a judge: softmax cross entropy with label smoothing, Adam with decoupled weight
 * decay. */
#include "train/judge_trainer.h"

#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "model/judge.h"
#include "options/values.h"
#include "tensor/device.h"
#include "train/snapshot.h"

/* ---- The trainer ---- */

static xd_status create_parts(xd_judge_trainer *trainer, const xd_judge *judge) {
  xd_context *context = trainer->context;
  xd_judge *made = NULL;
  const xdi_optimiser_settings adam = {0.9f, 0.999f, trainer->settings.weight_decay};
  xd_status status = judge ? XD_OK : xdi_judge_build(&made, context, &trainer->settings);
  if (status != XD_OK)
    return status;
  trainer->judge = judge ? xd_judge_retain(judge) : made;
  const xd_network *network = trainer->judge->part.network;
  trainer->picture_size = xdi_input_size(network);
  trainer->classes = xdi_output_size(network);
  status = xdi_executor_create(&trainer->run, context, network, trainer->settings.batch, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->optimiser, context, network->block_count, &adam);
  return status;
}

xd_status xdi_judge_trainer_open(xd_judge_trainer **out, xd_context *context, const xd_judge *judge,
                                 const xdi_judge_settings *settings) {
  xd_judge_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a judge's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->settings = *settings;
  const xd_status status = create_parts(trainer, judge);
  if (status == XD_OK)
    *out = trainer;
  else
    xd_judge_trainer_destroy(trainer);
  return status;
}

xd_status xd_judge_trainer_create(xd_judge_trainer **out, xd_context *context, const xd_judge *judge,
                                  const xd_options *options) {
  xdi_judge_settings settings;
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_trainer_create: out or context is NULL");
  const xd_status status = xdi_read_judge(&settings, context, options);
  return status == XD_OK ? xdi_judge_trainer_open(out, context, judge, &settings) : status;
}

void xd_judge_trainer_destroy(xd_judge_trainer *trainer) {
  if (!trainer)
    return;
  xd_context *context = trainer->context;
  xdi_optimiser_close(&trainer->optimiser);
  xdi_executor_destroy(trainer->run);
  xd_judge_release(trainer->judge);
  xdi_release(&context->allocator, trainer);
  xdi_context_release(context);
}

static xd_status check_batch(const xd_judge_trainer *trainer, const float *pictures, const uint32_t *labels,
                             uint32_t count, float learning_rate) {
  xd_context *context = trainer->context;
  if (!pictures || !labels)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_trainer_step: %s is NULL",
                    pictures ? "labels" : "pictures");
  if (count == 0 || count > trainer->settings.batch)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_judge_trainer_step: %u pictures, but the option batch is %u", count,
                    trainer->settings.batch);
  for (uint32_t i = 0; i < count; i++)
    if (labels[i] >= trainer->classes)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                      "label %u of picture %u is not below the %u classes", labels[i], i, trainer->classes);
  if (!(learning_rate >= 0.0f) || !isfinite(learning_rate))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_trainer_step: learning rate %g",
                    (double)learning_rate);
  return XD_OK;
}

static xd_status run_step(xd_judge_trainer *trainer, xd_cross_entropy *loss, const float *pictures,
                          float learning_rate) {
  xd_context *context = trainer->context;
  xdi_executor *run = trainer->run;
  const uint32_t count = loss->rows;
  xd_status status =
      xdi_device_write(context, xdi_executor_input(run), pictures, (size_t)count * trainer->picture_size);
  if (status == XD_OK)
    status = xdi_executor_forward(run, count, true, trainer->settings.seed,
                                  xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT));
  if (status == XD_OK)
    status = xdi_device_check(context, context->table.cross_entropy(context->backend, loss), "cross_entropy");
  if (status == XD_OK && !isfinite(loss->loss))
    status =
        xdi_fail(context, XD_ERROR_NUMERIC, "step %u: the judge's loss is %g", trainer->step, loss->loss);
  if (status == XD_OK)
    status = xdi_executor_backward(run, count, true, false);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->optimiser, run, learning_rate);
  return status;
}

static xd_status tell(const xd_judge_trainer *trainer, xd_values *to, const xd_cross_entropy *loss) {
  const xdi_number numbers[] = {{"loss", loss->loss / loss->rows},
                                {"accuracy", (double)loss->correct / loss->rows}};
  return xdi_values_set_all(to, trainer->context, numbers, sizeof numbers / sizeof *numbers);
}

xd_status xd_judge_trainer_step(xd_judge_trainer *trainer, xd_values *losses, const float *pictures,
                                const uint32_t *labels, uint32_t count, float learning_rate) {
  xd_values_clear(losses);
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = check_batch(trainer, pictures, labels, count, learning_rate);
  if (status == XD_OK)
    status = xdi_check_cancelled(trainer->context);
  if (status == XD_OK)
    status =
        xdi_device_check_rows(trainer->context, pictures, count, trainer->picture_size, XDI_ROWS_OF_PIXELS);
  if (status != XD_OK)
    return status;
  xd_cross_entropy loss = {
      .rows = count,
      .classes = trainer->classes,
      .label_smoothing = trainer->settings.label_smoothing,
      .labels = labels,
      .logits = xdi_executor_output(trainer->run),
      .dlogits = xdi_executor_output_gradient(trainer->run),
  };
  status = run_step(trainer, &loss, pictures, learning_rate);
  if (status != XD_OK)
    return status;
  trainer->step++;
  return tell(trainer, losses, &loss);
}

void xdi_judge_trainer_archive(xd_judge_trainer *trainer, xdi_archive *archive) {
  xdi_archive_u32(archive, &trainer->step);
  xdi_archive_floats(archive, xdi_executor_parameters(trainer->run),
                     trainer->judge->part.network->block_count);
  xdi_optimiser_archive(&trainer->optimiser, archive);
}

/* The names of the judge that the trainer started from. */
static xd_status copy_names(xd_judge *to, const xd_judge_trainer *trainer) {
  const char *names[XD_CLASS_LIMIT];
  const uint32_t count = xdi_judge_name_count(trainer->judge);
  for (uint32_t i = 0; i < count; i++)
    names[i] = xd_judge_class_name(trainer->judge, i);
  return count > 0 ? xdi_judge_name_classes(to, trainer->context, names, count) : XD_OK;
}

xd_status xd_judge_trainer_finish(xd_judge_trainer *trainer, xd_judge **out) {
  if (out)
    *out = NULL;
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_trainer_finish: out is NULL");
  xd_network *network = NULL;
  xd_status status = xdi_snapshot_create(&network, trainer->context, trainer->judge->part.network,
                                         xdi_executor_parameters(trainer->run));
  if (status == XD_OK)
    status = xdi_judge_wrap(out, trainer->context, network);
  if (status == XD_OK)
    status = copy_names(*out, trainer);
  if (status == XD_OK)
    xdi_part_freeze(*out);
  if (status != XD_OK) {
    xd_judge_release(*out);
    *out = NULL;
  }
  xdi_network_release(network);
  return status;
}
