/* What the program of 1.0 knows of the library: a part of the headers of 1.0, copied. Never changed again, whatever
 * becomes of the headers. */
#ifndef INTERFACE_1_0_H
#define INTERFACE_1_0_H

#include <stddef.h>
#include <stdint.h>

#define XD_API __attribute__((visibility("default")))

typedef int32_t xd_status;
enum {
  XD_OK = 0,
  XD_ERROR_INVALID_ARGUMENT = -1,
  XD_ERROR_NOT_FOUND = -3,
  XD_ERROR_BAD_DATA = -5,
  XD_ERROR_CANCELLED = -12
};
XD_API const char *xd_status_name(xd_status status);

XD_API uint32_t xd_version_number(void);
XD_API int xd_has_feature(const char *name);

/* ---- context.h ---- */

typedef struct xd_context xd_context;
typedef struct xd_pool xd_pool;

typedef struct xd_allocator {
  size_t struct_size;
  void *user;
  void *(*allocate)(void *user, size_t size, size_t alignment);
  void (*release)(void *user, void *pointer, size_t size, size_t alignment);
} xd_allocator;

typedef void (*xd_task)(void *argument, uint32_t index);

typedef struct xd_runner {
  size_t struct_size;
  void *user;
  int (*run)(void *user, xd_task task, void *argument, uint32_t count);
  uint32_t threads;
  uint32_t reserved;
} xd_runner;

typedef uint32_t xd_log_level;
enum { XD_LOG_ERROR = 0, XD_LOG_WARNING = 1, XD_LOG_INFO = 2, XD_LOG_DEBUG = 3 };
typedef void (*xd_log_callback)(void *user, xd_log_level level, const char *message);

struct xd_image;

typedef struct xd_picture_decoder {
  size_t struct_size;
  void *user;
  xd_status (*decode)(void *user, struct xd_image *view, void **held, char *reason, size_t room,
                      const char *name, const void *data, size_t size, uint64_t pixels);
  void (*release)(void *user, void *held);
  const char *endings;
  uint32_t first;
  uint32_t reserved;
} xd_picture_decoder;

typedef struct xd_context_options {
  size_t struct_size;
  const char *backend;
  uint32_t threads;
  xd_log_level log_level;
  const xd_runner *runner;
  const xd_pool *pool;
  const xd_allocator *allocator;
  xd_log_callback log;
  void *log_user;
  const void *backends;
  const void *layers;
  uint32_t backend_count;
  uint32_t layer_count;
  char *message;
  size_t message_size;
  uint64_t network_work;
  uint64_t network_memory;
  const xd_picture_decoder *decoder;
  uint64_t picture_pixels;
  int (*should_stop)(void *user);
  void *should_stop_user;
} xd_context_options;

#define XD_CONTEXT_OPTIONS_INIT \
  { \
    sizeof(xd_context_options), NULL, 0, XD_LOG_INFO, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, \
        0, 0, 0, NULL, 0, NULL, NULL \
  }

XD_API xd_status xd_context_create(xd_context **out, const xd_context_options *options);
XD_API void xd_context_destroy(xd_context *context);
XD_API const char *xd_context_message(const xd_context *context);
XD_API uint32_t xd_context_threads(const xd_context *context);

/* ---- options.h, values.h, progress.h, run.h ---- */

typedef struct xd_options xd_options;
typedef uint32_t xd_option_kind;
enum { XD_OPTION_INTEGER = 1, XD_OPTION_REAL = 2, XD_OPTION_SWITCH = 3, XD_OPTION_CHOICE = 4 };

typedef struct xd_option_info {
  size_t struct_size;
  const char *name;
  const char *unit;
  const char *help;
  double least;
  double most;
  double initial;
  xd_option_kind kind;
  uint32_t reserved;
} xd_option_info;

XD_API xd_status xd_options_create(xd_options **out, xd_context *context, const char *group);
XD_API void xd_options_destroy(xd_options *options);
XD_API xd_status xd_options_read(xd_options *options, xd_context *context, const char *text);
XD_API xd_status xd_options_get_number(const xd_options *options, xd_context *context, double *out,
                                       const char *name);
