import Foundations
import Torch

/// Where a model's weights are read from, by the names of its family's published safetensors files: a checkpoint in
/// safetensors, a quantised one that is unpacked as it is read, a GGUF file whose names are translated.
///
/// What it gives are plain numbers [out, in] as the published file has them: a source that stores them otherwise (packed,
/// permuted, under other names) undoes that itself.
package protocol WeightSource: Sendable {
  /// Names of everything that can be asked for.
  var names: [String] { get }

  func contains(_ name: String) -> Bool

  /// Rows and columns, without reading the numbers.
  func shape(of name: String) throws -> [Int]

  /// The dtype that `tensor` gives.
  func dtype(of name: String) throws -> DType

  /// The numbers, on the CPU; without a copy where the file's own pages can be used.
  func tensor(_ name: String) throws -> Tensor

  /// One slice of the first dimension, as of experts stacked in one tensor: sources that unpack override it, so that
  /// the others are not unpacked with it.
  func tensor(_ name: String, at index: Int) throws -> Tensor

  /// The stored blocks of a matrix (or of one slice), where they are in its layout; nil where it is stored otherwise.
  func blocks(of name: String, at index: Int?) throws -> StoredBlocks?

  /// Gives back the memory of pages that were read and are not needed again.
  func forget(_ name: String)

  /// The file that a name is in, for messages.
  func file(of name: String) -> String
}

extension WeightSource {
  package func contains(_ name: String) -> Bool { names.contains(name) }

  package func tensor(_ name: String, at index: Int) throws -> Tensor { try tensor(name)[index] }

  package func blocks(of name: String, at index: Int?) throws -> StoredBlocks? { nil }

  package func forget(_ name: String) {}
}

/// A matrix as a file has it: uint8 [out, bytes of a row] and what the bytes are.
package struct StoredBlocks {
  package var bytes: Tensor
  package var type: GGMLType
}

/// Where one of a model's weights lies in its source: a name, and what part of the tensor in which layout.
package struct WeightPlace: Sendable, Equatable {
  /// What to do with the tensor before it is the weight [out, in] (or bias [out]), in order.
  package enum Step: Sendable, Equatable {
    /// Slice `index` of the first dimension: an expert of a stack. Only as the first step.
    case slice(Int)
    /// [in, out] to [out, in], as GPT-2 stores its matrices.
    case transposed
    /// Rows (of a bias: numbers) `range` of `total`: a part of fused projections, one after the other.
    case rows(Range<Int>, of: Int)
    /// Part `part` of `parts` that take turns in blocks of `block` rows: fused projections interleaved per head, or gate
    /// and up row by row.
    case interleaved(part: Int, of: Int, block: Int)
  }

  package var name: String
  package var steps: [Step]

  package init(_ name: String, _ steps: [Step] = []) {
    self.name = name
    self.steps = steps
  }

  /// The weight, as a view of the source's tensor where that can be.
  package func read(_ source: any WeightSource) throws -> Tensor {
    var rest = steps[...]
    var tensor: Tensor
    if case .slice(let index)? = rest.first {
      tensor = try source.tensor(name, at: index)
      rest = rest.dropFirst()
    } else {
      tensor = try source.tensor(name)
    }
    for step in rest { tensor = try step.applied(to: tensor) }
    return tensor
  }

  /// The weight as its source's own blocks; nil where those are in another layout, or floats.
  package func blocks(_ source: any WeightSource) throws -> BlockMatrix? {
    guard !steps.contains(.transposed) else { return nil }
    var (index, rest): (Int?, ArraySlice<Step>) = (nil, steps[...])
    if case .slice(let first)? = rest.first { (index, rest) = (first, rest.dropFirst()) }
    guard let stored = try source.blocks(of: name, at: index) else { return nil }
    return try BlockMatrix(bytes: rest.reduce(stored.bytes) { try $1.applied(to: $0) }, stored.type)
  }

  /// The shape that `read` gives, without reading; nil where the tensor's own shape does not allow the steps.
  package func shape(_ source: any WeightSource) throws -> [Int]? {
    try steps.reduce(source.shape(of: name)) { shape, step in shape.flatMap(step.shape(of:)) }
  }
}

extension WeightPlace.Step {
  func applied(to tensor: Tensor) throws(TelltaleError) -> Tensor {
    switch self {
    case .slice(let index): return try tensor[index]
    case .transposed: return try tensor.transposed(0, 1)
    case .rows(let range, _): return try tensor.narrowed(0, range)
    case .interleaved(let part, let parts, let block):
      let rest = Array(tensor.shape.dropFirst())
      let turns = try tensor.reshaped([-1, parts, block] + rest)  // [turns, parts, block, ...]
      return try turns.narrowed(1, part..<part + 1).reshaped([-1] + rest)
    }
  }

  func shape(of shape: [Int]) -> [Int]? {
    guard let first = shape.first else { return nil }
    let rest = Array(shape.dropFirst())
    switch self {
    case .slice(let index): return index < first ? rest : nil
    case .transposed: return shape.count == 2 ? shape.reversed() : nil
    case .rows(let range, let total): return first == total ? [range.count] + rest : nil
    case .interleaved(_, let parts, let block): return first % (parts * block) == 0 ? [first / parts] + rest : nil
    }
  }
}
