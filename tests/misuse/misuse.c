/* Misuse of every function that the public headers declare: each pointer NULL, each number at its extremes, with
 * a context that is cancelled and one that is not. The calls are written by generate.py from the headers.
 *
 * A call may refuse or succeed; it must not crash, hang, leak, or answer with a status that nobody knows. One that
 * fails leaves NULL where it would have put a handle, and says why in one line of the log; one that succeeds says
 * nothing there. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "network_support.h"
#include "tiny_model.h"

#include <math.h>
#include <signal.h>
#include <sys/mman.h>

#include "xdomain/unstable/backend_detail.h"
#include "xdomain/unstable/classes.h"
#include "xdomain/unstable/judge_trainer.h"
#include "xdomain/unstable/mapping_trainer.h"
#include "xdomain/unstable/mat.h"
#include "xdomain/unstable/plan.h"
#include "xdomain/unstable/presets.h"
#include "xdomain/unstable/price.h"
#include "xdomain/unstable/reduce.h"
#include "xdomain/unstable/sheet.h"
#include "xdomain/unstable/spec.h"
#include "xdomain/unstable/vae_trainer.h"

#define AREAS 8
#define AREA_SIZE ((size_t)1 << 30) /* of address space; memory where it is touched */
#define USED 8192                   /* of each by calls that keep to their counts */
#define PATIENCE 120                /* seconds for all calls of a function */
#define BLOCK_LIMIT ((size_t)1 << 28)

typedef struct misuse {
  const char *function;
  void (*run)(void);
} misuse;

/* ---- the fixture ---- */

static struct fixture {
  xd_context *context;
  xd_context_options *context_options;
  xd_model *model;
  xd_encoder *encoder, *open_encoder;
  xd_decoder *decoder;
  xd_latent_generator *latent_generator;
  xd_pair_discriminator *pair_discriminator;
  xd_judge *judge;
  xd_network *network;
  xd_dataset *dataset, *target_set;
  const xd_dataset *sets[3];
  xd_pairing *pairing;
  const char *names[3];
  xd_picture *picture;
  xd_translator *translator;
  xd_vae_trainer *vae_trainer;
  xd_mapping_trainer *mapping_trainer;
  xd_judge_trainer *judge_trainer;
  xd_options *options, *vae_options, *mapping_options, *judge_options, *train_options;
  xd_values *values;
  xd_blob *blob;
  xd_pool *pool;
  xd_tensor tensor;
  xd_image image, target, inputs[3], outputs[3];
  xd_source model_source, judge_source, picture_source;
  xd_sink sink;
  xd_save_options save_options;
  xd_translator_options translator_options;
  xd_dataset_selection selection;
  xd_dataset_options dataset_options;
  xd_evaluation_input evaluation_input;
  xd_train_input train_input;
  xd_generator_input generator_input;
  xd_run run;
  xd_mapping_batch mapping_batch;
  xd_model_parts parts;
  xd_network_layers layers, decoder_layers, discriminator_layers;
  char *folder, *long_text;
  char model_path[TEST_PATH_SIZE], judge_path[TEST_PATH_SIZE], picture_path[TEST_PATH_SIZE];
  char options_path[TEST_PATH_SIZE], idx_path[TEST_PATH_SIZE], out_path[TEST_PATH_SIZE],
      picture_folder[TEST_PATH_SIZE];
  char spec[TEST_PATH_SIZE + 8];
} f;

static struct made {
  xd_backend *backend;
  xd_backend_library *backend_library;
  xd_blob *blob;
  xd_context *context;
  xd_dataset *dataset, *dataset2;
  xd_decoder *decoder;
  xd_encoder *encoder;
  xd_judge *judge;
  xd_judge_trainer *judge_trainer;
  xd_latent_generator *latent_generator;
  xd_mapping_trainer *mapping_trainer;
  xd_model *model;
  xd_options *options;
  xd_pair_discriminator *pair_discriminator;
  xd_pairing *pairing;
  xd_picture *picture;
  xd_pool *pool;
  xd_translator *translator;
  xd_vae_trainer *vae_trainer;
  xd_values *values;
} out;

/* ---- what calls are given ---- */

static char *areas;
static unsigned next_area;

/* Memory of its own for each pointer of a call. */
static void *area(void) {
  return areas + AREA_SIZE * (next_area++ % AREAS);
}

static char *text_area(void) {
  return area();
}

static void *zeros(void) {
  return area();
}

static xd_image *scratch_view(void) {
  xd_image *view = area();
  *view = (xd_image)XD_IMAGE_INIT;
  return view;
}

static xd_chunk *chunks(void) {
  xd_chunk *first = area();
  *first = (xd_chunk)XD_CHUNK_INIT;
  return first;
}

