/* Training of the judge: its loss against the logits, what it learns, its schedule and its manners. */
#include "training_support.h"

#include <pthread.h>

#include "layer/executor.h"
#include "model/judge.h"
#include "tensor/device.h"

#define COUNT 24u
#define CLASSES 3u

#define SMALL \
  "width=12 height=12 channels=1 classes=3 base_channels=4 feature_dim=16 dropout=0 batch=24 seed=4"

static double cross_entropy(const float *logits, uint32_t label, double smoothing) {
  double largest = (double)logits[0], sum = 0.0, loss = 0.0;
  for (uint32_t k = 1; k < CLASSES; k++)
    largest = fmax(largest, (double)logits[k]);
  for (uint32_t k = 0; k < CLASSES; k++)
    sum += exp((double)logits[k] - largest);
  for (uint32_t k = 0; k < CLASSES; k++) {
    const double wanted = (k == label ? 1.0 - smoothing : 0.0) + smoothing / CLASSES;
    loss -= wanted * ((double)logits[k] - largest - log(sum));
  }
  return loss;
}

START_TEST(judge_trainer_step__reports_the_loss_of_the_logits) {
  xd_context *context = test_context("reference");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, COUNT, 2);
  float *pictures = read_pictures(context, set, COUNT);
  xd_judge_trainer *trainer = make_judge_trainer(context, SMALL);
  xd_judge *start = NULL;
  uint32_t labels[COUNT], predicted[COUNT], right = 0;
  float logits[COUNT * CLASSES];
  xd_values *losses = make_values(context);
  double expected = 0.0;
  assert_ok(context, xd_judge_trainer_finish(trainer, &start));
  assert_ok(context, xd_judge_predict(start, context, predicted, logits, NULL, pictures, COUNT));
  for (uint32_t i = 0; i < COUNT; i++) {
    labels[i] = xd_dataset_label(set, i);
    right += predicted[i] == labels[i];
    expected += cross_entropy(logits + i * CLASSES, labels[i], 0.05) / COUNT;
  }
  assert_ok(context, xd_judge_trainer_step(trainer, losses, pictures, labels, COUNT, 0.001f));
  assert_near(value_of(losses, "loss"), expected, 1e-5, "loss");
  assert_near(value_of(losses, "accuracy"), (double)right / COUNT, 1e-9, "accuracy");
  for (int i = 0; i < 120; i++)
    assert_ok(context, xd_judge_trainer_step(trainer, losses, pictures, labels, COUNT, 0.005f));
  const double loss = value_of(losses, "loss"), accuracy = value_of(losses, "accuracy");
  ck_assert_msg(accuracy == 1.0 && loss < 0.6 * expected, "loss %g of %g, accuracy %g", loss, expected,
                accuracy);
  xd_judge_release(start);
  xd_values_destroy(losses);
  xd_judge_trainer_destroy(trainer);
  xd_dataset_release(set);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

START_TEST(judge_trainer_step__refuses_wrong_arguments) {
  xd_context *context = test_context("reference");
  xd_judge_trainer *trainer = make_judge_trainer(context, SMALL);
  float *pictures = make_pixels(COUNT * PATTERN_SIZE, 1);
  uint32_t labels[COUNT] = {0};
  assert_status(xd_judge_trainer_step(NULL, NULL, pictures, labels, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_trainer_step(trainer, NULL, NULL, labels, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, NULL, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT + 1, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "25 pictures, but the option batch is 24");
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, labels, 0, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "0 pictures");
  assert_status(xd_judge_trainer_step(trainer, NULL, NULL, labels, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "pictures is NULL");
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, NULL, 1, 0.001f), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "labels is NULL");
  const float rates[] = {-0.001f, NAN, INFINITY};
  for (int i = 0; i < 3; i++) {
    assert_status(xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT, rates[i]),
                  XD_ERROR_INVALID_ARGUMENT);
    assert_message_names(context, "learning rate");
  }
  labels[5] = CLASSES;
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT, 0.001f),
                XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "label 3 of picture 5 is not below the 3 classes");
  labels[5] = CLASSES - 1;
  assert_ok(context, xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT, 0.0f));
  pictures[7] = NAN, labels[5] = 0;
  assert_status(xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT, 0.001f), XD_ERROR_BAD_DATA);
  assert_message_names(context, "picture 0");
  xd_judge_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* One step of Adam from nothing moves each weight by the rate; a decay takes its share besides. */
