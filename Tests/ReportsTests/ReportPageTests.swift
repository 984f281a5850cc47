import Experiments
import Foundation
import Foundations
import Statistics
import Steering
import TestSupport
import Testing

@testable import Reports

@Suite("A report shows what the run stores")
struct ReportPageTests {
  @Test("Its numbers are those of the tables")
  func itsNumbersAreThoseOfTheTables() throws {
    let made = try MadePage()
    let page = try MadePage.document(in: made.html())
    let stored = try CSVTable(contentsOf: made.url.appending(path: "results/predictivity.csv"))
    #expect(page.curves.map(\.name.position) == ["prompt", "continuation"])
    for column in ["layer", "n", "groups", "auroc", "auroc_low", "auroc_high", "letter_auroc", "null_percentile"] {
      let shown = try page.curves.flatMap { try $0.table.numbers(column) }
      #expect(try shown == stored.column(column).optionalNumbers(), "\(column)")
    }
    let nulls = try CSVTable(contentsOf: made.url.appending(path: "results/nulls.csv"))
    #expect(try page.curves.flatMap { try $0.table.numbers("null_low") } == nulls.column("null_low").optionalNumbers())
    let transfer = try CSVTable(contentsOf: made.url.appending(path: "results/transfer.csv"))
    #expect(try page.transfer.numbers("auroc") == transfer.column("auroc").optionalNumbers())
    let steered = try CSVTable(contentsOf: made.url.appending(path: "results/steerability.csv"))
    #expect(try page.steering[0].layers.numbers("slope") == steered.column("slope").optionalNumbers())
  }

  @Test("Scores of the page give the stored AUROC")
  func scoresOfThePageGiveTheStoredAUROC() throws {
    let made = try MadePage()
    let page = try MadePage.document(in: made.html())
    #expect(page.scores.count == 2)
    for (series, curve) in zip(page.scores, page.curves) {
      let labels = page.answers[0].label
      let used = labels.indices.filter { labels[$0] >= 0 }
      #expect(used.count < labels.count, "the made run has answers that could not be read")
      let aurocs = try curve.table.numbers("auroc")
      for (scores, auroc) in zip(try MadePage.floats(series), aurocs) {
        let own = Measures.auroc(scores: used.map { Double(scores[$0]) }, labels: used.map { labels[$0] })
        #expect(abs(try #require(own) - (try #require(auroc))) < 1e-9)
      }
      let roc = try #require(series.curve)
      let x = roc.falsePositiveRates
      let area = x.indices.dropFirst().reduce(0) {
        $0 + (x[$1] - x[$1 - 1]) * (roc.truePositiveRates[$1] + roc.truePositiveRates[$1 - 1]) / 2
      }
      #expect(abs(area - (try #require(roc.auroc))) < 1e-9)
      #expect(roc.layer == curve.judged && roc.auroc == aurocs[roc.layer])
    }
  }

