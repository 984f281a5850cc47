import ArgumentParser
import Foundation
import LanguageModels
import Steering
import Torch

struct Extract: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make steering vectors from contrast pairs.",
    discussion: """
      Runs the matching and the other answer of every row and writes, per layer, the mean difference of the residual \
      stream at the read position. The file states where it comes from, its norms, the letter balance and the \
      split-half reliability.

      Formats: anthropic (JSON Lines), caa (JSON list), contrast (question, answer, contrastive_answer), and texts, \
      JSON Lines of {"positive": "...", "negative": "..."} that are run as they stand; "group" may name the question.
      """)

  @OptionGroup var model: ModelOptions
  @Option(name: .customLong("pairs"), help: "The data file; give the option again for more files.")
  var files: [String]
  @Option(help: "anthropic, caa, contrast or texts (default: told from the content).")
  var format: String?
  @Option(help: "Where the residual stream is read: answer, prompt, continuation, answer-mean.")
  var read = ReadPosition.answer
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @OptionGroup var items: ItemOptions
  @OptionGroup var prompt: PromptOptions
  @Option(help: "Tokens that one pass may hold.")
  var tokenBudget = 4096
  @Option(help: "The vector file to write.")
  var output: String
  @Flag(help: "Also write every pair's difference beside the vector, which telltale compare takes its intervals from.")
  var keepDifferences = false
  @Flag(help: "Print the summary as JSON.")
  var json = false

  func run() throws {
    let device = try model.compute.prepare()
    let vectors = try format == "texts" ? extractTexts(device) : extractItems(device)
    var stated = vectors
    stated.provenance.dataHash = try files.map { try Fingerprint.file(URL(fileURLWithPath: $0)) }.joined(separator: " ")
    try stated.write(to: URL(fileURLWithPath: output))
    try report(stated)
  }

  private func extractItems(_ device: Device) throws -> SteeringVectors {
    let data = try items.load(files, format: format, others: ["texts"])
    let loaded = try model.loaded(on: device)
    let encoder = try prompt.encoder(loaded.tokenizer, items: data.drawn, pool: data.all, seed: items.seed)
    let pairs = try data.drawn.map { try encoder.builder.pair(for: $0) }
    var progress = Progress("pairs", total: pairs.count)
    var vectors = try extraction(loaded).run(loaded, encoder, pairs) { progress.update($0) }
    vectors.provenance.notes = data.notes
    return vectors
  }

  private func extractTexts(_ device: Device) throws -> SteeringVectors {
    let placed = try textPairs()
    let loaded = try model.loaded(on: device)
    let pairs = try readable(placed, loaded.tokenizer)
    var progress = Progress("pairs", total: pairs.count)
    var vectors = try extraction(loaded).run(loaded, pairs) { progress.update($0) }
    vectors.provenance.data = files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: " ")
    return vectors
  }

  private struct TextPair: Decodable {
    var positive: String
    var negative: String
    /// The question that several pairs may share.
    var group: String?
  }

  private typealias PlacedPair = (place: InputLocation, pair: TextPair)

  /// The first `--take` pairs of the files.
  private func textPairs() throws -> [PlacedPair] {
    if let take = items.take, take < 1 { throw UsageError("--take \(take) takes no pairs; give at least 1") }
    var pairs: [PlacedPair] = []
    for file in files {
      let rows: [(line: Int, row: TextPair)] = try JSONLines.numbered(
        file, expecting: #"{"positive": "...", "negative": "..."}"#)
      pairs += rows.map { (InputLocation(file: file, line: $0.line), $0.row) }
    }
    return Array(pairs.prefix(items.take ?? pairs.count))
  }

  /// The pairs as tokens, each a question of its own; an error says which line it is about.
  private func readable(_ pairs: [PlacedPair], _ tokenizer: Tokenizer) throws -> [ReadablePair] {
    let encoder = PromptEncoder.plain(tokenizer)
    return try pairs.map { placed in
      do {
        return try encoder.readable(
          positive: placed.pair.positive, negative: placed.pair.negative, group: Self.group(placed.pair), at: read)
      } catch let error as SteeringError {
        throw SteeringError(error.code, error.message, at: error.location ?? placed.place)
      }
    }
  }

  /// Each pair that names no group is a question of its own, and the same one wherever the same texts stand.
  private static func group(_ pair: TextPair) -> String {
    pair.group ?? QuestionGroup(question: "\(pair.positive) / \(pair.negative)", choices: []).id
  }

  private func extraction(_ loaded: LoadedModel) throws -> VectorExtraction {
    let layers = try layers.resolve(loaded.model.configuration)
    var extraction = VectorExtraction(read: read, layers: layers, seed: items.seed)
    extraction.tokenBudget = tokenBudget
    if keepDifferences {
      let url = PairDifferences.url(beside: URL(fileURLWithPath: output))
      extraction.onDifferences = { try $0.write(to: url) }
    }
    return extraction
  }

  // MARK: Report

  private struct Summary: Encodable {
    var output: String
    var pairs: Int
    var groups: Int
    var letters: String?
    var layers: [Layer]
    var notes: [String]

    struct Layer: Encodable {
      var layer: Int
      var norm: Double
      var residualNorm: Double?
      var reliability: Double?
    }
  }

  private func report(_ vectors: SteeringVectors) throws {
    let origin = vectors.provenance
    let layers = vectors.sortedLayers.map {
      Summary.Layer(
        layer: $0, norm: vectors.norm($0), residualNorm: origin.residualNorms[$0], reliability: origin.reliability[$0])
    }
    for note in origin.notes { Terminal.warning(note) }
    if json {
      return try Output.json(
        Summary(
          output: output, pairs: origin.pairs ?? 0, groups: origin.groups ?? 0, letters: origin.letterBalance,
          layers: layers, notes: origin.notes))
    }
    let letters = origin.letterBalance.map { ", matching letters \($0)" } ?? ""
    Output.line("\(origin.pairs ?? 0) pairs of \(origin.groups ?? 0) questions\(letters), read at \(read.rawValue)")
    Output.line("layer     norm  of residual  reliability")
    for layer in layers {
      let share = layer.residualNorm.map { $0 > 0 ? 100 * layer.norm / $0 : 0 } ?? 0
      let reliability = layer.reliability.map { String(format: "%11.3f", $0) } ?? "          -"
      Output.line(String(format: "%5d %8.3f %9.1f %%  ", layer.layer, layer.norm, share) + reliability)
    }
    Output.line("written to \(output)")
  }
}
