/* One optimiser step of a VAE (Kingma and Welling, arXiv 1312.6114), in the terms of arXiv 1805.10130:
 *
 *   L = mean over pictures of  lambda1 |x - x_hat|^2 - lambda2 (log p(x|z) - kl_weight KL(q(z|x) || N(0, I)))
 *
 * with z one sample of q(z|x) and log p = -|x - x_hat|^2 / (2 sigma_x^2) or Bernoulli's. The Gaussian and
 * the pixel cost are one weight on the squared error. All arithmetic is the backend's; here stand the order
 * of the kernels and what is handed out. */
#include "train/vae_trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "tensor/device.h"
#include "train/posterior.h"
#include "train/seeds.h"
#include "train/snapshot.h"
#include "train/standardise.h"

/* ---- Options ---- */

void xd_vae_options_init(xd_vae_options *options, size_t struct_size) {
  const xd_vae_options defaults = XD_VAE_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

static xd_status refuse(xd_context *context, const char *field, double value) {
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_options.%s cannot be %g", field, value);
}

static bool within(float value, float least, float most) {
  return value >= least && value <= most;
}

static xd_status check_options(xd_context *context, const xd_vae_options *options) {
  const struct {
    const char *name;
    float value, least, most;
  } fields[] = {{"lambda1", options->lambda1, 0.0f, 1e6f},
                {"lambda2", options->lambda2, 0.0f, 1e6f},
                {"sigma_x", options->sigma_x, 1e-4f, 1e3f},
                {"kl_weight", options->kl_weight, 0.0f, 1e6f},
                {"learning_rate", options->learning_rate, 0.0f, 10.0f},
                {"final_rate", options->final_rate, 0.0f, 1.0f},
                {"augment", options->augment, 0.0f, 4.0f},
                {"augment_colour", options->augment_colour, 0.0f, 4.0f},
                {"augment_blur", options->augment_blur, 0.0f, 4.0f}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!within(fields[i].value, fields[i].least, fields[i].most))
      return refuse(context, fields[i].name, (double)fields[i].value);
  if (options->likelihood > XD_LIKELIHOOD_BERNOULLI)
    return refuse(context, "likelihood", options->likelihood);
  if (options->batch == 0 || options->batch > 65536)
    return refuse(context, "batch", options->batch);
  if (options->epochs == 0 && options->min_steps == 0)
    return refuse(context, "epochs", 0);
  if (options->window_weight > 1)
    return refuse(context, "window_weight", options->window_weight);
  if (options->raw_codes > 1)
    return refuse(context, "raw_codes", options->raw_codes);
  if (options->reserved != 0)
    return refuse(context, "reserved", options->reserved);
  return XD_OK;
}

/* ---- Creation ---- */

static xd_status create_networks(xd_vae_trainer *trainer, const xd_vae_options *options) {
  xd_context *context = trainer->context;
  xd_status status = xd_encoder_create(&trainer->encoder, context, options->architecture,
                                       xdi_seed_of(options->seed, XDI_SEED_ENCODER));
  if (status == XD_OK)
    status = xd_decoder_create(&trainer->decoder, context, options->architecture,
                               xdi_seed_of(options->seed, XDI_SEED_DECODER));
  if (status != XD_OK)
    return status;
  const xd_network *encoder = trainer->encoder->part.network, *decoder = trainer->decoder->part.network;
  trainer->picture_size = xdi_input_size(encoder);
  trainer->latent_dim = xdi_input_size(decoder);
  trainer->window = xdi_window_of(encoder);
  if (xdi_output_size(encoder) != 2 * trainer->latent_dim ||
      xdi_output_size(decoder) != trainer->picture_size)
    return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "the encoder gives %u values, the decoder takes %u",
                    xdi_output_size(encoder), trainer->latent_dim);
  return XD_OK;
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

static xd_status create_runs(xd_vae_trainer *trainer) {
  xd_context *context = trainer->context;
  const uint32_t batch = trainer->options.batch;
  const xd_network *encoder = trainer->encoder->part.network, *decoder = trainer->decoder->part.network;
  const xdi_optimiser_settings adam = {0.9f, 0.999f, 0.0f};
  xd_status status = xdi_executor_create(&trainer->encoder_run, context, encoder, batch, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_executor_create(&trainer->decoder_run, context, decoder, batch, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->encoder_optimiser, context, encoder->block_count, &adam);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->decoder_optimiser, context, decoder->block_count, &adam);
  if (status == XD_OK)
    status = xdi_device_create(context, &trainer->epsilon, (size_t)batch * trainer->latent_dim);
  if (status == XD_OK)
    status = xdi_device_create(context, &trainer->target, (size_t)batch * trainer->picture_size);
  if (status == XD_OK && trainer->window && trainer->options.window_weight)
    status = create_weights(trainer);
  return status;
}

xd_status xd_vae_trainer_create(xd_vae_trainer **out, xd_context *context, const xd_vae_options *options) {
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_create: out or context is NULL");
  xd_vae_options chosen = XD_VAE_OPTIONS_INIT;
  if (options && !xdi_read_options(&chosen, sizeof chosen, options))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_options.struct_size is wrong");
  xd_status status = check_options(context, &chosen);
  if (status != XD_OK)
    return status;
  xd_vae_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a VAE's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->options = chosen;
  status = create_networks(trainer, &chosen);
  if (status == XD_OK)
    status = create_runs(trainer);
  trainer->options.architecture = NULL;
  if (status == XD_OK)
    *out = trainer;
  else
    xd_vae_trainer_destroy(trainer);
  return status;
}

void xd_vae_trainer_destroy(xd_vae_trainer *trainer) {
  if (!trainer)
    return;
  xd_context *context = trainer->context;
  xdi_device_destroy(context, trainer->epsilon);
  xdi_device_destroy(context, trainer->target);
  xdi_device_destroy(context, trainer->weights);
  xdi_optimiser_close(&trainer->encoder_optimiser);
  xdi_optimiser_close(&trainer->decoder_optimiser);
  xdi_executor_destroy(trainer->encoder_run);
  xdi_executor_destroy(trainer->decoder_run);
  xd_encoder_release(trainer->encoder);
  xd_decoder_release(trainer->decoder);
  xdi_release(&context->allocator, trainer);
  xdi_context_release(context);
}

/* ---- One step ---- */

static xd_status forward(xd_vae_trainer *trainer, xd_posterior *posterior, const float *pictures,
                         uint32_t count) {
  xd_context *context = trainer->context;
  const xd_backend_table *table = &context->table;
  const uint64_t noise = xdi_stream_id(XDI_STREAM_POSTERIOR, trainer->step);
  const uint64_t drop = xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT);
  const uint64_t seed = trainer->options.seed;
  const size_t codes = (size_t)count * trainer->latent_dim;
  xd_status status = xdi_device_write(context, xdi_executor_input(trainer->encoder_run), pictures,
                                      (size_t)count * trainer->picture_size);
  if (status == XD_OK)
    status =
        xdi_executor_forward(trainer->encoder_run, count, true, xdi_seed_of(seed, XDI_SEED_ENCODER), drop);
  if (status == XD_OK)
    status = xdi_device_check(
        context, table->random_normal(context->backend, posterior->epsilon, codes, seed, noise, 0),
        "random_normal");
  if (status == XD_OK)
    status =
        xdi_device_check(context, table->posterior_forward(context->backend, posterior), "posterior_forward");
  if (status == XD_OK)
    status =
        xdi_executor_forward(trainer->decoder_run, count, true, xdi_seed_of(seed, XDI_SEED_DECODER), drop);
  return status;
}

