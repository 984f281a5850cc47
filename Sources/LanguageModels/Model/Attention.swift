import Foundations
import Torch

/// What the queries of a pass may attend to, worked out once a pass and used by every layer.
enum AttentionContext {
  /// Sequences that begin here; their keys and values are also kept in `cache` where one is given, in `slots`.
  case packed(PackedAttention, cache: KeyValueCache?, slots: Range<Int>)
  /// One new token for every active slot of a cache.
  case decoding(DecodingAttention)

  /// The same for blocks on another device.
  func moved(to device: Device) throws(TelltaleError) -> AttentionContext {
    switch self {
    case .packed(let plan, let cache, let slots): .packed(try plan.moved(to: device), cache: cache, slots: slots)
    case .decoding(let plan): .decoding(try plan.moved(to: device))
    }
  }

  /// By token, whether 8 bits of it will do; nil: of none.
  var coarseTokens: [Bool]? {
    if case .packed(let plan, _, _) = self { plan.coarseTokens } else { nil }
  }
}

extension AttentionContext {
  /// Of the tokens that a block continues with, those whose queries are computed: where the kernel lets queries be left out,
  /// no others.
  func queried(_ kept: KeptTokens) -> KeptTokens {
    if case .packed(let plan, _, _) = self, plan.segments != nil { kept } else { .all }
  }
}

/// Attention over a pack: by one kernel for all of it where there is one, and otherwise root segments of equal length in
/// one causal call, children of one parent in one masked call.
struct PackedAttention {
  enum Call: Equatable {
    /// `count` root segments of `length` tokens, side by side from `start` on.
    case roots(start: Int, count: Int, length: Int)
    /// Child segments side by side, and the ranges of the ancestors they all continue, root first.
    case children(segments: [Int], ancestors: [Range<Int>])
  }

  /// Children of one parent are treated together up to this many queries: beyond, the mask costs more than it saves.
  private static let largestMaskedCall = 256

  let batch: PackedBatch
  let calls: [Call]
  /// Additive masks by call, per window (nil: no window): made once, used by every layer.
  private var masks: [Int?: [Tensor?]]
  private var varlen: VarlenAttention?
  fileprivate let segments: SegmentAttention?
  /// By token, whether 8 bits of it will do; nil: of none.
  let coarseTokens: [Bool]?

  /// - Parameter withGradients: whether passes may be recorded.
  init(
    _ batch: PackedBatch, for model: LanguageModel, withGradients: Bool = isRecordingGradients
  ) throws(TelltaleError) {
    self.batch = batch
    coarseTokens = model.roundsSharedTokens ? batch.sharedTokens : nil
    let wanted = model.attentionKernel ?? AttentionKernel(batch, for: model, withGradients: withGradients)
    let kernel = wanted == .varlen && !model.configuration.hasPlainScores ? .composed : wanted
    varlen = kernel == .varlen ? try VarlenAttention(batch, device: model.device) : nil
    segments = kernel == .segments ? SegmentAttention(batch) : nil
    calls = kernel == .composed ? Self.calls(batch) : []
    masks = try Self.masks(calls, batch, Set(model.configuration.windows), model.dtype, model.device)
  }

  func moved(to device: Device) throws(TelltaleError) -> PackedAttention {
    var plan = self
    plan.varlen = try varlen == nil ? nil : VarlenAttention(batch, device: device)
    for (window, own) in masks {
      plan.masks[window] = try own.map { mask throws(TelltaleError) in try mask?.moved(to: device) }
    }
    return plan
  }

  private static func masks(
    _ calls: [Call], _ batch: PackedBatch, _ windows: Set<Int?>, _ dtype: DType, _ device: Device
  ) throws(TelltaleError) -> [Int?: [Tensor?]] {
    var masks: [Int?: [Tensor?]] = [:]
    for window in windows {
      var made: [Tensor?] = []
      for call in calls {
        made.append(try mask(call, batch, window: window)?.converted(to: dtype, device: device))
      }
      masks[window] = made
    }
    return masks
  }

  private static func calls(_ batch: PackedBatch) -> [Call] {
    var calls: [Call] = []
    for (index, segment) in batch.segments.enumerated() where !segment.range.isEmpty {
      if let parent = segment.parent {
        appendChild(index, parent, batch, &calls)
      } else if case .roots(let start, let count, segment.range.count)? = calls.last,
        start + count * segment.range.count == segment.range.lowerBound
      {
        calls[calls.count - 1] = .roots(start: start, count: count + 1, length: segment.range.count)
      } else {
        calls.append(.roots(start: segment.range.lowerBound, count: 1, length: segment.range.count))
      }
    }
    return calls
  }

