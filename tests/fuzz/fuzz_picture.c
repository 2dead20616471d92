/* Picture files, PNGs with right checksums: decoded from memory, converted to floats, fitted into another
 * size and written again. */
#include <math.h>

#include "fuzz.h"
#include "repair.h"

static void use(const fuzz_surroundings *with, const xd_picture *picture) {
  xd_image view = XD_IMAGE_INIT, small;
  uint8_t pixels[7 * 5 * 4];
  demand(xd_picture_view(picture, &view) == XD_OK);
  demand(view.pixels && view.width > 0 && view.height > 0);
  xd_image_init(&small, sizeof small, pixels, 7, 5, XD_SAMPLE_U8, XD_LAYOUT_RGBA);
  for (xd_alpha_policy policy = XD_ALPHA_IGNORE; policy <= XD_ALPHA_CARRY; policy++) {
    view.policy = policy;
    demand(xd_image_fit(with->context, &small, &view, policy == XD_ALPHA_IGNORE ? XD_FIT_CROP : XD_FIT_PAD) ==
           XD_OK);
  }
  if ((size_t)view.width * view.height > 1u << 16)
    return;
  const size_t count = (size_t)view.width * view.height * 3;
  float *cells = malloc(count * sizeof *cells);
  demand(cells != NULL && xd_image_to_floats(with->context, cells, &view, 3) == XD_OK);
  for (size_t i = 0; i < count; i++)
    demand(cells[i] >= 0.0f && cells[i] <= 1.0f);
  free(cells);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_surroundings with;
  xd_picture *picture = NULL;
  uint8_t *repaired = malloc(size + 1);
  demand(repaired != NULL);
  if (size)
    memcpy(repaired, data, size);
  repair_png(repaired, size);
  fuzz_begin(&with);
  const xd_source source = memory_source(repaired, size);
  check_status(&with, xd_picture_load_source(&picture, with.context, &source), &picture);
  if (picture)
    use(&with, picture);
  xd_picture_destroy(picture);
  fuzz_end(&with);
  free(repaired);
  return 0;
}
