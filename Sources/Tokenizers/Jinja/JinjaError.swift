/// Why a template was not read or a chat not rendered.
package struct JinjaError: Error, Equatable, Sendable {
  package enum Code: String, Sendable {
    /// The template is no Jinja.
    case syntax
    /// The template refuses the chat by `raise_exception`: the message is the template's sentence.
    case refused
    /// A construct of Jinja that is not known here.
    case unsupported
    /// What Python or Jinja would raise while it renders.
    case runtime
    /// A bound was reached: steps, depth, output or the size of the template.
    case limit
  }

  package var code: Code
  package var message: String
  /// The line of the template, from 1.
  package var line: Int?

  package init(_ code: Code, _ message: String, line: Int? = nil) {
    self.code = code
    self.message = message
    self.line = line
  }

  func at(_ line: Int) -> JinjaError { JinjaError(code, message, line: self.line ?? line) }
}

extension JinjaError: CustomStringConvertible {
  /// The template's sentence as it is; anything else with its line.
  package var description: String {
    guard code != .refused, let line else { return message }
    return "line \(line) of the template: \(message)"
  }
}

extension JinjaError {
  /// The description as a message of ours can carry it: on one line, and cut where a template makes it long.
  package var sentence: String {
    let line = description.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 240 ? line.prefix(240) + "..." : line
  }
}

/// What a rendering may use at most, so that a template from a stranger can neither hang nor fill the memory.
package struct JinjaLimits: Sendable {
  /// Characters of the template.
  package var templateLength = 1_000_000
  /// Statements, expressions and elements that are visited.
  package var steps = 5_000_000
  /// Statements and expressions inside one another, through macros too.
  package var depth = 400
  /// Characters and elements that are made on the way, the output included.
  package var made = 50_000_000
  /// Containers inside one another.
  package var nesting = 100

  package init() {}
}

/// Counts what a rendering has used.
final class Budget {
  let limits: JinjaLimits
  private var steps = 0
  private var made = 0

  init(_ limits: JinjaLimits) { self.limits = limits }

  /// Counts visited nodes or elements.
  func step(_ count: Int = 1) throws(JinjaError) {
    steps += count
    guard steps <= limits.steps else {
      throw JinjaError(.limit, "rendering takes more than \(limits.steps) steps; the template does not seem to end")
    }
  }

  /// Counts characters or elements before they are made; `times` is how often `size` of them.
  func make(_ size: Int, times: Int = 1) throws(JinjaError) {
    let (total, overflow) = size.multipliedReportingOverflow(by: max(times, 0))
    guard !overflow, total <= limits.made - made else {
      throw JinjaError(.limit, "rendering makes more than \(limits.made) characters; the template does not seem to end")
    }
    made += total
  }
}
