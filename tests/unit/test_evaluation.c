/* The measures against the same sums done naively through the public interface. */
#include "training_support.h"

#include "evaluate/diversity.h"
#include "evaluate/frechet.h"
#include "evaluate/read_back.h"
#include "evaluate/strokes.h"
#include "evaluate/within_class.h"

#define SOURCES 90u
#define TARGETS 75u
#define FEATURES 32u

typedef struct fixture {
  xd_context *context;
  xd_dataset *source, *target;
  xd_pairing *pairing;
  xd_judge *judge;
  xd_model *model;
} fixture;

/* A model that has learned just enough to be right sometimes and wrong sometimes. */
static fixture open_fixture(const char *pairs) {
  fixture f = {test_context_with("auto", 2, NULL), NULL, NULL, NULL, NULL, NULL};
  xd_options *options = make_options(
      f.context, "train",
      "vae.latent_dim=8 vae.base_channels=8 vae.depth=1 vae.hidden1=64 vae.smooth_start=0 vae.sigma_x=0.1 "
      "vae.sharpen=0 vae.averaging=0 vae.augment=0 vae.batch=30 vae.min_steps=0 vae.epochs=25 "
      "vae.learning_rate=0.003 mapping.spectral_norm=1 mapping.mixing=0 mapping.anchor_codes=1 "
      "mapping.generated_mismatch=0 mapping.lambda_reg=0.1 mapping.final_lambda=1 mapping.invariance=0 mapping.augment=0 mapping.augment_elastic=0 "
      "mapping.mismatch=1 mapping.noise_scale=0.7 mapping.hidden_width=64 mapping.hidden_layers=2 mapping.batch=60 "
      "mapping.steps=250 mapping.learning_rate=0.002");
  xd_options *judging = make_options(f.context, "judge",
                                     "base_channels=8 feature_dim=32 batch=30 epochs=12 learning_rate=0.003");
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_dataset *sets[2] = {make_patterns(f.context, PATTERN_ROW, 3, 240, 1),
                         make_patterns(f.context, PATTERN_FRAME, 3, 240, 2)};
  f.pairing = make_pairing(f.context, pairs);
  f.source = make_patterns(f.context, PATTERN_ROW, 3, SOURCES, 21);
  f.target = make_patterns(f.context, PATTERN_FRAME, 3, TARGETS, 22);
  assert_ok(f.context, xd_judge_train(&f.judge, f.context, NULL, sets[1], NULL, judging));
  input.set[0] = sets[0], input.set[1] = sets[1];
  input.pairing = f.pairing;
  assert_ok(f.context, xd_train(&f.model, f.context, NULL, &input, NULL, options));
  xd_options_destroy(options);
  xd_options_destroy(judging);
  xd_dataset_release(sets[0]);
  xd_dataset_release(sets[1]);
  return f;
}

static void close_fixture(fixture *f) {
  xd_model_release(f->model);
  xd_judge_release(f->judge);
  xd_pairing_release(f->pairing);
  xd_dataset_release(f->source);
  xd_dataset_release(f->target);
  xd_context_destroy(f->context);
}

/* The measures as numbers of a struct; the ceiling 0 where it is absent. */
typedef struct measures {
  double acc, div, ediv, fd, sharpness, detail, style, ink, slant;
  double reconstruction_sharpness, reconstruction_detail, judge_acc, reconstruction_acc, reconstruction_fd,
      count, real_count;
  double class_acc[PATTERN_COUNT], class_count[PATTERN_COUNT];
} measures;

static double value_or_0(const xd_values *values, const char *name) {
  double number = 0.0;
  xd_values_find(values, &number, name);
  return number;
}

