/* No hours of training are lost: checkpoints beside the model, what is finished when a training ends early, and
 * the command that goes on. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "training.h"

static const char ending[] = ".checkpoint";

/* ---- Where it is ---- */

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

static int set_aside(const char *path) {
  char *aside = join_texts(path, ".old", "");
  const bool moved = aside && rename(path, aside) == 0;
  const int code = moved ? EXIT_DONE : failure("cannot move '%s' aside", path);
  if (moved)
    notice("the checkpoint of an earlier training is kept as '%s'; --resume goes on with one", aside);
  free(aside);
  return code;
}

int prepare_checkpoint(training *t) {
  if (t->no_checkpoint)
    return EXIT_DONE;
  t->checkpoint =
      join_texts(t->checkpoint_path ? t->checkpoint_path : t->out, t->checkpoint_path ? "" : ending, "");
  if (!t->checkpoint)
    return failure("out of memory");
  if (t->resume && !exists(t->checkpoint))
    return failure("there is no checkpoint '%s' to go on from", t->checkpoint);
  return EXIT_DONE;
}

int begin_checkpoint(const training *t) {
  return t->checkpoint && !t->resume && exists(t->checkpoint) ? set_aside(t->checkpoint) : EXIT_DONE;
}

void drop_checkpoint(const training *t) {
  if (t->checkpoint)
    unlink(t->checkpoint);
}

/* ---- What is finished ---- */

/* "runs/m.xdm" becomes "runs/m.partial.xdm"; to be freed. */
static char *partial_path(const char *out) {
  static const char model[] = ".xdm";
  const size_t length = strlen(out), tail = sizeof model - 1;
  char *stem = ends_with(out, model) ? strndup(out, length - tail) : join_texts(out, "", "");
  char *path = stem ? join_texts(stem, ".partial", model) : NULL;
  free(stem);
  return path;
}

static bool is_plain(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,=@%+-";
  return word[0] && strspn(word, plain) == strlen(word);
}

/* As a shell reads it. */
static void print_word(const char *word) {
  if (is_plain(word)) {
    fputs(word, stderr);
    return;
  }
  fputc('\'', stderr);
  for (const char *at = word; *at; at++) {
    const char one[] = {*at, '\0'};
    if (*at == '\'')
      fputs("'\\''", stderr);
    else if ((unsigned char)*at < 0x80)
      print_text(stderr, one);
    else
      fputc(*at, stderr);
  }
  fputc('\'', stderr);
}

static void print_command(const training *t) {
  fputs("xdomain: to go on: xdomain", stderr);
  for (int i = 0; i < t->argc; i++) {
    fputc(' ', stderr);
    print_word(t->argv[i]);
  }
  fputs(t->resume ? "\n" : " --resume\n", stderr);
}

/* Both VAEs, and the mappings as far as validation knows them. */
static void save_recovered(training *t) {
  char *path = partial_path(t->out);
  xd_save_options save = XD_SAVE_OPTIONS_INIT;
  save.half = t->half;
  if (path && xd_train_recover(&t->model, t->run.context, t->checkpoint) == XD_OK) {
    const xd_status status = xd_model_save(t->model, t->run.context, path, &save);
    if (status)
      report_failure(&t->run, status);
    else
      notice("what was finished is the model '%s'", path);
  }
  free(path);
}

void keep_finished(training *t) {
  if (!t->checkpoint || !exists(t->checkpoint))
    return;
  xd_context_clear_cancel(t->run.context);
  save_recovered(t);
  notice("the training is kept in '%s'", t->checkpoint);
  print_command(t);
}
