/* One step of a latent generator and its pair discriminator on codes (arXiv 1805.10130, section 3.2):
 *
 *   L_D = softplus(-D(c, positive)) + softplus(D(c, G)) + softplus(D(c, noise)) + w softplus(D(c, wrong))
 *   L_G = softplus(-D(c, G)) + lambda / n |epsilon - G|^2 + w' softplus(D(wrong c, G))
 *
 * All kinds of pairs pass through D together, kind after kind; G runs forward once for both updates. The
 * optimiser moves D's raw weights, D divides them by their spectral norms: one power iteration before
 * D's update, none before G's. The kept generator is the exponential average of the weights. */
#include "train/mapping_trainer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "model/latent_generator.h"
#include "model/pair_discriminator.h"
#include "tensor/device.h"
#include "train/epochs.h"
#include "train/seeds.h"
#include "train/snapshot.h"

enum { REAL, GENERATED, NOISE, MISMATCHED, KINDS };

/* ---- Options ---- */

void xd_mapping_options_init(xd_mapping_options *options, size_t struct_size) {
  const xd_mapping_options defaults = XD_MAPPING_OPTIONS_INIT;
  xdi_hand_options(options, struct_size, &defaults, sizeof defaults);
}

void xd_mapping_batch_init(xd_mapping_batch *batch, size_t struct_size) {
  const xd_mapping_batch defaults = XD_MAPPING_BATCH_INIT;
  xdi_hand_options(batch, struct_size, &defaults, sizeof defaults);
}

static xd_status refuse(xd_context *context, const char *field, double value) {
  return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_options.%s cannot be %g", field, value);
}

static xd_status check_options(xd_context *context, const xd_mapping_options *options) {
  const struct {
    const char *name;
    float value, least, most;
  } fields[] = {{"mismatch", options->mismatch, 0.0f, 1e3f},
                {"generated_mismatch", options->generated_mismatch, 0.0f, 1e3f},
                {"lambda_reg", options->lambda_reg, 0.0f, 1e6f},
                {"final_lambda", options->final_lambda, 0.0f, 1.0f},
                {"ema_decay", options->ema_decay, 0.0f, 0.999999f},
                {"learning_rate", options->learning_rate, 0.0f, 10.0f},
                {"final_rate", options->final_rate, 0.0f, 1.0f},
                {"beta1", options->beta1, 0.0f, 0.999999f},
                {"beta2", options->beta2, 0.0f, 0.999999f},
                {"mixing", options->mixing, 0.0f, 1.0f},
                {"noise_scale", options->noise_scale, 0.0f, 4.0f}};
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (!(fields[i].value >= fields[i].least && fields[i].value <= fields[i].most))
      return refuse(context, fields[i].name, (double)fields[i].value);
  if (options->source_dim == 0)
    return refuse(context, "source_dim", 0);
  if (options->target_dim == 0)
    return refuse(context, "target_dim", 0);
  if (options->same_code_positive > 1)
    return refuse(context, "same_code_positive", options->same_code_positive);
  if (options->condition_codes == 0 || options->condition_codes > 1024 ||
      (options->condition_codes > 1 && options->same_code_positive))
    return refuse(context, "condition_codes", options->condition_codes);
  if (options->linear_skip > 1)
    return refuse(context, "linear_skip", options->linear_skip);
  if (options->spectral_norm > 1)
    return refuse(context, "spectral_norm", options->spectral_norm);
  if (options->batch == 0 || options->batch > 65536)
    return refuse(context, "batch", options->batch);
  if (options->steps == 0)
    return refuse(context, "steps", 0);
  if (options->codes_per_picture > 1024)
    return refuse(context, "codes_per_picture", options->codes_per_picture);
  return XD_OK;
}

/* ---- Creation ---- */

static xd_status create_networks(xd_mapping_trainer *trainer) {
  const xd_mapping_options *options = &trainer->options;
  xd_latent_generator_options generator = XD_LATENT_GENERATOR_OPTIONS_INIT;
  xd_pair_discriminator_options discriminator = XD_PAIR_DISCRIMINATOR_OPTIONS_INIT;
  generator.source_dim = options->source_dim;
  generator.target_dim = options->target_dim;
  generator.hidden_width = options->hidden_width;
  generator.hidden_layers = options->hidden_layers;
  generator.dropout_millionths = options->dropout_millionths;
  generator.linear_skip = options->linear_skip;
  discriminator.latent_dim = options->target_dim;
  discriminator.hidden_width = options->hidden_width;
  discriminator.hidden_layers = options->hidden_layers;
  xd_status status = xd_latent_generator_create(&trainer->generator, trainer->context, &generator,
                                                xdi_seed_of(options->seed, XDI_SEED_GENERATOR));
  if (status == XD_OK)
    status = xd_pair_discriminator_create(&trainer->discriminator, trainer->context, &discriminator,
                                          xdi_seed_of(options->seed, XDI_SEED_DISCRIMINATOR));
  return status;
}

