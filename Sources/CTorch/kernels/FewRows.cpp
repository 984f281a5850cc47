// Products of a few rows with weight matrices, as in decoding: what they take is reading the weights once.
//
// Of up to `most_along` rows, sums run along the rows of the weights as they lie in memory; beyond, and where a row must have
// the same bits whatever rows are beside it, rows fill a vector register and each weight is broadcast to it. Weights are
// never packed, and widened to float32 on the way where the processor does not multiply what they are.
#ifdef CT_LANES

/// x [rows, width] by weights [outputs, width] and bias [outputs], into out [rows, outputs].
template <class How>
struct Product {
  const typename How::Row *x;
  const typename How::Weight *weights, *bias;
  typename How::Weight *out;
  int64_t rows, width, outputs;

  float added(int64_t output) const { return bias ? static_cast<float>(bias[output]) : 0.0f; }
};

/// How many numbers ahead weights are fetched.
constexpr int64_t ahead = 256;

// ---- Along the rows of the weights -----------------------------------------------------------------------------

/// Rows of weights that are read side by side: with four rows of x, half the registers for sums.
constexpr int abreast = lanes == 16 ? 4 : 2;

/// `Rows` rows from `row` on by `Outputs` weight rows from `output` on, summed in float32 and rounded once.
template <int Rows, int Outputs, class How>
void multiply(const Product<How> &p, int64_t row, int64_t output) {
  Vector sums[Rows][Outputs] = {};
  auto *x = p.x + row * p.width;
  auto *weights = p.weights + output * p.width;
  for (int64_t i = 0; i < p.width; i += How::step) {
    typename How::Operand own[Outputs];
    for (int o = 0; o < Outputs; o++) {
      // With one row the processor's own fetching keeps up.
      if (Rows > 1 && row == 0) __builtin_prefetch(weights + o * p.width + i + ahead);
      own[o] = How::operand(weights + o * p.width + i);
    }
    for (int r = 0; r < Rows; r++) {
      typename How::Operand numbers = How::row(x + r * p.width + i);
      for (int o = 0; o < Outputs; o++) sums[r][o] = How::add(sums[r][o], numbers, own[o]);
    }
  }
  for (int r = 0; r < Rows; r++)
    for (int o = 0; o < Outputs; o++)
      p.out[(row + r) * p.outputs + output + o] = sum(sums[r][o]) + p.added(output + o);
}

/// All rows, four at a time: the weight rows come from memory once and from the cache afterwards.
template <int Outputs, class How>
void multiply_rows(const Product<How> &p, int64_t output) {
  int64_t row = 0;
  for (; row + 4 <= p.rows; row += 4) multiply<4, Outputs>(p, row, output);
  switch (p.rows - row) {
    case 3: return multiply<3, Outputs>(p, row, output);
    case 2: return multiply<2, Outputs>(p, row, output);
    case 1: return multiply<1, Outputs>(p, row, output);
  }
}

// ---- Rows in registers -----------------------------------------------------------------------------------------

/// How many vectors of rows are multiplied at once, and the outputs that leave registers for them.
inline int vectors_of(int64_t rows) { return rows <= lanes ? 1 : 2; }
constexpr int outputs_of(int vectors) { return lanes == 16 ? 16 / vectors : 12 / vectors; }
/// Numbers of each weight row that are widened at a time, and summed where the rest is not summed with them.
constexpr int64_t depth = Widened<float>::piece;

/// Rows [rows, width] in panels of `lanes` * `vectors` rows, in each a unit of all its rows side by side:
/// [panels, width / unit, lanes * vectors, unit], filled up with zeros.
template <class How>
void make_panels(const at::Tensor &x, int64_t tall, at::Tensor &panels) {
  int64_t rows = x.size(0), units = x.size(1) / How::unit;
  constexpr int64_t bytes = sizeof(typename How::Row) * How::unit;
  auto *from = data<char>(x);
  auto *to = writable<char>(panels);
  parallel_for(0, units, 1 << 12, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; row++)
      for (int64_t i = begin; i < end; i++)
        std::memcpy(to + ((row / tall * units + i) * tall + row % tall) * bytes, from + (row * units + i) * bytes, bytes);
  });
}

