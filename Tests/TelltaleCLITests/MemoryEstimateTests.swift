import Foundation
import TestSupport
import Testing

/// What a dry run says of memory, beside what the run takes.
@Suite(.tags(.process), .enabled(if: RealModels.isThere(RealModels.smolLM2), "run scripts/fetch-model smollm2"))
struct MemoryEstimateTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private struct Estimate: Decodable {
    var programBytes: Int
    var weightBytes: Int
    var workingBytes: Int
  }

  private struct Manifest: Decodable { var peakBytes: Int }

  /// Free answers of a dozen words, most of whose tokens are scored over 49,152 tokens of the vocabulary.
  private func writeExperiment() throws {
    let rows = (0..<96).map { row in
      let other = "it was never told in any book, so that nobody can know it"
      return """
        {"question": "What happened in the year \(1000 + row)?", "answer": "In that year \(other).", \
        "contrastive_answer": "A king of the north was crowned in year \(1000 + row), and \(other)."}
        """
    }
    try folder.write(rows.joined(separator: "\n"), to: "years.jsonl")
    try folder.write(
      """
      name: memory
      models: [\(RealModels.smolLM2.path)]
      dtype: float32
      prompt: {style: chat}
      datasets:
        train: {files: [years.jsonl], part: train}
        test: {files: [years.jsonl], part: test}
      vectors:
        - {name: v, contrast: answers, dataset: train, read: answer}
      recording: {label: forced-choice, max-tokens: 1}
      predictions:
        - {targets: [test], positions: [prompt], scores: [cosine]}
      """, to: "memory.yaml")
  }

  @Test("A dry run's memory is within 1.5 times of what the run takes, which its manifest holds")
  func memory() throws {
    try writeExperiment()
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let planned = try Binary.succeed(["run", "memory.yaml", "--dry-run", "--json"], in: folder)
    let estimate = try decoder.decode(Estimate.self, from: Data(planned.output.utf8))
    _ = try Binary.succeed(["run", "memory.yaml", "--output", "run"], in: folder)
    let data = try Data(contentsOf: folder.url.appending(path: "run/manifest.json"))
    let manifest = try decoder.decode(Manifest.self, from: data)
    let said = Double(estimate.programBytes + estimate.weightBytes + estimate.workingBytes)
    let ratio = said / Double(manifest.peakBytes)
    #expect(ratio > 1 / 1.5 && ratio < 1.5, "\(estimate), \(manifest)")
    // 135 million numbers of four bytes, of which the head is the embedding.
    #expect(estimate.weightBytes > 500 << 20 && manifest.peakBytes > estimate.weightBytes)
  }
}
