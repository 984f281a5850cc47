import Testing

extension Tag {
  /// Starts programs: `check --fast` leaves it out.
  @Tag package static var process: Self
  /// Trains something: likewise.
  @Tag package static var training: Self
}