static measures read_measures(const xd_values *values) {
  measures got = {.acc = value_of(values, "acc"),
                  .div = value_of(values, "div"),
                  .ediv = value_of(values, "ediv"),
                  .fd = value_of(values, "fd"),
                  .sharpness = value_of(values, "sharpness"),
                  .detail = value_of(values, "detail"),
                  .style = value_of(values, "style"),
                  .ink = value_of(values, "ink"),
                  .slant = value_of(values, "slant"),
                  .reconstruction_sharpness = value_or_0(values, "reconstruction_sharpness"),
                  .reconstruction_detail = value_or_0(values, "reconstruction_detail"),
                  .judge_acc = value_of(values, "judge_acc"),
                  .reconstruction_acc = value_or_0(values, "reconstruction_acc"),
                  .reconstruction_fd = value_or_0(values, "reconstruction_fd"),
                  .count = value_of(values, "pictures"),
                  .real_count = value_of(values, "real_pictures")};
  for (uint32_t k = 0; k < PATTERN_COUNT; k++) {
    char acc[16], count[16];
    snprintf(acc, sizeof acc, "acc.%u", k);
    snprintf(count, sizeof count, "pictures.%u", k);
    got.class_acc[k] = value_or_0(values, acc);
    got.class_count[k] = value_or_0(values, count);
  }
  return got;
}

static xd_evaluation_input input_of(const fixture *f) {
  xd_evaluation_input input = XD_EVALUATION_INPUT_INIT;
  input.judge = f->judge;
  input.source = f->source;
  input.target = f->target;
  input.pairing = f->pairing;
  return input;
}

static measures evaluate(const fixture *f, const char *pairs, const char *text) {
  xd_pairing *pairing = make_pairing(f->context, pairs);
  xd_options *options = make_options(f->context, "evaluation", text);
  xd_values *values = make_values(f->context);
  xd_evaluation_input input = input_of(f);
  input.pairing = pairing;
  assert_ok(f->context, xd_evaluate(f->context, values, f->model, XD_DIRECTION_1TO2, &input, options));
  const measures got = read_measures(values);
  xd_values_destroy(values);
  xd_options_destroy(options);
  xd_pairing_release(pairing);
  return got;
}

static double naive_distance(const float *a, const float *b) {
  double sum = 0.0;
  for (size_t i = 0; i < PATTERN_SIZE; i++)
    sum += pow((double)a[i] - (double)b[i], 2);
  return sqrt(sum);
}

/* Mean distance over the pairs of pictures with keep[i] == wanted; 0 for fewer than two. */
static double naive_spread(const float *pictures, const uint32_t *keep, uint32_t wanted, uint32_t count) {
  double sum = 0.0;
  uint32_t pairs = 0;
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t j = i + 1; j < count; j++)
      if (keep[i] == wanted && keep[j] == wanted) {
        sum += naive_distance(pictures + i * PATTERN_SIZE, pictures + j * PATTERN_SIZE);
        pairs++;
      }
  return pairs ? sum / pairs : 0.0;
}

static double naive_fd(xd_context *context, const float *a, uint32_t a_count, const float *b,
                       uint32_t b_count) {
  xdi_moments first, second;
  double distance;
  assert_ok(context, xdi_moments_open(&first, context, a, a_count, FEATURES));
  assert_ok(context, xdi_moments_open(&second, context, b, b_count, FEATURES));
  assert_ok(context, xdi_frechet_distance(context, &distance, &first, &second));
  xdi_moments_close(&first);
  xdi_moments_close(&second);
  return distance;
}

/* Mean energies a picture of gradient and Laplacian; pictures of one channel. */
static double naive_energy(const float *pictures, uint32_t count, int laplacian) {
  double sum = 0.0;
  for (uint32_t n = 0; n < count; n++)
    for (uint32_t y = 0; y < SIDE; y++)
      for (uint32_t x = 0; x < SIDE; x++) {
        const float *p = pictures + n * PATTERN_SIZE + y * SIDE + x;
        if (laplacian && x > 0 && y > 0 && x + 1 < SIDE && y + 1 < SIDE)
          sum += pow(4.0 * (double)p[0] - (double)p[1] - (double)*(p - 1) - (double)p[SIDE] -
                         (double)*(p - SIDE),
                     2);
        if (!laplacian && x + 1 < SIDE)
          sum += pow((double)p[1] - (double)p[0], 2);
        if (!laplacian && y + 1 < SIDE)
          sum += pow((double)p[SIDE] - (double)p[0], 2);
      }
  return sum / count;
}

