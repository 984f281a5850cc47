import Foundation
import Foundations

/// A reader of files under test: what it begins with, how it reads, and what must hold for what it accepts.
struct Reader {
  /// A well-formed file and the name that it is read under.
  struct Seed {
    var name: String
    var bytes: [UInt8]
  }

  let name: String
  /// Words of the format, for mutations.
  var words: [String] = []
  let seeds: [Seed]
  /// Reads a file, whose folder holds what else is needed; throws `TelltaleError` where it refuses.
  ///
  /// - Returns: what was read, as text that two readers of one file agree on; empty where there is nothing to compare.
  let read: (URL) throws -> String
  /// What an independent reader makes of the same bytes; nil where there is none, or where it refuses (then the file
  /// must be one that its seed reads equal to).
  var reference: ((URL) throws -> String?)?

  static func seed(_ path: String, as name: String? = nil) throws -> Seed {
    let url = repository.appendingPathComponent(path)
    return Seed(name: name ?? url.lastPathComponent, bytes: [UInt8](try Data(contentsOf: url)))
  }

  static func seeds(_ paths: String...) throws -> [Seed] { try paths.map { try seed($0) } }

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func fixture(_ path: String) -> URL { repository.appendingPathComponent("Tests/Fixtures/\(path)") }
}

/// What becomes of one mutant.
enum Outcome: Equatable {
  case accepted
  case refused
  /// A refusal that is not one sentence, or a reading that differs from the reference's: a fault of the reader.
  case wrong(String)
}

extension Reader {
  /// Reads one file and judges what came of it.
  func judge(_ url: URL) -> Outcome {
    let digest: String
    do { digest = try read(url) } catch let error as TelltaleError { return judge(error) } catch {
      return .wrong("an error of another kind: \(String(describing: error).prefix(300))")
    }
    guard let reference, !digest.isEmpty else { return .accepted }
    do {
      guard let other = try reference(url) else { return .wrong("the reference refuses what is accepted") }
      guard other == digest else {
        return .wrong("read as \(digest.prefix(300)), the reference reads \(other.prefix(300))")
      }
      return .accepted
    } catch { return .wrong("the reference refuses what is accepted: \(String(describing: error).prefix(200))") }
  }

  /// A refusal is bad input, in one sentence of bounded length.
  private func judge(_ error: TelltaleError) -> Outcome {
    let message = error.message
    if message.isEmpty || message.contains("\n") { return .wrong("a refusal of several lines: \(message.prefix(300))") }
    if message.utf8.count > 2_000 { return .wrong("a refusal of \(message.utf8.count) bytes: \(message.prefix(300))") }
    return .refused
  }
}
