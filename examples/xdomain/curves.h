/* Curves of a training, read from the log that it wrote (curves.c). */
#ifndef XDOMAIN_CURVES_H
#define XDOMAIN_CURVES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct curve {
  double *x, *y;
  size_t count, room;
} curve;

/* Leaves out what no step and no measure can be; false without memory. */
bool add_point(curve *c, double x, double y);
void free_curve(curve *c);

enum { LOSS_PIXELS, LOSS_KL, LOSS_DISCRIMINATOR, LOSS_GENERATOR, LOSS_COUNT };

/* The losses of each step: of the VAEs of both domains, and of the mappings of both directions. */
typedef struct curves {
  curve losses[LOSS_COUNT][2];
} curves;

/* Reads the CSV file of --log; an exit code, whose reason was printed. To be freed either way. */
int read_curves(curves *out, const char *path);
void free_curves(curves *c);

#endif
