/* The sections of pictures: translations, several of one source, reconstructions, and what lies between two. */
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "sets.h"
#include "strip.h"

enum { DRAWS = 9, DRAW_ROWS = 10, WALKS = 3, STEPS = 10 };

/* ---- Translating codes ---- */

typedef struct way {
  const page *p;
  xd_translator *translator;
  xd_shape to;
  float *noise, *sources, *codes, *pictures; /* [EXHIBIT_COLUMNS] */
} way;

static xd_status open_way(way *w, const page *p, int source) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  *w = (way){.p = p};
  options.direction = direction_from(source);
  const xd_status status =
      xd_translator_create(&w->translator, p->scored.run.context, p->scored.model, &options);
  if (status)
    return status;
  xd_translator_output_shape(w->translator, &w->to);
  const size_t dim = xd_translator_target_dim(w->translator);
  w->noise = calloc(EXHIBIT_COLUMNS, dim * sizeof *w->noise);
  w->codes = calloc(EXHIBIT_COLUMNS, dim * sizeof *w->codes);
  w->sources = calloc(EXHIBIT_COLUMNS, xd_translator_source_dim(w->translator) * sizeof *w->sources);
  w->pictures = calloc(EXHIBIT_COLUMNS, floats_of(w->to) * sizeof *w->pictures);
  return w->noise && w->codes && w->sources && w->pictures ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

static void close_way(way *w) {
  xd_translator_destroy(w->translator);
  free(w->noise);
  free(w->sources);
  free(w->codes);
  free(w->pictures);
}

/* Copies one row of floats into the first `count`. */
static void repeat(float *to, const float *row, size_t size, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    memmove(to + i * size, row, size * sizeof *to);
}

/* w->pictures of codes, with w->noise. */
static xd_status translate(way *w, const float *sources, uint32_t count) {
  const xd_status status = xd_translator_generate(w->translator, w->codes, w->noise, sources, count);
  return status ? status : xd_translator_decode_floats(w->translator, w->pictures, w->codes, count);
}

/* Noise by the number of what is translated. */
static void draw_noise(way *w, uint64_t first, uint32_t count) {
  xd_latent_noise(w->noise, count, xd_translator_target_dim(w->translator), w->p->seed, first, 1.0f);
}

/* ---- Rows: a name and a strip ---- */

static xd_status put_row(strip *s, uint32_t row, float *pictures, xd_shape shape, uint32_t count,
                         uint32_t column) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count && !status; i++)
    status = put_on_strip(s, column + i, row, pictures + i * floats_of(shape), shape);
  return status;
}

static xd_status finish_row(const page *p, strip *s, xd_status status) {
  put(p, "\"");
  if (!status)
    status = print_strip(p->to, s);
  put(p, "></figure>\n");
  close_strip(s);
  return status;
}

/* "0 → 5", or nothing where rows are no classes. */
static void put_row_name(const page *p, const exhibit *e, int source, uint32_t row) {
  put(p, "<figure class=\"row\"><figcaption>");
  if (e->classes) {
    put_class(p, e->domain, e->labels[row]);
    put(p, " <span>→ ");
    put_targets(p, source, e->labels[row]);
    put(p, "</span>");
  }
  put(p, "</figcaption><img alt=\"");
}

static void put_of_class(const page *p, const exhibit *e, uint32_t row) {
  if (!e->classes)
    return;
  put(p, " of class ");
  put_class(p, e->domain, e->labels[row]);
}

static void put_direction_title(const page *p, int source) {
  put(p, "<h3>");
  put_direction_name(p, source);
  put(p, "</h3>\n");
}

/* ---- Translations ---- */

static xd_status write_translated_row(const page *p, way *w, const exhibit *e, uint32_t row) {
  strip s;
  const uint32_t count = e->counts[row], above = e->pictures ? 1 : 0;
  draw_noise(w, (uint64_t)row * EXHIBIT_COLUMNS, count);
  xd_status status = translate(w, exhibit_code(e, row, 0), count);
  put_row_name(p, e, (int)e->domain - 1, row);
  if (above) {
    fprintf(p->to, "%u pictures", count);
    put_of_class(p, e, row);
    put(p, "; below each its translation");
  } else {
    fprintf(p->to, "%u pictures drawn", count);
    put_of_class(p, e, row);
  }
  const xd_status opened =
      open_strip(&s, &p->scored.run, count, above + 1, e->shape.width ? e->shape : w->to, w->to);
  status = status ? status : opened;
  if (!status && above)
    status = put_row(&s, 0, exhibit_picture(e, row, 0), e->shape, count, 0);
  if (!status)
    status = put_row(&s, above, w->pictures, w->to, count, 0);
  return finish_row(p, &s, status);
}

static bool leads_out(const page *p, int source) {
  return has_direction(&p->scored, source) && p->exhibits[source].rows;
}

/* What a section does in each direction that the model has. */
typedef xd_status (*direction_writer)(const page *p, way *w, const exhibit *e);