xd_status xdi_vae_trainer_normalise(const xd_vae_trainer *trainer, xd_slice pictures, uint32_t count) {
  xd_context *context = trainer->context;
  const xdi_window *window = trainer->window;
  const xd_shape shape = trainer->encoder->part.network->input;
  if (!window)
    return XD_OK;
  const xd_window_normalise args = {count,          shape.height,     shape.width,
                                    shape.channels, window->vertical, window->horizontal,
                                    pictures,       pictures};
  return xdi_device_check(context, context->table.window_normalise(context->backend, &args),
                          "window_normalise");
}

/* Where the pictures stand that the decoder is to paint: with a window these are normalised ones. */
static xd_status place_target(xd_vae_trainer *trainer, xd_slice *target, const float *pictures,
                              const float *targets, uint32_t count) {
  xd_context *context = trainer->context;
  *target = xdi_executor_input(trainer->encoder_run);
  if (!trainer->window && !targets)
    return XD_OK;
  *target = xdi_slice(trainer->target, 0);
  xd_status status =
      xdi_device_write(context, *target, targets ? targets : pictures, (size_t)count * trainer->picture_size);
  return status == XD_OK ? xdi_vae_trainer_normalise(trainer, *target, count) : status;
}

static xd_status reconstruct(xd_vae_trainer *trainer, xd_reconstruction_loss *loss, xd_slice target,
                             uint32_t count) {
  xd_context *context = trainer->context;
  const xd_vae_options *options = &trainer->options;
  const bool gaussian = options->likelihood == XD_LIKELIHOOD_GAUSSIAN;
  const double density = 0.5 / ((double)options->sigma_x * (double)options->sigma_x);
  *loss = (xd_reconstruction_loss){
      .rows = count,
      .size = trainer->picture_size,
      .pixel_weight =
          (float)((double)options->lambda1 + (gaussian ? (double)options->lambda2 * density : 0.0)),
      .bernoulli_weight = gaussian ? 0.0f : options->lambda2,
      .x = target,
      .x_hat = xdi_executor_output(trainer->decoder_run),
      .window = {trainer->weights, 0},
      .da = xdi_executor_output_gradient(trainer->decoder_run),
  };
  return xdi_device_check(context, context->table.reconstruction_loss(context->backend, loss),
                          "reconstruction_loss");
}

