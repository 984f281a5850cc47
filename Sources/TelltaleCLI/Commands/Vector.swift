import ArgumentParser
import CommandSupport
import Foundation
import Foundations
import LanguageModels
import Steering
import Torch

extension LayerConvention: ExpressibleByArgument {}
extension VectorFormat: ExpressibleByArgument {}

struct Vector: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look into vector files, combine them, exchange them with other tools, read them as tokens.",
    subcommands: [
      VectorInspect.self, VectorCombineCommand.self, VectorImportCommand.self, VectorExportCommand.self,
      VectorLensCommand.self,
    ])
}

/// How a foreign file is to be understood.
struct ForeignOptions: ParsableArguments {
  @Option(
    help: """
      How the file counts layers: \(LayerConvention.allCases.map(\.rawValue).joined(separator: ", ")) (default: told \
      from its format and name).
      """)
  var convention: LayerConvention?
  @Option(help: "The file's own number of the layer, where it holds one vector and does not say.")
  var layer: Int?
  @Option(
    parsing: .unconditional,
    help: "Of [positions, layers, hidden], which position; negative counts from the last (default: the last).")
  var position: Int?

  func read(_ files: [String]) throws -> ImportedVectors {
    if let layer, !(0..<4096).contains(layer) {
      throw TelltaleError(.badInput, "--layer \(layer) is no layer; count from 0")
    }
    return try VectorImport(convention: convention, layer: layer, position: position)
      .vectors(from: files.map { URL(fileURLWithPath: $0) })
  }
}

struct VectorInspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect", abstract: "Show what a vector file of any known format holds.")

  @Argument(help: "A .safetensors, .gguf, .npy or .pt file, or a folder of CAA's vec_layer_*.pt.")
  var files: [String]
  @OptionGroup var foreign: ForeignOptions
  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let imported = try foreign.read(files)
    if json { try Output.json(VectorSummary(imported)) } else { VectorSummary(imported).print() }
  }
}

struct VectorImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Bring vectors of another tool to Telltale's vector file.",
    discussion: """
      Layers are converted to the output of decoder block i, counted from 0, and the conversion is stated. Pickles are \
      read by an allow-list of what tensors need; nothing in a file is ever executed.
      """)

  @Argument(help: "A .gguf, .npy, .pt or .safetensors file, several that hold a layer each, or a folder of those.")
  var files: [String]
  @OptionGroup var foreign: ForeignOptions
  @Option(help: "The model that the vectors were made from: checked, and stated in the file.")
  var model: String?
  @Option(help: "The vector file to write.")
  var output: String
  @OptionGroup var overwriting: OverwriteOptions
  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    try overwriting.check(output)
    var imported = try foreign.read(files)
    if let model {
      imported.doubt(layerCount: try state(model, in: &imported.vectors))
    }
    try imported.vectors.write(to: URL(fileURLWithPath: output))
    for note in imported.vectors.provenance.notes { Terminal.warning(SafeText.visible(note)) }
    var summary = VectorSummary(imported)
    summary.output = output
    if json { try Output.json(summary) } else { summary.print() }
  }

  /// States the model in the vectors; returns how many blocks it has.
  private func state(_ model: String, in vectors: inout SteeringVectors) throws -> Int {
    let directory = try ModelLocator.directory(for: model)
    let configuration = try ModelConfiguration(ofModelAt: directory)
    guard vectors.hiddenSize == configuration.hiddenSize, (vectors.sortedLayers.last ?? 0) < configuration.layerCount
    else {
      throw TelltaleError(
        .badInput,
        "\(files[0]) has width \(vectors.hiddenSize) and layers up to \(vectors.sortedLayers.last ?? 0), and \(model) has "
          + "width \(configuration.hiddenSize) and layers 0 to \(configuration.layerCount - 1); it is of another model")
    }
    vectors.provenance.model = model
    vectors.provenance.modelFingerprint = try Fingerprint.checkpoint(directory)
    return configuration.layerCount
  }
}