static xd_file_info *file_info(void) {
  xd_file_info *info = area();
  *info = (xd_file_info)XD_FILE_INFO_INIT;
  return info;
}

static xd_option_info *option_info(void) {
  xd_option_info *info = area();
  *info = (xd_option_info)XD_OPTION_INFO_INIT;
  return info;
}

static xd_tensor *tensor(void) {
  xd_tensor *of = area();
  *of = (xd_tensor)XD_TENSOR_INIT;
  return of;
}

static xd_sink *sink(void) {
  xd_sink *to = area();
  *to = (xd_sink)XD_SINK_INIT;
  return to;
}

static xd_source *source(void) {
  xd_source *from = area();
  *from = (xd_source)XD_SOURCE_INIT;
  return from;
}

/* ---- what is asked of each call ---- */

static const char *call; /* in hand, as its text */
static bool cancelled;
static size_t cases;
static int errors, lines;

static void count_line(void *user, xd_log_level level, const char *message) {
  (void)user, (void)message;
  lines++;
  errors += level == XD_LOG_ERROR;
}

static void complain_of_hanging(int number) {
  (void)number;
  if (call && write(STDERR_FILENO, call, strlen(call)) > 0)
    (void)!write(STDERR_FILENO, " hangs\n", 7);
  _exit(3);
}

static void begin(const char *text, bool cancel) {
  call = text;
  cancelled = cancel;
  errors = lines = 0;
  next_area = 0;
  for (int i = 0; i < AREAS; i++)
    memset(areas + AREA_SIZE * (size_t)i, 0, USED);
  if (cancel)
    xd_context_cancel(f.context);
}

static void end(void) {
  xd_context_clear_cancel(f.context);
  cases++;
}

/* All that is wrong is told, not the first alone. */
static int wrong;

static void complain(xd_status status, const char *what) {
  if (++wrong > 100)
    return;
  printf("%s%s answers %s %s; %d lines in the log, %d of errors; the message is \"%s\"\n", call,
         cancelled ? ", cancelled," : "", xd_status_name(status), what, lines, errors,
         xd_context_message(f.context));
}

static void check_status(xd_status status, bool heard) {
  if (strcmp(xd_status_name(status), "XD_ERROR_UNKNOWN") == 0 || status == XD_ERROR_INTERNAL)
    complain(status, "which is no answer");
  else if (heard && status == XD_OK && errors != 0)
    complain(status, "but logs an error");
  else if (heard && status != XD_OK && lines != 1)
    complain(status, "without one line on why");
}

#define BEGIN(text, cancel) begin(text, cancel)
#define CHECK_STATUS(status, heard) check_status(status, heard)
#define CHECK_NULL_UNLESS_OK(status, handle) \
  do { \
    if ((status) != XD_OK && (handle)) \
      complain(status, "and leaves a handle"); \
  } while (0)
/* Good arguments: else the bad ones prove little. */
#define CHECK_OK(status) \
  do { \
    if ((status) != XD_OK) \
      complain(status, "to good arguments"); \
  } while (0)
#define END() end()

#include "misuse_calls.inc"

/* ---- making and unmaking the fixture ---- */

static counting_allocator counter;

static void *take_some(void *user, size_t size, size_t alignment) {
  return size > BLOCK_LIMIT ? NULL : counting_allocate(user, size, alignment);
}

static int swallow(void *user, const void *data, size_t size) {
  (void)user, (void)data, (void)size;
  return 0;
}

static void make_context(void) {
  static xd_context_options options = XD_CONTEXT_OPTIONS_INIT, plain = XD_CONTEXT_OPTIONS_INIT;
  static xd_allocator allocator;
  allocator = counting_allocator_hooks(&counter);
  allocator.allocate = take_some;
  options.backend = "reference";
  options.allocator = &allocator;
  options.log = count_line;
  assert_status(xd_context_create(&f.context, &options), XD_OK);
  plain.backend = "reference";
  f.context_options = &plain;
  assert_status(xd_pool_create(&f.pool, 1, &allocator), XD_OK);
}

static void make_sets(void) {
  static const uint8_t pixels[12 * 10 * 9 * 3];
  static const uint32_t labels[] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  assert_ok(f.context, xd_dataset_create(&f.dataset, f.context, pixels, labels, 12, 8, 8, 1));
  assert_ok(f.context, xd_dataset_create(&f.target_set, f.context, pixels, labels, 12, 9, 10, 3));
  f.sets[0] = f.sets[1] = f.sets[2] = f.dataset;
  assert_ok(f.context, xd_pairing_create(&f.pairing, f.context, "0:0,1:1"));
  f.names[0] = "0", f.names[1] = "1", f.names[2] = "2";
  f.train_input = (xd_train_input)XD_TRAIN_INPUT_INIT;
  f.train_input.set[0] = f.dataset;
  f.train_input.set[1] = f.target_set;
  f.train_input.pairing = f.pairing;
  f.run = (xd_run)XD_RUN_INIT;
  f.evaluation_input = (xd_evaluation_input)XD_EVALUATION_INPUT_INIT;
  f.evaluation_input.source = f.dataset;
  f.evaluation_input.target = f.target_set;
  f.evaluation_input.pairing = f.pairing;
}

