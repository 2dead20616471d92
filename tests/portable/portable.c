/* What must hold on every processor and system, by the public interface and the C library alone, so that it builds
 * where neither Check nor the other tests do: files load and are written as the same bytes, pictures are translated
 * as on the machine that wrote the golden one, random numbers are the same, paths are UTF-8, and threads change
 * nothing.
 * usage: portable TREE FOLDER [--write]    TREE: the project's; FOLDER: a folder to write to, which is there;
 *   --write: also writes the golden picture of a translation to FOLDER/golden.png */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xdomain/unstable/backend_detail.h>
#include <xdomain/xdomain.h>

#define PATH_SIZE 1024
#define MODEL "examples/models/digits.xdm"
#define PICTURE "examples/models/three.png"
#define GOLDEN "tests/golden/three-1to2.png"

static const char *tree, *folder;
static xd_context *context;
static int failures;

static void check(int holds, const char *what) {
  printf("%s: %s\n", holds ? "ok" : "FAILED", what);
  failures += !holds;
}

/* Whether a call succeeded; its message if not. */
static int succeeded(xd_status status) {
  if (status != XD_OK)
    printf("%s: %s\n", xd_status_name(status), xd_context_message(context));
  return status == XD_OK;
}

static const char *in(const char *of, const char *name) {
  static char paths[4][PATH_SIZE];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, PATH_SIZE, "%s/%s", of, name);
  return path;
}

/* The context that the checks use from here on. */
static int open_context(const char *backend, const xd_pool *pool) {
  xd_context_options options = XD_CONTEXT_OPTIONS_INIT;
  options.backend = backend;
  options.pool = pool;
  xd_context_destroy(context);
  context = NULL;
  return xd_context_create(&context, &options) == XD_OK;
}

/* ---- Files ---- */

/* The bytes of a file of the tree, whose name is ASCII; NULL if it cannot be read. */
static unsigned char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  unsigned char *bytes = file ? malloc((size_t)1 << 24) : NULL;
  *size = bytes ? fread(bytes, 1, (size_t)1 << 24, file) : 0;
  if (file)
    fclose(file);
  return bytes;
}

static int same_as_blob(const char *path, const xd_blob *blob) {
  size_t size;
  unsigned char *bytes = read_file(path, &size);
  const int same = bytes && size == xd_blob_size(blob) && memcmp(bytes, xd_blob_data(blob), size) == 0;
  free(bytes);
  return same;
}

static void check_model(const char *name, unsigned half, unsigned int8) {
  xd_save_options options = XD_SAVE_OPTIONS_INIT;
  xd_sink sink = XD_SINK_INIT;
  xd_model *model = NULL;
  xd_blob *blob = NULL;
  const char *path = in(tree, name);
  options.half = half, options.int8 = int8;
  check(succeeded(xd_file_verify(context, path)), "a file is sound");
  check(succeeded(xd_model_load(&model, context, path)) && succeeded(xd_blob_create(&blob, context)),
        "it loads");
  xd_blob_sink(blob, &sink);
  check(succeeded(xd_model_save_sink(model, context, &sink, &options)) && same_as_blob(path, blob),
        "it is saved as the same bytes");
  xd_blob_destroy(blob);
  xd_model_release(model);
}

