/* The codes of both domains in two components, a colour a class: those of real pictures and, on the same axes, those that
 * mappings make. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "components.h"
#include "page.h"
#include "sets.h"

enum { CODES_MOST = 600, CHUNK = 50, WIDTH = 360, HEIGHT = 300, MARGIN = 14, COLOURS = 10 };

/* Codes of a domain and their classes. */
typedef struct cloud {
  uint32_t domain, dim, count;
  bool classes;
  float *codes;
  uint32_t *labels;
} cloud;

static bool make_room(cloud *c) {
  c->codes = calloc(CODES_MOST, c->dim * sizeof *c->codes);
  c->labels = calloc(CODES_MOST, sizeof *c->labels);
  return c->codes && c->labels;
}

static void free_cloud(cloud *c) {
  free(c->codes);
  free(c->labels);
}

/* ---- Of real pictures ---- */

static xd_status encode(cloud *c, const page *p, const xd_dataset *set, const uint32_t *indices,
                        uint32_t count, float *pictures) {
  xd_context *context = p->scored.run.context;
  xd_status status = xd_dataset_read(set, context, pictures, indices, count);
  if (!status)
    status = xd_encoder_encode(xd_model_encoder(p->scored.model, c->domain), context,
                               c->codes + (size_t)c->count * c->dim, NULL, pictures, count);
  for (uint32_t i = 0; i < count && !status; i++)
    c->labels[c->count + i] = xd_dataset_label(set, indices[i]);
  c->count += status ? 0 : count;
  return status;
}

static xd_status encode_all(cloud *c, const page *p, const choice *of, uint32_t *indices, float *pictures) {
  const uint32_t each = CODES_MOST / of->label_count;
  xd_status status = XD_OK;
  for (uint32_t number = 0; number < of->label_count && !status; number++) {
    const uint32_t count = choose_pictures(of, number, each, indices);
    for (uint32_t i = 0; i < count && !status; i += CHUNK)
      status = encode(c, p, of->set, indices + i, count - i < CHUNK ? count - i : CHUNK, pictures);
  }
  return status;
}

static xd_status gather_real(cloud *c, const page *p, uint32_t domain) {
  const scoring *s = &p->scored;
  *c = (cloud){.domain = domain, .dim = xd_model_latent_dim(s->model, domain)};
  if (!s->sets[domain - 1] || !xd_model_encoder(s->model, domain))
    return XD_OK;
  const choice of = choose_classes(s->sets[domain - 1], s->pairing, domain);
  c->classes = !of.any;
  uint32_t *indices = calloc(CODES_MOST, sizeof *indices);
  float *pictures = calloc(CHUNK, floats_of(of.shape) * sizeof *pictures);
  xd_status status = make_room(c) && indices && pictures ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
  if (!status && of.label_count)
    status = encode_all(c, p, &of, indices, pictures);
  free(indices);
  free(pictures);
  return status;
}

/* ---- Of mappings ---- */

static uint32_t first_target(const page *p, int source, uint32_t label) {
  uint32_t target = 0;
  while (target < XD_CLASS_LIMIT && !leads_to(p, source, label, target))
    target++;
  return target < XD_CLASS_LIMIT ? target : 0;
}

/* Codes that the mapping into a domain makes of the codes of the other. */
static xd_status gather_mapped(cloud *c, const page *p, const cloud *from) {
  const int source = (int)from->domain - 1;
  const xd_latent_generator *generator = xd_model_generator(p->scored.model, from->domain);
  *c = (cloud){.domain = 3 - from->domain, .classes = from->classes};
  c->dim = xd_model_latent_dim(p->scored.model, c->domain);
  if (!generator || !from->count)
    return XD_OK;
  float *noise = calloc(from->count, c->dim * sizeof *noise);
  xd_status status = make_room(c) && noise ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
  if (!status) {
    xd_latent_noise(noise, from->count, c->dim, p->seed, 0, 1.0f);
    status = xd_latent_generator_generate(generator, p->scored.run.context, c->codes, noise, from->codes,
                                          from->count);
  }
  for (uint32_t i = 0; i < from->count && !status; i++)
    c->labels[i] = first_target(p, source, from->labels[i]);
  c->count = status ? 0 : from->count;
  free(noise);
  return status;
}

/* ---- Pictures of clouds ---- */

typedef struct scatter {
  const page *p;
  components axes;
  double low[COMPONENTS], high[COMPONENTS];
} scatter;

static void widen(scatter *s, const cloud *c) {
  for (uint32_t i = 0; i < c->count; i++) {
    double at[COMPONENTS];
    project(&s->axes, c->codes + (size_t)i * c->dim, at);
    for (int k = 0; k < COMPONENTS; k++) {
      s->low[k] = fmin(s->low[k], at[k]);
      s->high[k] = fmax(s->high[k], at[k]);
    }
  }
}

