/* xdomain translate: pictures in, translated pictures out. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"

#define PATH_SIZE 4096

static const char usage[] =
    "usage: xdomain translate --model MODEL.xdm IN... --out PATH [OPTION]...\n\n"
    "IN is picture files (PNG, JPEG, BMP, PNM), one folder of pictures, or one SPEC as in 'xdomain train\n"
    "--help'. --out ending in .png is one picture, or with --sheet a contact sheet: for each class a row of\n"
    "sources above a row of translations. Ending in .idx: an IDX file in input order. Anything else: a\n"
    "folder of PNG files, made if needed.";

typedef struct translation {
  runtime run;
  const char *model_path, *out, *direction_text;
  bool sheet, resize;
  uint32_t columns, scale;
  uint64_t seed;
  float temperature;
  const char **words;
  int word_count;

  xd_translator *translator;
  xd_dataset *set; /* NULL when the inputs are files */
  xd_shape from, to;
  size_t from_size, to_size; /* floats a picture */
  uint32_t count;
  float *inputs, *outputs;
} translation;

/* ---- Inputs ---- */

static bool is_spec(const char *word) {
  return !strncmp(word, "idx:", 4) || !strncmp(word, "dir:", 4) || !strncmp(word, "mat:", 4);
}

static bool is_folder(const char *word) {
  struct stat found;
  return stat(word, &found) == 0 && S_ISDIR(found.st_mode);
}

static int refuse_size(const char *name, uint32_t width, uint32_t height, xd_shape wanted) {
  fprintf(stderr, "xdomain: %s is %u x %u, the model's pictures are %u x %u (--resize changes it)\n", name,
          width, height, wanted.width, wanted.height);
  return EXIT_FAILED;
}

/* A view as the floats of input `index`, resized to the model's pictures. */
static xd_status take_view(translation *t, const xd_image *view, uint32_t index) {
  xd_image cell;
  float *to = t->inputs + index * t->from_size;
  xd_image_init(&cell, to, t->from.width, t->from.height,
                t->from.channels == 1 ? XD_PIXEL_GREY_F32 : XD_PIXEL_RGB_F32);
  return xd_image_resize(t->run.context, &cell, view);
}

static bool size_fits(const translation *t, uint32_t width, uint32_t height) {
  return t->resize || (width == t->from.width && height == t->from.height);
}

static int take_file(translation *t, const char *path, uint32_t index) {
  xd_picture *picture;
  xd_image view;
  xd_status status = xd_picture_load(&picture, t->run.context, path);
  if (status)
    return report_failure(&t->run, status);
  xd_picture_view(picture, &view);
  int code =
      size_fits(t, view.width, view.height) ? EXIT_DONE : refuse_size(path, view.width, view.height, t->from);
  status = code ? XD_OK : take_view(t, &view, index);
  xd_picture_destroy(picture);
  return status ? report_failure(&t->run, status) : code;
}

static int take_set(translation *t) {
  uint32_t width = xd_dataset_width(t->set), height = xd_dataset_height(t->set);
  if (!size_fits(t, width, height))
    return refuse_size(t->words[0], width, height, t->from);
  for (uint32_t i = 0; i < t->count; i++) {
    xd_image view;
    xd_image_init(&view, (void *)xd_dataset_pixels(t->set, i), width, height,
                  xd_dataset_channels(t->set) == 1 ? XD_PIXEL_GREY_U8 : XD_PIXEL_RGB_U8);
    xd_status status = take_view(t, &view, i);
    if (status)
      return report_failure(&t->run, status);
  }
  return EXIT_DONE;
}

static int take_inputs(translation *t) {
  bool one_set = is_spec(t->words[0]) || is_folder(t->words[0]);
  if (one_set) {
    char spec[PATH_SIZE + 8];
    if (t->word_count > 1)
      return usage_error("a folder or SPEC stands alone");
    snprintf(spec, sizeof spec, "%s%s", is_spec(t->words[0]) ? "" : "dir:", t->words[0]);
    xd_status status = xd_dataset_load(&t->set, t->run.context, spec);
    if (status)
      return report_failure(&t->run, status);
  }
  t->count = one_set ? xd_dataset_count(t->set) : (uint32_t)t->word_count;
  t->inputs = calloc(t->count, t->from_size * sizeof(float));
  t->outputs = calloc(t->count, t->to_size * sizeof(float));
  if (!t->inputs || !t->outputs)
    return fputs("xdomain: out of memory\n", stderr), EXIT_FAILED;
  if (one_set)
    return take_set(t);
  for (uint32_t i = 0; i < t->count; i++) {
    int code = take_file(t, t->words[i], i);
    if (code)
      return code;
  }
  return EXIT_DONE;
}

/* ---- Outputs ---- */

static void view_floats(xd_image *view, float *floats, xd_shape shape) {
  xd_image_init(view, floats, shape.width, shape.height,
                shape.channels == 1 ? XD_PIXEL_GREY_F32 : XD_PIXEL_RGB_F32);
}

