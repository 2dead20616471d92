/* The library's side of the bench, on the public interface. run.py drives it.
 *
 * FILE is a model's, KIND recipe, own (the defaults) or residual. XDOMAIN_BENCH_BACKEND names the backend, else "auto".
 *   bench save FILE KIND SIDE CHANNELS  a model with random weights
 *   bench cold FILE                     loads a model, translates one picture, ends
 *   bench train FILE BATCH STEPS        trains so many VAE steps, ends: for its peak memory
 *   bench describe                      version, backend and why
 *   bench serve [PLUGIN.so]             answers lines "WORK THREADS SECONDS ARGUMENT..." with a line each:
 *     vae FILE BATCH AVERAGING          images/s of training steps of the first domain's VAE
 *     vae_loss FILE BATCH               of the first step
 *     growth FILE COUNT                 images/s, pictures drawn from a set of COUNT
 *     mapping FILE                      steps/s, from 1 to 2
 *     mapping_loss FILE                 of D and G, once the spectral norms are exact
 *     translate_one FILE                median and 99th percentile of a picture's milliseconds
 *     translate_many FILE BATCH         images/s
 *     translation FILE                  what it makes of a picture: two means
 *     kernel BACKEND NAME PASS          GFLOP/s
 *     allocations KIND FILE             heap blocks taken in SECONDS (a count) warm vae or mapping steps, or
 *                                       translations
 *     half FILE FILE                    largest and mean difference of two models' pictures
 *     evaluate MODEL JUDGE SPEC SPEC PAIRS   accuracy of direction 1 to 2
 *     accuracy JUDGE IMAGES LABELS      share of an IDX set's pictures that a judge gives their label */
#include "bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xdomain/unstable/backend_detail.h>
#include <xdomain/unstable/mapping_trainer.h>
#include <xdomain/unstable/spec.h>
#include <xdomain/unstable/vae_trainer.h>

enum { MAX_THREADS = 64, BATCH = 128, WORDS = 12, WARM_STEPS = 3 };

/* ---- Shared ---- */

double seconds_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void give_up(const char *what) {
  fprintf(stderr, "bench: %s\n", what);
  exit(2);
}

static void *take(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory)
    give_up("out of memory");
  return memory;
}

float *make_numbers(size_t count) {
  float *numbers = take(count * sizeof *numbers);
  uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
  for (size_t i = 0; i < count; i++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    numbers[i] = (float)(state >> 40) * 0x1p-24f;
  }
  return numbers;
}

void must(xd_context *context, xd_status status, const char *what) {
  if (status == XD_OK)
    return;
  fprintf(stderr, "bench: %s: %s: %s\n", what, xd_status_name(status),
          context ? xd_context_message(context) : "");
  exit(2);
}

/* ---- Contexts: one for each backend and number of threads, and one that counts what it allocates ---- */

static atomic_ulong blocks_taken;

static void *count_and_take(void *user, size_t size, size_t alignment) {
  void *memory = NULL;
  (void)user;
  atomic_fetch_add(&blocks_taken, 1);
  if (alignment < sizeof(void *))
    alignment = sizeof(void *);
  return posix_memalign(&memory, alignment, size) == 0 ? memory : NULL;
}

static void give_back(void *user, void *memory, size_t size, size_t alignment) {
  (void)user, (void)size, (void)alignment;
  free(memory);
}

static const xd_allocator counting = {
    .struct_size = sizeof(xd_allocator), .allocate = count_and_take, .release = give_back};
static const xd_backend_table *plugged; /* of the plug-in named on the command line */

static xd_context *open_context(const char *backend, uint32_t threads, const xd_allocator *allocator) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  options.backend = backend, options.threads = threads, options.allocator = allocator;
  if (plugged)
    options.backends = &plugged, options.backend_count = 1;
  must(NULL, xd_context_create(&context, &options), "context");
  return context;
}

static xd_context *contexts[MAX_THREADS + 1];

static xd_context *context_with(uint32_t threads) {
  const char *backend = getenv("XDOMAIN_BENCH_BACKEND");
  if (!contexts[threads])
    contexts[threads] = open_context(backend ? backend : "auto", threads, NULL);
  return contexts[threads];
}

/* ---- Training steps ---- */

