// Causal attention over a pack of segments in bfloat16 on the CPU: products of bfloat16 summed in float32, where libtorch's
// kernel converts to float32 and multiplies that.
//
// Keys and values of a segment are laid out once for its own queries and for those of every segment that continues it, so
// that what sequences share is neither computed nor gathered for each. A block of queries, those of all heads that share
// keys together, takes its scores over all keys it may see, the softmax, and the mean of the values.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "Fused.h"
#include "Parallel.h"
#include "Tiles.h"

namespace ct {

#if CT_TILES

namespace {

using tiles::lanes;

/// Rows, of queries times heads, that are treated together.
constexpr int64_t block_rows = 48;

int64_t padded(int64_t count) { return (count + lanes - 1) / lanes * lanes; }

struct Attention {
  const uint16_t *q, *k, *v;
  uint16_t *out;
  int64_t heads, groups, dim;
  const ct_segments &segments;
  int64_t window;  // 0: none
  float scale, cap;    // no cap: 0
  const float *sinks;  // of the query heads, or null
  /// Where the padded keys of each segment begin: [segments + 1].
  std::vector<int64_t> places;
  /// The position of each segment's first token.
  std::vector<int64_t> positions;
  int64_t width;            // dim filled up to whole vectors
  uint16_t *keys, *values;  // [groups][padded keys][width], as panels

  int64_t length(int64_t segment) const { return segments.starts[segment + 1] - segments.starts[segment]; }
  int64_t laid_out(int64_t group, int64_t segment) const { return (group * places.back() + places[segment]) * width; }
};

/// Lays out the keys of one segment and group as columns and its values as rows.
void lay_out(const Attention &a, int64_t group, int64_t segment) {
  int64_t count = a.length(segment), depth = padded(count), stride = a.groups * a.dim;
  int64_t from = a.segments.starts[segment] * stride + group * a.dim, to = a.laid_out(group, segment);
  for (int64_t key = 0; key < depth; key += tiles::panel_columns) {
    int64_t columns = std::min(tiles::panel_columns, depth - key);
    tiles::pack_columns(a.k + from + key * stride, stride, count - key, a.dim, columns / lanes, a.keys + to + key * a.dim);
  }
  for (int64_t i = 0; i < a.dim; i += tiles::panel_columns) {
    int64_t columns = std::min(tiles::panel_columns, a.dim - i);
    tiles::pack_rows(a.v + from + i, stride, count, depth, padded(columns) / lanes, a.values + to + i * depth, columns);
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
struct Workspace {
  uint16_t *queries;  // [block_rows][dim]
  float *scores;      // [block_rows][columns]
  uint16_t *weights;  // [block_rows][columns]
  float *mixed;       // [block_rows][width]
  int64_t columns;

  static int64_t bytes(int64_t columns, int64_t width) { return block_rows * (6 * columns + 6 * width); }
  Workspace(uint8_t *base, int64_t columns, int64_t width) : columns(columns) {
    scores = reinterpret_cast<float *>(base);
    mixed = scores + block_rows * columns;
    weights = reinterpret_cast<uint16_t *>(mixed + block_rows * width);
    queries = weights + block_rows * columns;
  }
};

std::vector<Span> spans(const Attention &a, const Block &b) {
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

int64_t heads_a_group(const Attention &a) { return a.heads / a.groups; }

/// The place in q and out of a block's row: its rows are all queries of its first head, then of the next.
int64_t place(const Attention &a, const Block &b, int64_t row) {
  int64_t head = b.group * heads_a_group(a) + row / b.count;
  return ((b.first + row % b.count) * a.heads + head) * a.dim;
}

void score(const Attention &a, const Block &b, const Span &span, int64_t rows, const Workspace &w) {
  const uint16_t *keys = a.keys + a.laid_out(b.group, span.segment);
  for (int64_t key = 0; key < span.keys; key += tiles::panel_columns) {
    int64_t columns = std::min(tiles::panel_columns, padded(a.length(span.segment)) - key);
    for (int64_t r = 0; r < rows; r += tiles::most_rows)
      tiles::multiply({w.queries + r * a.dim, a.dim, keys + key * a.dim, a.dim, w.scores + r * w.columns + span.column + key,
                       w.columns, /*adds=*/false},
                      std::min(tiles::most_rows, rows - r), columns / lanes);
  }
}

/// e^x for x <= 0, and 0 below -87: 2^n e^r, |r| <= ln 2 / 2, by the series of e^r (relative error about 2^-22).
CT_TILE_TARGET inline __m512 exponential(__m512 x) {
  __mmask16 tiny = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-87.0f), _CMP_LT_OQ);
  __m512 n = _mm512_roundscale_ps(_mm512_mul_ps(x, _mm512_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT);
  __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693145752f), x);
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(1.42860677e-6f), r);  // ln 2 in two parts
  __m512 p = _mm512_set1_ps(1.0f / 720);
  for (float inverse_factorial : {1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(inverse_factorial));
  return _mm512_mask_mov_ps(_mm512_scalef_ps(p, n), tiny, _mm512_setzero_ps());
}

/// The columns of a span that a query at `position` sees: [begin, end) from the span's first column.
struct Seen {
  int64_t begin, end;

