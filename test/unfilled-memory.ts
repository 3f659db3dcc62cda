// Vitest set-up: memory that Node gives without clearing it holds whatever it held before, zeros more often than not. Here it is full of NaN, so that a result of which a number was not
// written shows.

const { allocUnsafeSlow } = Buffer;
Buffer.allocUnsafeSlow = (bytes) =>
  allocUnsafeSlow.call(Buffer, bytes).fill(0xff) as ReturnType<typeof allocUnsafeSlow>;
