/* One optimiser step of a VAE (Kingma and Welling, arXiv 1312.6114), in the terms of arXiv 1805.10130:
 *
 *   L = mean over pictures of  lambda1 |x - x_hat|^2 - lambda2 (log p(x|z) - kl_weight KL(q(z|x) || N(0, I)))
 *
 * with z one sample of q(z|x) and log p = -|x - x_hat|^2 / (2 sigma_x^2) or Bernoulli's. The Gaussian and
 * the pixel cost are one weight on the squared error. With sigma_x 0 it is solved for (Rybkin, Daniilidis and
 * Levine, arXiv 2006.13202): its square is the mean squared error of a pixel, here the moving mean of the steps.
 * In the last steps of a schedule the encoder rests, and a critic sharpens the decoder. A batch may be computed in
 * parts, whose gradients and losses are added up before the optimiser moves. All arithmetic is the backend's; here
 * stand the order of the kernels and what is handed out. */
#include <math.h>
#include <string.h>

#include "base/seeds.h"
#include "model/decoder.h"
#include "model/encoder.h"
#include "options/values.h"
#include "tensor/device.h"
#include "train/vae_trainer.h"

/* The pictures that pass through the networks together: the batch, or a part of it. */
typedef struct vae_part {
  uint32_t index; /* of this rank's */
  uint32_t place; /* among those of all ranks, by which random numbers are counted */
  uint32_t count, mixed;
  const float *pictures, *targets;
} vae_part;

/* Means over the batch's pictures. */
typedef struct vae_losses {
  double total, pixel_cost, log_likelihood, kl, sigma, critic;
} vae_losses;

/* The codes of the last rows become mixtures with the first ones', as generated codes often are: up to half. */
static xd_status mix_codes(xd_vae_trainer *trainer, const vae_part *part) {
  const xd_slice codes = xdi_executor_input(trainer->decoder_run);
  const uint64_t stream = xdi_stream_id(XDI_STREAM_MIX, trainer->step);
  const size_t dim = trainer->latent_dim;
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < part->mixed; i++) {
    const uint64_t number = (uint64_t)part->place * part->mixed + i;
    const float share = 0.5f * xdi_random_uniform(trainer->settings.seed, stream, number);
    status = xdi_device_scale_add(trainer->context, share, xdi_slice_after(codes, i * dim), 1.0f - share,
                                  xdi_slice_after(codes, (part->count - part->mixed + i) * dim), dim);
  }
  return status;
}

static xd_status forward(xd_vae_trainer *trainer, xd_posterior *posterior, const vae_part *part) {
  xd_context *context = trainer->context;
  const xd_backend_table *table = &context->table;
  const uint64_t noise = xdi_stream_id(XDI_STREAM_POSTERIOR, trainer->step);
  const uint64_t drop = xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT);
  const uint64_t seed = trainer->settings.seed;
  const size_t codes = (size_t)part->count * trainer->latent_dim;
  xd_status status = xdi_device_write(context, xdi_executor_input(trainer->encoder_run), part->pictures,
                                      (size_t)part->count * trainer->picture_size);
  if (status == XD_OK)
    status = xdi_executor_forward(trainer->encoder_run, part->count, true,
                                  xdi_seed_of(seed, XDI_SEED_ENCODER) + part->place, drop);
  if (status == XD_OK)
    status = xdi_device_check(
        context,
        table->random_normal(context->backend, posterior->epsilon, codes, seed, noise, part->place * codes),
        "random_normal");
  if (status == XD_OK)
    status =
        xdi_device_check(context, table->posterior_forward(context->backend, posterior), "posterior_forward");
  if (status == XD_OK)
    status = mix_codes(trainer, part);
  if (status == XD_OK)
    status = xdi_executor_forward(trainer->decoder_run, part->count, true,
                                  xdi_seed_of(seed, XDI_SEED_DECODER) + part->place, drop);
  return status;
}

