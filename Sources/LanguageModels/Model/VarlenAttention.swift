import Foundations
import Torch

/// Attention over a pack in one call of a variable-length kernel: the tokens of every segment are its queries, and its
/// keys are those of its ancestors and its own, gathered side by side.
///
/// A GPU is given one kernel a layer, where attention by groups of segments takes several for each group.
struct VarlenAttention {
  private let queryStarts, keyStarts: Tensor  // int32 [segments + 1]
  /// Where each key lies in the pack: int64 [keys]; nil where no segment has ancestors, so that keys lie as they are.
  private let keyRows: Tensor?
  private let longest: (queries: Int, keys: Int)

  /// Whether a fused kernel takes these numbers on this device.
  static func isFused(dtype: DType, device: Device, headDimension: Int, windows: Set<Int?>, longest: Int) -> Bool {
    guard device != .cpu else { return false }
    switch dtype {
    case .bfloat16, .float16: return headDimension % 8 == 0 && headDimension <= 256
    case .float32: return headDimension % 4 == 0 && windows.allSatisfy { $0.map { $0 >= longest } ?? true }
    default: return false
    }
  }

  init(_ batch: PackedBatch, device: Device) throws(TelltaleError) {
    var rows: [Int] = []
    var queryStarts: [Int32] = [0]
    var keyStarts: [Int32] = [0]
    var longest = (queries: 0, keys: 0)
    for (index, segment) in batch.segments.enumerated() where !segment.range.isEmpty {
      for ancestor in batch.chain(endingAt: index) { rows += batch.segments[ancestor].range }
      longest.queries = max(longest.queries, segment.range.count)
      longest.keys = max(longest.keys, rows.count - Int(keyStarts[keyStarts.count - 1]))
      queryStarts.append(Int32(segment.range.upperBound))
      keyStarts.append(Int32(rows.count))
    }
    self.queryStarts = try Tensor(queryStarts).moved(to: device)
    self.keyStarts = try Tensor(keyStarts).moved(to: device)
    self.longest = longest
    let gathers = batch.segments.contains { $0.parent != nil }
    keyRows = gathers ? try Tensor(rows).moved(to: device) : nil
  }

  /// Attention of all tokens: q [tokens, heads, dim], k and v [tokens, key-value heads, dim] to [tokens, heads * dim].
  func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, window: Int?, scale: Double) throws(TelltaleError) -> Tensor {
    func gathered(_ t: Tensor) throws(TelltaleError) -> Tensor {
      guard let keyRows else { return t }
      return try t.selected(0, keyRows)  // [keys, key-value heads, dim]
    }
    let mixed = try q.varlenAttention(
      gathered(k), gathered(v), queryStarts: queryStarts, keyStarts: keyStarts, longest: longest, window: window,
      scale: scale)
    return try mixed.reshaped([q.size(0), q.size(1) * q.size(2)])
  }
}
