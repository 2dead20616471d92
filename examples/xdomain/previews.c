/* What a training has come to, as pictures beside the model: a sheet of translations in both directions, and one of
 * both VAEs' reconstructions. A preview that cannot be drawn or written ends no training; it is said once. */
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "grid.h"
#include "sets.h"
#include "training.h"

enum { COLUMNS = 8, SIDE_WANTED = 64 };

/* ---- Where they go ---- */

int prepare_previews(training *t) {
  if (t->no_previews)
    return t->preview_path ? usage_error("--no-preview and --preview exclude each other") : EXIT_DONE;
  t->previews.translations =
      t->preview_path ? strdup(t->preview_path) : path_beside(t->out, ".xdm", ".preview.png");
  t->previews.reconstructions = t->preview_path ? path_beside(t->preview_path, ".png", ".reconstructions.png")
                                                : path_beside(t->out, ".xdm", ".reconstructions.png");
  if (!t->previews.translations || !t->previews.reconstructions)
    return failure("out of memory");
  return ends_with(t->previews.translations, ".png") ? EXIT_DONE : usage_error("--preview is a .png");
}

void free_previews(training *t) {
  free(t->previews.translations);
  free(t->previews.reconstructions);
  for (int i = 0; i < 2; i++)
    xd_picture_destroy(t->previews.panels[i]);
  xd_context_destroy(t->previews.run.context);
}

/* Those that are held out, where there are. */
static choice choose(const training *t, uint32_t domain) {
  const xd_dataset *held_out = t->validation[domain - 1];
  return choose_classes(held_out ? held_out : t->sets[domain - 1], t->pairing, domain);
}

/* ---- Panels ---- */

/* What becomes of pictures: their translations, or their reconstructions where there is no translator. */
typedef struct maker {
  xd_translator *translator;
  const xd_encoder *encoder;
  const xd_decoder *decoder;
  xd_shape from, to;
} maker;

static xd_status reconstruct(const runtime *r, const maker *m, float *to, const float *from, uint32_t count) {
  float *codes = calloc((size_t)count * xd_encoder_latent_dim(m->encoder), sizeof *codes);
  xd_status status =
      codes ? xd_encoder_encode(m->encoder, r->context, codes, NULL, from, count) : XD_ERROR_OUT_OF_MEMORY;
  if (!status)
    status = xd_decoder_decode(m->decoder, r->context, to, codes, count);
  free(codes);
  return status;
}

static xd_status make(const runtime *r, const maker *m, float *to, const float *from, uint32_t count) {
  return m->translator ? xd_translator_run_floats(m->translator, to, NULL, from, count)
                       : reconstruct(r, m, to, from, count);
}

/* The pictures of the largest class. */
static uint32_t largest_size(const choice *c) {
  uint32_t largest = 0;
  for (uint32_t i = 0; i < c->label_count; i++)
    largest = larger(largest, choice_size(c, i));
  return largest;
}

/* Several share a row where each is one picture, as where they are paired by file name. */
static uint32_t classes_of_row(const choice *c) {
  return !c->any && largest_size(c) == 1 ? COLUMNS : 1;
}

static uint32_t choose_row(const choice *c, uint32_t number, uint32_t *indices) {
  const uint32_t classes = classes_of_row(c), first = number * classes;
  uint32_t count = 0;
  for (uint32_t i = first; i < c->label_count && i - first < classes; i++)
    count += choose_pictures(c, i, COLUMNS / classes, indices + count);
  return count;
}

static xd_status draw_row(const runtime *r, grid *g, const choice *c, const maker *m, uint32_t number,
                          float *from, float *to) {
  uint32_t indices[COLUMNS];
  const uint32_t count = choose_row(c, number, indices);
  xd_status status = xd_dataset_read(c->set, r->context, from, indices, count);
  if (!status)
    status = make(r, m, to, from, count);
  for (uint32_t i = 0; i < count && !status; i++) {
    status = put_on_grid(r, g, number, false, i, from + i * floats_of(m->from), m->from);
    if (!status)
      status = put_on_grid(r, g, number, true, i, to + i * floats_of(m->to), m->to);
  }
  g->names[number] =
      c->any || classes_of_row(c) > 1 ? NULL : xd_dataset_class_name(c->set, c->labels[number]);
  return status;
}

