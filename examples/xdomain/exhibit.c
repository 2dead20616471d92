/* The pictures of a domain that a page shows, and their codes. */
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "sets.h"

enum { ROWS_WITHOUT_CLASSES = 3 };

float *exhibit_picture(const exhibit *e, uint32_t row, uint32_t column) {
  return e->pictures + ((size_t)row * EXHIBIT_COLUMNS + column) * floats_of(e->shape);
}

float *exhibit_code(const exhibit *e, uint32_t row, uint32_t column) {
  return e->codes + ((size_t)row * EXHIBIT_COLUMNS + column) * e->dim;
}

static bool make_room(exhibit *e) {
  const size_t cells = (size_t)e->rows * EXHIBIT_COLUMNS;
  e->codes = calloc(cells, e->dim * sizeof *e->codes);
  e->pictures = e->shape.width ? calloc(cells, floats_of(e->shape) * sizeof *e->pictures) : NULL;
  return e->codes && (e->pictures || !e->shape.width);
}

void close_exhibit(exhibit *e) {
  free(e->pictures);
  free(e->codes);
}

/* ---- Of a set ---- */

/* `indices` of the row's pictures. */
static xd_status read_row(exhibit *e, const page *p, const xd_dataset *set, uint32_t row,
                          const uint32_t *indices) {
  xd_context *context = p->scored.run.context;
  const xd_encoder *encoder = xd_model_encoder(p->scored.model, e->domain);
  float *pictures = exhibit_picture(e, row, 0);
  const xd_status status = xd_dataset_read(set, context, pictures, indices, e->counts[row]);
  return status
             ? status
             : xd_encoder_encode(encoder, context, exhibit_code(e, row, 0), NULL, pictures, e->counts[row]);
}

static xd_status read_classes(exhibit *e, const page *p, const choice *c) {
  xd_status status = XD_OK;
  e->classes = true;
  e->rows = c->label_count;
  if (!make_room(e))
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t row = 0; row < e->rows && !status; row++) {
    uint32_t indices[EXHIBIT_COLUMNS];
    e->labels[row] = c->labels[row];
    e->counts[row] = choose_pictures(c, row, EXHIBIT_COLUMNS, indices);
    status = read_row(e, p, c->set, row, indices);
  }
  return status;
}

static xd_status read_all(exhibit *e, const page *p, const choice *c) {
  uint32_t indices[ROWS_WITHOUT_CLASSES * EXHIBIT_COLUMNS];
  const uint32_t count = choose_pictures(c, 0, ROWS_WITHOUT_CLASSES * EXHIBIT_COLUMNS, indices);
  xd_status status = XD_OK;
  e->rows = (count + EXHIBIT_COLUMNS - 1) / EXHIBIT_COLUMNS;
  if (!make_room(e))
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t row = 0; row < e->rows && !status; row++) {
    const uint32_t left = count - row * EXHIBIT_COLUMNS;
    e->counts[row] = left < EXHIBIT_COLUMNS ? left : EXHIBIT_COLUMNS;
    status = read_row(e, p, c->set, row, indices + row * EXHIBIT_COLUMNS);
  }
  return status;
}

/* ---- Of a model alone ---- */

static xd_status draw_from_prior(exhibit *e, const page *p) {
  const uint32_t count = ROWS_WITHOUT_CLASSES * EXHIBIT_COLUMNS;
  e->drawn = true;
  e->rows = ROWS_WITHOUT_CLASSES;
  if (!make_room(e))
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t row = 0; row < e->rows; row++)
    e->counts[row] = EXHIBIT_COLUMNS;
  xd_latent_noise(e->codes, count, e->dim, p->seed, 0, 1.0f);
  return xd_decoder_decode(xd_model_decoder(p->scored.model, e->domain), p->scored.run.context, e->pictures,
                           e->codes, count);
}

/* Labels, or the one condition of a generator of noise alone. Vectors have no pictures that they stand for. */
static xd_status list_conditions(exhibit *e, const page *p) {
  const uint32_t classes = xd_model_class_count(p->scored.model, e->domain);
  e->classes = classes > 0;
  for (uint32_t label = 0; label < classes && e->rows < EXHIBIT_ROWS; label++)
    if (*xd_model_class_name(p->scored.model, e->domain, label))
      e->labels[e->rows++] = label;
  if (!classes && e->dim == 1)
    e->rows = ROWS_WITHOUT_CLASSES;
  if (e->rows && !make_room(e))
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t row = 0; row < e->rows; row++) {
    e->counts[row] = EXHIBIT_COLUMNS;
    for (uint32_t column = 0; column < EXHIBIT_COLUMNS; column++)
      exhibit_code(e, row, column)[e->labels[row]] = 1.0f;
  }
  return XD_OK;
}

xd_status open_exhibit(exhibit *e, const page *p, uint32_t domain) {
  const scoring *s = &p->scored;
  *e = (exhibit){.domain = domain, .dim = xd_model_latent_dim(s->model, domain)};
  xd_model_picture_shape(s->model, domain, &e->shape);
  if (!xd_model_decoder(s->model, domain))
    return list_conditions(e, p);
  if (!s->sets[domain - 1])
    return draw_from_prior(e, p);
  const choice c = choose_classes(s->sets[domain - 1], s->pairing, domain);
  return c.any ? read_all(e, p, &c) : read_classes(e, p, &c);
}