xd_status xdi_vae_trainer_normalise(const xd_vae_trainer *trainer, xd_slice pictures, uint32_t count) {
  xd_context *context = trainer->context;
  const xdi_window *window = trainer->window;
  const xd_shape shape = trainer->encoder->part.network->input;
  if (!window)
    return XD_OK;
  const xd_window_normalise args = {.batch = count,
                                    .height = shape.height,
                                    .width = shape.width,
                                    .channels = shape.channels,
                                    .vertical = window->vertical,
                                    .horizontal = window->horizontal,
                                    .x = pictures,
                                    .y = pictures};
  return xdi_device_check(context, context->table.window_normalise(context->backend, &args),
                          "window_normalise");
}

/* Where the pictures stand that the decoder is to paint: with a window these are normalised ones. */
static xd_status place_target(xd_vae_trainer *trainer, xd_slice *target, const vae_part *part) {
  xd_context *context = trainer->context;
  *target = xdi_executor_input(trainer->encoder_run);
  if (!trainer->window && !part->targets)
    return XD_OK;
  *target = xdi_slice(trainer->target, 0);
  const xd_status status = xdi_device_write(context, *target, part->targets ? part->targets : part->pictures,
                                            (size_t)part->count * trainer->picture_size);
  return status == XD_OK ? xdi_vae_trainer_normalise(trainer, *target, part->count) : status;
}

static bool is_gaussian(const xd_vae_trainer *trainer) {
  return trainer->settings.likelihood == XDI_LIKELIHOOD_GAUSSIAN;
}

static xd_status reconstruct(xd_vae_trainer *trainer, xd_reconstruction_loss *loss, xd_slice target,
                             uint32_t count) {
  xd_context *context = trainer->context;
  const xdi_vae_settings *settings = &trainer->settings;
  const bool gaussian = is_gaussian(trainer);
  const double density = 0.5 / trainer->variance;
  *loss = (xd_reconstruction_loss){
      .rows = count,
      .size = trainer->picture_size,
      .pixel_weight =
          (float)((double)settings->lambda1 + (gaussian ? (double)settings->lambda2 * density : 0.0)),
      .bernoulli_weight = gaussian ? 0.0f : settings->lambda2,
      .x = target,
      .x_hat = xdi_executor_output(trainer->decoder_run),
      .window = {trainer->weights, 0},
      .da = xdi_executor_output_gradient(trainer->decoder_run),
  };
  return xdi_device_check(context, context->table.reconstruction_loss(context->backend, loss),
                          "reconstruction_loss");
}

/* What the critic has said of the step stays. */
static void measure(const xd_vae_trainer *trainer, vae_losses *losses, const xd_reconstruction_loss *loss,
                    double kl, uint32_t count) {
  const xdi_vae_settings *settings = &trainer->settings;
  losses->pixel_cost = loss->squared_error / loss->rows;
  losses->kl = kl / count;
  losses->sigma = sqrt(trainer->variance);
  losses->log_likelihood =
      is_gaussian(trainer) ? -losses->pixel_cost / (2.0 * trainer->variance) : -loss->bernoulli / loss->rows;
  losses->total =
      (double)settings->lambda1 * losses->pixel_cost -
      (double)settings->lambda2 * (losses->log_likelihood - (double)settings->kl_weight * losses->kl);
}

static xd_status tell(const xd_vae_trainer *trainer, xd_values *to, const vae_losses *losses) {
  const xdi_number numbers[] = {{"total", losses->total},
                                {"pixel_cost", losses->pixel_cost},
                                {"log_likelihood", losses->log_likelihood},
                                {"kl", losses->kl},
                                {"elbo", losses->log_likelihood - losses->kl},
                                {"sigma_x", losses->sigma},
                                {"critic", losses->critic}};
  const uint32_t count = sizeof numbers / sizeof *numbers;
  return xdi_values_set_all(to, trainer->context, numbers, trainer->critic ? count : count - 1);
}

