import Foundation
import Foundations
import Tokenizers
import Torch

/// A model in GGUF: one file, or several that llama.cpp split it into (`name-00001-of-00003.gguf`), of which the first
/// has the metadata.
package struct GGUFModelFile: Sendable {
  package let files: [GGUFFile]
  /// By tensor name: the file, and the entry in it.
  private let places: [String: (file: Int, entry: GGUFHeader.Entry)]

  package var url: URL { files[0].url }
  package var metadata: GGUFMetadata { files[0].metadata }

  package init(_ url: URL) throws(TelltaleError) {
    let given = try GGUFFile(url)
    files = try Self.parts(of: given)
    var places: [String: (file: Int, entry: GGUFHeader.Entry)] = [:]
    for (index, file) in files.enumerated() {
      for entry in file.header.entries where places.updateValue((index, entry), forKey: entry.name) != nil {
        throw TelltaleError(.badInput, "is in two parts of the model; fetch the parts again", at: file.place(entry))
      }
    }
    self.places = places
    if let stated = metadata.integer("split.tensors.count"), stated != places.count {
      throw TelltaleError(
        .badInput, "states \(stated) tensors and its parts hold \(places.count); fetch the parts again",
        at: InputLocation(file: url.path, item: "split.tensors.count"))
    }
  }

  package var names: [String] { places.keys.sorted() }

  package func entry(_ name: String) -> GGUFHeader.Entry? { places[name]?.entry }

  package func file(of name: String) -> GGUFFile? { places[name].map { files[$0.file] } }

  // MARK: Parts

  private static let mostParts = 1024

  /// All parts, in order; the file itself where it is whole.
  private static func parts(of file: GGUFFile) throws(TelltaleError) -> [GGUFFile] {
    guard let count = file.metadata.integer("split.count"), count != 0 else { return [file] }
    let place = InputLocation(file: file.url.path, item: "split.count")
    guard (1...mostParts).contains(count) else {
      throw TelltaleError(.badInput, "is \(count), which no split model has; fetch the file again", at: place)
    }
    guard count > 1 else { return [file] }
    guard let stem = stem(of: file.url, count) else {
      throw TelltaleError(
        .badInput,
        "is one of \(count) parts but is not named so; name the parts as llama.cpp did, name\(suffix(1, of: count))",
        at: InputLocation(file: file.url.path))
    }
    var parts: [GGUFFile] = []
    for index in 0..<count { parts.append(try part(index, of: count, stem, beside: file)) }
    return parts
  }

  private static func part(
    _ index: Int, of count: Int, _ stem: String, beside file: GGUFFile
  ) throws(TelltaleError) -> GGUFFile {
    let url = file.url.deletingLastPathComponent().appendingPathComponent(stem + suffix(index + 1, of: count))
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw TelltaleError(
        .badInput, "is missing; fetch all \(count) parts of the model into one folder",
        at: InputLocation(file: url.path))
    }
    let part = url == file.url ? file : try GGUFFile(url)
    guard part.metadata.integer("split.no") == index, part.metadata.integer("split.count") == count else {
      throw TelltaleError(
        .badInput, "is not part \(index + 1) of \(count), as its name says; fetch the parts again",
        at: InputLocation(file: url.path))
    }
    return part
  }

  private static func suffix(_ number: Int, of count: Int) -> String {
    func padded(_ number: Int) -> String { String(repeating: "0", count: 5 - "\(number)".count) + "\(number)" }
    return "-\(padded(number))-of-\(padded(count)).gguf"
  }

  /// The name of a part without its number.
  private static func stem(of url: URL, _ count: Int) -> String? {
    let name = url.lastPathComponent
    return (1...count).lazy.map { suffix($0, of: count) }.first { name.hasSuffix($0) }.map {
      String(name.dropLast($0.count))
    }
  }
}
