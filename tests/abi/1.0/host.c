/* A host that was built with 1.0, and knows the structs as they were then. Its work is every library's of version 1:
 * it trains the smallest model, judges it, saves, loads and translates, with every promised struct that it can hand
 * over or get. Where a later library writes beyond a struct of 1.0, it lands in what is watched behind it. Never
 * changed again. */
#include "interface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(truth) check((truth) != 0, #truth, __LINE__)
#define WORKS(call) works((call), #call, __LINE__)

static xd_context *context;
static long blocks;

static void check(int truth, const char *what, int line) {
  if (truth)
    return;
  printf("host of 1.0, line %d: %s\n", line, what);
  exit(1);
}

static void works(xd_status status, const char *what, int line) {
  if (status == XD_OK)
    return;
  printf("host of 1.0, line %d: %s gives %s: %s\n", line, what, xd_status_name(status),
         xd_context_message(context));
  exit(1);
}

/* ---- what the host brings ---- */

static void *allocate(void *user, size_t size, size_t alignment) {
  void *memory = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  __atomic_add_fetch((long *)user, memory != NULL, __ATOMIC_SEQ_CST);
  return memory;
}

static void release(void *user, void *pointer, size_t size, size_t alignment) {
  (void)size, (void)alignment;
  __atomic_sub_fetch((long *)user, 1, __ATOMIC_SEQ_CST);
  free(pointer);
}

static int run_in_turn(void *user, xd_task task, void *argument, uint32_t count) {
  (void)user;
  for (uint32_t i = 0; i < count; i++)
    task(argument, i);
  return 0;
}

static void hear_log(void *user, xd_log_level level, const char *message) {
  if (level <= XD_LOG_WARNING)
    printf("%s: %s\n", (const char *)user, message);
}

static xd_status decode(void *user, struct xd_image *view, void **held, char *reason, size_t room,
                        const char *name, const void *data, size_t size, uint64_t pixels) {
  (void)pixels;
  (void)user, (void)view, (void)held, (void)reason, (void)room, (void)name, (void)data, (void)size;
  return XD_ERROR_BAD_DATA;
}

static void release_decoded(void *user, void *held) {
  (void)user, (void)held;
}

static void open_context(void) {
  xd_allocator allocator = {sizeof allocator, &blocks, allocate, release};
  xd_runner runner = {sizeof runner, NULL, run_in_turn, 1, 0};
  xd_picture_decoder decoder = {sizeof decoder, NULL, decode, release_decoded, ".host", 0, 0};
  char message[256] = "";
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = "no such backend";
  options.message = message, options.message_size = sizeof message;
  CHECK(xd_context_create(&context, &options) == XD_ERROR_NOT_FOUND && context == NULL && message[0] != 0);
  options.backend = "reference";
  options.allocator = &allocator;
  options.runner = &runner;
  options.decoder = &decoder;
  options.log = hear_log;
  options.log_user = "log";
  options.picture_pixels = 1000;
  CHECK(xd_context_create(&context, &options) == XD_OK && message[0] == 0);
  CHECK(xd_context_threads(context) == 1);
}

typedef struct heard {
  uint32_t calls;
  uint32_t stop; /* at this call; 0: never */
  double overall;
  xd_stage last;
} heard;

static int hear_progress(void *user, const xd_progress *progress) {
  heard *so_far = user;
  CHECK(progress->struct_size >= sizeof *progress);
  CHECK(progress->step >= 1 && progress->step <= progress->steps);
  CHECK(progress->overall >= so_far->overall && progress->overall <= 1);
  if (progress->stage == XD_STAGE_VAE1)
    CHECK(xd_values_count(progress->losses) > 0);
  so_far->overall = progress->overall;
  so_far->last = progress->stage;
  return ++so_far->calls == so_far->stop;
}

/* ---- what it works with ---- */

enum { PICTURES = 12, WIDTH = 9, HEIGHT = 8 };

/* Two classes of grey pictures, bright to the left and bright to the right, in rows with a gap. */
static xd_dataset *make_set(int domain) {
  static uint8_t pixels[PICTURES][HEIGHT][16];
  static const char *const names[] = {"left", "right"};
  xd_image views[PICTURES];
  uint32_t labels[PICTURES];
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  xd_dataset *set = NULL;
  for (uint32_t i = 0; i < PICTURES; i++) {
    labels[i] = i % 2;
    for (uint32_t y = 0; y < HEIGHT; y++)
      for (uint32_t x = 0; x < WIDTH; x++)
        pixels[i][y][x] =
            (uint8_t)(((x < WIDTH / 2) == (labels[i] == 0) ? 200 : 10) + 3 * i + (uint32_t)domain * x);
    xd_image_init(&views[i], sizeof views[i], pixels[i], WIDTH, HEIGHT, XD_SAMPLE_U8, XD_LAYOUT_GREY);
    CHECK(views[i].struct_size == sizeof views[i] && views[i].row_stride == WIDTH && views[i].reserved == 0);
    views[i].row_stride = 16;
  }
  options.fit = XD_FIT_EXACT;
  WORKS(xd_dataset_create_views(&set, context, views, labels, PICTURES, names, 2, &options));
  CHECK(xd_dataset_count(set) == PICTURES);
  CHECK(memcmp(xd_dataset_pixels(set, 5) + WIDTH, pixels[5][1], WIDTH) == 0);
  return set;
}

