/* The translator: encoder, latent generator and decoder of one direction, run one after another on batches.
 * Executors are made for the largest batch seen so far, so that a tool that translates single pictures does
 * not pay for 256. Nothing is allocated once a batch size has been seen. */
#include "xdomain/translator.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/sized.h"
#include "format/model_file.h"
#include "image/resize.h"
#include "layer/executor.h"
#include "tensor/shape.h"

#define BATCH_LIMIT 4096u
#define TEMPERATURE_LIMIT 4.0f

struct xd_translator {
  xd_context *context;
  xd_model *model;
  bool whole;                /* the model has all weights, not this direction's alone */
  const xd_encoder *encoder; /* the model's parts of this direction */
  const xd_latent_generator *generator;
  const xd_decoder *decoder;
  uint32_t source_dim, target_dim, max_batch;
  xd_shape input, output;
  size_t input_size, output_size; /* floats a picture */
  uint64_t seed, first;
  float temperature;

  uint32_t capacity; /* pictures that what follows has room for */
  xdi_executor *encode, *generate, *decode;
  xd_buffer *noise;
  float *noise_host, *pixels; /* [capacity][target_dim]; one batch of inputs or outputs */
};

void xd_translator_options_init(xd_translator_options *options, size_t struct_size) {
  const xd_translator_options defaults = XD_TRANSLATOR_OPTIONS_INIT;
  xdi_sized_write(options, struct_size, &defaults, sizeof defaults);
}

static void release_workspace(xd_translator *t) {
  xdi_executor_destroy(t->encode);
  xdi_executor_destroy(t->generate);
  xdi_executor_destroy(t->decode);
  t->encode = t->generate = t->decode = NULL;
  xdi_device_destroy(t->context, t->noise);
  t->noise = NULL;
  xdi_release(&t->context->allocator, t->noise_host);
  xdi_release(&t->context->allocator, t->pixels);
  t->noise_host = t->pixels = NULL;
  t->capacity = 0;
}

static xd_status create_workspace(xd_translator *t, uint32_t batch) {
  xd_context *context = t->context;
  size_t largest = t->input_size > t->output_size ? t->input_size : t->output_size, codes, pixels;
  if (!xdi_multiply(batch, t->target_dim, &codes) || !xdi_multiply(batch, largest, &pixels))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "a batch of %u pictures does not fit into memory", batch);
  t->noise_host = xdi_allocate(&context->allocator, codes, sizeof(float));
  t->pixels = xdi_allocate(&context->allocator, pixels, sizeof(float));
  if (!t->noise_host || !t->pixels)
    return xdi_fail_memory(context, "preparing a translator");
  xd_status status = xdi_device_create(context, &t->noise, codes);
  if (!status)
    status = xdi_executor_create(&t->encode, context, xd_encoder_network(t->encoder), batch, XDI_INFERENCE);
  if (!status)
    status = xdi_executor_create(&t->generate, context, xd_latent_generator_network(t->generator), batch,
                                 XDI_INFERENCE);
  if (!status)
    status = xdi_executor_create(&t->decode, context, xd_decoder_network(t->decoder), batch, XDI_INFERENCE);
  if (!status)
    t->capacity = batch;
  return status;
}

static xd_status ensure_workspace(xd_translator *t, uint32_t batch) {
  if (batch <= t->capacity)
    return XD_OK;
  release_workspace(t);
  xd_status status = create_workspace(t, batch);
  if (status)
    release_workspace(t);
  return status;
}

static xd_status check_options(xd_context *context, const char *who, xd_translator_options *chosen,
                               const xd_translator_options *options) {
  *chosen = (xd_translator_options)XD_TRANSLATOR_OPTIONS_INIT;
  const xd_status status =
      options ? xdi_sized_read(context, chosen, options, XDI_SIZED(xd_translator_options, max_batch)) : XD_OK;
  if (status != XD_OK)
    return status;
  if (chosen->direction != XD_DIRECTION_1TO2 && chosen->direction != XD_DIRECTION_2TO1)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: direction %u is neither 1 nor 2", who,
                    chosen->direction);
  if (chosen->max_batch == 0 || chosen->max_batch > BATCH_LIMIT)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: max_batch %u is not in 1..%u", who,
                    chosen->max_batch, BATCH_LIMIT);
  return XD_OK;
}

