/* Checkpoints of what trains: where they are, and the command that goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "sharing.h"

static const char ending[] = ".checkpoint";
static const char *const part_endings[CHECKPOINT_PARTS] = {"", ".judge1", ".judge2"};

/* ---- Where it is ---- */

static bool exists(const char *path) {
  struct stat info;
  return stat(path, &info) == 0;
}

/* The first part that is there, or NULL. */
static const char *find_part(const checkpointing *c) {
  for (int part = 0; part < CHECKPOINT_PARTS; part++)
    if (c->paths[part] && exists(c->paths[part]))
      return c->paths[part];
  return NULL;
}

static bool is_taken(const char *aside) {
  bool taken = false;
  for (int part = 0; part < CHECKPOINT_PARTS && !taken; part++) {
    char *path = join_texts(aside, part_endings[part], "");
    taken = path && exists(path);
    free(path);
  }
  return taken;
}

/* "PATH.old", or where there is one "PATH.old2" and so on; to be freed. */
static char *choose_aside(const checkpointing *c) {
  const char *path = c->paths[CHECKPOINT_OWN];
  char *aside = join_texts(path, ".old", "");
  for (unsigned i = 2; aside && is_taken(aside); i++) {
    char number[16];
    snprintf(number, sizeof number, "%u", i);
    free(aside);
    aside = join_texts(path, ".old", number);
  }
  return aside;
}

static bool move_part(const char *path, const char *aside, const char *part_ending) {
  char *to = join_texts(aside, part_ending, "");
  const bool moved = to && rename(path, to) == 0;
  free(to);
  return moved;
}

static int set_aside(const checkpointing *c) {
  char *aside = choose_aside(c);
  int code = aside ? EXIT_DONE : failure("out of memory");
  for (int part = 0; part < CHECKPOINT_PARTS && !code; part++) {
    const char *path = c->paths[part];
    if (path && exists(path) && !move_part(path, aside, part_endings[part]))
      code = failure("cannot move '%s' aside: %s", path, strerror(errno));
  }
  if (!code)
    notice("the checkpoint of an earlier training is kept as '%s'; --resume goes on with one", aside);
  free(aside);
  return code;
}

int check_checkpoint_flags(const checkpointing *c) {
  return c->none && (c->resume || c->given)
             ? usage_error("--no-checkpoint goes neither with --resume nor with --checkpoint")
             : EXIT_DONE;
}

int place_checkpoint(checkpointing *c, const char *out) {
  for (int part = 0; part < CHECKPOINT_PARTS && !c->none; part++) {
    if (part > CHECKPOINT_OWN && !c->with_judge[part - CHECKPOINT_JUDGE1])
      continue;
    c->paths[part] = join_texts(c->given ? c->given : out, c->given ? "" : ending, part_endings[part]);
    if (!c->paths[part])
      return failure("out of memory");
  }
  return EXIT_DONE;
}

/* A file that somebody named by mistake is not moved. */
static int check_kind(const runtime *r, const char *path) {
  xd_file_info info = XD_FILE_INFO_INIT;
  const xd_status status = xd_file_inspect(r->context, &info, NULL, 0, path);
  if (status == XD_ERROR_CANCELLED)
    return report_failure(r, status);
  if (status == XD_OK && !strcmp(info.kind, "checkpoint"))
    return EXIT_DONE;
  return failure("--checkpoint '%s' is there and is no checkpoint: it stays as it is; give another name",
                 path);
}

static int check_kinds(const checkpointing *c, const runtime *r) {
  int code = EXIT_DONE;
  for (int part = 0; part < CHECKPOINT_PARTS && c->given && !c->resume && !code; part++)
    if (c->paths[part] && exists(c->paths[part]))
      code = check_kind(r, c->paths[part]);
  return code;
}

static int find_earlier(checkpointing *c) {
  for (int part = 0; part < CHECKPOINT_PARTS; part++)
    c->goes_on[part] = c->resume && c->paths[part] && exists(c->paths[part]);
  if (c->resume && !find_part(c))
    return failure("there is no checkpoint '%s' to go on from", c->paths[CHECKPOINT_OWN]);
  if (c->resume && !c->goes_on[CHECKPOINT_OWN])
    notice("'%s' is not there: the judges alone are taken up", c->paths[CHECKPOINT_OWN]);
  return EXIT_DONE;
}

static int take_locks(checkpointing *c, const char *out) {
  const char *own = c->paths[CHECKPOINT_OWN];
  const int code = take_lock(&c->locks[0], "--out", out);
  return code || !own ? code : take_lock(&c->locks[1], "--checkpoint", own);
}

int claim_checkpoint(checkpointing *c, const runtime *r, const char *out) {
  int code = EXIT_DONE;
  if (is_first_rank()) {
    code = take_locks(c, out);
    code = code ? code : check_kinds(c, r);
  }
  return code ? code : find_earlier(c);
}

int begin_checkpoint(const checkpointing *c) {
  return is_first_rank() && !c->resume && find_part(c) ? set_aside(c) : EXIT_DONE;
}

void free_checkpoint(checkpointing *c) {
  for (int part = 0; part < CHECKPOINT_PARTS; part++)
    free(c->paths[part]);
  for (size_t i = 0; i < sizeof c->locks / sizeof *c->locks; i++)
    release_lock(&c->locks[i]);
}

xd_run run_with_checkpoint(const checkpointing *c, checkpoint_part part, xd_progress_callback callback,
                           void *user) {
  xd_run run = XD_RUN_INIT;
  run.callback = callback;
  run.user = user;
  run.checkpoint = c->paths[part];
  run.checkpoint_seconds = c->seconds;
  run.resume = c->goes_on[part];
  return run;
}

bool can_go_on(const checkpointing *c, xd_status why) {
  const bool refused = c->resume && why == XD_ERROR_INVALID_ARGUMENT;
  return !refused && c->paths[CHECKPOINT_OWN] && exists(c->paths[CHECKPOINT_OWN]);
}

bool has_checkpoint(const checkpointing *c) {
  return find_part(c) != NULL;
}

void give_up_part(checkpointing *c, checkpoint_part part) {
  notice("the checkpoint '%s' cannot be read: what it was of begins anew", c->paths[part]);
  if (is_first_rank())
    unlink(c->paths[part]);
  c->goes_on[part] = false;
}

/* The training's own goes last: without it nothing goes on. */
void drop_checkpoint(const checkpointing *c) {
  for (int part = CHECKPOINT_PARTS; part-- > 0;)
    if (c->paths[part])
      unlink(c->paths[part]);
}

/* ---- The command that goes on ---- */

static void print_word(const char *word) {
  char *quoted = quote_word(word);
  print_text(stderr, quoted ? quoted : word);
  free(quoted);
}

void tell_checkpoint(const checkpointing *c) {
  notice("the training is kept in '%s'", find_part(c));
  fprintf(stderr, "xdomain: to go on: %s", get_sharing()->program);
  for (int i = 0; i < c->argc; i++) {
    fputc(' ', stderr);
    print_word(c->argv[i]);
  }
  fputs(c->resume ? "\n" : " --resume\n", stderr);
}
