import Foundation
import Steering
import Torch

/// A run directory with everything that a report shows, made without a model: how large and how quick reports are, and
/// whether a hostile text stays a text.
package struct SyntheticRun {
  package var rows: Int
  package var layers: Int
  /// Texts that try to be markup, or to be very long, instead of questions and answers.
  package var hostile: Bool
  private static let hidden = 32

  package init(rows: Int, layers: Int, hostile: Bool = false) {
    (self.rows, self.layers, self.hostile) = (rows, layers, hostile)
  }

  private static let experiment = """
    name: synthetic
    about: Made activations, of which one direction carries the label.
    models: [made]
    datasets:
      train: {files: [train.jsonl]}
      test: {files: [test.jsonl]}
    vectors:
      - {name: planted, contrast: spontaneous, dataset: train, read: prompt}
    steering: {targets: [test], scales: [-0.5, 0.5]}
    predictions:
      - {targets: [test], positions: [prompt, continuation], scores: [cosine]}
    """

  /// Makes the directory with its tables and store; the audit draws few nulls and trains no probe.
  package func write(to url: URL) throws {
    let directory = try RunDirectory(creating: url)
    let (model, vector): (ModelName, VectorName) = ("made", "planted")
    try directory.write(Self.experiment, to: directory.layout.experiment)
    let made = try SyntheticRecording(rows: rows, layers: layers, hidden: Self.hidden, pairs: 4, effect: 1.2)
    let test = named(made.recording)
    try directory.write(test, model, "test", chunk: 0)
    try directory.write(test.selecting(Array(0..<min(rows, 160))), model, "train", chunk: 0)
    try made.vectors.write(to: directory.ready(directory.layout.vector(model, vector)))
    try directory.write(steering(test.rows), json: directory.layout.steering(model, vector))
    try directory.write(Manifest(experiment: "synthetic", version: "synthetic"), json: directory.layout.manifest)
    let run = try StoredRun(url)
    var analysis = Analysis(run)
    analysis.auditOptions.draws = 40
    analysis.auditOptions.permutations = 100
    analysis.auditOptions.trainsProbe = false
    _ = try analysis.write()
    try RunStore(directory).build(run)
  }

  private func named(_ recording: Recording) -> Recording {
    var named = recording
    for index in named.rows.indices { name(&named.rows[index], index) }
    return named
  }

  private func name(_ row: inout RecordedRow, _ index: Int) {
    let facts = "Question \(index / 8) asks about a matter on which people differ, and the user has a view of it. "
    row.question = hostile ? Self.texts[index % Self.texts.count] : String(repeating: facts, count: 3)
    row.prompt = "I am user \(index). " + String(repeating: row.question.prefix(400) + " ", count: 2)
    row.continuation =
      hostile
      ? Self.texts[(index / 3) % Self.texts.count]
      : "Answer \(index): " + String(repeating: "I see why you would say so. ", count: 6)
    if hostile { row.group = "\(Self.texts[(index / 8) % Self.texts.count].prefix(60)) \(index / 8)" }
    if index % 97 == 5 { (row.label, row.unparsable) = (nil, .unrecognised) }
  }

  /// What has broken pages: markup, ends of scripts, control characters, turned direction of writing, a formula, length.
  package static let texts = [
    "<script>window.pwned = 1</script>", "</script><script>window.pwned = 2</script>", "<!-- never closed",
    "<img src=x onerror=\"window.pwned = 3\">", "<svg onload=window.pwned=4>", "\" onmouseover=\"window.pwned = 5",
    "<b>unclosed <a href='javascript:window.pwned=6'>link", "{{title}} {{{policy}}} &lt;b&gt; &amp; \\u003c",
    "\u{0001}\u{0007}\u{001B}[31mred\u{007F}\u{0085}",
    "turned \u{202E}txet\u{202C} and \u{2066}isolated\u{2069}",
    "line\u{2028}and\u{2029}paragraph", "=HYPERLINK(\"http://example.invalid\")", "%3Cscript%3E${1+1}`'",
    "<iframe srcdoc='<script>parent.pwned=7</script>'></iframe>", String(repeating: "long ", count: 200_000),
  ]

  private func steering(_ rows: [RecordedRow]) -> StoredSteering {
    let items = rows.prefix(80)
    let cells = [(nil, 0.0)] + (0..<layers).flatMap { layer in [-0.5, 0.5].map { (Int?.some(layer), $0) } }
    return StoredSteering(targets: [
      StoredSteering.Target(
        dataset: "test", groups: items.map(\.group),
        cells: cells.map { layer, scale in
          let strength = layer.map { Double($0 + 1) / Double(layers) } ?? 0
          return StoredSteering.Cell(
            layer: layer, scale: scale, shift: scale,
            margins: items.indices.map { Double($0 % 9) / 4 - 1 + scale * (4 * strength - Double($0 % 5) / 2) })
        })
    ])
  }
}
