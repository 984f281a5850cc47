import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

struct BenchParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Hold a device and dtype against reference outputs of a tiny model.",
    discussion: """
      Runs a model in every way that Telltale packs, shares, edits, decodes and extracts, and gives the distance to the \
      reference outputs of golden.safetensors (in the layout of Tests/Fixtures/models) and to the CPU in float32. Fails \
      where one is beyond its tolerance.
      """)

  @Option(help: "The directory of the model, with its golden.safetensors.")
  var model: String
  @OptionGroup var compute: ComputeOptions
  @Flag(help: "Print JSON.")
  var json = false

  struct Row: Encodable {
    var check: String
    /// What is compared with `tolerance`: a largest difference, a root mean square, or a share that differs.
    var measure: String
    var value: Double
    /// nil where nothing is promised.
    var tolerance: Double?
    var holds: Bool { tolerance.map { value <= $0 } ?? true }
  }

  private struct Report: Encodable {
    var model: String
    var device: String
    var dtype: String
    var rows: [Row]
    var holds: Bool
  }

  func run() throws {
    let device = try compute.prepare()
    let dtype = try compute.computationType() ?? .float32
    let parity = try BenchParity(
      directory: URL(fileURLWithPath: model, isDirectory: true), dtype: dtype, device: device)
    let rows = try parity.rows()
    let report = Report(
      model: model, device: device.description, dtype: dtype.rawValue, rows: rows, holds: rows.allSatisfy(\.holds))
    if json {
      try Output.json(report)
    } else {
      for row in rows {
        let limit = row.tolerance.map { String(format: "(at most %g)", $0) } ?? ""
        Output.line(
          "\(row.holds ? "ok  " : "FAIL") \(row.check): \(row.measure) \(String(format: "%.3g", row.value)) \(limit)")
      }
    }
    if let wrong = rows.first(where: { !$0.holds }) {
      throw TelltaleError(.failed, "\(wrong.check) of \(model) on \(device) are beyond their tolerance")
    }
  }
}

/// One model on one device in one dtype, against reference outputs of another program and against the CPU.
struct BenchParity {
  private let model, reference: LanguageModel
  private let golden: SafetensorsFile
  private let prompts: [[Int]]
  private var layers: [Int] { Array(0..<model.configuration.layerCount) }
  private var isExact: Bool { model.dtype == .float32 }

  init(directory: URL, dtype: DType, device: Devices) throws {
    model = try LanguageModel.load(directory, dtype: dtype, device: device)
    reference = try LanguageModel.load(directory, dtype: .float32)
    let golden = try SafetensorsFile(directory.appendingPathComponent("golden.safetensors"))
    self.golden = golden
    prompts = try (0..<6).filter { golden.contains("prompt.\($0).ids") }.map {
      try golden.tensor("prompt.\($0).ids").integers()
    }
  }

  func rows() throws -> [BenchParityCommand.Row] {
    try packed() + [edited(steering, "steered"), edited(ablation, "ablated"), shared()] + decoded() + [extracted()]
  }

  // MARK: Passes

  private func packed() throws -> [BenchParityCommand.Row] {
    let batch = PackedBatch(prompts)
    let output = try model.forward(batch, taps: Taps(layers: layers), logits: .all)
    let logits = try golden.joined(prompts.indices.map { "prompt.\($0).logits" })
    var residual = 0.0
    for layer in layers.dropLast() {
      let expected = try Tensor.concatenated(
        prompts.indices.map { try golden.tensor("prompt.\($0).hidden_states")[layer + 1] })
      if let own = output.residuals[layer] { residual = max(residual, try Self.largest(own, expected)) }
    }
    return [
      try row("logits of a pack", output.logits, logits),
      .init(
        check: "residual streams of a pack", measure: "largest difference", value: residual,
        tolerance: isExact ? 1e-3 : nil),
    ]
  }

  private var steering: [Edit] {
    get throws { [Edit(layer: 2, .add(try golden.tensor("steer.vector") * 3))] }
  }

  private var ablation: [Edit] {
    get throws {
      let direction = try golden.tensor("ablate.direction")
      return layers.map { Edit(layer: $0, .ablate(direction)) }
    }
  }

  private func edited(_ edits: [Edit], _ name: String) throws -> BenchParityCommand.Row {
    let output = try model.forward(PackedBatch(prompts), edits: edits, logits: .all)
    return try row(
      "\(name) logits", output.logits, golden.joined(prompts.indices.map { "prompt.\($0).\(name)_logits" }))
  }