static xd_status create(xd_translator **out, xd_context *context, const xd_model *model, bool whole,
                        const xd_translator_options *chosen) {
  xd_direction direction = chosen->direction;
  uint32_t source = direction == XD_DIRECTION_1TO2 ? 1 : 2, target = 3 - source;
  if (!xd_model_generator(model, direction))
    return xdi_fail(context, XD_ERROR_UNSUPPORTED, "the model has no mapping from domain %u to domain %u",
                    source, target);
  xd_translator *t = xdi_allocate_zeroed(&context->allocator, 1, sizeof *t);
  if (!t)
    return xdi_fail_memory(context, "creating a translator");
  t->context = xdi_context_retain(context);
  t->model = xd_model_retain(model);
  t->whole = whole;
  t->encoder = xd_model_encoder(model, source);
  t->generator = xd_model_generator(model, direction);
  t->decoder = xd_model_decoder(model, target);
  t->source_dim = xd_model_latent_dim(model, source);
  t->target_dim = xd_model_latent_dim(model, target);
  t->max_batch = chosen->max_batch;
  xd_model_picture_shape(model, source, &t->input);
  xd_model_picture_shape(model, target, &t->output);
  t->temperature = 1.0f;
  if (!xdi_shape_count(t->input, 1, &t->input_size) || !xdi_shape_count(t->output, 1, &t->output_size)) {
    xd_translator_destroy(t);
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "the model's pictures do not fit into memory");
  }
  *out = t;
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
  release_workspace(translator);
  xd_model_release(translator->model);
  xdi_release(&context->allocator, translator);
  xdi_context_release(context);
}

xd_status xd_translator_set_noise(xd_translator *translator, uint64_t seed, uint64_t first,
                                  float temperature) {
  if (!translator)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!(temperature >= 0.0f && temperature <= TEMPERATURE_LIMIT))
    return xdi_fail(translator->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_translator_set_noise: temperature %g is not in 0..%g", (double)temperature,
                    (double)TEMPERATURE_LIMIT);
  translator->seed = seed;
  translator->first = first;
  translator->temperature = temperature;
  return XD_OK;
}

void xd_translator_input_shape(const xd_translator *translator, xd_shape *out) {
  if (out)
    *out = translator ? translator->input : (xd_shape){0};
}

void xd_translator_output_shape(const xd_translator *translator, xd_shape *out) {
  if (out)
    *out = translator ? translator->output : (xd_shape){0};
}

const xd_model *xd_translator_model(const xd_translator *translator) {
  return translator && translator->whole ? translator->model : NULL;
}

/* A dense sub-matrix moved on the backend: rows of `columns` floats. */
static xd_status move_columns(xd_context *context, xd_slice to, uint32_t to_stride, xd_slice from,
                              uint32_t from_stride, uint32_t rows, uint32_t columns) {
  xd_status status =
      context->table.copy_columns(context->backend, to, to_stride, from, from_stride, rows, columns);
  if (status)
    return xdi_fail(context, status, "%s: copying codes failed", context->table.name);
  return XD_OK;
}

/* The generator's input rows are [noise, source code]. */
static xd_status join_noise_and_codes(xd_translator *t, uint64_t first, uint32_t batch) {
  xd_context *context = t->context;
  uint32_t stride = t->target_dim + t->source_dim;
  xd_slice joined = xdi_executor_input(t->generate), codes = joined, noise = {t->noise, 0};
  codes.offset += t->target_dim;
  xd_latent_noise(t->noise_host, batch, t->target_dim, t->seed, first, t->temperature);
  xd_status status = xdi_device_write(context, noise, t->noise_host, (size_t)batch * t->target_dim);
  if (!status)
    status = move_columns(context, joined, stride, noise, t->target_dim, batch, t->target_dim);
  /* The encoder's output rows are [mean, log variance]; inference starts from the mean. */
  if (!status)
    status = move_columns(context, codes, stride, xdi_executor_output(t->encode), 2 * t->source_dim, batch,
                          t->source_dim);
  return status;
}

/* One batch that fits: floats in, floats out. */
static xd_status run_batch(xd_translator *t, float *outputs, const float *inputs, uint64_t first,
                           uint32_t batch, float *codes) {
  xd_context *context = t->context;
  xd_status status = xdi_check_cancelled(context);
  if (!status)
    status = xdi_device_write(context, xdi_executor_input(t->encode), inputs, batch * t->input_size);
  if (!status)
    status = xdi_executor_forward(t->encode, batch, false, 0, 0);
  if (!status)
    status = join_noise_and_codes(t, first, batch);
  if (!status)
    status = xdi_executor_forward(t->generate, batch, false, 0, 0);
  if (!status)
    status = move_columns(context, xdi_executor_input(t->decode), t->target_dim,
                          xdi_executor_output(t->generate), t->target_dim, batch, t->target_dim);
  if (!status)
    status = xdi_device_read_finite(context, codes ? codes : t->noise_host, xdi_executor_output(t->generate),
                                    (size_t)batch * t->target_dim, "the generated codes");
  if (!status)
    status = xdi_executor_forward(t->decode, batch, false, 0, 0);
  if (!status)
    status = xdi_device_read_finite(context, outputs, xdi_executor_output(t->decode), batch * t->output_size,
                                    "the pictures");
  return status;
}

static uint32_t batch_at(const xd_translator *t, uint32_t done, uint32_t count) {
  return count - done < t->max_batch ? count - done : t->max_batch;
}

static xd_status check_floats(const xd_translator *t, const float *picture, uint32_t index) {
  for (size_t i = 0; i < t->input_size; i++)
    if (!isfinite(picture[i]))
      return xdi_fail(t->context, XD_ERROR_BAD_DATA, "picture %u: value %zu is not finite", index, i);
  return xdi_check_cancelled(t->context);
}

