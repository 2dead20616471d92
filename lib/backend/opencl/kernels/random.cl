/* The library's counter-based generator: Philox 4x32-10, and normal numbers by Box and Muller in the same series as
 * lib/base/random.c has them. Where divisions and roots are rounded correctly they are the same bytes as there. */
#pragma OPENCL FP_CONTRACT OFF

/* The four words of a block of a stream. */
uint4 random_block(ulong seed, ulong stream, ulong block) {
  uint4 c = (uint4)((uint)block, (uint)(block >> 32), (uint)stream, (uint)(stream >> 32));
  uint2 key = (uint2)((uint)seed, (uint)(seed >> 32));
  for (int round = 0; round < 10; round++) {
    const uint2 low = (uint2)(0xD2511F53u, 0xCD9E8D57u) * c.xz, high = mul_hi((uint2)(0xD2511F53u, 0xCD9E8D57u), c.xz);
    c = (uint4)(high.y ^ c.y ^ key.x, low.y, high.x ^ c.w ^ key.y, low.x);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return c;
}

/* -2 log u, u = (word + 1) / 2^32. */
float squared_radius(uint word) {
  const uint sqrt_half = 0x3F3504F3u;
  const float high = (float)(int)(word >> 16) * 65536.0f;
  const float u = (high + (float)(int)((word & 0xFFFFu) + 1u)) * 0x1p-32f;
  const uint offset = as_uint(u) - sqrt_half;
  const float exponent = (float)((int)offset >> 23);
  const float m = as_float((offset & 0x7FFFFFu) + sqrt_half);
  const float s = (m - 1.0f) / (m + 1.0f), s2 = s * s;
  const float series = 1.0f + s2 * (1.0f / 3 + s2 * (1.0f / 5 + s2 * (1.0f / 7 + s2 * (1.0f / 9))));
  return max(-2.0f * exponent * 0.693147180559945f - 4.0f * s * series, 0.0f);
}

/* Cosine and sine of 2 pi word / 2^32. */
float2 turned_by(uint word) {
  const uint quarter = (word + (1u << 29)) >> 30;
  const float a = (float)(int)(word - (quarter << 30)) * (1.57079632679490f * 0x1p-30f), a2 = a * a;
  const float s =
      a * (1.0f - a2 * (1.0f / 6 - a2 * (1.0f / 120 - a2 * (1.0f / 5040 - a2 * (1.0f / 362880)))));
  const float c =
      1.0f - a2 * (0.5f - a2 * (1.0f / 24 - a2 * (1.0f / 720 - a2 * (1.0f / 40320 - a2 * (1.0f / 3628800)))));
  const float2 turn = quarter & 1 ? (float2)(s, c) : (float2)(c, s);
  return (float2)((quarter + 1) & 2 ? -turn.x : turn.x, quarter & 2 ? -turn.y : turn.y);
}

/* An item for each block that [first, first + count) meets. */
KERNEL random_normal(SLICE(to), ulong count, ulong seed, ulong stream, ulong first) {
  PLACE(to);
  const ulong block = first / 4 + get_global_id(0);
  const uint4 words = random_block(seed, stream, block);
  const float2 one = sqrt(squared_radius(words.x)) * turned_by(words.y);
  const float2 two = sqrt(squared_radius(words.z)) * turned_by(words.w);
  const float normals[4] = {one.x, one.y, two.x, two.y};
  for (uint i = 0; i < 4; i++) {
    const ulong at = block * 4 + i - first; /* large where it is before the first */
    if (at < count)
      to[at] = normals[i];
  }
}

KERNEL dropout(SLICE(from), SLICE(to), ulong count, float rate, float scale, ulong seed, ulong stream, ulong first) {
  PLACE(from);
  PLACE(to);
  const ulong block = first / 4 + get_global_id(0);
  const uint4 all = random_block(seed, stream, block);
  const uint words[4] = {all.x, all.y, all.z, all.w};
  for (uint i = 0; i < 4; i++) {
    const ulong at = block * 4 + i - first;
    if (at < count)
      to[at] = (float)(words[i] >> 8) * 0x1p-24f < rate ? 0.0f : from[at] * scale;
  }
}
