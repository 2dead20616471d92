/* The measures against the same sums done naively through the public interface. */
#include "training_support.h"

#include "evaluate/diversity.h"
#include "evaluate/frechet.h"

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
  xd_vae_architecture architecture = pattern_architecture();
  xd_vae_options vae = XD_VAE_OPTIONS_INIT;
  xd_mapping_options mapping = XD_MAPPING_OPTIONS_INIT;
  xd_train_options options = XD_TRAIN_OPTIONS_INIT;
  xd_judge_options judge = XD_JUDGE_OPTIONS_INIT;
  xd_dataset *sets[2] = {make_patterns(f.context, PATTERN_ROW, 3, 240, 1),
                         make_patterns(f.context, PATTERN_FRAME, 3, 240, 2)};
  vae.architecture = &architecture;
  vae.batch = 30, vae.epochs = 25, vae.learning_rate = 0.003f;
  mapping.hidden_width = 64, mapping.hidden_layers = 2, mapping.batch = 60, mapping.steps = 250;
  mapping.learning_rate = 0.002f;
  options.vae[0] = options.vae[1] = &vae;
  options.mapping[0] = options.mapping[1] = &mapping;
  judge.base_channels = 8, judge.feature_dim = FEATURES, judge.batch = 30, judge.epochs = 12;
  judge.learning_rate = 0.003f;
  f.pairing = make_pairing(f.context, pairs);
  f.source = make_patterns(f.context, PATTERN_ROW, 3, SOURCES, 21);
  f.target = make_patterns(f.context, PATTERN_FRAME, 3, TARGETS, 22);
  assert_ok(f.context, xd_judge_train(&f.judge, f.context, sets[1], &judge, NULL, NULL));
  assert_ok(f.context, xd_train(&f.model, f.context, sets[0], sets[1], f.pairing, &options, NULL));
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

  xd_evaluation got = {.struct_size = sizeof got};
  xd_evaluation_options options = XD_EVALUATION_OPTIONS_INIT;
  options.seed = OPTIONS_SEED;
  options.temperature = OPTIONS_TEMPERATURE;
  assert_ok(f.context, xd_evaluate(&got, f.context, f.model, XD_DIRECTION_1TO2, f.judge, f.source, f.target,
                                   f.pairing, &options));
  ck_assert_msg(acc > 0.3 && acc < 1.0 && div > 0.1, "a fixture of acc %g and div %g tells little", acc, div);
  assert_near(got.acc, acc, 1e-9, "acc");
  assert_near(got.div, div, 1e-5, "div");
  assert_near(got.ediv, ediv, 1e-5, "ediv");
  assert_near(got.fd, naive_fd(f.context, made_features, SOURCES, real_features, TARGETS), 1e-6, "fd");
  assert_near(got.judge_acc, judge_acc, 1e-9, "judge_acc");
  assert_near(got.reconstruction_acc, rebuilt_acc, 1e-9, "reconstruction_acc");
  assert_near(got.reconstruction_fd, naive_fd(f.context, rebuilt_features, TARGETS, real_features, TARGETS),
              1e-6, "reconstruction_fd");
  ck_assert(got.count == SOURCES && got.real_count == TARGETS);
  for (uint32_t k = 0; k < 3; k++) {
    assert_near(got.class_acc[k], class_acc[k], 1e-9, "class_acc");
    ck_assert_uint_eq(got.class_count[k], SOURCES / 3);
  }
  ck_assert_uint_eq(got.class_count[3], 0);
  free(source), free(target), free(made), free(rebuilt), free(codes);
  free(made_features), free(real_features), free(rebuilt_features);
  close_fixture(&f);
}
END_TEST

static xd_evaluation evaluate(fixture *f, const char *pairs, const xd_evaluation_options *options) {
  xd_evaluation got = {.struct_size = sizeof got};
  xd_pairing *pairing = make_pairing(f->context, pairs);
  assert_ok(f->context, xd_evaluate(&got, f->context, f->model, XD_DIRECTION_1TO2, f->judge, f->source,
                                    f->target, pairing, options));
  xd_pairing_release(pairing);
  return got;
}

