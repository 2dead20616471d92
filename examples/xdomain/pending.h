/* PNG files that reach the disk together (pending.c). */
#ifndef XDOMAIN_PENDING_H
#define XDOMAIN_PENDING_H

#include "command.h"

typedef struct pending_file {
  char *path, *temporary;
} pending_file;

typedef struct pending_files {
  pending_file *items;
  size_t count, room;
} pending_files;

/* Writes a picture as PNG to a stream, which messages call by its path. */
int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path);

/* Writes a picture beside `path`, which it takes over and frees. */
int write_pending(pending_files *files, const runtime *run, const xd_image *view, char *path);

/* Gives the files their names once all are on the disk; takes them away if `code` is a failure. The exit code. */
int finish_pending(pending_files *files, int code);

#endif