static void place(const scatter *s, const double at[COMPONENTS], double to[2]) {
  const double span = fmax(s->high[0] - s->low[0], 1e-9), rise = fmax(s->high[1] - s->low[1], 1e-9);
  to[0] = MARGIN + (at[0] - s->low[0]) / span * (WIDTH - 2 * MARGIN);
  to[1] = HEIGHT - MARGIN - (at[1] - s->low[1]) / rise * (HEIGHT - 2 * MARGIN);
}

/* The points of a class, as lines of no length with round ends; how many, and their middle. */
static uint32_t put_points(const scatter *s, const cloud *c, uint32_t label, double middle[2]) {
  uint32_t count = 0;
  middle[0] = middle[1] = 0.0;
  for (uint32_t i = 0; i < c->count; i++) {
    double at[COMPONENTS], to[2];
    if (c->classes && c->labels[i] != label)
      continue;
    project(&s->axes, c->codes + (size_t)i * c->dim, at);
    place(s, at, to);
    if (!count++)
      fprintf(s->p->to, "<path class=\"dots c%u\" d=\"", label % COLOURS);
    fprintf(s->p->to, "M%.1f %.1fh0", to[0], to[1]);
    middle[0] += to[0];
    middle[1] += to[1];
  }
  if (count) {
    put(s->p, "\"/>");
    middle[0] /= count;
    middle[1] /= count;
  }
  return count;
}

/* Names stand where their classes' middles are. */
static void put_classes(const scatter *s, const cloud *c) {
  double middles[XD_CLASS_LIMIT][2];
  uint32_t counts[XD_CLASS_LIMIT] = {0};
  for (uint32_t label = 0; label < (c->classes ? XD_CLASS_LIMIT : 1); label++)
    counts[label] = put_points(s, c, label, middles[label]);
  for (uint32_t label = 0; label < XD_CLASS_LIMIT && c->classes; label++) {
    if (!counts[label])
      continue;
    fprintf(s->p->to, "<text class=\"middle\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
            middles[label][0], middles[label][1] + 4.0);
    put_class(s->p, c->domain, label);
    put(s->p, "</text>");
  }
}

static void put_scatter(const scatter *s, const cloud *c, bool mapped) {
  const page *p = s->p;
  const unsigned number = next_chart_number();
  if (!c->count)
    return;
  put(p, "<figure class=\"chart\"><figcaption><b>");
  put(p, mapped ? "Translations into " : "Real pictures of ");
  put_domain(p, c->domain);
  fprintf(
      p->to,
      "</b> %u codes</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%u d%u\"><title id=\"t%u\">",
      c->count, WIDTH, HEIGHT, number, number, number);
  put(p, mapped ? "Codes of translations into " : "Codes of real pictures of ");
  put_domain(p, c->domain);
  fprintf(p->to, "</title><desc id=\"d%u\">%u points, %s</desc>", number, c->count,
          c->classes ? "a colour each class, whose name stands at its middle" : "in one colour");
  fprintf(p->to, "<rect class=\"frame\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\"/>", WIDTH - 1,
          HEIGHT - 1);
  put_classes(s, c);
  put(p, "</svg></figure>\n");
}

static xd_status put_domain_codes(const page *p, const cloud *real, const cloud *mapped) {
  scatter s = {.p = p, .low = {HUGE_VAL, HUGE_VAL}, .high = {-HUGE_VAL, -HUGE_VAL}};
  if (!real->count)
    return XD_OK;
  const bool found = find_components(&s.axes, real->codes, real->count, real->dim);
  if (found) {
    widen(&s, real);
    widen(&s, mapped);
    put(p, "<div class=\"charts\">\n");
    put_scatter(&s, real, false);
    put_scatter(&s, mapped, true);
    put(p, "</div>\n<p class=\"note\">Of the variance of the codes of ");
    put_domain(p, real->domain);
    put(p, ", the component to the right holds ");
    put_share(p, s.axes.shares[0]);
    put(p, ", the one upwards ");
    put_share(p, s.axes.shares[1]);
    put(p, ".</p>\n");
  }
  free_components(&s.axes);
  return found ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
}

bool has_codes(const page *p) {
  return (p->scored.sets[0] && !has_conditions(&p->scored)) || p->scored.sets[1];
}

xd_status write_codes(const page *p) {
  cloud real[2] = {{.count = 0}, {.count = 0}}, mapped[2] = {{.count = 0}, {.count = 0}};
  xd_status status = XD_OK;
  for (uint32_t d = 0; d < 2 && !status; d++)
    status = gather_real(&real[d], p, d + 1);
  for (uint32_t d = 0; d < 2 && !status; d++)
    status = gather_mapped(&mapped[1 - d], p, &real[d]);
  put(p,
      "<p>Each point is the code of a picture, seen in the two principal "
      "components of its domain’s real codes; colours are classes. Translations should lie where real pictures "
      "of their class lie, and as widely.</p>\n");
  for (int d = 0; d < 2 && !status; d++)
    status = put_domain_codes(p, &real[d], &mapped[d]);
  for (int d = 0; d < 2; d++) {
    free_cloud(&real[d]);
    free_cloud(&mapped[d]);
  }
  return status;
}