static void report(const xd_vae_options *options, xd_vae_losses *losses, const xd_reconstruction_loss *loss,
                   double kl, uint32_t count) {
  const double sigma = (double)options->sigma_x;
  losses->pixel_cost = loss->squared_error / count;
  losses->log_likelihood = options->likelihood == XD_LIKELIHOOD_GAUSSIAN
                               ? -losses->pixel_cost / (2.0 * sigma * sigma)
                               : -loss->bernoulli / count;
  losses->kl = kl / count;
  losses->elbo = losses->log_likelihood - losses->kl;
  losses->total =
      (double)options->lambda1 * losses->pixel_cost -
      (double)options->lambda2 * (losses->log_likelihood - (double)options->kl_weight * losses->kl);
}

/* Both gradients of parameters, after the forward pass and the reconstruction's loss. */
static xd_status backward(xd_vae_trainer *trainer, xd_posterior *posterior, uint32_t count) {
  xd_context *context = trainer->context;
  xd_status status = xdi_executor_backward(trainer->decoder_run, count, true, true);
  if (status != XD_OK)
    return status;
  posterior->dz = xdi_executor_input_gradient(trainer->decoder_run);
  posterior->dposterior = xdi_executor_output_gradient(trainer->encoder_run);
  return xdi_device_check(context, context->table.posterior_backward(context->backend, posterior),
                          "posterior_backward");
}

static xd_status update(xd_vae_trainer *trainer, float learning_rate) {
  xdi_executor *encoder = trainer->encoder_run, *decoder = trainer->decoder_run;
  xd_status status = xdi_optimiser_step(&trainer->encoder_optimiser, xdi_executor_parameters(encoder),
                                        xdi_executor_gradients(encoder), learning_rate);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->decoder_optimiser, xdi_executor_parameters(decoder),
                                xdi_executor_gradients(decoder), learning_rate);
  return status;
}

static xd_status run_step(xd_vae_trainer *trainer, xd_vae_losses *losses, const float *pictures,
                          const float *targets, uint32_t count, float learning_rate) {
  xd_reconstruction_loss loss;
  xd_slice target;
  xd_posterior posterior = {.rows = count,
                            .latent_dim = trainer->latent_dim,
                            .kl_weight = trainer->options.lambda2 * trainer->options.kl_weight,
                            .posterior = xdi_executor_output(trainer->encoder_run),
                            .epsilon = xdi_slice(trainer->epsilon, 0),
                            .z = xdi_executor_input(trainer->decoder_run)};
  xd_status status = forward(trainer, &posterior, pictures, count);
  if (status == XD_OK)
    status = place_target(trainer, &target, pictures, targets, count);
  if (status == XD_OK)
    status = reconstruct(trainer, &loss, target, count);
  if (status == XD_OK)
    status = backward(trainer, &posterior, count);
  if (status != XD_OK)
    return status;
  report(&trainer->options, losses, &loss, posterior.kl, count);
  if (!isfinite(losses->total))
    return xdi_fail(trainer->context, XD_ERROR_NUMERIC,
                    "step %u: the VAE's loss is %g (squared error %g, KL %g)", trainer->step, losses->total,
                    losses->pixel_cost, losses->kl);
  status = xdi_executor_backward(trainer->encoder_run, count, true, false);
  if (status == XD_OK)
    status = update(trainer, learning_rate);
  if (status == XD_OK)
    trainer->step++;
  return status;
}

