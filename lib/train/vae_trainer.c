/* A VAE's trainer: its networks, their executors and optimisers, and its state in a checkpoint. Its steps are in
 * vae_step.c. */
#include "train/vae_trainer.h"

#include "base/memory.h"
#include "base/seeds.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "tensor/shape.h"
#include "train/ranks.h"

static xd_status create_networks(xd_vae_trainer *trainer, const xd_encoder *encoder,
                                 const xd_decoder *decoder) {
  xd_context *context = trainer->context;
  xd_encoder *made_encoder = NULL;
  xd_decoder *made_decoder = NULL;
  xd_status status = XD_OK;
  if (!encoder)
    status = xdi_encoder_build(&made_encoder, context, &trainer->settings);
  if (status == XD_OK && !decoder)
    status = xdi_decoder_build(&made_decoder, context, &trainer->settings);
  trainer->encoder = encoder ? xd_encoder_retain(encoder) : made_encoder;
  trainer->decoder = decoder ? xd_decoder_retain(decoder) : made_decoder;
  return status;
}

static xd_status measure_networks(xd_vae_trainer *trainer) {
  const xd_network *encoder = trainer->encoder->part.network, *decoder = trainer->decoder->part.network;
  trainer->picture_size = xdi_input_size(encoder);
  trainer->latent_dim = xdi_input_size(decoder);
  trainer->window = xdi_window_of(encoder);
  if (xdi_output_size(encoder) == 2 * trainer->latent_dim && xdi_shape_equal(encoder->input, decoder->output))
    return XD_OK;
  return xdi_fail(trainer->context, XD_ERROR_SHAPE_MISMATCH,
                  "an encoder of %ux%ux%u pictures to %u code dimensions, and a decoder of %u to %ux%ux%u",
                  encoder->input.width, encoder->input.height, encoder->input.channels,
                  xdi_output_size(encoder) / 2, trainer->latent_dim, decoder->output.width,
                  decoder->output.height, decoder->output.channels);
}

/* The window's weights of a picture's cells, with a mean of 1. */
static void spread_window(float *to, const xdi_window *window, xd_shape picture) {
  const size_t size = xdi_cells(picture);
  double sum = 0.0;
  for (size_t i = 0; i < size; i++) {
    const size_t cell = i / picture.channels;
    to[i] = window->vertical[cell / picture.width] * window->horizontal[cell % picture.width];
    sum += (double)to[i];
  }
  for (size_t i = 0; i < size; i++)
    to[i] = (float)((double)to[i] * (double)size / sum);
}

static xd_status create_weights(xd_vae_trainer *trainer) {
  xd_context *context = trainer->context;
  float *weights = xdi_allocate(&context->allocator, trainer->picture_size, sizeof *weights);
  if (!weights)
    return xdi_fail_memory(context, "weighting pictures by a window");
  spread_window(weights, trainer->window, trainer->encoder->part.network->input);
  xd_status status = xdi_device_create(context, &trainer->weights, trainer->picture_size);
  if (status == XD_OK)
    status = xdi_device_write(context, xdi_slice(trainer->weights, 0), weights, trainer->picture_size);
  xdi_release(&context->allocator, weights);
  return status;
}

static xd_status create_averages(xd_vae_trainer *trainer) {
  const size_t counts[2] = {trainer->encoder->part.network->block_count,
                            trainer->decoder->part.network->block_count};
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && trainer->settings.averaging > 0.0f && i < 2; i++)
    status = xdi_device_create(trainer->context, &trainer->average[i], counts[i]);
  return status;
}

static xd_status create_critic(xd_vae_trainer *trainer) {
  xd_context *context = trainer->context;
  const uint32_t rows = xdi_part_rows(trainer->rows, trainer->parts);
  if (trainer->settings.sharpen <= 0.0f || trainer->settings.sharpen_share <= 0.0f)
    return XD_OK;
  const size_t floats = trainer->picture_size * sizeof(float);
  trainer->blame = xdi_allocate(&context->allocator, rows, floats);
  trainer->drawn = xdi_allocate(&context->allocator, rows, floats);
  if (!trainer->blame || !trainer->drawn)
    return xdi_fail_memory(context, "sharpening a decoder");
  return xdi_critic_open(&trainer->critic, context, trainer->encoder->part.network->input, rows,
                         trainer->parts, xdi_seed_of(trainer->settings.seed, XDI_SEED_CRITIC));
}