  @Test("Extreme rows are those of the scores")
  func extremeRowsAreThoseOfTheScores() throws {
    let made = try MadePage()
    let page = try MadePage.document(in: made.html())
    let series = page.scores[0]
    let extremes = try #require(series.extremes)
    let scores = try MadePage.floats(series)[try #require(series.curve).layer]
    let labels = page.answers[0].label
    let labelled = labels.indices.filter { labels[$0] >= 0 }
    let ranked = labelled.sorted { scores[$0] < scores[$1] }
    #expect(extremes.lowest == Array(ranked.prefix(3)) && extremes.highest == ranked.suffix(3).reversed())
    // A label that was not expected: no answer lies further on the wrong side of the other class.
    let positives = ranked.filter { labels[$0] == 1 }
    let negatives = ranked.filter { labels[$0] == 0 }
    #expect(extremes.surprising.contains(positives[0]) || extremes.surprising.contains(negatives[negatives.count - 1]))
    for row in extremes.highest + extremes.lowest + extremes.surprising {
      #expect(page.answers[0].prompts["\(row)"]?.contains("I am user \(row).") == true)
    }
  }

  @Test("Verdicts and sentences are the audits")
  func verdictsAndSentencesAreTheAudits() throws {
    let made = try MadePage()
    let contents = try RunContents(StoredRun(made.url))
    let answer = try AnswerSection(contents)
    let audit = try CSVTable(contentsOf: made.url.appending(path: "results/audit.csv"))
    #expect(answer.cards.map(\.target) == ["test"])
    #expect(answer.cards[0].verdict.word == (try audit.column("verdict").strings[0]))
    let sentences = answer.cards.flatMap(\.rows).flatMap(\.findings).map(\.sentence)
    #expect(try sentences == audit.column("sentence").strings)
    let html = try made.html()
    #expect(html.contains(">\(answer.cards[0].verdict.word)</span>"))
  }

  @Test(
    "A supported verdict has the sentence of the claim that predicts, also of one that is inverted; a table has all verdicts"
  )
  func supportedAndOverview() throws {
    let made = try MadePage()
    let rows = [
      "model,vector,target,position,layers,verdict,severity,finding,number,sentence",
      "made,planted,test,prompt,all,supported,warning,unknown columns,3,Not known of the rows: turn.",
      "made,planted,test,prompt,all,supported,warning,null: random directions,0.7,Others do as well.",
      "made,planted,test,prompt,all,supported,inFavour,across questions,0.3,It is inverted.",
      "made,planted,test,prompt,all,supported,inFavour,\"across questions, covariates fixed\",0.1,It still adds.",
      "made,other,test,prompt,all,cannot tell,against,across questions,0.5,It predicts nothing.",
      "made,other,second,prompt,all,cannot tell,against,across questions,0.5,It predicts nothing.",
    ]
    try Data(rows.joined(separator: "\n").utf8).write(to: made.url.appending(path: "results/audit.csv"))
    let answer = try AnswerSection(RunContents(StoredRun(made.url)))
    #expect(answer.cards[0].verdict.sentence == "It is inverted. Others do as well.")
    let overview = try #require(answer.overviews.first)
    #expect(overview.targets == ["test", "second"] && overview.lines.map(\.vector) == ["planted", "other"])
    let words = overview.lines.map { $0.cells.map { $0.verdict?.word } }
    #expect(words == [["supported", nil], ["cannot tell", "cannot tell"]])
    #expect(overview.lines[0].cells[0].note == "inverted, not specific" && overview.lines[1].cells[0].note == nil)
    #expect(
      overview.lines[0].cells[0].details == "best of all layers, prompt; inverted; not specific"
        && overview.lines[1].cells[0].details == "best of all layers, prompt")
    #expect(
      answer.headline
        == "1 of 3 combinations of vector and target is supported: “planted” predicts “test” (inverted, not specific).")
    let verdicts = try RunVerdicts(StoredRun(made.url))
    #expect(verdicts.headline == answer.headline && verdicts.models.map(\.targets) == [["test", "second"]])
    #expect(verdicts.models[0].lines[0].cells.map { $0?.word } == ["supported", nil])
    let html = try made.html()
    #expect(html.contains("<p class=\"headline hostile\">1 of 3 combinations"))
    #expect(html.contains("<th scope=\"row\" class=\"hostile\">planted</th><td><span class=\"verdict supported\""))
    #expect(html.contains("<th class=\"hostile\">second</th>"))
  }

  @Test("The deciding sentence is shown next to the verdict")
  func reason() throws {
    let made = try MadePage()
    let header = "model,vector,target,position,layers,verdict,severity,finding,number,sentence"
    let rows = [
      "made,planted,test,prompt,all,cannot tell,blocking,too few groups,2,There are two groups.",
      "made,planted,test,prompt,all,cannot tell,note,effective sample size,2,\"It is small, <b>very</b>.\"",
    ]
    try Data(([header] + rows).joined(separator: "\n").utf8).write(
      to: made.url.appending(path: "results/audit.csv"))
    let card = try #require(AnswerSection(RunContents(StoredRun(made.url))).cards.first)
    #expect(card.verdict.word == "cannot tell" && card.verdict.sentence == "There are two groups.")
    let html = try made.html()
    // On paper, where nothing unfolds, the reason stands in a list.
    #expect(html.contains("<ul class=\"on-paper\">\n<li><span class=\"hostile\">planted</span>, prompt, layers: all: "))
    #expect(
      html.contains(
        "No vector is shown to predict what the model does: of the one combination of vector and target, 1 cannot tell."
      ))
    #expect(html.contains("It is small, &lt;b&gt;very&lt;/b&gt;."))
  }

  @Test("Three decimals are rounded")
  func threeDecimalsAreRounded() {
    #expect(
      [0, 1, 0.0004, 0.0006, 0.9996, -0.0502, 12.3456].map({ ShownNumber.text($0) }) == [
        "0.000", "1.000", "0.000", "0.001", "1.000", "-0.050", "12.346",
      ])
  }
}