static xd_status draw_panel(const runtime *r, xd_picture **out, const choice *c, const maker *m) {
  const uint32_t classes = classes_of_row(c), widest = classes > 1 ? c->label_count : largest_size(c);
  grid g = {.shape = larger_shape(m->from, m->to),
            .columns = widest < COLUMNS ? widest : COLUMNS,
            .names_count = (c->label_count + classes - 1) / classes};
  const uint32_t side = larger(g.shape.width, g.shape.height);
  g.scale = side < SIDE_WANTED ? SIDE_WANTED / side : 1;
  float *from = calloc(COLUMNS, floats_of(m->from) * sizeof *from);
  float *to = calloc(COLUMNS, floats_of(m->to) * sizeof *to);
  xd_status status = from && to && !open_grid(&g) ? XD_OK : XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t i = 0; i < g.names_count && !status; i++)
    status = draw_row(r, &g, c, m, i, from, to);
  if (!status)
    status = draw_grid(r, out, &g);
  free_grid(&g);
  free(from);
  free(to);
  return status;
}

static xd_status draw_translations(training *t, const xd_model *model, uint32_t direction) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_picture *panel = NULL;
  maker m = {.translator = NULL};
  const choice c = choose(t, direction + 1);
  options.direction = direction_from(direction);
  xd_status status = xd_translator_create(&m.translator, t->previews.run.context, model, &options);
  if (status)
    return status;
  xd_translator_input_shape(m.translator, &m.from);
  xd_translator_output_shape(m.translator, &m.to);
  status = draw_panel(&t->previews.run, &panel, &c, &m);
  xd_translator_destroy(m.translator);
  if (status) {
    xd_picture_destroy(panel);
    return status;
  }
  xd_picture_destroy(t->previews.panels[direction]);
  t->previews.panels[direction] = panel;
  return XD_OK;
}

static xd_status draw_reconstructions(training *t, xd_picture **out, const xd_model *model, uint32_t domain) {
  const choice c = choose(t, domain);
  const maker m = {.encoder = xd_model_encoder(model, domain),
                   .decoder = xd_model_decoder(model, domain),
                   .from = c.shape,
                   .to = c.shape};
  return draw_panel(&t->previews.run, out, &c, &m);
}

/* ---- Sheets ---- */

static xd_status save_joined(const training *t, const char *path, const xd_picture *left,
                             const xd_picture *right) {
  xd_picture *sheet = NULL;
  xd_image view = XD_IMAGE_INIT;
  xd_status status = join_pictures(&t->previews.run, &sheet, left, right);
  if (!status)
    status = xd_picture_view(sheet, &view);
  if (!status)
    status = xd_image_save_png(t->previews.run.context, path, &view);
  xd_picture_destroy(sheet);
  return status;
}

static xd_status save_reconstructions(training *t, const xd_model *model) {
  xd_picture *panels[2] = {NULL, NULL};
  xd_status status = draw_reconstructions(t, &panels[0], model, 1);
  if (!status)
    status = draw_reconstructions(t, &panels[1], model, 2);
  if (!status)
    status = save_joined(t, t->previews.reconstructions, panels[0], panels[1]);
  xd_picture_destroy(panels[0]);
  xd_picture_destroy(panels[1]);
  t->previews.reconstructed = status == XD_OK; /* the VAEs change no more */
  return status;
}

static xd_status save_translations(training *t, const xd_model *model) {
  xd_status status = XD_OK;
  bool any = false;
  for (uint32_t direction = 0; direction < 2 && !status; direction++)
    if (xd_model_generator(model, direction_from(direction))) {
      status = draw_translations(t, model, direction);
      any = true;
    }
  return status || !any
             ? status
             : save_joined(t, t->previews.translations, t->previews.panels[0], t->previews.panels[1]);
}

/* A context of their own, since a callback makes no calls on the training's. */
static xd_status open_context(training *t) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  choose_backend(&t->run, &options);
  return t->previews.run.context ? XD_OK : xd_context_create(&t->previews.run.context, &options);
}

void draw_previews(training *t, const xd_model *model) {
  if (t->no_previews || t->previews.lost)
    return;
  xd_status status = open_context(t);
  if (!status && !t->previews.reconstructed)
    status = save_reconstructions(t, model);
  if (!status)
    status = save_translations(t, model);
  if (!status)
    return;
  t->previews.lost = true;
  notice("no more previews: %s", failure_text(&t->previews.run, status));
}

void say_previews(const training *t) {
  if (t->no_previews || t->previews.lost)
    return;
  fputs("previews: ", stderr);
  print_text(stderr, t->previews.reconstructions);
  if (t->previews.panels[0] || t->previews.panels[1]) {
    fputs(", ", stderr);
    print_text(stderr, t->previews.translations);
  }
  fputc('\n', stderr);
}
