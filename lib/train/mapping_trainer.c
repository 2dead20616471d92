/* The trainer of a mapping: its networks, its memory, and what comes of it. The step itself stands in
 * mapping_step.c. */
#include "train/mapping_trainer.h"

#include <math.h>

#include "base/memory.h"
#include "base/sized.h"
#include "model/latent_generator.h"
#include "model/pair_discriminator.h"
#include "options/values.h"
#include "tensor/device.h"
#include "train/ranks.h"
#include "train/snapshot.h"

/* ---- Creation ---- */

void xd_mapping_batch_init(xd_mapping_batch *batch, size_t struct_size) {
  const xd_mapping_batch defaults = XD_MAPPING_BATCH_INIT;
  xdi_sized_write(batch, struct_size, &defaults, sizeof defaults);
}

/* A latent size: the option's, unless it is 0, and a given network's. */
static xd_status choose_dim(xd_context *context, uint32_t *dim, uint32_t given, const char *name) {
  if (*dim == 0)
    *dim = given;
  if (*dim == 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "mapping.%s is 0, and no network gives it", name);
  if (given == 0 || *dim == given)
    return XD_OK;
  return xdi_fail(context, XD_ERROR_SHAPE_MISMATCH, "mapping.%s is %u, but the given network's is %u", name,
                  *dim, given);
}

static xd_status choose_dims(xd_mapping_trainer *trainer, const xd_latent_generator *generator,
                             const xd_pair_discriminator *discriminator) {
  xd_context *context = trainer->context;
  xdi_mapping_settings *settings = &trainer->settings;
  const uint32_t target =
      generator ? xd_latent_generator_target_dim(generator) : xd_pair_discriminator_latent_dim(discriminator);
  xd_status status =
      choose_dim(context, &settings->source_dim, xd_latent_generator_source_dim(generator), "source_dim");
  if (status == XD_OK)
    status = choose_dim(context, &settings->target_dim, target, "target_dim");
  if (status == XD_OK && discriminator &&
      xd_pair_discriminator_latent_dim(discriminator) != settings->target_dim)
    status = xdi_fail(context, XD_ERROR_SHAPE_MISMATCH,
                      "the discriminator judges codes of %u dimensions, but the generator's have %u",
                      xd_pair_discriminator_latent_dim(discriminator), settings->target_dim);
  trainer->source_dim = settings->source_dim;
  trainer->target_dim = settings->target_dim;
  return status;
}

static xd_status create_networks(xd_mapping_trainer *trainer, const xd_latent_generator *generator,
                                 const xd_pair_discriminator *discriminator) {
  xd_context *context = trainer->context;
  xd_latent_generator *made_generator = NULL;
  xd_pair_discriminator *made_discriminator = NULL;
  xd_status status = XD_OK;
  if (!generator)
    status = xdi_latent_generator_build(&made_generator, context, &trainer->settings);
  if (status == XD_OK && !discriminator)
    status = xdi_pair_discriminator_build(&made_discriminator, context, &trainer->settings);
  trainer->generator = generator ? xd_latent_generator_retain(generator) : made_generator;
  trainer->discriminator = discriminator ? xd_pair_discriminator_retain(discriminator) : made_discriminator;
  return status;
}

static xd_status create_codes(xd_mapping_trainer *trainer) {
  const uint32_t rows = xdi_part_rows(trainer->rows, trainer->parts);
  size_t count = 0;
  for (uint32_t i = 0; i < XDI_PLACES; i++) {
    trainer->places[i] = count;
    const size_t dim =
        i == XDI_PLACE_SOURCE || i == XDI_PLACE_TWIN ? trainer->source_dim : trainer->target_dim;
    count += xdi_device_room(dim * (i == XDI_PLACE_READER ? trainer->target_dim : rows));
  }
  return xdi_device_create(trainer->context, &trainer->codes, count);
}

static xd_status create_average(xd_mapping_trainer *trainer, const xd_network *generator) {
  if (trainer->settings.ema_decay <= 0.0f)
    return XD_OK;
  xd_status status = xdi_device_create(trainer->context, &trainer->average, generator->block_count);
  if (status == XD_OK)
    status = xdi_device_scale_add(trainer->context, 1.0f, xdi_executor_parameters(trainer->generator_run),
                                  0.0f, xdi_slice(trainer->average, 0), generator->block_count);
  return status;
}

