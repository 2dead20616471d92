/* Convolutions as products: the wide side's patches are gathered in front of one, or scattered behind it. The wide
 * side is the picture that the kernel slides over, the narrow one has a cell for each of its places;
 * wide[place * stride + tap - pad] meets narrow[place]. Cells go by 32 bits within one call. */
typedef struct geometry {
  uint pictures, stride, pad, kernel_height, kernel_width;
  uint wide_height, wide_width, wide_channels, narrow_height, narrow_width;
} geometry;

/* patches[place][ky][kx][channel]; an item has one row of taps of one place. */
KERNEL gather(geometry g, SLICE(wide), SLICE(patches)) {
  PLACE(wide);
  PLACE(patches);
  const uint i = get_global_id(0), ky = i % g.kernel_height, place = i / g.kernel_height;
  const uint column = place % g.narrow_width, line = place / g.narrow_width;
  const uint picture = line / g.narrow_height, run = g.kernel_width * g.wide_channels;
  if (picture >= g.pictures)
    return;
  const int y = (int)(line % g.narrow_height * g.stride + ky) - (int)g.pad;
  const int left = (int)(column * g.stride) - (int)g.pad;
  const bool inside = y >= 0 && y < (int)g.wide_height;
  __global float *to = patches + (size_t)i * run;
  for (int kx = 0; kx < (int)g.kernel_width; kx++, to += g.wide_channels) {
    const int x = left + kx;
    const bool here = inside && x >= 0 && x < (int)g.wide_width;
    __global const float *from =
        wide + (((size_t)picture * g.wide_height + (here ? y : 0)) * g.wide_width + (here ? x : 0)) * g.wide_channels;
    for (uint c = 0; c < g.wide_channels; c++)
      to[c] = here ? from[c] : 0.0f;
  }
}

/* The first tap that meets the wide line `at` at a place inside; its place is (at + pad - tap) / stride. */
uint first_tap(uint at, uint pad, uint stride, uint narrow) {
  const uint reach = at + pad, beyond = narrow * stride;
  return reach < beyond ? reach % stride : reach - beyond + stride;
}

/* wide[cell][channel] = what becomes of the sum over the taps that meet it. An item has all channels of a cell. */
KERNEL scatter(geometry g, SLICE(patches), SLICE(wide), SLICE(bias), SLICE(x), uint activation) {
  PLACE(patches);
  PLACE(wide);
  PLACE(bias);
  PLACE(x);
  const uint i = get_global_id(0), line = i / g.wide_width;
  const uint picture = line / g.wide_height, row = line % g.wide_height, column = i % g.wide_width;
  if (picture >= g.pictures)
    return;
  const uint top = first_tap(row, g.pad, g.stride, g.narrow_height);
  const uint left = first_tap(column, g.pad, g.stride, g.narrow_width);
  for (uint c = 0; c < g.wide_channels; c++) {
    const size_t cell = (size_t)i * g.wide_channels + c;
    float sum = 0.0f;
    for (uint ky = top; ky < g.kernel_height && ky <= row + g.pad; ky += g.stride)
      for (uint kx = left; kx < g.kernel_width && kx <= column + g.pad; kx += g.stride) {
        const size_t place = ((size_t)picture * g.narrow_height + (row + g.pad - ky) / g.stride) * g.narrow_width +
                             (column + g.pad - kx) / g.stride;
        sum += patches[((place * g.kernel_height + ky) * g.kernel_width + kx) * g.wide_channels + c];
      }
    wide[cell] = finished(sum, cell, c, bias, x, activation);
  }
}
