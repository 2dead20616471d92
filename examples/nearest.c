/* Scores translations of kinds that a judge need not know: translates pictures and asks, for each, which of some real
 * pictures is nearest in the judge's features (squared distance). Right is one whose class has the name of the
 * source's. Beside it what the sources reach that are handed on unchanged, and the real pictures, each among the others.
 * usage: nearest MODEL.xdm 1to2|2to1 JUDGE.xdc SOURCES REAL...    sets, as 'xdomain train --help' describes them */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xdomain/unstable/spec.h>
#include <xdomain/xdomain.h>

#define REAL_LIMIT 8

typedef struct task {
  xd_context *context;
  xd_translator *translator;
  xd_judge *judge;
  xd_dataset *sources, *real[REAL_LIMIT];
  float *real_features[REAL_LIMIT];
  int real_count;
  xd_shape source, target;
} task;

/* 0, with what went wrong: `what`, or the context's message where that is NULL. */
static int fail(const task *t, const char *what) {
  fprintf(stderr, "nearest: %s\n", what ? what : xd_context_message(t->context));
  return 0;
}

static size_t size_of(const xd_shape *shape) {
  return (size_t)shape->width * shape->height * shape->channels;
}

/* The name of the class of the real picture whose features are nearest to these, which is not these themselves. */
static const char *nearest(const task *t, const float *features) {
  const uint32_t dim = xd_judge_feature_dim(t->judge);
  const char *name = "";
  double least = -1;
  for (int part = 0; part < t->real_count; part++) {
    for (uint32_t i = 0; i < xd_dataset_count(t->real[part]); i++) {
      const float *at = t->real_features[part] + (size_t)i * dim;
      double distance = 0;
      for (uint32_t k = 0; k < dim; k++)
        distance += (double)(at[k] - features[k]) * (at[k] - features[k]);
      if (at != features && (least < 0 || distance < least)) {
        least = distance;
        name = xd_dataset_class_name(t->real[part], xd_dataset_label(t->real[part], i));
      }
    }
  }
  return name;
}

/* How many pictures of a set, given by their features, have a nearest real one of their class. */
static uint32_t count_right(const task *t, const xd_dataset *set, const float *features) {
  uint32_t right = 0;
  for (uint32_t i = 0; i < xd_dataset_count(set); i++) {
    const char *name = xd_dataset_class_name(set, xd_dataset_label(set, i));
    right += !strcmp(name, nearest(t, features + (size_t)i * xd_judge_feature_dim(t->judge)));
  }
  return right;
}

static void print_share(const char *what, uint32_t right, uint32_t count) {
  printf("%-32s %.3f of %u\n", what, (double)right / count, count);
}

/* Features of count pictures of the target's shape, which the caller frees; NULL with a message. */
static float *features_of(const task *t, const float *pictures, uint32_t count) {
  float *features = calloc(count, xd_judge_feature_dim(t->judge) * sizeof *features);
  if (features && !xd_judge_predict(t->judge, t->context, NULL, NULL, features, pictures, count))
    return features;
  fail(t, features ? NULL : "out of memory");
  free(features);
  return NULL;
}

/* Scores pictures whose classes are those of the sources. */
static int score(const task *t, const char *what, const float *pictures) {
  float *features = features_of(t, pictures, xd_dataset_count(t->sources));
  if (features)
    print_share(what, count_right(t, t->sources, features), xd_dataset_count(t->sources));
  free(features);
  return features != NULL;
}

/* A set's pictures as floats of a shape, which the caller frees; NULL with a message. */
static float *read_pictures(const task *t, const xd_dataset *set, const xd_shape *shape) {
  const uint32_t count = xd_dataset_count(set);
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  options.width = shape->width, options.height = shape->height, options.channels = shape->channels;
  xd_dataset *fitted = NULL;
  float *pictures = calloc(count, size_of(shape) * sizeof *pictures);
  const int done = pictures && !xd_dataset_fit(&fitted, t->context, set, &options) &&
                   !xd_dataset_read(fitted, t->context, pictures, NULL, count);
  if (!done) {
    fail(t, pictures ? NULL : "out of memory");
    free(pictures);
  }
  xd_dataset_release(fitted);
  return done ? pictures : NULL;
}

