/* The scenarios: what a program does with the library, in the smallest sizes. Each gives back the first
 * failure and leaves nothing behind. */
#include "faults.h"

#include "../unit/jpeg_bytes.h"
#include "xdomain/unstable/spec.h"

/* A failed call gives nothing, a good one something; `at` is where its handle stands. */
static xd_status made(xd_status status, const void *at) {
  const void *handle;
  memcpy(&handle, at, sizeof handle);
  demand((status == XD_OK) == (handle != NULL), "a call gave %s and %s handle", xd_status_name(status),
         handle ? "a" : "no");
  return status;
}

static const char *in_folder(char path[TEST_PATH_SIZE], const fixture *of, const char *name) {
  return path_in(path, of->folder, name);
}

/* ---- the fixture ---- */

static void put_file(const fixture *of, const char *name, const void *data, size_t size) {
  char path[TEST_PATH_SIZE];
  write_test_file(in_folder(path, of, name), data, size);
}

static void make_folder(const fixture *of, const char *name) {
  char path[TEST_PATH_SIZE];
  ck_assert_int_eq(mkdir(in_folder(path, of, name), 0700), 0);
}

static void write_sets(const fixture *of) {
  static const uint8_t images[16 + 24] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4, 7};
  static const uint8_t labels[8 + 3] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 1};
  static const char picture[] = "P5 3 2 255\nabcdef";
  put_file(of, "images", images, sizeof images);
  put_file(of, "labels", labels, sizeof labels);
  make_folder(of, "classes");
  make_folder(of, "classes/a");
  make_folder(of, "classes/b");
  put_file(of, "classes/a/1.pgm", picture, sizeof picture - 1);
  put_file(of, "classes/a/2.pgm", picture, sizeof picture - 1);
  put_file(of, "classes/b/1.pgm", picture, sizeof picture - 1);
  put_file(of, "colour.jpg", colour_jpeg, sizeof colour_jpeg);
  put_file(of, "options.txt", "seed = 5\nvae.batch = 8\n", 23);
}

/* Domain 1: 8x8x1, classes 0 and 1; domain 2: 10x9x3, classes 5 and 6, as the golden model has. */
static xd_dataset *make_set(xd_context *context, int domain) {
  enum { COUNT = 12, ROOM = 10 * 9 * 3 };
  static uint8_t pixels[COUNT * ROOM];
  const uint32_t width = domain == 1 ? 8 : 9, height = domain == 1 ? 8 : 10, channels = domain == 1 ? 1 : 3;
  uint32_t labels[COUNT];
  xd_dataset *set = NULL;
  for (uint32_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * 7919u >> (i % 5));
  for (uint32_t i = 0; i < COUNT; i++)
    labels[i] = (domain == 1 ? 0 : 5) + i % 2;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, COUNT, width, height, channels));
  return set;
}

/* ---- files and sets ---- */

static xd_status load_idx(xd_context *context, const fixture *of) {
  char images[TEST_PATH_SIZE], labels[TEST_PATH_SIZE];
  xd_dataset *set = NULL;
  const xd_status status = made(
      xd_dataset_load_idx(&set, context, in_folder(images, of, "images"), in_folder(labels, of, "labels")),
      &set);
  xd_dataset_release(set);
  return status;
}

/* A folder's classes joined with the same again, resized, then split. */
static xd_status load_folder(xd_context *context, const fixture *of) {
  char spec[3 * TEST_PATH_SIZE];
  xd_dataset *set = NULL, *rest = NULL, *part = NULL;
  snprintf(spec, sizeof spec, "dir:%s/classes|dir:%s/classes;size=3x2;channels=1", of->folder, of->folder);
  xd_status status = made(xd_dataset_load(&set, context, spec, NULL), &set);
  if (status == XD_OK)
    status = made(xd_dataset_split(&rest, &part, context, set, 0.4, 3), &part);
  xd_dataset_release(set);
  xd_dataset_release(rest);
  xd_dataset_release(part);
  return status;
}

static xd_status use_pictures(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_picture *picture = NULL, *small = NULL;
  xd_image from = XD_IMAGE_INIT, to = XD_IMAGE_INIT;
  xd_status status = made(xd_picture_load(&picture, context, in_folder(path, of, "colour.jpg")), &picture);
  if (status == XD_OK)
    status = made(xd_picture_create(&small, context, 7, 5, XD_SAMPLE_U8, XD_LAYOUT_RGBA), &small);
  if (status == XD_OK) {
    ck_assert_int_eq(xd_picture_view(picture, &from), XD_OK);
    ck_assert_int_eq(xd_picture_view(small, &to), XD_OK);
    status = xd_image_fit(context, &to, &from, XD_FIT_PAD);
  }
  if (status == XD_OK)
    status = xd_image_save_png(context, in_folder(path, of, "small.png"), &to);
  xd_picture_destroy(picture);
  xd_picture_destroy(small);
  return status;
}