XD_API uint32_t xd_options_count(const char *group);
XD_API xd_status xd_options_describe(xd_context *context, xd_option_info *out, const char *group,
                                     uint32_t index);

typedef struct xd_values xd_values;
XD_API xd_status xd_values_create(xd_values **out, xd_context *context);
XD_API void xd_values_destroy(xd_values *values);
XD_API uint32_t xd_values_count(const xd_values *values);
XD_API xd_status xd_values_find(const xd_values *values, double *out, const char *name);

typedef uint32_t xd_stage;
enum { XD_STAGE_VAE1 = 1, XD_STAGE_MAPPING2 = 5, XD_STAGE_TRANSLATION = 9 };

typedef struct xd_progress {
  size_t struct_size;
  double overall;
  const struct xd_values *losses;
  const struct xd_values *validation;
  xd_stage stage;
  uint32_t step;
  uint32_t steps;
  uint32_t reserved;
  const struct xd_model *model;
} xd_progress;

typedef int (*xd_progress_callback)(void *user, const xd_progress *progress);

typedef struct xd_run {
  size_t struct_size;
  xd_progress_callback callback;
  void *user;
  const char *checkpoint;
  double checkpoint_seconds;
  uint32_t checkpoint_steps;
  uint32_t resume;
} xd_run;

#define XD_RUN_INIT \
  { sizeof(xd_run), NULL, NULL, NULL, 60.0, 0, 0 }

/* ---- image.h ---- */

typedef uint32_t xd_sample;
enum { XD_SAMPLE_U8 = 1, XD_SAMPLE_U16 = 2, XD_SAMPLE_F16 = 3, XD_SAMPLE_F32 = 4 };
typedef uint32_t xd_layout;
enum { XD_LAYOUT_GREY = 1, XD_LAYOUT_RGB = 3, XD_LAYOUT_RGBA = 4 };
typedef uint32_t xd_alpha;
typedef uint32_t xd_alpha_policy;
typedef uint32_t xd_fit;
enum { XD_FIT_EXACT = 0, XD_FIT_STRETCH = 1, XD_FIT_PAD = 2, XD_FIT_CROP = 3 };

typedef struct xd_image {
  size_t struct_size;
  void *pixels;
  ptrdiff_t row_stride, pixel_stride, channel_stride;
  uint32_t width, height;
  xd_sample sample;
  xd_layout layout;
  xd_alpha alpha;
  xd_alpha_policy policy;
  float background[3];
  uint32_t reserved;
} xd_image;

XD_API void xd_image_init(xd_image *image, size_t struct_size, void *pixels, uint32_t width, uint32_t height,
                          xd_sample sample, xd_layout layout);

/* ---- dataset.h ---- */

typedef struct xd_dataset xd_dataset;
typedef struct xd_pairing xd_pairing;

typedef struct xd_dataset_options {
  size_t struct_size;
  uint32_t width, height;
  uint32_t channels;
  xd_fit fit;
  uint32_t skip_bad;
  uint32_t reserved;
  xd_progress_callback callback;
  void *user;
} xd_dataset_options;

#define XD_DATASET_OPTIONS_INIT \
  { sizeof(xd_dataset_options), 0, 0, 0, XD_FIT_STRETCH, 0, 0, NULL, NULL }

typedef struct xd_dataset_selection {
  size_t struct_size;
  const uint32_t *classes;
  uint32_t class_count;
  uint32_t count;
  uint64_t seed;
  uint32_t shuffled;
  uint32_t skip;
} xd_dataset_selection;

#define XD_DATASET_SELECTION_INIT \
  { sizeof(xd_dataset_selection), NULL, 0, 0, 0, 0, 0 }

XD_API xd_status xd_dataset_create_views(xd_dataset **out, xd_context *context, const xd_image *images,
                                         const uint32_t *labels, uint32_t count, const char *const *names,
                                         uint32_t name_count, const xd_dataset_options *options);
