/* Callers that were built with other versions of the headers: their structs end where memory ends. One list
 * (sized_structs.h) gives each struct to a call that reads or fills it, in every size that a caller may have:
 * the first version's, this one's, larger ones with nothing and with something in what this library does not
 * know, and sizes that no struct has. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "network_support.h"
#include "sized_structs.h"
#include "tiny_model.h"

#include <sys/mman.h>

#include "base/sized.h"

enum { IN, OUT };
enum { PIXELS = 8 * 8, RESULT = 10 * 9 * 3 };

static xd_context *context;
static xd_model *model;
static char path[TEST_PATH_SIZE], *folder;

static void set_up(void) {
  context = test_context("reference");
  model = tiny_model(context, true);
  folder = make_temp_folder();
  assert_ok(context, xd_model_save(model, context, path_in(path, folder, "tiny.xdm"), NULL));
}

static void tear_down(void) {
  xd_model_release(model);
  xd_context_destroy(context);
  remove_folder(folder);
}

/* ---- one call for each struct: `fill` makes the call's contents, `use` is the call ---- */

static void *take(void *user, size_t size, size_t alignment) {
  (void)user;
  void *memory = NULL;
  return posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) ? NULL
                                                                                                : memory;
}

static void give_back(void *user, void *pointer, size_t size, size_t alignment) {
  (void)user, (void)size, (void)alignment;
  free(pointer);
}

static void fill_xd_allocator(xd_allocator *to) {
  to->allocate = take;
  to->release = give_back;
}

static xd_status use_xd_allocator(xd_allocator *at) {
  xd_pool *pool = NULL;
  const xd_status status = xd_pool_create(&pool, 1, at);
  xd_pool_release(pool);
  return status;
}

static int run_in_turn(void *user, xd_task task, void *argument, uint32_t count) {
  (void)user;
  for (uint32_t i = 0; i < count; i++)
    task(argument, i);
  return 0;
}

static void fill_xd_runner(xd_runner *to) {
  to->run = run_in_turn;
}

static xd_status use_xd_runner(xd_runner *at) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *made = NULL;
  options.backend = "reference";
  options.runner = at;
  const xd_status status = xd_context_create(&made, &options);
  xd_context_destroy(made);
  return status;
}

static void fill_xd_context_options(xd_context_options *to) {
  to->backend = "reference";
}

static xd_status use_xd_context_options(xd_context_options *at) {
  xd_context *made = NULL;
  const xd_status status = xd_context_create(&made, at);
  xd_context_destroy(made);
  return status;
}

static xd_dataset *make_set(void) {
  static const uint8_t pixels[4 * PIXELS];
  static const uint32_t labels[] = {0, 1, 0, 1};
  xd_dataset *set = NULL;
  assert_ok(context, xd_dataset_create(&set, context, pixels, labels, 4, 8, 8, 1));
  return set;
}

static float floats[RESULT];

static void fill_xd_dataset_options(xd_dataset_options *to) {
  to->width = to->height = 4;
}

