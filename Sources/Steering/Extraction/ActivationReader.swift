import LanguageModels
import Torch

/// Reads the residual stream of some layers at the read positions of a pack's sequences.
struct ActivationReader {
  private let model: LanguageModel
  let layers: [Int]
  var hidden: Int { model.configuration.hiddenSize }

  init(_ model: LanguageModel, layers: [Int]) throws {
    try model.check(layers: layers)
    guard !layers.isEmpty else { throw SteeringError(.badInput, "no layers were asked for; name at least one") }
    self.model = model
    self.layers = layers
  }

  /// Float64 [sequences, layers, hidden]; the mean where a sequence is read at several tokens.
  func read(_ batch: PackedBatch, _ reads: [Range<Int>]) throws -> Tensor {
    var places: [Int] = []
    var ends: [Int] = []
    for (sequence, read) in reads.enumerated() {
      places += read.map { batch.index(of: sequence, position: $0) }
      ends.append(places.count)
    }
    let output = try model.forward(batch, taps: Taps(layers: layers, tokens: .tokens(places)))
    let streams = try Tensor.stacked(layers.compactMap { output.residuals[$0] }, 1)  // [places, layers, hidden]
    let wide = try streams.moved(to: .cpu).converted(to: .float64)
    if places.count == reads.count { return wide }
    var start = 0
    var means: [Tensor] = []
    for end in ends {
      means.append(try wide.narrowed(0, start..<end).mean(0))
      start = end
    }
    return try Tensor.stacked(means)
  }
}
