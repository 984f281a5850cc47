/// The frame around every page.
struct Page {
  /// A step of the way to the page; nil where one cannot go.
  struct Step {
    var name: String
    var path: String?
  }

  var title: String
  var steps: [Step] = []
  /// Names of scripts among the assets.
  var scripts: [String] = []
  var body: HTML

  var html: HTML {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>\(title) - Telltale</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/assets/style.css">
    \(scripts.map { "<script src=\"/assets/\($0)\" defer></script>" })
    </head>
    <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header class="bar"><nav aria-label="Where you are"><ol>
    <li><a href="/" class="mark">Telltale</a></li>
    \(steps.map(Self.step))
    </ol></nav></header>
    <main id="content">
    \(body)
    </main>
    </body>
    </html>

    """
  }

  private static func step(_ step: Step) -> HTML {
    guard let path = step.path else { return "<li aria-current=\"page\">\(step.name)</li>" }
    return "<li><a href=\"\(path)\">\(step.name)</a></li>"
  }
}