/* Numbers of pictures of classes 0, 1, 2, 0, ...: without the mean of their class and half, which are six. */
static void naive_centre(float *rows, uint32_t count, uint32_t dim) {
  for (uint32_t j = 0; j < dim; j++) {
    double sums[6] = {0.0};
    for (uint32_t i = 0; i < count; i++)
      sums[i % 6] += (double)rows[i * dim + j] / (count / 6);
    for (uint32_t i = 0; i < count; i++)
      rows[i * dim + j] -= (float)sums[i % 6];
  }
}

static double naive_correlation(const float *a, const float *b, uint32_t count) {
  double both = 0.0, first = 0.0, second = 0.0;
  for (uint32_t i = 0; i < count; i++) {
    both += (double)a[i] * (double)b[i];
    first += (double)a[i] * (double)a[i];
    second += (double)b[i] * (double)b[i];
  }
  return first > 0.0 && second > 0.0 ? both / sqrt(first * second) : 0.0;
}

/* The correlation within classes of ink, or of slant. */
static double naive_strokes(const float *sources, const float *results, int slant) {
  const xd_shape shape = {.width = SIDE, .height = SIDE, .channels = 1};
  float a[SOURCES], b[SOURCES];
  for (uint32_t i = 0; i < SOURCES; i++) {
    const xdi_strokes source = xdi_strokes_of(sources + i * PATTERN_SIZE, shape);
    const xdi_strokes result = xdi_strokes_of(results + i * PATTERN_SIZE, shape);
    a[i] = slant ? source.slant : source.ink;
    b[i] = slant ? result.slant : result.ink;
  }
  naive_centre(a, SOURCES, 1);
  naive_centre(b, SOURCES, 1);
  return naive_correlation(a, b, SOURCES);
}

static double naive_style(const fixture *f, const float *sources, const float *results) {
  float a[SOURCES * 8], b[SOURCES * 8], leading[SOURCES * 8];
  uint32_t half[SOURCES];
  xdi_components components;
  double share;
  assert_ok(f->context,
            xd_encoder_encode(xd_model_encoder(f->model, 1), f->context, a, NULL, sources, SOURCES));
  assert_ok(f->context,
            xd_encoder_encode(xd_model_encoder(f->model, 2), f->context, b, NULL, results, SOURCES));
  naive_centre(a, SOURCES, 8);
  naive_centre(b, SOURCES, 8);
  assert_ok(f->context, xdi_components_open(&components, f->context, a, SOURCES, 8, 0.5));
  for (uint32_t i = 0; i < SOURCES; i++) {
    half[i] = i / 3 % 2;
    xdi_components_project(leading + i * components.count, &components, a + i * 8);
  }
  assert_ok(f->context, xdi_read_back(f->context, &share, leading, components.count, b, 8, half, SOURCES));
  xdi_components_close(&components);
  return share;
}

#define OPTIONS_SEED 9u
#define OPTIONS_TEMPERATURE 0.9f

static void translate(fixture *f, float *to, const float *pictures, uint32_t count, uint64_t first) {
  xd_translator *translator = NULL;
  assert_ok(f->context, xd_translator_create(&translator, f->context, f->model, NULL));
  assert_ok(f->context, xd_translator_set_noise(translator, OPTIONS_SEED, first, OPTIONS_TEMPERATURE));
  assert_ok(f->context, xd_translator_run_floats(translator, to, NULL, pictures, count));
  xd_translator_destroy(translator);
}

