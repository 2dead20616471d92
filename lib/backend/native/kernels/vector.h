/* Vectors of XDI_VECTOR_BYTES bytes for the kernel files, which are compiled once for each kind of
 * processor. GCC's vector extension gives + - * / and the integer operations; what it lacks stands
 * here, once for AVX-512 (64 bytes), AVX2 (32) and any processor (16: SSE2, NEON, or plain C). */
#include <math.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define LANES (XDI_VECTOR_BYTES / 4)

typedef float vf __attribute__((vector_size(XDI_VECTOR_BYTES)));
typedef int32_t vi __attribute__((vector_size(XDI_VECTOR_BYTES)));
typedef uint32_t vu __attribute__((vector_size(XDI_VECTOR_BYTES)));
typedef uint64_t vu64 __attribute__((vector_size(XDI_VECTOR_BYTES)));
typedef int8_t vb __attribute__((vector_size(LANES)));
typedef int16_t vs __attribute__((vector_size(2 * LANES)));
typedef float vf_unaligned __attribute__((vector_size(XDI_VECTOR_BYTES), aligned(4), may_alias));

/* A function's name where a macro makes it; the amalgamation, which has the variants in one source, puts the
 * variant's in front. */
#if !defined(XDI_LOCAL)
#define XDI_LOCAL(name) name
#endif

/* Where nothing else is inlined these stay whole too: a count of branches would take each copy for code of its own. */
#ifdef __NO_INLINE__
#define INLINE static inline __attribute__((unused))
#else
#define INLINE static inline __attribute__((always_inline, unused))
#endif

INLINE vf load(const float *from) {
  const vf_unaligned *place = (const vf_unaligned *)from;
  return (vf)*place;
}
INLINE void store(float *to, vf a) {
  *(vf_unaligned *)to = (vf_unaligned)a;
}
INLINE void store_shorts(int16_t *to, vi a) {
  const vs shorts = __builtin_convertvector(a, vs);
  __builtin_memcpy(to, &shorts, sizeof shorts);
}
INLINE void store_bytes(int8_t *to, vi a) {
  const vb bytes = __builtin_convertvector(a, vb);
  __builtin_memcpy(to, &bytes, sizeof bytes);
}
INLINE vf zero(void) {
  return (vf){0};
}
INLINE vi all_int(int32_t a) {
  return (vi){0} + a;
}
INLINE vu all_word(uint32_t a) {
  return (vu){0} + a;
}
INLINE vf as_float(vi a) {
  return (vf)a;
}
INLINE vi as_int(vf a) {
  return (vi)a;
}

/* Loops over a tile's rows and vectors must vanish, or its sums leave the registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Whether binary16 can be read and written: the variants that lack it leave out what needs it. */
#if XDI_VECTOR_BYTES >= 32 || defined(__aarch64__)
#define HAS_HALF 1
#else
#define HAS_HALF 0
#endif

#if XDI_VECTOR_BYTES == 64

typedef __mmask16 mask;