XD_API xd_status xd_dataset_select(xd_dataset **out, xd_context *context, const xd_dataset *set,
                                   const xd_dataset_selection *selection);
XD_API void xd_dataset_release(const xd_dataset *set);
XD_API uint32_t xd_dataset_count(const xd_dataset *set);
XD_API const uint8_t *xd_dataset_pixels(const xd_dataset *set, uint32_t index);
XD_API xd_status xd_pairing_create(xd_pairing **out, xd_context *context, const char *text);
XD_API void xd_pairing_release(const xd_pairing *pairing);

/* ---- stream.h ---- */

typedef struct xd_source {
  size_t struct_size;
  const char *name;
  const void *data;
  size_t size;
  int (*read)(void *user, void *to, size_t size, size_t *got);
  void *user;
} xd_source;

#define XD_SOURCE_INIT \
  { sizeof(xd_source), NULL, NULL, 0, NULL, NULL }

typedef struct xd_sink {
  size_t struct_size;
  const char *name;
  int (*write)(void *user, const void *data, size_t size);
  void *user;
} xd_sink;

#define XD_SINK_INIT \
  { sizeof(xd_sink), NULL, NULL, NULL }

typedef struct xd_blob xd_blob;
XD_API xd_status xd_blob_create(xd_blob **out, xd_context *context);
XD_API void xd_blob_destroy(xd_blob *blob);
XD_API xd_status xd_blob_sink(xd_blob *blob, xd_sink *out);
XD_API xd_status xd_blob_source(const xd_blob *blob, xd_source *out);

/* ---- network.h, encoder.h, judge.h, model.h ---- */

typedef struct xd_network xd_network;
typedef struct xd_encoder xd_encoder;
typedef struct xd_decoder xd_decoder;
typedef struct xd_latent_generator xd_latent_generator;
typedef struct xd_pair_discriminator xd_pair_discriminator;
typedef struct xd_judge xd_judge;
typedef struct xd_model xd_model;

typedef struct xd_tensor {
  size_t struct_size;
  const char *name;
  size_t count;
  uint32_t shape[4];
  uint32_t rank;
  uint32_t layer;
} xd_tensor;

#define XD_TENSOR_INIT \
  { sizeof(xd_tensor), NULL, 0, {0, 0, 0, 0}, 0, 0 }

XD_API xd_status xd_network_tensor(const xd_network *network, uint32_t index, xd_tensor *out);
XD_API const xd_network *xd_encoder_network(const xd_encoder *encoder);
XD_API void xd_judge_release(const xd_judge *judge);

typedef uint32_t xd_direction;
enum { XD_DIRECTION_1TO2 = 1, XD_DIRECTION_2TO1 = 2 };

typedef struct xd_model_parts {
  size_t struct_size;
  const xd_encoder *encoder[2];
  const xd_decoder *decoder[2];
  const xd_latent_generator *generator[2];
  const xd_pair_discriminator *discriminator[2];
  const char *name[2];
  const char *pairing;
  const char *const *class_names[2];
  uint32_t class_count[2];
  const char *const *properties;
  uint32_t property_count;
  uint32_t reserved;
} xd_model_parts;

