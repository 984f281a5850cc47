import Foundation
import Torch

/// How long something took, by the clock on the wall and by the processors' own.
struct BenchTime {
  /// Seconds.
  var wall: Double
  /// Seconds that this process's threads ran, all together: neighbours on the same cores do not count.
  var processor: Double

  init(wall: Double, processor: Double) { (self.wall, self.processor) = (wall, processor) }

  /// Runs `body`, the device's work included.
  init(of body: () throws -> Void) throws {
    let begin = BenchTime.now
    try body()
    try Runtime.synchronize()
    self = BenchTime.now - begin
  }

  /// Since some moment in the past.
  static var now: BenchTime { BenchTime(wall: seconds(CLOCK_MONOTONIC), processor: seconds(CLOCK_PROCESS_CPUTIME_ID)) }

  static func - (a: BenchTime, b: BenchTime) -> BenchTime {
    BenchTime(wall: a.wall - b.wall, processor: a.processor - b.processor)
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}

/// A rate of arithmetic in GFLOP/s: per second on the wall, and per second of one processor.
struct BenchRate {
  var wall: Double
  var processor: Double

  init(operations: Double, _ time: BenchTime) {
    wall = operations / time.wall / 1e9
    processor = operations / time.processor / 1e9
  }

  init(meanOf a: BenchRate, _ b: BenchRate) {
    wall = (a.wall + b.wall) / 2
    processor = (a.processor + b.processor) / 2
  }

  init(medianOf rates: [BenchRate]) {
    wall = Bench.median(rates.map(\.wall))
    processor = Bench.median(rates.map(\.processor))
  }
}
