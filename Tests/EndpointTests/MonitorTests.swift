import Foundation
import Foundations
import Steering
import TestSupport
import Testing
import Torch

@testable import Endpoint

@Suite("The monitor of an endpoint") struct EndpointMonitorTests {
  private func monitor(hidden: Int = 64, position: ReadPosition = .prompt) throws -> Monitor {
    let made = try SyntheticRecording(rows: 480, layers: 2, hidden: hidden, pairs: 4)
    var fit = MonitorFit(name: "watch")
    fit.position = position
    return try fit.monitor([("v", made.vectors, "abc")], layers: [1], made.recording, from: "synthetic")
  }

  @Test("Every answer states the probability of the prompt's last token, by transformers' residual stream")
  func probability() async throws {
    let monitor = try monitor()
    let tiny = try TinyEndpoint(monitor: monitor)
    let prompts = try (1...3).map(tiny.prompt)
    let answer = try await tiny.complete(#"{"prompt": \#(prompts), "max_tokens": 2, "n": 2}"#)
    let direction = monitor.directions[0].map(Double.init)
    for choice in answer.choices {
      let states = try tiny.golden.tensor("prompt.\(choice.index / 2 + 1).hidden_states")
      // hidden_states begins with the embeddings: entry 2 follows block 1.
      let stream = try states[2][prompts[choice.index / 2].count - 1].doubles()
      func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      let cosine = zip(stream, direction).reduce(0) { $0 + $1.0 * $1.1 } / norm(stream) / norm(direction)
      let expected = monitor.card.detector.probability([cosine])
      let reading = try #require(choice.telltale?.monitor)
      #expect(abs(reading.probability - expected) < 1e-4 && reading.name == "watch")
      #expect(reading.flagged == (expected >= monitor.card.probabilityThreshold))
    }
  }

  @Test("A monitor of another width, or of another position, is refused at the start")
  func refused() throws {
    expectError(.badInput, containing: "another model") { try TinyEndpoint(monitor: monitor(hidden: 32)) }
    expectError(.badInput, containing: "watches prompts") {
      try TinyEndpoint(monitor: monitor(position: .continuation))
    }
  }
}
