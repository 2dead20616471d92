/* The translator's life, its options and what it tells of itself. */
#include "translate/translator.h"

#include "base/context.h"
#include "base/memory.h"
#include "base/sized.h"
#include "format/model_file.h"
#include "tensor/shape.h"

#define BATCH_LIMIT 4096u
#define TEMPERATURE_LIMIT 4.0f

void xd_translator_options_init(xd_translator_options *options, size_t struct_size) {
  const xd_translator_options defaults = XD_TRANSLATOR_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

static xd_status check_options(xd_context *context, const char *who, xd_translator_options *chosen,
                               const xd_translator_options *options) {
  *chosen = (xd_translator_options)XD_TRANSLATOR_OPTIONS_INIT;
  const xd_status status =
      options ? xdi_sized_read(context, chosen, options, XDI_SIZED(xd_translator_options, user)) : XD_OK;
  if (status != XD_OK)
    return status;
  if (chosen->direction != XD_DIRECTION_1TO2 && chosen->direction != XD_DIRECTION_2TO1)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: direction %u is neither 1 nor 2", who,
                    chosen->direction);
  if (chosen->max_batch == 0 || chosen->max_batch > BATCH_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: max_batch %u is not in 1..%u", who,
                    chosen->max_batch, BATCH_LIMIT);
  if (chosen->fit > XD_FIT_CROP)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: fit is %u, no xd_fit", who, chosen->fit);
  return xdi_check_reserved(context, "xd_translator_options.reserved", chosen->reserved);
}

/* The encoder's rows are [mean | log variance], the generator's [noise | source code]. A domain of conditions has
 * no encoder. */
static void take_networks(xd_translator *translator, uint32_t source, uint32_t target) {
  const xd_model *model = translator->model;
  const xd_latent_generator *generator = xd_model_generator(model, translator->options.direction);
  translator->source_dim = xd_latent_generator_source_dim(generator);
  translator->target_dim = xd_latent_generator_target_dim(generator);
  if (xd_model_encoder(model, source))
    translator->encoder = xdi_session_of(
        translator->context, xd_encoder_network(xd_model_encoder(model, source)), 0, translator->source_dim);
  translator->generator =
      xdi_session_of(translator->context, xd_latent_generator_network(generator), translator->target_dim, 0);
  translator->decoder =
      xdi_session_of(translator->context, xd_decoder_network(xd_model_decoder(model, target)), 0, 0);
  xd_model_picture_shape(model, source, &translator->input);
  xd_model_picture_shape(model, target, &translator->output);
}

static xd_status create(xd_translator **out, xd_context *context, const xd_model *model, bool whole,
                        const xd_translator_options *chosen) {
  const uint32_t source = chosen->direction == XD_DIRECTION_1TO2 ? 1 : 2, target = 3 - source;
  if (!xd_model_generator(model, chosen->direction))
    return xdi_fail(context, XD_ERROR_UNSUPPORTED, "the model has no mapping from domain %u to domain %u",
                    source, target);
  xd_translator *translator = xdi_allocate_zeroed(&context->allocator, 1, sizeof *translator);
  if (!translator)
    return xdi_fail_memory(context, "creating a translator");
  translator->context = xdi_context_retain(context);
  translator->model = xd_model_retain(model);
  translator->whole = whole;
  translator->options = *chosen;
  translator->temperature = 1.0f;
  take_networks(translator, source, target);
  if ((translator->encoder.network && !xdi_shape_count(translator->input, 1, &translator->input_size)) ||
      !xdi_shape_count(translator->output, 1, &translator->output_size)) {
    xd_translator_destroy(translator);
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the model's pictures do not fit into memory");
  }
  *out = translator;
  return XD_OK;
}

xd_status xd_translator_create(xd_translator **out, xd_context *context, const xd_model *model,
                               const xd_translator_options *options) {
  xd_translator_options chosen;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !model)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_translator_create: out or model is NULL");
  const xd_status status = check_options(context, "xd_translator_create", &chosen, options);
  return status ? status : create(out, context, model, true, &chosen);
}

xd_status xd_translator_load(xd_translator **out, xd_context *context, const char *path,
                             const xd_translator_options *options) {
  xd_translator_options chosen;
  xd_model *model = NULL;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !path)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_translator_load: out or path is NULL");
  xd_status status = check_options(context, "xd_translator_load", &chosen, options);
  if (!status)
    status = xdi_model_load(&model, context, path, chosen.direction);
  if (!status)
    status = create(out, context, model, false, &chosen);
  xd_model_release(model);
  return status;
}

xd_status xd_translator_load_source(xd_translator **out, xd_context *context, const xd_source *source,
                                    const xd_translator_options *options) {
  xd_translator_options chosen;
  xd_model *model = NULL;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_translator_load_source: out is NULL");
  xd_status status = check_options(context, "xd_translator_load_source", &chosen, options);
  if (!status)
    status = xdi_model_load_source(&model, context, source, chosen.direction, "xd_translator_load_source");
  if (!status)
    status = create(out, context, model, false, &chosen);
  xd_model_release(model);
  return status;
}

void xd_translator_destroy(xd_translator *translator) {
  if (!translator)
    return;
  xd_context *context = translator->context;
  xdi_session_close(&translator->encoder);
  xdi_session_close(&translator->generator);
  xdi_session_close(&translator->decoder);
  xdi_release(&context->allocator, translator->noise.at);
  xdi_release(&context->allocator, translator->pixels.at);
  xd_model_release(translator->model);
  xdi_release(&context->allocator, translator);
  xdi_context_release(context);
}

xd_status xd_translator_set_noise(xd_translator *translator, uint64_t seed, uint64_t first,
                                  float temperature) {
  const xd_status status = translator ? xdi_check_open(translator->context) : XD_ERROR_INVALID_ARGUMENT;
  if (status != XD_OK)
    return status;
  if (!(temperature >= 0.0f && temperature <= TEMPERATURE_LIMIT))
    return xdi_fail(translator->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_translator_set_noise: temperature %g is not in 0..%g", (double)temperature,
                    (double)TEMPERATURE_LIMIT);
  translator->seed = seed;
  translator->first = first;
  translator->temperature = temperature;
  return XD_OK;
}

void xd_translator_noise(const xd_translator *translator, uint64_t *seed, uint64_t *first,
                         float *temperature) {
  if (seed)
    *seed = translator ? translator->seed : 0;
  if (first)
    *first = translator ? translator->first : 0;
  if (temperature)
    *temperature = translator ? translator->temperature : 0.0f;
}

void xd_translator_input_shape(const xd_translator *translator, xd_shape *out) {
  if (out)
    *out = translator ? translator->input : (xd_shape){0};
}

void xd_translator_output_shape(const xd_translator *translator, xd_shape *out) {
  if (out)
    *out = translator ? translator->output : (xd_shape){0};
}

uint32_t xd_translator_source_dim(const xd_translator *translator) {
  return translator ? translator->source_dim : 0;
}

uint32_t xd_translator_target_dim(const xd_translator *translator) {
  return translator ? translator->target_dim : 0;
}

xd_direction xd_translator_direction(const xd_translator *translator) {
  return translator ? translator->options.direction : 0;
}

const xd_model *xd_translator_model(const xd_translator *translator) {
  return translator && translator->whole ? translator->model : NULL;
}