/* ---- options ---- */

static xd_status use_options(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_options *options = NULL, *copy = NULL;
  xd_status status = made(xd_options_create(&options, context, "train"), &options);
  if (status == XD_OK)
    status = xd_options_apply_preset(options, context, "svhn");
  if (status == XD_OK)
    status = xd_options_load(options, context, in_folder(path, of, "options.txt"));
  if (status == XD_OK)
    status = made(xd_options_clone(&copy, context, options), &copy);
  xd_options_destroy(options);
  xd_options_destroy(copy);
  return status;
}

/* ---- models and judges ---- */

static xd_status save_model(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  options.half = 1;
  return xd_model_save(of->model, context, in_folder(path, of, "saved.xdm"), &options);
}

static xd_status load_model(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_model *model = NULL;
  const xd_status status = made(xd_model_load(&model, context, in_folder(path, of, "model.xdm")), &model);
  xd_model_release(model);
  return status;
}

/* To memory and back. */
static xd_status stream_model(xd_context *context, const fixture *of) {
  xd_sink sink = XD_SINK_INIT;
  xd_source source = XD_SOURCE_INIT;
  xd_blob *blob = NULL;
  xd_model *model = NULL;
  xd_status status = made(xd_blob_create(&blob, context), &blob);
  if (status == XD_OK) {
    ck_assert_int_eq(xd_blob_sink(blob, &sink), XD_OK);
    status = xd_model_save_sink(of->model, context, &sink, NULL);
  }
  if (status == XD_OK) {
    ck_assert_int_eq(xd_blob_source(blob, &source), XD_OK);
    status = made(xd_model_load_source(&model, context, &source), &model);
  }
  xd_model_release(model);
  xd_blob_destroy(blob);
  return status;
}

static xd_status check_file(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_file_info info = XD_FILE_INFO_INIT;
  xd_chunk chunks[4] = {XD_CHUNK_INIT, XD_CHUNK_INIT, XD_CHUNK_INIT, XD_CHUNK_INIT};
  xd_status status = xd_file_inspect(context, &info, chunks, 4, in_folder(path, of, "model.xdm"));
  if (status == XD_OK)
    status = xd_file_verify(context, path);
  return status;
}

static xd_status use_judge(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  xd_judge *judge = NULL;
  double accuracy;
  xd_status status = xd_judge_save(of->judge, context, in_folder(path, of, "saved.xdc"));
  if (status == XD_OK)
    status = made(xd_judge_load(&judge, context, path), &judge);
  if (status == XD_OK)
    status = xd_judge_accuracy(judge, context, &accuracy, of->sets[1]);
  xd_judge_release(judge);
  return status;
}

static xd_status translate(xd_context *context, const fixture *of) {
  char path[TEST_PATH_SIZE];
  float inputs[3 * 64] = {0.5f}, outputs[3 * 270];
  xd_translator *translator = NULL;
  xd_status status =
      made(xd_translator_load(&translator, context, in_folder(path, of, "model.xdm"), NULL), &translator);
  if (status == XD_OK)
    status = xd_translator_run_floats(translator, outputs, NULL, inputs, 3);
  xd_translator_destroy(translator);
  return status;
}

