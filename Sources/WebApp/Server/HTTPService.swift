import Foundation
import Foundations
import Hummingbird
import HummingbirdCore

/// A server on one address of this machine: what `serve` and `endpoint` have in common.
struct HTTPService: Sendable {
  /// The port was not free, and no one had asked for it by number.
  struct PortTaken: Error {}

  private static let mostConnections = 512
  /// Files that the stores of the runs and the pages take, of those that the process may open.
  private static let otherFiles = 128

  let address: ServerAddress
  let guardian: RequestGuard
  /// How refusals are written.
  private let problems: any ProblemForm
  private let methods: KnownMethods
  private let routes: RouterResponder<BasicRequestContext>

  init(
    address: ServerAddress, guardian: RequestGuard, problems: any ProblemForm, router: Router<BasicRequestContext>
  ) {
    (self.address, self.guardian, self.problems) = (address, guardian, problems)
    (methods, routes) = (KnownMethods(router), router.buildResponder())
  }

  /// No more than the process may have open files for.
  private static var connections: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return mostConnections }
    return min(mostConnections, max(32, Int(clamping: limit.rlim_cur) - otherFiles))
  }

  /// Serves until the process is asked to end (SIGINT, SIGTERM) or the task is cancelled.
  ///
  /// - Parameters:
  ///   - port: nil for `usual` or, where that is taken, any free one.
  ///   - onReady: called once the address can be opened.
  func run(port: Int?, usual: Int, onReady: @escaping @Sendable () -> Void) async throws {
    if let port { return try await run(port, mayChange: false, onReady) }
    do { try await run(usual, mayChange: true, onReady) } catch is PortTaken {
      try await run(0, mayChange: false, onReady)
    }
  }

  private func run(_ port: Int, mayChange: Bool, _ onReady: @escaping @Sendable () -> Void) async throws {
    let (address, waiting) = (address, WaitingConnections())
    var application = Application(
      responder: Front(guardian: guardian, methods: methods, problems: problems, inner: routes),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [RequestDeadline(waiting)], idleTimeout: .seconds(120))),
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: port), reuseAddress: true,
        availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
      onServerRunning: { channel in
        address.bind(port: channel.localAddress?.port ?? port)
        onReady()
      })
    application.logger.logLevel = .critical
    do { try await application.runService() } catch  where address.port == 0 {
      // It never listened.
      if mayChange { throw PortTaken() }
      throw TelltaleError(
        .badInput, "cannot listen on \(address.host), port \(port): \(error); name another port or host",
        remedy: .chooseAddress)
    }
  }
}

/// How a refusal is written: one sentence and a status.
protocol ProblemForm: Sendable {
  func response(_ sentence: String, _ status: HTTPResponse.Status, for request: Request) -> Response
}

/// As a page for people and as JSON for scripts.
struct PageProblems: ProblemForm {
  func response(_ sentence: String, _ status: HTTPResponse.Status, for request: Request) -> Response {
    Reply.problem(sentence, status, for: request)
  }
}

extension ServerAddress {
  /// Refuses a name that means every address of the machine.
  func requireOne() throws(TelltaleError) {
    guard !isEveryAddress else {
      throw TelltaleError(
        .badInput, "name the one address to listen on: 127.0.0.1, or an address of this machine, not every one of them")
    }
  }
}
