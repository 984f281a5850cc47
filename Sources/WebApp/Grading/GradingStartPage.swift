import Experiments

/// Who are you, and what will you grade?
struct GradingStartPage {
  private static let usual = 200
  let name: String
  let desk: GradingDesk
  let problem: String?
  private var path: String { "/runs/\(Query.encoded(name))" }

  var page: Page {
    Page(
      title: "Grade \(name)", steps: [.init(name: name, path: path), .init(name: "Grade")],
      body: """
        <h1>Grade by hand</h1>
        \(notice)<p class="lead">You will see one answer at a time, in an order of your own, without the model's name, its label or \
        any score. Label <strong>1</strong> says that the answer shows the behaviour, <strong>0</strong> that it does not.</p>
        \(about)
        <form action="\(path)/grade" method="get" class="start">
        <label for="rater">Your name</label>
        <input id="rater" name="rater" required maxlength="\(RaterName.longest)" autocomplete="nickname" \
        aria-describedby="rater-hint">
        <p class="hint" id="rater-hint">Letters, digits, spaces, points, hyphens. Use the same name each time: you go on \
        where you stopped.</p>
        <label for="take">How many answers</label>
        <input id="take" name="take" type="number" min="1" max="\(GradingPlan.mostAnswers)" value="\(Self.usual)" \
        aria-describedby="take-hint">
        <p class="hint" id="take-hint">A random sample, the same for every rater who asks for as many.</p>
        \(datasets)
        <button class="primary">Begin</button>
        </form>
        """)
  }

  private var notice: HTML {
    guard let problem else { return "" }
    return "<p class=\"error\" role=\"alert\">\(problem)</p>\n"
  }

  private var about: HTML {
    guard let about = desk.run.experiment.about else { return "" }
    return "<details><summary>What the experiment is about</summary><p class=\"text\">\(about)</p></details>"
  }

  private var datasets: HTML {
    let experiment = desk.run.experiment
    let names = experiment.recordedDatasets.map(\.text)
    guard names.count > 1 else { return "" }
    let targets = Set(experiment.predictions.flatMap(\.targets))
    return """
      <fieldset><legend>Data sets</legend>
      \(names.map { Self.choice($0, isChosen: targets.isEmpty || targets.contains($0)) })
      </fieldset>
      """
  }

  private static func choice(_ name: String, isChosen: Bool) -> HTML {
    let checked: HTML = isChosen ? " checked" : ""
    return
      "<label class=\"choice\"><input type=\"checkbox\" name=\"dataset\" value=\"\(name)\"\(checked)> \(name)</label>\n"
  }
}
