/// The version of Telltale: what `--version` prints and what stored files state as their maker.
package enum Version {
  package static let current = "0.1.0"
}
