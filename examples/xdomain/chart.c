/* Curves over steps as SVG: axes, two lines that differ in colour and in dashes, and in words what they show. */
#include "chart.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { WIDTH = 360, HEIGHT = 210, LEFT = 46, RIGHT = 350, TOP = 12, BOTTOM = 180, POINTS_MOST = 240 };

/* Positive values are drawn by their logarithms where the largest is so many times the least, and not beyond all. */
static const double large_span = 30.0, least_share = 1e-6;

typedef struct frame {
  double low_x, high_x, low_y, high_y;
  bool logarithmic;
} frame;

unsigned next_chart_number(void) {
  static unsigned number;
  return ++number;
}

/* ---- The frame ---- */

static void widen(frame *f, const curve *c) {
  for (size_t i = 0; i < c->count; i++) {
    f->low_x = fmin(f->low_x, c->x[i]);
    f->high_x = fmax(f->high_x, c->x[i]);
    f->low_y = fmin(f->low_y, c->y[i]);
    f->high_y = fmax(f->high_y, c->y[i]);
  }
}

static frame find_frame(const chart *c) {
  frame f = {DBL_MAX, -DBL_MAX, DBL_MAX, -DBL_MAX, false};
  for (int i = 0; i < CHART_LINES; i++)
    if (c->lines[i])
      widen(&f, c->lines[i]);
  f.logarithmic = !c->share && f.low_y > least_share * f.high_y && f.high_y > large_span * f.low_y;
  if (!f.logarithmic)
    f.low_y = fmin(f.low_y, 0.0);
  if (c->share)
    f.high_y = fmax(f.high_y, 1.0);
  if (!(f.high_y > f.low_y))
    f.high_y = f.low_y + 1.0;
  if (!(f.high_x > f.low_x))
    f.high_x = f.low_x + 1.0;
  return f;
}

static double place_x(const frame *f, double x) {
  return LEFT + (x - f->low_x) / (f->high_x - f->low_x) * (RIGHT - LEFT);
}

static double place_y(const frame *f, double y) {
  const double share = f->logarithmic ? log(y / f->low_y) / log(f->high_y / f->low_y)
                                      : (y - f->low_y) / (f->high_y - f->low_y);
  return BOTTOM - share * (BOTTOM - TOP);
}

/* ---- Axes ---- */

/* 1, 2 or 5 times a power of ten, so that about `wanted` of them fill a span. */
static double choose_step(double span, int wanted) {
  const double least = span / wanted, power = pow(10.0, floor(log10(least))), part = least / power;
  return power * (part <= 1.0 ? 1.0 : part <= 2.0 ? 2.0 : part <= 5.0 ? 5.0 : 10.0);
}

static void print_x_tick(FILE *to, const frame *f, double x) {
  fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", place_x(f, x), BOTTOM + 16,
          place_x(f, x) > RIGHT - 12 ? "end" : "middle");
  if (x >= 10000.0)
    fprintf(to, "%.0f,%03.0f</text>", floor(x / 1000.0), fmod(x, 1000.0));
  else
    fprintf(to, "%.4g</text>", x);
}

static void print_y_tick(FILE *to, const frame *f, double y) {
  fprintf(to,
          "<path class=\"rule\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text>",
          LEFT, place_y(f, y), RIGHT, LEFT - 6, place_y(f, y) + 4.0, y);
}

/* Ticks of a linear axis: calls `print` for each. */
static void print_ticks(FILE *to, const frame *f, double low, double high, int wanted,
                        void (*print)(FILE *to, const frame *f, double value)) {
  const double step = choose_step(high - low, wanted), first = ceil(low / step);
  for (int i = 0; i <= 2 * wanted; i++)
    if ((first + i) * step <= high + 1e-9 * step)
      print(to, f, (first + i) * step);
}

static void print_logarithmic_ticks(FILE *to, const frame *f) {
  const bool few = f->high_y < 300.0 * f->low_y;
  const int last = (int)floor(log10(f->high_y));
  for (int exponent = (int)floor(log10(f->low_y)); exponent <= last; exponent++)
    for (int digit = 1; digit <= 5; digit += digit == 1 ? 1 : 3) {
      const double value = digit * pow(10.0, exponent);
      if (value >= f->low_y && value <= f->high_y && (digit == 1 || few))
        print_y_tick(to, f, value);
    }
}

static void print_axes(FILE *to, const frame *f) {
  print_ticks(to, f, f->low_x, f->high_x, 4, print_x_tick);
  if (f->logarithmic)
    print_logarithmic_ticks(to, f);
  else
    print_ticks(to, f, f->low_y, f->high_y, 5, print_y_tick);
}

/* ---- Lines ---- */

/* The means of up to POINTS_MOST pieces. */
static void print_line(FILE *to, const frame *f, const curve *c, int number) {
  const size_t pieces = c->count < POINTS_MOST ? c->count : POINTS_MOST;
  fprintf(to, "<path class=\"line l%d\" d=\"", number);
  for (size_t i = 0; i < pieces; i++) {
    const size_t begin = i * c->count / pieces, end = (i + 1) * c->count / pieces;
    double x = 0.0, y = 0.0;
    for (size_t k = begin; k < end; k++) {
      x += c->x[k] / (double)(end - begin);
      y += c->y[k] / (double)(end - begin);
    }
    fprintf(to, "%s%.1f %.1f", i ? "L" : "M", place_x(f, x), place_y(f, y));
  }
  fputs("\"/>", to);
  if (pieces == 1)
    fprintf(to, "<circle class=\"l%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", number, place_x(f, c->x[0]),
            place_y(f, c->y[0]));
}

static void print_mark(FILE *to, const frame *f, double step, int number) {
  if (step >= f->low_x && step <= f->high_x)
    fprintf(to, "<path class=\"mark l%d\" d=\"M%.1f %dV%d\"/>", number, place_x(f, step), TOP, BOTTOM);
}

/* What one sees, in words. */
static void print_words(FILE *to, const chart *c) {
  for (int i = 0; i < CHART_LINES; i++) {
    const curve *line = c->lines[i];
    if (line && line->count)
      fprintf(to, "%s: %.4g at step %.0f, %.4g at step %.0f. ", c->names[i], line->y[0], line->x[0],
              line->y[line->count - 1], line->x[line->count - 1]);
  }
}

void print_chart(FILE *to, const chart *c) {
  const frame f = find_frame(c);
  const unsigned number = next_chart_number();
  if (f.low_x == DBL_MAX)
    return;
  fprintf(to, "<figure class=\"chart\"><figcaption><b>%s</b> %s<br>", c->title, c->unit);
  for (int i = 0; i < CHART_LINES; i++)
    if (c->lines[i] && c->lines[i]->count)
      fprintf(to, "<span class=\"key l%d\">%s</span>", i, c->names[i]);
  fprintf(to,
          "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-labelledby=\"t%u d%u\"><title "
          "id=\"t%u\">%s by step</title><desc id=\"d%u\">",
          WIDTH, HEIGHT, number, number, number, c->title, number);
  print_words(to, c);
  fputs("</desc>", to);
  print_axes(to, &f);
  fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">step</text>", RIGHT, HEIGHT - 2);
  for (int i = 0; i < CHART_LINES; i++)
    if (c->lines[i] && c->lines[i]->count) {
      print_mark(to, &f, c->marks[i], i);
      print_line(to, &f, c->lines[i], i);
    }
  fputs("</svg></figure>\n", to);
}
