// Numbers out of quantised blocks: the formats of the GGML library, and tables of codes.
//
// Formulas: ggml-quants.c of the GGML project (dequantize_row_*). Each step is rounded to float32 as its reference
// implementation in Python rounds it, so that no product is fused with a sum.
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>

#include "../boundary/Guard.h"
#include "../kernels/Parallel.h"

#pragma STDC FP_CONTRACT OFF

namespace ct {

namespace {

float half_at(const uint8_t *p) {
  uint16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return c10::detail::fp16_ieee_to_fp32_value(bits);
}

// Each format: bytes and numbers of a block, and how the numbers are computed.

struct F32 {
  static constexpr int64_t bytes = 4, values = 1;
  static void decode(const uint8_t *p, float *out) { std::memcpy(out, p, 4); }
};

struct F16 {
  static constexpr int64_t bytes = 2, values = 1;
  static void decode(const uint8_t *p, float *out) { *out = half_at(p); }
};

struct BF16 {
  static constexpr int64_t bytes = 2, values = 1;
  static void decode(const uint8_t *p, float *out) {
    const uint8_t wide[4] = {0, 0, p[0], p[1]};
    std::memcpy(out, wide, 4);
  }
};

struct Q4_0 {
  static constexpr int64_t bytes = 18, values = 32;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p);
    const uint8_t *q = p + 2;
    for (int i = 0; i < 16; i++) {
      out[i] = d * static_cast<float>((q[i] & 15) - 8);
      out[i + 16] = d * static_cast<float>((q[i] >> 4) - 8);
    }
  }
};

struct Q4_1 {
  static constexpr int64_t bytes = 20, values = 32;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p), m = half_at(p + 2);
    const uint8_t *q = p + 4;
    for (int i = 0; i < 16; i++) {
      out[i] = d * static_cast<float>(q[i] & 15) + m;
      out[i + 16] = d * static_cast<float>(q[i] >> 4) + m;
    }
  }
};

/// The fifth bits of 32 numbers, as 16 or 0.
void fifth_bits(const uint8_t *p, uint8_t *out) {
  uint32_t bits;
  std::memcpy(&bits, p, sizeof bits);
  for (int i = 0; i < 32; i++) out[i] = static_cast<uint8_t>(((bits >> i) & 1) << 4);
}

struct Q5_0 {
  static constexpr int64_t bytes = 22, values = 32;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p);
    uint8_t high[32];
    fifth_bits(p + 2, high);
    const uint8_t *q = p + 6;
    for (int i = 0; i < 16; i++) {
      out[i] = d * static_cast<float>(((q[i] & 15) | high[i]) - 16);
      out[i + 16] = d * static_cast<float>(((q[i] >> 4) | high[i + 16]) - 16);
    }
  }
};

struct Q5_1 {
  static constexpr int64_t bytes = 24, values = 32;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p), m = half_at(p + 2);
    uint8_t high[32];
    fifth_bits(p + 4, high);
    const uint8_t *q = p + 8;
    for (int i = 0; i < 16; i++) {
      out[i] = d * static_cast<float>((q[i] & 15) | high[i]) + m;
      out[i + 16] = d * static_cast<float>((q[i] >> 4) | high[i + 16]) + m;
    }
  }
};

struct Q8_0 {
  static constexpr int64_t bytes = 34, values = 32;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p);
    for (int i = 0; i < 32; i++) out[i] = d * static_cast<float>(static_cast<int8_t>(p[2 + i]));
  }
};

struct Q2_K {
  static constexpr int64_t bytes = 84, values = 256;
  static void decode(const uint8_t *p, float *out) {
    const uint8_t *q = p + 16;
    const float d = half_at(p + 80), least = half_at(p + 82);
    for (int part = 0; part < 16; part++) {
      // Parts of 16: two for each of four shifts, in two halves of 32 bytes.
      const uint8_t *bytes_of_part = q + part / 8 * 32 + part % 2 * 16;
      const int shift = part / 2 % 4 * 2;
      const float scale = d * static_cast<float>(p[part] & 15), offset = least * static_cast<float>(p[part] >> 4);
      for (int i = 0; i < 16; i++)
        out[part * 16 + i] = scale * static_cast<float>((bytes_of_part[i] >> shift) & 3) - offset;
    }
  }
};

