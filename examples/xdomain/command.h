/* What the commands of the xdomain tool share: options, contexts, messages, progress. The tool uses the
 * library's public interface alone. */
#ifndef XDOMAIN_COMMAND_H
#define XDOMAIN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <xdomain/xdomain.h>

/* Exit codes. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NOT_SOUND = 3, EXIT_CANCELLED = 130 };

int command_train(int argc, char **argv);
int command_map(int argc, char **argv);
int command_judge(int argc, char **argv);
int command_translate(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_info(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_pack(int argc, char **argv);

/* ---- Options (options.c) ---- */

typedef enum option_kind { OPTION_TEXT, OPTION_COUNT, OPTION_SEED, OPTION_REAL, OPTION_FLAG } option_kind;

typedef struct option {
  const char *name; /* "--out" */
  option_kind kind;
  void *to;          /* const char *, uint32_t, uint64_t, float, or bool */
  const char *value; /* what its value is called in the help, NULL for flags */
  const char *help;
} option;

/* Reads argv[1..argc): options into their targets, the rest into words[*word_count] (room for argc).
 * --help prints `usage`, the options, and ends with EXIT_DONE in *code. False: stop with *code. */
bool read_options(int argc, char **argv, const char *usage, const option *options, size_t option_count,
                  const char **words, int *word_count, int *code);

/* Options whose targets lie in first[0..size) have a twin at the same place of `second`: "--name" sets both,
 * "--name1" and "--name2" one. */
typedef struct option_twins {
  void *first, *second;
  size_t size;
} option_twins;

bool read_twin_options(int argc, char **argv, const char *usage, const option *options, size_t option_count,
                       const option_twins *twins, const char **words, int *word_count, int *code);

/* Prints "xdomain: <message>" to standard error; returns EXIT_USAGE. */
int usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- Runtime (runtime.c) ---- */

typedef struct runtime {
  const char *backend;
  uint32_t threads; /* 0: as many as there are processors */
  bool verbose;
  xd_context *context;
} runtime;

/* The options every command has, for its table. */
#define RUNTIME_OPTIONS(r) \
  {"--backend", OPTION_TEXT, &(r).backend, "NAME", "compute backend: auto, native, openblas, reference"}, \
      {"--threads", OPTION_COUNT, &(r).threads, "N", "threads (default: one for each processor)"}, { \
    "--verbose", OPTION_FLAG, &(r).verbose, NULL, "the library's log on standard error" \
  }

/* Creates the context; interrupting the process cancels it. False: the reason was printed. */
bool start_runtime(runtime *r);
void stop_runtime(runtime *r);

/* Prints the context's message for a failed call; returns the exit code. */
int report_failure(const runtime *r, xd_status status);

/* ---- Progress (progress.c) ---- */

typedef struct progress {
  bool terminal;
  double started, shown;
  char stage[64];
} progress;

void progress_start(progress *p);
/* A bar with the time left on a terminal; elsewhere a line at each new stage and now and then. */
void progress_show(progress *p, const char *stage, uint32_t step, uint32_t steps, double overall,
                   const char *detail);
void progress_end(progress *p);
double now_seconds(void);

/* ---- JSON and tables (report.c) ---- */

void print_json_text(FILE *to, const char *text); /* quoted and escaped */
void print_evaluation_json(FILE *to, const xd_evaluation *e);
void print_history_json(FILE *to, const xd_train_report *report, int direction); /* 0 or 1 */
void print_evaluation(FILE *to, const char *title, const xd_evaluation *e);

/* Whether a path ends so (upper or lower case). */
bool ends_with(const char *path, const char *ending);

#endif