static xd_status use_xd_dataset_options(xd_dataset_options *at) {
  xd_dataset *made = NULL;
  xd_image view;
  xd_image_init(&view, sizeof view, floats, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  const xd_status status = xd_dataset_create_views(&made, context, &view, NULL, 1, NULL, 0, at);
  xd_dataset_release(made);
  return status;
}

static void fill_xd_dataset_selection(xd_dataset_selection *to) {
  to->count = 2;
}

static xd_status use_xd_dataset_selection(xd_dataset_selection *at) {
  xd_dataset *set = make_set(), *some = NULL;
  const xd_status status = xd_dataset_select(&some, context, set, at);
  xd_dataset_release(set);
  xd_dataset_release(some);
  return status;
}

/* What follows the reading of the struct is cut short: a cancelled call answers so. */
static xd_status unless_cancelled(xd_status status) {
  xd_context_clear_cancel(context);
  return status == XD_ERROR_CANCELLED ? XD_OK : status;
}

static void fill_xd_evaluation_input(xd_evaluation_input *to) {
  (void)to; /* what is missing is told after the struct was read */
}

static xd_status use_xd_evaluation_input(xd_evaluation_input *at) {
  xd_values *measures = NULL;
  assert_ok(context, xd_values_create(&measures, context));
  xd_status status = xd_evaluate(context, measures, model, XD_DIRECTION_1TO2, at, NULL);
  xd_values_destroy(measures);
  if (status == XD_ERROR_INVALID_ARGUMENT && !strstr(xd_context_message(context), "struct_size"))
    status = XD_OK;
  return status;
}

static void fill_xd_image(xd_image *to) {
  const size_t size = to->struct_size;
  xd_image_init(to, sizeof *to, floats, 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
  to->struct_size = size;
}

static xd_status use_xd_image(xd_image *at) {
  float to[PIXELS];
  return xd_image_to_floats(context, to, at, 1);
}

static void fill_xd_mapping_batch(xd_mapping_batch *to) {
  to->source = to->twin = to->anchor = to->positive = to->mismatched = floats;
  to->count = 2;
}

static xd_status use_xd_mapping_batch(xd_mapping_batch *at) {
  xd_mapping_trainer *trainer =
      make_mapping_trainer(context, "source_dim=2 target_dim=2 hidden_width=4 batch=2");
  xd_context_cancel(context);
  const xd_status status = xd_mapping_trainer_step(trainer, NULL, at, 0.001f);
  xd_mapping_trainer_destroy(trainer);
  return unless_cancelled(status);
}

static void fill_xd_model_parts(xd_model_parts *to) {
  for (uint32_t i = 0; i < 2; i++) {
    to->encoder[i] = xd_model_encoder(model, i + 1);
    to->decoder[i] = xd_model_decoder(model, i + 1);
  }
}

static xd_status use_xd_model_parts(xd_model_parts *at) {
  xd_model *made = NULL;
  const xd_status status = xd_model_create(&made, context, at);
  xd_model_release(made);
  return status;
}

static xd_status decode_nothing(void *user, xd_image *view, void **held, char *reason, size_t room,
                                const char *name, const void *data, size_t size, uint64_t pixels) {
  (void)user, (void)view, (void)held, (void)reason, (void)room, (void)name, (void)data, (void)size,
      (void)pixels;
  return XD_ERROR_UNSUPPORTED;
}

static void release_nothing(void *user, void *held) {
  (void)user, (void)held;
}

static void fill_xd_picture_decoder(xd_picture_decoder *to) {
  to->decode = decode_nothing;
  to->release = release_nothing;
}

static xd_status use_xd_picture_decoder(xd_picture_decoder *at) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *made = NULL;
  options.backend = "reference";
  options.decoder = at;
  const xd_status status = xd_context_create(&made, &options);
  xd_context_destroy(made);
  return status;
}

static void fill_xd_save_options(xd_save_options *to) {
  to->inference_only = 1;
}

static xd_status use_xd_save_options(xd_save_options *at) {
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  assert_ok(context, xd_blob_create(&blob, context));
  assert_status(xd_blob_sink(blob, &sink), XD_OK);
  const xd_status status = xd_model_save_sink(model, context, &sink, at);
  xd_blob_destroy(blob);
  return status;
}

static void fill_xd_chunk(xd_chunk *to) {
  (void)to;
}

static xd_status use_xd_chunk(xd_chunk *at) {
  xd_file_info info = XD_FILE_INFO_INIT;
  return xd_file_inspect(context, &info, at, 1, path);
}

static void fill_xd_file_info(xd_file_info *to) {
  (void)to;
}

static xd_status use_xd_file_info(xd_file_info *at) {
  return xd_file_inspect(context, at, NULL, 0, path);
}

static void fill_xd_tensor(xd_tensor *to) {
  (void)to;
}

static xd_status use_xd_tensor(xd_tensor *at) {
  return xd_network_tensor(xd_encoder_network(xd_model_encoder(model, 1)), 0, at);
}

static void fill_xd_network_layers(xd_network_layers *to) {
  static const xd_layer_spec dense = {XD_TAG('D', 'N', 'S', 'E'), {1, 1, 4, XD_ACTIVATION_IDENTITY}};
  to->layers = &dense;
  to->layer_count = 1;
  to->input = (xd_shape){.width = 8, .height = 8, .channels = 1};
}

static xd_status use_xd_network_layers(xd_network_layers *at) {
  xd_encoder *made = NULL;
  const xd_status status = xd_encoder_create_layers(&made, context, at);
  xd_encoder_release(made);
  return status;
}

static void fill_xd_option_info(xd_option_info *to) {
  (void)to;
}

static xd_status use_xd_option_info(xd_option_info *at) {
  return xd_options_describe(context, at, "vae", 0);
}

static void fill_xd_source(xd_source *to) {
  static unsigned char *data;
  free(data);
  data = read_test_file(path, &to->size);
  to->data = data;
}

static xd_status use_xd_source(xd_source *at) {
  return xd_file_verify_source(context, at);
}

static int swallow(void *user, const void *data, size_t size) {
  (void)user, (void)data, (void)size;
  return 0;
}

static void fill_xd_sink(xd_sink *to) {
  to->write = swallow;
}

static xd_status use_xd_sink(xd_sink *at) {
  return xd_model_save_sink(model, context, at, NULL);
}

static void fill_xd_train_input(xd_train_input *to) {
  (void)to;
}

static xd_status use_xd_train_input(xd_train_input *at) {
  xd_model *made = NULL;
  xd_status status = xd_train(&made, context, NULL, at, NULL, NULL);
  if (status == XD_ERROR_INVALID_ARGUMENT && !strstr(xd_context_message(context), "struct_size"))
    status = XD_OK; /* what is missing is told after the struct was read */
  return status;
}

static void fill_xd_generator_input(xd_generator_input *to) {
  (void)to;
}

static xd_status use_xd_generator_input(xd_generator_input *at) {
  xd_model *made = NULL;
  xd_status status = xd_train_generator(&made, context, NULL, at, NULL, NULL);
  if (status == XD_ERROR_INVALID_ARGUMENT && !strstr(xd_context_message(context), "struct_size"))
    status = XD_OK; /* what is missing is told after the struct was read */
  return status;
}

static void fill_xd_run(xd_run *to) {
  to->checkpoint_steps = 3;
}

static xd_status use_xd_run(xd_run *at) {
  xd_judge *made = NULL;
  xd_dataset *set = make_set();
  xd_context_cancel(context);
  const xd_status status = unless_cancelled(xd_judge_train(&made, context, NULL, set, at, NULL));
  xd_dataset_release(set);
  return status;
}

static int add_nothing(void *user, float *buffer, size_t count) {
  (void)user, (void)buffer, (void)count;
  return 0;
}

static void fill_xd_reduce(xd_reduce *to) {
  to->begin = add_nothing;
  to->ranks = 2;
}

static xd_status use_xd_reduce(xd_reduce *at) {
  const xd_status status = xd_context_set_reduce(context, at);
  xd_context_set_reduce(context, NULL);
  return status;
}

static void fill_xd_translator_options(xd_translator_options *to) {
  to->max_batch = 2;
}

static xd_status use_xd_translator_options(xd_translator_options *at) {
  xd_translator *made = NULL;
  const xd_status status = xd_translator_create(&made, context, model, at);
  xd_translator_destroy(made);
  return status;
}

/* ---- a caller whose struct has a size of its own, and ends where memory ends ---- */

typedef struct caller {
  const char *name;
  size_t size, first; /* of this version of the struct, and of its first one */
  int way;
  const void *initial;
  void (*fill)(void *to);
  xd_status (*use)(void *at);
} caller;

#define BEHIND 0xA5

static size_t page;
static char *pages; /* two of them, then one that may not be touched */

static void open_pages(void) {
  page = (size_t)sysconf(_SC_PAGESIZE);
  pages = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ck_assert(pages != MAP_FAILED);
  ck_assert_int_eq(mprotect(pages + 2 * page, page, PROT_NONE), 0);
}

/* The struct as a caller of that size has it: this version's contents as far as they go, then zeros. */
static char *place(const caller *of, size_t size) {
  const size_t aligned = (size + 7) / 8 * 8;
  union {
    size_t align;
    char bytes[XDI_SIZED_MOST + 64];
  } made;
  char *at = pages + 2 * page - aligned;
  memset(&made, 0, sizeof made);
  memcpy(&made, of->initial, of->size);
  of->fill(&made);
  memset(pages, BEHIND, 2 * page);
  memcpy(at, &made, size < of->size ? size : of->size);
  if (size > of->size)
    memset(at + of->size, 0, size - of->size);
  memcpy(at, &size, sizeof size);
  return at;
}

static void expect(const caller *of, size_t size, xd_status expected, const char *what) {
  const xd_status status = of->use(pages + 2 * page - (size + 7) / 8 * 8);
  ck_assert_msg(status == expected, "%s of %zu bytes, %s: %s instead of %s: %s", of->name, size, what,
                xd_status_name(status), xd_status_name(expected), xd_context_message(context));
}

static void check_sizes(const caller *of) {
  const size_t larger[] = {of->size + 8, of->size + 64, 1024, XDI_SIZED_MOST};
  place(of, of->first);
  expect(of, of->first, XD_OK, "the first version");
  place(of, of->size);
  expect(of, of->size, XD_OK, "this version");
  for (int i = 0; i < 4; i++) {
    place(of, larger[i]);
    expect(of, larger[i], XD_OK, "with nothing new in it");
  }
  const size_t wrong[] = {of->first - 8, 8, of->size + 4, XDI_SIZED_MOST + 8};
  for (int i = 0; i < 4; i++) {
    place(of, wrong[i]);
    expect(of, wrong[i], XD_ERROR_INVALID_ARGUMENT, "a size that no version has");
  }
  place(of, of->size);
  memset(pages + 2 * page - of->size, 0, sizeof(size_t));
  expect(of, of->size, XD_ERROR_INVALID_ARGUMENT, "struct_size forgotten");
  memset(pages + 2 * page - of->size, 0xFF, sizeof(size_t));
  expect(of, of->size, XD_ERROR_INVALID_ARGUMENT, "a wild struct_size");
}

/* What this library does not know of must be nothing; of a struct that it fills, nothing is what it says. */
static void check_tails(const caller *of) {
  const size_t larger[] = {of->size + 8, 1024, XDI_SIZED_MOST};
  for (int i = 0; i < 3; i++) {
    const size_t marks[] = {of->size, larger[i] - 1};
    for (int k = 0; k < 2; k++) {
      char *at = place(of, larger[i]);
      at[marks[k]] = 1;
      expect(of, larger[i], of->way == IN ? XD_ERROR_UNSUPPORTED : XD_OK, "with something new in it");
      if (of->way == OUT)
        for (size_t b = of->size; b < larger[i]; b++)
          ck_assert_msg(at[b] == 0, "%s: byte %zu of %zu", of->name, b, larger[i]);
    }
  }
}

/* Nothing is written in front of the struct, nothing at all into one that is read, and a filled one keeps its
 * size. */
static void check_writes(const caller *of) {
  char before[512];
  char *at = place(of, of->size);
  ck_assert_uint_le(of->size, sizeof before);
  memcpy(before, at, of->size);
  expect(of, of->size, XD_OK, "this version");
  if (of->way == IN)
    ck_assert_mem_eq(before, at, of->size);
  ck_assert_mem_eq(before, at, sizeof(size_t));
  for (const char *b = pages; b < at; b++)
    ck_assert_msg((unsigned char)*b == BEHIND, "%s: %zu bytes in front of it", of->name, (size_t)(at - b));
}

#define PROBE(type, macro, last, way) \
  static void fill_any_##type(void *to) { \
    fill_##type(to); \
  } \
  static xd_status use_any_##type(void *at) { \
    return use_##type(at); \
  } \
  START_TEST(type##__of_other_callers) { \
    static const type initial = macro; \
    const caller of = {#type,           sizeof(type),  XDI_SIZED(type, last)->least, way, &initial, \
                       fill_any_##type, use_any_##type}; \
    open_pages(); \
    check_sizes(&of); \
    check_tails(&of); \
    check_writes(&of); \
    munmap(pages, 3 * page); \
  } \
  END_TEST
SIZED_STRUCTS(PROBE)

/* An array's elements are as far apart as its first one says. */
START_TEST(translator_run__steps_over_views_of_a_newer_caller) {
  struct {
    xd_image view;
    uint64_t unknown[3];
  } inputs[3], outputs[3];
  static float in[3][PIXELS], out[3][RESULT], expected[3][RESULT];
  xd_translator *translator = NULL;
  assert_ok(context, xd_translator_create(&translator, context, model, NULL));
  memset(inputs, 0, sizeof inputs);
  memset(outputs, 0, sizeof outputs);
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < PIXELS; k++)
      in[i][k] = (float)((i * 7 + k) % 11) / 11.0f;
    xd_image_init(&inputs[i].view, sizeof inputs[i].view, in[i], 8, 8, XD_SAMPLE_F32, XD_LAYOUT_GREY);
    xd_image_init(&outputs[i].view, sizeof outputs[i].view, out[i], 9, 10, XD_SAMPLE_F32, XD_LAYOUT_RGB);
    inputs[i].view.struct_size = outputs[i].view.struct_size = sizeof inputs[i];
  }
  assert_ok(context, xd_translator_run_floats(translator, expected[0], NULL, in[0], 3));
  assert_ok(context, xd_translator_run(translator, &outputs[0].view, NULL, &inputs[0].view, 3));
  ck_assert_mem_eq(out, expected, sizeof out);
  inputs[2].unknown[2] = 1;
  assert_status(xd_translator_run(translator, &outputs[0].view, NULL, &inputs[0].view, 3),
                XD_ERROR_UNSUPPORTED);
  inputs[2].unknown[2] = 0;
  inputs[1].view.struct_size = sizeof(xd_image);
  assert_status(xd_translator_run(translator, &outputs[0].view, NULL, &inputs[0].view, 3),
                XD_ERROR_INVALID_ARGUMENT);
  xd_translator_destroy(translator);
}
END_TEST