static size_t cells_of(xd_shape shape) {
  return (size_t)shape.height * shape.width * shape.channels;
}

static xd_model *load_model(xd_context *context, const char *path) {
  xd_model *model = NULL;
  must(context, xd_model_load(&model, context, path), path);
  return model;
}

/* The first domain's VAE of a file in training, by the step that the peers make, and a batch for it, which the caller
 * frees. */
static xd_vae_trainer *open_vae(xd_context *context, float **pictures, const char *path, uint32_t batch,
                                const char *averaging) {
  char text[120];
  xd_vae_trainer *trainer = NULL;
  xd_shape shape;
  xd_model *model = load_model(context, path);
  snprintf(text, sizeof text, "sharpen=0 sigma_x=0.1 batch=%u averaging=%s", batch, averaging);
  xd_options *options = make_options(context, "vae", text);
  xd_encoder *encoder = xd_encoder_retain(xd_model_encoder(model, 1));
  xd_decoder *decoder = xd_decoder_retain(xd_model_decoder(model, 1));
  xd_model_picture_shape(model, 1, &shape);
  xd_model_release(model); /* the rest of it takes no memory while this is trained */
  must(context, xd_vae_trainer_create(&trainer, context, encoder, decoder, options), "VAE trainer");
  *pictures = make_numbers(batch * cells_of(shape));
  xd_options_destroy(options);
  xd_encoder_release(encoder);
  xd_decoder_release(decoder);
  return trainer;
}

static double measure_vae(xd_context *context, double seconds, const char *path, uint32_t batch,
                          const char *averaging) {
  float *pictures;
  xd_vae_trainer *trainer = open_vae(context, &pictures, path, batch, averaging);
  double steps = -WARM_STEPS, spent = 0.0, begun = seconds_now();
  while (steps < 1.0 || spent < seconds) {
    must(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, batch, 1e-3f), "VAE step");
    if (++steps == 0.0)
      begun = seconds_now();
    spent = seconds_now() - begun;
  }
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  return steps * batch / spent;
}

static double find_value(xd_context *context, const xd_values *values, const char *name) {
  double value = 0.0;
  must(context, xd_values_find(values, &value, name), name);
  return value;
}

static double find_vae_loss(xd_context *context, const char *path, uint32_t batch) {
  float *pictures;
  xd_values *losses = NULL;
  xd_vae_trainer *trainer = open_vae(context, &pictures, path, batch, "0");
  must(context, xd_values_create(&losses, context), "values");
  must(context, xd_vae_trainer_step(trainer, losses, pictures, NULL, batch, 0.0f), "VAE step");
  const double total = find_value(context, losses, "total");
  xd_values_destroy(losses);
  xd_vae_trainer_destroy(trainer);
  free(pictures);
  return total;
}

static xd_dataset *make_set(xd_context *context, uint32_t count) {
  const size_t size = (size_t)count * 784;
  uint8_t *pixels = take(size);
  xd_dataset *set = NULL;
  for (size_t i = 0; i < size; i++)
    pixels[i] = (uint8_t)(i * UINT64_C(0x9e3779b97f4a7c15) >> 56);
  must(context, xd_dataset_create(&set, context, pixels, NULL, count, 28, 28, 1), "dataset");
  free(pixels);
  return set;
}

/* Batches at random places of a set, so that its size shows in the caches. */
static double measure_growth(xd_context *context, double seconds, const char *path, uint32_t count) {
  float *pictures;
  xd_dataset *set = make_set(context, count);
  xd_vae_trainer *trainer = open_vae(context, &pictures, path, BATCH, "0");
  uint32_t places[BATCH];
  uint64_t state = 1;
  double steps = -WARM_STEPS, spent = 0.0, begun = seconds_now();
  do {
    for (uint32_t i = 0; i < BATCH; i++) {
      state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      places[i] = (uint32_t)((state >> 33) % count);
    }
    must(context, xd_dataset_read(set, context, pictures, places, BATCH), "dataset");
    must(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, BATCH, 1e-3f), "VAE step");
    if (++steps == 0.0)
      begun = seconds_now();
    spent = seconds_now() - begun;
  } while (steps < 1.0 || spent < seconds);
  xd_vae_trainer_destroy(trainer);
  xd_dataset_release(set);
  free(pictures);
  return steps * BATCH / spent;
}