START_TEST(evaluate__measures_what_its_header_says) {
  fixture f = open_fixture("0:3,1:4,2:5");
  float *source = read_pictures(f.context, f.source, SOURCES),
        *target = read_pictures(f.context, f.target, TARGETS);
  float *made = new_floats(SOURCES * PATTERN_SIZE), *rebuilt = new_floats(TARGETS * PATTERN_SIZE);
  float *made_features = new_floats(SOURCES * FEATURES), *real_features = new_floats(TARGETS * FEATURES);
  float *rebuilt_features = new_floats(TARGETS * FEATURES), *codes = new_floats(TARGETS * 8);
  uint32_t judged[SOURCES], real[TARGETS], rebuilt_labels[TARGETS], labels[TARGETS], accepted[SOURCES];
  double acc = 0.0, class_acc[3] = {0.0}, judge_acc = 0.0, rebuilt_acc = 0.0, div = 0.0, ediv = 0.0,
         spread[3];

  translate(&f, made, source, SOURCES, 0);
  assert_ok(f.context,
            xd_encoder_encode(xd_model_encoder(f.model, 2), f.context, codes, NULL, target, TARGETS));
  assert_ok(f.context, xd_decoder_decode(xd_model_decoder(f.model, 2), f.context, rebuilt, codes, TARGETS));
  assert_ok(f.context, xd_judge_predict(f.judge, f.context, judged, NULL, made_features, made, SOURCES));
  assert_ok(f.context, xd_judge_predict(f.judge, f.context, real, NULL, real_features, target, TARGETS));
  assert_ok(f.context,
            xd_judge_predict(f.judge, f.context, rebuilt_labels, NULL, rebuilt_features, rebuilt, TARGETS));
  for (uint32_t i = 0; i < SOURCES; i++) {
    const int right = judged[i] == xd_dataset_label(f.source, i) + 3;
    accepted[i] = right ? judged[i] : 99;
    acc += right / (double)SOURCES;
    class_acc[xd_dataset_label(f.source, i)] += right / (SOURCES / 3.0);
  }
  for (uint32_t i = 0; i < TARGETS; i++) {
    labels[i] = xd_dataset_label(f.target, i);
    judge_acc += (real[i] == labels[i]) / (double)TARGETS;
    rebuilt_acc += (rebuilt_labels[i] == labels[i]) / (double)TARGETS;
  }
  for (uint32_t k = 0; k < 3; k++) {
    spread[k] = naive_spread(target, labels, 3 + k, TARGETS);
    div += naive_spread(made, accepted, 3 + k, SOURCES) / spread[k] / 3.0;
  }
  for (uint32_t n = 0; n < 24; n++) { /* the sources 0..23 are the first 8 of each class */
    float copies[24 * PATTERN_SIZE], results[24 * PATTERN_SIZE];
    uint32_t found[24];
    for (uint32_t i = 0; i < 24; i++)
      memcpy(copies + i * PATTERN_SIZE, source + n * PATTERN_SIZE, PATTERN_SIZE * sizeof *copies);
    translate(&f, results, copies, 24, SOURCES + 24 * n);
    assert_ok(f.context, xd_judge_predict(f.judge, f.context, found, NULL, NULL, results, 24));
    ediv += naive_spread(results, found, 3 + n % 3, 24) / spread[n % 3] / 24.0;
  }

  const measures got = evaluate(&f, "0:3,1:4,2:5", "seed=9 temperature=0.9");
  ck_assert_msg(acc > 0.3 && acc < 1.0 && div > 0.1, "a fixture of acc %g and div %g tells little", acc, div);
  assert_near(got.acc, acc, 1e-9, "acc");
  assert_near(got.div, div, 1e-5, "div");
  assert_near(got.ediv, ediv, 1e-5, "ediv");
  assert_near(got.fd, naive_fd(f.context, made_features, SOURCES, real_features, TARGETS), 1e-6, "fd");
  assert_near(got.judge_acc, judge_acc, 1e-9, "judge_acc");
  assert_near(got.reconstruction_acc, rebuilt_acc, 1e-9, "reconstruction_acc");
  assert_near(got.reconstruction_fd, naive_fd(f.context, rebuilt_features, TARGETS, real_features, TARGETS),
              1e-6, "reconstruction_fd");
  const double gradient = naive_energy(target, TARGETS, 0), laplacian = naive_energy(target, TARGETS, 1);
  assert_near(got.sharpness, naive_energy(made, SOURCES, 0) / gradient, 1e-4, "sharpness");
  assert_near(got.detail, naive_energy(made, SOURCES, 1) / laplacian, 1e-4, "detail");
  assert_near(got.reconstruction_sharpness, naive_energy(rebuilt, TARGETS, 0) / gradient, 1e-4, "rebuilt");
  assert_near(got.reconstruction_detail, naive_energy(rebuilt, TARGETS, 1) / laplacian, 1e-4, "rebuilt");
  assert_near(got.style, naive_style(&f, source, made), 1e-4, "style");
  assert_near(got.ink, naive_strokes(source, made, 0), 1e-4, "ink");
  assert_near(got.slant, naive_strokes(source, made, 1), 1e-4, "slant");
  ck_assert(got.count == SOURCES && got.real_count == TARGETS);
  for (uint32_t k = 0; k < 3; k++) {
    assert_near(got.class_acc[k], class_acc[k], 1e-9, "class_acc");
    ck_assert(got.class_count[k] == SOURCES / 3);
  }
  ck_assert(got.class_count[3] == 0);
  free(source), free(target), free(made), free(rebuilt), free(codes);
  free(made_features), free(real_features), free(rebuilt_features);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__judges_by_the_pairing_that_is_given) {
  fixture f = open_fixture("0:3,1:4,2:5");
  const measures right = evaluate(&f, "0:3,1:4,2:5", ""), wrong = evaluate(&f, "0:4,1:5,2:3", "");
  ck_assert_msg(wrong.acc < right.acc && wrong.acc + right.acc <= 1.0, "%g and %g", wrong.acc, right.acc);
  ck_assert(right.fd == wrong.fd && right.judge_acc == wrong.judge_acc);
  /* More classes accepted, more pictures right; a part of the classes, a part of the pictures. */
  const measures either = evaluate(&f, "0:3,0:4,0:5,1:3,1:4,1:5,2:3,2:4,2:5", "");
  ck_assert(either.acc >= right.acc && either.count == SOURCES);
  const measures part = evaluate(&f, "1:4", "");
  ck_assert(part.count == SOURCES / 3 && part.real_count == TARGETS / 3);
  ck_assert(part.class_count[0] == 0);
  ck_assert(part.class_count[1] == SOURCES / 3);
  close_fixture(&f);
}
END_TEST