START_TEST(evaluate__judges_by_the_pairing_that_is_given) {
  fixture f = open_fixture("0:3,1:4,2:5");
  const xd_evaluation right = evaluate(&f, "0:3,1:4,2:5", NULL), wrong = evaluate(&f, "0:4,1:5,2:3", NULL);
  ck_assert_msg(wrong.acc < right.acc && wrong.acc + right.acc <= 1.0, "%g and %g", wrong.acc, right.acc);
  ck_assert(right.fd == wrong.fd && right.judge_acc == wrong.judge_acc);
  /* More classes accepted, more pictures right; a part of the classes, a part of the pictures. */
  const xd_evaluation either = evaluate(&f, "0:3,0:4,0:5,1:3,1:4,1:5,2:3,2:4,2:5", NULL);
  ck_assert(either.acc >= right.acc && either.count == SOURCES);
  const xd_evaluation part = evaluate(&f, "1:4", NULL);
  ck_assert(part.count == SOURCES / 3 && part.real_count == TARGETS / 3);
  ck_assert_uint_eq(part.class_count[0], 0);
  ck_assert_uint_eq(part.class_count[1], SOURCES / 3);
  close_fixture(&f);
}
END_TEST

/* A mapping is trained into all classes of a group, and so it is judged. */
START_TEST(evaluate__accepts_all_classes_of_a_group) {
  fixture f = open_fixture("0:3,1:4,2:5");
  const xd_evaluation chain = evaluate(&f, "0:3,0:4,0:5,1:5,2:5", NULL);
  const xd_evaluation all = evaluate(&f, "0:3,0:4,0:5,1:3,1:4,1:5,2:3,2:4,2:5", NULL);
  const xd_evaluation pairs = evaluate(&f, "0:3,1:4,2:5", NULL);
  ck_assert(chain.acc == 1.0 && chain.div == all.div && chain.ediv == all.ediv);
  ck_assert_msg(chain.acc > pairs.acc, "%g and %g", chain.acc, pairs.acc);
  const xd_evaluation any = evaluate(&f, "*:*", NULL);
  ck_assert(any.acc == 1.0 && any.judge_acc == 1.0 && any.reconstruction_acc == 1.0);
  ck_assert(any.count == SOURCES && any.real_count == TARGETS);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__may_leave_the_ceiling_out) {
  fixture f = open_fixture("0:3,1:4,2:5");
  xd_evaluation_options options = XD_EVALUATION_OPTIONS_INIT;
  const xd_evaluation whole = evaluate(&f, "0:3,1:4,2:5", &options);
  options.skip_reconstruction = 1;
  const xd_evaluation part = evaluate(&f, "0:3,1:4,2:5", &options);
  ck_assert(part.reconstruction_acc == 0.0 && part.reconstruction_fd == 0.0);
  ck_assert(whole.reconstruction_acc > 0.0 && whole.reconstruction_fd > 0.0);
  ck_assert(part.acc == whole.acc && part.div == whole.div && part.ediv == whole.ediv && part.fd == whole.fd);
  options.seed = 2;
  const xd_evaluation other = evaluate(&f, "0:3,1:4,2:5", &options);
  ck_assert(other.div != part.div);
  options.temperature = 0.0f;
  const xd_evaluation still = evaluate(&f, "0:3,1:4,2:5", &options);
  ck_assert_msg(still.ediv < 1e-6 && still.div > 0.0, "without noise ediv is %g", still.ediv);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__writes_no_more_than_the_callers_struct) {
  fixture f = open_fixture("0:3,1:4,2:5");
  xd_evaluation got;
  memset(&got, 0x5A, sizeof got);
  got.struct_size = offsetof(xd_evaluation, fd);
  assert_ok(f.context, xd_evaluate(&got, f.context, f.model, XD_DIRECTION_1TO2, f.judge, f.source, f.target,
                                   f.pairing, NULL));
  ck_assert_uint_eq(got.struct_size, offsetof(xd_evaluation, fd));
  ck_assert(got.acc > 0.0 && got.acc <= 1.0);
  const unsigned char *rest = (const unsigned char *)&got.fd;
  for (size_t i = 0; i < sizeof got - offsetof(xd_evaluation, fd); i++)
    ck_assert_uint_eq(rest[i], 0x5A);
  close_fixture(&f);
}
END_TEST