/* The decoder's gradients, and the encoder's down from the posterior. */
static xd_status backward(xd_vae_trainer *trainer, xd_posterior *posterior, uint32_t count) {
  xd_context *context = trainer->context;
  const xd_status status = xdi_executor_backward(trainer->decoder_run, count, true, true);
  if (status != XD_OK)
    return status;
  posterior->dz = xdi_executor_input_gradient(trainer->decoder_run);
  posterior->dposterior = xdi_executor_output_gradient(trainer->encoder_run);
  return xdi_device_check(context, context->table.posterior_backward(context->backend, posterior),
                          "posterior_backward");
}

/* The numbers that are added up beside the decoder's gradients. The critic's loss is beside its own. */
#define SUMMED(losses) \
  { &(losses)->total, &(losses)->pixel_cost, &(losses)->log_likelihood, &(losses)->kl, &(losses)->sigma }

/* Of the last part the decoder's gradients are added up over the ranks while the encoder's are found. */
static xd_status add_part(xd_vae_trainer *trainer, vae_losses *losses, const vae_part *part,
                          bool with_encoder) {
  double *const numbers[] = SUMMED(losses);
  xd_status status =
      xdi_gradient_sum_add(&trainer->decoder_sum, part->index, xdi_executor_gradients(trainer->decoder_run),
                           numbers, sizeof numbers / sizeof *numbers);
  if (status == XD_OK && with_encoder)
    status = xdi_executor_backward(trainer->encoder_run, part->count, true, false);
  if (status == XD_OK && with_encoder)
    status = xdi_gradient_sum_add(&trainer->encoder_sum, part->index,
                                  xdi_executor_gradients(trainer->encoder_run), NULL, 0);
  return status;
}

static xd_status end_sums(xd_vae_trainer *trainer, vae_losses *losses, bool with_encoder) {
  double *const numbers[] = SUMMED(losses);
  xd_status status = xdi_gradient_sum_end(&trainer->decoder_sum, xdi_executor_gradients(trainer->decoder_run),
                                          numbers, sizeof numbers / sizeof *numbers);
  if (status == XD_OK && with_encoder)
    status =
        xdi_gradient_sum_end(&trainer->encoder_sum, xdi_executor_gradients(trainer->encoder_run), NULL, 0);
  return status;
}

static xd_status update(xd_vae_trainer *trainer, float learning_rate, bool with_encoder) {
  xdi_executor *encoder = trainer->encoder_run, *decoder = trainer->decoder_run;
  xd_status status = XD_OK;
  if (with_encoder)
    status = xdi_optimiser_step(&trainer->encoder_optimiser, encoder, learning_rate);
  return status == XD_OK ? xdi_optimiser_step(&trainer->decoder_optimiser, decoder, learning_rate) : status;
}

static void solve_variance(xd_vae_trainer *trainer, double pixel_cost) {
  const double error = pixel_cost / trainer->picture_size;
  const double least = XDI_SIGMA_LEAST * XDI_SIGMA_LEAST, most = XDI_SIGMA_MOST * XDI_SIGMA_MOST;
  if (trainer->settings.sigma_x <= 0.0f)
    trainer->variance = 0.99 * trainer->variance + 0.01 * fmin(fmax(error, least), most);
}

/* average = decay average + (1 - decay) weights; the decay grows from 0 so that the start is forgotten. */
static xd_status average_weights(const xd_vae_trainer *trainer) {
  xdi_executor *const runs[2] = {trainer->encoder_run, trainer->decoder_run};
  const size_t counts[2] = {trainer->encoder->part.network->block_count,
                            trainer->decoder->part.network->block_count};
  const double grown = trainer->step / (10.0 + trainer->step);
  const float decay = (float)fmin((double)trainer->settings.averaging, grown);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < 2 && status == XD_OK && trainer->average[i]; i++)
    status = xdi_device_scale_add(trainer->context, 1.0f - decay, xdi_executor_parameters(runs[i]), decay,
                                  xdi_slice(trainer->average[i], 0), counts[i]);
  return status;
}