INLINE vf load_half(const uint16_t *from) {
  return (vf)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)from));
}
INLINE void store_half(uint16_t *to, vf a) { /* to nearest, ties to even */
  _mm256_storeu_si256((__m256i *)to,
                      _mm512_cvtps_ph((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* Pairs of bytes as pairs of shorts. */
INLINE vi load_bytes(const int8_t *from) {
  return (vi)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)from));
}
/* In each lane a pair of shorts times another, added up. */
INLINE vi add_pairs(vi sums, vi a, vi b) {
  return (vi)_mm512_add_epi32((__m512i)sums, _mm512_madd_epi16((__m512i)a, (__m512i)b));
}
INLINE vf all(float a) {
  return (vf)_mm512_set1_ps(a);
}
INLINE mask first(uint32_t count) {
  return (mask)((1u << count) - 1u);
} /* count <= LANES */
INLINE vf load_first(const float *from, uint32_t count) {
  return (vf)_mm512_maskz_loadu_ps(first(count), from);
}
INLINE void store_first(float *to, vf a, uint32_t count) {
  _mm512_mask_storeu_ps(to, first(count), (__m512)a);
}
INLINE vf multiply_add(vf a, vf b, vf c) {
  return (vf)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}
/* The larger; b when either is NaN. */
INLINE vf larger(vf a, vf b) {
  return (vf)_mm512_max_ps((__m512)a, (__m512)b);
}
INLINE vf smaller(vf a, vf b) {
  return (vf)_mm512_min_ps((__m512)a, (__m512)b);
}
INLINE vf square_root(vf a) {
  return (vf)_mm512_sqrt_ps((__m512)a);
}
INLINE vf nearest(vf a) {
  return (vf)_mm512_roundscale_ps((__m512)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
INLINE vi to_int(vf a) {
  return (vi)_mm512_cvtps_epi32((__m512)a);
}
INLINE vf to_float(vi a) {
  return (vf)_mm512_cvtepi32_ps((__m512i)a);
}
INLINE vf where_above(vf a, vf b, vf yes, vf no) { /* a > b ? yes : no */
  return (vf)_mm512_mask_blend_ps(_mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ), (__m512)no,
                                  (__m512)yes);
}
INLINE vf where_bits(vi bits, vf yes, vf no) { /* bits != 0 ? yes : no */
  return (vf)_mm512_mask_blend_ps(_mm512_test_epi32_mask((__m512i)bits, (__m512i)bits), (__m512)no,
                                  (__m512)yes);
}
INLINE float sum(vf a) {
  return _mm512_reduce_add_ps((__m512)a);
}
INLINE vu64 multiply_even(vu a, vu b) {
  return (vu64)_mm512_mul_epu32((__m512i)a, (__m512i)b);
}

#elif XDI_VECTOR_BYTES == 32

INLINE vf load_half(const uint16_t *from) {
  return (vf)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)from));
}
INLINE void store_half(uint16_t *to, vf a) {
  _mm_storeu_si128((__m128i *)to, _mm256_cvtps_ph((__m256)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}
INLINE vi load_bytes(const int8_t *from) {
  return (vi)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
}
INLINE vi add_pairs(vi sums, vi a, vi b) {
  return (vi)_mm256_add_epi32((__m256i)sums, _mm256_madd_epi16((__m256i)a, (__m256i)b));
}
INLINE vf all(float a) {
  return (vf)_mm256_set1_ps(a);
}
INLINE __m256i first(uint32_t count) {
  const vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), (__m256i)lane);
}
INLINE vf load_first(const float *from, uint32_t count) {
  return (vf)_mm256_maskload_ps(from, first(count));
}
INLINE void store_first(float *to, vf a, uint32_t count) {
  _mm256_maskstore_ps(to, first(count), (__m256)a);
}
INLINE vf multiply_add(vf a, vf b, vf c) {
  return (vf)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
INLINE vf larger(vf a, vf b) {
  return (vf)_mm256_max_ps((__m256)a, (__m256)b);
}
INLINE vf smaller(vf a, vf b) {
  return (vf)_mm256_min_ps((__m256)a, (__m256)b);
}
INLINE vf square_root(vf a) {
  return (vf)_mm256_sqrt_ps((__m256)a);
}
INLINE vf nearest(vf a) {
  return (vf)_mm256_round_ps((__m256)a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
INLINE vi to_int(vf a) {
  return (vi)_mm256_cvtps_epi32((__m256)a);
}
INLINE vf to_float(vi a) {
  return (vf)_mm256_cvtepi32_ps((__m256i)a);
}
INLINE vf where_above(vf a, vf b, vf yes, vf no) {
  return (vf)_mm256_blendv_ps((__m256)no, (__m256)yes, _mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GT_OQ));
}
INLINE vf where_bits(vi bits, vf yes, vf no) {
  return (vf)_mm256_blendv_ps((__m256)yes, (__m256)no, (__m256)(bits == all_int(0)));
}
INLINE float sum(vf a) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128((__m256)a), _mm256_extractf128_ps((__m256)a, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}
INLINE vu64 multiply_even(vu a, vu b) {
  return (vu64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

#else /* 16 bytes, any processor */

INLINE vi load_bytes(const int8_t *from) {
  typedef int8_t pairs __attribute__((vector_size(8)));
  typedef int16_t shorts __attribute__((vector_size(16)));
  pairs bytes;
  __builtin_memcpy(&bytes, from, sizeof bytes);
  return (vi) __builtin_convertvector(bytes, shorts);
}
INLINE vi add_pairs(vi sums, vi a, vi b) {
#if defined(__SSE2__)
  return sums + (vi)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
  return sums + ((vi)((vu)a << 16) >> 16) * ((vi)((vu)b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}
INLINE vf all(float a) {
  return (vf){a, a, a, a};
}
INLINE vf load_first(const float *from, uint32_t count) {
  vf a = {0};
  for (uint32_t i = 0; i < count; i++)
    a[i] = from[i];
  return a;
}
INLINE void store_first(float *to, vf a, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    to[i] = a[i];
}
INLINE vf where_bits(vi bits, vf yes, vf no) {
  const vi is = bits != all_int(0);
  return (vf)((is & (vi)yes) | (~is & (vi)no));
}
INLINE vf where_above(vf a, vf b, vf yes, vf no) {
  const vi is = a > b;
  return (vf)((is & (vi)yes) | (~is & (vi)no));
}
INLINE vf larger(vf a, vf b) {
  return where_above(a, b, a, b);
}
INLINE vf smaller(vf a, vf b) {
  return where_above(b, a, a, b);
}
#if defined(__aarch64__)
INLINE vf load_half(const uint16_t *from) {
  return (vf)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
}
INLINE void store_half(uint16_t *to, vf a) {
  vst1_u16(to, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)a)));
}
INLINE vf multiply_add(vf a, vf b, vf c) {
  return (vf)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
}
INLINE vf square_root(vf a) {
  return (vf)vsqrtq_f32((float32x4_t)a);
}
INLINE vf nearest(vf a) {
  return (vf)vrndnq_f32((float32x4_t)a);
}
INLINE vi to_int(vf a) {
  return (vi)vcvtnq_s32_f32((float32x4_t)a);
}
INLINE vf to_float(vi a) {
  return (vf)vcvtq_f32_s32((int32x4_t)a);
}
INLINE float sum(vf a) {
  return vpadds_f32(vadd_f32(vget_low_f32((float32x4_t)a), vget_high_f32((float32x4_t)a)));
}
INLINE vu64 multiply_even(vu a, vu b) {
  return (vu64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}
#else
INLINE float sum(vf a) {
  return (a[0] + a[2]) + (a[1] + a[3]);
}
/* Good for |a| < 2^22: adding 1.5 * 2^23 leaves no room for a fraction. */
INLINE vf nearest(vf a) {
  const volatile float magic = 12582912.0f;
  const vf shift = all(magic);
  return (a + shift) - shift;
}
INLINE vf multiply_add(vf a, vf b, vf c) {
  return a * b + c;
}
#if defined(__SSE2__)
INLINE vf square_root(vf a) {
  return (vf)_mm_sqrt_ps((__m128)a);
}
INLINE vi to_int(vf a) {
  return (vi)_mm_cvtps_epi32((__m128)a);
}
INLINE vf to_float(vi a) {
  return (vf)_mm_cvtepi32_ps((__m128i)a);
}
INLINE vu64 multiply_even(vu a, vu b) {
  return (vu64)_mm_mul_epu32((__m128i)a, (__m128i)b);
}
#else
INLINE vf square_root(vf a) {
  return (vf){sqrtf(a[0]), sqrtf(a[1]), sqrtf(a[2]), sqrtf(a[3])};
}
INLINE vi to_int(vf a) { /* of a whole number */
  return (vi){(int32_t)a[0], (int32_t)a[1], (int32_t)a[2], (int32_t)a[3]};
}
INLINE vf to_float(vi a) {
  return (vf){(float)a[0], (float)a[1], (float)a[2], (float)a[3]};
}
INLINE vu64 multiply_even(vu a, vu b) {
  return (vu64){(uint64_t)a[0] * b[0], (uint64_t)a[2] * b[2]};
}
#endif
#endif

#endif

/* sum += a b, which stays in its register: a compiler that takes a new one for it runs out of sixteen. */
INLINE void add_product(vf *sum, vf a, vf b) {
#if XDI_VECTOR_BYTES == 32
  __asm__("vfmadd231ps %2, %1, %0" : "+x"(*sum) : "x"(a), "x"(b));
#else
  *sum = multiply_add(a, b, *sum);
#endif
}
