import Foundation
import Foundations
import Torch

/// A source whose tensors can be had as they are stored too, packed numbers and 8-bit floats included.
package protocol StoredTensors: WeightSource {
  /// The element type as the file names it: "F8_E4M3".
  func typeName(of name: String) throws -> String

  /// The bytes as uint8; the last dimension has those of all its elements.
  func bytes(of name: String) throws -> Tensor
}

/// The tensors of one or several safetensors files.
package struct SafetensorsSource: StoredTensors {
  private let files: [SafetensorsFile]
  /// Which file holds each tensor.
  private let places: [String: Int]

  /// The names of the files that hold each tensor.
  package let holders: [String: [String]]

  /// - Parameter homes: the file to take each tensor from where several hold it; else the last one.
  package init(_ urls: [URL], homes: [String: String] = [:]) throws {
    files = try urls.map { try SafetensorsFile($0) }
    var (places, holders): ([String: Int], [String: [String]]) = ([:], [:])
    for (index, file) in files.enumerated() {
      let own = file.url.lastPathComponent
      for name in file.names {
        holders[name, default: []].append(own)
        if homes[name] == own || !(holders[name] ?? []).contains(homes[name] ?? "") { places[name] = index }
      }
    }
    (self.places, self.holders) = (places, holders)
  }

  package var names: [String] { places.keys.sorted() }

  package func contains(_ name: String) -> Bool { places[name] != nil }

  package func shape(of name: String) throws -> [Int] { try holder(name).shape(of: name) }

  package func dtype(of name: String) throws -> DType { try holder(name).dtype(of: name) }

  package func tensor(_ name: String) throws -> Tensor { try holder(name).tensor(name) }

  package func typeName(of name: String) throws -> String { try holder(name).typeName(of: name) }

  package func bytes(of name: String) throws -> Tensor { try holder(name).bytes(of: name) }

  package func forget(_ name: String) { places[name].map { files[$0].forgetPages(of: name) } }

  package func file(of name: String) -> String {
    places[name].map { files[$0].url.path } ?? files.first?.url.path ?? "the checkpoint"
  }

  private func holder(_ name: String) throws(TelltaleError) -> SafetensorsFile {
    guard let index = places[name] else { throw WeightTable.missing(name) }
    return files[index]
  }
}