static xd_status create_runs(xd_mapping_trainer *trainer) {
  xd_context *context = trainer->context;
  const xdi_mapping_settings *settings = &trainer->settings;
  const uint32_t rows = xdi_part_rows(trainer->rows, trainer->parts);
  const xdi_optimiser_settings adam = {settings->beta1, settings->beta2, 0.0f};
  const xd_network *generator = trainer->generator->part.network;
  const xd_network *discriminator = trainer->discriminator->part.network;
  xd_status status =
      xdi_executor_create(&trainer->generator_run, context, generator,
                          rows * (xdi_mapping_invariance(settings) > 0.0f ? 2 : 1), XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_executor_create(&trainer->discriminator_run, context, discriminator,
                                 rows * xdi_mapping_kinds(settings), XDI_TRAINING);
  if (status == XD_OK)
    status = xdi_optimiser_open(&trainer->generator_optimiser, context, generator->block_count, &adam);
  if (status == XD_OK)
    status =
        xdi_optimiser_open(&trainer->discriminator_optimiser, context, discriminator->block_count, &adam);
  if (status == XD_OK)
    status = xdi_gradient_sum_open(&trainer->generator_sum, context, generator->block_count, trainer->parts);
  if (status == XD_OK)
    status = xdi_gradient_sum_open(&trainer->discriminator_sum, context, discriminator->block_count,
                                   trainer->parts);
  if (status == XD_OK)
    status = xdi_spectral_open(&trainer->spectral, context, trainer->discriminator_run, discriminator,
                               settings->spectral_norm != 0, settings->seed);
  if (status == XD_OK)
    status = create_average(trainer, generator);
  if (status == XD_OK)
    status = create_codes(trainer);
  return status;
}

/* What no bound of a single option says. */
static xd_status check_settings(xd_context *context, const xdi_mapping_settings *settings) {
  if (settings->anchor_codes > 1 && settings->same_code_positive)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "mapping.anchor_codes cannot be %u with mapping.same_code_positive",
                    settings->anchor_codes);
  return XD_OK;
}

/* Networks of the caller's may have any layers; the noise's scale becomes part of those that read it. */
static xd_status check_generator(const xd_mapping_trainer *trainer) {
  xd_network *network = trainer->generator->part.network;
  xdi_linear_part part;
  if (trainer->settings.noise_scale == 1.0f ||
      (xdi_network_linear(&part, network, 0, XDI_LINEAR_OF_X) && !xdi_network_adds_input(network, 0)))
    return XD_OK;
  return xdi_fail(
      trainer->context, XD_ERROR_UNSUPPORTED,
      "mapping.noise_scale is %g, but the generator's noise is not read by a dense first layer alone; "
      "set it to 1",
      (double)trainer->settings.noise_scale);
}

xd_status xdi_mapping_trainer_open(xd_mapping_trainer **out, xd_context *context,
                                   const xd_latent_generator *generator,
                                   const xd_pair_discriminator *discriminator,
                                   const xdi_mapping_settings *settings) {
  xd_mapping_trainer *trainer = xdi_allocate_zeroed(&context->allocator, 1, sizeof *trainer);
  if (!trainer)
    return xdi_fail_memory(context, "creating a mapping's trainer");
  trainer->context = xdi_context_retain(context);
  trainer->settings = *settings;
  trainer->settings.steps = xdi_mapping_steps(settings, 1);
  trainer->rows = xdi_rank_rows(context, settings->batch);
  trainer->parts = xdi_rank_parts(context, settings->parts);
  trainer->insistence = 1.0;
  xd_status status = check_settings(context, settings);
  if (status == XD_OK)
    status = choose_dims(trainer, generator, discriminator);
  if (status == XD_OK)
    status = create_networks(trainer, generator, discriminator);
  if (status == XD_OK)
    status = check_generator(trainer);
  if (status == XD_OK)
    status = create_runs(trainer);
  if (status == XD_OK)
    *out = trainer;
  else
    xd_mapping_trainer_destroy(trainer);
  return status;
}

xd_status xd_mapping_trainer_create(xd_mapping_trainer **out, xd_context *context,
                                    const xd_latent_generator *generator,
                                    const xd_pair_discriminator *discriminator, const xd_options *options) {
  xdi_mapping_settings settings;
  if (out)
    *out = NULL;
  if (!out || !context)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_trainer_create: out or context is NULL");
  const xd_status status = xdi_read_mapping(&settings, context, options);
  return status == XD_OK ? xdi_mapping_trainer_open(out, context, generator, discriminator, &settings)
                         : status;
}

void xd_mapping_trainer_destroy(xd_mapping_trainer *trainer) {
  if (!trainer)
    return;
  xd_context *context = trainer->context;
  xdi_device_destroy(context, trainer->codes);
  xdi_device_destroy(context, trainer->average);
  xdi_spectral_close(&trainer->spectral);
  xdi_gradient_sum_close(&trainer->generator_sum);
  xdi_gradient_sum_close(&trainer->discriminator_sum);
  xdi_optimiser_close(&trainer->generator_optimiser);
  xdi_optimiser_close(&trainer->discriminator_optimiser);
  xdi_executor_destroy(trainer->generator_run);
  xdi_executor_destroy(trainer->discriminator_run);
  xd_latent_generator_release(trainer->generator);
  xd_pair_discriminator_release(trainer->discriminator);
  xdi_release(&context->allocator, trainer);
  xdi_context_release(context);
}

/* ---- One step ---- */

/* The array that a batch lacks for what the settings ask; NULL: none. */
static const char *find_missing(const xdi_mapping_settings *settings, const xd_mapping_batch *batch,
                                bool wants_style) {
  const bool wants_mismatched = settings->mismatch > 0.0f || settings->generated_mismatch > 0.0f;
  if (!batch->source)
    return "source";
  if (!batch->twin && xdi_mapping_invariance(settings) > 0.0f)
    return "twin";
  if (!batch->anchor)
    return "anchor";
  if (!batch->positive && !settings->same_code_positive)
    return "positive";
  if (!batch->mismatched && wants_mismatched)
    return "mismatched";
  if (!batch->style_reader && wants_style)
    return "style_reader";
  return !batch->style && wants_style ? "style" : NULL;
}