  Seen(const Attention &a, const Span &span, int64_t position) {
    int64_t own = position - a.positions[span.segment];
    begin = a.window > 0 ? std::clamp<int64_t>(own - a.window + 1, 0, span.keys) : 0;
    end = std::clamp<int64_t>(own + 1, begin, span.keys);
  }

  /// Of the 16 columns from `column` on.
  uint16_t mask(int64_t column) const {
    auto below = [](int64_t count) { return count >= lanes ? 0xFFFFu : (1u << std::max<int64_t>(count, 0)) - 1; };
    return static_cast<uint16_t>(below(end - column) & ~below(begin - column));
  }
};

/// The raw scores s of a row to cap tanh(scale s / cap) / scale, which the softmax scales again.
CT_TILE_TARGET void limit(const Attention &a, const std::vector<Span> &spans, float *scores) {
  __m512 by = _mm512_set1_ps(a.scale / a.cap), back = _mm512_set1_ps(a.cap / a.scale), one = _mm512_set1_ps(1.0f);
  for (const Span &span : spans)
    for (int64_t i = 0; i < span.keys; i += lanes) {
      float *at = scores + span.column + i;
      __m512 x = _mm512_mul_ps(_mm512_loadu_ps(at), by);
      __m512 small = exponential(_mm512_mul_ps(_mm512_abs_ps(x), _mm512_set1_ps(-2.0f)));
      __m512 size = _mm512_div_ps(_mm512_sub_ps(one, small), _mm512_add_ps(one, small));
      __mmask16 negative = _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_LT_OQ);
      _mm512_storeu_ps(at, _mm512_mul_ps(_mm512_mask_sub_ps(size, negative, _mm512_setzero_ps(), size), back));
    }
}

/// Turns a row of scores into weights in bfloat16 that are yet to be divided by their sum, which it gives: columns that the
/// query does not see become zero. `sink`, where there is one, is one more score.
CT_TILE_TARGET float soften(const Attention &a, const std::vector<Span> &spans, int64_t position, const float *sink,
                            float *scores, uint16_t *weights) {
  if (a.cap > 0) limit(a, spans, scores);
  __m512 largest = _mm512_set1_ps(sink ? *sink / a.scale : -INFINITY);
  for (const Span &span : spans) {
    Seen seen(a, span, position);
    for (int64_t i = 0; i < span.keys; i += lanes)
      largest = _mm512_mask_max_ps(largest, seen.mask(i), largest, _mm512_loadu_ps(scores + span.column + i));
  }
  __m512 top = _mm512_set1_ps(_mm512_reduce_max_ps(largest)), scale = _mm512_set1_ps(a.scale), sum = _mm512_setzero_ps();
  for (const Span &span : spans) {
    Seen seen(a, span, position);
    for (int64_t i = 0; i < span.keys; i += lanes) {
      __m512 below = _mm512_mul_ps(_mm512_sub_ps(_mm512_loadu_ps(scores + span.column + i), top), scale);
      __m512 weight = _mm512_maskz_mov_ps(seen.mask(i), exponential(below));
      sum = _mm512_add_ps(sum, weight);
      auto *to = reinterpret_cast<__m256i *>(weights + span.column + i);
      _mm256_storeu_si256(to, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(weight)));
    }
  }
  float rest = sink ? std::exp(*sink - _mm512_cvtss_f32(top) * a.scale) : 0;
  return _mm512_reduce_add_ps(sum) + rest;
}

void mix(const Attention &a, const Block &b, const Span &span, int64_t rows, bool adds, const Workspace &w) {
  const uint16_t *values = a.values + a.laid_out(b.group, span.segment);
  int64_t depth = padded(a.length(span.segment));
  for (int64_t i = 0; i < a.dim; i += tiles::panel_columns) {
    int64_t columns = padded(std::min(tiles::panel_columns, a.dim - i)) / lanes;
    for (int64_t r = 0; r < rows; r += tiles::most_rows)
      tiles::multiply({w.weights + r * w.columns + span.column, w.columns, values + i * depth, padded(span.keys),
                       w.mixed + r * a.width + i, a.width, adds},
                      std::min(tiles::most_rows, rows - r), columns);
  }
}

CT_TILE_TARGET void divide(const float *mixed, float sum, uint16_t *out, int64_t dim) {
  __m512 by = _mm512_set1_ps(1.0f / sum);
  for (int64_t i = 0; i < dim; i += lanes) {
    __m512 mean = _mm512_mul_ps(_mm512_loadu_ps(mixed + i), by);
    auto valid = static_cast<__mmask16>(dim - i >= lanes ? 0xFFFF : (1 << (dim - i)) - 1);
    _mm256_mask_storeu_epi16(out + i, valid, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(mean)));
  }
}

