/* xdomain-mpi: trains a model by the processes that mpirun starts, each on its rows of every batch.
 *
 *   mpirun -n 2 xdomain-mpi train --domain1 SPEC --domain2 SPEC --pairs 0:0,1:1 --out MODEL.xdm
 *
 * Every process reads the same sets; rank 0 alone tells, keeps the checkpoint and writes the model. A process
 * that fails or is killed ends all of them, and --resume goes on with as many as there are then. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xdomain/unstable/spec.h>
#include <xdomain/xdomain.h>

#include "mpi_sums.h"

static const char usage[] =
    "usage: mpirun -n N xdomain-mpi train --domain1 SPEC --domain2 SPEC --pairs PAIRS --out MODEL.xdm [OPTION]...\n"
    "  SPEC              as 'xdomain train' has it; PAIRS: classes by their numbers\n"
    "  --preset NAME     begins with the numbers of a known experiment\n"
    "  --set NAME=VALUE  sets an option of the library; batches are those of all ranks together\n"
    "  --checkpoint FILE keeps the state of the training, every minute, where all ranks can read it\n"
    "  --resume          goes on from it, with any number of ranks\n"
    "  --threads N       of each rank (default: 1)\n"
    "  --backend NAME    as 'xdomain train' has it\n"
    "  --overlap         sums beside the computation, in MPI's own order: the last bits may differ each time\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 128 + N stopped by signal N.\n";

typedef struct program {
  const char *specs[2], *pairs, *out, *preset, *checkpoint, *backend;
  const char **settings; /* of --set */
  int setting_count;
  uint32_t threads;
  bool resume, overlaps;

  mpi_sums sums;
  xd_context *context;
  xd_dataset *sets[2];
  xd_pairing *pairing;
  xd_options *options;
  xd_model *model;
  double told; /* when, by MPI's clock */
} program;

/* ---- Ends: what one rank cannot do ends all ---- */

static void end_all(int code) {
  fflush(NULL);
  MPI_Abort(MPI_COMM_WORLD, code);
  exit(code);
}

static void fail(const program *p, const char *what, const char *why) {
  fprintf(stderr, "xdomain-mpi: rank %d of %d: %s%s%s\n", p->sums.rank, p->sums.ranks, what,
          why[0] ? ": " : "", why);
  end_all(1);
}

static void check(const program *p, xd_status status) {
  if (status)
    fail(p, xd_context_message(p->context), xd_status_name(status));
}

/* A signal stops all ranks after the step; a second one this process, and so all. */
static volatile sig_atomic_t stopped_by;

static void interrupt(int number) {
  if (stopped_by)
    _Exit(128 + number);
  stopped_by = number;
}

/* ---- The command line ---- */

static void refuse(const program *p, const char *what, const char *word) {
  if (p->sums.rank == 0)
    fprintf(stderr, "xdomain-mpi: %s%s%s\n%s", what, word[0] ? " " : "", word, usage);
  MPI_Finalize();
  exit(2);
}

static uint32_t read_count(const program *p, const char *text) {
  char *end;
  const unsigned long count = strtoul(text, &end, 10);
  if (*end || count == 0 || count > 256)
    refuse(p, "--threads takes a number from 1 to 256, not", text);
  return (uint32_t)count;
}

static void take_flag(program *p, const char *flag, const char *value) {
  const struct {
    const char *name, **to;
  } texts[] = {{"--domain1", &p->specs[0]}, {"--domain2", &p->specs[1]},
               {"--pairs", &p->pairs},      {"--out", &p->out},
               {"--preset", &p->preset},    {"--checkpoint", &p->checkpoint},
               {"--backend", &p->backend},  {"--set", &p->settings[p->setting_count]}};
  if (!strcmp(flag, "--threads")) {
    p->threads = read_count(p, value);
    return;
  }
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (!strcmp(flag, texts[i].name)) {
      *texts[i].to = value;
      p->setting_count += !strcmp(flag, "--set");
      return;
    }
  refuse(p, "unknown option", flag);
}

static void read_command_line(program *p, int argc, char **argv) {
  if (argc < 2 || strcmp(argv[1], "train"))
    refuse(p, "the command is 'train'", "");
  p->settings = calloc((size_t)argc, sizeof *p->settings);
  if (!p->settings)
    fail(p, "out of memory", "");
  for (int i = 2; i < argc; i++)
    if (!strcmp(argv[i], "--resume"))
      p->resume = true;
    else if (!strcmp(argv[i], "--overlap"))
      p->overlaps = true;
    else if (i + 1 < argc)
      take_flag(p, argv[i], argv[i + 1]), i++;
    else
      refuse(p, "a value, or the option itself, is missing:", argv[i]);
  if (!p->specs[0] || !p->specs[1] || !p->pairs || !p->out)
    refuse(p, "--domain1, --domain2, --pairs and --out are needed", "");
  if (p->resume && !p->checkpoint)
    refuse(p, "--resume needs --checkpoint", "");
}