/* The recipe's step, as the peers make it. */
static xd_mapping_trainer *open_mapping(xd_context *context, const char *path) {
  xd_model *model = load_model(context, path);
  xd_mapping_trainer *trainer = NULL;
  xd_options *options = make_options(
      context, "mapping",
      "spectral_norm=1 mismatch=1 generated_mismatch=0 invariance=0 lambda_reg=0.1 final_lambda=1 "
      "anchor_codes=1");
  must(context,
       xd_mapping_trainer_create(&trainer, context, xd_model_generator(model, XD_DIRECTION_1TO2),
                                 xd_model_discriminator(model, 2), options),
       "mapping trainer");
  xd_options_destroy(options);
  xd_model_release(model);
  return trainer;
}

static xd_mapping_batch make_codes(float **numbers) {
  enum { CELLS = BATCH * 32 };
  xd_mapping_batch batch = XD_MAPPING_BATCH_INIT;
  *numbers = make_numbers(4 * CELLS);
  for (size_t i = 0; i < 4 * CELLS; i++)
    (*numbers)[i] = 3.4f * ((*numbers)[i] - 0.5f); /* about the variance of codes */
  batch.count = BATCH;
  batch.source = *numbers, batch.anchor = *numbers + CELLS;
  batch.positive = *numbers + 2 * CELLS, batch.mismatched = *numbers + 3 * CELLS;
  return batch;
}

static double measure_mapping(xd_context *context, double seconds, const char *path) {
  xd_mapping_trainer *trainer = open_mapping(context, path);
  float *numbers;
  const xd_mapping_batch batch = make_codes(&numbers);
  double steps = -WARM_STEPS, spent = 0.0, begun = seconds_now();
  while (steps < 1.0 || spent < seconds) {
    must(context, xd_mapping_trainer_step(trainer, NULL, &batch, 1e-3f), "mapping step");
    if (++steps == 0.0)
      begun = seconds_now();
    spent = seconds_now() - begun;
  }
  xd_mapping_trainer_destroy(trainer);
  free(numbers);
  return steps / spent;
}

/* Weights stay, while one power iteration a step brings the spectral norms to their ends. */
static void find_mapping_losses(xd_context *context, const char *path) {
  enum { STEPS = 300 };
  xd_mapping_trainer *trainer = open_mapping(context, path);
  xd_values *losses = NULL;
  float *numbers;
  const xd_mapping_batch batch = make_codes(&numbers);
  must(context, xd_values_create(&losses, context), "values");
  for (int i = 0; i < STEPS; i++)
    must(context, xd_mapping_trainer_step(trainer, losses, &batch, 0.0f), "mapping step");
  printf("%.9g %.9g\n", find_value(context, losses, "discriminator"),
         find_value(context, losses, "generator"));
  xd_values_destroy(losses);
  xd_mapping_trainer_destroy(trainer);
  free(numbers);
}

/* ---- Translation ---- */

static xd_translator *open_translator(xd_context *context, const char *path, uint32_t batch) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_translator *translator = NULL;
  options.max_batch = batch;
  must(context, xd_translator_load(&translator, context, path, &options), path);
  return translator;
}

static size_t input_cells(const xd_translator *translator) {
  xd_shape shape;
  xd_translator_input_shape(translator, &shape);
  return cells_of(shape);
}

static size_t output_cells(const xd_translator *translator) {
  xd_shape shape;
  xd_translator_output_shape(translator, &shape);
  return cells_of(shape);
}

