/* The tool: trains, applies, scores and inspects libxdomain models from the command line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "sharing.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {
    {"train", command_train, "train both VAEs and the mappings between them on two sets of pictures"},
    {"map", command_map, "train new mappings on the VAEs of a model, which stay as they are"},
    {"judge", command_judge, "train the judge that scores translated pictures"},
    {"translate", command_translate, "translate pictures, or a set of them"},
    {"generate", command_generate, "draw pictures of a class, or of a domain, from noise"},
    {"interpolate", command_interpolate, "draw the pictures between two pictures"},
    {"eval", command_eval, "score a model on held-out pictures: accuracy, diversity, Frechet distance"},
    {"report", command_report, "write a page that shows what a model does: pictures, curves, scores"},
    {"info", command_info, "show what a model, judge or checkpoint file holds"},
    {"verify", command_verify, "check a model, judge or checkpoint file"},
    {"options", command_options, "list the options of trainings, judges and scores, and presets"},
    {"pack", command_pack, "make a model small: without discriminators, weights as 16-bit floats"},
    {"export", command_export, "write a model for other frameworks: as ONNX, as safetensors"},
    {"import", command_import, "make a model of weights in safetensors, as other frameworks train them"},
};

/* Several processes share trainings alone. */
static bool is_for_ranks(int (*run)(int argc, char **argv)) {
  return run == command_train || run == command_map;
}

static int print_usage(FILE *to, int code) {
  fputs("usage: xdomain COMMAND [OPTION]...\n\n", to);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    fprintf(to, "  %-11s %s\n", commands[i].name, commands[i].help);
  fputs(
      "\n'xdomain COMMAND --help' lists the options of one; 'xdomain --version' the version.\n"
      "Exit codes: 0 done, 1 failed (also: output that could not be written), 2 wrong usage, 3 verify found a file\n"
      "that is not sound, 128 + N stopped by signal N (130: interrupted).\n",
      to);
  return code;
}

static int run_command(int argc, char **argv) {
  if (argc < 2)
    return print_usage(stderr, EXIT_USAGE);
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
    return print_usage(stdout, EXIT_DONE);
  if (!strcmp(argv[1], "--version")) {
    printf("xdomain %s\n", xd_version_string());
    return EXIT_DONE;
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (!strcmp(argv[1], commands[i].name)) {
      set_command_name(commands[i].name);
      if (!is_alone() && !is_for_ranks(commands[i].run))
        return usage_error("'%s' is the work of one process: start it without mpirun", commands[i].name);
      return commands[i].run(argc - 1, argv + 1);
    }
  return usage_error("unknown command '%s'", argv[1]);
}

/* A file that is opened later must not get the number of a standard stream that the caller closed: it would
 * receive messages. The places are taken such that what is written there fails as before. */
static void hold_standard_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
    if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
      (void)open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Output that did not arrive is no success. */
static int flush_output(int code) {
  errno = 0;
  const bool failed = ferror(stdout) != 0;
  if (!fflush(stdout) && !failed && (!close(STDOUT_FILENO) || errno == EBADF))
    return code;
  failure("cannot write standard output: %s", errno ? strerror(errno) : "it was lost");
  return code ? code : EXIT_FAILED;
}

int run_tool(int argc, char **argv) {
  hold_standard_streams();
  signal(SIGPIPE, SIG_IGN); /* a closed pipe is a failed write, and so is a file that grows too large */
  signal(SIGXFSZ, SIG_IGN);
  return flush_output(run_command(argc, argv));
}
