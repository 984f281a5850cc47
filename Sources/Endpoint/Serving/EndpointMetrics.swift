import Foundation

/// Counts of what the endpoint did, as Prometheus reads them
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
struct EndpointMetrics: Sendable {
  enum Counter: String, CaseIterable, Sendable {
    case requests = "telltale_requests_total"
    case rejected = "telltale_requests_rejected_total"
    case cancelled = "telltale_requests_cancelled_total"
    case timedOut = "telltale_requests_timed_out_total"
    case failed = "telltale_requests_failed_total"
    case finished = "telltale_requests_finished_total"
    case promptTokens = "telltale_prompt_tokens_total"
    case generatedTokens = "telltale_generated_tokens_total"
    case steps = "telltale_decoding_steps_total"
    case editedPositions = "telltale_edited_positions_total"
    case flaggedPrompts = "telltale_flagged_prompts_total"

    var help: String {
      switch self {
      case .requests: "Requests for completions that were valid."
      case .rejected: "Requests refused because the queue was full."
      case .cancelled: "Requests whose client hung up."
      case .timedOut: "Requests that did not end in time."
      case .failed: "Requests that failed otherwise."
      case .finished: "Requests that were answered."
      case .promptTokens: "Tokens of prompts that were read."
      case .generatedTokens: "Tokens that were generated."
      case .steps: "Decoding steps, each a token for every active sequence."
      case .editedPositions: "Positions that edits changed."
      case .flaggedPrompts: "Answers whose prompt the monitor flagged."
      }
    }
  }

  private var counts: [Counter: Int] = [:]

  subscript(counter: Counter) -> Int { counts[counter, default: 0] }

  mutating func add(_ number: Int = 1, to counter: Counter) { counts[counter, default: 0] += number }

  /// - Parameters:
  ///   - waiting: requests in the queue.
  ///   - active: sequences in the batch, of `slots`.
  func text(waiting: Int, active: Int, slots: Int) -> String {
    var lines = Counter.allCases.flatMap { counter in
      [
        "# HELP \(counter.rawValue) \(counter.help)", "# TYPE \(counter.rawValue) counter",
        "\(counter.rawValue) \(self[counter])",
      ]
    }
    for (name, help, value) in [
      ("telltale_requests_waiting", "Requests that wait for a slot.", waiting),
      ("telltale_sequences_active", "Sequences in the batch.", active),
      ("telltale_slots", "Sequences that the batch has room for.", slots),
    ] {
      lines += ["# HELP \(name) \(help)", "# TYPE \(name) gauge", "\(name) \(value)"]
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