static xd_status create_runs(xd_vae_trainer *trainer) {
  xd_context *context = trainer->context;
  const uint32_t rows = xdi_part_rows(trainer->rows, trainer->parts);
  const xd_network *encoder = trainer->encoder->part.network, *decoder = trainer->decoder->part.network;
  const xdi_optimiser_settings adam = {0.9f, 0.999f, trainer->settings.weight_decay};
  xd_status status = xdi_executor_create(&trainer->encoder_run, context, encoder, rows, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_executor_create(&trainer->decoder_run, context, decoder, rows, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->encoder_optimiser, context, encoder->block_count, &adam);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->decoder_optimiser, context, decoder->block_count, &adam);
  if (status == XD_OK)
    status = xdi_gradient_sum_open(&trainer->encoder_sum, context, encoder->block_count, trainer->parts);
  if (status == XD_OK)
    status = xdi_gradient_sum_open(&trainer->decoder_sum, context, decoder->block_count, trainer->parts);
  if (status == XD_OK)
    status = xdi_device_create(context, &trainer->epsilon, (size_t)rows * trainer->latent_dim);
  if (status == XD_OK)
    status = xdi_device_create(context, &trainer->target, (size_t)rows * trainer->picture_size);
  if (status == XD_OK && trainer->window && trainer->settings.window_weight)
    status = create_weights(trainer);
  if (status == XD_OK)
    status = create_averages(trainer);
  if (status == XD_OK)
    status = create_critic(trainer);
  return status;
}

xd_status xdi_vae_trainer_open(xd_vae_trainer **out, xd_context *context, const xd_encoder *encoder,
                               const xd_decoder *decoder, const xdi_vae_settings *settings) {
  xd_vae_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a VAE's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->settings = *settings;
  trainer->rows = xdi_rank_rows(context, settings->batch);
  trainer->parts = xdi_rank_parts(context, settings->parts);
  trainer->variance = settings->sigma_x > 0.0f ? (double)settings->sigma_x * (double)settings->sigma_x
                                               : XDI_SIGMA_MOST * XDI_SIGMA_MOST;
  xd_status status = create_networks(trainer, encoder, decoder);
  if (status == XD_OK)
    status = measure_networks(trainer);
  if (status == XD_OK)
    status = create_runs(trainer);
  if (status == XD_OK)
    *out = trainer;
  else
    xd_vae_trainer_destroy(trainer);
  return status;
}

xd_status xd_vae_trainer_create(xd_vae_trainer **out, xd_context *context, const xd_encoder *encoder,
                                const xd_decoder *decoder, const xd_options *options) {
  xdi_vae_settings settings;
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_create: out or context is NULL");
  const xd_status status = xdi_read_vae(&settings, context, options);
  settings.sharpen = 0.0f; /* single steps have no last ones */
  return status == XD_OK ? xdi_vae_trainer_open(out, context, encoder, decoder, &settings) : status;
}

void xd_vae_trainer_destroy(xd_vae_trainer *trainer) {
  if (!trainer)
    return;
  xd_context *context = trainer->context;
  xdi_device_destroy(context, trainer->epsilon);
  xdi_device_destroy(context, trainer->target);
  xdi_device_destroy(context, trainer->weights);
  xdi_device_destroy(context, trainer->average[0]);
  xdi_device_destroy(context, trainer->average[1]);
  xdi_gradient_sum_close(&trainer->decoder_sum);
  xdi_gradient_sum_close(&trainer->encoder_sum);
  xdi_optimiser_close(&trainer->encoder_optimiser);
  xdi_optimiser_close(&trainer->decoder_optimiser);
  xdi_executor_destroy(trainer->encoder_run);
  xdi_executor_destroy(trainer->decoder_run);
  xdi_critic_close(trainer->critic);
  xdi_release(&context->allocator, trainer->blame);
  xdi_release(&context->allocator, trainer->drawn);
  xd_encoder_release(trainer->encoder);
  xd_decoder_release(trainer->decoder);
  xdi_release(&context->allocator, trainer);
  xdi_context_release(context);
}

void xdi_vae_trainer_archive(xd_vae_trainer *trainer, xdi_archive *archive) {
  xdi_archive_u32(archive, &trainer->step);
  xdi_archive_floats(archive, xdi_executor_parameters(trainer->encoder_run),
                     trainer->encoder->part.network->block_count);
  xdi_archive_floats(archive, xdi_executor_parameters(trainer->decoder_run),
                     trainer->decoder->part.network->block_count);
  xdi_optimiser_archive(&trainer->encoder_optimiser, archive);
  xdi_optimiser_archive(&trainer->decoder_optimiser, archive);
  xdi_archive_f64(archive, &trainer->variance);
  for (uint32_t i = 0; i < 2; i++)
    if (trainer->average[i])
      xdi_archive_floats(archive, xdi_slice(trainer->average[i], 0), trainer->average[i]->count);
  if (trainer->critic)
    xdi_critic_archive(trainer->critic, archive);
}
