import Experiments
import Foundation
import Foundations
import Hummingbird
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

  private let options: Options
  private let catalog: RunCatalog
  private let address: ServerAddress

  /// - Throws: `TelltaleError` if the folder neither is nor holds a run directory.
  package init(_ folder: URL, _ options: Options) throws {
    self.options = options
    catalog = try RunCatalog(folder, repeated: options.repeated)
    address = ServerAddress(host: options.host)
    try address.requireOne()
  }

  /// Serves until the process is asked to end (SIGINT, SIGTERM) or the task is cancelled.
  ///
  /// - Parameter onReady: called with the address, token included, once it can be opened.
  package func run(onReady: @escaping @Sendable (String) -> Void) async throws {
    defer { catalog.finish() }
    let (address, token) = (address, options.token)
    let service = HTTPService(
      address: address, guardian: RequestGuard(token: token, address: address, program: "telltale serve"),
      problems: PageProblems(), router: router)
    try await service.run(port: options.port, usual: Self.usualPort) {
      onReady("\(address.url)/?token=\(token.text)")
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
