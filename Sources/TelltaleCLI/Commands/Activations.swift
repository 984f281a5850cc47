import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Torch

struct TokenRow: Decodable { var ids: [Int] }

struct Activations: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write the residual stream and logits of given token ids to a safetensors file.",
    discussion: """
      Reads one {"ids": [...]} a line. For line n (from 0) it writes residual.<n> [layers, positions, hidden], the \
      output of each decoder block before any final norm, and with --logits logits.<n> [positions, vocabulary], both \
      float32. Everything is held in memory until it is written.
      """)

  enum Positions: String, ExpressibleByArgument, CaseIterable { case all, last }

  @OptionGroup var model: ModelOptions
  @Option(help: "JSON Lines of token ids; - reads stdin.")
  var tokens: String
  @Option(help: "The safetensors file to write.")
  var output: String
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @Option(help: "all, or the last position only.")
  var positions = Positions.all
  @Flag(help: "Write logits too.")
  var logits = false
  @OptionGroup var budget: BudgetOptions
  @OptionGroup var printing: PrintOptions

  func run() throws {
    let numbered: [(line: Int, row: TokenRow)] = try JSONLines.numbered(tokens, expecting: #"{"ids": [1, 2, 3]}"#)
    if let empty = numbered.first(where: { $0.row.ids.isEmpty }) {
      throw TelltaleError(
        .badInput, "has no token ids; give at least one", at: InputLocation(file: tokens, line: empty.line))
    }
    let model = try model.load()
    try checkTokens(numbered, vocabulary: model.configuration.vocabularySize)
    let rows = numbered.map(\.row)
    let layers = try layers.resolve(model.configuration)
    var tensors: [String: Tensor] = [:]
    var progress = ProgressLine("activations", total: rows.count)
    for chunk in Self.chunks(rows.map(\.ids.count), budget: budget.tokenBudget) {
      let batch = PackedBatch(chunk.map { rows[$0].ids })
      try tensors.merge(record(batch, chunk, layers, model)) { first, _ in first }
      progress.update(chunk.upperBound)
    }
    let metadata = [
      "layers": layers.map(String.init).joined(separator: ","), "positions": positions.rawValue,
      "site": "residual stream after decoder block i, counted from 0", "dtype": model.arithmetic,
      "telltale": Version.current,
    ]
    try SafetensorsFile.write(tensors, metadata: metadata, to: URL(fileURLWithPath: output))
    if printing.json { try Output.json(["rows": rows.count, "layers": layers.count, "tensors": tensors.count]) }
  }

  private func checkTokens(_ rows: [(line: Int, row: TokenRow)], vocabulary: Int) throws {
    for (line, row) in rows {
      guard let wrong = row.ids.first(where: { !(0..<vocabulary).contains($0) }) else { continue }
      throw TelltaleError(
        .badInput,
        "has the token id \(wrong) and the model's vocabulary ends at \(vocabulary - 1); use this model's tokenizer",
        at: InputLocation(file: tokens, line: line))
    }
  }

  /// Consecutive rows whose tokens fit the budget; a longer row goes alone.
  static func chunks(_ lengths: [Int], budget: Int) -> [Range<Int>] {
    var chunks: [Range<Int>] = []
    var (start, total) = (0, 0)
    for (index, length) in lengths.enumerated() {
      if index > start, total + length > budget {
        chunks.append(start..<index)
        (start, total) = (index, 0)
      }
      total += length
    }
    return chunks + [start..<lengths.count]
  }

  private func record(
    _ batch: PackedBatch, _ rows: Range<Int>, _ layers: [Int], _ model: LanguageModel
  ) throws -> [String: Tensor] {
    let places = rows.indices.map { row in
      let length = batch.length(of: row - rows.lowerBound)
      return (positions == .all ? 0..<length : length - 1..<length).map {
        batch.index(of: row - rows.lowerBound, position: $0)
      }
    }
    let flat = TokenChoice.tokens(places.flatMap { $0 })
    let result = try model.forward(batch, taps: Taps(layers: layers, tokens: flat), logits: logits ? flat : nil)
    var tensors: [String: Tensor] = [:]
    var start = 0
    for (row, own) in zip(rows, places) {
      let range = start..<start + own.count
      start += own.count
      let streams = try layers.compactMap { try result.residuals[$0]?.narrowed(0, range).moved(to: .cpu) }
      tensors["residual.\(row)"] = try Tensor.stacked(streams)  // [layers, positions, hidden]
      tensors["logits.\(row)"] = try result.logits?.narrowed(0, range).moved(to: .cpu).copy()
    }
    return tensors
  }
}
