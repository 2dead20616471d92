/* xdomain generate: pictures of a class, of a vector, or of a domain's prior, without a source picture. */
#include <stdlib.h>
#include <string.h>

#include "drawing.h"
#include "sets.h"

#define CHUNK 256u

static const char usage[] =
    "usage: xdomain generate --model MODEL.xdm --out PATH [--class NAME | --vector LIST | --domain 1|2] [OPTION]...\n\n"
    "Draws pictures from noise: of a class, or of all of them, with a model that 'xdomain map --condition' made;\n"
    "of a vector, as 0.5,-1,2, where its conditions are vectors; with --domain, of a domain of any model, its\n"
    "decoder's pictures of codes from N(0, 1).\n\n"
    "--out ending in .png is one sheet, with a row for each class. Anything else: a folder of PNG files, made if\n"
    "needed, with a sub-folder for each class where there are several: 'dir:PATH' is then a SPEC.";

typedef struct generation {
  runtime run;
  const char *model_path, *class, *vector, *out;
  uint32_t domain, count, scale;
  uint64_t seed;
  float temperature;

  xd_model *model;
  const xd_latent_generator *generator; /* NULL: codes are the noise itself */
  uint32_t condition_dim, latent_dim;
  uint32_t labels[XD_CLASS_LIMIT]; /* of the rows, where they are classes */
  const char *names[XD_CLASS_LIMIT];
  float *conditions, *noise, *codes, *pictures; /* [CHUNK] rows each */
  drawing drawing;
} generation;

/* ---- What is drawn ---- */

static bool is_of_class(const generation *g, uint32_t label) {
  const char *name = xd_model_class_name(g->model, 1, label);
  return *name && (!g->class || !strcmp(g->class, name) || is_number_of(g->class, label));
}

/* A name by itself before a number: a class called "1" may be another's number. */
static void drop_numbers(generation *g) {
  for (uint32_t row = 0; g->class && row < g->drawing.rows; row++)
    if (!strcmp(xd_model_class_name(g->model, 1, g->labels[row]), g->class)) {
      g->labels[0] = g->labels[row];
      g->drawing.rows = 1;
    }
}

/* Folders have the classes' names, or their numbers where a name is no folder's. */
static void name_rows(generation *g) {
  static char numbers[XD_CLASS_LIMIT][16];
  for (uint32_t row = 0; row < g->drawing.rows; row++) {
    const char *name = xd_model_class_name(g->model, 1, g->labels[row]);
    snprintf(numbers[row], sizeof numbers[row], "%u", g->labels[row]);
    g->names[row] = strchr(name, '/') || name[0] == '.' ? numbers[row] : name;
  }
  g->drawing.names = g->drawing.rows > 1 ? g->names : NULL;
}

/* Two classes of one folder would be one there; a sheet has a row for each. */
static int check_rows(const generation *g) {
  for (uint32_t row = 1; row < g->drawing.rows && !ends_with(g->out, ".png"); row++)
    for (uint32_t other = 0; other < row; other++)
      if (!strcmp(g->names[row], g->names[other]))
        return usage_error(
            "classes %u '%s' and %u '%s' would both become the folder '%s/%s': draw them one by one, "
            "by --class",
            g->labels[other], xd_model_class_name(g->model, 1, g->labels[other]), g->labels[row],
            xd_model_class_name(g->model, 1, g->labels[row]), g->out, g->names[row]);
  return EXIT_DONE;
}

static int choose_classes(generation *g) {
  if (g->vector)
    return usage_error("the model's conditions are classes: --class names one");
  for (uint32_t label = 0; label < xd_model_class_count(g->model, 1); label++)
    if (is_of_class(g, label))
      g->labels[g->drawing.rows++] = label;
  drop_numbers(g);
  name_rows(g);
  return g->drawing.rows
             ? check_rows(g)
             : usage_error("the model has no class '%s'; 'xdomain info' tells which it has", g->class);
}

/* The vector in every row of the conditions. */
static int read_vector(generation *g) {
  const char *at = g->vector || g->condition_dim > 1 ? g->vector : "1"; /* that of --condition none */
  if (!at || g->class)
    return usage_error("the model's conditions are vectors of %u values: --vector gives one",
                       g->condition_dim);
  for (uint32_t i = 0; i < g->condition_dim; i++) {
    char *end;
    g->conditions[i] = strtof(at, &end);
    if (end == at || (*end != ',' && *end) || (*end == ',') != (i + 1 < g->condition_dim))
      return usage_error("--vector takes %u numbers between commas", g->condition_dim);
    at = end + (*end == ',');
  }
  for (size_t row = 1; row < CHUNK; row++)
    memcpy(g->conditions + row * g->condition_dim, g->conditions, g->condition_dim * sizeof(float));
  g->drawing.rows = 1;
  return EXIT_DONE;
}

static void write_label(generation *g, uint32_t label) {
  memset(g->conditions, 0, (size_t)CHUNK * g->condition_dim * sizeof(float));
  for (size_t row = 0; row < CHUNK; row++)
    g->conditions[row * g->condition_dim + label] = 1.0f;
}

static int make_room(generation *g) {
  g->noise = calloc(CHUNK, g->latent_dim * sizeof(float));
  g->codes = calloc(CHUNK, g->latent_dim * sizeof(float));
  g->pictures = calloc(CHUNK, floats_of(g->drawing.shape) * sizeof(float));
  g->conditions = g->generator ? calloc(CHUNK, g->condition_dim * sizeof(float)) : NULL;
  return g->noise && g->codes && g->pictures && (g->conditions || !g->generator) ? EXIT_DONE
                                                                                 : failure("out of memory");
}