struct Q3_K {
  static constexpr int64_t bytes = 110, values = 256;
  static void decode(const uint8_t *p, float *out) {
    const uint8_t *mask = p, *q = p + 32, *packed = p + 96;
    const float d = half_at(p + 108);
    for (int part = 0; part < 16; part++) {
      // Six bits: four in the first 8 bytes, two in the last 4.
      const int low = (packed[part % 8] >> (part / 8 * 4)) & 15, high = (packed[8 + part % 4] >> (part / 4 * 2)) & 3;
      const float scale = d * static_cast<float>((low | high << 4) - 32);
      const uint8_t *bytes_of_part = q + part / 8 * 32 + part % 2 * 16, *mask_of_part = mask + part % 2 * 16;
      const int shift = part / 2 % 4 * 2, bit = part / 2;
      for (int i = 0; i < 16; i++) {
        const int subtracted = (mask_of_part[i] >> bit) & 1 ? 0 : 4;
        out[part * 16 + i] = scale * static_cast<float>(((bytes_of_part[i] >> shift) & 3) - subtracted);
      }
    }
  }
};

/// Scale and least value (6 bits each) of part `part` of 8, as Q4_K and Q5_K pack them in 12 bytes.
void scale_and_least(const uint8_t *p, int part, uint8_t *scale, uint8_t *least) {
  if (part < 4) {
    *scale = p[part] & 63;
    *least = p[part + 4] & 63;
  } else {
    *scale = static_cast<uint8_t>((p[part + 4] & 15) | ((p[part - 4] >> 2) & 48));
    *least = static_cast<uint8_t>((p[part + 4] >> 4) | ((p[part] >> 2) & 48));
  }
}

struct Q4_K {
  static constexpr int64_t bytes = 144, values = 256;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p), least = half_at(p + 2);
    for (int part = 0; part < 8; part++) {
      uint8_t s, m;
      scale_and_least(p + 4, part, &s, &m);
      const float scale = d * static_cast<float>(s), offset = least * static_cast<float>(m);
      const uint8_t *q = p + 16 + part / 2 * 32;
      const int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) out[part * 32 + i] = scale * static_cast<float>((q[i] >> shift) & 15) - offset;
    }
  }
};

struct Q5_K {
  static constexpr int64_t bytes = 176, values = 256;
  static void decode(const uint8_t *p, float *out) {
    const float d = half_at(p), least = half_at(p + 2);
    const uint8_t *high = p + 16;
    for (int part = 0; part < 8; part++) {
      uint8_t s, m;
      scale_and_least(p + 4, part, &s, &m);
      const float scale = d * static_cast<float>(s), offset = least * static_cast<float>(m);
      const uint8_t *q = p + 48 + part / 2 * 32;
      const int shift = part % 2 * 4;
      for (int i = 0; i < 32; i++) {
        const int value = ((q[i] >> shift) & 15) | ((high[i] >> part) & 1) << 4;
        out[part * 32 + i] = scale * static_cast<float>(value) - offset;
      }
    }
  }
};

struct Q6_K {
  static constexpr int64_t bytes = 210, values = 256;
  static void decode(const uint8_t *p, float *out) {
    const uint8_t *low = p, *high = p + 128;
    const auto *scales = reinterpret_cast<const int8_t *>(p + 192);
    const float d = half_at(p + 208);
    for (int part = 0; part < 16; part++) {
      // Runs of 32 numbers: two of 64 low bytes for each shift of 4 bits, one of 32 high bytes for each shift of 2.
      const int run = part / 2, start = part % 2 * 16;
      const uint8_t *l = low + run / 4 * 64 + run % 2 * 32 + start, *h = high + run / 4 * 32 + start;
      const int low_shift = run / 2 % 2 * 4, high_shift = run % 4 * 2;
      const float scale = d * static_cast<float>(scales[part]);
      for (int i = 0; i < 16; i++) {
        const int value = ((l[i] >> low_shift) & 15) | ((h[i] >> high_shift) & 3) << 4;
        out[part * 16 + i] = scale * static_cast<float>(value - 32);
      }
    }
  }
};

