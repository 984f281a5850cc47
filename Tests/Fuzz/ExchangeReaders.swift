import Foundation
import Foundations
import Steering

/// Vector files of other tools.
enum ExchangeReaders {
  static func all() throws -> [Reader] {
    try [
      vectors("vectors-gguf", ["control.gguf", "control-zero.gguf"]),
      vectors("vectors-npy", ["layers.npy", "fortran.npy", "one.npy"], reference: numpy),
      vectors(
        "vectors-pt", ["dictionary.pt", "strided_diff.pt", "refusal/mean_diffs.pt", "sycophantic_response_avg_diff.pt"]),
      own(),
    ]
  }

  /// The rows by our layers, as bits.
  private static func described(_ vectors: SteeringVectors) -> String {
    vectors.sortedLayers.map { layer in
      "\(layer) \((vectors.layers[layer] ?? []).map { String($0.bitPattern, radix: 16) }.joined(separator: " "))"
    }.joined(separator: "\n")
  }

  private static func vectors(
    _ name: String, _ files: [String], reference: ((URL) throws -> String?)? = nil
  ) throws -> Reader {
    Reader(
      name: name,
      words: [
        "direction.1", "controlvector.mode", "'shape': (4, 8)", "'<f8'", "'fortran_order': True", "cposix\nsystem\n",
      ],
      seeds: try files.map { try Reader.seed("Tests/Fixtures/exchange/\($0)") },
      read: { url in
        let isOne = url.lastPathComponent == "one.npy"
        // With the convention stated: which one rows look like is a guess that a mutant may turn.
        let isControl = url.pathExtension == "gguf"
        let settings = VectorImport(convention: isControl ? nil : .telltale, layer: isOne ? 3 : nil)
        return described(try settings.vectors(from: [url]).vectors)
      }, reference: reference)
  }

  /// float32 in row order, which is most of what mutants are; others are not compared.
  private static func numpy(_ url: URL) throws -> String? {
    let settings = VectorImport(convention: .telltale, layer: url.lastPathComponent == "one.npy" ? 3 : nil)
    let read = described(try settings.vectors(from: [url]).vectors)
    let bytes = [UInt8](try Data(contentsOf: url))
    guard url.lastPathComponent == "layers.npy", bytes.count > 10, bytes[6] == 1 else { return read }
    let start = 10 + Int(bytes[8]) + 256 * Int(bytes[9])
    let header = String(decoding: bytes[10..<min(start, bytes.count)], as: UTF8.self)
    // A key that stands twice has no one meaning.
    let isPlain = ["'shape'", "'fortran_order'", "'descr'"].allSatisfy { header.split(separator: $0).count == 2 }
    guard isPlain, header.contains("'<f4'"), header.contains("False"), !header.contains("True"),
      header.contains("(4, 8)"),
      start + 128 <= bytes.count
    else { return read }
    return (0..<4).map { row in
      let numbers = (0..<8).map { column -> String in
        let place = start + 4 * (8 * row + column)
        return String((0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[place + $1]) << UInt32(8 * $1) }, radix: 16)
      }
      return "\(row) \(numbers.joined(separator: " "))"
    }.joined(separator: "\n")
  }

  private static func own() throws -> Reader {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-fuzz-own-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let url = folder.appendingPathComponent("v.safetensors")
    try SteeringVectors(
      layers: [0: [1, 2, 3], 5: [0.5, -1, 2]], means: [0: [0, 1, 0]], provenance: VectorProvenance()
    ).write(to: url)
    return Reader(
      name: "vectors-own", words: ["telltale.vectors.v1", "layer.0", "resid_post", "F32"],
      seeds: [.init(name: "v.safetensors", bytes: [UInt8](try Data(contentsOf: url)))],
      read: { described(try VectorImport().vectors(from: [$0]).vectors).isEmpty ? "" : "" })
  }
}