/* A mapping is trained into all classes of a group, and so it is judged. */
START_TEST(evaluate__accepts_all_classes_of_a_group) {
  fixture f = open_fixture("0:3,1:4,2:5");
  const measures chain = evaluate(&f, "0:3,0:4,0:5,1:5,2:5", "");
  const measures all = evaluate(&f, "0:3,0:4,0:5,1:3,1:4,1:5,2:3,2:4,2:5", "");
  const measures pairs = evaluate(&f, "0:3,1:4,2:5", "");
  ck_assert(chain.acc == 1.0 && chain.div == all.div && chain.ediv == all.ediv);
  ck_assert_msg(chain.acc > pairs.acc, "%g and %g", chain.acc, pairs.acc);
  const measures any = evaluate(&f, "*:*", "");
  ck_assert(any.acc == 1.0 && any.judge_acc == 1.0 && any.reconstruction_acc == 1.0);
  ck_assert(any.count == SOURCES && any.real_count == TARGETS);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__may_leave_the_ceiling_out) {
  fixture f = open_fixture("0:3,1:4,2:5");
  const measures whole = evaluate(&f, "0:3,1:4,2:5", "");
  const measures part = evaluate(&f, "0:3,1:4,2:5", "skip_reconstruction=1");
  ck_assert(part.reconstruction_acc == 0.0 && part.reconstruction_fd == 0.0);
  ck_assert(whole.reconstruction_acc > 0.0 && whole.reconstruction_fd > 0.0);
  ck_assert(part.acc == whole.acc && part.div == whole.div && part.ediv == whole.ediv && part.fd == whole.fd);
  const measures other = evaluate(&f, "0:3,1:4,2:5", "skip_reconstruction=1 seed=2");
  ck_assert(other.div != part.div);
  const measures still = evaluate(&f, "0:3,1:4,2:5", "skip_reconstruction=1 seed=2 temperature=0");
  ck_assert_msg(still.ediv < 1e-6 && still.div > 0.0, "without noise ediv is %g", still.ediv);
  (void)evaluate(&f, "0:3,1:4,2:5", "skip_reconstruction=1 temperature=4"); /* the most */
  close_fixture(&f);
}
END_TEST