static void make_networks(void) {
  static const char judging[] =
      "width=9 height=10 channels=3 classes=2 base_channels=2 feature_dim=2 batch=4";
  static const char mapping[] = "source_dim=2 target_dim=3 hidden_width=4 hidden_layers=1 batch=4";
  f.model = tiny_model(f.context, true);
  f.encoder = make_encoder(f.context, tiny_vae(1));
  f.decoder = make_decoder(f.context, tiny_vae(1));
  f.latent_generator = make_generator(f.context, mapping);
  f.pair_discriminator = make_discriminator(f.context, mapping);
  f.judge = make_judge(f.context, judging);
  f.open_encoder = make_encoder(f.context, tiny_vae(1)); /* never frozen */
  f.network = xd_encoder_network_mutable(f.open_encoder);
  f.options = make_options(f.context, "vae", "");
  f.vae_options = make_options(f.context, "vae", tiny_vae(1));
  f.mapping_options = make_options(f.context, "mapping", mapping);
  f.judge_options = make_options(f.context, "judge", judging);
  f.train_options = make_options(f.context, "train", "");
  f.vae_trainer = make_vae_trainer(f.context, tiny_vae(1));
  f.mapping_trainer = make_mapping_trainer(f.context, mapping);
  f.judge_trainer = make_judge_trainer(f.context, judging);
  f.values = make_values(f.context);
  f.evaluation_input.judge = f.judge;
  f.tensor = (xd_tensor)XD_TENSOR_INIT;
  assert_ok(f.context, xd_network_tensor(f.network, 0, &f.tensor));
  assert_ok(f.context, xd_translator_create(&f.translator, f.context, f.model, NULL));
}