static int score_real(task *t) {
  uint32_t right = 0, count = 0;
  for (int i = 0; i < t->real_count; i++) {
    float *pictures = read_pictures(t, t->real[i], &t->target);
    t->real_features[i] = pictures ? features_of(t, pictures, xd_dataset_count(t->real[i])) : NULL;
    free(pictures);
    if (!t->real_features[i])
      return 0;
  }
  for (int i = 0; i < t->real_count; i++) {
    right += count_right(t, t->real[i], t->real_features[i]);
    count += xd_dataset_count(t->real[i]);
  }
  print_share("real pictures, among the others", right, count);
  return 1;
}

static int score_translations(const task *t) {
  const uint32_t count = xd_dataset_count(t->sources);
  float *sources = read_pictures(t, t->sources, &t->source);
  float *translations = calloc(count, size_of(&t->target) * sizeof *translations);
  int done = sources != NULL;
  if (done && !translations)
    done = fail(t, "out of memory");
  if (done && xd_translator_run_floats(t->translator, translations, NULL, sources, count))
    done = fail(t, NULL);
  done = done && score(t, "translations", translations);
  free(sources);
  free(translations);
  return done;
}

static int score_unchanged(const task *t) {
  float *pictures = read_pictures(t, t->sources, &t->target);
  const int done = pictures && score(t, "sources, handed on unchanged", pictures);
  free(pictures);
  return done;
}

static int open_all(task *t, xd_direction direction, char **arguments, int real_count) {
  xd_translator_options options = XD_TRANSLATOR_OPTIONS_INIT;
  xd_shape judged;
  options.direction = direction;
  if (xd_translator_load(&t->translator, t->context, arguments[0], &options) ||
      xd_judge_load(&t->judge, t->context, arguments[2]) ||
      xd_dataset_load(&t->sources, t->context, arguments[3], NULL))
    return fail(t, NULL);
  for (; t->real_count < real_count; t->real_count++)
    if (xd_dataset_load(&t->real[t->real_count], t->context, arguments[4 + t->real_count], NULL))
      return fail(t, NULL);
  int labelled = xd_dataset_has_labels(t->sources);
  for (int i = 0; i < t->real_count; i++)
    labelled = labelled && xd_dataset_has_labels(t->real[i]);
  if (!labelled)
    return fail(t, "every set needs labels: a sub-folder a class");
  xd_translator_input_shape(t->translator, &t->source);
  xd_translator_output_shape(t->translator, &t->target);
  xd_judge_picture_shape(t->judge, &judged);
  if (size_of(&t->source) == 0)
    return fail(t, "the model translates no pictures in that direction");
  if (judged.width != t->target.width || judged.height != t->target.height ||
      judged.channels != t->target.channels)
    return fail(t, "the judge takes pictures of another shape than the model draws");
  return 1;
}

int main(int argc, char **argv) {
  task t = {NULL};
  xd_direction direction;
  if (argc < 6 || argc > 5 + REAL_LIMIT || xd_direction_from_name(&direction, argv[2])) {
    fputs("usage: nearest MODEL.xdm 1to2|2to1 JUDGE.xdc SOURCES REAL...\n", stderr);
    return 2;
  }
  if (xd_context_create(&t.context, NULL)) {
    fputs("nearest: no context\n", stderr);
    return 1;
  }
  int done = open_all(&t, direction, argv + 1, argc - 5) && score_real(&t) && score_translations(&t) &&
             score_unchanged(&t);
  if (done && fflush(stdout))
    done = fail(&t, "standard output cannot be written");
  for (int i = 0; i < t.real_count; i++) {
    free(t.real_features[i]);
    xd_dataset_release(t.real[i]);
  }
  xd_dataset_release(t.sources);
  xd_judge_release(t.judge);
  xd_translator_destroy(t.translator);
  xd_context_destroy(t.context);
  return !done;
}
