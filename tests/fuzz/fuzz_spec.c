/* Texts that name sets and pairings. Sets are looked for in a folder of a few small ones, which the texts
 * cannot leave: those with a slash or two dots are passed over. The first byte: even for a dataset's
 * specification, odd for a pairing. */
#include <sys/stat.h>

#include "fuzz_sets.h"
#include "xdomain/unstable/spec.h"

static void write_file(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  demand(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
}

static const char *home;

static void remove_home(void) {
  static const char *const names[] = {"i", "l", "d/0/a.pgm", "d/0/b.pgm", "d/1/a.pgm", "d/0", "d/1", "d"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    remove(names[k]);
  if (chdir("/") == 0)
    rmdir(home);
}

/* "i" and "l": IDX of four pictures of 2x3; "d": two classes of grey pictures of 2x3. */
static void make_home(void) {
  static const uint8_t images[16 + 24] = {0, 0, 8, 3, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 9, 80, 70};
  static const uint8_t labels[8 + 4] = {0, 0, 8, 1, 0, 0, 0, 4, 0, 1, 2, 1};
  static const char picture[] = "P5 2 3 255\nabcdef";
  static char folder[] = "/tmp/xdomain-fuzz-XXXXXX";
  demand(mkdtemp(folder) != NULL && chdir(folder) == 0);
  home = folder;
  write_file("i", images, sizeof images);
  write_file("l", labels, sizeof labels);
  demand(mkdir("d", 0700) == 0 && mkdir("d/0", 0700) == 0 && mkdir("d/1", 0700) == 0);
  write_file("d/0/a.pgm", picture, sizeof picture - 1);
  write_file("d/0/b.pgm", picture, sizeof picture - 1);
  write_file("d/1/a.pgm", picture, sizeof picture - 1);
  atexit(remove_home);
}

/* The paths, none of which is empty or longer than the text. */
static void list_paths(const fuzz_surroundings *with, const char *spec) {
  const size_t size = strlen(spec) + 1;
  char *path = malloc(size);
  demand(path != NULL);
  for (uint32_t i = 0; i < 520; i++) {
    const xd_status status = xd_dataset_spec_path(with->context, path, size, spec, i);
    demand(status == XD_OK || status == XD_ERROR_INVALID_ARGUMENT || status == XD_ERROR_OUT_OF_MEMORY);
    demand(strlen(path) < size && (status == XD_OK || path[0] == '\0'));
    if (path[0] == '\0')
      break;
    demand(i < 512);
  }
  free(path);
}

static void load(const fuzz_surroundings *with, const char *spec) {
  xd_dataset *set = NULL;
  list_paths(with, spec);
  if (strchr(spec, '/') || strstr(spec, ".."))
    return;
  check_status(with, xd_dataset_load(&set, with->context, spec, NULL), &set);
  if (set)
    look_at_set(with, set);
  xd_dataset_release(set);
}

static void pair(const fuzz_surroundings *with, const char *text) {
  xd_pairing *pairing = NULL;
  check_status(with, xd_pairing_create(&pairing, with->context, text), &pairing);
  const uint32_t count = xd_pairing_count(pairing);
  demand((count > 0) == (pairing != NULL));
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t one = xd_pairing_class(pairing, 1, i), two = xd_pairing_class(pairing, 2, i);
    demand((one == XD_ANY_CLASS) == (two == XD_ANY_CLASS) && (one < XD_CLASS_LIMIT || one == XD_ANY_CLASS));
    demand(xd_pairing_matches(pairing, one, two) && xd_pairing_links(pairing, one, two));
  }
  xd_pairing_release(pairing);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_bytes from = {data, size};
  fuzz_surroundings with;
  if (!home)
    make_home();
  const uint32_t kind = take_byte(&from);
  char *text = take_text(&from);
  fuzz_begin(&with);
  (kind & 1 ? pair : load)(&with, text);
  fuzz_end(&with);
  free(text);
  return 0;
}