static void make_pictures(void) {
  static float in[3][8 * 8], to[3][10 * 9 * 3];
  static uint8_t bytes[8 * 8 * 4];
  for (int i = 0; i < 3; i++) {
    xd_image_init(&f.inputs[i], sizeof f.inputs[i], in[i], 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
    xd_image_init(&f.outputs[i], sizeof f.outputs[i], to[i], 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
  }
  xd_image_init(&f.image, sizeof f.image, in[0], 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  xd_image_init(&f.target, sizeof f.target, bytes, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  assert_ok(f.context, xd_picture_create(&f.picture, f.context, 8, 8, XD_SAMPLE_U8, XD_LAYOUT_RGB));
}

static void make_structs(void) {
  static float codes[64];
  static const xd_layer_spec dense = {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 4, XD_ACTIVATION_IDENTITY}};
  static const xd_layer_spec picture = {XD_TAG('D', 'N', 'S', 'E'), {8, 8, 1, XD_ACTIVATION_SIGMOID}};
  static const xd_layer_spec logit = {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 1, XD_ACTIVATION_IDENTITY}};
  f.save_options = (xd_save_options)XD_SAVE_OPTIONS_INIT;
  f.translator_options = (xd_translator_options)XD_TRANSLATOR_OPTIONS_INIT;
  f.selection = (xd_dataset_selection)XD_DATASET_SELECTION_INIT;
  f.dataset_options = (xd_dataset_options)XD_DATASET_OPTIONS_INIT;
  f.dataset_options.width = f.dataset_options.height = 8;
  f.parts = (xd_model_parts)XD_MODEL_PARTS_INIT;
  for (uint32_t i = 0; i < 2; i++) {
    f.parts.encoder[i] = xd_model_encoder(f.model, i + 1);
    f.parts.decoder[i] = xd_model_decoder(f.model, i + 1);
    f.parts.generator[i] = xd_model_generator(f.model, i + 1);
  }
  f.generator_input = (xd_generator_input)XD_GENERATOR_INPUT_INIT;
  f.generator_input.encoder = f.parts.encoder[0];
  f.generator_input.decoder = f.parts.decoder[0];
  f.generator_input.set = f.dataset;
  f.mapping_batch = (xd_mapping_batch)XD_MAPPING_BATCH_INIT;
  f.mapping_batch.source = f.mapping_batch.anchor = codes;
  f.mapping_batch.positive = f.mapping_batch.mismatched = f.mapping_batch.twin = codes;
  f.mapping_batch.count = 2;
  f.layers = (xd_network_layers)XD_NETWORK_LAYERS_INIT;
  f.layers.layers = &dense, f.layers.layer_count = 1;
  f.layers.input = (xd_shape){.width = 8, .height = 8, .channels = 1};
  f.decoder_layers = f.discriminator_layers = f.layers;
  f.decoder_layers.layers = &picture;
  f.decoder_layers.input = (xd_shape){.width = 1, .height = 1, .channels = 2};
  f.discriminator_layers.layers = &logit;
  f.discriminator_layers.input = (xd_shape){.width = 1, .height = 1, .channels = 4};
  f.sink = (xd_sink)XD_SINK_INIT;
  f.sink.write = swallow;
  assert_ok(f.context, xd_blob_create(&f.blob, f.context));
}

static xd_source source_of(const char *path) {
  xd_source from = XD_SOURCE_INIT;
  from.data = read_test_file(path, &from.size);
  return from;
}

static void make_files(void) {
  static const unsigned char idx[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4};
  char path[TEST_PATH_SIZE];
  f.folder = make_temp_folder();
  ck_assert_int_eq(chdir(f.folder), 0); /* where files under odd names are made */
  path_in(f.out_path, f.folder, "out");
  path_in(f.picture_folder, f.folder, "pictures");
  ck_assert_int_eq(mkdir(f.picture_folder, 0700), 0);
  assert_ok(f.context, xd_image_save_png(f.context, path_in(path, f.picture_folder, "one.png"), &f.image));
  assert_ok(f.context, xd_image_save_png(f.context, path_in(f.picture_path, f.folder, "one.png"), &f.image));
  assert_ok(f.context, xd_model_save(f.model, f.context, path_in(f.model_path, f.folder, "one.xdm"), NULL));
  assert_ok(f.context, xd_judge_save(f.judge, f.context, path_in(f.judge_path, f.folder, "one.xdc")));
  write_test_file(path_in(f.options_path, f.folder, "options"), "latent_dim = 3\n", 15);
  write_test_file(path_in(f.idx_path, f.folder, "idx"), idx, sizeof idx);
  snprintf(f.spec, sizeof f.spec, "dir:%s", f.picture_folder);
  f.model_source = source_of(f.model_path);
  f.judge_source = source_of(f.judge_path);
  f.picture_source = source_of(f.picture_path);
  f.long_text = malloc(100001);
  memset(f.long_text, 'x', 100000);
  f.long_text[100000] = '\0';
}

static void set_up(void) {
  areas = mmap(NULL, AREAS * AREA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
               -1, 0);
  ck_assert(areas != MAP_FAILED);
  make_context();
  make_sets();
  make_networks();
  make_pictures();
  make_structs();
  make_files();
}

static void tear_down(void) {
  xd_dataset_release(f.dataset);
  xd_dataset_release(f.target_set);
  xd_pairing_release(f.pairing);
  xd_translator_destroy(f.translator);
  xd_model_release(f.model);
  xd_encoder_release(f.encoder);
  xd_encoder_release(f.open_encoder);
  xd_decoder_release(f.decoder);
  xd_latent_generator_release(f.latent_generator);
  xd_pair_discriminator_release(f.pair_discriminator);
  xd_judge_release(f.judge);
  xd_vae_trainer_destroy(f.vae_trainer);
  xd_mapping_trainer_destroy(f.mapping_trainer);
  xd_judge_trainer_destroy(f.judge_trainer);
  xd_picture_destroy(f.picture);
  xd_options *const options[] = {f.options, f.vae_options, f.mapping_options, f.judge_options,
                                 f.train_options};
  for (int i = 0; i < 5; i++)
    xd_options_destroy(options[i]);
  xd_values_destroy(f.values);
  xd_blob_destroy(f.blob);
  xd_pool_release(f.pool);
  xd_context_destroy(f.context);
  remove_folder(f.folder);
  free(f.long_text);
  free((void *)(uintptr_t)f.model_source.data);
  free((void *)(uintptr_t)f.judge_source.data);
  free((void *)(uintptr_t)f.picture_source.data);
  munmap(areas, AREAS * AREA_SIZE);
}

START_TEST(every_function__bears_misuse) {
  set_up();
  signal(SIGALRM, complain_of_hanging);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    alarm(PATIENCE);
    functions[i].run();
  }
  alarm(0);
  tear_down();
  printf("%zu functions, %zu calls, %d wrong\n", sizeof functions / sizeof *functions, cases, wrong);
  ck_assert_int_eq(wrong, 0);
  ck_assert_uint_eq(atomic_load(&counter.live_blocks), 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("misuse");
  add_case(suite, every_function__bears_misuse);
  return suite;
}

XD_SUITE_MAIN(make_suite)
