import Experiments
import Foundation
import Foundations
import Hummingbird

/// Hand grading: the page, whose turn is which answer, and the labels.
struct GradingRoutes {
  /// A label with its note, as JSON.
  static let largestLabel = 64 << 10
  let catalog: RunCatalog
  let unblind: Bool

  func add(to router: Router<BasicRequestContext>) {
    let (catalog, unblind) = (catalog, unblind)
    router.get("/runs/:run/grade") { request, context in
      let (name, query) = (try context.run, Query(request))
      return try await offThread { try Self.page(name, query, catalog, unblind) }
    }
    router.get("/runs/:run/grading/turn") { request, context in
      let (name, seat) = (try context.run, try Seat(Query(request)))
      return try await offThread { try TurnReply(seat.turn(catalog.desk(name)), catalog.desk(name), unblind).reply }
    }
    router.post("/runs/:run/grading/labels") { request, context in
      let (name, seat) = (try context.run, try Seat(Query(request)))
      let label = try await PostedLabel(request).label(by: seat.pass)
      let desk = try await offThread { try catalog.desk(name) }
      try await desk.store([label])
      return try await offThread { try TurnReply(seat.turn(desk), desk, unblind).reply }
    }
  }

  private static func page(_ name: String, _ query: Query, _ catalog: RunCatalog, _ unblind: Bool) throws -> Response {
    let desk = try catalog.desk(name)
    try desk.refresh()
    guard query["rater"] != nil else { return Reply.page(GradingStartPage(name: name, desk: desk, problem: nil).page) }
    do { return Reply.page(GradingPage(name: name, seat: try Seat(query), isBlind: !unblind).page) } catch {
      return Reply.page(GradingStartPage(name: name, desk: desk, problem: "\(error)").page, status: .badRequest)
    }
  }
}

extension GradingDesk {
  /// Stores labels. What is wrong with them is the sender's to mend; that they cannot be stored is not, and says so with a
  /// status at which the page keeps them and tries again.
  func store(_ labels: [HandLabel]) async throws {
    try await offThread { try self.check(labels) }
    do { try await save(labels) } catch { throw RequestError(.internalServerError, "\(error)") }
  }
}

/// Who grades what, as the address of the page says it, and from where on.
struct Seat: Sendable {
  var pass: RaterPass
  var plan: GradingPlan
  /// The place in the order from which the next answer is looked for.
  var from: Int
  /// Asks for the answer that was judged before this one; empty for the last that was judged.
  var before: String?

  init(_ query: Query) throws {
    pass = RaterPass(try RaterName.grading(query["rater"] ?? ""), isSecond: query["pass"] == "2")
    let datasets = Set(query.all("dataset").filter { !$0.isEmpty })
    let take = query["take"].flatMap { $0.isEmpty ? nil : Int($0) } ?? GradingPlan.mostAnswers
    guard (1...GradingPlan.mostAnswers).contains(take), datasets.count <= 100 else {
      throw RequestError(.badRequest, "Grade 1 to \(GradingPlan.mostAnswers) answers.")
    }
    plan = GradingPlan(datasets: datasets, take: take)
    from = query["from"].flatMap { Int($0) } ?? 0
    before = query["before"]
  }

  func turn(_ desk: GradingDesk) throws -> GradingTurn {
    guard let before else { return try desk.turn(pass, plan, from: from) }
    guard let turn = try desk.turn(pass, plan, judgedBefore: before.isEmpty ? nil : before) else {
      throw RequestError(.notFound, "There is nothing to take back.")
    }
    return turn
  }

  /// As part of an address.
  func query(second: Bool? = nil) -> String {
    var fields = [("rater", pass.rater), ("take", "\(plan.take)")] + plan.datasets.sorted().map { ("dataset", $0) }
    if second ?? pass.isSecond { fields.append(("pass", "2")) }
    return Query.text(fields)
  }
}

/// A label as the page sends it.
struct PostedLabel: Decodable {
  private static let longestNote = 4_000
  var key: String
  var answer: String
  var label: Int?
  var note: String?

  init(_ request: Request) async throws {
    guard request.headers[.contentType]?.hasPrefix("application/json") == true, request.isPlain else {
      throw RequestError(.unsupportedMediaType, "A label is sent as application/json, uncompressed.")
    }
    let body = try await request.body.collect(upTo: GradingRoutes.largestLabel)
    do { self = try JSONDecoder().decode(Self.self, from: Data(body.readableBytesView)) } catch {
      throw RequestError(.badRequest, "A label is an object with key, answer, label (1, 0 or null) and note.")
    }
  }

  func label(by pass: RaterPass) throws(RequestError) -> HandLabel {
    let isPlainKey = key.utf8.allSatisfy { $0 == 45 || (48...57).contains($0) || (97...122).contains($0) }
    guard isPlainKey, (8...64).contains(key.utf8.count), (1...64).contains(answer.utf8.count),
      answer.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }),
      label == nil || label == 0 || label == 1, (note ?? "").count <= Self.longestNote
    else { throw RequestError(.badRequest, "A label is 1, 0 or null, with a key of 8 to 64 characters.") }
    if let refusal = HandLabel.refusal(ofNote: note) { throw RequestError(.badRequest, refusal) }
    let note = note?.trimmingCharacters(in: .whitespacesAndNewlines)
    return HandLabel(
      answer: answer, label: label, rater: pass.rater, note: note.flatMap { $0.isEmpty ? nil : $0 },
      pass: pass.isSecond ? 2 : nil, key: key)
  }
}

/// A turn as the page gets it: every text with its control characters visible, and nothing of the condition where the
/// rater is blind.
private struct TurnReply: Encodable {
  var position: Int?
  var item: GradingItem?
  var given: GradingTurn.Given?
  var condition: GradingCondition?
  var progress: GradingTurn.Progress

  init(_ turn: GradingTurn, _ desk: GradingDesk, _ unblind: Bool) throws {
    (position, given, progress) = (turn.position, turn.given, turn.progress)
    item = turn.item.map { item in
      var shown = item
      shown.question = SafeText.visible(item.question)
      shown.prompt = SafeText.visible(item.prompt)
      shown.continuation = SafeText.visible(item.continuation)
      shown.correct = item.correct.map { SafeText.visible($0) }
      shown.incorrect = item.incorrect.map { SafeText.visible($0) }
      shown.behaviour = item.behaviour.map { SafeText.visible($0) }
      shown.turns = item.turns.map { ShownTurn(role: $0.role, text: SafeText.visible($0.text)) }
      shown.choices = item.choices.map {
        ShownChoice(letter: $0.letter, text: SafeText.visible($0.text), isBehaviour: $0.isBehaviour)
      }
      return shown
    }
    if unblind, let answer = item?.answer { condition = try desk.store.condition(of: answer) }
  }

  var reply: Response { get throws { try Reply.json(self) } }
}
