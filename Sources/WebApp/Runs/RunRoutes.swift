import Experiments
import Foundation
import Hummingbird
import Reports

/// Runs, how far they are, their reports, and two of them side by side.
struct RunRoutes {
  let catalog: RunCatalog

  func add(to router: Router<BasicRequestContext>) {
    let catalog = catalog
    router.get("/") { _, _ in try await offThread { Reply.page(RunsPage(catalog.summaries).page) } }
    router.get("/runs.json") { _, _ in try await offThread { try Reply.json(catalog.summaries) } }
    router.get("/runs/:run") { _, context in
      let name = try context.run
      return try await offThread {
        let url = try catalog.url(name)
        let report = RunReport(run: url)
        let verdicts = report.isThere ? try? RunVerdicts(StoredRun(url)) : nil
        return Reply.page(
          RunPage(name: name, status: try RunStatus(url), hasReport: report.isThere, verdicts: verdicts).page)
      }
    }
    router.get("/runs/:run/status.json") { _, context in
      let name = try context.run
      return try await offThread { try Reply.json(RunStatus(catalog.url(name))) }
    }
    router.get("/runs/:run/report") { _, context in
      let name = try context.run
      return try await offThread { try Self.report(catalog.url(name)) }
    }
    router.get("/compare") { request, _ in
      let query = Query(request)
      let (first, second) = (query["first"] ?? "", query["second"] ?? "")
      return try await offThread {
        let comparison = try RunComparison(catalog.url(first), catalog.url(second))
        return Reply.page(ComparisonPage(first: first, second: second, comparison: comparison).page)
      }
    }
  }

  private static func report(_ run: URL) throws -> Response {
    var response = Response(
      status: .ok, headers: [.contentType: "text/html; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try RunReport(run: run).contents())))
    if let name = HeaderName("Content-Security-Policy") { response.headers[name] = SecurityHeaders.reportPolicy }
    return response
  }
}

extension RequestContext {
  /// The run that the address names.
  var run: String {
    get throws {
      guard let name = parameters.get("run")?.removingPercentEncoding else { throw RequestError.notFound }
      return name
    }
  }
}
