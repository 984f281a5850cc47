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

  @OptionGroup var model: ModelOptions
  @Option(help: "JSON Lines of token ids; - reads stdin.")
  var tokens: String
  @Option(help: "The safetensors file to write.")
  var output: String
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @Option(help: "all, or the last position only.")
  var positions = ActivationPasses.Positions.all
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
    let passes = ActivationPasses(
      model: model, layers: try layers.resolve(model.configuration), positions: positions, logits: logits,
      tokenBudget: budget.tokenBudget)
    let rows = numbered.map(\.row.ids)
    let progress = ProgressBox("activations", unit: "rows")
    progress.begin(total: rows.count)
    let tensors = try passes.run(rows) { progress.update($0, of: rows.count) }
    try SafetensorsFile.write(tensors, metadata: passes.metadata, to: URL(fileURLWithPath: output))
    if printing.json { try Output.json(["rows": rows.count, "layers": passes.layers.count, "tensors": tensors.count]) }
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
}
