/* Two convolutions that halve, 4x4, and one 3x3 that gives each place a logit: a patch is 22 pixels wide. */
#include "train/critic.h"

#include "base/memory.h"
#include "layer/executor.h"
#include "layer/network.h"
#include "model/part.h"
#include "tensor/device.h"
#include "tensor/shape.h"
#include "train/gradient_sum.h"
#include "train/optimiser.h"

#define CHANNELS 32u

struct xdi_critic {
  xd_context *context;
  xd_network *network;
  xdi_executor *run;
  xdi_optimiser optimiser;
  xdi_gradient_sum sum;
  double loss;      /* of the part that was seen last */
  size_t picture;   /* floats of one */
  uint32_t patches; /* of a picture */
};

static xd_layer_spec convolution(uint32_t channels, uint32_t kernel, uint32_t stride,
                                 xd_activation activation) {
  return (xd_layer_spec){XD_TAG('C', 'N', 'V', '2'), {channels, kernel, stride, 1, activation}};
}

static xd_status create_network(xdi_critic *critic, xd_shape picture, uint64_t seed) {
  const xd_layer_spec layers[] = {convolution(CHANNELS, 4, 2, XD_ACTIVATION_LEAKY_RELU),
                                  convolution(2 * CHANNELS, 4, 2, XD_ACTIVATION_LEAKY_RELU),
                                  convolution(1, 3, 1, XD_ACTIVATION_IDENTITY)};
  const xd_status status =
      xdi_network_create(&critic->network, critic->context, picture, layers, sizeof layers / sizeof *layers);
  if (status != XD_OK)
    return status;
  xdi_network_initialise(critic->network, seed, 0.0f);
  critic->picture = xdi_cells(picture);
  critic->patches = xdi_output_size(critic->network);
  return XD_OK;
}

xd_status xdi_critic_open(xdi_critic **out, xd_context *context, xd_shape picture, uint32_t rows,
                          uint32_t parts, uint64_t seed) {
  const xdi_optimiser_settings adam = {0.5f, 0.99f, 0.0f};
  xdi_critic *critic = xdi_allocate_zeroed(&context->allocator, 1, sizeof *critic);
  if (!critic)
    return xdi_fail_memory(context, "creating a critic");
  critic->context = context;
  xd_status status = create_network(critic, picture, seed);
  if (status == XD_OK)
    status = xdi_executor_create(&critic->run, context, critic->network, 2 * rows, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&critic->optimiser, context, critic->network->block_count, &adam);
  if (status == XD_OK)
    status = xdi_gradient_sum_open(&critic->sum, context, critic->network->block_count, parts);
  if (status == XD_OK)
    *out = critic;
  else
    xdi_critic_close(critic);
  return status;
}

void xdi_critic_close(xdi_critic *critic) {
  if (!critic)
    return;
  xdi_gradient_sum_close(&critic->sum);
  xdi_optimiser_close(&critic->optimiser);
  xdi_executor_destroy(critic->run);
  xdi_network_release(critic->network);
  xdi_release(&critic->context->allocator, critic);
}

/* As the pictures first.. of the critic's batch. */
static xd_status place(const xdi_critic *critic, uint32_t first, xd_slice pictures, uint32_t count) {
  const xd_slice to = xdi_slice_after(xdi_executor_input(critic->run), first * critic->picture);
  return xdi_device_scale_add(critic->context, 1.0f, pictures, 0.0f, to, count * critic->picture);
}

/* The mean of softplus(-sign * logit) over the patches of the pictures first.. is added to *loss. */
static xd_status judge(const xdi_critic *critic, double *loss, uint32_t first, uint32_t count, float sign) {
  xd_context *context = critic->context;
  const size_t logit = (size_t)first * critic->patches;
  xd_logistic_loss args = {
      .rows = count * critic->patches,
      .sign = sign,
      .weight = 1.0f,
      .logits = xdi_slice_after(xdi_executor_output(critic->run), logit),
      .dlogits = xdi_slice_after(xdi_executor_output_gradient(critic->run), logit),
  };
  const xd_status status =
      xdi_device_check(context, context->table.logistic_loss(context->backend, &args), "logistic_loss");
  *loss += args.loss / args.rows;
  return status;
}

xd_status xdi_critic_see(xdi_critic *critic, uint32_t part, xd_slice real, xd_slice drawn, uint32_t count) {
  double *const loss = &critic->loss;
  *loss = 0.0;
  xd_status status = place(critic, 0, real, count);
  if (status == XD_OK)
    status = place(critic, count, drawn, count);
  if (status == XD_OK)
    status = xdi_executor_forward(critic->run, 2 * count, false, 0, 0);
  if (status == XD_OK)
    status = judge(critic, loss, 0, count, 1.0f);
  if (status == XD_OK)
    status = judge(critic, loss, count, count, -1.0f);
  if (status == XD_OK)
    status = xdi_executor_backward(critic->run, 2 * count, true, false);
  return status == XD_OK
             ? xdi_gradient_sum_add(&critic->sum, part, xdi_executor_gradients(critic->run), &loss, 1)
             : status;
}

xd_status xdi_critic_learn(xdi_critic *critic, double *loss, float learning_rate) {
  *loss = critic->loss;
  const xd_status status = xdi_gradient_sum_end(&critic->sum, xdi_executor_gradients(critic->run), &loss, 1);
  return status == XD_OK ? xdi_optimiser_step(&critic->optimiser, critic->run, learning_rate) : status;
}

xd_status xdi_critic_blame(xdi_critic *critic, float *gradient, xd_slice drawn, uint32_t count) {
  double loss = 0.0;
  xd_status status = place(critic, 0, drawn, count);
  if (status == XD_OK)
    status = xdi_executor_forward(critic->run, count, false, 0, 0);
  if (status == XD_OK)
    status = judge(critic, &loss, 0, count, 1.0f);
  if (status == XD_OK)
    status = xdi_executor_backward(critic->run, count, false, true);
  if (status == XD_OK)
    status = xdi_device_read(critic->context, gradient, xdi_executor_input_gradient(critic->run),
                             count * critic->picture);
  return status;
}

void xdi_critic_archive(xdi_critic *critic, xdi_archive *archive) {
  xdi_archive_floats(archive, xdi_executor_parameters(critic->run), critic->network->block_count);
  xdi_optimiser_archive(&critic->optimiser, archive);
}
