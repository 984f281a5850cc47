import Foundation

/// The files in Resources, which are part of the program: it can be carried without them.
enum Resource {
  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// How pages of Telltale look.
package enum Style {
  /// Colours in light and dark, type, tables: of the report and the web pages.
  package static let shared = Resource.text(PackageResources.base_css)
  static let report = shared + Resource.text(PackageResources.report_css)
}

/// The report's own program.
enum Script {
  /// In the order in which one part needs the other; one function around all, so that nothing is global.
  static let source =
    "(function () {\n'use strict';\n"
    + [
      PackageResources.data_js, PackageResources.plots_js, PackageResources.auroc_js, PackageResources.strip_js,
      PackageResources.roc_js, PackageResources.matrices_js, PackageResources.steering_js, PackageResources.labels_js,
      PackageResources.rows_js, PackageResources.page_js,
    ].map(Resource.text).joined(separator: "\n") + "\n})();\n"
}
