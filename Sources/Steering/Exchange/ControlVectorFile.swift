import Foundation
import Foundations
import LanguageModels
import Tokenizers
import Torch

/// Control vectors as GGUF: `general.architecture` is `controlvector`, tensors `direction.N` are float32 [hidden], N >= 1.
enum ControlVectorFile {
  static let architecture = "controlvector"
  private static let prefix = "direction."
  private static let largestLayer = 4096

  struct Contents {
    /// By N.
    var directions: [Int: [Float]]
    /// The model that the file hints at.
    var modelHint: String?
    /// What else the file states.
    var notes: [String]
  }

  /// Keys that llama.cpp and repeng write.
  private static let known: Set<String> = [
    "general.architecture", "controlvector.model_hint", "controlvector.layer_count", "general.alignment",
    "general.name", "general.author", "general.version", "general.description", "general.license", "general.url",
    "general.quantization_version", "general.file_type", "general.type",
  ]

  /// What keys that are not known state: a tool that projects out or ablates means another edit than adding.
  private static func notes(_ file: GGUFFile, _ name: String) -> [String] {
    file.metadata.values.sorted { $0.key < $1.key }.filter { !known.contains($0.key) }.map { key, value in
      let stated = value.described.map { " \"\(SafeText.quoted($0))\"" } ?? ""
      return
        "\(name) states \(SafeText.quoted(key))\(stated), which is not looked at: here its directions are added, or "
        + "projected out where an edit asks for that"
    }
  }

  static func read(_ url: URL) throws(TelltaleError) -> Contents {
    try ForeignFile.check(url)
    let file = try GGUFFile(url)
    let place = InputLocation(file: url.path)
    let stated = file.metadata.text("general.architecture")
    guard stated == architecture else {
      throw TelltaleError(
        .badInput,
        "is a GGUF file of \"\(SafeText.quoted(stated ?? "no architecture"))\" and "
          + "no control vector; give one that holds direction.N tensors", at: place)
    }
    var directions: [Int: [Float]] = [:]
    for entry in file.header.entries where entry.name.hasPrefix(prefix) {
      let place = InputLocation(file: url.path, item: SafeText.quoted(entry.name))
      guard let layer = Int(entry.name.dropFirst(prefix.count)), (0..<largestLayer).contains(layer),
        "\(prefix)\(layer)" == entry.name
      else { throw TelltaleError(.badInput, "is not named after a layer, as direction.12 is", at: place) }
      guard entry.shape.count == 1 else {
        throw TelltaleError(.badInput, "has shape \(entry.shape) where one row is meant", at: place)
      }
      guard GGMLType(rawValue: entry.type) == .f32 else {
        throw TelltaleError(
          .badInput, "is not float32, the one type that control vectors have; convert it", at: place)
      }
      directions[layer] = try file.tensor(entry, dtype: .float32).floats()
    }
    guard !directions.isEmpty else {
      throw TelltaleError(.badInput, "holds no direction.N tensors; it is no control vector", at: place)
    }
    return Contents(
      directions: directions, modelHint: file.metadata.text("controlvector.model_hint"),
      notes: notes(file, url.lastPathComponent))
  }

  /// A control vector file's bytes; every N must be at least 1.
  static func bytes(_ directions: [Int: [Float]], modelHint: String) -> Data {
    let layers = directions.keys.sorted()
    var header = Data("GGUF".utf8)
    append(UInt32(3), to: &header)
    append(UInt64(layers.count), to: &header)
    append(UInt64(3), to: &header)
    append("general.architecture", value: architecture, to: &header)
    append("controlvector.model_hint", value: modelHint, to: &header)
    append("controlvector.layer_count", to: &header)
    append(UInt32(4), to: &header)
    append(UInt32(layers.count), to: &header)
    var offset = 0
    for layer in layers {
      append("\(prefix)\(layer)", to: &header)
      append(UInt32(1), to: &header)
      append(UInt64(directions[layer]?.count ?? 0), to: &header)
      append(UInt32(0), to: &header)
      append(UInt64(offset), to: &header)
      offset = GGUFHeader.aligned(offset + 4 * (directions[layer]?.count ?? 0), to: 32)
    }
    for layer in layers {
      header.append(Data(repeating: 0, count: GGUFHeader.aligned(header.count, to: 32) - header.count))
      for value in directions[layer] ?? [] { append(value.bitPattern, to: &header) }
    }
    header.append(Data(repeating: 0, count: GGUFHeader.aligned(header.count, to: 32) - header.count))
    return header
  }

  private static func append(_ key: String, value: String, to data: inout Data) {
    append(key, to: &data)
    append(UInt32(8), to: &data)
    append(value, to: &data)
  }

  private static func append(_ text: String, to data: inout Data) {
    append(UInt64(text.utf8.count), to: &data)
    data.append(contentsOf: text.utf8)
  }

  private static func append(_ number: some FixedWidthInteger, to data: inout Data) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }
}
