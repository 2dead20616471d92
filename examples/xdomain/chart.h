/* Charts as SVG within a page (chart.c). */
#ifndef XDOMAIN_CHART_H
#define XDOMAIN_CHART_H

#include <stdio.h>

#include "curves.h"

enum { CHART_LINES = 2 };

/* One or two curves over one axis of steps. */
typedef struct chart {
  const char *title, *unit; /* what is drawn, and what is good */
  const curve *lines[CHART_LINES];
  const char *names[CHART_LINES]; /* plain text without marks of HTML */
  double marks[CHART_LINES];      /* steps that are marked; NaN: none */
  bool share;                     /* from 0 to 1 at least */
} chart;

/* Draws what has points; nothing where nothing has. */
void print_chart(FILE *to, const chart *c);

/* Names of SVG's parts are numbered over a page. */
unsigned next_chart_number(void);

#endif
