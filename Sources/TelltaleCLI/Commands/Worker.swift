import ArgumentParser
import CommandSupport
import Foundation
import Foundations

struct Worker: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Keep a model loaded and answer requests of another program: JSON-RPC 2.0 over stdin and stdout.",
    discussion: """
      One JSON object a line. Methods: \(WorkerSession.methodNames.joined(separator: ", ")). Arrays come and go as safetensors \
      files in a private folder. Parameters are the options of the command that does the same, with underscores for \
      dashes; docs/python.md has every method. Ends with stdin, or with the method shutdown.
      """)

  @Option(help: "The folder for arrays, which the caller removes (default: a new one, removed at the end).")
  var folder: String?

  func run() throws {
    let own = folder == nil
    let url = try folder.map { URL(fileURLWithPath: $0, isDirectory: true) } ?? Self.newFolder()
    defer { if own { try? FileManager.default.removeItem(at: url) } }
    guard FileManager.default.isWritableFile(atPath: url.path) else {
      throw TelltaleError(.badInput, "cannot be written to; name a folder that is there", at: .init(file: url.path))
    }
    try serve(WorkerSession(folder: url), MessageStream())
  }

  /// A folder that nobody else may look into.
  private static func newFolder() throws -> URL {
    let url = FileManager.default.temporaryDirectory.appending(path: "telltale-worker-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    return url
  }

  private func serve(_ session: WorkerSession, _ stream: MessageStream) throws {
    while !session.isDone {
      do {
        guard let line = try stream.next() else { return }
        try answer(RemoteCall(line), session, stream)
      } catch let error as CallError {
        try stream.refuse(error.id ?? .null, error)
      }
    }
  }

  /// Every request is answered once, a notification never.
  private func answer(_ call: RemoteCall, _ session: WorkerSession, _ stream: MessageStream) throws {
    let onProgress = { (title: String, done: Int, total: Int) in
      guard let id = call.id else { return }
      try? stream.note(.init(id: id, title: title, done: done, total: total))
    }
    do {
      let result = try session.run(call, onProgress)
      if let id = call.id { try stream.answer(id, result) }
    } catch {
      if let id = call.id { try stream.refuse(id, CallError(error)) }
    }
  }
}