START_TEST(evaluate__refuses_what_does_not_fit) {
  fixture f = open_fixture("0:3,1:4,2:5");
  xd_evaluation got = {.struct_size = sizeof got, .acc = 7.0};
  xd_context *c = f.context;
  const xd_direction there = XD_DIRECTION_1TO2;
  assert_status(xd_evaluate(NULL, c, f.model, there, f.judge, f.source, f.target, f.pairing, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(&got, c, NULL, there, f.judge, f.source, f.target, f.pairing, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_evaluate(&got, c, f.model, (xd_direction)3, f.judge, f.source, f.target, f.pairing, NULL),
                XD_ERROR_INVALID_ARGUMENT);
  /* The sets the wrong way round: their classes are not the paired ones. */
  assert_status(xd_evaluate(&got, c, f.model, there, f.judge, f.target, f.source, f.pairing, NULL),
                XD_ERROR_NOT_FOUND);
  assert_message_names(c, "class 0");
  ck_assert(got.acc == 0.0);
  xd_pairing *beyond = make_pairing(c, "0:7");
  assert_status(xd_evaluate(&got, c, f.model, there, f.judge, f.source, f.target, beyond, NULL),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(c, "judge");
  uint8_t pixels[100] = {0};
  xd_dataset *other = NULL;
  assert_ok(c, xd_dataset_create(&other, c, pixels, NULL, 1, 10, 10, 1));
  assert_status(xd_evaluate(&got, c, f.model, there, f.judge, f.source, other, f.pairing, NULL),
                XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(c, "10x10x1");
  xd_model_parts none = XD_MODEL_PARTS_INIT;
  xd_model *vaes = NULL;
  assert_ok(c, xd_model_with_mapping(&vaes, c, f.model, &none));
  assert_status(xd_evaluate(&got, c, vaes, there, f.judge, f.source, f.target, f.pairing, NULL),
                XD_ERROR_UNSUPPORTED);
  xd_context_cancel(c);
  assert_status(xd_evaluate(&got, c, f.model, there, f.judge, f.source, f.target, f.pairing, NULL),
                XD_ERROR_CANCELLED);
  xd_context_clear_cancel(c);
  xd_model_release(vaes);
  xd_dataset_release(other);
  xd_pairing_release(beyond);
  close_fixture(&f);
}
END_TEST

typedef struct evaluation_call {
  const fixture *f;
} evaluation_call;

static xd_status evaluate_once(xd_context *context, void *user) {
  const fixture *f = ((evaluation_call *)user)->f;
  xd_evaluation got = {.struct_size = sizeof got};
  return xd_evaluate(&got, context, f->model, XD_DIRECTION_1TO2, f->judge, f->source, f->target, f->pairing,
                     NULL);
}

/* The backend's buffers come from the allocator as well: a few hundred refusals. */
START_TEST(evaluate__survives_refused_memory) {
  fixture f = open_fixture("0:3");
  evaluation_call call = {&f};
  check_refusals(evaluate_once, &call);
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

static Suite *make_suite(void) {
  Suite *suite = suite_create("evaluation");
  add_case(suite, evaluate__measures_what_its_header_says);
  add_case(suite, evaluate__judges_by_the_pairing_that_is_given);
  add_case(suite, evaluate__accepts_all_classes_of_a_group);
  add_case(suite, evaluate__may_leave_the_ceiling_out);
  add_case(suite, evaluate__writes_no_more_than_the_callers_struct);
  add_case(suite, evaluate__refuses_what_does_not_fit);
  add_case(suite, evaluate__survives_refused_memory);
  add_case(suite, mean_distance__is_the_mean_over_all_pairs);
  add_case(suite, gallery__keeps_the_first_pictures_of_each_class);
  return suite;
}

XD_SUITE_MAIN(make_suite)
