import Experiments
import Foundation
import Hummingbird

/// All labels of a run: who gave them, how far they agree, what they change, and as CSV in and out.
struct LabelRoutes {
  static let largestTable = 16 << 20
  let catalog: RunCatalog
  let unblind: Bool
  private let recomputation = Recomputation()

  init(catalog: RunCatalog, unblind: Bool) { (self.catalog, self.unblind) = (catalog, unblind) }

  func add(to router: Router<BasicRequestContext>) {
    let (catalog, unblind) = (catalog, unblind)
    router.get("/runs/:run/labels") { _, context in
      let name = try context.run
      return try await offThread { try Self.page(name, catalog, unblind) }
    }
    router.post("/runs/:run/adjudications") { request, context in
      let (name, label) = (try context.run, try await PostedLabel(request))
      let desk = try await offThread { try catalog.desk(name) }
      try await desk.store([label.label(by: RaterPass(RaterName.adjudicated))])
      return try Reply.json(Stored(stored: 1))
    }
    addTables(to: router)
    addRecomputation(to: router)
  }

  private static func page(_ name: String, _ catalog: RunCatalog, _ unblind: Bool) throws -> Response {
    let desk = try catalog.desk(name)
    try desk.refresh()
    // A run that is still recorded has no tables to compare yet.
    let agreement = try? LabelAgreement(desk.run)
    let judges = agreement?.judges.map(\.judge) ?? []
    let replacement = try? judges.flatMap { try LabelReplacement(desk.run, labels: $0, instead: .hand).changes }
    let page = LabelsPage(
      name: name, status: try RunStatus(catalog.url(name)), agreement: agreement, replacement: replacement ?? [],
      unblind: unblind)
    return Reply.page(page.page)
  }

  private struct Stored: Encodable { var stored: Int }

  // MARK: CSV

  private func addTables(to router: Router<BasicRequestContext>) {
    let catalog = catalog
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
      guard request.headers[.contentType]?.hasPrefix("text/csv") == true, request.isPlain else {
        throw RequestError(.unsupportedMediaType, "Labels are sent as text/csv, uncompressed.")
      }
      let body = try await request.body.collect(upTo: Self.largestTable)
      guard let text = body.getString(at: body.readerIndex, length: body.readableBytes, encoding: .utf8) else {
        throw RequestError(.badRequest, "The file is not UTF-8 text.")
      }
      let desk = try await offThread { try catalog.desk(name) }
      let labels = try await offThread { try Self.labels(text, rater, desk) }
      try await desk.store(labels)
      return try Reply.json(Stored(stored: labels.count))
    }
  }

  private static func labels(_ text: String, _ rater: String, _ desk: GradingDesk) throws -> [HandLabel] {
    try desk.refresh()
    let rater = rater.isEmpty ? nil : try RaterName.checked(rater)
    return try LabelImport(parsing: text, name: "the file").labels(by: rater, in: desk.store)
  }

  // MARK: Recomputation

  private struct Computed: Encodable { var path: String }

  private func addRecomputation(to router: Router<BasicRequestContext>) {
    let (catalog, recomputation) = (catalog, recomputation)
    router.post("/runs/:run/relabelled") { request, context in
      let (name, labels) = (try context.run, try Self.choice(request))
      let desk = try await offThread { try catalog.desk(name) }
      try await recomputation.compute(name, by: labels, desk)
      let path = "/runs/\(Query.encoded(name))/relabelled?labels=\(Query.encoded(labels.description))"
      return try Reply.json(Computed(path: path))
    }
    router.get("/runs/:run/relabelled") { request, context in
      let (name, labels) = (try context.run, try Self.choice(request))
      _ = try catalog.url(name)
      guard let results = recomputation.results(name, by: labels) else {
        throw RequestError(
          .notFound, "This was not computed since the server began; the page of labels has the button.")
      }
      return Reply.page(RelabelledPage(name: name, results: results).page)
    }
  }

  private static func choice(_ request: Request) throws(RequestError) -> LabelChoice {
    let text = Query(request)["labels"] ?? ""
    guard let choice = LabelChoice(text), choice != .recorded else {
      throw RequestError(.badRequest, LabelChoice.refusal(text) + ".")
    }
    return choice
  }
}