START_TEST(file_inspect__steps_over_chunks_of_a_newer_caller) {
  struct {
    xd_chunk chunk;
    uint64_t unknown;
  } chunks[4];
  xd_chunk known[4] = {XD_CHUNK_INIT};
  xd_file_info info = XD_FILE_INFO_INIT;
  memset(chunks, BEHIND, sizeof chunks);
  chunks[0].chunk.struct_size = sizeof chunks[0];
  assert_ok(context, xd_file_inspect(context, &info, &chunks[0].chunk, 3, path));
  assert_ok(context, xd_file_inspect(context, &info, known, 3, path));
  for (int i = 0; i < 3; i++) {
    ck_assert_uint_eq(chunks[i].chunk.struct_size, sizeof chunks[0]);
    ck_assert_str_eq(chunks[i].chunk.tag, known[i].tag);
    ck_assert_uint_eq(chunks[i].chunk.checksum, known[i].checksum);
    ck_assert_uint_eq(chunks[i].unknown, 0);
  }
  for (size_t i = 0; i < sizeof chunks[3]; i++)
    ck_assert_uint_eq(((unsigned char *)&chunks[3])[i], BEHIND);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("sized_structs");
#define add(test) add_checked_case(suite, #test, test, set_up, tear_down)
#define ADD_ROW(type, macro, last, way) add(type##__of_other_callers);
  SIZED_STRUCTS(ADD_ROW)
  add(translator_run__steps_over_views_of_a_newer_caller);
  add(file_inspect__steps_over_chunks_of_a_newer_caller);
#undef add
  return suite;
}

XD_SUITE_MAIN(make_suite)