  private static func appendChild(_ index: Int, _ parent: Int, _ batch: PackedBatch, _ calls: inout [Call]) {
    if case .children(let siblings, let ancestors)? = calls.last, batch.segments[siblings[0]].parent == parent {
      let total = siblings.reduce(batch.segments[index].range.count) { $0 + batch.segments[$1].range.count }
      if total <= largestMaskedCall {
        calls[calls.count - 1] = .children(segments: siblings + [index], ancestors: ancestors)
        return
      }
    }
    let ancestors = batch.chain(endingAt: parent).map { batch.segments[$0].range }.filter { !$0.isEmpty }
    calls.append(.children(segments: [index], ancestors: ancestors))
  }

  /// Additive mask [queries, keys] in float32; nil where plain causal attention does.
  private static func mask(_ call: Call, _ batch: PackedBatch, window: Int?) throws(TelltaleError) -> Tensor? {
    switch call {
    case .roots(_, _, let length):
      guard let window, window < length else { return nil }
      return try mask(length, length) { query, key in key <= query && key > query - window }
    case .children(let segments, let ancestors):
      let inherited = ancestors.flatMap { $0 }
      let own = segments.flatMap { segment in batch.segments[segment].range.map { (segment, $0) } }
      return try mask(own.count, inherited.count + own.count) { query, key in
        let token = own[query]
        let seen = key < inherited.count ? inherited[key] : own[key - inherited.count].1
        let visible = key < inherited.count || (own[key - inherited.count].0 == token.0 && seen <= token.1)
        let distance = batch.positions[token.1] - batch.positions[seen]
        return visible && window.map { distance < $0 } ?? true
      }
    }
  }

  static func mask(_ queries: Int, _ keys: Int, _ visible: (Int, Int) -> Bool) throws(TelltaleError) -> Tensor {
    var values = [Float](repeating: -.infinity, count: queries * keys)
    for query in 0..<queries {
      for key in 0..<keys where visible(query, key) { values[query * keys + key] = 0 }
    }
    return try Tensor(values, shape: [queries, keys])
  }

  /// Attention of all tokens: q [tokens, heads, dim], k and v [tokens, key-value heads, dim] to [tokens, heads * dim]. Of
  /// the kept tokens alone where `AttentionContext.queried` says so.
  func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, keeping kept: KeptTokens, _ scores: AttentionScores
  ) throws(TelltaleError) -> Tensor {
    if let varlen { return try varlen.attend(q, k, v, window: scores.window, scale: scores.scale) }
    if let segments { return try segments.attend(q, k, v, keeping: kept, scores) }
    let width = q.size(1) * q.size(2)
    var parts: [Tensor] = []
    for (index, call) in calls.enumerated() {
      let mask = masks[scores.window]?[index]
      let out: Tensor  // [n, heads, queries, dim]
      switch call {
      case .roots(let start, let count, let length):
        let range = start..<start + count * length
        func rows(_ t: Tensor) throws(TelltaleError) -> Tensor {
          try t.narrowed(0, range).reshaped([count, length, t.size(1), t.size(2)])
        }
        out = try Self.call(rows(q), rows(k), rows(v), mask: mask, causal: mask == nil, scores)
      case .children(let segments, let ancestors):
        let own = range(of: segments)
        func rows(_ t: Tensor, _ ranges: [Range<Int>]) throws(TelltaleError) -> Tensor {
          var pieces: [Tensor] = []
          for range in ranges { pieces.append(try t.narrowed(0, range)) }
          return try Tensor.concatenated(pieces).unsqueezed(0)
        }
        let keys = ancestors + [own]
        out = try Self.call(rows(q, [own]), rows(k, keys), rows(v, keys), mask: mask, causal: false, scores)
      }
      parts.append(try out.transposed(1, 2).reshaped([-1, width]))
    }
    return try Tensor.concatenated(parts)
  }

  private func range(of segments: [Int]) -> Range<Int> {
    batch.segments[segments[0]].range.lowerBound..<batch.segments[segments[segments.count - 1]].range.upperBound
  }

  /// q [n, a, heads, dim], k and v [n, b, key-value heads, dim] to [n, heads, a, dim].
  private static func call(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, mask: Tensor?, causal: Bool, _ scores: AttentionScores
  ) throws(TelltaleError) -> Tensor {
    let heads = q.size(2)
    return try scores.attend(
      q.transposed(1, 2), repeated(k, heads), repeated(v, heads), mask: mask, causal: causal)
  }

  /// [n, b, key-value heads, dim] to [n, heads, b, dim], each key-value head serving its group of query heads.
  private static func repeated(_ t: Tensor, _ heads: Int) throws(TelltaleError) -> Tensor {
    let (n, b, own, dim) = (t.size(0), t.size(1), t.size(2), t.size(3))
    let byHead = try t.transposed(1, 2)  // [n, own, b, dim]
    if own == heads { return byHead }
    return try byHead.unsqueezed(2).expanded([n, own, heads / own, b, dim]).reshaped([n, heads, b, dim])
  }

  /// Stores the keys and values of every sequence, its ancestors' included, in its slot of the cache.
  func fill(_ cache: KeyValueCache, slots: Range<Int>, layer: Int, keys: Tensor, values: Tensor) throws(TelltaleError) {
    for (sequence, slot) in slots.enumerated() {
      for segment in batch.chain(of: sequence).map({ batch.segments[$0] }) where !segment.range.isEmpty {
        try cache.write(
          layer: layer, slot: slot, start: segment.start, keys: keys.narrowed(0, segment.range),
          values: values.narrowed(0, segment.range))
      }
    }
  }
}