/* Names in UTF-8: a file that is written, replaced, read and listed. */
static void check_paths(void) {
  static const char name[] = "Gr\xc3\xb6\xc3\x9f"
                             "e \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x96\xbc.png";
  unsigned char pixels[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  xd_dataset_options options = XD_DATASET_OPTIONS_INIT;
  xd_picture *picture = NULL;
  xd_dataset *set = NULL;
  xd_image image, read = XD_IMAGE_INIT;
  xd_image_init(&image, sizeof image, pixels, 4, 3, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  const char *path = in(folder, name);
  check(succeeded(xd_image_save_png(context, path, &image)), "a picture is written");
  pixels[0] = 200;
  check(succeeded(xd_image_save_png(context, path, &image)), "it is replaced");
  check(succeeded(xd_picture_load(&picture, context, path)) && xd_picture_view(picture, &read) == XD_OK &&
            ((const unsigned char *)read.pixels)[0] == 200,
        "it is read");
  xd_picture_destroy(picture);
  options.channels = 1;
  check(succeeded(xd_dataset_load_folder(&set, context, folder, &options)) && xd_dataset_count(set) == 1 &&
            strcmp(xd_dataset_picture_name(set, 0), name) == 0 && xd_dataset_pixels(set, 0)[0] == 200,
        "its folder is a set, which has its name");
  xd_dataset_release(set);
  check(xd_picture_load(&picture, context, in(folder, "nothing.png")) == XD_ERROR_NOT_FOUND,
        "a file that is not there is XD_ERROR_NOT_FOUND");
  check(xd_picture_load(&picture, context, folder) == XD_ERROR_IO, "a folder is no file");
  check(xd_image_save_png(context, folder, &image) == XD_ERROR_IO, "nor is it replaced by one");
  check(xd_image_save_png(context, in(folder, "none/a.png"), &image) == XD_ERROR_NOT_FOUND,
        "a file in a folder that is not there is XD_ERROR_NOT_FOUND");
}

/* ---- Numbers ---- */

static void check_random(void) {
  static const double wanted[8] = {0.34673655,   0.12165536, -1.38895178, 1.28729546,
                                   -0.914833426, 1.00991583, 1.53845525,  -0.183855072};
  float numbers[8];
  int same = 1;
  xd_latent_noise(numbers, 2, 4, 1805, 7, 1.0f);
  for (int i = 0; i < 8; i++)
    same &= fabs((double)numbers[i] - wanted[i]) < 1e-6;
  check(same, "random numbers are the same");
  for (int i = 0; i < 8 && !same; i++)
    printf("  %.9g\n", (double)numbers[i]);
}

/* ---- Pictures ---- */

static int translate(unsigned char *pixels, xd_picture *input) {
  xd_translator *translator = NULL;
  xd_image from, to;
  xd_image_init(&to, sizeof to, pixels, 28, 28, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  from.struct_size = sizeof from;
  const int done = xd_picture_view(input, &from) == XD_OK &&
                   succeeded(xd_translator_load(&translator, context, in(tree, MODEL), NULL)) &&
                   succeeded(xd_translator_set_noise(translator, 1, 0, 1.0f)) &&
                   succeeded(xd_translator_run(translator, &to, NULL, &from, 1));
  xd_translator_destroy(translator);
  return done;
}

/* Rounding may take a pixel to its neighbour. */
static int is_close(const unsigned char *pixels, const xd_picture *golden) {
  xd_image image;
  image.struct_size = sizeof image;
  int worst = 0;
  if (xd_picture_view(golden, &image) != XD_OK || image.width != 28 || image.height != 28)
    return 0;
  for (int i = 0; i < 28 * 28; i++) {
    const int off = abs(pixels[i] - ((const unsigned char *)image.pixels)[i]);
    worst = off > worst ? off : worst;
  }
  printf("%s: pixels are off by %d at most\n", xd_context_backend_detail(context), worst);
  return worst <= 1;
}

static void check_translation(const char *backend) {
  unsigned char pixels[28 * 28] = {0}, again[28 * 28] = {0};
  xd_picture *input = NULL, *golden = NULL;
  xd_pool *pool = NULL;
  check(open_context(backend, NULL) && succeeded(xd_picture_load(&input, context, in(tree, PICTURE))) &&
            translate(pixels, input),
        "a picture is translated");
  check(succeeded(xd_picture_load(&golden, context, in(tree, GOLDEN))) && is_close(pixels, golden),
        "it is the golden one");
  check(xd_pool_create(&pool, 3, NULL) == XD_OK && open_context(backend, pool) && translate(again, input) &&
            memcmp(pixels, again, sizeof pixels) == 0,
        "three threads give the same bytes");
  xd_picture_destroy(golden);
  xd_picture_destroy(input);
  xd_pool_release(pool);
}

/* What the PNG holds is written as the same bytes. */
/* How small a PNG is packed is its build's matter (zlib's, or stb's); its pixels are not. */
static void check_png(void) {
  xd_picture *golden = NULL, *again = NULL;
  xd_blob *blob = NULL;
  xd_sink sink = XD_SINK_INIT;
  xd_source source = XD_SOURCE_INIT;
  xd_image image, read;
  image.struct_size = read.struct_size = sizeof image;
  int same = succeeded(xd_picture_load(&golden, context, in(tree, GOLDEN))) &&
             xd_picture_view(golden, &image) == XD_OK && succeeded(xd_blob_create(&blob, context));
  xd_blob_sink(blob, &sink);
  same = same && succeeded(xd_image_save_png_sink(context, &sink, &image));
  source.data = xd_blob_data(blob);
  source.size = xd_blob_size(blob);
  same = same && succeeded(xd_picture_load_source(&again, context, &source)) &&
         xd_picture_view(again, &read) == XD_OK && read.width == image.width && read.height == image.height &&
         read.layout == image.layout;
  for (uint32_t y = 0; same && y < image.height; y++)
    same = memcmp((const char *)read.pixels + (ptrdiff_t)y * read.row_stride,
                  (const char *)image.pixels + (ptrdiff_t)y * image.row_stride, image.width) == 0;
  check(same, "a PNG is written with the same pixels");
  xd_picture_destroy(again);
  xd_blob_destroy(blob);
  xd_picture_destroy(golden);
}

static void write_golden(void) {
  unsigned char pixels[28 * 28];
  xd_picture *input = NULL;
  xd_image image;
  xd_image_init(&image, sizeof image, pixels, 28, 28, XD_SAMPLE_U8, XD_LAYOUT_GREY);
  check(open_context("reference", NULL) && succeeded(xd_picture_load(&input, context, in(tree, PICTURE))) &&
            translate(pixels, input) &&
            succeeded(xd_image_save_png(context, in(folder, "golden.png"), &image)),
        "the golden picture is written");
  xd_picture_destroy(input);
}

static int has_native(void) {
  const char *name = NULL;
  for (uint32_t i = 0; (name = xd_context_builtin_backend(i)) && strcmp(name, "native") != 0;)
    i++;
  return name != NULL;
}

int main(int count, char **arguments) {
  if (count < 3) {
    fprintf(stderr, "usage: portable TREE FOLDER [--write]\n");
    return 2;
  }
  tree = arguments[1], folder = arguments[2];
  if (count > 3 && strcmp(arguments[3], "--write") == 0) {
    write_golden();
    xd_context_destroy(context);
    return failures != 0;
  }
  check(open_context("reference", NULL), "a context opens");
  if (!context)
    return 1;
  check_model("tests/golden/model-1.0-f32.xdm", 0, 0);
  check_model("tests/golden/model-1.0-f16.xdm", 1, 0);
  check_model("tests/golden/model-1.3-i8.xdm", 0, 1);
  check(succeeded(xd_file_verify(context, in(tree, MODEL))), "a model of the examples is sound");
  check_random();
  check_png();
  check_paths();
  check_translation("reference");
  if (has_native())
    check_translation("native");
  xd_context_destroy(context);
  printf("%d failed\n", failures);
  return failures != 0;
}
