/* Rows of drawn pictures on their way to a folder of PNG files or one sheet (drawing.c). */
#ifndef XDOMAIN_DRAWING_H
#define XDOMAIN_DRAWING_H

#include "pending.h"

typedef struct drawing {
  const runtime *run;
  const char *out;          /* ends in .png: a sheet, a row of pictures each; else a folder */
  const char *const *names; /* [rows], the folders below it; NULL: the pictures lie in `out` itself */
  uint32_t rows, columns;   /* pictures of a row */
  uint32_t scale;           /* of the sheet */
  xd_shape shape;           /* of a picture */
  float *cells;             /* of the sheet */
  uint32_t row, column;     /* of the next picture */
  pending_keeper keeper;    /* of the folder's files */
} drawing;

/* Of a picture in a folder, to be freed: "FOLDER/000012.png". NULL without memory. */
char *numbered_path(const char *folder, uint32_t number);

/* Proves that the result can be written. The exit code, as everywhere here. */
int open_drawing(drawing *d);

/* Takes the next `count` pictures of the present row. */
int put_pictures(drawing *d, float *pictures, uint32_t count);

/* Writes the sheet, if it is one and `code` no failure; waits for the folder's files. */
int close_drawing(drawing *d, int code);

#endif
