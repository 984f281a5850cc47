// Vectors of CT_LANES numbers of float32, and what all kernels do with them. Included by each_isa.h once for every
// instruction set, so it has no guard. a * b + c is one instruction where the set has it.

constexpr int64_t lanes = CT_LANES;

typedef float Vector __attribute__((ext_vector_type(CT_LANES)));
typedef uint32_t Words __attribute__((ext_vector_type(CT_LANES)));
typedef uint16_t Halves __attribute__((ext_vector_type(CT_LANES)));
#undef CT_HAS_HALVES
#if CT_LANES > 4 || defined(__aarch64__)
#define CT_HAS_HALVES 1
typedef _Float16 Numbers16 __attribute__((ext_vector_type(CT_LANES)));
#endif

template <class To, class From>
inline To bits(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/// What lies at a place that need not be aligned.
template <class T>
inline T read(const void *from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

inline Vector load(const float *from) { return read<Vector>(from); }
inline Vector load(const c10::BFloat16 *from) {
  return bits<Vector>(__builtin_convertvector(read<Halves>(from), Words) << 16);
}
inline Vector load(const c10::Half *from) {
#if CT_HAS_HALVES
  return __builtin_convertvector(read<Numbers16>(from), Vector);
#else
  // The exponent's bias differs by 112, which a product restores also for subnormals; infinity and NaN keep theirs.
  Words half = __builtin_convertvector(read<Halves>(from), Words), magnitude = (half & 0x7FFFu) << 13;
  Words wide = bits<Words>(bits<Vector>(magnitude) * 0x1p112f);
  return bits<Vector>((magnitude >= 0x0F800000u ? wide | 0x7F800000u : wide) | (half & 0x8000u) << 16);
#endif
}

inline void store(float *to, Vector x) { std::memcpy(to, &x, sizeof x); }
/// Rounds to nearest even; NaN keeps away from overflowing into infinity.
inline void store(c10::BFloat16 *to, Vector x) {
#if CT_BFLOAT16
  auto rounded = _mm512_cvtneps_pbh((__m512)x);
#else
  Words own = bits<Words>(x);
  Words up = (own + 0x7FFFu + (own >> 16 & 1u)) >> 16;
  Halves rounded = __builtin_convertvector(x != x ? Words(0x7FC0u) : up, Halves);
#endif
  std::memcpy(to, &rounded, sizeof rounded);
}
inline void store(c10::Half *to, Vector x) {
#if CT_HAS_HALVES
  Numbers16 rounded = __builtin_convertvector(x, Numbers16);
  std::memcpy(to, &rounded, sizeof rounded);
#else
  for (int64_t i = 0; i < lanes; i++) to[i] = x[i];
#endif
}

/// The first `count` numbers, and zeros.
template <class T>
inline Vector load(const T *from, int64_t count) {
  if (count >= lanes) return load(from);
  T numbers[lanes] = {};
  std::copy_n(from, std::max<int64_t>(count, 0), numbers);
  return load(numbers);
}
template <class T>
inline void store(T *to, Vector x, int64_t count) {
  if (count >= lanes) return store(to, x);
  T numbers[lanes];
  store(numbers, x);
  std::copy_n(numbers, std::max<int64_t>(count, 0), to);
}

/// Halves with halves, down to one number.
template <class Numbers, class Join>
inline float joined(Numbers x, Join join) {
  if constexpr (sizeof(Numbers) == 2 * sizeof(float))
    return join(x.lo, x.hi);
  else
    return joined(join(x.lo, x.hi), join);
}
inline float sum(Vector x) {
  return joined(x, [](auto a, auto b) { return a + b; });
}
inline float largest_of(Vector x) {
  return joined(x, [](auto a, auto b) { return a > b ? a : b; });
}
/// The larger ones; of NaN and a number, `b`.
inline Vector larger(Vector a, Vector b) { return a > b ? a : b; }

/// e^x by 2^n e^r, |r| <= ln 2 / 2, the series of e^r to the seventh power (relative error about 2^-23), for x in
/// [-87, 88]; beyond, the value at the end of that range. NaN gives NaN. `Number` is float or Vector, `Integer` uint32_t
/// or Words.
template <class Integer, class Number>
inline Number exponential(Number x) {
  x = x < -87.0f ? Number(-87.0f) : x;
  x = x > 88.0f ? Number(88.0f) : x;
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the lowest bits.
  Number shifted = x * 1.44269504f + 12582912.0f;
  Number n = shifted - 12582912.0f;
  Number r = (x - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts
  Number p = 1.0f / 5040;
  for (float inverse_factorial : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = p * r + inverse_factorial;
  return p * bits<Number>((bits<Integer>(shifted) + 127u) << 23);
}
inline float exponential(float x) { return exponential<uint32_t>(x); }
inline Vector exponential(Vector x) { return exponential<Words>(x); }

// ---- How numbers are multiplied ---------------------------------------------------------------------------------

/// Weights and results of type T by rows of float32.
template <class T>
struct Widened {
  using Weight = T;
  using Row = float;
  using Operand = Vector;
  static constexpr int64_t unit = 1, step = lanes;  // numbers in a sum, and in an operand
  static Operand operand(const T *numbers) { return load(numbers); }
  static Operand row(const float *numbers) { return load(numbers); }
  static Operand every(const float *number) { return Vector(*number); }
  static Vector add(Vector sums, Operand a, Operand b) { return sums + a * b; }
};

#if CT_BFLOAT16
/// Weights, rows and results of bfloat16, two products a sum.
struct Paired {
  using Weight = c10::BFloat16;
  using Row = c10::BFloat16;
  using Operand = __m512bh;
  static constexpr int64_t unit = 2, step = 2 * lanes;
  static Operand operand(const Row *numbers) { return read<__m512bh>(numbers); }
  static Operand row(const Row *numbers) { return read<__m512bh>(numbers); }
  static Operand every(const Row *pair) { return (__m512bh)_mm512_set1_epi32(read<int32_t>(pair)); }
  static Vector add(Vector sums, Operand a, Operand b) { return (Vector)_mm512_dpbf16_ps((__m512)sums, a, b); }
};
/// How this instruction set multiplies numbers of type T.
template <class T>
using By = std::conditional_t<std::is_same_v<T, c10::BFloat16>, Paired, Widened<T>>;
#else
template <class T>
using By = Widened<T>;
#endif

// ---- Loops -----------------------------------------------------------------------------------------------------

/// `body(i, count)` for each vector of numbers below `count`; only the last may have less than `lanes`.
template <class Body>
inline void each(int64_t count, Body body) {
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) body(i, lanes);
  if (i < count) body(i, count - i);
}

template <class T>
inline Vector rounded(Vector x) {
  T numbers[lanes];
  store(numbers, x);
  return load(numbers);
}

/// Calls `body` with a number of the type that `t` stores, which has passed `readable`.
template <class Body>
inline auto by_type(const at::Tensor &t, Body body) {
  if (t.scalar_type() == at::kFloat) return body(float());
  return t.scalar_type() == at::kBFloat16 ? body(c10::BFloat16()) : body(c10::Half());
}

template <class Place, int... I>
inline Words shuffled(Words a, Words b, Place place, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, Place::of(I)...);
}
/// Within every four words, of which `b` has the numbers from `lanes` on: the first or last two of both, alternating, by
/// runs of `Run` words.
template <int Half, int Run>
struct Interleaved {
  static constexpr int of(int i) { return i / 4 * 4 + 2 * Half + (Run == 1 ? i % 4 / 2 : i % 2) + (i / Run % 2) * CT_LANES; }
};
/// The lower or upper blocks of `Size` words of both.
template <int Half, int Size>
struct Blocks {
  static constexpr int of(int i) { return (i & ~Size) + Half * Size + (i & Size ? CT_LANES : 0); }
};
template <class Place>
inline Words shuffled(Words a, Words b) {
  return shuffled(a, b, Place(), std::make_integer_sequence<int, CT_LANES>());
}

template <int Size>
inline void exchange_blocks(Words (&rows)[CT_LANES]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < CT_LANES; i++)
    if (!(i & Size)) {
      Words a = rows[i], b = rows[i | Size];
      rows[i] = shuffled<Blocks<0, Size>>(a, b);
      rows[i | Size] = shuffled<Blocks<1, Size>>(a, b);
    }
}

/// `lanes` rows of as many words to their columns: four by four first, then the blocks of four.
inline void transpose(Words (&rows)[CT_LANES]) {
#pragma clang loop unroll(full)
  for (int i = 0; i < CT_LANES; i += 4) {
    Words a = shuffled<Interleaved<0, 1>>(rows[i], rows[i + 1]), b = shuffled<Interleaved<0, 1>>(rows[i + 2], rows[i + 3]);
    Words c = shuffled<Interleaved<1, 1>>(rows[i], rows[i + 1]), d = shuffled<Interleaved<1, 1>>(rows[i + 2], rows[i + 3]);
    rows[i] = shuffled<Interleaved<0, 2>>(a, b);
    rows[i + 1] = shuffled<Interleaved<1, 2>>(a, b);
    rows[i + 2] = shuffled<Interleaved<0, 2>>(c, d);
    rows[i + 3] = shuffled<Interleaved<1, 2>>(c, d);
  }
  if constexpr (lanes > 4) exchange_blocks<4>(rows);
  if constexpr (lanes > 8) exchange_blocks<8>(rows);
}

/// `body(row)` for all rows of `width` numbers, on as many threads as that is worth.
template <class Body>
inline void each_row(int64_t rows, int64_t width, Body body) {
  int64_t share = std::max<int64_t>(1, elements_a_thread / std::max<int64_t>(1, width));
  parallel_for(0, rows, share, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) body(row);
  });
}