static xd_status write_directions(const page *p, direction_writer write) {
  xd_status status = XD_OK;
  for (int source = 0; source < 2 && !status; source++) {
    way w;
    if (!leads_out(p, source))
      continue;
    put_direction_title(p, source);
    status = open_way(&w, p, source);
    if (!status)
      status = write(p, &w, &p->exhibits[source]);
    close_way(&w);
  }
  return status;
}

static xd_status write_sheet(const page *p, way *w, const exhibit *e) {
  xd_status status = XD_OK;
  if (e->drawn)
    put(p,
        "<p class=\"note\">No pictures of this domain were named: the upper ones are drawn from the model itself, "
        "codes from a normal distribution. They need not be like any real one.</p>\n");
  for (uint32_t row = 0; row < e->rows && !status; row++)
    status = write_translated_row(p, w, e, row);
  return status;
}

bool has_translations(const page *p) {
  return leads_out(p, 0) || leads_out(p, 1);
}

xd_status write_translations(const page *p) {
  put(p, p->exhibits[0].pictures
             ? "<p>Sources above, and below each what the model makes of it, drawn once.</p>\n"
             : "<p>What the model draws, with other noise each.</p>\n");
  return write_directions(p, write_sheet);
}

/* ---- Several draws of one source ---- */

static xd_status write_drawn_row(const page *p, way *w, const exhibit *e, uint32_t row) {
  strip s;
  const uint32_t above = e->pictures ? 1 : 0;
  repeat(w->sources, exhibit_code(e, row, 0), e->dim, DRAWS);
  draw_noise(w, (uint64_t)(EXHIBIT_ROWS + row) * EXHIBIT_COLUMNS, DRAWS);
  xd_status status = translate(w, w->sources, DRAWS);
  put_row_name(p, e, (int)e->domain - 1, row);
  put(p, "One picture");
  put_of_class(p, e, row);
  fprintf(p->to, ", and %d draws of its translation", DRAWS);
  const xd_status opened = open_strip(&s, &p->scored.run, above + DRAWS, 1, e->shape, w->to);
  status = status ? status : opened;
  if (!status)
    status = put_row(&s, 0, exhibit_picture(e, row, 0), e->shape, 1, 0);
  if (!status)
    status = put_row(&s, 0, w->pictures, w->to, DRAWS, 1);
  return finish_row(p, &s, status);
}

static xd_status write_drawn(const page *p, way *w, const exhibit *e) {
  xd_status status = XD_OK;
  for (uint32_t row = 0; row < e->rows && row < DRAW_ROWS && e->pictures && !status; row++)
    status = write_drawn_row(p, w, e, row);
  return status;
}

bool has_draws(const page *p) {
  return has_translations(p) && p->exhibits[0].pictures;
}

xd_status write_draws(const page *p) {
  put(p,
      "<p>The first picture is the source; the others are its translation with other noise each. They should differ, "
      "and all be of the right class.</p>\n");
  return write_directions(p, write_drawn);
}

/* ---- Reconstructions ---- */

/* Column after column from another class. */
static xd_status put_reconstruction(const page *p, strip *s, const exhibit *e, uint32_t column,
                                    float *decoded) {
  const uint32_t row = e->rows > EXHIBIT_COLUMNS ? column * e->rows / EXHIBIT_COLUMNS : column % e->rows,
                 within = e->rows > EXHIBIT_COLUMNS ? 0 : column / e->rows;
  const uint32_t from = within < e->counts[row] ? within : 0;
  xd_status status = xd_decoder_decode(xd_model_decoder(p->scored.model, e->domain), p->scored.run.context,
                                       decoded, exhibit_code(e, row, from), 1);
  if (!status)
    status = put_on_strip(s, column, 0, exhibit_picture(e, row, from), e->shape);
  return status ? status : put_on_strip(s, column, 1, decoded, e->shape);
}

static xd_status write_reconstructed(const page *p, const exhibit *e) {
  strip s;
  float *decoded = calloc(floats_of(e->shape), sizeof *decoded);
  xd_status status = open_strip(&s, &p->scored.run, EXHIBIT_COLUMNS, 2, e->shape, e->shape);
  if (!decoded)
    status = XD_ERROR_OUT_OF_MEMORY;
  put(p, "<figure class=\"row\"><figcaption>");
  put_domain(p, e->domain);
  fprintf(p->to, "</figcaption><img alt=\"%d pictures of ", EXHIBIT_COLUMNS);
  put_domain(p, e->domain);
  put(p, "; below each its reconstruction");
  for (uint32_t column = 0; column < EXHIBIT_COLUMNS && !status; column++)
    status = put_reconstruction(p, &s, e, column, decoded);
  free(decoded);
  return finish_row(p, &s, status);
}

static bool is_shown(const exhibit *e) {
  return e->pictures && e->rows;
}

static bool is_real(const exhibit *e) {
  return is_shown(e) && !e->drawn;
}

