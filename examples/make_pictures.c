/* Makes two folders of pictures to train on: filled shapes in domain "shapes", letters of straight strokes in
 * domain "glyphs", 64x64 in colour, with a sub-folder a class. Colours, place, size and turn or slant are
 * drawn anew for every picture; the same seed gives the same pictures.
 * usage: make_pictures FOLDER TRAIN TEST [SEED]    so many pictures of each class; seed 1 unless given
 * gives  FOLDER/{shapes,glyphs}/{train,test}/CLASS/0000.png, ... */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <xdomain/xdomain.h>

#define SIDE 64
#define PATH_SIZE 4096
#define PI 3.14159265358979323846
#define LIFT 9.0 /* the pen goes to the next point without a stroke */

typedef struct point {
  double x, y;
} point;

/* Corners on a circle of radius 1, and where `inner` is not 0 as many between them on one of that radius. */
typedef struct shape {
  const char *name;
  int corners;
  double inner;
} shape;

/* Strokes in a square from -1 to 1, y downwards. */
typedef struct glyph {
  const char *name;
  int count;
  point path[10];
} glyph;

#define CLASSES 5

static const shape shapes[CLASSES] = {
    {"circle", 40, 0}, {"spark", 4, 0.35}, {"square", 4, 0}, {"star", 5, 0.4}, {"triangle", 3, 0}};

static const glyph glyphs[CLASSES] = {
    {"A", 6, {{-0.8, 1}, {0, -1}, {0.8, 1}, {LIFT, 0}, {-0.5, 0.3}, {0.5, 0.3}}},
    {"E", 7, {{0.7, -1}, {-0.7, -1}, {-0.7, 1}, {0.7, 1}, {LIFT, 0}, {-0.7, 0}, {0.5, 0}}},
    {"K", 6, {{-0.7, -1}, {-0.7, 1}, {LIFT, 0}, {0.7, -1}, {-0.6, 0.05}, {0.75, 1}}},
    {"S",
     10,
     {{0.7, -0.7},
      {0.3, -1},
      {-0.3, -1},
      {-0.7, -0.6},
      {-0.5, -0.2},
      {0.5, 0.2},
      {0.7, 0.6},
      {0.3, 1},
      {-0.3, 1},
      {-0.7, 0.7}}},
    {"T", 5, {{-0.9, -1}, {0.9, -1}, {LIFT, 0}, {0, -1}, {0, 1}}}};

/* What a picture shows, in pixels: an area within closed lines, or strokes of some thickness. */
typedef struct figure {
  point from[48], to[48];
  int lines;
  double thickness; /* 0: an area */
} figure;

/* ---- Random numbers: SplitMix64 ---- */

static uint64_t next_word(uint64_t *state) {
  uint64_t word = *state += UINT64_C(0x9E3779B97F4A7C15);
  word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
  return word ^ (word >> 31);
}

static double draw(uint64_t *state, double from, double to) {
  return from + (to - from) * (double)(next_word(state) >> 11) / 9007199254740992.0;
}

/* ---- Figures ---- */

static void add_line(figure *f, point from, point to) {
  f->from[f->lines] = from;
  f->to[f->lines++] = to;
}

static point draw_centre(uint64_t *state) {
  return (point){SIDE / 2.0 + draw(state, -8, 8), SIDE / 2.0 + draw(state, -8, 8)};
}

static point corner(const shape *s, int number, point centre, double size, double turn) {
  const int corners = s->inner > 0 ? 2 * s->corners : s->corners;
  const double angle = turn + 2 * PI * number / corners;
  const double radius = s->inner > 0 && number % 2 ? s->inner * size : size;
  return (point){centre.x + radius * sin(angle), centre.y - radius * cos(angle)};
}

static figure draw_shape(const shape *s, uint64_t *state) {
  figure f = {.lines = 0};
  const int corners = s->inner > 0 ? 2 * s->corners : s->corners;
  const point centre = draw_centre(state);
  const double size = draw(state, 16, 24), turn = draw(state, -0.4, 0.4);
  for (int i = 0; i < corners; i++)
    add_line(&f, corner(s, i, centre, size, turn), corner(s, i + 1, centre, size, turn));
  return f;
}

static figure draw_glyph(const glyph *g, uint64_t *state) {
  figure f = {.lines = 0};
  const point centre = draw_centre(state), *p = g->path;
  const double height = draw(state, 13, 20), width = height * draw(state, 0.7, 1), slant = draw(state, -5, 5);
  f.thickness = draw(state, 4, 8);
  for (int i = 1; i < g->count; i++) {
    if (p[i - 1].x == LIFT || p[i].x == LIFT)
      continue;
    add_line(&f, (point){centre.x + width * p[i - 1].x - slant * p[i - 1].y, centre.y + height * p[i - 1].y},
             (point){centre.x + width * p[i].x - slant * p[i].y, centre.y + height * p[i].y});
  }
  return f;
}

static double distance_to_line(point p, point from, point to) {
  const double dx = to.x - from.x, dy = to.y - from.y;
  double share = ((p.x - from.x) * dx + (p.y - from.y) * dy) / (dx * dx + dy * dy);
  share = share < 0 ? 0 : share > 1 ? 1 : share;
  return hypot(from.x + share * dx - p.x, from.y + share * dy - p.y);
}