struct VectorExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write vectors as other tools read them: GGUF (llama.cpp, repeng) or .npy.")

  @Argument(help: "A vector file of any known format.")
  var file: String
  @OptionGroup var foreign: ForeignOptions
  @Option(help: "safetensors, gguf or npy (default: told from the name of --output).")
  var format: VectorFormat?
  @Option(help: "Layers to write, as Telltale counts: all, or such as 0,3 or 8-12.")
  var layers = LayerList.all
  @Option(help: "GGUF: the model's architecture as llama.cpp names it, e.g. llama or qwen2.")
  var modelHint: String?
  @Option(help: "The file to write.")
  var output: String
  @OptionGroup var overwriting: OverwriteOptions
  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    guard let format = format ?? VectorFormat(fileName: output) else {
      throw TelltaleError(
        .badInput, "--output \(output) does not say the format; end it in .gguf, .npy or .safetensors")
    }
    try overwriting.check(output)
    var imported = try foreign.read([file])
    if let wanted = layers.numbers {
      for layer in wanted { _ = try imported.vectors.vector(layer) }
      imported.vectors.layers = imported.vectors.layers.filter { wanted.contains($0.key) }
      imported.vectors.means = imported.vectors.means.filter { wanted.contains($0.key) }
    }
    let url = URL(fileURLWithPath: output)
    let notes = try VectorExport.write(imported.vectors, to: url, format: format, modelHint: modelHint)
    for note in notes { Terminal.warning(note) }
    var summary = VectorSummary(imported)
    summary.output = output
    summary.notes += notes
    let convention = format == .gguf ? LayerConvention.gguf : .telltale
    summary.written = "\(format.rawValue), \(convention.meaning)"
    if json { try Output.json(summary) } else { summary.print() }
  }
}

/// What a vector file holds, for a person or as JSON.
struct VectorSummary: Encodable {
  struct Layer: Encodable {
    var layer: Int
    /// As the file counts.
    var source: Int
    var norm: Double
    var residualNorm: Double?
    var reliability: Double?

    enum CodingKeys: String, CodingKey {
      case layer, source, norm, reliability
      case residualNorm = "residual_norm"
    }
  }

  var format: String
  var convention: String
  var meaning: String
  var hidden: Int
  var layers: [Layer]
  var origin: [String: String]
  var notes: [String]
  var output: String?
  var written: String?

  init(_ imported: ImportedVectors) {
    let vectors = imported.vectors
    format = imported.format.rawValue
    convention = imported.convention.rawValue
    meaning = imported.convention.meaning
    hidden = vectors.hiddenSize
    layers = vectors.sortedLayers.map {
      Layer(
        layer: $0, source: imported.sources[$0] ?? $0, norm: vectors.norm($0),
        residualNorm: vectors.provenance.residualNorms[$0], reliability: vectors.provenance.reliability[$0])
    }
    origin = vectors.provenance.stated
    notes = vectors.provenance.notes
  }

  func print() {
    Output.line("\(format), width \(hidden), convention \(convention): \(meaning)")
    for (key, value) in origin.sorted(by: { $0.key < $1.key }) { Output.line("\(key): \(SafeText.visible(value))") }
    Output.line("layer  in the file        norm  of residual  reliability")
    for layer in layers {
      let share = layer.residualNorm.map { $0 > 0 ? String(format: "%9.1f %%", 100 * layer.norm / $0) : "          -" }
      let reliability = layer.reliability.map { String(format: "%11.3f", $0) }
      Output.line(
        String(format: "%5d  %11d  %10.4g  ", layer.layer, layer.source, layer.norm)
          + "\(share ?? "          -")  \(reliability ?? "          -")")
    }
    for note in notes { Output.line("note: \(SafeText.visible(note))") }
    if let written { Output.line("written as \(written)") }
    if let output { Output.line("written to \(output)") }
  }
}
