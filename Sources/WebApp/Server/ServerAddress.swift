import Foundation
import Synchronization

/// Where the server listens. Requests to any other name are refused, so that a foreign site's name that is made to point
/// here (DNS rebinding) opens nothing.
final class ServerAddress: Sendable {
  let host: String
  /// The addresses that the name stands for, as numbers: `127.1` is 127.0.0.1 too.
  private let numbers: [NumericAddress]
  private let bound = Mutex<Int?>(nil)

  init(host: String) {
    self.host = host
    numbers = NumericAddress.all(of: host)
  }

  /// Whether the name means every address of the machine, however it is spelt: `0`, `0x0`, `::0`, `::ffff:0.0.0.0`, `*`.
  var isEveryAddress: Bool { ["", "*"].contains(host) || numbers.contains(where: \.isEvery) }

  var port: Int {
    bound.withLock { $0 ?? 0 }
  }

  func bind(port: Int) { bound.withLock { $0 = port } }

  var isLoopback: Bool {
    host.lowercased() == "localhost" || numbers.contains { ["127.0.0.1", "[::1]"].contains($0.name) }
  }
  /// As it stands in an address.
  private var name: String { host.contains(":") ? "[\(host)]" : host.lowercased() }
  var url: String { "http://\(name):\(port)" }
  /// Browsers share cookies between the ports of a host.
  var cookieName: String { "telltale-\(port)" }

  private var authorities: [String] {
    guard port > 0 else { return [] }
    let names = Set([name] + numbers.map(\.name) + (isLoopback ? ["127.0.0.1", "localhost", "[::1]"] : []))
    return names.map { "\($0):\(port)" }
  }

  func isOwn(host: String) -> Bool { authorities.contains(host.lowercased()) }

  func isOwn(origin: String) -> Bool { authorities.contains { "http://\($0)" == origin.lowercased() } }
}

/// An address of the internet protocols as numbers.
struct NumericAddress {
  /// As it stands in a URL: in brackets where it is of version 6.
  let name: String
  /// Whether it stands for all addresses of a machine.
  let isEvery: Bool

  /// Those that a name stands for here; none for a name that is not known.
  static func all(of host: String) -> [NumericAddress] {
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, nil, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    return sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap {
      $0.flatMap(NumericAddress.init)
    }
  }

  private init?(_ info: UnsafeMutablePointer<addrinfo>) {
    guard let address = info.pointee.ai_addr else { return nil }
    var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
    else {
      return nil
    }
    let number = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    name = number.contains(":") ? "[\(number)]" : number
    isEvery = ["0.0.0.0", "::", "::ffff:0.0.0.0"].contains(number)
  }
}
