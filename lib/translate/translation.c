/* The translator's calls. Each is a job of some of the three stages, encode, generate and decode, which run one
 * after another on batches. A stage takes its rows from the caller or, on the backend, from the stage before. What
 * batches need is made for the largest one seen so far, so that a program that translates single pictures does not
 * pay for 256. */
#include "base/memory.h"
#include "base/sized.h"
#include "base/tell.h"
#include "image/resize.h"
#include "translate/translator.h"

enum { ENCODE = 1, GENERATE = 2, DECODE = 4 };

/* A caller's array of views, whose elements have the size of its version of the struct. */
typedef struct gallery {
  const xd_image *views; /* NULL: none, the pictures are floats or are not wanted */
  size_t step;
} gallery;

/* One call; what is NULL comes from the stage before, or is not wanted. */
typedef struct job {
  xd_translator *translator;
  unsigned stages;
  uint32_t count;
  gallery from, to;
  const float *pictures;             /* in of ENCODE */
  float *means;                      /* its out */
  const float *noise, *source_codes; /* in of GENERATE */
  float *generated;                  /* its out */
  const float *codes;                /* in of DECODE */
  float *results;                    /* its out */
} job;

/* ---- views ---- */

static const xd_image *view_of(const gallery *of, uint32_t index) {
  return (const xd_image *)(const void *)((const char *)of->views + index * of->step);
}

static xd_status open_pair(const xd_translator *translator, xdi_view *to, xdi_view *from,
                           const xd_image *output, const xd_image *input) {
  if (!input)
    return xdi_view_open_output(translator->context, to, output, "the output");
  if (!output)
    return xdi_view_open_input(translator->context, from, input, "the input");
  return xdi_view_open_both(translator->context, to, from, output, input);
}

static xd_status check_pair(const job *of, uint32_t index) {
  const xd_translator *translator = of->translator;
  const xd_image *input = of->from.views ? view_of(&of->from, index) : NULL;
  const xd_image *output = of->to.views ? view_of(&of->to, index) : NULL;
  xdi_view to, from;
  xd_status status = open_pair(translator, &to, &from, output, input);
  if (status == XD_OK && input)
    status = xdi_view_check_fit(translator->context, translator->input.width, translator->input.height, &from,
                                translator->options.fit);
  if (status == XD_OK && output)
    status = xdi_view_check_fit(translator->context, translator->output.width, translator->output.height, &to,
                                XD_FIT_EXACT);
  return status;
}

static xd_status check_views(const job *of) {
  xd_context *context = of->translator->context;
  if (!of->from.views && !of->to.views)
    return XD_OK;
  for (uint32_t i = 0; i < of->count; i++) {
    xdi_silence(context);
    const xd_status status = check_pair(of, i);
    xdi_speak(context);
    if (status != XD_OK && of->count == 1)
      return xdi_fail(context, status, "%s", context->message);
    if (status != XD_OK)
      return xdi_fail(context, status, "picture %u: %s", i, context->message);
  }
  return XD_OK;
}

/* Pictures of views that were checked, as floats. */
static xd_status read_views(const job *of, uint32_t first, uint32_t rows) {
  const xd_translator *translator = of->translator;
  const xd_shape shape = translator->input;
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < rows && status == XD_OK; i++) {
    const xdi_view to = xdi_view_of(translator->pixels.at + i * translator->input_size, shape.width,
                                    shape.height, shape.channels, XD_SAMPLE_F32);
    xdi_view from;
    status = xdi_view_open(translator->context, &from, view_of(&of->from, first + i), "the input");
    if (status == XD_OK)
      status = xdi_view_fit(translator->context, &to, &from, translator->options.fit);
  }
  return status;
}

static xd_status write_view(const job *of, uint32_t index, const float *pixels) {
  const xd_translator *translator = of->translator;
  const xd_shape shape = translator->output;
  const xd_fit fit = translator->options.fit == XD_FIT_EXACT ? XD_FIT_STRETCH : translator->options.fit;
  const xdi_view result = xdi_view_of(pixels, shape.width, shape.height, shape.channels, XD_SAMPLE_F32);
  xdi_view to, from = result;
  xd_status status = xdi_view_open(translator->context, &to, view_of(&of->to, index), "the output");
  if (status == XD_OK && of->from.views)
    status = xdi_view_open(translator->context, &from, view_of(&of->from, index), "the input");
  return status == XD_OK ? xdi_view_write_result(translator->context, &to, &result, &from, fit) : status;
}

/* ---- stages ---- */

static xd_status encode(const job *of, uint32_t first, uint32_t rows) {
  xd_translator *translator = of->translator;
  const float *pictures =
      of->from.views ? translator->pixels.at : of->pictures + first * translator->input_size;
  xd_status status = of->from.views ? read_views(of, first, rows) : XD_OK;
  if (status == XD_OK)
    status = xdi_session_run(&translator->encoder, pictures, NULL, rows);
  if (status == XD_OK && of->means)
    status = xdi_session_read(&translator->encoder, of->means + (size_t)first * translator->source_dim, NULL,
                              rows, "the codes");
  return status;
}