/// Attention of one new token a sequence over a cache.
struct DecodingAttention {
  let cache: KeyValueCache
  /// The position of the new token of every slot.
  let positions: [Int]
  private(set) var places: DecodePlaces
  private let longest: Int
  private var masks: [Int?: Tensor?]
  /// Whether every sequence attends over its own length, so that it does not depend on the longest.
  private let byLength: Bool

  /// Makes room for the new tokens in the cache.
  ///
  /// - Parameter byLength: where `Tensor.attentionByLength` knows the numbers.
  init(
    _ cache: KeyValueCache, windows: Set<Int?>, dtype: DType, device: Device, byLength: Bool = false
  ) throws(TelltaleError) {
    self.cache = cache
    positions = cache.grow()
    places = DecodePlaces(
      slots: try Tensor(Array(positions.indices)).moved(to: device), positions: try Tensor(positions).moved(to: device))
    longest = (positions.max() ?? 0) + 1
    self.byLength = byLength
    var masks: [Int?: Tensor?] = [:]
    for window in windows where !byLength {
      masks[window] = try Self.mask(positions, longest, window)?.converted(to: dtype, device: device)
    }
    self.masks = masks
  }

  func moved(to device: Device) throws(TelltaleError) -> DecodingAttention {
    var plan = self
    plan.places = DecodePlaces(
      slots: try places.slots.moved(to: device), positions: try places.positions.moved(to: device))
    for (window, mask) in masks { plan.masks[window] = .some(try mask?.moved(to: device)) }
    return plan
  }

  /// [slots, 1, 1, longest]; nil where every slot sees everything.
  private static func mask(_ positions: [Int], _ longest: Int, _ window: Int?) throws(TelltaleError) -> Tensor? {
    let windowed = window.map { $0 < longest } ?? false
    guard windowed || positions.contains(where: { $0 != longest - 1 }) else { return nil }
    let flat = try PackedAttention.mask(positions.count, longest) { slot, key in
      key <= positions[slot] && window.map { key > positions[slot] - $0 } ?? true
    }
    return try flat.reshaped([positions.count, 1, 1, longest])
  }

  /// q [slots, heads, dim], k and v [slots, key-value heads, dim] of the new tokens to [slots, heads * dim].
  func attend(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, layer: Int, _ scores: AttentionScores
  ) throws(TelltaleError) -> Tensor {
    try cache.write(layer: layer, at: places, keys: k, values: v)
    let (keys, values) = try cache.read(layer: layer, longest: longest)
    let (slots, heads, dim, groups) = (q.size(0), q.size(1), q.size(2), k.size(1))
    // The query heads of one key-value head go in as so many queries, which spares copies of the cache.
    let grouped = try q.reshaped([slots, groups, heads / groups, dim])
    if byLength {
      return try grouped.attentionByLength(
        keys, values, lengths: positions.map { $0 + 1 }, window: scores.window, scale: scores.scale, cap: scores.cap,
        sinks: scores.sinks?.wide
      )
      .reshaped([slots, heads * dim])
    }
    let out = try scores.attend(
      grouped, keys, values, mask: masks[scores.window] ?? nil, queriesAreHeads: true)
    return try out.reshaped([slots, heads * dim])
  }
}