/* Share of the pixel around p that the figure covers, judged by its distance alone. */
static double coverage(const figure *f, point p) {
  double distance = 4.0 * SIDE;
  int inside = 0;
  for (int i = 0; i < f->lines; i++) {
    const point a = f->from[i], b = f->to[i];
    distance = fmin(distance, distance_to_line(p, a, b));
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + (b.x - a.x) * (p.y - a.y) / (b.y - a.y))
      inside = !inside;
  }
  const double depth = f->thickness > 0 ? f->thickness / 2 - distance : inside ? distance : -distance;
  return fmin(1, fmax(0, depth + 0.5));
}

/* ---- Pictures ---- */

/* A dark and a light colour that are easy to tell apart. */
static void draw_colours(double dark[3], double light[3], uint64_t *state) {
  double difference = 0;
  for (int c = 0; c < 3; c++)
    dark[c] = draw(state, 0, 130);
  while (difference < 150 * 150) {
    difference = 0;
    for (int c = 0; c < 3; c++) {
      light[c] = draw(state, 125, 255);
      difference += (light[c] - dark[c]) * (light[c] - dark[c]);
    }
  }
}

/* Shapes are light on dark ground, letters dark on light. */
static void paint(uint8_t pixels[SIDE * SIDE * 3], const figure *f, uint64_t *state) {
  double dark[3], light[3];
  draw_colours(dark, light, state);
  const double *ground = f->thickness > 0 ? light : dark, *ink = f->thickness > 0 ? dark : light;
  for (int i = 0; i < SIDE * SIDE; i++) {
    const double share = coverage(f, (point){i % SIDE + 0.5, i / SIDE + 0.5});
    for (int c = 0; c < 3; c++)
      pixels[3 * i + c] = (uint8_t)(ground[c] + share * (ink[c] - ground[c]) + 0.5);
  }
}

/* Makes FOLDER/NAME into `path`, if need be; false with a message. */
static int enter(char path[PATH_SIZE], const char *folder, const char *name) {
  if (snprintf(path, PATH_SIZE, "%s/%s", folder, name) >= PATH_SIZE)
    errno = ENAMETOOLONG;
  else if (mkdir(path, 0777) == 0 || errno == EEXIST)
    return 1;
  fprintf(stderr, "make_pictures: cannot make the folder '%s/%s': %s\n", folder, name, strerror(errno));
  return 0;
}

typedef struct making {
  xd_context *context;
  uint64_t seed;
  int domain; /* 0: shapes, 1: glyphs */
} making;

/* Pictures first .. first + count of a class; each has random numbers of its own. */
static int make_class(const making *m, const char *folder, int class, int first, int count) {
  char path[PATH_SIZE], file[PATH_SIZE + 32];
  uint8_t pixels[SIDE * SIDE * 3];
  xd_image view;
  if (!enter(path, folder, m->domain ? glyphs[class].name : shapes[class].name))
    return 0;
  xd_image_init(&view, sizeof view, pixels, SIDE, SIDE, XD_SAMPLE_U8, XD_LAYOUT_RGB);
  for (int i = 0; i < count; i++) {
    uint64_t state = m->seed;
    state = next_word(&state) ^ ((uint64_t)(m->domain * CLASSES + class) << 32 | (uint64_t)(first + i));
    state = next_word(&state); /* so that neighbours' numbers are far apart */
    const figure f = m->domain ? draw_glyph(&glyphs[class], &state) : draw_shape(&shapes[class], &state);
    paint(pixels, &f, &state);
    snprintf(file, sizeof file, "%s/%04d.png", path, i);
    if (xd_image_save_png(m->context, file, &view)) {
      fprintf(stderr, "make_pictures: %s\n", xd_context_message(m->context));
      return 0;
    }
  }
  return 1;
}

static int make_domain(const making *m, const char *folder, int train, int test) {
  char path[PATH_SIZE], part[PATH_SIZE];
  if (!enter(path, folder, m->domain ? "glyphs" : "shapes"))
    return 0;
  for (int class = 0; class < CLASSES; class ++) {
    if (!enter(part, path, "train") || !make_class(m, part, class, 0, train))
      return 0;
    if (!enter(part, path, "test") || !make_class(m, part, class, train, test))
      return 0;
  }
  return 1;
}

static int read_count(const char *text) {
  char *end;
  const long value = strtol(text, &end, 10);
  return *end || value < 1 || value > 1000000 ? 0 : (int)value;
}

int main(int argc, char **argv) {
  const int train = argc > 3 ? read_count(argv[2]) : 0, test = argc > 3 ? read_count(argv[3]) : 0;
  const int seed = argc > 4 ? read_count(argv[4]) : 1;
  making m = {NULL, (uint64_t)seed, 0};
  if (!train || !test || !seed || argc > 5) {
    fputs("usage: make_pictures FOLDER TRAIN TEST [SEED]\n", stderr);
    return 2;
  }
  if (xd_context_create(&m.context, NULL))
    return 1;
  int done = mkdir(argv[1], 0777) == 0 || errno == EEXIST;
  if (!done)
    fprintf(stderr, "make_pictures: cannot make the folder '%s': %s\n", argv[1], strerror(errno));
  for (; m.domain < 2 && done; m.domain++)
    done = make_domain(&m, argv[1], train, test);
  xd_context_destroy(m.context);
  return !done;
}
