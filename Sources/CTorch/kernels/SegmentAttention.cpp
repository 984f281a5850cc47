// Causal attention over a pack of segments on the CPU: in bfloat16, products of bfloat16 summed in float32, where libtorch's
// kernel converts to float32 and multiplies that.
//
// Keys and values of a segment are laid out once for its own queries and for those of every segment that continues it, so
// that what sequences share is neither computed nor gathered for each. A block of queries, those of all heads that share
// keys together, takes its scores over all keys it may see, the softmax, and the mean of the values.
#ifdef CT_LANES

#include "tiles.h"

inline int64_t padded(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

template <class T>
struct Attention {
  using How = By<T>;
  using Row = typename How::Row;

  const T *q, *k, *v;
  T *out;
  int64_t heads, groups, dim;
  const ct_segments &segments;
  int64_t window;  // 0: none
  Scores how;
  /// Where the padded keys of each segment begin: [segments + 1].
  std::vector<int64_t> places;
  /// The position of each segment's first token.
  std::vector<int64_t> positions;
  int64_t width;       // dim filled up to whole vectors
  Row *keys, *values;  // [groups][padded keys][width], as panels

  int64_t length(int64_t segment) const { return segments.starts[segment + 1] - segments.starts[segment]; }
  int64_t laid_out(int64_t group, int64_t segment) const { return (group * places.back() + places[segment]) * width; }
  int64_t heads_a_group() const { return heads / groups; }
};

/// Lays out the keys of one segment and group as columns and its values as rows.
template <class T>
void lay_out(const Attention<T> &a, int64_t group, int64_t segment) {
  int64_t count = a.length(segment), depth = padded(count), stride = a.groups * a.dim;
  int64_t from = a.segments.starts[segment] * stride + group * a.dim, to = a.laid_out(group, segment);
  for (int64_t key = 0; key < depth; key += panel_columns) {
    int64_t columns = std::min(panel_columns, depth - key);
    pack_columns<By<T>>(a.k + from + key * stride, stride, count - key, a.dim, columns / lanes, a.keys + to + key * a.dim);
  }
  for (int64_t i = 0; i < a.dim; i += panel_columns) {
    int64_t columns = std::min(panel_columns, a.dim - i);
    pack_rows<By<T>>(a.v + from + i, stride, count, depth, padded(columns) / lanes, a.values + to + i * depth, columns);
  }
}

/// Queries of one segment and one group of heads that are treated together.
struct Block {
  int64_t segment, group, first, count;
};

/// The keys of one segment that a block may see, and the column of the scores where they begin.
struct Span {
  int64_t segment, keys, column;
};

/// What one thread works in, for as many columns as the longest sequence has padded keys.
template <class Row>
struct Workspace {
  float *scores;  // [block_rows][columns]
  float *mixed;   // [block_rows][width]
  Row *weights;   // [block_rows][columns]
  Row *queries;   // [block_rows][dim]
  int64_t columns;

  static int64_t bytes(int64_t columns, int64_t width) {
    return block_rows * (columns + width) * static_cast<int64_t>(sizeof(float) + sizeof(Row));
  }
  Workspace(uint8_t *base, int64_t columns, int64_t width) : columns(columns) {
    scores = reinterpret_cast<float *>(base);
    mixed = scores + block_rows * columns;
    weights = reinterpret_cast<Row *>(mixed + block_rows * width);
    queries = weights + block_rows * columns;
  }
};

template <class T>
std::vector<Span> spans(const Attention<T> &a, const Block &b) {
  std::vector<int64_t> chain;
  for (int64_t s = b.segment; s >= 0; s = a.segments.parents[s]) chain.push_back(s);
  std::vector<Span> spans;
  int64_t column = 0, last = a.segments.query_rows[b.first + b.count - 1] - a.segments.starts[b.segment];
  for (auto s = chain.rbegin(); s != chain.rend(); ++s) {
    int64_t keys = *s == b.segment ? last + 1 : a.length(*s);
    if (keys > 0) spans.push_back({*s, keys, column});
    column += padded(a.length(*s));
  }
  return spans;
}

/// The place in q and out of a block's row: its rows are all queries of its first head, then of the next.
template <class T>
int64_t place(const Attention<T> &a, const Block &b, int64_t row) {
  int64_t head = b.group * a.heads_a_group() + row / b.count;
  return ((b.first + row % b.count) * a.heads + head) * a.dim;
}

template <class T, class Row>
void score(const Attention<T> &a, const Block &b, const Span &span, int64_t rows, const Workspace<Row> &w) {
  const Row *keys = a.keys + a.laid_out(b.group, span.segment);
  for (int64_t key = 0; key < span.keys; key += panel_columns) {
    int64_t columns = std::min(panel_columns, padded(a.length(span.segment)) - key);
    for (int64_t r = 0; r < rows; r += most_rows)
      multiply<By<T>>({w.queries + r * a.dim, a.dim, keys + key * a.dim, a.dim, w.scores + r * w.columns + span.column + key,
                       w.columns, /*adds=*/false},
                      std::min(most_rows, rows - r), columns / lanes);
  }
}

/// The columns of a span that a query at `position` sees: [begin, end) from the span's first column.
struct Seen {
  int64_t begin, end;

  template <class T>
  Seen(const Attention<T> &a, const Span &span, int64_t position) {
    int64_t own = position - a.positions[span.segment];
    begin = a.window > 0 ? std::clamp<int64_t>(own - a.window + 1, 0, span.keys) : 0;
    end = std::clamp<int64_t>(own + 1, begin, span.keys);
  }

  /// Which of the `lanes` columns from `column` on: all bits of a word or none.
  auto mask(int64_t column) const {
    if (begin <= column && column + lanes <= end) return Words(1u) > 0u;
    Words places = Words(static_cast<uint32_t>(column));
    for (uint32_t i = 0; i < CT_LANES; i++) places[i] += i;
    return (places >= static_cast<uint32_t>(begin)) & (places < static_cast<uint32_t>(end));
  }
};

/// Caps the scores of a row, which are yet to be scaled and stay so.
template <class T>
void limit(const Attention<T> &a, const std::vector<Span> &spans, float *scores) {
  for (const Span &span : spans)
    for (int64_t i = 0; i < span.keys; i += lanes) {
      float *at = scores + span.column + i;
      store(at, capped(load(at), a.how.cap / a.how.scale));
    }
}

/// Turns a row of scores into weights that are yet to be divided by their sum, which it gives: columns that the query does
/// not see become zero. `sink`, where there is one, is one more score.
template <class T, class Row>
float soften(const Attention<T> &a, const std::vector<Span> &spans, int64_t position, const float *sink, float *scores,
             Row *weights) {
  if (a.how.cap > 0) limit(a, spans, scores);
  Vector largest = sink ? *sink / a.how.scale : -INFINITY, total = 0;
  for (const Span &span : spans) {
    Seen seen(a, span, position);
    for (int64_t i = 0; i < span.keys; i += lanes)
      largest = larger(seen.mask(i) ? load(scores + span.column + i) : Vector(-INFINITY), largest);
  }
  float top = largest_of(largest);
  for (const Span &span : spans) {
    Seen seen(a, span, position);
    for (int64_t i = 0; i < span.keys; i += lanes) {
      Vector weight = exponential((load(scores + span.column + i) - top) * a.how.scale);
      weight = seen.mask(i) ? weight : Vector(0.0f);
      total += weight;
      store(weights + span.column + i, weight);
    }
  }
  return sum(total) + (sink ? exponential(*sink - top * a.how.scale) : 0.0f);
}

template <class T, class Row>
void mix(const Attention<T> &a, const Block &b, const Span &span, int64_t rows, bool adds, const Workspace<Row> &w) {
  const Row *values = a.values + a.laid_out(b.group, span.segment);
  int64_t depth = padded(a.length(span.segment));
  for (int64_t i = 0; i < a.dim; i += panel_columns) {
    int64_t columns = padded(std::min(panel_columns, a.dim - i)) / lanes;
    for (int64_t r = 0; r < rows; r += most_rows)
      multiply<By<T>>({w.weights + r * w.columns + span.column, w.columns, values + i * depth, padded(span.keys),
                       w.mixed + r * a.width + i, a.width, adds},
                      std::min(most_rows, rows - r), columns);
  }
}

template <class T, class Row>
void attend(const Attention<T> &a, const Block &b, const Workspace<Row> &w) {
  int64_t rows = b.count * a.heads_a_group();
  for (int64_t r = 0; r < rows; r++) {
    const T *query = a.q + place(a, b, r);
    std::copy_n(query, a.dim, w.queries + r * a.dim);  // widened where `Row` is wider
  }
  std::vector<Span> seen = spans(a, b);
  for (const Span &span : seen) score(a, b, span, rows, w);
  float sums[block_rows];
  for (int64_t r = 0; r < rows; r++) {
    int64_t own = a.segments.query_rows[b.first + r % b.count] - a.segments.starts[b.segment];
    const float *sink = a.how.sinks ? a.how.sinks + b.group * a.heads_a_group() + r / b.count : nullptr;
    sums[r] = soften(a, seen, a.positions[b.segment] + own, sink, w.scores + r * w.columns, w.weights + r * w.columns);
  }
  for (const Span &span : seen) mix(a, b, span, rows, &span != seen.data(), w);
  for (int64_t r = 0; r < rows; r++) {
    T *to = a.out + place(a, b, r);
    each(a.dim, [&](int64_t i, int64_t own) { store(to + i, load(w.mixed + r * a.width + i) * (1.0f / sums[r]), own); });
  }
}

/// The longest blocks first, so that no thread is left with one at the end.
template <class T>
std::vector<Block> blocks(const Attention<T> &a) {
  std::vector<Block> blocks;
  int64_t most = std::max<int64_t>(1, block_rows / a.heads_a_group());
  for (int64_t s = a.segments.count - 1; s >= 0; s--)
    for (int64_t first = a.segments.query_starts[s]; first < a.segments.query_starts[s + 1]; first += most)
      for (int64_t group = 0; group < a.groups; group++)
        blocks.push_back({s, group, first, std::min(most, a.segments.query_starts[s + 1] - first)});
  return blocks;
}

/// The places of the segments, and how many columns the longest sequence has.
template <class T>
int64_t place_segments(Attention<T> &a) {
  std::vector<int64_t> columns(a.segments.count);
  for (int64_t s = 0; s < a.segments.count; s++) {
    int64_t parent = a.segments.parents[s], own = padded(a.length(s));
    a.places.push_back(a.places.back() + own);
    a.positions.push_back(parent < 0 ? 0 : a.positions[parent] + a.length(parent));
    columns[s] = own + (parent < 0 ? 0 : columns[parent]);
  }
  return *std::max_element(columns.begin(), columns.end());
}

void attend_all(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, at::Tensor &out,
                const ct_segments &segments, int64_t window, const Scores &scores) {
  by_type(q, [&](auto number) {
    using T = decltype(number);
    using Row = typename By<T>::Row;
    Attention<T> a = {data<T>(q), data<T>(k), data<T>(v), writable<T>(out), q.size(1), k.size(1), q.size(2), segments,
                      window, scores, {0}, {}, padded(q.size(2)), nullptr, nullptr};
    int64_t longest = place_segments(a), keys = a.groups * a.places.back() * a.width;
    at::Tensor laid_out = at::empty({2, keys}, q.options().dtype(c10::CppTypeToScalarType<Row>::value));
    a.keys = writable<Row>(laid_out);
    a.values = a.keys + keys;
    int64_t threads = at::get_num_threads();
    share(segments.count * a.groups, threads, [&](int64_t i, int64_t) { lay_out(a, i % a.groups, i / a.groups); });
    std::vector<Block> work = blocks(a);
    int64_t bytes = Workspace<Row>::bytes(longest, a.width);
    at::Tensor space = at::empty({threads, bytes}, at::kByte);
    auto *base = writable<uint8_t>(space);
    share(static_cast<int64_t>(work.size()), threads,
          [&](int64_t i, int64_t thread) { attend(a, work[i], Workspace<Row>(base + thread * bytes, longest, a.width)); });
  });
}

#else

#include "Kernels.h"

namespace ct {

/// Rows, of queries times heads, that are treated together.
constexpr int64_t block_rows = 48;

}  // namespace ct

#define CT_SOURCE "SegmentAttention.cpp"
#include "each_isa.h"

namespace ct {

namespace {

void check(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &s) {
  TORCH_CHECK(readable({&q, &k, &v}) && q.dim() == 3 && k.dim() == 3 && v.dim() == 3,
              "[tokens, heads, dim] of one floating-point type of up to 32 bits on the CPU are meant");
  TORCH_CHECK(k.sizes() == v.sizes() && q.size(2) == k.size(2) && k.size(1) > 0 && q.size(1) % k.size(1) == 0 &&
                  q.size(1) / k.size(1) <= block_rows && q.size(2) > 0 && q.size(2) % 2 == 0,
              "queries ", q.sizes(), ", keys ", k.sizes(), " and values ", v.sizes(), " do not fit together");
  TORCH_CHECK(s.count > 0 && s.starts[0] == 0 && s.starts[s.count] == k.size(0) && s.query_starts[0] == 0 &&
                  s.query_starts[s.count] == q.size(0),
              "the segments do not cover all keys and queries");
  for (int64_t i = 0; i < s.count; i++) {
    TORCH_CHECK(s.starts[i] <= s.starts[i + 1] && s.query_starts[i] <= s.query_starts[i + 1] && s.parents[i] < i,
                "a segment ends before it begins or continues a later one");
    for (int64_t j = s.query_starts[i], least = s.starts[i]; j < s.query_starts[i + 1]; least = s.query_rows[j++] + 1)
      TORCH_CHECK(s.query_rows[j] >= least && s.query_rows[j] < s.starts[i + 1], "a query is not a token of its segment");
  }
}

}  // namespace

at::Tensor segment_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &segments,
                             int64_t window, const Scores &scores) {
  TORCH_CHECK(has_own(CT_PACK_ATTENTION) && !recording_gradients,
              "this processor has no such kernel, or gradients are recorded");
  at::Tensor out = at::empty_like(q);
  if (q.numel() == 0) return out;
  check(q, k, v, segments);
  CT_CHOSEN(attend_all)(q, k, v, out, segments, window, scores);
  return out;
}

}  // namespace ct
#endif