START_TEST(judge_trainer_step__moves_weights_by_the_rate_and_the_decay) {
  xd_context *context = test_context("reference");
  float *pictures = make_pixels(COUNT * PATTERN_SIZE, 1);
  uint32_t labels[COUNT];
  for (uint32_t i = 0; i < COUNT; i++)
    labels[i] = i % CLASSES;
  for (int decays = 0; decays < 2; decays++) {
    xd_judge_trainer *trainer =
        make_judge_trainer(context, decays ? SMALL " weight_decay=0.5" : SMALL " weight_decay=0");
    xd_judge *before, *after;
    assert_ok(context, xd_judge_trainer_finish(trainer, &before));
    assert_ok(context, xd_judge_trainer_step(trainer, NULL, pictures, labels, COUNT, 0.01f));
    assert_ok(context, xd_judge_trainer_finish(trainer, &after));
    const xd_network *old = before->part.network, *new = after->part.network;
    size_t moved = 0, shrunk = 0;
    for (size_t i = 0; i < old->block_count; i++) {
      const double kept = (decays ? 1.0 - 0.005 : 1.0) * (double)old->block[i];
      const double plain = fabs((double)new->block[i] - (double)old->block[i]);
      const double apart = fmin(fabs((double)new->block[i] - kept), plain); /* biases do not decay */
      ck_assert_msg(apart < 0.01001, "weight %zu moves by %g", i, apart);
      moved += apart > 0.0099;
      shrunk += fabs((double)new->block[i] - 0.995 * (double)old->block[i]) < 1e-7 &&
                fabs((double)old->block[i]) > 1e-3;
    }
    ck_assert_uint_gt(moved, old->block_count / 3);
    ck_assert_msg(decays ? shrunk > 100 : shrunk == 0, "%zu weights without a gradient shrink", shrunk);
    xd_judge_release(before), xd_judge_release(after);
    xd_judge_trainer_destroy(trainer);
  }
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

/* The loss of a network that drops features, as the executor gives it of the step's own stream. */
START_TEST(judge_trainer_step__drops_by_its_step) {
  xd_context *context = test_context("reference");
  xd_judge_trainer *trainer = make_judge_trainer(context, SMALL " dropout=0.5 label_smoothing=0");
  xd_values *losses = make_values(context);
  xd_judge *judge = NULL;
  xdi_executor *run = NULL;
  float *pictures = make_pixels(5 * PATTERN_SIZE, 1), logits[5 * CLASSES];
  const uint32_t labels[5] = {0, 1, 2, 0, 1};
  assert_ok(context, xd_judge_trainer_finish(trainer, &judge));
  assert_ok(context, xdi_executor_create(&run, context, judge->part.network, 5, XDI_TRAINING));
  for (uint32_t step = 0; step < 3; step++) {
    double expected = 0.0;
    assert_ok(context, xd_judge_trainer_step(trainer, losses, pictures, labels, 5, 0.0f));
    assert_ok(context, xdi_device_write(context, xdi_executor_input(run), pictures, 5 * PATTERN_SIZE));
    assert_ok(context, xdi_executor_forward(run, 5, true, 4, xdi_stream_id(XDI_STREAM_DROPOUT, step * 64)));
    assert_ok(context, xdi_device_read(context, logits, xdi_executor_output(run), 5 * CLASSES));
    for (uint32_t i = 0; i < 5; i++)
      expected += cross_entropy(logits + i * CLASSES, labels[i], 0.0) / 5.0;
    assert_near(value_of(losses, "loss"), expected, 1e-6, "loss");
  }
  xdi_executor_destroy(run);
  xd_judge_release(judge);
  xd_values_destroy(losses);
  xd_judge_trainer_destroy(trainer);
  xd_context_destroy(context);
  free(pictures);
}
END_TEST

static xd_judge *train(const char *backend, uint32_t threads, const char *text) {
  xd_context *context = test_context_with(backend, threads, NULL);
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, 300, 2);
  xd_options *options = make_options(context, "judge", text);
  xd_judge *judge = NULL;
  assert_ok(context, xd_judge_train(&judge, context, NULL, set, NULL, options));
  xd_options_destroy(options);
  xd_dataset_release(set);
  xd_context_destroy(context);
  return judge;
}

/* Sizes and classes are the set's, the distortions all on. */
START_TEST(judge_train__learns_classes_from_distorted_pictures) {
  xd_context *context = test_context("auto");
  xd_dataset *held_out = make_patterns(context, PATTERN_ROW, CLASSES, 300, 3);
  double accuracy = 0.0;
  xd_judge *judge =
      train("auto", 2, "base_channels=8 batch=30 epochs=10 learning_rate=0.003 flip=1 blur=0.7");
  ck_assert_uint_eq(xd_judge_class_count(judge), CLASSES);
  ck_assert(xd_network_is_frozen(xd_judge_network(judge)));
  assert_ok(context, xd_judge_accuracy(judge, context, &accuracy, held_out));
  ck_assert_msg(accuracy > 0.97, "accuracy %g", accuracy);
  xd_judge_release(judge);
  xd_dataset_release(held_out);
  xd_context_destroy(context);
}
END_TEST

