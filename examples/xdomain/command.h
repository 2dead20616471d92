/* What the commands of the xdomain tool share: options, contexts, messages, progress. The tool uses the
 * library's public interface alone. */
#ifndef XDOMAIN_COMMAND_H
#define XDOMAIN_COMMAND_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xdomain/sys/backend.h>
#include <xdomain/xdomain.h>

#include "option_flags.h"

/* Exit codes; 128 + N where signal N stopped the command. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_SOUND = 3, EXIT_SIGNAL = 128 };

/* That leaves domain 1, or the second. */
static inline xd_direction direction_from(bool second) {
  return second ? XD_DIRECTION_2TO1 : XD_DIRECTION_1TO2;
}

int command_train(int argc, char **argv);
int command_map(int argc, char **argv);
int command_condition(int argc, char **argv); /* map with --condition */
int command_generate(int argc, char **argv);
int command_interpolate(int argc, char **argv);
int command_judge(int argc, char **argv);
int command_translate(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_info(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_options(int argc, char **argv);
int command_report(int argc, char **argv);
int command_pack(int argc, char **argv);
int command_export(int argc, char **argv);
int command_import(int argc, char **argv);

/* ---- Flags (arguments.c) ---- */

typedef enum flag_kind {
  FLAG_TEXT,
  FLAG_COUNT,
  FLAG_SEED,
  FLAG_REAL,
  FLAG_SWITCH,
  FLAG_SET, /* --set and --config: further option_settings */
  FLAG_CONFIG
} flag_kind;

typedef struct flag {
  const char *name; /* "out", given as --out */
  flag_kind kind;
  void *to;          /* const char *, uint32_t, uint64_t, float, bool, or option_settings */
  const char *value; /* what its value is called in the help, NULL for switches */
  const char *help;
} flag;

/* What a command takes: flags of its own and, with `settings`, the library's options of a group. */
typedef struct command_line {
  const char *usage;
  const flag *flags;
  size_t flag_count;
  option_settings *settings; /* NULL: none; with their flags, to be freed by free_settings */
  const char *group;
  const option_alias *aliases;
  size_t alias_count;
} command_line;

/* Reads argv[1..argc): flags into their targets, the rest into *words, which point into argv (its order may
 * change). --help prints the usage and the flags, and ends with EXIT_DONE in *code. False: stop with *code. */
bool read_command_line(const command_line *line, int argc, char **argv, const char *const **words,
                       int *word_count, int *code);

/* Whether translators take the noise of --temperature; the exit code. */
int check_temperature(float temperature);

/* The flags of commands that take options of the library, for their table. */
#define SETTING_FLAGS(s) \
  {"set", FLAG_SET, (s), "NAME=VALUE", "set an option of the library by its name; may be repeated"}, { \
    "config", FLAG_CONFIG, (s), "FILE", "read options from lines of NAME = VALUE; may be repeated" \
  }

/* ---- Text and messages (text.c): what could control a terminal or is no UTF-8 is written as \xNN ---- */

void print_text(FILE *to, const char *text);
void print_json_text(FILE *to, const char *text); /* quoted; what is no UTF-8 becomes U+FFFD */

/* As text of a page, or of an attribute between quotes; what controls and what is no UTF-8 becomes U+FFFD. */
void print_html_text(FILE *to, const char *text);

/* A word of a command as a shell reads it, to be freed; NULL without memory. What print_text would not show is written
 * as in $'\012', which bash, zsh and ksh read. */
char *quote_word(const char *word);

/* A message in memory of its own, to be freed; NULL without memory. */
char *make_message(const char *format, va_list arguments);

/* Print "xdomain: <message>" to standard error; the last two return EXIT_FAILED and EXIT_USAGE. */
void notice(const char *format, ...) __attribute__((format(printf, 1, 2)));
int failure(const char *format, ...) __attribute__((format(printf, 1, 2)));
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void set_command_name(const char *name); /* to whose help usage errors point */

/* The length of the UTF-8 character at `text`, which ends in a zero, with its code point; 0 where the bytes are none. */
size_t read_character(const unsigned char *text, uint32_t *point);

/* All bytes of a file and a zero, to be freed; NULL with the reason in errno, EFBIG where they are more than `most`. */
uint8_t *read_whole_file(const char *path, size_t most, size_t *size);

/* Whether a text ends so (upper or lower case). */
bool ends_with(const char *text, const char *ending);

/* The three texts behind each other, to be freed; NULL without memory. */
char *join_texts(const char *first, const char *second, const char *third);

/* "runs/m.xdm" becomes "runs/m" and an ending; to be freed. NULL without memory. */
char *path_beside(const char *path, const char *ending, const char *tail);

/* ---- Runtime (runtime.c) ---- */

typedef struct runtime {
  const char *backend;
  uint32_t threads; /* 0: as many as there are processors */
  bool verbose;
  bool hushed; /* what the library warns of was said before */
  xd_context *context;
  xd_backend_library *library;   /* where `backend` is a file */
  const xd_backend_table *table; /* its table, else NULL */
  char *refusal; /* why the tool itself refuses, of which the context does not know; or NULL */
} runtime;

/* The flags every command has, for its table. */
#define RUNTIME_FLAGS(r) \
  {"backend", FLAG_TEXT, &(r).backend, "NAME", \
   "compute backend: auto, native (native:avx2, ...: by these instructions), openblas, reference, " \
   "or a plug-in's file, with a slash in it"}, \
      {"threads", FLAG_COUNT, &(r).threads, "N", "threads (default: as many as the process may use)"}, { \
    "verbose", FLAG_SWITCH, &(r).verbose, NULL, "the library's log on standard error" \
  }

/* Creates the context; SIGINT, SIGTERM and SIGHUP cancel its call, a second one ends the process. False: the
 * reason was printed. */
bool start_runtime(runtime *r);
void stop_runtime(runtime *r);

/* The runtime's backend for another context, between the two. */
void choose_backend(const runtime *r, xd_context_options *options);

/* The signal that cancelled the context, or 0. */
int signal_received(void);

/* The reason of a failure that a command reports later, where it is the tool's own; returns the status. */
xd_status refuse_with(runtime *r, xd_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* That reason, or the context's message for a failed call. Where the tool itself had no memory, that message is of
 * something else and is not taken. */
const char *failure_text(const runtime *r, xd_status status);

/* Prints it; returns the exit code. */
int report_failure(const runtime *r, xd_status status);

/* ---- Models (saving.c) ---- */

xd_status save_model(const runtime *r, const xd_model *model, bool half, const char *path);

/* Saves what was trained; an exit code. Hours of work do not end at a full disk: where `out` cannot be written, the
 * reason is printed, and another place is tried and named. */
int keep_model(const runtime *r, const xd_model *model, bool half, const char *out);

/* ---- Outputs (outputs.c) ---- */

typedef struct output {
  const char *flag; /* "--out" */
  const char *path; /* NULL: not wanted */
  bool streams;     /* written as it comes, so it may be a device or pipe; else a whole file in one go */
} output;

/* Proves that all can be written, and that no two are one file, without changing any. The exit code; the reason
 * was printed where it is not EXIT_DONE, here and below. */
int prove_outputs(const output *outputs, size_t count);

/* Refuses an output that is a file which is read: `input`, or a file of the set (either may be NULL). */
int keep_input(const output *outputs, size_t count, const char *input);
int keep_set(const runtime *r, const output *outputs, size_t count, const char *spec);
int keep_settings(const output *outputs, size_t count,
                  const option_settings *settings); /* files of --config */

bool same_file(const char *path, const char *other);

/* The file, there or not, that links at a path lead to, or the path; NULL without memory. The caller frees it. */
char *follow_links(const char *path);
/* The folder of a path, "." if it names none; likewise. */
char *folder_of(const char *path);
bool is_folder(const char *path);
int make_folder(const char *path); /* unless it is there; the exit code */
/* Whether a path ends as pictures, sets and archives of a kind do that is no folder's. */
bool is_other_file_name(const char *path);
bool is_picture_name(const char *name); /* folder.c */

/* Reads kinds that the library does not (vips_reader.c); NULL where libvips was not there when the tool was built, or is
 * not now. */
const xd_picture_decoder *picture_decoder(void);

/* ---- Locks (lock.c) ---- */

typedef struct file_lock {
  char *path; /* of the file that carries it; NULL: none was taken */
  int file;
} file_lock;

/* Refuses a path that another process has taken until that ends; the exit code. */
int take_lock(file_lock *lock, const char *option, const char *path);
void release_lock(file_lock *lock);

/* ---- Checkpoints of what trains (checkpoint.c) ---- */

/* A training's own file, and beside it those of the judges that it trains first. */
typedef enum checkpoint_part {
  CHECKPOINT_OWN,
  CHECKPOINT_JUDGE1,
  CHECKPOINT_JUDGE2,
  CHECKPOINT_PARTS
} checkpoint_part;

typedef struct checkpointing {
  int argc; /* the command line, to be shown where it goes on */
  char **argv;
  const char *given; /* --checkpoint */
  bool none, resume;
  uint32_t seconds;
  bool with_judge[2];             /* of each domain, which is trained first */
  char *paths[CHECKPOINT_PARTS];  /* where they are, or NULL */
  bool goes_on[CHECKPOINT_PARTS]; /* --resume has found it */
  file_lock locks[2];             /* of the output and of the checkpoint */
} checkpointing;

#define CHECKPOINT_FLAGS(c, product) \
  {"resume", FLAG_SWITCH, &(c)->resume, NULL, \
   "go on with an interrupted training from its checkpoint, with the same other options"}, \
      {"checkpoint", FLAG_TEXT, &(c)->given, "FILE", \
       "where the training's state is kept until it is finished (the " product "'s name and .checkpoint)"}, \
      {"checkpoint-every", FLAG_COUNT, &(c)->seconds, "SECONDS", "how often (60)"}, { \
    "no-checkpoint", FLAG_SWITCH, &(c)->none, NULL, "keep none: an interrupted training is lost" \
  }

/* Answer an exit code and have printed the reason where it is not EXIT_DONE: that the flags go together; where the
 * checkpoint of an output goes; that both are this process's alone until free_checkpoint, and what is there can be taken
 * up or set aside; that a training which begins anew does not write over an earlier one's. */
int check_checkpoint_flags(const checkpointing *c);
int place_checkpoint(checkpointing *c, const char *out);
int claim_checkpoint(checkpointing *c, const runtime *r, const char *out);
int begin_checkpoint(const checkpointing *c);
void free_checkpoint(checkpointing *c);

xd_run run_with_checkpoint(const checkpointing *c, checkpoint_part part, xd_progress_callback callback,
                           void *user);
/* Whether the same command goes on with the training itself; not if its options are others than the checkpoint's. */
bool can_go_on(const checkpointing *c, xd_status why);
/* Whether anything is kept, of a judge too. */
bool has_checkpoint(const checkpointing *c);
/* Takes a part away that cannot be read, and says so: what it was of begins anew. */
void give_up_part(checkpointing *c, checkpoint_part part);
/* Says where the training is kept, and the command that goes on. */
void tell_checkpoint(const checkpointing *c);
void drop_checkpoint(const checkpointing *c);

/* ---- Progress (progress.c) ---- */

typedef struct progress {
  bool terminal;
  double started, shown;
  char stage[64];
} progress;

void progress_start(progress *p);
/* For what may be over at once: of this one stage, which progress_count counts, nothing is shown before the first
 * interval has passed, nor at its end. */
void progress_await(progress *p, const char *stage);
void progress_count(progress *p, const char *stage, uint32_t pictures, uint32_t all);
/* A bar with the time left on a terminal; elsewhere a line at each new stage and now and then. `left` is in seconds,
 * below 0 as far as `overall` tells. */
void progress_show(progress *p, const char *stage, uint32_t step, uint32_t steps, double overall, double left,
                   const char *detail);
/* A training's step with its losses, or its validation as a line that stays. */
void progress_step(progress *shown, const char *stage, const xd_progress *p, double left);
/* Takes the bar away, for another line. */
void progress_clear(const progress *p);
void progress_end(progress *p);
double now_seconds(void);

/* "about 12 min", "less than a minute". */
#define DURATION_SIZE 32
void spell_duration(char text[DURATION_SIZE], double seconds);

/* ---- What a judge is worth (judging.c): scores by a poor one say nothing ---- */

typedef struct judge_worth {
  double accuracy; /* on real pictures that it was not trained on */
  uint32_t pictures;
  bool one_class; /* it puts all of them into one */
} judge_worth;

/* Measures it; `set` is of the judge's shape and classes. */
xd_status weigh_judge(judge_worth *out, const runtime *r, const xd_judge *judge, const xd_dataset *set);

/* Whether its scores mean anything. */
bool is_sound(const judge_worth *worth);

/* Says if that is little; and before it, in a line, what it is. */
void warn_of_worth(const judge_worth *worth);
void say_worth(const judge_worth *worth, uint32_t domain);

/* ---- Measures (report.c); `prefix` stands before their names: "", or "validation1." in a report ---- */

double value_of(const xd_values *values, const char *name); /* NaN where there is none */

/* Whether the auto-encoder is the limit: where many of its own pictures are misread, translations that are misread as
 * often speak for no mapping. */
bool is_limited(double of_reconstructions, double of_translations);
bool has_measures(const xd_values *values, const char *prefix);
void print_json_number(FILE *to, const char *name, double value); /* "name": value, or null */
/* By a judge that is not sound no Frechet distance is told. */
void print_measures_json(FILE *to, const xd_values *values, const char *prefix, const judge_worth *worth);
/* With the names of the source's classes. */
struct class_names; /* sets.h */
void print_measures(FILE *to, const char *title, const xd_values *values, const char *prefix,
                    const judge_worth *worth, const struct class_names *names);

#endif
