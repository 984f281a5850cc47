import Foundation
import Foundations

/// Reads mutants, counts what becomes of them, and ends the process where a reader hangs.
final class FuzzRun {
  /// A mutant that takes more seconds of the processor, hangs.
  private static let patience = 20.0
  /// Mutants that are kept for each reader; one fault makes thousands.
  private static let keptPerReader = 5

  private struct Counts {
    var (accepted, refused, wrong) = (0, 0, 0)
    var total: Int { accepted + refused + wrong }
  }

  private let settings: FuzzSettings
  private let readers: [Reader]
  private let scratch: URL
  private let watch = HangWatch(patience: FuzzRun.patience)

  init(_ settings: FuzzSettings, _ readers: [Reader]) throws {
    (self.settings, self.readers) = (settings, readers)
    scratch = FileManager.default.temporaryDirectory.appendingPathComponent("telltale-fuzz-\(getpid())")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: scratch) }

  /// - Returns: whether no reader was wrong.
  func run() throws -> Bool {
    var all = Counts()
    for reader in readers {
      let counts = try run(reader, seconds: settings.seconds / Double(readers.count))
      all.accepted += counts.accepted
      all.refused += counts.refused
      all.wrong += counts.wrong
    }
    Self.say(
      "all: \(all.total) mutants, \(all.accepted) accepted, \(all.refused) refused, \(all.wrong) wrong; "
        + "peak memory \(Self.peakMegabytes) MB, seed \(settings.seed)")
    return all.wrong == 0
  }

  private func run(_ reader: Reader, seconds: Double) throws -> Counts {
    let folder = scratch.appendingPathComponent(reader.name, isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try checkSeeds(reader, folder)
    var counts = Counts()
    var number = settings.only ?? 0
    let begin = Date()
    Self.say("\(reader.name): begins")
    repeat {
      switch try one(reader, number, folder) {
      case .accepted: counts.accepted += 1
      case .refused: counts.refused += 1
      case .wrong(let what):
        counts.wrong += 1
        if counts.wrong <= Self.keptPerReader { try keep(reader, number, folder, what) }
      }
      number += 1
    } while settings.only == nil && goesOn(after: counts.total, since: begin, seconds)
    Self.say(
      "\(reader.name): \(counts.total) mutants, \(counts.accepted) accepted, \(counts.refused) refused, \(counts.wrong) wrong"
    )
    return counts
  }

  private func goesOn(after mutants: Int, since begin: Date, _ seconds: Double) -> Bool {
    settings.mutants.map { mutants < $0 } ?? (Date().timeIntervalSince(begin) < seconds)
  }

  /// A fuzzer whose seeds are refused tests nothing.
  private func checkSeeds(_ reader: Reader, _ folder: URL) throws {
    for seed in reader.seeds {
      let outcome = try read(reader, seed.bytes, as: seed.name, folder)
      guard outcome == .accepted else {
        throw TelltaleError(.failed, "\(reader.name): the seed \(seed.name) is not accepted: \(outcome)")
      }
    }
  }

  private func one(_ reader: Reader, _ number: Int, _ folder: URL) throws -> Outcome {
    var mutator = Mutator(seed: settings.seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(number), words: reader.words)
    let seed = mutator.choose(reader.seeds)
    let bytes = mutator.mutated(seed.bytes, others: reader.seeds.map(\.bytes))
    watch.begin("--reader \(reader.name) --seed \(settings.seed) --only \(number)")
    defer { watch.end() }
    return try read(reader, bytes, as: seed.name, folder)
  }

  private func read(_ reader: Reader, _ bytes: [UInt8], as name: String, _ folder: URL) throws -> Outcome {
    let url = folder.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return reader.judge(url)
  }

  private func keep(_ reader: Reader, _ number: Int, _ folder: URL, _ what: String) throws {
    Self.say("\(reader.name): mutant \(number) (seed \(settings.seed)): \(what)")
    let target = settings.keep.appendingPathComponent("\(reader.name)-\(settings.seed)-\(number)", isDirectory: true)
    try? FileManager.default.removeItem(at: target)
    try FileManager.default.createDirectory(at: settings.keep, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: folder, to: target)
  }

  /// At once, so that a crash does not take it along.
  private static func say(_ line: String) { try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8)) }

  private static var peakMegabytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (Int(line.filter(\.isNumber)) ?? 0) / 1024
  }
}

/// Ends the process where one mutant takes too long, and names the mutant; also in a file, for crashes.
///
/// The processor's time counts, of which a busy machine gives little; where nothing is computed either, ten times as long.
final class HangWatch: @unchecked Sendable {
  private let lock = NSLock()
  private var current: (what: String, began: Date, used: Double)?

  init(patience: Double) {
    let thread = Thread { [weak self] in
      while let self {
        Thread.sleep(forTimeInterval: 1)
        guard let (what, began, used) = self.lock.withLock({ self.current }) else { continue }
        guard Self.processorSeconds - used > patience || Date().timeIntervalSince(began) > 10 * patience else {
          continue
        }
        FileHandle.standardError.write(Data("fuzz: hangs: \(what)\n".utf8))
        _exit(3)
      }
    }
    thread.start()
    signal(SIGILL) { _ in HangWatch.crashed() }
    signal(SIGTRAP) { _ in HangWatch.crashed() }
    signal(SIGSEGV) { _ in HangWatch.crashed() }
    signal(SIGABRT) { _ in HangWatch.crashed() }
    signal(SIGFPE) { _ in HangWatch.crashed() }
    signal(SIGBUS) { _ in HangWatch.crashed() }
  }

  /// The bytes of the current mutant's line, which a signal handler may write.
  nonisolated(unsafe) private static var line: [CChar] = []

  private static func crashed() {
    _ = line.withUnsafeBufferPointer { write(2, $0.baseAddress, max(0, $0.count - 1)) }
    _exit(4)
  }

  func begin(_ what: String) {
    lock.withLock { current = (what, Date(), Self.processorSeconds) }
    Self.line = Array("fuzz: crashes: \(what)\n".utf8CString)
  }

  func end() { lock.withLock { current = nil } }

  /// What this process has used.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
