/* The first inputs of each fuzz target, made from what the library writes and from small files composed
 * here: make_seeds FOLDER fills FOLDER/model, FOLDER/judge and so on. */
#include "../unit/support.h"

#include "../unit/jpeg_bytes.h"
#include "../unit/tiny_model.h"
#include "fuzz_training.h"
#include "xdomain/unstable/presets.h"

static const char *root;
static xd_context *context;

/* "root/target/name", its folder made where it is missing. */
static char *seed_path(char path[TEST_PATH_SIZE], const char *target, const char *name) {
  path_in(path, root, target);
  if (mkdir(path, 0777) != 0 && errno != EEXIST)
    ck_abort_msg("%s: %s", path, strerror(errno));
  const int length = snprintf(path, TEST_PATH_SIZE, "%s/%s/%s", root, target, name);
  ck_assert(length > 0 && length < TEST_PATH_SIZE);
  return path;
}

/* A seed of one leading byte, where `lead` is not negative, and data. */
static void put_seed(const char *target, const char *name, int lead, const void *data, size_t size) {
  char path[TEST_PATH_SIZE];
  FILE *file = fopen(seed_path(path, target, name), "wb");
  ck_assert_ptr_nonnull(file);
  if (lead >= 0)
    ck_assert_int_ne(fputc(lead, file), EOF);
  ck_assert_uint_eq(size ? fwrite(data, 1, size, file) : 0, size);
  ck_assert_int_eq(fclose(file), 0);
}

static void put_text(const char *target, const char *name, int lead, const char *text) {
  put_seed(target, name, lead, text, strlen(text));
}

/* ---- models and judges ---- */

static void make_models(void) {
  static const char *const names[] = {"whole", "vaes", "skip"};
  char path[TEST_PATH_SIZE];
  for (int kind = 0; kind < 3; kind++) {
    xd_model *model = tiny_model_with(context, kind != 1, kind == 2);
    assert_ok(context, xd_model_save(model, context, seed_path(path, "model", names[kind]), NULL));
    if (kind == 0) {
      xd_save_options packed = XD_SAVE_OPTIONS_INIT;
      packed.half = packed.inference_only = 1;
      assert_ok(context, xd_model_save(model, context, seed_path(path, "model", "half"), &packed));
      packed.half = 0, packed.int8 = 1;
      assert_ok(context, xd_model_save(model, context, seed_path(path, "model", "int8"), &packed));
    }
    xd_model_release(model);
  }
}

/* Domain 2 of the whole one, drawn from conditions. */
static void make_conditions(void) {
  char path[TEST_PATH_SIZE];
  xd_model *whole = tiny_model(context, true), *model = NULL;
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  parts.encoder[1] = xd_model_encoder(whole, 2);
  parts.decoder[1] = xd_model_decoder(whole, 2);
  parts.generator[0] = xd_model_generator(whole, XD_DIRECTION_1TO2);
  assert_ok(context, xd_model_create(&model, context, &parts));
  assert_ok(context, xd_model_save(model, context, seed_path(path, "model", "conditions"), NULL));
  xd_model_release(model);
  xd_model_release(whole);
}

static void make_judges(void) {
  char path[TEST_PATH_SIZE];
  for (uint32_t channels = 1; channels <= 3; channels += 2) {
    xd_options *options = NULL;
    xd_judge *judge = NULL;
    assert_ok(context, xd_options_create(&options, context, "judge"));
    assert_ok(context,
              xd_options_read(options, context,
                              "width = 8\nheight = 8\nclasses = 3\nbase_channels = 2\nfeature_dim = 4\n"));
    assert_ok(context, xd_options_set_number(options, context, "channels", channels));
    assert_ok(context, xd_judge_create(&judge, context, options));
    xd_options_destroy(options);
    assert_ok(context, xd_judge_save(judge, context, seed_path(path, "judge", channels == 1 ? "1" : "3")));
    xd_judge_release(judge);
  }
}

/* ---- checkpoints ---- */

static int stop_later(void *user, const xd_progress *progress) {
  uint32_t *left = user;
  (void)progress;
  return --*left == 0;
}

/* On the targets' backend, of which a checkpoint knows the name. */
static void make_checkpoint(uint32_t kind, uint32_t stop_at) {
  char path[TEST_PATH_SIZE], name[32];
  xd_context *native = test_context("auto");
  xd_run run = XD_RUN_INIT;
  fuzz_training training;
  fuzz_trained made;
  size_t size;
  run.checkpoint = path_in(path, root, "checkpoint.tmp");
  run.callback = stop_later, run.user = &stop_at;
  snprintf(name, sizeof name, "%u-%u", kind, stop_at);
  fuzz_training_open(&training, native, kind);
  const xd_status status = fuzz_train(&made, &training, kind, &run);
  ck_assert_msg(status == XD_OK || status == XD_ERROR_CANCELLED, "%s", xd_context_message(native));
  fuzz_trained_release(&made);
  fuzz_training_close(&training);
  unsigned char *bytes = read_test_file(path, &size);
  put_seed("checkpoint", name, (int)kind, bytes, size);
  free(bytes);
  ck_assert_int_eq(remove(path), 0);
  xd_context_destroy(native);
}

