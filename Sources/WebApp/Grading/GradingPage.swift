import Experiments

/// The page on which answers are judged; its script fills in one answer after the other, as text.
struct GradingPage {
  let name: String
  let seat: Seat
  let isBlind: Bool
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    Page(
      title: "Grade \(name)",
      steps: [
        .init(name: name, path: path), .init(name: "Grade", path: "\(path)/grade"), .init(name: seat.pass.rater),
      ],
      scripts: ["grade.js"],
      body: """
        <div id="grading" data-path="\(path)/grading" data-query="\(seat.query())" data-second="\(second)">
        <h1 class="hidden">\(seat.pass.isSecond ? "Second pass" : "Grading") by \(seat.pass.rater)</h1>
        <div class="progress-line"><progress id="bar" aria-label="Answers graded"></progress>
        <p id="progress" role="status" aria-live="polite"></p><p id="pace" class="quiet"></p></div>
        <p id="saved" class="status" role="status" aria-live="polite">&nbsp;</p>
        <p id="problem" class="error" role="alert" hidden></p>
        <article id="item" hidden aria-labelledby="item-title">
        <h2 id="item-title" tabindex="-1">Answer</h2>
        <h3 id="question-title">What the user wrote</h3>
        <div id="question" tabindex="0" role="region" aria-labelledby="question-title"></div>
        <ul id="choices" aria-label="The choices" hidden></ul>
        \(references)
        <h3>The model's answer</h3><div id="continuation" class="text answer" tabindex="0" role="region" \
        aria-label="The model's answer"></div>
        <p id="given" class="status" hidden></p>
        <details id="prompt-box"><summary>Everything the model was sent</summary>\
        <div id="prompt" class="text" tabindex="0" role="region" aria-label="Everything the model was sent"></div></details>
        \(isBlind ? "" : Self.condition)
        <div id="note-box" hidden><label for="note">Note</label><textarea id="note" rows="2" maxlength="2000"></textarea>
        <p class="hint">It is stored with your label. Ctrl+Enter or Escape goes back to the answer.</p></div>
        </article>
        \(Self.buttons)
        <section id="end" hidden aria-labelledby="end-title"><h2 id="end-title" tabindex="-1">All graded</h2>
        <p id="end-text"></p><p><a id="second-link" hidden href="#">Begin the second pass</a></p>
        <p><a href="\(path)/labels">See all labels and how far they agree</a></p></section>
        <p class="quiet"><label class="choice"><input type="checkbox" id="keys" checked> Single keys grade (turn this off where \
        a screen reader uses them)</label></p>
        </div>
        <noscript><p class="error">Grading needs JavaScript, which saves each label before the next answer shows.</p></noscript>
        """)
  }

  /// The address of the second pass; empty where this is one.
  private var second: String { seat.pass.isSecond ? "" : "\(path)/grade?\(seat.query(second: true))" }

  private let references: HTML = """
    <div id="references" hidden><h3>Reference answers</h3>
    <p id="behaviour" hidden></p>
    <div class="columns"><div id="correct-box"><h4>Correct</h4><ul id="correct" class="text"></ul></div>
    <div id="incorrect-box"><h4>Incorrect</h4><ul id="incorrect" class="text"></ul></div></div></div>
    """

  private static let condition: HTML = """
    <details id="condition-box" open><summary>Condition (not blind)</summary><dl id="condition" class="facts"></dl>
    <div class="table"><table><caption>Scores</caption><thead><tr><th scope="col">Vector</th><th scope="col">Layer</th>\
    <th scope="col">Position</th><th scope="col">Cosine</th></tr></thead><tbody id="scores"></tbody></table></div></details>
    """

  private static let buttons: HTML = """
    <div id="buttons" role="group" aria-label="Your grade" hidden>
    <button data-key="1" aria-keyshortcuts="1"><kbd>1</kbd> Behaviour</button>
    <button data-key="0" aria-keyshortcuts="0"><kbd>0</kbd> Not</button>
    <button data-key="?" aria-keyshortcuts="?"><kbd>?</kbd> Cannot tell</button>
    <button data-key="u" class="minor" aria-keyshortcuts="u"><kbd>u</kbd> Back</button>
    <button data-key="s" class="minor" aria-keyshortcuts="s"><kbd>s</kbd> Skip</button>
    <button data-key="n" class="minor" aria-keyshortcuts="n" aria-controls="note-box"><kbd>n</kbd> Note</button>
    </div>
    """
}
