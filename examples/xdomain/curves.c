/* The losses of a training from its log, which training_log.c writes. */
#include "curves.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { COLUMNS_MOST = 64, LINE_MOST = 4096 };

/* ---- Points ---- */

static const double largest = 1e10;

bool add_point(curve *c, double x, double y) {
  if (!(x >= 0.0 && x <= largest && fabs(y) <= largest))
    return true;
  if (c->count == c->room) {
    const size_t room = c->room ? 2 * c->room : 256;
    double *more_x = realloc(c->x, room * sizeof *more_x);
    c->x = more_x ? more_x : c->x;
    double *more_y = more_x ? realloc(c->y, room * sizeof *more_y) : NULL;
    c->y = more_y ? more_y : c->y;
    if (!more_y)
      return false;
    c->room = room;
  }
  c->x[c->count] = x;
  c->y[c->count++] = y;
  return true;
}

void free_curve(curve *c) {
  free(c->x);
  free(c->y);
}

void free_curves(curves *c) {
  for (int loss = 0; loss < LOSS_COUNT; loss++)
    for (int i = 0; i < 2; i++)
      free_curve(&c->losses[loss][i]);
}

/* ---- The log ---- */

/* Where the losses stand in a line, and whose they are by its stage. */
static const struct {
  const char *title;
  xd_stage stages[2];
} losses[LOSS_COUNT] = {[LOSS_PIXELS] = {"pixel_cost", {XD_STAGE_VAE1, XD_STAGE_VAE2}},
                        [LOSS_KL] = {"kl", {XD_STAGE_VAE1, XD_STAGE_VAE2}},
                        [LOSS_DISCRIMINATOR] = {"discriminator", {XD_STAGE_MAPPING1, XD_STAGE_MAPPING2}},
                        [LOSS_GENERATOR] = {"generator", {XD_STAGE_MAPPING1, XD_STAGE_MAPPING2}}};

typedef struct log_reader {
  char line[LINE_MOST];
  char *fields[COLUMNS_MOST];
  size_t count;              /* of fields */
  size_t places[LOSS_COUNT]; /* of the losses among them; 0: it has none */
} log_reader;

/* The next line's fields; false where it is too long or has too many. */
static bool cut_line(log_reader *r) {
  char *end = strpbrk(r->line, "\r\n"), *at = r->line;
  if (!end && strlen(r->line) == LINE_MOST - 1)
    return false;
  if (end)
    *end = '\0';
  r->count = 0;
  while (at && r->count < COLUMNS_MOST) {
    r->fields[r->count++] = at;
    at = strchr(at, ',');
    if (at)
      *at++ = '\0';
  }
  return !at;
}

static bool read_header(log_reader *r) {
  if (!cut_line(r) || r->count < 2 || strcmp(r->fields[0], "stage") || strcmp(r->fields[1], "step"))
    return false;
  for (size_t i = 2; i < r->count; i++)
    for (int loss = 0; loss < LOSS_COUNT; loss++)
      if (!strcmp(r->fields[i], losses[loss].title))
        r->places[loss] = i;
  return true;
}

/* An empty field is no number, and no fault. */
static bool read_field(const char *field, double *out, bool *some) {
  char *end;
  *out = strtod(field, &end);
  *some = end != field;
  return !*end;
}

static bool read_step(log_reader *r, curves *to) {
  double stage, step, value;
  bool some;
  if (!cut_line(r) || r->count < 2 || !read_field(r->fields[0], &stage, &some) || !some ||
      !read_field(r->fields[1], &step, &some) || !some)
    return false;
  for (int loss = 0; loss < LOSS_COUNT; loss++) {
    const size_t place = r->places[loss];
    if (!place || place >= r->count)
      continue;
    if (!read_field(r->fields[place], &value, &some))
      return false;
    for (int i = 0; i < 2; i++)
      if (some && stage == losses[loss].stages[i] && !add_point(&to->losses[loss][i], step, value))
        return false;
  }
  return true;
}

/* A last line that an interrupted training left unfinished is passed over. */
static bool is_cut(const log_reader *r, FILE *from) {
  return !strchr(r->line, '\n') && feof(from);
}

int read_curves(curves *out, const char *path) {
  log_reader r = {.count = 0};
  FILE *from = fopen(path, "r");
  unsigned line = 1;
  *out = (curves){.losses = {{{NULL, NULL, 0, 0}}}};
  bool good = from && fgets(r.line, sizeof r.line, from) && read_header(&r);
  while (good && fgets(r.line, sizeof r.line, from) && !is_cut(&r, from)) {
    line++;
    good = read_step(&r, out);
  }
  const int error = from && !ferror(from) ? 0 : errno;
  if (from)
    fclose(from);
  if (error)
    return failure("cannot read '%s': %s", path, strerror(error));
  return good ? EXIT_DONE : failure("'%s' is no log of a training: see line %u", path, line);
}