  /// Prefixes shared on three levels, against the same sequences packed side by side on the CPU.
  private func shared() throws -> BenchParityCommand.Row {
    let longest = prompts.max { $0.count < $1.count } ?? []
    let half = Array(longest.prefix(longest.count / 2))
    let families = [
      [longest + [5, 6], longest + [7], longest + [7, 8, 9]], [longest + [10, 11], longest + [10, 11, 12]],
      [half + [20, 21, 22, 23]],
    ]
    let batch = PackedBatch(families: families, header: half.count)
    let sequences = families.flatMap { $0 }
    let places = sequences.enumerated().flatMap { index, sequence in
      sequence.indices.map { batch.index(of: index, position: $0) }
    }
    return try row(
      "logits with shared prefixes", model.forward(batch, logits: .tokens(places)).logits,
      reference.forward(PackedBatch(sequences), logits: .all).logits)
  }

  // MARK: Jobs

  private func decoded() throws -> [BenchParityCommand.Row] {
    var options = GenerationOptions(maxTokens: 24)
    options.recordedLayers = layers
    let plain = try Generator.generate(model, prompts: prompts, options: options)
    let expected = try Generator.generate(reference, prompts: prompts, options: options)
    options.edits = [SteeringEdit(layer: 2, .add(try golden.tensor("steer.vector") * 3))]
    let steered = try Generator.generate(model, prompts: prompts, options: options)
    // In a narrow type continuations differ, and so does what they leave.
    func streams(_ generations: [Generation]) throws -> Tensor {
      try Tensor.stacked(
        generations.flatMap { [$0.promptResidual, isExact ? $0.continuationResidual : nil].compactMap { $0 } })
    }
    var residual = try row("activations recorded while decoding", streams(plain), streams(expected))
    residual.tolerance = isExact ? 1e-3 : nil
    return [try tokens(plain, "greedy"), try tokens(steered, "steered_greedy"), residual]
  }

  private func tokens(_ generations: [Generation], _ name: String) throws -> BenchParityCommand.Row {
    let expected = try prompts.indices.map { try golden.tensor("prompt.\($0).\(name)").integers() }
    let wrong = zip(generations, expected).filter { $0.tokens != $1 }.count
    return .init(
      check: "\(name.replacingOccurrences(of: "_", with: " ")) tokens", measure: "share of continuations that differ",
      value: Double(wrong) / Double(max(1, prompts.count)), tolerance: isExact ? 0 : nil)
  }

  private func extracted() throws -> BenchParityCommand.Row {
    let pairs = BenchPrompts.drawn(count: 12, vocabulary: model.configuration.vocabularySize, seed: 3).pairs
    var extraction = VectorExtraction(try VectorRecipe(.texts), layers: layers, seed: 0)
    let expected = try extraction.estimate(reference, pairs)
    extraction.tokenBudget = 1024
    let own = try extraction.estimate(model, pairs)
    let farthest = layers.map { layer in
      1 - Self.cosine(own.difference[layer] ?? [], expected.difference[layer] ?? [])
    }
    return .init(
      check: "vectors of drawn pairs", measure: "largest 1 - cosine", value: farthest.max() ?? .nan,
      tolerance: isExact ? 1e-6 : 0.05)
  }

  // MARK: Distances

  private func row(_ check: String, _ own: Tensor?, _ expected: Tensor?) throws -> BenchParityCommand.Row {
    guard let own, let expected else { return .init(check: check, measure: "missing", value: .nan, tolerance: 0) }
    if isExact {
      return .init(check: check, measure: "largest difference", value: try Self.largest(own, expected), tolerance: 5e-4)
    }
    let difference = try own.converted(to: .float64, device: .cpu) - expected.converted(to: .float64)
    return .init(
      check: check, measure: "root mean square", value: try difference.power(2).mean().squareRoot().scalar(),
      tolerance: model.dtype == .bfloat16 ? 0.2 : 0.03)
  }

  private static func largest(_ a: Tensor, _ b: Tensor) throws -> Double {
    try (a.converted(to: .float64, device: .cpu) - b.converted(to: .float64)).absolute().max().scalar()
  }

  private static func cosine(_ a: [Double], _ b: [Double]) -> Double {
    func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
    return dot(a, b) / (dot(a, a) * dot(b, b)).squareRoot()
  }
}

extension SafetensorsFile {
  /// Tensors one after another along their first dimension.
  fileprivate func joined(_ names: [String]) throws -> Tensor { try Tensor.concatenated(names.map(tensor)) }
}
