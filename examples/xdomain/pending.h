/* Files that get their names once they are whole and on the disk (pending.c). */
#ifndef XDOMAIN_PENDING_H
#define XDOMAIN_PENDING_H

#include "lanes.h"

typedef struct pending_file {
  char *path, *temporary;
} pending_file;

typedef struct pending_files {
  pending_file *items;
  size_t count, room;
} pending_files;

/* Writes a picture as PNG to a stream, which messages call by its path. */
int encode_png(const runtime *run, const xd_image *view, FILE *to, const char *path);

/* Opens a file beside `path`, or beside what a link there leads to, to be written; NULL with errno. The file is dropped
 * in the end, kept or not. */
FILE *open_pending(pending_file *file, const char *path);

/* Closes the stream and, if no write to it failed and it is `whole`, gives the file its name once it is on the disk;
 * false with errno. */
bool keep_pending(pending_file *file, FILE *to, bool whole);

/* Takes away what was not kept, and frees the names; leaves errno as it is. */
void drop_pending(pending_file *file);

/* A further file, none yet; NULL without memory. */
pending_file *add_pending(pending_files *files);

/* Writes a picture beside `path`; an exit code, or without a word, on any thread, whether it was written. What is not
 * whole is taken away. */
int write_pending(pending_file *file, const runtime *run, const xd_image *view, const char *path);
bool try_pending(pending_file *file, xd_context *context, const xd_image *view, const char *path);

/* Takes away those that were not kept; the list is empty then. */
void drop_all_pending(pending_files *files);

/* Whether two files are to lie in one folder, by their paths. */
bool same_folder(const char *a, const char *b);

/* Gives files their names once all are on the disk, on a thread of its own while the next are written. */
typedef struct pending_keeper {
  pthread_t thread;
  bool runs;
  pending_files files;
  const pending_file *failed; /* the first that could not be kept, or NULL, */
  int error;                  /* and why */
} pending_keeper;

/* Ends with the files before, then begins with those of these that were written; takes the list over. The exit code of
 * the ones before. */
int keep_all_pending(pending_keeper *keeper, pending_files *files);

/* Waits until all have their names; the exit code. */
int finish_pending(pending_keeper *keeper);

#endif
