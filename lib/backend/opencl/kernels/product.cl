/* The product of matrices that dense layers and convolutions are made of. An item has a tile of ROWS x COLUMNS
 * sums in registers; items that follow each other share b's columns. */
#define ROWS 4
#define COLUMNS 16

/* Cells `at`.. of a row of b, and zeros beyond its end. */
float8 cells_of(__global const float *row, uint at, uint columns) {
  float cells[8];
  if (at + 8 <= columns)
    return vload8(0, row + at);
  for (uint i = 0; i < 8; i++)
    cells[i] = at + i < columns ? row[at + i] : 0.0f;
  return vload8(0, cells);
}

/* to[rows][columns] = what becomes of the sum over k < depth of a(row, k) b[k][column] / sigma, or, where `adds`, of
 * that and what stands there; a(row, k) = a[row * a_row + k * a_step]. */
KERNEL product(SLICE(a), ulong a_row, ulong a_step, SLICE(b), SLICE(to), uint rows, uint depth, uint columns,
               float sigma, uint adds, SLICE(bias), SLICE(x), uint activation) {
  PLACE(a);
  PLACE(b);
  PLACE(to);
  PLACE(bias);
  PLACE(x);
  const size_t high = (rows + ROWS - 1) / ROWS, tile = get_global_id(0);
  const uint row = tile % high * ROWS, last = rows - 1;
  const size_t column = tile / high * COLUMNS;
  if (column >= columns)
    return;
  __global const float *a0 = a + row * a_row, *a1 = a + min(row + 1, last) * a_row;
  __global const float *a2 = a + min(row + 2, last) * a_row, *a3 = a + min(row + 3, last) * a_row;
  float8 low0 = 0.0f, low1 = 0.0f, low2 = 0.0f, low3 = 0.0f;
  float8 high0 = 0.0f, high1 = 0.0f, high2 = 0.0f, high3 = 0.0f;
#define ADD_ROW(r) \
  low##r = mad((float8)(a##r[k * a_step]), left, low##r); \
  high##r = mad((float8)(a##r[k * a_step]), right, high##r);
  if (column + COLUMNS <= columns)
    for (size_t k = 0; k < depth; k++) {
      const float8 left = vload8(0, b + k * columns + column), right = vload8(1, b + k * columns + column);
      ADD_ROW(0) ADD_ROW(1) ADD_ROW(2) ADD_ROW(3)
    }
  else
    for (size_t k = 0; k < depth; k++) {
      const float8 left = cells_of(b + k * columns, column, columns);
      const float8 right = cells_of(b + k * columns, column + 8, columns);
      ADD_ROW(0) ADD_ROW(1) ADD_ROW(2) ADD_ROW(3)
    }
#undef ADD_ROW
  float sums[ROWS * COLUMNS];
  vstore8(low0, 0, sums), vstore8(high0, 1, sums), vstore8(low1, 2, sums), vstore8(high1, 3, sums);
  vstore8(low2, 4, sums), vstore8(high2, 5, sums), vstore8(low3, 6, sums), vstore8(high3, 7, sums);
  for (uint i = 0; i < ROWS * COLUMNS; i++) {
    const uint at_row = row + i / COLUMNS, at_column = column + i % COLUMNS;
    const size_t cell = (size_t)at_row * columns + at_column;
    if (at_row >= rows || at_column >= columns)
      continue;
    const float sum = sums[i] / sigma;
    to[cell] = finished(adds ? to[cell] + sum : sum, cell, at_column, bias, x, activation);
  }
}

/* to[outer][middle][inner] from a block whose three indices have these strides. */
KERNEL turn(SLICE(from), SLICE(to), uint outer, uint middle, uint inner, ulong outer_step, ulong middle_step,
            ulong inner_step) {
  PLACE(from);
  PLACE(to);
  const size_t i = get_global_id(0);
  if (i < (size_t)outer * middle * inner)
    to[i] = from[i / inner / middle * outer_step + i / inner % middle * middle_step + i % inner * inner_step];
}

/* to[share][columns]: the sums of the columns of from[rows][columns] over `height` rows each. */
KERNEL sum_columns(SLICE(from), SLICE(to), uint rows, uint columns, uint height) {
  PLACE(from);
  PLACE(to);
  const size_t i = get_global_id(0), first = i / columns * height, end = min(first + height, (size_t)rows);
  float sum = 0.0f;
  if (first >= rows)
    return;
  for (size_t row = first; row < end; row++)
    sum += from[row * columns + i % columns];
  to[i] = sum;
}