/// The panel's sums, [Outputs][lanes * Vectors], rounded into those of its rows that are real.
template <int Vectors, int Outputs, class How>
void store_panel(const Product<How> &p, int64_t row, int64_t output, const Vector (&sums)[Vectors][Outputs]) {
  typename How::Weight rounded[Outputs][lanes * Vectors];
  for (int o = 0; o < Outputs; o++)
    for (int v = 0; v < Vectors; v++) store(&rounded[o][lanes * v], sums[v][o] + p.added(output + o));
  int64_t rows = std::min<int64_t>(lanes * Vectors, p.rows - row);
  auto *out = p.out + row * p.outputs + output;
  for (int64_t r = 0; r < rows; r++)
    for (int o = 0; o < Outputs; o++) out[r * p.outputs + o] = rounded[o][r];
}

/// The weights from `weights` on, `length` of each of `Outputs` rows, `stride` apart, as the product reads them: in place,
/// or widened into `room` [Outputs][depth].
template <int Outputs, class How>
const typename How::Row *readied(const typename How::Weight *weights, int64_t length, float *room, int64_t &stride) {
  if constexpr (std::is_same_v<typename How::Weight, typename How::Row>) {
    return weights;
  } else {
    for (int o = 0; o < Outputs; o++)
      for (int64_t i = 0; i < length; i += lanes) store(room + o * depth + i, load(weights + o * stride + i));
    stride = depth;
    return room;
  }
}

/// One panel, whose first row is `row`, by `Outputs` weight rows. The first panel fetches the weights ahead.
template <int Vectors, int Outputs, class How>
void multiply_panel(const Product<How> &p, int64_t row, int64_t output) {
  using Weight = typename How::Weight;
  constexpr int64_t line = 64 / sizeof(Weight);
  constexpr bool sums_apart = How::piece == depth;
  alignas(64) float room[std::is_same_v<Weight, typename How::Row> ? 1 : Outputs * depth];
  Vector totals[Vectors][Outputs] = {}, sums[Vectors][Outputs] = {};
  for (int64_t start = 0; start < p.width; start += depth) {
    int64_t length = std::min(depth, p.width - start), stride = p.width;
    auto *x = p.x + row * p.width + start * lanes * Vectors;
    auto *lying = p.weights + output * p.width + start, *next = lying + ahead;
    // Past these rows' ends lie the next ones.
    if (start + ahead >= p.width) next += (Outputs - 1) * p.width;
    auto *weights = readied<Outputs, How>(lying, length, room, stride);
    for (int64_t i = 0; i < length; i += line) {
      if (row == 0)
        for (int o = 0; o < Outputs; o++) __builtin_prefetch(next + o * p.width + i);
#pragma clang loop unroll_count(4)
      for (int64_t j = i; j < i + line; j += How::unit) {
        typename How::Operand numbers[Vectors];
        for (int v = 0; v < Vectors; v++) numbers[v] = How::row(x + (j * Vectors + How::unit * v) * lanes);
        for (int o = 0; o < Outputs; o++) {
          typename How::Operand own = How::every(weights + o * stride + j);
          for (int v = 0; v < Vectors; v++) sums[v][o] = How::add(sums[v][o], numbers[v], own);
        }
      }
    }
    if constexpr (sums_apart)
      for (int v = 0; v < Vectors; v++)
        for (int o = 0; o < Outputs; o++) {
          totals[v][o] += sums[v][o];
          sums[v][o] = 0;
        }
  }
  store_panel(p, row, output, sums_apart ? totals : sums);
}

template <int Vectors, int Outputs, class How>
void multiply_panels(const Product<How> &p, int64_t output) {
  for (int64_t row = 0; row < p.rows; row += lanes * Vectors) multiply_panel<Vectors, Outputs>(p, row, output);
}

// ---- Both ------------------------------------------------------------------------------------------------------

/// As many outputs at a time as the registers take, then the rest one by one.
template <int Outputs, class Multiply>
void each_output(int64_t begin, int64_t end, Multiply multiply) {
  int64_t output = begin;
  for (; output + Outputs <= end; output += Outputs) multiply(output, std::integral_constant<int, Outputs>());
  for (; output < end; output++) multiply(output, std::integral_constant<int, 1>());
}