#define XD_MODEL_PARTS_INIT \
  { \
    sizeof(xd_model_parts), {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, NULL, \
        {NULL, NULL}, {0, 0}, NULL, 0, 0 \
  }

typedef struct xd_save_options {
  size_t struct_size;
  uint32_t half;
  uint32_t inference_only;
} xd_save_options;

typedef struct xd_chunk {
  size_t struct_size;
  char tag[8];
  uint32_t version;
  uint32_t required;
  uint64_t offset, length;
  uint64_t checksum;
  uint32_t intact;
  uint32_t reserved;
} xd_chunk;

typedef struct xd_file_info {
  size_t struct_size;
  char kind[16];
  uint32_t major, minor;
  uint64_t size;
  uint32_t chunk_count;
  uint32_t reserved;
} xd_file_info;

XD_API xd_status xd_model_create(xd_model **out, xd_context *context, const xd_model_parts *parts);
XD_API void xd_model_release(const xd_model *model);
XD_API const xd_encoder *xd_model_encoder(const xd_model *model, uint32_t domain);
XD_API const xd_decoder *xd_model_decoder(const xd_model *model, uint32_t domain);
XD_API const xd_latent_generator *xd_model_generator(const xd_model *model, xd_direction direction);
XD_API const char *xd_model_name(const xd_model *model, uint32_t domain);
XD_API xd_status xd_model_save_sink(const xd_model *model, xd_context *context, const xd_sink *sink,
                                    const xd_save_options *options);
XD_API xd_status xd_model_load(xd_model **out, xd_context *context, const char *path);
XD_API xd_status xd_model_load_source(xd_model **out, xd_context *context, const xd_source *source);
XD_API xd_status xd_file_inspect_source(xd_context *context, xd_file_info *info, xd_chunk *chunks,
                                        uint32_t capacity, const xd_source *source);

/* ---- translator.h ---- */

typedef struct xd_translator xd_translator;

typedef struct xd_translator_options {
  size_t struct_size;
  xd_direction direction;
  uint32_t max_batch;
  xd_fit fit;
  uint32_t reserved;
  xd_progress_callback callback;
  void *user;
} xd_translator_options;

#define XD_TRANSLATOR_OPTIONS_INIT \
  { sizeof(xd_translator_options), XD_DIRECTION_1TO2, 256, XD_FIT_EXACT, 0, NULL, NULL }

XD_API xd_status xd_translator_create(xd_translator **out, xd_context *context, const xd_model *model,
                                      const xd_translator_options *options);
XD_API xd_status xd_translator_load_source(xd_translator **out, xd_context *context, const xd_source *source,
                                           const xd_translator_options *options);
XD_API void xd_translator_destroy(xd_translator *translator);
XD_API xd_status xd_translator_set_noise(xd_translator *translator, uint64_t seed, uint64_t first,
                                         float temperature);
XD_API xd_status xd_translator_run(xd_translator *translator, const xd_image *outputs, float *codes,
                                   const xd_image *inputs, uint32_t count);

/* ---- evaluation.h, train.h ---- */

typedef struct xd_evaluation_input {
  size_t struct_size;
  const xd_judge *judge;
  const xd_dataset *source;
  const xd_dataset *target;
  const xd_pairing *pairing;
  xd_progress_callback callback;
  void *user;
} xd_evaluation_input;

#define XD_EVALUATION_INPUT_INIT \
  { sizeof(xd_evaluation_input), NULL, NULL, NULL, NULL, NULL, NULL }

typedef struct xd_train_input {
  size_t struct_size;
  const xd_dataset *set[2];
  const xd_pairing *pairing;
  const xd_dataset *validation[2];
  const xd_judge *judge[2];
  const xd_encoder *encoder[2];
  const xd_decoder *decoder[2];
  const xd_latent_generator *generator[2];
  const xd_pair_discriminator *discriminator[2];
  const char *name[2];
  const xd_dataset *unlabelled[2];
} xd_train_input;

#define XD_TRAIN_INPUT_INIT \
  { \
    sizeof(xd_train_input), {NULL, NULL}, NULL, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, \
        {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, { \
      NULL, NULL \
    } \
  }

XD_API xd_status xd_evaluate(xd_context *context, xd_values *measures, const xd_model *model,
                             xd_direction direction, const xd_evaluation_input *input,
                             const xd_options *options);
XD_API xd_status xd_judge_train(xd_judge **out, xd_context *context, xd_values *report, const xd_dataset *set,
                                const xd_run *run, const xd_options *options);
XD_API xd_status xd_train(xd_model **out, xd_context *context, xd_values *report, const xd_train_input *input,
                          const xd_run *run, const xd_options *options);

#endif
