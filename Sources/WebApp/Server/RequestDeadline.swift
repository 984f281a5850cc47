import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Synchronization

/// What a connection may take its time with: the head of its first request has 10 s in all, however many bytes come, and
/// what follows a head 120 s. A response that says `Connection: close` is the last.
///
/// It stands after the decoder, so that it sees whole heads.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private static let headTime = TimeAmount.seconds(10)
  private static let bodyTime = TimeAmount.seconds(120)
  /// What the other side has to read the last response in.
  private static let farewell = TimeAmount.seconds(1)

  private let waiting: WaitingConnections
  private var deadline: Scheduled<Void>?
  private var closesAfterResponse = false
  private var isClosing = false

  init(_ waiting: WaitingConnections) { self.waiting = waiting }

  func handlerAdded(context: ChannelHandlerContext) {
    waiting.add(context.channel)
    closeLater(context, in: Self.headTime)
  }

  private func closeLater(_ context: ChannelHandlerContext, in time: TimeAmount) {
    deadline?.cancel()
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end(context) }

  func channelInactive(context: ChannelHandlerContext) {
    end(context)
    context.fireChannelInactive()
  }

  private func end(_ context: ChannelHandlerContext) {
    deadline?.cancel()
    waiting.remove(context.channel)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      waiting.remove(context.channel)
      closeLater(context, in: Self.bodyTime)
    case .body: break
    case .end: deadline?.cancel()
    }
    // What comes after the last request is not read.
    if !isClosing { context.fireChannelRead(data) }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !isClosing else {
      promise?.fail(ChannelError.outputClosed)
      return
    }
    let part = unwrapOutboundIn(data)
    if case .head(let head) = part, head.headerFields[.connection] == "close" { closesAfterResponse = true }
    if case .end = part, closesAfterResponse { return close(context, after: part, promise: promise) }
    context.write(data, promise: promise)
  }

  /// Writes the end of the last response and closes: at once for writing, and for reading when the other side has had time
  /// to read, since it could lose the response otherwise.
  private func close(_ context: ChannelHandlerContext, after part: HTTPResponsePart, promise: EventLoopPromise<Void>?) {
    isClosing = true
    let channel = context.channel
    context.writeAndFlush(wrapOutboundOut(part)).whenComplete { _ in channel.close(mode: .output, promise: nil) }
    promise?.succeed()
    context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
  }
}

/// Connections that have not sent the head of a request, and so no token: few of them at a time, and a newcomer replaces the
/// one that has waited longest. So nobody without the token can keep those who have it from being served.
final class WaitingConnections: Sendable {
  private static let most = 64
  private let channels = Mutex<[any Channel]>([])

  func add(_ channel: any Channel) {
    let oldest = channels.withLock { channels -> (any Channel)? in
      channels.append(channel)
      return channels.count > Self.most ? channels.removeFirst() : nil
    }
    oldest?.close(promise: nil)
  }

  func remove(_ channel: any Channel) { channels.withLock { $0.removeAll { $0 === channel } } }
}