template <class How>
void multiply_outputs(const Product<How> &p, bool along, int64_t begin, int64_t end) {
  if (along && p.rows == 1)
    each_output<4>(begin, end, [&](int64_t o, auto outputs) { multiply<1, outputs()>(p, 0, o); });
  else if (along)
    each_output<abreast>(begin, end, [&](int64_t o, auto outputs) { multiply_rows<outputs()>(p, o); });
  else if (vectors_of(p.rows) == 1)
    each_output<outputs_of(1)>(begin, end, [&](int64_t o, auto outputs) { multiply_panels<1, outputs()>(p, o); });
  else
    each_output<outputs_of(2)>(begin, end, [&](int64_t o, auto outputs) { multiply_panels<2, outputs()>(p, o); });
}

/// Products of the same rows. A piece is half a megabyte of weights, and a thread more must bring two of them.
template <class How>
void multiply_all(const std::vector<Product<How>> &products, bool along) {
  int64_t piece = std::max<int64_t>(48, 524288 / sizeof(typename How::Weight) / products[0].width / 48 * 48), pieces = 0;
  std::vector<int64_t> firsts;
  for (const Product<How> &p : products) {
    firsts.push_back(pieces);
    pieces += (p.outputs + piece - 1) / piece;
  }
  share(pieces, std::clamp<int64_t>(pieces / 2, 1, at::get_num_threads()), [&](int64_t i, int64_t) {
    int64_t which = std::upper_bound(firsts.begin(), firsts.end(), i) - firsts.begin() - 1;
    int64_t begin = (i - firsts[which]) * piece;
    multiply_outputs(products[which], along, begin, std::min(begin + piece, products[which].outputs));
  });
}

template <class How>
void multiply_by(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                 const std::vector<const at::Tensor *> &biases, bool along, std::vector<at::Tensor> &outs) {
  using Weight = typename How::Weight;
  at::Tensor rows = x.to(c10::CppTypeToScalarType<typename How::Row>::value);
  if (!along) {
    int64_t tall = lanes * vectors_of(x.size(0)), height = (x.size(0) + tall - 1) / tall * tall;
    at::Tensor panels = at::zeros({height, x.size(1)}, rows.options());
    make_panels<How>(rows, tall, panels);
    rows = panels;
  }
  std::vector<Product<How>> products;
  for (size_t i = 0; i < weights.size(); i++)
    products.push_back({data<typename How::Row>(rows), data<Weight>(*weights[i]), biases[i] ? data<Weight>(*biases[i]) : nullptr,
                        writable<Weight>(outs[i]), x.size(0), x.size(1), weights[i]->size(0)});
  multiply_all(products, along);
}

void multiply_few(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                  const std::vector<const at::Tensor *> &biases, bool along, std::vector<at::Tensor> &outs) {
  by_type(x, [&](auto number) { multiply_by<By<decltype(number)>>(x, weights, biases, along, outs); });
}

#else

#include "Kernels.h"

#define CT_SOURCE "FewRows.cpp"
#include "each_isa.h"

namespace ct {

namespace {

/// Rows up to which reading along the weights is quicker: more where a vector of rows is half empty with them.
int64_t most_along() { return isa() >= Isa::avx512 ? 12 : 4; }

/// Whether the tensors are what the loops above can read.
bool fits(const at::Tensor &x, const at::Tensor &weight, const at::Tensor *bias) {
  if (x.dim() != 2 || weight.dim() != 2 || !readable({&x, &weight, bias})) return false;
  if (bias && (bias->dim() != 1 || bias->size(0) != weight.size(0))) return false;
  return x.size(0) < fewest_many_rows && x.size(1) == weight.size(1) && x.size(1) % 32 == 0;
}

}  // namespace

std::vector<at::Tensor> few_rows_products(const at::Tensor &x, const std::vector<const at::Tensor *> &weights,
                                          const std::vector<const at::Tensor *> &biases, bool alike) {
  if (recording_gradients || !is_own_product(x.scalar_type(), CT_FEW_ROWS) || weights.empty()) return {};
  std::vector<at::Tensor> outs;
  for (size_t i = 0; i < weights.size(); i++) {
    if (!fits(x, *weights[i], biases[i])) return {};
    outs.push_back(at::empty({x.size(0), weights[i]->size(0)}, x.options()));
  }
  CT_CHOSEN(multiply_few)(x, weights, biases, !alike && x.size(0) <= most_along(), outs);
  return outs;
}

}  // namespace ct
#endif