static int choose_domain(generation *g) {
  const bool conditions = !xd_model_encoder(g->model, 1);
  if (!g->domain && !conditions)
    return usage_error("the model has no conditions: --domain 1 or 2 says what to draw");
  if (g->domain && (g->class || g->vector))
    return usage_error("--domain draws without conditions");
  if (!g->domain)
    g->generator = xd_model_generator(g->model, XD_DIRECTION_1TO2);
  else if (!xd_model_decoder(g->model, g->domain))
    return usage_error("the model has no pictures of domain %u", g->domain);
  g->domain = g->domain ? g->domain : 2;
  g->condition_dim = xd_model_latent_dim(g->model, 1);
  g->latent_dim = xd_model_latent_dim(g->model, g->domain);
  xd_model_picture_shape(g->model, g->domain, &g->drawing.shape);
  return EXIT_DONE;
}

static int choose_rows(generation *g) {
  g->drawing.rows = g->generator ? 0 : 1;
  if (!g->generator)
    return EXIT_DONE;
  return xd_model_class_count(g->model, 1) ? choose_classes(g) : read_vector(g);
}

/* ---- Drawing ---- */

/* Pictures first..first+count-1 of a row; each has a number of its own among all that are drawn. */
static xd_status draw(generation *g, uint32_t first, uint32_t count) {
  xd_context *context = g->run.context;
  xd_status status = XD_OK;
  float *codes = g->generator ? g->codes : g->noise;
  xd_latent_noise(g->noise, count, g->latent_dim, g->seed, (uint64_t)g->drawing.row * g->count + first,
                  g->temperature);
  if (g->generator)
    status = xd_latent_generator_generate(g->generator, context, codes, g->noise, g->conditions, count);
  return status
             ? status
             : xd_decoder_decode(xd_model_decoder(g->model, g->domain), context, g->pictures, codes, count);
}

static int draw_row(generation *g) {
  int code = EXIT_DONE;
  if (g->generator && xd_model_class_count(g->model, 1))
    write_label(g, g->labels[g->drawing.row]);
  for (uint32_t first = 0; first < g->count && !code; first += CHUNK) {
    const uint32_t count = g->count - first < CHUNK ? g->count - first : CHUNK;
    const xd_status status = draw(g, first, count);
    code = status ? report_failure(&g->run, status) : put_pictures(&g->drawing, g->pictures, count);
  }
  return code;
}

static int generate(generation *g) {
  const xd_status status = xd_model_load(&g->model, g->run.context, g->model_path);
  if (status)
    return report_failure(&g->run, status);
  int code = choose_domain(g);
  if (!code)
    code = make_room(g);
  if (!code)
    code = choose_rows(g);
  if (!code)
    code = keep_input(&(output){.flag = "--out", .path = g->out}, 1, g->model_path);
  if (!code)
    code = open_drawing(&g->drawing);
  while (!code && g->drawing.row < g->drawing.rows)
    code = draw_row(g);
  return close_drawing(&g->drawing, code);
}

static int check_usage(const generation *g, int words) {
  if (words || !g->model_path || !g->out)
    return usage_error("--model and --out are needed, and options only");
  if (!g->count || !g->scale || g->domain > 2)
    return usage_error("--count and --scale are at least 1, --domain is 1 or 2");
  return check_temperature(g->temperature);
}

int command_generate(int argc, char **argv) {
  generation g = {.count = 10, .scale = 2, .temperature = 1.0f};
  const flag flags[] = {
      {"model", FLAG_TEXT, &g.model_path, "FILE", "the model"},
      {"class", FLAG_TEXT, &g.class, "NAME", "the class to draw, by name or number (all)"},
      {"vector", FLAG_TEXT, &g.vector, "LIST", "the condition to draw, where conditions are vectors"},
      {"domain", FLAG_COUNT, &g.domain, "1|2", "draw this domain's pictures, without conditions"},
      {"count", FLAG_COUNT, &g.count, "N", "pictures of each class (10)"},
      {"out", FLAG_TEXT, &g.out, "PATH", "where the pictures go"},
      {"scale", FLAG_COUNT, &g.scale, "N", "magnification of a sheet (2)"},
      {"seed", FLAG_SEED, &g.seed, "N", "seed of the noise (0)"},
      {"temperature", FLAG_REAL, &g.temperature, "T", "scale of the noise, 0 to 4: less is more typical (1)"},
      RUNTIME_FLAGS(g.run)};
  const command_line line = {.usage = usage, .flags = flags, .flag_count = sizeof flags / sizeof *flags};
  const char *const *words;
  int word_count, code;
  if (!read_command_line(&line, argc, argv, &words, &word_count, &code))
    return code;
  code = check_usage(&g, word_count);
  if (code)
    return code;
  g.drawing = (drawing){.run = &g.run, .out = g.out, .columns = g.count, .scale = g.scale};
  code = start_runtime(&g.run) ? generate(&g) : EXIT_FAILED;
  free(g.conditions);
  free(g.noise);
  free(g.codes);
  free(g.pictures);
  xd_model_release(g.model);
  stop_runtime(&g.run);
  return code;
}
