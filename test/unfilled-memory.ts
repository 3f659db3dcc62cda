// Vitest set-up. Memory that Node allocates without clearing is mostly zeros in practice. Here it
// is filled with NaN, so that a number that a result fails to write is noticed.

const { allocUnsafeSlow } = Buffer;
Buffer.allocUnsafeSlow = (bytes) =>
  allocUnsafeSlow.call(Buffer, bytes).fill(0xff) as ReturnType<typeof allocUnsafeSlow>;