START_TEST(judge_train__gives_the_same_bytes_at_any_number_of_threads) {
#define SHORT "base_channels=4 epochs=1 batch=32 flip=1 blur=0.7"
  for (uint32_t i = 0; xd_context_builtin_backend(i); i++) {
    const char *backend = xd_context_builtin_backend(i);
    xd_judge *one = train(backend, 1, SHORT), *three = train(backend, 3, SHORT);
    ck_assert_msg(same_weights(one->part.network, three->part.network), "%s: 1 and 3 threads differ",
                  backend);
    xd_judge *other = train(backend, 1, SHORT " seed=2");
    ck_assert(!same_weights(one->part.network, other->part.network));
    xd_judge_release(one);
    xd_judge_release(three);
    xd_judge_release(other);
  }
}
END_TEST

typedef struct watch {
  uint32_t calls, steps, stop_at;
} watch;

static int watch_step(void *user, const xd_progress *progress) {
  watch *seen = user;
  const double loss = value_of(progress->losses, "loss");
  ck_assert_uint_eq(progress->stage, XD_STAGE_JUDGE);
  ck_assert_uint_eq(progress->step, ++seen->calls);
  ck_assert(isfinite(loss) && loss > 0.0 && progress->validation == NULL);
  assert_near(progress->overall, (double)progress->step / progress->steps, 1e-12, "overall");
  seen->steps = progress->steps;
  return progress->step == seen->stop_at;
}

typedef struct asker {
  pthread_t thread;
  uint32_t asked, answer_at;
} asker;

static int stop_at(void *user) {
  asker *a = user;
  ck_assert(pthread_equal(pthread_self(), a->thread));
  return ++a->asked >= a->answer_at;
}

START_TEST(judge_train__asks_the_host_on_its_own_thread_whether_to_stop) {
  asker a = {pthread_self(), 0, UINT32_MAX};
  xd_context_options asking = XD_CONTEXT_OPTIONS_INIT;
  xd_context *context = NULL;
  xd_judge *judge = NULL;
  asking.threads = 3;
  asking.should_stop = stop_at, asking.should_stop_user = &a;
  ck_assert_int_eq(xd_context_create(&context, &asking), XD_OK);
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, 100, 2);
  xd_options *options = make_options(context, "judge", "base_channels=4 batch=32 epochs=2");
  a = (asker){pthread_self(), 0, 20};
  assert_status(xd_judge_train(&judge, context, NULL, set, NULL, options), XD_ERROR_CANCELLED);
  ck_assert(judge == NULL && a.asked == 20);
  assert_message_names(context, "should_stop");
  a.answer_at = UINT32_MAX;
  assert_ok(context, xd_judge_train(&judge, context, NULL, set, NULL, options));
  xd_judge_release(judge);
  xd_options_destroy(options);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

START_TEST(judge_train__reports_steps_and_stops_when_asked) {
  xd_context *context = test_context("auto");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, 100, 2);
  xd_options *options = make_options(context, "judge", "base_channels=4 batch=32 epochs=2");
  xd_values *report = make_values(context);
  xd_judge *judge = NULL;
  watch seen = {0, 0, 0};
  xd_run run = XD_RUN_INIT;
  run.callback = watch_step, run.user = &seen;
  assert_ok(context, xd_judge_train(&judge, context, report, set, &run, options));
  ck_assert(seen.calls == 6 && seen.steps == 6);
  ck_assert(value_of(report, "seconds") > 0.0 && value_of(report, "loss") > 0.0);
  ck_assert(value_of(report, "accuracy") >= 0.0 && value_of(report, "accuracy") <= 1.0);
  xd_judge_release(judge);
  seen = (watch){0, 0, 1};
  assert_ok(context, xd_options_set_number(options, context, "epochs", 0));
  assert_status(xd_judge_train(&judge, context, NULL, set, &run, options), XD_ERROR_CANCELLED);
  ck_assert_uint_eq(seen.steps, 501); /* 167 epochs of 3 steps */
  assert_ok(context, xd_options_set_number(options, context, "epochs", 2));
  seen = (watch){0, 0, 4};
  assert_status(xd_judge_train(&judge, context, NULL, set, &run, options), XD_ERROR_CANCELLED);
  ck_assert(judge == NULL && seen.calls == 4);
  xd_context_cancel(context);
  assert_status(xd_judge_train(&judge, context, NULL, set, NULL, options), XD_ERROR_CANCELLED);
  xd_values_destroy(report);
  xd_options_destroy(options);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