xd_status xd_vae_trainer_step(xd_vae_trainer *trainer, xd_vae_losses *losses, const float *pictures,
                              uint32_t count, float learning_rate) {
  return xd_vae_trainer_step_toward(trainer, losses, pictures, NULL, count, learning_rate);
}

xd_status xd_vae_trainer_step_toward(xd_vae_trainer *trainer, xd_vae_losses *losses, const float *pictures,
                                     const float *targets, uint32_t count, float learning_rate) {
  if (losses)
    *losses = (xd_vae_losses){0};
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!pictures)
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_step: pictures is NULL");
  if (count == 0 || count > trainer->options.batch)
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_vae_trainer_step: %u pictures, but the options' batch is %u", count,
                    trainer->options.batch);
  if (!(learning_rate >= 0.0f) || !isfinite(learning_rate))
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_step: learning rate %g",
                    (double)learning_rate);
  xd_vae_losses measured;
  xd_status status = xdi_device_check_pixels(trainer->context, pictures, count, trainer->picture_size);
  if (status == XD_OK && targets)
    status = xdi_device_check_pixels(trainer->context, targets, count, trainer->picture_size);
  if (status == XD_OK)
    status = xdi_check_cancelled(trainer->context);
  if (status == XD_OK)
    status = run_step(trainer, &measured, pictures, targets, count, learning_rate);
  if (status == XD_OK && losses)
    *losses = measured;
  return status;
}

/* ---- Finishing ---- */

static xd_status standardise(xd_context *context, xd_network *encoder, xd_network *decoder,
                             const xd_dataset *set) {
  const size_t latent_dim = xdi_input_size(decoder);
  double *mean = xdi_allocate(&context->allocator, 2 * latent_dim, sizeof *mean);
  if (!mean)
    return xdi_fail_memory(context, "standardising codes");
  double *deviation = mean + latent_dim;
  xd_status status = xdi_check_pictures(context, encoder, set, "xd_vae_trainer_finish");
  if (status == XD_OK)
    status = xdi_standardise_measure(context, mean, deviation, encoder, set);
  if (status == XD_OK)
    status = xdi_standardise_fold(context, encoder, decoder, mean, deviation);
  xdi_release(&context->allocator, mean);
  return status;
}

static xd_status wrap(xd_context *context, xd_encoder **encoder, xd_decoder **decoder,
                      xd_network *encoder_layers, xd_network *decoder_layers) {
  xd_status status = xdi_encoder_wrap(encoder, context, encoder_layers);
  if (status == XD_OK)
    status = xdi_decoder_wrap(decoder, context, decoder_layers);
  if (status == XD_OK) {
    xd_encoder_freeze(*encoder);
    xd_decoder_freeze(*decoder);
  } else {
    xd_encoder_release(*encoder);
    *encoder = NULL;
  }
  return status;
}

xd_status xd_vae_trainer_finish(xd_vae_trainer *trainer, xd_encoder **encoder, xd_decoder **decoder,
                                const xd_dataset *set) {
  if (encoder)
    *encoder = NULL;
  if (decoder)
    *decoder = NULL;
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_context *context = trainer->context;
  if (!encoder || !decoder || (!set && !trainer->options.raw_codes))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_vae_trainer_finish: encoder, decoder or set is NULL");
  xd_network *encoder_layers = NULL, *decoder_layers = NULL;
  xd_status status = xdi_snapshot_create(&encoder_layers, context, trainer->encoder->part.network,
                                         xdi_executor_parameters(trainer->encoder_run));
  if (status == XD_OK)
    status = xdi_snapshot_create(&decoder_layers, context, trainer->decoder->part.network,
                                 xdi_executor_parameters(trainer->decoder_run));
  if (status == XD_OK && !trainer->options.raw_codes)
    status = standardise(context, encoder_layers, decoder_layers, set);
  if (status == XD_OK)
    status = wrap(context, encoder, decoder, encoder_layers, decoder_layers);
  xdi_network_release(encoder_layers);
  xdi_network_release(decoder_layers);
  return status;
}