static xd_status create_codes(xd_mapping_trainer *trainer) {
  size_t count = 0;
  for (uint32_t i = 0; i < XDI_PLACES; i++) {
    trainer->places[i] = count;
    const size_t dim = i == XDI_PLACE_SOURCE ? trainer->source_dim : trainer->target_dim;
    count += xdi_device_room(trainer->options.batch * dim);
  }
  return xdi_device_create(trainer->context, &trainer->codes, count);
}

static uint32_t kind_count(const xd_mapping_options *options) {
  return options->mismatch > 0.0f ? KINDS : MISMATCHED;
}

static xd_status create_average(xd_mapping_trainer *trainer, const xd_network *generator) {
  if (trainer->options.ema_decay <= 0.0f)
    return XD_OK;
  xd_status status = xdi_device_create(trainer->context, &trainer->average, generator->block_count);
  if (status == XD_OK)
    status = xdi_device_scale_add(trainer->context, 1.0f, xdi_executor_parameters(trainer->generator_run),
                                  0.0f, xdi_slice(trainer->average, 0), generator->block_count);
  return status;
}

static xd_status create_runs(xd_mapping_trainer *trainer) {
  xd_context *context = trainer->context;
  const xd_mapping_options *options = &trainer->options;
  const xdi_optimiser_settings adam = {options->beta1, options->beta2, 0.0f};
  const xd_network *generator = trainer->generator->part.network;
  const xd_network *discriminator = trainer->discriminator->part.network;
  xd_status status =
      xdi_executor_create(&trainer->generator_run, context, generator, options->batch, XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_executor_create(&trainer->discriminator_run, context, discriminator,
                                 options->batch * kind_count(options), XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->generator_optimiser, context, generator->block_count, &adam);
  if (status == XD_OK)
    status =
        xdi_optimiser_open(&trainer->discriminator_optimiser, context, discriminator->block_count, &adam);
  if (status == XD_OK)
    status = xdi_spectral_open(&trainer->spectral, context, trainer->discriminator_run, discriminator,
                               options->spectral_norm != 0, options->seed);
  if (status == XD_OK)
    status = create_average(trainer, generator);
  if (status == XD_OK)
    status = create_codes(trainer);
  return status;
}

xd_status xd_mapping_trainer_create(xd_mapping_trainer **out, xd_context *context,
                                    const xd_mapping_options *options) {
  if (out)
    *out = NULL;
  if (!out || !context || !options)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_trainer_create: out, context or options is NULL");
  xd_mapping_options chosen = XD_MAPPING_OPTIONS_INIT;
  if (!xdi_read_options(&chosen, sizeof chosen, options))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_options.struct_size is wrong");
  xd_status status = check_options(context, &chosen);
  if (status != XD_OK)
    return status;
  xd_mapping_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a mapping's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->options = chosen;
  trainer->source_dim = chosen.source_dim;
  trainer->target_dim = chosen.target_dim;
  status = create_networks(trainer);
  if (status == XD_OK)
    status = create_runs(trainer);
  if (status == XD_OK)
    *out = trainer;
  else
    xd_mapping_trainer_destroy(trainer);
  return status;
}

void xd_mapping_trainer_destroy(xd_mapping_trainer *trainer) {
  if (!trainer)
    return;
  xd_context *context = trainer->context;
  xdi_device_destroy(context, trainer->codes);
  xdi_device_destroy(context, trainer->average);
  xdi_spectral_close(&trainer->spectral);
  xdi_optimiser_close(&trainer->generator_optimiser);
  xdi_optimiser_close(&trainer->discriminator_optimiser);
  xdi_executor_destroy(trainer->generator_run);
  xdi_executor_destroy(trainer->discriminator_run);
  xd_latent_generator_release(trainer->generator);
  xd_pair_discriminator_release(trainer->discriminator);
  xdi_release(&context->allocator, trainer);
  xdi_context_release(context);
}

/* ---- The codes of a step ---- */

static xd_slice place(const xd_mapping_trainer *trainer, uint32_t which) {
  return xdi_slice(trainer->codes, trainer->places[which]);
}

static xd_status copy_columns(const xd_mapping_trainer *trainer, xd_slice to, uint32_t to_stride,
                              xd_slice from, uint32_t from_stride, uint32_t rows, uint32_t columns) {
  xd_context *context = trainer->context;
  return xdi_device_check(
      context, context->table.copy_columns(context->backend, to, to_stride, from, from_stride, rows, columns),
      "copy_columns");
}

/* Rows [left | right] of two codes, both [count][target_dim], as D's pairs first..first+count-1. */
static xd_status place_pairs(const xd_mapping_trainer *trainer, uint32_t first, uint32_t count, xd_slice left,
                             xd_slice right) {
  const uint32_t dim = trainer->target_dim;
  const xd_slice to =
      xdi_slice_after(xdi_executor_input(trainer->discriminator_run), (size_t)first * 2 * dim);
  xd_status status = copy_columns(trainer, to, 2 * dim, left, dim, count, dim);
  if (status == XD_OK)
    status = copy_columns(trainer, xdi_slice_after(to, dim), 2 * dim, right, dim, count, dim);
  return status;
}

/* epsilon for G, then the noise that D must refuse: one stream a step, the second after the first. */
static xd_status draw_noise(const xd_mapping_trainer *trainer, uint32_t count) {
  xd_context *context = trainer->context;
  const uint64_t stream = xdi_stream_id(XDI_STREAM_MAPPING_NOISE, trainer->step);
  const size_t cells = (size_t)count * trainer->target_dim;
  xd_status status = context->table.random_normal(context->backend, place(trainer, XDI_PLACE_EPSILON), cells,
                                                  trainer->options.seed, stream, 0);
  if (status == XD_OK)
    status = context->table.random_normal(context->backend, place(trainer, XDI_PLACE_NOISE), cells,
                                          trainer->options.seed, stream, cells);
  return xdi_device_check(context, status, "random_normal");
}

/* A ReLU may swallow a code that is not finite, so that no loss would show it. */
static xd_status write_codes(const xd_mapping_trainer *trainer, const char *name, uint32_t to,
                             const float *codes, size_t count) {
  bool finite = true;
  for (size_t i = 0; i < count; i++)
    finite &= isfinite(codes[i]) != 0;
  if (!finite)
    return xdi_fail(trainer->context, XD_ERROR_NUMERIC, "xd_mapping_batch.%s has a value that is not finite",
                    name);
  return xdi_device_write(trainer->context, place(trainer, to), codes, count);
}

static xd_status write_batch(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch) {
  const size_t target = (size_t)batch->count * trainer->target_dim;
  const size_t source = (size_t)batch->count * trainer->source_dim;
  xd_status status = write_codes(trainer, "condition", XDI_PLACE_CONDITION, batch->condition, target);
  if (status == XD_OK)
    status = write_codes(trainer, "source", XDI_PLACE_SOURCE, batch->source, source);
  if (status == XD_OK && !trainer->options.same_code_positive)
    status = write_codes(trainer, "positive", XDI_PLACE_POSITIVE, batch->positive, target);
  if (status == XD_OK && batch->mismatched)
    status = write_codes(trainer, "mismatched", XDI_PLACE_WRONG, batch->mismatched, target);
  if (status == XD_OK && trainer->options.generated_mismatch > 0.0f)
    status = batch->wrong_condition
                 ? write_codes(trainer, "wrong_condition", XDI_PLACE_WRONG_CONDITION, batch->wrong_condition,
                               target)
                 : write_codes(trainer, "mismatched", XDI_PLACE_WRONG_CONDITION, batch->mismatched, target);
  return status;
}

static xd_status generate(const xd_mapping_trainer *trainer, uint32_t count) {
  const uint32_t target = trainer->target_dim, source = trainer->source_dim;
  const xd_slice input = xdi_executor_input(trainer->generator_run);
  xd_status status =
      copy_columns(trainer, input, target + source, place(trainer, XDI_PLACE_EPSILON), target, count, target);
  if (status == XD_OK)
    status = copy_columns(trainer, xdi_slice_after(input, target), target + source,
                          place(trainer, XDI_PLACE_SOURCE), source, count, source);
  if (status == XD_OK)
    status = xdi_executor_forward(trainer->generator_run, count, true, trainer->options.seed,
                                  xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT));
  return status;
}

