/** What holds without TLS holds with it: these tests once more, each with brokers and clients that speak TLS. */

process.env['OVER_TLS'] = '1'

const files = [
  'protocols-matrix', 'order', 'topics', 'subscribe', 'fragments', 'opcodes', 'control-frames', 'close', 'message-size', 'handshake', 'grpc-v1', 'grpc-payloads',
  'pusher-private', 'pusher-path',
]

for (const file of files) await import(`./${file}.js`)
