import Foundation

/// HTTP over a socket, one request after the other on one connection, which sends exactly what it is told: foreign Host
/// headers and paths that no well-behaved client would send.
final class RawClient {
  struct Reply {
    var status: Int
    /// Names in small letters.
    var headers: [String: String]
    var body: Data
    var text: String { String(decoding: body, as: UTF8.self) }

    func json<T: Decodable>(_ type: T.Type) throws -> T {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try decoder.decode(type, from: body)
    }
  }

  struct Failure: Error { var reason: String }

  private let port: Int
  private var descriptor: Int32 = -1
  private var buffer = Data()
  /// Whether the server said that it closes the connection.
  private var wasLast = false

  init(port: Int) throws {
    self.port = port
    try connectAnew()
  }

  private func connectAnew() throws {
    if descriptor >= 0 { close(descriptor) }
    (buffer, wasLast) = (Data(), false)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let outcome = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard outcome == 0 else { throw Failure(reason: "cannot connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  /// A connection that the server closed because nothing came for long is opened again, as browsers do.
  func send(_ method: String, _ path: String, _ headers: [String: String] = [:], body: Data = Data()) throws -> Reply {
    var all = ["Host": "127.0.0.1:\(port)", "Content-Length": "\(body.count)"]
    all.merge(headers) { $1 }
    let head = all.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
    return try send(raw: Data("\(method) \(path) HTTP/1.1\r\n\(head)\r\n".utf8) + body, isHead: method == "HEAD")
  }

  /// Sends these very bytes and reads one answer.
  func send(raw: Data, isHead: Bool = false) throws -> Reply {
    if isClosed || wasLast { try connectAnew() }
    try write(raw)
    let reply = try read(isHead: isHead)
    wasLast = reply.headers["connection"] == "close"
    return reply
  }

  /// Sends bytes and waits for no answer.
  func begin(_ bytes: String) throws { try write(Data(bytes.utf8)) }

  /// Sends bytes and reads until the server closes the connection.
  func readToEnd(_ bytes: String) throws -> String {
    if isClosed || wasLast { try connectAnew() }
    try begin(bytes)
    var whole = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      whole.append(contentsOf: chunk[..<count])
    }
    wasLast = true
    return String(decoding: whole, as: UTF8.self)
  }

  private var isClosed: Bool {
    var byte: UInt8 = 0
    return recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  private func write(_ data: Data) throws {
    var done = 0
    while done < data.count {
      let count = data.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress.map { $0 + done }, data.count - done, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure(reason: "cannot send: \(String(cString: strerror(errno)))") }
      done += count
    }
  }

  private func read(isHead: Bool) throws -> Reply {
    let separator = Data("\r\n\r\n".utf8)
    while buffer.range(of: separator) == nil { try fill() }
    guard let end = buffer.range(of: separator) else { throw Failure(reason: "no head") }
    let lines = String(decoding: buffer[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    buffer = Data(buffer[end.upperBound...])
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
      let length = headers["content-length"].flatMap({ Int($0) })
    else { throw Failure(reason: "no status or length in \(lines)") }
    if isHead { return Reply(status: status, headers: headers, body: Data()) }
    while buffer.count < length { try fill() }
    let body = Data(buffer.prefix(length))
    buffer = Data(buffer.dropFirst(length))
    return Reply(status: status, headers: headers, body: body)
  }

  private func fill() throws {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &bytes, bytes.count, 0)
    guard count > 0 else { throw Failure(reason: "the connection is closed") }
    buffer.append(contentsOf: bytes[..<count])
  }
}