static void use_options(xd_options **out, const char *group, const char *text) {
  struct {
    xd_option_info info;
    uint64_t behind;
  } watched;
  double number = 0;
  WORKS(xd_options_create(out, context, group));
  WORKS(xd_options_read(*out, context, text));
  CHECK(xd_options_count(group) > 5);
  for (uint32_t i = 0; i < xd_options_count(group); i++) {
    watched.info.struct_size = sizeof watched.info;
    watched.behind = 0x5A5A5A5A5A5A5A5A;
    WORKS(xd_options_describe(context, &watched.info, group, i));
    CHECK(watched.behind == 0x5A5A5A5A5A5A5A5A && watched.info.struct_size == sizeof watched.info);
    CHECK(watched.info.name[0] != 0 && watched.info.help[0] != 0);
    CHECK(watched.info.least <= watched.info.initial && watched.info.initial <= watched.info.most);
    CHECK(xd_options_get_number(*out, context, &number, watched.info.name) == XD_OK);
  }
}

/* ---- trainings ---- */

static xd_model *train(xd_dataset *const set[2], const xd_pairing *pairing) {
  xd_options *options = NULL;
  xd_values *report = NULL;
  xd_model *model = NULL;
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_run run = XD_RUN_INIT;
  heard progress = {0, 2, 0, 0};
  double seconds = -1;
  use_options(&options, "train",
              "vae.base_channels = 2\nvae.depth = 1\nvae.latent_dim = 2\nvae.hidden1 = 4\nvae.batch = 6\n"
              "vae.epochs = 2\nvae.min_steps = 0\nmapping.hidden_width = 4\nmapping.hidden_layers = 1\n"
              "mapping.batch = 4\nmapping.steps = 3\nallow_collapse = 1\n");
  WORKS(xd_values_create(&report, context));
  input.set[0] = set[0], input.set[1] = set[1];
  input.pairing = pairing;
  input.name[0] = "one";
  run.callback = hear_progress, run.user = &progress;
  CHECK(xd_train(&model, context, report, &input, &run, options) == XD_ERROR_CANCELLED && model == NULL);
  progress = (heard){0, 0, 0, 0};
  WORKS(xd_train(&model, context, report, &input, &run, options));
  CHECK(progress.calls > 10 && progress.last == XD_STAGE_MAPPING2);
  CHECK(xd_values_find(report, &seconds, "seconds") == XD_OK && seconds >= 0);
  CHECK(strcmp(xd_model_name(model, 1), "one") == 0 && strcmp(xd_model_name(model, 2), "") == 0);
  xd_values_destroy(report);
  xd_options_destroy(options);
  return model;
}

static void judge(const xd_model *model, xd_dataset *const set[2], const xd_pairing *pairing) {
  xd_options *options = NULL;
  xd_values *measures = NULL;
  xd_judge *made = NULL;
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  heard progress = {0, 0, 0, 0};
  double acc = -1;
  use_options(&options, "judge", "base_channels = 2\nfeature_dim = 4\nepochs = 1\nbatch = 6\n");
  WORKS(xd_judge_train(&made, context, NULL, set[1], NULL, options));
  WORKS(xd_values_create(&measures, context));
  input.judge = made;
  input.source = set[0], input.target = set[1];
  input.pairing = pairing;
  input.callback = hear_progress, input.user = &progress;
  WORKS(xd_evaluate(context, measures, model, XD_DIRECTION_1TO2, &input, NULL));
  CHECK(xd_values_find(measures, &acc, "acc") == XD_OK && acc >= 0 && acc <= 1);
  CHECK(progress.calls > 0);
  xd_values_destroy(measures);
  xd_judge_release(made);
  xd_options_destroy(options);
}

/* ---- files, parts and pictures ---- */

static void inspect(const xd_source *source) {
  struct {
    xd_file_info info;
    uint64_t behind;
  } watched = {{sizeof watched.info, {0}, 0, 0, 0, 0, 0}, 77};
  xd_chunk chunks[64];
  for (int i = 0; i < 64; i++)
    chunks[i].struct_size = sizeof chunks[i];
  WORKS(xd_file_inspect_source(context, &watched.info, chunks, 63, source));
  CHECK(watched.behind == 77 && strcmp(watched.info.kind, "model") == 0 && watched.info.major == 1);
  CHECK(watched.info.chunk_count >= 3 && watched.info.chunk_count <= 63);
  for (uint32_t i = 0; i < watched.info.chunk_count; i++)
    CHECK(chunks[i].struct_size == sizeof chunks[i] && chunks[i].intact == 1 && chunks[i].length > 0);
}

