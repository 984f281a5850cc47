import CommandSupport
import Foundation
import LanguageModels
import Torch

/// What one decoder block spends its time on: each of its operations alone, on tensors of the model's sizes.
///
/// Two times are measured of each: until the call returns, which is the host's part, and until the device has finished.
/// On a GPU the block takes the sum of the second where that is larger, and the sum of the first otherwise.
struct BenchBreakdown {
  struct Row: Encodable {
    var operation: String
    /// Milliseconds.
    var host: Double
    var device: Double
    /// TFLOP/s of matrix products.
    var rate: Double?
  }

  private let model: LanguageModel
  /// Tokens in the pack.
  private let rows: Int
  /// Tokens of each sequence; as many as `rows` make one sequence.
  private let length: Int
  private let repeats: Int

  init(_ model: LanguageModel, rows: Int, length: Int) {
    (self.model, self.rows, self.length) = (model, rows, min(length, rows))
    repeats = model.device == .cpu ? 3 : 20
  }

  func measure() throws -> [Row] {
    let shape = model.configuration
    let (hidden, inner, dim) = (shape.hiddenSize, shape.intermediateSize, shape.headDimension)
    let (heads, narrow) = (shape.headCount, shape.keyValueHeadCount)
    let x = try random([rows, hidden])
    let wide = try random([rows, inner])
    let q = try random([rows, heads, dim])
    let k = try random([rows, narrow, dim])
    let angles = try random([rows, dim])
    let norm = try random([hidden])
    let some = try Tensor(Array(stride(from: 0, to: rows, by: max(1, length / 2)))).moved(to: model.device)
    let all = try Tensor.range(0..<rows, device: model.device)
    return try [
      time("norm (twice a block)") { try x.rmsNorm(norm, epsilon: 1e-5) },
      product("query", hidden, heads * dim, x), product("key, value (each)", hidden, narrow * dim, x),
      time("rotate queries") { try q.rotated(cosines: angles, sines: angles) },
      time("rotate keys") { try k.rotated(cosines: angles, sines: angles) },
      time("gather keys (values likewise)") { try k.selected(0, all) },
      attention(q, k), product("output", heads * dim, hidden, q.reshaped([rows, heads * dim])),
      time("add (twice a block)") { try x + x }, product("gate, up (each)", hidden, inner, x),
      time("silu times up") { try wide.gatedSilu(wide) }, product("down", inner, hidden, wide),
      time("tap to float32") { try x.selected(0, some).converted(to: .float32) },
    ]
  }

  private func random(_ shape: [Int]) throws -> Tensor {
    try Tensor.randomNormal(shape, dtype: model.dtype, device: model.device, seed: 1)
  }

  private func product(_ name: String, _ input: Int, _ output: Int, _ x: Tensor) throws -> Row {
    let weight = try random([output, input])
    var row = try time(name) { try x.linear(weight) }
    row.rate = 2 * Double(rows) * Double(input) * Double(output) / row.device / 1e9
    return row
  }

  private func attention(_ q: Tensor, _ k: Tensor) throws -> Row {
    let starts = (Array(stride(from: 0, to: rows, by: length)) + [rows]).map(Int32.init)
    let places = try Tensor(starts).moved(to: model.device)
    return try time("attention over \(length) tokens") {
      try q.varlenAttention(k, k, queryStarts: places, keyStarts: places, longest: (length, length), scale: 0.1)
    }
  }

  private func time(_ name: String, _ body: () throws -> Tensor) throws -> Row {
    for _ in 0..<3 { _ = try body() }
    try Runtime.synchronize()
    let begin = BenchTime.now
    for _ in 0..<repeats { _ = try body() }
    let host = BenchTime.now - begin
    try Runtime.synchronize()
    let device = BenchTime.now - begin
    let count = Double(repeats)
    return Row(operation: name, host: host.wall / count * 1e3, device: device.wall / count * 1e3)
  }

  static func print(_ rows: [Row], tokens: Int) {
    Output.line("operations of a block on \(tokens) tokens            host ms   device ms   TFLOP/s")
    for row in rows {
      Output.line(
        row.operation.padding(toLength: 44, withPad: " ", startingAt: 0)
          + String(format: "%10.3f %11.3f", row.host, row.device)
          + (row.rate.map { String(format: "%10.1f", $0) } ?? ""))
    }
  }
}
