import Foundation
import Foundations
import Torch

/// What tells one checkpoint from another without reading all of it.
public enum Fingerprint {
  /// Places of a file that are looked at, and bytes at each.
  private static let samples = 16
  private static let sampleSize = 65_536

  /// SHA-256 (hexadecimal) over `config.json` and, for each file of weights, its name, its size and 16 evenly spaced
  /// pieces of 64 KiB. A fine-tuned checkpoint differs from its base in every weight, so also in these pieces. Other files
  /// in the directory (a vector, an adapter) do not count. Of a GGUF file, or all parts of a split one, the same without
  /// `config.json`.
  public static func checkpoint(_ directory: URL) throws(TelltaleError) -> String {
    let isGGUF = ModelLocator.isGGUF(directory)
    var bytes = isGGUF ? [] : try contents(directory.appendingPathComponent("config.json"))
    for url in isGGUF ? try GGUFModelFile(directory).files.map(\.url) : try Checkpoint.files(directory) {
      bytes += Array(url.lastPathComponent.utf8)
      bytes += try pieces(url)
    }
    return SHA256.hexadecimalDigest(of: bytes)
  }

  /// SHA-256 (hexadecimal) over a checkpoint's fingerprint and an adapter's two files, so that an adapted model is told
  /// from its base and from the same base under another adapter.
  public static func adapted(_ base: String, by adapter: URL) throws(TelltaleError) -> String {
    var bytes = Array(base.utf8)
    for name in [AdapterConfigurationFile.name, LoRAAdapter.weightsName] {
      bytes += Array(try file(adapter.appendingPathComponent(name)).utf8)
    }
    return SHA256.hexadecimalDigest(of: bytes)
  }

  /// SHA-256 (hexadecimal) of a whole file.
  public static func file(_ url: URL) throws(TelltaleError) -> String {
    SHA256.hexadecimalDigest(of: try contents(url))
  }

  /// SHA-256 (hexadecimal) of bytes.
  public static func data(_ data: Data) -> String { SHA256.hexadecimalDigest(of: Array(data)) }

  private static func contents(_ url: URL) throws(TelltaleError) -> [UInt8] {
    guard let data = try? Data(contentsOf: url) else {
      throw TelltaleError(.badInput, "cannot be read; check the path", at: InputLocation(file: url.path))
    }
    return Array(data)
  }

  private static func pieces(_ url: URL) throws(TelltaleError) -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: url)
      defer { try? handle.close() }
      let size = try handle.seekToEnd()
      var bytes = withUnsafeBytes(of: size.littleEndian) { Array($0) }
      for piece in 0..<samples {
        try handle.seek(toOffset: size / UInt64(samples) * UInt64(piece))
        bytes += try handle.read(upToCount: sampleSize) ?? Data()
      }
      return bytes
    } catch {
      throw TelltaleError(.badInput, "cannot be read; check its permissions", at: InputLocation(file: url.path))
    }
  }
}
