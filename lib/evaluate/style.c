/* The codes, ink and slant of sources and translations, collected batch by batch, then compared within classes. */
#include "evaluate/style.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "evaluate/read_back.h"
#include "evaluate/strokes.h"
#include "evaluate/within_class.h"
#include "model/encoder.h"
#include "tensor/shape.h"

#define STROKES 2u /* ink and slant */

static const double leading_share = 0.5;

/* ---- Collecting ---- */

static xd_status open_side(xdi_style *style, xdi_style_side *side, const xd_model *model, uint32_t domain,
                           uint32_t batch) {
  const xd_allocator *allocator = &style->context->allocator;
  const xd_network *encoder = xd_encoder_network(xd_model_encoder(model, domain));
  side->shape = encoder->input;
  side->latent_dim = xd_model_latent_dim(model, domain);
  side->codes = xdi_allocate(allocator, style->limit, side->latent_dim * sizeof *side->codes);
  side->strokes = xdi_allocate(allocator, style->limit, STROKES * sizeof *side->strokes);
  if (!side->codes || !side->strokes)
    return xdi_fail_memory(style->context, "measuring style");
  side->encoder = xdi_session_of(style->context, encoder, 0, side->latent_dim);
  return xdi_session_reserve(&side->encoder, batch);
}

static void close_side(xdi_style_side *side, const xd_allocator *allocator) {
  xdi_session_close(&side->encoder);
  xdi_release(allocator, side->codes);
  xdi_release(allocator, side->strokes);
}

xd_status xdi_style_open(xdi_style *style, xd_context *context, const xd_model *model, uint32_t source_domain,
                         uint32_t limit, uint32_t batch) {
  const xd_allocator *allocator = &context->allocator;
  *style = (xdi_style){.context = context, .limit = limit};
  xd_status status = open_side(style, &style->source, model, source_domain, batch);
  if (status == XD_OK)
    status = open_side(style, &style->result, model, 3 - source_domain, batch);
  if (status != XD_OK)
    return status;
  style->class = xdi_allocate(allocator, limit, sizeof *style->class);
  style->half = xdi_allocate(allocator, limit, sizeof *style->half);
  return style->class && style->half ? XD_OK : xdi_fail_memory(context, "measuring style");
}

void xdi_style_close(xdi_style *style) {
  if (!style->context)
    return;
  const xd_allocator *allocator = &style->context->allocator;
  close_side(&style->source, allocator);
  close_side(&style->result, allocator);
  xdi_release(allocator, style->class);
  xdi_release(allocator, style->half);
  *style = (xdi_style){.context = NULL};
}

static xd_status add_side(const xdi_style *style, xdi_style_side *side, const float *pictures,
                          uint32_t count) {
  const size_t size = xdi_cells(side->shape);
  float *codes = side->codes + (size_t)style->count * side->latent_dim;
  float *strokes = side->strokes + (size_t)style->count * STROKES;
  for (size_t i = 0; i < count; i++) {
    const xdi_strokes found = xdi_strokes_of(pictures + i * size, side->shape);
    strokes[i * STROKES] = found.ink;
    strokes[i * STROKES + 1] = found.slant;
  }
  const xd_status status = xdi_session_run(&side->encoder, pictures, NULL, count);
  return status == XD_OK ? xdi_session_read(&side->encoder, codes, NULL, count, "the codes") : status;
}

xd_status xdi_style_add(xdi_style *style, const float *sources, const float *results, const uint32_t *classes,
                        uint32_t count) {
  xd_status status = add_side(style, &style->source, sources, count);
  if (status == XD_OK)
    status = add_side(style, &style->result, results, count);
  if (status != XD_OK)
    return status;
  memcpy(style->class + style->count, classes, count * sizeof *classes);
  style->count += count;
  return XD_OK;
}

/* ---- Comparing ---- */

/* A class's pictures go to the halves in turn. Each half of a class gets a number, so that it is centred by itself
 * and what fits one half knows nothing of the other. */
static void split(xdi_style *style) {
  uint32_t sizes[XD_CLASS_LIMIT] = {0};
  for (uint32_t i = 0; i < style->count; i++) {
    const uint32_t class = style->class[i];
    style->half[i] = sizes[class]++ % 2;
    style->class[i] = 2 * class + style->half[i];
  }
}

static xd_status centre_side(const xdi_style *style, xdi_style_side *side) {
  const uint32_t classes = 2 * XD_CLASS_LIMIT;
  xd_status status =
      xdi_centre_rows(style->context, side->codes, style->count, side->latent_dim, style->class, classes);
  if (status == XD_OK)
    status = xdi_centre_rows(style->context, side->strokes, style->count, STROKES, style->class, classes);
  return status;
}

/* The first components of the sources' codes, read from the translations' codes. */
static xd_status read_style(const xdi_style *style, double *share) {
  const xdi_style_side *source = &style->source, *result = &style->result;
  xd_context *context = style->context;
  xdi_components components;
  xd_status status = xdi_components_open(&components, context, source->codes, style->count,
                                         source->latent_dim, leading_share);
  *share = 0.0;
  if (status != XD_OK || components.count == 0) {
    xdi_components_close(&components);
    return status;
  }
  float *leading = xdi_allocate(&context->allocator, style->count, components.count * sizeof *leading);
  if (!leading)
    status = xdi_fail_memory(context, "measuring style");
  for (size_t i = 0; leading && i < style->count; i++)
    xdi_components_project(leading + i * components.count, &components,
                           source->codes + i * source->latent_dim);
  if (status == XD_OK)
    status = xdi_read_back(context, share, leading, components.count, result->codes, result->latent_dim,
                           style->half, style->count);
  xdi_release(&context->allocator, leading);
  xdi_components_close(&components);
  return status;
}

/* Of centred numbers, `which` of each row. */
static double correlation(const xdi_style *style, uint32_t which) {
  double both = 0.0, source = 0.0, result = 0.0;
  for (size_t i = 0; i < style->count; i++) {
    const double of_source = (double)style->source.strokes[i * STROKES + which];
    const double of_result = (double)style->result.strokes[i * STROKES + which];
    both += of_source * of_result;
    source += of_source * of_source;
    result += of_result * of_result;
  }
  return source > 0.0 && result > 0.0 ? both / sqrt(source * result) : 0.0;
}

xd_status xdi_style_measure(xdi_style *style, xdi_style_figures *figures) {
  *figures = (xdi_style_figures){0};
  split(style);
  xd_status status = centre_side(style, &style->source);
  if (status == XD_OK)
    status = centre_side(style, &style->result);
  if (status == XD_OK)
    status = read_style(style, &figures->style);
  figures->ink = correlation(style, 0);
  figures->slant = correlation(style, 1);
  return status;
}
