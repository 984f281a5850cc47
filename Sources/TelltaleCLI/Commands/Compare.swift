import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import Steering
import Torch

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "How far steering vectors agree, against what chance and noise would give.",
    discussion: """
      Two vectors: per layer the cosine, the highest cosine that their noise leaves possible, the cosine without noise, the \
      chance of as much between random directions, and a verdict. More than two: a matrix, ordered by clustering. One: its \
      reliability, its halves against each other, and how it settles as questions are added.

      Intervals need the pairs' differences that telltale extract --keep-differences leaves next to a vector. With \
      --recording also whether held-out prompts are ordered alike; with one recording of each of two models, which may \
      differ in width, centred kernel alignment.
      """)

  @Argument(help: "Vector files.")
  var vectors: [String] = []
  @Option(
    name: .customLong("recording"),
    help: "A folder of telltale record; give it twice for vectors of two models, in their order.")
  var recordings: [String] = []
  @Option(help: "Where recordings are read (default: where the vector was, else prompt).")
  var read: ReadPosition?
  @Option(help: "all, or layers such as 0,3 or 8-12, counted from 0.")
  var layers = LayerList.all
  @Option(parsing: .upToNextOption, help: "The items.csv of two sweeps: do both vectors steer the same items?")
  var slopes: [String] = []
  @Option(help: "Also the principal angles between the pairs' leading subspaces of this many dimensions.")
  var subspace = 0
  @Flag(help: "Take the cosine of vectors of different models, too.")
  var anyModel = false
  @Option(help: "Seed of the resampling.")
  var seed: UInt64 = 0
  @Option(help: "A folder for the tables as CSV and consistency.json; it must not exist.")
  var output: String?
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard !vectors.isEmpty || recordings.count == 2 || slopes.count == 2 else {
      throw ValidationError("give a vector file, two recordings, or two tables of slopes")
    }
    guard vectors.count <= 64 else { throw ValidationError("at most 64 vectors can be compared at once") }
    guard recordings.count <= 2 else { throw ValidationError("--recording may be given once or twice") }
    guard recordings.count < 2 || vectors.isEmpty || vectors.count == 2 else {
      throw ValidationError("two recordings go with two vectors, one for each")
    }
    guard slopes.isEmpty || slopes.count == 2 else { throw ValidationError("--slopes takes two files") }
    guard (0...256).contains(subspace) else { throw ValidationError("--subspace must be 0 to 256") }
  }

  func run() throws {
    if let output { try AtomicFolder.refuseExisting(URL(fileURLWithPath: output)) }
    let compared = try named(vectors.map { try ComparedVector(contentsOf: URL(fileURLWithPath: $0)) })
    for note in compared.flatMap(\.notes) { Terminal.warning(SafeText.visible(note)) }
    let placed = try place(compared)
    var report = CompareReport()
    switch compared.count {
    case 0: break
    case 1: try report.add(alone: compared[0], options(placed))
    case 2 where try !haveCosine(compared, placed): break
    case 2: try report.add(two: compared, options(placed))
    default:
      _ = try haveCosine(compared, placed)
      try report.add(many: compared, options(placed))
    }
    try report.add(projections: compared, placed, layers: layers.numbers)
    if placed.count == 2 { try report.add(RecordingAlignment(placed[0], placed[1], layers: layers.numbers)) }
    if slopes.count == 2 {
      try report.add(SlopeAgreement(URL(fileURLWithPath: slopes[0]), URL(fileURLWithPath: slopes[1])))
    }
    try deliver(report)
  }

  /// Files of the same name go by their paths.
  private func named(_ read: [ComparedVector]) throws -> [ComparedVector] {
    guard Set(vectors).count == vectors.count else {
      throw TelltaleError(.badInput, "a vector file is given twice; name each once")
    }
    let counts = Dictionary(read.map { ($0.name, 1) }, uniquingKeysWith: +)
    return try zip(read, vectors).map { vector, path in
      counts[vector.name] == 1 ? vector : try ComparedVector(name: path, vectors: vector.vectors, pairs: vector.pairs)
    }
  }

  /// One recording serves all vectors, two serve one each.
  private func place(_ compared: [ComparedVector]) throws -> [PlacedRecording] {
    try recordings.enumerated().map { index, path in
      let recording = try RecordingFolder.read(URL(fileURLWithPath: path))
      let own = recordings.count == 2 ? compared.dropFirst(index).first : compared.first
      return try PlacedRecording(name: path, recording: recording, read: read, vector: own)
    }
  }

  private func options(_ placed: [PlacedRecording]) -> VectorComparison.Options {
    var options = VectorComparison.Options()
    (options.layers, options.subspace, options.seed) = (layers.numbers, subspace, seed)
    if let first = placed.first { options.activations = { try first.stream(layer: $0) } }
    return options
  }

  /// Whether the vectors lie in one space. Those of two models with a recording each are compared by their use alone.
  private func haveCosine(_ compared: [ComparedVector], _ placed: [PlacedRecording]) throws -> Bool {
    let widths = Set(compared.map(\.vectors.hiddenSize))
    let models = Set(compared.compactMap(\.vectors.provenance.modelFingerprint))
    if widths.count == 1, models.count < 2 || anyModel { return true }
    if placed.count == 2 {
      Terminal.note("The vectors are of different models: their use is compared, and there is no cosine.")
      return false
    }
    guard widths.count > 1 else {
      throw TelltaleError(
        .badInput,
        "the vectors are of different models, whose directions mean different things; say --any-model if their cosine is "
          + "meant, or give a --recording of the same prompts for each")
    }
    let listed = compared.map { "\($0.name) \($0.vectors.hiddenSize)" }.joined(separator: ", ")
    throw TelltaleError(
      .badInput,
      "the vectors have different widths (\(listed)), between which there is no cosine; give two vectors and a "
        + "--recording of the same prompts for each")
  }

  private func deliver(_ report: CompareReport) throws {
    if let output {
      try AtomicFolder.write(to: URL(fileURLWithPath: output)) { folder in
        for file in try report.files() { try AtomicFile.write(file.contents, to: folder.appending(path: file.name)) }
      }
    }
    if printing.json { return try Output.json(report.tables) }
    report.print()
    if let output { Output.line("written to \(output)") }
  }
}
