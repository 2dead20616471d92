/* One step of a latent generator and its pair discriminator on codes (arXiv 1805.10130, section 3.2):
 *
 *   L_D = softplus(-D(c, positive)) + softplus(D(c, G)) + softplus(D(c, noise)) + w softplus(D(c, wrong))
 *   L_G = softplus(-D(c, G)) + lambda / n |epsilon - G|^2 + w' softplus(D(wrong c, G))
 *         + v / n |G - G(epsilon, twin)|^2 + style / k |G style_reader - style|^2
 *
 * All kinds of pairs pass through D together, kind after kind; G runs forward once for both updates. The
 * optimiser moves D's raw weights, D divides them by their spectral norms: one power iteration before
 * D's update, none before G's. The kept generator is the exponential average of the weights.
 *
 * A batch may be computed in parts, whose gradients and losses are added up before an optimiser moves. */
#include <math.h>

#include "base/random.h"
#include "model/latent_generator.h"
#include "model/pair_discriminator.h"
#include "tensor/device.h"
#include "train/epochs.h"
#include "train/mapping_trainer.h"

/* ---- The codes of a step ---- */

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

/* Where a part stands among those of all ranks, by which random numbers are counted. */
static uint32_t place_of(const xd_mapping_trainer *trainer, uint32_t part) {
  return xdi_gradient_sum_place(&trainer->generator_sum, part);
}

/* epsilon for G, then the noise that D must refuse: one stream a step, the second after the first of all parts. */
static xd_status draw_noise(const xd_mapping_trainer *trainer, uint32_t part, uint32_t count) {
  xd_context *context = trainer->context;
  const uint64_t stream = xdi_stream_id(XDI_STREAM_MAPPING_NOISE, trainer->step);
  const size_t cells = (size_t)count * trainer->target_dim, first = place_of(trainer, part) * cells,
               all = xdi_gradient_sum_all(&trainer->generator_sum) * cells;
  xd_status status =
      context->table.random_normal(context->backend, xdi_mapping_place(trainer, XDI_PLACE_EPSILON), cells,
                                   trainer->settings.seed, stream, first);
  if (status == XD_OK)
    status = context->table.random_normal(context->backend, xdi_mapping_place(trainer, XDI_PLACE_NOISE),
                                          cells, trainer->settings.seed, stream, all + first);
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
  return xdi_device_write(trainer->context, xdi_mapping_place(trainer, to), codes, count);
}

static xd_status write_batch(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch) {
  const size_t target = (size_t)batch->count * trainer->target_dim;
  const size_t source = (size_t)batch->count * trainer->source_dim;
  xd_status status = write_codes(trainer, "anchor", XDI_PLACE_ANCHOR, batch->anchor, target);
  if (status == XD_OK)
    status = write_codes(trainer, "source", XDI_PLACE_SOURCE, batch->source, source);
  if (status == XD_OK && xdi_mapping_invariance(&trainer->settings) > 0.0f)
    status = write_codes(trainer, "twin", XDI_PLACE_TWIN, batch->twin, source);
  if (status == XD_OK && !trainer->settings.same_code_positive)
    status = write_codes(trainer, "positive", XDI_PLACE_POSITIVE, batch->positive, target);
  if (status == XD_OK && batch->mismatched)
    status = write_codes(trainer, "mismatched", XDI_PLACE_WRONG, batch->mismatched, target);
  if (status == XD_OK && trainer->settings.generated_mismatch > 0.0f)
    status = batch->wrong_anchor
                 ? write_codes(trainer, "wrong_anchor", XDI_PLACE_WRONG_ANCHOR, batch->wrong_anchor, target)
                 : write_codes(trainer, "mismatched", XDI_PLACE_WRONG_ANCHOR, batch->mismatched, target);
  if (status == XD_OK && xdi_asks_for_style(trainer, batch))
    status =
        write_codes(trainer, "style", XDI_PLACE_STYLE, batch->style, (size_t)batch->count * batch->style_dim);
  if (status == XD_OK && xdi_asks_for_style(trainer, batch))
    status = write_codes(trainer, "style_reader", XDI_PLACE_READER, batch->style_reader,
                         (size_t)trainer->target_dim * batch->style_dim);
  return status;
}

/* Rows [epsilon | source] as G's input from row `first` on. */
static xd_status place_sources(const xd_mapping_trainer *trainer, uint32_t first, uint32_t count,
                               uint32_t which) {
  const uint32_t target = trainer->target_dim, source = trainer->source_dim;
  const xd_slice input =
      xdi_slice_after(xdi_executor_input(trainer->generator_run), (size_t)first * (target + source));
  const xd_status status = copy_columns(trainer, input, target + source,
                                        xdi_mapping_place(trainer, XDI_PLACE_EPSILON), target, count, target);
  if (status != XD_OK)
    return status;
  return copy_columns(trainer, xdi_slice_after(input, target), target + source,
                      xdi_mapping_place(trainer, which), source, count, source);
}

