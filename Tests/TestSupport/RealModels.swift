import Foundation

/// Trained models that `scripts/fetch-model` puts into the cache; tests that need one are skipped where it is missing.
package enum RealModels {
  /// SmolLM2-135M-Instruct, Q4_1 (Apache-2.0): `scripts/fetch-model smollm2`.
  package static let smolLM2 = file("SmolLM2-135M-Instruct.Q4_1.gguf")

  /// Gemma-3-270M base, Q4_K_M (Gemma terms of use): `scripts/fetch-model gemma3-270m`.
  package static let gemma3 = file("gemma-3-270m-q4_k_m.gguf")

  package static func isThere(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

  private static func file(_ name: String) -> URL {
    let environment = ProcessInfo.processInfo.environment
    let cache = environment["TELLTALE_CACHE"] ?? NSHomeDirectory() + "/.cache/telltale"
    return URL(fileURLWithPath: cache, isDirectory: true).appending(path: "models/\(name)")
  }
}
