import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Torch

/// How long it takes until a checkpoint is ready, and what memory it then holds.
struct BenchLoad: Encodable {
  var model: String
  var weightBytes: Int
  /// Seconds from the directory to a model with tokenizer and fingerprint.
  var readySeconds: Double
  /// Seconds of a pass over 16 tokens right after that, which reads all weights, and of the next one.
  var firstPassSeconds: Double
  var nextPassSeconds: Double
  /// Bytes that the process holds more than before, after the passes: its own, and of mapped files, which other processes
  /// share and the system may take back. Nil where the system does not say.
  var anonymousBytes: Int?
  /// The most that the process held at once while loading and in the passes, mapped files included.
  var peakBytes: Int?
  var fileBytes: Int?

  init(_ name: String, dtype: DType?, weights: WeightFormat, device: Devices) throws {
    let before = ProcessMemory.now
    let start = BenchTime.now
    let loaded = try LoadedModel(name, dtype: dtype, weights: weights, device: device)
    readySeconds = (BenchTime.now - start).wall
    let batch = PackedBatch([Array(repeating: 0, count: 16)])
    let last = Taps(layers: [loaded.model.configuration.layerCount - 1])
    func pass() throws { _ = try loaded.model.forward(batch, taps: last, logits: .tokens([15])) }
    firstPassSeconds = try BenchTime(of: pass).wall
    nextPassSeconds = try BenchTime(of: pass).wall
    let after = ProcessMemory.now
    func more(_ part: KeyPath<ProcessMemory, Int?>) -> Int? {
      if let a = before[keyPath: part], let b = after[keyPath: part] { b - a } else { nil }
    }
    model = name
    weightBytes = loaded.model.weightBytes
    peakBytes = after.peak
    (anonymousBytes, fileBytes) = (more(\.anonymous), more(\.file))
  }

  func print() {
    func gibibytes(_ bytes: Int?) -> String {
      bytes.map { String(format: "%.2f GiB", Double($0) / Double(1 << 30)) } ?? "not known"
    }
    Output.line("model          \(model), weights \(gibibytes(weightBytes))")
    Output.line(
      String(
        format: "ready          %.2f s; the first pass %.2f s, the next %.2f s (16 tokens)", readySeconds,
        firstPassSeconds, nextPassSeconds))
    Output.line(
      "memory         \(gibibytes(anonymousBytes)) anonymous, \(gibibytes(fileBytes)) of mapped files, \(gibibytes(peakBytes)) at the peak"
    )
  }
}
