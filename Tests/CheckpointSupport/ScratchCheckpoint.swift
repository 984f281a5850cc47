import Foundation
import TestSupport
import Torch

/// A copy of a fixture's checkpoint that a test may damage; removed when the value goes.
package final class ScratchCheckpoint: Sendable {
  private let folder: ScratchFolder
  package var directory: URL { folder.url }
  package var path: String { directory.path }

  /// Copies all files of `fixture` (a path under Tests/Fixtures) but its reference outputs.
  package init(_ fixture: String) throws {
    folder = try ScratchFolder()
    let source = Fixtures.file(fixture)
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where !name.hasPrefix("golden") {
      // Written anew rather than copied, so that it is writable whatever the fixture is.
      try Data(contentsOf: source.appending(path: name)).write(to: directory.appending(path: name))
    }
  }

  package func file(_ name: String) -> URL { directory.appending(path: name) }

  package func remove(_ name: String) throws { try FileManager.default.removeItem(at: file(name)) }

  package func write(_ text: String, to name: String) throws { try folder.write(text, to: name) }

  /// Cuts a file down to its first `count` bytes.
  package func truncate(_ name: String, to count: Int) throws {
    try Data(contentsOf: file(name)).prefix(count).write(to: file(name))
  }

  /// Sets keys of `config.json`, or removes those whose value is nil.
  package func configure(_ changes: [String: Any?]) throws {
    var keys = try JSONSerialization.jsonObject(with: Data(contentsOf: file("config.json"))) as? [String: Any] ?? [:]
    for (key, value) in changes { keys[key] = value }
    try JSONSerialization.data(withJSONObject: keys).write(to: file("config.json"))
  }

  /// Sets keys of `config.json` to those of a JSON object.
  package func configure(json: String) throws {
    try configure(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any] ?? [:])
  }

  /// All tensors of all safetensors files.
  package func tensors() throws -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for name in try folder.names() where name.hasSuffix(".safetensors") {
      let file = try SafetensorsFile(file(name))
      for tensor in file.names { tensors[tensor] = try file.tensor(tensor).copy() }
    }
    return tensors
  }

  /// Changes the tensors and writes all of them as one file.
  package func rewrite(_ change: (inout [String: Tensor]) throws -> Void) throws {
    var tensors = try tensors()
    try change(&tensors)
    for name in try folder.names() where name.contains(".safetensors") { try remove(name) }
    try SafetensorsFile.write(tensors, metadata: ["format": "pt"], to: file("model.safetensors"))
  }

  /// Writes the tensors as two files and an index of them.
  package func shard() throws {
    let tensors = try tensors()
    try remove("model.safetensors")
    let half = tensors.count / 2
    var map: [String: String] = [:]
    for (number, part) in [tensors.sorted { $0.key < $1.key }[..<half], tensors.sorted { $0.key < $1.key }[half...]]
      .enumerated()
    {
      let name = "model-0000\(number + 1)-of-00002.safetensors"
      try SafetensorsFile.write(Dictionary(uniqueKeysWithValues: part.map { ($0.key, $0.value) }), to: file(name))
      for (key, _) in part { map[key] = name }
    }
    try writeIndex(map)
  }

  package func writeIndex(_ map: [String: String]) throws {
    try JSONSerialization.data(withJSONObject: ["metadata": [:], "weight_map": map] as [String: Any])
      .write(to: file("model.safetensors.index.json"))
  }
}