xd_status xd_translator_run_floats(xd_translator *translator, float *outputs, float *codes,
                                   const float *inputs, uint32_t count) {
  xd_translator *t = translator;
  if (!t)
    return XD_ERROR_INVALID_ARGUMENT;
  if (count && (!outputs || !inputs))
    return xdi_fail(t->context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_translator_run_floats: outputs or inputs is NULL");
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count && !status; i++)
    status = check_floats(t, inputs + i * t->input_size, i);
  if (count && !status)
    status = ensure_workspace(t, batch_at(t, 0, count));
  for (uint32_t done = 0, batch; done < count && !status; done += batch) {
    batch = batch_at(t, done, count);
    status = run_batch(t, outputs + done * t->output_size, inputs + done * t->input_size, t->first + done,
                       batch, codes ? codes + (size_t)done * t->target_dim : NULL);
  }
  return status;
}

static xd_status check_size(xd_translator *t, const xd_image *image, xd_shape shape, const char *what,
                            uint32_t index) {
  if (image->width == shape.width && image->height == shape.height)
    return XD_OK;
  return xdi_fail(t->context, XD_ERROR_SHAPE_MISMATCH, "%s picture %u is %u x %u, the model's are %u x %u",
                  what, index, image->width, image->height, shape.width, shape.height);
}

/* Puts the picture's number before the message that is there. */
static xd_status name_picture(xd_context *context, xd_status status, const char *what, uint32_t index) {
  return xdi_fail(context, status, "%s picture %u: %s", what, index, context->message);
}

/* A caller's array of views, whose elements have the size of its version of the struct. */
typedef struct gallery {
  const xd_image *views;
  size_t step;
} gallery;

static const xd_image *view_of(const gallery *of, uint32_t index) {
  return (const xd_image *)(const void *)((const char *)of->views + index * of->step);
}

static xd_status open_gallery(xd_context *context, gallery *out, const xd_image *views, uint32_t count) {
  out->views = views;
  return xdi_sized_check_array(context, views, count, XDI_SIZED(xd_image, reserved), &out->step);
}

static xd_status read_images(xd_translator *t, const gallery *images, uint32_t first, uint32_t batch) {
  for (uint32_t i = 0; i < batch; i++) {
    xdi_silence(t->context);
    xd_status status = xd_image_to_floats(t->context, t->pixels + i * t->input_size,
                                          view_of(images, first + i), t->input.channels);
    xdi_speak(t->context);
    if (status)
      return name_picture(t->context, status, "input", first + i);
  }
  return XD_OK;
}

static xd_status write_image(xd_translator *t, const xd_image *output, const xd_image *input,
                             const float *pixels) {
  xdi_view to, from, result;
  xd_status status = xdi_view_open_output(t->context, &to, output, "the view");
  if (status == XD_OK)
    status = xdi_view_open(t->context, &from, input, "its input");
  if (status == XD_OK)
    status = xdi_view_open_floats(t->context, &result, pixels, t->output.width, t->output.height,
                                  t->output.channels, "result");
  if (status == XD_OK)
    status = xdi_view_check_finite(t->context, &result, "the model's result");
  return status == XD_OK ? xdi_view_write_result(t->context, &to, &result, &from, XD_FIT_STRETCH) : status;
}

static xd_status write_images(xd_translator *t, const gallery *outputs, const gallery *inputs, uint32_t first,
                              uint32_t batch) {
  for (uint32_t i = 0; i < batch; i++) {
    xdi_silence(t->context);
    const xd_status status = write_image(t, view_of(outputs, first + i), view_of(inputs, first + i),
                                         t->pixels + i * t->output_size);
    xdi_speak(t->context);
    if (status)
      return name_picture(t->context, status, "output", first + i);
  }
  return XD_OK;
}

xd_status xd_translator_run(xd_translator *translator, const xd_image *outputs, float *codes,
                            const xd_image *inputs, uint32_t count) {
  xd_translator *t = translator;
  if (!t)
    return XD_ERROR_INVALID_ARGUMENT;
  if (count && (!outputs || !inputs))
    return xdi_fail(t->context, XD_ERROR_INVALID_ARGUMENT, "xd_translator_run: outputs or inputs is NULL");
  gallery in, out;
  xd_status status = open_gallery(t->context, &in, inputs, count);
  if (!status)
    status = open_gallery(t->context, &out, outputs, count);
  for (uint32_t i = 0; i < count && !status; i++) {
    status = check_size(t, view_of(&in, i), t->input, "input", i);
    if (!status)
      status = check_size(t, view_of(&out, i), t->output, "output", i);
  }
  if (count && !status)
    status = ensure_workspace(t, batch_at(t, 0, count));
  for (uint32_t done = 0, batch; done < count && !status; done += batch) {
    batch = batch_at(t, done, count);
    status = read_images(t, &in, done, batch);
    if (!status)
      status = run_batch(t, t->pixels, t->pixels, t->first + done, batch,
                         codes ? codes + (size_t)done * t->target_dim : NULL);
    if (!status)
      status = write_images(t, &out, &in, done, batch);
  }
  return status;
}