bool has_reconstructions(const page *p) {
  return is_real(&p->exhibits[0]) || is_real(&p->exhibits[1]);
}

xd_status write_reconstructions(const page *p) {
  xd_status status = XD_OK;
  put(p,
      "<p>Originals above, and below what the auto-encoder of their domain keeps of them. No translation can be sharper "
      "or richer than these.</p>\n");
  for (int d = 0; d < 2 && !status; d++)
    if (is_real(&p->exhibits[d]))
      status = write_reconstructed(p, &p->exhibits[d]);
  return status;
}

/* ---- Between two pictures ---- */

typedef struct walk {
  uint32_t rows[2], columns[2]; /* of both ends */
} walk;

/* From class to class or, without classes, from picture to picture; how many. */
static uint32_t plan_walks(walk walks[WALKS], const exhibit *e) {
  const bool across = e->classes && e->rows > 1;
  uint32_t count = 0;
  for (uint32_t row = 0; row + across < e->rows && count < WALKS; row += 1 + across)
    if (across)
      walks[count++] = (walk){{row, row + 1}, {0, 0}};
    else if (e->counts[row] > 1)
      walks[count++] = (walk){{row, row}, {0, 1}};
  return count;
}

static xd_status walk_codes(const page *p, const exhibit *e, const walk *k, float *codes) {
  const float *from = exhibit_code(e, k->rows[0], k->columns[0]),
              *towards = exhibit_code(e, k->rows[1], k->columns[1]);
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < STEPS && !status; i++)
    status = xd_latent_interpolate(p->scored.run.context, codes + (size_t)i * e->dim, from, towards, e->dim,
                                   (double)i / (STEPS - 1));
  return status;
}

static void put_walk_words(const page *p, const exhibit *e, const walk *k, bool translated) {
  put(p, "<figure class=\"row\"><figcaption>");
  if (e->classes) {
    put_class(p, e->domain, e->labels[k->rows[0]]);
    put(p, " <span>to ");
    put_class(p, e->domain, e->labels[k->rows[1]]);
    put(p, "</span>");
  }
  fprintf(p->to, "</figcaption><img alt=\"%d steps from one picture", STEPS);
  put_of_class(p, e, k->rows[0]);
  put(p, " to another");
  put_of_class(p, e, k->rows[1]);
  put(p, translated ? "; below each its translation" : "");
}

/* `w` is NULL where nothing leads out of the domain. */
static xd_status write_walk(const page *p, way *w, const exhibit *e, const walk *k) {
  strip s;
  float *codes = calloc(STEPS, e->dim * sizeof *codes),
        *pictures = calloc(STEPS, floats_of(e->shape) * sizeof *pictures);
  xd_status status = open_strip(&s, &p->scored.run, STEPS, w ? 2 : 1, e->shape, w ? w->to : e->shape);
  if (!codes || !pictures)
    status = XD_ERROR_OUT_OF_MEMORY;
  put_walk_words(p, e, k, w != NULL);
  if (!status)
    status = walk_codes(p, e, k, codes);
  if (!status)
    status = xd_decoder_decode(xd_model_decoder(p->scored.model, e->domain), p->scored.run.context, pictures,
                               codes, STEPS);
  if (!status)
    status = put_row(&s, 0, pictures, e->shape, STEPS, 0);
  if (!status && w)
    status = translate(w, codes, STEPS);
  if (!status && w)
    status = put_row(&s, 1, w->pictures, w->to, STEPS, 0);
  free(codes);
  free(pictures);
  return finish_row(p, &s, status);
}

static xd_status write_walks(const page *p, const exhibit *e) {
  way w = {.p = p};
  walk walks[WALKS];
  const int source = (int)e->domain - 1;
  const bool leads = has_direction(&p->scored, source);
  const uint32_t count = plan_walks(walks, e);
  xd_status status = leads ? open_way(&w, p, source) : XD_OK;
  if (!status && leads) { /* one noise for all steps */
    draw_noise(&w, 0, 1);
    repeat(w.noise, w.noise, xd_translator_target_dim(w.translator), STEPS);
  }
  put(p, "<h3>");
  put_domain(p, e->domain);
  put(p, "</h3>\n");
  for (uint32_t i = 0; i < count && !status; i++)
    status = write_walk(p, leads ? &w : NULL, e, &walks[i]);
  close_way(&w);
  return status;
}

bool has_interpolations(const page *p) {
  return is_shown(&p->exhibits[0]) || is_shown(&p->exhibits[1]);
}

xd_status write_interpolations(const page *p) {
  xd_status status = XD_OK;
  put(p,
      "<p>A walk from one code to another, decoded; below each step its translation, where there is one, with the same "
      "noise throughout. Neighbours should be alike.</p>\n");
  for (int d = 0; d < 2 && !status; d++)
    if (is_shown(&p->exhibits[d]))
      status = write_walks(p, &p->exhibits[d]);
  return status;
}