static xd_status save_png(translation *t, uint32_t index, const char *path) {
  xd_image view;
  view_floats(&view, t->outputs + index * t->to_size, t->to);
  return xd_image_save_png(t->run.context, &view, path);
}

/* The output's name in a folder: the input file's, or its number. */
static void name_output(const translation *t, uint32_t index, char *path, size_t size) {
  if (t->set) {
    snprintf(path, size, "%s/%06u.png", t->out, index);
    return;
  }
  const char *slash = strrchr(t->words[index], '/'), *base = slash ? slash + 1 : t->words[index];
  const char *dot = strrchr(base, '.');
  snprintf(path, size, "%s/%.*s.png", t->out, dot && dot > base ? (int)(dot - base) : (int)strlen(base),
           base);
}

static int save_folder(translation *t) {
  char path[PATH_SIZE];
  if (mkdir(t->out, 0777) && !is_folder(t->out))
    return fprintf(stderr, "xdomain: cannot make the folder %s\n", t->out), EXIT_FAILED;
  for (uint32_t i = 0; i < t->count; i++) {
    name_output(t, i, path, sizeof path);
    xd_status status = save_png(t, i, path);
    if (status)
      return report_failure(&t->run, status);
  }
  return EXIT_DONE;
}

static void put_big_endian(unsigned char *at, uint32_t value) {
  for (int i = 0; i < 4; i++)
    at[i] = (unsigned char)(value >> (24 - 8 * i));
}

static bool write_idx(const translation *t, int file) {
  unsigned char header[20];
  size_t header_size = t->to.channels == 1 ? 16 : 20, pixels = t->count * t->to_size;
  put_big_endian(header, t->to.channels == 1 ? 0x803 : 0x804);
  put_big_endian(header + 4, t->count);
  put_big_endian(header + 8, t->to.height);
  put_big_endian(header + 12, t->to.width);
  put_big_endian(header + 16, t->to.channels);
  FILE *stream = fdopen(file, "wb");
  if (!stream)
    return close(file), false;
  bool good = fwrite(header, 1, header_size, stream) == header_size;
  for (size_t i = 0; i < pixels && good; i++) {
    float value = t->outputs[i] * 255.0f + 0.5f;
    good = fputc(value <= 0.0f ? 0 : value >= 255.0f ? 255 : (int)value, stream) != EOF;
  }
  good = good && fflush(stream) == 0 && fsync(fileno(stream)) == 0;
  return fclose(stream) == 0 && good;
}

/* Through a temporary file, so that no half-written one is ever seen. */
static int save_idx(translation *t) {
  char temporary[PATH_SIZE];
  snprintf(temporary, sizeof temporary, "%s.XXXXXX", t->out);
  int file = mkstemp(temporary);
  mode_t mask = umask(0);
  umask(mask);
  bool good = file >= 0 && fchmod(file, 0666 & ~mask) == 0;
  if (file >= 0)
    good = write_idx(t, file) && good && rename(temporary, t->out) == 0;
  if (good)
    return EXIT_DONE;
  if (file >= 0)
    unlink(temporary);
  return fprintf(stderr, "xdomain: cannot write %s\n", t->out), EXIT_FAILED;
}

/* ---- The contact sheet ---- */

/* Inputs of one label, up to the sheet's columns; the labels of files are all 0. */
static uint32_t pick_class(const translation *t, uint32_t label, uint32_t *indices) {
  uint32_t found = 0;
  for (uint32_t i = 0; i < t->count && found < t->columns; i++)
    if ((t->set ? xd_dataset_label(t->set, i) : 0) == label)
      indices[found++] = i;
  return found;
}

/* A sheet has cells of one shape: the larger of both domains'. */
static xd_status put_cell(translation *t, float *cells, size_t cell, xd_shape shape, float *floats,
                          xd_shape own) {
  xd_image from, to;
  view_floats(&from, floats, own);
  view_floats(&to, cells + cell * shape.height * shape.width * shape.channels, shape);
  return xd_image_resize(t->run.context, &to, &from);
}

static xd_status fill_class(translation *t, float *cells, uint32_t row, xd_shape shape,
                            const uint32_t *indices, uint32_t found) {
  xd_status status = XD_OK;
  for (uint32_t c = 0; c < found && !status; c++) {
    size_t cell = (size_t)row * t->columns + c;
    status = put_cell(t, cells, cell, shape, t->inputs + indices[c] * t->from_size, t->from);
    if (!status)
      status = put_cell(t, cells, cell + t->columns, shape, t->outputs + indices[c] * t->to_size, t->to);
  }
  return status;
}

static uint32_t larger(uint32_t a, uint32_t b) {
  return a > b ? a : b;
}

static xd_status draw_sheet(translation *t, float *cells, uint32_t *indices, xd_shape shape) {
  uint32_t rows = 0;
  xd_status status = XD_OK;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT && !status; label++) {
    uint32_t found = pick_class(t, label, indices);
    if (!found)
      continue;
    status = fill_class(t, cells, rows, shape, indices, found);
    rows += 2;
  }
  xd_picture *sheet = NULL;
  if (!status)
    status = xd_picture_create_sheet(&sheet, t->run.context, cells, rows, t->columns, shape.width,
                                     shape.height, shape.channels, t->scale, 2);
  if (!status) {
    xd_image view;
    xd_picture_view(sheet, &view);
    status = xd_image_save_png(t->run.context, &view, t->out);
  }
  xd_picture_destroy(sheet);
  return status;
}

