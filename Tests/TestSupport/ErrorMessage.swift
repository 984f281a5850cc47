/// The description of the error that `body` throws; "nothing was thrown" where it throws none, which no error says.
package func message(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "nothing was thrown"
  } catch {
    return "\(error)"
  }
}
