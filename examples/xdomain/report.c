/* Measures as JSON and as text. A prefix stands before the names of a report's values: "validation1.". */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sets.h"

double value_of(const xd_values *values, const char *name) {
  double number;
  return values && xd_values_find(values, &number, name) == XD_OK ? number : NAN;
}

static double measure(const xd_values *values, const char *prefix, const char *name) {
  char whole[64];
  snprintf(whole, sizeof whole, "%s%s", prefix, name);
  return value_of(values, whole);
}

bool has_measures(const xd_values *values, const char *prefix) {
  return isfinite(measure(values, prefix, "acc"));
}

/* JSON knows no NaN. */
void print_json_number(FILE *to, const char *name, double value) {
  if (isfinite(value))
    fprintf(to, "\"%s\": %.6g", name, value);
  else
    fprintf(to, "\"%s\": null", name);
}

/* "acc.5" gives the accuracy of class 5. */
static void print_classes_json(FILE *to, const xd_values *values, const char *prefix) {
  char head[64];
  const int length = snprintf(head, sizeof head, "%sacc.", prefix);
  for (uint32_t i = 0, shown = 0; i < xd_values_count(values); i++) {
    const char *name = xd_values_name(values, i);
    if (strncmp(name, head, (size_t)length))
      continue;
    fputs(shown++ ? ", " : "", to);
    print_json_number(to, name + length, xd_values_number(values, i));
  }
}

static bool tells_distance(const char *name) {
  return !strcmp(name, "fd") || !strcmp(name, "reconstruction_fd");
}

void print_measures_json(FILE *to, const xd_values *values, const char *prefix, const judge_worth *worth) {
  static const char *const names[] = {"acc",
                                      "div",
                                      "ediv",
                                      "fd",
                                      "sharpness",
                                      "detail",
                                      "style",
                                      "ink",
                                      "slant",
                                      "reconstruction_acc",
                                      "reconstruction_fd",
                                      "reconstruction_sharpness",
                                      "reconstruction_detail",
                                      "judge_acc"};
  fputc('{', to);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const bool told = is_sound(worth) || !tells_distance(names[i]);
    print_json_number(to, names[i], told ? measure(values, prefix, names[i]) : NAN);
    fputs(", ", to);
  }
  print_json_number(to, "count", measure(values, prefix, "pictures"));
  fputs(", ", to);
  print_json_number(to, "real_count", measure(values, prefix, "real_pictures"));
  fputs(", \"per_class\": {", to);
  print_classes_json(to, values, prefix);
  fputs("}}", to);
}

static void print_distance(FILE *to, const xd_values *values, const char *prefix, const judge_worth *worth) {
  const double of_reconstructions = measure(values, prefix, "reconstruction_fd");
  if (!is_sound(worth)) {
    fputs("  Frechet    -       (the judge is poor: neither this nor the accuracy says much)\n", to);
    return;
  }
  fprintf(to, "  Frechet    %.2f", measure(values, prefix, "fd"));
  if (isfinite(of_reconstructions))
    fprintf(to, "    (reconstructions %.2f)", of_reconstructions);
  fputc('\n', to);
}

static void print_accuracy(FILE *to, const xd_values *values, const char *prefix) {
  const double of_reconstructions = measure(values, prefix, "reconstruction_acc");
  fprintf(to, "  accuracy   %.4f   (judge on real pictures %.4f", measure(values, prefix, "acc"),
          measure(values, prefix, "judge_acc"));
  if (isfinite(of_reconstructions))
    fprintf(to, ", on reconstructions %.4f", of_reconstructions);
  fputs(")\n", to);
}

static void print_sharpness(FILE *to, const xd_values *values, const char *prefix) {
  const double of_reconstructions = measure(values, prefix, "reconstruction_sharpness");
  fprintf(to, "  sharpness  %.3f    detail %.3f", measure(values, prefix, "sharpness"),
          measure(values, prefix, "detail"));
  if (isfinite(of_reconstructions))
    fprintf(to, " (reconstructions %.3f, %.3f)", of_reconstructions,
            measure(values, prefix, "reconstruction_detail"));
  fputc('\n', to);
}

static void print_per_class(FILE *to, const xd_values *values, const char *prefix, const class_names *names) {
  char head[64];
  const int length = snprintf(head, sizeof head, "%sacc.", prefix);
  fputs("  per class ", to);
  for (uint32_t i = 0; i < xd_values_count(values); i++) {
    const char *label = xd_values_name(values, i) + length;
    if (strncmp(xd_values_name(values, i), head, (size_t)length))
      continue;
    const unsigned long number = strtoul(label, NULL, 10);
    const char *name = number < names->count ? names->at[number] : "";
    fputs("  ", to);
    print_text(to, *name ? name : label);
    fprintf(to, ": %.4f", xd_values_number(values, i));
  }
  fputc('\n', to);
}

bool is_limited(double of_reconstructions, double of_translations) {
  static const double legible = 0.9;
  return of_reconstructions < legible && of_translations < legible;
}

/* What the accuracy is beside the most that it could be. */
static void print_verdict(FILE *to, const xd_values *values, const char *prefix) {
  const double ceiling = measure(values, prefix, "reconstruction_acc"),
               reached = measure(values, prefix, "acc");
  if (!isfinite(ceiling))
    return;
  const bool limited = is_limited(ceiling, reached);
  fprintf(to, "  in words   reconstructions are right in %.3f, translations in %.3f: ", ceiling, reached);
  if (reached < ceiling)
    fprintf(to, "the mapping loses %.3f%s", ceiling - reached, limited ? ", and " : "");
  else if (!limited)
    fputs("the mapping loses nothing", to);
  fputs(limited ? "the auto-encoder limits both\n" : "\n", to);
}

void print_measures(FILE *to, const char *title, const xd_values *values, const char *prefix,
                    const judge_worth *worth, const class_names *names) {
  fprintf(to, "%s: %.0f translated pictures, %.0f real ones\n", title, measure(values, prefix, "pictures"),
          measure(values, prefix, "real_pictures"));
  print_accuracy(to, values, prefix);
  fprintf(to, "  diversity  %.3f    of one source picture %.3f\n", measure(values, prefix, "div"),
          measure(values, prefix, "ediv"));
  print_distance(to, values, prefix, worth);
  print_sharpness(to, values, prefix);
  if (isfinite(measure(values, prefix, "style"))) /* labels have none */
    fprintf(to, "  style kept %.3f    ink %.3f, slant %.3f\n", measure(values, prefix, "style"),
            measure(values, prefix, "ink"), measure(values, prefix, "slant"));
  print_per_class(to, values, prefix, names);
  if (is_sound(worth))
    print_verdict(to, values, prefix);
}
