import Foundations
import LanguageModels
import Torch

/// Reads the residual stream of some layers at the read positions of a pack's sequences.
struct ActivationReader: Sendable {
  private let model: LanguageModel
  let layers: [Int]
  var hidden: Int { model.configuration.hiddenSize }

  init(_ model: LanguageModel, layers: [Int]) throws {
    try model.check(layers: layers)
    guard !layers.isEmpty else { throw TelltaleError(.badInput, "no layers were asked for; name at least one") }
    self.model = model
    self.layers = layers
  }

  /// The device that `launch` leaves its results on.
  var device: Device { model.device }

  /// How many passes are best launched at the same time, each from its own thread.
  var passesTogether: Int { ThreadPolicy.passesTogether(model) }

  /// Float64 [sequences, layers, hidden] on the CPU; the mean where a sequence is read at several tokens.
  func read(_ batch: PackedBatch, _ reads: [Range<Int>]) throws -> Tensor {
    let reading = try launch(batch, reads)
    try check(reading)
    return try reading.streams.moved(to: .cpu)
  }

  /// A reading that a GPU may still be computing.
  struct Reading: Sendable {
    /// Float64 [sequences, layers, hidden] on the model's device.
    var streams: Tensor
    fileprivate var output: LanguageModel.Output
  }

  /// Starts a reading without waiting for it; `check` it once the next one is under way.
  func launch(_ batch: PackedBatch, _ reads: [Range<Int>]) throws -> Reading {
    var places: [Int] = []
    var ends: [Int] = []
    for (sequence, read) in reads.enumerated() {
      places += read.map { batch.index(of: sequence, position: $0) }
      ends.append(places.count)
    }
    let output = try model.launch(batch, taps: Taps(layers: layers, tokens: .tokens(places)))
    let streams = try Tensor.stacked(layers.compactMap { output.residuals[$0] }, 1)  // [places, layers, hidden]
    let wide = try streams.converted(to: .float64)
    return Reading(streams: places.count == reads.count ? wide : try Self.means(wide, ends), output: output)
  }

  /// Waits for a reading and refuses one that is not finite.
  func check(_ reading: Reading) throws { try model.requireFinite(reading.output) }

  private static func means(_ streams: Tensor, _ ends: [Int]) throws -> Tensor {
    var start = 0
    var means: [Tensor] = []
    for end in ends {
      means.append(try streams.narrowed(0, start..<end).mean(0))
      start = end
    }
    return try Tensor.stacked(means)
  }
}