static const float *find_noise(const job *of, uint32_t first, uint32_t rows) {
  const xd_translator *translator = of->translator;
  if (of->noise)
    return of->noise + (size_t)first * translator->target_dim;
  xd_latent_noise(translator->noise.at, rows, translator->target_dim, translator->seed,
                  translator->first + first, translator->temperature);
  return translator->noise.at;
}

static xd_status generate(const job *of, uint32_t first, uint32_t rows) {
  xd_translator *translator = of->translator;
  const float *noise = find_noise(of, first, rows);
  xd_status status = of->source_codes
                         ? xdi_session_run(&translator->generator, noise,
                                           of->source_codes + (size_t)first * translator->source_dim, rows)
                         : xdi_session_run_after(&translator->generator, noise, &translator->encoder, rows);
  if (status == XD_OK)
    status = xdi_session_read(&translator->generator,
                              of->generated ? of->generated + (size_t)first * translator->target_dim
                                            : translator->noise.at,
                              NULL, rows, "the generated codes");
  return status;
}

static xd_status decode(const job *of, uint32_t first, uint32_t rows) {
  xd_translator *translator = of->translator;
  float *results = of->to.views ? translator->pixels.at : of->results + first * translator->output_size;
  xd_status status = of->codes
                         ? xdi_session_run(&translator->decoder,
                                           of->codes + (size_t)first * translator->target_dim, NULL, rows)
                         : xdi_session_run_after(&translator->decoder, NULL, &translator->generator, rows);
  if (status == XD_OK)
    status = xdi_session_read(&translator->decoder, results, NULL, rows, "the pictures");
  for (uint32_t i = 0; i < rows && status == XD_OK && of->to.views; i++)
    status = write_view(of, first + i, results + i * translator->output_size);
  return status;
}

static xd_status run_batch(const job *of, uint32_t first, uint32_t rows) {
  xd_status status = xdi_check_cancelled(of->translator->context);
  if (status == XD_OK && of->stages & ENCODE)
    status = encode(of, first, rows);
  if (status == XD_OK && of->stages & GENERATE)
    status = generate(of, first, rows);
  if (status == XD_OK && of->stages & DECODE)
    status = decode(of, first, rows);
  return status;
}

/* ---- jobs ---- */

static xd_status tell(const job *of, uint32_t done) {
  const xd_translator *translator = of->translator;
  return xdi_tell_step(translator->context, translator->options.callback, translator->options.user,
                       XD_STAGE_TRANSLATION, done, of->count, NULL);
}

static xd_status reserve_rows(xd_context *context, xdi_rows *rows, uint32_t count, size_t width) {
  size_t size;
  if (count <= rows->capacity)
    return XD_OK;
  xdi_release(&context->allocator, rows->at);
  *rows = (xdi_rows){0};
  if (!xdi_multiply(width, sizeof *rows->at, &size))
    return xdi_fail(context, XD_ERROR_TOO_LARGE, "a batch of pictures does not fit into memory");
  rows->at = xdi_allocate(&context->allocator, count, size);
  if (!rows->at)
    return xdi_fail_memory(context, "preparing a translator");
  rows->capacity = count;
  return XD_OK;
}

static xd_status reserve(const job *of, uint32_t batch) {
  xd_translator *translator = of->translator;
  xd_status status = XD_OK;
  if (of->from.views || of->to.views)
    status = reserve_rows(translator->context, &translator->pixels, batch,
                          translator->input_size > translator->output_size ? translator->input_size
                                                                           : translator->output_size);
  if (status == XD_OK && of->stages & GENERATE)
    status = reserve_rows(translator->context, &translator->noise, batch, translator->target_dim);
  if (status == XD_OK && of->stages & ENCODE)
    status = xdi_session_reserve(&translator->encoder, batch);
  if (status == XD_OK && of->stages & GENERATE)
    status = xdi_session_reserve(&translator->generator, batch);
  if (status == XD_OK && of->stages & DECODE)
    status = xdi_session_reserve(&translator->decoder, batch);
  return status;
}

static xd_status check_rows(const job *of, const float *rows, size_t width, xdi_row_kind kind) {
  return rows ? xdi_device_check_rows(of->translator->context, rows, of->count, width, kind) : XD_OK;
}

static xd_status check_values(const job *of) {
  const xd_translator *translator = of->translator;
  xd_status status = check_rows(of, of->pictures, translator->input_size, XDI_ROWS_OF_PIXELS);
  if (status == XD_OK)
    status = check_rows(of, of->noise, translator->target_dim, XDI_ROWS_OF_CODES);
  if (status == XD_OK)
    status = check_rows(of, of->source_codes, translator->source_dim, XDI_ROWS_OF_CODES);
  if (status == XD_OK)
    status = check_rows(of, of->codes, translator->target_dim, XDI_ROWS_OF_CODES);
  return status;
}