/* ---- D's update ---- */

/* weight * softplus(-sign * logit) of D's pairs first..; *loss gets the mean, unweighted. */
static xd_status pair_loss(const xd_mapping_trainer *trainer, double *loss, uint32_t first, uint32_t count,
                           float sign, float weight) {
  xd_context *context = trainer->context;
  xd_logistic_loss args = {
      .rows = count,
      .sign = sign,
      .weight = weight,
      .logits = xdi_slice_after(xdi_executor_output(trainer->discriminator_run), first),
      .dlogits = xdi_slice_after(xdi_executor_output_gradient(trainer->discriminator_run), first),
  };
  xd_status status =
      xdi_device_check(context, context->table.logistic_loss(context->backend, &args), "logistic_loss");
  *loss = args.loss / count;
  return status;
}

static xd_status place_kinds(const xd_mapping_trainer *trainer, uint32_t count) {
  const xd_slice condition = place(trainer, XDI_PLACE_CONDITION);
  const xd_slice judged[KINDS] = {
      [REAL] = trainer->options.same_code_positive ? condition : place(trainer, XDI_PLACE_POSITIVE),
      [GENERATED] = xdi_executor_output(trainer->generator_run),
      [NOISE] = place(trainer, XDI_PLACE_NOISE),
      [MISMATCHED] = place(trainer, XDI_PLACE_WRONG),
  };
  xd_status status = XD_OK;
  for (uint32_t kind = 0; status == XD_OK && kind < kind_count(&trainer->options); kind++)
    status = place_pairs(trainer, kind * count, count, condition, judged[kind]);
  return status;
}