/* In each stage, and finished. */
static void make_checkpoints(void) {
  for (uint32_t kind = 0; kind < FUZZ_TRAININGS; kind++)
    for (uint32_t stop_at = 1; stop_at <= 10; stop_at += 3)
      make_checkpoint(kind, stop_at);
}

/* ---- sets ---- */

static void make_idx(void) {
  static const uint8_t grey[] = {3, 11, 0, 0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2, 0, 0, 8, 3, 0,  0,  0,
                                 3, 0,  0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  static const uint8_t colour[] = {0, 0, 0, 0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 1,
                                   0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  put_seed("idx", "packed", -1, grey, sizeof grey);
  put_seed("idx", "plain", 1, grey + 1, sizeof grey - 1);
  put_seed("idx", "colour", -1, colour, sizeof colour);
}

typedef struct growing {
  size_t size;
  uint8_t data[1024];
} growing;

static void put_numbers(growing *to, const uint32_t *numbers, size_t count) {
  for (size_t i = 0; i < count; i++)
    for (int k = 0; k < 4; k++)
      to->data[to->size++] = (uint8_t)(numbers[i] >> 8 * k);
}

/* X: uint8 of 2 x 2 x 3 x 2; y: 2 doubles. */
static void make_mat(void) {
  static const uint32_t x[] = {14, 88, 6, 8, 9, 0, 5, 16, 2, 2, 3, 2, 1u << 16 | 1, 'X', 2, 24};
  static const uint32_t y[] = {14, 64, 6, 8, 6, 0, 5, 8, 2, 1, 1u << 16 | 1, 'y', 9, 16};
  static const double labels[] = {1.0, 10.0};
  growing file = {0, {0}};
  memset(file.data, ' ', 124);
  memcpy(file.data, "MATLAB 5.0 MAT-file", 19);
  memcpy(file.data + 124, "\0\1IM", 4);
  file.size = 128;
  put_numbers(&file, x, sizeof x / sizeof *x);
  for (int i = 0; i < 24; i++)
    file.data[file.size++] = (uint8_t)(10 * i);
  put_numbers(&file, y, sizeof y / sizeof *y);
  memcpy(file.data + file.size, labels, sizeof labels);
  file.size += sizeof labels;
  put_seed("mat", "plain", 0, file.data, file.size);
  put_seed("mat", "packed", 1, file.data, file.size);
}

static void make_specs(void) {
  put_text("spec", "idx", 0, "idx:i,l;classes=0-1;first=2;channels=3");
  put_text("spec", "folder", 0, "dir:d;size=4x4;channels=1");
  put_text("spec", "joined", 0, "idx:i,l;subset=2;seed=3|dir:d;size=2x3");
  put_text("spec", "split", 0, "idx:i;holdout=25%;part=train");
  put_text("spec", "marks", 0, "idx:a\\;b\\,c,l\\|d\\\\;first=2|dir:d\\:e");
  put_text("spec", "pairs", 1, "0:5,1:6,1:7");
  put_text("spec", "any", 1, "*:*");
}

/* ---- pictures ---- */

static void make_bmp(void) {
  static const uint8_t bmp[] = {'B', 'M', 70, 0, 0, 0, 0, 0, 0, 0, 54, 0,  0,  0,  40, 0, 0,  0,
                                2,   0,   0,  0, 2, 0, 0, 0, 1, 0, 24, 0,  0,  0,  0,  0, 16, 0,
                                0,   0,   0,  0, 0, 0, 0, 0, 0, 0, 0,  0,  0,  0,  0,  0, 0,  0,
                                1,   2,   3,  4, 5, 6, 0, 0, 7, 8, 9,  10, 11, 12, 0,  0};
  put_seed("picture", "bmp", -1, bmp, sizeof bmp);
}

static void make_pictures(void) {
  static const xd_layout layouts[] = {XD_LAYOUT_GREY, XD_LAYOUT_GREY_ALPHA, XD_LAYOUT_RGB, XD_LAYOUT_RGBA};
  uint8_t pixels[9 * 6 * 4];
  char path[TEST_PATH_SIZE], name[8];
  for (size_t i = 0; i < sizeof pixels; i++)
    pixels[i] = (uint8_t)(i * 37 % 251);
  for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
    xd_image view;
    xd_image_init(&view, sizeof view, pixels, 9, 6, XD_SAMPLE_U8, layouts[i]);
    snprintf(name, sizeof name, "png%zu", i);
    assert_ok(context, xd_image_save_png(context, seed_path(path, "picture", name), &view));
  }
  put_seed("picture", "grey.jpg", -1, grey_jpeg, sizeof grey_jpeg);
  put_seed("picture", "colour.jpg", -1, colour_jpeg, sizeof colour_jpeg);
  put_text("picture", "pgm", -1, "P5 # grey\n3 2 255\nabcdef");
  put_text("picture", "ppm", -1, "P6 1 2 65535\nabcdefghijkl");
  make_bmp();
}

/* ---- options ---- */

/* Each group's presets, and a text that names each option with its default. */
static void make_option_texts(void) {
  char name[64];
  const char *group;
  for (uint32_t g = 0; (group = xd_options_group_name(g)) != NULL; g++) {
    char *text = calloc(1, 65536);
    size_t length = 0;
    ck_assert_ptr_nonnull(text);
    for (uint32_t i = 0; i < xd_options_count(group); i++) {
      xd_option_info info = XD_OPTION_INFO_INIT;
      assert_ok(context, xd_options_describe(context, &info, group, i));
      if (info.kind != XD_OPTION_CHOICE)
        length += (size_t)snprintf(text + length, 65536 - length, "%s = %.9g\n", info.name, info.initial);
    }
    put_text("options", group, (int)g, text);
    free(text);
    for (uint32_t p = 0; xd_options_preset_name(group, p); p++) {
      snprintf(name, sizeof name, "%s-%s", group, xd_options_preset_name(group, p));
      put_text("options", name, (int)g, xd_options_preset_text(group, xd_options_preset_name(group, p)));
    }
  }
}

/* ---- weights ---- */

static void put_weights(const char *name, const char *header, size_t numbers) {
  const size_t length = strlen(header), size = 8 + length + numbers;
  uint8_t *bytes = calloc(1, size);
  ck_assert_ptr_nonnull(bytes);
  bytes[0] = (uint8_t)length;
  bytes[1] = (uint8_t)(length >> 8);
  memcpy(bytes + 8, header, length);
  put_seed("weights", name, -1, bytes, size);
  free(bytes);
}

/* From labels to pictures, by layers of all kinds; and texts alone. */
static void make_weights(void) {
  put_weights(
      "labels",
      "{\"__metadata__\":{\"xdomain\":\"1\",\"encoder2\":\"8 8 1; WNRM 400; DNSE 1 1 2; LSKP\","
      "\"decoder2\":\"1 1 1; DNSE 2 2 2 1; GNRM 2 1; CNV2 2 1 1; RADD 2; UPS2 4 4; UPC3 1 0 7 7; CNT2 1 2 1 0 "
      "3 8 8\",\"generator1\":\"1 1 2; RSHP 1 2 1; ACTV 2; DROP 9; DNSE 1 1 1\",\"class1.0\":\"\\ud83e\\uDDC0\","
      "\"name2\":\"b\",\"property.a\":\"b\"},"
      "\"encoder2.1.dense.weights\":{\"dtype\":\"F32\",\"shape\":[64,2],\"data_offsets\":[0,512]},"
      "\"encoder2.1.dense.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[512,520]},"
      "\"encoder2.2.linear_skip.weights\":{\"dtype\":\"F32\",\"shape\":[64,2],\"data_offsets\":[520,1032]},"
      "\"encoder2.2.linear_skip.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1032,1040]},"
      "\"decoder2.0.dense.weights\":{\"dtype\":\"F32\",\"shape\":[1,8],\"data_offsets\":[1040,1072]},"
      "\"decoder2.0.dense.bias\":{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[1072,1104]},"
      "\"decoder2.1.group_norm.scale\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1104,1112]},"
      "\"decoder2.1.group_norm.shift\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1112,1120]},"
      "\"decoder2.2.conv2d.weights\":{\"dtype\":\"F32\",\"shape\":[1,1,2,2],\"data_offsets\":[1120,1136]},"
      "\"decoder2.2.conv2d.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1136,1144]},"
      "\"decoder2.5.upsample_conv2d.weights\":{\"dtype\":\"F32\",\"shape\":[3,3,2,1],\"data_offsets\":[1144,"
      "1216]},"
      "\"decoder2.5.upsample_conv2d.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1216,1220]},"
      "\"decoder2.6.conv_transpose2d.weights\":{\"dtype\":\"F32\",\"shape\":[2,2,1,1],\"data_offsets\":[1220,"
      "1236]},"
      "\"decoder2.6.conv_transpose2d.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1236,1240]},"
      "\"generator1.3.dense.weights\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[1240,1248]},"
      "\"generator1.3.dense.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[1248,1252]}}",
      1252);
  put_weights("texts", "{\"__metadata__\":{\"format\":\"pt\"}}", 0);
}

/* ---- sequences of calls ---- */

static void make_calls(void) {
  uint8_t bytes[256];
  for (unsigned kind = 0; kind < 8; kind++) {
    for (unsigned i = 0; i < sizeof bytes; i++)
      bytes[i] = (uint8_t)((i * (2 * kind + 1) * 73 + kind * 19) >> (i % 3));
    put_seed("calls", (char[]){(char)('a' + kind), '\0'}, -1, bytes, sizeof bytes);
  }
}

START_TEST(making) {
  context = test_context("reference");
  make_models();
  make_conditions();
  make_judges();
  make_checkpoints();
  make_idx();
  make_mat();
  make_specs();
  make_pictures();
  make_option_texts();
  make_weights();
  make_calls();
  xd_context_destroy(context);
}
END_TEST

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: make_seeds FOLDER\n");
    return 2;
  }
  root = argv[1];
  if (mkdir(root, 0777) != 0 && errno != EEXIST) {
    perror(root);
    return 1;
  }
  return run_program(making);
}