void attend(const Attention &a, const Block &b, const Workspace &w) {
  int64_t rows = b.count * heads_a_group(a);
  for (int64_t r = 0; r < rows; r++) std::copy_n(a.q + place(a, b, r), a.dim, w.queries + r * a.dim);
  std::vector<Span> seen = spans(a, b);
  for (const Span &span : seen) score(a, b, span, rows, w);
  float sums[block_rows];
  for (int64_t r = 0; r < rows; r++) {
    int64_t own = a.segments.query_rows[b.first + r % b.count] - a.segments.starts[b.segment];
    const float *sink = a.sinks ? a.sinks + b.group * heads_a_group(a) + r / b.count : nullptr;
    sums[r] = soften(a, seen, a.positions[b.segment] + own, sink, w.scores + r * w.columns, w.weights + r * w.columns);
  }
  for (const Span &span : seen) mix(a, b, span, rows, &span != seen.data(), w);
  for (int64_t r = 0; r < rows; r++) divide(w.mixed + r * a.width, sums[r], a.out + place(a, b, r), a.dim);
}

/// Gives `count` pieces of work to the threads, each of which takes the next as it comes to it.
template <class Work>
void share(int64_t count, Work work) {
  std::atomic<int64_t> next{0};
  parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t) {
    for (int64_t i; (i = next++) < count;) work(i, begin);
  });
}

/// The longest blocks first, so that no thread is left with one at the end.
std::vector<Block> blocks(const Attention &a) {
  std::vector<Block> blocks;
  int64_t most = std::max<int64_t>(1, block_rows / heads_a_group(a));
  for (int64_t s = a.segments.count - 1; s >= 0; s--)
    for (int64_t first = a.segments.query_starts[s]; first < a.segments.query_starts[s + 1]; first += most)
      for (int64_t group = 0; group < a.groups; group++)
        blocks.push_back({s, group, first, std::min(most, a.segments.query_starts[s + 1] - first)});
  return blocks;
}

/// The places of the segments, and how many columns the longest sequence has.
int64_t place_segments(Attention &a) {
  std::vector<int64_t> columns(a.segments.count);
  for (int64_t s = 0; s < a.segments.count; s++) {
    int64_t parent = a.segments.parents[s], own = padded(a.length(s));
    a.places.push_back(a.places.back() + own);
    a.positions.push_back(parent < 0 ? 0 : a.positions[parent] + a.length(parent));
    columns[s] = own + (parent < 0 ? 0 : columns[parent]);
  }
  return *std::max_element(columns.begin(), columns.end());
}

void check(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &s) {
  for (const at::Tensor *t : {&q, &k, &v})
    TORCH_CHECK(t->dim() == 3 && t->is_cpu() && t->is_contiguous() && t->scalar_type() == at::kBFloat16,
                "bfloat16 [tokens, heads, dim] on the CPU are meant");
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

bool has_segment_attention() { return tiles::available(); }

at::Tensor segment_attention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const ct_segments &segments,
                             int64_t window, const ct_scores &scores) {
  TORCH_CHECK(tiles::available() && !recording_gradients, "this processor has no such kernel, or gradients are recorded");
  check(q, k, v, segments);
  auto numbers = [](const at::Tensor &t) { return static_cast<const uint16_t *>(t.const_data_ptr()); };
  at::Tensor out = at::empty_like(q);
  Attention a = {numbers(q), numbers(k), numbers(v), static_cast<uint16_t *>(out.mutable_data_ptr()),
                 q.size(1), k.size(1), q.size(2), segments, window, static_cast<float>(scores.scale),
                 static_cast<float>(scores.cap), sinks_of(scores), {0}, {}, padded(q.size(2)), nullptr, nullptr};
  int64_t longest = place_segments(a);
  at::Tensor laid_out = at::empty({2, a.groups * a.places.back() * a.width}, q.options());
  a.keys = static_cast<uint16_t *>(laid_out.mutable_data_ptr());
  a.values = a.keys + laid_out.size(1);
  share(segments.count * a.groups, [&](int64_t i, int64_t) { lay_out(a, i % a.groups, i / a.groups); });
  std::vector<Block> work = blocks(a);
  int64_t bytes = Workspace::bytes(longest, a.width);
  at::Tensor space = at::empty({at::get_num_threads(), bytes}, at::kByte);
  auto *base = static_cast<uint8_t *>(space.mutable_data_ptr());
  share(static_cast<int64_t>(work.size()),
        [&](int64_t i, int64_t thread) { attend(a, work[i], Workspace(base + thread * bytes, longest, a.width)); });
  return out;
}

#else

bool has_segment_attention() { return false; }

at::Tensor segment_attention(const at::Tensor &, const at::Tensor &, const at::Tensor &, const ct_segments &, int64_t,
                             const ct_scores &) {
  TORCH_CHECK(false, "this processor has no such kernel");
}

#endif

}  // namespace ct