static int save_sheet(translation *t) {
  xd_shape shape = {larger(t->from.height, t->to.height), larger(t->from.width, t->to.width),
                    larger(t->from.channels, t->to.channels)};
  uint32_t classes = 0;
  if (t->columns > t->count)
    t->columns = t->count;
  uint32_t *indices = calloc(t->columns, sizeof *indices);
  for (uint32_t label = 0; indices && label < XD_CLASS_LIMIT; label++)
    classes += pick_class(t, label, indices) > 0;
  float *cells = calloc((size_t)2 * classes * t->columns,
                        (size_t)shape.height * shape.width * shape.channels * sizeof(float));
  int code = EXIT_FAILED;
  if (!indices || !cells) {
    fputs("xdomain: out of memory\n", stderr);
  } else {
    xd_status status = draw_sheet(t, cells, indices, shape);
    code = status ? report_failure(&t->run, status) : EXIT_DONE;
  }
  free(indices);
  free(cells);
  return code;
}

/* ---- The command ---- */

static xd_status prepare(translation *t) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  if (!strcmp(t->direction_text, "2to1"))
    options.direction = XD_DIRECTION_2TO1;
  xd_status status = xd_translator_load(&t->translator, t->run.context, t->model_path, &options);
  if (!status)
    status = xd_translator_set_noise(t->translator, t->seed, 0, t->temperature);
  if (status)
    return status;
  t->from = xd_translator_input_shape(t->translator);
  t->to = xd_translator_output_shape(t->translator);
  t->from_size = (size_t)t->from.height * t->from.width * t->from.channels;
  t->to_size = (size_t)t->to.height * t->to.width * t->to.channels;
  return XD_OK;
}

static int save(translation *t) {
  if (t->sheet)
    return save_sheet(t);
  if (ends_with(t->out, ".idx"))
    return save_idx(t);
  if (!ends_with(t->out, ".png"))
    return save_folder(t);
  if (t->count != 1)
    return usage_error("%u pictures do not fit into one PNG: use --sheet, .idx or a folder", t->count);
  xd_status status = save_png(t, 0, t->out);
  return status ? report_failure(&t->run, status) : EXIT_DONE;
}

static int translate(translation *t) {
  xd_status status = prepare(t);
  if (status)
    return report_failure(&t->run, status);
  int code = take_inputs(t);
  if (code)
    return code;
  status = xd_translator_run_floats(t->translator, t->outputs, t->inputs, t->count, NULL);
  return status ? report_failure(&t->run, status) : save(t);
}

static int check_usage(const translation *t) {
  if (!t->model_path || !t->out || !t->word_count)
    return usage_error("--model, --out and an input are needed");
  if (strcmp(t->direction_text, "1to2") && strcmp(t->direction_text, "2to1"))
    return usage_error("--direction is 1to2 or 2to1");
  if (t->sheet && !ends_with(t->out, ".png"))
    return usage_error("--sheet writes a .png");
  if (!t->columns || !t->scale)
    return usage_error("--columns and --scale are at least 1");
  return EXIT_DONE;
}

int command_translate(int argc, char **argv) {
  translation t = {.direction_text = "1to2", .columns = 12, .scale = 2, .temperature = 1.0f};
  const option options[] = {{"--model", OPTION_TEXT, &t.model_path, "FILE", "the model"},
                            {"--direction", OPTION_TEXT, &t.direction_text, "1to2|2to1", "which way (1to2)"},
                            {"--out", OPTION_TEXT, &t.out, "PATH", "where the result goes"},
                            {"--sheet", OPTION_FLAG, &t.sheet, NULL, "a contact sheet"},
                            {"--columns", OPTION_COUNT, &t.columns, "N", "columns of the sheet (12)"},
                            {"--scale", OPTION_COUNT, &t.scale, "N", "magnification of the sheet (2)"},
                            {"--resize", OPTION_FLAG, &t.resize, NULL, "resize inputs of another size"},
                            {"--seed", OPTION_SEED, &t.seed, "N", "seed of the noise (0)"},
                            {"--temperature", OPTION_REAL, &t.temperature, "T", "scale of the noise (1)"},
                            RUNTIME_OPTIONS(t.run)};
  const char *words[argc];
  int code;
  if (!read_options(argc, argv, usage, options, sizeof options / sizeof *options, words, &t.word_count,
                    &code))
    return code;
  t.words = words;
  code = check_usage(&t);
  if (code)
    return code;
  code = start_runtime(&t.run) ? translate(&t) : EXIT_FAILED;
  free(t.inputs);
  free(t.outputs);
  xd_dataset_release(t.set);
  xd_translator_destroy(t.translator);
  stop_runtime(&t.run);
  return code;
}