static int compare_numbers(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void measure_one(xd_context *context, double seconds, const char *path) {
  enum { MOST = 200000, WARM_CALLS = 20 };
  xd_translator *translator = open_translator(context, path, 1);
  float *picture = make_numbers(input_cells(translator));
  float *out = take(output_cells(translator) * sizeof *out);
  double *times = take(MOST * sizeof *times);
  size_t count = 0;
  for (int i = 0; i < WARM_CALLS; i++)
    must(context, xd_translator_run_floats(translator, out, NULL, picture, 1), "translation");
  const double begun = seconds_now();
  double before = begun, after;
  do {
    must(context, xd_translator_run_floats(translator, out, NULL, picture, 1), "translation");
    after = seconds_now();
    times[count++] = 1e3 * (after - before);
    before = after;
  } while (count < MOST && after - begun < seconds);
  qsort(times, count, sizeof *times, compare_numbers);
  printf("%.6g %.6g\n", times[count / 2], times[count * 99 / 100]);
  xd_translator_destroy(translator);
  free(picture), free(out), free(times);
}

static double measure_many(xd_context *context, double seconds, const char *path, uint32_t batch) {
  xd_translator *translator = open_translator(context, path, batch);
  float *pictures = make_numbers(batch * input_cells(translator));
  float *out = take(batch * output_cells(translator) * sizeof *out);
  for (int i = 0; i < WARM_STEPS; i++)
    must(context, xd_translator_run_floats(translator, out, NULL, pictures, batch), "translation");
  double calls = 0.0, spent = 0.0;
  const double begun = seconds_now();
  do {
    must(context, xd_translator_run_floats(translator, out, NULL, pictures, batch), "translation");
    calls++;
    spent = seconds_now() - begun;
  } while (spent < seconds);
  xd_translator_destroy(translator);
  free(pictures), free(out);
  return calls * batch / spent;
}

static void compare_models(xd_context *context, const char *one, const char *other) {
  enum { PICTURES = 256 };
  const char *paths[2] = {one, other};
  float *out[2], *pictures = NULL;
  size_t cells = 0;
  double largest = 0.0, sum = 0.0;
  for (int i = 0; i < 2; i++) {
    xd_translator *translator = open_translator(context, paths[i], PICTURES);
    cells = PICTURES * output_cells(translator);
    pictures = make_numbers(PICTURES * input_cells(translator));
    out[i] = take(cells * sizeof *out[i]);
    must(context, xd_translator_run_floats(translator, out[i], NULL, pictures, PICTURES), "translation");
    xd_translator_destroy(translator);
    free(pictures);
  }
  for (size_t i = 0; i < cells; i++) {
    const double gap = (double)out[0][i] - (double)out[1][i], size = gap < 0.0 ? -gap : gap;
    largest = size > largest ? size : largest;
    sum += size;
  }
  printf("%.6g %.6g\n", largest, sum / (double)cells);
  free(out[0]), free(out[1]);
}

/* What tells two translations apart: the means of the first picture's translation without noise, and of its square. */
static void tell_translation(xd_context *context, const char *path) {
  xd_translator *translator = open_translator(context, path, 1);
  const size_t cells = output_cells(translator);
  float *picture = make_numbers(input_cells(translator)), *out = take(cells * sizeof *out);
  double sum = 0.0, squares = 0.0;
  must(context, xd_translator_set_noise(translator, 0, 0, 0.0f), "noise");
  must(context, xd_translator_run_floats(translator, out, NULL, picture, 1), "translation");
  for (size_t i = 0; i < cells; i++)
    sum += (double)out[i], squares += (double)out[i] * (double)out[i];
  printf("%.9g %.9g\n", sum / (double)cells, squares / (double)cells);
  xd_translator_destroy(translator);
  free(picture), free(out);
}

/* ---- Allocations ---- */

/* One warm unit of work, and what it works on. */
typedef struct routine {
  xd_context *context;
  xd_vae_trainer *vae;
  xd_mapping_trainer *mapping;
  xd_translator *translator;
  float *numbers, *out;
  xd_mapping_batch batch;
} routine;

static void run_once(routine *r) {
  if (r->vae)
    must(r->context, xd_vae_trainer_step(r->vae, NULL, r->numbers, NULL, BATCH, 1e-3f), "VAE step");
  if (r->mapping)
    must(r->context, xd_mapping_trainer_step(r->mapping, NULL, &r->batch, 4e-4f), "mapping step");
  if (r->translator)
    must(r->context, xd_translator_run_floats(r->translator, r->out, NULL, r->numbers, 1), "translation");
}

static unsigned long count_allocations(uint32_t threads, uint32_t times, const char *kind, const char *path) {
  xd_context *context = open_context("auto", threads, &counting);
  routine r = {.context = context};
  if (strcmp(kind, "vae") == 0) {
    r.vae = open_vae(context, &r.numbers, path, BATCH, "0");
  } else if (strcmp(kind, "mapping") == 0) {
    r.mapping = open_mapping(context, path);
    r.batch = make_codes(&r.numbers);
  } else {
    r.translator = open_translator(context, path, 1);
    r.numbers = make_numbers(input_cells(r.translator));
    r.out = take(output_cells(r.translator) * sizeof *r.out);
  }
  for (int i = 0; i < WARM_STEPS; i++)
    run_once(&r);
  const unsigned long before = atomic_load(&blocks_taken);
  for (uint32_t i = 0; i < times; i++)
    run_once(&r);
  const unsigned long taken = atomic_load(&blocks_taken) - before;
  xd_vae_trainer_destroy(r.vae);
  xd_mapping_trainer_destroy(r.mapping);
  xd_translator_destroy(r.translator);
  xd_context_destroy(context);
  free(r.numbers), free(r.out);
  return taken;
}

/* ---- Accuracy, of what the schedules trained ---- */

static double evaluate(xd_context *context, char **words) {
  xd_model *model = NULL;
  xd_judge *judge = NULL;
  xd_dataset *sets[2] = {NULL, NULL};
  xd_pairing *pairing = NULL;
  xd_values *measures = NULL;
  xd_options *options = make_options(context, "evaluation", "skip_reconstruction=1");
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  double acc = 0.0;
  must(context, xd_model_load(&model, context, words[0]), words[0]);
  must(context, xd_judge_load(&judge, context, words[1]), words[1]);
  must(context, xd_dataset_load(&sets[0], context, words[2], NULL), words[2]);
  must(context, xd_dataset_load(&sets[1], context, words[3], NULL), words[3]);
  must(context, xd_pairing_create(&pairing, context, words[4]), words[4]);
  must(context, xd_values_create(&measures, context), "values");
  input.judge = judge;
  input.source = sets[0], input.target = sets[1];
  input.pairing = pairing;
  must(context, xd_evaluate(context, measures, model, XD_DIRECTION_1TO2, &input, options), "evaluation");
  must(context, xd_values_find(measures, &acc, "acc"), "acc");
  xd_values_destroy(measures);
  xd_options_destroy(options);
  xd_pairing_release(pairing);
  xd_dataset_release(sets[0]);
  xd_dataset_release(sets[1]);
  xd_judge_release(judge);
  xd_model_release(model);
  return acc;
}

static double measure_accuracy(xd_context *context, char **words) {
  xd_judge *judge = NULL;
  xd_dataset *set = NULL;
  double accuracy = 0.0;
  must(context, xd_judge_load(&judge, context, words[0]), words[0]);
  must(context, xd_dataset_load_idx(&set, context, words[1], words[2]), words[1]);
  must(context, xd_judge_accuracy(judge, context, &accuracy, set), "accuracy");
  xd_dataset_release(set);
  xd_judge_release(judge);
  return accuracy;
}

/* ---- Serving ---- */

static uint32_t whole(const char *word) {
  return (uint32_t)strtoul(word, NULL, 10);
}

static double measure_kernel_on(const char *backend, uint32_t threads, double seconds, char **words) {
  xd_context *context = open_context(backend, threads, NULL);
  const double result = measure_kernel(context, words[1], words[2], seconds);
  xd_context_destroy(context);
  return result;
}

/* words: the work, threads, seconds, arguments. */
static void answer(char **words, int count) {
  const char *work = words[0];
  const uint32_t threads = whole(words[1]);
  const double seconds = strtod(words[2], NULL);
  char **rest = words + 3;
  const int arguments = count - 3;
  if (threads < 1 || threads > MAX_THREADS)
    give_up("number of threads");
  xd_context *context = context_with(threads);
  if (strcmp(work, "vae") == 0 && arguments == 3)
    printf("%.6g\n", measure_vae(context, seconds, rest[0], whole(rest[1]), rest[2]));
  else if (strcmp(work, "vae_loss") == 0 && arguments == 2)
    printf("%.9g\n", find_vae_loss(context, rest[0], whole(rest[1])));
  else if (strcmp(work, "growth") == 0 && arguments == 2 && whole(rest[1]) > 0)
    printf("%.6g\n", measure_growth(context, seconds, rest[0], whole(rest[1])));
  else if (strcmp(work, "mapping") == 0 && arguments == 1)
    printf("%.6g\n", measure_mapping(context, seconds, rest[0]));
  else if (strcmp(work, "mapping_loss") == 0 && arguments == 1)
    find_mapping_losses(context, rest[0]);
  else if (strcmp(work, "translate_one") == 0 && arguments == 1)
    measure_one(context, seconds, rest[0]);
  else if (strcmp(work, "translate_many") == 0 && arguments == 2)
    printf("%.6g\n", measure_many(context, seconds, rest[0], whole(rest[1])));
  else if (strcmp(work, "translation") == 0 && arguments == 1)
    tell_translation(context, rest[0]);
  else if (strcmp(work, "kernel") == 0 && arguments == 3)
    printf("%.6g\n", measure_kernel_on(rest[0], threads, seconds, rest));
  else if (strcmp(work, "allocations") == 0 && arguments == 2)
    printf("%lu\n", count_allocations(threads, (uint32_t)seconds, rest[0], rest[1]));
  else if (strcmp(work, "half") == 0 && arguments == 2)
    compare_models(context, rest[0], rest[1]);
  else if (strcmp(work, "evaluate") == 0 && arguments == 5)
    printf("%.6g\n", evaluate(context, rest));
  else if (strcmp(work, "accuracy") == 0 && arguments == 3)
    printf("%.6g\n", measure_accuracy(context, rest));
  else
    give_up(work);
  fflush(stdout);
}

static int serve(const char *plugin) {
  static char line[8192];
  char why[300];
  xd_backend_library *library = NULL;
  if (plugin && xd_backend_library_open(&library, why, sizeof why, plugin) != XD_OK)
    give_up(why);
  plugged = xd_backend_library_table(library);
  while (fgets(line, sizeof line, stdin)) {
    char *words[WORDS];
    int count = 0;
    for (char *word = strtok(line, " \n"); word && count < WORDS; word = strtok(NULL, " \n"))
      words[count++] = word;
    if (count >= 3)
      answer(words, count);
  }
  for (int i = 0; i <= MAX_THREADS; i++)
    xd_context_destroy(contexts[i]);
  xd_backend_library_close(library);
  return 0;
}

/* ---- Processes that are measured whole ---- */

static int start_cold(const char *path) {
  xd_context *context = context_with(1);
  xd_translator *translator = open_translator(context, path, 1);
  float *picture = make_numbers(input_cells(translator));
  float *out = take(output_cells(translator) * sizeof *out);
  must(context, xd_translator_run_floats(translator, out, NULL, picture, 1), "translation");
  printf("%.4f\n", (double)out[0]);
  xd_translator_destroy(translator);
  xd_context_destroy(context);
  free(picture), free(out);
  return 0;
}

static int train_and_end(const char *path, uint32_t batch, uint32_t steps) {
  xd_context *context = context_with(2);
  float *pictures;
  xd_vae_trainer *trainer = open_vae(context, &pictures, path, batch, "0");
  for (uint32_t i = 0; i < steps; i++)
    must(context, xd_vae_trainer_step(trainer, NULL, pictures, NULL, batch, 1e-3f), "VAE step");
  xd_vae_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
  return 0;
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  if (strcmp(what, "serve") == 0 && argc <= 3)
    return serve(argc == 3 ? argv[2] : NULL);
  if (strcmp(what, "cold") == 0 && argc == 3)
    return start_cold(argv[2]);
  if (strcmp(what, "train") == 0 && argc == 5)
    return train_and_end(argv[2], whole(argv[3]), whole(argv[4]));
  if (strcmp(what, "save") == 0 && argc == 6) {
    xd_context *context = context_with(1);
    save_model(context, argv[2], argv[3], whole(argv[4]), whole(argv[5]));
    xd_context_destroy(context);
    return 0;
  }
  if (strcmp(what, "describe") == 0 && argc == 2) {
    xd_context *context = context_with(1);
    printf("libxdomain %s, %s\n", xd_version_string(), xd_context_backend_detail(context));
    xd_context_destroy(context);
    return 0;
  }
  fputs(
      "usage: bench save FILE KIND SIDE CHANNELS | cold FILE | train FILE BATCH STEPS | describe | serve [PLUGIN.so]\n",
      stderr);
  return 2;
}
