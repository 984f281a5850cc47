// Numbers out of quantised blocks: the formats of the GGML library. Included in bodies, once for every instruction set.
//
// Formulas: ggml-quants.c of the GGML project (dequantize_row_*). Each step is rounded to float32 as its reference
// implementation in Python rounds it, so that no product is fused with a sum.

/// A float16 number: the exponent's bias differs by 112, which a product restores also for subnormals.
inline float half_at(const uint8_t *p) {
  uint32_t half = read<uint16_t>(p), magnitude = (half & 0x7FFFu) << 13;
  uint32_t wide = bits<uint32_t>(bits<float>(magnitude) * 0x1p112f);
  return bits<float>((magnitude >= 0x0F800000u ? wide | 0x7F800000u : wide) | (half & 0x8000u) << 16);
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
#pragma clang fp contract(off)
    const float d = half_at(p), m = half_at(p + 2);
    const uint8_t *q = p + 4;
    for (int i = 0; i < 16; i++) {
      out[i] = d * static_cast<float>(q[i] & 15) + m;
      out[i + 16] = d * static_cast<float>(q[i] >> 4) + m;
    }
  }
};

/// The fifth bits of 32 numbers, as 16 or 0.
inline void fifth_bits(const uint8_t *p, uint8_t *out) {
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
#pragma clang fp contract(off)
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
#pragma clang fp contract(off)
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
inline void scale_and_least(const uint8_t *p, int part, uint8_t *scale, uint8_t *least) {
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
#pragma clang fp contract(off)
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
#pragma clang fp contract(off)
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
bool by_format(int32_t type, const Body &body) {
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