/* What G makes of the sources and, behind it, of their twins and the same noise. */
static xd_status generate(const xd_mapping_trainer *trainer, uint32_t part, uint32_t count) {
  const bool twins = xdi_mapping_invariance(&trainer->settings) > 0.0f;
  xd_status status = place_sources(trainer, 0, count, XDI_PLACE_SOURCE);
  if (status == XD_OK && twins)
    status = place_sources(trainer, count, count, XDI_PLACE_TWIN);
  if (status == XD_OK)
    status = xdi_executor_forward(trainer->generator_run, twins ? 2 * count : count, true,
                                  trainer->settings.seed + place_of(trainer, part),
                                  xdi_stream_id(XDI_STREAM_DROPOUT, trainer->step * XDI_LAYER_LIMIT));
  return status;
}

static const float *rows_from(const float *rows, size_t first, uint32_t dim) {
  return rows ? rows + first * dim : NULL;
}

/* The rows of a part. */
static xd_mapping_batch take_part(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch,
                                  uint32_t part) {
  const uint32_t source = trainer->source_dim, target = trainer->target_dim;
  xd_mapping_batch taken = *batch;
  taken.count = batch->count / trainer->parts;
  const size_t first = (size_t)part * taken.count;
  taken.source = rows_from(batch->source, first, source);
  taken.twin = rows_from(batch->twin, first, source);
  taken.anchor = rows_from(batch->anchor, first, target);
  taken.positive = rows_from(batch->positive, first, target);
  taken.mismatched = rows_from(batch->mismatched, first, target);
  taken.wrong_anchor = rows_from(batch->wrong_anchor, first, target);
  taken.style = rows_from(batch->style, first, batch->style_dim);
  return taken;
}

/* Puts a part's codes on the backend, and G's beside them. */
static xd_status enter_part(const xd_mapping_trainer *trainer, uint32_t part, const xd_mapping_batch *rows) {
  xd_status status = write_batch(trainer, rows);
  if (status == XD_OK)
    status = draw_noise(trainer, part, rows->count);
  return status == XD_OK ? generate(trainer, part, rows->count) : status;
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
  const xd_slice anchor = xdi_mapping_place(trainer, XDI_PLACE_ANCHOR);
  const xd_slice judged[XDI_KINDS] = {
      [XDI_KIND_REAL] =
          trainer->settings.same_code_positive ? anchor : xdi_mapping_place(trainer, XDI_PLACE_POSITIVE),
      [XDI_KIND_GENERATED] = xdi_executor_output(trainer->generator_run),
      [XDI_KIND_NOISE] = xdi_mapping_place(trainer, XDI_PLACE_NOISE),
      [XDI_KIND_MISMATCHED] = xdi_mapping_place(trainer, XDI_PLACE_WRONG),
  };
  xd_status status = XD_OK;
  for (uint32_t kind = 0; status == XD_OK && kind < xdi_mapping_kinds(&trainer->settings); kind++)
    status = place_pairs(trainer, kind * count, count, anchor, judged[kind]);
  return status;
}