static xd_status kind_losses(const xd_mapping_trainer *trainer, xd_mapping_losses *losses, uint32_t count) {
  const float mismatch = trainer->options.mismatch;
  xd_status status = pair_loss(trainer, &losses->real, REAL * count, count, 1.0f, 1.0f);
  if (status == XD_OK)
    status = pair_loss(trainer, &losses->generated, GENERATED * count, count, -1.0f, 1.0f);
  if (status == XD_OK)
    status = pair_loss(trainer, &losses->noise, NOISE * count, count, -1.0f, 1.0f);
  if (status == XD_OK && mismatch > 0.0f)
    status = pair_loss(trainer, &losses->mismatched, MISMATCHED * count, count, -1.0f, mismatch);
  losses->discriminator =
      losses->real + losses->generated + losses->noise + (double)mismatch * losses->mismatched;
  return status;
}

static xd_status check_loss(const xd_mapping_trainer *trainer, const char *name, double loss) {
  if (isfinite(loss))
    return XD_OK;
  return xdi_fail(trainer->context, XD_ERROR_NUMERIC, "step %u: the %s's loss is %g", trainer->step, name,
                  loss);
}

static xd_status update_discriminator(xd_mapping_trainer *trainer, xd_mapping_losses *losses, uint32_t count,
                                      float learning_rate) {
  const uint32_t rows = count * kind_count(&trainer->options);
  xdi_executor *run = trainer->discriminator_run;
  xd_status status = xdi_spectral_normalise(&trainer->spectral, 1);
  if (status == XD_OK)
    status = place_kinds(trainer, count);
  if (status == XD_OK)
    status = xdi_executor_forward(run, rows, false, 0, 0);
  if (status == XD_OK)
    status = kind_losses(trainer, losses, count);
  if (status == XD_OK)
    status = check_loss(trainer, "discriminator", losses->discriminator);
  if (status == XD_OK)
    status = xdi_executor_backward(run, rows, true, false);
  if (status == XD_OK)
    status = xdi_spectral_gradients(&trainer->spectral);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->discriminator_optimiser, xdi_executor_parameters(run),
                                xdi_executor_gradients(run), learning_rate);
  return status;
}

/* ---- G's update ---- */

/* D's judgement of G's codes, and its gradient down to D's input. *wrong: against the wrong condition. */
static xd_status judge_generated(xd_mapping_trainer *trainer, double *adversarial, double *wrong,
                                 uint32_t count) {
  const float weight = trainer->options.generated_mismatch;
  const xd_slice generated = xdi_executor_output(trainer->generator_run);
  const uint32_t rows = weight > 0.0f ? 2 * count : count;
  xdi_executor *run = trainer->discriminator_run;
  *wrong = 0.0;
  xd_status status = place_pairs(trainer, 0, count, place(trainer, XDI_PLACE_CONDITION), generated);
  if (status == XD_OK && weight > 0.0f)
    status = place_pairs(trainer, count, count, place(trainer, XDI_PLACE_WRONG_CONDITION), generated);
  if (status == XD_OK)
    status = xdi_executor_forward(run, rows, false, 0, 0);
  if (status == XD_OK)
    status = pair_loss(trainer, adversarial, 0, count, 1.0f, 1.0f);
  if (status == XD_OK && weight > 0.0f)
    status = pair_loss(trainer, wrong, count, count, -1.0f, weight);
  if (status == XD_OK)
    status = xdi_executor_backward(run, rows, false, true);
  return status;
}

