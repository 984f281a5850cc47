import Foundation

/// Messages of JSON-RPC over stdin and stdout, one JSON object a line.
final class MessageStream {
  /// A line beyond this is no message: arrays go in files.
  static let longest = 256 << 20

  private var buffer = Data()
  /// Up to where the buffer was searched for the end of a line.
  private var searched = 0

  /// The next line that is not blank; nil at the end of the input.
  func next() throws(CallError) -> Data? {
    while true {
      if let line = lineInBuffer() {
        if line.contains(where: { $0 != 32 && $0 != 9 && $0 != 13 }) { return line }
        continue
      }
      guard buffer.count <= Self.longest else {
        buffer = Data()
        throw CallError(.invalidRequest, "is a line of more than \(Self.longest >> 20) MB; give arrays in files")
      }
      guard let more = Self.readSome() else { return rest() }
      buffer.append(contentsOf: more)
    }
  }

  /// What is there, waiting for something to be; nil at the end. (`FileHandle.read` would wait for as much as was asked for,
  /// and the client for its answer.)
  private static func readSome() -> ArraySlice<UInt8>? {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(STDIN_FILENO, &chunk, chunk.count)
      if count > 0 { return chunk[..<count] }
      guard count < 0, errno == EINTR else { return nil }
    }
  }

  private func lineInBuffer() -> Data? {
    guard let end = buffer[(buffer.startIndex + searched)...].firstIndex(of: 10) else {
      searched = buffer.count
      return nil
    }
    let line = Data(buffer[buffer.startIndex..<end])
    buffer.removeSubrange(buffer.startIndex...end)
    searched = 0
    return line
  }

  /// A last line without its end.
  private func rest() -> Data? {
    defer { buffer = Data() }
    return buffer.isEmpty ? nil : buffer
  }

  // MARK: Answers

  private struct Answer<Result: Encodable>: Encodable {
    let jsonrpc = "2.0"
    var id: CallID
    var result: Result
  }

  private struct Refusal: Encodable {
    let jsonrpc = "2.0"
    var id: CallID
    var error: CallError
  }

  struct Progress: Encodable {
    var id: CallID
    var title: String
    var done: Int
    var total: Int
  }

  private struct Notification: Encodable {
    let jsonrpc = "2.0"
    let method = "progress"
    var params: Progress
  }

  func answer(_ id: CallID, _ result: some Encodable) throws { try send(Answer(id: id, result: result)) }

  func refuse(_ id: CallID, _ error: CallError) throws { try send(Refusal(id: id, error: error)) }

  func note(_ progress: Progress) throws { try send(Notification(params: progress)) }

  private func send(_ message: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    try FileHandle.standardOutput.write(contentsOf: encoder.encode(message) + Data("\n".utf8))
  }
}