/// `body` with a value of the format's type; false for a type that is not read.
template <class Body>
bool dispatch(int32_t type, const Body &body) {
  switch (type) {
    case 0: return body(F32()), true;
    case 1: return body(F16()), true;
    case 2: return body(Q4_0()), true;
    case 3: return body(Q4_1()), true;
    case 6: return body(Q5_0()), true;
    case 7: return body(Q5_1()), true;
    case 8: return body(Q8_0()), true;
    case 10: return body(Q2_K()), true;
    case 11: return body(Q3_K()), true;
    case 12: return body(Q4_K()), true;
    case 13: return body(Q5_K()), true;
    case 14: return body(Q6_K()), true;
    case 30: return body(BF16()), true;
    default: return false;
  }
}

/// Enough numbers a thread that starting it is worth it.
constexpr int64_t grain = 1 << 16;

template <class Format, class Out>
void decode(const uint8_t *data, int64_t blocks, Out *out) {
  parallel_for(0, blocks, grain / Format::values, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) {
      float numbers[Format::values];
      Format::decode(data + b * Format::bytes, numbers);
      Out *to = out + b * Format::values;
      for (int64_t i = 0; i < Format::values; i++) to[i] = static_cast<Out>(numbers[i]);
    }
  });
}

template <class Format>
void decode(const uint8_t *data, at::Tensor &out) {
  const int64_t blocks = out.numel() / Format::values;
  switch (out.scalar_type()) {
    case at::kFloat: return decode<Format>(data, blocks, out.data_ptr<float>());
    case at::kDouble: return decode<Format>(data, blocks, out.data_ptr<double>());
    case at::kHalf: return decode<Format>(data, blocks, out.data_ptr<at::Half>());
    case at::kBFloat16: return decode<Format>(data, blocks, out.data_ptr<at::BFloat16>());
    default: TORCH_CHECK(false, "quantised blocks are numbers of a floating-point type");
  }
}

template <class Each>
at::Tensor look_up(const at::Tensor &codes, int64_t per_code, const Each &each) {
  auto shape = codes.sizes().vec();
  shape.back() *= per_code;
  auto out = at::empty(shape, codes.options().dtype(at::kFloat));
  const auto *from = codes.data_ptr<uint8_t>();
  auto *to = out.data_ptr<float>();
  parallel_for(0, codes.numel(), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) each(from[i], to + i * per_code);
  });
  return out;
}

}  // namespace

}  // namespace ct

using namespace ct;

int64_t ct_ggml_block_bytes(int32_t type) {
  int64_t result = 0;
  dispatch(type, [&](auto format) { result = format.bytes; });
  return result;
}

int64_t ct_ggml_block_values(int32_t type) {
  int64_t result = 0;
  dispatch(type, [&](auto format) { result = format.values; });
  return result;
}

ct_tensor ct_dequantise_ggml(const void *data, int32_t type, const int64_t *shape, int64_t rank, ct_dtype dtype,
                             ct_error *error) {
  return tensor(error, [&] {
    auto out = at::empty(dims(shape, rank), at::TensorOptions().dtype(scalar_type(dtype)));
    bool known = dispatch(type, [&](auto format) {
      TORCH_CHECK(out.numel() % format.values == 0, "the numbers are no whole number of blocks");
      decode<decltype(format)>(static_cast<const uint8_t *>(data), out);
    });
    TORCH_CHECK(known, "unknown block type ", type);
    return out;
  });
}

ct_tensor ct_look_up(ct_tensor codes, int64_t bits, bool low_first, const float *table, ct_error *error) {
  return tensor(error, [&] {
    const auto &t = unwrap(codes);
    TORCH_CHECK(t.scalar_type() == at::kByte && t.is_contiguous() && t.device().is_cpu() && t.dim() > 0,
                "codes are contiguous bytes on the CPU");
    TORCH_CHECK(bits == 4 || bits == 8, "codes have 4 or 8 bits");
    if (bits == 8) return look_up(t, 1, [=](uint8_t code, float *to) { to[0] = table[code]; });
    return look_up(t, 2, [=](uint8_t code, float *to) {
      to[low_first ? 0 : 1] = table[code & 15];
      to[low_first ? 1 : 0] = table[code >> 4];
    });
  });
}