/* The judged half of D's input gradient becomes G's output gradient. */
static xd_status take_gradient(xd_mapping_trainer *trainer, uint32_t count) {
  const uint32_t dim = trainer->target_dim;
  const xd_slice from = xdi_slice_after(xdi_executor_input_gradient(trainer->discriminator_run), dim);
  const xd_slice to = xdi_executor_output_gradient(trainer->generator_run);
  xd_status status = copy_columns(trainer, to, dim, from, 2 * dim, count, dim);
  if (status != XD_OK || trainer->options.generated_mismatch <= 0.0f)
    return status;
  const xd_slice second = xdi_slice_after(from, (size_t)count * 2 * dim),
                 scratch = place(trainer, XDI_PLACE_SCRATCH);
  status = copy_columns(trainer, scratch, dim, second, 2 * dim, count, dim);
  if (status == XD_OK)
    status = xdi_device_scale_add(trainer->context, 1.0f, scratch, 1.0f, to, (size_t)count * dim);
  return status;
}

static xd_status regularise(xd_mapping_trainer *trainer, double *regularisation, uint32_t count,
                            float lambda) {
  xd_context *context = trainer->context;
  const uint32_t dim = trainer->target_dim;
  xd_squared_distance args = {
      .rows = count,
      .columns = dim,
      .a_stride = dim,
      .b_stride = dim,
      .da_stride = dim,
      .weight = lambda,
      .a = xdi_executor_output(trainer->generator_run),
      .b = place(trainer, XDI_PLACE_EPSILON),
      .da = xdi_executor_output_gradient(trainer->generator_run),
  };
  xd_status status =
      xdi_device_check(context, context->table.squared_distance(context->backend, &args), "squared_distance");
  *regularisation = args.loss / ((double)count * dim);
  return status;
}

/* average = decay average + (1 - decay) weights; the decay grows so that the start is forgotten. */
static xd_status average_weights(xd_mapping_trainer *trainer) {
  if (!trainer->average)
    return XD_OK;
  const double grown = (1.0 + trainer->step) / (10.0 + trainer->step);
  const float decay = (float)fmin((double)trainer->options.ema_decay, grown);
  return xdi_device_scale_add(trainer->context, 1.0f - decay, xdi_executor_parameters(trainer->generator_run),
                              decay, xdi_slice(trainer->average, 0),
                              trainer->generator->part.network->block_count);
}

static xd_status update_generator(xd_mapping_trainer *trainer, xd_mapping_losses *losses, uint32_t count,
                                  float learning_rate) {
  const xd_mapping_options *options = &trainer->options;
  const float lambda =
      xdi_linear_rate(options->lambda_reg, options->final_lambda, trainer->step, options->steps);
  double wrong = 0.0;
  xdi_executor *run = trainer->generator_run;
  xd_status status = xdi_spectral_normalise(&trainer->spectral, 0);
  if (status == XD_OK)
    status = judge_generated(trainer, &losses->adversarial, &wrong, count);
  if (status == XD_OK)
    status = take_gradient(trainer, count);
  if (status == XD_OK)
    status = regularise(trainer, &losses->regularisation, count, lambda);
  if (status != XD_OK)
    return status;
  losses->generator = losses->adversarial + (double)lambda * losses->regularisation +
                      (double)options->generated_mismatch * wrong;
  status = check_loss(trainer, "generator", losses->generator);
  if (status == XD_OK)
    status = xdi_executor_backward(run, count, true, false);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->generator_optimiser, xdi_executor_parameters(run),
                                xdi_executor_gradients(run), learning_rate);
  if (status == XD_OK)
    status = average_weights(trainer);
  return status;
}

/* ---- One step ---- */

