/* xdomain interpolate: the pictures between two pictures of a domain, as its VAE sees them. */
#include <stdlib.h>

#include "drawing.h"
#include "sets.h"

static const char usage[] =
    "usage: xdomain interpolate --model MODEL.xdm --domain 1|2 A B --out PATH [OPTION]...\n\n"
    "Encodes two picture files, walks from the one code to the other on the great circle, and draws what the\n"
    "decoder makes of it: first and last picture are the VAE's own of A and B. --out ending in .png is one sheet,\n"
    "anything else a folder of PNG files, made if needed. Pictures of another size are cropped and resized.";

typedef struct interpolation {
  runtime run;
  const char *model_path, *out;
  uint32_t domain, steps, scale;
  const char *const *words;
  xd_model *model;
  uint32_t latent_dim;
  float *ends, *codes, *pictures; /* two pictures' codes; [steps] */
  drawing drawing;
} interpolation;

static int make_room(interpolation *p) {
  const size_t size = floats_of(p->drawing.shape);
  p->ends = calloc(2, p->latent_dim * sizeof *p->ends);
  p->codes = calloc(p->steps, p->latent_dim * sizeof *p->codes);
  p->pictures = calloc(p->steps, size * sizeof *p->pictures);
  return p->ends && p->codes && p->pictures ? EXIT_DONE : failure("out of memory");
}

/* A picture file's code; `pictures` is room for the picture. */
static xd_status encode(const interpolation *p, const char *path, float *code) {
  xd_context *context = p->run.context;
  xd_picture *picture = NULL;
  xd_image view = XD_IMAGE_INIT, cell;
  xd_status status = xd_picture_load(&picture, context, path);
  if (!status)
    status = xd_picture_view(picture, &view);
  view.policy = XD_ALPHA_COMPOSITE; /* over black, as in training */
  view_floats(&cell, p->pictures, p->drawing.shape);
  if (!status)
    status = xd_image_fit(context, &cell, &view, XD_FIT_CROP);
  xd_picture_destroy(picture);
  return status
             ? status
             : xd_encoder_encode(xd_model_encoder(p->model, p->domain), context, code, NULL, p->pictures, 1);
}

static xd_status draw(const interpolation *p) {
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < 2 && !status; i++)
    status = encode(p, p->words[i], p->ends + i * p->latent_dim);
  for (uint32_t i = 0; i < p->steps && !status; i++)
    status = xd_latent_interpolate(p->run.context, p->codes + i * p->latent_dim, p->ends,
                                   p->ends + p->latent_dim, p->latent_dim, (double)i / (p->steps - 1));
  return status ? status
                : xd_decoder_decode(xd_model_decoder(p->model, p->domain), p->run.context, p->pictures,
                                    p->codes, p->steps);
}

static int keep_sources(const interpolation *p, const char *path) {
  const output out = {.flag = "--out", .path = path};
  int code = keep_input(&out, 1, p->words[0]);
  return code ? code : keep_input(&out, 1, p->words[1]);
}

/* The sheet, or each picture of a folder. */
static int check_outputs(const interpolation *p) {
  int code = keep_input(&(output){.flag = "--out", .path = p->out}, 1, p->model_path);
  if (!code)
    code = keep_sources(p, p->out);
  const uint32_t files = is_folder(p->out) ? p->steps : 0;
  for (uint32_t i = 0; i < files && !code; i++) {
    char *path = numbered_path(p->out, i);
    code = path ? keep_sources(p, path) : failure("out of memory");
    free(path);
  }
  return code;
}

static int interpolate(interpolation *p) {
  xd_status status = xd_model_load(&p->model, p->run.context, p->model_path);
  if (status)
    return report_failure(&p->run, status);
  if (!xd_model_encoder(p->model, p->domain))
    return usage_error("the model has no pictures of domain %u", p->domain);
  p->latent_dim = xd_model_latent_dim(p->model, p->domain);
  xd_model_picture_shape(p->model, p->domain, &p->drawing.shape);
  int code = make_room(p);
  if (!code)
    code = check_outputs(p);
  if (!code)
    code = open_drawing(&p->drawing);
  if (!code) {
    status = draw(p);
    code = status ? report_failure(&p->run, status) : put_pictures(&p->drawing, p->pictures, p->steps);
  }
  return close_drawing(&p->drawing, code);
}

int command_interpolate(int argc, char **argv) {
  interpolation p = {.steps = 9, .scale = 2};
  const flag flags[] = {{"model", FLAG_TEXT, &p.model_path, "FILE", "the model"},
                        {"domain", FLAG_COUNT, &p.domain, "1|2", "the domain of both pictures"},
                        {"steps", FLAG_COUNT, &p.steps, "N", "pictures, both ends with them (9)"},
                        {"out", FLAG_TEXT, &p.out, "PATH", "where the pictures go"},
                        {"scale", FLAG_COUNT, &p.scale, "N", "magnification of a sheet (2)"},
                        RUNTIME_FLAGS(p.run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  int word_count, code;
  if (!read_command_line(&line, argc, argv, &p.words, &word_count, &code))
    return code;
  if (word_count != 2 || !p.model_path || !p.out || p.domain < 1 || p.domain > 2)
    return usage_error("--model, --domain 1 or 2, --out and two pictures are needed");
  if (p.steps < 2 || p.steps > 4096 || !p.scale)
    return usage_error("--steps is 2 to 4096, --scale at least 1");
  p.drawing = (drawing){.run = &p.run, .out = p.out, .rows = 1, .columns = p.steps, .scale = p.scale};
  code = start_runtime(&p.run) ? interpolate(&p) : EXIT_FAILED;
  free(p.ends);
  free(p.codes);
  free(p.pictures);
  xd_model_release(p.model);
  stop_runtime(&p.run);
  return code;
}
