/* xdomain: trains, applies, scores and inspects libxdomain models from the command line. */
#include <string.h>

#include "command.h"

static const struct {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
} commands[] = {
    {"train", command_train, "train both VAEs and the mappings between them on two sets of pictures"},
    {"map", command_map, "train new mappings on the VAEs of a model, which stay as they are"},
    {"judge", command_judge, "train the classifier that scores translated pictures"},
    {"translate", command_translate, "translate pictures, or a set of them"},
    {"eval", command_eval, "score a model on held-out pictures: accuracy, diversity, Frechet distance"},
    {"info", command_info, "show what a model or judge file holds"},
    {"verify", command_verify, "check a model or judge file"},
    {"pack", command_pack, "make a model small: without discriminators, weights as 16-bit floats"},
};

static int print_usage(FILE *to, int code) {
  fputs("usage: xdomain COMMAND [OPTION]...\n\n", to);
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
  fputs("\n'xdomain COMMAND --help' lists the options of one; 'xdomain --version' the version.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a file is not sound, 130 interrupted.\n",
        to);
  return code;
}

int main(int argc, char **argv) {
  if (argc < 2)
    return print_usage(stderr, EXIT_USAGE);
  if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
    return print_usage(stdout, EXIT_DONE);
  if (!strcmp(argv[1], "--version")) {
    printf("xdomain %s\n", xd_version_string());
    return EXIT_DONE;
  }
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (!strcmp(argv[1], commands[i].name))
      return commands[i].run(argc - 1, argv + 1);
  return usage_error("unknown command '%s'", argv[1]);
}