/* The length of a gradient, in double. */
static double length_of(const float *gradient, size_t count) {
  double sum = 0.0;
  for (size_t i = 0; i < count; i++)
    sum += (double)gradient[i] * (double)gradient[i];
  return sqrt(sum);
}

/* The critic's gradient, taken back through the pictures' sigmoid, beside the reconstruction's. */
static xd_status add_blame(xd_vae_trainer *trainer, const vae_part *part) {
  xd_context *context = trainer->context;
  const size_t cells = (size_t)part->count * trainer->picture_size,
               pure = cells - (size_t)part->mixed * trainer->picture_size;
  const xd_slice gradient = xdi_executor_output_gradient(trainer->decoder_run);
  float *blame = trainer->blame, *drawn = trainer->drawn;
  xd_status status =
      xdi_critic_blame(trainer->critic, blame, xdi_executor_output(trainer->decoder_run), part->count);
  if (status == XD_OK)
    status = xdi_device_read(context, drawn, xdi_executor_output(trainer->decoder_run), cells);
  if (status != XD_OK)
    return status;
  for (size_t i = 0; i < cells; i++)
    blame[i] *= drawn[i] * (1.0f - drawn[i]);
  status = xdi_device_read(context, drawn, gradient, cells);
  if (status != XD_OK)
    return status;
  memset(drawn + pure, 0, (cells - pure) * sizeof *drawn);
  const double length = length_of(blame, pure),
               wanted = (double)trainer->settings.sharpen * length_of(drawn, pure);
  const float scale = length > 0.0 ? (float)(wanted / length) : 0.0f;
  for (size_t i = 0; i < cells; i++)
    drawn[i] += scale * blame[i];
  return xdi_device_write(context, gradient, drawn, cells);
}

/* ---- A step ---- */

typedef struct vae_step {
  const float *pictures, *targets;
  uint32_t count;
  float learning_rate;
  bool sharpen;
} vae_step;

static vae_part take_part(const xd_vae_trainer *trainer, const vae_step *step, uint32_t index) {
  const uint32_t count = step->count / trainer->parts;
  const size_t before = (size_t)index * count * trainer->picture_size;
  return (vae_part){.index = index,
                    .place = xdi_gradient_sum_place(&trainer->decoder_sum, index),
                    .count = count,
                    .mixed = step->sharpen ? count / 3 : 0,
                    .pictures = step->pictures + before,
                    .targets = step->targets ? step->targets + before : NULL};
}

static xd_posterior posterior_of(const xd_vae_trainer *trainer, const vae_part *part) {
  return (xd_posterior){.rows = part->count,
                        .latent_dim = trainer->latent_dim,
                        .kl_weight = trainer->settings.lambda2 * trainer->settings.kl_weight,
                        .posterior = xdi_executor_output(trainer->encoder_run),
                        .epsilon = xdi_slice(trainer->epsilon, 0),
                        .z = xdi_executor_input(trainer->decoder_run)};
}

/* The critic sees what the decoder makes of all parts before it learns. */
static xd_status teach_critic(xd_vae_trainer *trainer, double *loss, const vae_step *step) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < trainer->parts; i++) {
    const vae_part part = take_part(trainer, step, i);
    xd_posterior posterior = posterior_of(trainer, &part);
    xd_slice target;
    status = forward(trainer, &posterior, &part);
    if (status == XD_OK)
      status = place_target(trainer, &target, &part);
    if (status == XD_OK)
      status =
          xdi_critic_see(trainer->critic, i, target, xdi_executor_output(trainer->decoder_run), part.count);
  }
  return status == XD_OK ? xdi_critic_learn(trainer->critic, loss, step->learning_rate) : status;
}

