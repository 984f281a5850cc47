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
      JSON Lines of {"positive": "...", "negative": "..."} that are run as they stand.
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
  @Option(help: "How many rows to take, balanced over questions, letters, files and user sides (default: all).")
  var take: Int?
  @Option(help: "Seed of the sample and of the reliability's halves.")
  var seed: UInt64 = 0
  @OptionGroup var prompt: PromptOptions
  @Option(help: "Tokens that one pass may hold.")
  var tokenBudget = 4096
  @Option(help: "The vector file to write.")
  var output: String
  @Flag(help: "Print the summary as JSON.")
  var json = false

  func run() throws {
    let device = try model.compute.prepare()
    let texts = format == "texts"
    let items = texts ? [] : try sampledItems()
    let pairs = texts ? try textPairs() : []
    let loaded = try LoadedModel(model.model, dtype: model.compute.computationType(), device: device)
    var extraction = VectorExtraction(read: read, layers: try layers.resolve(loaded.model.configuration), seed: seed)
    extraction.tokenBudget = tokenBudget
    var progress = Progress("pairs", total: texts ? pairs.count : items.count)
    var vectors: SteeringVectors
    if texts {
      vectors = try extraction.run(loaded, readable(pairs, loaded.tokenizer)) { progress.update($0) }
      vectors.provenance.data = files.map { URL(fileURLWithPath: $0).lastPathComponent }.joined(separator: " ")
    } else {
      let encoder = try prompt.encoder(loaded.tokenizer, items: items, pool: try allItems(), seed: seed)
      let contrasts = try items.map { try encoder.builder.pair(for: $0) }
      vectors = try extraction.run(loaded, encoder, contrasts) { progress.update($0) }
    }
    vectors.provenance.dataHash = try files.map { try Fingerprint.file(URL(fileURLWithPath: $0)) }.joined(
      separator: " ")
    vectors.provenance.notes = notes
    try vectors.write(to: URL(fileURLWithPath: output))
    try report(vectors)
  }

  // MARK: Data

  private struct TextPair: Decodable {
    var positive: String
    var negative: String
  }

  private typealias PlacedPair = (place: InputLocation, pair: TextPair)

  /// The first `take` pairs of the files.
  private func textPairs() throws -> [PlacedPair] {
    if let take, take < 1 { throw UsageError("--take \(take) takes no pairs; give at least 1") }
    var pairs: [PlacedPair] = []
    for file in files {
      let rows: [(line: Int, row: TextPair)] = try JSONLines.numbered(
        file, expecting: #"{"positive": "...", "negative": "..."}"#)
      pairs += rows.map { (InputLocation(file: file, line: $0.line), $0.row) }
    }
    return Array(pairs.prefix(take ?? pairs.count))
  }

  /// The pairs as tokens, each a question of its own; an error says which line it is about.
  private func readable(_ pairs: [PlacedPair], _ tokenizer: Tokenizer) throws -> [ReadablePair] {
    let encoder = PromptEncoder.plain(tokenizer)
    return try pairs.enumerated().map { index, placed in
      do {
        return try encoder.readable(
          positive: placed.pair.positive, negative: placed.pair.negative, group: "\(index)", at: read)
      } catch let error as SteeringError {
        throw SteeringError(error.code, error.message, at: error.location ?? placed.place)
      }
    }
  }

  private func allItems() throws -> [Item] {
    var wanted: DatasetFormat?
    if let format {
      guard let known = DatasetFormat(rawValue: format) else {
        let names = DatasetFormat.allCases.map(\.rawValue) + ["texts"]
        throw UsageError("--format \(format) is unknown; use one of \(names.joined(separator: ", "))")
      }
      wanted = known
    }
    return try Dataset.load(files.map { URL(fileURLWithPath: $0) }, format: wanted)
  }

  private func sampledItems() throws -> [Item] {
    let all = try allItems()
    guard let take else { return all }
    return try sample(all, take: take, seed: seed).items
  }

  /// What could not be balanced: a reader of the vector should know.
  private var notes: [String] {
    guard format != "texts", let take, let all = try? allItems(), let drawn = try? sample(all, take: take, seed: seed)
    else { return [] }
    return drawn.notes
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
      var residual_norm: Double?
      var reliability: Double?
    }
  }

  private func report(_ vectors: SteeringVectors) throws {
    let origin = vectors.provenance
    let layers = vectors.sortedLayers.map {
      Summary.Layer(
        layer: $0, norm: vectors.norm($0), residual_norm: origin.residualNorms[$0], reliability: origin.reliability[$0])
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
      let share = layer.residual_norm.map { $0 > 0 ? 100 * layer.norm / $0 : 0 } ?? 0
      let reliability = layer.reliability.map { String(format: "%11.3f", $0) } ?? "          -"
      Output.line(String(format: "%5d %8.3f %9.1f %%  ", layer.layer, layer.norm, share) + reliability)
    }
    Output.line("written to \(output)")
  }
}