typedef struct watch {
  uint32_t calls, steps, stop_at;
} watch;

static int watch_step(void *user, const xd_progress *progress) {
  watch *seen = user;
  ck_assert_uint_eq(progress->struct_size, sizeof *progress);
  ck_assert_uint_eq(progress->stage, XD_STAGE_EVALUATION);
  ck_assert_uint_eq(progress->step, ++seen->calls);
  ck_assert(!progress->losses && !progress->validation);
  ck_assert(progress->overall == (double)progress->step / progress->steps);
  seen->steps = progress->steps;
  return progress->step == seen->stop_at;
}

START_TEST(evaluate__tells_its_steps_and_stops_when_asked) {
  fixture f = open_fixture("0:3,1:4,2:5");
  xd_evaluation_input input = input_of(&f);
  xd_values *values = make_values(f.context);
  watch seen = {0, 0, 0};
  input.callback = watch_step;
  input.user = &seen;
  assert_ok(f.context, xd_evaluate(f.context, values, f.model, XD_DIRECTION_1TO2, &input, NULL));
  ck_assert(seen.calls == seen.steps && seen.steps == 2 + 24);
  for (uint32_t stop = 1; stop <= 26; stop += 5) {
    seen = (watch){0, 0, stop};
    assert_status(xd_evaluate(f.context, values, f.model, XD_DIRECTION_1TO2, &input, NULL),
                  XD_ERROR_CANCELLED);
    ck_assert(seen.calls == stop && xd_values_count(values) == 0);
  }
  xd_values_destroy(values);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__refuses_what_does_not_fit) {
  fixture f = open_fixture("0:3,1:4,2:5");
  xd_context *c = f.context;
  xd_values *got = make_values(c);
  xd_evaluation_input input = input_of(&f), wrong = input;
  xd_options *judging = make_options(c, "judge", "");
  const xd_direction there = XD_DIRECTION_1TO2;
  assert_status(xd_evaluate(c, NULL, f.model, there, &input, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(c, got, NULL, there, &input, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(c, got, f.model, there, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(c, got, f.model, 3, &input, NULL), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(c, got, f.model, there, &input, judging), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(c, "'judge'");
  wrong.judge = NULL;
  assert_status(xd_evaluate(c, got, f.model, there, &wrong, NULL), XD_ERROR_INVALID_ARGUMENT);
  wrong = input, wrong.struct_size = 3;
  assert_status(xd_evaluate(c, got, f.model, there, &wrong, NULL), XD_ERROR_INVALID_ARGUMENT);
  /* The sets the wrong way round: their classes are not the paired ones. */
  wrong = input, wrong.source = f.target, wrong.target = f.source;
  assert_status(xd_evaluate(c, got, f.model, there, &wrong, NULL), XD_ERROR_NOT_FOUND);
  assert_message_names(c, "class 0");
  ck_assert_uint_eq(xd_values_count(got), 0);
  xd_pairing *beyond = make_pairing(c, "0:7");
  wrong = input, wrong.pairing = beyond;
  assert_status(xd_evaluate(c, got, f.model, there, &wrong, NULL), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(c, "judge");
  uint8_t pixels[100] = {0};
  xd_dataset *other = NULL;
  assert_ok(c, xd_dataset_create(&other, c, pixels, NULL, 1, 10, 10, 1));
  wrong = input, wrong.target = other;
  assert_status(xd_evaluate(c, got, f.model, there, &wrong, NULL), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(c, "10x10x1");
  xd_model_parts none = XD_MODEL_PARTS_INIT;
  xd_model *vaes = NULL;
  assert_ok(c, xd_model_with_mapping(&vaes, c, f.model, &none));
  assert_status(xd_evaluate(c, got, vaes, there, &input, NULL), XD_ERROR_UNSUPPORTED);
  xd_context_cancel(c);
  assert_status(xd_evaluate(c, got, f.model, there, &input, NULL), XD_ERROR_CANCELLED);
  xd_context_clear_cancel(c);
  xd_values_destroy(got);
  xd_options_destroy(judging);
  xd_model_release(vaes);
  xd_dataset_release(other);
  xd_pairing_release(beyond);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__refuses_classes_of_other_names) {
  fixture f = open_fixture("0:3");
  const char *const names[] = {NULL, NULL, NULL, "frame", "cross", "spot"}, *const others[] = {
                                                                                "", "", "", "3", "", "dot"};
  xd_dataset *named = NULL;
  xd_judge *fits = NULL, *fits_not = NULL;
  xd_values *got = make_values(f.context);
  double accuracy;
  xd_evaluation_input input = input_of(&f);
  assert_ok(f.context, xd_dataset_match_classes(&named, f.context, f.target, names, 6));
  assert_ok(f.context, xd_judge_with_class_names(&fits, f.context, f.judge, names, 6));
  assert_ok(f.context, xd_judge_with_class_names(&fits_not, f.context, f.judge, others, 6));
  input.target = named;
  input.judge = fits;
  assert_ok(f.context, xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, NULL));
  assert_ok(f.context, xd_judge_accuracy(fits, f.context, &accuracy, named));
  assert_ok(f.context, xd_judge_accuracy(fits, f.context, &accuracy, f.target)); /* numbers fit all */
  input.judge = fits_not;
  assert_status(xd_evaluate(f.context, got, f.model, XD_DIRECTION_1TO2, &input, NULL),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(f.context, "class 5 is 'spot' in a set, but 'dot' in the judge");
  assert_status(xd_judge_accuracy(fits_not, f.context, &accuracy, named), XD_ERROR_SHAPE_MISMATCH);
  xd_values_destroy(got);
  xd_judge_release(fits), xd_judge_release(fits_not);
  xd_dataset_release(named);
  close_fixture(&f);
}
END_TEST

static xd_status evaluate_once(xd_context *context, void *user) {
  const xd_evaluation_input input = input_of(user);
  xd_values *got = NULL;
  xd_status status = xd_values_create(&got, context);
  if (status == XD_OK)
    status = xd_evaluate(context, got, ((const fixture *)user)->model, XD_DIRECTION_1TO2, &input, NULL);
  ck_assert(status == XD_OK || xd_values_count(got) == 0);
  xd_values_destroy(got);
  return status;
}

/* The backend's buffers come from the allocator as well: a few hundred refusals. */
START_TEST(evaluate__survives_refused_memory) {
  fixture f = open_fixture("0:3");
  check_refusals(evaluate_once, &f);
  close_fixture(&f);
}
END_TEST

/* ---- distances ---- */

START_TEST(mean_distance__is_the_mean_over_all_pairs) {
  enum { COUNT = 9, SIZE = 2500 };
  xd_context *context = test_context_with("reference", 3, NULL);
  float *pictures = make_pixels(COUNT * SIZE, 6);
  double sum = 0.0, got;
  for (int i = 0; i < COUNT; i++)
    for (int j = i + 1; j < COUNT; j++) {
      double square = 0.0;
      for (int k = 0; k < SIZE; k++)
        square += pow((double)pictures[i * SIZE + k] - (double)pictures[j * SIZE + k], 2);
      sum += sqrt(square) / (COUNT * (COUNT - 1) / 2);
    }
  assert_ok(context, xdi_mean_distance(context, &got, pictures, COUNT, SIZE));
  assert_near(got, sum, 1e-6, "mean distance");
  assert_ok(context, xdi_mean_distance(context, &got, pictures, 2, 7));
  ck_assert(got > 0.0);
  assert_ok(context, xdi_mean_distance(context, &got, pictures, 1, SIZE));
  ck_assert(got == 0.0);
  free(pictures);
  xd_context_destroy(context);
}
END_TEST

START_TEST(gallery__keeps_the_first_pictures_of_each_class) {
  xd_context *context = test_context("reference");
  xdi_gallery gallery;
  assert_ok(context, xdi_gallery_open(&gallery, context, 3, 2, 1));
  for (uint32_t i = 0; i < 9; i++) {
    const float picture = (float)i;
    assert_ok(context, xdi_gallery_add(&gallery, context, i % 2 ? 2 : 0, &picture));
    assert_ok(context, xdi_gallery_add(&gallery, context, 3, &picture));
  }
  ck_assert(gallery.count[0] == 2 && gallery.count[1] == 0 && gallery.count[2] == 2);
  ck_assert(gallery.pictures[0][0] == 0.0f && gallery.pictures[0][1] == 2.0f && gallery.pictures[1] == NULL);
  ck_assert(gallery.pictures[2][0] == 1.0f && gallery.pictures[2][1] == 3.0f);
  xdi_gallery_close(&gallery);
  xd_context_destroy(context);
}
END_TEST

START_TEST(gallery__takes_memory_for_what_it_keeps) {
  enum { LIMIT = 400, SIZE = 1000, KEPT = 9 };
  counting_allocator counter = {0};
  xd_context *context = test_context_with("reference", 1, &counter);
  static float picture[SIZE];
  xdi_gallery gallery;
  assert_ok(context, xdi_gallery_open(&gallery, context, 256, LIMIT, SIZE));
  const size_t before = counter.live_bytes;
  for (uint32_t i = 0; i < KEPT; i++) {
    picture[SIZE - 1] = (float)i;
    assert_ok(context, xdi_gallery_add(&gallery, context, 255, picture));
  }
  ck_assert_uint_le(atomic_load(&counter.live_bytes) - before, 2 * KEPT * sizeof picture);
  for (uint32_t i = 0; i < KEPT; i++)
    ck_assert(gallery.pictures[255][(i + 1) * SIZE - 1] == (float)i);
  xdi_gallery_close(&gallery);
  xd_context_destroy(context);
  ck_assert_uint_eq(counter.live_blocks, 0);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("evaluation");
  add_case(suite, evaluate__measures_what_its_header_says);
  add_case(suite, evaluate__judges_by_the_pairing_that_is_given);
  add_case(suite, evaluate__accepts_all_classes_of_a_group);
  add_case(suite, evaluate__may_leave_the_ceiling_out);
  add_case(suite, evaluate__tells_its_steps_and_stops_when_asked);
  add_case(suite, evaluate__refuses_what_does_not_fit);
  add_case(suite, evaluate__refuses_classes_of_other_names);
  add_case(suite, evaluate__survives_refused_memory);
  add_case(suite, mean_distance__is_the_mean_over_all_pairs);
  add_case(suite, gallery__keeps_the_first_pictures_of_each_class);
  add_case(suite, gallery__takes_memory_for_what_it_keeps);
  return suite;
}

XD_SUITE_MAIN(make_suite)