/* Of a batch that is one part the critic has left what the networks gave. */
static xd_status run_part(xd_vae_trainer *trainer, vae_losses *losses, const vae_step *step, uint32_t index) {
  const vae_part part = take_part(trainer, step, index);
  xd_posterior posterior = posterior_of(trainer, &part);
  xd_reconstruction_loss loss;
  xd_slice target;
  xd_status status = step->sharpen && trainer->parts == 1 ? XD_OK : forward(trainer, &posterior, &part);
  if (status == XD_OK)
    status = place_target(trainer, &target, &part);
  if (status == XD_OK)
    status = reconstruct(trainer, &loss, target, part.count - part.mixed);
  if (status == XD_OK && step->sharpen)
    status = add_blame(trainer, &part);
  if (status == XD_OK)
    status = backward(trainer, &posterior, part.count);
  if (status != XD_OK)
    return status;
  measure(trainer, losses, &loss, posterior.kl, part.count);
  return add_part(trainer, losses, &part, !step->sharpen);
}

static xd_status run_step(xd_vae_trainer *trainer, vae_losses *losses, const vae_step *step) {
  xd_status status = step->sharpen ? teach_critic(trainer, &losses->critic, step) : XD_OK;
  for (uint32_t i = 0; status == XD_OK && i < trainer->parts; i++)
    status = run_part(trainer, losses, step, i);
  if (status == XD_OK)
    status = end_sums(trainer, losses, !step->sharpen);
  if (status != XD_OK)
    return status;
  if (!isfinite(losses->total))
    return xdi_fail(trainer->context, XD_ERROR_NUMERIC,
                    "step %u: the VAE's loss is %g (squared error %g, KL %g)", trainer->step, losses->total,
                    losses->pixel_cost, losses->kl);
  status = update(trainer, step->learning_rate, !step->sharpen);
  if (status == XD_OK)
    status = average_weights(trainer);
  if (status != XD_OK)
    return status;
  solve_variance(trainer, losses->pixel_cost);
  trainer->step++;
  return XD_OK;
}

static xd_status check_call(const xd_vae_trainer *trainer, const vae_step *step) {
  xd_context *context = trainer->context;
  if (!step->pictures)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_step: pictures is NULL");
  if (step->count == 0 || step->count > trainer->rows)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_vae_trainer_step: %u pictures, but the option batch is %u, for %u ranks", step->count,
                    trainer->settings.batch, trainer->decoder_sum.reduce.ranks);
  if (step->count % trainer->parts != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_vae_trainer_step: %u pictures, which %u parts cannot share evenly", step->count,
                    trainer->parts);
  if (!(step->learning_rate >= 0.0f) || !isfinite(step->learning_rate))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_vae_trainer_step: learning rate %g",
                    (double)step->learning_rate);
  xd_status status = xdi_check_cancelled(context);
  if (status == XD_OK)
    status = xdi_device_check_rows(context, step->pictures, step->count, trainer->picture_size,
                                   XDI_ROWS_OF_PIXELS);
  if (status == XD_OK && step->targets)
    status =
        xdi_device_check_rows(context, step->targets, step->count, trainer->picture_size, XDI_ROWS_OF_PIXELS);
  return status;
}

/* A step of either kind, and what it tells. */
static xd_status make_step(xd_vae_trainer *trainer, xd_values *losses, const vae_step *step) {
  vae_losses measured = {.critic = 0.0};
  xd_status status = check_call(trainer, step);
  if (status == XD_OK)
    status = run_step(trainer, &measured, step);
  return status == XD_OK ? tell(trainer, losses, &measured) : status;
}

xd_status xd_vae_trainer_step(xd_vae_trainer *trainer, xd_values *losses, const float *pictures,
                              const float *targets, uint32_t count, float learning_rate) {
  const vae_step step = {pictures, targets, count, learning_rate, false};
  xd_values_clear(losses);
  return trainer ? make_step(trainer, losses, &step) : XD_ERROR_INVALID_ARGUMENT;
}

xd_status xdi_vae_trainer_sharpen(xd_vae_trainer *trainer, xd_values *losses, const float *pictures,
                                  const float *targets, uint32_t count, float learning_rate) {
  const vae_step step = {pictures, targets, count, learning_rate, true};
  xd_values_clear(losses);
  return make_step(trainer, losses, &step);
}