static xd_status check_batch(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch,
                             float learning_rate) {
  xd_context *context = trainer->context;
  const xd_mapping_options *options = &trainer->options;
  const bool wants_mismatched = options->mismatch > 0.0f || options->generated_mismatch > 0.0f;
  if (batch->count == 0 || batch->count > options->batch)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_batch.count is %u, the options' batch %u",
                    batch->count, options->batch);
  if (batch->reserved != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_batch.reserved cannot be %u",
                    batch->reserved);
  const char *missing = !batch->source                                     ? "source"
                        : !batch->condition                                ? "condition"
                        : !batch->positive && !options->same_code_positive ? "positive"
                        : !batch->mismatched && wants_mismatched           ? "mismatched"
                                                                           : NULL;
  if (missing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_batch.%s is NULL", missing);
  if (!(learning_rate >= 0.0f) || !isfinite(learning_rate))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_trainer_step: learning rate %g",
                    (double)learning_rate);
  return XD_OK;
}

xd_status xd_mapping_trainer_step(xd_mapping_trainer *trainer, xd_mapping_losses *losses,
                                  const xd_mapping_batch *batch, float learning_rate) {
  if (losses)
    *losses = (xd_mapping_losses){0};
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_mapping_batch given = XD_MAPPING_BATCH_INIT;
  xd_mapping_losses measured = {0};
  if (!xdi_read_options(&given, sizeof given, batch))
    return xdi_fail(trainer->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_trainer_step: batch is NULL or its struct_size wrong");
  xd_status status = check_batch(trainer, &given, learning_rate);
  if (status == XD_OK)
    status = xdi_check_cancelled(trainer->context);
  if (status == XD_OK)
    status = write_batch(trainer, &given);
  if (status == XD_OK)
    status = draw_noise(trainer, given.count);
  if (status == XD_OK)
    status = generate(trainer, given.count);
  if (status == XD_OK)
    status = update_discriminator(trainer, &measured, given.count, learning_rate);
  if (status == XD_OK)
    status = update_generator(trainer, &measured, given.count, learning_rate);
  if (status == XD_OK)
    trainer->step++;
  if (status == XD_OK && losses)
    *losses = measured;
  return status;
}

/* ---- Finishing ---- */

/* G(s epsilon, z) for the new G(epsilon, z): the rows of weights that read the noise, in the first layer and
 * in a skip. */
static void fold_noise_scale(xd_network *network, const xd_mapping_options *options) {
  xdi_linear_part part;
  for (uint32_t layer = 0; layer < network->layer_count; layer++) {
    const bool first = layer == 0 && xdi_network_linear(&part, network, 0, XDI_LINEAR_OF_X);
    if (!first && !xdi_network_linear(&part, network, layer, XDI_LINEAR_OF_INPUT))
      continue;
    for (size_t i = 0; i < options->target_dim * part.outputs; i++)
      part.weights[i] *= options->noise_scale;
  }
}

static xd_status finish_generator(xd_mapping_trainer *trainer, xd_latent_generator **out) {
  xd_network *network = NULL;
  const xd_slice weights =
      trainer->average ? xdi_slice(trainer->average, 0) : xdi_executor_parameters(trainer->generator_run);
  xd_status status =
      xdi_snapshot_create(&network, trainer->context, trainer->generator->part.network, weights);
  if (status == XD_OK)
    fold_noise_scale(network, &trainer->options);
  if (status == XD_OK)
    status = xdi_latent_generator_wrap(out, trainer->context, network);
  if (status == XD_OK)
    xd_latent_generator_freeze(*out);
  xdi_network_release(network);
  return status;
}

/* With the norms of the last update. */
static xd_status finish_discriminator(xd_mapping_trainer *trainer, xd_pair_discriminator **out) {
  xd_network *network = NULL;
  xd_status status = xdi_snapshot_create(&network, trainer->context, trainer->discriminator->part.network,
                                         xdi_executor_parameters(trainer->discriminator_run));
  if (status == XD_OK)
    xdi_spectral_fold(&trainer->spectral, network);
  if (status == XD_OK)
    status = xdi_pair_discriminator_wrap(out, trainer->context, network);
  if (status == XD_OK)
    xd_pair_discriminator_freeze(*out);
  xdi_network_release(network);
  return status;
}

xd_status xd_mapping_trainer_finish(xd_mapping_trainer *trainer, xd_latent_generator **generator,
                                    xd_pair_discriminator **discriminator) {
  if (generator)
    *generator = NULL;
  if (discriminator)
    *discriminator = NULL;
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_status status = generator ? finish_generator(trainer, generator) : XD_OK;
  if (status == XD_OK && discriminator)
    status = finish_discriminator(trainer, discriminator);
  if (status != XD_OK && generator) {
    xd_latent_generator_release(*generator);
    *generator = NULL;
  }
  return status;
}