/* The model's file must be new, so that nothing is lost to it, and possible, before hours are spent. */
static void prove_output(const program *p) {
  if (p->sums.rank > 0)
    return;
  FILE *file = fopen(p->out, "wbx");
  if (!file)
    fail(p, p->out, errno == EEXIST ? "it is there already" : strerror(errno));
  fclose(file);
  remove(p->out);
}

/* ---- The training ---- */

static void open_all(program *p) {
  const xd_reduce reduce = open_mpi_sums(&p->sums, p->overlaps);
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  char message[512] = "";
  options.backend = p->backend;
  options.threads = p->threads;
  options.message = message;
  options.message_size = sizeof message;
  const xd_status status = xd_context_create(&p->context, &options);
  if (status)
    fail(p, message, xd_status_name(status));
  check(p, xd_context_set_reduce(p->context, &reduce));
  for (int d = 0; d < 2; d++)
    check(p, xd_dataset_load(&p->sets[d], p->context, p->specs[d], NULL));
  check(p, xd_pairing_create(&p->pairing, p->context, p->pairs));
  check(p, xd_options_create(&p->options, p->context, "train"));
  if (p->preset)
    check(p, xd_options_apply_preset(p->options, p->context, p->preset));
  for (int i = 0; i < p->setting_count; i++)
    check(p, xd_options_read(p->options, p->context, p->settings[i]));
}

/* Once a second, and at each stage's end. */
static int show_step(void *user, const xd_progress *progress) {
  program *p = user;
  const double now = MPI_Wtime();
  if (p->sums.rank == 0 && (now - p->told >= 1.0 || progress->step == progress->steps)) {
    fprintf(stderr, "%s: step %" PRIu32 " of %" PRIu32 ", %.0f%% of all\n", xd_stage_name(progress->stage),
            progress->step, progress->steps, 100.0 * progress->overall);
    p->told = now;
  }
  return stopped_by != 0;
}

static xd_status train(program *p) {
  xd_train_input input = XD_TRAIN_INPUT_INIT;
  xd_run run = XD_RUN_INIT;
  for (int d = 0; d < 2; d++)
    input.set[d] = p->sets[d];
  input.pairing = p->pairing;
  run.callback = show_step, run.user = p;
  run.checkpoint = p->checkpoint;
  run.resume = p->resume;
  return xd_train(&p->model, p->context, NULL, &input, &run, p->options);
}

static int end_early(const program *p) {
  if (p->sums.rank == 0)
    fprintf(stderr, "xdomain-mpi: stopped%s%s\n", p->checkpoint ? "; --resume goes on from " : "",
            p->checkpoint ? p->checkpoint : "");
  return stopped_by ? 128 + stopped_by : 1;
}

static int keep_model(const program *p, double seconds) {
  if (p->sums.rank > 0)
    return 0;
  check(p, xd_model_save(p->model, p->context, p->out, NULL));
  if (p->checkpoint)
    remove(p->checkpoint);
  fprintf(stderr, "%d ranks: %.1f s, of which %.1f%% in %.0f sums of %.0f bytes\nwrote %s\n", p->sums.ranks,
          seconds, 100.0 * p->sums.seconds / seconds, p->sums.sums, p->sums.bytes, p->out);
  return 0;
}

static int run(program *p) {
  open_all(p);
  const double began = MPI_Wtime();
  const xd_status status = train(p);
  if (status == XD_ERROR_CANCELLED)
    return end_early(p);
  check(p, status);
  return keep_model(p, MPI_Wtime() - began);
}

static void close_all(program *p) {
  xd_model_release(p->model);
  xd_options_destroy(p->options);
  xd_pairing_release(p->pairing);
  for (int d = 0; d < 2; d++)
    xd_dataset_release(p->sets[d]);
  xd_context_destroy(p->context);
  close_mpi_sums(&p->sums);
  free(p->settings);
}

int main(int argc, char **argv) {
  program p = {.threads = 1};
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &p.sums.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &p.sums.ranks);
  read_command_line(&p, argc, argv);
  signal(SIGINT, interrupt);
  signal(SIGTERM, interrupt);
  prove_output(&p);
  const int code = run(&p);
  close_all(&p);
  MPI_Finalize();
  return code;
}
