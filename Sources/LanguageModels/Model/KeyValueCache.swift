import Foundations
import Torch

/// Keys and values of the tokens that sequences have seen so far, so that a new token costs one token.
///
/// One slot a sequence, all of the same capacity. The memory is written in place and belongs to this type alone. Active
/// slots are 0..<count, so that attention can read them as one view: a sequence that ends is replaced by the last.
public final class KeyValueCache {
  public let capacity: Int
  public let slots: Int
  /// Tokens stored in each active slot.
  public private(set) var lengths: [Int] = []
  /// Per layer [slots, key-value heads, capacity, head dimension].
  private let keys: [Tensor]
  private let values: [Tensor]

  /// - Parameter devices: those of the blocks.
  public init(
    _ configuration: ModelConfiguration, slots: Int, capacity: Int, dtype: DType, devices: [Device]
  ) throws(TelltaleError) {
    self.capacity = capacity
    self.slots = slots
    let shape = [slots, configuration.keyValueHeadCount, capacity, configuration.headDimension]
    var keys: [Tensor] = []
    var values: [Tensor] = []
    for device in devices {
      keys.append(try Tensor.zeros(shape, dtype: dtype, device: device))
      values.append(try Tensor.zeros(shape, dtype: dtype, device: device))
    }
    (self.keys, self.values) = (keys, values)
  }

  /// Bytes that a cache of this shape takes.
  public static func byteCount(_ configuration: ModelConfiguration, tokens: Int, dtype: DType) -> Int {
    2 * configuration.layerCount * tokens * configuration.keyValueHeadCount * configuration.headDimension * dtype.size
  }

  public var count: Int { lengths.count }

  /// Takes the next free slots for sequences of the given lengths, whose keys and values will be written next.
  func occupy(_ newLengths: [Int]) -> Range<Int> {
    precondition(count + newLengths.count <= slots && newLengths.allSatisfy { $0 <= capacity }, "the cache is full")
    let first = count
    lengths += newLengths
    return first..<count
  }

  /// Makes room for one more token in every active slot; returns the position it goes to, per slot.
  func grow() -> [Int] {
    let positions = lengths
    precondition(positions.allSatisfy { $0 < capacity }, "the cache is full")
    lengths = lengths.map { $0 + 1 }
    return positions
  }

  /// Writes keys and values [tokens, heads, dim] of one sequence from `start` on.
  func write(layer: Int, slot: Int, start: Int, keys newKeys: Tensor, values newValues: Tensor) throws(TelltaleError) {
    for (store, part) in [(keys[layer], newKeys), (values[layer], newValues)] {
      try store[slot].writeInPlace(1, start: start, part.transposed(0, 1))  // [heads, tokens, dim]
    }
  }

  /// Writes one token [slots, heads, dim] for every active slot, at the places that `grow` gave.
  func write(layer: Int, at places: DecodePlaces, keys newKeys: Tensor, values newValues: Tensor) throws(TelltaleError)
  {
    for (store, part) in [(keys[layer], newKeys), (values[layer], newValues)] {
      try store.transposed(1, 2).writeInPlace(rows: places.slots, columns: places.positions, part)
    }
  }

  /// Keys and values [active slots, heads, longest, dim], as views.
  func read(layer: Int, longest: Int) throws(TelltaleError) -> (keys: Tensor, values: Tensor) {
    func view(_ store: Tensor) throws(TelltaleError) -> Tensor {
      try store.narrowed(0, 0..<count).narrowed(2, 0..<longest)
    }
    return (try view(keys[layer]), try view(values[layer]))
  }

  /// Zeroes a slot: what was not finite there would reach the next sequence through a mask's zeros.
  func clear(slot: Int) throws(TelltaleError) {
    for store in keys + values {
      let own = try store[slot]
      try own.writeInPlace(
        1, start: 0, Tensor.zeros([own.size(0), capacity, own.size(2)], dtype: own.dtype, device: own.device))
    }
  }

  /// Ends the sequence in `slot`; the last active sequence takes its place and gets its number.
  public func remove(slot: Int) throws(TelltaleError) {
    let last = count - 1
    if slot != last {
      for store in keys + values {
        let used = try store[last].narrowed(1, 0..<lengths[last])
        try store[slot].writeInPlace(1, start: 0, used)
      }
      lengths[slot] = lengths[last]
    }
    lengths.removeLast()
  }
}

/// Where the new tokens of a decoding step go, as tensors made once a step.
struct DecodePlaces {
  /// int64 [active slots]
  var slots: Tensor
  var positions: Tensor
}
