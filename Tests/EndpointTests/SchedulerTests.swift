import Foundation
import LanguageModels
import Steering
import TestSupport
import Testing
import Torch

@testable import Endpoint

@Suite("Requests share the model", .serialized) struct SchedulerTests {
  private static func body(_ prompt: String, _ maxTokens: Int, _ more: String = "") -> [UInt8] {
    Array(#"{"prompt": "\#(prompt)", "max_tokens": \#(maxTokens), "temperature": 0\#(more)}"#.utf8)
  }

  private static func metric(_ service: EndpointService, _ name: String) -> Int? {
    service.metrics().split(separator: "\n").first { $0.hasPrefix("\(name) ") }
      .flatMap { $0.split(separator: " ").last.flatMap { Int($0) } }
  }

  @Test("Requests with different edits, lengths and sampling, together, answer as alone")
  func together() async throws {
    let tiny = try TinyEndpoint { $0.slots = 5 }
    let edits = [
      "", #"{"operation": "add", "vector": "steer", "scale": 2}"#,
      #"{"operation": "add", "vector": "steer", "scale": -4, "positions": "from-prompt-end"}"#,
      #"{"operation": "ablate", "vector": "ablate", "layers": [0, 1]}"#,
      #"{"operation": "set", "vector": "ablate", "layers": [3], "to": 5}"#,
      #"{"operation": "add", "vector": "steer", "scale": 3, "positions": "prompt"}"#,
      #"{"operation": "add", "vector": "steer", "positions": "first-generated", "scale": 6}"#,
      #"{"operation": "add", "vector": "steer", "scale": 3, "above": -1000}"#,
    ]
    let bodies = (0..<24).map { number -> [UInt8] in
      let edit = edits[number % edits.count]
      let sampling = number % 3 == 0 ? #", "temperature": 1, "seed": \#(number)"# : ""
      let telltale = edit.isEmpty ? "" : #", "telltale": {"edits": [\#(edit)]}"#
      let prompt = String(repeating: "I think that ", count: 1 + number % 4)
      return Array(
        #"{"prompt": "\#(prompt)", "max_tokens": \#(4 + number % 7), "logprobs": 1\#(sampling.isEmpty ? #", "temperature": 0"# : sampling)\#(telltale)}"#
          .utf8)
    }
    let together = try await withThrowingTaskGroup(of: (Int, String).self) { group in
      for (number, body) in bodies.enumerated() {
        let pending = try tiny.service.completion(body)
        group.addTask { (number, try await pending.json()) }
      }
      return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
    }
    let lone = try TinyEndpoint { $0.slots = 1 }
    for (number, body) in bodies.enumerated() {
      let alone = try Answer(await lone.service.completion(body).json())
      let own = try Answer(#require(together[number]))
      #expect(own.choices[0].text == alone.choices[0].text, "\(number)")
      #expect(own.choices[0].logprobs?.tokenLogprobs == alone.choices[0].logprobs?.tokenLogprobs, "\(number)")
      #expect(own.telltale?.edits.map(\.positions) == alone.telltale?.edits.map(\.positions), "\(number)")
      #expect(own.telltale?.edits.map(\.meanShift) == alone.telltale?.edits.map(\.meanShift), "\(number)")
    }
    #expect(Self.metric(tiny.service, "telltale_requests_finished_total") == 24)
    #expect(Self.metric(tiny.service, "telltale_requests_waiting") == 0)
  }

  /// More work than a test waits for, however busy the machine is.
  private static let endless = body("I think", 65_000, #", "ignore_eos": true"#)

  private static func busy(_ change: (inout Scheduler.Limits) -> Void = { _ in }) throws -> TinyEndpoint {
    try TinyEndpoint(
      { limits in
        limits.slots = 1
        change(&limits)
      }, context: 65_536)
  }

  /// Reads the beginning of an answer and hangs up.
  private static func glance(_ pending: PendingAnswer) async throws {
    for try await event in pending.told { if case .piece = event { return } }
  }

  @Test("A full queue refuses with 429 and when to ask again")
  func fullQueue() async throws {
    let tiny = try Self.busy { $0.queue = 2 }
    var pending = [try tiny.service.completion(Self.endless)]
    // The first leaves the queue for the only slot.
    while Self.metric(tiny.service, "telltale_requests_waiting") != 0 { try await Task.sleep(for: .milliseconds(5)) }
    pending += [try tiny.service.completion(Self.body("a", 1)), try tiny.service.completion(Self.body("b", 1))]
    let error = try #require(throws: EndpointError.self) { try tiny.service.completion(Self.body("c", 1)) }
    #expect(error.status == 429 && error.code == "queue_full" && (1...120).contains(error.retryAfter ?? 0))
    #expect(Self.metric(tiny.service, "telltale_requests_rejected_total") == 1)
    pending.removeFirst()  // hangs up, which lets the others in
    for answer in pending { #expect(try await Answer(answer.json()).choices.count == 1) }
  }

  @Test("A request that does not end in time fails with a timeout, and the next is served")
  func deadline() async throws {
    let tiny = try Self.busy { $0.timeout = 2 }
    await #expect(throws: EndpointError.timeout) { try await tiny.service.completion(Self.endless).json() }
    #expect(Self.metric(tiny.service, "telltale_requests_timed_out_total") == 1)
    #expect(try await Answer(tiny.service.completion(Self.body("I think", 1)).json()).usage?.completionTokens == 1)
  }

  @Test("A client that hangs up ends its work")
  func hangUp() async throws {
    let tiny = try Self.busy()
    try await Self.glance(tiny.service.completion(Self.endless))
    #expect(try await Answer(tiny.service.completion(Self.body("a", 1)).json()).usage?.completionTokens == 1)
    #expect(Self.metric(tiny.service, "telltale_requests_cancelled_total") == 1)
  }

  @Test("A request with many prompts does not keep a later one from its turn")
  func turns() async throws {
    let tiny = try TinyEndpoint({ $0.slots = 1 }, context: 4096)
    let prompts = Array(repeating: #""I think that""#, count: 200).joined(separator: ",")
    let many = try tiny.service.completion(
      Array(#"{"prompt": [\#(prompts)], "max_tokens": 1000, "ignore_eos": true}"#.utf8))
    // Behind 200 prompts on the only slot it would take its turn after minutes.
    let one = try tiny.service.completion(Self.body("I think", 1))
    #expect(try await Answer(one.json()).choices.count == 1)
    #expect(Self.metric(tiny.service, "telltale_requests_finished_total") == 1)
    withExtendedLifetime(many) {}
  }

  @Test("Numbers that overflow fail their request alone, and leave nothing behind in the cache")
  func overflow() async throws {
    let tiny = try TinyEndpoint { $0.slots = 2 }
    let alone = try await Answer(tiny.service.completion(Self.body("I think that", 20)).json())
    // Each is within float32, all together are not.
    let edit = #"{"operation": "add", "vector": "steer", "scale": 1e38, "unit": "unit", "positions": "generated"}"#
    let edits = Array(repeating: edit, count: 40).joined(separator: ",")
    let bad = #", "telltale": {"edits": [\#(edits)]}"#
    for _ in 0..<3 {
      let steady = try tiny.service.completion(Self.body("I think that", 20))
      let broken = try tiny.service.completion(Self.body("I think that", 20, bad))
      do {
        _ = try await broken.json()
        Issue.record("nothing was thrown")
      } catch let error as EndpointError {
        #expect(error.status == 400 && error.message.contains("finite"), "\(error)")
      }
      #expect(try await Answer(steady.json()).choices[0].text == alone.choices[0].text)
    }
  }

  @Test("The end of the server fails what is not answered")
  func end() async throws {
    let tiny = try Self.busy()
    let pending = try tiny.service.completion(Self.endless)
    tiny.service.end()
    await #expect(throws: EndpointError.ended) { try await pending.json() }
    #expect(throws: EndpointError.ended) { try tiny.service.completion(Self.body("I think", 1)) }
  }
}
