/* One optimiser step of a judge: softmax cross entropy with label smoothing, Adam with decoupled weight
 * decay. */
#include <math.h>

#include "base/memory.h"
#include "base/random.h"
#include "layer/executor.h"
#include "model/judge.h"
#include "tensor/device.h"
#include "train/optimiser.h"
#include "train/snapshot.h"

struct xd_judge_trainer {
  xd_context *context;
  xd_judge_options options;
  xd_judge *judge; /* the layers; the weights that are trained lie in the executor */
  xdi_executor *run;
  xdi_optimiser optimiser;
  uint32_t picture_size, classes, step;
};

static xd_status read_options(xd_context *context, xd_judge_options *to, const xd_judge_options *from) {
  *to = (xd_judge_options)XD_JUDGE_OPTIONS_INIT;
  if (from && !xdi_read_options(to, sizeof *to, from))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_options.struct_size is wrong");
  const struct {
    const char *name;
    float value, least, most;
  } fields[] = {{"learning_rate", to->learning_rate, 0.0f, 10.0f},
                {"weight_decay", to->weight_decay, 0.0f, 10.0f},
                {"label_smoothing", to->label_smoothing, 0.0f, 0.999f},
                {"blur", to->blur, 0.0f, 4.0f},
                {"batch", (float)to->batch, 1.0f, 65536.0f},
                {"epochs", (float)to->epochs, 1.0f, 1e6f},
                {"shift", (float)to->shift, 0.0f, 255.0f},
                {"flip", (float)to->flip, 0.0f, 1.0f}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!(fields[i].value >= fields[i].least && fields[i].value <= fields[i].most))
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_judge_options.%s cannot be %g", fields[i].name,
                      (double)fields[i].value);
  return XD_OK;
}

/* ---- The trainer ---- */

static xd_status create_parts(xd_judge_trainer *trainer) {
  xd_context *context = trainer->context;
  const xdi_optimiser_settings adam = {0.9f, 0.999f, trainer->options.weight_decay};
  xd_status status = xd_judge_create(&trainer->judge, context, &trainer->options);
  if (status != XD_OK)
    return status;
  const xd_network *network = trainer->judge->part.network;
  trainer->picture_size = xdi_input_size(network);
  trainer->classes = xdi_output_size(network);
  status = xdi_executor_create(&trainer->run, context, network, trainer->options.batch, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->optimiser, context, network->block_count, &adam);
  return status;
}

xd_status xd_judge_trainer_create(xd_judge_trainer **out, xd_context *context,
                                  const xd_judge_options *options) {
  if (out)
    *out = NULL;
  if (!out || !context || !options)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_judge_trainer_create: out, context or options is NULL");
  xd_judge_options chosen;
  xd_status status = read_options(context, &chosen, options);
  if (status != XD_OK)
    return status;
  xd_judge_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a judge's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->options = chosen;
  status = create_parts(trainer);
  if (status == XD_OK)
    *out = trainer;
  else
    xd_judge_trainer_destroy(trainer);
  return status;
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
  if (count == 0 || count > trainer->options.batch)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_judge_trainer_step: %u pictures, but the options' batch is %u", count,
                    trainer->options.batch);
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
    status = xdi_executor_forward(run, count, true, trainer->options.seed,
                                  xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT));
  if (status == XD_OK)
    status = xdi_device_check(context, context->table.cross_entropy(context->backend, loss), "cross_entropy");
  if (status == XD_OK && !isfinite(loss->loss))
    status =
        xdi_fail(context, XD_ERROR_NUMERIC, "step %u: the judge's loss is %g", trainer->step, loss->loss);
  if (status == XD_OK)
    status = xdi_executor_backward(run, count, true, false);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->optimiser, xdi_executor_parameters(run),
                                xdi_executor_gradients(run), learning_rate);
  return status;
}

xd_status xd_judge_trainer_step(xd_judge_trainer *trainer, double *loss, double *accuracy,
                                const float *pictures, const uint32_t *labels, uint32_t count,
                                float learning_rate) {
  if (loss)
    *loss = 0.0;
  if (accuracy)
    *accuracy = 0.0;
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = check_batch(trainer, pictures, labels, count, learning_rate);
  if (status == XD_OK)
    status = xdi_check_cancelled(trainer->context);
  if (status == XD_OK)
    status = xdi_device_check_pixels(trainer->context, pictures, count, trainer->picture_size);
  if (status != XD_OK)
    return status;
  xd_cross_entropy args = {
      .rows = count,
      .classes = trainer->classes,
      .label_smoothing = trainer->options.label_smoothing,
      .labels = labels,
      .logits = xdi_executor_output(trainer->run),
      .dlogits = xdi_executor_output_gradient(trainer->run),
  };
  status = run_step(trainer, &args, pictures, learning_rate);
  if (status != XD_OK)
    return status;
  trainer->step++;
  if (loss)
    *loss = args.loss / count;
  if (accuracy)
    *accuracy = (double)args.correct / count;
  return XD_OK;
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
    xdi_part_freeze(*out);
  xdi_network_release(network);
  return status;
}
