/* The two directions in which codes differ most (components.c). */
#ifndef XDOMAIN_COMPONENTS_H
#define XDOMAIN_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMPONENTS = 2 };

typedef struct components {
  size_t dim;
  double *mean, *axes;       /* [dim], [COMPONENTS][dim] */
  double shares[COMPONENTS]; /* of all variance, along each axis */
} components;

/* The principal components of codes[count][dim]; false without memory. To be freed either way. */
bool find_components(components *out, const float *codes, uint32_t count, size_t dim);
void free_components(components *c);

void project(const components *c, const float *code, double to[COMPONENTS]);

#endif
