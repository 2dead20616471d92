/* Checkpoints of what trains: where they are, and the command that goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "sharing.h"

static const char ending[] = ".checkpoint";

/* ---- Where it is ---- */

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

/* "PATH.old", or where there is one "PATH.old2" and so on; to be freed. */
static char *choose_aside(const char *path) {
  char *aside = join_texts(path, ".old", "");
  for (unsigned i = 2; aside && exists(aside); i++) {
    char number[16];
    snprintf(number, sizeof number, "%u", i);
    free(aside);
    aside = join_texts(path, ".old", number);
  }
  return aside;
}

static int set_aside(const char *path) {
  char *aside = choose_aside(path);
  const bool moved = aside && rename(path, aside) == 0;
  const int code = moved ? EXIT_DONE : failure("cannot move '%s' aside: %s", path, strerror(errno));
  if (moved)
    notice("the checkpoint of an earlier training is kept as '%s'; --resume goes on with one", aside);
  free(aside);
  return code;
}

int check_checkpoint_flags(const checkpointing *c) {
  return c->none && (c->resume || c->given)
             ? usage_error("--no-checkpoint goes neither with --resume nor with --checkpoint")
             : EXIT_DONE;
}

int prepare_checkpoint(checkpointing *c, const char *out) {
  if (c->none)
    return EXIT_DONE;
  c->path = join_texts(c->given ? c->given : out, c->given ? "" : ending, "");
  if (!c->path)
    return failure("out of memory");
  if (c->resume && !exists(c->path))
    return failure("there is no checkpoint '%s' to go on from", c->path);
  return EXIT_DONE;
}

int begin_checkpoint(const checkpointing *c) {
  return is_first_rank() && c->path && !c->resume && exists(c->path) ? set_aside(c->path) : EXIT_DONE;
}

xd_run run_with_checkpoint(const checkpointing *c, xd_progress_callback callback, void *user) {
  xd_run run = XD_RUN_INIT;
  run.callback = callback;
  run.user = user;
  run.checkpoint = c->path;
  run.checkpoint_seconds = c->seconds;
  run.resume = c->resume;
  return run;
}

bool can_go_on(const checkpointing *c, xd_status why) {
  const bool refused = c->resume && why == XD_ERROR_INVALID_ARGUMENT;
  return c->path && !refused && exists(c->path);
}

void drop_checkpoint(const checkpointing *c) {
  if (c->path)
    unlink(c->path);
}

/* ---- The command that goes on ---- */

/* As a shell reads it; bytes that are no ASCII stay, whatever they mean, so that the command can be run. */
static void print_word(const char *word) {
  char *quoted = quote_word(word);
  for (const char *at = quoted ? quoted : word; *at; at++) {
    const char one[] = {*at, '\0'};
    if ((unsigned char)*at < 0x80)
      print_text(stderr, one);
    else
      fputc(*at, stderr);
  }
  free(quoted);
}

void tell_checkpoint(const checkpointing *c) {
  notice("the training is kept in '%s'", c->path);
  fprintf(stderr, "xdomain: to go on: %s", get_sharing()->program);
  for (int i = 0; i < c->argc; i++) {
    fputc(' ', stderr);
    print_word(c->argv[i]);
  }
  fputs(c->resume ? "\n" : " --resume\n", stderr);
}