/* Views of another size, with an alpha that the results take. */
static xd_status translate_views(xd_context *context, const fixture *of) {
  enum { COUNT = 3, SIDE = 12, WIDTH = 9, HEIGHT = 10 };
  static uint8_t pixels[COUNT][SIDE * SIDE * 4], results[COUNT][WIDTH * HEIGHT * 4];
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_image inputs[COUNT], outputs[COUNT];
  float codes[COUNT * 3];
  xd_translator *translator = NULL;
  options.max_batch = 2;
  options.fit = XD_FIT_PAD;
  for (uint32_t i = 0; i < COUNT; i++) {
    xd_image_init(&inputs[i], sizeof inputs[i], pixels[i], SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
    inputs[i].policy = XD_ALPHA_CARRY;
    xd_image_init(&outputs[i], sizeof outputs[i], results[i], WIDTH, HEIGHT, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  }
  xd_status status = made(xd_translator_create(&translator, context, of->model, &options), &translator);
  if (status == XD_OK)
    status = xd_translator_run(translator, outputs, codes, inputs, COUNT);
  xd_translator_destroy(translator);
  return status;
}

static xd_status encode(xd_context *context, const fixture *of) {
  float pictures[5 * 64] = {0.25f}, codes[5 * 2];
  xd_status status = xd_encoder_encode(xd_model_encoder(of->model, 1), context, codes, NULL, pictures, 5);
  if (status == XD_OK)
    status = xd_decoder_decode(xd_model_decoder(of->model, 1), context, pictures, codes, 5);
  return status;
}

/* ---- training and evaluation ---- */

/* Every network as small as its options allow, and a handful of steps. */
static const char smallest[] =
    "vae.base_channels = 2\nvae.depth = 1\nvae.latent_dim = 2\nvae.hidden1 = 4\nvae.batch = 6\n"
    "vae.epochs = 1\nvae.min_steps = 0\nvae.augment = 0.5\nmapping.hidden_width = 4\nmapping.hidden_layers = 1\n"
    "mapping.batch = 4\nmapping.steps = 2\nmapping.anchor_codes = 2\n";

static xd_status make_options(xd_options **out, xd_context *context, const char *group, const char *text) {
  const xd_status status = made(xd_options_create(out, context, group), out);
  return status == XD_OK ? xd_options_read(*out, context, text) : status;
}

static void set_input(xd_train_input *input, const fixture *of, bool validated) {
  *input = (xd_train_input)XD_TRAIN_INPUT_INIT;
  for (int d = 0; d < 2; d++) {
    input->set[d] = of->sets[d];
    input->validation[d] = validated ? of->sets[d] : NULL;
  }
  input->judge[1] = validated ? of->judge : NULL;
  input->pairing = of->pairing;
}

static xd_status train_with(xd_context *context, const fixture *of, const xd_run *run) {
  xd_options *options = NULL;
  xd_values *report = NULL;
  xd_model *model = NULL;
  xd_train_input input;
  set_input(&input, of, false);
  xd_status status = make_options(&options, context, "train", smallest);
  if (status == XD_OK)
    status = made(xd_values_create(&report, context), &report);
  if (status == XD_OK)
    status = made(xd_train(&model, context, report, &input, run, options), &model);
  xd_options_destroy(options);
  xd_values_destroy(report);
  xd_model_release(model);
  return status;
}

static xd_status train(xd_context *context, const fixture *of) {
  return train_with(context, of, NULL);
}

/* From labels, on the VAE of domain 2; then from vectors. */
static xd_status train_generator(xd_context *context, const fixture *of) {
  static const float vectors[12 * 2] = {0.5f, 1.0f, -1.0f};
  xd_generator_input input = XD_GENERATOR_INPUT_INIT;
  xd_options *options = NULL;
  xd_values *report = NULL;
  xd_status status = make_options(&options, context, "mapping",
                                  "hidden_width = 4\nhidden_layers = 1\nbatch = 4\nsteps = 2\n");
  if (status == XD_OK)
    status = made(xd_values_create(&report, context), &report);
  input.encoder = xd_model_encoder(of->model, 2);
  input.decoder = xd_model_decoder(of->model, 2);
  input.set = of->sets[1];
  for (int i = 0; i < 2 && status == XD_OK; i++) {
    xd_model *model = NULL;
    input.vectors = i ? vectors : NULL;
    input.vector_dim = i ? 2 : 0;
    status = made(xd_train_generator(&model, context, report, &input, NULL, options), &model);
    xd_model_release(model);
  }
  xd_options_destroy(options);
  xd_values_destroy(report);
  return status;
}

static xd_status map(xd_context *context, const fixture *of) {
  xd_options *options = NULL;
  xd_values *report = NULL;
  xd_model *model = NULL;
  xd_train_input input;
  set_input(&input, of, true);
  xd_status status = make_options(&options, context, "train", smallest);
  if (status == XD_OK)
    status = xd_options_read(options, context, "directions = 1\nvalidate_every = 1\nallow_collapse = 1\n");
  if (status == XD_OK)
    status = made(xd_values_create(&report, context), &report);
  if (status == XD_OK)
    status = made(xd_map(&model, context, report, of->model, &input, NULL, options), &model);
  xd_options_destroy(options);
  xd_values_destroy(report);
  xd_model_release(model);
  return status;
}

static xd_status train_judge_with(xd_context *context, const fixture *of, const xd_run *run) {
  static const char text[] =
      "base_channels = 2\nfeature_dim = 4\nepochs = 1\nbatch = 8\nblur = 1\nflip = 1\n";
  xd_options *options = NULL;
  xd_judge *judge = NULL;
  xd_status status = make_options(&options, context, "judge", text);
  if (status == XD_OK)
    status = made(xd_judge_train(&judge, context, NULL, of->sets[1], run, options), &judge);
  xd_options_destroy(options);
  xd_judge_release(judge);
  return status;
}

static xd_status train_judge(xd_context *context, const fixture *of) {
  return train_judge_with(context, of, NULL);
}

/* The callback stops at its step, from 1. */
static int count_down(void *user, const xd_progress *progress) {
  uint32_t *left = user;
  (void)progress;
  return --*left == 0;
}

/* Stopped at a step, and resumed from its checkpoint. */
static xd_status in_two_parts(xd_context *context, const fixture *of, uint32_t step,
                              xd_status (*part)(xd_context *, const fixture *, const xd_run *)) {
  char path[TEST_PATH_SIZE];
  xd_run run = XD_RUN_INIT;
  run.checkpoint = in_folder(path, of, "training.checkpoint");
  run.checkpoint_steps = 1;
  run.callback = count_down, run.user = &step;
  remove(path);
  const xd_status status = part(context, of, &run);
  demand(status != XD_OK, "a training went on to its end");
  if (status != XD_ERROR_CANCELLED)
    return status;
  run.callback = NULL, run.resume = 1;
  return part(context, of, &run);
}

static xd_status resume_training(xd_context *context, const fixture *of) {
  return in_two_parts(context, of, 7, train_with);
}

static xd_status resume_judge(xd_context *context, const fixture *of) {
  return in_two_parts(context, of, 1, train_judge_with);
}

static xd_status evaluate(xd_context *context, const fixture *of) {
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  xd_values *measures = NULL;
  input.judge = of->judge;
  input.source = of->sets[0];
  input.target = of->sets[1];
  input.pairing = of->pairing;
  xd_status status = made(xd_values_create(&measures, context), &measures);
  if (status == XD_OK)
    status = xd_evaluate(context, measures, of->model, XD_DIRECTION_1TO2, &input, NULL);
  xd_values_destroy(measures);
  return status;
}

/* ---- all of them ---- */

const scenario fault_scenarios[] = {
    {"idx", load_idx, NULL},
    {"folder", load_folder, NULL},
    {"pictures", use_pictures, "small.png"},
    {"options", use_options, NULL},
    {"save", save_model, "saved.xdm"},
    {"load", load_model, NULL},
    {"stream", stream_model, NULL},
    {"inspect", check_file, NULL},
    {"judge", use_judge, "saved.xdc"},
    {"translate", translate, NULL},
    {"views", translate_views, NULL},
    {"encode", encode, NULL},
    {"train_judge", train_judge, NULL},
    {"evaluate", evaluate, NULL},
    {"generator", train_generator, NULL},
    {"map", map, NULL},
    {"train", train, NULL},
    {"resume_judge", resume_judge, NULL},
    {"resume_train", resume_training, NULL},
    {NULL, NULL, NULL},
};

void fixture_create(fixture *out) {
  char path[TEST_PATH_SIZE];
  size_t size;
  *out = (fixture){.folder = make_temp_folder(), .context = test_context("reference")};
  write_sets(out);
  unsigned char *golden = read_test_file(XD_GOLDEN_FOLDER "/model-1.0-f32.xdm", &size);
  put_file(out, "model.xdm", golden, size);
  free(golden);
  assert_ok(out->context, xd_model_load(&out->model, out->context, in_folder(path, out, "model.xdm")));
  for (int d = 0; d < 2; d++)
    out->sets[d] = make_set(out->context, d + 1);
  assert_ok(out->context, xd_pairing_create(&out->pairing, out->context, "0:5,1:6"));
  xd_options *options = NULL;
  assert_ok(out->context, make_options(&options, out->context, "judge",
                                       "width = 9\nheight = 10\nchannels = 3\nclasses = 7\n"
                                       "base_channels = 2\nfeature_dim = 4\n"));
  assert_ok(out->context, xd_judge_create(&out->judge, out->context, options));
  xd_options_destroy(options);
}

void fixture_destroy(fixture *of) {
  xd_judge_release(of->judge);
  xd_pairing_release(of->pairing);
  for (int d = 0; d < 2; d++)
    xd_dataset_release(of->sets[d]);
  xd_model_release(of->model);
  xd_context_destroy(of->context);
  remove_folder(of->folder);
}