static xd_status check_stages(const job *of) {
  const xd_translator *translator = of->translator;
  if (!(of->stages & ENCODE) || translator->encoder.network)
    return XD_OK;
  return xdi_fail(translator->context, XD_ERROR_UNSUPPORTED,
                  "the source domain holds conditions: it has no pictures to translate");
}

/* Large pictures pass in smaller batches. */
static uint32_t choose_batch(const job *of) {
  const xd_translator *translator = of->translator;
  const uint32_t most = translator->options.max_batch;
  uint32_t batch = of->count < most ? of->count : most;
  if (of->stages & ENCODE)
    batch = xdi_session_rows(translator->encoder.network, batch);
  if (of->stages & DECODE)
    batch = xdi_session_rows(translator->decoder.network, batch);
  return batch;
}

static xd_status run(const job *of) {
  xd_status status = check_stages(of);
  if (status == XD_OK)
    status = check_views(of);
  if (status == XD_OK)
    status = check_values(of);
  const uint32_t batch = status == XD_OK ? choose_batch(of) : 0;
  if (batch > 0)
    status = reserve(of, batch);
  for (uint32_t first = 0, rows; first < of->count && status == XD_OK; first += rows) {
    rows = of->count - first < batch ? of->count - first : batch;
    status = run_batch(of, first, rows);
    if (status == XD_OK)
      status = tell(of, first + rows);
  }
  return status;
}

/* ---- calls ---- */

/* A call's pointers, of which all are needed for a count that is not 0. */
static xd_status check_call(const xd_translator *translator, const char *who, const void *output,
                            const void *input, uint32_t count) {
  if (!translator)
    return XD_ERROR_INVALID_ARGUMENT;
  if (count > 0 && (!output || !input))
    return xdi_fail(translator->context, XD_ERROR_INVALID_ARGUMENT, "%s: where to or what from is NULL", who);
  return xdi_check_open(translator->context);
}

static xd_status open_gallery(gallery *out, const xd_translator *translator, const xd_image *views,
                              uint32_t count) {
  out->views = views;
  return xdi_sized_check_array(translator->context, views, count, XDI_SIZED(xd_image, reserved), &out->step);
}

xd_status xd_translator_run(xd_translator *translator, const xd_image *outputs, float *codes,
                            const xd_image *inputs, uint32_t count) {
  job all = {translator, ENCODE | GENERATE | DECODE, count, .generated = codes};
  xd_status status = check_call(translator, "xd_translator_run", outputs, inputs, count);
  if (status == XD_OK)
    status = open_gallery(&all.from, translator, inputs, count);
  if (status == XD_OK)
    status = open_gallery(&all.to, translator, outputs, count);
  return status == XD_OK ? run(&all) : status;
}

xd_status xd_translator_run_floats(xd_translator *translator, float *outputs, float *codes,
                                   const float *inputs, uint32_t count) {
  const job all = {translator,         ENCODE | GENERATE | DECODE, count,
                   .pictures = inputs, .generated = codes,         .results = outputs};
  const xd_status status = check_call(translator, "xd_translator_run_floats", outputs, inputs, count);
  return status == XD_OK ? run(&all) : status;
}

xd_status xd_translator_encode(xd_translator *translator, float *codes, const xd_image *inputs,
                               uint32_t count) {
  job first = {translator, ENCODE, count, .means = codes};
  xd_status status = check_call(translator, "xd_translator_encode", codes, inputs, count);
  if (status == XD_OK)
    status = open_gallery(&first.from, translator, inputs, count);
  return status == XD_OK ? run(&first) : status;
}

xd_status xd_translator_encode_floats(xd_translator *translator, float *codes, const float *inputs,
                                      uint32_t count) {
  const job first = {translator, ENCODE, count, .pictures = inputs, .means = codes};
  const xd_status status = check_call(translator, "xd_translator_encode_floats", codes, inputs, count);
  return status == XD_OK ? run(&first) : status;
}

xd_status xd_translator_generate(xd_translator *translator, float *codes, const float *noise,
                                 const float *source_codes, uint32_t count) {
  const job second = {translator,        GENERATE, count, .noise = noise, .source_codes = source_codes,
                      .generated = codes};
  const xd_status status = check_call(translator, "xd_translator_generate", codes, source_codes, count);
  return status == XD_OK ? run(&second) : status;
}

xd_status xd_translator_decode(xd_translator *translator, const xd_image *outputs, const float *codes,
                               uint32_t count) {
  job last = {translator, DECODE, count, .codes = codes};
  xd_status status = check_call(translator, "xd_translator_decode", outputs, codes, count);
  if (status == XD_OK)
    status = open_gallery(&last.to, translator, outputs, count);
  return status == XD_OK ? run(&last) : status;
}

xd_status xd_translator_decode_floats(xd_translator *translator, float *outputs, const float *codes,
                                      uint32_t count) {
  const job last = {translator, DECODE, count, .codes = codes, .results = outputs};
  const xd_status status = check_call(translator, "xd_translator_decode_floats", outputs, codes, count);
  return status == XD_OK ? run(&last) : status;
}
