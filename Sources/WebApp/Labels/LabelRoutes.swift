import Experiments
import Foundation
import Hummingbird

/// All labels of a run: who gave them, and as CSV in and out.
struct LabelRoutes {
  static let largestTable = 16 << 20
  let catalog: RunCatalog

  func add(to router: Router<BasicRequestContext>) {
    let catalog = catalog
    router.get("/runs/:run/labels") { _, context in
      let name = try context.run
      return try await offThread {
        let desk = try catalog.desk(name)
        try desk.refresh()
        return Reply.page(LabelsPage(name: name, status: try RunStatus(catalog.url(name))).page)
      }
    }
    router.get("/runs/:run/labels.csv") { _, context in
      let name = try context.run
      return try await offThread {
        let desk = try catalog.desk(name)
        try desk.finishStoring()
        return Reply.csv(try StoreExport.givenLabels(desk.store), name: "labels.csv")
      }
    }
    router.post("/runs/:run/labels.csv") { request, context in
      let (name, rater) = (try context.run, Query(request)["rater"] ?? "")
      guard request.headers[.contentType]?.hasPrefix("text/csv") == true else {
        throw RequestError(.unsupportedMediaType, "Labels are sent as text/csv.")
      }
      let body = try await request.body.collect(upTo: Self.largestTable)
      guard let text = body.getString(at: body.readerIndex, length: body.readableBytes, encoding: .utf8) else {
        throw RequestError(.badRequest, "The file is not UTF-8 text.")
      }
      let desk = try await offThread { try catalog.desk(name) }
      let labels = try await offThread { try Self.labels(text, rater, desk) }
      try await desk.save(labels)
      return try Reply.json(Stored(stored: labels.count))
    }
  }

  private struct Stored: Encodable { var stored: Int }

  private static func labels(_ text: String, _ rater: String, _ desk: GradingDesk) throws -> [HandLabel] {
    let rater = rater.isEmpty ? nil : try RaterName.checked(rater)
    return try LabelImport(parsing: text, name: "the file").labels(by: rater, in: desk.store)
  }
}
