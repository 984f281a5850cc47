import Foundation

/// How long this process has been running.
enum ProcessTime {
  private static let started = Date()

  /// Called at the start, so that the time counts from there.
  static func begin() { _ = started }

  static var sinceStart: Double { Date().timeIntervalSince(started) }
}