static xd_status kind_losses(const xd_mapping_trainer *trainer, xdi_mapping_losses *losses, uint32_t count) {
  const float mismatch = trainer->settings.mismatch;
  xd_status status = pair_loss(trainer, &losses->real, XDI_KIND_REAL * count, count, 1.0f, 1.0f);
  if (status == XD_OK)
    status = pair_loss(trainer, &losses->generated, XDI_KIND_GENERATED * count, count, -1.0f, 1.0f);
  if (status == XD_OK)
    status = pair_loss(trainer, &losses->noise, XDI_KIND_NOISE * count, count, -1.0f, 1.0f);
  if (status == XD_OK && mismatch > 0.0f)
    status = pair_loss(trainer, &losses->mismatched, XDI_KIND_MISMATCHED * count, count, -1.0f, mismatch);
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

/* Numbers that are added up beside the gradients. */
#define DISCRIMINATOR_NUMBERS(losses) \
  { &(losses)->discriminator, &(losses)->real, &(losses)->generated, &(losses)->noise, &(losses)->mismatched }
#define GENERATOR_NUMBERS(losses) \
  { \
    &(losses)->generator, &(losses)->adversarial, &(losses)->regularisation, &(losses)->invariance, \
        &(losses)->style \
  }
#define NUMBERS 5u /* of either */

static xd_status judge_part(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                            const xd_mapping_batch *batch, uint32_t part) {
  double *const numbers[NUMBERS] = DISCRIMINATOR_NUMBERS(losses);
  const xd_mapping_batch taken = take_part(trainer, batch, part);
  const uint32_t rows = taken.count * xdi_mapping_kinds(&trainer->settings);
  xdi_executor *run = trainer->discriminator_run;
  xd_status status = enter_part(trainer, part, &taken);
  if (status == XD_OK)
    status = place_kinds(trainer, taken.count);
  if (status == XD_OK)
    status = xdi_executor_forward(run, rows, false, 0, 0);
  if (status == XD_OK)
    status = kind_losses(trainer, losses, taken.count);
  if (status == XD_OK)
    status = xdi_executor_backward(run, rows, true, false);
  if (status == XD_OK)
    status = xdi_spectral_gradients(&trainer->spectral);
  return status == XD_OK ? xdi_gradient_sum_add(&trainer->discriminator_sum, part,
                                                xdi_executor_gradients(run), numbers, NUMBERS)
                         : status;
}

static xd_status update_discriminator(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                                      const xd_mapping_batch *batch, float learning_rate) {
  double *const numbers[NUMBERS] = DISCRIMINATOR_NUMBERS(losses);
  xdi_executor *run = trainer->discriminator_run;
  xd_status status = xdi_spectral_normalise(&trainer->spectral, 1);
  for (uint32_t part = 0; status == XD_OK && part < trainer->parts; part++)
    status = judge_part(trainer, losses, batch, part);
  if (status == XD_OK)
    status = xdi_gradient_sum_end(&trainer->discriminator_sum, xdi_executor_gradients(run), numbers, NUMBERS);
  if (status == XD_OK)
    status = check_loss(trainer, "discriminator", losses->discriminator);
  return status == XD_OK ? xdi_optimiser_step(&trainer->discriminator_optimiser, run, learning_rate) : status;
}

/* ---- G's update ---- */

/* D's judgement of G's codes, and its gradient down to D's input. *wrong: against the wrong anchor. */
static xd_status judge_generated(xd_mapping_trainer *trainer, double *adversarial, double *wrong,
                                 uint32_t count) {
  const float weight = trainer->settings.generated_mismatch;
  const xd_slice generated = xdi_executor_output(trainer->generator_run);
  const uint32_t rows = weight > 0.0f ? 2 * count : count;
  xdi_executor *run = trainer->discriminator_run;
  *wrong = 0.0;
  xd_status status = place_pairs(trainer, 0, count, xdi_mapping_place(trainer, XDI_PLACE_ANCHOR), generated);
  if (status == XD_OK && weight > 0.0f)
    status =
        place_pairs(trainer, count, count, xdi_mapping_place(trainer, XDI_PLACE_WRONG_ANCHOR), generated);
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
  if (status != XD_OK || trainer->settings.generated_mismatch <= 0.0f)
    return status;
  const xd_slice second = xdi_slice_after(from, (size_t)count * 2 * dim),
                 scratch = xdi_mapping_place(trainer, XDI_PLACE_SCRATCH);
  status = copy_columns(trainer, scratch, dim, second, 2 * dim, count, dim);
  if (status == XD_OK)
    status = xdi_device_scale_add(trainer->context, 1.0f, scratch, 1.0f, to, (size_t)count * dim);
  return status;
}

/* Adds weight / n |G - other|^2 to L_G's gradient; *mean gets the unweighted mean over the cells. */
static xd_status pull(const xd_mapping_trainer *trainer, double *mean, xd_slice other, uint32_t count,
                      float weight) {
  xd_squared_distance args = {
      .rows = count,
      .columns = trainer->target_dim,
      .weight = weight,
      .a = xdi_executor_output(trainer->generator_run),
      .b = other,
      .da = xdi_executor_output_gradient(trainer->generator_run),
  };
  return xdi_device_pull(trainer->context, mean, &args);
}

static float invariance_weight(const xd_mapping_trainer *trainer) {
  return (float)(trainer->insistence * (double)xdi_mapping_invariance(&trainer->settings));
}

/* Codes of some sets take their variety from the source more gladly than those of others: the weight grows while
 * sources change more than they are to, and falls while they change less. */
static void adapt_insistence(xd_mapping_trainer *trainer, double invariance) {
  const double target = (double)trainer->settings.invariance_target;
  if (target <= 0.0 || trainer->settings.style > 0.0f)
    return;
  const double excess = fmin(invariance / target - 1.0, 1.0);
  trainer->insistence = fmin(fmax(trainer->insistence * exp(0.003 * excess), 0.1), 10.0);
}

/* The twins' results are held fixed, so that the backward pass goes over no more rows: where twins are drawn as
 * sources are, what flows through one half alone has half the expected gradient of both. */
static xd_status regularise(const xd_mapping_trainer *trainer, xdi_mapping_losses *losses, uint32_t count,
                            float lambda) {
  const float invariance = invariance_weight(trainer);
  const xd_slice twins =
      xdi_slice_after(xdi_executor_output(trainer->generator_run), (size_t)count * trainer->target_dim);
  const xd_status status =
      pull(trainer, &losses->regularisation, xdi_mapping_place(trainer, XDI_PLACE_EPSILON), count, lambda);
  if (status != XD_OK || invariance <= 0.0f)
    return status;
  return pull(trainer, &losses->invariance, twins, count, invariance);
}

/* average = decay average + (1 - decay) weights; the decay grows so that the start is forgotten. */
static xd_status average_weights(xd_mapping_trainer *trainer) {
  if (!trainer->average)
    return XD_OK;
  const double grown = (1.0 + trainer->step) / (10.0 + trainer->step);
  const float decay = (float)fmin((double)trainer->settings.ema_decay, grown);
  return xdi_device_scale_add(trainer->context, 1.0f - decay, xdi_executor_parameters(trainer->generator_run),
                              decay, xdi_slice(trainer->average, 0),
                              trainer->generator->part.network->block_count);
}

/* Of a batch that is one part D's update has left what G gave. */
static xd_status train_part(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                            const xd_mapping_batch *batch, uint32_t part) {
  double *const numbers[NUMBERS] = GENERATOR_NUMBERS(losses);
  const xd_mapping_batch taken = take_part(trainer, batch, part);
  const uint32_t count = taken.count;
  const xdi_mapping_settings *settings = &trainer->settings;
  const float style = xdi_asks_for_style(trainer, batch) ? settings->style : 0.0f;
  const float lambda =
      xdi_linear_rate(settings->lambda_reg, settings->final_lambda, trainer->step, settings->steps);
  double wrong = 0.0;
  xd_status status = trainer->parts == 1 ? XD_OK : enter_part(trainer, part, &taken);
  if (status == XD_OK)
    status = judge_generated(trainer, &losses->adversarial, &wrong, count);
  if (status == XD_OK)
    status = take_gradient(trainer, count);
  if (status == XD_OK)
    status = regularise(trainer, losses, count, lambda);
  if (status == XD_OK && style > 0.0f)
    status = xdi_mapping_pull_style(trainer, &losses->style, count, batch->style_dim, style);
  if (status != XD_OK)
    return status;
  losses->invariance_weight = (double)invariance_weight(trainer);
  losses->generator = losses->adversarial + (double)lambda * losses->regularisation +
                      (double)settings->generated_mismatch * wrong +
                      losses->invariance_weight * losses->invariance + (double)style * losses->style;
  status = xdi_executor_backward(trainer->generator_run, count, true, false);
  return status == XD_OK
             ? xdi_gradient_sum_add(&trainer->generator_sum, part,
                                    xdi_executor_gradients(trainer->generator_run), numbers, NUMBERS)
             : status;
}

static xd_status update_generator(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                                  const xd_mapping_batch *batch, float learning_rate) {
  double *const numbers[NUMBERS] = GENERATOR_NUMBERS(losses);
  xdi_executor *run = trainer->generator_run;
  xd_status status = xdi_spectral_normalise(&trainer->spectral, 0);
  for (uint32_t part = 0; status == XD_OK && part < trainer->parts; part++)
    status = train_part(trainer, losses, batch, part);
  if (status == XD_OK)
    status = xdi_gradient_sum_end(&trainer->generator_sum, xdi_executor_gradients(run), numbers, NUMBERS);
  if (status == XD_OK)
    status = check_loss(trainer, "generator", losses->generator);
  if (status == XD_OK)
    status = xdi_optimiser_step(&trainer->generator_optimiser, run, learning_rate);
  return status == XD_OK ? average_weights(trainer) : status;
}

/* ---- Both updates ---- */

xd_status xdi_mapping_step(xd_mapping_trainer *trainer, xdi_mapping_losses *losses,
                           const xd_mapping_batch *batch, float learning_rate) {
  *losses = (xdi_mapping_losses){0};
  xd_status status = update_discriminator(trainer, losses, batch, learning_rate);
  if (status == XD_OK)
    status = update_generator(trainer, losses, batch, learning_rate);
  if (status != XD_OK)
    return status;
  adapt_insistence(trainer, losses->invariance);
  trainer->step++;
  return XD_OK;
}