START_TEST(judge_train__refuses_what_does_not_fit_the_set) {
  xd_context *context = test_context("reference");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, 30, 2);
  xd_options *options = make_options(context, "judge", SMALL " classes=2");
  xd_options *other = make_options(context, "vae", "");
  xd_judge *judge = (xd_judge *)set;
  static char long_name[65538];
  const char *const name = long_name;
  xd_dataset *named = NULL;
  assert_status(xd_judge_train(&judge, context, NULL, set, NULL, options), XD_ERROR_INVALID_ARGUMENT);
  ck_assert_ptr_null(judge);
  assert_message_names(context, "judge.classes is 2");
  change_options(options, SMALL " width=20");
  assert_status(xd_judge_train(&judge, context, NULL, set, NULL, options), XD_ERROR_SHAPE_MISMATCH);
  assert_message_names(context, "20x12x1");
  memset(long_name, 'x', sizeof long_name - 1);
  assert_ok(context, xd_dataset_with_class_names(&named, context, set, &name, 1));
  assert_status(xd_judge_train(&judge, context, NULL, named, NULL, NULL), XD_ERROR_TOO_LARGE);
  assert_message_names(context, "class names");
  xd_dataset_release(named);
  assert_status(xd_judge_train(&judge, context, NULL, set, NULL, other), XD_ERROR_INVALID_ARGUMENT);
  assert_message_names(context, "'vae'");
  assert_status(xd_judge_train(&judge, context, NULL, NULL, NULL, NULL), XD_ERROR_INVALID_ARGUMENT);
  xd_options_destroy(options);
  xd_options_destroy(other);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

/* A trainer goes on from a judge's weights, and leaves the judge as it was. */
START_TEST(judge_trainer_create__starts_from_a_judge) {
  xd_context *context = test_context("reference");
  xd_judge *start = make_judge(context, SMALL " seed=9"), *first = NULL, *second = NULL;
  xd_options *options = make_options(context, "judge", SMALL);
  xd_judge_trainer *trainer = NULL;
  float *pictures = make_pixels(PATTERN_SIZE, 1), *before = copy_weights(start->part.network, NULL);
  const uint32_t label = 1;
  assert_ok(context, xd_judge_trainer_create(&trainer, context, start, options));
  assert_ok(context, xd_judge_trainer_finish(trainer, &first));
  ck_assert(same_weights(first->part.network, start->part.network));
  assert_ok(context, xd_judge_trainer_step(trainer, NULL, pictures, &label, 1, 0.01f));
  assert_ok(context, xd_judge_trainer_finish(trainer, &second));
  ck_assert(!same_weights(second->part.network, start->part.network));
  assert_same_floats(start->part.network->block, before, start->part.network->block_count);
  xd_judge_trainer_destroy(trainer);
  xd_judge_release(start);
  xd_judge_release(first);
  xd_judge_release(second);
  xd_options_destroy(options);
  xd_context_destroy(context);
  free(pictures), free(before);
}
END_TEST

static xd_status train_and_release(xd_context *context, void *user) {
  xd_judge *judge = NULL;
  xd_options *options = NULL;
  xd_status status = try_options(&options, context, "judge", SMALL " epochs=1");
  if (status == XD_OK)
    status = xd_judge_train(&judge, context, NULL, user, NULL, options);
  xd_judge_release(judge);
  xd_options_destroy(options);
  return status;
}

START_TEST(judge_train__survives_refused_memory) {
  xd_context *context = test_context("reference");
  xd_dataset *set = make_patterns(context, PATTERN_ROW, CLASSES, COUNT, 2);
  check_refusals(train_and_release, set);
  xd_dataset_release(set);
  xd_context_destroy(context);
}
END_TEST

static Suite *make_suite(void) {
  Suite *suite = suite_create("judge_trainer");
  add_case(suite, judge_trainer_step__reports_the_loss_of_the_logits);
  add_case(suite, judge_trainer_step__refuses_wrong_arguments);
  add_case(suite, judge_trainer_step__moves_weights_by_the_rate_and_the_decay);
  add_case(suite, judge_trainer_step__drops_by_its_step);
  add_case(suite, judge_train__learns_classes_from_distorted_pictures);
  add_case(suite, judge_train__gives_the_same_bytes_at_any_number_of_threads);
  add_case(suite, judge_train__asks_the_host_on_its_own_thread_whether_to_stop);
  add_case(suite, judge_train__reports_steps_and_stops_when_asked);
  add_case(suite, judge_train__refuses_what_does_not_fit_the_set);
  add_case(suite, judge_trainer_create__starts_from_a_judge);
  add_case(suite, judge_train__survives_refused_memory);
  return suite;
}

XD_SUITE_MAIN(make_suite)