static xd_status check_batch(const xd_mapping_trainer *trainer, const xd_mapping_batch *batch,
                             float learning_rate) {
  xd_context *context = trainer->context;
  const xdi_mapping_settings *settings = &trainer->settings;
  if (batch->count == 0 || batch->count > trainer->rows)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_batch.count is %u, the option batch %u, for %u ranks", batch->count,
                    settings->batch, trainer->generator_sum.reduce.ranks);
  if (batch->count % trainer->parts != 0)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_batch.count is %u, which %u parts cannot share evenly", batch->count,
                    trainer->parts);
  const bool wants_style = xdi_asks_for_style(trainer, batch);
  if (wants_style && batch->style_dim > trainer->target_dim)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_mapping_batch.style_dim is %u, the codes have %u dimensions", batch->style_dim,
                    trainer->target_dim);
  const char *missing = find_missing(settings, batch, wants_style);
  if (missing)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_batch.%s is NULL", missing);
  if (!(learning_rate >= 0.0f) || !isfinite(learning_rate))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_mapping_trainer_step: learning rate %g",
                    (double)learning_rate);
  return xdi_check_cancelled(context);
}

static xd_status tell(const xd_mapping_trainer *trainer, xd_values *to, const xdi_mapping_losses *losses) {
  const xdi_number numbers[] = {{"discriminator", losses->discriminator},
                                {"generator", losses->generator},
                                {"real", losses->real},
                                {"generated", losses->generated},
                                {"noise", losses->noise},
                                {"mismatched", losses->mismatched},
                                {"adversarial", losses->adversarial},
                                {"regularisation", losses->regularisation},
                                {"invariance", losses->invariance},
                                {"invariance_weight", losses->invariance_weight},
                                {"style", losses->style}};
  return xdi_values_set_all(to, trainer->context, numbers, sizeof numbers / sizeof *numbers);
}

xd_status xd_mapping_trainer_step(xd_mapping_trainer *trainer, xd_values *losses,
                                  const xd_mapping_batch *batch, float learning_rate) {
  xd_values_clear(losses);
  if (!trainer)
    return XD_ERROR_INVALID_ARGUMENT;
  xd_mapping_batch given = XD_MAPPING_BATCH_INIT;
  xdi_mapping_losses measured;
  xd_status status = xdi_sized_read(trainer->context, &given, batch, XDI_SIZED(xd_mapping_batch, style_dim));
  if (status == XD_OK)
    status = check_batch(trainer, &given, learning_rate);
  if (status == XD_OK)
    status = xdi_mapping_step(trainer, &measured, &given, learning_rate);
  return status == XD_OK ? tell(trainer, losses, &measured) : status;
}

void xdi_mapping_trainer_archive(xd_mapping_trainer *trainer, xdi_archive *archive) {
  const size_t generator = trainer->generator->part.network->block_count;
  xdi_archive_u32(archive, &trainer->step);
  xdi_archive_floats(archive, xdi_executor_parameters(trainer->generator_run), generator);
  xdi_archive_floats(archive, xdi_executor_parameters(trainer->discriminator_run),
                     trainer->discriminator->part.network->block_count);
  xdi_optimiser_archive(&trainer->generator_optimiser, archive);
  xdi_optimiser_archive(&trainer->discriminator_optimiser, archive);
  xdi_spectral_archive(&trainer->spectral, archive);
  xdi_archive_f64(archive, &trainer->insistence);
  if (trainer->average)
    xdi_archive_floats(archive, xdi_slice(trainer->average, 0), generator);
}

/* ---- Finishing ---- */

/* G(s epsilon, z) for the new G(epsilon, z): the rows of weights that read the noise, in the first layer and
 * in a skip. */
static void fold_noise_scale(xd_network *network, const xdi_mapping_settings *settings) {
  xdi_linear_part part;
  for (uint32_t layer = 0; layer < network->layer_count; layer++) {
    const bool first = layer == 0 && xdi_network_linear(&part, network, 0, XDI_LINEAR_OF_X);
    if (!first && !xdi_network_linear(&part, network, layer, XDI_LINEAR_OF_INPUT))
      continue;
    for (size_t i = 0; i < settings->target_dim * part.outputs; i++)
      part.weights[i] *= settings->noise_scale;
  }
}

static xd_status finish_generator(xd_mapping_trainer *trainer, xd_latent_generator **out) {
  xd_network *network = NULL;
  const xd_slice weights =
      trainer->average ? xdi_slice(trainer->average, 0) : xdi_executor_parameters(trainer->generator_run);
  xd_status status =
      xdi_snapshot_create(&network, trainer->context, trainer->generator->part.network, weights);
  if (status == XD_OK)
    fold_noise_scale(network, &trainer->settings);
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
