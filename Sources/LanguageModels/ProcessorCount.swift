import Foundation
import Foundations

/// How many threads this process can keep busy.
package enum ProcessorCount {
  /// One a physical core that the process may run on, and not more than its control group may use of them: threads beyond
  /// wait for each other at the end of every operation, and two on one core share its arithmetic.
  package static let usable: Int = {
    let cores = Set(allowed().map { siblings(of: $0) ?? "\($0)" }).count
    return count(cores: cores, quotas: quotas())
  }()

  /// - Parameter quotas: processors' worth of time that each control group around the process grants.
  static func count(cores: Int, quotas: [Double]) -> Int {
    let granted = quotas.filter { $0 > 0 }.min().map { Int(saturating: min($0, 1024).rounded(.up)) } ?? cores
    return max(1, min(cores, granted))
  }

  /// The processors that the scheduler may give this process, those of `taskset` or Slurm.
  private static func allowed() -> [Int] {
    let status = (text("/proc/self/status") ?? "").split(separator: "\n")
    let line = status.first { $0.hasPrefix("Cpus_allowed_list:") }
    let list = processors(String(line?.split(separator: ":").last ?? ""))
    return list.isEmpty ? Array(0..<ProcessInfo.processInfo.activeProcessorCount) : list
  }

  /// Those of a list such as "0-3,8"; none where it is not one.
  static func processors(_ list: String) -> [Int] {
    let ranges = list.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",").map { part in
      part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
    }
    guard ranges.allSatisfy({ (1...2).contains($0.count) && $0[0] >= 0 && $0[$0.count - 1] < 65_536 }) else {
      return []
    }
    return ranges.flatMap { Array($0[0]..<max($0[0], $0[$0.count - 1] + 1)) }
  }

  /// The processors that share a core with one, as the kernel writes them; nil where it does not say.
  private static func siblings(of processor: Int) -> String? {
    text("/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list")
  }

  /// What the control groups of this process grant, versions 2 and 1; none where there is no limit.
  private static func quotas() -> [Double] {
    let groups = (text("/proc/self/cgroup") ?? "").split(separator: "\n").compactMap { line in
      line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init)
    }
    // A container sees its own group as the root, whatever the path is called.
    let folders = Set(groups.flatMap(ancestors(of:)) + ["/"])
    return folders.flatMap { folder in
      [
        quota(text("/sys/fs/cgroup\(folder)/cpu.max")),
        quota(
          [text("/sys/fs/cgroup/cpu\(folder)/cpu.cfs_quota_us"), text("/sys/fs/cgroup/cpu\(folder)/cpu.cfs_period_us")]
            .compactMap { $0 }.joined(separator: " ")),
      ].compactMap { $0 }
    }
  }

  /// "/a/b" lies in itself, in "/a" and in "/".
  static func ancestors(of group: String) -> [String] {
    let parts = group.split(separator: "/").prefix(64)
    return (0...parts.count).map { "/" + parts.prefix($0).joined(separator: "/") }
  }

  /// Processors' worth of time of "150000 100000", microseconds of a period; nil for "max 100000", -1 and nonsense.
  static func quota(_ text: String?) -> Double? {
    let numbers = (text ?? "").split(whereSeparator: \.isWhitespace).map { Double($0) }
    guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0, period > 0 else { return nil }
    return quota / period
  }

  private static func text(_ path: String) -> String? {
    (try? String(contentsOfFile: path, encoding: .utf8)).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
  }
}
