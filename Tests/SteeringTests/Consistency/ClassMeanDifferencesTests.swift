import Statistics
import Testing
import Torch

@testable import Steering

@Suite("Class means are resampled by what their rows add")
struct ClassMeanDifferencesTests {
  private func recording(_ values: [Double], width: Int, labels: [Int?], groups: [String]) throws -> Recording {
    let rows = labels.indices.map { recordedRow($0, label: labels[$0], group: groups[$0]) }
    let stream = try Tensor(values.map(Float.init), shape: [labels.count, 1, width])
    return Recording(rows: rows, layers: [4], activations: [.prompt: stream])
  }

  @Test("Their mean is the vector by hand")
  func theirMeanIsTheVectorByHand() throws {
    let made = try recording(
      [10, 0, 12, 2, 4, 1, 99, 99], width: 2, labels: [1, 1, 0, nil], groups: ["p", "q", "q", "r"])
    let differences = try #require(try ChunkedRecording(made).classMeanDifferences(at: .prompt, of: Array(0..<4)))
    // m1 = (11, 1), m0 = (4, 1), v = (7, 0); n / n1 = 3/2: v + 3/2 (-1, -1), v + 3/2 (1, 1), and v for the only other row.
    #expect(try differences.differences.floats() == [5.5, -1.5, 8.5, 1.5, 7, 0])
    #expect(differences.differences.shape == [3, 1, 2] && differences.layers == [4])
    #expect(differences.groups == ["p", "q", "q"])
    #expect(try ChunkedRecording(made).classMeanDifferences(at: .prompt, of: [0, 1]) == nil, "a class is empty")
    #expect(
      try ChunkedRecording(made).classMeanDifferences(at: .continuation, of: [0, 2]) == nil,
      "nothing was recorded there")
  }

  @Test("The vector of the recording takes them for its own")
  func theVectorOfTheRecordingTakesThemForItsOwn() throws {
    let made = try SyntheticRecording(rows: 60, layers: 2, hidden: 12, pairs: 4).recording
    let vectors = try made.vectors(at: .prompt, seed: 1)
    let compared = try ComparedVector(
      name: "made", vectors: vectors, pairs: ChunkedRecording(made).classMeanDifferences(at: .prompt, of: Array(0..<60))
    )
    #expect(compared.pairs != nil && compared.notes == [])
  }

  /// Two class means of disjoint questions of one population: the same vector but for noise, beside a common part of 30
  /// times its size that a resampling must not let in.
  @Test("The interval of the cosine without noise covers the truth")
  func theIntervalOfTheCosineWithoutNoiseCoversTheTruth() throws {
    let (trials, questions, width) = (120, 24, 12)
    var covered = 0
    for trial in 0..<trials {
      let rows = 4 * questions
      let labels = (0..<2 * rows).map { $0 % 3 == 0 ? 1 : 0 }
      let noise = try Tensor.randomNormal([2 * rows, width], seed: UInt64(trial)).floats()
      let values = (0..<2 * rows * width).map { index -> Double in
        let signal = index % width == 0 ? Double(labels[index / width]) : 30
        return Double(noise[index]) + signal
      }
      let groups = (0..<2 * rows).map { "q\($0 / 4)" }
      let made = try recording(values, width: width, labels: labels, groups: groups)
      let halves = try [Array(0..<rows), Array(rows..<2 * rows)].map { part -> ComparedVector in
        let own = try made.selecting(part)
        return try ComparedVector(
          name: "half", vectors: own.vectors(at: .prompt, seed: 0),
          pairs: ChunkedRecording(own).classMeanDifferences(at: .prompt, of: Array(0..<rows)))
      }
      var options = VectorComparison.Options()
      (options.replicates, options.seed) = (200, UInt64(trial))
      let evidence = try #require(try VectorComparison(halves[0], halves[1], options: options).layers.first?.evidence)
      covered += evidence.disattenuatedInterval?.contains(1) == true ? 1 : 0
    }
    // 95 % of 120 is 114; three standard deviations of a binomial are 7.
    #expect(covered >= 107, "\(covered) of \(trials)")
  }
}