/* A model of another's networks, without the way back. */
static xd_model *compose(const xd_model *of) {
  xd_model_parts parts = XD_MODEL_PARTS_INIT;
  xd_model *model = NULL;
  struct {
    xd_tensor tensor;
    uint64_t behind;
  } watched = {XD_TENSOR_INIT, 99};
  for (uint32_t d = 0; d < 2; d++) {
    parts.encoder[d] = xd_model_encoder(of, d + 1);
    parts.decoder[d] = xd_model_decoder(of, d + 1);
  }
  parts.generator[0] = xd_model_generator(of, XD_DIRECTION_1TO2);
  parts.name[0] = "composed";
  WORKS(xd_model_create(&model, context, &parts));
  WORKS(xd_network_tensor(xd_encoder_network(parts.encoder[0]), 0, &watched.tensor));
  CHECK(watched.behind == 99 && watched.tensor.count > 0 && watched.tensor.rank >= 1);
  return model;
}

/* Two pictures, the first one RGBA in the host's own memory, to floats. */
static void translate(xd_translator *translator, const xd_dataset *set, float result[2][HEIGHT * WIDTH]) {
  static uint8_t colour[HEIGHT][WIDTH][4];
  xd_image inputs[2], outputs[2];
  memset(colour, 130, sizeof colour);
  xd_image_init(&inputs[0], sizeof inputs[0], colour, WIDTH, HEIGHT, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  xd_image_init(&inputs[1], sizeof inputs[1], NULL, WIDTH, HEIGHT, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  memcpy(&inputs[1].pixels, &(const void *){xd_dataset_pixels(set, 3)}, sizeof inputs[1].pixels);
  for (int i = 0; i < 2; i++)
    xd_image_init(&outputs[i], sizeof outputs[i], result[i], WIDTH, HEIGHT, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  WORKS(xd_translator_set_noise(translator, 7, 0, 0.5f));
  WORKS(xd_translator_run(translator, outputs, NULL, inputs, 2));
  for (int i = 0; i < HEIGHT * WIDTH; i++)
    CHECK(result[0][i] >= 0 && result[0][i] <= 1 && result[1][i] >= 0 && result[1][i] <= 1);
}

int main(void) {
  xd_dataset *set[2] = {NULL, NULL}, *chosen = NULL;
  xd_pairing *pairing = NULL;
  xd_model *model = NULL, *loaded = NULL, *composed = NULL;
  xd_translator *translator = NULL;
  xd_blob *blob = NULL;
  xd_sink sink = {sizeof sink, NULL, NULL, NULL};
  xd_source source = XD_SOURCE_INIT;
  xd_save_options save = {sizeof save, 0, 1};
  xd_translator_options way = XD_TRANSLATOR_OPTIONS_INIT;
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  const uint32_t class_right = 1;
  heard progress = {0, 0, 0, 0};
  float first[2][HEIGHT * WIDTH], second[2][HEIGHT * WIDTH];

  CHECK(xd_version_number() / 1000000 == 1);
  CHECK(xd_has_feature("streams") && xd_has_feature("options") && !xd_has_feature("nothing of the kind"));
  open_context();
  set[0] = make_set(0), set[1] = make_set(1);
  selection.classes = &class_right, selection.class_count = 1;
  WORKS(xd_dataset_select(&chosen, context, set[0], &selection));
  CHECK(xd_dataset_count(chosen) == PICTURES / 2);
  WORKS(xd_pairing_create(&pairing, context, "0:0,1:1"));

  model = train(set, pairing);
  judge(model, set, pairing);

  CHECK(xd_model_load(&loaded, context, "/no/such/model.xdm") == XD_ERROR_NOT_FOUND && loaded == NULL);
  CHECK(strstr(xd_context_message(context), "/no/such/model.xdm") != NULL);
  WORKS(xd_blob_create(&blob, context));
  WORKS(xd_blob_sink(blob, &sink));
  WORKS(xd_model_save_sink(model, context, &sink, &save));
  WORKS(xd_blob_source(blob, &source));
  inspect(&source);
  WORKS(xd_model_load_source(&loaded, context, &source));
  composed = compose(loaded);
  CHECK(strcmp(xd_model_name(composed, 1), "composed") == 0);

  WORKS(xd_translator_create(&translator, context, composed, NULL));
  translate(translator, chosen, first);
  xd_translator_destroy(translator);
  way.callback = hear_progress, way.user = &progress;
  way.max_batch = 1;
  WORKS(xd_translator_load_source(&translator, context, &source, &way));
  translate(translator, chosen, second);
  CHECK(memcmp(first, second, sizeof first) == 0);
  CHECK(progress.calls == 2 && progress.last == XD_STAGE_TRANSLATION);
  way.fit = 1000;
  CHECK(xd_translator_create(&(xd_translator *){NULL}, context, model, &way) == XD_ERROR_INVALID_ARGUMENT);

  xd_translator_destroy(translator);
  xd_blob_destroy(blob);
  xd_model_release(composed);
  xd_model_release(loaded);
  xd_model_release(model);
  xd_pairing_release(pairing);
  xd_dataset_release(chosen);
  xd_dataset_release(set[0]);
  xd_dataset_release(set[1]);
  xd_context_destroy(context);
  CHECK(blocks == 0);
  printf("the host of 1.0 runs on %u\n", (unsigned)xd_version_number());
  return 0;
}
