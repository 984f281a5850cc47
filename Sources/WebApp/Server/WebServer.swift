import Experiments
import Foundation
import Foundations
import Hummingbird
import HummingbirdCore
import Torch

/// `telltale serve`: pages for the runs of a folder.
package struct WebServer: Sendable {
  package struct Options: Sendable {
    /// The address to listen on.
    package var host = "127.0.0.1"
    /// 0 for any free port; nil for 8080 or, where that is taken, any free port.
    package var port: Int?
    package var token = AccessToken()
    /// Whether raters see model, data set, label and scores.
    package var unblind = false
    /// The share of the answers that a second pass asks again.
    package var repeated = 0.1

    package init() {}
  }

  private static let usualPort = 8080
  private static let mostConnections = 512
  /// Files that the stores of the runs and the pages take, of those that the process may open.
  private static let otherFiles = 128

  private let options: Options
  private let catalog: RunCatalog
  private let address: ServerAddress

  /// - Throws: `TelltaleError` if the folder neither is nor holds a run directory.
  package init(_ folder: URL, _ options: Options) throws {
    self.options = options
    catalog = try RunCatalog(folder, repeated: options.repeated)
    address = ServerAddress(host: options.host)
    guard !address.isEveryAddress else {
      throw TelltaleError(
        .badInput, "name the one address to listen on: 127.0.0.1, or an address of this machine, not every one of them")
    }
  }

  /// No more than the process may have open files for.
  private static var connections: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit) == 0 else { return mostConnections }
    return min(mostConnections, max(32, Int(clamping: limit.rlim_cur) - otherFiles))
  }

  /// Serves until the process is asked to end (SIGINT, SIGTERM) or the task is cancelled.
  ///
  /// - Parameter onReady: called with the address, token included, once it can be opened.
  package func run(onReady: @escaping @Sendable (String) -> Void) async throws {
    defer { catalog.finish() }
    if let port = options.port { return try await run(port: port, onReady) }
    do { try await run(port: Self.usualPort, onReady) } catch is PortTaken { try await run(port: 0, onReady) }
  }

  private struct PortTaken: Error {}

  private func run(port: Int, _ onReady: @escaping @Sendable (String) -> Void) async throws {
    let guardian = RequestGuard(token: options.token, address: address)
    let (address, token, waiting) = (address, options.token, WaitingConnections())
    let router = router
    var application = Application(
      responder: Front(guardian: guardian, methods: KnownMethods(router), inner: router.buildResponder()),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [RequestDeadline(waiting)], idleTimeout: .seconds(120))),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: port), reuseAddress: true,
        availableConnectionsDelegate: MaximumAvailableConnections(Self.connections)),
      onServerRunning: { channel in
        address.bind(port: channel.localAddress?.port ?? port)
        onReady("\(address.url)/?token=\(token.text)")
      })
    application.logger.logLevel = .critical
    do { try await application.runService() } catch  where address.port == 0 {
      // It never listened.
      if options.port == nil, port != 0 { throw PortTaken() }
      throw TelltaleError(
        .badInput, "cannot listen on \(options.host), port \(port): \(error); name another port or host",
        remedy: .chooseAddress)
    }
  }

  private var router: Router<BasicRequestContext> {
    let router = Router()
    AssetRoutes().add(to: router)
    RunRoutes(catalog: catalog).add(to: router)
    GradingRoutes(catalog: catalog, unblind: options.unblind).add(to: router)
    LabelRoutes(catalog: catalog, unblind: options.unblind).add(to: router)
    return router
  }
}
